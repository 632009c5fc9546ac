from __future__ import annotations

from pathlib import Path

import pytest

from features.tables import InputError
from models.bundle import save_bundle
from tests.shared import ROOT
from training.dataset import Literature
from training.report import out_of_fold, write_report
from training.train import Trained, measure, train


def test_the_same_seed_gives_the_same_bytes(
    trained: Trained, bundle_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    again = save_bundle(train(trained.config).bundle, tmp_path / "again")
    names = sorted(path.relative_to(again) for path in again.rglob("*") if path.is_file())
    assert len(names) > 20
    for name in names:
        assert (again / name).read_bytes() == (bundle_folder / name).read_bytes(), name


def test_the_facts_name_data_code_and_skill(trained: Trained) -> None:
    facts = trained.bundle.facts
    assert {Path(name).name for name in facts["data_hashes"]} == {
        "electrolytes.csv",
        "cells.csv",
        "cycling.csv",
        "sources.csv",
    }
    assert all(len(value) == 64 for value in facts["data_hashes"].values())
    assert facts["code_version"].startswith("0.1.0")
    assert facts["config"]["seed"] == 0
    assert facts["skill"]["ice_pct"]["verdict"] in ("skill shown", "no skill shown yet")


def test_tables_without_rows_are_refused(literature: Literature, trained: Trained) -> None:
    with pytest.raises(InputError, match=r"no rows in cells\.csv"):
        measure(Literature(literature.electrolytes, [], literature.cycling, literature.sources), trained.config)


def test_the_report_is_whole(trained: Trained, tmp_path: Path) -> None:
    write_report(trained, tmp_path)
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    pictures = sorted(path.name for path in tmp_path.glob("*.png"))
    assert {"skill.png", "calibration.png", "completeness.png", "ice_pct_parity.png"} <= set(pictures)
    for name in pictures:
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")
        assert name in page
    assert "no skill shown yet" in page
    assert len(out_of_fold(trained.found)) == sum(len(each.groups) for each in trained.found.values())


def test_two_reports_of_one_training_are_the_same_bytes(trained: Trained, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_report(trained, tmp_path / name)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name
