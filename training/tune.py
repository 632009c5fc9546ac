"""The search for a recipe: Optuna over a small declared space, judged as the choice is, inside the training papers.

What is found is one more entry, `tuned`, in the choices of its part; whether it is used, `training.choose` decides on
other inner folds than those it was found on, and what it is worth, papers that neither of them saw.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from models.boosted import Recipe
from models.parts import fit_part
from models.registry import store_uri
from training.choose import INNER_FITS, INNER_FOLDS
from training.config import STRUCTURED
from training.crossvalidate import Choices, ConductivityLink, OutOfFold, Progress, Protocol, validate
from training.dataset import Examples, Literature, conductivity_examples, ice_examples
from training.fade import fade_examples, relabelled, retention_errors
from training.kinship import Kinship
from training.split import grouped_folds

if TYPE_CHECKING:
    import optuna
    from mlflow import MlflowClient

TUNED = "tuned"
LEAST_ROWS = 200
"""Rows below which a part is tuned only when asked for anyway."""
STORAGE = "tuning.db"
OTHER_FOLDS = 500
"""Added to the seed of the inner folds: a recipe that is the best of many on some folds must not be chosen by them."""
RANDOM_TRIALS = 10
"""Trials before Optuna follows what it has seen, those of the given recipes included."""
WAIT_SECONDS = 60


@dataclass(frozen=True)
class Span:
    """Values a setting may take, both ends included."""

    low: float
    high: float
    log: bool = False
    step: float | None = None

    def holds(self, value: float) -> bool:
        """Whether the value lies between the ends."""
        return self.low <= value <= self.high


WHOLE: dict[str, Span] = {"depth": Span(2, 6), "rounds": Span(20, 1000, log=True)}
NUMBERS: dict[str, Span] = {
    "rate": Span(0.01, 0.2, log=True),
    "min_child_weight": Span(1.0, 16.0, log=True),
    "reg_lambda": Span(0.5, 30.0, log=True),
    "subsample": Span(0.5, 1.0),
    "colsample": Span(0.2, 1.0),
    "linear_share": Span(0.0, 0.8, step=0.1),
    "shrink": Span(0.1, 1.0),
}
BLOCKS: dict[str, tuple[str, ...]] = {
    "plain": Recipe().blocks,
    "fractions": ("fractions",),
    "contrasts": (*Recipe().blocks, "contrasts"),
    "structure": STRUCTURED.blocks,
}
"""What the conductivity model may read; cells have one set of features."""
# All else of a recipe (centre, weights of papers, shape of the fade law) comes with the given recipe a trial starts
# from, itself one of the settings.


@dataclass(frozen=True)
class Budget:
    """How long one study may go on; what was spent on it before, by an interrupted run, counts.

    Attributes
    ----------
    seconds : of finished trials
    trials : finished ones; the same number gives the same recipe, the same seconds need not
    """

    seconds: float = math.inf
    trials: float = math.inf

    @classmethod
    def shared(cls, minutes: float, parts: int, protocol: Protocol) -> Budget:
        """An equal share of the minutes for each study: one in each outer fold and one on all rows, for each part."""
        return cls(seconds=60 * minutes / max(parts * (protocol.folds * protocol.repeats + 1), 1))

    @property
    def total(self) -> int:
        """Steps one study reports to its progress: trials where they are counted, else seconds."""
        return int(self.trials if math.isfinite(self.trials) else math.ceil(self.seconds))

    def used(self, tried: Sequence[Tried]) -> int:
        """Steps used so far, at most all."""
        spent = len(tried) if math.isfinite(self.trials) else int(sum(each.seconds for each in tried))
        return min(spent, self.total)

    def left(self, tried: Sequence[Tried]) -> bool:
        """Whether another trial may start."""
        return len(tried) < self.trials and sum(each.seconds for each in tried) < self.seconds


@dataclass(frozen=True)
class Tried:
    """One finished trial.

    Attributes
    ----------
    number : in its study
    pruned : whether it was given up after a fold that half of the others had passed with less
    params : settings
    error : mean error over the inner folds it saw, in the unit `training.choose` measures
    started, seconds : when, and how long it took
    """

    number: int
    pruned: bool
    params: dict[str, Any]
    error: float
    started: datetime
    seconds: float


@dataclass(frozen=True)
class Study:
    """One search.

    Attributes
    ----------
    name : the same for the same part, rows, recipes, space and seed
    part : key of `models.parts.PARTS`
    recipe : the best; the first of the given ones where nothing could be tried
    tried : finished trials in their order, those of interrupted runs included
    """

    name: str
    part: str
    recipe: Recipe
    tried: tuple[Tried, ...]


class TuningStoreError(ValueError):
    """The file that keeps the trials cannot be used."""


def tune(
    name: str,
    examples: Examples,
    kin: Kinship,
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
    name : part, a key of `models.parts.PARTS`
    examples, kin : training rows only
    choices : recipes to start from, by name
    storage : sqlite file that keeps the trials
    progress : called with the steps just done, `budget.total` in all

    Raises
    ------
    TuningStoreError
        The file cannot be used.
    """
    folds = _inner_folds(examples, kin, seed + OTHER_FOLDS)
    title = study_name(name, examples, choices, seed)
    if not folds:
        progress(budget.total)
        return Study(title, name, next(iter(choices.values())), ())
    with _opened(storage, title) as study:
        tried, used = _finished(study), 0
        while True:
            progress(budget.used(tried) - used)
            used = budget.used(tried)
            if not budget.left(tried):
                break
            _trial(study, name, folds, choices, seed, tried)
            tried = _finished(study)
        progress(budget.total - used)
    if math.isfinite(budget.trials):
        tried = tried[: int(budget.trials)]  # of a longer search before this one
    whole = [each for each in tried if not each.pruned]
    best = recipe_of(min(whole, key=lambda each: each.error).params, choices) if whole else next(iter(choices.values()))
    return Study(title, name, best, tuple(tried))


