"""Cluster bootstrap: intervals of a figure when whole papers are drawn again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.stats import beta, rankdata

BOOTSTRAPS = 2000
FEWEST_GROUPS = 5
"""A bootstrap of fewer groups is no estimate for new groups: no skill is claimed from them."""
BAND = (5.0, 95.0)
"""Percentiles of the 90 % bootstrap interval."""


def bootstrap(groups: np.ndarray, statistic: Callable[[np.ndarray], float], seed: int) -> tuple[float, float]:
    """90 % interval of a statistic when whole groups are drawn again.

    Parameters
    ----------
    groups : ndarray
        Group of each row, shape (n_rows,).
    statistic : callable
        Takes how often each row counts, shape (n_rows,).
    seed : int
        Of the drawing.
    """
    member, drawn = _drawn(groups, seed)
    return _band(np.array([statistic(counts[member]) for counts in drawn]))


def _drawn(groups: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the number of each row's group, and how often each group is drawn, shape (n_bootstraps, n_groups)."""
    kinds, member = np.unique(groups, return_inverse=True)
    return member, _counts(len(kinds), seed, BOOTSTRAPS)


@lru_cache(maxsize=8)
def _counts(kinds: int, seed: int, times: int) -> np.ndarray:
    """Return how often each of some groups is drawn; kept, as many figures are judged by the same groups."""
    counts = np.random.default_rng(seed).multinomial(kinds, np.full(kinds, 1 / kinds), times).astype(float)
    counts.setflags(write=False)
    return counts


def _band(values: np.ndarray) -> tuple[float, float]:
    low, high = np.percentile(values[np.isfinite(values)], BAND)
    return float(low), float(high)


def bootstrap_ratio(groups: np.ndarray, over: np.ndarray, under: np.ndarray, seed: int) -> tuple[float, float]:
    """Return the 90 % interval of a ratio of two sums over rows, when whole groups are drawn again.

    Parameters
    ----------
    groups : ndarray
        Group of each row, shape (n_rows,).
    over : ndarray
        Summed above the line, shape (n_rows,).
    under : ndarray
        Summed below the line, shape (n_rows,); ones for a mean.
    seed : int
        Of the drawing.
    """
    member, drawn = _drawn(groups, seed)
    with np.errstate(divide="ignore", invalid="ignore"):  # the denominator of the drawn groups may be 0
        return _band((drawn @ np.bincount(member, over)) / (drawn @ np.bincount(member, under)))


