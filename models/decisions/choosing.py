"""Which designs of a table are likely among its best, and whether the model can separate them at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.exceedance import check_limits, probability_column
from models.explain.what_if import Goal
from models.tasks.registry import TARGETS

DRAWS = 1000
"""Times that the errors of all designs are drawn."""
BLOCK = 256
"""Rows compared with each other at a time."""
WORTH = 1.5
"""How many times chance the predicted best must be the true best for an order to be worth anything."""


@dataclass(frozen=True)
class Ranking:
    """Worth of an order of designs.

    Attributes
    ----------
    probability : ndarray, shape (n_designs,)
        Of each design to be among the best k; NaN where it has no prediction.
    found : float
        Expected share of the true best k among the k predicted best.
    chance : float
        The same for designs drawn by lot.
    spread : float
        Between the predicted values, 5th to 95th percentile, on the target's error scale.
    difference : float
        Half width of the 90 % interval of the difference of two designs, on that scale.
    """

    probability: np.ndarray
    found: float
    chance: float
    spread: float
    difference: float

    @property
    def is_worth(self) -> bool:
        """Return whether the order finds clearly more of the best than drawing by lot."""
        return self.found >= WORTH * self.chance

    def sentence(self, column: str) -> str:
        """Return what the order is worth, in words.

        Parameters
        ----------
        column : str
            Of the target.
        """
        target, count = TARGETS[column], int(np.isfinite(self.probability).sum())
        if not count:
            return "no point is told of any design: nothing is ranked by it"
        spread_text = (
            f"by {target.label} nine in ten of these {count} designs lie within {self.spread:.2g} {target.error_unit}, "
            f"and the difference of two is known to +-{self.difference:.2g}"
        )
        if not self.is_worth:
            return f"cannot be told apart: {spread_text}; take the order for nothing, and measure some of them first"
        return (
            f"{spread_text}: of the best few about {100 * self.found:.0f} % are expected to be found by this order, "
            f"{100 * self.chance:.0f} % by lot"
        )


def rank(predicted: np.ndarray, difference: float, count: int, seed: int = 0) -> Ranking:
    """Rank designs of one laboratory by a target, higher first.

    Parameters
    ----------
    predicted : ndarray, shape (n_designs,)
        On the target's error scale, as far as differences of it are believed; NaN without a prediction.
    difference : float
        Half width of the 90 % interval of the difference of two designs. Errors of the designs are drawn as normal and
        independent, of the width that gives such differences; what a laboratory's rows share moves no order.
    count : int
        Designs that count as the best, at least 1.
    seed : int
        Of the drawing.

    Examples
    --------
    Ten decades apart, known to one: no doubt.

    >>> rank(np.array([-12.0, -2.0]), 1.0, 1).probability.tolist()
    [0.0, 1.0]
    """
    known = np.flatnonzero(np.isfinite(predicted))
    probability = np.full(len(predicted), np.nan)
    if not len(known):
        return Ranking(probability, np.nan, np.nan, np.nan, difference)
    values, count = predicted[known], min(count, len(known))
    from scipy.stats import norm  # half a second, and goals are parsed without

    deviation = difference / norm.ppf(0.95) / np.sqrt(2)
    random = np.random.default_rng(seed)
    hits, overlap = np.zeros(len(known)), 0
    first = np.argsort(-values, kind="stable")[:count]
    for _ in range(DRAWS):
        best = np.argpartition(-(values + deviation * random.standard_normal(len(known))), count - 1)[:count]
        hits[best] += 1
        overlap += len(np.intersect1d(best, first, assume_unique=True))
    probability[known] = hits / DRAWS
    low, high = np.percentile(values, (5, 95))
    return Ranking(probability, overlap / DRAWS / count, count / len(known), float(high - low), difference)


def parse_goals(texts: Sequence[str]) -> list[Goal]:
    """Return goals written as `ice_pct>85`, one of each target.

    Parameters
    ----------
    texts : sequence of str
        A target, `>` or `<`, and a number in the target's unit.

    Raises
    ------
    ValueError
        As `Goal.parse`, two goals of one target, or a limit that no value could pass.

    Examples
    --------
    >>> parse_goals(["ice_pct > 85"])
    [Goal(column='ice_pct', above=True, value=85.0)]
    """
    goals = [Goal.parse(text, "--goal") for text in texts]
    columns = [goal.column for goal in goals]
    if twice := [column for place, column in enumerate(columns) if column in columns[:place]]:
        raise ValueError(f"--goal: got two goals of {twice[0]}, expected one of each target")
    check_limits({goal.column: goal.value for goal in goals})
    return goals


def joint_probability(goals: Sequence[Goal], columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the probability that a design reaches all goals, the errors of its targets taken as independent.

    Parameters
    ----------
    goals : sequence of Goal
        At least one.
    columns : mapping of str to ndarray, shape (n_designs,)
        With the `probability_column` of each goal's limit.

    Examples
    --------
    >>> goals = [Goal("ice_pct", True, 85.0), Goal("retention_pct", False, 90.0)]
    >>> chances = [np.array([0.5]), np.array([0.2])]
    >>> names = ["ice_pct_above_85_probability", "retention_pct_above_90_probability"]
    >>> joint_probability(goals, dict(zip(names, chances, strict=True))).tolist()
    [0.4]
    """
    chances = [columns[probability_column(goal.column, goal.value)] for goal in goals]
    reached = [chance if goal.above else 1 - chance for goal, chance in zip(goals, chances, strict=True)]
    return np.asarray(np.prod(reached, axis=0))


def on_front(values: np.ndarray) -> np.ndarray:
    """Return which of distinct rows no other row reaches in every objective.

    Parameters
    ----------
    values : array, shape (n_rows, n_objectives)
        More is better; no NaN, no row twice.

    Returns
    -------
    array of bool, shape (n_rows,)

    Examples
    --------
    >>> on_front(np.array([[1.0, 5.0], [2.0, 3.0], [3.0, 3.0]])).tolist()
    [True, False, True]
    """
    order = np.lexsort(-values.T[::-1])  # a row is only beaten by rows before it
    winners = np.empty((0, values.shape[1]))
    is_on_front = np.zeros(len(values), dtype=bool)
    for start in range(0, len(order), BLOCK):
        rows = order[start : start + BLOCK]
        rows = rows[~_beaten(values[rows], winners)]
        within = np.all(values[rows][None] >= values[rows][:, None], axis=2)
        rows = rows[within.sum(axis=1) == 1]
        is_on_front[rows] = True
        winners = np.vstack([winners, values[rows]])
    return is_on_front


def _beaten(values: np.ndarray, winners: np.ndarray) -> np.ndarray:
    """Return which rows some winner reaches in every objective, shape (n_rows,)."""
    is_beaten = np.zeros(len(values), dtype=bool)
    for start in range(0, len(winners), BLOCK):
        rows = np.flatnonzero(~is_beaten)
        block = winners[start : start + BLOCK]
        reached = np.ones((len(rows), len(block)), dtype=bool)
        for objective in range(values.shape[1]):
            reached &= block[:, objective] >= values[rows, objective][:, None]
        is_beaten[rows[reached.any(axis=1)]] = True
    return is_beaten
