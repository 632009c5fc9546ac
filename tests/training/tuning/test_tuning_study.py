from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import optuna
import pytest

from models.ensemble import Recipe
from tests.salts import CHOICE, SLEEPS, search, table, tried
from training.config import Protocol
from training.evaluation.choose import INNER_FITS, fold_error
from training.tuning import study as study_module
from training.tuning.nested import Tuning
from training.tuning.search_space import NUMBERS, Span, recipe_of
from training.tuning.study import RANDOM_TRIALS, Budget, study_name, tune


class Stop(KeyboardInterrupt):
    pass


def stopping_after(trials: int) -> Callable[[int], None]:
    done: list[int] = []

    def step(count: int) -> None:
        done.append(count)
        if sum(done) >= trials:
            raise Stop

    return step


@pytest.mark.slow
def test_same_seed_same_trials_interrupted_or_not(tmp_path: Path) -> None:
    """Beyond the random trials, so that what Optuna makes of the earlier ones is compared too."""
    count = RANDOM_TRIALS + 3
    whole = search(tmp_path / "whole.db", count)
    with pytest.raises(Stop):
        search(tmp_path / "parts.db", count, progress=stopping_after(4))
    resumed = search(tmp_path / "parts.db", count)
    assert len(whole.tried) == len(resumed.tried) == count
    assert tried(resumed) == tried(whole)
    assert resumed.recipe == whole.recipe
    # the given recipe is tried first, with its own numbers; what is found is no worse
    assert recipe_of(whole.tried[0].params, CHOICE) == SLEEPS
    best = min(each.error for each in whole.tried if not each.pruned)
    assert best <= whole.tried[0].error
    assert any(each.pruned for each in whole.tried)
    # another call adds nothing, another seed is another study
    assert search(tmp_path / "parts.db", count).tried == resumed.tried
    assert search(tmp_path / "parts.db", 4).tried == resumed.tried[:4]
    assert search(tmp_path / "parts.db", 2, seed=1).name != whole.name


@pytest.mark.slow
def test_a_trial_interrupted_in_its_fit_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fitted = iter(range(100))
    real = fold_error

    def interrupted(*asked: object) -> float:
        if next(fitted) == 4:  # in the second of three folds of the second trial
            raise Stop
        return real(*asked)

    monkeypatch.setattr(study_module, "fold_error", interrupted)
    with pytest.raises(Stop):
        search(tmp_path / "a.db", 3)
    stored = optuna.storages.RDBStorage(f"sqlite:///{tmp_path / 'a.db'}")
    states = [each.state.name for each in stored.get_all_trials(1)]
    stored.remove_session()
    stored.engine.dispose()
    assert states == ["COMPLETE", "FAIL"]
    monkeypatch.setattr(study_module, "fold_error", real)
    assert tried(search(tmp_path / "a.db", 3)) == tried(search(tmp_path / "b.db", 3))


@pytest.mark.slow
def test_killed_and_gone_on(tmp_path: Path, root: Path) -> None:
    """kill -9 in the third trial: the two finished ones are kept, and the total is what was asked for."""
    program = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from tests.salts import search\n"
        "from training.tuning import search_space, study\n"
        "search_space.WHOLE['rounds'] = search_space.Span(20, 60, log=True)\n"
        "done = []\n"
        "def fold_error(*asked, real=study.fold_error):\n"
        "    done.append(1)\n"
        "    if len(done) == 8:\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return real(*asked)\n"
        "study.fold_error = fold_error\n"
        "search(Path(sys.argv[1]), 4)\n"
    )
    storage = tmp_path / "tuning.db"
    asked = [sys.executable, "-c", program, str(storage)]
    done = subprocess.run(asked, cwd=root, capture_output=True, timeout=120, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    kept = search(storage, 2)
    assert len(kept.tried) == 2
    resumed = search(storage, 4)
    assert len(resumed.tried) == 4
    assert tried(resumed) == tried(search(tmp_path / "other.db", 4))


@pytest.mark.slow
def test_progress_adds_up_to_the_budget(tmp_path: Path) -> None:
    done: list[int] = []
    search(tmp_path / "a.db", 3, progress=done.append)
    assert sum(done) == 3
    done.clear()
    search(tmp_path / "a.db", 3, progress=done.append)  # nothing left to do, and the line still fills
    assert sum(done) == 3


@pytest.mark.slow
def test_seconds_are_those_of_the_trials(tmp_path: Path) -> None:
    done: list[int] = []
    study = tune("conductivity", *table(), CHOICE, 0, Budget(seconds=0.4), tmp_path / "a.db", done.append)
    spent = [each.seconds for each in study.tried]
    assert sum(spent) >= 0.4 > sum(spent[:-1])
    assert sum(done) == 1  # 0.4 s is one step, rounded up
    assert not Budget(seconds=0.4).allows_another(study.tried)


def test_minutes_are_shared_among_the_studies() -> None:
    # 3 parts, 5 folds 2 times and once on all rows: 33 studies of 11 minutes
    assert Budget.shared(11, 3, Protocol(5, 2)).seconds == pytest.approx(20)
    tuning = Tuning(("ice", "fade", "conductivity"), Budget.shared(11, 3, Protocol(5, 2)), Path("x"))
    assert tuning.steps(Protocol(5, 2)) == 33 * 20
    assert tuning.more_fits(Protocol(5, 2)) == 3 * 10 * INNER_FITS


def test_too_few_papers_give_the_first_recipe(tmp_path: Path) -> None:
    examples, kin = table()
    few = np.array([0, 1])
    done: list[int] = []
    study = tune(
        "conductivity", examples.take(few), kin.take(few), CHOICE, 0, Budget(trials=4), tmp_path / "a.db", done.append
    )
    assert (study.recipe, study.tried, done) == (SLEEPS, (), [4])
    assert not (tmp_path / "a.db").exists()


def test_the_name_follows_data_recipes_space_and_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    examples, _ = table()
    name = study_name("conductivity", examples, CHOICE, 0)
    assert name == study_name("conductivity", table()[0], dict(CHOICE), 0)
    others = {
        study_name("conductivity", examples.take(np.arange(15)), CHOICE, 0),
        study_name("conductivity", examples, {"sleeps": Recipe()}, 0),
        study_name("conductivity", examples, CHOICE, 1),
        study_name("ice", examples, CHOICE, 0),
    }
    examples.labels.lower[3] += 0.1
    others.add(study_name("conductivity", examples, CHOICE, 0))
    monkeypatch.setitem(NUMBERS, "rate", Span(0.01, 0.3, log=True))
    others.add(study_name("conductivity", table()[0], CHOICE, 0))
    assert len(others | {name}) == 7
