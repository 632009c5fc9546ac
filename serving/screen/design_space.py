"""Space of designs: axes, constraints between the columns, and the designs by number, chunk by chunk."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import numpy as np
import pandas as pd

from features.tables.columns import kinds_of
from features.tables.records import Candidate
from models.tasks.registry import TARGETS
from serving.predict.energy_density import Energy
from serving.predict.expression import Expression
from serving.screen.axes import GRID, Axis, Points, grid_places
from serving.screen.formula_family import VARIABLES, Family, drawn_formulas
from serving.screen.select import Note, Selection, rows_fulfilling
from serving.screen.value_readers import NUMBERS

CANDIDATE = "candidate"
"""Column with the number of a design: the same space gives it the same design."""
MAX_DESIGNS = 100_000_000
SHARES = ("silicon_wt_pct", "carbon_wt_pct", "anode_electrolyte_wt_pct", "binder_wt_pct")
MAX_SHARES_WT_PCT = 100.5
"""Sum of these shares at most, as in the row model of a cell."""
Part: TypeAlias = tuple[Family, np.ndarray, Mapping[str, np.ndarray]]
"""A family, numbers of designs of it, and the values of their axes."""


@dataclass(frozen=True)
class Space:
    """A design space, as read from its file.

    Attributes
    ----------
    title : str
        Of the page.
    families : tuple of Family
        Formulas of the electrolyte.
    axes : mapping of str to Axis
        Values of every other column of a candidate.
    constraints : tuple of Expression
        Conditions that must hold between the columns.
    method, points, seed : str, int or None, int
        Of the sample; `points` is None on a grid.
    targets : tuple of str
        Columns of `TARGETS` to predict.
    ranges : tuple of str
        Columns of `RANGES`, whose ends are written for the designs that are kept; nothing is chosen by them.
    energy : Energy or None
        None where no energy density is wanted.
    selection : Selection
        What is kept of the answers.
    map_axes : tuple of str
        Two columns that the picture of the uncertainty is drawn over; chosen by itself where empty.
    """

    title: str
    families: tuple[Family, ...]
    axes: Mapping[str, Axis] = field(default_factory=dict)
    constraints: tuple[Expression, ...] = ()
    method: str = GRID
    points: int | None = None
    seed: int = 0
    targets: tuple[str, ...] = tuple(TARGETS)
    ranges: tuple[str, ...] = ()
    energy: Energy | None = None
    selection: Selection = field(default_factory=Selection)
    map_axes: tuple[str, ...] = ()

    @cached_property
    def size(self) -> int:
        """Number of designs that are made, before any constraint; an exact whole number however large."""
        return self.points if self.points is not None else sum(self._blocks())

    def counts(self) -> dict[str, int]:
        """Return how many values each axis of the grid has, by name."""
        axes: dict[str, Axis] = {}
        for family in self.families:
            axes |= {f"{name} of {family.template}": axis for name, axis in family.axes().items()}
        return {name: axis.count or 0 for name, axis in (axes | dict(self.axes)).items()}

    @cached_property
    def varied(self) -> list[str]:
        """Columns that take more than one value, in the order of the file."""
        families = [family.axes() for family in self.families]
        own = list(dict.fromkeys(name for axes in families for name in axes if name != "formula"))
        several = len(families) > 1 or any(axis.count != 1 for axis in families[0].values())
        names = [name for name in own if len({axes.get(name) for axes in families}) > 1 or families[0][name].count != 1]
        names += [name for name, axis in self.axes.items() if axis.count != 1]
        return ["electrolyte", *names] if several else names

    def chunk(self, start: int, stop: int, note: Note) -> pd.DataFrame:
        """Make the designs of a chunk that can be and that fulfil the constraints.

        Parameters
        ----------
        start, stop : int
            Number of the first design, and the number behind the last.
        note : Note
            Called with each reason to leave designs out, and how many.

        Returns
        -------
        DataFrame
            `candidate`, `electrolyte`, the variables of the formulas, and every column of the space.
        """
        numbers = np.arange(start, stop)
        parts = self._on_grid(numbers) if self.points is None else self._in_sample(numbers)
        designs = pd.concat([self._frame(*part, note) for part in parts], ignore_index=True).sort_values(CANDIDATE)
        designs = designs[designs["electrolyte"].notna()]
        designs = designs[possible(designs, note)]
        for condition in self.constraints:
            designs = designs[rows_fulfilling(condition, designs, note)]
        return designs.reset_index(drop=True)

    def _blocks(self) -> list[int]:
        """Return the number of grid points of each family."""
        common = math.prod(axis.count or 0 for axis in self.axes.values())
        return [common * math.prod(axis.count or 0 for axis in family.axes().values()) for family in self.families]

    @cached_property
    def _points(self) -> Points:
        within = max(len(family.axes()) for family in self.families)
        return Points(self.method, self.size, 1 + within + len(self.axes), self.seed)

    def _on_grid(self, numbers: np.ndarray) -> Iterator[Part]:
        """Yield the grid points with these numbers, family behind family."""
        first = 0
        for family, size in zip(self.families, self._blocks(), strict=True):
            own = numbers[(numbers >= first) & (numbers < first + size)]
            axes = {**family.axes(), **self.axes}
            places = grid_places(own - first, [axis.count or 0 for axis in axes.values()])
            if len(own):
                steps = zip(axes.items(), places, strict=True)
                yield family, own, {name: axis.take(numbers) for (name, axis), numbers in steps}
            first += size

    def _in_sample(self, numbers: np.ndarray) -> Iterator[Part]:
        """Yield the points of the sample with these numbers: the first coordinate draws the family."""
        cube = self._points.take(int(numbers[0]), int(numbers[-1]) + 1)
        of_family = (cube[:, 0] * len(self.families)).astype(int)
        for place, family in enumerate(self.families):
            own = of_family == place
            axes = {**family.axes(), **self.axes}
            coordinates = [*range(1, 1 + len(family.axes())), *range(cube.shape[1] - len(self.axes), cube.shape[1])]
            columns = zip(axes.items(), coordinates, strict=True)
            if own.any():
                yield family, numbers[own], {name: axis.values_at(cube[own, place]) for (name, axis), place in columns}

    def _frame(
        self, family: Family, numbers: np.ndarray, columns: Mapping[str, np.ndarray], note: Note
    ) -> pd.DataFrame:
        formulas = drawn_formulas(family, columns, note)
        frame = pd.DataFrame({CANDIDATE: numbers, "electrolyte": pd.Series(formulas, dtype="str")})
        missing = np.full(len(numbers), np.nan)
        for name in (name for sibling in self.families for name in sibling.axes() if name != "formula"):
            frame[name] = _column(name, columns.get(name, missing))
        for name in (name for sibling in self.families for name in sibling.columns):
            frame[name] = _column(name, np.full(len(numbers), family.columns.get(name, np.nan), dtype=object))
        for name in self.axes:
            frame[name] = _column(name, columns[name])
        return frame


def _column(name: str, values: np.ndarray) -> pd.Series:
    """Return values with the type of their column, the same in every chunk: numbers, yes/no, or text."""
    if name in VARIABLES or name in NUMBERS:
        return pd.Series(values, dtype=float)
    is_yes_no = name in Candidate.model_fields and bool in kinds_of(Candidate, name)
    return pd.Series(values, dtype="boolean" if is_yes_no else "str")


def possible(designs: pd.DataFrame, note: Note) -> np.ndarray:
    """Return which designs the row model of a cell accepts: shares of at most 100 wt%, a voltage window that opens.

    Parameters
    ----------
    designs : DataFrame, shape (n_designs, n_columns)
        Numbers in wt% and V, NaN where not given.
    note : Note
        Called with each rule that left designs out, and how many.

    Returns
    -------
    array of bool, shape (n_designs,)
    """
    shares = [designs[name].to_numpy(dtype=float) for name in SHARES if name in designs]
    accepted = np.ones(len(designs), dtype=bool)
    if shares:
        fits = np.nansum(shares, axis=0) <= MAX_SHARES_WT_PCT
        note("shares of the anode above 100 wt%", int((~fits).sum()))
        accepted &= fits
    if {"voltage_low_v", "voltage_high_v"} <= set(designs.columns):
        low, high = (designs[name].to_numpy(dtype=float) for name in ("voltage_low_v", "voltage_high_v"))
        note("voltage_high_v not above voltage_low_v", int((accepted & (high <= low)).sum()))
        accepted &= ~(high <= low)
    return accepted
