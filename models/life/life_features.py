"""One row per cell and threshold: the features a life is predicted from."""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.cycling.curves import Curves, Floats
from features.cycling.shape import shape_features
from models.life.trend import Trend, TrendPrior

UNKNOWN_CLASS = (float(np.log(1.2)), 0.5)
"""Logarithm of the exponent and its deviation where nothing is known of the cell: losses that slow down, and knees."""
UNKNOWN_LIFE = (2.8, 0.5)
"""log10 of the life to 80 % and its deviation where nothing is known: 90 % of lives from 100 to 4,200 cycles."""
FEATURES = (
    "log10_cycles", "retention", "rise", "log10_fade", "log10_rate", "rate_ratio", "late_ratio", "log10_noise",
    "first_loss", "own", "own_sd", "threshold", "slope", "log10_to_go", "straight",
)  # fmt: skip
"""Of the learned members, in their order: those of `SHAPE_FEATURES` but the spacing, and what the trend says."""
LEAST_STEP = 0.02
"""A life lies at least this many decades after the last cycle given, while the cell is above the threshold."""
LEAST_TO_GO = 0.003


def open_prior(count: int) -> TrendPrior:
    """Return the prior that knows nothing of the cells' classes: the learned members are fed with it.

    Parameters
    ----------
    count : int
        Number of cells.
    """
    ones = np.ones(count)
    return TrendPrior(ones * UNKNOWN_CLASS[0], ones * UNKNOWN_CLASS[1], ones * UNKNOWN_LIFE[0], ones * UNKNOWN_LIFE[1])


def life_rows(curves: Curves, trend: Trend, thresholds: Floats) -> pd.DataFrame:
    """Return the features of each cell at each threshold.

    Parameters
    ----------
    curves : Curves
        First cycles.
    trend : Trend
        Of the same cells, with the open prior.
    thresholds : array, shape (n_cells, n_thresholds)
        Retention, between 0 and 1.

    Returns
    -------
    DataFrame
        `FEATURES`, finite, and `cell` (place in the curves); the thresholds of one cell follow each other.
    """
    count, width = thresholds.shape
    shape = shape_features(curves)
    own, own_sd = trend.log10_life(thresholds)
    rows = shape.loc[np.repeat(np.arange(count), width)].reset_index(drop=True)
    rows["cell"] = np.repeat(np.arange(count), width)
    rows["own"] = np.maximum(own.ravel(), rows["log10_cycles"] + LEAST_STEP)
    rows["own_sd"] = own_sd.ravel()
    rows["threshold"] = thresholds.ravel()
    rows["slope"] = np.repeat(trend.slope, width)
    to_go = np.log10(np.maximum(rows["retention"] - rows["threshold"], LEAST_TO_GO))
    rows["log10_to_go"] = to_go
    straight = np.log10(10 ** rows["log10_cycles"] + 10 ** (to_go - rows["log10_rate"]))
    rows["straight"] = np.clip(straight, 1.0, 4.5)
    return rows
