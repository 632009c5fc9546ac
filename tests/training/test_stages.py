"""Stages of a screening and their bounds, and the ratio of two checkouts: what is counted, not how long it takes."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import xgboost as xgb

from benchmarks import beside as two_sides
from benchmarks import results
from benchmarks.featurize import child
from benchmarks.stages import Clock, boosters_of, nodes_on_the_way
from models.boosters.saved import SavedBooster
from models.ensemble import BoostedEnsemble, Recipe


def booster(kind: str, rounds: int) -> SavedBooster:
    """Rows 0 to 3 of one feature, of which the last has another value: a tree of one split, or a line."""
    data = xgb.DMatrix(np.arange(4.0)[:, None], label=[0.0, 0.0, 0.0, 8.0])
    settings = {"booster": kind, "max_depth": 1, "lambda": 0.0, "min_child_weight": 0.0, "nthread": 1}
    if kind == "gblinear":
        settings = {"booster": kind, "nthread": 1}
    return SavedBooster(bytes(xgb.train(settings, data, rounds).save_raw("ubj")))


def test_nodes_on_the_way_of_a_row() -> None:
    """One split is passed by every row, in each of three trees; a line has no node."""
    assert nodes_on_the_way(booster("gbtree", 3)) == pytest.approx(3.0)
    assert nodes_on_the_way(booster("gblinear", 3)) == 0.0


def test_boosters_of_an_ensemble_are_those_of_its_ensembles_too() -> None:
    inner, outer = (BoostedEnsemble(Recipe(), [0]) for _ in range(2))
    inner.boosters, outer.boosters = [booster("gbtree", 1)], [booster("gbtree", 1), booster("gbtree", 1)]
    vars(outer)["joint"] = inner
    assert len(list(boosters_of(outer))) == 3


def test_a_stage_counts_without_the_stages_it_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """The outer one takes from 0 to 10, the inner one within from 2 to 5: 7 and 3 seconds."""

    class Work:
        def inner(self) -> int:
            return 1

        def outer(self) -> int:
            return self.inner()

    times = iter([0.0, 2.0, 5.0, 10.0])
    monkeypatch.setattr("benchmarks.stages.time.process_time", lambda: next(times))
    clock = Clock()
    for name in ("inner", "outer"):
        clock.watch(Work, name, name)
    assert Work().outer() == 1
    assert clock.spent == {"inner": 3.0, "outer": 7.0}


@pytest.mark.slow
def test_every_function_that_is_watched_is_still_there() -> None:
    """Their names are texts, which no type checker reads; a process of its own, as watching changes the modules."""
    command = ("-m", "benchmarks.stages", "--designs", "300", "--child", "cells")
    found = child(*command, "--model", str(results.ROOT / "tests" / "bundles" / "v1"))
    of_parts = {f"{stage}, {name}" for stage in ("boosters", "distance") for name in ("conductivity", "ice", "fade")}
    shared = {"read the CSV", "parse formulas", "intervals", "notices", "ranges of papers", "write the CSV"}
    assert found.keys() >= shared | of_parts
    assert all(found[stage]["bound"] > 0 for stage in of_parts)


def test_two_checkouts_are_measured_in_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Today's 3, 4 and 9 over 2, 4 and 3 of the other: 1.5, 1 and 3, in the middle 1.5."""
    monkeypatch.setattr(results, "OUT", tmp_path / "out")
    numbers = iter([2.0, 3.0, 4.0, 4.0, 3.0, 9.0])
    order: list[Path] = []

    def measure(side: two_sides.Side) -> dict[str, float]:
        order.append(side.folder)
        return {"a design, us": next(numbers)}

    two_sides.beside("screening", tmp_path, measure, 3)
    assert order == [tmp_path.resolve(), two_sides.ROOT] * 3
    found = json.loads((tmp_path / "out" / "screening_beside.json").read_text())["found"]
    assert found == {"a design, us": {"before": 3.0, "now": 4.0, "ratio": 1.5}}


def test_a_checkout_is_run_by_its_own_interpreter(tmp_path: Path) -> None:
    side = two_sides.Side(tmp_path)
    assert side.python == sys.executable
    own = tmp_path / ".venv" / "bin" / "python"
    own.parent.mkdir(parents=True)
    own.symlink_to(sys.executable)
    assert side.python == str(own)
    assert side.env["PYTHONPATH"] == str(tmp_path)
    clock, processor = side.spent("-c", "pass")
    assert clock > 0
    assert processor > 0
