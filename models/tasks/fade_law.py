"""The fade law: one curve per cell ties every cycling point to its cycle life, so that curve and life can never
disagree.

    retention(n) = 100 * 0.8 ** ((n - reference) / N80) ** shape

It is 100 % at the reference cycle, never rises, and crosses 80 % exactly N80 cycles after the reference. The model
learns log10 N80 from the design alone: a model that sees the cycle number would learn how long authors test good cells.
The shape is one number, from cells with two or more points, so that long tests of good cells and short tests of bad
ones cannot bend it.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pandas as pd

from models.ensemble import Labels
from models.tasks.examples import ABOUT_WEIGHT

LIFE_RETENTION_PCT = 80.0
HIGHEST_INFORMATIVE_PCT = 99.0
"""At or above this a point says only that the cell fades slowly: it is a bound, not a value."""
LOWEST_INFORMATIVE_PCT = 1.0
FALLBACK_SHAPE = 1.0
"""Equal loss per cycle: what is assumed when too few cells have two points."""
SHAPE_LIMITS = (0.2, 2.0)


def log10_life(cycles: Any, retention_pct: Any, shape: Any) -> np.ndarray:
    """log10 N80 of a cell that holds `retention_pct` after `cycles` cycles (counted from the reference), by the fade
    law.

    Parameters
    ----------
    cycles : array
        Cycles after the reference.
    retention_pct : array
        Retention after them, in %.
    shape : array
        Of the fade law.
    """
    share = np.clip(np.asarray(retention_pct, dtype=float), LOWEST_INFORMATIVE_PCT, HIGHEST_INFORMATIVE_PCT) / 100
    faded = np.log(share) / np.log(LIFE_RETENTION_PCT / 100)
    return np.asarray(np.log10(np.asarray(cycles, dtype=float)) - np.log10(faded) / np.asarray(shape, dtype=float))


def retention_pct(log10_n80: Any, cycles: Any, shape: float) -> np.ndarray:
    """Retention in % after `cycles` cycles (counted from the reference; 100 at 0) of a cell of life `log10_n80`.

    Parameters
    ----------
    log10_n80 : array
        log10 of the cycles to 80 %.
    cycles : array
        Cycles after the reference.
    shape : float
        Of the fade law.
    """
    ratio = np.asarray(cycles, dtype=float) / 10.0 ** np.asarray(log10_n80, dtype=float)
    return np.asarray(100 * (LIFE_RETENTION_PCT / 100) ** (ratio**shape))


def fade_shape(points: pd.DataFrame) -> float:
    """Shape of the law from cells with two or more informative points: the median over papers of the slope within
    cells.

    Parameters
    ----------
    points : columns `paper`, `cell_id`, `cycles`, `retention_pct`

    Returns
    -------
    float
        Within 0.2 to 2; 1 when fewer than three papers have such a cell.
    """
    known = points[
        points["retention_pct"].between(LOWEST_INFORMATIVE_PCT, HIGHEST_INFORMATIVE_PCT, inclusive="neither")
    ]
    slopes: dict[str, list[float]] = {}
    for (paper, _), cell in known.groupby(["paper", "cell_id"]):
        ordered = cell.sort_values("cycles")
        time = np.log(ordered["cycles"].to_numpy())
        faded = np.log(-np.log(ordered["retention_pct"].to_numpy() / 100))
        if len(ordered) >= 2 and time[-1] > time[0]:
            slopes.setdefault(str(paper), []).append(float((faded[-1] - faded[0]) / (time[-1] - time[0])))
    if len(slopes) < 3:
        return FALLBACK_SHAPE
    return float(np.clip(np.median([np.median(values) for values in slopes.values()]), *SHAPE_LIMITS))


def fade_labels(points: pd.DataFrame, shape: float) -> Labels:
    """Return bounds on log10 N80 that each cycling point implies; the points of one cell share a weight of 1.

    A retention at or above 99 %, or printed as "at least", bounds the life from below; "at most" bounds it from above.

    Parameters
    ----------
    points : DataFrame
        Cycling points: `cell_id`, `cycles`, `retention_pct`, `qualifier`.
    shape : float
        Of the fade law.
    """
    value = log10_life(points["cycles"], points["retention_pct"], shape)
    qualifier = points["qualifier"].fillna("=").to_numpy()
    only_lower = (points["retention_pct"].to_numpy() >= HIGHEST_INFORMATIVE_PCT) | (qualifier == ">")
    only_upper = ~only_lower & ((points["retention_pct"].to_numpy() <= LOWEST_INFORMATIVE_PCT) | (qualifier == "<"))
    share = 1 / points.groupby("cell_id")["cycles"].transform("size").to_numpy(dtype=float)
    weight = share * np.where(qualifier == "~", ABOUT_WEIGHT, 1.0)
    return Labels(np.where(only_upper, -np.inf, value), np.where(only_lower, np.inf, value), weight)


def life_bounds(points: pd.DataFrame) -> pd.DataFrame:
    """Bounds on each cell's life from its points alone, without the fade law.

    Parameters
    ----------
    points : DataFrame
        Cycling points: `paper`, `cell_id`, `cycles`, `retention_pct`, `qualifier`.

    Returns
    -------
    DataFrame
        One row per cell: `paper`, `cell_id`, `lower`, `upper` (log10 cycles after the reference). `upper` is +inf when
        the last point is still above 80 %; `lower` is -inf when the first point is already below; both are equal where
        80 % is printed.
    """
    rows = []
    cycles, retention = (points[name].to_numpy(dtype=float) for name in ("cycles", "retention_pct"))
    mark = points["qualifier"].to_numpy(dtype=object)
    at_least, at_most = mark == ">", mark == "<"
    for names, cell in points.groupby(["paper", "cell_id"]).indices.items():
        exact = cell[(retention[cell] == LIFE_RETENTION_PCT) & ~at_least[cell] & ~at_most[cell]]
        if len(exact):
            lower = upper = cycles[exact[0]]
        else:
            above = cycles[cell[(retention[cell] >= LIFE_RETENTION_PCT) & ~at_most[cell]]]
            below = cycles[cell[(retention[cell] <= LIFE_RETENTION_PCT) & ~at_least[cell]]]
            upper = below.min(initial=np.inf)
            lower = above[above < upper].max(initial=0.0)
        with np.errstate(divide="ignore"):
            rows.append((*cast(tuple[str, str], names), np.log10(lower), np.log10(upper)))
    bounds = pd.DataFrame(rows, columns=["paper", "cell_id", "lower", "upper"])
    known = np.flatnonzero(np.isfinite(bounds["lower"]) | np.isfinite(bounds["upper"]))
    return bounds.take(known).reset_index(drop=True)


def on_common_shape(values: np.ndarray, designs: pd.DataFrame, shapes: np.ndarray) -> np.ndarray:
    """Return values of models of several shapes as those of the shape that all points show, shape (n_repeats, n_rows).

    Parameters
    ----------
    values : ndarray, shape (n_repeats, n_rows)
        log10 cycles to 80 %.
    designs : DataFrame, shape (n_rows, n_columns)
        Cycling points.
    shapes : ndarray, shape (n_repeats, n_rows)
        Of the fade law behind each value; NaN for other quantities, whose values stay as they are.
    """
    if not np.isfinite(shapes).any():
        return values
    cycles, retention = (designs[name].to_numpy(dtype=float) for name in ("cycles", "retention_pct"))
    common = log10_life(cycles, retention, fade_shape(designs))
    return np.asarray(values + common - log10_life(cycles, retention, shapes))
