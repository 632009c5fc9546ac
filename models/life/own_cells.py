"""Finished cells of a user's own laboratory: they shift and narrow the predictions of its next cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.cycling.curves import Curves, Floats
from models.life.life_features import life_rows, open_prior
from models.life.model import LifeModel
from models.life.trend import fit_trend

LEAST_MARGIN = 0.003


@dataclass(frozen=True)
class OwnCells:
    """Correction that a laboratory's finished cells make to the model.

    Attributes
    ----------
    cells : number that reached their threshold after the cycles given
    shift : decades to add to a life
    narrow : factor of the intervals' width
    """

    cells: int
    shift: float
    narrow: float


def calibrate_own(curves: Curves, thresholds: Floats, last_cycle: float, model: LifeModel) -> OwnCells:
    """Compare the model with finished cells, cut at the cycle of the cells to predict.

    Errors of one laboratory go together: the share of the variance between laboratories, as the training's data sets
    show it, says how far the next cell follows the mean error of those that are finished.

    Parameters
    ----------
    curves : Curves
        Finished cells.
    thresholds : array, shape (n_cells,)
        Retention that ends each life.
    last_cycle : float
        Last cycle of the cells to predict.
    model : LifeModel
        The fitted model.

    Raises
    ------
    ValueError
        None of the cells goes on past that cycle and reaches its threshold.
    """
    life = curves.crossing_at(thresholds)
    within = np.bincount(curves.cell, weights=curves.cycle <= last_cycle, minlength=len(curves.names))
    usable = np.flatnonzero((within >= 3) & (life > last_cycle))
    if len(usable):
        first = curves.take(usable).until(np.full(len(usable), last_cycle))
        rows = life_rows(first, fit_trend(first, open_prior(len(usable))), thresholds[usable][:, None])
        above = (rows["retention"] > rows["threshold"] + LEAST_MARGIN).to_numpy()
        usable, rows = usable[above], rows[above]
    if not len(usable):
        raise ValueError(
            f"the finished cells teach nothing here: none has three points up to cycle {last_cycle:g} and falls below "
            "its threshold later; give cells cycled to the end, at least one"
        )
    error = np.log10(life[usable]) - model.estimate(rows).life
    between = float(model.about.get("between_laboratories", 0.0))
    count = len(error)
    weight = count * between / (count * between + 1 - between)
    remaining = (1 - between) + between * (1 - weight)
    return OwnCells(count, float(weight * np.mean(error)), float(np.sqrt(remaining)))