def study_name(name: str, examples: Examples, choices: Choices, seed: int) -> str:
    """Name of the search: part, hash of all that its errors depend on, seed."""
    space = [{key: asdict(span) for key, span in spans.items()} for spans in (WHOLE, NUMBERS)]
    settings = {"choices": {key: asdict(recipe) for key, recipe in choices.items()}, "space": [*space, BLOCKS]}
    found = hashlib.sha256(json.dumps([settings, INNER_FOLDS, OTHER_FOLDS]).encode())
    found.update(examples.designs.to_csv(index=False).encode())
    for values in (examples.labels.lower, examples.labels.upper, examples.labels.weight):
        found.update(np.ascontiguousarray(values, dtype=float).tobytes())
    return f"{name} {found.hexdigest()[:16]} seed {seed}"


def recipe_of(params: Mapping[str, Any], choices: Choices) -> Recipe:
    """The recipe that a trial's settings describe."""
    changed = {key: value for key, value in params.items() if key not in ("recipe", "blocks")}
    if "blocks" in params:
        changed["blocks"] = BLOCKS[params["blocks"]]
    return replace(choices[params["recipe"]], **changed)


def params_of(name: str, key: str, recipe: Recipe) -> dict[str, Any] | None:
    """The settings that describe a given recipe, called `key`; None where it lies outside the space."""
    spans = {**WHOLE, **NUMBERS}
    found: dict[str, Any] = {"recipe": key} | {each: getattr(recipe, each) for each in spans}
    if not all(span.holds(found[each]) for each, span in spans.items()):
        return None
    if name == "conductivity":
        blocks = next((each for each, kinds in BLOCKS.items() if kinds == recipe.blocks), None)
        return None if blocks is None else {**found, "blocks": blocks}
    return found


