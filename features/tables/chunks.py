"""Tables cut into portions that are read one at a time: text where records end, Parquet by its row groups."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from features.tables.designs import Designs
from features.tables.files import (
    TextLines,
    decoded,
    files_of,
    header_of,
    read_parquet_with,
    records,
    refuse_spreadsheet,
    separator_of,
    trimmed,
)
from features.tables.mistakes import InputError, Mistake
from features.tables.records import Measured
from features.tables.sheets import plain_table

ROWS = 16_384
"""Rows of a portion."""
_HASHED = 1 << 20


@dataclass(frozen=True)
class Portion:
    """Some rows of a file, in order: where they stand.

    Attributes
    ----------
    path, header : of the table
    line : line of the file the first row begins on; a Parquet row has the line it would have in a CSV file
    rows : number of records, blank ones included
    start, size : bytes of a text file; row group and first row in it of a Parquet file
    separator : between the cells of a text file
    plain : whether a text has neither quotes nor lone carriage returns, so that every line is a record
    """

    path: Path
    header: tuple[str, ...]
    line: int
    rows: int
    start: int
    size: int
    separator: str = ","
    plain: bool = True

    @property
    def is_parquet(self) -> bool:
        """Return whether the file is a Parquet file."""
        return self.path.suffix == ".parquet"


@dataclass
class Rows:
    """The rows of a portion: all of them as read; the good ones, and what became of the others, once checked.

    Attributes
    ----------
    table : pyarrow Table
        One column per name of the header: text as written, or what Parquet holds.
    lines : ndarray, shape (n_rows,)
        Line of the file each row begins on.
    ragged : dict
        Cells of rows that have another number of them than the header, by line; none once checked.
    designs : Designs
        Columns of the row model that the table has, yes as 1 and no as 0; empty until checked.
    rejected : dict
        Cells of rejected rows as written, in the order of the header, by line.
    mistakes : list of Mistake
        Why they were rejected, by line.
    """

    table: pa.Table
    lines: np.ndarray
    ragged: dict[int, list[str]] = field(default_factory=dict)
    designs: Designs = field(default_factory=lambda: Designs(0))
    rejected: dict[int, list[str]] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)


@dataclass(frozen=True)
class Source:
    """Files read as one table.

    Attributes
    ----------
    portions : of all files, in order
    digest : SHA-256 of all bytes
    """

    portions: list[Portion]
    digest: str

    @property
    def columns(self) -> list[str]:
        """Names of the header."""
        return list(self.portions[0].header)

    @property
    def rows(self) -> int:
        """Number of records, blank ones included."""
        return sum(portion.rows for portion in self.portions)


def open_source(path: Path) -> Source:
    """Cut a file, or all tables of a folder, into portions; every byte is read once, and text is checked to be text.

    Parameters
    ----------
    path : Path
        A CSV, TSV or Parquet file, or a folder of them with the same columns.

    Raises
    ------
    InputError
        A file cannot be read as a table, the files of a folder differ in their columns, or none has a row.
    """
    portions, digest, files = list[Portion](), hashlib.sha256(), [plain_table(file) for file in files_of(path)]
    schema: pa.Schema | None = None
    for place, file in enumerate(files):
        of_file = list(cut(file, digest))
        if portions and of_file[0].header != portions[0].header:
            raise InputError(
                f"{file.name}: its columns are not those of {portions[0].path.name}; expected "
                f"{', '.join(portions[0].header)}, in this order, in every table of the folder"
            )
        types = pq.read_schema(file) if file.suffix == ".parquet" else None
        if types and schema and not types.equals(schema):
            raise InputError(
                f"{file.name}: the types of its columns are not those of {files[0].name}; cast one of them"
            )
        schema = types if place == 0 else schema
        portions += of_file
    if not any(portion.rows for portion in portions):
        raise InputError(f"{path.name}: the file holds a header and no rows, expected at least one")
    return Source(portions, digest.hexdigest())


def check_text(path: Path) -> None:
    """Read a text file once, of which no more than a block is in memory, and see that it is text.

    Parameters
    ----------
    path : Path
        A file.

    Raises
    ------
    InputError
        A spreadsheet, not UTF-8, or with what no text holds; with the line.
    """
    with path.open("rb") as file:
        refuse_spreadsheet(file.read(8), path.name)
        lines = TextLines(file, path.name, ROWS)
        while data := lines.block():
            decoded(data, path.name, lines.line)
            lines.passed(data, data.count(b"\n"))


def cut(path: Path, digest: Any) -> Iterator[Portion]:
    """Yield the portions of a file, at least one; one without rows where the file has none.

    Parameters
    ----------
    path : Path
        A file.
    digest : hash
        Is fed all bytes of the file.

    Raises
    ------
    InputError
        The file cannot be read as a table, as soon as that is seen.
    """
    return _cut_parquet(path, digest) if path.suffix == ".parquet" else _cut_text(path, digest)


def _cut_text(path: Path, digest: Any) -> Iterator[Portion]:
    with path.open("rb") as file:
        start = file.read(8)
        refuse_spreadsheet(start, path.name)
        lines = TextLines(file, path.name, ROWS)
        digest.update(start[: lines.offset])
        first = lines.block().split(b"\n", 1)[0].decode("utf-8", "replace")
        separator = separator_of(first, path)
        header = _header(lines, separator)
        portion = _next_portion(lines, header, path, separator)
        yield portion or Portion(path, header, lines.line, 0, lines.offset, 0)
        while portion and (portion := _next_portion(lines, header, path, separator)):
            yield portion
        digest.update(lines.digest.digest())


def _header(lines: TextLines, separator: str) -> tuple[str, ...]:
    for _, cells in records(iter(lines), separator, lines.name):
        if any(cell.strip() for cell in cells):
            return in_our_case(header_of(cells))
    raise InputError(f"{lines.name}: the file is empty, expected a header line and at least one row")


def in_our_case(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names of a header, those of our columns in our spelling whatever their case.

    Parameters
    ----------
    names : sequence of str
        As written.

    Examples
    --------
    >>> in_our_case(["Electrolyte", "Temperature_C", "Sample"])
    ('electrolyte', 'temperature_c', 'Sample')
    """
    written = set(names)
    spelled = {name: "_".join(name.lower().split()) for name in names}
    return tuple(
        column if (column := spelled[name]) in Measured.model_fields and column not in written else name
        for name in names
    )


