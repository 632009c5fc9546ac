"""Tables that are no plain text yet, made plain: a sheet of a workbook, semicolons with decimal commas."""

from __future__ import annotations

import csv
import datetime
import hashlib
import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from features.near_words import near_words
from features.tables.files import SPREADSHEET_MARKS, decoded, regular_file
from features.tables.mistakes import InputError, Mistake
from features.tables.workbooks import MOST_ELEMENTS, open_workbook

if TYPE_CHECKING:
    from openpyxl.workbook.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

WORKBOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WORKBOOK_ENDINGS = (".xlsx", ".xlsm")
DATE = "a date, "
"""Begins the text of a cell that Excel took for a date: `10-20` becomes the 20th of October."""
_DECIMAL_COMMA = re.compile(r"\s*[+-]?\d+,\d+(?:[eE][+-]?\d+)?\s*")
_SEPARATOR_LINE = re.compile(rb"(?:\xef\xbb\xbf)?\"?sep=(?P<separator>[,;\t])\"?\s*", re.IGNORECASE)
_PERCENT_DIGITS = 12
_COMMENT = "#"


@dataclass(frozen=True)
class SheetRows:
    """Rows of a worksheet as text.

    Attributes
    ----------
    rows : list of (int, list of str)
        Number of each row in the sheet, and its cells; rows without any are left out.
    merged : list of Mistake
        Merged cells, by the last row of the area: only the first cell of one holds its value.
    """

    rows: list[tuple[int, list[str]]]
    merged: list[tuple[int, Mistake]]


def worksheet_rows(
    content: bytes, name: str, worksheet: str | None = None, *, first: bool = False, elements: int = MOST_ELEMENTS
) -> SheetRows:
    """Read one worksheet: per cent formats kept, dates called what they are.

    Parameters
    ----------
    content : bytes
        Of a workbook.
    name : str
        Of the file, for messages.
    worksheet : str, optional
        Title of the sheet; the only filled one where None.
    first : bool
        Whether the first filled sheet is meant where there are several.
    elements : int
        As for `check_workbook`.

    Raises
    ------
    InputError
        Not a whole workbook or beyond its bounds, no such sheet, no filled one, or several.
    """
    sheet = _chosen(open_workbook(content, name, elements), name, worksheet, first=first)
    rows = [(number, [cell_text(cell) for cell in row]) for number, row in enumerate(sheet.iter_rows(), 1)]
    expected = "each cell on its own: unmerge and fill them"
    merged = [
        (area.max_row, Mistake(area.min_row, "", f"merged cells {area.coord}", expected, name))
        for area in sheet.merged_cells.ranges
    ]
    return SheetRows([row for row in rows if any(row[1])], merged)


def sheet_titles(content: bytes, name: str) -> list[str]:
    """Return the titles of the sheets of a workbook that hold anything, in order.

    Parameters
    ----------
    content : bytes
        Of a workbook.
    name : str
        Of the file, for messages.
    """
    return [sheet.title for sheet in _filled(open_workbook(content, name))]


def _filled(book: Workbook) -> list[Worksheet]:
    return [
        sheet for sheet in book.worksheets if any(cell.value is not None for row in sheet.iter_rows() for cell in row)
    ]


def _chosen(book: Workbook, name: str, worksheet: str | None, *, first: bool) -> Worksheet:
    sheets: dict[str, Worksheet] = {sheet.title: sheet for sheet in book.worksheets}
    if worksheet is not None:
        if worksheet not in sheets:
            close = near_words(worksheet.lower(), tuple(title.lower() for title in sheets))
            near = f"; closest: {', '.join(title for title in sheets if title.lower() in close)}" if close else ""
            raise InputError(f"{name}: no sheet {worksheet!r}; it has {', '.join(sheets)}{near}")
        return sheets[worksheet]
    filled = _filled(book)
    if len(filled) != 1 and not (first and filled):
        names = ", ".join(sheet.title for sheet in filled) or "no filled sheet"
        raise InputError(f"{name}: expected one sheet with rows, got {names}; choose with --sheet NAME")
    return filled[0]


def cell_text(cell: Any) -> str:
    """Return a cell of a workbook as people would type it.

    Parameters
    ----------
    cell : openpyxl cell
        With its value and its number format.
    """
    value = cell.value
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return f"{DATE}{value}"
    if isinstance(value, int | float) and not isinstance(value, bool) and "%" in str(cell.number_format):
        return f"{as_text(float(f'{100 * value:.{_PERCENT_DIGITS}g}'))}%"
    return as_text(value).strip()


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


