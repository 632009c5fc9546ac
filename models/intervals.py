"""Intervals that keep their promise on papers never seen: conformal, with the paper as the unit.

Scores are the errors of out-of-fold predictions (folds by paper) over a scale. Every paper weighs the same, and the
paper
that is still to come counts as one more at infinity (hierarchical conformal prediction: Lee, Barber and Willett,
arXiv:2306.06342). What is stored is plain numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from models.boosters.labels import Labels


class LevelError(ValueError):
    """A level that the number of papers cannot support."""


def supported_level(papers: int) -> float:
    """Return the highest level that a number of papers supports: k / (k + 1).

    Parameters
    ----------
    papers : int
        Groups of papers, k.

    Examples
    --------
    >>> supported_level(9)
    0.9
    """
    return papers / (papers + 1)


def check_level(level: float) -> None:
    """Refuse a level that is no share.

    Parameters
    ----------
    level : float
        Share of papers' values to hold, 0 to 1.

    Raises
    ------
    LevelError
        It is outside 0..1.
    """
    if not 0 < level < 1:
        raise LevelError(f"level: got {level:g}, expected a number between 0 and 1, such as 0.9")


@dataclass(frozen=True)
class Calibration:
    """Out-of-fold errors of one target, ready for any level.

    Attributes
    ----------
    scores : errors over their scale, ascending
    weights : weight of each, papers weighing the same; they sum to the number of papers
    papers : number of papers
    noise : scale of the error of a single prediction, in the model's unit
    trend : how the log of the scale goes with the log of the spread, of the distance to what is known and, where
        learnt, with the prediction, after a constant; empty where the scale is the noise, widened by the spread
    """

    scores: tuple[float, ...]
    weights: tuple[float, ...]
    papers: int
    noise: float
    trend: tuple[float, ...] = ()

    @property
    def highest_level(self) -> float:
        """The highest level this many papers support: k / (k + 1)."""
        return supported_level(self.papers)

    def half_width(self, spread: Any, level: float, distance: Any = None, centre: Any = None) -> np.ndarray:
        """Half the width of the interval, in the model's unit, shape of `spread`.

        Parameters
        ----------
        spread : deviation of the ensemble's members
        level : share of papers' values to hold
        distance : to the nearest training row, as `Domain.distances` measures it; needed where a trend was learnt
        centre : predictions, on the model's scale; needed where the trend follows them

        Raises
        ------
        LevelError
            The level is outside 0..1 or above `highest_level`.
        """
        check_level(level)
        if level > self.highest_level:
            raise LevelError(
                f"level: got {level:g}, but {self.papers} groups of papers support at most {self.highest_level:.3f}; "
                f"choose a lower level or add papers"
            )
        reached = np.cumsum(self.weights)
        index = int(np.searchsorted(reached, level * (self.papers + 1) - 1e-9))
        return np.asarray(self.scores[min(index, len(self.scores) - 1)] * self.scale(spread, distance, centre))

    def share_within(self, half: Any, spread: Any, distance: Any = None, centre: Any = None) -> np.ndarray:
        """Share of papers' values that intervals of half this width hold: the highest level whose `half_width` is not
        wider; at most `highest_level`, and 0 where even the smallest error is larger. Shape and parameters as there.

        Parameters
        ----------
        half : array
            Half widths, on the model's scale, shape (n_designs,).
        spread : array
            Ensemble's spread, on the model's scale, shape (n_designs,).
        distance : array
            To the nearest training design, shape (n_designs,); None where not measured.
        centre : array
            Predictions, on the model's scale, shape (n_designs,).
        """
        reached = np.concatenate([[0.0], np.cumsum(self.weights)]) / (self.papers + 1)
        errors = np.asarray(half, dtype=float) / self.scale(spread, distance, centre)
        return np.asarray(reached[np.searchsorted(self.scores, errors, side="right")])

    def probability_above(self, limit: Any, centre: Any, spread: Any, distance: Any = None) -> np.ndarray:
        """Probability that each value lies above a limit, shape (n_designs,): the intervals, read backwards.

        The interval that just reaches the limit holds its share of papers' values; the rest is taken to lie to either
        side alike. Never nearer to 0 or 1 than the number of papers supports.

        Parameters
        ----------
        limit, centre, spread : array
            On the model's scale, shape (n_designs,).
        distance : array
            To the nearest training design, shape (n_designs,); None where not measured.
        """
        share = self.share_within(np.abs(limit - centre), spread, distance, centre)
        return np.asarray(np.where(centre > limit, 1 + share, 1 - share) / 2)

    def scale(self, spread: Any, distance: Any = None, centre: Any = None) -> np.ndarray:
        """Scale of the error: larger where the ensemble's members disagree, and far from what is known.

        Parameters
        ----------
        spread : array
            Ensemble's spread, on the model's scale, shape (n_designs,).
        distance : array
            To the nearest training design, shape (n_designs,); None where not measured.
        centre : array
            Predictions, on the model's scale, shape (n_designs,); left aside where the trend does not follow them.

        Raises
        ------
        ValueError
            A trend was learnt and no distance is given, or no prediction where it follows them.
        """
        if not self.trend:
            return np.asarray(np.hypot(self.noise, np.asarray(spread, dtype=float)))
        if distance is None:
            raise ValueError("these intervals depend on the distance to what is known; none was given")
        if len(self.trend) > PLAIN_CAUSES and centre is None:
            raise ValueError("these intervals depend on the prediction; none was given")
        causes = _causes(spread, distance, self.noise, centre if len(self.trend) > PLAIN_CAUSES else None)
        return np.asarray(np.exp(causes @ np.array(self.trend)))

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON."""
        return {
            "scores": list(self.scores),
            "weights": list(self.weights),
            "papers": self.papers,
            "noise": self.noise,
            "trend": list(self.trend),
        }

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Calibration:
        """Read what `as_dict` gave.

        Parameters
        ----------
        state : dict of str to Any
            What `as_dict` gave.
        """
        scores, weights = tuple(state["scores"]), tuple(state["weights"])
        return cls(scores, weights, int(state["papers"]), float(state["noise"]), tuple(state.get("trend", ())))


