"""Rows to learn lives from: finished cells cut at landmarks, those that never reached a threshold as lower bounds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.cycling.curves import Curves, Floats
from models.ensemble import Labels
from models.life.life_features import life_rows, open_prior
from models.life.trend import fit_trend

LANDMARKS = (10, 20, 35, 50, 70, 100, 200, 400)
"""Numbers of first cycles that the model learns from."""
THRESHOLDS = (0.95, 0.9, 0.85, 0.8, 0.7)
ENDS_OF_LIFE = (0.9, 0.85, 0.8)
LEAST_POINTS = 3
LEAST_MARGIN = 0.003
"""A cell must be this far above a threshold at the landmark to be asked about it."""


@dataclass(frozen=True)
class LifeExamples:
    """Rows to learn lives from.

    Attributes
    ----------
    rows : features, `cell`, and of each cell `data_set`, `protocol` and `silicon`
    labels : log10 life; only a lower bound where the record ends above the threshold
    """

    rows: pd.DataFrame
    labels: Labels

    def take(self, places: np.ndarray) -> LifeExamples:
        """Return some rows.

        Parameters
        ----------
        places : array
            Of int, or of bool for each row.
        """
        places = np.flatnonzero(places) if places.dtype == bool else places
        return LifeExamples(self.rows.iloc[places].reset_index(drop=True), self.labels.take(places))


def examples_at(
    curves: Curves, cells: pd.DataFrame, cycle: Floats, thresholds: Sequence[float] | Floats
) -> LifeExamples:
    """Return the examples of cells cut at a cycle.

    Parameters
    ----------
    curves : Curves
        Whole records.
    cells : DataFrame
        `data_set`, `protocol`, `silicon` of each cell.
    cycle : array, shape (n_cells,)
        Last cycle given; NaN leaves the cell out.
    thresholds : sequence of float
        Retention, between 0 and 1.
    """
    crossing = curves.crossing(list(thresholds))
    chosen = long_enough(curves, cycle)
    first = curves.take(chosen).until(cycle[chosen])
    grid = np.repeat(np.asarray(thresholds, dtype=float)[None], len(chosen), axis=0)
    rows = life_rows(first, fit_trend(first, open_prior(len(chosen))), grid)
    life = crossing[chosen].ravel()
    end, landmark = np.repeat(curves.last[chosen], grid.shape[1]), np.repeat(cycle[chosen], grid.shape[1])
    rows["cell"] = chosen[rows["cell"].to_numpy()]
    for column in ("data_set", "protocol", "silicon"):
        rows[column] = cells[column].to_numpy()[rows["cell"]]
    eligible = (rows["retention"] > rows["threshold"] + LEAST_MARGIN).to_numpy() & ~(life <= landmark)
    known = np.isfinite(life)
    lower = np.log10(np.where(known, life, end))
    labels = Labels(lower, np.where(known, lower, np.inf), np.ones(len(rows)))
    return LifeExamples(rows, labels).take(eligible)


def long_enough(curves: Curves, cycle: Floats) -> np.ndarray:
    """Return the places of the cells that have three points by a cycle, and go on after it.

    Parameters
    ----------
    curves : Curves
        Whole records.
    cycle : array, shape (n_cells,)
        Last cycle given; NaN leaves the cell out.
    """
    within = np.bincount(curves.cell, weights=curves.cycle <= cycle[curves.cell], minlength=len(curves.names))
    return np.flatnonzero((within >= LEAST_POINTS) & (curves.last > cycle))


def life_examples(curves: Curves, cells: pd.DataFrame) -> LifeExamples:
    """Return the examples of all landmarks and thresholds, weighted so that large data sets do not drown small ones.

    Parameters
    ----------
    curves : Curves
        Whole records.
    cells : DataFrame
        `data_set`, `protocol`, `silicon` of each cell.
    """
    cycles = [np.full(len(cells), float(landmark)) for landmark in LANDMARKS]
    parts = [examples_at(curves, cells, cycle, THRESHOLDS) for cycle in cycles if len(long_enough(curves, cycle))]
    rows = pd.concat([part.rows for part in parts], ignore_index=True)
    lower, upper = (np.concatenate([getattr(part.labels, side) for part in parts]) for side in ("lower", "upper"))
    return LifeExamples(rows, Labels(lower, upper, _weights(rows)))


def _weights(rows: pd.DataFrame) -> Floats:
    """Weight a row by one over the rows of its cell and the root of the cells of its data set; the mean is 1."""
    cells = rows.groupby("data_set")["cell"].transform("nunique").to_numpy(dtype=float)
    weight = 1 / (rows.groupby("cell")["cell"].transform("size").to_numpy(dtype=float) * np.sqrt(cells))
    return np.asarray(weight / weight.mean())


def folds_of(groups: Sequence[str] | np.ndarray, count: int | None, seed: int) -> Iterator[np.ndarray]:
    """Yield the test rows of each fold as bool, groups whole.

    Parameters
    ----------
    groups : sequence of str
        Group of each row.
    count : int, optional
        Number of folds; one per group where None.
    seed : int
        Of the order in which groups are dealt.
    """
    groups = np.asarray(groups, dtype=str)
    names = np.unique(groups)
    if count is None:
        count = len(names)
    else:
        names = np.random.default_rng(seed).permutation(names)
    for fold in range(count):
        yield np.isin(groups, names[fold::count])
