"""Tables written: kinds of files, files that are whole or absent, and rows as text."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import reduce
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.csv_injection import NUMBER, RUNS, SIGNS, harmless, harmless_frame
from features.tables.disk import whole as whole
from features.tables.files import as_cells
from features.tables.mistakes import InputError, Mistake
from features.tables.records import Candidate
from features.tables.rows import Table
from serving.predict.digits import DIGITS, six_digits


def _write_text(table: pd.DataFrame, path: Path, separator: str, raw: bool) -> None:
    table = table if raw else harmless_frame(table)
    table.to_csv(path, index=False, float_format=DIGITS, lineterminator="\n", sep=separator)


WRITERS: dict[str, Callable[[pd.DataFrame, Path, bool], None]] = {
    ".csv": lambda table, path, raw: _write_text(table, path, ",", raw),
    ".tsv": lambda table, path, raw: _write_text(table, path, "\t", raw),
    ".parquet": lambda table, path, raw: table.to_parquet(path, index=False),
}
"""Functions that write a table, by the ending of its name; texts a spreadsheet would run are kept where `raw`."""
SEPARATORS = {".csv": ",", ".tsv": "\t"}
"""Separators of the cells, by the ending of a text table."""


def beside(out: Path, contents: str) -> Path:
    """Return the path of a table that is written beside an output.

    Parameters
    ----------
    out : Path
        The output.
    contents : str
        What the table holds.

    Examples
    --------
    >>> beside(Path("folder/out.parquet"), "nearest").as_posix()
    'folder/out.parquet.nearest.csv'
    """
    return out.with_name(f"{out.name}.{contents}.csv")


def writable(out: Path, sources: Sequence[Path]) -> Path:
    """Return the path to write to, links followed.

    Parameters
    ----------
    out : Path
        The output.
    sources : sequence of Path
        Files and folders that are read.

    Raises
    ------
    InputError
        It has no ending of `WRITERS`, is an input itself or would lie among inputs, is no regular file, or a file
        stands where its folder should.
    """
    if out.suffix not in WRITERS:
        raise InputError(f"{out}: unknown ending {out.suffix or '(none)'}, expected one of {', '.join(WRITERS)}")
    out = Path(os.path.realpath(out))
    if not (above := next(folder for folder in out.parents if os.path.lexists(folder))).is_dir():
        raise InputError(f"{above}: is no folder, so that {out.name} cannot be written there; choose another place")
    written = [out, beside(out, "nearest"), beside(out, "rejected")]
    if clash := [
        path for path in written for source in sources if path.exists() and source.exists() and path.samefile(source)
    ]:
        raise InputError(f"{clash[0]}: is the input itself; choose another name for the output")
    if any(source.is_dir() and source.resolve() == out.parent for source in sources):
        raise InputError(f"{out}: would lie among the tables of the input; choose another folder for the output")
    if os.path.lexists(out) and not out.is_file():
        raise InputError(f"{out}: is no regular file; choose another name for the output")
    return out


def header_line(columns: Sequence[str], separator: str, raw: bool) -> str:
    """Return the first line of a text table, ended by a line feed.

    Parameters
    ----------
    columns : sequence of str
        Names of the columns.
    separator : str
        Between two of them.
    raw : bool
        Keep names that a spreadsheet would run as formulas.
    """
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator="\n").writerow(columns if raw else map(harmless, columns))
    return text.getvalue()


def rejected_table(candidates: Table[Candidate], path: Path, raw: bool = False) -> Path | None:
    """Write the rejected rows of a table with their reasons; without any, an old file of that name goes.

    Parameters
    ----------
    candidates : Table
        The table they were rejected from.
    path : Path
        Of the file, a CSV file.
    raw : bool
        Keep texts that a spreadsheet would run as formulas.

    Returns
    -------
    Path or None
        The path; None where no row was rejected.
    """
    if not candidates.rejected:
        path.unlink(missing_ok=True)
        return None
    with whole(path) as aside, aside.open("w", encoding="utf-8", newline="") as file:
        file.write(header_line(["line", "reasons", *candidates.columns], ",", raw))
        rejected = {
            line: [cells.get(column, "") for column in candidates.columns]
            for line, cells in candidates.rejected.items()
        }
        file.write(rejected_lines(rejected, candidates.mistakes, len(candidates.columns), raw=raw))
    return path


def rejected_lines(
    rejected: Mapping[int, Sequence[str]],
    mistakes: Iterable[Mistake],
    columns: int,
    prefix: Sequence[str] = (),
    raw: bool = False,
) -> str:
    """Return rejected rows as lines of a CSV file: place, line, reasons, cells as written.

    Parameters
    ----------
    rejected : mapping
        Cells of the rows in the order of the header, by line.
    mistakes : iterable of Mistake
        Why; at least one for each of the rows.
    columns : int
        How many the header names; a row with another number of cells is filled up or cut.
    prefix : sequence of str
        Cells in front of the line, such as the name of the file.
    raw : bool
        Keep cells that a spreadsheet would run as formulas.
    """
    text, reasons = io.StringIO(), reasons_by_line(mistakes)
    writer = csv.writer(text, lineterminator="\n")
    for line in sorted(rejected):
        cells = [*rejected[line][:columns], *[""] * (columns - len(rejected[line]))]
        texts = [*prefix, str(line), reasons[line], *cells]
        writer.writerow(texts if raw else map(harmless, texts))
    return text.getvalue()


def reasons_by_line(mistakes: Iterable[Mistake]) -> dict[int, str]:
    """Return all that is wrong with each row, in words.

    Parameters
    ----------
    mistakes : iterable of Mistake

    Examples
    --------
    >>> reasons_by_line([Mistake(2, "cycle", "-1", "more than 0"), Mistake(2, "anode", "x y", "one word")])
    {2: 'line 2, column cycle: got -1, expected more than 0; line 2, column anode: got x y, expected one word'}
    """
    reasons: dict[int, str] = {}
    for mistake in mistakes:
        before = reasons.get(mistake.line)
        reasons[mistake.line] = f"{before}; {mistake}" if before else str(mistake)
    return reasons


def as_lines(table: pa.Table, separator: str, digits: Sequence[str] = (), raw: bool = False) -> bytes:
    """Return rows as UTF-8 text, each ended by a line feed: quoted where needed, empty where nothing is known.

    Parameters
    ----------
    table : pyarrow Table
        The rows.
    separator : str
        Between two cells.
    digits : sequence of str
        Columns of floats printed with `DIGITS`; other numbers as they are.
    raw : bool
        Keep texts that a spreadsheet would run as formulas; else they are written as `harmless` does.

    Examples
    --------
    >>> as_lines(pa.table({"name": ["a, b"], "ice_pct": [84.123456789]}), ",", ["ice_pct"])
    b'"a, b",84.1235\\n'
    """
    if not len(table):
        return b""
    pieces = list[pa.Array | str]()
    for name in table.column_names:
        column = table[name].combine_chunks()
        cells = _digits(column.to_numpy(zero_copy_only=False)) if name in digits else _cells(column, separator, raw)
        pieces += [separator, *cells]
    joined = list[pa.Array | str]()
    for piece in [*pieces[1:], "\n"]:
        if isinstance(piece, str) and joined and isinstance(joined[-1], str):
            joined[-1] += piece
        else:
            joined.append(piece)
    if isinstance(joined[-1], str) and len(joined) == 1:
        return joined[-1].encode() * len(table)
    rows = pc.binary_join_element_wise(*joined, "", null_handling="replace")
    _, places, text = rows.buffers()  # the rows stand in it one behind the other
    ends = np.frombuffer(places, dtype=np.int32, count=len(rows) + 1)
    return bytes(text.slice(int(ends[0]), int(ends[-1] - ends[0])))


def _digits(values: np.ndarray) -> list[pa.Array | str]:
    bits = np.ascontiguousarray(values, dtype=np.float64).view(np.int64)  # -0 is not 0
    if (bits == bits[0]).all():
        return [str(six_digits(values[:1])[0])]
    return [six_digits(values)]


def _cells(column: pa.Array, separator: str, raw: bool) -> list[pa.Array | str]:
    """Pieces that make the cells of a column, a text where it is the same in all rows; null is nothing."""
    if pa.types.is_dictionary(column.type):
        return _dictionary_cells(column, separator, raw)
    is_number = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
    cells = as_cells(column)
    if cells[0].equals(cells[-1]) and pc.all(pc.equal(cells, cells[0])).as_py():
        return [_joined(_pieces(cells[:1], separator, raw or is_number))]
    return _pieces(cells, separator, raw or is_number)


def _dictionary_cells(column: pa.DictionaryArray, separator: str, raw: bool) -> list[pa.Array | str]:
    texts, places = column.dictionary, column.indices
    if column.null_count == len(column):
        return []
    pieces = _pieces(texts, separator, raw)
    if column.null_count:
        return [(pa.array([piece] * len(texts)) if isinstance(piece, str) else piece).take(places) for piece in pieces]
    if len(texts) == 1:
        return [_joined(pieces)]
    return [piece if isinstance(piece, str) else piece.take(places) for piece in pieces]


def _joined(pieces: Iterable[pa.Array | str]) -> str:
    return "".join(piece if isinstance(piece, str) else piece[0].as_py() for piece in pieces)


def _pieces(texts: pa.Array, separator: str, raw: bool) -> list[pa.Array | str]:
    """Texts as cells: with an apostrophe before what a spreadsheet would run, between quotes where Python's csv module
    puts them: around the separator, a quote or an end of line."""
    content = _content(texts)
    if not raw and any(sign.encode() in content for sign in SIGNS):
        texts = _harmless(texts)
    marks = [mark for mark in (separator, '"', "\n", "\r") if mark.encode() in content]
    if not marks:
        return [texts]
    needed = reduce(pc.or_, [pc.match_substring(texts, mark) for mark in marks])
    if '"' in marks:
        texts = pc.replace_substring(texts, '"', '""')
    if pc.all(needed).as_py():
        return ['"', texts, '"']
    quotes = pa.array(["", '"']).take(needed.cast(pa.int8()))
    return [pc.binary_join_element_wise(quotes, texts, quotes, "")]


def _harmless(column: pa.Array) -> pa.Array:
    runs = pc.match_substring_regex(column, RUNS)
    if not pc.any(runs, min_count=0).as_py():
        return column
    runs = pc.and_(runs, pc.invert(pc.match_substring_regex(column, NUMBER)))
    return pc.if_else(runs, pc.binary_join_element_wise("'", column, ""), column)


def _content(column: pa.Array) -> bytes:
    """All texts of a column, one behind the other; those of the column that it may be a slice of as well."""
    return memoryview(column.buffers()[2] or b"").tobytes()


KINDS = {"i": pa.int64(), "f": pa.float64(), "b": pa.bool_()}
"""Arrow types by the kind of a pandas type; text else."""


class Sink:
    """Appends frames of the same columns to one file, CSV, TSV or Parquet by its ending.

    Parameters
    ----------
    path : Path
        File to write.
    ending : str
        Key of `WRITERS`.
    raw : bool
        Keep texts that a spreadsheet would run as formulas.
    """

    def __init__(self, path: Path, ending: str, raw: bool = False) -> None:
        self.path, self.ending, self.raw, self.rows = path, ending, raw, 0
        self._schema: pa.Schema | None = None
        self._parquet: pq.ParquetWriter | None = None

    def close(self) -> None:
        """End the file."""
        if self._parquet is not None:
            self._parquet.close()

    def add(self, frame: pd.DataFrame) -> None:
        """Write these rows behind the others.

        Parameters
        ----------
        frame : DataFrame
            Rows; the first ones say the types of the columns.
        """
        if self._schema is None:
            self._schema = pa.schema([(name, KINDS.get(frame[name].dtype.kind, pa.string())) for name in frame])
        table = pa.Table.from_pandas(frame, schema=self._schema, preserve_index=False)
        if self.ending == ".parquet":
            self._parquet = self._parquet or pq.ParquetWriter(self.path, self._schema)
            self._parquet.write_table(table)
        else:
            self._add_lines(table, SEPARATORS[self.ending])
        self.rows += len(frame)

    def _add_lines(self, table: pa.Table, separator: str) -> None:
        numbers = [column.name for column in table.schema if pa.types.is_floating(column.type)]
        with self.path.open("ab") as file:
            if not self.rows:
                file.write(header_line(table.column_names, separator, self.raw).encode())
            file.write(as_lines(table, separator, numbers, self.raw))


@contextmanager
def whole_table(path: Path, raw: bool = False) -> Iterator[Sink]:
    """Give a sink that becomes a file when the block ends, and is gone if it fails.

    Parameters
    ----------
    path : Path
        The file that is wanted.
    raw : bool
        Keep texts that a spreadsheet would run as formulas.
    """
    with whole(path) as aside, closing(Sink(aside, path.suffix, raw)) as sink:
        yield sink
