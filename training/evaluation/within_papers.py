"""Skill within papers: which of two designs of one unseen paper is better, and by how much."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from models.differences import FEWEST_PAPERS, Differences, Pairs, believed_share, calibrate_differences
from models.tasks.registry import targets_with_an_error, task_of
from models.tasks.target import Target
from training.evaluation.bootstrap import bootstrap, bootstrap_ratio, covered_share
from training.evaluation.crossvalidate import MODEL, OutOfFold
from training.evaluation.evaluate import claim
from training.evaluation.score import predictions

LEVEL = 0.9


def pairs_within(target: Target, out_of_fold: OutOfFold, distances: np.ndarray) -> dict[str, Pairs]:
    """Return the pairs of designs of one paper that differ in the design alone, by method; none of them predicted by a
    model that saw the paper.

    Parameters
    ----------
    target : Target
        One that has an error.
    out_of_fold : OutOfFold
        Out-of-fold predictions of its task.
    distances : ndarray
        Between the rows, shape (n_rows, n_rows).
    """
    task = task_of(target.column)
    lower, upper = task.known(target, out_of_fold.examples)
    first, second = np.triu_indices(len(lower), 1)
    papers = np.unique(out_of_fold.examples.papers.astype(str), return_inverse=True)[1]
    is_pair = papers[first] == papers[second]
    is_pair &= (lower == upper)[first] & (lower == upper)[second]
    first, second = first[is_pair], second[is_pair]
    is_comparable = task.comparable(out_of_fold.examples.designs, first, second)
    first, second = first[is_comparable], second[is_comparable]
    measured, apart = lower[first] - lower[second], distances[first, second]
    return {
        method: Pairs(measured, values[:, first] - values[:, second], apart, papers[first], out_of_fold.groups[first])
        for method, values in predictions(target, out_of_fold).items()
    }


def learn_differences(out_of_fold: OutOfFold, distances: np.ndarray, name: str, seed: int) -> dict[str, Differences]:
    """Return the learned differences, by column of the targets of a task; targets of too few papers are left out.

    Parameters
    ----------
    out_of_fold : OutOfFold
        Out-of-fold predictions of the task.
    distances : ndarray
        Between the rows, shape (n_rows, n_rows).
    name : str
        Of the task.
    seed : int
        Of the bootstrap.
    """
    learnt = {}
    for column, target in targets_with_an_error().items():
        if task_of(column).name != name:
            continue
        by_method = pairs_within(target, out_of_fold, distances)
        pairs = by_method[MODEL]
        if len(np.unique(pairs.groups)) < FEWEST_PAPERS:
            continue
        shares = shares_of_others(pairs)
        calibration = calibrate_differences(pairs, shares)
        learnt[column] = Differences(believed_share(pairs), calibration, skill_within(by_method, shares, seed))
    return learnt


def shares_of_others(pairs: Pairs) -> np.ndarray:
    """Return the share of each predicted difference that the other groups of papers would believe, shape (n_pairs,).

    Parameters
    ----------
    pairs : Pairs
        Out-of-fold predictions of the model.
    """
    shares = np.zeros(len(pairs.measured))
    for group in np.unique(pairs.groups):
        own = pairs.groups == group
        shares[own] = believed_share(pairs.take(~own))
    return shares


def concordance_of(pairs: Pairs, weight: np.ndarray) -> float:
    """Return the share of pairs in the right order; a tie counts half, pairs measured equal do not count.

    Parameters
    ----------
    pairs : Pairs
        Out-of-fold predictions.
    weight : ndarray
        Of each pair, shape (n_pairs,).

    Examples
    --------
    >>> three = Pairs(np.array([1.0, -1.0, 0.0]), np.array([[0.2, 0.1, 5.0]]), np.zeros(3), np.arange(3), np.arange(3))
    >>> concordance_of(three, np.ones(3))
    0.5
    """
    weight = weight * (pairs.measured != 0)
    right = np.mean(np.sign(pairs.predicted) * np.sign(pairs.measured), axis=0)
    return float((weight * (1 + right) / 2).sum() / weight.sum()) if weight.sum() else float("nan")


def skill_within(by_method: Mapping[str, Pairs], shares: np.ndarray, seed: int) -> dict[str, Any]:
    """Return the skill within papers as plain figures; papers weigh alike.

    Parameters
    ----------
    by_method : mapping of str to Pairs
        The same pairs, by method.
    shares : ndarray
        Share of the model's difference that is believed, of each pair, settled without its group.
    seed : int
        Of the bootstrap.

    Returns
    -------
    dict
        `pairs`, `papers`, `groups`; `concordance` with its ends, and of each method in `by_method`; `error` of the
        predicted difference over that of "no difference" with its ends; `holds` and `half_width` of the intervals, each
        paper judged by a calibration without it; `shown`, of five groups at least, also without the paper that helps
        most; `rests_on_one_paper`.
    """
    pairs = by_method[MODEL]
    groups, weight = pairs.groups, pairs.weight
    index = concordance_of(pairs, weight)
    index_low, index_high = bootstrap(groups, lambda count: concordance_of(pairs, count * weight), seed)
    model = weight * abs(pairs.measured - shares * pairs.predicted).mean(axis=0)
    none = weight * abs(pairs.measured)
    low, high = bootstrap_ratio(groups, model, none, seed)
    has_skill, on_one = claim(groups, model, none, high, seed)
    inside, half = _coverage(pairs, shares)
    holds, holds_low, holds_high = covered_share(inside, groups, seed)
    return {
        "pairs": len(pairs.measured),
        "papers": len(np.unique(pairs.papers)),
        "groups": len(np.unique(groups)),
        "concordance": index,
        "concordance_low": index_low,
        "concordance_high": index_high,
        "by_method": {name: concordance_of(pairs_of_method, weight) for name, pairs_of_method in by_method.items()},
        "error": float(model.sum() / none.sum()),
        "error_low": low,
        "error_high": high,
        "holds": holds,
        "holds_low": holds_low,
        "holds_high": holds_high,
        "half_width": half,
        "shown": has_skill,
        "rests_on_one_paper": on_one,
    }


def _coverage(pairs: Pairs, shares: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the share of repeats with each pair inside its interval, and the half width averaged over papers."""
    inside, halves = np.full(len(shares), np.nan), np.full(len(shares), np.nan)
    for group in np.unique(pairs.groups):
        own = pairs.groups == group
        known = calibrate_differences(pairs.take(~own), shares[~own])
        if known.highest_level < LEVEL:
            continue
        halves[own] = known.half_width(np.zeros(own.sum()), LEVEL, pairs.distance[own])
        miss = abs(pairs.measured[own] - shares[own] * pairs.predicted[:, own])
        inside[own] = (miss <= halves[own]).mean(axis=0)
    judged = np.isfinite(halves)
    half = float(np.average(halves[judged], weights=pairs.weight[judged])) if judged.any() else float("nan")
    return inside, half