def calibrate(
    predicted: np.ndarray,
    spread: np.ndarray,
    labels: Labels,
    papers: np.ndarray,
    noise: float | None = None,
    distance: np.ndarray | None = None,
    *,
    by_value: bool = False,
) -> Calibration:
    """Calibration from out-of-fold predictions.

    Parameters
    ----------
    predicted, spread : shape (n_repeats, n_rows); NaN where a row was not predicted
    labels : labels of the rows; a row that is only bounded scores how far the prediction lies outside its bound
    papers : paper of each row, shape (n_rows,)
    noise : scale of the error of a single prediction; from these predictions where not given
    distance : of each prediction to the nearest row its model learnt from, shape (n_repeats, n_rows); where given, the
        trend of the errors with it and with the spread is learnt
    by_value : whether the trend of the errors with the prediction is learnt too

    Raises
    ------
    LevelError
        Fewer than two papers.
    """
    kinds, member = np.unique(papers, return_inverse=True)
    if len(kinds) < 2:
        raise LevelError(f"intervals need at least two papers, got {len(kinds)}")
    miss = np.array([labels.distance(each) for each in predicted])
    known = np.isfinite(miss)
    counts = np.bincount(member, known.sum(axis=0), len(kinds))
    weight = np.where(known, 1 / counts[member][None, :], 0.0)
    if noise is None:
        noise = float(np.sqrt(np.sum(weight[known] * miss[known] ** 2) / weight[known].sum()))
    trend: tuple[float, ...] = ()
    if distance is not None and noise > 0:
        causes = _causes(spread[known], distance[known], noise, predicted[known] if by_value else None)
        trend = _trend(miss[known], causes, weight[known], noise)
    scale = Calibration((), (), len(kinds), noise, trend).scale(spread, distance, predicted)
    score = (miss / scale)[known]
    order = np.argsort(score)
    return Calibration(tuple(score[order].tolist()), tuple(weight[known][order].tolist()), len(kinds), noise, trend)


LEAST_SHARE = 0.1
"""Errors and spreads are told apart down to this share of the noise, distances down to this distance."""
HELD_BACK = 5.0
"""Papers' worth of evidence that is asked for before the scale follows spread, distance or prediction."""
PLAIN_CAUSES = 3
"""Variables without the prediction."""
LOWEST, HIGHEST = -9.0, -2.0
"""log10 S/cm beyond which predictions change the scale no further."""


def _causes(spread: Any, distance: Any, noise: float, centre: Any = None) -> np.ndarray:
    """Return the variables the scale depends on, shape (..., 3 or 4): a constant, log spread, log distance and, where
    given, the prediction."""
    spread, distance = np.asarray(spread, dtype=float), np.asarray(distance, dtype=float)
    causes = [np.ones_like(spread), np.log(spread / noise + LEAST_SHARE), np.log(distance + LEAST_SHARE)]
    if centre is not None:
        causes.append(np.clip(centre, LOWEST, HIGHEST) - (LOWEST + HIGHEST) / 2)
    return np.stack(causes, axis=-1)


def _trend(miss: np.ndarray, causes: np.ndarray, weight: np.ndarray, noise: float) -> tuple[float, ...]:
    """Weighted ridge regression of the log error on the causes; weights sum to the number of papers."""
    log_miss = np.log(miss + LEAST_SHARE * noise)
    penalty = np.diag([0.0] + [HELD_BACK] * (causes.shape[-1] - 1))
    left = (causes * weight[:, None]).T @ causes + penalty
    return tuple(np.linalg.solve(left, (causes * weight[:, None]).T @ log_miss).tolist())
