"""Checks of the cells in a table of cycling data: one message per cell, with line and column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import numpy as np
import pandas as pd

from features.cycling.columns import HOW_TO_SUM
from features.tables.mistakes import Mistake

LEAST_CYCLES, LEAST_POINTS = 10, 3
ROWS_OF_A_RECORD = 5.0
FACTOR_OF_UNITS = 100.0
LEAST_GAP, TIMES_THE_USUAL = 10.0, 5.0
"""A gap is longer than this many cycles, and than this many times the usual step of the cell."""
Finding: TypeAlias = tuple[int, str, str, str]
"""A row that fails a check, its column, what stands there and what was expected."""


def failed_checks(points: pd.DataFrame, names: Sequence[str], name: str) -> Iterator[tuple[int, Mistake]]:
    """Yield every check that a cell fails, with the place of the cell.

    Parameters
    ----------
    points : DataFrame
        `place`, `line`, `cycle`, `capacity`, `unit` of each row.
    names : sequence of str
        Of the cells.
    name : str
        Of the file.
    """
    place, line = points["place"].to_numpy(), points["line"].to_numpy()
    for check in (_in_order, _once_each, _in_range, _in_one_unit):
        for row, column, observed, expected in check(points):
            observed = f"{observed} (cell {names[place[row]]})"
            yield int(place[row]), Mistake(int(line[row]), column, observed, expected, name)


def _first(points: pd.DataFrame, rows: np.ndarray) -> np.ndarray:
    """Return the first of some rows of each cell."""
    return np.asarray(rows[np.unique(points["place"].to_numpy()[rows], return_index=True)[1]])


def _in_order(points: pd.DataFrame) -> Iterator[Finding]:
    """Cycles run upwards; a cell that begins again is two cells under one name."""
    cycle, place = points["cycle"].to_numpy(), points["place"].to_numpy()
    order = np.argsort(place, kind="stable")
    back = np.flatnonzero((np.diff(cycle[order]) < 0) & (np.diff(place[order]) == 0)) + 1
    lowest = points.groupby("place")["cycle"].min().to_numpy()
    for row in _first(points, order[back]):
        before = order[np.flatnonzero(order == row)[0] - 1]
        again = cycle[row] <= lowest[place[row]]
        expected = "one cell under one name: this one begins again" if again else "cycles in their order"
        yield row, "cycle", f"{cycle[row]:g} after {cycle[before]:g}", expected


def _once_each(points: pd.DataFrame) -> Iterator[Finding]:
    """Every cycle stands once; very many rows per cycle are a record of seconds."""
    cycle, place = points["cycle"].to_numpy(), points["place"].to_numpy()
    twice = np.flatnonzero(points.duplicated(["place", "cycle"]).to_numpy() & np.isfinite(cycle))
    per_cycle = (points.groupby("place").size() / points.groupby("place")["cycle"].nunique()).to_numpy()
    for row in _first(points, twice):
        if (count := per_cycle[place[row]]) > ROWS_OF_A_RECORD:
            yield row, "cycle", f"{count:.0f} rows per cycle, a record of seconds", HOW_TO_SUM
        else:
            yield row, "cycle", f"{cycle[row]:g} twice", "each cycle once, and each cell under its own name"


def _in_range(points: pd.DataFrame) -> Iterator[Finding]:
    """Capacities are above 0, cycles are not below it."""
    cycle, capacity = points["cycle"].to_numpy(), points["capacity"].to_numpy()
    for column, values, wrong, expected in (
        ("cycle", cycle, cycle < 0, "cycles counted from 1"),
        ("capacity", capacity, capacity <= 0, "a capacity above 0; leave out cycles that were not measured"),
    ):
        for row in _first(points, np.flatnonzero(wrong)):
            yield row, column, f"{values[row]:g} at cycle {cycle[row]:g}", expected


def _in_one_unit(points: pd.DataFrame) -> Iterator[Finding]:
    """A cell is in one unit, and does not jump by a factor of a hundred or more."""
    capacity, unit = points["capacity"].to_numpy(), points["unit"].to_numpy(dtype=str)
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.abs(np.log10(capacity))
        jump = np.abs(np.diff(np.log10(capacity), prepend=size[:1])) > np.log10(FACTOR_OF_UNITS)
    changes = np.concatenate([[False], (unit[1:] != unit[:-1]) & (unit[1:] != "") & (unit[:-1] != "")])
    same = np.concatenate([[False], np.diff(points["place"].to_numpy()) == 0])
    for row in _first(points, np.flatnonzero((jump | changes) & same)):
        expected = "one unit for all cycles of a cell; this looks like Ah and mAh, or mAh and mAh/g, mixed"
        yield row, "capacity", f"{capacity[row - 1]:g}, then {capacity[row]:g}", expected


def too_short(cycles: pd.DataFrame, points: pd.DataFrame, names: Sequence[str], name: str) -> list[tuple[int, Mistake]]:
    """At least ten cycles, seen at three points or more.

    Parameters
    ----------
    cycles : DataFrame
        Points that stay.
    points : DataFrame
        `place`, `line`, `cycle`, `capacity`, `unit` of each row.
    names : sequence of str
        Of the cells.
    name : str
        Of the file.
    """
    grouped = cycles.groupby("place")["cycle"]
    last = grouped.max().reindex(range(len(names)), fill_value=0).to_numpy()
    span = last - grouped.min().reindex(range(len(names)), fill_value=0).to_numpy() + 1
    count = grouped.size().reindex(range(len(names)), fill_value=0).to_numpy()
    short = np.flatnonzero((span < LEAST_CYCLES) | (count < LEAST_POINTS))
    lines = points.groupby("place")["line"].first()
    return [
        (cell, Mistake(int(lines[cell]), "cycle",
                       f"{count[cell]} points over {max(span[cell], 0):g} cycles (cell {names[cell]})",
                       f"at least {LEAST_CYCLES} cycles, seen at {LEAST_POINTS} points", name))
        for cell in short.tolist()
    ]  # fmt: skip


def gaps(cycles: pd.DataFrame) -> dict[int, str]:
    """Return what cycles lack in the middle of a cell's record, by its place.

    Parameters
    ----------
    cycles : DataFrame
        `place` and `cycle` of the points that stay.

    Examples
    --------
    >>> gaps(pd.DataFrame({"place": 0, "cycle": [*range(1, 21), *range(61, 71)]}))
    {0: 'a gap: nothing between cycles 20 and 61; the line between them is taken'}
    """
    points = cycles.sort_values(["place", "cycle"], kind="stable")
    place, cycle = points["place"].to_numpy(), points["cycle"].to_numpy(dtype=float)
    step = np.where(np.diff(place) == 0, np.diff(cycle), 0.0)
    wide = np.flatnonzero(step > LEAST_GAP)
    notices: dict[int, str] = {}
    for row in wide:
        cell = int(place[row])
        begin, end = np.searchsorted(place, [cell, cell + 1])
        if cell not in notices and step[row] > TIMES_THE_USUAL * np.median(step[begin : end - 1]):
            notices[cell] = (
                f"a gap: nothing between cycles {cycle[row]:g} and {cycle[row + 1]:g}; the line between them is taken"
            )
    return notices
