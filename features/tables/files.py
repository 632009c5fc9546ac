"""Files that hold tables: which may be read, their text, records and cells, and messages about what is wrong."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa

from features.tables.mistakes import InputError, Mistake

TABLE_ENDINGS = (".csv", ".tsv", ".parquet")
SPREADSHEET_MARKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""First bytes of an Excel file, new and old."""
_BOM, _BLOCK, _ENDS_A_CELL = b"\xef\xbb\xbf", 1 << 20, re.compile(rb"[,;\t\r]")
_NO_FILE = {
    stat.S_IFDIR: "a folder, expected a file; rename it or move it elsewhere",
    stat.S_IFIFO: "a pipe, expected a file, which is read more than once; save what comes through it and give that",
    stat.S_IFSOCK: "a socket, expected a file; save what it sends and give that",
    stat.S_IFCHR: "a device, expected a file",
    stat.S_IFBLK: "a device, expected a file",
}


def regular_file(path: Path) -> Path:
    """Return the path itself, where a file stands there.

    Links are followed, and nothing is opened: a pipe would wait forever.

    Parameters
    ----------
    path : Path
        Shall be read as a file.

    Raises
    ------
    InputError
        Nothing stands there, a link leads nowhere, or it is a folder, a pipe, a socket or a device.
    """
    try:
        mode = path.stat().st_mode
    except PermissionError:
        raise
    except OSError as error:
        raise InputError(f"{path}: {_missing(path)}") from error
    if not stat.S_ISREG(mode):
        raise InputError(f"{path}: is {_NO_FILE.get(stat.S_IFMT(mode), 'no file')}")
    return path


def _missing(path: Path) -> str:
    if path.is_symlink():
        return f"is a link to {path.readlink()}, where no file is; mend the link, or take it away"
    for above in path.parents:
        if above.exists() and not above.is_dir():
            return f"no such file; {above} is a file and no folder"
    return "no such file"


def files_of(path: Path) -> list[Path]:
    """Return the tables of a folder by name, or the file itself.

    Parameters
    ----------
    path : Path
        A file, or a folder with files of `TABLE_ENDINGS`; names that begin with a dot or an underscore are left out.

    Raises
    ------
    InputError
        Nothing there, a folder without a table, or what is no file: a pipe, a link that leads nowhere.
    """
    if not path.is_dir():
        return [regular_file(path)]
    tables = [file for file in sorted(path.iterdir()) if file.suffix in TABLE_ENDINGS and file.name[0] not in "._"]
    if not tables:
        raise InputError(f"{path}: no table in this folder, expected {', '.join(TABLE_ENDINGS)}")
    return [regular_file(file) for file in tables]


def refuse_spreadsheet(start: bytes, name: str) -> None:
    """Refuse a file of Excel's that is called a text.

    Parameters
    ----------
    start : bytes
        First bytes of the file, eight or more.
    name : str
        Of the file, for the message.

    Raises
    ------
    InputError
        It is one.
    """
    if start.startswith(SPREADSHEET_MARKS):
        raise InputError(f"{name}: this is a spreadsheet, expected text; open it and save the sheet as 'CSV UTF-8'")


def separator_of(first: str, path: Path) -> str:
    r"""Return what separates the columns of a text table, a comma or a tab.

    Parameters
    ----------
    first : str
        First line of the file.
    path : Path
        Its name counts: a `.tsv` is separated by tabs.

    Raises
    ------
    InputError
        Semicolons separate them.

    Examples
    --------
    >>> separator_of("electrolyte\ttemperature_c", Path("designs.csv"))
    '\t'
    """
    if path.suffix == ".tsv" or ("\t" in first and "," not in first):
        return "\t"
    if ";" in first and "," not in first:
        raise InputError(f"{path.name}: the columns are separated by ';', expected ','; save it as comma-separated CSV")
    return ","


