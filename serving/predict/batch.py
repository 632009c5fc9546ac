"""A table of candidate designs in, the same table with predictions out: portion by portion, however many there are."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from features.tables.chunks import Portion, PortionReader, Source, open_source
from features.tables.mistakes import InputError, Mistake
from features.tables.records import Candidate
from features.tables.rows import check_columns
from models.predictions import TEXT_COLUMNS
from models.predictor import DEFAULT_LEVEL, Predictor
from models.tasks.registry import is_of_cells
from reporting.console import progress
from serving.predict.checkpoint import Unfinished, digest_of, surroundings
from serving.predict.energy_density import ENERGY_UNITS, Energy
from serving.predict.portion import MOST_MISTAKES, NEAREST_COLUMNS, Answer, Options, answer
from serving.predict.prediction_text import SHOWN, is_predicted
from serving.predict.read import read_measured, remarks_on
from serving.predict.write import SEPARATORS, beside, header_line, writable

PRECEDENTS = 3
"""Nearest literature rows of each design and target, unless asked otherwise."""
MOST_WITH_PRECEDENTS = 10_000
"""Designs beyond which the nearest literature rows are written only where asked for: those of all targets are longer
than the table, and take four fifths of the time of all else."""
MOST_ELECTROLYTES_WITH_PRECEDENTS = 1_000_000
"""The same where no target of cells is wanted: they add a quarter of the time."""

Answering = Callable[[Sequence[tuple[int, Portion]], Options, pd.DataFrame | None, str], Iterator[tuple[int, Answer]]]
"""Numbered portions, options, measured designs and the output's ending in; answers by number out, in any order."""


@dataclass
class BatchResult:
    """Result of `predict_file`.

    Attributes
    ----------
    table : the first rows of the output, as a terminal shows them
    rows, rejected_rows : how many were predicted, and how many not
    mistakes : why the first of the other rows were rejected
    rejected, nearest : where the rejected rows and the nearest literature rows were written; None where there are none
    remarks : things worth saying that reject nothing
    targets : columns of what was predicted
    """

    table: pd.DataFrame
    rows: int
    rejected_rows: int
    mistakes: list[Mistake]
    rejected: Path | None
    nearest: Path | None
    remarks: list[str]
    targets: tuple[str, ...] = ()


def predict_file(
    source: str | Path,
    out: str | Path,
    predictor: Predictor,
    *,
    targets: Sequence[str] | None = None,
    level: float = DEFAULT_LEVEL,
    calibrate: str | Path | None = None,
    precedents: int | None = None,
    cycles: Sequence[int] = (),
    above: Mapping[str, float] | None = None,
    stack: Sequence[str] = (),
    resume: bool = False,
    cluster: str | None = None,
    raw: bool = False,
) -> BatchResult:
    """Predict every good row of a table, or of all tables of a folder, in their order; every file is written aside,
    then renamed.

    Beside OUT stand `OUT.nearest.csv`, the nearest literature rows of each design with their papers, and, where rows
    were rejected, `OUT.rejected.csv` with the reasons. The work goes portion by portion, so that memory does not grow
    with the number of rows; what is finished is kept beside OUT until all is.

    Parameters
    ----------
    source : str or Path
        A CSV, TSV or Parquet file of designs, or a folder of them with the same columns.
    out : str or Path
        The output, a key of `WRITERS` as its ending.
    predictor : Predictor
        The model.
    targets : sequence of str or None
        Columns of `all_targets`; all that the model predicts unasked where None.
    level : float
        Share of papers whose values the interval should hold, 0 to 1.
    calibrate : str, Path or None
        Table of measured designs of the same laboratory, columns of `Measured`.
    precedents : int or None
        Nearest literature rows per design and target; `PRECEDENTS` where None, and none of them beyond
        `MOST_WITH_PRECEDENTS` designs, `MOST_ELECTROLYTES_WITH_PRECEDENTS` where no target of cells is wanted.
    cycles : sequence of int
        Cycles at which retention is wanted beside that of the design's own.
    above : mapping or None
        Limits of targets, in their units, whose probability of being passed is wanted.
    stack : sequence of str
        Layers as of `Energy.parse`: the energy density of each design's stack is wanted.
    resume : bool
        Go on with what an interrupted run of the same input, model and options had finished.
    cluster : str or None
        `local` or the address of a dask scheduler whose workers do the work; this process alone where None.
    raw : bool
        Keep texts that a spreadsheet would run as formulas; else an apostrophe is written before them.

    Raises
    ------
    InputError
        A file cannot be used, no row of it can, or the output may not be written there.
    ClusterError
        The cluster does not answer, or ceases to.
    """
    columns = tuple(predictor.bundle.told(targets))
    source, out = Path(source), writable(Path(out), [Path(path) for path in (source, calibrate) if path])
    table = open_source(source)
    name = source.name
    if out.suffix == ".parquet" and len({portion.is_parquet for portion in table.portions}) > 1:
        raise InputError(
            f"{name}: holds text tables beside Parquet files, whose columns have no common types; write a .csv or .tsv"
        )
    remarks = check_columns(table.columns, Candidate, own_columns=True, name=name)
    remarks += remarks_on(table.columns, name, ENERGY_UNITS if stack else (), columns)
    if stack:
        remarks += Energy.parse(stack, table.columns).assumptions()
    measured = read_measured(calibrate, remarks) if calibrate else None
    if precedents is None:
        of_cells = any(is_of_cells(column) for column in columns)
        most = MOST_WITH_PRECEDENTS if of_cells else MOST_ELECTROLYTES_WITH_PRECEDENTS
        precedents = PRECEDENTS if table.rows <= most else 0
        if not precedents:
            remarks.append(f"above {most:,} designs the nearest literature rows are written with --precedents K")
    limits = tuple((above or {}).items())
    options = Options(columns, level, precedents, tuple(cycles), limits, tuple(stack), source.is_dir(), raw)
    unfinished = Unfinished(out, partial(_key, table, predictor, options, calibrate), len(table.portions))
    with _answering(cluster, predictor) as answering, unfinished.open(resume, remarks):
        _answer_portions(table, answering, options, measured, unfinished)
        result = _join_portions(table, options, unfinished, remarks)
    if not result.rows:
        empty = f"{name}: the file holds a header and no rows, expected at least one"
        raise InputError(f"{name}: no row can be used" if result.mistakes else empty, result.mistakes)
    return result


