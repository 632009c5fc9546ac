"""How far a figure can be trusted when whole papers are drawn again."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

BOOTSTRAPS = 2000
FEWEST_GROUPS = 5
"""Drawing fewer groups again says nothing of groups to come: no skill is claimed from them."""
BAND = (5.0, 95.0)
"""Percentiles of the 90 % bootstrap interval."""


def bootstrap(groups: np.ndarray, statistic: Callable[[np.ndarray], float], seed: int) -> tuple[float, float]:
    """90 % interval of a statistic when whole groups are drawn again.

    Parameters
    ----------
    groups : group of each row
    statistic : takes how often each row counts, shape (n_rows,)
    """
    kinds, member = np.unique(groups, return_inverse=True)
    random = np.random.default_rng(seed)
    drawn = [
        statistic(random.multinomial(len(kinds), np.full(len(kinds), 1 / len(kinds)))[member].astype(float))
        for _ in range(BOOTSTRAPS)
    ]
    values = np.array(drawn)
    low, high = np.percentile(values[np.isfinite(values)], BAND)
    return float(low), float(high)


def held_share(covered: np.ndarray, groups: np.ndarray, seed: int) -> tuple[float, float, float]:
    """Share of the groups' values that were held, each group counting once, with its 90 % interval; NaN where nothing
    is known.

    Parameters
    ----------
    covered : of each row, 0 to 1; NaN where it could not be judged
    """
    known = np.isfinite(covered)
    if not known.any():
        return np.nan, np.nan, np.nan
    covered, groups = covered[known], groups[known]
    kinds, member, size = np.unique(groups, return_inverse=True, return_counts=True)
    weight = 1 / size[member]
    low, high = bootstrap(groups, lambda count: float((count * weight * covered).sum() / (count * weight).sum()), seed)
    return float((weight * covered).sum() / len(kinds)), low, high
