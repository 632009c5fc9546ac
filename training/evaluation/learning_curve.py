"""Learning curves: the error on papers never seen, by the share of the other papers that were learnt from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from models.tasks.registry import LINK, TASKS, targets_with_an_error, task_of
from training.config import Protocol
from training.data.groups import kinship_of
from training.evaluation.bootstrap import bootstrap_ratio
from training.evaluation.crossvalidate import MODEL, Choices, ConductivityLink, OutOfFold, Progress, validate
from training.evaluation.errors import errors

CurvePoint = tuple[float, int, float, float, float, float]
"""Share of the training groups, groups judged, mean absolute error, its 90 % bootstrap interval over groups, and the
dummy's error."""


def learning_curve(
    found: Mapping[str, OutOfFold],
    choices: Mapping[str, Choices],
    shares: Sequence[float],
    protocol: Protocol,
    progress: Progress = lambda steps: None,
    link: ConductivityLink | None = None,
) -> dict[str, list[CurvePoint]]:
    """Error of each target that has one, for growing shares of the papers; one repeat of the folds.

    Parameters
    ----------
    found : mapping of str to OutOfFold
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
    kin = {name: kinship_of(name, each.examples) for name, each in found.items()}
    usual = {name: {best: choices[name][best]} for name, each in found.items() for best in [_most(each.chosen)]}
    is_same = next(iter(usual[LINK].values())) == next(iter(choices[LINK].values()))  # as cells were given before
    if link is None or not is_same:
        link = ConductivityLink(found[LINK].examples, usual[LINK], protocol.seed)
    curves: dict[str, list[CurvePoint]] = {}
    for column, target in targets_with_an_error().items():
        name = task_of(column).name
        for share in shares:
            done = share >= 1 and (is_same or not TASKS[name].of_cells)
            again = _first_repeat(found[name], protocol) if done else None
            if again is None:
                again = validate(
                    name, found[name].examples, kin[name], usual[name], once, progress,
                    link=link if TASKS[name].of_cells else None, share=share, baselines=["dummy"],
                )  # fmt: skip
            else:
                progress(protocol.folds)
            error, rows = errors(target, again)
            groups, ours = again.groups[rows], error[MODEL]
            low, high = bootstrap_ratio(groups, ours, np.ones(len(ours)), once.seed)
            point = (share, len(np.unique(groups)), float(ours.mean()), low, high, float(error["dummy"].mean()))
            curves.setdefault(column, []).append(point)
    return curves


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


def _first_repeat(found: OutOfFold, protocol: Protocol) -> OutOfFold | None:
    """Return the first repeat of a cross-validation whose folds all took the usual recipe, which learnt from all other
    papers already; None where one took another."""
    chosen = found.chosen[: protocol.folds]
    if len(found.chosen) != protocol.folds * protocol.repeats or set(chosen) != {_most(found.chosen)}:
        return None
    return replace(
        found,
        predicted={method: values[:1] for method, values in found.predicted.items()},
        **{part: getattr(found, part)[:1] for part in ("spread", "shape", "fold", "distance", "familiar")},
        chosen=chosen,
    )


def _most(chosen: Sequence[str]) -> str:
    return max(dict.fromkeys(chosen), key=chosen.count)
