"""A factor beside an outcome of cells, as the tables have them: across papers, and between cells of one paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from features.electrolyte import classes_of
from features.tables.literature import papers_of
from features.tables.records import CellDesign
from models.tasks.examples import Examples
from models.tasks.part import Part
from training.evaluation.bootstrap import FEWEST_GROUPS, RankCorrelation, bootstrap, rank_correlation, spearman

HAS_CARBON = "anode_has_carbon"
"""Feature: whether share, additive or name of an anode state carbon."""
PAIR_COLUMNS = ("paper", "less", "more", "less_factor", "more_factor", "less_outcome", "more_outcome", "change", "also")


@dataclass(frozen=True)
class Factor:
    """A property of a cell that may matter.

    Attributes
    ----------
    column : str
        Of `outcomes`.
    label : str
        In words.
    unit : str
        Of the column; empty for yes (1) and no (0).
    features : tuple of str
        Features of the model that hold it.
    stated_by : tuple of str
        Columns of a cell that state it, and so may differ where it does.
    """

    column: str
    label: str
    unit: str
    features: tuple[str, ...]
    stated_by: tuple[str, ...]


def outcomes(part: Part, examples: Examples) -> pd.DataFrame:
    """Return cells with their outcome on the model's scale: ICE in %, or the log10 of the cycles to 80 %.

    A cell with several cycling points is judged by its last one.

    Parameters
    ----------
    part : Part
        Reads the designs.
    examples : Examples
        Rows of that part.

    Returns
    -------
    DataFrame
        The columns of `CellDesign`, `row_id`, `paper`, `class` (of the electrolyte), `HAS_CARBON` (1, 0, or NaN where
        no anode is named), and `lower` and `upper` of the outcome (equal for a value, infinite where open).
    """
    designs, labels = examples.designs, examples.labels
    carbon = part.featurizer.transform(designs)[HAS_CARBON].to_numpy(dtype=float)
    table = designs[[*CellDesign.model_fields, "row_id", "paper"]].copy()
    table["class"], table[HAS_CARBON] = classes_of(designs), carbon
    table["lower"], table["upper"] = labels.lower, labels.upper
    if "cycles" in designs:
        table = table.iloc[np.argsort(designs["cycles"].to_numpy(dtype=float), kind="stable")]
    return table.drop_duplicates("row_id", keep="last").sort_index().reset_index(drop=True)


@dataclass(frozen=True)
class Across:
    """A factor beside an outcome, over all cells that state both.

    Attributes
    ----------
    points : DataFrame
        As of `by_paper`.
    cells, papers : int
        Number with the factor and a value of the outcome.
    bounded : int
        Cells left out, as their outcome is only bounded.
    silent : tuple of str
        Papers with a value of the outcome in which no cell states the factor.
    least, most : float
        The factor's range, in its unit; NaN where no cell states it.
    correlation : RankCorrelation
        Of ranks; without an interval below `FEWEST_GROUPS` papers.
    """

    points: pd.DataFrame
    cells: int
    papers: int
    bounded: int
    silent: tuple[str, ...]
    least: float
    most: float
    correlation: RankCorrelation

    @property
    def explained(self) -> tuple[float, float, float]:
        """Share of the order of cells that the factor's order accounts for, with its interval; NaN where not
        judged."""
        correlation = self.correlation
        value, *ends = (figure**2 for figure in (correlation.value, correlation.low, correlation.high))
        return value, min(ends) if correlation.sign else 0.0 * min(ends), max(ends)


def across(cells: pd.DataFrame, factor: Factor, seed: int) -> Across:
    """Set a factor beside an outcome.

    Parameters
    ----------
    cells : DataFrame, shape (n_cells, n_columns)
        As of `outcomes`.
    factor : Factor
        The factor.
    seed : int
        Of the bootstrap.
    """
    exact = cells["lower"].to_numpy() == cells["upper"].to_numpy()
    stated_factor = cells[factor.column].notna().to_numpy()
    chosen = cells[exact & stated_factor]
    points = by_paper(chosen, [factor.column])
    values = points[factor.column].to_numpy(dtype=float)
    papers = points["paper"].to_numpy(dtype=str)
    correlation = rank_correlation(values, points["outcome"].to_numpy(dtype=float), papers, seed, FEWEST_GROUPS)
    stating, telling = papers_in(chosen), papers_in(cells[exact])
    ends = (float(values.min()), float(values.max())) if len(values) else (np.nan, np.nan)
    silent = tuple(sorted(telling - stating))
    return Across(points, len(chosen), len(stating), int((stated_factor & ~exact).sum()), silent, *ends, correlation)


def by_paper(cells: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Return one row per paper and value of some columns, so that a paper with many like cells counts once.

    Parameters
    ----------
    cells : DataFrame, shape (n_cells, n_columns)
        As of `outcomes`, with values of the outcome only.
    columns : list of str
        The columns.

    Returns
    -------
    DataFrame
        `paper`, the columns, `cells` (their number) and `outcome` (their median).

    Examples
    --------
    >>> cells = pd.DataFrame({"paper": ["a", "a", "b"], "pressure": [5.0, 5.0, 5.0], "lower": [80.0, 90.0, 70.0]})
    >>> by_paper(cells, ["pressure"]).values.tolist()
    [['a', 5.0, 2, 85.0], ['b', 5.0, 1, 70.0]]
    """
    named = cells.rename(columns={"lower": "outcome"}).groupby(["paper", *columns], sort=True)["outcome"]
    return named.agg(cells="size", outcome="median").reset_index()


