"""Predictions by HTTP: the numbers, notices and mistakes of the command line."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fastapi.testclient import TestClient

from models.bundle import Bundle, load_bundle
from models.intervals import Calibration
from models.lab_effect.kernel import Kernel, LabEffect
from models.predictor import Predictor
from models.tasks.registry import RANGES, TARGETS, task_of
from serving.predict.batch import predict_file
from serving.predict.digits import DIGITS
from serving.server.app import app_of
from serving.server.batching import Deadline
from serving.server.generations import ServedModel
from serving.server.prediction_replies import alike, predict, predict_alike
from serving.server.schemas import PredictRequest
from serving.server.settings import Settings
from tests.served import flat, same
from tests.shared import ROOT

CANDIDATES = ROOT / "data" / "examples" / "candidates.csv"
COLUMNS = [f"{column}{end}" for column in TARGETS for end in ("", "_low", "_high", "_distance")]
COLUMNS += [f"{column}{end}" for column in RANGES for end in ("", "_low", "_high")]


def ask(server: TestClient, **body: Any) -> list[dict[str, Any]]:
    answer = server.post("/predict", json=body)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["results"])


def test_the_bytes_of_the_command_line(api: TestClient, bundle_folder: Path, tmp_path: Path) -> None:
    """The examples as JSON text in every cell, written as `silion predict` writes: the same file, byte for byte."""
    predict_file(CANDIDATES, tmp_path / "cli.csv", Predictor(load_bundle(bundle_folder)))
    with CANDIDATES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    designs = [{name: value for name, value in row.items() if name != "design"} for row in rows]
    served = pd.DataFrame([flat(result) for result in ask(api, designs=designs)])[
        [*COLUMNS, "measured", "range_of", "notice"]
    ]
    table = pd.concat([pd.DataFrame(rows), served], axis=1)
    table.to_csv(tmp_path / "api.csv", index=False, float_format=DIGITS, lineterminator="\n")
    assert (tmp_path / "api.csv").read_bytes() == (tmp_path / "cli.csv").read_bytes()


def test_numbers_in_json_are_those_of_text_in_a_table(api: TestClient) -> None:
    text = {"electrolyte": "Li6PS5Cl", "temperature_c": "60", "anode": "micro-Si", "prelithiated": "yes"}
    plain = {"electrolyte": "Li6PS5Cl", "temperature_c": 60, "anode": "micro-Si", "prelithiated": True, "binder": None}
    one, other = ask(api, designs=[text, plain])
    assert one == other


def test_the_same_mistake_in_the_same_words(api: TestClient) -> None:
    designs = [
        {"electrolyte": "Li6PS5Cl"},
        {"electrolyte": "Li6PS5Cl", "stack_pressure_mpa": -5},
        {"electrolyte": "LPS"},
    ]
    results = ask(api, designs=designs)
    assert results[0]["predictions"]["conductivity_s_per_cm"]["value"] > 0
    assert results[0]["predictions"]["ice_pct"] is None
    assert results[1]["error"] == [
        "line 2, column stack_pressure_mpa: got -5, expected a plain number in MPa, at least 0 and at most 2000"
    ]
    assert "LPS is Li3PS4 in one paper" in results[2]["error"][0]


def test_nothing_usable_is_422_with_all_mistakes(api: TestClient) -> None:
    answer = api.post("/predict", json={"designs": [{"electrolyte": "LPS"}, {"volts": 3}]})
    assert answer.status_code == 422
    assert len(answer.json()["detail"]) == 3  # the ambiguous name; the unknown column and the missing electrolyte
    assert api.post("/predict", json={"designs": []}).status_code == 422
    assert api.post("/predict", json={"designs": [{"electrolyte": "Li3N"}], "level": 0.9999}).status_code == 422


def test_all_mistakes_of_a_design_at_once(api: TestClient) -> None:
    """Beside a good design as alone, and where it is to be explained."""
    wrong = {"electrolyte": "LPS", "stack_pressure_mpa": -5, "volts": 3}
    words = ask(api, designs=[{"electrolyte": "Li3N"}, wrong])[1]["error"]
    assert [each.split(":")[0] for each in words] == [
        "line 2, column stack_pressure_mpa",
        "line 2, column volts",
        "line 2, column electrolyte",
    ]
    for path in ("/predict", "/explain"):
        alone = api.post(path, json={"designs": [wrong]})
        assert alone.status_code == 422
        assert alone.json()["detail"] == [each.replace("line 2", "line 1") for each in words]


def test_a_level_is_refused_in_the_same_words_with_and_without_a_curve(api: TestClient) -> None:
    """A design without an anode has no curve: nothing is asked of the papers that tell of retention."""
    bare, cell = {"electrolyte": "LLZTO"}, {"electrolyte": "LLZTO", "anode": "Si"}
    for design in (bare, cell):
        plain, curved = (
            api.post("/predict", json={"designs": [design], "level": 0.9999, "curve": curve}) for curve in (False, True)
        )
        assert plain.status_code == curved.status_code == 422
        assert plain.json() == curved.json()
    only = {"level": 0.975, "targets": ["conductivity_s_per_cm"], "curve": True}  # of 39 groups and more: not of cells
    (result,) = ask(api, designs=[bare], **only)
    assert result["curve"] is None
    assert api.post("/predict", json={"designs": [cell], **only}).status_code == 422


def test_what_is_asked_for_and_no_more(api: TestClient) -> None:
    design = {"electrolyte": "Li6PS5Cl", "anode": "micro-Si"}
    answer = api.post("/predict", json={"designs": [design], "targets": ["ice_pct"], "precedents": 2}).json()
    assert list(answer["targets"]) == ["ice_pct"]
    (result,) = answer["results"]
    assert list(result["predictions"]) == ["ice_pct"]
    assert len(result["precedents"]["ice_pct"]) == 2
    assert result["precedents"]["ice_pct"][0]["distance"] == pytest.approx(
        result["predictions"]["ice_pct"]["distance"], abs=5e-4
    )
    assert "curve" not in result
    refused = api.post("/predict", json={"designs": [design], "targets": ["volts"]})
    assert refused.status_code == 422
    assert "unknown target volts" in refused.json()["detail"][0]


def with_skill(bundle: Bundle, *, shown: bool) -> TestClient:
    skill = {column: {**facts, "shown": shown} for column, facts in bundle.facts["skill"].items()}
    return TestClient(app_of(Bundle(bundle.parts, {**bundle.facts, "skill": skill})))


def test_without_skill_a_cell_has_ranges_and_no_point(bundle_folder: Path) -> None:
    server = with_skill(load_bundle(bundle_folder), shown=False)
    [told] = ask(server, designs=[{"electrolyte": "Li6PS5Cl", "anode": "micro-Si"}], curve=True)
    for column in ("ice_pct", "retention_pct", "cycle_life_80"):
        assert told["predictions"][column]["value"] is None
        assert told["predictions"][column]["low"] < told["predictions"][column]["high"]
    assert told["predictions"]["conductivity_s_per_cm"]["value"] > 0
    assert set(told["curve"]["retention_pct"]) == {None}
    assert told["curve"]["low"] == sorted(told["curve"]["low"], reverse=True)
    assert told["range_of"].startswith("ice_pct: no point, the range of ")


def test_the_curve_goes_through_the_predictions(bundle_folder: Path) -> None:
    """100 % at the first cycle, never rising, at the design's cycle what is predicted there, 80 % at the life."""
    api = with_skill(load_bundle(bundle_folder), shown=True)
    designs = [{"electrolyte": "Li6PS5Cl", "anode": "micro-Si", "cycle": 300}, {"electrolyte": "Li6PS5Cl"}]
    with_anode, without = ask(api, designs=designs, curve=True)
    assert without["curve"] is None
    curve, told = with_anode["curve"], with_anode["predictions"]
    place = curve["cycle"].index(300)
    for name, end in (("retention_pct", "value"), ("low", "low"), ("high", "high")):
        assert curve[name][0] == 100
        assert curve[name] == sorted(curve[name], reverse=True)
        assert curve[name][place] == told["retention_pct"][end]
    after = [held for cycle, held in zip(curve["cycle"], curve["retention_pct"], strict=True)
             if cycle > told["cycle_life_80"]["value"]]  # fmt: skip
    before = curve["retention_pct"][: len(curve["cycle"]) - len(after)]
    assert after
    assert max(after) < 80 <= min(before)