def without_most_helpful(groups: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """Return the rows of all groups but the one that adds most to a gain: skill must not rest on one paper.

    Parameters
    ----------
    groups : ndarray
        Group of each row, shape (n_rows,).
    gain : ndarray
        Of each row, shape (n_rows,); more is better.

    Returns
    -------
    ndarray of int
        Places of the rows that stay.

    Examples
    --------
    >>> without_most_helpful(np.array([0, 0, 1, 2]), np.array([0.2, 0.2, 0.3, -1.0])).tolist()
    [2, 3]
    """
    kinds, member = np.unique(groups, return_inverse=True)
    return np.flatnonzero(member != np.argmax(np.bincount(member, gain, len(kinds))))


def covered_share(covered: np.ndarray, groups: np.ndarray, seed: int) -> tuple[float, float, float]:
    """Share of the values inside their intervals, each group counting once, with its 90 % interval; NaN where nothing
    is known.

    Parameters
    ----------
    covered : ndarray
        Of each row, 0 to 1, shape (n_rows,); NaN where it could not be judged.
    groups : ndarray
        Group of each row, shape (n_rows,).
    seed : int
        Of the drawing.

    Examples
    --------
    >>> share, low, high = covered_share(np.array([1.0, 0.0, 1.0]), np.array([0, 0, 1]), seed=0)
    >>> share  # the first paper counts once, with half of its values
    0.75
    """
    known = np.isfinite(covered)
    if not known.any():
        return np.nan, np.nan, np.nan
    covered, groups = covered[known], groups[known]
    kinds, member, size = np.unique(groups, return_inverse=True, return_counts=True)
    weight = 1 / size[member]
    low, high = bootstrap_ratio(groups, weight * covered, weight, seed)
    return float((weight * covered).sum() / len(kinds)), low, high


def share_interval(inside: float, count: int, shares: int = 1) -> tuple[float, float]:
    """90 % interval of a share by Clopper and Pearson.

    Parameters
    ----------
    inside : float
        How many of the groups; a group with some values inside counts in part.
    count : int
        Number of groups.
    shares : int
        Number of shares that are judged at once: each interval is so wide that all hold together at 90 % (Bonferroni).

    Examples
    --------
    All of three groups inside: from the share p on with p ** 3 = 0.05.

    >>> low, high = share_interval(3, 3)
    >>> round(low**3, 6), high
    (0.05, 1.0)
    """
    tail = (100 - BAND[1]) / 100 / shares
    low = float(beta.ppf(tail, inside, count - inside + 1)) if inside > 0 else 0.0
    high = float(beta.ppf(1 - tail, inside + 1, count - inside)) if inside < count else 1.0
    return low, high


@dataclass(frozen=True)
class RankCorrelation:
    """Spearman's rank correlation with its 90 % bootstrap interval over groups.

    The interval is NaN with too few groups, and all three where one of the two never varies.
    """

    value: float
    low: float
    high: float

    @property
    def has_interval(self) -> bool:
        """Return whether papers were enough for an interval."""
        return not np.isnan(self.low)

    @property
    def sign(self) -> int:
        """+1 or -1 where the interval lies above or below 0, else 0; 0 where there is none."""
        return int(self.low > 0) - int(self.high < 0)


def rank_correlation(
    first: np.ndarray, second: np.ndarray, groups: np.ndarray, seed: int, fewest: int
) -> RankCorrelation:
    """Rank correlation of two columns, whole groups drawn again for its interval.

    Parameters
    ----------
    first, second : ndarray
        Shape (n_rows,).
    groups : ndarray
        Group of each row, shape (n_rows,).
    seed : int
        Of the drawing.
    fewest : int
        Groups below which there is no interval.
    """
    value = spearman(first, second)
    if np.isnan(value) or len(np.unique(groups)) < fewest:
        return RankCorrelation(value, np.nan, np.nan)
    member, drawn = _drawn(groups, seed)
    return RankCorrelation(value, *_band(_drawn_again(first, second, drawn[:, member])))


def _drawn_again(first: np.ndarray, second: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return the rank correlation of each drawing, shape (n_drawings,); NaN where a column does not vary in it.

    Parameters
    ----------
    first, second : ndarray, shape (n_rows,)
        The columns.
    counts : ndarray, shape (n_drawings, n_rows)
        How often each row was drawn.
    """
    middle = (counts.sum(axis=1, keepdims=True) + 1) / 2
    x, y = (_ranks(column, counts) - middle for column in (first, second))
    size = np.sqrt((counts * x**2).sum(axis=1) * (counts * y**2).sum(axis=1))
    return np.where(size > 0, (counts * x * y).sum(axis=1) / np.where(size > 0, size, 1.0), np.nan)


def _ranks(column: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return the rank of each row where it stands as often as it was drawn, equal values sharing their mean rank."""
    kinds, member = np.unique(column, return_inverse=True)
    of_kind = counts @ (member[:, None] == np.arange(len(kinds)))
    below = np.cumsum(of_kind, axis=1) - of_kind
    return np.asarray((below + (of_kind + 1) / 2)[:, member])


def spearman(first: np.ndarray, second: np.ndarray) -> float:
    """Rank correlation of two columns; NaN where one of them never varies.

    Parameters
    ----------
    first, second : ndarray
        Shape (n_rows,).

    Examples
    --------
    >>> spearman(np.array([1.0, 2.0, 3.0]), np.array([10.0, 30.0, 20.0]))
    0.5
    >>> spearman(np.array([1.0, 1.0]), np.array([2.0, 3.0]))
    nan
    """
    x, y = rankdata([first, second], axis=1) - (len(first) + 1) / 2
    size = float(np.sqrt((x**2).sum() * (y**2).sum()))
    return float((x * y).sum()) / size if size else np.nan
