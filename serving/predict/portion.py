"""The answer to one portion of designs: the work that one process, or one of many, does at a time."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from features.electrolyte_columns import Electrolytes, read_electrolytes
from features.tables.chunks import Cells, Portion, PortionReader
from features.tables.columnar import Rows, cells_at, read_rows
from features.tables.mistakes import Mistake
from features.tables.records import Candidate
from features.tables.rows import read_row
from models.candidates import all_mistakes, formula_mistake, unreadable
from models.exceedance import check_limits
from models.predictor import DEFAULT_LEVEL, Predictions, Predictor, check_targets
from models.tasks.registry import TARGETS, task_of
from serving.predict.energy import Energy
from serving.predict.text import DISTANCE, name_among
from serving.predict.write import rejected_lines

NEAREST_COLUMNS = ("row", "distance", "electrolyte", "anode", "temperature_c", "measured", "doi", "citation")


@dataclass(frozen=True)
class Asked:
    """What is wanted of every design.

    Attributes
    ----------
    targets : columns of `TARGETS`
    level : share of papers whose values the interval should hold, 0 to 1
    precedents : nearest literature rows per design and target
    cycles : cycles at which retention is wanted beside that of the design's own
    above : limits of targets, in their units, whose probability of being passed is wanted
    stack : words of `Energy.parse`; the energy density of each design's stack is wanted where there are any
    named : whether rows are told with the name of their file
    """

    targets: tuple[str, ...] = tuple(TARGETS)
    level: float = DEFAULT_LEVEL
    precedents: int = 0
    cycles: tuple[int, ...] = ()
    above: tuple[tuple[str, float], ...] = ()
    stack: tuple[str, ...] = ()
    named: bool = False

    def __post_init__(self) -> None:
        check_targets(self.targets)
        if self.precedents < 0:
            raise ValueError(f"precedents: got {self.precedents}, expected 0 or more")
        check_limits(dict(self.above))
        if wrong := [cycle for cycle in self.cycles if cycle < 1]:
            raise ValueError(f"cycles: got {wrong[0]}, expected 1 or more")

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


@dataclass
class Answered:
    """The answer to one portion.

    Attributes
    ----------
    table : the user's columns and the predictions of the good rows, in order; notices as a dictionary
    predicted : names of the columns that are predicted numbers
    rejected : the other rows, as the lines of the table of rejected rows
    mistakes : why
    nearest : lines of the table of the nearest literature rows
    """

    table: pa.Table
    predicted: list[str]
    rejected: str
    mistakes: list[Mistake]
    nearest: str
    rejected_rows: int = 0
    columns: list[str] = field(default_factory=list)


def answer(
    portion: Portion,
    predictor: Predictor,
    asked: Asked,
    *,
    reader: PortionReader | None = None,
    measured: pd.DataFrame | None = None,
) -> Answered:
    """Read a portion, predict its good rows and say what is wrong with the others.

    Parameters
    ----------
    reader : kept from one portion to the next, it reads Parquet files in one go
    measured : designs of the same laboratory with what was measured, columns of `Measured`

    Raises
    ------
    InputError
        The file is gone, or not whole.
    """
    cells = (reader or PortionReader()).read(portion)
    rows, electrolytes = usable(cells, portion.path.name)
    predictions = predictor.predict(
        rows.designs,
        targets=asked.targets,
        level=asked.level,
        precedents=asked.precedents,
        measured=measured,
        cycles=asked.cycles,
        above=dict(asked.above),
        electrolytes=electrolytes,
    )
    own = cells.table if len(rows.places) == len(cells.table) else cells.table.take(pa.array(rows.places))
    found = with_distances(predictions, asked.targets)
    if asked.stack:
        for column, values in Energy.parse(asked.stack, portion.header).densities(rows.designs).items():
            found.insert(len(found.columns) - 1, str(column), values)
    table = own
    for name in found.columns:
        values = predictions.notices if name == "notice" else pa.array(found[name], from_pandas=False)
        table = table.append_column(str(name), values)
    where = [portion.path.name] if asked.named else []
    nearest = ""
    if asked.precedents:
        names = own[name_among(own.column_names)].to_pylist()
        nearest = _nearest_lines(predictions, names, cells.lines[rows.places].tolist(), where)
    rejected = rejected_lines(rows.rejected, rows.mistakes, portion.header, where)
    predicted = [str(name) for name in found.columns if name != "notice"]
    return Answered(table, predicted, rejected, rows.mistakes, nearest, len(rows.rejected), table.column_names)


def with_distances(predictions: Predictions, targets: Sequence[str]) -> pd.DataFrame:
    """The predictions with `<target>_distance` behind each target: to the nearest training design, in deviations."""
    table = predictions.table.copy()
    for column in targets:
        if task_of(column).name in predictions.distances:
            place = table.columns.tolist().index(f"{column}_high") + 1
            table.insert(place, column + DISTANCE, predictions.distances[task_of(column).name])
    return table


def usable(cells: Cells, name: str) -> tuple[Rows, Electrolytes]:
    """Rows that can be predicted; those whose formula cannot be read are moved to the rejected ones."""
    rows = read_rows(cells, Candidate, name)
    electrolytes = read_electrolytes(rows.designs)
    bad = np.zeros(len(rows.places), dtype=bool)
    for place in np.flatnonzero(unreadable(rows.designs, electrolytes)).tolist():
        line = int(cells.lines[rows.places[place]])
        raw, row = read_row(
            Candidate, cells.table.column_names, cells_at(cells.table, int(rows.places[place])), line, name
        )
        mistake = None if isinstance(row, list) else formula_mistake(row, line, name)
        if mistake:
            rows.mistakes.append(mistake)
            rows.rejected[line] = raw
            bad[place] = True
    if rows.rejected:
        rows.mistakes = all_mistakes(rows.mistakes, rows.rejected, name)
    if bad.any():
        rows.places, rows.designs = rows.places[~bad], rows.designs.take(~bad)
        electrolytes = electrolytes.take(~bad)
    return rows, electrolytes


def _nearest_lines(predictions: Predictions, names: list[Any], lines: list[int], where: list[str]) -> str:
    """Design, line, target and rank, then `NEAREST_COLUMNS`; what is said of a literature row is made once."""
    before, behind = NEAREST_COLUMNS.index("distance"), NEAREST_COLUMNS.index("distance") + 1
    targets = []
    for target, nearest in predictions.nearest.items():
        told = [[row.get(column, "") for column in NEAREST_COLUMNS] for row in nearest.precedents]
        ends = [(_csv_cells(cells[:before]), _csv_cells(cells[behind:])) for cells in told]
        targets.append((target, nearest.judged.tolist(), nearest.rows.tolist(), nearest.distances.tolist(), ends))
    found = []
    for place, (name, line) in enumerate(zip(names, lines, strict=True)):
        design = _csv_cells([*where, name, line])
        for target, judged, rows, distances, ends in targets:
            for rank, (row, away) in enumerate(zip(rows[place], distances[place], strict=True), start=1):
                if judged[place]:
                    first, last = ends[row]
                    found.append(f"{design},{target},{rank},{first},{round(away, 3)},{last}\n")
    return "".join(found)


def _csv_cells(cells: Sequence[Any]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()
