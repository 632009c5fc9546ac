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

from models.boosted import Labels


class LevelError(ValueError):
    """A level that the number of papers cannot support."""


@dataclass(frozen=True)
class Calibration:
    """Out-of-fold errors of one target, ready for any level.

    Attributes
    ----------
    scores : errors over their scale, ascending
    weights : weight of each, papers weighing the same; they sum to the number of papers
    papers : number of papers
    noise : scale of the error of a single prediction, in the model's unit
    """

    scores: tuple[float, ...]
    weights: tuple[float, ...]
    papers: int
    noise: float

    @property
    def highest_level(self) -> float:
        """The highest level this many papers support: k / (k + 1)."""
        return self.papers / (self.papers + 1)

    def half_width(self, spread: Any, level: float) -> np.ndarray:
        """Half the width of the interval, in the model's unit, shape of `spread`.

        Raises
        ------
        LevelError
            The level is outside 0..1 or above `highest_level`.
        """
        if not 0 < level < 1:
            raise LevelError(f"level: got {level:g}, expected a number between 0 and 1, such as 0.9")
        if level > self.highest_level:
            raise LevelError(
                f"level: got {level:g}, but {self.papers} groups of papers support at most {self.highest_level:.3f}; "
                f"choose a lower level or add papers"
            )
        reached = np.cumsum(self.weights)
        index = int(np.searchsorted(reached, level * (self.papers + 1) - 1e-9))
        return np.asarray(self.scores[min(index, len(self.scores) - 1)] * self.scale(spread))

    def scale(self, spread: Any) -> np.ndarray:
        """Scale of the error: the noise, widened where the ensemble's members disagree."""
        return np.asarray(np.hypot(self.noise, np.asarray(spread, dtype=float)))

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON."""
        return {"scores": list(self.scores), "weights": list(self.weights), "papers": self.papers, "noise": self.noise}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Calibration:
        """Read what `as_dict` gave."""
        return cls(tuple(state["scores"]), tuple(state["weights"]), int(state["papers"]), float(state["noise"]))


def calibrate(
    predicted: np.ndarray, spread: np.ndarray, labels: Labels, papers: np.ndarray, noise: float | None = None
) -> Calibration:
    """Calibration from out-of-fold predictions.

    Parameters
    ----------
    predicted, spread : shape (n_repeats, n_rows); NaN where a row was not predicted
    labels : labels of the rows; a row that is only bounded scores how far the prediction lies outside its bound
    papers : paper of each row, shape (n_rows,)
    noise : scale of the error of a single prediction; from these predictions where not given

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
    counts = np.array([known[:, member == paper].sum() for paper in range(len(kinds))], dtype=float)
    weight = np.where(known, 1 / counts[member][None, :], 0.0)
    if noise is None:
        noise = float(np.sqrt(np.sum(weight[known] * miss[known] ** 2) / weight[known].sum()))
    score = (miss / np.hypot(noise, spread))[known]
    order = np.argsort(score)
    return Calibration(tuple(score[order].tolist()), tuple(weight[known][order].tolist()), len(kinds), noise)
