"""Intervals that keep their promise on papers never seen: conformal, with the paper as the unit.

Scores are the errors of out-of-fold predictions (folds by paper) over a scale. Every paper weighs the same, and the
paper that is still to come counts as one more at infinity (hierarchical conformal prediction: Lee, Barber and Willett,
arXiv:2306.06342). What is stored is plain numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from features.kept import Kept
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
    sided : whether scores are signed, the value less the prediction, and each end of an interval is settled by those of
        its side
    far : errors of predictions farther than `FAR` from what is known, on the same scale, where they are judged by
        themselves; the others are then the nearer ones
    """

    scores: tuple[float, ...]
    weights: tuple[float, ...]
    papers: int
    noise: float
    trend: tuple[float, ...] = ()
    sided: bool = False
    far: Calibration | None = None
    _reaches: Kept[tuple[float, float]] = field(default_factory=lambda: Kept(64), init=False, repr=False, compare=False)

    @property
    def highest_level(self) -> float:
        """The highest level this many papers support: k / (k + 1), or (k - 1) / (k + 1) where ends are settled one by
        one, as the paper that is still to come may lie beyond either."""
        near = supported_level(self.papers)
        near = 2 * near - 1 if self.sided else near
        return min(near, self.far.highest_level) if self.far else near

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
        half = self._by_distance(distance, lambda errors: sum(errors._reach(level)) / 2)
        return np.asarray(half * self.scale(spread, distance, centre))

    def _by_distance(self, distance: Any, ask: Callable[[Calibration], Any]) -> Any:
        """What these errors answer, beyond `FAR` the far ones."""
        return np.where(np.asarray(distance) > FAR, ask(self.far), ask(self)) if self.far else ask(self)

    def _reach(self, level: float) -> tuple[float, float]:
        """How far the interval reaches below and above the prediction, in scales."""
        return self._reaches.once(level, lambda: self._new_reach(level))

    def _new_reach(self, level: float) -> tuple[float, float]:
        if not self.sided:
            reach = _quantile(np.array(self.scores), np.array(self.weights), level * (self.papers + 1))
            return reach, reach
        tail, scores, weights = (1 + level) / 2 * (self.papers + 1), np.array(self.scores), np.array(self.weights)
        return max(_quantile(-scores[::-1], weights[::-1], tail), 0.0), max(_quantile(scores, weights, tail), 0.0)

    def shift(self, half: Any, level: float, distance: Any = None) -> np.ndarray:
        """How far the middle of the interval lies above the prediction, in the model's unit, shape of `half`.

        Parameters
        ----------
        half : array
            What `half_width` gave.
        level : float
            Share of papers' values to hold.
        distance : to the nearest training design, shape of `half`; needed where far ones are judged by themselves
        """
        return np.asarray(half * self._by_distance(distance, lambda errors: _lean(*errors._reach(level))))

    def interval(self, centre: Any, spread: Any, level: float, distance: Any = None) -> tuple[np.ndarray, np.ndarray]:
        """Middle and half width of the interval, shape of `spread` each; parameters as for `half_width`.

        Parameters
        ----------
        centre, spread, level, distance
            As there.
        """
        half = self.half_width(spread, level, distance, centre)
        return np.asarray(centre + self.shift(half, level, distance)), half

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
        errors = np.asarray(half, dtype=float) / self.scale(spread, distance, centre)
        return np.asarray(self._by_distance(distance, lambda each: each._share(errors, "right") - each._share(-errors)))

    def _share(self, errors: np.ndarray, side: Literal["left", "right"] = "left") -> np.ndarray:
        """Share of papers' scores below some, or (`right`) up to them; the paper to come counts as one more."""
        return np.append(0.0, np.cumsum(self.weights))[np.searchsorted(self.scores, errors, side)] / (self.papers + 1)

    def probability_above(self, limit: Any, centre: Any, spread: Any, distance: Any = None) -> np.ndarray:
        """Probability that each value lies above a limit, shape (n_designs,): the intervals, read backwards.

        The interval that just reaches the limit holds its share of papers' values; the rest is taken to lie to either
        side alike, unless the papers' own sides are known. Never nearer to 0 or 1 than the number of papers supports.

        Parameters
        ----------
        limit, centre, spread, distance : array
            As for `share_within`.
        """
        if self.sided:
            errors = (limit - centre) / self.scale(spread, distance, centre)
            half = self._by_distance(distance, lambda each: 0.5 / (each.papers + 1))  # a paper to come, on either side
            return np.asarray(1 - half - self._by_distance(distance, lambda each: each._share(errors)))
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
            **({"sided": True} if self.sided else {}),
            **({"far": self.far.as_dict()} if self.far else {}),
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
        trend, far = tuple(state.get("trend", ())), state.get("far")
        return cls(
            scores, weights, int(state["papers"]), float(state["noise"]), trend, bool(state.get("sided")),
            cls.from_dict(far) if far else None,
        )  # fmt: skip


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
    by_value : whether the trend of the errors with the prediction is learnt too; from `FEWEST_SIDED` papers on either
        end of the intervals is settled by itself then, and near and far by themselves where both have as many

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
    score, sided = (miss / scale)[known], by_value and len(kinds) >= FEWEST_SIDED
    if sided:
        score = np.where((predicted > labels.upper)[known], -score, score)
    far = distance[known] > FAR if sided and distance is not None else np.zeros(len(score), dtype=bool)
    paper = np.broadcast_to(member, known.shape)[known]
    if min(len(np.unique(paper[band])) for band in (far, ~far)) < FEWEST_SIDED:
        return _ordered(score, paper, noise, trend, sided)
    beyond = _ordered(score[far], paper[far], noise, trend, sided)
    return replace(_ordered(score[~far], paper[~far], noise, trend, sided), far=beyond)


def _ordered(score: np.ndarray, paper: np.ndarray, noise: float, trend: tuple[float, ...], sided: bool) -> Calibration:
    """Calibration of some scores, the papers among them weighing the same."""
    member, size = np.unique(paper, return_inverse=True, return_counts=True)[1:]
    order, weight = np.argsort(score), 1 / size[member]
    return Calibration(tuple(score[order].tolist()), tuple(weight[order].tolist()), len(size), noise, trend, sided)


def _quantile(scores: np.ndarray, weights: np.ndarray, reached: float) -> float:
    """The first of ascending scores up to which the weights reach a sum, the last where they never do."""
    return float(scores[min(int(np.searchsorted(np.cumsum(weights), reached - 1e-9)), len(scores) - 1)])


def _lean(below: float, above: float) -> float:
    """How far the middle of an interval lies above the prediction, in half widths."""
    return (above - below) / (above + below) if above + below > 0 else 0.0


FAR = 0.3
"""Distance to the nearest training row beyond which errors are judged by themselves, where enough papers tell of both
sides: the goals of the intervals are set on either side of it."""
FEWEST_SIDED = 40
"""Papers from which on the two ends of an interval are settled one by one, and near and far by themselves."""
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
