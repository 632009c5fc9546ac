"""Differences of two designs of one laboratory: the prediction's difference, believed as far as papers never seen
support it, with a conformal interval of its own.

What one laboratory does alike, the errors of its rows share: which of two of its designs is better can be known where
neither value is. Scores are errors of differences of two rows of one paper, both predicted out of fold; papers weigh
alike, as for single values (`models.intervals`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from models.boosters.labels import Labels, weighted_median
from models.calibrate import calibrate
from models.intervals import Calibration

FEWEST_PAPERS = 10
"""Papers with two designs below which no difference is predicted: their 90 % interval needs nine and one to come."""


@dataclass(frozen=True)
class Pairs:
    """Pairs of designs of one paper, measured and predicted out of fold, on a target's error scale.

    Attributes
    ----------
    measured : ndarray, shape (n_pairs,)
        First minus second.
    predicted : ndarray, shape (n_repeats, n_pairs)
    distance : ndarray, shape (n_pairs,)
        Between the two designs, as `Domain.distances` measures it.
    papers, groups : ndarray, shape (n_pairs,)
        Paper of each pair, and group of papers, which share compositions.
    """

    measured: np.ndarray
    predicted: np.ndarray
    distance: np.ndarray
    papers: np.ndarray
    groups: np.ndarray

    def take(self, chosen: np.ndarray) -> Pairs:
        """Return some of the pairs.

        Parameters
        ----------
        chosen : ndarray
            Places or a mask, shape (n_pairs,).
        """
        columns = (self.distance[chosen], self.papers[chosen], self.groups[chosen])
        return Pairs(self.measured[chosen], self.predicted[:, chosen], *columns)

    @property
    def weight(self) -> np.ndarray:
        """Weight of each pair, shape (n_pairs,): those of one paper sum to 1."""
        _, member, count = np.unique(self.papers, return_inverse=True, return_counts=True)
        return np.asarray(1.0 / count[member])


@dataclass(frozen=True)
class Differences:
    """Credibility of differences of one target.

    Attributes
    ----------
    believed : float
        Share of the predicted difference that is believed, 0 to 1.
    calibration : Calibration
        Of the errors of differences; its spread is 0, its distance that between the two designs.
    skill : mapping
        Plain figures on papers never seen, as `training.evaluation.within_papers` measures them.
    """

    believed: float
    calibration: Calibration
    skill: Mapping[str, Any]

    def expected(self, predicted: np.ndarray) -> np.ndarray:
        """Return the difference to expect: the predicted one, as far as papers support it.

        Parameters
        ----------
        predicted : ndarray
            Difference of two predictions on the target's error scale, shape (n_pairs,).
        """
        return np.asarray(self.believed * predicted)

    def half_width(self, distance: np.ndarray, level: float) -> np.ndarray:
        """Return half the width of the intervals, shape (n_pairs,).

        Parameters
        ----------
        distance : ndarray
            Between the two designs, shape (n_pairs,).
        level : float
            Share of papers whose differences the interval should hold, 0 to 1.

        Raises
        ------
        LevelError
            The number of papers cannot support the level.
        """
        return self.calibration.half_width(np.zeros_like(distance), level, distance)

    def probability_first_above(self, predicted: np.ndarray, distance: np.ndarray) -> np.ndarray:
        """Return the probability that the first design lies above the second, shape (n_pairs,).

        Parameters
        ----------
        predicted : ndarray
            Difference of two predictions, shape (n_pairs,).
        distance : ndarray
            Between the two designs, shape (n_pairs,).
        """
        zeros = np.zeros_like(distance)
        return self.calibration.probability_above(zeros, self.expected(predicted), zeros, distance)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**asdict(self), "calibration": self.calibration.as_dict(), "skill": dict(self.skill)}

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Differences:
        """Read what `as_dict` gave.

        Parameters
        ----------
        state : mapping of str to Any
            What `as_dict` gave.
        """
        return cls(float(state["believed"]), Calibration.from_dict(state["calibration"]), dict(state["skill"]))


def believed_share(pairs: Pairs) -> float:
    """Return the share of predicted differences that leaves the smallest mean absolute error, 0 to 1.

    Parameters
    ----------
    pairs : Pairs
        Out-of-fold predictions; papers weigh alike.

    Examples
    --------
    Differences of 1 and 2 measured where 2 and 4 were predicted: half of each is right.

    >>> pairs = Pairs(np.array([1.0, 2.0]), np.array([[2.0, 4.0]]), np.zeros(2), np.arange(2), np.arange(2))
    >>> believed_share(pairs)
    0.5
    """
    predicted = pairs.predicted.ravel()
    repeats = len(pairs.predicted)
    measured, weight = np.tile(pairs.measured, repeats), np.tile(pairs.weight, repeats)
    telling = predicted != 0
    if not telling.any():
        return 0.0
    # sum of w |m - s p| over the pairs is least at the median of m / p, weighed by w |p|
    share = weighted_median((measured / np.where(telling, predicted, 1.0))[telling], (weight * abs(predicted))[telling])
    return float(np.clip(share, 0.0, 1.0))


def calibrate_differences(pairs: Pairs, others_share: np.ndarray) -> Calibration:
    """Return the calibration of differences.

    Parameters
    ----------
    pairs : Pairs
        Out-of-fold predictions.
    others_share : ndarray
        Share believed of each pair, settled without its own group, shape (n_pairs,).
    """
    labels = Labels(pairs.measured, pairs.measured, np.ones(len(pairs.measured)))
    predicted = others_share * pairs.predicted
    distance = np.tile(pairs.distance, (len(predicted), 1))
    return calibrate(predicted, np.zeros_like(predicted), labels, pairs.groups, distance=distance)
