"""Survey of a stream of answers as a whole, in little memory: reach of each column, a sample, a map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from models.tasks.registry import TARGETS
from serving.screen.axes import Axis, Listed, Range
from serving.screen.design_space import CANDIDATE, Space
from serving.screen.ranking import Best

SAMPLE = 2000
"""Designs kept as a picture of all: those whose scrambled numbers come first, which is a fair draw."""
MOST_CELLS = 30
"""Cells of the map along an axis without steps, or with more."""


@dataclass
class Cells:
    """Cells of one axis of the map.

    Attributes
    ----------
    name : str
        Column.
    edges : array, shape (n_cells + 1,)
        Where the cells begin and end, in the unit of the column.
    log : bool
        Whether the cells are even on the log scale.
    """

    name: str
    edges: np.ndarray
    log: bool

    @classmethod
    def of_axis(cls, name: str, axis: Axis) -> Cells:
        """Divide an axis: one cell a value where there are few, even cells else.

        Parameters
        ----------
        name : str
            Column.
        axis : Axis
            Of numbers.

        Examples
        --------
        >>> Cells.of_axis("np_ratio", Listed((1.0, 2.0, 4.0))).edges.tolist()
        [0.5, 1.5, 3.0, 5.0]
        """
        log = isinstance(axis, Range) and axis.log
        if axis.count is not None and axis.count <= MOST_CELLS:
            values = np.unique(axis.take(np.arange(axis.count)).astype(float))
            values = values[~np.isnan(values)]
            scaled = np.log10(values) if log else values
            middle = (scaled[1:] + scaled[:-1]) / 2
            ends = scaled[0] - (middle[0] - scaled[0]), scaled[-1] + (scaled[-1] - middle[-1])
            edges = np.concatenate([ends[:1], middle, ends[1:]])
            return cls(name, 10.0**edges if log else edges, log)
        first, last = (float(end) for end in axis.values_at(np.array([0.0, 1.0])))
        return cls(name, (np.geomspace if log else np.linspace)(first, last, MOST_CELLS + 1), log)

    def place(self, values: np.ndarray) -> np.ndarray:
        """Return the cell of each value.

        Parameters
        ----------
        values : array, shape (n_values,)
            In the unit of the column, NaN where not known.

        Returns
        -------
        array of int, shape (n_values,)
            -1 outside and where not known.
        """
        cells = np.searchsorted(self.edges, values, side="right") - 1
        cells = np.where(values == self.edges[-1], len(self.edges) - 2, cells)
        return np.where(np.isnan(values) | (cells >= len(self.edges) - 1), -1, cells)


@dataclass
class Survey:
    """Collects while answers stream by.

    Attributes
    ----------
    space : Space
        Of the answers.
    target : str
        Target whose uncertainty is mapped.
    cells : sequence of Cells
        Two axes of the map, or none.
    sums : array, shape (3, n_first, n_second)
        Number of answers, sum of interval widths and of distances by cell.
    reach : dict of str to (float, float)
        Lowest and highest value of each column of numbers.
    """

    space: Space
    target: str
    cells: Sequence[Cells] = ()
    sums: np.ndarray = field(default_factory=lambda: np.empty(0))
    reach: dict[str, tuple[float, float]] = field(default_factory=dict)
    _sample: Best = field(default_factory=lambda: Best(SAMPLE))

    @classmethod
    def of_space(cls, space: Space) -> Survey:
        """Begin a survey that maps the first target asked for over two axes of the space.

        Parameters
        ----------
        space : Space
        """
        ranked = [name for name in space.selection.objectives if name in TARGETS]
        numbers = {name: axis for name, axis in _numeric_axes(space).items() if name in space.varied}
        widest = sorted(numbers, key=lambda name: -_cell_count(numbers[name]))
        names = space.map_axes or widest[:2]
        cells = [Cells.of_axis(name, numbers[name]) for name in names if name in numbers] if len(numbers) > 1 else []
        cells = cells if len(cells) == 2 else []
        sums = np.zeros((3, *(len(axis.edges) - 1 for axis in cells)))
        return cls(space, (ranked or space.targets)[0], cells, sums)

    @property
    def sample(self) -> pd.DataFrame:
        """A fair draw of all answers."""
        return self._sample.rows

    def add(self, table: pd.DataFrame) -> None:
        """Add the answers of one chunk.

        Parameters
        ----------
        table : DataFrame, shape (n_rows, n_columns)
            As `predict_designs` gives it.
        """
        numbers = table[CANDIDATE].to_numpy()
        self._sample.add(np.zeros(len(table)), numbers, table)  # all equal: the scrambled number decides
        for name in table.select_dtypes("number"):
            values = table[name].to_numpy(dtype=float)
            if not np.isnan(values).all():
                low, high = self.reach.get(str(name), (np.inf, -np.inf))
                self.reach[str(name)] = (min(low, float(np.nanmin(values))), max(high, float(np.nanmax(values))))
        if self.cells:
            self._map(table)

    def reach_and_width(self, column: str, table: pd.DataFrame) -> tuple[float, float, float]:
        """Compare how far designs differ with how wide one interval is.

        Parameters
        ----------
        column : str
            Target.
        table : DataFrame, shape (n_rows, n_columns)
            Answers whose intervals to look at.

        Returns
        -------
        lowest, highest : float
            Of the target over all answers, in its unit.
        width : float
            Median over the table, in decades or points.
        """
        lowest, highest = self.reach.get(column, (np.nan, np.nan))
        return lowest, highest, float(np.nanmedian(_interval_width(table, column)))

    def mapped(self, which: int) -> np.ndarray:
        """Return the mean width or distance by cell.

        Parameters
        ----------
        which : int
            1 for the width of intervals (decades or points), 2 for the distance to the nearest training design.

        Returns
        -------
        array, shape (n_first, n_second)
            NaN where no design fell.
        """
        with np.errstate(invalid="ignore"):
            return np.asarray(self.sums[which] / np.where(self.sums[0], self.sums[0], np.nan))

    def _map(self, table: pd.DataFrame) -> None:
        first, second = (axis.place(table[axis.name].to_numpy(dtype=float)) for axis in self.cells)
        shape = self.sums.shape[1:]
        distance = table[f"{self.target}_distance"].to_numpy(dtype=float)
        for place, values in enumerate((np.ones(len(table)), _interval_width(table, self.target), distance)):
            inside = (first >= 0) & (second >= 0) & ~np.isnan(values)
            flat = np.ravel_multi_index((first[inside], second[inside]), shape)
            self.sums[place] += np.bincount(flat, values[inside], int(np.prod(shape))).reshape(shape)


def _interval_width(table: pd.DataFrame, target: str) -> np.ndarray:
    """Return the width of a target's interval on the scale its error is measured on, shape (n_rows,)."""
    scaled = TARGETS[target].scaled
    return np.asarray(scaled(table[f"{target}_high"]) - scaled(table[f"{target}_low"]))


def _numeric_axes(space: Space) -> dict[str, Axis]:
    """Return every axis of numbers; a variable that differs between families as the range over all of them."""
    numeric: dict[str, Axis] = {}
    for axes in (*(family.variables for family in space.families), space.axes):
        for name, axis in axes.items():
            if isinstance(axis, Range) or axis.is_numeric:
                known = numeric.get(name, axis)
                numeric[name] = axis if known == axis else _joined(known, axis)
    return numeric


def _cell_count(axis: Axis) -> int:
    """Return the values of an axis; more than there are cells where it has no steps."""
    return axis.count or MOST_CELLS + 1


def _joined(first: Axis, second: Axis) -> Axis:
    """Return both axes as one: all their values where these are few, else the range over both."""
    if max(_cell_count(first), _cell_count(second)) <= MOST_CELLS:
        values = [axis.take(np.arange(_cell_count(axis))).astype(float) for axis in (first, second)]
        return Listed(tuple(np.unique(np.concatenate(values)).tolist()))
    ends = [float(end) for axis in (first, second) for end in axis.values_at(np.array([0.0, 1.0]))]
    return Range(min(ends), max(ends))
