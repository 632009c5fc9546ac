"""What a training that has just ended says beside the champion."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tests.shelf import Shelf, new_shelf
from training.data.paper_splits import SplitError
from training.evaluation.out_of_fold import out_of_fold_table
from training.promotion import record
from training.promotion.challenger import compare
from training.promotion.record import against_champion, comparison_text, steps_against
from training.train import Trained, steps

pytestmark = pytest.mark.slow


@pytest.fixture
def shelf(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    return new_shelf(tmp_path, tmp_path_factory, monkeypatch)


@pytest.fixture(scope="module")
def table(trained: Trained) -> pd.DataFrame:
    return out_of_fold_table(trained.found, trained.config.level)


@pytest.mark.usefixtures("shelf")
def test_without_a_champion_nothing_is_said(trained: Trained) -> None:
    assert against_champion(trained) is None
    assert comparison_text(trained) == ""


def test_a_champion_that_kept_nothing_does_not_stop_a_training(
    shelf: Shelf, bundle_folder: Path, trained: Trained
) -> None:
    shelf.add(bundle_folder, None, "champion")
    assert comparison_text(trained).startswith("not compared with the champion: version 1 cannot be compared: its run")


def test_the_same_training_again_shows_no_difference_and_no_new_row(
    shelf: Shelf, bundle_folder: Path, trained: Trained, table: pd.DataFrame
) -> None:
    shelf.add(bundle_folder, table, "champion")
    found = against_champion(trained)
    assert found is not None
    assert {pair.verdict for pair in found.targets.values()} == {"no difference that the data can show"}
    assert sum(found.new_rows.values()) == 0
    assert comparison_text(trained).endswith("the new rows alone: there are none beside those the champion had")


def test_new_rows_are_counted_and_their_effect_is_told(
    shelf: Shelf, bundle_folder: Path, trained: Trained, table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The champion had neither the rows of one paper nor, so, the cells among them."""
    paper = table["paper"].iloc[0]
    shelf.add(bundle_folder, table[table["paper"] != paper], "champion")
    effect = compare(table, table, seed=0).targets
    monkeypatch.setattr(record, "effect_of_new_rows", lambda *asked: effect)
    found = against_champion(trained)
    assert found is not None
    expected = table[(table["paper"] == paper) & (table["target"] == "conductivity_s_per_cm")]
    assert found.new_rows["conductivity"] == len(expected) > 0
    assert f"the new rows alone (conductivity {len(expected)}" in comparison_text(trained)

    def too_few(*asked: object) -> None:
        raise SplitError("2 papers are too few for 3 folds")

    monkeypatch.setattr(record, "effect_of_new_rows", too_few)
    assert comparison_text(trained).endswith("the new rows alone: not measured: 2 papers are too few for 3 folds")
    assert steps_against(trained) == 2 * steps(trained.config)
