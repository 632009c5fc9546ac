"""A learned quantity is one object: one more is trained, evaluated, saved, loaded, predicted and explained as it is."""

from __future__ import annotations

import importlib.util
import tempfile
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from models.bundle import load_bundle, save_bundle
from models.predictions import TEXT_COLUMNS
from models.predictor import Predictor
from models.tasks.examples import cells_in_training
from models.tasks.ice import IceTask
from models.tasks.registry import TARGETS, TASKS, register, registered, targets_of, task_of
from models.tasks.target import Target
from reporting.explain.explanation_page import explain
from training.config import TrainConfig
from training.data.load import load_literature
from training.train import Trained, train

ROOT = Path(__file__).resolve().parents[2]


def documented() -> ModuleType:
    """The quantity that CONTRIBUTING.md shows how to add, as the module it shows."""
    section = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Adding a quantity\n")[2]
    lines = section.partition("\n## ")[0].splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith("    "))
    end = next(place for place in range(start, len(lines)) if lines[place] and not lines[place].startswith("    "))
    source = textwrap.dedent("\n".join(lines[start:end]))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "first_capacity.py"
        path.write_text(source, encoding="utf-8")
        spec = importlib.util.spec_from_file_location("first_capacity", path)
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return module


SHOWN = documented()
CAPACITY: Target = SHOWN.CAPACITY


@pytest.fixture(scope="module")
def trained(thin: Path) -> Iterator[Trained]:
    """A training with the quantity registered, small and whole."""
    with registered(SHOWN.FirstCapacityTask()):
        choices = {name: {"few": replace(next(iter(task.recipes.values())), members=1)} for name, task in TASKS.items()}
        yield train(
            TrainConfig(folds=2, repeats=1, shares=(1.0,), choices=choices),
            literature=load_literature([thin / "data" / "literature"]),
        )
    assert "first_capacity" not in TASKS
    assert CAPACITY.column not in TARGETS


def test_a_new_quantity_is_trained_and_evaluated(trained: Trained) -> None:
    score = trained.scores[CAPACITY.column]
    cells = [row for row in cells_in_training(trained.literature) if row.first_capacity_mah_per_g]
    assert 0 < score.rows <= len(cells)
    assert score.skill_name == "error over the dummy's"
    assert trained.found["first_capacity"].predicted["silion"].shape == (
        1,
        len(TASKS["first_capacity"].examples(trained.literature).designs),
    )
    assert set(trained.scores) == set(TARGETS)


def test_it_is_saved_loaded_and_predicted(trained: Trained, tmp_path: Path) -> None:
    folder = save_bundle(trained.bundle, tmp_path / "bundle")
    designs = pd.DataFrame(
        {"electrolyte": ["Li6PS5Cl", "Li6PS5Cl"], "anode": ["micro-Si", None], "silicon_wt_pct": [99.9, np.nan]}
    )
    before, after = (Predictor(bundle).predict(designs).table for bundle in (trained.bundle, load_bundle(folder)))
    pd.testing.assert_frame_equal(before, after)
    low, value, high = (after[CAPACITY.column + end] for end in ("_low", "", "_high"))
    assert low[0] < value[0] < high[0]
    assert CAPACITY.low <= low[0]
    assert value.isna().tolist() == [False, True]  # no anode described: nothing is said of a cell
    numbers = after.columns.drop(after.columns.intersection(TEXT_COLUMNS))
    assert list(numbers) == [column + end for column in TARGETS for end in ("", "_low", "_high")]


def test_it_is_explained(trained: Trained, tmp_path: Path) -> None:
    designs = pd.DataFrame({"electrolyte": ["Li6PS5Cl"], "anode": ["micro-Si"], "silicon_wt_pct": [99.9]})
    explain(trained.bundle, tmp_path / "why", designs=designs, targets=[CAPACITY.column])
    page = (tmp_path / "why" / "index.html").read_text(encoding="utf-8")
    assert "first capacity" in page
    assert "log10 mAh/g" in page


class OtherName(IceTask):
    """A quantity that tells a target of another one."""

    name = "other"


def test_a_name_or_a_target_is_known_once() -> None:
    with pytest.raises(ValueError, match="task 'ice': known already"):
        register(TASKS["ice"])
    with pytest.raises(ValueError, match="task 'other': target ice_pct is told by another task already"):
        register(OtherName())
    assert "other" not in TASKS


@pytest.mark.parametrize(
    ("column", "name"),
    [
        ("conductivity_s_per_cm", "conductivity"),
        ("ice_pct", "ice"),
        ("retention_pct", "fade"),
        ("cycle_life_80", "fade"),
    ],
)
def test_each_target_is_told_by_one_task(column: str, name: str) -> None:
    assert task_of(column).name == name
    assert column in targets_of(name)
