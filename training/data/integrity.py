"""Checks between the rows of the tables: references, one paper one group, nothing counted twice."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from features.composition import composition_of
from features.formulas.charge import charge_imbalance, is_balanced
from features.tables.fields import LIQUID_CLASSES
from features.tables.literature import Literature
from features.tables.mistakes import Mistake
from features.tables.records import CyclingRow, Provenance
from models.tasks.cycling import computed_retention
from training.data.literature_rows import ID_COLUMNS, MEASURED_TABLES, content_of, rows_of

RETENTION_TOLERANCE_PCT = 3.0
"""A printed retention may differ this much from that of its two capacities: they are printed rounded."""


def cross_checks(literature: Literature) -> list[Mistake]:
    """Return every mistake between rows: each would make a training wrong without an error.

    Parameters
    ----------
    literature : Literature
        All tables; cycling points are not compared with their cells where no cells are given.
    """
    checks = (_references, _cells_of_points, _same_content, _same_paper, _unbalanced, _retentions, _states)
    return [mistake for check in checks for mistake in check(literature)]


@lru_cache(maxsize=16_384)
def folded(text: str) -> str:
    """Return a text in lower case without blanks, to compare labels and citations by.

    Parameters
    ----------
    text : str
        As written.

    Examples
    --------
    >>> folded("Zhan  et al. 2023")
    'zhanetal.2023'
    """
    return "".join(text.lower().split())


def _rows(literature: Literature) -> Iterator[tuple[str, str, Provenance]]:
    """Yield table, id and row of every measurement."""
    for name in MEASURED_TABLES:
        column = ID_COLUMNS[name]
        for row in rows_of(literature, name):
            yield name, getattr(row, column), row


def _mistake(table: str, column: str, problem: str, expected: str, *row_ids: str) -> Mistake:
    """Return a mistake between rows, which stands on no single line."""
    return Mistake(0, column, problem, expected, f"{table}.csv", row_ids)


def _references(literature: Literature) -> Iterator[Mistake]:
    """Yield rows that name a source or a preferred row that does not exist."""
    rows = list(_rows(literature))
    ids = {(name, identity) for name, identity, _ in rows}
    for name, identity, row in rows:
        if row.source_id and literature.sources and row.seed and row.source_id not in literature.sources:
            problem = f"{row.source_id!r} in row {identity}"
            yield _mistake(name, "source_id", problem, "a source_id of sources.csv", identity)
        if row.same_as and (name, row.same_as) not in ids:
            problem = f"{row.same_as!r} in row {identity}"
            yield _mistake(name, "same_as", problem, "the id of a row of this table", identity)
        if row.same_as and row.in_training:
            expected = "no: the row tells the same as its preferred one"
            yield _mistake(name, "in_training", f"yes in row {identity}", expected, identity)


def _cells_of_points(literature: Literature) -> Iterator[Mistake]:
    """Yield cycling points without their cell, or in training without it; not judged where no cells are given."""
    cells = {cell.cell_id: cell for cell in literature.cells}
    for point in literature.cycling if cells else ():
        cell = cells.get(point.cell_id)
        if cell is None:
            problem = f"{point.cell_id!r} in row {point.point_id}"
            yield _mistake("cycling", "cell_id", problem, "a cell_id of cells.csv", point.point_id)
        elif point.in_training and not cell.in_training:
            expected = f"no: its cell {point.cell_id} is out"
            problem = f"yes in row {point.point_id}"
            yield _mistake("cycling", "in_training", problem, expected, point.point_id, cell.cell_id)


def _same_content(literature: Literature) -> Iterator[Mistake]:
    """Yield rows in training of one content under two ids; two cells of one design are two where their lives differ."""
    lives: dict[str, list[tuple[object, ...]]] = {}
    for point in literature.cycling:
        lives.setdefault(point.cell_id, []).append((point.cycle, point.retention_pct, point.capacity_mah_per_g))
    first: dict[tuple[object, ...], str] = {}
    for name, identity, row in _rows(literature):
        if not row.in_training:
            continue
        # of a cycling point cell and cycle count, which may stand once
        content = (row.cell_id, row.cycle) if isinstance(row, CyclingRow) else content_of(row).values()
        key = (name, row.paper, *content, *lives.get(identity, ()))
        if key in first:
            problem = f"{identity}, which says what {first[key]} says"
            expected = "one of the two out of training, with same_as"
            yield _mistake(name, ID_COLUMNS[name], problem, expected, identity, first[key])
        else:
            first[key] = identity


def _same_paper(literature: Literature) -> Iterator[Mistake]:
    """Yield papers with two ids: they would stand on both sides of a split."""
    for column in ("doi", "citation"):
        first: dict[str, str] = {}
        for source in literature.sources.values():
            written = str(getattr(source, column) or "")
            for key in map(folded, written.split("|") if column == "doi" else [written]):
                if key and key in first:
                    problem = f"that of {first[key]} in row {source.source_id}"
                    yield _mistake("sources", column, problem, "one id per paper", source.source_id)
                first.setdefault(key, source.source_id)


def _states(literature: Literature) -> Iterator[Mistake]:
    """Yield cells whose electrolyte is liquid by one column and solid by the other."""
    for cell in literature.cells:
        state, family = cell.electrolyte_state, cell.electrolyte_class
        if state and family and (state == "solid") == (family in LIQUID_CLASSES):
            problem = f"{state} in row {cell.cell_id}, whose electrolyte_class is {family}"
            expected = "one state; gels of polymers are gel in both columns"
            yield _mistake("cells", "electrolyte_state", problem, expected, cell.cell_id)


def _unbalanced(literature: Literature) -> Iterator[Mistake]:
    """Yield compositions whose charges do not cancel and whose note does not say so."""
    for row in literature.electrolytes:
        charge = _charge(row.electrolyte, row.composition or "")
        if charge is not None and "CHARGE" not in (row.note or ""):
            problem = f"a charge of {charge:+.2f} in row {row.measurement_id}"
            expected = "balance, or a note 'CHARGE: ...' that says why not"
            yield _mistake("electrolytes", "composition", problem, expected, row.measurement_id)


@lru_cache(maxsize=16_384)
def _charge(electrolyte: str, composition: str) -> float | None:
    """Return the charge that is left of a composition; None where it cancels or cannot be judged."""
    amounts = composition_of(electrolyte, composition)
    return None if not amounts or is_balanced(amounts) else charge_imbalance(amounts)


def _retentions(literature: Literature) -> Iterator[Mistake]:
    """Yield printed retentions that their two capacities contradict, where both are given and exact."""
    cells = {cell.cell_id: cell for cell in literature.cells}
    for point in literature.cycling:
        cell = cells.get(point.cell_id)
        computed = computed_retention(point, cell) if cell else None
        if computed is None or point.retention_pct is None or computed[1] != "=" or not point.in_training:
            continue
        if abs(computed[0] - point.retention_pct) > RETENTION_TOLERANCE_PCT and "MISMATCH" not in (point.note or ""):
            problem = f"{point.retention_pct:g} in row {point.point_id}"
            expected = f"{computed[0]:.1f} as its two capacities say, or a note 'MISMATCH: ...'"
            yield _mistake("cycling", "retention_pct", problem, expected, point.point_id)
