"""A table written piece by piece, aside, and renamed when it is whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from serving.written import SEPARATORS, as_lines, whole

KINDS = {"i": pa.int64(), "f": pa.float64(), "b": pa.bool_()}
"""Arrow types by the kind of a pandas type; text else."""


class Sink:
    """Appends frames of the same columns to one file, CSV, TSV or Parquet by its ending.

    Parameters
    ----------
    path, ending : file to write, and the ending that says how
    """

    def __init__(self, path: Path, ending: str) -> None:
        self.path, self.ending, self.rows = path, ending, 0
        self._schema: pa.Schema | None = None
        self._parquet: pq.ParquetWriter | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._parquet is not None:
            self._parquet.close()

    def add(self, frame: pd.DataFrame) -> None:
        """Write these rows behind the others."""
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
        numbers = [each.name for each in table.schema if pa.types.is_floating(each.type)]
        with self.path.open("ab") as file:
            if not self.rows:
                file.write((separator.join(table.column_names) + "\n").encode())
            file.write(as_lines(table, separator, numbers))


@contextmanager
def whole_table(path: Path) -> Iterator[Sink]:
    """A sink that becomes the file at `path` when the block ends, and is gone if it fails."""
    with whole(path) as aside, Sink(aside, path.suffix) as sink:
        yield sink
