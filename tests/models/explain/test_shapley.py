"""SHAP values of the boosters against Shapley values enumerated over all subsets, by the trees as they are dumped."""

from __future__ import annotations

from itertools import combinations
from math import factorial

import numpy as np
import pandas as pd
import pytest
import xgboost as xgb

from models.ensemble import BoostedEnsemble, Labels, Recipe

FEATURES = 4
SMALL = Recipe(rounds=6, depth=3, min_child_weight=1.0, reg_lambda=1.0, members=2, shrink=0.5)


@pytest.fixture(scope="module")
def table() -> np.ndarray:
    draw = np.random.default_rng(3)
    values = draw.normal(size=(60, FEATURES)).astype(np.float32)
    values[draw.random(values.shape) < 0.15] = np.nan
    return values


@pytest.fixture(scope="module")
def ensemble(table: np.ndarray) -> BoostedEnsemble:
    known = np.nan_to_num(table)
    label = 3 * known[:, 0] * (known[:, 1] > 0) - known[:, 2] + 7
    labels = Labels(label, label, np.ones(len(label)))
    return BoostedEnsemble(SMALL, [0] * FEATURES).fit(pd.DataFrame(table), labels, 0)


def expected(trees: pd.DataFrame, row: np.ndarray, known: frozenset[int]) -> float:
    """What the trees say when only some features are known: an unknown split is the mean of both ways, by cover."""
    nodes = trees.set_index("ID")

    def value(name: str) -> float:
        node = nodes.loc[name]
        if node["Feature"] == "Leaf":
            return float(node["Gain"])
        place = int(str(node["Feature"]).removeprefix("f"))
        if place in known:
            if np.isnan(row[place]):
                return value(node["Missing"])
            return value(node["Yes"] if row[place] < np.float32(node["Split"]) else node["No"])
        yes, no = nodes.loc[node["Yes"]], nodes.loc[node["No"]]
        total = yes["Cover"] + no["Cover"]
        return float((yes["Cover"] * value(node["Yes"]) + no["Cover"] * value(node["No"])) / total)

    return sum(value(root) for root in trees.loc[trees["Node"] == 0, "ID"])


def subsets(places: set[int]) -> list[frozenset[int]]:
    return [frozenset(each) for size in range(len(places) + 1) for each in combinations(sorted(places), size)]


def worth(booster: xgb.Booster, row: np.ndarray) -> dict[frozenset[int], float]:
    trees = booster.trees_to_dataframe()
    return {known: expected(trees, row, known) for known in subsets(set(range(FEATURES)))}


def shapley(found: dict[frozenset[int], float], place: int) -> float:
    return sum(
        factorial(len(known)) * factorial(FEATURES - len(known) - 1) / factorial(FEATURES)
        * (found[known | {place}] - found[known])
        for known in subsets(set(range(FEATURES)) - {place})
    )  # fmt: skip


def shapley_interaction(found: dict[frozenset[int], float], first: int, second: int) -> float:
    """Effect of a pair, both halves together (Fujimoto's index, as Lundberg gives it for trees)."""
    return sum(
        factorial(len(known)) * factorial(FEATURES - len(known) - 2) / factorial(FEATURES - 1)
        * (found[known | {first, second}] - found[known | {first}] - found[known | {second}] + found[known])
        for known in subsets(set(range(FEATURES)) - {first, second})
    )  # fmt: skip


@pytest.mark.slow
def test_contributions_are_the_shapley_values_of_all_subsets(ensemble: BoostedEnsemble, table: np.ndarray) -> None:
    rows = table[:3]
    values, base = ensemble.contributions(pd.DataFrame(rows))
    scale = ensemble.scale * SMALL.shrink
    for row in range(len(rows)):
        each = [worth(booster, rows[row]) for booster in ensemble.boosters]
        for place in range(FEATURES):
            by_hand = scale * np.mean([shapley(found, place) for found in each])
            np.testing.assert_allclose(values[row, place], by_hand, atol=2e-5)
        np.testing.assert_allclose(base, ensemble.offset + scale * np.mean([f[frozenset()] for f in each]), atol=2e-5)


def test_contributions_sum_to_the_prediction(ensemble: BoostedEnsemble, table: np.ndarray) -> None:
    values, base = ensemble.contributions(pd.DataFrame(table))
    np.testing.assert_allclose(values.sum(axis=1) + base, ensemble.predict(pd.DataFrame(table))[0], atol=1e-5)


def test_interactions_are_those_of_all_subsets_and_sum_to_the_contributions(
    ensemble: BoostedEnsemble, table: np.ndarray
) -> None:
    rows = pd.DataFrame(table[:2])
    pairs = ensemble.interactions(rows)
    scale = ensemble.scale * SMALL.shrink
    for row in range(len(rows)):
        each = [worth(booster, table[row]) for booster in ensemble.boosters]
        for first, second in combinations(range(FEATURES), 2):
            by_hand = scale * np.mean([shapley_interaction(found, first, second) for found in each])
            np.testing.assert_allclose(pairs[row, first, second] + pairs[row, second, first], by_hand, atol=2e-5)
    np.testing.assert_allclose(pairs.sum(axis=2), ensemble.contributions(rows)[0], atol=2e-5)


def test_the_linear_member_has_no_interactions(table: np.ndarray) -> None:
    label = np.nan_to_num(table[:, 0])
    labels = Labels(label, label, np.ones(len(label)))
    recipe = Recipe(rounds=5, members=1, linear_share=0.5, linear_rounds=5)
    ensemble = BoostedEnsemble(recipe, [0] * FEATURES).fit(pd.DataFrame(table), labels, 0)
    frame = pd.DataFrame(table)
    pairs = ensemble.interactions(frame)
    np.testing.assert_allclose(pairs.sum(axis=2), ensemble.contributions(frame)[0], atol=2e-5)
    trees_alone = 0.5 * ensemble.boosters[0].predict(xgb.DMatrix(table, missing=np.nan), pred_interactions=True)
    np.testing.assert_allclose(pairs[:, 0, 1], ensemble.scale * trees_alone[:, 0, 1], atol=2e-5)
