from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from features.cycling.curves import Curves
from silion import main
from training.life.landmarks import life_examples
from training.life.learn import learn
from training.life.own_cells import OWN, own_sets
from training.promotion.life_run import record_life


def write_cells(path: Path, cells: dict[str, int], loss: float = 0.0005, **columns: str) -> Path:
    """Lines of `loss` a cycle, as many cycles as said."""
    head, more = ",".join(["cell", "cycle", "capacity_ah", *columns]), ",".join(["", *columns.values()])
    rows = [f"{name},{n},{1 - loss * n:.5f}{more}" for name, count in cells.items() for n in range(1, count + 1)]
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return path


def test_cells_are_added_go_on_and_are_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    first = write_cells(tmp_path / "a.csv", {"A": 100, "B": 30, "short": 4}, anode="graphite + SiO")
    home = tmp_path / "mydata" / "cycles.csv"
    assert main(["data", "add", str(first)]) == 1  # `short` is rejected
    assert "2 new" in (said := capsys.readouterr().out)
    assert "4 points over 4 cycles" in said
    assert not home.exists()
    assert main(["data", "add", str(first), "--write"]) == 1
    assert pd.read_csv(home).groupby("cell").size().to_dict() == {"A": 100, "B": 30}
    later = write_cells(tmp_path / "b.csv", {"A": 100, "B": 60, "C": 20})
    assert main(["data", "add", str(later), "--write"]) == 0
    assert "1 new, 1 go on, 1 as they are" in capsys.readouterr().out
    assert pd.read_csv(home).groupby("cell").size().to_dict() == {"A": 100, "B": 60, "C": 20}
    before = home.read_bytes()
    other = write_cells(tmp_path / "c.csv", {"A": 100}, loss=0.001)
    assert main(["data", "add", str(other), "--write"]) == 3
    assert "there with other cycles: A" in capsys.readouterr().out
    assert home.read_bytes() == before
    assert main(["data", "add", str(other), "--write", "--replace"]) == 0
    assert pd.read_csv(home).query("cell == 'A'")["capacity_ah"].iloc[-1] == pytest.approx(0.9)


def test_finished_cells_of_a_folder_move_what_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Lines of 0.0002 a cycle live 1,000 cycles: with four of them finished the answer comes nearer."""
    monkeypatch.chdir(tmp_path)
    done = write_cells(tmp_path / "done.csv", dict.fromkeys("ABCD", 1100), loss=0.0002, anode="SiO")
    young = write_cells(tmp_path / "young.csv", {"Y": 50}, loss=0.0002, anode="SiO")
    assert main(["life", str(young), "-o", "x.csv", "--data", "mydata"]) == 2
    assert "no cells there" in capsys.readouterr().err
    assert main(["data", "add", str(done), "--write"]) == 0
    assert main(["life", str(young), "-o", "alone.csv"]) == 0
    assert main(["life", str(young), "-o", "moved.csv", "--data", "mydata"]) == 0
    assert "moved by the finished cells" in capsys.readouterr().out
    alone, moved = (pd.read_csv(f"{name}.csv").iloc[0] for name in ("alone", "moved"))
    assert abs(moved["cycle_life"] - 1000) <= abs(alone["cycle_life"] - 1000)
    assert "moved by 4 finished cells" in moved["notice"]


@pytest.mark.slow
def test_a_life_model_learns_own_cells_and_is_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Own cells of three protocols are one data set, solid-state cells are left out, the run keeps the choices."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    table = tmp_path / "mydata" / "cycles.csv"
    table.parent.mkdir()
    cells = "ABCDEF"
    rows = [
        f"{name},{n},{1 - 0.0004 * (1 + place / 5) * n:.5f},{25 + 10 * (place % 3)},{'Li6PS5Cl' if name == 'F' else ''}"
        for place, name in enumerate(cells)
        for n in range(1, 400)
    ]
    table.write_text("\n".join(["cell,cycle,capacity_ah,temperature_c,electrolyte", *rows]) + "\n", encoding="utf-8")
    sets = own_sets(table.parent)
    assert sets.cells["cell"].tolist() == list("ABCDE")
    assert sets.cells["data_set"].unique().tolist() == [OWN]
    assert sets.cells["protocol"].nunique() == 3
    renamed = sets.cells.assign(data_set="other", protocol="other " + sets.cells["protocol"])
    both = pd.concat([sets.cells, renamed], ignore_index=True)
    about = {"cells": 5, "own_cells": 5, "own_table": "0" * 64, "seed": 0}
    model = learn(life_examples(Curves.join(sets.curves, sets.curves), both), "data_set", None, 0, about)
    assert set(model.about["errors"]) == {OWN, "other"}
    model.save(table.parent / "life")
    run = record_life(model, table.parent / "life")
    import mlflow

    kept = mlflow.get_run(run)
    assert kept.data.params["life own_cells"] == "5"
    assert kept.data.metrics[f"life MAE log10 {OWN}"] == pytest.approx(model.about["errors"][OWN])
    young = write_cells(tmp_path / "young.csv", {"Y": 50})
    assert main(["life", str(young), "-o", "out.csv", "--data", "mydata", "--level", "0.6"]) == 0
    assert "learnt with 5 cells of yours; mydata/cycles.csv has changed since" in capsys.readouterr().out