@dataclass
class Tuning:
    """The tuning of one training.

    Attributes
    ----------
    parts : keys of `models.parts.PARTS` to tune; the others keep their choices
    budget : of each study
    storage : sqlite file that keeps the trials
    progress : called with the steps of the budgets, `steps` of them in all
    studies : those done so far
    known : recipes by the name of their study, found by a run that is made again: these are not searched for
    """

    parts: tuple[str, ...]
    budget: Budget
    storage: Path
    progress: Progress = lambda steps: None
    studies: list[Study] = field(default_factory=list)
    known: Mapping[str, Recipe] = field(default_factory=dict)

    @classmethod
    def again(cls, kept: Mapping[str, Mapping[str, Any]]) -> Tuning:
        """The tuning of a run that kept these recipes (`kept`): nothing is searched. Where rows or recipes have changed
        since, the given recipes stand alone."""
        known = {title: Recipe.from_dict(settings) for title, settings in kept.items()}
        parts = tuple(dict.fromkeys(title.split()[0] for title in known))
        return cls(parts, Budget(trials=0), Path(), known=known)

    @property
    def kept(self) -> dict[str, dict[str, Any]]:
        """What was found, by the name of the study, as plain values for the model's facts."""
        found = {**self.known, **{each.name: each.recipe for each in self.studies}}
        return {title: asdict(recipe) for title, recipe in found.items()}

    def offered(self, name: str, examples: Examples, kin: Kinship, choices: Choices, seed: int) -> Choices:
        """The choices with what was found inside these rows, where the part is tuned."""
        if name not in self.parts:
            return choices
        if self.known:
            title = study_name(name, examples, choices, seed)
            return {**choices, TUNED: self.known[title]} if title in self.known else choices
        study = tune(name, examples, kin, choices, seed, self.budget, self.storage, self.progress)
        self.studies.append(study)
        return {**choices, TUNED: study.recipe}

    def steps(self, protocol: Protocol) -> int:
        """Steps the progress is called with: of every outer fold's study and of the one on all rows."""
        return len(self.parts) * (protocol.folds * protocol.repeats + 1) * self.budget.total

    def more_fits(self, protocol: Protocol) -> int:
        """Fits beside those of `fits_needed`: one more entry in the choices of every tuned part."""
        return len(self.parts) * protocol.folds * protocol.repeats * INNER_FITS


def tune_nested(
    name: str,
    examples: Examples,
    kin: Kinship,
    choices: Choices,
    protocol: Protocol,
    tuning: Tuning,
    progress: Progress = lambda steps: None,
    *,
    link: ConductivityLink | None = None,
) -> OutOfFold:
    """Out-of-fold predictions of one part with the search made again inside each outer training fold.

    A recipe found on all rows has been chosen by the errors of the very papers that are to judge it, and its skill
    would be flattered by as much as the search could fit their noise. So the search is part of what is judged: each
    outer fold has a study of its own among its training papers, and the outer fold's papers, their kin removed, see
    only what that study found. This costs a study per outer fold, each with the same budget as the one whose recipe is
    kept, which is why the minutes are divided by the outer folds plus one: what is measured is a search as long as the
    one that made the model, not a longer one.

    Parameters
    ----------
    choices, link : as for `validate`; the link's own recipe is chosen among those given to it, without a search
    progress : called with the number of fits just done; the studies report to `tuning.progress`
    """
    planned = protocol.tests(kin.groups)
    judged: list[OutOfFold] = []
    for repeat, test in planned:
        rest = np.setdiff1d(np.arange(len(kin.groups)), test)
        rest = rest[~kin.leaks(rest, test)]
        offered = choices
        if len(rest):
            train = examples.take(rest)
            if link:
                train = Examples(link.without(examples.papers[test])(train.designs), train.labels)
            offered = tuning.offered(name, train, kin.take(rest), choices, protocol.seed + repeat)
        judged.append(validate(name, examples, kin, offered, protocol, progress, link=link, tests=[(repeat, test)]))
    return _joined(planned, judged)


def cross_validate_tuned(
    literature: Literature,
    choices: Mapping[str, Choices],
    protocol: Protocol,
    tuning: Tuning,
    progress: Progress = lambda steps: None,
) -> dict[str, OutOfFold]:
    """As `cross_validate`, with the search repeated inside every outer fold of the parts that are tuned.

    The conductivity that cells are given comes from the untuned recipes: a search for every set of held-out papers
    would cost more than all else.
    """
    electrolytes = conductivity_examples(literature)
    kin = Kinship.of(electrolytes, by_composition=True)
    found = {
        "conductivity": tune_nested(
            "conductivity", electrolytes, kin, choices["conductivity"], protocol, tuning, progress
        )
    }
    link = ConductivityLink(electrolytes, kin, choices["conductivity"], protocol.seed)
    for name, examples in (("ice", ice_examples(literature)), ("fade", fade_examples(literature))):
        cells = Kinship.of(examples, by_composition=False)
        found[name] = tune_nested(name, examples, cells, choices[name], protocol, tuning, progress, link=link)
    return found


def untuned(found: Mapping[str, OutOfFold], choices: Mapping[str, Choices]) -> dict[str, OutOfFold]:
    """The same predictions with the given recipe chosen most often where a tuned one was: for learning curves, which
    need one recipe by name and must not take one found on the papers that judge them."""
    kept = {name: [each for each in part.chosen if each != TUNED] for name, part in found.items()}
    return {name: replace(part, chosen=kept[name] or [next(iter(choices[name]))]) for name, part in found.items()}


