"""The answer to one portion of designs: the work that one process, or one of many, does at a time."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.csv_injection import harmless
from features.tables.chunks import Portion, Rows
from features.tables.files import as_cell
from features.tables.mistakes import Mistake
from models.exceedance import check_limits
from models.predictions import TEXT_COLUMNS, Predictions
from models.predictor import DEFAULT_LEVEL, Predictor
from models.tasks.registry import TARGETS, all_targets, task_of
from serving.predict.energy_density import Energy
from serving.predict.prediction_text import DISTANCE, name_among
from serving.predict.read import usable
from serving.predict.write import SEPARATORS, as_lines, rejected_lines

NEAREST_COLUMNS = ("row", "distance", "electrolyte", "anode", "temperature_c", "measured", "doi", "citation")
MOST_MISTAKES = 50
"""Mistakes of a portion that are kept in words beside the table of rejected rows."""


@dataclass(frozen=True)
class Options:
    """Options that hold for every design.

    Attributes
    ----------
    targets : columns of `all_targets`
    level : share of papers whose values the interval should hold, 0 to 1
    precedents : nearest literature rows per design and target
    cycles : cycles at which retention is wanted beside that of the design's own
    above : limits of targets, in their units, whose probability of being passed is wanted
    stack : layers as of `Energy.parse`; the energy density of each design's stack is wanted where there are any
    named : whether rows stand with the name of their file
    raw : whether texts that a spreadsheet would run as formulas are kept as they are
    """

    targets: tuple[str, ...] = tuple(TARGETS)
    level: float = DEFAULT_LEVEL
    precedents: int = 0
    cycles: tuple[int, ...] = ()
    above: tuple[tuple[str, float], ...] = ()
    stack: tuple[str, ...] = ()
    named: bool = False
    raw: bool = False

    def __post_init__(self) -> None:
        if unknown := [column for column in self.targets if column not in all_targets()]:
            raise ValueError(f"unknown target {', '.join(unknown)}; expected some of {', '.join(all_targets())}")
        if self.precedents < 0:
            raise ValueError(f"precedents: got {self.precedents}, expected 0 or more")
        check_limits(dict(self.above))
        if wrong := [cycle for cycle in self.cycles if cycle < 1]:
            raise ValueError(f"cycles: got {wrong[0]}, expected 1 or more")

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Answer:
    """The answer to one portion, byte by byte as it is kept; on a cluster it is made where the work is done.

    Attributes
    ----------
    rows : of the output, as text without a header or as a Parquet file
    rejected, nearest : lines of the tables beside it
    record : what is said of the portion, as JSON
    """

    rows: bytes
    rejected: str
    nearest: str
    record: str


def answer(
    portion: Portion,
    rows: Rows,
    predictor: Predictor,
    options: Options,
    suffix: str,
    measured: pd.DataFrame | None = None,
) -> Answer:
    """Predict the good rows of a portion and say what is wrong with the others.

    Parameters
    ----------
    portion : Portion
        Where the designs stand.
    rows : Rows
        The portion as read, nothing checked.
    predictor : Predictor
        The model.
    options : Options
        What is wanted of every design.
    suffix : str
        Ending of the output, a key of `WRITERS`.
    measured : DataFrame or None
        Designs of the same laboratory with what was measured, columns of `Measured`.
    """
    rows = usable(rows, portion.path.name)
    predictions = predictor.predict(
        rows.designs,
        targets=options.targets,
        level=options.level,
        precedents=options.precedents,
        measured=measured,
        cycles=options.cycles,
        above=dict(options.above),
        points=False,
    )
    predicted: dict[str, Any] = with_distances(predictions, options.targets) | predictions.texts
    if options.stack:
        last, notices = predicted.popitem()
        densities = Energy.parse(options.stack, portion.header).densities(rows.designs)
        predicted |= {str(column): densities[column].to_numpy() for column in densities} | {last: notices}
    table = rows.table
    for name, values in predicted.items():
        table = table.append_column(name, values if name in TEXT_COLUMNS else pa.array(values))
    prefix = [portion.path.name] if options.named else []
    nearest = ""
    if options.precedents:
        names = rows.table[name_among(rows.table.column_names)].to_pylist()
        nearest = nearest_lines(predictions, names, rows.lines.tolist(), prefix, options.raw)
    rejected = rejected_lines(rows.rejected, rows.mistakes, len(portion.header), prefix, options.raw)
    digits = [name for name in predicted if name not in TEXT_COLUMNS]
    return as_answer(table, suffix, digits, rejected, len(rows.rejected), rows.mistakes, nearest, options.raw)


def as_answer(
    table: pa.Table,
    suffix: str,
    digits: Sequence[str] = (),
    rejected: str = "",
    rejected_rows: int = 0,
    mistakes: Sequence[Mistake] = (),
    nearest: str = "",
    raw: bool = False,
) -> Answer:
    """Return the rows of a portion as an output of that ending keeps them, with what is said of them.

    Parameters
    ----------
    table : pyarrow Table
        The user's columns and the predictions of the good rows, in order; notices may be a dictionary.
    suffix : str
        Ending of the output, a key of `WRITERS`.
    digits : sequence of str
        Columns that are predicted numbers.
    rejected : str
        The other rows, as the lines of the table of rejected rows.
    rejected_rows : int
        Number of them.
    mistakes : sequence of Mistake
        Why they were rejected.
    nearest : str
        Lines of the table of the nearest literature rows.
    raw : bool
        Keep texts that a spreadsheet would run as formulas.
    """
    if suffix == ".parquet":
        written = pa.BufferOutputStream()
        for name in TEXT_COLUMNS:
            if (place := table.schema.get_field_index(name)) >= 0:  # held as a dictionary, which differs by portion
                table = table.set_column(place, name, table[name].cast(pa.string()).fill_null(""))
        pq.write_table(table, written)
        rows = written.getvalue().to_pybytes()
    else:
        rows = as_lines(table, SEPARATORS[suffix], digits, raw)
    record = {
        "rows": len(table),
        "rejected": rejected_rows,
        "mistakes": [asdict(mistake) for mistake in mistakes[:MOST_MISTAKES]],
        "columns": table.column_names,
        "bytes": [len(rows), len(rejected.encode()), len(nearest.encode())],
    }
    return Answer(rows, rejected, nearest, json.dumps(record))


def with_distances(predictions: Predictions, targets: Sequence[str]) -> dict[str, np.ndarray]:
    """Return the predicted columns with `<target>_distance` behind each target, each of shape (n_designs,).

    Parameters
    ----------
    predictions : Predictions
        What `Predictor.predict` gave.
    targets : sequence of str
        Columns to give the distance of, where they are of `TARGETS`: to the nearest training design, in standard
        deviations, NaN where a design says too little.
    """
    of_models = [column for column in targets if column in TARGETS and task_of(column).name in predictions.distances]
    targets_by_end = {f"{column}_high": column for column in of_models}
    columns = dict[str, np.ndarray]()
    for name, values in predictions.columns.items():
        columns[name] = values
        if target := targets_by_end.get(name):
            columns[target + DISTANCE] = predictions.distances[task_of(target).name]
    return columns


def nearest_lines(
    predictions: Predictions, names: list[Any], lines: list[int], prefix: list[str], raw: bool = False
) -> str:
    """Return the nearest literature rows of designs as lines of a CSV file.

    A line holds `prefix`, design, line, target and rank, then `NEAREST_COLUMNS`.

    Parameters
    ----------
    predictions : Predictions
        With their nearest rows.
    names : list of str, shape (n_designs,)
        What to call each design.
    lines : list of int, shape (n_designs,)
        Line or number of each design.
    prefix : list of str
        Cells in front, such as the name of the file.
    raw : bool
        Keep texts that a spreadsheet would run as formulas.
    """
    text = as_cell if raw else lambda cell: harmless(as_cell(cell))
    place = NEAREST_COLUMNS.index("distance")
    parts = slice(place), slice(place + 1, None)
    designs = _csv_lines([*map(text, [*prefix, name]), line] for name, line in zip(names, lines, strict=True))
    columns = []  # what is said of a literature row is made once
    for target, nearest in predictions.nearest.items():
        precedents = [  # what was measured is a number behind its qualifier, such as "= 90 %"
            [row.get(name, "") if name == "measured" else text(row.get(name, "")) for name in NEAREST_COLUMNS]
            for row in nearest.precedents
        ]
        first, last = (_csv_lines(cells[part] for cells in precedents) for part in parts)
        judged = nearest.judged.tolist()
        for rank, (rows, distances) in enumerate(zip(nearest.rows.T, nearest.distances.T, strict=True), start=1):
            by_design = zip(designs, judged, rows.tolist(), distances.tolist(), strict=True)
            columns.append(
                [
                    f"{design},{target},{rank},{first[row]},{round(distance, 3)},{last[row]}\n" if is_judged else ""
                    for design, is_judged, row, distance in by_design
                ]
            )
    return "".join(chain.from_iterable(zip(*columns, strict=True)))


def _csv_lines(rows: Iterable[Sequence[Any]]) -> list[str]:
    """Return each row as the text of a CSV file, without an end of line."""
    lines = list[str]()
    csv.writer(_Lines(lines.append), lineterminator="").writerows(rows)
    return lines


class _Lines(NamedTuple):
    """Object that a CSV writer takes for a file: it writes a row at a time."""

    write: Callable[[str], None]
