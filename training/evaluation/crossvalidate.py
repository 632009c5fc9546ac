"""Out-of-fold predictions by paper: everything fitted or chosen, the conductivity link included, sees only the other
papers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from features.electrolyte import classes_of
from features.tables.literature import Literature
from models.domain import nearest_of
from models.ensemble import Recipe
from models.tasks import fade_law
from models.tasks.conductivity import printed_energies
from models.tasks.examples import Examples
from models.tasks.part import Part, fit_part, with_conductivity
from models.tasks.registry import TASKS
from training.conductivity_link import ConductivityLink, LinkFit
from training.config import Protocol
from training.data.groups import PaperGroups, training_rows
from training.data.paper_splits import SplitError
from training.evaluation.baselines import BASELINES
from training.evaluation.choose import INNER_FITS, choose
from training.parallel import in_order

MODEL = "silion"
Choices = Mapping[str, Recipe]
"""Recipes to choose from, by name."""
Progress = Callable[[int], None]
Tests = Iterable[tuple[int, np.ndarray]]
"""Rows of each test fold, with the number of its repeat."""


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
    chosen : name of the recipe chosen inside each training fold
    removed : training rows left out of each fold as kin of a test row
    fold : number of the fold that predicted each row, shape (n_repeats, n_rows)
    distance : of each row to the nearest its model learnt from, shape (n_repeats, n_rows); NaN where not measured
    familiar : 1 where its model learnt from an electrolyte of the row's class, else 0, shape (n_repeats, n_rows)
    by_value : as the first recipe says
    energy : activation energy predicted for the rows that print one, eV, shape (n_repeats, n_rows); NaN for the others
    family : class of electrolytes of each row, by which errors are judged, shape (n_rows,); empty where they are not
    """

    examples: Examples
    groups: np.ndarray
    predicted: dict[str, np.ndarray]
    spread: np.ndarray
    shape: np.ndarray
    chosen: list[str] = field(default_factory=list)
    removed: list[int] = field(default_factory=list)
    fold: np.ndarray = field(default_factory=lambda: np.zeros(0))
    distance: np.ndarray = field(default_factory=lambda: np.zeros(0))
    familiar: np.ndarray = field(default_factory=lambda: np.zeros(0))
    by_value: bool = False
    energy: np.ndarray = field(default_factory=lambda: np.zeros(0))
    family: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=str))

    def __post_init__(self) -> None:
        """Predictions of no named fold are those of one; distances may be missing."""
        if not self.fold.size:
            self.fold = np.zeros_like(self.spread)
        for name in ("distance", "familiar", "energy"):
            if not getattr(self, name).size:
                setattr(self, name, np.full_like(self.spread, np.nan))

    @cached_property
    def on_labels(self) -> np.ndarray:
        """Predictions as far from the labels as from those of their own fold, whose fade law has its own shape."""
        return fade_law.on_common_shape(self.predicted[MODEL], self.examples.designs, self.shape)

    def distance_of(self, rows: np.ndarray) -> np.ndarray | None:
        """Distances of some rows, shape (n_repeats, n_some); None where they were not measured.

        Parameters
        ----------
        rows : ndarray
            Places of the rows.
        """
        distances = self.distance[:, rows]
        return distances if np.isfinite(distances).any() else None

    def family_of(self, rows: np.ndarray) -> np.ndarray | None:
        """Classes of some rows, shape (n_some,); None where errors are not judged by them.

        Parameters
        ----------
        rows : ndarray
            Places of the rows.
        """
        return self.family[rows] if self.family.size else None


def cross_validate(
    literature: Literature,
    choices: Mapping[str, Choices],
    protocol: Protocol,
    progress: Progress = lambda steps: None,
    judge: Callable[..., OutOfFold] | None = None,
    link: ConductivityLink | None = None,
) -> dict[str, OutOfFold]:
    """Repeat a grouped cross-validation of every part.

    Parameters
    ----------
    literature : Literature
        All tables.
    choices : mapping of str to dict of Recipe
        Recipes to choose from inside each training fold, by part.
    protocol : Protocol
        Folds, repeats and seed.
    progress : callable
        Called with the number of fits just done.
    judge : callable, optional
        Takes the place of `validate`, with its arguments.
    link : ConductivityLink or None
        Made of the same literature and choices, where what it fits is of use afterwards; else one is made here.

    Raises
    ------
    SplitError
        Too few papers for the folds.
    """
    predict = judge or validate
    out_of_fold: dict[str, OutOfFold] = {}
    for name, (examples, kin) in training_rows(literature).items():
        linked = link if TASKS[name].of_cells else None
        out_of_fold[name] = predict(name, examples, kin, choices[name], protocol, progress=progress, link=linked)
        if TASKS[name].is_given_to_cells and link is None:
            link = ConductivityLink(examples, choices[name], protocol.seed)
    return out_of_fold


