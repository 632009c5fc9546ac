"""Models saved by earlier versions of the code keep loading and keep predicting what they predicted.

`tests/bundles/v1` was trained on the shipped literature with 20 rounds and one member; `v1_capacities` is the same,
saved on 2026-11-29 with the first capacities of that day's literature and the names of its quantities. When the
feature schema or the format changes on purpose, a bundle of the new kind is added, and what must happen to the
old one is tested here.
"""

from __future__ import annotations

import json

import pytest

from features.tables.records import Candidate
from features.tables.rows import read_table
from models.bundle import FORMAT_VERSION, load_bundle
from models.candidates import candidate_frame
from models.predictions import TEXT_COLUMNS
from models.predictor import Predictor
from tests.shared import ROOT

BUNDLES = ROOT / "tests" / "bundles"


def test_there_is_one_for_every_format_version() -> None:
    names = {path.name for path in BUNDLES.iterdir() if path.is_dir()}
    assert names == {"v1_capacities", *(f"v{version}" for version in range(1, FORMAT_VERSION + 1))}


def test_the_saved_model_predicts_what_it_predicted() -> None:
    rows = read_table(ROOT / "data" / "examples" / "candidates.csv", Candidate, own_columns=True).rows
    table = Predictor(load_bundle(BUNDLES / "v1")).predict(candidate_frame(rows)).table
    stored = json.loads((BUNDLES / "v1_predictions.json").read_text(encoding="utf-8"))
    assert set(stored) == set(table.columns) - set(TEXT_COLUMNS)
    assert not table["measured"].any()  # saved before measurements were kept
    for column, values in stored.items():
        expected = [float("nan") if value is None else value for value in values]
        assert table[column].tolist() == pytest.approx(expected, rel=1e-6, nan_ok=True)


def test_the_saved_capacities_are_told_as_they_were() -> None:
    bundle = load_bundle(BUNDLES / "v1_capacities")
    assert bundle.facts["quantities"] == ["conductivity", "ice", "fade"]
    rows = read_table(ROOT / "data" / "examples" / "candidates.csv", Candidate, own_columns=True).rows
    table = Predictor(bundle).predict(candidate_frame(rows), points=False, cycles=[50]).table
    stored = json.loads((BUNDLES / "v1_capacities_predictions.json").read_text(encoding="utf-8"))
    assert {*stored} == {column for column in table if "capacity" in column}
    for column, values in stored.items():
        expected = [float("nan") if value is None else value for value in values]
        assert table[column].tolist() == pytest.approx(expected, rel=1e-6, nan_ok=True)
