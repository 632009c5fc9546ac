"""One search: Optuna over the declared space, judged as `training.evaluation.choose` does, inside the training papers.

What is found is one more entry, `tuned`, in the choices of its part; whether it is used, `training.evaluation.choose`
decides on other inner folds than those it was found on, and what it is worth, papers that neither of them saw.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from models.ensemble import Recipe
from models.tasks.examples import Examples
from training.config import Protocol
from training.data.groups import PaperGroups
from training.evaluation.choose import INNER_FOLDS, Fold, fold_error, inner_folds
from training.evaluation.crossvalidate import Choices, Progress
from training.tuning.search_space import BLOCKS, NUMBERS, WHOLE, params_of, recipe_of, trial_params
from training.tuning.trials import FinishedTrial, finished, opened

if TYPE_CHECKING:
    import optuna
    from mlflow import MlflowClient

OTHER_FOLDS = 500
"""Added to the seed of the inner folds: a recipe that is the best of many on some folds must not be chosen by them."""
RANDOM_TRIALS = 10
"""Trials before Optuna follows what it has seen, those of the given recipes included."""


@dataclass(frozen=True)
class Budget:
    """Budget of one study; what was spent on it before, by an interrupted run, counts.

    Attributes
    ----------
    seconds : of finished trials
    trials : finished ones; the same number gives the same recipe, the same seconds need not
    """

    seconds: float = math.inf
    trials: float = math.inf

    @classmethod
    def shared(cls, minutes: float, parts: int, protocol: Protocol) -> Budget:
        """An equal share of the minutes for each study: one in each outer fold and one on all rows, for each part.

        Parameters
        ----------
        minutes : float
            Of the whole search.
        parts : int
            Number of parts that are tuned.
        protocol : Protocol
            Folds, repeats and seed.
        """
        return cls(seconds=60 * minutes / max(parts * (protocol.folds * protocol.repeats + 1), 1))

    @property
    def total(self) -> int:
        """Steps one study reports to its progress: trials where they are counted, else seconds."""
        return int(self.trials if math.isfinite(self.trials) else math.ceil(self.seconds))

    def used(self, tried: Sequence[FinishedTrial]) -> int:
        """Steps used so far, at most all.

        Parameters
        ----------
        tried : sequence of FinishedTrial
            Trials finished so far.

        Examples
        --------
        >>> Budget(trials=10).used([]), Budget(seconds=90.0).total
        (0, 90)
        """
        spent = len(tried) if math.isfinite(self.trials) else int(sum(trial.seconds for trial in tried))
        return min(spent, self.total)

    def allows_another(self, tried: Sequence[FinishedTrial]) -> bool:
        """Return True where another trial may start.

        Parameters
        ----------
        tried : sequence of FinishedTrial
            Trials finished so far.
        """
        return len(tried) < self.trials and sum(trial.seconds for trial in tried) < self.seconds


@dataclass(frozen=True)
class Study:
    """One search.

    Attributes
    ----------
    name : the same for the same part, rows, recipes, space and seed
    part : key of `models.tasks.registry.TASKS`
    recipe : the best; the first of the given ones where nothing could be tried
    tried : finished trials in their order, those of interrupted runs included
    """

    name: str
    part: str
    recipe: Recipe
    tried: tuple[FinishedTrial, ...]


def tune(
    name: str,
    examples: Examples,
    kin: PaperGroups,
    choices: Choices,
    seed: int,
    budget: Budget,
    storage: Path,
    progress: Progress = lambda steps: None,
) -> Study:
    """Search a recipe inside these rows; go on where an interrupted search of the same name stopped.

    The given recipes are tried first, so what is found is never worse than they are on the inner folds. A trial is
    given up after a fold where half of the finished ones had a smaller error. Every trial draws from the seed and from
    the number of those finished before it: interrupted or not, the same number of trials gives the same recipe.

    Parameters
    ----------
    name : str
        Key of `models.tasks.registry.TASKS`.
    examples : Examples
        Training rows only.
    kin : PaperGroups
        Groups of these rows.
    choices : dict of Recipe
        Recipes to start from, by name.
    seed : int
        Of the inner folds, the fits and the trials.
    budget : Budget
        Of trials or seconds.
    storage : Path
        Sqlite file that keeps the trials.
    progress : callable
        Called with the steps just done, `budget.total` in all.

    Raises
    ------
    TuningStoreError
        The file cannot be used.
    """
    folds = inner_folds(examples, kin, seed + OTHER_FOLDS)
    title = study_name(name, examples, choices, seed)
    if not folds:
        progress(budget.total)
        return Study(title, name, next(iter(choices.values())), ())
    with opened(storage, title) as study:
        tried, used = finished(study), 0
        while True:
            progress(budget.used(tried) - used)
            used = budget.used(tried)
            if not budget.allows_another(tried):
                break
            _trial(study, name, folds, choices, seed, tried)
            tried = finished(study)
        progress(budget.total - used)
    if math.isfinite(budget.trials):
        tried = tried[: int(budget.trials)]  # of a longer search before this one
    full = [trial for trial in tried if not trial.pruned]
    best = recipe_of(min(full, key=lambda trial: trial.error).params, choices) if full else next(iter(choices.values()))
    return Study(title, name, best, tuple(tried))


def study_name(name: str, examples: Examples, choices: Choices, seed: int) -> str:
    """Name of the search: part, hash of all that its errors depend on, seed.

    Parameters
    ----------
    name : str
        Part.
    examples : Examples
        Training rows with labels.
    choices : dict of Recipe
        Recipes to choose from, by name.
    seed : int
        Of the random steps.
    """
    space = [{key: asdict(span) for key, span in spans.items()} for spans in (WHOLE, NUMBERS)]
    settings = {"choices": {key: asdict(recipe) for key, recipe in choices.items()}, "space": [*space, BLOCKS]}
    digest = hashlib.sha256(json.dumps([settings, INNER_FOLDS, OTHER_FOLDS]).encode())
    digest.update(examples.designs.to_csv(index=False).encode())
    for values in (examples.labels.lower, examples.labels.upper, examples.labels.weight):
        digest.update(np.ascontiguousarray(values, dtype=float).tobytes())
    return f"{name} {digest.hexdigest()[:16]} seed {seed}"


def _trial(
    study: optuna.Study,
    name: str,
    folds: Sequence[Fold],
    choices: Choices,
    seed: int,
    tried: Sequence[FinishedTrial],
) -> None:
    """One more trial; the next of the given recipes while one is untried. One that is interrupted counts as failed."""
    import optuna
    from optuna.trial import TrialState

    _enqueue_given(study, name, choices)
    study.sampler = optuna.samplers.TPESampler(
        n_startup_trials=RANDOM_TRIALS, seed=(10_000 * seed + len(tried)) % 2**32
    )
    trial = study.ask()
    try:
        recipe = recipe_of(trial_params(trial, name, choices), choices)
        error = weight = 0.0
        for step, fold in enumerate(folds, start=1):
            error += fold_error(name, fold, recipe, seed)
            weight += float(fold.test.labels.weight.sum())
            trial.report(error / weight, step)
            if step < len(folds) and trial.should_prune():
                study.tell(trial, state=TrialState.PRUNED)
                return
    except BaseException:
        study.tell(trial, state=TrialState.FAIL)
        raise
    study.tell(trial, error / weight)


def _enqueue_given(study: optuna.Study, name: str, choices: Choices) -> None:
    from optuna.trial import TrialState

    counted = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.WAITING)
    known = {trial.user_attrs.get("given") for trial in study.get_trials(deepcopy=False, states=counted)}
    for key, recipe in choices.items():
        if key not in known and (params := params_of(name, key, recipe)) is not None:
            study.enqueue_trial(params, user_attrs={"given": key})
            return


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
