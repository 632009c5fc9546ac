"""Work done side by side: in order, whoever does it, and ended as a whole."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from features.tables.mistakes import InputError
from models.ensemble import Recipe
from models.tasks.conductivity import conductivity_examples
from models.tasks.ice import LiquidIceTask
from models.tasks.registry import TASKS, registered
from training.config import Protocol
from training.data.groups import PaperGroups
from training.evaluation.crossvalidate import validate
from training.parallel import in_order, processes


def squared(number: int, progress: Callable[[int], None]) -> tuple[int, int]:
    if number < 0:
        raise InputError(f"{number} is less than nothing")
    progress(1)
    progress(2)
    return number**2, os.getpid()


def test_one_process_makes_a_piece_when_it_is_asked_for() -> None:
    made: list[int] = []

    def pieces() -> Iterator[tuple[int]]:
        for number in (3, 4):
            made.append(number)
            yield (number,)

    steps: list[int] = []
    results = in_order(squared, pieces(), steps.append)
    assert next(results) == (9, os.getpid())
    assert (made, steps) == ([3], [1, 2])
    assert list(results) == [(16, os.getpid())]


@pytest.mark.slow
def test_several_processes_give_the_same_in_order_and_fail_alike() -> None:
    steps: list[int] = []
    with processes(2):
        results = list(in_order(squared, [(number,) for number in range(8)], steps.append))
        assert [square for square, _ in results] == [0, 1, 4, 9, 16, 25, 36, 49]
        assert os.getpid() not in {done_by for _, done_by in results}
        assert steps == [3] * 8  # of a piece at once
        with pytest.raises(InputError, match="-1 is less than nothing"):
            list(in_order(squared, [(1,), (-1,), (2,)], steps.append))

        def stop(done: int) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            list(in_order(squared, [(1,), (2,), (3,)], stop))
    assert list(in_order(squared, [(2,), (3,)], steps.append)) == [(4, os.getpid()), (9, os.getpid())]


def test_by_default_there_is_one_per_core_and_never_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    with processes():
        assert [done_by for _, done_by in in_order(squared, [(1,), (2,)], lambda steps: None)] == [os.getpid()] * 2
    with pytest.raises(ValueError, match="--jobs: got 0, expected 1 or more"), processes(0):
        pass


def names(number: int, progress: Callable[[int], None]) -> list[str]:
    return sorted(TASKS)


@pytest.mark.slow
def test_other_processes_know_a_quantity_that_is_registered_for_a_while() -> None:
    with registered(LiquidIceTask()), processes(2):
        assert list(in_order(names, [(1,), (2,)], lambda steps: None)) == [sorted(TASKS)] * 2
        assert "ice_liquid" in TASKS


@pytest.mark.slow
def test_a_cross_validation_is_the_same_whoever_judges_its_folds() -> None:
    from tests.training.test_crossvalidate import planted

    examples = conductivity_examples(planted()[0])
    kin = PaperGroups.of(examples, by_composition=True)
    recipes = {"few": Recipe(rounds=3, members=2), "fewer": Recipe(rounds=2, members=1)}
    alone = validate("conductivity", examples, kin, recipes, Protocol(folds=3, repeats=1))
    with processes(2):
        shared = validate("conductivity", examples, kin, recipes, Protocol(folds=3, repeats=1))
    assert (shared.chosen, shared.removed) == (alone.chosen, alone.removed)
    assert list(shared.predicted) == list(alone.predicted)
    for name, values in alone.predicted.items():
        np.testing.assert_array_equal(shared.predicted[name], values)
    for name in ("spread", "shape", "fold", "distance", "familiar", "energy"):
        np.testing.assert_array_equal(getattr(shared, name), getattr(alone, name))
