from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.tables.records import Candidate
from models.bundle import load_bundle
from models.candidates import candidate_frame
from models.explain import contributions
from models.explain.contributions import in_chunks, write_contributions
from models.predictor import Predictor
from models.tasks.registry import LINK

DESIGNS = candidate_frame(
    [
        Candidate(electrolyte="Li6PS5Cl", anode="nano-Si"),
        Candidate(electrolyte="LLZTO"),
        Candidate(electrolyte="Li3PS4", anode="Si, film", film_thickness_nm=100.0),
    ]
)
NAMES = ["a, b", "two", 'th"ree']


def test_a_row_per_design_sums_to_its_prediction(
    bundle_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contributions, "CHUNK", 2)
    bundle, done = load_bundle(bundle_folder), list[int]()
    bundle.parts["conductivity"].known = None  # reasons are those of the model, before measured values draw it
    paths = write_contributions(bundle, ["conductivity", "ice"], in_chunks(NAMES, DESIGNS), tmp_path, done.append)
    assert [path.name for path in paths] == ["designs_conductivity.csv", "designs_ice.csv"]
    assert done == [2, 1]
    printed = Predictor(bundle).predict(DESIGNS, precedents=0).table
    first, second = (pd.read_csv(path) for path in paths)
    assert first["design"].tolist() == NAMES
    assert second["design"].tolist() == [NAMES[0], NAMES[2]]  # the second describes no anode
    np.testing.assert_allclose(first["shap_sum"], np.log10(printed["conductivity_s_per_cm"]), rtol=1e-4)
    np.testing.assert_allclose(second["shap_sum"], printed["ice_pct"].dropna(), rtol=1e-4)
    features = first.drop(columns=["design", "shap_base", "shap_sum"])
    assert list(features) == list(bundle.parts[LINK].featurizer.get_feature_names_out())
    np.testing.assert_allclose(features.sum(axis=1) + first["shap_base"], first["shap_sum"], rtol=1e-4)


def test_an_interruption_leaves_nothing(bundle_folder: Path, tmp_path: Path) -> None:
    def broken() -> Iterator[tuple[list[str], pd.DataFrame]]:
        yield NAMES, DESIGNS
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_contributions(load_bundle(bundle_folder), ["ice"], broken(), tmp_path)
    assert list(tmp_path.iterdir()) == []
