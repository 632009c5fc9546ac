"""A run made again: bit for bit, or told apart file by file and prediction by prediction."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from models.bundle import Bundle
from models.ensemble import Recipe
from tests.shelf import Shelf, new_shelf
from training.config import TrainConfig
from training.evaluation.out_of_fold import out_of_fold_table
from training.promotion import reproduce as module
from training.promotion.reproduce import RunNotFoundError, StoredRun, reproduce, stored_run
from training.train import fit_bundle, load_data, measure, steps

ROW = "measurement_id,electrolyte,conductivity_s_per_cm,source_id\nmine-1,Li6PS5Cl,{},my lab\n"
TINY = {part: {"tiny": Recipe(rounds=5, members=1)} for part in ("conductivity", "ice", "fade")}


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder of one row."""
    folder = tmp_path_factory.mktemp("data") / "mine"
    folder.mkdir()
    (folder / "electrolytes.csv").write_text(ROW.format("2e-3"), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def made(mine: Path) -> tuple[Bundle, pd.DataFrame]:
    config = TrainConfig((str(mine),), folds=3, repeats=1, shares=(1.0,), choices=TINY)
    literature = load_data(config)
    found, scores = measure(literature, config)
    return fit_bundle(literature, config, found, scores), out_of_fold_table(found, config.level)


@pytest.fixture
def stored(
    made: tuple[Bundle, pd.DataFrame],
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> StoredRun:
    shelf = new_shelf(tmp_path, tmp_path_factory, monkeypatch)
    shelf.add(*made, "champion")
    return stored_run(Shelf(tmp_path).client.get_model_version("silion", "1").run_id)


@pytest.mark.slow
@pytest.mark.usefixtures("every_fit_is_made")
def test_the_same_data_give_the_same_bits(stored: StoredRun, tmp_path: Path) -> None:
    before = (tmp_path / "mlflow.db").read_bytes()
    done: list[int] = []
    found = reproduce(stored, done.append)
    assert found.same, found.text
    assert found.circumstances == ()
    # every judged row once (of conductivities, ICE, points and lives); 12 designs, 4 targets, 3 numbers
    assert found.compared == len(stored.judged) + 12 * 4 * 3
    assert f"all {found.compared} predictions are the same bit for bit" in found.text
    assert sum(done) == steps(stored.config)
    assert (tmp_path / "mlflow.db").read_bytes() == before


@pytest.mark.slow
def test_a_changed_value_is_told_with_its_file_and_what_it_moved(stored: StoredRun, mine: Path) -> None:
    path = mine / "electrolytes.csv"
    try:
        path.write_text(ROW.format("2e-9"), encoding="utf-8")
        found = reproduce(stored)
    finally:
        path.write_text(ROW.format("2e-3"), encoding="utf-8")
    assert not found.same
    assert [each.split(":")[0] for each in found.circumstances] == ["data mine/electrolytes.csv"]
    told = {each.partition(":")[0] for each in found.differences}
    assert "ionic conductivity, out of fold" in told
    assert "conductivity_s_per_cm of the example designs" in told
    assert "files of the model" in told
    assert "not the same (" in found.text


@pytest.fixture
def again(monkeypatch: pytest.MonkeyPatch, made: tuple[Bundle, pd.DataFrame]) -> None:
    """The training made again gives what it gave the first time, without its seconds."""
    monkeypatch.setattr(module, "_again", lambda literature, config, tuning, progress: made)


@pytest.mark.usefixtures("again")
def test_packages_and_code_that_changed_are_named_beside_the_same_predictions(stored: StoredRun) -> None:
    facts = copy.deepcopy(stored.bundle.facts)
    facts["packages"] |= {"xgboost": "1.7.6", "gone": "2.0"}
    facts |= {"python": "3.10.1", "code_version": "0.0.9+abc"}
    facts["data_hashes"]["old/cells.csv"] = "f" * 64
    found = reproduce(replace(stored, bundle=Bundle(stored.bundle.parts, facts)))
    told = "\n".join(found.circumstances)
    assert "xgboost: then 1.7.6, now 3" in told
    assert "gone: then 2.0, now not installed" in told
    assert "Python: then 3.10.1, now 3.11" in told
    assert "code: then 0.0.9+abc, now 0.1.0" in told
    assert "data old/cells.csv: then SHA-256 ffffffffffff…, now not there" in told
    assert found.same


@pytest.mark.usefixtures("again")
def test_a_difference_in_one_prediction_is_found(stored: StoredRun) -> None:
    table = stored.judged.copy()
    row = table.index[table["target"] == "ice_pct"][3]
    table.loc[row, "predicted_0"] += 0.5
    found = reproduce(replace(stored, judged=table))
    named = table.loc[row, "row"]
    rows = (table["target"] == "ice_pct").sum()
    assert found.differences == (
        f"initial Coulombic efficiency, out of fold: 1 of {rows} differ, most 0.5 percentage points ({named})",
    )


@pytest.mark.slow
@pytest.mark.usefixtures("again")
def test_rows_that_came_and_went_are_found(stored: StoredRun) -> None:
    table = stored.judged.copy()
    row = table.index[table["target"] == "ice_pct"][3]
    table.loc[row, "row"] = "another"
    told = reproduce(replace(stored, judged=table)).differences
    assert told[0].endswith("out of fold: 1 rows no longer predicted, first another")
    assert "1 rows not predicted then" in told[1]
    two = stored.judged.assign(predicted_1=0.0)
    assert reproduce(replace(stored, judged=two)).differences == ("out of fold: 2 repeats then, 1 now",)


@pytest.mark.usefixtures("stored")
def test_an_unknown_run_names_the_closest() -> None:
    with pytest.raises(RunNotFoundError, match=r"'abc', expected a run that registered a model; closest: [0-9a-f]{32}"):
        stored_run("abc")


def test_a_folder_that_is_gone_is_told(stored: StoredRun, tmp_path: Path) -> None:
    gone = replace(stored, config=replace(stored.config, data=(str(tmp_path / "gone"),)))
    with pytest.raises(ValueError, match="gone: no such data folder"):
        reproduce(gone)
