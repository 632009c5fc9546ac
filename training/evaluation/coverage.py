"""Coverage of intervals on papers that did not calibrate them, and the calibration a model carries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from models.calibrate import calibrate
from models.ensemble import Labels
from models.intervals import Calibration, LevelError
from models.lab_effect.learning import Errors
from models.tasks import fade_law
from models.tasks.registry import task_of
from models.tasks.target import Target
from training.evaluation.crossvalidate import MODEL, OutOfFold


def coverage(target: Target, out_of_fold: OutOfFold, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Share of the repeats in which each row lies inside its interval, and the mean width; calibrated without the row's
    own paper.

    Parameters
    ----------
    target : Target
        Quantity that is predicted.
    out_of_fold : OutOfFold
        Out-of-fold predictions of one part.
    level : float
        Share of papers whose values the interval should hold, 0 to 1.

    Returns
    -------
    covered, width : shape (n_rows,); NaN where the other papers cannot support the level
    """
    task, papers, predicted = task_of(target.column), out_of_fold.groups, out_of_fold.on_labels
    half, refused = np.zeros_like(out_of_fold.spread), np.zeros(len(papers), dtype=bool)
    shift = np.zeros_like(half)
    for paper in np.unique(papers):
        own = np.flatnonzero(papers == paper)
        try:
            middle, half[:, own] = interval_of(out_of_fold, own, calibration_without(out_of_fold, paper), level)
        except LevelError:
            refused[own] = True
            continue
        shift[:, own] = middle - predicted[:, own]
    centre, examples = out_of_fold.predicted[MODEL] + shift, out_of_fold.examples
    low, high = (task.out_of_fold(target, end, examples, out_of_fold.shape) for end in (centre - half, centre + half))
    inside = task.is_covered(target, examples, predicted + shift, half, (low, high))
    covered, width = inside.mean(axis=0), (high - low).mean(axis=0)
    return np.where(refused, np.nan, covered), np.where(refused, np.nan, width)


def calibration_of(out_of_fold: OutOfFold, rows: np.ndarray) -> Calibration:
    """Calibration from the out-of-fold errors of some rows.

    Parameters
    ----------
    out_of_fold : OutOfFold
        Out-of-fold predictions of one part.
    rows : ndarray
        Places of the rows.

    Raises
    ------
    LevelError
        Fewer than two papers.
    """
    return calibrate(
        out_of_fold.on_labels[:, rows],
        out_of_fold.spread[:, rows],
        out_of_fold.examples.labels.take(rows),
        out_of_fold.groups[rows],
        distance=out_of_fold.distance_of(rows),
        by_value=out_of_fold.by_value,
        family=out_of_fold.family_of(rows),
    )


def calibration_without(out_of_fold: OutOfFold, group: Any) -> Calibration:
    """Calibration from the out-of-fold errors of all groups but one; made once, as it serves every level.

    Parameters
    ----------
    out_of_fold : OutOfFold
        Out-of-fold predictions of one part.
    group : Any
        One of `out_of_fold.groups`.

    Raises
    ------
    LevelError
        Fewer than two papers.
    """
    known: dict[Any, Calibration] = vars(out_of_fold).setdefault("calibrations", {})  # beside its cached properties
    if group not in known:
        known[group] = calibration_of(out_of_fold, np.flatnonzero(out_of_fold.groups != group))
    return known[group]


def interval_of(
    out_of_fold: OutOfFold, rows: np.ndarray, calibration: Calibration, level: float
) -> tuple[np.ndarray, np.ndarray]:
    """Middle and half width of the interval of some rows, on the scale of the labels, shape (n_repeats, n_some) each.

    Parameters
    ----------
    out_of_fold : OutOfFold
        Out-of-fold predictions of one part.
    rows : ndarray
        Places of the rows.
    calibration : Calibration
        Of other rows.
    level : float
        Share of papers whose values the interval should hold, 0 to 1.

    Raises
    ------
    LevelError
        The papers that calibrate do not support the level.
    """
    predicted, spread = out_of_fold.on_labels[:, rows], out_of_fold.spread[:, rows]
    offsets = family_offsets(out_of_fold, rows, calibration)
    return calibration.interval(predicted, spread, level, out_of_fold.distance_of(rows), offsets)


