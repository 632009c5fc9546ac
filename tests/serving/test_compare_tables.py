from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from fastapi.testclient import TestClient

from features.tables.mistakes import InputError
from models.bundle import load_bundle, save_bundle
from models.differences import Differences
from models.predictor import Predictor
from models.tasks.conductivity import CONDUCTIVITY
from serving.decide.compare import compare_files
from serving.server.app import app_of
from tests.models.test_differences import SKILL, TEN
from tests.shared import Command

HEADER = "sample,electrolyte,temperature_c\n"


@pytest.fixture
def predictor(bundle_folder: Path) -> Predictor:
    bundle = load_bundle(bundle_folder)
    bundle.parts["conductivity"].differences = {CONDUCTIVITY.column: Differences(0.5, TEN, SKILL)}
    return Predictor(bundle)


def table(folder: Path, name: str, *rows: str) -> Path:
    path = folder / name
    path.write_text(HEADER + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def test_every_pair_of_one_table_and_each_beside_each_of_two(predictor: Predictor, tmp_path: Path) -> None:
    one = table(tmp_path, "a.csv", "x,Li6PS5Cl,25", "y,Li6PS5Br,25", "z,LLZO,25")
    two = table(tmp_path, "b.csv", "u,Li3InCl6,25")
    within = compare_files(one, None, tmp_path / "out.csv", predictor, targets=["conductivity_s_per_cm"]).table
    assert within[["design_a", "design_b"]].values.tolist() == [["x", "y"], ["x", "z"], ["y", "z"]]
    between = compare_files(one, two, tmp_path / "out.csv", predictor, targets=["conductivity_s_per_cm"]).table
    assert between[["design_a", "design_b"]].values.tolist() == [["x", "u"], ["y", "u"], ["z", "u"]]
    written = pd.read_csv(tmp_path / "out.csv")
    assert written["conductivity_s_per_cm_difference"].to_numpy() == pytest.approx(
        between["conductivity_s_per_cm_difference"].to_numpy(), rel=1e-5
    )


def test_one_design_is_no_pair_and_wrong_rows_are_named(predictor: Predictor, tmp_path: Path) -> None:
    one = table(tmp_path, "a.csv", "x,Li6PS5Cl,25", "y,Li6PS5Br,-400")
    with pytest.raises(InputError, match="no two designs") as caught:
        compare_files(one, None, tmp_path / "out.csv", predictor)
    assert [(mistake.line, mistake.column) for mistake in caught.value.mistakes] == [(3, "temperature_c")]
    assert not (tmp_path / "out.csv").exists()


def test_the_command_tells_differences_first(silion: Command, predictor: Predictor, tmp_path: Path) -> None:
    model = save_bundle(predictor.bundle, tmp_path / "model")
    one = table(tmp_path, "a.csv", "x,Li6PS5Cl,25", "y,LLZO,25", "w,Li6PS5Xx,25")
    out = tmp_path / "out.csv"
    done = silion("compare", one, "-o", out, "--targets", "conductivity_s_per_cm", "--model", model)
    assert done.code == 1  # one row was left out
    assert done.out.startswith("x against y:\n  ionic conductivity: ")
    assert "a.csv line 4, column electrolyte" in done.err
    assert list(pd.read_csv(out).columns) == [
        "design_a", "design_b", "conductivity_s_per_cm_difference", "conductivity_s_per_cm_difference_low",
        "conductivity_s_per_cm_difference_high", "conductivity_s_per_cm_a_above_b", "conductivity_s_per_cm_a",
        "conductivity_s_per_cm_b",
    ]  # fmt: skip


def test_the_server_answers_the_same(predictor: Predictor, tmp_path: Path) -> None:
    api = TestClient(app_of(predictor.bundle))
    designs = [{"electrolyte": "Li6PS5Cl"}, {"electrolyte": "LLZO"}, {"electrolyte": "Li3InCl6"}]
    body = {"designs": designs, "targets": ["conductivity_s_per_cm"]}
    reply = api.post("/compare", json=body).json()
    assert [(pair["a"], pair["b"]) for pair in reply["pairs"]] == [(1, 2), (1, 3), (2, 3)]
    told = [pair["differences"]["conductivity_s_per_cm"] for pair in reply["pairs"]]
    # a to b and b to c make a to c: each is half of the predictions' difference
    assert told[0]["difference"] + told[2]["difference"] == pytest.approx(told[1]["difference"])
    assert told[0]["high"] - told[0]["difference"] == pytest.approx(1.0)
    wrong = api.post("/compare", json={"designs": [{"electrolyte": "Li6PS5Cl"}, {"electrolyte": "what"}]})
    assert wrong.status_code == 422
    assert wrong.json()["detail"][0].startswith("line 2, column electrolyte")
    mixed = api.post("/compare", json={"designs": [{"electrolyte": "LLZO"}, {"electrolyte": "LLZO", "anode": "Si"}]})
    assert (mixed.status_code, "has no anode" in mixed.json()["detail"][0]) == (422, True)
