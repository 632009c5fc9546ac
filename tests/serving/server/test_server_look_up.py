"""What can be asked besides predictions."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

import silion
from features.tables.records import Candidate
from models.bundle import Bundle, load_bundle
from models.tasks.registry import ON_REQUEST, all_targets
from serving.server.app import app_of, create_app
from serving.server.generations import Generations
from serving.server.settings import Settings
from tests.shared import ROOT


def test_health_and_ready(api: TestClient) -> None:
    assert api.get("/health").json() == {"status": "ok"}
    assert api.get("/ready").json()["generation"] == 1
    unready = TestClient(create_app(Generations([0]), Settings()))
    assert unready.get("/health").status_code == 200
    answer = unready.get("/ready")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert unready.post("/predict", json={"designs": [{"electrolyte": "Li3N"}]}).status_code == 503


def test_version_and_model_say_what_answers(api: TestClient, trained: object) -> None:
    version = api.get("/version").json()
    assert set(version["data_hashes"]) >= {"literature/electrolytes.csv", "literature/cells.csv"}
    assert re.fullmatch("[0-9a-f]{64}", version["schema_hash"])
    card = api.get("/model").json()
    assert list(card["targets"]) == [column for column in all_targets() if column not in ON_REQUEST]
    told = card["targets"]["conductivity_s_per_cm"]
    assert (told["unit"], told["label"]) == ("S/cm", "ionic conductivity")
    assert told["skill"]["verdict"]
    assert 0 < told["skill"]["coverage"] <= 1
    assert card["parts"]["ice"]["ranges"]["silicon_wt_pct"][1] <= 100
    assert "Li" in card["parts"]["conductivity"]["elements"]


def test_an_old_model_without_all_facts_still_tells_its_card() -> None:
    old = TestClient(app_of(load_bundle(ROOT / "tests" / "bundles" / "v1")))
    for path in ("/version", "/model", "/schema", "/precedents"):
        assert old.get(path).status_code == 200


def test_the_schema_holds_every_column_once_with_unit_and_limits(api: TestClient) -> None:
    schema = api.get("/schema").json()
    fields = {field["name"]: field for group in schema["groups"] for field in group["fields"]}
    assert sorted(fields) == sorted(Candidate.model_fields)
    assert sum(len(group["fields"]) for group in schema["groups"]) == len(fields)
    assert [name for name, field in fields.items() if field["required"]] == ["electrolyte"]
    pressure = fields["stack_pressure_mpa"]
    assert (pressure["unit"], pressure["low"], pressure["high"]) == ("MPa", 0, 2000)
    assert (pressure["kind"], pressure["label"], pressure["low_open"]) == ("number", "stack pressure", False)
    assert fields["np_ratio"]["low_open"]
    assert fields["porosity_pct"]["high_open"]
    assert fields["electrolyte_class"]["kind"] == "choice"
    assert "halide" in fields["electrolyte_class"]["choices"]
    assert fields["prelithiated"]["kind"] == "yes_no"
    assert fields["temperature_c"]["known_low"] <= 25 <= fields["temperature_c"]["known_high"]
    assert schema["limits"]["designs"] == Settings().max_designs


@pytest.mark.parametrize("text", ["75Li2S-25P2S5", "LLZTO", "Li6PS5CI", "nonsense!!", "", "Si@Li7P3S11", "x" * 5000])
def test_a_formula_is_read_as_on_the_command_line(
    api: TestClient, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    silion.main(["formula", text])
    answer = api.get("/formula", params={"text": text})
    assert answer.status_code == 200
    assert answer.json() == json.loads(capsys.readouterr().out)


def test_examples_are_real_cells_that_the_server_predicts(api: TestClient) -> None:
    examples = api.get("/examples").json()["examples"]
    assert len(examples) >= 4
    assert len({each["citation"] for each in examples}) == len(examples)
    assert all(each["measured"] and each["place"] for each in examples)
    results = api.post("/predict", json={"designs": [each["design"] for each in examples]}).json()["results"]
    assert all(each["predictions"]["ice_pct"] for each in results)
    # the double-layer paper: its pouch cell in data/literature/cells.csv
    assert any(each["doi"] == "10.1038/s41467-025-56366-z" for each in examples)


def test_precedents_of_a_design_are_those_of_its_prediction(api: TestClient) -> None:
    design = {"electrolyte": "LLZTO", "temperature_c": 25, "anode": "Si"}
    predicted = api.post("/predict", json={"designs": [design], "precedents": 4}).json()["results"][0]["precedents"]
    for rows in predicted.values():
        for row in rows:
            assert isinstance(row.pop("same_family"), bool)  # said of a prediction's rows alone
    assert api.get("/precedents", params={**design, "count": 4}).json()["nearest"] == predicted
    rows = api.get("/precedents").json()["rows"]
    assert predicted["ice_pct"][0]["row"] in {each["row"] for each in rows["ice"]}
    refused = api.get("/precedents", params={"electrolyte": "LPS"})
    assert refused.status_code == 422
    assert "LPS is Li3PS4 in one paper" in refused.json()["detail"][0]


def test_precedents_of_a_model_of_few_papers_are_refused_in_words() -> None:
    """Three papers support 3/4 at most, and a prediction is asked for with 90 %."""
    bundle = load_bundle(ROOT / "tests" / "bundles" / "v1")
    part = bundle.parts["conductivity"]
    assert part.calibration
    few = replace(part, calibration=replace(part.calibration, papers=3, far=None))
    server = TestClient(app_of(Bundle(bundle.parts | {"conductivity": few}, bundle.facts)))
    answer = server.get("/precedents", params={"electrolyte": "LLZTO"})
    assert answer.status_code == 422
    words = "level: got 0.9, but 3 groups of papers support at most 0.750; choose a lower level or add papers"
    assert answer.json() == {"detail": [words]}


def test_requests_are_counted_by_route_and_never_by_what_was_asked(api: TestClient) -> None:
    api.get("/formula", params={"text": "SecretFormula"})
    api.get("/no-such-page-either")
    api.request("SECRET", "/formula")
    api.post("/predict", json={"designs": [{"electrolyte": "LLZTO"}, {"electrolyte": "LPS"}]})
    text = api.get("/metrics").text
    assert 'silion_requests_total{method="GET",path="/formula",status="200"}' in text
    assert 'silion_requests_total{method="any",path="other",status="404"}' in text
    assert float(re.findall(r'silion_designs_total{outcome="rejected"} (\S+)', text)[0]) >= 1
    assert 'silion_request_seconds_bucket{le="0.01",path="/predict"}' in text
    assert 'silion_requests_total{method="any",path="/formula",status="405"}' in text
    assert "secret" not in text.lower()
    assert "no-such" not in text


def test_the_atlas_is_a_page_whose_only_script_is_the_one_its_policy_names(api: TestClient) -> None:
    answer = api.get("/atlas")
    assert answer.status_code == 200
    (script,) = re.findall(r"<script>(.*?)</script>", answer.text, flags=re.DOTALL)
    named = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{named}';" in answer.headers["content-security-policy"]
    assert "https://doi.org/10.1038/s41467-025-56366-z" in answer.text
