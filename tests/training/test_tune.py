from __future__ import annotations

import json
import math
import signal
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import mlflow
import numpy as np
import optuna
import pytest

from features.records import ElectrolyteRow
from models.boosted import Recipe
from training import tune as tune_module
from training.choose import INNER_FITS, choose
from training.config import CHOICES, PUBLIC_CHOICES
from training.crossvalidate import Protocol, cross_validate
from training.dataset import Examples, Literature, conductivity_examples, ice_examples
from training.kinship import Kinship
from training.split import papers_of
from training.tune import (
    BLOCKS,
    LEAST_ROWS,
    NUMBERS,
    RANDOM_TRIALS,
    TUNED,
    WHOLE,
    Budget,
    Span,
    Study,
    Tried,
    Tuning,
    TuningStoreError,
    cross_validate_tuned,
    fold_error,
    log_trials,
    params_of,
    parts_to_tune,
    recipe_of,
    rows_of,
    storage_path,
    study_name,
    summary,
    tune,
    tune_nested,
    untuned,
)

SLEEPS = Recipe(rounds=20, rate=0.01, members=1, shrink=0.1)
CHOICE = {"sleeps": SLEEPS}
SALTS = [f"{metal}2{anion}" for metal in ("Na", "K", "Rb", "Cs") for anion in ("S", "Se", "Te", "O")]