def test_many_designs_are_predicted_in_pieces_with_the_same_numbers(
    bundle_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = TestClient(app_of(load_bundle(bundle_folder)))
    designs = [{"electrolyte": "Li6PS5Cl", "temperature_c": 20 + each, "anode": "Si"} for each in range(7)]
    designs[3] = {"electrolyte": "LPS"}
    whole = ask(server, designs=designs, curve=True)
    monkeypatch.setattr("serving.server.request_designs.CHUNK", 2)
    assert same(ask(server, designs=designs, curve=True), whole)
    assert [place for place, each in enumerate(whole) if "error" in each] == [3]


def test_requests_that_share_a_call_get_the_answers_they_get_alone(bundle_folder: Path) -> None:
    """With the mistakes of each its own."""
    model = ServedModel(Predictor(load_bundle(bundle_folder)), "0" * 64, 1)
    bodies = [
        [{"electrolyte": "Li6PS5Cl", "anode": "micro-Si", "temperature_c": 40}],
        [{"electrolyte": "LPS"}],
        [{"electrolyte": "LLZTO"}, {"electrolyte": "LPS"}, {"electrolyte": "Li3N", "anode": "Si", "cycle": 5}],
        [{"electrolyte": "PEO/LiTFSI", "electrolyte_class": "polymer", "anode": "nano-Si"}],
    ]
    requests = [PredictRequest(designs=designs) for designs in bodies]
    assert len({alike(model, asked) for asked in requests}) == 1
    together = predict_alike(model, requests, Deadline(60))
    for asked, found in zip(requests, together, strict=True):
        if isinstance(found, dict):
            assert same(found, predict(model, asked, Deadline(60)))
        else:
            with pytest.raises(ValueError, match="LPS is Li3PS4") as error:
                predict(model, asked, Deadline(60))
            assert str(error.value) == str(found)
    for special in ({"curve": True}, {"measured": [{}]}, {"designs": bodies[0] * 21}):
        assert alike(model, PredictRequest(**{"designs": bodies[0], **special})) is None
    others = ({"level": 0.8}, {"targets": ["ice_pct"]}, {"precedents": 1})
    keys = {alike(model, PredictRequest(**{"designs": bodies[0], **other})) for other in others}
    assert len(keys | {alike(model, requests[0])}) == 4


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
    bundle = Bundle(
        {name: replace(part, lab=labs[name]) for name, part in bundle.parts.items()}, bundle.facts, bundle.capacities
    )
    predictor, server = Predictor(bundle), TestClient(app_of(bundle))
    out = tmp_path / "out.parquet"
    predict_file(tmp_path / "in.csv", out, predictor, level=0.6, calibrate=tmp_path / "mine.csv")
    own = pd.read_parquet(out)[[*COLUMNS, "notice"]]
    designs = [{"electrolyte": "Li6PS5Cl", "temperature_c": 60, "anode": "micro-Si"}, {"electrolyte": "LLZTO"}]
    served = [flat(each) for each in ask(server, designs=designs, level=0.6, measured=MEASURED)]
    plain = [flat(each) for each in ask(server, designs=designs, level=0.6)]
    for row, answer in enumerate(served):
        for column in own.columns:
            value = own[column].iloc[row]
            assert answer[column] == (None if value != value else value)
    for column in TARGETS:  # a part without any effect of the paper is not moved, nor its interval
        for end in ("", "_low", "_high"):
            assert (served[0][column + end] != plain[0][column + end]) == (task_of(column).name != "ice")
    assert "ice: not moved by your measured designs" in served[0]["notice"]
    assert [flat(each) for each in ask(server, designs=designs, level=0.6, measured=[])] == plain


@pytest.mark.parametrize(
    ("measured", "words"),
    [
        ([{"electrolyte": "Li6PS5Cl"}], "line 1, column conductivity_s_per_cm: got nothing measured"),
        ([MEASURED[0], {**MEASURED[1], "ice_pct": 101}], "line 2, column ice_pct: got 101"),
        ([{"ice_pct": 80}], "line 1, column electrolyte: got nothing"),
        ([{**MEASURED[0], "anode": ["Si"]}], "line 1, column anode: got a list, expected anode as written"),
        ([1], "measured.0"),
        ({"electrolyte": "Li6PS5Cl", "ice_pct": 80}, "body.measured"),
        ([{**MEASURED[0], "electrolyte": "LPS"}], "LPS is Li3PS4 in one paper"),
        ([{**MEASURED[0], "electrolyte": "nonsense!!"}], "nonsense!!"),
    ],
)
def test_measured_designs_that_cannot_be_used_are_422(api: TestClient, measured: object, words: str) -> None:
    answer = api.post("/predict", json={"designs": [{"electrolyte": "Li6PS5Cl"}], "measured": measured})
    assert answer.status_code == 422
    assert words in " ".join(answer.json()["detail"])


def test_an_older_model_refuses_own_measurements_in_words() -> None:
    old = TestClient(app_of(load_bundle(ROOT / "tests" / "bundles" / "v1")))
    assert old.post("/predict", json={"designs": [{"electrolyte": "Li6PS5Cl"}]}).status_code == 200
    answer = old.post("/predict", json={"designs": [{"electrolyte": "Li6PS5Cl"}], "measured": MEASURED})
    assert answer.status_code == 422
    assert answer.json()["detail"] == ["this model was saved before own measurements could be used; train again"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"designs": [{"electrolyte": "Li3N"}] * 4}, "designs: got 4, expected at most 3 at once"),
        ({"designs": [{"electrolyte": "Li3N"}], "measured": [MEASURED[0]] * 3}, "measured designs: got 3"),
        ({"designs": [{"electrolyte": "Li3N"}] * 2, "curve": True}, "designs with a curve: got 2"),
    ],
)
def test_more_than_the_server_takes_at_once_is_413(bundle_folder: Path, body: object, words: str) -> None:
    settings = Settings(max_designs=3, max_measured=2, max_curves=1)
    answer = TestClient(app_of(load_bundle(bundle_folder), settings)).post("/predict", json=body)
    assert answer.status_code == 413
    assert words in answer.json()["detail"][0]


