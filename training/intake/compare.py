"""When two rows tell the same measurement: the same paper, design and conditions; and whether they say the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import pandas as pd

from features.electrolyte import DEFAULT_TEMPERATURE_C
from features.records import CellDesign, CellRow, CyclingRow, ElectrolyteDesign, Provenance, Row
from training.dataset import chemical_key
from training.intake.draft import Draft, table_of
from training.intake.values import MARKS
from training.integrity import ID_COLUMNS

SHIPPED_HOME, OWN_HOME = "shipped", "own"
_NAMES = frozenset({"electrolyte", "composition", "electrolyte_class", "temperature_c"})
"""Columns of a design that one measurement may tell in other words: compared by what they mean."""


@dataclass(frozen=True)
class Known:
    """A row that is there already, whose it is, and whether it is out of training."""

    row: Provenance
    home: str
    is_out: bool = False

    @property
    def identity(self) -> str:
        """Id of the row."""
        return str(getattr(self.row, ID_COLUMNS[table_of(self.row)]))


@dataclass(frozen=True)
class Difference:
    """A column in which two tellings of a measurement differ."""

    column: str
    there: object
    new: object


def measurement_of(row: Provenance) -> tuple[object, ...]:
    """What makes two rows tell the same measurement: paper, design and conditions; of a cycling point cell and cycle.

    A composition counts by its atoms, whatever it is called; no temperature counts as 25 °C, as the models read it.
    """
    if isinstance(row, CyclingRow):
        return (row.cell_id, row.cycle)
    if not isinstance(row, ElectrolyteDesign):
        return (row.paper,)
    model: type[Row] = CellDesign if isinstance(row, CellRow) else ElectrolyteDesign
    rest = tuple(_plain(getattr(row, name)) for name in model.model_fields if name not in _NAMES)
    temperature = DEFAULT_TEMPERATURE_C if row.temperature_c is None else row.temperature_c
    return (row.paper, _chemistry(row.electrolyte or "", row.composition or ""), round(temperature, 1), *rest)


@lru_cache(maxsize=65_536)
def _chemistry(electrolyte: str, composition: str) -> str:
    return chemical_key(pd.Series({"electrolyte": electrolyte, "composition": composition}))


def _plain(value: object) -> object:
    return " ".join(value.lower().split()) if isinstance(value, str) else value


def results_of(row: Provenance) -> dict[str, object]:
    """What a row measured, by column; values that are not given are left out."""
    design = CellDesign if isinstance(row, CellRow) else ElectrolyteDesign
    left_out = {*Provenance.model_fields, *design.model_fields, *ID_COLUMNS.values(), "cycle", *MARKS.values()}
    return {name: value for name, value in row if name not in left_out and value is not None}


def _with_marks(row: Provenance) -> dict[str, object]:
    """The results with their marks; a value without one is exact."""
    results = results_of(row)
    return results | {MARKS[name]: getattr(row, MARKS[name]) or "=" for name in results if name in MARKS}


def says_nothing_new(new: Provenance, there: Provenance) -> bool:
    """Whether everything the new row measured stands in the other one too, with the same marks."""
    known = _with_marks(there)
    return all(name in known and known[name] == value for name, value in _with_marks(new).items())


def measured_the_same_quantity(new: Provenance, there: Provenance) -> bool:
    """Whether the rows have a result in common; a conductivity and an activation energy add to each other."""
    return bool({*results_of(new)} & {*results_of(there)})


def differences(new: Provenance, there: Provenance) -> list[Difference]:
    """Columns in which two rows differ, their ids apart."""
    left_out = {ID_COLUMNS[table_of(new)], "as_written"}
    return [
        Difference(name, getattr(there, name), value)
        for name, value in new
        if name not in left_out and value != getattr(there, name)
    ]


class Shelf:
    """Rows of one table that are there already, found by id and by measurement."""

    def __init__(self, rows: Iterable[Known]) -> None:
        self._by_id: dict[str, Known] = {}
        self._by_measurement: dict[tuple[object, ...], list[Known]] = {}
        for known in rows:
            self._by_id[known.identity] = known
            self._by_measurement.setdefault(measurement_of(known.row), []).append(known)

    def named(self, identity: str) -> Known | None:
        """The row of an id."""
        return self._by_id.get(identity)

    def tellings(self, draft: Draft) -> list[Known]:
        """Rows that tell the measurement of a draft."""
        return self._by_measurement.get(measurement_of(draft.row), [])
