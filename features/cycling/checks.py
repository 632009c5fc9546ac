"""Checks of the cells in a table of cycling data: one message per cell, with line and column."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from features.cycling.columns import HOW_TO_SUM
from features.tables.mistakes import Mistake

LEAST_CYCLES, LEAST_POINTS = 10, 3
ROWS_OF_A_RECORD = 5.0
FACTOR_OF_UNITS = 100.0
LEAST_GAP, TIMES_THE_USUAL = 10.0, 5.0
"""A gap is longer than this many cycles, and than this many times the usual step of the cell."""


def _first(points: pd.DataFrame, rows: np.ndarray) -> list[tuple[int, int]]:
    """Return cell and row of the first of some rows of each cell."""
    where, first = np.unique(points["place"].to_numpy()[rows], return_index=True)
    return [(int(cell), int(rows[row])) for cell, row in zip(where, first, strict=True)]


def in_order(points: pd.DataFrame, names: Sequence[str], name: str) -> list[tuple[int, Mistake]]:
    """Cycles run upwards; a cell that begins again is two cells under one name.

    Parameters
    ----------
    points : DataFrame
        `place`, `line`, `cycle`, `capacity`, `unit` of each row.
    names : sequence of str
        Of the cells.
    name : str
        Of the file.
    """
    cycle, place = points["cycle"].to_numpy(), points["place"].to_numpy()
    order = np.argsort(place, kind="stable")
    back = np.flatnonzero((np.diff(cycle[order]) < 0) & (np.diff(place[order]) == 0)) + 1
    lowest = points.groupby("place")["cycle"].min().to_numpy()
    found = []
    for where, row in _first(points, order[back]):
        before = order[np.flatnonzero(order == row)[0] - 1]
        got = f"{cycle[row]:g} after {cycle[before]:g} (cell {names[where]})"
        again = cycle[row] <= lowest[where]
        expected = "one cell under one name: this one begins again" if again else "cycles in their order"
        found.append((where, Mistake(int(points["line"].iloc[row]), "cycle", got, expected, name)))
    return found


def once_each(points: pd.DataFrame, names: Sequence[str], name: str) -> list[tuple[int, Mistake]]:
    """Every cycle stands once; very many rows per cycle are a record of seconds.

    Parameters
    ----------
    points : DataFrame
        `place`, `line`, `cycle`, `capacity`, `unit` of each row.
    names : sequence of str
        Of the cells.
    name : str
        Of the file.
    """
    twice = np.flatnonzero(points.duplicated(["place", "cycle"]).to_numpy() & np.isfinite(points["cycle"].to_numpy()))
    per_cycle = (points.groupby("place").size() / points.groupby("place")["cycle"].nunique()).to_numpy()
    found = []
    for where, row in _first(points, twice):
        record = per_cycle[where] > ROWS_OF_A_RECORD
        got = f"{points['cycle'].iloc[row]:g} twice (cell {names[where]})"
        if record:
            got = f"{per_cycle[where]:.0f} rows per cycle, a record of seconds (cell {names[where]})"
        expected = HOW_TO_SUM if record else "each cycle once, and each cell under its own name"
        found.append((where, Mistake(int(points["line"].iloc[row]), "cycle", got, expected, name)))
    return found


def in_range(points: pd.DataFrame, names: Sequence[str], name: str) -> list[tuple[int, Mistake]]:
    """Capacities are above 0, cycles are not below it.

    Parameters
    ----------
    points : DataFrame
        `place`, `line`, `cycle`, `capacity`, `unit` of each row.
    names : sequence of str
        Of the cells.
    name : str
        Of the file.
    """
    found = []
    for column, wrong, expected in (
        ("cycle", points["cycle"].to_numpy() < 0, "cycles counted from 1"),
        ("capacity", points["capacity"].to_numpy() <= 0, "a capacity above 0; leave out cycles that were not measured"),
    ):
        for where, row in _first(points, np.flatnonzero(wrong)):
            got = f"{points[column].iloc[row]:g} at cycle {points['cycle'].iloc[row]:g} (cell {names[where]})"
            found.append((where, Mistake(int(points["line"].iloc[row]), column, got, expected, name)))
    return found


def in_one_unit(points: pd.DataFrame, names: Sequence[str], name: str) -> list[tuple[int, Mistake]]:
    """A cell is in one unit, and does not jump by a factor of a hundred or more.

    Parameters
    ----------
    points : DataFrame
        `place`, `line`, `cycle`, `capacity`, `unit` of each row.
    names : sequence of str
        Of the cells.
    name : str
        Of the file.
    """
    found, place = [], points["place"].to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.abs(np.log10(points["capacity"].to_numpy()))
        jump = np.abs(np.diff(np.log10(points["capacity"].to_numpy()), prepend=size[:1])) > np.log10(FACTOR_OF_UNITS)
    unit = points["unit"].to_numpy(dtype=str)
    other = np.concatenate([[False], (unit[1:] != unit[:-1]) & (unit[1:] != "") & (unit[:-1] != "")])
    same = np.concatenate([[False], np.diff(place) == 0])
    for where, row in _first(points, np.flatnonzero((jump | other) & same)):
        got = f"{points['capacity'].iloc[row - 1]:g}, then {points['capacity'].iloc[row]:g} (cell {names[where]})"
        expected = "one unit for all cycles of a cell; this looks like Ah and mAh, or mAh and mAh/g, mixed"
        found.append((where, Mistake(int(points["line"].iloc[row]), "capacity", got, expected, name)))
    return found


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
        (int(where), Mistake(int(lines[where]), "cycle",
                             f"{count[where]} points over {max(span[where], 0):g} cycles (cell {names[where]})",
                             f"at least {LEAST_CYCLES} cycles, seen at {LEAST_POINTS} points", name))
        for where in short.tolist()
    ]  # fmt: skip


CHECKS = (in_order, once_each, in_range, in_one_unit)


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
    found: dict[int, str] = {}
    for row in wide:
        where = int(place[row])
        begin, end = np.searchsorted(place, [where, where + 1])
        if where not in found and step[row] > TIMES_THE_USUAL * np.median(step[begin : end - 1]):
            found[where] = (
                f"a gap: nothing between cycles {cycle[row]:g} and {cycle[row + 1]:g}; the line between them is taken"
            )
    return found
