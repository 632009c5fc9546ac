from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from models.explain.stability import FACTS, Stability
from models.registry import Version
from reporting.model_summary import as_text, registered
from tests.shelf import new_shelf
from training.train import Trained


def test_key_numbers_and_decisions_are_told(trained: Trained) -> None:
    tags = {"decision": "forced: our cells", "champion_before": "", "ice_pct": "skill shown (0.80)"}
    lines = as_text(trained.bundle.facts, Version("3", ("champion",), "abc", tags)).splitlines()
    assert lines[:2] == ["version 3 (champion), run abc", "decision: forced: our cells"]
    assert lines[2].endswith("seed 0, 3 folds by paper, 1 times")
    learnt = trained.found["conductivity"].examples.labels
    assert lines[3].startswith(f"rows learnt from: conductivity {len(learnt.lower)} of ")
    score = trained.scores["ice_pct"]
    (told,) = (line for line in lines if "initial Coulombic efficiency" in line)
    assert f"error ratio {score.skill:.2f} ({score.skill_low:.2f} to {score.skill_high:.2f})" in told
    assert told.endswith(score.verdict)
    (known,) = (line for line in lines if line.startswith("  conductivity, composition known"))
    judged = trained.bundle.facts["regimes"]["conductivity"][0]
    assert f"error {judged['error']:.2f} decades, of {judged['papers']} groups of papers" in known
    assert known.endswith(f"90 % intervals hold {100 * judged['coverage']:.0f} %")


def test_features_told_apart_from_chance_are_named(trained: Trained) -> None:
    features = pd.DataFrame({"feature": ["a", "b", "c"], "above_shuffled": [0.9, 0.8, 1.0], "high": [0.1, 0.2, 0.3]})
    steady = Stability(10, 61, features, pd.DataFrame(), pd.DataFrame())
    none = Stability(10, 23, features.assign(above_shuffled=0.0), pd.DataFrame(), pd.DataFrame())
    facts = trained.bundle.facts | {FACTS: {"conductivity": steady.as_dict(), "ice": none.as_dict()}}
    assert as_text(facts, None).splitlines()[-3:] == [
        "features told apart from chance when papers are left out:",
        "  conductivity   2 of 3: c, a",
        "  ice            0 of 3",
    ]
    assert "told apart" not in as_text({**trained.bundle.facts, FACTS: {}}, None)


def test_a_folder_is_registered_nowhere(
    bundle_folder: Path,
    trained: Trained,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shelf = new_shelf(tmp_path, tmp_path_factory, monkeypatch)
    assert registered(None) is None
    shelf.add(bundle_folder, None, "champion")
    assert registered(str(bundle_folder)) is None
    found = registered(None)
    assert found is not None
    assert found.version == "1"
    assert as_text(trained.bundle.facts, None).startswith("code ")
