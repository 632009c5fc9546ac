"""Skill on papers never seen: errors beside the baselines, their ratio to the dummy with its interval, and coverage."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from features.tables.mistakes import InputError
from models.tasks.registry import LINK, TARGETS, TASKS, task_of
from models.tasks.target import Target
from training.evaluation.baselines import BASELINES
from training.evaluation.bootstrap import FEWEST_GROUPS, bootstrap_ratio, held_share, without_most_helpful
from training.evaluation.coverage import calibration_of, coverage, interval_of
from training.evaluation.crossvalidate import MODEL, OutOfFold
from training.evaluation.cycle_life import score_life
from training.evaluation.errors import errors
from training.evaluation.score import Score, removed_and_chosen


def evaluate(out_of_fold: Mapping[str, OutOfFold], level: float, seed: int) -> dict[str, Score]:
    """Score every target from out-of-fold predictions.

    Parameters
    ----------
    out_of_fold : mapping of str to OutOfFold
        Out-of-fold predictions by part, as `cross_validate` gives them.
    level : float
        Share of papers whose values the interval should hold, 0 to 1.
    seed : int
        Of the bootstrap.
    """
    return {
        column: (score_life if target.censored else score)(target, out_of_fold[task_of(column).name], level, seed)
        for column, target in TARGETS.items()
    }


def score(target: Target, out_of_fold: OutOfFold, level: float, seed: int) -> Score:
    """Score one target that has an error: all but cycle life.

    Parameters
    ----------
    target : Target
        Quantity that is predicted.
    out_of_fold : OutOfFold
        Out-of-fold predictions of one part.
    level : float
        Share of papers whose values the interval should hold, 0 to 1.
    seed : int
        Of the random steps.
    """
    error, rows = errors(target, out_of_fold)
    groups = out_of_fold.groups[rows]
    ours, dummy = error[MODEL], error["dummy"]
    low, high = bootstrap_ratio(groups, ours, dummy, seed)
    shown, on_one = claim(groups, ours, dummy, high, seed)
    covered, width = coverage(target, out_of_fold, level)
    cover, cover_low, cover_high = held_share(covered[rows], groups, seed)
    return Score(
        target.column,
        len(rows),
        len(np.unique(groups)),
        f"mean absolute error, {target.error_unit}",
        {name: float(error[name].mean()) for name in (MODEL, *BASELINES)},
        "error over the dummy's",
        float(ours.sum() / dummy.sum()),
        low,
        high,
        shown,
        level,
        cover,
        cover_low,
        cover_high,
        float(np.nanmean(width[rows])),
        *removed_and_chosen(out_of_fold),
        rests_on_one_paper=on_one,
    )


def score_fixed(out_of_fold: OutOfFold, learnt: OutOfFold, test: np.ndarray, level: float, seed: int) -> Score:
    """Score conductivity on fixed test rows.

    Parameters
    ----------
    out_of_fold : OutOfFold
        Predictions of the test rows; NaN for the others.
    learnt : OutOfFold
        Out-of-fold predictions of the training side, which alone calibrates the intervals.
    test : ndarray
        Places of the test rows, shape (n_test,).
    level : float
        Share of papers whose values the interval should hold, 0 to 1.
    seed : int
        Of the bootstrap.
    """
    (target,) = TASKS[LINK].targets
    examples, labels, groups = out_of_fold.examples, out_of_fold.examples.labels.take(test), out_of_fold.groups[test]
    exact = np.flatnonzero(labels.exact)
    if not len(exact):
        raise InputError("no test row has a value, only bounds or ranges: no error can be measured")
    error = {name: np.abs(values[0, test] - labels.lower)[exact] for name, values in out_of_fold.predicted.items()}
    ours, dummy = error[MODEL], error["dummy"]
    low, high = bootstrap_ratio(groups[exact], ours, dummy, seed)
    shown, on_one = claim(groups[exact], ours, dummy, high, seed)
    (middle,), (half,) = interval_of(out_of_fold, test, calibration_of(learnt, np.arange(len(learnt.groups))), level)
    inside = (labels.distance(middle) <= half).astype(float)
    cover, cover_low, cover_high = held_share(inside, groups, seed)
    names = examples.designs["row_id"].to_numpy()[test]
    return Score(
        target.column, len(exact), len(np.unique(groups[exact])),
        f"mean absolute error, {target.error_unit}, of {len(names)} test rows those with a value",
        {name: float(values.mean()) for name, values in error.items()},
        "error over the dummy's", float(ours.sum() / dummy.sum()), low, high, shown,
        level, cover, cover_low, cover_high, float(2 * half.mean()),
        *removed_and_chosen(out_of_fold), rests_on_one_paper=on_one,
    )  # fmt: skip


def claim(groups: np.ndarray, ours: np.ndarray, dummy: np.ndarray, high: float, seed: int) -> tuple[bool, bool]:
    """Return whether skill is shown, and whether it only seems so because of one paper; of few groups nothing is shown.

    Parameters
    ----------
    groups : ndarray
        Group of each row, shape (n_rows,).
    ours, dummy : ndarray
        Errors of the model and of the dummy, shape (n_rows,).
    high : float
        Upper end of the ratio's 90 % interval.
    seed : int
        Of the bootstrap.
    """
    if high >= 1 or len(np.unique(groups)) < FEWEST_GROUPS:
        return False, False
    rest = without_most_helpful(groups, dummy - ours)
    _, high_of_rest = bootstrap_ratio(groups[rest], ours[rest], dummy[rest], seed)
    return high_of_rest < 1, high_of_rest >= 1
