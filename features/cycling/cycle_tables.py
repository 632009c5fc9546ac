"""Tables of cycle and capacity: CSV, TSV, Excel, Parquet and the battery data format, with their mistakes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from features.cycling.checks import failed_checks, gaps, too_short
from features.cycling.columns import CELL, find_columns, folded, numbers, summed_by_cycle
from features.cycling.curves import Curves
from features.cycling.cycler_files import read_frame, read_frames
from features.cycling.steps import Steps, left_out
from features.tables.mistakes import InputError, Mistake


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
