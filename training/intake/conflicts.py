"""New rows beside those that are there: which are new, which are there already, which say something else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

import pandas as pd

from features.electrolyte import DEFAULT_TEMPERATURE_C
from features.tables.mistakes import Mistake
from features.tables.records import CellDesign, CellRow, CyclingRow, ElectrolyteDesign, Provenance, Row
from training.data.groups import chemical_key
from training.data.integrity import ID_COLUMNS
from training.intake.draft import Draft, Drafts, table_of
from training.intake.values import MARKS


@dataclass(frozen=True)
class Skipped:
    """A row that is not added, and why."""

    draft: Draft
    why: str


@dataclass(frozen=True)
class Conflict:
    """A row that tells a measurement that is there already in another way."""

    draft: Draft
    known: Known
    differences: list[Difference]


@dataclass
class Settled:
    """What becomes of each row of a file."""

    added: list[Draft] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def settle(drafts: Drafts, shelf: Shelf) -> Settled:
    """Compare every row with those before it in the file and with those that are there; bad rows are rejected."""
    settled = Settled()
    _refuse_quarrels(drafts)
    first: dict[tuple[object, ...], list[Draft]] = defaultdict(list)
    for draft in list(drafts.rows):
        measurement = measurement_of(draft.row)
        same = [other for other in first[measurement] if says_nothing_new(draft.row, other.row)]
        if same:
            settled.skipped.append(Skipped(draft, f"says what line {same[0].line} says"))
            continue
        first[measurement].append(draft)
        _place(draft, drafts, shelf, settled)
    return settled


def _refuse_quarrels(drafts: Drafts) -> None:
    """Reject rows of one file that tell one measurement in two ways: nobody can say which is right."""
    tellings, named = defaultdict[object, list[Draft]](list), defaultdict[object, list[Draft]](list)
    for draft in drafts.rows:
        tellings[measurement_of(draft.row)].append(draft)
        named[draft.identity].append(draft)
    column = ID_COLUMNS[drafts.table]
    for same in named.values():
        for draft in same:
            if other := next((each for each in same if each is not draft and differences(draft.row, each.row)), None):
                expected = f"an id of its own; line {other.line} has it too and says something else"
                drafts.reject(draft, Mistake(draft.line, column, repr(draft.identity), expected, drafts.sheet.name))
    for same in tellings.values():
        for draft in same:
            if draft in drafts.rows and (other := _quarrels(draft, same)):
                got = f"another value than line {other.line} for the same paper, design and conditions"
                advice = "one value; two samples need an id of their own each"
                expected = "one row per cell and cycle" if drafts.table == "cycling" else advice
                drafts.reject(draft, Mistake(draft.line, column, got, expected, drafts.sheet.name))


def _quarrels(draft: Draft, same: list[Draft]) -> Draft | None:
    for other in same:
        both_named = draft.has_own_id and other.has_own_id and draft.identity != other.identity
        may_stand_twice = both_named and not isinstance(draft.row, CyclingRow)
        if other is draft or may_stand_twice or _is_out(draft) or _is_out(other):
            continue
        agree = says_nothing_new(draft.row, other.row) or says_nothing_new(other.row, draft.row)
        if not agree and (measured_the_same_quantity(draft.row, other.row) or drafts_are_points(draft)):
            return other
    return None


def drafts_are_points(draft: Draft) -> bool:
    """Whether a draft is a cycling point: cell and cycle may stand once."""
    return isinstance(draft.row, CyclingRow)


def _is_out(draft: Draft) -> bool:
    return not draft.row.in_training or draft.row.same_as is not None


def _place(draft: Draft, drafts: Drafts, shelf: Shelf, settled: Settled) -> None:
    """Add, skip, reject or dispute one row."""
    named = shelf.named(draft.identity)
    if named is not None and (named.home == OWN_HOME or measurement_of(named.row) == measurement_of(draft.row)):
        found = differences(draft.row, named.row)
        if not found or (named.home != OWN_HOME and says_nothing_new(draft.row, named.row)):
            settled.skipped.append(Skipped(draft, _there(named)))
        else:
            settled.conflicts.append(Conflict(draft, named, found))
        return
    column = ID_COLUMNS[drafts.table]
    if named is not None:
        expected = "an id of its own, or none: a shipped row of another measurement has it"
        drafts.reject(draft, Mistake(draft.line, column, repr(draft.identity), expected, drafts.sheet.name))
        return
    tellings = shelf.tellings(draft)
    if same := [known for known in tellings if says_nothing_new(draft.row, known.row)]:
        settled.skipped.append(Skipped(draft, _there(same[0])))
        return
    disputed = [known for known in tellings if not known.is_out and _disputes(draft, known)]
    samples = [known for known in disputed if _is_another_sample(draft, known)]
    if samples:
        others = ", ".join(known.identity for known in samples)
        settled.remarks.append(f"line {draft.line}: another sample beside {others}, because it has an id of its own")
    disputed = [known for known in disputed if known not in samples]
    if len(disputed) > 1:
        got = f"another value than {', '.join(known.identity for known in disputed)} for the same design and conditions"
        expected = "the id of the row it corrects, or one of its own"
        drafts.reject(draft, Mistake(draft.line, column, got, expected, drafts.sheet.name))
    elif disputed:
        settled.conflicts.append(Conflict(draft, disputed[0], differences(draft.row, disputed[0].row)))
    else:
        settled.added.append(draft)


def _there(known: Known) -> str:
    return f"{known.identity} says so already{' (it is out of training)' if known.is_out else ''}"


def _disputes(draft: Draft, known: Known) -> bool:
    if _is_out(draft):
        return False
    return drafts_are_points(draft) or measured_the_same_quantity(draft.row, known.row)


def _is_another_sample(draft: Draft, known: Known) -> bool:
    """A row of the user's own laboratory under another id: a second sample of one recipe, not a correction."""
    return draft.has_own_id and known.home == OWN_HOME and not drafts_are_points(draft)


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
