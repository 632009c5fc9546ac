"""Skill on papers never seen: errors beside the baselines, their ratio to the dummy with its interval, and coverage."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from features.tables.mistakes import InputError
from models.tasks.registry import LINK, TARGETS, TASKS, task_of
from models.tasks.target import Target
from training.evaluation.baselines import BASELINES
from training.evaluation.bootstrap import FEWEST_GROUPS, bootstrap_ratio, covered_share, without_most_helpful
from training.evaluation.coverage import calibration_of, coverage, interval_of
from training.evaluation.crossvalidate import MODEL, OutOfFold
from training.evaluation.cycle_life import score_life
from training.evaluation.score import Score, errors, removed_and_chosen


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
    covered, width = coverage(target, out_of_fold, level)
    share = covered_share(covered[rows], groups, seed)
    measure = f"mean absolute error, {target.error_unit}"
    return _score(target, measure, error, groups, out_of_fold, level, share, float(np.nanmean(width[rows])), seed)


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
    labels, groups = out_of_fold.examples.labels.take(test), out_of_fold.groups[test]
    exact = np.flatnonzero(labels.exact)
    if not len(exact):
        raise InputError("no test row has a value, only bounds or ranges: no error can be measured")
    error = {name: np.abs(values[0, test] - labels.lower)[exact] for name, values in out_of_fold.predicted.items()}
    (middle,), (half,) = interval_of(out_of_fold, test, calibration_of(learnt, np.arange(len(learnt.groups))), level)
    share = covered_share((labels.distance(middle) <= half).astype(float), groups, seed)
    measure = f"mean absolute error, {target.error_unit}, of {len(test)} test rows those with a value"
    return _score(target, measure, error, groups[exact], out_of_fold, level, share, float(2 * half.mean()), seed)


def _score(
    target: Target, measure: str, error: Mapping[str, np.ndarray], groups: np.ndarray, out_of_fold: OutOfFold,
    level: float, share: tuple[float, float, float], width: float, seed: int,
) -> Score:  # fmt: skip
    """Return the score of a target from the errors of its rows by method, and from the coverage of its intervals."""
    model, dummy = error[MODEL], error["dummy"]
    low, high = bootstrap_ratio(groups, model, dummy, seed)
    has_skill, on_one = claim(groups, model, dummy, high, seed)
    return Score(
        target.column, len(model), len(np.unique(groups)), measure,
        {name: float(error[name].mean()) for name in (MODEL, *BASELINES)},
        "error over the dummy's", float(model.sum() / dummy.sum()), low, high, has_skill,
        level, *share, width, *removed_and_chosen(out_of_fold), rests_on_one_paper=on_one,
    )  # fmt: skip


def claim(groups: np.ndarray, model: np.ndarray, dummy: np.ndarray, high: float, seed: int) -> tuple[bool, bool]:
    """Return whether skill is shown, and whether it only seems so because of one paper; of few groups nothing is shown.

    Parameters
    ----------
    groups : ndarray
        Group of each row, shape (n_rows,).
    model, dummy : ndarray
        Errors of the model and of the dummy, shape (n_rows,).
    high : float
        Upper end of the ratio's 90 % interval.
    seed : int
        Of the bootstrap.
    """
    if high >= 1 or len(np.unique(groups)) < FEWEST_GROUPS:
        return False, False
    others = without_most_helpful(groups, dummy - model)
    _, high_of_others = bootstrap_ratio(groups[others], model[others], dummy[others], seed)
    return high_of_others < 1, high_of_others >= 1
