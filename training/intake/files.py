"""A file of rows as text cells with their lines: CSV, TSV, Excel or JSON lines; nothing is interpreted here."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from features.tables.files import SPREADSHEET_MARKS, decoded, header_of, unpaired
from features.tables.mistakes import InputError, Mistake
from features.tables.sheets import as_text, worksheet_rows
from training.intake.notation.layout import is_title, is_unit_row, separator_line, with_units

COMMENT = "# "
"""Lines above the header that begin so are skipped: the dictionary of a template stands there."""
SEPARATORS = ",\t;"


@dataclass(frozen=True)
class Line:
    """One row of a file.

    Attributes
    ----------
    number : int
        The line it begins on; its place, where the file has no lines.
    cells : list of str
        As written.
    """

    number: int
    cells: list[str]


@dataclass
class Sheet:
    """A file as text.

    Attributes
    ----------
    name : str
        Of the file.
    header : list of str
        Names of the columns as written.
    lines : list of Line
        Rows with at least one cell that is not empty.
    mistakes : list of Mistake
        Of the file apart from its values (merged cells).
    remarks : list of str
        Lines that are no rows: a title, units.
    header_line : int
        Number of the header's line.
    """

    name: str
    header: list[str]
    lines: list[Line] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    header_line: int = 1


def read_sheet(path: Path, worksheet: str | None = None) -> Sheet:
    """Read a file by its ending: `.xlsx` and `.xlsm` are workbooks, `.jsonl` and `.ndjson` JSON lines, all else text.

    Parameters
    ----------
    path : Path
        The file.
    worksheet : str, optional
        Sheet of a workbook; the only filled one where None.

    Raises
    ------
    InputError
        Missing, empty, not UTF-8, of another kind than its ending says, or `worksheet` given for a file without sheets.
    """
    if path.is_dir():
        raise InputError(f"{path}: is a folder, expected a file")
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        return _workbook(content, path.name, worksheet)
    if worksheet:
        raise InputError(f"{path.name}: --sheet is for workbooks (.xlsx); this file has no sheets")
    if content.startswith(SPREADSHEET_MARKS):
        raise InputError(f"{path.name}: this is a spreadsheet; save it as .xlsx or as 'CSV UTF-8'")
    text = decoded(content, path.name)
    is_json = path.suffix.lower() in (".jsonl", ".ndjson", ".json")
    return _sheet(path.name, _json_lines(text, path.name) if is_json else _text_lines(text, path))


def _sheet(name: str, lines: Iterable[Line]) -> Sheet:
    """Return the first line under a title as header, with the units under it, and the rest as rows."""
    filled = [line for line in lines if any(cell.strip() for cell in line.cells)]
    remarks = []
    while len(filled) > 1 and is_title(filled[0].cells, filled[1].cells):
        title = filled.pop(0)
        remarks.append(f"line {title.number} taken as a title: {next(cell for cell in title.cells if cell.strip())}")
    if not filled:
        raise InputError(f"{name}: the file is empty, expected a header line and at least one row")
    header, rows = header_of(filled[0].cells), filled[1:]
    if rows and is_unit_row(rows[0].cells):
        remarks.append(f"line {rows[0].number} taken as the units of the columns")
        header = with_units(header, rows.pop(0).cells)
    sheet = Sheet(name, header, rows, remarks=remarks, header_line=filled[0].number)
    if not sheet.lines:
        raise InputError(f"{name}: the file holds a header and no rows, expected at least one")
    return sheet


def _text_lines(text: str, path: Path) -> Iterator[Line]:
    """Read rows of CSV or TSV; the separator is the one the header holds most of, a tab where the file ends in .tsv."""
    separator = _separator(text, path)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    begins, above_header = 1, True
    try:
        for cells in reader:
            above_header = above_header and (not any(cell.strip() for cell in cells) or _is_remark(cells))
            if not above_header:
                yield Line(begins, cells)
            begins = reader.line_num + 1
    except csv.Error as error:
        raise unpaired(error, begins, path.name) from None


def _separator(text: str, path: Path) -> str:
    """Return what a line `sep=` states, a tab in a .tsv, else what the header holds most of; a title is not asked."""
    filled = [line for line in text.splitlines() if line.strip() and not _is_comment(line)]
    if filled and (stated := separator_line(filled[0])):
        return stated
    if path.suffix.lower() == ".tsv" or not filled:
        return "\t"
    held = [max(SEPARATORS, key=line.count) for line in filled[:2]]
    rows = [line.split(separator) for line, separator in zip(filled, held, strict=False)]
    return held[1] if len(rows) > 1 and is_title(rows[0], rows[1]) else held[0]


def _is_remark(cells: Sequence[str]) -> bool:
    return _is_comment(cells[0]) or _states_separator(cells)


def _states_separator(cells: Sequence[str]) -> bool:
    """`sep=,` and `sep=;` are cut at the separator they state."""
    return cells[0].strip().lower() == "sep=" and not any(cell.strip() for cell in cells[1:])


def _is_comment(text: str) -> bool:
    """Return whether a line, or its first cell, is a remark above the header."""
    return text.lstrip().lstrip('"').startswith(COMMENT) or text.strip() == "#"


def _json_lines(text: str, name: str) -> Iterator[Line]:
    """Read objects, one a line; the header is every key in the order of its first appearance."""
    objects: list[tuple[int, Mapping[str, Any]]] = []
    mistakes = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line, object_pairs_hook=_distinct_keys, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            mistakes.append(Mistake(number, "", str(error), "one JSON object a line, each key once", name))
            continue
        if not isinstance(row, dict):
            mistakes.append(Mistake(number, "", type(row).__name__, "a JSON object", name))
            continue
        mistakes += [
            Mistake(number, key, type(value).__name__, "text, a number, true, false or null", name)
            for key, value in row.items()
            if isinstance(value, dict | list)
        ]
        objects.append((number, row))
    if mistakes:
        raise InputError(f"{name}: not JSON lines that can be used", mistakes)
    if objects:
        header = list(dict.fromkeys(key for _, row in objects for key in row))
        yield Line(0, header)
        yield from (Line(number, [as_text(row.get(key)) for key in header]) for number, row in objects)


def _distinct_keys(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    if doubled := sorted({key for key in keys if keys.count(key) > 1}):
        raise ValueError(f"the key {doubled[0]!r} twice")
    return dict(pairs)


def _refuse_constant(word: str) -> float:
    raise ValueError(f"{word}, which is no JSON")


def _workbook(content: bytes, name: str, worksheet: str | None) -> Sheet:
    """Read one worksheet; the line of a row is its number in the sheet, merged cells are mistakes."""
    read = worksheet_rows(content, name, worksheet)
    used = [Line(number, cells) for number, cells in read.rows]
    while used and _is_comment(used[0].cells[0]):
        used.pop(0)
    if not used:
        raise InputError(f"{name}: the sheet is empty, expected a header line and at least one row")
    sheet = _sheet(name, used)
    sheet.mistakes = [mistake for last_row, mistake in read.merged if last_row >= sheet.header_line]
    return sheet


def csv_text(rows: Iterable[Iterable[object]]) -> str:
    """Return rows as the text of a CSV file.

    Parameters
    ----------
    rows : iterable of iterables
        The header first; None is an empty cell.

    Examples
    --------
    >>> csv_text([["id", "why"], ["E051", "misread, twice"]])
    'id,why\\nE051,"misread, twice"\\n'
    """
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
