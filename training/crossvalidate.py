"""Out-of-fold predictions by paper: everything fitted, the conductivity link included, sees only the other papers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from models import lifetime
from models.boosted import Recipe
from models.parts import Part, fit_part, with_conductivity
from training.baselines import BASELINES
from training.dataset import Examples, Literature, chemical_key, conductivity_examples, cycling_points, ice_examples
from training.split import grouped_folds, joined_groups

MODEL = "silion"


@dataclass(frozen=True)
class Protocol:
    """How skill is measured."""

    folds: int = 5
    repeats: int = 5
    seed: int = 0


@dataclass
class OutOfFold:
    """Out-of-fold predictions of one part.

    Attributes
    ----------
    examples : the rows
    groups : group of each row (paper, or papers joined by composition)
    predicted : by method, shape (n_repeats, n_rows), on the model's scale
    spread : of the boosted model, shape (n_repeats, n_rows)
    shape : for the fade law, the training folds' shape for each prediction; empty otherwise
    """

    examples: Examples
    groups: np.ndarray
    predicted: dict[str, np.ndarray]
    spread: np.ndarray
    shape: np.ndarray


Progress = Callable[[int], None]


def cross_validate(
    literature: Literature, recipes: Mapping[str, Recipe], protocol: Protocol, progress: Progress = lambda steps: None
) -> dict[str, OutOfFold]:
    """Repeated grouped cross-validation of every part.

    Parameters
    ----------
    progress : called with the number of fits just done

    Raises
    ------
    SplitError
        Too few papers for the folds.
    """
    electrolytes = conductivity_examples(literature)
    keys = [chemical_key(row) for _, row in electrolytes.designs.iterrows()]
    joined = joined_groups(list(electrolytes.papers), keys)
    found = {
        "conductivity": validate("conductivity", electrolytes, joined, recipes["conductivity"], protocol, progress)
    }

    def linked(held_out: frozenset[str]) -> Callable[[pd.DataFrame], pd.DataFrame]:
        kept = np.flatnonzero([paper not in held_out for paper in electrolytes.papers])
        rest = electrolytes.take(kept)
        link = fit_part("conductivity", rest.designs, rest.labels, recipes["conductivity"], protocol.seed)
        progress(1)
        return lambda designs: with_conductivity(designs, link)

    ice = ice_examples(literature)
    found["ice"] = validate("ice", ice, joined_groups(list(ice.papers)), recipes["ice"], protocol, progress, linked)
    points = fade_examples(literature)
    found["fade"] = validate(
        "fade", points, joined_groups(list(points.papers)), recipes["fade"], protocol, progress, linked
    )
    return found


def fade_examples(literature: Literature) -> Examples:
    """Cycling points as rows; their labels depend on the fade law's shape and are made again inside each fold."""
    points = cycling_points(literature).reset_index(drop=True)
    return Examples(points, lifetime.fade_labels(points, lifetime.fade_shape(points)))


def fits_needed(protocol: Protocol) -> int:
    """Number of fits `cross_validate` reports to its progress."""
    return protocol.folds * protocol.repeats * 5


Link = Callable[[frozenset[str]], Callable[[pd.DataFrame], pd.DataFrame]]


def validate(
    name: str,
    examples: Examples,
    groups: np.ndarray,
    recipe: Recipe,
    protocol: Protocol,
    progress: Progress,
    linked: Link | None = None,
) -> OutOfFold:
    """Out-of-fold predictions of one part and of the baselines, group by group.

    Parameters
    ----------
    linked : for cells, gives the conductivity link fitted without the held-out papers
    """
    empty = np.full((protocol.repeats, len(groups)), np.nan)
    predicted = {method: empty.copy() for method in (MODEL, *BASELINES)}
    spread, shapes = empty.copy(), empty.copy()
    for repeat, test in _tests(groups, protocol):
        rest = np.setdiff1d(np.arange(len(groups)), test)
        train, held = examples.take(rest), examples.take(test)
        if linked:
            link = linked(frozenset(held.papers))
            train, held = Examples(link(train.designs), train.labels), Examples(link(held.designs), held.labels)
        if name == "fade":
            shape = lifetime.fade_shape(train.designs)
            shapes[repeat, test] = shape
            train = Examples(train.designs, lifetime.fade_labels(train.designs, shape))
        part = fit_part(name, train.designs, train.labels, recipe, protocol.seed + repeat)
        predicted[MODEL][repeat, test], spread[repeat, test] = part.predict(held.designs)
        for method, values in _baselines(part, train, held).items():
            predicted[method][repeat, test] = values
        progress(1)
    return OutOfFold(examples, groups, predicted, spread, shapes)


def _tests(groups: np.ndarray, protocol: Protocol) -> Iterator[tuple[int, np.ndarray]]:
    for repeat in range(protocol.repeats):
        for test in grouped_folds(groups, protocol.folds, 1000 * protocol.seed + repeat):
            yield repeat, test


def _baselines(part: Part, train: Examples, held: Examples) -> dict[str, np.ndarray]:
    vectors, asked = part.featurizer.transform(train.designs), part.featurizer.transform(held.designs)
    values = {
        name: method(vectors, train.labels.middle, train.labels.weight, asked) for name, method in BASELINES.items()
    }
    if "retention_pct" in train.designs:
        retention = train.designs["retention_pct"].to_numpy(dtype=float)
        values = {
            name: method(vectors, retention, np.ones(len(retention)), asked) for name, method in BASELINES.items()
        }
    return values