def test_more_than_can_be_explained_at_once_is_413(api: TestClient) -> None:
    answer = api.post("/explain", json={"designs": [{"electrolyte": "LLZTO"}] * 21})
    assert answer.status_code == 413
    assert "designs to explain: got 21, expected at most 20" in answer.json()["detail"][0]
    assert api.post("/explain", json={"designs": [{"electrolyte": "LPS"}]}).status_code == 422


def test_reasons_multiply_or_add_up_to_the_prediction(api: TestClient) -> None:
    """Conductivity and life: base times every factor. ICE and retention: base plus every point."""
    designs = [{"electrolyte": "Li6PS5Cl", "anode": "micro-Si", "temperature_c": 60}, {"electrolyte": "LPS"},
               {"electrolyte": "LLZTO"}]  # fmt: skip
    told = ask(api, designs=designs)
    answer = api.post("/explain", json={"designs": designs, "top": 4})
    assert answer.status_code == 200
    results = answer.json()["results"]
    assert "error" in results[1]
    assert results[2]["explanations"]["ice_pct"] is None
    assert results[2].get("first_cycle") is None  # no anode
    assert results[0]["first_cycle"]["target"] == "ice_pct"
    texts = {term["label"]: term["text"] for term in results[0]["first_cycle"]["terms"]}
    assert texts["interphase on the electrolyte-facing area"] == "10 (-6 to 26)"
    assert texts["lithium trapped by lost contact"] == "not known: stack_pressure_mpa is missing"
    assert "shows no skill on papers the model never saw" in results[0]["first_cycle"]["note"]
    only = api.post("/explain", json={"designs": designs[:1], "targets": ["conductivity_s_per_cm"]}).json()
    assert only["results"][0].get("first_cycle") is None
    assert results[0]["notices"] == told[0]["notices"]
    for column, why in results[0]["explanations"].items():
        drawn = [step for step in why["steps"] if step["feature"] == "measured"]
        assert len(why["steps"]) == 4 + len(drawn)
        assert [step["said"] for step in drawn] == list(told[0]["measured"].values()) * len(drawn)
        assert len(drawn) == (column in told[0]["measured"])
        found = why["base"]
        for step in [each["contribution"] for each in why["steps"]] + [why["rest"]]:
            found = found * step if why["scale"] == "factor" else found + step
        if (value := told[0]["predictions"][column]["value"]) is None:  # without skill no point is told
            assert why["prediction"] is None
            assert column in results[0]["range_of"]
            continue
        assert found == pytest.approx(why["prediction"], rel=1e-9)
        assert why["prediction"] == pytest.approx(value, rel=1e-4)  # SHAP values are single precision
    temperature = next(
        step
        for step in api.post("/explain", json={"designs": designs[:1], "top": 200}).json()["results"][0][
            "explanations"
        ]["conductivity_s_per_cm"]["steps"]
        if step["label"] == "temperature"
    )
    assert temperature["unit"] == "°C"
    assert temperature["value"] == pytest.approx(60)