def _key(table: Source, predictor: Predictor, options: Options, calibrate: str | Path | None) -> dict[str, str]:
    """Return hashes of all that finished portions depend on, by the words that say what changed."""
    own = hashlib.sha256(Path(calibrate).read_bytes()).hexdigest() if calibrate else ""
    names = [portion.path.name for portion in table.portions]
    return {
        "input": hashlib.sha256(json.dumps([table.digest, sorted(set(names))]).encode()).hexdigest(),
        "model": digest_of(predictor.bundle),
        "options": hashlib.sha256(json.dumps([options.as_dict(), own]).encode()).hexdigest(),
        "software": json.dumps(surroundings()),
    }


def _answering(cluster: str | None, predictor: Predictor) -> AbstractContextManager[Answering]:
    if cluster is None:
        return nullcontext(partial(_answer_locally, predictor))
    from serving.predict.cluster import crew

    return crew(cluster, predictor)


def _answer_locally(
    predictor: Predictor,
    portions: Sequence[tuple[int, Portion]],
    options: Options,
    measured: pd.DataFrame | None,
    suffix: str,
) -> Iterator[tuple[int, Answer]]:
    reader = PortionReader()
    for number, portion in portions:
        yield number, answer(portion, reader.read(portion), predictor, options, suffix, measured)


def _answer_portions(
    table: Source, answering: Answering, options: Options, measured: pd.DataFrame | None, unfinished: Unfinished
) -> None:
    done = set(unfinished.finished())
    remaining = [(number, portion) for number, portion in enumerate(table.portions) if number not in done]
    with progress(table.rows, "predicting", "design") as step:
        step(sum(table.portions[number].rows for number in done))
        for number, answered in answering(remaining, options, measured, unfinished.out.suffix):
            unfinished.keep(number, answered)
            step(table.portions[number].rows)


def _join_portions(table: Source, options: Options, unfinished: Unfinished, remarks: list[str]) -> BatchResult:
    """Join all portions into the output and what stands beside it; write nothing where no row was good."""
    out, records = unfinished.out, [unfinished.record(number) for number in unfinished.finished()]
    rows, rejected_rows = (sum(record[end] for record in records) for end in ("rows", "rejected"))
    mistakes = [mistake for record in records for mistake in record["mistakes"]][:MOST_MISTAKES]
    if not rows:
        return BatchResult(pd.DataFrame(), 0, rejected_rows, mistakes, None, None, remarks)
    prefix = ["file"] if options.named else []
    headers = {
        "rejected": [*prefix, "line", "reasons", *table.columns],
        "nearest": [*prefix, "design", "line", "target", "rank", *NEAREST_COLUMNS],
    }
    for end, is_written in (("rejected", rejected_rows > 0), ("nearest", options.precedents > 0)):
        if is_written:
            unfinished.join(end, beside(out, end), header_line(headers[end], ",", options.raw))
        else:
            beside(out, end).unlink(missing_ok=True)
    if out.suffix == ".parquet":
        unfinished.join_parquet(out)
    else:
        unfinished.join("rows", out, header_line(records[0]["columns"], SEPARATORS[out.suffix], options.raw))
    return BatchResult(
        first_rows(out, targets=options.targets),
        rows,
        rejected_rows,
        mistakes,
        beside(out, "rejected") if rejected_rows else None,
        beside(out, "nearest") if options.precedents else None,
        remarks,
        options.targets,
    )


def first_rows(path: Path, count: int = SHOWN, targets: Collection[str] | None = None) -> pd.DataFrame:
    """Return the first rows of a written table, its predictions as numbers and all else as text.

    Parameters
    ----------
    path : Path
        A CSV, TSV or Parquet file.
    count : int
        How many rows at most.
    targets : collection of str or None
        As for `written_targets`.
    """
    if path.suffix == ".parquet":
        with pq.ParquetFile(path) as parquet:
            first: pd.DataFrame = next(parquet.iter_batches(batch_size=count)).to_pandas()
            return first
    frame = pd.read_csv(path, sep=SEPARATORS[path.suffix], nrows=count, dtype="str", keep_default_na=False)
    numbers = [column for column in frame.columns if is_predicted(column, targets) and column not in TEXT_COLUMNS]
    return frame.assign(**{column: pd.to_numeric(frame[column]) for column in numbers})
