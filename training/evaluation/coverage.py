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


def on_labels(found: OutOfFold) -> np.ndarray:
    """Out-of-fold predictions of the model as far from the examples' labels as they were from those of their own fold.

    Only the fade law makes a difference: its labels depend on the shape, which each fold has of its own.

    Parameters
    ----------
    found : OutOfFold
        Out-of-fold predictions of one part.
    """
    return found.on_labels


def coverage(target: Target, found: OutOfFold, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Share of the repeats in which each row lies inside its interval, and the mean width; calibrated without the row's
    own paper.

    Parameters
    ----------
    target : Target
        Quantity that is predicted.
    found : OutOfFold
        Out-of-fold predictions of one part.
    level : float
        Share of papers whose values the interval should hold, 0 to 1.

    Returns
    -------
    covered, width : shape (n_rows,); NaN where the other papers cannot support the level
    """
    task, papers, ours = task_of(target.column), found.groups, on_labels(found)
    half, refused = np.zeros_like(found.spread), np.zeros(len(papers), dtype=bool)
    shift = np.zeros_like(half)
    for paper in np.unique(papers):
        own = np.flatnonzero(papers == paper)
        try:
            middle, half[:, own] = interval_of(found, own, calibration_without(found, paper), level)
        except LevelError:
            refused[own] = True
            continue
        shift[:, own] = middle - ours[:, own]
    low, high = _ends(target, found, shift, half)
    inside = task.is_covered(target, found.examples, ours + shift, half, (low, high))
    covered, width = inside.mean(axis=0), (high - low).mean(axis=0)
    return np.where(refused, np.nan, covered), np.where(refused, np.nan, width)


def calibration_of(found: OutOfFold, rows: np.ndarray) -> Calibration:
    """Calibration from the out-of-fold errors of some rows.

    Parameters
    ----------
    found : OutOfFold
        Out-of-fold predictions of one part.
    rows : ndarray
        Places of the rows.

    Raises
    ------
    LevelError
        Fewer than two papers.
    """
    return calibrate(
        on_labels(found)[:, rows],
        found.spread[:, rows],
        found.examples.labels.take(rows),
        found.groups[rows],
        distance=found.distance_of(rows),
        by_value=found.by_value,
        family=found.family_of(rows),
    )


def calibration_without(found: OutOfFold, group: Any) -> Calibration:
    """Calibration from the out-of-fold errors of all groups but one; made once, as it serves every level.

    Parameters
    ----------
    found : OutOfFold
        Out-of-fold predictions of one part.
    group : Any
        One of `found.groups`.

    Raises
    ------
    LevelError
        Fewer than two papers.
    """
    known: dict[Any, Calibration] = vars(found).setdefault("calibrations", {})  # beside its cached properties
    if group not in known:
        known[group] = calibration_of(found, np.flatnonzero(found.groups != group))
    return known[group]


def interval_of(
    found: OutOfFold, rows: np.ndarray, calibration: Calibration, level: float
) -> tuple[np.ndarray, np.ndarray]:
    """Middle and half width of the interval of some rows, on the scale of the labels, shape (n_repeats, n_some) each.

    Parameters
    ----------
    found : OutOfFold
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
    ours, spread, distance = on_labels(found)[:, rows], found.spread[:, rows], found.distance_of(rows)
    return calibration.interval(ours, spread, level, distance, family_offsets(found, rows, calibration))


def family_offsets(found: OutOfFold, rows: np.ndarray, calibration: Calibration) -> np.ndarray:
    """Return what a calibration tells of the classes of some rows, shape (n_some,); 0 where none are judged.

    Parameters
    ----------
    found : OutOfFold
        Out-of-fold predictions of one part.
    rows : ndarray
        Places of the rows.
    calibration : Calibration
        Of other rows.
    """
    family = found.family_of(rows)
    return np.zeros(len(rows)) if family is None else calibration.of_family(family)


def _ends(target: Target, found: OutOfFold, shift: np.ndarray, half: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the intervals on the target's error scale, shape (n_repeats, n_rows)."""
    task, centre = task_of(target.column), found.predicted[MODEL] + shift
    low, high = (task.out_of_fold(target, end, found.examples, found.shape) for end in (centre - half, centre + half))
    return low, high


def lives_of(found: OutOfFold) -> tuple[pd.DataFrame, np.ndarray, Labels]:
    """Return what is known of the life of each cell, every cell weighing the same.

    Parameters
    ----------
    found : OutOfFold
        Out-of-fold predictions of the fade model; a cell has a row for each cycling point.

    Returns
    -------
    cells : DataFrame, shape (n_cells, n_columns)
        As `fade_law.life_bounds` gives them.
    row : ndarray of int, shape (n_cells,)
        Place in `found` of the first row of each cell.
    labels : Labels
        Bounds of the lives, log10 cycles after the reference.
    """
    points = found.examples.designs.assign(cell_id=found.examples.designs["row_id"])
    cells = fade_law.life_bounds(points)
    first = points.reset_index().groupby("cell_id")["index"].first()
    row = first.loc[cells["cell_id"]].to_numpy()
    return cells, row, Labels(cells["lower"].to_numpy(), cells["upper"].to_numpy(), np.ones(len(cells)))


def life_coverage(found: OutOfFold, row: np.ndarray, labels: Labels, level: float) -> tuple[np.ndarray, np.ndarray]:
    """As `coverage`, for cycle lives of which most are only bounded.

    Parameters
    ----------
    found : OutOfFold
        Out-of-fold predictions of one part.
    row : ndarray
        Place in `found` of each life, shape (n_lives,).
    labels : Labels
        Bounds of these lives, log10 cycles after the reference.
    level : float
        Share of papers whose values the interval should hold, 0 to 1.
    """
    papers = found.groups
    covered, width = np.full(len(row), np.nan), np.full(len(row), np.nan)
    for paper in np.unique(papers[row]):
        own = np.flatnonzero(papers[row] == paper)
        try:
            _, half = interval_of(found, row[own], calibration_without(found, paper), level)
        except LevelError:
            continue
        each = found.predicted[MODEL][:, row[own]]
        covered[own] = (np.array([labels.take(own).distance(values) for values in each]) <= half).mean(axis=0)
        width[own] = 2 * half.mean(axis=0)
    return covered, width


def calibrations(found: Mapping[str, OutOfFold]) -> dict[str, Calibration]:
    """Calibration of each part from all of its out-of-fold errors: what a trained model carries.

    Parameters
    ----------
    found : mapping of str to OutOfFold
        Out-of-fold predictions by part.
    """
    return {name: calibration_of(each, np.arange(len(each.groups))) for name, each in found.items()}


def lab_errors(found: OutOfFold, distances: np.ndarray) -> Errors:
    """Out-of-fold errors of a part as `models.lab_effect.learning` learns from them.

    Parameters
    ----------
    found : OutOfFold
        Out-of-fold predictions of one part.
    distances : ndarray
        Between the rows, shape (n_rows, n_rows).
    """
    papers = np.unique(found.examples.papers.astype(str), return_inverse=True)[1]
    return Errors(on_labels(found), found.spread, found.examples.labels, papers, found.groups, distances)
