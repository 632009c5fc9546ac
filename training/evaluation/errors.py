"""Errors of out-of-fold predictions, row by row, beside those of the baselines."""

from __future__ import annotations

import numpy as np

from models.tasks.registry import task_of
from models.tasks.target import Target
from training.evaluation.crossvalidate import MODEL, OutOfFold


def errors(target: Target, out_of_fold: OutOfFold) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return the mean absolute error of each judged row over the repeats, by method, and the rows judged.

    Parameters
    ----------
    target : Target
        One that has an error.
    out_of_fold : OutOfFold
        Out-of-fold predictions of its task.

    Returns
    -------
    errors : dict of str to ndarray, shape (n_judged,)
        On the target's error scale.
    rows : ndarray of int, shape (n_judged,)
        Those with a value, not a bound.
    """
    lower, upper = task_of(target.column).known(target, out_of_fold.examples)
    rows = np.flatnonzero(lower == upper)
    predicted = predictions(target, out_of_fold)
    return {name: np.abs(values[:, rows] - lower[rows]).mean(axis=0) for name, values in predicted.items()}, rows


def predictions(target: Target, out_of_fold: OutOfFold) -> dict[str, np.ndarray]:
    """Return out-of-fold predictions on the target's error scale, by method, shape (n_repeats, n_rows).

    Parameters
    ----------
    target : Target
        One that has an error.
    out_of_fold : OutOfFold
        Out-of-fold predictions of its task.
    """
    by_method = dict(out_of_fold.predicted)
    model = by_method.pop(MODEL)
    predicted = {name: target.within_limits(values) for name, values in by_method.items()}
    predicted[MODEL] = task_of(target.column).out_of_fold(target, model, out_of_fold.examples, out_of_fold.shape)
    return predicted
