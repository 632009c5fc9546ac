"""Intervals of lives: conformal by protocol, their rule chosen by what they do to protocols that they never saw."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from features.cycling.curves import Floats
from models.intervals import Calibration, calibrate
from models.life.model import STAGES, Estimate, stage
from training.life.examples import ENDS_OF_LIFE, LifeExamples

MOST_GROUPS, ENOUGH_GROUPS = 5, 12
LEVEL = 0.9


@dataclass(frozen=True)
class IntervalRule:
    """Which errors the intervals are made of.

    Attributes
    ----------
    ends_only : of the thresholds that end a life, instead of all
    by_stage : one calibration per stage, instead of one for all
    scaled : the width follows spread and distance by a learnt trend, instead of the spread alone
    """

    ends_only: bool
    by_stage: bool
    scaled: bool

    @property
    def text(self) -> str:
        """In one line."""
        thresholds = "thresholds of 80 to 90 %" if self.ends_only else "all thresholds"
        stages = "stage by stage" if self.by_stage else "all stages together"
        return f"{thresholds}, {stages}, width by {'spread and distance' if self.scaled else 'spread'}"


RULES = tuple(IntervalRule(*each) for each in product((True, False), repeat=3))


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


def fit_intervals(estimate: Estimate, examples: LifeExamples) -> tuple[tuple[Calibration, ...], str]:
    """Return one calibration per stage, and the rule they follow.

    The rule is that of the least interval score at 90 % (width, and 20 times what a life lies outside), silicon cells
    at the thresholds that end a life, each group of protocols told by calibrations of the others.

    Parameters
    ----------
    estimate : Estimate
        Out of fold.
    examples : LifeExamples
        Of the same rows.
    """
    groups = np.where(
        examples.rows["silicon"].to_numpy(dtype=bool), dealt(examples.rows), examples.rows["data_set"].to_numpy(str)
    )
    scores = {rule: _left_out(rule, estimate, examples, groups) for rule in RULES}
    rule = min(scores, key=lambda each: scores[each])
    return calibrations(rule, estimate, examples, groups), rule.text


def calibrations(
    rule: IntervalRule, estimate: Estimate, examples: LifeExamples, groups: np.ndarray, left_out: str | None = None
) -> tuple[Calibration, ...]:
    """Return one calibration per stage, from silicon cells, groups weighing the same.

    Where fewer than 12 groups of silicon cells tell of a stage, every other data set counts as one more.

    Parameters
    ----------
    rule : IntervalRule
        Which errors.
    estimate : Estimate
        Out of fold.
    examples : LifeExamples
        Of the same rows.
    groups : array, shape (n_rows,)
        Of each row.
    left_out : str, optional
        Group that does not take part.
    """
    stages = stage(examples.rows["log10_cycles"].to_numpy(dtype=float)) if rule.by_stage else np.zeros(len(groups), int)
    silicon = examples.rows["silicon"].to_numpy(dtype=bool)
    usable = groups != left_out
    if rule.ends_only:
        usable &= np.isin(examples.rows["threshold"].to_numpy(), ENDS_OF_LIFE)
    made = []
    for place in range(len(STAGES) + 1 if rule.by_stage else 1):
        here = usable & (stages == place)
        few = len(np.unique(groups[here & silicon])) < ENOUGH_GROUPS
        chosen = np.flatnonzero(here & (silicon | few))
        distance = estimate.distance[None, chosen] if rule.scaled else None
        made.append(
            calibrate(
                estimate.life[None, chosen], estimate.spread[None, chosen], examples.labels.take(chosen),
                groups[chosen], distance=distance,
            )
        )  # fmt: skip
    return tuple(made) if rule.by_stage else tuple(made) * (len(STAGES) + 1)


def _left_out(rule: IntervalRule, estimate: Estimate, examples: LifeExamples, groups: np.ndarray) -> float:
    """Return the interval score of cells told by calibrations without their group."""
    rows = examples.rows
    stages = stage(rows["log10_cycles"].to_numpy(dtype=float))
    judged = np.isin(rows["threshold"].to_numpy(), ENDS_OF_LIFE) & rows["silicon"].to_numpy(dtype=bool)
    scores = []
    for group in np.unique(groups[judged]):
        made = calibrations(rule, estimate, examples, groups, str(group))
        for place, calibration in enumerate(made):
            here = np.flatnonzero(judged & (groups == group) & (stages == place))
            if len(here):
                level = min(LEVEL, calibration.highest_level)
                half = calibration.half_width(estimate.spread[here], level, estimate.distance[here])
                scores.append(interval_score(examples.labels.take(here).distance(estimate.life[here]), half).mean())
    return float(np.mean(scores)) if scores else 0.0


def interval_score(miss: Floats, half: Floats) -> Floats:
    """Return width plus 20 times what lies outside, decades: least for intervals that hold 90 %.

    Parameters
    ----------
    miss : array
        Distance of each prediction to what is known of the life.
    half : array
        Half widths.

    Examples
    --------
    >>> interval_score(np.array([0.1, 0.3]), np.array([0.2, 0.2])).round(3).tolist()
    [0.4, 2.4]
    """
    return np.asarray(2 * half + 2 / (1 - LEVEL) * np.maximum(miss - half, 0))
