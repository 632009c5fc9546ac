"""Rule by which measured designs of a laboratory move the predictions of its other designs, and narrow them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from models.intervals import Calibration

REPLICATE_SHARE = 0.05
"""Share of a model's squared error on unseen papers that samples of one design in one laboratory differ by: of
conductivity, for want of replicates of cells. 0.28 decades (`WITHIN`) beside 1.24, of a mean error of 0.99 on unseen
papers were it normal (docs/skill.md)."""


@dataclass(frozen=True)
class Kernel:
    """Covariance of the errors within a paper.

    Attributes
    ----------
    shared, noise : variance that near designs of one paper share, and that of a row alone, on the model's scale
    reach : distance, in the unit of `Domain.distances`, over which the shared part falls to 1/e of what can fall
    common : share of the shared part that never falls: one shift for the whole laboratory
    """

    shared: float
    noise: float
    reach: float
    common: float

    def between(self, distances: np.ndarray) -> np.ndarray:
        """Covariance at distances, same shape.

        Parameters
        ----------
        distances : ndarray
            Distances between rows, shape (n_rows, n_others).
        """
        return np.asarray(self.shared * (self.common + (1 - self.common) * np.exp(-distances / self.reach)))

    def pull(self, among: np.ndarray, to: np.ndarray) -> np.ndarray:
        """Weight of each measured error in the shift of each other design, shape (n_others, n_measured).

        Parameters
        ----------
        among : ndarray
            Distances between the measured designs, shape (n_measured, n_measured).
        to : ndarray
            Distances from the others to them, shape (n_others, n_measured).
        """
        return np.asarray(self.between(to) @ self.inverse(among))

    def inverse(self, among: np.ndarray) -> np.ndarray:
        """Inverse covariance of the errors of measured designs, shape (n_measured, n_measured).

        Parameters
        ----------
        among : ndarray
            Distances between them, same shape.
        """
        return np.linalg.inv(self.between(among) + self.noise * np.eye(among.shape[-1]))

    def shift(self, errors: np.ndarray, among: np.ndarray, to: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the shift of other designs that measured designs imply.

        Parameters
        ----------
        errors : ndarray
            Measured minus predicted, shape (n_measured,) or (n_measured, n_repeats).
        among : ndarray, shape (n_measured, n_measured)
            Distances between the measured designs.
        to : ndarray, shape (n_others, n_measured)
            Distances from the others to them.

        Returns
        -------
        shift, spread : what to add to the others' predictions, shape (n_others,) or (n_others, n_repeats), and the
        deviation that is left, shape (n_others,)
        """
        pull = self.pull(among, to)
        variance = self.shared + self.noise - (pull * self.between(to)).sum(axis=1)
        return pull @ errors, np.sqrt(np.maximum(variance, self.noise))

    def recalled(self, alike: Replicates, among: np.ndarray, to: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return how measured designs weigh on others where some of these are the very same designs.

        What the papers' rows do not share is a design's own but for what replicates differ by: it is known of a design
        that was measured, and of no other (random effects of laboratory, design and sample).

        Parameters
        ----------
        alike : Replicates
            Which are the same designs.
        among, to : ndarray
            As in `pull`.

        Returns
        -------
        pull, deviation
            Weights, shape (n_others, n_measured), and the deviation of a new sample that is left, shape (n_others,).

        Examples
        --------
        One sample of the design itself, nothing shared with others, replicates of a quarter of the variance:

        >>> alike = Replicates(np.eye(1, dtype=bool), np.array([[True], [False]]), 0.25)
        >>> pull, deviation = Kernel(0.0, 1.0, 1.0, 1.0).recalled(alike, np.zeros((1, 1)), np.zeros((2, 1)))
        >>> pull.ravel().tolist(), (deviation**2).round(9).tolist()
        ([0.75, 0.0], [0.4375, 1.0])
        """
        replicate = min(alike.replicate, self.noise)
        design = self.noise - replicate
        covariance = self.between(among) + design * alike.among + replicate * np.eye(len(among))
        shared = self.between(to) + design * alike.to
        pull = np.linalg.solve(covariance, shared.T).T
        variance = self.shared + self.noise - (pull * shared).sum(axis=1)
        return np.asarray(pull), np.sqrt(np.maximum(variance, replicate))


@dataclass(frozen=True)
class Replicates:
    """Measured and predicted designs that are the same ones.

    Attributes
    ----------
    among : ndarray of bool, shape (n_measured, n_measured)
        Of the measured designs.
    to : ndarray of bool, shape (n_others, n_measured)
        Of the predicted ones and the measured ones.
    replicate : float
        Variance that samples of one design differ by, on the model's scale.
    """

    among: np.ndarray
    to: np.ndarray
    replicate: float


PRIOR = Kernel(shared=0.58, noise=0.42, reach=1.0, common=1.0)
"""Covariance of variance 1 for a quantity too few papers of which have several rows: that of conductivity, a plain
shift. The error of unseen papers falls to 0.71 / 0.87 = 0.82 with one row revealed (benchmarks/README.md), and one row
leaves a share of 1 - 0.58**2 = 0.82**2 of the variance; three should leave 0.73 of the error, 0.72 were found."""


@dataclass(frozen=True)
class LabEffect:
    """Parameters a bundle keeps to use a laboratory's own measurements.

    Attributes
    ----------
    kernel : settled on all papers
    revealed : calibration of the intervals by number of measured designs, for as many as the papers allow
    """

    kernel: Kernel
    revealed: Mapping[int, Calibration] = field(default_factory=dict)

    @property
    def is_borrowed(self) -> bool:
        """Return whether too few papers have several rows of this quantity to learn from: `PRIOR` stands in then."""
        return not self.kernel.shared and not self.revealed

    @property
    def working(self) -> Kernel:
        """The kernel that moves predictions: that of the papers, `PRIOR` of their variance where it is borrowed."""
        if not self.is_borrowed:
            return self.kernel
        return replace(PRIOR, shared=PRIOR.shared * self.kernel.noise, noise=PRIOR.noise * self.kernel.noise)

    def usable(self, count: int, level: float) -> int:
        """The most measured designs, up to `count`, that papers calibrate an interval of this level for; 0 if none.

        Parameters
        ----------
        count : int
            Number of measured designs.
        level : float
            Share of papers whose values the interval should hold, 0 to 1.
        """
        able = [size for size, errors in self.revealed.items() if size <= count and level <= errors.highest_level]
        return max(able, default=0)

    def half_width(self, among: np.ndarray, to: np.ndarray, spread: np.ndarray, level: float) -> np.ndarray | None:
        """Half width of the interval with measured designs; None where too few papers could calibrate it.

        Where papers calibrate fewer designs than are measured, the nearest of them alone settle how wide it is.

        Parameters
        ----------
        among, to : ndarray, shape (n_measured, n_measured) and (n_others, n_measured)
            Distances as in `Kernel.shift`.
        spread : ndarray, shape (n_others,)
            Deviation of the ensemble's members, on the model's scale.
        level : float
            Share of papers' values to hold.
        """
        usable = self.usable(len(among), level)
        if not usable:
            return None
        deviation = np.empty(len(to))
        for row, distances in enumerate(to):
            near = np.argsort(distances, kind="stable")[:usable]
            deviation[row] = self.kernel.shift(np.zeros(usable), among[np.ix_(near, near)], distances[None, near])[1][0]
        return self.revealed[usable].half_width(np.hypot(deviation, spread), level)

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON."""
        revealed = {str(count): calibration.as_dict() for count, calibration in self.revealed.items()}
        return {**asdict(self.kernel), "revealed": revealed}

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> LabEffect:
        """Read what `as_dict` gave.

        Parameters
        ----------
        state : mapping of str to Any
            What `as_dict` gave.
        """
        revealed = {int(count): Calibration.from_dict(calibration) for count, calibration in state["revealed"].items()}
        kernel = Kernel(*(float(state[name]) for name in ("shared", "noise", "reach", "common")))
        return cls(kernel, revealed)
