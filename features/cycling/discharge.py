"""The change of a cell's discharge curve between two cycles, dQ(V), and what it shows of its life."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from features.cycling.columns import TO_UNIT, find_columns, folded, numbers, unit_of
from features.cycling.curves import Curves, Floats
from features.tables.mistakes import InputError, Mistake

EARLY, LATE, REACH = 10.0, 100.0, 2.0
"""Cycles whose discharges are compared, and how far from them a given one may lie."""
VOLTAGES = np.linspace(2.0, 3.6, 100)
"""V, between the cut-offs of an LFP cell."""
LEAST_POINTS = 20
VOLTAGE = ("voltage_v", "voltage", "voltage_volt")
LEAST_VARIANCE = 1e-10
"""That a curve which does not change is taken to have: it has no logarithm."""
DISCHARGE_FEATURES = {
    "log10_variance": "log10 of the variance of dQ(V), in units of the initial capacity",
    "rate": "median retention of cycles 95 to 100 less that of cycles 8 to 13",
    "late_rate": "median retention of cycles 95 to 100 less that of cycles 75 to 80",
}


def discharge_change(frame: pd.DataFrame, name: str) -> dict[str, Floats]:
    """Return dQ(V) of each cell: discharged capacity at `VOLTAGES` in cycle 100 less that in cycle 10, in Ah.

    Parameters
    ----------
    frame : DataFrame
        Text cells, the first row is line 2 of the file: `cell`, `cycle`, `voltage_v` and `capacity_ah` or
        `capacity_mah`, the capacity discharged from the begin of the discharge on. Other cycles may stand there too.
    name : str
        Of the file, for messages.

    Raises
    ------
    InputError
        A column lacks, or a cell has no such cycles; all mistakes at once.

    Examples
    --------
    A cell that discharges 1 Ah evenly from 3.6 to 2.0 V in cycle 10, and 0.9 Ah in cycle 100:

    >>> volts = np.linspace(3.6, 2.0, 21)
    >>> rows = [("A", n, v, full * (3.6 - v) / 1.6) for n, full in ((10, 1.0), (100, 0.9)) for v in volts]
    >>> frame = pd.DataFrame(rows, columns=["cell", "cycle", "voltage_v", "capacity_ah"]).astype(str)
    >>> discharge_change(frame, "curves.csv")["A"][[0, -1]].round(3).tolist()
    [-0.1, 0.0]
    """
    frame = frame.rename(columns={column: folded(str(column)) for column in frame.columns})
    columns = find_columns(frame, name)
    voltage = next((column for column in VOLTAGE if column in frame), None)
    if voltage is None or columns.cell is None or unit_of(columns.capacity[0])[0] != TO_UNIT["ah"][0]:
        missing = "voltage_v" if voltage is None else "cell" if columns.cell is None else "capacity_ah"
        expected = "cell, cycle, voltage_v and capacity_ah or capacity_mah"
        raise InputError(
            f"{name}: not a table of discharge curves",
            [Mistake(1, missing, ", ".join(map(str, frame.columns)), expected, name)],
        )
    points, wrong = numbers(frame, columns, name)
    mistakes = [mistake for mistake, _ in wrong]
    points["voltage"] = pd.to_numeric(frame[voltage].str.strip(), errors="coerce").to_numpy(dtype=float)
    if (bad := np.flatnonzero(~np.isfinite(points["voltage"]))).size:
        text = repr(frame[voltage].iloc[bad[0]])
        mistakes.append(Mistake(int(points["line"][bad[0]]), voltage, text, "a number of volts", name))
    if mistakes:
        raise InputError(f"{name}: discharge curves that cannot be read", mistakes)
    changes = {}
    for cell, rows in points.groupby("cell", sort=False):
        try:
            early, late = (_curve(rows, cycle) for cycle in (EARLY, LATE))
        except ValueError as error:
            expected = f"the discharges of cycles {EARLY:g} and {LATE:g}, {LEAST_POINTS} points or more of each"
            line = int(rows["line"].iloc[0])
            mistakes.append(Mistake(line, columns.cycle, f"{error} (cell {cell})", expected, name))
        else:
            changes[str(cell)] = late - early
    if mistakes:
        raise InputError(f"{name}: discharge curves that cannot be used", mistakes)
    return changes


def _curve(rows: pd.DataFrame, cycle: float) -> Floats:
    """Return the capacity discharged down to each voltage in the cycle nearest to one."""
    cycles = rows["cycle"].unique()
    nearest = cycles[np.abs(cycles - cycle).argmin()]
    if abs(nearest - cycle) > REACH:
        raise ValueError(f"cycle {nearest:g} is the nearest to {cycle:g}")
    curve = rows[rows["cycle"] == nearest].sort_values("voltage", kind="stable")
    if len(curve) < LEAST_POINTS:
        raise ValueError(f"{len(curve)} points in cycle {nearest:g}")
    volts, capacity = curve["voltage"].to_numpy(), curve["capacity"].to_numpy()
    if np.polyfit(volts, capacity, 1)[0] >= 0:
        raise ValueError(f"in cycle {nearest:g} a capacity that grows with the voltage: a charge")
    return np.asarray(np.interp(VOLTAGES, volts, capacity))


def discharge_features(curves: Curves, change: Mapping[str, Floats]) -> pd.DataFrame:
    """Return what dQ(V) and the capacities of the first 100 cycles show.

    Parameters
    ----------
    curves : Curves
        Capacities of the cells in Ah, cycle by cycle.
    change : mapping of str to array
        dQ(V) in Ah by cell, as `discharge_change` returns it; cells without are NaN throughout.

    Returns
    -------
    DataFrame
        Columns of `DISCHARGE_FEATURES`, one row per cell; the rates are NaN where a cell lacks their cycles.
    """
    table = pd.DataFrame(np.nan, index=range(len(curves.names)), columns=list(DISCHARGE_FEATURES))
    for place, name in enumerate(curves.names):
        if name not in change:
            continue
        points = slice(*curves.starts[place : place + 2])
        cycle, retention = curves.cycle[points], curves.retention[points]
        windows = [retention[(cycle >= first) & (cycle <= last)] for first, last in ((8, 13), (75, 80), (95, 100))]
        variance = (change[name] / curves.initial[place]).var()
        begin, late, last = (np.median(window) if len(window) else np.nan for window in windows)
        table.loc[place] = [np.log10(max(variance, LEAST_VARIANCE)), last - begin, last - late]
    return table
