"""The table of goals where a public table was not pulled."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import accuracy, goals, looks, results
from benchmarks.goals import MARKS, Line, Own
from benchmarks.official import WRITTEN_BY
from tests.shared import ROOT


def test_a_missing_table_leaves_out_its_part_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def of_shipped(own: Own) -> Iterator[Line]:
        yield Line("shipped rows", "some", "many" if own.examples.labels.exact.any() else "none")

    monkeypatch.setenv("SILION_CACHE", str(tmp_path / "cache"))
    monkeypatch.setitem(goals.PARTS, "of_shipped", of_shipped)
    page = tmp_path / "README.md"
    page.write_text("\n".join(MARKS))
    monkeypatch.setattr(goals, "PAGE", page)
    (tmp_path / "looks.csv").write_text("look,date,method\n3,2026-11-20,ridge\n")
    monkeypatch.setattr(looks, "LOOKS", tmp_path / "looks.csv")
    parts = ["of_polymers", "of_tables", "official_test", "of_shipped"]
    monkeypatch.setattr(sys, "argv", ["goals", *parts, "--write-docs"])
    goals.main()
    told, took = capsys.readouterr()
    assert "left out: of_polymers: " in told
    assert "run: silion data pull polymers" in told
    assert "left out: of_tables: " in told
    assert "left out: official_test: no look yet" in told
    table = "| quantity | goal | measured |\n|---|---|---|\n| shipped rows | some | many |"
    assert "part 4 of 4, of_shipped: " in took
    assert took.count(" s of processor time, ") == 4
    missing = "Left out, as what they need was not there: of_polymers, of_tables, official_test."
    assert page.read_text() == f"{MARKS[0]}\n{table}\n\n{missing}\n{MARKS[1]}"


def test_the_parts_of_the_accuracy_whose_tables_are_missing_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SILION_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "argv", ["accuracy", "cross-validation", "polymers"])
    accuracy.main()
    told = capsys.readouterr().out
    assert "left out: cross-validation: " in told
    assert "left out: polymers: " in told
    monkeypatch.setattr(sys, "argv", ["accuracy", "official-test"])
    with pytest.raises(SystemExit):
        accuracy.main()
    assert "no part named official-test; expected some of cross-validation, " in capsys.readouterr().err


def test_the_official_table_has_its_place_in_the_docs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "docs" / "skill.md"
    page.parent.mkdir()
    shutil.copy(ROOT / "docs" / "skill.md", page)
    monkeypatch.setattr(accuracy, "ROOT", tmp_path)
    monkeypatch.setattr(results, "OUT", tmp_path / "out")
    accuracy.keep("official", {}, "the new table", True, WRITTEN_BY)
    begin = "<!-- accuracy, official: written by `python -m benchmarks.official --peers --write-docs` -->"
    assert f"{begin}\nthe new table\n<!-- end of accuracy, official -->" in page.read_text(encoding="utf-8")
    assert "the new table" in capsys.readouterr().out


def test_a_look_is_written_below_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "looks.csv"
    path.write_text("look,date,method,mae_label,r2\n3,2026-11-20,ridge,2.000,0.100\n")
    monkeypatch.setattr(looks, "LOOKS", path)
    assert looks.last_look("Silion") is None
    assert looks.add_look({"Silion, all": {"mae_label": 1.23456, "low": 1.0}, "ridge": {}}) == 4
    lines = path.read_text().splitlines()
    assert lines[1:2] == ["3,2026-11-20,ridge,2.000,0.100"]
    assert [line.split(",", 2)[0] for line in lines[2:]] == ["4", "4"]
    look = looks.last_look("Silion")
    assert look is not None
    assert (look["mae_label"], look["r2"]) == ("1.235", "")
