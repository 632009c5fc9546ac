"""Intervals of lives: conformal by protocol, from cells given as many cycles, at the thresholds that end a life."""

from __future__ import annotations

import numpy as np
import pandas as pd

from models.calibrate import calibrate
from models.intervals import Calibration
from models.life.model import STAGES, Estimate, stage
from training.life.landmarks import ENDS_OF_LIFE, LifeExamples

MOST_GROUPS, ENOUGH_GROUPS = 5, 12


def dealt(rows: pd.DataFrame) -> np.ndarray:
    """Return the group of each row: the protocols of a data set in turn, so that it has five groups at most.

    Parameters
    ----------
    rows : DataFrame
        With `data_set` and `protocol`.
    """
    names = rows["protocol"].astype(str)
    turn = names.groupby(rows["data_set"]).rank(method="dense").astype(int) % MOST_GROUPS
    return (rows["data_set"].astype(str) + " " + turn.astype(str)).to_numpy(dtype=str)


def fit_intervals(estimate: Estimate, examples: LifeExamples) -> tuple[Calibration, ...]:
    """Return one calibration per stage, from silicon cells, groups of protocols weighing the same.

    Only the thresholds that end a life count: the intervals of lives to 95 % are narrow and would lend the others a
    width that does not hold. The width follows the disagreement of the members and the way to the life. Where fewer
    than 12 groups of silicon cells reach a stage, every other data set counts as one more.

    Parameters
    ----------
    estimate : Estimate
        Out of fold.
    examples : LifeExamples
        Of the same rows.
    """
    rows = examples.rows
    silicon = rows["silicon"].to_numpy(dtype=bool)
    groups = np.where(silicon, dealt(rows), rows["data_set"].to_numpy(str))
    stages = stage(rows["log10_cycles"].to_numpy(dtype=float))
    ends = np.isin(rows["threshold"].to_numpy(), ENDS_OF_LIFE)
    calibrations: list[Calibration] = []
    for place in range(len(STAGES) + 1):
        here = ends & (stages == place)
        few = len(np.unique(groups[here & silicon])) < ENOUGH_GROUPS
        chosen = np.flatnonzero(here & (silicon | few))
        calibrations.append(
            calibrate(
                estimate.life[None, chosen], estimate.spread[None, chosen], examples.labels.take(chosen),
                groups[chosen], distance=estimate.distance[None, chosen],
            )
        )  # fmt: skip
    return tuple(calibrations)