def decoded(content: bytes, name: str, begins: int = 1) -> str:
    """Decode a file, or a part of it that begins on a line.

    Parameters
    ----------
    content : bytes
        UTF-8, with or without a byte order mark.
    name : str
        Of the file, for messages.
    begins : int
        Line of the file on which the content begins, counted from 1.

    Raises
    ------
    InputError
        It is not UTF-8, or holds what no text holds; with the line.

    Examples
    --------
    >>> decoded("Li₃PS₄".encode(), "designs.csv")
    'Li₃PS₄'
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + begins
        wrong = Mistake(line, "", f"byte 0x{error.object[error.start]:02x}", "UTF-8 text", name)
        raise InputError(f"{name}: not UTF-8; save it as 'CSV UTF-8'", [wrong]) from None
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + begins
        raise InputError(f"{name}: not a text table", [Mistake(line, "", "a NUL character", "text", name)])
    return text


class TextLines:
    """Lines of a text file behind its byte order mark, with their places, read as far as needed.

    Parameters
    ----------
    file : file
        Open for bytes.
    name : str
        For messages.
    most : int
        Lines of a block.
    """

    def __init__(self, file: BinaryIO, name: str, most: int) -> None:
        self.file, self.name, self.most = file, name, most
        file.seek(0)
        self.offset, self.line = len(_BOM) if file.read(len(_BOM)) == _BOM else 0, 1
        self.digest = hashlib.sha256()

    def block(self) -> bytes:
        """Return the next `most` lines, whole, no cell of megabytes; they count as read only after `passed`."""
        self.file.seek(self.offset)
        pieces, missing = [], self.most
        while missing and (data := self.file.read(_BLOCK)):
            ends = np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == ord("\n"))
            if len(data) > (most := csv.field_size_limit()) and not len(ends) and not _ENDS_A_CELL.search(data):
                error = csv.Error(f"field larger than field limit ({most})")
                raise unpaired(error, self.line + self.most - missing, self.name)
            if len(ends) >= missing:
                data = data[: int(ends[missing - 1]) + 1]
            missing -= min(len(ends), missing)
            pieces.append(data)
        return b"".join(pieces)

    def passed(self, data: bytes, lines: int) -> None:
        """Go on behind these bytes, and hash them.

        Parameters
        ----------
        data : bytes
            What follows what was passed before.
        lines : int
            Line ends among them.
        """
        self.digest.update(data)
        self.offset, self.line = self.offset + len(data), self.line + lines

    def __iter__(self) -> Iterator[str]:
        """Yield lines with their endings, each passed as it is given."""
        while data := self.block():
            decoded(data, self.name, self.line)
            for line in io.StringIO(data.decode("utf-8"), newline=""):
                self.passed(line.encode("utf-8"), 1)
                yield line


def records(lines: Iterable[str], separator: str, name: str, begins: int = 1) -> Iterator[tuple[int, list[str]]]:
    r"""Yield the records of a text table, blank ones included, each with the line it begins on.

    Parameters
    ----------
    lines : iterable of str
        Lines with their endings; no more are taken than the records need.
    separator : str
        Between two cells.
    name : str
        Of the file, for messages.
    begins : int
        Line of the file that the first of the lines is.

    Raises
    ------
    InputError
        A quote is never closed, or a cell is too long; with the line its record begins on.

    Examples
    --------
    >>> list(records(['LPS,"two\n', 'lines"\n', "LLZO,\n"], ",", "designs.csv", begins=2))
    [(2, ['LPS', 'two\nlines']), (4, ['LLZO', ''])]
    """
    reader, line = csv.reader(lines, delimiter=separator, strict=True), begins
    try:
        for cells in reader:
            yield line, cells
            line = begins + reader.line_num
    except csv.Error as error:
        raise unpaired(error, line, name) from None


def header_of(cells: list[str]) -> list[str]:
    """Return the names of the columns, without the empty ones that spreadsheets leave at the end.

    Parameters
    ----------
    cells : list of str
        Cells of the header as written.

    Examples
    --------
    >>> header_of(["electrolyte ", "anode", "", " "])
    ['electrolyte', 'anode']
    """
    return trimmed([cell.strip() for cell in cells], 0)


def trimmed(cells: list[str], count: int) -> list[str]:
    """Return the cells themselves, shortened by the blank ones at the end.

    Parameters
    ----------
    cells : list of str
        Cells of a record; changed.
    count : int
        Number of cells that stay, blank or not.
    """
    while len(cells) > count and not cells[-1].strip():
        cells.pop()
    return cells


def unpaired(error: csv.Error, line: int, name: str) -> InputError:
    """Return the error of a text table whose cells do not end: an open quote, or a cell beyond all measure.

    Parameters
    ----------
    error : csv.Error
        Of the CSV reader.
    line : int
        Line of the file on which the record begins.
    name : str
        Of the file.
    """
    problem, expected = "the quotes do not pair up", "a closing quote"
    if "field limit" in str(error):
        problem = "a cell is too long"
        expected += f", or at most {csv.field_size_limit()} characters in a cell"
    return InputError(f"{name}: {problem}", [Mistake(line, "", str(error), expected, name)])


@contextmanager
def read_parquet_with(path: Path) -> Iterator[None]:
    """Raise a readable error where the block cannot read a Parquet file.

    Parameters
    ----------
    path : Path
        Of that file.

    Raises
    ------
    InputError
        It is not there, or not whole.
    """
    try:
        yield
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (pa.ArrowInvalid, OSError, StopIteration) as error:
        why = (str(error) or "fewer rows than it says").splitlines()[0]
        raise InputError(f"{path.name}: not a whole Parquet file ({why})") from None


def as_cell(value: object) -> str:
    """Return a value as a text table would hold it; nothing and NaN are empty.

    Parameters
    ----------
    value : object
        What a Parquet file holds.

    Examples
    --------
    >>> as_cell(25.0), as_cell(None), as_cell(float("nan"))
    ('25.0', '', '')
    """
    return "" if value is None or value != value else str(value)


def as_cells(values: pa.Array) -> pa.Array:
    """Return every value of a column as a text table would hold it, an array of texts without nulls.

    Parameters
    ----------
    values : pyarrow Array, shape (n_rows,)
        Of any type but a dictionary.
    """
    kind = values.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_integer(kind):
        return values.cast(pa.string()).fill_null("")
    return pa.array([as_cell(value) for value in values.to_pylist()], pa.string())
