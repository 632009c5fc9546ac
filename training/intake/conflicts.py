"""New rows compared with the stored ones: new measurements, repeated ones, and those with other values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache, lru_cache

import pandas as pd

from features.electrolyte import DEFAULT_TEMPERATURE_C
from features.tables.mistakes import Mistake
from features.tables.records import CellDesign, CellRow, CyclingRow, ElectrolyteDesign, Provenance, Row
from training.data.groups import chemical_key
from training.data.literature_rows import ID_COLUMNS, id_of, table_of
from training.intake.draft import Draft, Drafts
from training.intake.values import MARKS

SHIPPED_ROW, OWN_ROW = "shipped", "own"
_NAMES = frozenset({"electrolyte", "composition", "electrolyte_class", "temperature_c"})
"""Columns of a design that may be written in several ways: compared by what they mean."""


@dataclass(frozen=True)
class Known:
    """A stored row, shipped or the user's own.

    Attributes
    ----------
    row : Provenance
        As it was before anything was withdrawn.
    origin : str
        `SHIPPED_ROW` or `OWN_ROW`.
    is_out : bool
        Whether it is out of training.
    """

    row: Provenance
    origin: str
    is_out: bool = False

    @property
    def identity(self) -> str:
        """Id of the row."""
        return id_of(self.row)


@dataclass(frozen=True)
class Difference:
    """A column in which two rows of one measurement differ.

    Attributes
    ----------
    column : str
        Its name.
    stored, new : object
        Values of the stored row and of the new one; None where not given.
    """

    column: str
    stored: object
    new: object


@dataclass(frozen=True)
class Skipped:
    """A row that is not added, and why."""

    draft: Draft
    why: str


@dataclass(frozen=True)
class Conflict:
    """A new row of a stored measurement with other values."""

    draft: Draft
    known: Known
    differences: list[Difference]


@dataclass
class Settled:
    """The rows of a file: added, skipped or in conflict.

    Attributes
    ----------
    added : list of Draft
        New rows.
    skipped : list of Skipped
        Rows that are stored already.
    conflicts : list of Conflict
        Rows of which the user must choose one.
    remarks : list of str
        Remarks that reject nothing.
    """

    added: list[Draft] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


class StoredRows:
    """Stored rows of one table, by id and by measurement."""

    def __init__(self, rows: Iterable[Known]) -> None:
        self._by_id: dict[str, Known] = {}
        self._by_measurement: dict[tuple[object, ...], list[Known]] = {}
        for known in rows:
            self._by_id[known.identity] = known
            self._by_measurement.setdefault(measurement_of(known.row), []).append(known)

    def named(self, identity: str) -> Known | None:
        """Return the row of an id, None where none has it.

        Parameters
        ----------
        identity : str
            The id.
        """
        return self._by_id.get(identity)

    def same_measurement(self, draft: Draft) -> list[Known]:
        """Return the rows of the measurement a draft is of.

        Parameters
        ----------
        draft : Draft
            A new row.
        """
        return self._by_measurement.get(measurement_of(draft.row), [])


def settle(drafts: Drafts, stored: StoredRows) -> Settled:
    """Compare every row with those before it in the file and with the stored ones.

    Parameters
    ----------
    drafts : Drafts
        New rows; those that contradict each other are rejected.
    stored : StoredRows
        Stored rows of the table.
    """
    settled, refused = Settled(), list[tuple[Draft, Mistake]]()
    _refuse_contradictions(drafts)
    earlier: dict[tuple[object, ...], list[Draft]] = defaultdict(list)
    for draft in drafts.rows:
        measurement = measurement_of(draft.row)
        same = [peer for peer in earlier[measurement] if says_nothing_new(draft.row, peer.row)]
        if same:
            settled.skipped.append(Skipped(draft, f"says what line {same[0].line} says"))
            continue
        earlier[measurement].append(draft)
        if mistake := _place(draft, drafts, stored, settled):
            refused.append((draft, mistake))
    drafts.reject(refused)
    return settled


def _refuse_contradictions(drafts: Drafts) -> None:
    """Reject rows of one file with one id, or of one measurement, that contradict each other."""
    refused = dict[int, tuple[Draft, Mistake]]()
    by_id, by_measurement = defaultdict[object, list[Draft]](list), defaultdict[object, list[Draft]](list)
    for draft in drafts.rows:
        by_id[draft.identity].append(draft)
        by_measurement[measurement_of(draft.row)].append(draft)
    for same in by_id.values():
        for draft in same:
            different = (peer for peer in same if peer is not draft and differences(draft.row, peer.row))
            if peer := next(different, None):
                expected = f"an id of its own; line {peer.line} has it too and says something else"
                refused[id(draft)] = draft, _mistake(drafts, draft, repr(draft.identity), expected)
    for same in by_measurement.values():
        for draft in same:
            if id(draft) not in refused and (peer := _contradicted(draft, same)):
                problem = f"another value than line {peer.line} for the same paper, design and conditions"
                advice = "one value; two samples need an id of their own each"
                expected = "one row per cell and cycle" if drafts.table == "cycling" else advice
                refused[id(draft)] = draft, _mistake(drafts, draft, problem, expected)
    drafts.reject([*refused.values()])


def _mistake(drafts: Drafts, draft: Draft, problem: str, expected: str) -> Mistake:
    """Return a mistake in the id of a row."""
    return Mistake(draft.line, ID_COLUMNS[drafts.table], problem, expected, drafts.sheet.name)


def _contradicted(draft: Draft, same: list[Draft]) -> Draft | None:
    """Return a row of the same measurement with another result, None where there is none."""
    for peer in same:
        both_named = draft.has_own_id and peer.has_own_id and draft.identity != peer.identity
        may_stand_twice = both_named and not _is_point(draft)
        if peer is draft or may_stand_twice or _is_out(draft) or _is_out(peer):
            continue
        agree = says_nothing_new(draft.row, peer.row) or says_nothing_new(peer.row, draft.row)
        if not agree and _disputes(draft.row, peer.row):
            return peer
    return None


def _is_point(draft: Draft) -> bool:
    """Return whether a draft is a cycling point, whose cell and cycle occur once."""
    return isinstance(draft.row, CyclingRow)


def _is_out(draft: Draft) -> bool:
    return not draft.row.in_training or draft.row.same_as is not None


def _place(draft: Draft, drafts: Drafts, stored: StoredRows, settled: Settled) -> Mistake | None:
    """Add, skip or dispute one row, or return why it is rejected."""
    named = stored.named(draft.identity)
    if named is not None:
        return _place_named(draft, drafts, named, settled)
    rows = stored.same_measurement(draft)
    if same := [known for known in rows if says_nothing_new(draft.row, known.row)]:
        settled.skipped.append(Skipped(draft, _known_text(same[0])))
        return None
    disputed = [known for known in rows if not known.is_out and not _is_out(draft) and _disputes(draft.row, known.row)]
    samples = [known for known in disputed if _is_another_sample(draft, known)]
    if samples:
        others = ", ".join(known.identity for known in samples)
        settled.remarks.append(f"line {draft.line}: another sample beside {others}, because it has an id of its own")
    disputed = [known for known in disputed if known not in samples]
    if len(disputed) > 1:
        ids = ", ".join(known.identity for known in disputed)
        problem = f"another value than {ids} for the same design and conditions"
        return _mistake(drafts, draft, problem, "the id of the row it corrects, or one of its own")
    if disputed:
        settled.conflicts.append(Conflict(draft, disputed[0], differences(draft.row, disputed[0].row)))
    else:
        settled.added.append(draft)
    return None


def _place_named(draft: Draft, drafts: Drafts, named: Known, settled: Settled) -> Mistake | None:
    """Skip or dispute a row with the id of a stored one, or return why it is rejected."""
    if named.origin == SHIPPED_ROW and measurement_of(named.row) != measurement_of(draft.row):
        expected = "an id of its own, or none: a shipped row of another measurement has it"
        return _mistake(drafts, draft, repr(draft.identity), expected)
    changed = differences(draft.row, named.row)
    if not changed or (named.origin == SHIPPED_ROW and says_nothing_new(draft.row, named.row)):
        settled.skipped.append(Skipped(draft, _known_text(named)))
    else:
        settled.conflicts.append(Conflict(draft, named, changed))
    return None


def _known_text(known: Known) -> str:
    return f"{known.identity} says so already{' (it is out of training)' if known.is_out else ''}"


def _disputes(new: Provenance, stored: Provenance) -> bool:
    """Return whether two rows have a result in common; a conductivity and an activation energy add to each other."""
    return isinstance(new, CyclingRow) or bool({*results_of(new)} & {*results_of(stored)})


def _is_another_sample(draft: Draft, known: Known) -> bool:
    """Return whether a row of the user's laboratory is a second sample of one recipe, not a correction."""
    return draft.has_own_id and known.origin == OWN_ROW and not _is_point(draft)