def parts_to_tune(rows: Mapping[str, int], anyway: bool) -> tuple[tuple[str, ...], list[str]]:
    """The parts with rows enough to tune, all where asked for anyway, and what is to be said of the others.

    Parameters
    ----------
    rows : number of rows of each part
    """
    few = [name for name, count in rows.items() if count < LEAST_ROWS]
    noise = f"tuning on fewer than {LEAST_ROWS} rows mostly fits noise"
    if anyway:
        return tuple(rows), [f"{name}: {rows[name]} rows; {noise}" for name in few]
    told = [
        f"{name}: {rows[name]} rows; {noise}: left to the given recipes (--tune-anyway tunes it too)" for name in few
    ]
    return tuple(name for name in rows if name not in few), told


def rows_of(literature: Literature) -> dict[str, int]:
    """Number of training rows of each part."""
    return {
        "conductivity": len(conductivity_examples(literature).designs),
        "ice": len(ice_examples(literature).designs),
        "fade": len(fade_examples(literature).designs),
    }


def storage_path(folder: str | Path | None = None) -> Path:
    """The sqlite file of the trials: in the folder given, else beside a local MLflow store, else in the working
    folder."""
    if folder is not None:
        return Path(folder) / STORAGE
    uri = store_uri()
    return (Path(uri.removeprefix("sqlite:///")).parent if uri.startswith("sqlite:///") else Path()) / STORAGE


def log_trials(store: MlflowClient, parent: str, studies: Sequence[Study]) -> int:
    """Keep every trial as a child run of the training's run, with its settings and its error; returns their number.

    Trials of an interrupted run that this one went on from are children too: the recipe comes from all of them.
    """
    from mlflow.entities import Metric, Param

    experiment, count = store.get_run(parent).info.experiment_id, 0
    for study in studies:
        for each in study.tried:
            started = int(1000 * each.started.timestamp())
            ended = started + int(1000 * each.seconds)
            tags = {
                "mlflow.parentRunId": parent,
                "part": study.part,
                "study": study.name,
                "trial": str(each.number),
                "pruned": "yes" if each.pruned else "no",
            }
            run = store.create_run(experiment, started, tags, f"{study.part} trial {each.number}").info.run_id
            settings = [Param(key, str(value)) for key, value in each.params.items()]
            store.log_batch(run, [Metric("error", each.error, ended, 0)], settings)
            store.set_terminated(run, "FINISHED", ended)
            count += 1
    return count


def summary(studies: Sequence[Study]) -> str:
    """What the search did, one line per part; the last study of a part is the one on all rows."""
    lines = []
    for name in dict.fromkeys(each.part for each in studies):
        counts = [len(each.tried) for each in studies if each.part == name]
        trials = f"{min(counts)} to {max(counts)}" if min(counts) < max(counts) else f"{counts[0]}"
        line = f"{name}: {len(counts)} studies of {trials} trials"
        lines.append(line + ("; too few to search, give more minutes" if min(counts) < 2 * RANDOM_TRIALS else ""))
    return "\n".join(lines)


def fold_error(name: str, train: Examples, held: Examples, recipe: Recipe, seed: int) -> float:
    """Weighted sum of the errors on the held-out rows, as `training.choose` measures it."""
    learnt, shape = relabelled(train, recipe) if name == "fade" else (train, 1.0)
    part = fit_part(name, learnt.designs, learnt.labels, replace(recipe, members=1), seed)
    predicted, _ = part.predict(held.designs)
    missed = held.labels.distance(predicted) if name != "fade" else retention_errors(held, predicted, shape)
    return float((held.labels.weight * missed).sum())


def _inner_folds(examples: Examples, kin: Kinship, seed: int) -> list[tuple[Examples, Examples]]:
    """Training and held-out rows of each inner fold, kin removed; folds that leave nothing to learn from are left
    out."""
    if len(np.unique(kin.groups)) < INNER_FOLDS:
        return []
    found = []
    for test in grouped_folds(kin.groups, INNER_FOLDS, seed):
        rest = np.setdiff1d(np.arange(len(kin.groups)), test)
        rest = rest[~kin.leaks(rest, test)]
        if len(rest):
            found.append((examples.take(rest), examples.take(test)))
    return found