@lru_cache(maxsize=1)
def _folder() -> TemporaryDirectory[str]:
    """Folder of the plain copies; it goes with the process."""
    return TemporaryDirectory(prefix="silion-tables-")


def plain_table(path: Path, worksheet: str | None = None) -> Path:
    """Return a table as text between commas: the file itself, or a copy under the same name that goes with the process.

    A workbook gives its first filled sheet, or the one that is named; a text between semicolons has its decimal commas
    made points. Rows keep the lines they have in the file.

    Parameters
    ----------
    path : Path
        A file; a folder is returned as it is.
    worksheet : str, optional
        Of a workbook.

    Raises
    ------
    InputError
        Not a whole workbook, no such sheet, or a sheet asked for of a file without.
    """
    if path.is_dir() or path.suffix == ".parquet":
        return _without_sheets(path, worksheet)
    with regular_file(path).open("rb") as file:
        start = file.read(4096)
    if start.startswith(SPREADSHEET_MARKS[0]) and path.suffix.lower() in WORKBOOK_ENDINGS:
        content = path.read_bytes()
        sheet = worksheet_rows(content, path.name, worksheet, first=True)
        return _copy(path, content, worksheet or "", as_csv(sheet.rows))
    _without_sheets(path, worksheet)
    first = start.split(b"\n", 1)[0]
    separator_line = _SEPARATOR_LINE.fullmatch(first)
    between_semicolons = b";" in first and b"," not in first and b"\t" not in first and path.suffix != ".tsv"
    if not separator_line and not between_semicolons:
        return path
    content = path.read_bytes()
    separator = separator_line["separator"].decode() if separator_line else ";"
    text = _points_for_commas(decoded(content, path.name), separator, skip=bool(separator_line))
    return _copy(path, content, "", text)


def chosen_sheet(path: str, worksheet: str | None) -> str | Path:
    """Return a table as it was given, or, where a sheet is named, that sheet of the workbook as `plain_table` gives it.

    Parameters
    ----------
    path : str
        A file or folder.
    worksheet : str or None
        Of a workbook; None where the reader is to choose.

    Raises
    ------
    InputError
        As `plain_table` does.
    """
    return plain_table(Path(path), worksheet) if worksheet else path


def _without_sheets(path: Path, worksheet: str | None) -> Path:
    if worksheet and path.suffix.lower() not in WORKBOOK_ENDINGS:
        raise InputError(f"{path.name}: --sheet is for workbooks (.xlsx); this file has no sheets")
    return path


def _copy(path: Path, content: bytes, worksheet: str, text: str) -> Path:
    """Write a copy under the name of the file, into a folder named by what is in it: the same bytes, the same path."""
    digest = hashlib.sha256(content + worksheet.encode()).hexdigest()[:16]
    folder = Path(_folder().name) / digest
    folder.mkdir(exist_ok=True)
    copy = folder / path.name
    copy.write_text(text, encoding="utf-8", newline="")
    return copy


def as_csv(rows: Sequence[tuple[int, list[str]]]) -> str:
    r"""Return rows as text between commas, each on the line of its number; remarks above the header are left out.

    Parameters
    ----------
    rows : sequence of (int, list of str)
        Number of each row, and its cells.

    Examples
    --------
    >>> as_csv([(2, ["electrolyte", "temperature_c"]), (4, ["Li3PS4", "25"])])
    '\nelectrolyte,temperature_c\n\nLi3PS4,25\n'
    """
    text, line = io.StringIO(newline=""), 1
    writer, above = csv.writer(text, lineterminator="\n"), True
    for number, cells in rows:
        above = above and cells[0].lstrip().startswith(_COMMENT)
        if above:
            continue
        text.write("\n" * (number - line))
        writer.writerow([cell.replace("\n", " ") for cell in cells])
        line = number + 1
    return text.getvalue()


def _points_for_commas(text: str, separator: str, *, skip: bool) -> str:
    """Text between other separators as text between commas, `0,5` as `0.5`; a first line `sep=;` left empty."""
    rows = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    number = 1
    for cells in reader:
        if not (skip and number == 1) and any(cell.strip() for cell in cells):
            rows.append(
                (number, [cell.replace(",", ".") if _DECIMAL_COMMA.fullmatch(cell) else cell for cell in cells])
            )
        number = reader.line_num + 1
    return as_csv(rows)