class Judged(NamedTuple):
    """Predictions of one training fold for the rows held out, by `judge`; attributes as in `OutOfFold`."""

    chosen: str
    shape: float
    energy: np.ndarray
    predicted: dict[str, np.ndarray]
    spread: np.ndarray
    distance: np.ndarray
    link: Part | None


def fits_needed(protocol: Protocol, choices: Mapping[str, Choices]) -> int:
    """Number of fits `cross_validate` reports to its progress.

    Parameters
    ----------
    protocol : Protocol
        Folds, repeats and seed.
    choices : mapping of str to dict of Recipe
        Recipes to choose from, by part and name.
    """
    inner = sum(INNER_FITS * len(recipes) for recipes in choices.values() if len(recipes) > 1)
    return protocol.folds * protocol.repeats * (len(choices) + inner)


def validate(
    name: str,
    examples: Examples,
    kin: PaperGroups,
    choices: Choices,
    protocol: Protocol,
    progress: Progress = lambda steps: None,
    *,
    link: ConductivityLink | None = None,
    tests: Tests | None = None,
    share: float = 1.0,
    baselines: Collection[str] = tuple(BASELINES),
) -> OutOfFold:
    """Out-of-fold predictions of one part and of the baselines, group by group.

    Parameters
    ----------
    name : str
        Key of `models.tasks.registry.TASKS`.
    examples : Examples
        Training rows with labels.
    kin : PaperGroups
        Groups of the rows.
    choices : dict of Recipe
        Recipes by name; where there are several, one is chosen inside each training fold.
    protocol : Protocol
        Folds, repeats and seed.
    progress : callable
        Called with the number of fits just done.
    link : ConductivityLink or None
        Gives cells their electrolyte's conductivity, fitted without the papers held out; None for electrolytes.
    tests : iterable of (int, ndarray) or None
        Other folds than the protocol's; None for those.
    share : float
        Of the training groups to learn from, above 0 and at most 1; for learning curves.
    baselines : collection of str
        Keys of `BASELINES` that predict beside the model.
    """
    planned = list(protocol.tests(kin.groups) if tests is None else tests)
    empty = np.full((1 + max(repeat for repeat, _ in planned), len(kin.groups)), np.nan)
    predicted = {method: empty.copy() for method in (MODEL, *baselines)}
    classes = np.array([str(kind) for kind in classes_of(examples.designs)])
    out_of_fold = OutOfFold(
        examples, kin.groups, predicted, empty.copy(), empty.copy(), fold=empty.copy(), distance=empty.copy(),
        by_value=next(iter(choices.values())).by_value, family=classes[:0] if TASKS[name].of_cells else classes,
    )  # fmt: skip
    links: list[LinkFit | None] = []

    def pieces() -> Iterator[tuple[Any, ...]]:
        for fold, (repeat, test) in enumerate(planned):
            train_rows = kin.unrelated(test)
            if not len(train_rows):
                raise SplitError(
                    f"every row beside a test fold of {len(test)} rows shares a paper or a composition with it: "
                    f"nothing to learn from; add rows of other papers and compositions"
                )
            out_of_fold.removed.append(len(kin.groups) - len(test) - len(train_rows))
            train_rows = _some_groups(train_rows, kin.groups, share, 1000 * protocol.seed + fold)
            train, tested = examples.take(train_rows), examples.take(test)
            out_of_fold.familiar[repeat, test] = np.isin(classes[test], np.unique(classes[train_rows]))
            links.append(link.fit_without(tested.papers) if link else None)
            seed, kin_of_fold = protocol.seed + repeat, kin.take(train_rows)
            yield name, train, tested, kin_of_fold, choices, seed, tuple(baselines), links[-1]

    for fold, judged in enumerate(in_order(judge, pieces(), progress)):
        repeat, test = planned[fold]
        out_of_fold.fold[repeat, test] = fold
        out_of_fold.chosen.append(judged.chosen)
        out_of_fold.shape[repeat, test] = judged.shape
        out_of_fold.energy[repeat, test] = judged.energy
        out_of_fold.spread[repeat, test], out_of_fold.distance[repeat, test] = judged.spread, judged.distance
        for method, values in judged.predicted.items():
            out_of_fold.predicted[method][repeat, test] = values
        if link and (of_fold := links[fold]) and judged.link:
            link.known[of_fold.key] = judged.link
    return out_of_fold