@contextmanager
def _opened(path: Path, title: str) -> Iterator[optuna.Study]:
    """The study of that name, made on first use; optuna is imported here and nowhere earlier, and says nothing of
    itself."""
    import optuna
    from sqlalchemy import event
    from sqlalchemy.exc import SQLAlchemyError

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    storage = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        storage = optuna.storages.RDBStorage(
            f"sqlite:///{path.resolve()}", engine_kwargs={"connect_args": {"timeout": WAIT_SECONDS}}
        )
        event.listen(storage.engine, "connect", _write_ahead)
        storage.engine.dispose()  # what is open was opened without it
        pruner = optuna.pruners.MedianPruner()
        yield optuna.create_study(storage=storage, study_name=title, pruner=pruner, load_if_exists=True)
    except (SQLAlchemyError, optuna.exceptions.StorageInternalError, OSError) as error:
        reason = str(error.__cause__ or error).strip().splitlines()[0][:200]
        raise TuningStoreError(
            f"{path}: the trials cannot be kept there: {reason}; move the file away or choose a folder to write in"
        ) from error
    finally:
        if storage is not None:
            storage.remove_session()
            storage.engine.dispose()
        optuna.logging.set_verbosity(before)


def _write_ahead(connection: Any, record: object) -> None:
    """Ten small commits a trial, each waiting for the disk, would take longer than the fits; a killed process still
    loses none, and a power cut only the last ones."""
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL"):
        connection.execute(f"PRAGMA {pragma}")


def _trial(
    study: optuna.Study,
    name: str,
    folds: Sequence[tuple[Examples, Examples]],
    choices: Choices,
    seed: int,
    tried: Sequence[Tried],
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
        recipe = recipe_of(_asked(trial, name, choices), choices)
        error = weight = 0.0
        for step, (train, held) in enumerate(folds, start=1):
            error += fold_error(name, train, held, recipe, seed)
            weight += float(held.labels.weight.sum())
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
    known = {each.user_attrs.get("given") for each in study.get_trials(deepcopy=False, states=counted)}
    for key, recipe in choices.items():
        if key not in known and (params := params_of(name, key, recipe)) is not None:
            study.enqueue_trial(params, user_attrs={"given": key})
            return


def _asked(trial: optuna.Trial, name: str, choices: Choices) -> dict[str, Any]:
    params: dict[str, Any] = {"recipe": trial.suggest_categorical("recipe", list(choices))}
    for key, span in WHOLE.items():
        params[key] = trial.suggest_int(key, int(span.low), int(span.high), log=span.log)
    for key, span in NUMBERS.items():
        params[key] = trial.suggest_float(key, span.low, span.high, log=span.log, step=span.step)
    if name == "conductivity":
        params["blocks"] = trial.suggest_categorical("blocks", list(BLOCKS))
    return params


def _finished(study: optuna.Study) -> list[Tried]:
    from optuna.trial import TrialState

    found = []
    for each in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED)):
        error = each.value if each.value is not None else each.intermediate_values[max(each.intermediate_values)]
        started, took = each.datetime_start, each.duration
        if started is not None and took is not None:
            pruned = each.state is TrialState.PRUNED
            found.append(Tried(each.number, pruned, dict(each.params), error, started, took.total_seconds()))
    return found


def _joined(planned: Sequence[tuple[int, np.ndarray]], judged: Sequence[OutOfFold]) -> OutOfFold:
    """Folds judged one by one, as `validate` gives them when it judges all."""
    first, shape = judged[0], (1 + max(repeat for repeat, _ in planned), len(judged[0].groups))
    predicted = {method: np.full(shape, np.nan) for method in first.predicted}
    spread, curve, folds, distance = (np.full(shape, np.nan) for _ in range(4))
    whole = OutOfFold(first.examples, first.groups, predicted, spread, curve, fold=folds, distance=distance)
    for fold, ((repeat, test), each) in enumerate(zip(planned, judged, strict=True)):
        for method, values in each.predicted.items():
            whole.predicted[method][repeat, test] = values[repeat, test]
        for to, values in ((whole.spread, each.spread), (whole.shape, each.shape), (whole.distance, each.distance)):
            to[repeat, test] = values[repeat, test]
        whole.fold[repeat, test] = fold
        whole.chosen += each.chosen
        whole.removed += each.removed
    return whole
