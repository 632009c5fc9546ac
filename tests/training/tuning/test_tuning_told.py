from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.salts import SLEEPS, search
from training.tuning.study import RANDOM_TRIALS, Study, log_trials, summary
from training.tuning.trials import FinishedTrial


@pytest.mark.slow
def test_trials_are_child_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import mlflow

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
        FinishedTrial(n, False, {"recipe": "sleeps"}, 1.0, datetime.fromtimestamp(0, UTC), 1.0)
        for n in range(3 * RANDOM_TRIALS)
    ]
    long, short = Study("a", "ice", SLEEPS, tuple(some)), Study("b", "fade", SLEEPS, tuple(some[:3]))
    assert summary([long, short, long, replace_tried(short, 4)]).splitlines() == [
        "ice: 2 studies of 30 trials",
        "fade: 2 studies of 3 to 4 trials; too few to search, give more minutes",
    ]


def replace_tried(study: Study, count: int) -> Study:
    return Study(study.name, study.part, study.recipe, (*study.tried, study.tried[0])[:count])
