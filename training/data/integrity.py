"""What must hold between the rows of the tables: references, one paper one group, nothing counted twice."""

from __future__ import annotations

from collections.abc import Iterator

from features.composition import composition_of
from features.formulas.charge import charge_imbalance, is_balanced
from features.tables.literature import Literature
from features.tables.mistakes import Mistake
from features.tables.records import Provenance, Row
from models.tasks.fade import computed_retention

ID_COLUMNS = {"electrolytes": "measurement_id", "cells": "cell_id", "cycling": "point_id", "sources": "source_id"}
RETENTION_TOLERANCE_PCT = 3.0
"""A printed retention may differ this much from that of its two capacities: they are printed rounded."""


def cross_checks(literature: Literature) -> list[Mistake]:
    """Every mistake between rows; what would make a training wrong without a word."""
    checks = (_references, _links, _told_twice, _papers_told_twice, _unbalanced, _retentions)
    return [mistake for check in checks for mistake in check(literature)]


def _rows(literature: Literature) -> Iterator[tuple[str, str, Provenance]]:
    """Table, id and row of everything that carries a provenance."""
    for name in ("electrolytes", "cells", "cycling"):
        for row in getattr(literature, name):
            yield name, str(getattr(row, ID_COLUMNS[name])), row


def _references(literature: Literature) -> Iterator[Mistake]:
    ids = {(name, identity) for name, identity, _ in _rows(literature)}
    for name, identity, row in _rows(literature):
        table = f"{name}.csv"
        if row.source_id and literature.sources and row.seed and row.source_id not in literature.sources:
            yield Mistake(0, "source_id", f"{row.source_id!r} in row {identity}", "a source_id of sources.csv", table)
        if row.same_as and (name, row.same_as) not in ids:
            yield Mistake(0, "same_as", f"{row.same_as!r} in row {identity}", "the id of a row of this table", table)
        if row.same_as and row.in_training:
            expected = "no: the row tells the same as its preferred one"
            yield Mistake(0, "in_training", f"yes in row {identity}", expected, table)


def _links(literature: Literature) -> Iterator[Mistake]:
    """Cycling points and their cells; not judged where no cells were given."""
    cells = {cell.cell_id: cell for cell in literature.cells}
    for point in literature.cycling if cells else ():
        cell = cells.get(point.cell_id)
        if cell is None:
            got = f"{point.cell_id!r} in row {point.point_id}"
            yield Mistake(0, "cell_id", got, "a cell_id of cells.csv", "cycling.csv")
        elif point.in_training and not cell.in_training:
            expected = f"no: its cell {point.cell_id} is out"
            yield Mistake(0, "in_training", f"yes in row {point.point_id}", expected, "cycling.csv")


def _told_twice(literature: Literature) -> Iterator[Mistake]:
    """Rows in training that say the same under two ids; two cells may look alike when they live differently."""
    lives: dict[str, list[tuple[object, ...]]] = {}
    for point in literature.cycling:
        lives.setdefault(point.cell_id, []).append((point.cycle, point.retention_pct, point.capacity_mah_per_g))
    seen: dict[tuple[object, ...], str] = {}
    for name, identity, row in _rows(literature):
        if not row.in_training:
            continue
        said = (name, row.paper, *_content(row, name), *lives.get(identity, ()))
        if said in seen:
            got, expected = (
                f"{identity}, which says what {seen[said]} says",
                "one of the two out of training, with same_as",
            )
            yield Mistake(0, ID_COLUMNS[name], got, expected, f"{name}.csv")
        else:
            seen[said] = identity


def _content(row: Row, name: str) -> tuple[object, ...]:
    """What a row says, without its id and provenance; of a cycling point cell and cycle, which may stand once."""
    if name == "cycling":
        return tuple(getattr(row, column) for column in ("cell_id", "cycle"))
    left_out = {*Provenance.model_fields, ID_COLUMNS[name]}
    return tuple(value for column, value in row if column not in left_out)


def _papers_told_twice(literature: Literature) -> Iterator[Mistake]:
    """One paper under two ids would stand on both sides of a split."""
    for column in ("doi", "citation"):
        seen: dict[str, str] = {}
        for source in literature.sources.values():
            key = "".join(str(getattr(source, column) or "").lower().split())
            if key and key in seen:
                got = f"that of {seen[key]} in row {source.source_id}"
                yield Mistake(0, column, got, "one id per paper", "sources.csv")
            seen.setdefault(key, source.source_id)


def _unbalanced(literature: Literature) -> Iterator[Mistake]:
    """Compositions whose charges do not cancel and whose note does not say so."""
    for row in literature.electrolytes:
        amounts = composition_of(row.electrolyte, row.composition or "")
        if amounts and not is_balanced(amounts) and "CHARGE" not in (row.note or ""):
            got = f"a charge of {charge_imbalance(amounts):+.2f} in row {row.measurement_id}"
            yield Mistake(
                0, "composition", got, "balance, or a note 'CHARGE: ...' that says why not", "electrolytes.csv"
            )


def _retentions(literature: Literature) -> Iterator[Mistake]:
    """Printed retentions against their two capacities, where both are given and exact."""
    cells = {cell.cell_id: cell for cell in literature.cells}
    for point in literature.cycling:
        cell = cells.get(point.cell_id)
        computed = computed_retention(point, cell) if cell else None
        if computed is None or point.retention_pct is None or computed[1] != "=" or not point.in_training:
            continue
        if abs(computed[0] - point.retention_pct) > RETENTION_TOLERANCE_PCT and "MISMATCH" not in (point.note or ""):
            got = f"{point.retention_pct:g} in row {point.point_id}"
            expected = f"{computed[0]:.1f} as its two capacities say, or a note 'MISMATCH: ...'"
            yield Mistake(0, "retention_pct", got, expected, "cycling.csv")
