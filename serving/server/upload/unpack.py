"""Uploads decoded in a process of their own, which may take only so much memory and time.

A footer can lie, and a page of a Parquet file is decoded whole: what a small file unpacks to is known only when it is
unpacked. So a child does that, under limits the system keeps; what it leaves behind is a plain table of bounded size.
Its death says that the file was too much.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from features.tables.mistakes import InputError, shortened

MEMORY = 384 * 1024 * 1024
"""Bytes that a child may take beyond those it has once its libraries are loaded."""
SECONDS = 15.0
"""For one table."""
MOST_ELEMENTS = 600_000
"""Of a workbook, in which a cell takes two or three: they are counted before openpyxl makes objects of them."""
BATCH_ROWS = 50
ROOT = Path(__file__).resolve().parents[__name__.count(".")]
"""Folder of the outermost package: the checkout, or where `silion` is installed."""
ONE_THREAD = {
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "MALLOC_ARENA_MAX": "1",
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
}
"""Environment in which address space is taken only for what is used: the limit is one of address space."""
SHORT = "the table takes more memory or time than a request may; send it in several requests, or as CSV"


@dataclass(frozen=True)
class Bounds:
    """Limits of what a table may hold.

    Attributes
    ----------
    rows, columns, cells : int
        Of the table.
    unpacked : int
        Bytes of all cells.
    """

    rows: int
    columns: int
    cells: int
    unpacked: int


class TooManyRowsError(ValueError):
    """More rows than the bounds; `rows` says how many."""

    def __init__(self, rows: int) -> None:
        super().__init__(f"{rows} rows")
        self.rows = rows


def unpack(content: bytes, target: Path, bounds: Bounds, seconds: float = SECONDS, memory: int = MEMORY) -> None:
    """Decode a table into a plain one of the same kind, in a process of its own.

    Parameters
    ----------
    content : bytes
        Of the file that was sent.
    target : Path
        File to write; its ending, a key of `DECODERS`, is the kind of both.
    bounds : Bounds
        What the table may hold.
    seconds : float
        That the process may take.
    memory : int
        Bytes that it may take.

    Raises
    ------
    InputError
        The table cannot be decoded, or not within the bounds.
    TooManyRowsError
        It has more rows than the bounds.
    """
    environment = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    arguments = json.dumps({"target": str(target), "seconds": seconds, "memory": memory, "bounds": asdict(bounds)})
    with subprocess.Popen(
        [sys.executable, "-P", "-m", __name__, arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**environment, **ONE_THREAD, "PYTHONPATH": str(ROOT)},
    ) as child:
        try:
            answer, _ = child.communicate(content, timeout=max(0.0, seconds))
        except subprocess.TimeoutExpired:
            child.kill()
            raise InputError(f"{target.stem}: {SHORT}") from None
    try:
        outcome = json.loads(answer)
    except ValueError:  # it died before it could say anything
        raise InputError(f"{target.stem}: {SHORT}") from None
    if "rows" in outcome:
        raise TooManyRowsError(outcome["rows"])
    if "refused" in outcome:
        raise InputError(outcome["refused"])


def _decode_parquet(file: IO[bytes], target: Path, bounds: Bounds) -> None:
    """Write a Parquet table again, without compression and dictionaries."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    name = target.stem
    try:
        parquet = pq.ParquetFile(pa.BufferReader(file.read()), pre_buffer=False)
        _check_footer(parquet.metadata, name, bounds)
        unpacked = 0
        with pq.ParquetWriter(target, parquet.schema_arrow, compression="none", use_dictionary=False) as writer:
            for piece in parquet.iter_batches(batch_size=BATCH_ROWS, use_threads=False):
                # a word of a dictionary counts as often as it stands there: whoever reads the rows has it as often
                columns = (c.dictionary_decode() if isinstance(c, pa.DictionaryArray) else c for c in piece.columns)
                unpacked += sum(column.nbytes for column in columns)
                if unpacked > bounds.unpacked:
                    raise InputError(_too_long(name, bounds))
                writer.write_batch(piece)
    except MemoryError:  # Arrow's own is among its exceptions too
        raise
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{name}: not a whole Parquet file ({(str(error) or 'damaged').splitlines()[0]})") from None


