"""The choice among recipes, made inside the training papers alone: no paper that is judged later takes part."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from models.ensemble import Recipe
from models.tasks.examples import Examples
from models.tasks.part import fit_part
from models.tasks.registry import TASKS
from training.data.groups import PaperGroups
from training.data.paper_splits import grouped_folds

INNER_FOLDS = 3
INNER_FITS = INNER_FOLDS
"""Fits per recipe of one choice."""


class Fold(NamedTuple):
    """One inner fold: rows to learn from, none of them kin of a test row, and the test rows."""

    train: Examples
    test: Examples


def choose(
    name: str,
    examples: Examples,
    kin: PaperGroups,
    choices: Mapping[str, Recipe],
    seed: int,
    progress: Callable[[int], None] = lambda steps: None,
) -> str:
    """Name of the recipe with the smallest error over three folds of the training papers.

    Parameters
    ----------
    name : str
        Key of `models.tasks.registry.TASKS`.
    examples : Examples
        Training rows only.
    kin : PaperGroups
        Groups of these rows.
    choices : mapping of str to Recipe
        Recipes by name; a single one is not put to the test. One member of each is fitted.
    seed : int
        Of the inner folds and the fits.
    progress : callable
        Called with 1 after each fit.

    Returns
    -------
    str
        The first of the best. With fewer groups of papers than folds, the first recipe. A fold whose kin are all other
        rows is left out.
    """
    first = next(iter(choices))
    if len(choices) == 1 or len(np.unique(kin.groups)) < INNER_FOLDS:
        return first
    errors = dict.fromkeys(choices, 0.0)
    folds = inner_folds(examples, kin, seed)
    for fold in folds:
        for recipe_name, recipe in choices.items():
            errors[recipe_name] += fold_error(name, fold, recipe, seed)
            progress(1)
    if left_out := INNER_FOLDS - len(folds):
        progress(left_out * len(choices))
    return min(errors, key=errors.__getitem__)


def inner_folds(examples: Examples, kin: PaperGroups, seed: int) -> list[Fold]:
    """Three folds by group of papers; those that leave nothing to learn from are left out, all where the groups are
    fewer than the folds.

    Parameters
    ----------
    examples : Examples
        Training rows with labels.
    kin : PaperGroups
        Groups of the rows.
    seed : int
        Of the random steps.
    """
    if len(np.unique(kin.groups)) < INNER_FOLDS:
        return []
    folds = []
    for test in grouped_folds(kin.groups, INNER_FOLDS, seed):
        train_rows = kin.unrelated(test)
        if len(train_rows):
            folds.append(Fold(examples.take(train_rows), examples.take(test)))
    return folds


def fold_error(name: str, fold: Fold, recipe: Recipe, seed: int) -> float:
    """Weighted sum of the errors of one member of a recipe on the rows held out.

    The error is that of the rows' values, or how far a bound is missed; for the fade law it is that of the retention,
    as recipes may differ in the law's shape.

    Parameters
    ----------
    name : str
        Key of `models.tasks.registry.TASKS`.
    fold : Fold
        Rows to learn from, and rows held out.
    recipe : Recipe
        Settings of the boosters; one member is fitted.
    seed : int
        Of the fit.
    """
    train, test = fold
    task = TASKS[name]
    learnt, settings = task.relabelled(train, recipe)
    part = fit_part(name, learnt.designs, learnt.labels, replace(recipe, members=1), seed)
    predicted, _ = part.predict(test.designs)
    return float((test.labels.weight * task.choice_error(test, predicted, settings)).sum())
