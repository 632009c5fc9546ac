from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from features.records import Candidate
from models.bundle import load_bundle
from models.designs import candidate_frame
from models.explain import explain
from models.predictor import Predictor


def test_pictures_and_tables_for_each_target_and_design(bundle_folder: Path, tmp_path: Path) -> None:
    bundle = load_bundle(bundle_folder)
    designs = candidate_frame([Candidate(electrolyte="Li6PS5Cl", anode="micro-Si"), Candidate(electrolyte="LLZTO")])
    written = explain(bundle, tmp_path, designs, ["one <cell>", "two"])
    names = {path.name for path in written}
    for column in ("conductivity_s_per_cm", "ice_pct", "retention_pct", "cycle_life_80"):
        assert {f"{column}_bar.png", f"{column}_beeswarm.png", f"{column}_importance.csv"} <= names
        assert f"01_one-cell_{column}.png" in names
    assert "02_two_conductivity_s_per_cm.png" in names
    assert "02_two_ice_pct.png" not in names
    for path in written:
        if path.suffix == ".png":
            assert path.read_bytes().startswith(b"\x89PNG")
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "one &lt;cell&gt;" in page
    assert "one <cell>" not in page


def test_the_reasons_of_a_design_sum_to_its_prediction(bundle_folder: Path, tmp_path: Path) -> None:
    bundle = load_bundle(bundle_folder)
    designs = candidate_frame([Candidate(electrolyte="Li6PS5Cl", temperature_c=60.0, anode="nano-Si")])
    explain(bundle, tmp_path, designs, ["cell"])
    table = pd.read_csv(tmp_path / "designs_shap.csv")
    answer = Predictor(bundle).predict(designs).table.iloc[0]
    for column, value in (
        ("conductivity_s_per_cm", np.log10(answer["conductivity_s_per_cm"])),
        ("ice_pct", answer["ice_pct"]),
    ):
        rows = table[table["target"] == column]
        np.testing.assert_allclose(rows["shap"].sum() + rows["base"].iloc[0], value, rtol=1e-4)
    assert table[["label", "shap_unit"]].notna().all(axis=None)
