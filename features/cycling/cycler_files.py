"""Files of cycling data as tables of text cells: CSV, TSV, BDF, Excel, Parquet and Neware."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import numpy as np
import pandas as pd

from features.cycling.columns import CELL, folded
from features.tables.files import as_cell, decoded, read_parquet_with, refuse_spreadsheet, regular_file, separator_of
from features.tables.mistakes import InputError
from features.tables.workbooks import open_workbook

STREAMED_BYTES, ROWS = 8_000_000, 200_000
"""Text tables larger than this are read so many rows at a time: memory stays flat."""


def read_frames(path: Path, streamed: int = STREAMED_BYTES, rows: int = ROWS) -> Iterator[pd.DataFrame]:
    """Yield a file as text cells, a large text table in portions of whole cells.

    Parameters
    ----------
    path : Path
        As for `read_frame`.
    streamed : int
        Bytes up to which a file is read at once.
    rows : int
        Of a portion.

    Raises
    ------
    InputError
        The file cannot be read.
    """
    if path.suffix.lower() not in (".csv", ".tsv", ".txt") or regular_file(path).stat().st_size <= streamed:
        yield read_frame(path)
        return
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = file.readline()
            separator = separator_of(header.rstrip("\r\n"), path)
            names = [name.strip('" \r\n') for name in header.split(separator)]
            cell = next((name for name in names if folded(name) in CELL), None)
            file.seek(0)
            if cell is None:
                yield read_frame(path)
                return
            yield from _whole_cells(file, cell, separator, rows)
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path.name}: a table of this size is read as UTF-8, and it is not ({error.reason})"
        ) from None
    except pd.errors.ParserError as error:
        raise InputError(f"{path.name}: {_ragged(error)}") from None


def _ragged(error: Exception) -> str:
    return f"{str(error).splitlines()[0]}; expected as many cells a line as the header"


def _whole_cells(file: TextIO, cell: str, separator: str, rows: int) -> Iterator[pd.DataFrame]:
    """Yield portions of about so many rows that end where a cell ends."""
    carried = None
    for chunk in pd.read_csv(
        file, sep=separator, dtype=str, keep_default_na=False, skip_blank_lines=False, chunksize=rows
    ):
        frame = chunk if carried is None else pd.concat([carried, chunk])
        earlier = np.flatnonzero((frame[cell] != frame[cell].iloc[-1]).to_numpy())
        split = int(earlier[-1]) + 1 if len(earlier) else 0
        if split:
            yield frame.iloc[:split]
        carried = frame.iloc[split:]
    if carried is not None:
        yield carried


def read_frame(path: Path) -> pd.DataFrame:
    """Read a file as text cells.

    Parameters
    ----------
    path : Path
        `.csv`, `.tsv`, `.bdf` (text), `.parquet`, `.xlsx`, or `.nda` and `.ndax` with `silion[cyclers]`.

    Raises
    ------
    InputError
        The file cannot be read.
    """
    name, kind = path.name, path.suffix.lower()
    if kind == ".parquet":
        with read_parquet_with(path):
            frame = pd.read_parquet(regular_file(path)).astype(object)
        return frame.map(as_cell)
    if kind in (".nda", ".ndax"):
        return _neware_frame(regular_file(path), name)
    content = regular_file(path).read_bytes()
    return _workbook_frame(content, name) if kind in (".xlsx", ".xlsm") else text_frame(content, name)


def _neware_frame(path: Path, name: str) -> pd.DataFrame:
    """Read a file of a Neware cycler by the optional fastnda, as text cells in the battery data format."""
    try:
        import fastnda  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        raise InputError(f"{name}: files of Neware need fastnda; run: pip install 'silion[cyclers]'") from None
    try:
        record = fastnda.read(path, columns="bdf")
    except Exception as error:  # a damaged file fails anywhere inside fastnda, as any kind of error
        raise InputError(f"{name}: not a whole Neware file ({type(error).__name__}: {error})") from None
    return text_frame(record.write_csv().encode(), f"{name}.csv")


def _workbook_frame(content: bytes, name: str) -> pd.DataFrame:
    """Read the first filled sheet of a workbook as text cells."""
    for sheet in open_workbook(content, name).worksheets:
        rows = [[as_cell(value) for value in row] for row in sheet.iter_rows(values_only=True)]
        if rows and any(rows[0]):
            return pd.DataFrame(rows[1:], columns=rows[0], dtype=str)
    raise InputError(f"{name}: no sheet with a header line, expected cell, cycle and capacity_ah in its first row")


def text_frame(content: bytes, name: str) -> pd.DataFrame:
    """Read a text table as text cells.

    Parameters
    ----------
    content : bytes
        Of the file.
    name : str
        Of the file, for messages.

    Raises
    ------
    InputError
        No text table.
    """
    refuse_spreadsheet(content[:8], name)
    text = decoded(content, name)
    if not text.strip():
        raise InputError(f"{name}: the file is empty, expected a header line with cell, cycle and capacity_ah")
    separator = separator_of(text.partition("\n")[0], Path(name))
    try:
        return pd.read_csv(io.StringIO(text), sep=separator, dtype=str, keep_default_na=False, skip_blank_lines=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise InputError(f"{name}: {_ragged(error)}") from None