def measurement_of(row: Provenance) -> tuple[object, ...]:
    """Return the identity of a measurement: paper, design and conditions; of a cycling point cell and cycle.

    A composition counts by its atoms, whatever it is called; no temperature counts as 25 °C, as the models read it.

    Parameters
    ----------
    row : Provenance
        A measurement, a cell or a cycling point.
    """
    if isinstance(row, CyclingRow):
        return (row.cell_id, row.cycle)
    if not isinstance(row, ElectrolyteDesign):
        return (row.paper,)
    design = CellDesign if isinstance(row, CellRow) else ElectrolyteDesign
    conditions = tuple(_plain(getattr(row, name)) for name in _conditions(design))
    temperature = DEFAULT_TEMPERATURE_C if row.temperature_c is None else row.temperature_c
    return (row.paper, _chemistry(row.electrolyte or "", row.composition or ""), round(temperature, 1), *conditions)


@cache
def _conditions(design: type[Row]) -> tuple[str, ...]:
    return tuple(column for column in design.model_fields if column not in _NAMES)


@lru_cache(maxsize=65_536)
def _chemistry(electrolyte: str, composition: str) -> str:
    return chemical_key(pd.Series({"electrolyte": electrolyte, "composition": composition}))


def _plain(value: object) -> object:
    return " ".join(value.lower().split()) if isinstance(value, str) else value


