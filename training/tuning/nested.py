"""The search made again inside every fold that measures skill, and once more for the model that is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from features.tables.literature import Literature
from models.ensemble import Recipe
from models.tasks.examples import Examples
from training.conductivity_link import ConductivityLink
from training.config import Protocol
from training.data.groups import PaperGroups
from training.evaluation.choose import INNER_FITS
from training.evaluation.crossvalidate import Choices, OutOfFold, Progress, cross_validate, validate
from training.tuning.study import Budget, Study, study_name, tune

TUNED = "tuned"


@dataclass
class Tuning:
    """The tuning of one training.

    Attributes
    ----------
    parts : keys of `models.tasks.registry.TASKS` to tune; the others keep their choices
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
    def again(cls, recipes: Mapping[str, Mapping[str, Any]]) -> Tuning:
        """The tuning of a run that kept `recipes`: nothing is searched.

        Where rows or recipes have changed since, the given recipes stand alone.

        Parameters
        ----------
        recipes : mapping of str to Mapping[str, Any]
            Recipes by the name of their study.
        """
        known = {title: Recipe.from_dict(settings) for title, settings in recipes.items()}
        parts = tuple(dict.fromkeys(title.split()[0] for title in known))
        return cls(parts, Budget(trials=0), Path(), known=known)

    @property
    def kept(self) -> dict[str, dict[str, Any]]:
        """Recipes found, by the name of the study, as plain values for the model's facts."""
        recipes = {**self.known, **{study.name: study.recipe for study in self.studies}}
        return {title: asdict(recipe) for title, recipe in recipes.items()}

    def offered(self, name: str, examples: Examples, kin: PaperGroups, choices: Choices, seed: int) -> Choices:
        """The choices with what was found inside these rows, where the part is tuned.

        Parameters
        ----------
        name : str
            Part.
        examples : Examples
            Training rows with labels.
        kin : PaperGroups
            Groups of the rows.
        choices : dict of Recipe
            Recipes to choose from, by name.
        seed : int
            Of the random steps.
        """
        if name not in self.parts:
            return choices
        if self.known:
            title = study_name(name, examples, choices, seed)
            return {**choices, TUNED: self.known[title]} if title in self.known else choices
        study = tune(name, examples, kin, choices, seed, self.budget, self.storage, self.progress)
        self.studies.append(study)
        return {**choices, TUNED: study.recipe}

    def steps(self, protocol: Protocol) -> int:
        """Steps the progress is called with: of every outer fold's study and of the one on all rows.

        Parameters
        ----------
        protocol : Protocol
            Folds, repeats and seed.
        """
        return len(self.parts) * (protocol.folds * protocol.repeats + 1) * self.budget.total

    def more_fits(self, protocol: Protocol) -> int:
        """Fits beside those of `fits_needed`: one more entry in the choices of every tuned part.

        Parameters
        ----------
        protocol : Protocol
            Folds, repeats and seed.
        """
        return len(self.parts) * protocol.folds * protocol.repeats * INNER_FITS


def tune_nested(
    name: str,
    examples: Examples,
    kin: PaperGroups,
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
    name : str
        Key of `models.tasks.registry.TASKS`.
    examples : Examples
        Training rows with labels.
    kin : PaperGroups
        Groups of the rows.
    choices : dict of Recipe
        As for `validate`; the conductivity link's own recipe is chosen among those given to it, without a search.
    protocol : Protocol
        Folds, repeats and seed.
    tuning : Tuning
        Search for recipes inside the folds.
    progress : callable
        Called with the number of fits just done; the studies report to `tuning.progress`.
    link : ConductivityLink or None
        Gives cells their electrolyte's conductivity, fitted without the papers held out; None for electrolytes.
    """
    planned = protocol.tests(kin.groups)
    judged: list[OutOfFold] = []
    for repeat, test in planned:
        train_rows = np.setdiff1d(np.arange(len(kin.groups)), test)
        train_rows = train_rows[~kin.leaks(train_rows, test)]
        offered = choices
        if len(train_rows):
            train = examples.take(train_rows)
            if link:
                train = Examples(link.without(examples.papers[test])(train.designs), train.labels)
            offered = tuning.offered(name, train, kin.take(train_rows), choices, protocol.seed + repeat)
        judged.append(validate(name, examples, kin, offered, protocol, progress, link=link, tests=[(repeat, test)]))
    return _joined(planned, judged)


def cross_validate_tuned(
    literature: Literature,
    choices: Mapping[str, Choices],
    protocol: Protocol,
    tuning: Tuning,
    progress: Progress = lambda steps: None,
    link: ConductivityLink | None = None,
) -> dict[str, OutOfFold]:
    """As `cross_validate`, with the search repeated inside every outer fold of the parts that are tuned.

    The conductivity that cells are given comes from the untuned recipes: a search for every set of held-out papers
    would cost more than all else.

    Parameters
    ----------
    literature : Literature
        All tables.
    choices : mapping of str to dict of Recipe
        Recipes to choose from, by part and name.
    protocol : Protocol
        Folds, repeats and seed.
    tuning : Tuning
        Search for recipes inside the folds.
    progress : callable
        Called with the number of steps just done.
    link : ConductivityLink or None
        As for `cross_validate`.
    """
    return cross_validate(literature, choices, protocol, progress, partial(tune_nested, tuning=tuning), link)


def untuned(out_of_fold: Mapping[str, OutOfFold], choices: Mapping[str, Choices]) -> dict[str, OutOfFold]:
    """The same predictions with the given recipe chosen most often where a tuned one was: for learning curves, which
    need one recipe by name and must not take one found on the papers that judge them.

    Parameters
    ----------
    out_of_fold : mapping of str to OutOfFold
        Out-of-fold predictions by part.
    choices : mapping of str to dict of Recipe
        Recipes to choose from, by part and name.
    """
    names = {name: [recipe for recipe in part.chosen if recipe != TUNED] for name, part in out_of_fold.items()}
    return {
        name: replace(part, chosen=names[name] or [next(iter(choices[name]))]) for name, part in out_of_fold.items()
    }


def _joined(planned: Sequence[tuple[int, np.ndarray]], judged: Sequence[OutOfFold]) -> OutOfFold:
    """Folds judged one by one, as `validate` gives them when it judges all."""
    first, shape = judged[0], (1 + max(repeat for repeat, _ in planned), len(judged[0].groups))
    predicted = {method: np.full(shape, np.nan) for method in first.predicted}
    spread, curve, folds, distance = (np.full(shape, np.nan) for _ in range(4))
    joined = OutOfFold(
        first.examples, first.groups, predicted, spread, curve, fold=folds, distance=distance,
        by_value=first.by_value, family=first.family,
    )  # fmt: skip
    for fold, ((repeat, test), part) in enumerate(zip(planned, judged, strict=True)):
        for method, values in part.predicted.items():
            joined.predicted[method][repeat, test] = values[repeat, test]
        for to, values in ((joined.spread, part.spread), (joined.shape, part.shape), (joined.distance, part.distance)):
            to[repeat, test] = values[repeat, test]
        joined.fold[repeat, test] = fold
        joined.chosen += part.chosen
        joined.removed += part.removed
    return joined
