from __future__ import annotations

import json
from dataclasses import asdict, replace
from itertools import combinations
from math import factorial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.boosters import kept_fits
from models.ensemble import BoostedEnsemble, Labels, Recipe, Scaling


def line(rows: int = 80, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """y = 3 + 2 a, with b as noise that means nothing."""
    random = np.random.default_rng(seed)
    table = pd.DataFrame({"a": random.uniform(-1, 1, rows), "b": random.uniform(-1, 1, rows)})
    return table, 3 + 2 * table["a"].to_numpy()


def exact(values: np.ndarray) -> Labels:
    return Labels(values, values, np.ones(len(values)))


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_learns_a_line(share: float) -> None:
    X, y = line()
    predicted, spread = BoostedEnsemble(Recipe(linear_share=share), [0, 0]).fit(X, exact(y), 0).predict(X)
    # the labels' own mean absolute deviation is about 1; a model that has learned is far below it
    assert np.abs(predicted - y).mean() < 0.25 * np.abs(y - y.mean()).mean()
    assert (spread >= 0).all()


@pytest.mark.parametrize("bounded", [False, True])
def test_processes_share_boosters_that_are_the_same(
    bounded: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A booster of another process answers, explains and is saved as if it were fitted here."""
    X, y = line(24)
    labels = Labels(y, np.where(y > 4, np.inf, y), np.ones(24)) if bounded else exact(y)
    recipe = Recipe(rounds=5, members=2, linear_share=0.5)
    monkeypatch.setenv(kept_fits.SHARED, str(tmp_path))
    answers, files = [], []
    for process in ("one", "other"):
        monkeypatch.setattr(kept_fits, "_KEPT", {})  # what a process begins with
        model = BoostedEnsemble(recipe, [0, 0]).fit(X, labels, 0)
        model.save(tmp_path / process)
        answers.append([*model.predict(X), model.contributions(X)[0], model.interactions(X)])
        files.append({path.name: path.read_bytes() for path in (tmp_path / process).iterdir()})
        assert len(list(tmp_path.glob("*.ubj"))) == 3  # two of trees and the line: the second process adds none
        assert len(list(tmp_path.glob("*.npy"))) == 2  # of the trees: the line knows no pairs
    assert files[0] == files[1]
    monkeypatch.delenv(kept_fits.SHARED)
    monkeypatch.setattr(kept_fits, "_KEPT", {})
    model = BoostedEnsemble(recipe, [0, 0]).fit(X, labels, 0)
    answers.append([*model.predict(X), model.contributions(X)[0], model.interactions(X)])
    for first, second, alone in zip(*answers, strict=True):
        assert (first == alone).all()
        assert (second == alone).all()


def test_censored_labels_start_from_the_data_and_learn() -> None:
    """With xgboost's own start value of 0.5 a censored model stays where it is; ours must not."""
    X, y = line()
    upper = y.copy()
    upper[y > 4] = np.inf
    lower = np.minimum(y, 4.0)
    predicted, _ = BoostedEnsemble(Recipe(), [0, 0]).fit(X, Labels(lower, upper, np.ones(len(y))), 0).predict(X)
    known = y <= 4
    assert np.abs(predicted - y)[known].mean() < 0.5 * np.abs(y - y.mean())[known].mean()
    assert predicted[~known].mean() > 3.7


def test_a_bound_is_no_value() -> None:
    """Rows known only to lie above 5 pull the prediction up when it is below, and leave it alone when it is above."""
    X = pd.DataFrame({"a": np.repeat([0.0, 1.0], 30)})
    lower = np.repeat([2.0, 5.0], 30)
    bounded = BoostedEnsemble(Recipe(), [0]).fit(X, Labels(lower, np.where(lower == 5, np.inf, lower), np.ones(60)), 0)
    low, high = bounded.predict(pd.DataFrame({"a": [0.0, 1.0]}))[0]
    assert abs(low - 2) < 0.5
    assert high > 4.5


@pytest.mark.parametrize("share", [0.0, 0.5])
@pytest.mark.parametrize("sign", [-1, 1])
def test_monotone_features_stay_monotone(sign: int, share: float) -> None:
    """Labels that run against the certain physics must not bend it, neither by trees nor by the linear member."""
    X, y = line()
    ensemble = BoostedEnsemble(Recipe(linear_share=share), [sign, 0]).fit(X, exact(-sign * y), 0)
    sweep = pd.DataFrame({"a": np.linspace(-1, 1, 50), "b": 0.3})
    assert (sign * np.diff(ensemble.predict(sweep)[0]) >= -1e-6).all()


@pytest.mark.usefixtures("every_fit_is_made")
def test_same_seed_same_bytes_other_seed_other_bytes(tmp_path: Path) -> None:
    X, y = line()
    recipe = Recipe(rounds=20, members=2, linear_share=0.5)
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        BoostedEnsemble(recipe, [0, 0]).fit(X, exact(y), seed).save(tmp_path / name)
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert files == ["ensemble.json", "linear.ubj", "member_0.ubj", "member_1.ubj"]
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    assert (tmp_path / "one" / "member_0.ubj").read_bytes() != (tmp_path / "other" / "member_0.ubj").read_bytes()


def test_save_and_load_predict_the_same(tmp_path: Path) -> None:
    X, y = line()
    X.iloc[3, 1] = np.nan
    ensemble = BoostedEnsemble(Recipe(rounds=20, linear_share=0.5), [0, 1]).fit(X, exact(y), 0)
    ensemble.save(tmp_path)
    again = BoostedEnsemble.load(tmp_path)
    for before, after in zip(ensemble.predict(X), again.predict(X), strict=True):
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_contributions_sum_to_the_prediction(share: float) -> None:
    X, y = line()
    ensemble = BoostedEnsemble(Recipe(rounds=50, linear_share=share), [0, 0]).fit(X, exact(y), 0)
    values, base = ensemble.contributions(X)
    np.testing.assert_allclose(values.sum(axis=1) + base, ensemble.predict(X)[0], atol=1e-4)
    twice = ensemble.contributions(pd.concat([X, X[::-1]], ignore_index=True))[0]  # rows alike are asked once
    np.testing.assert_array_equal(twice, np.vstack([values, values[::-1]]))


def test_contributions_are_shapley_values() -> None:
    """Against Shapley values enumerated over all subsets of one small tree.

    A subset's value is the tree walked with the unknown features averaged by the rows that went each way.
    """
    random = np.random.default_rng(3)
    X = pd.DataFrame(random.uniform(-1, 1, (60, 3)), columns=["a", "b", "c"])
    y = np.where(X["a"] > 0, 1.0, 0.0) + np.where(X["b"] > 0.2, 2.0, 0.0) * X["c"].to_numpy()
    recipe = Recipe(rounds=1, members=1, depth=3, rate=1.0, min_child_weight=1, reg_lambda=0, subsample=1, colsample=1)
    ensemble = BoostedEnsemble(recipe, [0, 0, 0]).fit(X, exact(y), 0)
    tree = ensemble.boosters[0].trees_to_dataframe().set_index("ID")
    feature = {f"f{place}": place for place in range(3)}

    def walk(node: str, point: np.ndarray, known: set[int]) -> float:
        row = tree.loc[node]
        if row["Feature"] == "Leaf":
            return float(row["Gain"])
        place = feature[row["Feature"]]
        if place in known:
            return walk(row["Yes"] if np.float32(point[place]) < np.float32(row["Split"]) else row["No"], point, known)
        weights = [tree.loc[row[way], "Cover"] for way in ("Yes", "No")]
        return sum(w * walk(row[way], point, known) for w, way in zip(weights, ("Yes", "No"), strict=True)) / sum(
            weights
        )

    values, base = ensemble.contributions(X)
    for row in range(10):
        point = X.iloc[row].to_numpy()
        for place in range(3):
            others = [other for other in range(3) if other != place]
            expected = 0.0
            for size in range(3):
                for chosen in combinations(others, size):
                    weight = factorial(size) * factorial(2 - size) / factorial(3)
                    expected += weight * (walk("0-0", point, {*chosen, place}) - walk("0-0", point, set(chosen)))
            assert values[row, place] == pytest.approx(expected * ensemble.scale, abs=1e-5)
    assert base == pytest.approx(ensemble.mean + ensemble.scale * walk("0-0", X.iloc[0].to_numpy(), set()), abs=1e-5)


def test_labels_distance_and_middle() -> None:
    labels = Labels(np.array([1.0, -np.inf, 2.0, 0.0]), np.array([1.0, 3.0, np.inf, 4.0]), np.ones(4))
    assert labels.middle.tolist() == [1.0, 3.0, 2.0, 2.0]
    assert labels.exact.tolist() == [True, False, False, False]
    # predictions of 5: 4 above the value, 2 above the upper bound, fine above the lower bound, 1 above the range
    assert labels.distance(np.full(4, 5.0)).tolist() == [4.0, 2.0, 0.0, 1.0]


def test_refuses_nothing_and_labels_that_say_nothing() -> None:
    X, y = line(4)
    with pytest.raises(ValueError, match="no rows"):
        BoostedEnsemble(Recipe(), [0, 0]).fit(X.iloc[:0], exact(y[:0]), 0)
    with pytest.raises(ValueError, match="1 labels are neither"):
        BoostedEnsemble(Recipe(), [0, 0]).fit(
            X, Labels(np.array([1, 2, 3, -np.inf]), np.array([1, 2, 3, np.inf]), np.ones(4)), 0
        )


def test_scaling_leaves_certain_physics_and_unknowns_out() -> None:
    table = np.array([[1.0, 1.0, np.nan], [3.0, 2.0, 5.0], [5.0, 3.0, np.nan]])
    scaled = Scaling.learn(table, [0, 1, 0])(np.array([[3.0, 9.0, np.nan], [100.0, 9.0, 5.0]]))
    # column 1 is monotone: 0; column 2 has one known value, so no spread: 0; 100 is clipped to three deviations
    assert scaled.tolist() == [[0.0, 0.0, 0.0], [3.0, 0.0, 0.0]]


def test_a_recipe_comes_back_from_plain_values() -> None:
    recipe = Recipe(depth=5, blocks=("fractions", "structure"), without=("families",), paper_power=0.5, aft_scale=0.7)
    plain = json.loads(json.dumps(asdict(recipe)))
    assert plain["blocks"] == ["fractions", "structure"]
    found = Recipe.from_dict(plain)
    assert found == recipe
    assert hash(found) == hash(recipe)  # lists became tuples again
    assert Recipe.from_dict({"rounds": 60}) == Recipe(rounds=60)
    assert Recipe.from_dict({}) == Recipe()


def test_unknown_settings_are_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"unknown setting deep, wide; expected some of aft_scale, .*without"):
        Recipe.from_dict({"wide": 1, "depth": 3, "deep": 2})


def test_a_saved_ensemble_keeps_its_whole_recipe(tmp_path: Path) -> None:
    X, y = line()
    recipe = Recipe(rounds=3, members=1, without=("families",), paper_power=1.0, aft_scale=0.5)
    BoostedEnsemble(recipe, [0, 0]).fit(X, exact(y), 0).save(tmp_path)
    assert BoostedEnsemble.load(tmp_path).recipe == recipe
    state = json.loads((tmp_path / "ensemble.json").read_text(encoding="utf-8"))
    for name in ("without", "paper_power", "aft_scale"):  # of recipes saved before these settings were there
        del state["recipe"][name]
    (tmp_path / "ensemble.json").write_text(json.dumps(state), encoding="utf-8")
    assert BoostedEnsemble.load(tmp_path).recipe == Recipe(rounds=3, members=1)


def test_the_width_of_the_error_weighs_bounds_and_nothing_else() -> None:
    """Half of the rows say "2", half "at least 4" though they look the same: the wider the error is taken to be, the
    more a bound far above pulls the common prediction up from the value."""
    X = pd.DataFrame({"a": np.zeros(40)})
    lower = np.repeat([2.0, 4.0], 20)
    labels = Labels(lower, np.where(lower == 4, np.inf, lower), np.ones(40))
    recipe = Recipe(members=1, rounds=100, rate=0.3, min_child_weight=0.1, reg_lambda=0.1, subsample=1.0, colsample=1.0)
    scales = (0.5, 1.0, 2.0)
    bounded, known = (
        [
            float(BoostedEnsemble(replace(recipe, aft_scale=scale), [0]).fit(X, each, 0).predict(X)[0][0])
            for scale in scales
        ]
        for each in (labels, exact(lower))
    )
    # centred on 3 with deviation 1, the values lie at -1 and the bounds at +1; the likelihood of width s is greatest at
    # the m that solves (m + 1) / s = h((1 - m) / s), h = density over survival of the normal law (scipy's brentq):
    # s = 0.5: m = 0.0993, s = 1: m = 0.2946, s = 2: m = 0.7550
    assert bounded == pytest.approx([3.0993, 3.2946, 3.7550], abs=0.01)
    assert known == pytest.approx([3.0, 3.0, 3.0], abs=1e-3)
