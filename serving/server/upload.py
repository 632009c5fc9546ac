"""A table in, the same table out: every row that came in, with its predictions or with what is wrong with it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from features.tables.files import decoded
from features.tables.mistakes import InputError
from features.tables.records import Candidate
from features.tables.rows import Table
from models.candidates import candidate_frame
from models.tasks.registry import TARGETS
from serving.predict.answer import with_distances
from serving.predict.read import read_candidates
from serving.predict.write import WRITERS
from serving.server.batching import Deadline
from serving.server.designs import LONGEST_CIF, check_count
from serving.server.generations import ServedModel
from serving.server.settings import Settings

KINDS = {
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "application/vnd.apache.parquet": ".parquet",
}
"""Ending of a table by the type a client sends it as."""
MOST_COLUMNS = 300
NAME = "upload"
"""Name of the table in messages; the client's own name for it is never asked for."""


@dataclass(frozen=True)
class Returned:
    """A table on its way back.

    Attributes
    ----------
    content : bytes
        Of the file.
    rows, rejected : int
        Rows that came in, and those of them that have an error.
    """

    content: bytes
    rows: int
    rejected: int


def predict_table(
    content: bytes,
    kind: str,
    model: ServedModel,
    settings: Settings,
    level: float,
    rank: str | None,
    deadline: Deadline,
) -> Returned:
    """Predict every row of a table.

    Parameters
    ----------
    content : bytes
        Of the file.
    kind : str
        Key of `KINDS`.
    model : ServedModel
        The one that answers.
    settings : Settings
        Limits of the server.
    level : float
        Share of papers whose values the intervals should hold, 0 to 1.
    rank : str or None
        Target whose highest predictions come first, rows with errors last; the order of the table where None.
    deadline : Deadline
        Asked between the steps.

    Raises
    ------
    InputError
        The table cannot be used, or no row of it.
    HTTPException
        413: more rows than the server takes at once.
    TooLongError
        The time is over.
    """
    ending = KINDS[kind]
    MEASURES[ending](content, settings)
    with TemporaryDirectory(prefix="silion-") as folder:
        source = Path(folder) / f"{NAME}{ending}"
        source.write_bytes(content)
        candidates = read_candidates(source)
        deadline.check()
        if not candidates.rows:
            raise InputError(f"{source.name}: no row can be used", candidates.mistakes)
        table = pd.concat([_own_columns(source, candidates), _answers(candidates, model, level)], axis=1)
        deadline.check()
        if rank:
            table = table.sort_values(rank, ascending=False, kind="stable", na_position="last", ignore_index=True)
            table.insert(0, "rank", range(1, len(table) + 1))
        out = Path(folder) / f"out{ending}"
        WRITERS[ending](table, out)
        return Returned(out.read_bytes(), len(table), len(candidates.rejected))


def _answers(candidates: Table[Candidate], model: ServedModel, level: float) -> pd.DataFrame:
    """Predict the good rows and tell the errors of the others, by place in the table."""
    lines = sorted([*candidates.lines, *candidates.rejected])
    predictions = model.predictor.predict(candidate_frame(candidates.rows), level=level, precedents=0)
    table = with_distances(predictions, list(TARGETS))
    table.index = pd.Index(candidates.lines)
    errors = dict.fromkeys(lines, "")
    for mistake in candidates.mistakes:
        errors[mistake.line] = "; ".join(filter(None, [errors[mistake.line], str(mistake)]))
    table = table.reindex(lines)
    table["notice"] = table["notice"].fillna("")
    return table.assign(error=list(errors.values())).reset_index(drop=True)


def _own_columns(source: Path, candidates: Table[Candidate]) -> pd.DataFrame:
    """Read the user's columns, in order: with their types from Parquet, as text from CSV."""
    if source.suffix == ".parquet":
        return pd.read_parquet(source).reset_index(drop=True)
    rows = dict(zip(candidates.lines, candidates.raw, strict=True)) | candidates.rejected
    return pd.DataFrame([rows[line] for line in sorted(rows)], columns=candidates.columns)


def _measure_text(content: bytes, settings: Settings) -> None:
    """Count the rows of a text table before its cells are looked at."""
    rows = -1
    try:
        for cells in csv.reader(io.StringIO(decoded(content, NAME), newline="")):
            rows += 1
            if rows == 0 and len(cells) > MOST_COLUMNS:
                raise InputError(f"{NAME}: got {len(cells)} columns, expected at most {MOST_COLUMNS}")
            check_count("rows of the table", rows, settings.max_designs)
    except csv.Error:
        return  # the reader says what is wrong, and where


def _measure_parquet(content: bytes, settings: Settings) -> None:
    """Unpack a Parquet table piece by piece: a small file may hold a table without end."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        check_count("rows of the table", file.metadata.num_rows, settings.max_designs)
        if len(file.schema_arrow.names) > MOST_COLUMNS:
            raise InputError(f"{NAME}: got {len(file.schema_arrow.names)} columns, expected at most {MOST_COLUMNS}")
        unpacked = 0
        for piece in file.iter_batches(batch_size=50):
            unpacked += piece.nbytes
            if unpacked > 4 * settings.max_body_bytes + LONGEST_CIF:
                raise InputError(
                    f"{NAME}: the table unpacks to more than {unpacked} bytes; send it in several requests"
                )
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{NAME}: not a whole Parquet file ({str(error).splitlines()[0]})") from None


MEASURES: dict[str, Callable[[bytes, Settings], None]] = {
    ".csv": _measure_text,
    ".tsv": _measure_text,
    ".parquet": _measure_parquet,
}
