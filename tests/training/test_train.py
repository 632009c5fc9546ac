from __future__ import annotations

import re
from pathlib import Path

import pytest

from features.tables.literature import Literature
from features.tables.mistakes import InputError
from models.bundle import save_bundle
from models.ensemble import Recipe
from tests.shared import REPORTED, ROOT
from training.config import TrainConfig
from training.data.paper_splits import SplitError
from training.report.report import out_of_fold, write_report
from training.train import Trained, measure, measure_fixed, steps_to_train, train


@pytest.mark.usefixtures("every_fit_is_made")
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


def test_the_report_is_whole(report: Path, trained: Trained) -> None:
    page = (report / "index.html").read_text(encoding="utf-8")
    pictures = sorted(path.name for path in report.glob("*.png"))
    assert {"skill.png", "calibration.png", "completeness.png", "ice_pct_parity.png"} <= set(pictures)
    told = "".join((report / name).read_text(encoding="utf-8") for name in ("card.md", "questions.md"))
    for name in pictures:
        assert (report / name).read_bytes().startswith(b"\x89PNG")
        assert name in told
    # the page can be mailed: every picture is inside it, and what it links to lies beside it
    assert page.count("<img ") == page.count('<img src="data:image/png;base64,') >= 4
    assert all((report / name).is_file() for name in re.findall(r'href="([^":#]+)"', page))
    assert "no skill shown yet" in page
    assert len(out_of_fold(trained.found)) == sum(len(each.groups) for each in trained.found.values())


def test_two_reports_of_one_training_are_the_same_bytes(report: Path, trained: Trained, tmp_path: Path) -> None:
    write_report(trained, tmp_path, REPORTED)
    assert {path.name for path in report.iterdir()} == {path.name for path in tmp_path.iterdir()}
    for path in report.iterdir():
        assert path.read_bytes() == (tmp_path / path.name).read_bytes(), path.name


QUICK = TrainConfig(
    folds=2,
    repeats=1,
    shares=(0.5, 1.0),
    choices={name: {"quick": Recipe(rounds=2, members=1)} for name in ("conductivity", "ice", "fade")},
)


def of_papers(literature: Literature, papers: set[str]) -> Literature:
    """The rows of some papers."""
    tables = (literature.electrolytes, literature.cells, literature.cycling)
    kept = [[row for row in table if row.paper in papers] for table in tables]
    return Literature(*kept, literature.sources)


def told_by(literature: Literature, count: int) -> Literature:
    """The rows of `count` papers that print conductivity, cells and cycling all three."""
    tables = (literature.electrolytes, literature.cells, literature.cycling)
    every = [{row.paper for row in table if row.in_training} for table in tables]
    papers = sorted(set.intersection(*every))[:count]
    assert len(papers) == count
    return of_papers(literature, set(papers))


def test_one_paper_alone_is_refused(literature: Literature) -> None:
    alone = told_by(literature, 1)
    assert alone.electrolytes
    assert alone.cells
    assert alone.cycling
    with pytest.raises(SplitError, match=r"[01] papers are too few for 2 folds; add papers or ask for at most [01]"):
        train(QUICK, literature=alone)


def test_fewer_papers_than_folds_are_refused(literature: Literature) -> None:
    few = told_by(literature, 4)
    assert any(row.measurement_id == "E070" for row in few.electrolytes)
    with pytest.raises(SplitError, match=r"\d papers are too few for 5 folds; add papers or ask for at most \d folds"):
        train(TrainConfig(repeats=1, choices=QUICK.choices), literature=few)
    with pytest.raises(SplitError, match="too few for 5 folds"):
        measure_fixed(few, TrainConfig(choices=QUICK.choices), ["E070"])


@pytest.mark.slow
def test_progress_reaches_what_was_announced(literature: Literature) -> None:
    steps: list[int] = []
    some = Literature(literature.electrolytes[:50], literature.cells, literature.cycling, literature.sources)
    trained = train(QUICK, steps.append, some)
    # 2 folds of 3 parts, ten fits of the systems, 2 folds of 3 targets at 2 shares, and 4 refits of 3 parts
    assert trained.by_system.papers > 10
    assert sum(steps) == steps_to_train(QUICK, some) == 2 * 3 + 10 + 2 * 3 * 2 + 4 * 3
    assert {column: len(points) for column, points in trained.learning.items()} == {
        "conductivity_s_per_cm": 2, "ice_pct": 2, "retention_pct": 2,
    }  # fmt: skip
    assert trained.bundle.facts["chosen"] == {"conductivity": "quick", "ice": "quick", "fade": "quick"}
