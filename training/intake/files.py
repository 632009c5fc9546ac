"""A file of rows as text cells with their lines: CSV, TSV, Excel or JSON lines; nothing is interpreted here."""

from __future__ import annotations

import csv
import datetime
import io
import json
import math
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.tables.files import SPREADSHEET_MARKS, decoded, header_of, unpaired
from features.tables.mistakes import InputError, Mistake
from features.tables.rows import closest
from training.intake.numbers import rounded

if TYPE_CHECKING:
    from openpyxl.workbook.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

COMMENT = "# "
"""Lines above the header that begin so are skipped: the dictionary of a template stands there."""
SEPARATORS = ",\t;"
DATE = "a date, "
"""Begins the text of a cell that Excel took for a date: `10-20` becomes the 20th of October."""


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
    """

    name: str
    header: list[str]
    lines: list[Line] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)


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
    """Return the first line as header and the rest as rows."""
    rows = iter(lines)
    header = next(rows, None)
    if header is None:
        raise InputError(f"{name}: the file is empty, expected a header line and at least one row")
    sheet = Sheet(name, header_of(header.cells), [row for row in rows if any(cell.strip() for cell in row.cells)])
    if not sheet.lines:
        raise InputError(f"{name}: the file holds a header and no rows, expected at least one")
    return sheet


def _text_lines(text: str, path: Path) -> Iterator[Line]:
    """Read rows of CSV or TSV; the separator is the one the header holds most of, a tab where the file ends in .tsv."""
    header = next((line for line in text.splitlines() if line.strip() and not _is_comment(line)), "")
    separator = "\t" if path.suffix.lower() == ".tsv" else max(SEPARATORS, key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    begins, above_header = 1, True
    try:
        for cells in reader:
            above_header = above_header and (not any(cell.strip() for cell in cells) or _is_comment(cells[0]))
            if not above_header:
                yield Line(begins, cells)
            begins = reader.line_num + 1
    except csv.Error as error:
        raise unpaired(error, begins, path.name) from None


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
        except ValueError as error:
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
    """Read one worksheet: per cent formats kept, dates and merged cells called what they are.

    The line of a row is its number in the sheet.
    """
    from openpyxl import load_workbook

    try:
        with warnings.catch_warnings():  # of decorations it does not know, which hold no values
            warnings.simplefilter("ignore")
            book = load_workbook(io.BytesIO(content), data_only=True)
    except (zipfile.BadZipFile, KeyError, OSError, ValueError) as error:
        raise InputError(f"{name}: not a whole workbook ({error}); save it again as .xlsx") from None
    cells_of = _chosen_worksheet(book, name, worksheet)
    rows = [Line(number, [_cell_text(cell) for cell in row]) for number, row in enumerate(cells_of.iter_rows(), 1)]
    used = [row for row in rows if any(row.cells)]
    while used and _is_comment(used[0].cells[0]):
        used.pop(0)
    if not used:
        raise InputError(f"{name}: the sheet is empty, expected a header line and at least one row")
    sheet = _sheet(name, used)
    sheet.mistakes = _merged_cells(cells_of, used[0].number, name)
    return sheet


def _chosen_worksheet(book: Workbook, name: str, worksheet: str | None) -> Worksheet:
    sheets: dict[str, Worksheet] = {sheet.title: sheet for sheet in book.worksheets}
    if worksheet is not None:
        if worksheet not in sheets:
            near = closest(worksheet, sheets)
            raise InputError(f"{name}: no sheet {worksheet!r}; it has {', '.join(sheets)}{near}")
        return sheets[worksheet]
    filled = [
        sheet for sheet in sheets.values() if any(cell.value is not None for row in sheet.iter_rows() for cell in row)
    ]
    if len(filled) != 1:
        names = ", ".join(sheet.title for sheet in filled) or "no filled sheet"
        raise InputError(f"{name}: expected one sheet with rows, got {names}; choose with --sheet NAME")
    return filled[0]


def _cell_text(cell: Any) -> str:
    value = cell.value
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return f"{DATE}{value}"
    if isinstance(value, int | float) and not isinstance(value, bool) and "%" in str(cell.number_format):
        return f"{as_text(rounded(100 * value))}%"
    return as_text(value).strip()


def _merged_cells(sheet: Worksheet, header: int, name: str) -> list[Mistake]:
    """Return merged cells as mistakes: only the first holds their value, the others would be read as not given."""
    return [
        Mistake(area.min_row, "", f"merged cells {area.coord}", "each cell on its own: unmerge and fill them", name)
        for area in sheet.merged_cells.ranges
        if area.max_row >= header
    ]


def as_text(value: object) -> str:
    """Return a value of a workbook or of JSON as people would type it.

    Parameters
    ----------
    value : object
        Text, a number, a bool or None.

    Returns
    -------
    str
        Empty where there is none (None, NaN); a number as the shortest text that reads back as the same.

    Examples
    --------
    >>> as_text(25.0), as_text(1e-05), as_text(True), as_text(None)
    ('25', '1e-05', 'yes', '')
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return str(value)


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
