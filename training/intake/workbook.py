"""One worksheet of an Excel file as text cells: per cent formats kept, dates and merged cells called what they are."""

from __future__ import annotations

import datetime
import io
import warnings
import zipfile
from typing import TYPE_CHECKING, Any

from features.tables.mistakes import InputError, Mistake
from features.tables.rows import closest
from training.intake.sheet import Line, as_text, is_comment
from training.intake.units import rounded

if TYPE_CHECKING:
    from openpyxl.workbook.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

DATE = "a date, "
"""What a cell is read as that Excel took for a date: `10-20` becomes the 20th of October."""


def read_workbook(content: bytes, name: str, worksheet: str | None) -> tuple[list[str], list[Line], list[Mistake]]:
    """Header, rows and mistakes of one worksheet; the line of a row is its number in the sheet.

    Raises
    ------
    InputError
        Not a workbook, no openpyxl, an unknown sheet, or several with content and none chosen.
    """
    try:
        from openpyxl import load_workbook
    except ImportError:
        raise InputError(f"{name}: reading a workbook needs openpyxl; install it, or save as 'CSV UTF-8'") from None
    try:
        with warnings.catch_warnings():  # of decorations it does not know, which hold no values
            warnings.simplefilter("ignore")
            book = load_workbook(io.BytesIO(content), data_only=True)
    except (zipfile.BadZipFile, KeyError, OSError, ValueError) as error:
        raise InputError(f"{name}: not a whole workbook ({error}); save it again as .xlsx") from None
    sheet = _chosen(book, name, worksheet)
    rows = [Line(number, [_text(cell) for cell in cells]) for number, cells in enumerate(sheet.iter_rows(), start=1)]
    used = [line for line in rows if any(line.cells)]
    while used and is_comment(used[0].cells[0]):
        used.pop(0)
    if not used:
        raise InputError(f"{name}: the sheet is empty, expected a header line and at least one row")
    header, *lines = used
    return header.cells, lines, _merged(sheet, header.number, name)


def _chosen(book: Workbook, name: str, worksheet: str | None) -> Worksheet:
    sheets: dict[str, Any] = {each.title: each for each in book.worksheets}
    if worksheet is not None:
        if worksheet not in sheets:
            near = closest(worksheet, sheets)
            raise InputError(f"{name}: no sheet {worksheet!r}; it has {', '.join(sheets)}{near}")
        return sheets[worksheet]  # type: ignore[no-any-return]  # openpyxl's sheets are of several kinds
    filled = [
        each for each in sheets.values() if any(cell.value is not None for row in each.iter_rows() for cell in row)
    ]
    if len(filled) != 1:
        names = ", ".join(each.title for each in filled) or "no filled sheet"
        raise InputError(f"{name}: expected one sheet with rows, got {names}; choose with --sheet NAME")
    return filled[0]  # type: ignore[no-any-return]


def _text(cell: Any) -> str:
    value = cell.value
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return f"{DATE}{value}"
    if isinstance(value, int | float) and not isinstance(value, bool) and "%" in str(cell.number_format):
        return f"{as_text(rounded(100 * value))}%"
    return as_text(value).strip()


def _merged(sheet: Worksheet, header: int, name: str) -> list[Mistake]:
    """Merged cells hold their value only in the first: the others would be read as not given."""
    return [
        Mistake(area.min_row, "", f"merged cells {area.coord}", "each cell on its own: unmerge and fill them", name)
        for area in sheet.merged_cells.ranges
        if area.max_row >= header
    ]
