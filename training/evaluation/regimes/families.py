"""Coverage of intervals in each family of electrolytes, most of which few papers measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.electrolyte_columns import read_electrolytes
from features.tables.designs import Designs
from models.polymers.prediction import predict_polymers
from models.tasks.target import Target
from reporting.numbers import share_with_interval
from training.evaluation.bootstrap import share_interval
from training.evaluation.coverage import coverage
from training.evaluation.crossvalidate import OutOfFold
from training.evaluation.regimes.regime import classes_in

NO_CLASS = "no class known"
FEWEST_PAPERS = 3
"""Groups of papers below which a family is not judged."""
MANY_PAPERS = 30
"""Groups of papers from which a family is judged by the share alone."""
LEAST_BELOW, MANY_BELOW, MANY_ABOVE = 0.15, 0.04, 0.05
"""How far below the level the share of a family's papers may not fall, and how far below and above it may lie where
there are many."""


def least_share(level: float) -> float:
    """Return the limit that the share of a family's papers has to exceed.

    Parameters
    ----------
    level : float
        Share promised.

    Examples
    --------
    >>> least_share(0.9)
    0.75
    """
    return round(level - LEAST_BELOW, 9)


def many_shares(level: float) -> tuple[float, float]:
    """Return the limits of the share of a family with many papers.

    Parameters
    ----------
    level : float
        Share promised.

    Examples
    --------
    >>> many_shares(0.9), many_shares(0.98)
    ((0.86, 0.95), (0.94, 1.0))
    """
    return round(level - MANY_BELOW, 9), min(round(level + MANY_ABOVE, 9), 1.0)


@dataclass(frozen=True)
class FamilyCoverage:
    """Share of one family's values that lie inside their intervals.

    Attributes
    ----------
    family : str
        Class of the electrolytes.
    rows, papers : int
        Rows with a value, and groups of papers they come from.
    level : float
        Share promised.
    share, low, high : float
        Share inside, every group of papers counting once, with its Clopper-Pearson interval over groups, corrected for
        the number of families.
    width : float
        Mean width of the intervals, every group counting once.
    """

    family: str
    rows: int
    papers: int
    level: float
    share: float
    low: float
    high: float
    width: float

    @property
    def covers_as_stated(self) -> bool:
        """Return whether the promise is kept: of many papers by the share, of few by whether its interval allows it."""
        if self.papers >= MANY_PAPERS:
            least, most = many_shares(self.level)
            return least <= round(self.share, 2) <= most
        return self.low <= self.level <= self.high and self.share > least_share(self.level)

    def __str__(self) -> str:
        """The family, its rows and papers, and the share inside the intervals."""
        return (
            f"{self.family} {100 * self.share:.0f} % ({100 * self.low:.0f} to {100 * self.high:.0f}; {self.rows} rows "
            f"of {self.papers}; {self.width:.1f})"
        )


def by_family(target: Target, out_of_fold: OutOfFold, level: float) -> list[FamilyCoverage]:
    """Judge the intervals of each family, each paper's calibrated without it; polymers by the model that answers them.

    Parameters
    ----------
    target : Target
        Of an electrolyte.
    out_of_fold : OutOfFold
        Out-of-fold predictions of its task.
    level : float
        Share of papers whose values the intervals should hold, 0 to 1.

    Returns
    -------
    list of FamilyCoverage
        As of `judge`.
    """
    covered, width = coverage(target, out_of_fold, level)
    designs = Designs.of(out_of_fold.examples.designs)
    if polymers := predict_polymers(designs, read_electrolytes(designs), level):
        labels = out_of_fold.examples.labels.take(np.flatnonzero(polymers.mask))
        covered[polymers.mask] = labels.distance(polymers.centre) <= polymers.half
        width[polymers.mask] = 2 * polymers.half
    return judge(out_of_fold, covered, width, level)


def judge(out_of_fold: OutOfFold, covered: np.ndarray, width: np.ndarray, level: float) -> list[FamilyCoverage]:
    """Judge intervals by family, the one with most papers first; bounds are not judged.

    Parameters
    ----------
    out_of_fold : OutOfFold
        The rows.
    covered, width : ndarray, shape (n_rows,)
        Share of the repeats in which each row lies inside its interval, and the interval's width; NaN where unknown.
    level : float
        Share of papers whose values the intervals should hold, 0 to 1.

    Returns
    -------
    list of FamilyCoverage
        Of the families with `FEWEST_PAPERS` groups of papers or more.
    """
    names = np.array([NO_CLASS if name == "None" else name for name in classes_in(out_of_fold.examples).tolist()])
    judged = out_of_fold.examples.labels.exact & np.isfinite(covered)
    places = {name: np.flatnonzero(judged & (names == name)) for name in np.unique(names).tolist()}
    enough = {name: rows for name, rows in places.items() if len(np.unique(out_of_fold.groups[rows])) >= FEWEST_PAPERS}
    families = [
        _family(name, covered[rows], width[rows], out_of_fold.groups[rows], level, len(enough))
        for name, rows in enough.items()
    ]
    return sorted(families, key=lambda family: -family.papers)


def _family(
    name: str, covered: np.ndarray, width: np.ndarray, groups: np.ndarray, level: float, families: int
) -> FamilyCoverage:
    _, member, size = np.unique(groups, return_inverse=True, return_counts=True)
    weight = 1 / size[member]
    inside = round(float((weight * covered).sum()), 9)
    low, high = share_interval(inside, len(size), families)
    wide = float((weight * width).sum()) / len(size)
    return FamilyCoverage(name, len(covered), len(size), level, inside / len(size), low, high, wide)


def family_table(families: list[FamilyCoverage], unit: str, level: float) -> str:
    """Return the families as a Markdown table.

    Parameters
    ----------
    families : list of FamilyCoverage
        Of one target.
    unit : str
        Of the width.
    level : float
        Share promised.
    """
    holds = f"{100 * level:g} % interval holds (Clopper-Pearson)"
    lines = [f"| family | rows (groups of papers) | {holds} | width, {unit} | kept |", "|---|---|---|---|---|"]
    for family in families:
        coverage = share_with_interval(family.share, family.low, family.high)
        verdict = "yes" if family.covers_as_stated else "**no**"
        lines.append(
            f"| {family.family} | {family.rows} ({family.papers}) | {coverage} | {family.width:.1f} | {verdict} |"
        )
    return "\n".join(lines)
