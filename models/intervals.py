"""Intervals that keep their promise on papers never seen: conformal, with the paper as the unit.

Scores are the errors of out-of-fold predictions (folds by paper) over a scale. Every paper weighs the same, and the
paper that is still to come counts as one more at infinity (hierarchical conformal prediction: Lee, Barber and Willett,
arXiv:2306.06342). What is stored is plain numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np

from features.cache import Cache


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
    families : how much the log of the scale lies above the trend in each class of electrolytes, by its name
    """

    scores: tuple[float, ...]
    weights: tuple[float, ...]
    papers: int
    noise: float
    trend: tuple[float, ...] = ()
    sided: bool = False
    far: Calibration | None = None
    families: Mapping[str, float] = field(default_factory=dict)
    _reaches: Cache[tuple[float, float]] = field(
        default_factory=lambda: Cache(64), init=False, repr=False, compare=False
    )

    @property
    def highest_level(self) -> float:
        """The highest level this many papers support: k / (k + 1), or (k - 1) / (k + 1) where ends are settled one by
        one, as the paper that is still to come may lie beyond either."""
        near = supported_level(self.papers)
        near = 2 * near - 1 if self.sided else near
        return min(near, self.far.highest_level) if self.far else near

    def half_width(
        self, spread: Any, level: float, distance: Any = None, centre: Any = None, family: Any = 0.0
    ) -> np.ndarray:
        """Half the width of the interval, in the model's unit, shape of `spread`.

        Parameters
        ----------
        spread : array
            Deviation of the ensemble's members.
        level : float
            Share of papers' values to hold.
        distance : array
            To the nearest training row, as `Domain.distances` measures it; needed where a trend was learnt.
        centre : array
            Predictions, on the model's scale; needed where the trend follows them.
        family : array
            What `of_family` gives for their classes.

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
        return np.asarray(half * self.scale(spread, distance, centre, family))

    def _by_distance(self, distance: Any, ask: Callable[[Calibration], Any]) -> Any:
        """Answer of these errors; beyond `FAR` that of the far ones."""
        return np.where(np.asarray(distance) > FAR, ask(self.far), ask(self)) if self.far else ask(self)

    def _reach(self, level: float) -> tuple[float, float]:
        """Reach of the interval below and above the prediction, in scales."""
        return self._reaches.once(level, lambda: self._new_reach(level))

    def _new_reach(self, level: float) -> tuple[float, float]:
        scores, weights = self._scored
        if not self.sided:
            reach = _quantile(scores, weights, level * (self.papers + 1))
            return reach, reach
        tail = (1 + level) / 2 * (self.papers + 1)
        return max(_quantile(-scores[::-1], weights[::-1], tail), 0.0), max(_quantile(scores, weights, tail), 0.0)

    @cached_property
    def _scored(self) -> tuple[np.ndarray, np.ndarray]:
        return np.array(self.scores), np.array(self.weights)

    def shift(self, half: Any, level: float, distance: Any = None) -> np.ndarray:
        """Offset of the interval's middle above the prediction, in the model's unit, shape of `half`.

        Parameters
        ----------
        half : array
            What `half_width` gave.
        level : float
            Share of papers' values to hold.
        distance : array
            To the nearest training design, shape of `half`; needed where far ones are judged by themselves.
        """
        return np.asarray(half * self._by_distance(distance, lambda errors: _lean(*errors._reach(level))))

    def interval(
        self, centre: Any, spread: Any, level: float, distance: Any = None, family: Any = 0.0
    ) -> tuple[np.ndarray, np.ndarray]:
        """Middle and half width of the interval, shape of `spread` each.

        Parameters
        ----------
        centre, spread, level, distance, family
            As for `half_width`.
        """
        half = self.half_width(spread, level, distance, centre, family)
        return np.asarray(centre + self.shift(half, level, distance)), half

    def share_within(
        self, half: Any, spread: Any, distance: Any = None, centre: Any = None, family: Any = 0.0
    ) -> np.ndarray:
        """Share of papers' values that lie within some distance of the prediction: where both ends are settled alike,
        the highest level whose `half_width` is not wider; 0 where even the smallest error is larger.

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
        family : array
            What `of_family` gives for their classes, shape (n_designs,).
        """
        errors = np.asarray(half, dtype=float) / self.scale(spread, distance, centre, family)
        return np.asarray(self._by_distance(distance, lambda side: side._share(errors, "right") - side._share(-errors)))

    def _share(self, errors: np.ndarray, side: Literal["left", "right"] = "left") -> np.ndarray:
        """Share of papers' scores below some, or (`right`) up to them; the paper to come counts as one more."""
        scores, weights = self._scored
        return np.append(0.0, np.cumsum(weights))[np.searchsorted(scores, errors, side)] / (self.papers + 1)

    def probability_above(
        self, limit: Any, centre: Any, spread: Any, distance: Any = None, family: Any = 0.0
    ) -> np.ndarray:
        """Probability that each value lies above a limit, shape (n_designs,): the intervals, read backwards.

        The interval that just reaches the limit holds its share of papers' values; the rest is taken to lie to either
        side alike, unless the papers' own sides are known. Never nearer to 0 or 1 than the number of papers supports.

        Parameters
        ----------
        limit, centre, spread, distance, family : array
            As for `share_within`.
        """
        if self.sided:
            errors = (limit - centre) / self.scale(spread, distance, centre, family)
            half = self._by_distance(distance, lambda side: 0.5 / (side.papers + 1))  # a paper to come, on either side
            return np.asarray(1 - half - self._by_distance(distance, lambda side: side._share(errors)))
        share = self.share_within(np.abs(limit - centre), spread, distance, centre, family)
        return np.asarray(np.where(centre > limit, 1 + share, 1 - share) / 2)

    def of_family(self, names: Iterable[str | None]) -> np.ndarray:
        """Return each family's offset of the log scale from the trend, 0 in a class not judged; shape (n_names,).

        Parameters
        ----------
        names : iterable of str or None
            Classes of electrolytes; None where none is known, which is taken for a class.
        """
        return np.array([self.families.get(str(name), 0.0) for name in names], dtype=float)

    def scale(self, spread: Any, distance: Any = None, centre: Any = None, family: Any = 0.0) -> np.ndarray:
        """Scale of the error: larger where the ensemble's members disagree, and far from what is known.

        Parameters
        ----------
        spread : array
            Ensemble's spread, on the model's scale, shape (n_designs,).
        distance : array
            To the nearest training design, shape (n_designs,); None where not measured.
        centre : array
            Predictions, on the model's scale, shape (n_designs,); left aside where the trend does not follow them.
        family : array
            What `of_family` gives for their classes, shape (n_designs,).

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
        causes = scale_causes(spread, distance, self.noise, centre if len(self.trend) > PLAIN_CAUSES else None)
        return np.asarray(np.exp(causes @ np.array(self.trend) + family))

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
            **({"families": dict(self.families)} if self.families else {}),
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
            cls.from_dict(far) if far else None, dict(state.get("families", {})),
        )  # fmt: skip


def _quantile(scores: np.ndarray, weights: np.ndarray, reached: float) -> float:
    """The first of ascending scores up to which the weights reach a sum, the last where they never do."""
    return float(scores[min(int(np.searchsorted(np.cumsum(weights), reached - 1e-9)), len(scores) - 1)])


def _lean(below: float, above: float) -> float:
    """Offset of an interval's middle above the prediction, in half widths."""
    return (above - below) / (above + below) if above + below > 0 else 0.0


FAR = 0.3
"""Distance to the nearest training row beyond which errors are judged by themselves, where enough papers are on both
sides: the goals of the intervals are set on either side of it."""
LEAST_SHARE = 0.1
"""Errors and spreads are resolved down to this share of the noise, distances down to this distance."""
PLAIN_CAUSES = 3
"""Variables without the prediction."""
LOWEST, HIGHEST = -9.0, -2.0
"""log10 S/cm beyond which predictions change the scale no further."""


def scale_causes(spread: Any, distance: Any, noise: float, centre: Any = None) -> np.ndarray:
    """Return the variables the scale depends on, shape (..., 3 or 4): a constant, log spread, log distance and, where
    given, the prediction.

    Parameters
    ----------
    spread, distance, centre : array
        As for `Calibration.scale`.
    noise : float
        Scale of the error of a single prediction.
    """
    spread, distance = np.asarray(spread, dtype=float), np.asarray(distance, dtype=float)
    causes = [np.ones_like(spread), np.log(spread / noise + LEAST_SHARE), np.log(distance + LEAST_SHARE)]
    if centre is not None:
        causes.append(np.clip(centre, LOWEST, HIGHEST) - (LOWEST + HIGHEST) / 2)
    return np.stack(causes, axis=-1)