def _next_portion(lines: TextLines, header: tuple[str, ...], path: Path, separator: str) -> Portion | None:
    data, start, line = lines.block(), lines.offset, lines.line
    if not data:
        return None
    decoded(data, path.name, line)
    if _is_plain(data):
        rows = data.count(b"\n") + (not data.endswith(b"\n"))
        lines.passed(data, rows)
        return Portion(path, header, line, rows, start, len(data), separator)
    rows = 0
    for _ in records(iter(lines), separator, path.name, line):
        rows += 1
        if rows == ROWS:
            break
    return Portion(path, header, line, rows, start, lines.offset - start, separator, plain=False)


def _is_plain(data: bytes) -> bool:
    return b'"' not in data and (b"\r" not in data or data.count(b"\r") == data.count(b"\r\n"))


def _cut_parquet(path: Path, digest: Any) -> Iterator[Portion]:
    with path.open("rb") as file:
        while data := file.read(_HASHED):
            digest.update(data)
    with read_parquet_with(path), pq.ParquetFile(path) as parquet:
        header = in_our_case([name.strip() for name in parquet.schema_arrow.names])
        counts = [parquet.metadata.row_group(group).num_rows for group in range(parquet.num_row_groups)]
    line = 2
    for group, count in enumerate(counts):
        for first in range(0, count, ROWS):
            rows = min(ROWS, count - first)
            yield Portion(path, header, line, rows, group, first)
            line += rows
    if not any(counts):
        yield Portion(path, header, line, 0, 0, 0)


class PortionReader:
    """Reads portions, those of a Parquet file quickest in their order."""

    def __init__(self) -> None:
        self._group: tuple[Path, int] | None = None
        self._next = 0
        self._batches: Iterator[pa.RecordBatch] = iter(())

    def read(self, portion: Portion) -> Rows:
        """Return the rows of a portion, nothing of them checked.

        Parameters
        ----------
        portion : Portion
            One that has rows.

        Raises
        ------
        InputError
            The file is gone, or was changed since it was cut.
        """
        if not portion.path.exists():
            raise InputError(f"{portion.path}: no such file; it was there when the work began")
        return self._parquet(portion) if portion.is_parquet else _text_rows(portion)

    def _parquet(self, portion: Portion) -> Rows:
        with read_parquet_with(portion.path):
            if self._group != (portion.path, portion.start) or self._next > portion.size:
                parquet = pq.ParquetFile(portion.path)
                self._batches = parquet.iter_batches(batch_size=ROWS, row_groups=[portion.start])
                self._group, self._next = (portion.path, portion.start), 0
            while self._next < portion.size:
                self._next += len(next(self._batches))
            table = pa.Table.from_batches([next(self._batches)])
            self._next += len(table)
        return Rows(table.rename_columns(list(portion.header)), portion.line + np.arange(len(table)))


def _text_rows(portion: Portion) -> Rows:
    with portion.path.open("rb") as file:
        file.seek(portion.start)
        data = file.read(portion.size)
    if portion.plain and (table := _read_plain(data, portion)) is not None:
        return Rows(table, portion.line + np.arange(len(table)))
    return _read_records(data, portion)


def _read_plain(data: bytes, portion: Portion) -> pa.Table | None:
    """Return the cells of lines that hold no quotes; None where a line has more or fewer of them than the header."""
    separator, header = portion.separator, portion.header
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


def _read_records(data: bytes, portion: Portion) -> Rows:
    """Return the cells of any text, blank rows left out."""
    lines, rows, ragged, count = list[int](), list[list[str]](), dict[int, list[str]](), len(portion.header)
    text = io.StringIO(data.decode("utf-8"), newline="")
    for line, cells in records(text, portion.separator, portion.path.name, portion.line):
        if not any(cell.strip() for cell in cells):
            continue
        if len(trimmed(cells, count)) == count:
            lines.append(line)
            rows.append(cells)
        else:
            ragged[line] = cells
    columns = zip(*rows, strict=True) if rows else ([] for _ in portion.header)
    table = pa.table([pa.array(column, pa.string()) for column in columns], names=list(portion.header))
    return Rows(table, np.array(lines, dtype=np.int64), ragged)
