"""Answers for a chunk of designs: predictions with intervals, distances, energy density and notices as one table."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from features.records import Candidate
from models.predictor import ENDS, PART_OF, Predictor
from models.targets import TARGETS
from serving.screen.space import Space
from serving.text import DISTANCE


def answer_columns(targets: Sequence[str]) -> list[str]:
    """Columns that are answered with numbers: value, ends of the interval, distance to the nearest training design."""
    return [column + end for column in targets for end in (*ENDS, DISTANCE)]


def target_of(column: str) -> str:
    """The target a column of the answers tells of; the column itself where it tells of none."""
    return next((target for target in TARGETS if column in answer_columns([target])), column)


def answers(designs: pd.DataFrame, space: Space, predictor: Predictor, level: float) -> pd.DataFrame:
    """The designs with their answers, same rows.

    Parameters
    ----------
    designs : columns of the space, shape (n_designs, n_columns)
    """
    known = [name for name in designs if name in Candidate.model_fields]
    found = predictor.predict(designs[known], targets=space.targets, level=level, precedents=0)
    columns = [designs]
    if space.energy:
        columns.append(space.energy.densities(designs))
    for target in space.targets:
        columns.append(found.table[[target + end for end in ENDS]])
        columns.append(pd.DataFrame({target + DISTANCE: found.distances[PART_OF[target]]}))
    return pd.concat([*columns, found.table[["notice"]]], axis=1)
