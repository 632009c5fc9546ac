from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from models.bundle import Bundle, load_bundle
from models.intervals import Calibration
from models.lab import Kernel, LabEffect
from models.predictor import PART_OF, Predictor
from serving.app import create_app
from serving.batch import predict_file
from tests.shared import ROOT


@pytest.fixture(scope="module")
def server(bundle_folder: Path) -> TestClient:
    return TestClient(create_app(load_bundle(bundle_folder)))


def test_health_and_model(server: TestClient) -> None:
    assert server.get("/health").json() == {"status": "ok"}
    assert set(server.get("/model").json()["skill"]) == {
        "conductivity_s_per_cm",
        "ice_pct",
        "retention_pct",
        "cycle_life_80",
    }


def test_the_numbers_and_notices_of_the_command_line(server: TestClient, bundle_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(
        "electrolyte,temperature_c,anode\nLi6PS5Cl,60,micro-Si\nLLZTO,,\n", encoding="utf-8"
    )
    own = predict_file(
        tmp_path / "in.csv", tmp_path / "out.csv", Predictor(load_bundle(bundle_folder))
    ).predictions.table
    designs = [{"electrolyte": "Li6PS5Cl", "temperature_c": 60, "anode": "micro-Si"}, {"electrolyte": "LLZTO"}]
    served = server.post("/predict", json={"designs": designs}).json()["results"]
    for row, answer in enumerate(served):
        for column in own.columns:
            value = own[column].iloc[row]
            assert answer[column] == (None if value != value else value)


def test_the_same_mistake_in_the_same_words(server: TestClient) -> None:
    designs = [
        {"electrolyte": "Li6PS5Cl"},
        {"electrolyte": "Li6PS5Cl", "stack_pressure_mpa": -5},
        {"electrolyte": "LPS"},
    ]
    results = server.post("/predict", json={"designs": designs}).json()["results"]
    assert "conductivity_s_per_cm" in results[0]
    assert results[1]["error"] == [
        "line 2, column stack_pressure_mpa: got -5, expected a plain number in MPa, at least 0 and at most 2000"
    ]
    assert "LPS is Li3PS4 in one paper" in results[2]["error"][0]


def test_nothing_usable_is_422_with_all_mistakes(server: TestClient) -> None:
    answer = server.post("/predict", json={"designs": [{"electrolyte": "LPS"}, {"volts": 3}]})
    assert answer.status_code == 422
    assert len(answer.json()["detail"]) == 3
    assert server.post("/predict", json={"designs": []}).status_code == 422
    assert server.post("/predict", json={"designs": [{"electrolyte": "Li3N"}], "level": 0.9999}).status_code == 422


def test_numbers_that_json_has_no_word_for_are_422(server: TestClient) -> None:
    body = '{"designs": [{"electrolyte": "Li6PS5Cl"}], "level": NaN}'
    answer = server.post("/predict", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert "level" in str(answer.json()["detail"])


MEASURED = [
    {"electrolyte": "Li6PS5Cl", "temperature_c": 30, "conductivity_s_per_cm": 0.01},
    {"electrolyte": "Li6PS5Cl", "temperature_c": 25, "anode": "micro-Si", "ice_pct": 70, "cycle_life_80": 300},
]
MINE = (
    "electrolyte,temperature_c,anode,conductivity_s_per_cm,ice_pct,cycle_life_80\n"
    "Li6PS5Cl,30,,0.01,,\n"
    "Li6PS5Cl,25,micro-Si,,70,300\n"
)


def test_own_measurements_give_the_numbers_of_the_command_line(bundle_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("electrolyte,temperature_c,anode\nLi6PS5Cl,60,micro-Si\nLLZTO,,\n", "utf-8")
    (tmp_path / "mine.csv").write_text(MINE, encoding="utf-8")
    bundle = load_bundle(bundle_folder)
    # had papers shown an effect of their own for conductivity and fade, and none for the initial efficiency
    scores = {1: Calibration((1.5,) * 19, (1.0,) * 19, 19, 0.0)}
    labs = dict.fromkeys(("conductivity", "fade"), LabEffect(Kernel(0.3, 0.1, reach=1.0, common=0.5), scores))
    labs["ice"] = LabEffect(Kernel(0.0, 100.0, reach=1.0, common=1.0), scores)
    bundle = Bundle({name: replace(part, lab=labs[name]) for name, part in bundle.parts.items()}, bundle.facts)
    predictor, server = Predictor(bundle), TestClient(create_app(bundle))
    own = predict_file(
        tmp_path / "in.csv", tmp_path / "out.csv", predictor, level=0.6, calibrate=tmp_path / "mine.csv"
    ).predictions.table
    designs = [{"electrolyte": "Li6PS5Cl", "temperature_c": 60, "anode": "micro-Si"}, {"electrolyte": "LLZTO"}]
    served = server.post("/predict", json={"designs": designs, "level": 0.6, "measured": MEASURED}).json()["results"]
    plain = server.post("/predict", json={"designs": designs, "level": 0.6}).json()["results"]
    for row, answer in enumerate(served):
        for column in own.columns:
            value = own[column].iloc[row]
            assert answer[column] == (None if value != value else value)
    for column, name in PART_OF.items():  # a part without any effect of the paper is not moved, nor its interval
        for end in ("", "_low", "_high"):
            assert (served[0][column + end] != plain[0][column + end]) == (name != "ice")
    assert "ice: your measured designs change nothing" in served[0]["notice"]
    empty = server.post("/predict", json={"designs": designs, "level": 0.6, "measured": []}).json()["results"]
    assert empty == plain


@pytest.mark.parametrize(
    ("measured", "words"),
    [
        ([{"electrolyte": "Li6PS5Cl"}], "line 1, column conductivity_s_per_cm: got nothing measured"),
        ([MEASURED[0], {**MEASURED[1], "ice_pct": 101}], "line 2, column ice_pct: got 101"),
        ([{"ice_pct": 80}], "line 1, column electrolyte: got nothing"),
        ([1], "measured.0"),
        ({"electrolyte": "Li6PS5Cl", "ice_pct": 80}, "body.measured"),
    ],
)
def test_measured_designs_that_cannot_be_used_are_422(server: TestClient, measured: object, words: str) -> None:
    answer = server.post("/predict", json={"designs": [{"electrolyte": "Li6PS5Cl"}], "measured": measured})
    assert answer.status_code == 422
    assert words in " ".join(answer.json()["detail"])


@pytest.mark.parametrize("electrolyte", ["LPS", "nonsense!!"])
def test_a_measured_formula_that_cannot_be_read_is_422(server: TestClient, electrolyte: str) -> None:
    measured = [{**MEASURED[0], "electrolyte": electrolyte}]
    answer = server.post("/predict", json={"designs": [{"electrolyte": "Li6PS5Cl"}], "measured": measured})
    assert answer.status_code == 422
    assert electrolyte in str(answer.json()["detail"])


def test_an_older_model_refuses_own_measurements_in_words() -> None:
    old = TestClient(create_app(load_bundle(ROOT / "tests" / "bundles" / "v1")))
    assert old.post("/predict", json={"designs": [{"electrolyte": "Li6PS5Cl"}]}).status_code == 200
    answer = old.post("/predict", json={"designs": [{"electrolyte": "Li6PS5Cl"}], "measured": MEASURED})
    assert answer.status_code == 422
    assert answer.json()["detail"] == ["this model was saved before own measurements could be used; train again"]
