from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd
import pytest

from features.tables.literature import Literature, papers_of
from models.ensemble import Recipe
from models.tasks.conductivity import conductivity_examples
from models.tasks.examples import Examples
from models.tasks.part import Part
from training.config import TrainConfig
from training.data.groups import MOST_FITS, chemical_systems, system_tests
from training.evaluation import crossvalidate
from training.train import measure_systems

QUICK = TrainConfig(folds=3, repeats=1, choices={"conductivity": {"quick": Recipe(rounds=5, members=1)}})


def test_a_system_is_the_set_of_elements() -> None:
    designs = pd.DataFrame(
        {
            "electrolyte": ["Li6PS5Cl", "Li5.5PS4.5Cl1.5", "LLZO", "a garnet", "PEO", "nonsense", "LiPON"],
            "composition": [None, "", "Li7La3Zr2O12", "Li7La3Zr2O12", None, None, None],
            "electrolyte_class": [None, None, None, "halide", "composite", None, "lipon"],
        }
    )
    # amounts do not matter, nor what the class claims where a composition is known; a name without one is its class
    assert chemical_systems(designs) == [
        "Cl-Li-P-S", "Cl-Li-P-S", "La-Li-O-Zr", "La-Li-O-Zr", "(composite)", "(unknown)", "(lipon)",
    ]  # fmt: skip


@pytest.mark.parametrize("count", [1, 2, 7, MOST_FITS, MOST_FITS + 1, 150])
def test_every_row_is_tested_once_and_no_system_is_cut(count: int) -> None:
    systems = [f"system {place % count}" for place in range(2 * count + 1)]
    tests = system_tests(systems, 0)
    assert len(tests) == min(count, 10)
    assert {repeat for repeat, _ in tests} == {0}
    assert sorted(np.concatenate([test for _, test in tests]).tolist()) == list(range(2 * count + 1))
    held = [{systems[row] for row in test} for _, test in tests]
    assert sum(map(len, held)) == count  # no system in two folds
    # 150 systems over 10 folds: 15 each
    assert max(map(len, held)) == -(-count // MOST_FITS)


def test_few_systems_have_a_fold_each() -> None:
    tests = system_tests(["b", "a", "b", "c"], 0)
    assert sorted(test.tolist() for _, test in tests) == [[0, 2], [1], [3]]


def test_the_seed_deals_the_systems() -> None:
    systems = [f"{place:03d}" for place in range(150)]
    dealt = [[test.tolist() for _, test in system_tests(systems, seed)] for seed in (0, 0, 1)]
    assert dealt[0] == dealt[1] != dealt[2]


@pytest.mark.slow
def test_no_system_and_no_paper_stands_on_both_sides(literature: Literature, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[set[str]] = []
    removed: list[int] = []
    real = crossvalidate.predict_held_out

    def watched(name: str, part: Part, train: Examples, held: Examples, baselines: Collection[str]) -> object:
        systems = [set(chemical_systems(each.designs)) for each in (train, held)]
        papers = [{paper for row in each.papers for paper in papers_of(row)} for each in (train, held)]
        assert not systems[0] & systems[1]
        assert not papers[0] & papers[1]
        asked.append(systems[1])
        removed.append(len(train.papers) + len(held.papers))
        return real(name, part, train, held, baselines)

    monkeypatch.setattr(crossvalidate, "predict_held_out", watched)
    steps: list[int] = []
    score = measure_systems(literature, QUICK, steps.append)
    assert sum(steps) == len(asked) == MOST_FITS  # the tables tell more systems than that
    named = set().union(*asked)
    assert len(named) == sum(map(len, asked))  # each system once
    assert 0.9 * len(named) < score.papers <= len(named)  # a few are only bounded
    assert {"Cl-Li-P-S", "(composite)"} <= named
    assert score.by_method.keys() == {"silion", "dummy", "nearest", "ridge"}
    rows = len(conductivity_examples(literature).papers)
    assert score.removed == pytest.approx(np.mean([rows - each for each in removed]))
    assert score.removed > 0  # a paper that tells two systems is on neither side of one of them
    assert score.chosen == {"quick": len(asked)}
