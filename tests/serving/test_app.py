from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from models.bundle import load_bundle
from models.predictor import Predictor
from serving.app import create_app
from serving.batch import predict_file


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