@pytest.fixture(autouse=True)
def _short_space(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few rounds, so that a trial is quick."""
    monkeypatch.setitem(WHOLE, "rounds", Span(20, 60, log=True))


def table() -> tuple[Examples, Kinship]:
    """Sixteen salts, each of its own paper: what holds oxygen conducts at 1e-9 S/cm, all else at 1e-3."""
    rows = [
        ElectrolyteRow(
            measurement_id=salt,
            electrolyte=salt,
            source_id=f"paper of {salt}",
            conductivity_s_per_cm=1e-9 if "O" in salt else 1e-3,
        )
        for salt in SALTS
    ]
    examples = conductivity_examples(Literature(rows))
    return examples, Kinship.of(examples, by_composition=True)


def search(storage: Path, trials: int, seed: int = 0, **more: object) -> Study:
    return tune("conductivity", *table(), CHOICE, seed, Budget(trials=trials), storage, **more)  # type: ignore[arg-type]


def tried(study: Study) -> list[tuple[Mapping[str, object], float, bool]]:
    return [(each.params, each.error, each.pruned) for each in study.tried]


class Stop(KeyboardInterrupt):
    pass


def stopping_after(trials: int) -> object:
    done: list[int] = []

    def step(count: int) -> None:
        done.append(count)
        if sum(done) >= trials:
            raise Stop

    return step


@pytest.mark.parametrize("choices", [CHOICES, PUBLIC_CHOICES])
def test_every_given_recipe_lies_in_the_space(
    choices: Mapping[str, Mapping[str, Recipe]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(WHOLE, "rounds", Span(20, 1000, log=True))
    for part, recipes in choices.items():
        for key, recipe in recipes.items():
            params = params_of(part, key, recipe)
            assert params is not None
            assert recipe_of(params, recipes) == recipe


def test_a_recipe_outside_the_space_is_not_tried() -> None:
    assert params_of("ice", "deep", Recipe(depth=12)) is None
    assert params_of("conductivity", "odd", Recipe(rounds=20, blocks=("anions",))) is None
    assert params_of("ice", "odd", Recipe(rounds=20, blocks=("anions",))) is not None  # cells do not read blocks


def test_the_error_of_a_fold_is_what_choose_adds_up() -> None:
    # four salts to learn from, 1e-3 S/cm thrice and 1e-9 once: their mean is -4.5. What has hardly learnt predicts it
    # for all, 1.5 decades off for a sulfide and 4.5 for an oxide.
    examples, kin = table()
    frozen = Recipe(rounds=1, rate=1e-6)
    train, held = examples.take(np.array([0, 1, 2, 3])), examples.take(np.array([4, 7]))
    assert fold_error("conductivity", train, held, frozen, 0) == pytest.approx(1.5 + 4.5, abs=1e-3)
    # and the smaller sum over the same folds is what choose chooses, for every seed and either part
    recipes = {"calm": Recipe(rounds=20, shrink=0.3), "quick": Recipe(rounds=60, rate=0.2, min_child_weight=1)}
    for seed in range(3):
        folds = tune_module._inner_folds(examples, kin, seed)
        sums = {
            key: sum(fold_error("conductivity", *fold, recipe, seed) for fold in folds)
            for key, recipe in recipes.items()
        }
        assert choose("conductivity", examples, kin, recipes, seed) == min(sums, key=sums.__getitem__)


def test_of_the_fade_law_the_error_is_that_of_the_retention(literature: Literature) -> None:
    examples = tune_module.fade_examples(literature)
    kin = Kinship.of(examples, by_composition=False)
    examples.designs["electrolyte_log10_s_per_cm"] = -3.0
    recipes = {key: Recipe.from_dict({"rounds": 20, "fade_shape": key}) for key in (0.3, 1.0, 2.0)}
    named = {str(key): recipe for key, recipe in recipes.items()}
    folds = tune_module._inner_folds(examples, kin, 0)
    sums = {key: sum(fold_error("fade", *fold, recipe, 0) for fold in folds) for key, recipe in named.items()}
    assert choose("fade", examples, kin, named, 0) == min(sums, key=sums.__getitem__)


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


def test_a_trial_interrupted_in_its_fit_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fitted = iter(range(100))
    real = fold_error

    def interrupted(*asked: object) -> float:
        if next(fitted) == 4:  # in the second of three folds of the second trial
            raise Stop
        return real(*asked)  # type: ignore[arg-type]

    monkeypatch.setattr(tune_module, "fold_error", interrupted)
    with pytest.raises(Stop):
        search(tmp_path / "a.db", 3)
    stored = optuna.storages.RDBStorage(f"sqlite:///{tmp_path / 'a.db'}")
    states = [each.state.name for each in stored.get_all_trials(1)]
    stored.remove_session()
    stored.engine.dispose()
    assert states == ["COMPLETE", "FAIL"]
    monkeypatch.setattr(tune_module, "fold_error", real)
    assert tried(search(tmp_path / "a.db", 3)) == tried(search(tmp_path / "b.db", 3))


def test_killed_and_gone_on(tmp_path: Path, root: Path) -> None:
    """kill -9 in the third trial: the two finished ones are kept, and the total is what was asked for."""
    program = (
        "import os, signal, sys\n"
        "from tests.training import test_tune as t\n"
        "t.WHOLE['rounds'] = t.Span(20, 60, log=True)\n"
        "done = []\n"
        "def fold_error(*asked, real=t.fold_error):\n"
        "    done.append(1)\n"
        "    if len(done) == 8:\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return real(*asked)\n"
        "t.tune_module.fold_error = fold_error\n"
        "t.search(t.Path(sys.argv[1]), 4)\n"
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


def test_progress_adds_up_to_the_budget(tmp_path: Path) -> None:
    done: list[int] = []
    search(tmp_path / "a.db", 3, progress=done.append)
    assert sum(done) == 3
    done.clear()
    search(tmp_path / "a.db", 3, progress=done.append)  # nothing left to do, and the line still fills
    assert sum(done) == 3


def test_seconds_are_those_of_the_trials(tmp_path: Path) -> None:
    done: list[int] = []
    study = tune("conductivity", *table(), CHOICE, 0, Budget(seconds=0.4), tmp_path / "a.db", done.append)
    spent = [each.seconds for each in study.tried]
    assert sum(spent) >= 0.4 > sum(spent[:-1])
    assert sum(done) == 1  # 0.4 s is one step, rounded up
    assert not Budget(seconds=0.4).left(study.tried)


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


def test_the_outer_papers_are_in_no_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    examples, kin = table()
    protocol, seen = Protocol(3, 2, 4), list[tuple[set[str], int]]()
    real = tune

    def watched(name: str, rows: Examples, kin: Kinship, choices: object, seed: int, *rest: object) -> Study:
        seen.append((set(rows.papers), seed))
        return real(name, rows, kin, choices, seed, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(tune_module, "tune", watched)
    tuning = Tuning(("conductivity",), Budget(trials=1), tmp_path / "a.db")
    found = tune_nested("conductivity", examples, kin, CHOICE, protocol, tuning)
    tests = protocol.tests(kin.groups)
    assert len(seen) == len(tests) == len(tuning.studies) == len(found.chosen) == len(found.removed) == 6
    for (papers, seed), (repeat, test) in zip(seen, tests, strict=True):
        outer = set(examples.papers[test])
        assert not papers & outer
        assert papers | outer == set(examples.papers)  # no salt is another's kin: nothing else is left out
        assert seed == 4 + repeat
    assert np.isfinite(found.predicted["silion"]).all()
    assert [sorted(set(row)) for row in found.fold] == [[0, 1, 2], [3, 4, 5]]


def test_parts_that_are_not_tuned_are_as_without(literature: Literature, tmp_path: Path) -> None:
    """Only ICE is searched: conductivity and fade come out to the last bit as `cross_validate` gives them."""
    choices = {part: {"few": Recipe(rounds=20, members=1)} for part in ("conductivity", "ice", "fade")}
    protocol = Protocol(2, 1)
    tuning = Tuning(("ice",), Budget(trials=2), tmp_path / "a.db")
    done: list[int] = []
    plain = cross_validate(literature, choices, protocol)
    found = cross_validate_tuned(literature, choices, protocol, tuning, done.append)
    assert list(found) == list(plain)
    for part in ("conductivity", "fade"):
        for method, values in plain[part].predicted.items():
            np.testing.assert_array_equal(found[part].predicted[method], values)
        for name in ("spread", "shape", "fold", "distance"):
            np.testing.assert_array_equal(getattr(found[part], name), getattr(plain[part], name))
        assert (found[part].chosen, found[part].removed) == (plain[part].chosen, plain[part].removed)
    assert set(found["ice"].chosen) <= {"few", TUNED}
    assert sum(done) == 3 * 2 + 2 * 2 * INNER_FITS  # a fit per part and fold, and the choice between two for ICE
    # cells of a paper held out are in no study, whichever of several papers tells them
    ice = ice_examples(literature)
    kin = Kinship.of(ice, by_composition=False)
    assert len(tuning.studies) == 2
    assert {each.part for each in tuning.studies} == {"ice"}
    for _, test in protocol.tests(kin.groups):
        rest = np.setdiff1d(np.arange(len(kin.groups)), test)
        held = {paper for each in ice.papers[test] for paper in papers_of(each)}
        assert not held & {paper for each in ice.papers[rest] for paper in papers_of(each)}


def test_a_run_made_again_searches_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    examples, kin = table()
    asked = ("conductivity", examples, kin, CHOICE, Protocol(3, 1))
    tuning = Tuning(("conductivity",), Budget(trials=3), tmp_path / "a.db")
    first = tune_nested(*asked, tuning)
    kept = json.loads(json.dumps(tuning.kept))  # as the facts of a model hold it
    assert len(kept) == 3
    monkeypatch.setattr(tune_module, "_opened", None)
    repeated = Tuning.again(kept)
    assert json.loads(json.dumps(repeated.kept)) == kept
    again = tune_nested(*asked, repeated)
    assert again.chosen == first.chosen
    np.testing.assert_array_equal(again.predicted["silion"], first.predicted["silion"])
    # other rows, other studies: only what was given is offered
    fewer = np.arange(12)
    assert Tuning.again(kept).offered("conductivity", examples.take(fewer), kin.take(fewer), CHOICE, 0) == CHOICE


def test_learning_curves_use_a_given_recipe(literature: Literature) -> None:
    choices = {part: {"few": Recipe(rounds=20, members=1)} for part in ("conductivity", "ice", "fade")}
    found = cross_validate(literature, choices, Protocol(2, 1))
    found["ice"].chosen, found["fade"].chosen = [TUNED, TUNED], [TUNED, "few"]
    kept = untuned(found, choices)
    assert {part: each.chosen for part, each in kept.items()} == {
        "conductivity": ["few", "few"], "ice": ["few"], "fade": ["few"],
    }  # fmt: skip
    assert found["ice"].chosen == [TUNED, TUNED]


def test_few_rows_are_left_alone_unless_asked_for() -> None:
    rows = {"conductivity": LEAST_ROWS, "ice": LEAST_ROWS - 1, "fade": 31}
    noise = "tuning on fewer than 200 rows mostly fits noise"
    assert parts_to_tune(rows, anyway=False) == (
        ("conductivity",),
        [
            f"ice: 199 rows; {noise}: left to the given recipes (--tune-anyway tunes it too)",
            f"fade: 31 rows; {noise}: left to the given recipes (--tune-anyway tunes it too)",
        ],
    )
    assert parts_to_tune(rows, anyway=True) == (
        ("conductivity", "ice", "fade"),
        [f"ice: 199 rows; {noise}", f"fade: 31 rows; {noise}"],
    )


def test_rows_are_counted_as_trained_on(literature: Literature) -> None:
    assert rows_of(literature) == {
        "conductivity": len(conductivity_examples(literature).designs),
        "ice": len(ice_examples(literature).designs),
        "fade": len(tune_module.fade_examples(literature).designs),
    }


def test_the_trials_lie_beside_a_local_store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'deep' / 'mlflow.db'}")
    assert storage_path() == tmp_path / "deep" / "tuning.db"
    assert storage_path(tmp_path) == tmp_path / "tuning.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")
    assert storage_path() == Path("tuning.db")


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "tuning.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(TuningStoreError, match=r"tuning\.db: the trials cannot be kept there: .*not a database"):
        search(tmp_path / "tuning.db", 1)


def test_a_folder_in_the_way_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TuningStoreError, match="the trials cannot be kept there"):
        search(tmp_path / "file" / "tuning.db", 1)


def test_trials_are_child_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    study = search(tmp_path / "tuning.db", 3)
    store = mlflow.MlflowClient(uri, uri)
    experiment = store.create_experiment("e", artifact_location=tmp_path.as_uri())
    parent = store.create_run(experiment).info.run_id
    assert log_trials(store, parent, [study]) == 3
    children = store.search_runs([experiment], f"tags.`mlflow.parentRunId` = '{parent}'")
    by_number = {int(each.data.tags["trial"]): each for each in children}
    assert sorted(by_number) == [0, 1, 2]
    for each in study.tried:
        run = by_number[each.number]
        assert run.info.status == "FINISHED"
        assert run.info.run_name == f"conductivity trial {each.number}"
        assert run.data.metrics == {"error": each.error}
        assert run.data.params == {key: str(value) for key, value in each.params.items()}
        assert run.data.tags["study"] == study.name
        assert run.data.tags["pruned"] == ("yes" if each.pruned else "no")
        assert run.info.end_time - run.info.start_time == int(1000 * each.seconds)


def test_summary_says_when_the_budget_was_too_small() -> None:
    some = [
        Tried(n, False, {"recipe": "sleeps"}, 1.0, datetime.fromtimestamp(0, UTC), 1.0)
        for n in range(3 * RANDOM_TRIALS)
    ]
    long, short = Study("a", "ice", SLEEPS, tuple(some)), Study("b", "fade", SLEEPS, tuple(some[:3]))
    assert summary([long, short, long, replace_tried(short, 4)]).splitlines() == [
        "ice: 2 studies of 30 trials",
        "fade: 2 studies of 3 to 4 trials; too few to search, give more minutes",
    ]


def replace_tried(study: Study, count: int) -> Study:
    return Study(study.name, study.part, study.recipe, (*study.tried, study.tried[0])[:count])


def test_the_declared_space_is_plain_data() -> None:
    json.dumps({key: [span.low, span.high, span.log, span.step] for key, span in {**WHOLE, **NUMBERS}.items()})
    assert all(math.isfinite(span.low) and span.low < span.high for span in {**WHOLE, **NUMBERS}.values())
    assert BLOCKS["plain"] == Recipe().blocks