def family_offsets(out_of_fold: OutOfFold, rows: np.ndarray, calibration: Calibration) -> np.ndarray:
    """Return the offsets that a calibration has for the classes of some rows, shape (n_some,); 0 where none are judged.

    Parameters
    ----------
    out_of_fold : OutOfFold
        Out-of-fold predictions of one part.
    rows : ndarray
        Places of the rows.
    calibration : Calibration
        Of other rows.
    """
    family = out_of_fold.family_of(rows)
    return np.zeros(len(rows)) if family is None else calibration.of_family(family)


def lives_of(out_of_fold: OutOfFold) -> tuple[pd.DataFrame, np.ndarray, Labels]:
    """Return the bounds of the life of each cell, every cell weighing the same.

    Parameters
    ----------
    out_of_fold : OutOfFold
        Out-of-fold predictions of the fade model; a cell has a row for each cycling point.

    Returns
    -------
    cells : DataFrame, shape (n_cells, n_columns)
        As `fade_law.life_bounds` gives them.
    row : ndarray of int, shape (n_cells,)
        Place in `out_of_fold` of the first row of each cell.
    labels : Labels
        Bounds of the lives, log10 cycles after the reference.
    """
    points = out_of_fold.examples.designs.assign(cell_id=out_of_fold.examples.designs["row_id"])
    cells = fade_law.life_bounds(points)
    first = points.reset_index().groupby("cell_id")["index"].first()
    row = first.loc[cells["cell_id"]].to_numpy()
    return cells, row, Labels(cells["lower"].to_numpy(), cells["upper"].to_numpy(), np.ones(len(cells)))


def life_coverage(
    out_of_fold: OutOfFold, row: np.ndarray, labels: Labels, level: float
) -> tuple[np.ndarray, np.ndarray]:
    """As `coverage`, for cycle lives of which most are only bounded.

    Parameters
    ----------
    out_of_fold : OutOfFold
        Out-of-fold predictions of one part.
    row : ndarray
        Place in `out_of_fold` of each life, shape (n_lives,).
    labels : Labels
        Bounds of these lives, log10 cycles after the reference.
    level : float
        Share of papers whose values the interval should hold, 0 to 1.
    """
    papers = out_of_fold.groups
    covered, width = np.full(len(row), np.nan), np.full(len(row), np.nan)
    for paper in np.unique(papers[row]):
        own = np.flatnonzero(papers[row] == paper)
        try:
            _, half = interval_of(out_of_fold, row[own], calibration_without(out_of_fold, paper), level)
        except LevelError:
            continue
        lives = out_of_fold.predicted[MODEL][:, row[own]]
        covered[own] = (np.array([labels.take(own).distance(values) for values in lives]) <= half).mean(axis=0)
        width[own] = 2 * half.mean(axis=0)
    return covered, width


def calibrations(out_of_fold: Mapping[str, OutOfFold]) -> dict[str, Calibration]:
    """Calibration of each part from all of its out-of-fold errors, as a trained model carries it.

    Parameters
    ----------
    out_of_fold : mapping of str to OutOfFold
        Out-of-fold predictions by part.
    """
    return {
        name: calibration_of(predictions, np.arange(len(predictions.groups)))
        for name, predictions in out_of_fold.items()
    }


def lab_errors(out_of_fold: OutOfFold, distances: np.ndarray) -> Errors:
    """Out-of-fold errors of a part as `models.lab_effect.learning` learns from them.

    Parameters
    ----------
    out_of_fold : OutOfFold
        Out-of-fold predictions of one part.
    distances : ndarray
        Between the rows, shape (n_rows, n_rows).
    """
    papers = np.unique(out_of_fold.examples.papers.astype(str), return_inverse=True)[1]
    return Errors(
        out_of_fold.on_labels, out_of_fold.spread, out_of_fold.examples.labels, papers, out_of_fold.groups, distances
    )