def _decode_workbook(file: IO[bytes], target: Path, bounds: Bounds) -> None:
    """Write the first filled sheet of a workbook as text between commas, under the name that was asked for."""
    from features.tables.sheets import as_csv, worksheet_rows

    name = target.stem
    rows = worksheet_rows(file.read(), name, first=True, elements=MOST_ELEMENTS).rows
    if len(rows) > bounds.rows + 1:
        raise TooManyRowsError(len(rows) - 1)
    columns = max((len(cells) for _, cells in rows), default=0)
    if columns > bounds.columns:
        raise InputError(f"{name}: got {columns} columns, expected at most {bounds.columns}")
    if len(rows) * columns > bounds.cells:
        raise InputError(f"{name}: got {len(rows) * columns} cells, expected at most {bounds.cells}")
    text = as_csv(rows)
    if len(text) > bounds.unpacked:
        raise InputError(_too_long(name, bounds))
    target.write_text(text, encoding="utf-8", newline="")


def _check_footer(metadata: object, name: str, bounds: Bounds) -> None:
    """Refuse what a footer admits, before anything is decoded: many cells, or more than one value in a cell."""
    import pyarrow.parquet as pq

    footer: pq.FileMetaData = metadata
    if footer.num_rows > bounds.rows:
        raise TooManyRowsError(footer.num_rows)
    columns = footer.num_columns
    if columns > bounds.columns:
        raise InputError(f"{name}: got {columns} columns, expected at most {bounds.columns}")
    for column in map(footer.schema.column, range(columns)):
        if column.path != column.name or column.max_repetition_level:
            raise InputError(
                f"{name}: column {shortened(column.path.partition('.')[0])} holds several values in a cell, "
                "expected one; leave it out"
            )
    if footer.num_rows * columns > bounds.cells:
        raise InputError(f"{name}: got {footer.num_rows * columns} cells, expected at most {bounds.cells}")
    groups = (footer.row_group(number) for number in range(footer.num_row_groups))
    if sum(group.total_byte_size for group in groups) > bounds.unpacked:
        raise InputError(_too_long(name, bounds))


def _too_long(name: str, bounds: Bounds) -> str:
    return f"{name}: the table unpacks to more than {bounds.unpacked} bytes; send it in several requests"


DECODERS: dict[str, Callable[[IO[bytes], Path, Bounds], None]] = {
    ".parquet": _decode_parquet,
    ".xlsx": _decode_workbook,
}
"""Functions that decode a file into a plain table, by the ending of both; their libraries are loaded by the child."""
LIBRARIES = {".parquet": "pyarrow.parquet", ".xlsx": "features.tables.sheets"}
"""Loaded before the limits are set."""


def _limit(memory: int, seconds: float) -> None:
    """Set limits that the system keeps: address space beyond what is taken now, processor time, no core file."""
    statm = Path("/proc/self/statm")
    if statm.exists():  # elsewhere than on Linux nobody says it
        most = int(statm.read_text(encoding="ascii").split()[0]) * resource.getpagesize() + memory
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _main(arguments: str) -> int:
    """Decode standard input; the outcome goes to standard output as JSON."""
    import importlib

    request = json.loads(arguments)
    target, bounds = Path(request["target"]), Bounds(**request["bounds"])
    importlib.import_module(LIBRARIES[target.suffix])
    _limit(request["memory"], request["seconds"])
    outcome: dict[str, object] = {}
    try:
        DECODERS[target.suffix](sys.stdin.buffer, target, bounds)
    except TooManyRowsError as error:
        outcome = {"rows": error.rows}
    except InputError as error:
        outcome = {"refused": str(error)}
    except MemoryError:
        outcome = {"refused": f"{target.stem}: {SHORT}"}
    sys.stdout.write(json.dumps(outcome))
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1]))
