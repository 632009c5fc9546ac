"""`silion data check`: every mistake of one table, or of a folder of tables and between them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from features.charge import charge_imbalance, is_balanced
from features.composition import composition_of
from features.records import TABLES, Candidate, Provenance, Row
from features.tables import InputError, Mistake, read_table
from models.predictor import formula_mistake
from training.dataset import ID_COLUMNS, Literature, read_literature


def check(path: Path) -> tuple[list[Mistake], dict[str, int]]:
    """All mistakes, and the number of good rows by table.

    Raises
    ------
    InputError
        The path cannot be read as a table or a folder of tables.
    """
    if path.is_dir():
        literature, mistakes = read_literature([path])
        counts = {name: len(getattr(literature, name)) for name in ID_COLUMNS}
        return [*mistakes, *_unbalanced(literature), *_told_twice(literature), *_papers_told_twice(literature)], counts
    name = table_kind(path)
    if name == "candidates":
        candidates = read_table(path, Candidate, own_columns=True)
        found = zip(candidates.rows, candidates.lines, strict=True)
        unreadable = [mistake for row, line in found if (mistake := formula_mistake(row, line, path.name))]
        return sorted([*candidates.mistakes, *unreadable], key=lambda each: each.line), {name: len(candidates.rows)}
    table = read_table(path, TABLES[name])
    return table.mistakes, {name: len(table.rows)}


def table_kind(path: Path) -> str:
    """Which table a file is: by its name, else by the column only that table has; candidates otherwise."""
    if path.stem in TABLES:
        return path.stem
    if not path.is_file():
        raise InputError(f"{path}: no such file or folder")
    first = path.read_bytes().split(b"\n", 1)[0].decode("utf-8-sig", errors="replace")
    header = {column.strip() for column in first.replace("\t", ",").split(",")}
    for name, column in {**ID_COLUMNS, "sources": "citation"}.items():
        if column in header and (name != "cells" or "point_id" not in header):
            return name
    return "candidates"


def _unbalanced(literature: Literature) -> Iterator[Mistake]:
    """Compositions whose charges do not cancel and whose note does not say so."""
    for row in literature.electrolytes:
        amounts = composition_of(row.electrolyte, row.composition or "")
        if amounts and not is_balanced(amounts) and "CHARGE" not in (row.note or ""):
            got = f"a charge of {charge_imbalance(amounts):+.2f} in row {row.measurement_id}"
            yield Mistake(
                0, "composition", got, "balance, or a note 'CHARGE: ...' that says why not", "electrolytes.csv"
            )


def _told_twice(literature: Literature) -> Iterator[Mistake]:
    """Rows in training that say the same under two ids; two cells may look alike when they live differently."""
    lives: dict[str, list[tuple[object, ...]]] = {}
    for point in literature.cycling:
        lives.setdefault(point.cell_id, []).append((point.cycle, point.retention_pct, point.capacity_mah_per_g))
    for name in ("electrolytes", "cells", "cycling"):
        seen: dict[tuple[object, ...], str] = {}
        for row in getattr(literature, name):
            identity = str(getattr(row, ID_COLUMNS[name]))
            said = (row.paper, *_content(row, name), *lives.get(identity, ()))
            if row.in_training and said in seen:
                got = f"{identity}, which says what {seen[said]} says"
                expected = "one of the two out of training, with same_as"
                yield Mistake(0, ID_COLUMNS[name], got, expected, f"{name}.csv")
            elif row.in_training:
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
            value = getattr(source, column)
            key = "".join(str(value).lower().split()) if value else ""
            if key and key in seen:
                got = f"that of {seen[key]} in row {source.source_id}"
                yield Mistake(0, column, got, "one id per paper", "sources.csv")
            seen.setdefault(key, source.source_id)