def results_of(row: Provenance) -> dict[str, object]:
    """Return the results of a row, by column; values that are not given are left out.

    Parameters
    ----------
    row : Provenance
        A measurement, a cell or a cycling point.

    Examples
    --------
    >>> results_of(CyclingRow(point_id="P1", cell_id="C1", cycle=100, retention_pct=80, source_id="zhan2023"))
    {'retention_pct': 80.0}
    """
    design = CellDesign if isinstance(row, CellRow) else ElectrolyteDesign
    left_out = {*Provenance.model_fields, *design.model_fields, *ID_COLUMNS.values(), "cycle", *MARKS.values()}
    return {name: value for name, value in row if name not in left_out and value is not None}


def _with_marks(row: Provenance) -> dict[str, object]:
    """Return the results with their marks; a value without one is exact."""
    results = results_of(row)
    return results | {MARKS[name]: getattr(row, MARKS[name]) or "=" for name in results if name in MARKS}


def says_nothing_new(new: Provenance, stored: Provenance) -> bool:
    """Return whether the stored row has every result of the new one, with the same marks.

    Parameters
    ----------
    new, stored : Provenance
        Rows of one table.
    """
    known = _with_marks(stored)
    return all(name in known and known[name] == value for name, value in _with_marks(new).items())


def differences(new: Provenance, stored: Provenance) -> list[Difference]:
    """Return the columns in which two rows differ, their ids apart.

    Parameters
    ----------
    new, stored : Provenance
        Rows of one table.
    """
    left_out = {ID_COLUMNS[table_of(new)], "as_written"}
    return [
        Difference(name, getattr(stored, name), value)
        for name, value in new
        if name not in left_out and value != getattr(stored, name)
    ]