def judge(
    name: str,
    train: Examples,
    tested: Examples,
    kin: PaperGroups,
    choices: Choices,
    seed: int,
    baselines: Collection[str],
    link: LinkFit | None,
    progress: Progress,
) -> Judged:
    """Fit on the training rows of one fold and predict the rows held out.

    Parameters
    ----------
    name : str
        Key of `models.tasks.registry.TASKS`.
    train, tested : Examples
        Rows to learn from, and rows held out.
    kin : PaperGroups
        Groups of the rows to learn from.
    choices : dict of Recipe
        Recipes by name; where there are several, one is chosen among the rows to learn from.
    seed : int
        Of the random steps.
    baselines : collection of str
        Keys of `BASELINES`.
    link : LinkFit or None
        Model of the conductivity that cells are given; None for electrolytes.
    progress : callable
        Called with the number of fits just done.
    """
    linked = None
    if link:
        linked = link.part()
        train, tested = (Examples(with_conductivity(rows.designs, linked), rows.labels) for rows in (train, tested))
    chosen = choose(name, train, kin, choices, seed, progress)
    train, settings = TASKS[name].relabelled(train, choices[chosen])
    part = fit_part(name, train.designs, train.labels, choices[chosen], seed)
    predicted, spread, distance = predict_held_out(name, part, train, tested, baselines)
    energy = _energies(part, tested.designs)
    progress(1)
    is_new = link is not None and linked is not link.model
    return Judged(
        chosen, settings.get("shape", np.nan), energy, predicted, spread, distance, linked if is_new else None
    )


def predict_held_out(
    name: str, part: Part, train: Examples, test: Examples, baselines: Collection[str]
) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Return the predictions for the rows held out, featurized once for the model and all baselines.

    Parameters
    ----------
    name : str
        Key of `models.tasks.registry.TASKS`.
    part : Part
        Fitted on the training rows.
    train, test : Examples
        Rows of the training folds and of the fold held out.
    baselines : collection of str
        Keys of `BASELINES`.

    Returns
    -------
    predicted : dict of str to ndarray, shape (n_test,)
        By method, on the model's scale.
    spread : ndarray, shape (n_test,)
        Of the ensemble's members.
    distance : ndarray, shape (n_test,)
        To the nearest training row.
    """
    train_vectors, test_vectors = (part.featurizer.transform(rows.designs) for rows in (train, test))
    predicted, spread = part.ensemble.predict(test_vectors)
    values, weight = TASKS[name].baseline_labels(train)
    beside = {method: BASELINES[method](train_vectors, values, weight, test_vectors) for method in baselines}
    return {MODEL: predicted, **beside}, spread, nearest_of(test_vectors, train_vectors)


def _energies(part: Part, designs: pd.DataFrame) -> np.ndarray:
    """Activation energies of the rows that print one, eV, shape (n_rows,); NaN for the others."""
    energies, rows = np.full(len(designs), np.nan), np.flatnonzero(np.isfinite(printed_energies(designs)))
    if len(rows):
        vectors = part.featurizer.transform(designs.iloc[rows].reset_index(drop=True))
        predicted = part.ensemble.activation_energy(vectors)
        energies[rows] = np.nan if predicted is None else predicted
    return energies


def _some_groups(rows: np.ndarray, groups: np.ndarray, share: float, seed: int) -> np.ndarray:
    """The rows of a share of the groups, at least two of them."""
    if share >= 1:
        return rows
    kinds = np.unique(groups[rows])
    count = max(2, round(share * len(kinds)))
    return rows[np.isin(groups[rows], np.random.default_rng(seed).permutation(kinds)[:count])]
