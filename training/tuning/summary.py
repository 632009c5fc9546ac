"""Summary of a search for people: child runs of the training's run, and a line per part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from training.tuning.study import RANDOM_TRIALS, Study

if TYPE_CHECKING:
    from mlflow import MlflowClient


def log_trials(store: MlflowClient, parent: str, studies: Sequence[Study]) -> int:
    """Keep every trial as a child run of the training's run, with its settings and its error; returns their number.

    Trials of an interrupted run that this one went on from are children too: the recipe comes from all of them.

    Parameters
    ----------
    store : MlflowClient
        MLflow's client.
    parent : str
        Id of the run of the training.
    studies : sequence of Study
        Searches of the training.
    """
    from mlflow.entities import Metric, Param

    experiment, count = store.get_run(parent).info.experiment_id, 0
    for study in studies:
        for trial in study.tried:
            started = int(1000 * trial.started.timestamp())
            ended = started + int(1000 * trial.seconds)
            tags = {
                "mlflow.parentRunId": parent,
                "part": study.part,
                "study": study.name,
                "trial": str(trial.number),
                "pruned": "yes" if trial.pruned else "no",
            }
            run = store.create_run(experiment, started, tags, f"{study.part} trial {trial.number}").info.run_id
            settings = [Param(key, str(value)) for key, value in trial.params.items()]
            store.log_batch(run, [Metric("error", trial.error, ended, 0)], settings)
            store.set_terminated(run, "FINISHED", ended)
            count += 1
    return count


def summary(studies: Sequence[Study]) -> str:
    """Return what the search did, one line per part; the last study of a part is the one on all rows.

    Parameters
    ----------
    studies : sequence of Study
        Searches of the training.
    """
    lines = []
    for name in dict.fromkeys(study.part for study in studies):
        counts = [len(study.tried) for study in studies if study.part == name]
        trials = f"{min(counts)} to {max(counts)}" if min(counts) < max(counts) else f"{counts[0]}"
        line = f"{name}: {len(counts)} studies of {trials} trials"
        lines.append(line + ("; too few to search, give more minutes" if min(counts) < 2 * RANDOM_TRIALS else ""))
    return "\n".join(lines)
