"""Learning curves: the error on papers never seen, by the share of the other papers that were learnt from, and by how
much of the cells these papers describe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import mode

import numpy as np
import pandas as pd

from features.tables.described import DESCRIPTORS, mean_coverage
from features.tables.literature import Literature
from models.tasks.examples import Examples
from models.tasks.registry import LINK, TASKS, targets_with_an_error, task_of
from training.conductivity_link import ConductivityLink
from training.config import CHOICES, Protocol
from training.data.groups import paper_groups
from training.evaluation.bootstrap import bootstrap_ratio
from training.evaluation.crossvalidate import MODEL, Choices, OutOfFold, Progress, cross_validate, validate
from training.evaluation.score import errors

CurvePoint = tuple[float, int, float, float, float, float]
"""Share of the training groups, groups judged, mean absolute error, its 90 % bootstrap interval over groups, and the
dummy's error."""


SHARES = (0.3, 0.6, 1.0)
"""Shares of the papers that are learned from."""
KEPT = (1.0, 0.5, 0.0)
"""Shares of the stated descriptors that are kept."""


@dataclass(frozen=True)
class DescribedPoint:
    """Error on papers never seen where a part of what the papers state of their cells is hidden.

    Attributes
    ----------
    kept : float
        Share of the stated descriptors that is not hidden, 0 to 1.
    known : float
        Share of the nine descriptors that is known then.
    groups : int
        Groups of papers judged.
    ratio, low, high : float
        Error over the dummy's, with its 90 % bootstrap interval over groups.
    """

    kept: float
    known: float
    groups: int
    ratio: float
    low: float
    high: float


def hidden(designs: pd.DataFrame, share: float, seed: int) -> pd.DataFrame:
    """Return designs of which each stated descriptor was hidden with the chance 1 - kept.

    Parameters
    ----------
    designs : DataFrame, shape (n_designs, n_columns)
        Columns of `CellDesign`.
    share : float
        Share that stays, 0 to 1.
    seed : int
        Of the draw; a smaller share hides what a larger one hides, and more.
    """
    partly_hidden = designs.copy()
    draws = np.random.default_rng(seed).random((len(designs), len(DESCRIPTORS)))
    for descriptor, drawn in zip(DESCRIPTORS, draws.T, strict=True):
        for column in descriptor.columns:
            partly_hidden[column] = pd.to_numeric(partly_hidden[column]).where(drawn < share)
    return partly_hidden


def described_curve(
    out_of_fold: Mapping[str, OutOfFold],
    choices: Mapping[str, Choices],
    protocol: Protocol,
    link: ConductivityLink | None = None,
    shares: Sequence[float] = KEPT,
) -> dict[str, list[DescribedPoint]]:
    """Error of each target of cells, descriptors hidden by chance in training and test papers alike; one repeat.

    Parameters
    ----------
    out_of_fold, choices, protocol, link
        As for `learning_curve`.
    shares : sequence of float
        Shares of the stated descriptors to keep, 0 to 1.
    """
    once = Protocol(protocol.folds, 1, protocol.seed)
    link = link or ConductivityLink(out_of_fold[LINK].examples, choices[LINK], protocol.seed)
    curves: dict[str, list[DescribedPoint]] = {}
    for column, target in targets_with_an_error().items():
        name = task_of(column).name
        if not TASKS[name].of_cells:
            continue
        examples, best = out_of_fold[name].examples, mode(out_of_fold[name].chosen)
        kin, recipes = paper_groups(name, examples), {best: choices[name][best]}
        for share in shares:
            hidden_rows = Examples(hidden(examples.designs, share, once.seed), examples.labels)
            judged = validate(name, hidden_rows, kin, recipes, once, link=link, baselines=["dummy"])
            error, rows = errors(target, judged)
            groups, model, dummy = judged.groups[rows], error[MODEL], error["dummy"]
            known = mean_coverage(hidden_rows.designs.to_dict("records"))
            low, high = bootstrap_ratio(groups, model, dummy, once.seed)
            point = DescribedPoint(share, known, len(np.unique(groups)), float(model.sum() / dummy.sum()), low, high)
            curves.setdefault(column, []).append(point)
    return curves


