"""A table in, the same table out: every row that came in, with its predictions or with what is wrong with it."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from features.tables.files import decoded
from features.tables.mistakes import InputError
from features.tables.records import Candidate
from features.tables.rows import Table
from features.tables.sheets import WORKBOOK_TYPE, plain_table
from models.candidates import candidate_frame
from models.lab_calibration import measured_frame
from models.lab_effect.own_designs import OwnDesigns
from models.predictions import TEXT_COLUMNS
from models.saved.labs import read_lab
from models.tasks.registry import TARGETS
from serving.decide.best_design import rank_answers
from serving.predict.portion import with_distances
from serving.predict.read import read_candidates
from serving.predict.write import SEPARATORS, WRITERS, reasons_by_line
from serving.server.batching import Deadline
from serving.server.generations import ServedModel
from serving.server.request_designs import LONGEST_CIF, at_a_time, check_count, check_pairs
from serving.server.settings import Settings
from serving.server.upload.unpack import SECONDS, Bounds, TooManyRowsError, unpack

KINDS = {
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "application/vnd.apache.parquet": ".parquet",
    WORKBOOK_TYPE: ".xlsx",
}
"""Ending of a table by the type a client sends it as."""
RETURNED_AS = {kind: ".csv" if ending == ".xlsx" else ending for kind, ending in KINDS.items()}
"""Ending of what is sent back; a workbook is answered with text between commas."""
RETURNED_TYPES = {kind: "text/csv" if ending == ".xlsx" else kind for kind, ending in KINDS.items()}
"""Type of what is sent back."""
MOST_COLUMNS = 300
MOST_CELLS = 1_000_000
"""Of one table: each takes some hundred bytes until it is answered."""
FIRST = 10
"""Designs that count as the best where a table is ranked."""
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
    order : str
        What the order asked for is worth; empty where none was.
    """

    content: bytes
    rows: int
    rejected: int
    order: str = ""


def predict_table(
    content: bytes,
    kind: str,
    model: ServedModel,
    settings: Settings,
    level: float,
    rank: str | None,
    deadline: Deadline,
    targets: Sequence[str] | None = None,
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
    targets : sequence of str or None
        Columns of `all_targets`, that of `rank` among them; all that the model tells unasked where None.

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
    with TemporaryDirectory(prefix="silion-") as folder:
        source = Path(folder) / f"{NAME}{ending}"
        place = _place_text if ending in SEPARATORS else _place_decoded
        place(content, source, settings, deadline)
        deadline.check()
        candidates = read_candidates(source, targets)
        deadline.check()
        if not candidates.rows:
            raise InputError(f"{source.name}: no row can be used", candidates.mistakes)
        table = pd.concat(
            [_own_columns(source, candidates), _answers(candidates, model, level, settings, targets, deadline)],
            axis=1,
        )
        deadline.check()
        order = ""
        if rank:
            designs, count = candidate_frame(candidates.rows), min(FIRST, len(candidates.rows))
            order = rank_answers(table, model.predictor, rank, count, level, designs=designs)[1]
            table = table.sort_values(rank, ascending=False, kind="stable", na_position="last", ignore_index=True)
            table.insert(0, "rank", range(1, len(table) + 1))
        out = Path(folder) / f"out{RETURNED_AS[kind]}"
        WRITERS[out.suffix](table, out, False)
        return Returned(out.read_bytes(), len(table), len(candidates.rejected), order)


def _answers(
    candidates: Table[Candidate],
    model: ServedModel,
    level: float,
    settings: Settings,
    targets: Sequence[str] | None,
    deadline: Deadline,
) -> pd.DataFrame:
    """Predict the good rows and state the errors of the others, by place in the table."""
    lines = sorted([*candidates.lines, *candidates.rejected])
    own = None if settings.lab is None else OwnDesigns(measured_frame(read_lab(settings.lab)))
    step = at_a_time(len(own)) if own else len(lines)
    check_pairs(len(candidates.rows), len(own) if own else 0, settings)
    tables = []
    for begin in range(0, len(candidates.rows), step):
        deadline.check()
        designs = candidate_frame(candidates.rows[begin : begin + step])
        predictions = model.predictor.predict(
            designs, targets=targets, level=level, precedents=0, measured=own, points=False
        )
        tables.append(replace(predictions, columns=with_distances(predictions, targets or list(TARGETS))).table)
    table = pd.concat(tables)
    table.index = pd.Index(candidates.lines)
    errors = reasons_by_line(candidates.mistakes)
    table = table.reindex(lines).fillna(dict.fromkeys(TEXT_COLUMNS, ""))
    return table.assign(error=[errors.get(line, "") for line in lines]).reset_index(drop=True)


def _own_columns(source: Path, candidates: Table[Candidate]) -> pd.DataFrame:
    """Read the user's columns, in order: with their types from Parquet, as text from CSV."""
    if source.suffix == ".parquet":
        return pd.read_parquet(source).reset_index(drop=True)
    rows = {**dict(zip(candidates.lines, candidates.raw, strict=True)), **candidates.rejected}
    return pd.DataFrame([rows[line] for line in sorted(rows)], columns=candidates.columns)


def _measure_text(content: bytes, settings: Settings) -> None:
    """Count the rows of a text table before its cells are looked at."""
    rows, count = -1, 0
    try:
        for cells in csv.reader(io.StringIO(decoded(content, NAME), newline="")):
            rows, count = rows + 1, count + len(cells)
            if count > MOST_CELLS:
                raise InputError(f"{NAME}: got more than {MOST_CELLS} cells; send the table in several requests")
            if rows == 0 and len(cells) > MOST_COLUMNS:
                raise InputError(f"{NAME}: got {len(cells)} columns, expected at most {MOST_COLUMNS}")
            check_count("rows of the table", rows, settings.max_designs)
    except csv.Error:
        return  # the reader says what is wrong, and where


def bounds_of(settings: Settings) -> Bounds:
    """Return what one table may hold.

    Parameters
    ----------
    settings : Settings
        Limits of the server.
    """
    return Bounds(settings.max_designs, MOST_COLUMNS, MOST_CELLS, int(2 * settings.max_body_bytes) + LONGEST_CIF)


def _place_text(content: bytes, source: Path, settings: Settings, deadline: Deadline) -> None:
    """Write a text table as it came, once its rows are counted."""
    _measure_text(content, settings)
    source.write_bytes(content)
    if (plain := plain_table(source)) != source:  # semicolons: the copy must not outlive the request
        source.write_bytes(plain.read_bytes())
        plain.unlink()


def _place_decoded(content: bytes, source: Path, settings: Settings, deadline: Deadline) -> None:
    """Write a table as a child process decodes it."""
    try:
        unpack(content, source, bounds_of(settings), min(SECONDS, deadline.seconds_left))
    except TooManyRowsError as error:
        check_count("rows of the table", error.rows, settings.max_designs)
