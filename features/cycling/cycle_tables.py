"""Tables of cycle and capacity: CSV, TSV, Excel, Parquet and the battery data format, checked, with their mistakes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pandas as pd

from features.cycling.columns import CELL, HOW_TO_SUM, find_columns, folded, numbers, summed_by_cycle
from features.cycling.curves import Curves
from features.cycling.cycler_files import read_frame, read_frames
from features.cycling.steps import Steps, left_out
from features.tables.mistakes import InputError, Mistake

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


@dataclass
class CyclingTable:
    """A table, cell by cell.

    Attributes
    ----------
    curves : of the cells that can be used
    about : the other columns, as written, first value of each of these cells
    mistakes : of the cells that cannot
    rejected : their names
    notices : what was left out or is missing, by cell
    unit : of the initial capacities
    """

    curves: Curves
    about: pd.DataFrame
    mistakes: list[Mistake] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    notices: dict[str, list[str]] = field(default_factory=dict)
    unit: str = "Ah"

    def keep(self, cells: list[int]) -> None:
        """Leave the other cells out.

        Parameters
        ----------
        cells : list of int
            Places of those that stay.
        """
        self.curves = self.curves.take(np.array(cells, dtype=int))
        self.about = self.about.iloc[cells].reset_index(drop=True)


def read_cycling(path: Path) -> CyclingTable:
    """Read a table of cycling data.

    Parameters
    ----------
    path : Path
        `.csv`, `.tsv`, `.bdf` (text), `.parquet`, `.xlsx`, or `.nda` and `.ndax` with `silion[cyclers]`; a file without
        a column `cell` is one cell of its name.

    Raises
    ------
    InputError
        The file cannot be read, lacks a column, or no cell of it can be used; all mistakes at once.
    """
    return cycling_of(read_frame(path), path.name, path.stem.removesuffix(".bdf"))


def read_portions(path: Path, **sizes: int) -> Iterator[CyclingTable]:
    """Yield a table of cycling data, a large text table in portions of whole cells.

    Parameters
    ----------
    path : Path
        As for `read_cycling`.
    **sizes : int
        As for `read_frames`.

    Raises
    ------
    InputError
        The file cannot be read, lacks a column, or no cell of it can be used; all mistakes at once.
    """
    name, seen, mistakes, usable = path.name, set[str](), list[Mistake](), 0
    for frame in read_frames(path, **sizes):
        table = cycling_of(frame, name, path.stem.removesuffix(".bdf"), need_one=False)
        names = {*table.curves.names, *table.rejected}
        if again := sorted(names & seen):
            expected = "the rows of a cell together, in a table of this size, and each cell under its own name"
            line = int(frame.index[0]) + 2
            table.mistakes += [Mistake(line, "cell", f"{cell} once more", expected, name) for cell in again]
            table.rejected += again
            table.keep([place for place, cell in enumerate(table.curves.names) if cell not in seen])
        seen |= names
        mistakes += table.mistakes
        usable += len(table.curves.names)
        yield table
    if not usable:
        raise InputError(f"{name}: no cell of it can be used", mistakes)


def cycling_of(frame: pd.DataFrame, name: str, cell: str = "cell", need_one: bool = True) -> CyclingTable:
    """Check a table of text cells and return its cells.

    Parameters
    ----------
    frame : DataFrame
        Text throughout; the first row is line 2 of the file.
    name : str
        Of the file, for messages.
    cell : str
        Name of the cell where no column holds it.
    need_one : bool
        Refuse a table without a cell that can be used.

    Raises
    ------
    InputError
        A column lacks, or no cell can be used.
    """
    frame = frame.rename(columns={column: folded(str(column)) for column in frame.columns})
    frame = frame[(frame != "").any(axis=1)]
    frame, summed = summed_by_cycle(frame, next((column for column in CELL if column in frame), "cell"))
    columns = find_columns(frame, name)
    if columns.cell is None:
        frame = frame.assign(cell=cell)
    points, mistakes = numbers(frame, columns, name)
    place, cells = pd.factorize(points["cell"])
    names, points["place"] = [str(cell) for cell in cells], place
    failures = [(names.index(cell) if cell in names else -1, mistake) for mistake, cell in mistakes]
    failures += [*failed_checks(points, names, name), *too_short(points, points, names, name)]
    c_rate = points["c_rate"].to_numpy(dtype=float) if "c_rate" in points else None
    steps = left_out(place, points["cycle"].to_numpy(), points["capacity"].to_numpy(), c_rate, len(names))
    for number, text in steps.refused.items():
        line, text = int(points["line"].to_numpy()[place == number][0]), f"cell {names[number]}: {text}"
        failures.append((number, Mistake(line, columns.capacity[0], text, steps.remedy, name)))
    ageing = points[steps.stays]
    failures += too_short(ageing, points, names, name)
    bad = dict(reversed(failures))  # the first of each cell
    table = _table(ageing, frame, names, bad, steps, summed)
    table.unit = columns.unit
    table.mistakes = [bad[number] for number in sorted(bad)]
    if need_one and not table.curves.names:
        raise InputError(f"{name}: no cell of it can be used", table.mistakes)
    return table


def _table(
    ageing: pd.DataFrame,
    frame: pd.DataFrame,
    names: list[str],
    bad: dict[int, Mistake],
    steps: Steps,
    summed: bool,
) -> CyclingTable:
    """Return the cells that can be used."""
    good = [place for place in range(len(names)) if place not in bad]
    number = np.full(len(names), -1)
    number[good] = np.arange(len(good))
    chosen = ageing[number[ageing["place"].to_numpy()] >= 0]
    good_names = [names[place] for place in good]
    curves = Curves.of(
        good_names, number[chosen["place"].to_numpy()],
        np.maximum(chosen["cycle"].to_numpy(), 1.0), chosen["capacity"].to_numpy(),
    )  # fmt: skip
    cell = next((column for column in CELL if column in frame), "cell")
    about = frame.assign(cell=frame[cell].str.strip()).groupby("cell", sort=False).first().reindex(good_names)
    notices = {names[place]: list(texts) for place, texts in steps.notices.items() if place not in bad}
    for place, text in gaps(chosen).items():
        notices.setdefault(names[place], []).append(text)
    if summed:
        for good_name in good_names:
            notices.setdefault(good_name, []).insert(0, "a record in the battery data format, summed by cycle")
    rejected = [names[place] for place in sorted(bad) if place >= 0]
    return CyclingTable(curves, about.reset_index(), [], rejected, notices)
