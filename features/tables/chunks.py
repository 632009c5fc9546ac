"""Tables cut into portions that are read one at a time: text where records end, Parquet by its row groups."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from features.tables.mistakes import InputError
from features.tables.regular_file import regular_file
from features.tables.rows import (
    SPREADSHEET_MARKS,
    decoded,
    header_of,
    read_parquet_with,
    separator_of,
    trimmed,
    unpaired,
)

ROWS = 16_384
"""Rows of a portion."""
TABLE_ENDINGS = (".csv", ".tsv", ".parquet")
_BOM = b"\xef\xbb\xbf"
_HASHED = 1 << 20


@dataclass(frozen=True)
class Portion:
    """Some rows of a file, in order.

    Attributes
    ----------
    path, header : of the table
    line : line of the file the first row begins on; a Parquet row has the line it would have in a CSV file
    rows : number of records, blank ones included
    start, size : bytes of a text file; row group and first row in it of a Parquet file
    plain : whether a text has neither quotes nor lone carriage returns, so that every line is a record
    """

    path: Path
    header: tuple[str, ...]
    line: int
    rows: int
    start: int
    size: int
    plain: bool = True

    @property
    def is_parquet(self) -> bool:
        """Whether the file is a Parquet file."""
        return self.path.suffix == ".parquet"


@dataclass(frozen=True)
class Cells:
    """What stands in a portion, nothing of it checked.

    Attributes
    ----------
    table : one column per name of the header: text as written, or what Parquet holds
    lines : line of the file each row begins on, shape (n_rows,)
    ragged : rows with another number of cells than the header, by line
    """

    table: pa.Table
    lines: np.ndarray
    ragged: dict[int, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Source:
    """Files read as one table.

    Attributes
    ----------
    portions : of all files, in order
    columns : names of the header
    schema : types of the columns where all files are Parquet; None where they are text
    digest : SHA-256 of all bytes
    """

    portions: list[Portion]
    columns: list[str]
    schema: pa.Schema | None
    digest: str

    @property
    def rows(self) -> int:
        """Number of records, blank ones included."""
        return sum(portion.rows for portion in self.portions)


def files_of(path: Path) -> list[Path]:
    """The tables of a folder by name, or the file itself.

    Raises
    ------
    InputError
        Nothing there, a folder without a table, or what is no file: a pipe, a link that leads nowhere.
    """
    if not path.is_dir():
        return [regular_file(path)]
    found = [each for each in sorted(path.iterdir()) if each.suffix in TABLE_ENDINGS and each.name[0] not in "._"]
    if not found:
        raise InputError(f"{path}: no table in this folder, expected {', '.join(TABLE_ENDINGS)}")
    return [regular_file(each) for each in found]


def open_source(path: Path) -> Source:
    """Cut a file, or all tables of a folder, into portions; every byte is read once, and text is checked to be text.

    Raises
    ------
    InputError
        A file cannot be read as a table, or the files of a folder differ in their columns.
    """
    portions, digest, files = list[Portion](), hashlib.sha256(), files_of(path)
    schemas: list[pa.Schema | None] = []
    for file in files:
        cut, schema = _cut_parquet(file, digest) if file.suffix == ".parquet" else _cut_text(file, digest)
        if portions and cut[0].header != portions[0].header:
            raise InputError(
                f"{file.name}: its columns are not those of {portions[0].path.name}; expected "
                f"{', '.join(portions[0].header)}, in this order, in every table of the folder"
            )
        if schema and schemas and schemas[0] and not schema.equals(schemas[0]):
            raise InputError(
                f"{file.name}: the types of its columns are not those of {files[0].name}; cast one of them"
            )
        portions += cut
        schemas.append(schema)
    if not any(portion.rows for portion in portions):
        raise InputError(f"{path.name}: the file holds a header and no rows, expected at least one")
    typed = schemas[0] if all(schemas) else None
    return Source(portions, list(portions[0].header), typed, digest.hexdigest())


def _cut_text(path: Path, digest: Any) -> tuple[list[Portion], None]:
    with path.open("rb") as file:
        start = file.read(8)
        if start.startswith(SPREADSHEET_MARKS):
            raise InputError(
                f"{path.name}: this is a spreadsheet, expected text; open it and save the sheet as 'CSV UTF-8'"
            )
        file.seek(len(_BOM) if start.startswith(_BOM) else 0)
        digest.update(start[: file.tell()])
        lines = _Lines(file, path.name)
        header = _header(lines, path)
        portions = []
        while portion := _next_portion(lines, header, path):
            portions.append(portion)
        digest.update(lines.digest.digest())
    return portions or [Portion(path, header, lines.line, 0, lines.offset, 0)], None


class _Lines:
    """Lines of a text file with their places, read as far as they are asked for."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self.file, self.name = file, name
        self.offset, self.line = file.tell(), 1
        self.digest = hashlib.sha256()

    def block(self) -> bytes:
        """The next `ROWS` lines, whole; they count as read only after `passed`."""
        self.file.seek(self.offset)
        found, missing = [], ROWS
        while missing and (data := self.file.read(_HASHED)):
            ends = np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == ord("\n"))
            if len(ends) >= missing:
                data = data[: int(ends[missing - 1]) + 1]
                ends = ends[:missing]
            missing -= len(ends)
            found.append(data)
        return b"".join(found)

    def passed(self, data: bytes, lines: int) -> None:
        """Go on behind these bytes."""
        self.digest.update(data)
        self.offset, self.line = self.offset + len(data), self.line + lines

    def __iter__(self) -> Iterator[str]:
        """Lines with their endings, each passed as it is given."""
        while data := self.block():
            decoded(data, self.name, self.line)
            for line in io.StringIO(data.decode("utf-8"), newline=""):
                self.passed(line.encode("utf-8"), 1)
                yield line


