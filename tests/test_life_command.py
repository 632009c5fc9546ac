from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from silion import main
from tests.shared import ROOT

EXAMPLE = ROOT / "data" / "examples" / "first_cycles.csv"


def test_the_example_is_told_twice_alike(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "lives.csv"
    assert main(["life", str(EXAMPLE), "-o", str(out), "--at-least", "500"]) == 0
    first = out.read_bytes(), (tmp_path / "lives.csv.curves.csv").read_bytes()
    assert main(["life", str(EXAMPLE), "-o", str(out), "--at-least", "500"]) == 0
    assert (out.read_bytes(), (tmp_path / "lives.csv.curves.csv").read_bytes()) == first
    lives = pd.read_csv(out, index_col="cell")
    # made by the power law, of the first capacity: 640 and 420 cycles to 80 %, 225 to 85 % (0.2 * n / 300 = 0.15)
    for cell, life in (("blend-1", 640), ("blend-2", 420), ("formation", 225)):
        assert lives.loc[cell, "cycle_life_low"] < life < lives.loc[cell, "cycle_life_high"]
    assert "formation" in lives.loc["formation", "notice"]
    assert "500" in capsys.readouterr().out


def test_refused_cells_stand_aside_with_their_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "cells.csv"
    rows = [f"good,{cycle},{1 - 0.001 * cycle}" for cycle in range(1, 31)] + ["short,1,1.0", "short,2,0.9"]
    table.write_text("\n".join(["cell,cycle,capacity_ah", *rows]))
    out = tmp_path / "out.csv"
    assert main(["life", str(table), "-o", str(out), "--calibrate", str(table)]) == 2
    assert "teach nothing" in capsys.readouterr().err
    assert not out.exists()
    assert main(["life", str(table), "-o", str(out)]) == 1
    assert pd.read_csv(out)["cell"].tolist() == ["good"]
    rejected = pd.read_csv(tmp_path / "out.csv.rejected.csv")
    assert rejected["cell"].tolist() == ["short"]
    assert "at least 10 cycles" in rejected["reason"][0]


def test_nothing_usable_is_exit_code_2_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "cells.csv"
    table.write_text("cell,cycle,capacity\nA,1,2\n")
    assert main(["life", str(table), "-o", str(tmp_path / "out.csv")]) == 2
    assert "says no unit" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["cells.csv"]
