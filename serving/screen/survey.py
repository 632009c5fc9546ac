"""What a stream of answers looked like as a whole, in little memory: reach of each column, a sample, a map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from models.tasks.registry import TARGETS
from serving.screen.axis import Axis, Listed, Range
from serving.screen.select import Best
from serving.screen.space import CANDIDATE, Space

SAMPLE = 2000
"""Designs kept as a picture of all: those whose scrambled numbers come first, which is a fair draw."""
MOST_CELLS = 30
"""Cells of the map along an axis without steps, or with more."""


@dataclass
class Cells:
    """Where the cells of one axis of the map begin and end.

    Attributes
    ----------
    name : column
    edges : shape (n_cells + 1,)
    log : whether the cells are even on the log scale
    """

    name: str
    edges: np.ndarray
    log: bool

    @classmethod
    def of(cls, name: str, axis: Axis) -> Cells:
        """One cell a value where there are few, even cells else."""
        if axis.count is not None and axis.count <= MOST_CELLS:
            values = np.unique(axis.take(np.arange(axis.count)).astype(float))
            values = values[~np.isnan(values)]
            log = isinstance(axis, Range) and axis.log
            scaled = np.log10(values) if log else values
            middle = (scaled[1:] + scaled[:-1]) / 2
            ends = scaled[0] - (middle[0] - scaled[0]), scaled[-1] + (scaled[-1] - middle[-1])
            edges = np.concatenate([ends[:1], middle, ends[1:]])
            return cls(name, 10.0**edges if log else edges, log)
        first, last = (float(end) for end in axis.at(np.array([0.0, 1.0])))
        log = isinstance(axis, Range) and axis.log
        return cls(name, (np.geomspace if log else np.linspace)(first, last, MOST_CELLS + 1), log)

    def place(self, values: np.ndarray) -> np.ndarray:
        """Cell of each value, -1 outside and where not known."""
        found = np.searchsorted(self.edges, values, side="right") - 1
        found = np.where(values == self.edges[-1], len(self.edges) - 2, found)
        return np.where(np.isnan(values) | (found >= len(self.edges) - 1), -1, found)


@dataclass
class Survey:
    """Collects while answers stream by.

    Attributes
    ----------
    space : what the answers are of
    target : column whose uncertainty is mapped
    cells : two axes of the map, or none
    sums : number of answers, sum of interval widths and of distances by cell, shape (3, n_first, n_second)
    reach : lowest and highest value of each number
    """

    space: Space
    target: str
    cells: Sequence[Cells] = ()
    sums: np.ndarray = field(default_factory=lambda: np.empty(0))
    reach: dict[str, tuple[float, float]] = field(default_factory=dict)
    _sample: Best = field(default_factory=lambda: Best(SAMPLE))

    @classmethod
    def of(cls, space: Space) -> Survey:
        """A survey that maps the first target asked for over two axes of the space."""
        asked = [name for name in space.selection.objectives if name in TARGETS]
        numbers = {name: axis for name, axis in _numbers(space).items() if name in space.varied}
        names = list(space.map_axes) or sorted(
            numbers, key=lambda name: -(numbers[name].count or MOST_CELLS + 1)
        )[:2]  # fmt: skip
        cells = [Cells.of(name, numbers[name]) for name in names if name in numbers] if len(numbers) > 1 else []
        cells = cells if len(cells) == 2 else []
        sums = np.zeros((3, *(len(each.edges) - 1 for each in cells)))
        return cls(space, (asked or space.targets)[0], cells, sums)

    @property
    def sample(self) -> pd.DataFrame:
        """A fair draw of all answers."""
        return self._sample.rows

    def add(self, table: pd.DataFrame) -> None:
        """Answers of one chunk."""
        numbers = table[CANDIDATE].to_numpy()
        self._sample.add(np.zeros(len(table)), numbers, table)  # all equal: the scrambled number decides
        for name in table.select_dtypes("number"):
            values = table[name].to_numpy(dtype=float)
            if not np.isnan(values).all():
                low, high = self.reach.get(str(name), (np.inf, -np.inf))
                self.reach[str(name)] = (min(low, float(np.nanmin(values))), max(high, float(np.nanmax(values))))
        if self.cells:
            self._map(table)

    def told_apart(self, column: str, table: pd.DataFrame) -> tuple[float, float, float]:
        """Lowest and highest value of a target over all answers, and the median width of its interval in a table."""
        scaled = TARGETS[column].scaled
        width = scaled(table[f"{column}_high"]) - scaled(table[f"{column}_low"])
        return (*self.reach.get(column, (np.nan, np.nan)), float(np.nanmedian(width)))

    def width(self, table: pd.DataFrame) -> np.ndarray:
        """Width of the mapped target's interval on the scale its error is measured on, shape (n_rows,)."""
        scaled = TARGETS[self.target].scaled
        return np.asarray(scaled(table[f"{self.target}_high"]) - scaled(table[f"{self.target}_low"]))

    def mapped(self, which: int) -> np.ndarray:
        """Mean width (1) or distance (2) by cell, NaN where no design fell; shape (n_first, n_second)."""
        with np.errstate(invalid="ignore"):
            return np.asarray(self.sums[which] / np.where(self.sums[0], self.sums[0], np.nan))

    def _map(self, table: pd.DataFrame) -> None:
        first, second = (each.place(table[each.name].to_numpy(dtype=float)) for each in self.cells)
        shape = self.sums.shape[1:]
        for place, values in enumerate(
            (np.ones(len(table)), self.width(table), table[f"{self.target}_distance"].to_numpy(dtype=float))
        ):
            inside = (first >= 0) & (second >= 0) & ~np.isnan(values)
            flat = np.ravel_multi_index((first[inside], second[inside]), shape)
            self.sums[place] += np.bincount(flat, values[inside], int(np.prod(shape))).reshape(shape)


def _numbers(space: Space) -> dict[str, Axis]:
    """Every axis of numbers; a variable that differs between families as the range over all of them."""
    found: dict[str, Axis] = {}
    for name, axis in (each for held in (*(f.variables for f in space.families), space.axes) for each in held.items()):
        if isinstance(axis, Listed) and axis.take(np.arange(axis.count)).dtype.kind != "f":
            continue
        found[name] = _joined(found[name], axis) if name in found and found[name] != axis else axis
    return found


def _joined(one: Axis, other: Axis) -> Axis:
    """Both axes as one: all their values where these are few, else the range over both."""
    counts = [axis.count or MOST_CELLS + 1 for axis in (one, other)]
    if max(counts) <= MOST_CELLS:
        values = [axis.take(np.arange(n)).astype(float) for axis, n in zip((one, other), counts, strict=True)]
        return Listed(tuple(np.unique(np.concatenate(values)).tolist()))
    ends = [float(end) for axis in (one, other) for end in axis.at(np.array([0.0, 1.0]))]
    return Range(min(ends), max(ends))