def _header(lines: _Lines, path: Path) -> tuple[str, ...]:
    first = lines.block().split(b"\n", 1)[0].decode("utf-8", "replace")
    begins = lines.line
    try:
        for cells in csv.reader(iter(lines), delimiter=separator_of(first, path), strict=True):
            if any(cell.strip() for cell in cells):
                return tuple(header_of(cells))
            begins = lines.line
    except csv.Error as error:
        raise unpaired(error, begins, path.name) from None
    raise InputError(f"{path.name}: the file is empty, expected a header line and at least one row")


def _next_portion(lines: _Lines, header: tuple[str, ...], path: Path) -> Portion | None:
    data, start, line = lines.block(), lines.offset, lines.line
    if not data:
        return None
    decoded(data, path.name, line)
    if _is_plain(data):
        rows = data.count(b"\n") + (not data.endswith(b"\n"))
        lines.passed(data, rows)
        return Portion(path, header, line, rows, start, len(data))
    rows, begins = 0, line
    try:
        for _ in csv.reader(iter(lines), delimiter=_separator(path), strict=True):
            rows, begins = rows + 1, lines.line
            if rows == ROWS:
                break
    except csv.Error as error:
        raise unpaired(error, begins, path.name) from None
    return Portion(path, header, line, rows, start, lines.offset - start, plain=False)


def _is_plain(data: bytes) -> bool:
    return b'"' not in data and (b"\r" not in data or data.count(b"\r") == data.count(b"\r\n"))


def _separator(path: Path) -> str:
    with path.open("rb") as file:
        return separator_of(file.readline().decode("utf-8-sig", "replace"), path)


def _cut_parquet(path: Path, digest: Any) -> tuple[list[Portion], pa.Schema]:
    with path.open("rb") as file:
        while data := file.read(_HASHED):
            digest.update(data)
    with read_parquet_with(path), pq.ParquetFile(path) as parquet:
        schema, header = parquet.schema_arrow, tuple(name.strip() for name in parquet.schema_arrow.names)
        counts = [parquet.metadata.row_group(group).num_rows for group in range(parquet.num_row_groups)]
    portions, line = list[Portion](), 2
    for group, count in enumerate(counts):
        for first in range(0, count, ROWS):
            rows = min(ROWS, count - first)
            portions.append(Portion(path, header, line, rows, group, first))
            line += rows
    return portions or [Portion(path, header, line, 0, 0, 0)], schema


class PortionReader:
    """Reads portions, those of a Parquet file quickest in their order."""

    def __init__(self) -> None:
        self._group: tuple[Path, int] | None = None
        self._next = 0
        self._batches: Iterator[pa.RecordBatch] = iter(())

    def read(self, portion: Portion) -> Cells:
        """The cells of a portion.

        Raises
        ------
        InputError
            The file is gone, or was changed since it was cut.
        """
        if not portion.path.exists():
            raise InputError(f"{portion.path}: no such file; it was there when the work began")
        return self._parquet(portion) if portion.is_parquet else _text_cells(portion)

    def _parquet(self, portion: Portion) -> Cells:
        with read_parquet_with(portion.path):
            if self._group != (portion.path, portion.start) or self._next > portion.size:
                parquet = pq.ParquetFile(portion.path)
                self._batches = parquet.iter_batches(batch_size=ROWS, row_groups=[portion.start])
                self._group, self._next = (portion.path, portion.start), 0
            while self._next < portion.size:
                self._next += len(next(self._batches))
            table = pa.Table.from_batches([next(self._batches)])
            self._next += len(table)
        return Cells(table.rename_columns(list(portion.header)), portion.line + np.arange(len(table)))


def _text_cells(portion: Portion) -> Cells:
    with portion.path.open("rb") as file:
        file.seek(portion.start)
        data = file.read(portion.size)
    separator = _separator(portion.path)
    if portion.plain and (table := _read_plain(data, portion.header, separator)) is not None:
        return Cells(table, portion.line + np.arange(len(table)))
    return _read_records(data, portion, separator)


def _read_plain(data: bytes, header: tuple[str, ...], separator: str) -> pa.Table | None:
    """The cells of lines that hold no quotes; None where a line has another number of cells than the header."""
    try:
        return pa_csv.read_csv(
            pa.BufferReader(data),
            pa_csv.ReadOptions(use_threads=False, block_size=len(data) + 1, column_names=list(header)),
            pa_csv.ParseOptions(delimiter=separator, quote_char=False, double_quote=False, ignore_empty_lines=False),
            pa_csv.ConvertOptions(
                column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False, check_utf8=False
            ),
        ).combine_chunks()
    except pa.ArrowInvalid:
        return None


def _read_records(data: bytes, portion: Portion, separator: str) -> Cells:
    """The cells of any text, by the same reader that reads whole tables."""
    reader = csv.reader(io.StringIO(data.decode("utf-8"), newline=""), delimiter=separator, strict=True)
    lines, rows, ragged, begins = list[int](), list[list[str]](), dict[int, list[str]](), portion.line
    for cells in reader:
        if any(cell.strip() for cell in cells):
            if len(trimmed(cells, len(portion.header))) == len(portion.header):
                lines.append(begins)
                rows.append(cells)
            else:
                ragged[begins] = cells
        begins = portion.line + reader.line_num
    columns = zip(*rows, strict=True) if rows else ([] for _ in portion.header)
    table = pa.table([pa.array(column, pa.string()) for column in columns], names=list(portion.header))
    return Cells(table, np.array(lines, dtype=np.int64), ragged)
