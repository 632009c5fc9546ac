"""The columns of a table of cycling data as numbers: what they are called, their units, and records summed by cycle."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.tables.mistakes import InputError, Mistake

CELL = ("cell", "cell_id", "cell_name", "battery", "sample")
CYCLE = ("cycle", "cycle_number", "cycle_index", "cycle_count", "cycle_count_1", "cycles")
TO_UNIT = {
    "ah": ("Ah", 1.0),
    "mah": ("Ah", 1e-3),
    "mah_per_g": ("mAh/g", 1.0),
    "mah_g": ("mAh/g", 1.0),
    "pct": ("%", 1.0),
}
"""Endings of a capacity column: the unit it is kept in, and the factor."""
KINDS = ("capacity", "discharge_capacity", "discharging_capacity", "retention")
RAW_TIME = ("test_time_s", "test_time_second", "time_s", "unix_time_s", "unix_time_second")
"""Columns of a record of seconds; one in the battery data format (BDF) is summed by cycle."""
STEP_COUNT = ("step_count", "step_count_1", "step_id", "step_index")
CUT_SHORT = 0.1
"""A last cycle of a record that lacks more than this share of the one before was not finished."""
HOW_TO_SUM = "one row per cycle with its discharge capacity; docs/life.md says how to sum a raw record"


def folded(header: str) -> str:
    """Return a column's name without case, blanks and signs.

    Parameters
    ----------
    header : str
        As written.

    Examples
    --------
    >>> folded("Discharging Capacity / Ah"), folded("capacity (mAh/g)")
    ('discharging_capacity_ah', 'capacity_mah_g')
    """
    return re.sub(r"[^a-z0-9]+", "_", header.lower()).strip("_")


@dataclass(frozen=True)
class Columns:
    """Where a table has cell, cycle and capacity.

    Attributes
    ----------
    cell : None where the file is one cell
    cycle : of the cycle number
    capacity : one or more, of several units
    unit : that capacities are kept in
    """

    cell: str | None
    cycle: str
    capacity: tuple[str, ...]
    unit: str


def find_columns(frame: pd.DataFrame, name: str) -> Columns:
    """Find cell, cycle and capacity.

    Parameters
    ----------
    frame : DataFrame
        Columns by their folded names.
    name : str
        Of the file.

    Raises
    ------
    InputError
        One of them lacks, or stands twice.
    """
    have = list(frame.columns)
    cycle = next((column for column in CYCLE if column in have), None)
    capacity = [column for column in have if any(column == f"{kind}_{end}" for kind in KINDS for end in TO_UNIT)]
    mistakes = []
    if cycle is None:
        remedy = HOW_TO_SUM if any(column in have for column in RAW_TIME) else "a column cycle"
        mistakes.append(Mistake(1, "cycle", ", ".join(have), remedy, name))
    if not capacity:
        bare = next((column for column in have if "capacity" in column), None)
        observed = f"{bare}, which says no unit" if bare else ", ".join(have)
        expected = "capacity_ah, capacity_mah, capacity_mah_per_g or retention_pct: the name says the unit"
        mistakes.append(Mistake(1, bare or "capacity", observed, expected, name))
    if doubles := sorted({column for column in have if have.count(column) > 1}):
        mistakes.append(Mistake(1, doubles[0], "twice", "each column once", name))
    if mistakes or cycle is None:
        raise InputError(f"{name}: not a table of cycle and capacity", mistakes)
    unit, _ = unit_of(capacity[0])
    cell = next((column for column in CELL if column in have), None)
    return Columns(cell, cycle, tuple(capacity), unit)


def unit_of(column: str) -> tuple[str, float]:
    """Return the unit a capacity is kept in, and the factor to it.

    Parameters
    ----------
    column : str
        Name that ends in its unit.

    Examples
    --------
    >>> unit_of("capacity_mah")
    ('Ah', 0.001)
    """
    end = max((end for end in TO_UNIT if column.endswith(f"_{end}")), key=len)
    return TO_UNIT[end]


def numbers(frame: pd.DataFrame, columns: Columns, name: str) -> tuple[pd.DataFrame, list[tuple[Mistake, str]]]:
    """Return the points, and what is no number, with its cell.

    Parameters
    ----------
    frame : DataFrame
        Text cells.
    columns : Columns
        Where to look.
    name : str
        Of the file.
    """
    cell = frame[columns.cell or "cell"].str.strip()
    points = pd.DataFrame({"line": frame.index.to_numpy() + 2, "cell": cell.to_numpy()})
    mistakes: list[tuple[Mistake, str]] = []
    written = {column: pd.to_numeric(frame[column].str.strip(), errors="coerce") for column in
               (columns.cycle, *columns.capacity)}  # fmt: skip
    points["cycle"] = written[columns.cycle].to_numpy(dtype=float)
    filled = {column: written[column].notna().to_numpy() for column in columns.capacity}
    points["capacity"] = np.nan
    points["unit"] = ""
    for column in reversed(columns.capacity):
        unit, factor = unit_of(column)
        points.loc[filled[column], "capacity"] = written[column].to_numpy()[filled[column]] * factor
        points.loc[filled[column], "unit"] = unit
    for column in ("c_rate", "temperature_c"):
        if column in frame:
            points[column] = pd.to_numeric(frame[column], errors="coerce").to_numpy(dtype=float)
    for column, values in ((columns.cycle, points["cycle"]), (columns.capacity[0], points["capacity"])):
        texts = frame[column].to_numpy()
        wrong = np.flatnonzero(~np.isfinite(values))
        for row in wrong[np.unique(points["cell"].to_numpy()[wrong], return_index=True)[1]]:
            of_cell = points["cell"][row]
            observed = f"{repr(texts[row]) if texts[row] else 'nothing'} (cell {of_cell})"
            mistakes.append((Mistake(int(points["line"][row]), column, observed, "a number", name), of_cell))
    if (unnamed := np.flatnonzero(points["cell"] == "")).size:
        mistakes.append((Mistake(int(points["line"][unnamed[0]]), "cell", "nothing", "the cell's name", name), ""))
    return points, mistakes


def summed_by_cycle(frame: pd.DataFrame, cell: str) -> tuple[pd.DataFrame, bool]:
    """Sum a record of seconds in the battery data format by cycle; any other table comes back as it is.

    A cycle discharges what `discharging_capacity_ah` rises by, or the sum of its steps whose `step_net_capacity_ah`
    falls below zero. Cycles that discharge nothing are left out, and so is a last one that is cut short.

    Parameters
    ----------
    frame : DataFrame
        Text cells, columns by their folded names.
    cell : str
        Column of the cell's name.
    """
    cycle = next((column for column in CYCLE if column in frame), None)
    step = next((column for column in STEP_COUNT if column in frame), None)
    is_record = cycle is not None and any(column in frame for column in RAW_TIME)
    counter = "discharging_capacity_ah" if "discharging_capacity_ah" in frame else "step_net_capacity_ah"
    if not is_record or counter not in frame or (counter == "step_net_capacity_ah" and step is None):
        return frame, False
    by = [column for column in (cell, cycle) if column in frame]
    count = pd.to_numeric(frame[counter], errors="coerce")
    keys = [frame[column] for column in by]
    if counter == "discharging_capacity_ah":
        discharged = count.groupby(keys, sort=False).max() - count.groupby(keys, sort=False).min()
    else:
        steps = count.groupby([*keys, frame[step]], sort=False).min().clip(upper=0).abs()
        discharged = steps.groupby(level=list(range(len(by))), sort=False).sum()
    first = frame[~frame.duplicated(by)]
    places = pd.MultiIndex.from_frame(first[by]) if len(by) > 1 else pd.Index(first[by[0]])
    amounts = discharged.reindex(places).to_numpy(dtype=float)
    names = first[cell].to_numpy() if cell in frame else np.zeros(len(first))
    last = np.append(names[1:] != names[:-1], True)
    before = np.append(np.nan, amounts[:-1])
    stays = (amounts > 0) & ~(last & (amounts < (1 - CUT_SHORT) * before))
    cycles = first[stays].drop(columns=[column for column in frame if "capacity" in str(column)])
    return cycles.assign(capacity_ah=[repr(float(amount)) for amount in amounts[stays]]), True
