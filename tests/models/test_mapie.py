"""MAPIE's cross-conformal intervals beside ours, from the same model and the same folds by paper."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GroupKFold, cross_val_predict

from models.calibrate import calibrate
from models.ensemble import Labels

regression = pytest.importorskip("mapie.regression")


def drawn(rows_of: np.ndarray, shared: float, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Designs, values and papers: a straight line, and an error of variance 1 of which `shared` is the paper's."""
    papers = np.repeat(np.arange(len(rows_of)), rows_of)
    designs = random.normal(size=(len(papers), 2))
    effect = random.normal(0, shared**0.5, len(rows_of))[papers]
    values = designs @ np.array([1.0, -2.0]) + effect + random.normal(0, (1 - shared) ** 0.5, len(papers))
    return designs, values, papers


def ours(designs: np.ndarray, values: np.ndarray, papers: np.ndarray, level: float, folds: int = 5) -> float:
    """Half width from out-of-fold predictions; no ensemble, so no spread."""
    predicted = cross_val_predict(LinearRegression(), designs, values, groups=papers, cv=GroupKFold(folds))[None]
    labels = Labels(values, values.copy(), np.ones(len(values)))
    return float(calibrate(predicted, np.zeros(predicted.shape), labels, papers).half_width(0.0, level))


def theirs(designs: np.ndarray, values: np.ndarray, papers: np.ndarray, level: float, folds: int = 5) -> float:
    """The same of MAPIE: the width of its `base` intervals is the same everywhere."""
    model = regression.CrossConformalRegressor(
        LinearRegression(), confidence_level=level, method="base", cv=GroupKFold(folds)
    )
    _, ends = model.fit_conformalize(designs, values, groups=papers).predict_interval(designs[:3])
    widths = ends[:, 1, 0] - ends[:, 0, 0]
    assert widths == pytest.approx(widths[0])
    return float(widths[0] / 2)


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9])
@pytest.mark.parametrize("papers", [28, 60, 102])
def test_with_one_row_a_paper_ours_are_the_cross_conformal_ones(papers: int, level: float) -> None:
    """Of n ascending scores both take number k = ceil(level (n + 1)), so nothing but rounding is allowed for.

    MAPIE 1.6 asks numpy for the quantile k / n of method `lower`: of the places 0 to n - 1 the floor of
    k (n - 1) / n = k - k / n, which is k - 1. No level here makes level (n + 1) whole, where rounding could decide.
    """
    random = np.random.default_rng(papers)
    for _ in range(8):
        designs, values, each = drawn(np.ones(papers, dtype=int), 0.0, random)
        predicted = cross_val_predict(LinearRegression(), designs, values, groups=each, cv=GroupKFold(5))
        score = np.sort(np.abs(values - predicted))[int(np.ceil(level * (papers + 1))) - 1]
        assert ours(designs, values, each, level) == pytest.approx(score, rel=1e-9)
        assert theirs(designs, values, each, level) == pytest.approx(score, rel=1e-9)


LEVEL, PAPERS, TIMES = 0.9, 40, 60


def holds(half: float, designs: np.ndarray, values: np.ndarray, fresh: tuple[np.ndarray, ...]) -> float:
    """Share of fresh papers' values inside, papers weighing the same."""
    model = LinearRegression().fit(designs, values)
    inside = np.abs(fresh[1] - model.predict(fresh[0])) <= half
    return float(np.mean([inside[fresh[2] == paper].mean() for paper in np.unique(fresh[2])]))


@pytest.mark.slow
def test_both_hold_their_level_on_fresh_papers() -> None:
    """40 papers of five rows, 80 % of the error the paper's, 60 times, each judged on 200 fresh papers.

    The share held varies from time to time as that of 40 scores does, sqrt(0.9 * 0.1 / 42) = 0.046, so the mean of 60
    by 0.006: three of them are 0.018. On average ours is 0.9 at least and 0.9 + 1/41 at most; MAPIE corrects for 200
    rows where only papers are independent, so it may fall to a quantile without correction, 0.9 * 40 / 41 = 0.878.
    """
    random = np.random.default_rng(1)
    mine, other = [], []
    for _ in range(TIMES):
        designs, values, papers = drawn(np.full(PAPERS, 5), 0.8, random)
        fresh = drawn(np.full(200, 5), 0.8, random)
        mine.append(holds(ours(designs, values, papers, LEVEL), designs, values, fresh))
        other.append(holds(theirs(designs, values, papers, LEVEL), designs, values, fresh))
    assert LEVEL - 0.018 <= np.mean(mine) <= LEVEL + 1 / (PAPERS + 1) + 0.018
    assert LEVEL * PAPERS / (PAPERS + 1) - 0.018 <= np.mean(other) <= LEVEL + 1 / (PAPERS + 1) + 0.018


@pytest.mark.slow
def test_only_papers_as_units_hold_where_large_papers_err_less() -> None:
    """Ten papers of 30 rows with a tenth of the error of 30 papers of one row: nine rows of ten are of the large ones.

    A fresh paper is a small one three times of four, so rows as units must miss: their 80 % is a quantile of the large
    papers' errors. Ours must hold 0.8 at least, less three times sqrt(0.8 * 0.2 / 42 / 20) = 0.014.
    """
    random = np.random.default_rng(2)
    rows_of = np.array([30] * 10 + [1] * 30)
    mine, other = [], []
    for _ in range(20):
        designs, values, papers = drawn(rows_of, 0.0, random)
        line = designs @ np.array([1.0, -2.0])
        values = line + (values - line) * np.where(rows_of[papers] == 30, 0.1, 1.0)
        fresh_designs, fresh_values, fresh_papers = drawn(np.ones(400, dtype=int), 0.0, random)
        line = fresh_designs @ np.array([1.0, -2.0])
        fresh_values = line + (fresh_values - line) * np.where(np.arange(400) < 100, 0.1, 1.0)
        fresh = (fresh_designs, fresh_values, fresh_papers)
        mine.append(holds(ours(designs, values, papers, 0.8), designs, values, fresh))
        other.append(holds(theirs(designs, values, papers, 0.8), designs, values, fresh))
    assert np.mean(mine) > 0.8 - 0.042
    assert np.mean(other) < 0.6
