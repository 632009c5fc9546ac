"""Boosters read through the C interface answer as xgboost's own package does, to the last bit."""

from pathlib import Path

import numpy as np
import pytest
import xgboost as xgb

from models.boosters.saved import FEW, MOST_KEPT, Matrix, SavedBooster, read_boosters

TREES = {"tree_method": "hist", "max_depth": 3, "nthread": 1}
LINE = {"booster": "gblinear", "updater": "coord_descent", "feature_selector": "cyclic", "nthread": 1}
ASKED = ("output_margin", "pred_contribs", "pred_interactions")


@pytest.fixture
def table() -> np.ndarray:
    random = np.random.default_rng(0)
    table = random.normal(size=(60, 5))
    table[random.random((60, 5)) < 0.2] = np.nan
    return table.astype(np.float32)


def fitted(settings: dict[str, object], table: np.ndarray) -> xgb.Booster:
    return xgb.train(settings, xgb.DMatrix(table, np.nan_to_num(table[:, 0] * table[:, 1])), 10)


@pytest.mark.parametrize("settings", [TREES, LINE], ids=["trees", "line"])
def test_predictions_and_explanations_are_those_of_the_package(settings: dict[str, object], table: np.ndarray) -> None:
    table = table if settings is TREES else np.nan_to_num(table)
    booster = fitted(settings, table)
    saved, matrix = SavedBooster(bytes(booster.save_raw("ubj"))), Matrix(table)
    for asked in ASKED[: 3 if settings is TREES else 2]:
        theirs = booster.predict(xgb.DMatrix(table), **{asked: True})
        mine = saved.predict(matrix, **{asked: True})
        assert mine.dtype == theirs.dtype
        np.testing.assert_array_equal(mine, theirs)


def test_columns_apart_in_memory_are_read_as_they_stand(table: np.ndarray) -> None:
    saved = SavedBooster(bytes(fitted(TREES, table).save_raw("ubj")))
    whole = saved.predict(Matrix(table), output_margin=True)
    np.testing.assert_array_equal(saved.predict(Matrix(np.asfortranarray(table)[::2]), output_margin=True), whole[::2])


def test_few_rows_are_handed_over_once_and_few_of_them_are_kept(table: np.ndarray) -> None:
    kept = Matrix.of(table)
    assert Matrix.of(table.copy()) is kept
    changed = table.copy()
    changed[-1, -1] = 7.0
    saved = SavedBooster(bytes(fitted(TREES, table).save_raw("ubj")))
    for values in (table, changed):
        np.testing.assert_array_equal(
            saved.predict(Matrix.of(values), output_margin=True), saved.predict(Matrix(values), output_margin=True)
        )
    for number in range(MOST_KEPT):
        Matrix.of(table[: number + 1])
    assert Matrix.of(table) is not kept
    many = np.zeros((FEW + 1, 5), dtype=np.float32)
    assert Matrix.of(many) is not Matrix.of(many)


def test_an_answer_outlives_the_next_call(table: np.ndarray) -> None:
    saved = SavedBooster(bytes(fitted(TREES, table).save_raw("ubj")))
    first = saved.predict(Matrix(table), output_margin=True)
    before = first.copy()
    saved.predict(Matrix(table[::-1]), output_margin=True)
    np.testing.assert_array_equal(first, before)


def test_saved_again_it_is_the_same_file(table: np.ndarray, tmp_path: Path) -> None:
    content = bytes(fitted(TREES, table).save_raw("ubj"))
    SavedBooster(content).save_model(tmp_path / "again.ubj")
    assert (tmp_path / "again.ubj").read_bytes() == content


@pytest.mark.parametrize(
    ("content", "why"), [(b"", "0 bytes"), (b"no booster", "Unknown construct"), (b"{}", "Invalid model format")]
)
def test_what_is_no_booster_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        SavedBooster(content)


def test_reading_leaves_the_settings_of_the_library_alone(table: np.ndarray) -> None:
    before = xgb.get_config()
    read_boosters([bytes(fitted(TREES, table).save_raw("ubj"))])
    assert xgb.get_config() == before
