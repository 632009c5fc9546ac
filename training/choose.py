"""The choice among recipes, made inside the training papers alone: whoever is judged later was never asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from models.boosted import Recipe
from models.parts import fit_part
from training.dataset import Examples
from training.fade import relabelled, retention_errors
from training.kinship import Kinship
from training.split import grouped_folds

INNER_FOLDS = 3
INNER_FITS = INNER_FOLDS
"""Fits per recipe of one choice."""


def choose(
    name: str,
    examples: Examples,
    kin: Kinship,
    choices: Mapping[str, Recipe],
    seed: int,
    progress: Callable[[int], None] = lambda steps: None,
) -> str:
    """Name of the recipe with the smallest error over three folds of the training papers.

    The error is that of the rows' values, or how far a bound is missed; for the fade law it is that of the retention,
    as recipes may differ in the law's shape.

    Parameters
    ----------
    name : part, a key of `models.parts.PARTS`
    examples, kin : training rows only
    choices : recipes by name; a single one is not put to the test. One member of each is fitted.

    Returns
    -------
    str
        The first of the best. With fewer groups of papers than folds, the first recipe. A fold whose kin are all other
        rows tells nothing and is left out.
    """
    first = next(iter(choices))
    if len(choices) == 1 or len(np.unique(kin.groups)) < INNER_FOLDS:
        return first
    errors = dict.fromkeys(choices, 0.0)
    for test in grouped_folds(kin.groups, INNER_FOLDS, seed):
        rest = np.setdiff1d(np.arange(len(kin.groups)), test)
        rest = rest[~kin.leaks(rest, test)]
        if not len(rest):
            progress(len(choices))
            continue
        train, held = examples.take(rest), examples.take(test)
        for each, recipe in choices.items():
            learnt, shape = relabelled(train, recipe) if name == "fade" else (train, 1.0)
            part = fit_part(name, learnt.designs, learnt.labels, replace(recipe, members=1), seed)
            predicted, _ = part.predict(held.designs)
            missed = held.labels.distance(predicted) if name != "fade" else retention_errors(held, predicted, shape)
            errors[each] += float((held.labels.weight * missed).sum())
            progress(1)
    return min(errors, key=errors.__getitem__)
