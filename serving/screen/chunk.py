"""One chunk of a space: its designs made and answered, here or on a worker of a cluster, and kept until all are."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.tables.records import Candidate
from models.predictions import ENDS, RANGE_OF, TEXT_COLUMNS
from models.predictor import Predictor
from models.tasks.registry import task_of
from serving.predict.checkpoint import Unfinished
from serving.predict.portion import Answer
from serving.predict.prediction_text import DISTANCE
from serving.screen.design_space import Space
from serving.screen.select import Note


@dataclass(frozen=True)
class Chunk:
    """Designs of a chunk with their answers.

    Attributes
    ----------
    table : DataFrame
        What `predict_designs` gives; no rows where no design is left.
    left_out : Counter
        How many designs each constraint left out, in the order they were applied.
    """

    table: pd.DataFrame
    left_out: Counter[str]

    def to_keep(self) -> Answer:
        """Return the chunk as it is kept until all are finished."""
        rows: bytes = self.table.to_parquet(index=False, compression="zstd")
        record = {"left_out": self.left_out, "mistakes": [], "bytes": [len(rows), 0, 0]}
        return Answer(rows, "", "", json.dumps(record))

    @classmethod
    def finished(cls, unfinished: Unfinished, number: int) -> Chunk:
        """Return a finished chunk.

        Parameters
        ----------
        unfinished : Unfinished
            Run that keeps it.
        number : int
            Of the chunk.
        """
        left_out = Counter[str](unfinished.record(number)["left_out"])
        return cls(pd.read_parquet(unfinished.part(number, "rows")), left_out)


def predict_chunk(space: Space, predictor: Predictor, level: float, start: int, stop: int) -> Chunk:
    """Make and predict the designs of a chunk that can be and fulfil the constraints.

    Parameters
    ----------
    space : Space
    predictor : Predictor
    level : float
        Share of papers whose values the intervals should hold, 0 to 1.
    start, stop : int
        Number of the first design, and the number behind the last.
    """
    left_out = Counter[str]()
    designs = space.chunk(start, stop, count_into(left_out))
    return Chunk(predict_designs(designs, space, predictor, level) if len(designs) else pd.DataFrame(), left_out)


def count_into(counts: Counter[str]) -> Note:
    """Return a note that counts.

    Parameters
    ----------
    counts : Counter
        Is added to.
    """
    return lambda reason, count: counts.update({reason: count})


def predict_designs(designs: pd.DataFrame, space: Space, predictor: Predictor, level: float) -> pd.DataFrame:
    """Predict designs of a space.

    Parameters
    ----------
    designs : DataFrame, shape (n_designs, n_columns)
        Columns of the space.
    space : Space
        Says for which targets, and whether energy densities are wanted.
    predictor : Predictor
    level : float
        Share of papers whose values the intervals should hold, 0 to 1.

    Returns
    -------
    DataFrame
        The designs, energy densities where wanted, the columns of `answer_columns`, and those of `TEXT_COLUMNS`; same
        rows. A target of cells without skill has no point: its ends are the range that comparable papers report.
    """
    known = [name for name in designs if name in Candidate.model_fields]
    predictions = predictor.predict(designs[known], targets=space.targets, level=level, precedents=0, points=False)
    columns = [designs]
    if space.energy:
        columns.append(space.energy.densities(designs))
    for target in space.targets:
        columns.append(predictions.table[[target + end for end in ENDS]])
        columns.append(pd.DataFrame({target + DISTANCE: predictions.distances[task_of(target).name]}))
    return pd.concat(
        [*columns, predictions.table[[name for name in TEXT_COLUMNS if name in predictions.table]]], axis=1
    )


def with_ranges(designs: pd.DataFrame, space: Space, predictor: Predictor, level: float) -> pd.DataFrame:
    """Add the ends of the quantities that are predicted as a range alone, and whose values they are.

    Parameters
    ----------
    designs : DataFrame, shape (n_designs, n_columns)
        As `predict_designs` gives them.
    space, predictor, level
        As for `predict_designs`.
    """
    if not space.ranges or not len(designs):
        return designs
    known = designs[[name for name in designs if name in Candidate.model_fields]]
    ranges = predictor.predict(known, targets=space.ranges, level=level, precedents=0, points=False).table
    before = designs[RANGE_OF] if RANGE_OF in designs else [None] * len(designs)
    pairs = zip(before, ranges[RANGE_OF], strict=True)
    range_of = np.array(["; ".join(filter(None, pair)) or None for pair in pairs], dtype=object)
    ends = {column + end: ranges[column + end].to_numpy() for column in space.ranges for end in ENDS[1:]}
    designs = designs.assign(**ends, **{RANGE_OF: range_of})
    texts = [name for name in TEXT_COLUMNS if name in designs]
    return designs[[*(name for name in designs if name not in texts), *texts]]