def papers_in(table: pd.DataFrame) -> set[str]:
    """Return the papers that the rows of a table come from.

    Parameters
    ----------
    table : DataFrame
        With a column `paper`.
    """
    return {paper for papers in table["paper"] for paper in papers_of(str(papers))}


@dataclass(frozen=True)
class Compared:
    """Two factors set against each other, over cells that state both.

    Attributes
    ----------
    papers : int
        Number that state both factors and a value of the outcome.
    value, low, high : float
        Size of the first's rank correlation less that of the second's, with its 90 % bootstrap interval over papers;
        NaN below `FEWEST_GROUPS` papers, or where a factor never varies.
    """

    papers: int
    value: float
    low: float
    high: float


def compared(cells: pd.DataFrame, first: Factor, second: Factor, seed: int) -> Compared:
    """Set two factors beside an outcome: the one that orders the cells better.

    Parameters
    ----------
    cells : DataFrame, shape (n_cells, n_columns)
        As of `outcomes`.
    first, second : Factor
        The factors.
    seed : int
        Of the bootstrap.
    """
    chosen = cells[(cells["lower"] == cells["upper"]) & cells[first.column].notna() & cells[second.column].notna()]
    points = by_paper(chosen, [first.column, second.column])
    x, y, outcome = (points[name].to_numpy(dtype=float) for name in (first.column, second.column, "outcome"))

    def gap(count: np.ndarray) -> float:
        drawn = np.repeat(np.arange(len(count)), count.astype(int))
        return abs(spearman(x[drawn], outcome[drawn])) - abs(spearman(y[drawn], outcome[drawn]))

    papers, count = points["paper"].to_numpy(dtype=str), len(papers_in(chosen))
    value = gap(np.ones(len(points))) if len(points) else np.nan
    if np.isnan(value) or len(np.unique(papers)) < FEWEST_GROUPS:
        return Compared(count, value, np.nan, np.nan)
    return Compared(count, value, *bootstrap(papers, gap, seed))


def pairs(cells: pd.DataFrame, factor: Factor) -> pd.DataFrame:
    """Return cells of one paper that differ in a factor.

    Parameters
    ----------
    cells : DataFrame, shape (n_cells, n_columns)
        As of `outcomes`.
    factor : Factor
        The factor.

    Returns
    -------
    DataFrame
        `PAIR_COLUMNS`: the cells with less and with more of the factor, its values, the outcomes (NaN where only
        bounded), `change` of the outcome towards more of the factor (1 up, -1 down, 0 the same, NaN where bounds leave
        it open), and `also`, what else differs, joined by `; `.
    """
    own = {factor.column, *factor.stated_by}
    columns = [name for name in CellDesign.model_fields if name not in own]
    rows = []
    for paper, members in cells[cells[factor.column].notna()].groupby("paper", sort=True):
        if members[factor.column].nunique() < 2:
            continue
        ordered = members.sort_values([factor.column, "row_id"], kind="stable").to_dict("records")
        for less, more in combinations(ordered, 2):
            if less[factor.column] == more[factor.column]:
                continue
            also = [name for name in columns if not same_value(less[name], more[name])]
            outcome = [cell["lower"] if cell["lower"] == cell["upper"] else np.nan for cell in (less, more)]
            ends = [cell[factor.column] for cell in (less, more)]
            rows.append((paper, less["row_id"], more["row_id"], *ends, *outcome, _change(less, more), "; ".join(also)))
    return pd.DataFrame(rows, columns=list(PAIR_COLUMNS))


def same_value(first: Any, second: Any) -> bool:
    """Return whether two cells of a table hold the same, empty ones counting as alike.

    Parameters
    ----------
    first, second : Any
        As a row holds them.
    """
    return bool(first == second) or (bool(pd.isna(first)) and bool(pd.isna(second)))


def _change(less: Mapping[Any, Any], more: Mapping[Any, Any]) -> float:
    """Return the direction of the outcome, as far as its bounds show it."""
    if more["lower"] > less["upper"]:
        return 1.0
    if more["upper"] < less["lower"]:
        return -1.0
    known = less["lower"] == less["upper"] == more["lower"] == more["upper"]
    return 0.0 if known else np.nan


def of_family(cells: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    """Return the cells whose electrolyte is of one of some classes.

    Parameters
    ----------
    cells : DataFrame, shape (n_cells, n_columns)
        As of `outcomes`.
    classes : sequence of str
        Electrolyte classes; all cells where empty.
    """
    return cells[cells["class"].isin(list(classes))].reset_index(drop=True) if classes else cells
