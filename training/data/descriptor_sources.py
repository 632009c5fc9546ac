"""Values of cells found beside the reviews: read with their sources, and held against the table of cells."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from features.tables.described import DescriptorSource
from features.tables.literature import Literature
from features.tables.mistakes import Mistake
from features.tables.records import CellDesign
from features.tables.rows import read_table

DESCRIPTOR_SOURCES = "descriptor_sources.csv"
FILLED_RESULTS = frozenset({"first_capacity_mah_per_g", "first_areal_capacity_mah_per_cm2", "first_capacity_basis"})
"""Results that may be filled as well: a first capacity and its basis. None of them is a feature of ICE."""


def descriptor_mistakes(folder: Path, literature: Literature) -> list[Mistake]:
    """Return every value whose cell, column or number is not what the table of cells says.

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
            there = getattr(cell, row.descriptor)
            expected = f"{there}, as in cells.csv" if row.preferred else f"another value than {there} of cells.csv"
            yield _mistake(line, "value", f"{row.value} for {row.descriptor} of {row.cell_id}", expected)
        elif not row.preferred and not row.reason:
            yield _mistake(line, "reason", "nothing", "why the other value is preferred")
        key = (row.cell_id, row.descriptor)
        if row.preferred and key in preferred:
            got = f"{row.descriptor} of {row.cell_id} preferred twice, see line {preferred[key]}"
            yield _mistake(line, "preferred", got, "one preferred value")
        if row.preferred:
            preferred.setdefault(key, line)


def _mistake(line: int, column: str, got: str, expected: str) -> Mistake:
    return Mistake(line, column, got, expected, DESCRIPTOR_SOURCES)


def _is_same(written: str, value: object) -> bool:
    """Return whether a text is the value of a table: numbers as numbers, texts as they stand."""
    if isinstance(value, int | float):
        try:
            return float(written) == float(value)
        except ValueError:
            return False
    return value is not None and written == value