def learning_curve(
    out_of_fold: Mapping[str, OutOfFold],
    choices: Mapping[str, Choices],
    shares: Sequence[float],
    protocol: Protocol,
    progress: Progress = lambda steps: None,
    link: ConductivityLink | None = None,
) -> dict[str, list[CurvePoint]]:
    """Error of each target that has one, for growing shares of the papers; one repeat of the folds.

    Parameters
    ----------
    out_of_fold : mapping of str to OutOfFold
        Of `cross_validate`; its rows are judged again, with the recipe chosen most often there.
    choices : mapping of str to dict of Recipe
        Recipes by name, by part.
    shares : sequence of float
        Shares of the training groups, each above 0 and at most 1.
    protocol : Protocol
        Folds, repeats and seed.
    progress : callable
        Called with the number of fits just done.
    link : ConductivityLink or None
        That of the cross-validation, used where its recipe is the usual one; else one is made.
    """
    once = Protocol(protocol.folds, 1, protocol.seed)
    kin = {name: paper_groups(name, predictions.examples) for name, predictions in out_of_fold.items()}
    best = {name: mode(predictions.chosen) for name, predictions in out_of_fold.items()}
    usual = {name: {recipe: choices[name][recipe]} for name, recipe in best.items()}
    is_same = usual[LINK][best[LINK]] == next(iter(choices[LINK].values()))  # as cells were given before
    if link is None or not is_same:
        link = ConductivityLink(out_of_fold[LINK].examples, usual[LINK], protocol.seed)
    curves: dict[str, list[CurvePoint]] = {}
    for column, target in targets_with_an_error().items():
        name = task_of(column).name
        for share in shares:
            done = share >= 1 and (is_same or not TASKS[name].of_cells)
            judged = _first_repeat(out_of_fold[name], protocol) if done else None
            if judged is None:
                judged = validate(
                    name, out_of_fold[name].examples, kin[name], usual[name], once, progress,
                    link=link if TASKS[name].of_cells else None, share=share, baselines=["dummy"],
                )  # fmt: skip
            else:
                progress(protocol.folds)
            error, rows = errors(target, judged)
            groups, model = judged.groups[rows], error[MODEL]
            low, high = bootstrap_ratio(groups, model, np.ones(len(model)), once.seed)
            point = (share, len(np.unique(groups)), float(model.mean()), low, high, float(error["dummy"].mean()))
            curves.setdefault(column, []).append(point)
    return curves


def both_curves(literature: Literature) -> tuple[dict[str, list[CurvePoint]], dict[str, list[DescribedPoint]]]:
    """Return the curves over papers and over descriptors, each quantity by the first of its recipes over five folds.

    Parameters
    ----------
    literature : Literature
        All tables.
    """
    protocol = Protocol(repeats=1)
    choices: dict[str, Choices] = {name: dict([next(iter(recipes.items()))]) for name, recipes in CHOICES.items()}
    link = ConductivityLink(TASKS[LINK].examples(literature), choices[LINK], protocol.seed)
    out_of_fold = cross_validate(literature, choices, protocol, link=link)
    learning = learning_curve(out_of_fold, choices, SHARES, protocol, link=link)
    return learning, described_curve(out_of_fold, choices, protocol, link)


def curve_fits(shares: Sequence[float], protocol: Protocol) -> int:
    """Number of fits `learning_curve` reports to its progress.

    Parameters
    ----------
    shares : sequence of float
        Shares of the training groups.
    protocol : Protocol
        Folds, repeats and seed.
    """
    return len(targets_with_an_error()) * len(shares) * protocol.folds


def _first_repeat(out_of_fold: OutOfFold, protocol: Protocol) -> OutOfFold | None:
    """Return the first repeat of a cross-validation whose folds all took the usual recipe, which learnt from all other
    papers already; None where one took another."""
    chosen = out_of_fold.chosen[: protocol.folds]
    if len(out_of_fold.chosen) != protocol.folds * protocol.repeats or set(chosen) != {mode(out_of_fold.chosen)}:
        return None
    return replace(
        out_of_fold,
        predicted={method: values[:1] for method, values in out_of_fold.predicted.items()},
        **{part: getattr(out_of_fold, part)[:1] for part in ("spread", "shape", "fold", "distance", "familiar")},
        chosen=chosen,
    )
