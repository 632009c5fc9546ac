"""Excel workbooks, bounded before they are opened: a small file can unpack to more than any memory holds."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING
from xml.parsers import expat

from features.tables.mistakes import InputError

if TYPE_CHECKING:
    from openpyxl.workbook.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

MOST_PARTS = 5_000
"""Files inside a workbook."""
MOST_UNPACKED = 100 * 1024 * 1024
"""Bytes of all of them, unpacked."""
MOST_ELEMENTS = 2_000_000
"""XML elements of all of them; a cell takes two or three."""
MOST_CELLS = 1_000_000
"""Cells of a sheet from its first to its last, empty ones included; also cells under merged areas and links."""
ADVICE = "save the sheet as 'CSV UTF-8', or leave out what is not a row"
_DIRECTORY_ENTRY = b"PK\x01\x02"
_XML_STARTS = (b"<", b"\xef\xbb\xbf", b"\xfe\xff", b"\xff\xfe", b"\x00<")
_CHUNK = 1 << 16
_AREA = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7}):\$?([A-Z]{1,3})\$?([0-9]{1,7})")
_EXPANDED = ("mergeCell", "hyperlink")
"""Elements whose `ref` openpyxl makes a cell for, one by one."""


def open_workbook(content: bytes, name: str, elements: int = MOST_ELEMENTS) -> Workbook:
    """Open a workbook for its values, once it is known to be bounded.

    Parameters
    ----------
    content : bytes
        Of an `.xlsx` or `.xlsm` file.
    name : str
        Of the file, for messages.
    elements : int
        As for `check_workbook`.

    Raises
    ------
    InputError
        Not a whole workbook, or more than `check_workbook` and `check_extent` let pass.
    """
    from openpyxl import load_workbook

    check_workbook(content, name, elements)
    try:
        with warnings.catch_warnings():  # of decorations it does not know, which hold no values
            warnings.simplefilter("ignore")
            book = load_workbook(io.BytesIO(content), data_only=True)
    except MemoryError:
        raise
    except Exception as error:  # a damaged workbook fails anywhere inside openpyxl, as any kind of error
        raise _damaged(name, str(error) or type(error).__name__) from None
    for sheet in book.worksheets:
        check_extent(sheet, name)
    return book


def check_workbook(content: bytes, name: str, elements: int = MOST_ELEMENTS) -> None:
    """Refuse a workbook that unpacks to more than can be meant, before openpyxl holds any of it.

    Every part is unpacked and parsed in small pieces. What is *not* checked: whether it is a workbook, and what its
    cells hold.

    Parameters
    ----------
    content : bytes
        Of the file.
    name : str
        Of the file, for messages.
    elements : int
        That all parts may have together.

    Raises
    ------
    InputError
        More parts, bytes, elements or merged cells than the limits of this module, a part with a document type
        (entities can grow without end), a password, or a file that is damaged.

    Examples
    --------
    >>> check_workbook(b"electrolyte,anode", "new.xlsx")
    Traceback (most recent call last):
    features.tables.mistakes.InputError: new.xlsx: not a whole workbook (File is not a zip file); save it again as .xlsx
    """
    parts = content.count(_DIRECTORY_ENTRY)
    if parts > MOST_PARTS:
        raise InputError(f"{name}: the workbook has {parts} parts, expected at most {MOST_PARTS}; {ADVICE}")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
            if unpacked > MOST_UNPACKED:
                raise InputError(
                    f"{name}: the workbook unpacks to {unpacked} bytes, expected at most {MOST_UNPACKED}; {ADVICE}"
                )
            count = _Count(name, elements)
            for part in archive.infolist():
                count.read(part.filename, _pieces(archive, part))
    except InputError:
        raise
    except Exception as error:  # zipfile, zlib, lzma and bz2 each have several of their own
        raise _damaged(name, str(error)) from None


def check_extent(sheet: Worksheet, name: str) -> None:
    """Refuse a sheet that reaches too far: one cell in its last corner makes every cell before it.

    Parameters
    ----------
    sheet : Worksheet
        As openpyxl opened it.
    name : str
        Of the file, for messages.

    Raises
    ------
    InputError
        More than `MOST_CELLS` between its first and its last cell.
    """
    rows, columns = sheet.max_row or 0, sheet.max_column or 0
    if rows * columns > MOST_CELLS:
        raise InputError(
            f"{name}: sheet {sheet.title!r} reaches to row {rows} and column {columns}, expected at most {MOST_CELLS} "
            f"cells; delete the rows and columns beyond the table, empty ones too, or {ADVICE}"
        )


def _damaged(name: str, why: str) -> InputError:
    return InputError(f"{name}: not a whole workbook ({why}); save it again as .xlsx")


def _pieces(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(part) as file:
        while data := file.read(_CHUNK):
            yield data


class _Count:
    """Elements and expanded cells of all parts of a workbook.

    Parameters
    ----------
    name : str
        Of the file, for messages.
    most : int
        Elements of all parts.
    """

    def __init__(self, name: str, most: int) -> None:
        self.name, self.most, self.elements, self.cells = name, most, 0, 0

    def read(self, part: str, pieces: Iterator[bytes]) -> None:
        """Count the elements of a part, where it is XML.

        Parameters
        ----------
        part : str
            Its name inside the workbook.
        pieces : iterator of bytes
            Its content, unpacked, in order.

        Raises
        ------
        InputError
            XML that is damaged, declares a document type, or has too many elements.
        """
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        parser.StartElementHandler = self._element
        begun = False
        try:
            for data in pieces:
                start = data.lstrip()
                begun = begun or not start or start.startswith(_XML_STARTS)
                if not begun:
                    return  # a picture, or a macro
                parser.Parse(data)
            if begun:
                parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise _damaged(self.name, f"{part}: {error}") from None

    def _refuse_doctype(self, *_: object) -> None:
        raise InputError(
            f"{self.name}: a part of the workbook declares a document type, which no spreadsheet writes; "
            "save it again as .xlsx"
        )

    def _element(self, element: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        if self.elements > self.most:
            raise InputError(f"{self.name}: the workbook has more than {self.most} elements; {ADVICE}")
        if element.endswith(_EXPANDED) and (area := _AREA.fullmatch(attributes.get("ref", "").upper())):
            left, top, right, bottom = area.groups()
            self.cells += (abs(int(bottom) - int(top)) + 1) * (abs(_column(right) - _column(left)) + 1)
            if self.cells > MOST_CELLS:
                raise InputError(
                    f"{self.name}: merged cells and links cover more than {MOST_CELLS} cells; unmerge them, or {ADVICE}"
                )


def _column(letters: str) -> int:
    """Number of a column, from 1: A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - ord("A") + 1
    return number
