"""Retention curves of many cells side by side: cut to the first cycles, and when each falls below a threshold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
INITIAL_CYCLES = 5
"""The initial capacity is the median of this many first cycles; of check-ups, further apart, it is the first."""


@dataclass(frozen=True)
class Curves:
    """Curves of several cells, one after the other.

    Attributes
    ----------
    names : tuple of str, one per cell
    starts : where each cell's points begin, and the end; shape (n_cells + 1,)
    cycle : ascending within a cell, shape (n_points,)
    retention : capacity over the initial capacity, 1 at the beginning, shape (n_points,)
    initial : initial capacity in the unit of the table, shape (n_cells,)
    """

    names: tuple[str, ...]
    starts: NDArray[np.intp]
    cycle: Floats
    retention: Floats
    initial: Floats

    @classmethod
    def of(cls, names: Sequence[str], cell: NDArray[np.intp], cycle: Floats, capacity: Floats) -> Curves:
        """Build curves from points in any order.

        Parameters
        ----------
        names : sequence of str
            Of the cells, each of which has a point.
        cell : array, shape (n_points,)
            Place of each point's cell in `names`.
        cycle : array, shape (n_points,)
            Counted from 1.
        capacity : array, shape (n_points,)
            Above 0, in one unit.

        Examples
        --------
        >>> curves = Curves.of(["A"], np.zeros(3, int), np.array([2.0, 1.0, 3.0]), np.array([1.9, 2.0, 1.8]))
        >>> curves.retention.round(3).tolist()
        [1.053, 1.0, 0.947]
        """
        order = np.lexsort((cycle, cell))
        cell, cycle, capacity = cell[order], cycle[order].astype(float), capacity[order].astype(float)
        starts = np.searchsorted(cell, np.arange(len(names) + 1))
        initial = _initial(starts, cycle, capacity)
        return cls(tuple(names), starts, cycle, capacity / initial[cell], initial)

    @property
    def cell(self) -> NDArray[np.intp]:
        """Place of the cell of each point, shape (n_points,)."""
        return np.repeat(np.arange(len(self.names)), self.counts)

    @property
    def counts(self) -> NDArray[np.intp]:
        """Number of points of each cell."""
        return np.diff(self.starts)

    @property
    def last(self) -> Floats:
        """Last cycle of each cell."""
        return self.cycle[self.starts[1:] - 1]

    def take(self, cells: NDArray[np.intp]) -> Curves:
        """Return some cells, in the order given.

        Parameters
        ----------
        cells : array
            Places of the cells.
        """
        counts = self.counts[cells]
        starts = np.concatenate([[0], np.cumsum(counts)])
        rows = np.arange(starts[-1]) + np.repeat(self.starts[cells] - starts[:-1], counts)
        names = tuple(self.names[place] for place in cells)
        return Curves(names, starts, self.cycle[rows], self.retention[rows], self.initial[cells])

    @classmethod
    def join(cls, first: Curves, second: Curves) -> Curves:
        """Return the cells of two, one after the other.

        Parameters
        ----------
        first, second : Curves
            Of different cells.
        """
        starts = np.concatenate([first.starts, second.starts[1:] + first.starts[-1]])
        cycle, retention, initial = (
            np.concatenate([getattr(part, name) for part in (first, second)])
            for name in ("cycle", "retention", "initial")
        )
        return cls(first.names + second.names, starts, cycle, retention, initial)

    def until(self, cycle: Floats) -> Curves:
        """Return the curves up to a cycle of each cell; a cell must have a point by then.

        Parameters
        ----------
        cycle : array, shape (n_cells,)
            Last cycle that stays.
        """
        stays = self.cycle <= cycle[self.cell]
        starts = np.concatenate([[0], np.cumsum(stays)])[self.starts]
        return Curves(self.names, starts, self.cycle[stays], self.retention[stays], self.initial)

    def smooth(self) -> Floats:
        """Return the running median of five points; the raw points where they are further than five cycles apart."""
        cell, place = self.cell, np.arange(len(self.cycle))
        first, final = self.starts[:-1][cell], self.starts[1:][cell] - 1
        window = np.stack([self.retention[np.clip(place + step, first, final)] for step in range(-2, 3)])
        dense = (self.spacing <= INITIAL_CYCLES)[cell]
        return np.where(dense, np.median(window, axis=0), self.retention)

    @property
    def spacing(self) -> Floats:
        """Mean number of cycles between two points of each cell."""
        return (self.last - self.cycle[self.starts[:-1]]) / np.maximum(self.counts - 1, 1)

    def crossing(self, thresholds: Sequence[float]) -> Floats:
        """Return when each cell's smoothed curve falls below thresholds, linear between two points.

        Parameters
        ----------
        thresholds : sequence of float
            Retention, between 0 and 1.

        Returns
        -------
        array, shape (n_cells, n_thresholds)
            Cycle; NaN where the curve ends above.

        Examples
        --------
        >>> line = Curves.of(["A"], np.zeros(4, int), np.array([1.0, 11, 21, 31]), np.array([1, 0.9, 0.8, 0.7]))
        >>> line.crossing([0.85, 0.5]).round(9).tolist()
        [[16.0, nan]]
        """
        smooth, cell = self.smooth(), self.cell
        crossings = np.full((len(self.names), len(thresholds)), np.nan)
        for column, threshold in enumerate(thresholds):
            below = np.flatnonzero(smooth < threshold)
            cells, first = np.unique(cell[below], return_index=True)
            point = below[first]
            before = np.maximum(point - 1, self.starts[cells])
            drop = smooth[before] - smooth[point]
            share = np.divide(smooth[before] - threshold, drop, out=np.ones_like(drop), where=drop > 0)
            crossings[cells, column] = self.cycle[before] + share * (self.cycle[point] - self.cycle[before])
        return crossings

    def crossing_at(self, thresholds: Floats) -> Floats:
        """Return when each cell's smoothed curve falls below a threshold of its own; NaN where it ends above.

        Parameters
        ----------
        thresholds : array, shape (n_cells,)
            Retention, between 0 and 1.
        """
        crossings = np.full(len(self.names), np.nan)
        for threshold in np.unique(thresholds):
            cells = np.flatnonzero(thresholds == threshold)
            crossings[cells] = self.take(cells).crossing([float(threshold)])[:, 0]
        return crossings


def _initial(starts: NDArray[np.intp], cycle: Floats, capacity: Floats) -> Floats:
    """Return the median capacity of the first five points of each cell, or the first of check-ups."""
    counts, first = np.diff(starts), starts[:-1]
    place = first[:, None] + np.minimum(np.arange(INITIAL_CYCLES)[None, :], counts[:, None] - 1)
    span = cycle[place[:, -1]] - cycle[place[:, 0]]
    sparse = span > INITIAL_CYCLES * INITIAL_CYCLES
    short = np.arange(INITIAL_CYCLES)[None, :] >= counts[:, None]
    values = np.where(short, np.nan, capacity[place])
    return np.asarray(np.where(sparse, capacity[first], np.nanmedian(values, axis=1)))
