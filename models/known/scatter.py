"""Scatter of the measurements of one composition, between laboratories and within one, and what they say together.

A value that a laboratory prints is taken as the composition's own value, plus what the laboratory adds to all it prints
of it, plus what its samples differ by (random effects); the model's prediction is one more opinion on the composition's
value. Drawing a prediction to the measured values is then partial pooling: each counts as much as it is sure.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from models.intervals import Calibration

BETWEEN, WITHIN = 0.71, 0.28
"""Deviation, in decades, of a conductivity between papers that print the same composition, and between rows of one
paper: root mean squares of 314 and 158 pairs of OBELiX's training ids (CC BY 4.0, 10.1039/d5dd00441a), over root 2."""
PRIOR_WEIGHT = 10.0
"""Degrees of freedom that these deviations count as, beside those of the rows at hand."""
HEAVY = 1.08
"""The pairs between papers have longer tails than a normal distribution: their 90 % lie within this many times of its
own."""


@dataclass(frozen=True)
class Agreement:
    """Deviations on the model's scale.

    Attributes
    ----------
    between : float
        Of a composition's values between papers.
    within : float
        Of one paper's values of a composition.
    model : float
        Of the model's predictions of a composition's value.
    calibration : Calibration or None
        Errors of drawn predictions over their deviation, by paper; None where too few papers print a composition that
        another one does.
    """

    between: float = BETWEEN
    within: float = WITHIN
    model: float = 2 * BETWEEN
    calibration: Calibration | None = None

    def quantile(self, level: float) -> float:
        """Return how many deviations hold a share of the values where no papers calibrate it.

        Parameters
        ----------
        level : float
            Share, 0 to 1.

        Examples
        --------
        >>> round(Agreement().quantile(0.9), 2)
        1.78
        """
        return HEAVY * NormalDist().inv_cdf((1 + level) / 2)

    def half_width(self, deviation: np.ndarray, level: float) -> np.ndarray:
        """Return half widths of intervals of drawn predictions, shape of `deviation`.

        Parameters
        ----------
        deviation : ndarray
            Of each drawn prediction's error, on the model's scale.
        level : float
            Share of papers whose values the interval should hold, 0 to 1.
        """
        if self.calibration and level <= self.calibration.highest_level:
            return self.calibration.half_width(deviation, level)
        return np.asarray(self.quantile(level) * deviation)

    def share_within(self, half: np.ndarray, deviation: np.ndarray) -> np.ndarray:
        """Return the share of papers' values that intervals of this half width hold, shape of `half`.

        Parameters
        ----------
        half, deviation : ndarray
            Half widths, and deviations of the drawn predictions' errors, on the model's scale.
        """
        if self.calibration:
            return self.calibration.share_within(half, deviation)
        normal = NormalDist()
        return np.array([2 * normal.cdf(ratio / HEAVY) - 1 for ratio in np.asarray(half / deviation).ravel().tolist()])

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON."""
        calibration = self.calibration.as_dict() if self.calibration else None
        return {"between": self.between, "within": self.within, "model": self.model, "calibration": calibration}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Agreement:
        """Read what `as_dict` gave.

        Parameters
        ----------
        state : dict of str to Any
            What `as_dict` gave.
        """
        calibration = Calibration.from_dict(state["calibration"]) if state["calibration"] else None
        return cls(float(state["between"]), float(state["within"]), float(state["model"]), calibration)


@dataclass(frozen=True)
class Values:
    """Measured values beside the designs they count for, one entry per pair.

    Attributes
    ----------
    design : ndarray of int, shape (n_pairs,)
        Place of the design.
    paper : ndarray of int, shape (n_pairs,)
        Number of the paper that measured.
    value : ndarray, shape (n_pairs,)
        On the model's scale, at the design's temperature.
    variance : ndarray, shape (n_pairs,)
        That carrying the value to this temperature adds.
    near : ndarray of bool, shape (n_pairs,)
        Whether the value counts as measured there; others draw the prediction, but narrow nothing and are not reported.
    parted : ndarray of int, shape (n_parted, 3), or None
        Design, row and known transition where one parts a measured value from the design; none are parted where None.
    """

    design: np.ndarray
    paper: np.ndarray
    value: np.ndarray
    variance: np.ndarray
    near: np.ndarray
    parted: np.ndarray | None = None


def precisions(values: Values, agreement: Agreement, count: int, *, own: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return the weight of all measured values of each design, and their mean, shape (n_designs,) each.

    Parameters
    ----------
    values : Values
        Of these designs.
    agreement : Agreement
        How far values lie apart.
    count : int
        Number of designs.
    own : bool
        Whether all are of the user's laboratory: its samples differ by `within`, nothing else.

    Returns
    -------
    weight, mean
        Weight is the inverse of a variance, 0 where nothing was measured; the mean is 0 there.
    """
    single = 1 / (agreement.within**2 + values.variance)
    if own:
        return _totals(values.design, single, values.value, count)
    papers = values.paper.max(initial=0) + 1
    cases, case = np.unique(values.design * papers + values.paper, return_inverse=True)
    by_paper, means = _totals(case, single, values.value, len(cases))
    return _totals(cases // papers, 1 / (agreement.between**2 + 1 / by_paper), means, count)


def _totals(place: np.ndarray, weight: np.ndarray, value: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Total weight and weighted mean by place, shape (count,) each."""
    total = np.bincount(place, weight, minlength=count)
    return total, np.bincount(place, weight * value, minlength=count) / np.where(total > 0, total, 1.0)


def drawn(
    centre: np.ndarray, variance: np.ndarray, weight: np.ndarray, mean: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Draw predictions to measured values: the mean of both, each counting as the inverse of its variance.

    Parameters
    ----------
    centre, variance : ndarray, shape (n_designs,)
        What is expected without the measured values, on the model's scale.
    weight, mean : ndarray, shape (n_designs,)
        As of `precisions`.

    Returns
    -------
    centre, variance
        What is expected with them.

    Examples
    --------
    One value half a decade above a prediction that is as unsure as the value:

    >>> centre, variance = drawn(np.array([-3.0]), np.array([1.0]), np.array([1.0]), np.array([-2.5]))
    >>> centre.tolist(), variance.tolist()
    ([-2.75], [0.5])
    """
    total = 1 / variance + weight
    return (centre / variance + weight * mean) / total, 1 / total


def deviations(
    values: np.ndarray, weight: np.ndarray, composition: np.ndarray, paper: np.ndarray
) -> tuple[float, float]:
    """Return the deviations between papers and within a paper of values that share a composition.

    Sums of squares of the rows about their paper's mean, and of the papers' means about the composition's; the
    deviations of `BETWEEN` and `WITHIN` count as `PRIOR_WEIGHT` degrees of freedom beside them.

    Parameters
    ----------
    values : ndarray, shape (n_rows,)
        On the model's scale.
    weight : ndarray, shape (n_rows,)
        Of each value: one printed with 'about' counts less.
    composition, paper : ndarray of int, shape (n_rows,)
        Number of each row's composition and paper.

    Returns
    -------
    between, within : float

    Examples
    --------
    Nothing shared: what was known before.

    >>> deviations(np.array([-3.0, -4.0]), np.ones(2), np.array([0, 1]), np.array([0, 1]))
    (0.71, 0.28)
    """
    cell = np.unique(np.column_stack([composition, paper]), axis=0, return_inverse=True)[1].ravel()
    means, rows, squares = _about_means(values, weight, cell)
    degrees = len(values) - len(means)
    within = (squares.sum() + PRIOR_WEIGHT * WITHIN**2) / (degrees + PRIOR_WEIGHT)
    owner = np.zeros(len(means), dtype=np.int64)
    owner[cell] = composition
    _, _, between_squares = _about_means(means, np.ones(len(means)), owner)
    degrees = len(means) - len(np.unique(owner))
    shared = np.isin(owner, np.flatnonzero(np.bincount(owner) > 1))
    noise = float(np.mean(within / rows[shared])) if shared.any() else 0.0
    observed = (between_squares.sum() + PRIOR_WEIGHT * (BETWEEN**2 + noise)) / (degrees + PRIOR_WEIGHT)
    between = max(observed - noise, within)
    return float(np.sqrt(between)), float(np.sqrt(within))


def _about_means(values: np.ndarray, weight: np.ndarray, cell: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean and total weight of each cell, and each value's weighted square about its mean."""
    total = np.bincount(cell, weight)
    means = np.bincount(cell, weight * values) / np.where(total > 0, total, 1.0)
    return means, total, weight * (values - means[cell]) ** 2
