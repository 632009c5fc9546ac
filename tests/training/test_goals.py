"""The table of goals where a public table was not pulled."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import goals
from benchmarks.goals import MARKS, Line, Own


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
    monkeypatch.setattr(sys, "argv", ["goals", "of_polymers", "of_tables", "of_shipped", "--write-docs"])
    goals.main()
    told = capsys.readouterr().out
    assert "left out: of_polymers: " in told
    assert "run: silion data pull polymers" in told
    assert "left out: of_tables: " in told
    table = "| quantity | goal | measured |\n|---|---|---|\n| shipped rows | some | many |"
    missing = "Left out, as a table was not there: of_polymers, of_tables."
    assert page.read_text() == f"{MARKS[0]}\n{table}\n\n{missing}\n{MARKS[1]}"
