"""Whether two things rise together across papers: Spearman's rank correlation, judged by drawing papers again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from training.bootstrap import bootstrap


@dataclass(frozen=True)
class RankCorrelation:
    """Spearman's rank correlation with its 90 % bootstrap interval over groups.

    The interval is NaN with too few groups, and all three where one of the two never varies.
    """

    value: float
    low: float
    high: float

    @property
    def judged(self) -> bool:
        """Whether there is an interval."""
        return not np.isnan(self.low)

    @property
    def sign(self) -> int:
        """+1 or -1 where the interval lies above or below 0, else 0; 0 where there is none."""
        return int(self.low > 0) - int(self.high < 0)


def rank_correlation(one: np.ndarray, other: np.ndarray, groups: np.ndarray, seed: int, fewest: int) -> RankCorrelation:
    """Rank correlation of two columns, whole groups drawn again for its interval.

    Parameters
    ----------
    one, other, groups : shape (n_rows,)
    fewest : groups below which there is no interval
    """

    def among(count: np.ndarray) -> float:
        drawn = np.repeat(np.arange(len(count)), count.astype(int))
        return spearman(one[drawn], other[drawn])

    value = spearman(one, other)
    if np.isnan(value) or len(np.unique(groups)) < fewest:
        return RankCorrelation(value, np.nan, np.nan)
    return RankCorrelation(value, *bootstrap(groups, among, seed))


def spearman(one: np.ndarray, other: np.ndarray) -> float:
    """Rank correlation of two columns; NaN where one of them never varies."""
    left, right = rankdata([one, other], axis=1) - (len(one) + 1) / 2
    size = float(np.sqrt((left**2).sum() * (right**2).sum()))
    return float((left * right).sum()) / size if size else np.nan
