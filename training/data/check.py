"""`silion data check`: every mistake of one table, or of a folder of tables and between them, with the sources of
descriptors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from features.tables.described import DescriptorSource
from features.tables.literature import Literature
from features.tables.mistakes import InputError, Mistake, Mistakes
from features.tables.records import TABLES, Candidate, CellDesign, Measured
from features.tables.rows import read_table
from features.tables.sheets import plain_table
from models.candidates import read_design
from models.tasks.ice import cells_above_100
from training.data.literature_rows import ID_COLUMNS
from training.data.load import SHIPPED, read_files, read_literature, table_files
from training.data.twins import twin_question, twins_beside

DESCRIPTOR_SOURCES = "descriptor_sources.csv"
FILLED_RESULTS = frozenset({"first_capacity_mah_per_g", "first_areal_capacity_mah_per_cm2", "first_capacity_basis"})
"""Results that may be filled as well: a first capacity and its basis. None of them is a feature of ICE."""


def check(path: Path, remarks: list[str] | None = None) -> tuple[Mistakes, dict[str, int]]:
    """Return all mistakes, and the number of good rows by table, and of those that are flagged.

    Parameters
    ----------
    path : Path
        A table, or a folder of the literature's tables.
    remarks : list of str, optional
        Gets questions that are no mistakes: own rows that repeat the measurement of another source.

    Raises
    ------
    InputError
        The path cannot be read as a table or a folder of tables.
    """
    if path.is_dir():
        literature, mistakes = read_literature([path])
        mistakes += descriptor_mistakes(path, literature)
        if path.resolve() != SHIPPED:  # beside the shipped tables, as a training reads it
            together, others = read_literature([SHIPPED, path], checked_files=table_files([path]))
            mistakes += _not_among(mistakes, others)
            _ask_twins(together, remarks)
        return mistakes, {name: len(getattr(literature, name)) for name in ID_COLUMNS} | _flagged(literature)
    name = table_kind(path)
    path = plain_table(path)
    if name in ("candidates", "measured"):
        model = Measured if name == "measured" else Candidate
        candidates = read_table(path, model, own_columns=True, parse=read_design)
        return candidates.mistakes, {name: len(candidates.rows)}
    literature, mistakes = read_files({path: name})
    mistakes += _not_among(mistakes, _beside_others(path, name, remarks))
    return mistakes, {name: len(getattr(literature, name))} | _flagged(literature)


def _flagged(literature: Literature) -> dict[str, int]:
    """Return the number of good rows with a value that no training uses, by kind of value."""
    count = len(cells_above_100(literature))
    return {"ICE above 100 % (in no training)": count} if count else {}


def _not_among(mistakes: Mistakes, others: Iterable[Mistake]) -> list[Mistake]:
    """Return those of the other mistakes that are new; the known ones may be a million, the others are few."""
    new = {str(mistake): mistake for mistake in others}
    for mistake in mistakes:
        new.pop(str(mistake), None)
    return [*new.values()]


def _ask_twins(together: Literature, remarks: list[str] | None) -> None:
    if remarks is not None:
        shipped = read_literature([SHIPPED])[0]
        remarks += [twin_question(*twins) for twins in twins_beside(together, shipped)]


def _beside_others(path: Path, name: str, remarks: list[str] | None) -> list[Mistake]:
    """Return the mistakes that a table has beside the shipped ones and those of its own folder."""
    if path.resolve().parent == SHIPPED:
        return []
    siblings = table_files([path.parent]) if path.name == f"{name}.csv" else {}
    literature, together = read_files({**table_files([SHIPPED]), **siblings, path: name}, checked_files=[path])
    _ask_twins(literature, remarks)
    has_cells, own = "cells" in siblings.values(), [mistake for mistake in together if mistake.table == path.name]
    return [mistake for mistake in own if has_cells or mistake.column != "cell_id"]


def table_kind(path: Path) -> str:
    """Return which table a file is: by its name, else by the column only that table has; candidates otherwise.

    Parameters
    ----------
    path : Path
        A file; only its first line is read.

    Raises
    ------
    InputError
        There is no such file.
    """
    if path.stem in TABLES:
        return path.stem
    if not path.is_file():
        raise InputError(f"{path}: no such file or folder")
    first = plain_table(path).read_bytes().lstrip(b"\n").split(b"\n", 1)[0].decode("utf-8-sig", errors="replace")
    header = {column.strip().lower() for column in first.replace("\t", ",").split(",")}
    for name, column in {**ID_COLUMNS, "sources": "citation"}.items():
        if column in header and (name != "cells" or "point_id" not in header):
            return name
    return "candidates"


def descriptor_mistakes(folder: Path, literature: Literature) -> list[Mistake]:
    """Return every value whose cell, column or number is not that of the table of cells.

    Parameters
    ----------
    folder : Path
        A data folder; without the table of sources nothing is wrong.
    literature : Literature
        Tables of that folder.

    Raises
    ------
    InputError
        The table of sources cannot be read at all.
    """
    path = folder / DESCRIPTOR_SOURCES
    if not path.is_file():
        return []
    table = read_table(path, DescriptorSource)
    return [*table.mistakes, *_against_cells(list(zip(table.lines, table.rows, strict=True)), literature)]


def _against_cells(rows: list[tuple[int, DescriptorSource]], literature: Literature) -> Iterator[Mistake]:
    cells = {cell.cell_id: cell for cell in literature.cells}
    preferred: dict[tuple[str, str], int] = {}
    for line, row in rows:
        cell = cells.get(row.cell_id)
        if cell is None:
            yield _mistake(line, "cell_id", repr(row.cell_id), "a cell_id of cells.csv")
        elif row.descriptor not in CellDesign.model_fields and row.descriptor not in FILLED_RESULTS:
            yield _mistake(
                line, "descriptor", repr(row.descriptor), "a column that describes a cell before it is measured"
            )
        elif row.preferred != _is_same(row.value, getattr(cell, row.descriptor)):
            value = getattr(cell, row.descriptor)
            expected = f"{value}, as in cells.csv" if row.preferred else f"another value than {value} of cells.csv"
            yield _mistake(line, "value", f"{row.value} for {row.descriptor} of {row.cell_id}", expected)
        elif not row.preferred and not row.reason:
            yield _mistake(line, "reason", "nothing", "why the other value is preferred")
        if row.preferred and (first := preferred.setdefault((row.cell_id, row.descriptor), line)) != line:
            problem = f"{row.descriptor} of {row.cell_id} preferred twice, see line {first}"
            yield _mistake(line, "preferred", problem, "one preferred value")


def _mistake(line: int, column: str, problem: str, expected: str) -> Mistake:
    return Mistake(line, column, problem, expected, DESCRIPTOR_SOURCES)


def _is_same(written: str, value: object) -> bool:
    """Return whether a text is the value of a table: numbers compared as numbers."""
    if isinstance(value, int | float):
        try:
            return float(written) == float(value)
        except ValueError:
            return False
    return value is not None and written == value
