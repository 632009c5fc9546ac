"""Features of a cell's first cycles, free of units: fade so far, its speed in windows, curvature and scatter."""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.cycling.curves import Curves, Floats

SHAPE_FEATURES = {
    "log10_cycles": "log10 of the last cycle given",
    "retention": "retention at the last cycle, from the line through the last quarter",
    "rise": "highest retention above 1",
    "log10_fade": "log10 of the loss since the maximum",
    "log10_rate": "log10 of the loss per cycle over the second half",
    "rate_ratio": "log10 of the loss per cycle of the second half over that of the first",
    "late_ratio": "log10 of the loss per cycle of the last quarter over that of the quarter before",
    "log10_noise": "log10 of the scatter about the running median",
    "first_loss": "loss over the first tenth of the cycles",
    "log10_spacing": "log10 of the cycles between two points",
}
LEAST_RATE = 1e-6
"""Loss per cycle that a rate counts as, at least: a cell that does not fade has no logarithm."""


def shape_features(curves: Curves) -> pd.DataFrame:
    """Return the features of first cycles, one row per cell.

    Parameters
    ----------
    curves : Curves
        First cycles: at least two points of each cell.

    Returns
    -------
    DataFrame
        Columns of `SHAPE_FEATURES`, finite throughout.

    Examples
    --------
    >>> line = Curves.of(["A"], np.zeros(41, int), np.arange(1.0, 42), np.linspace(1.0, 0.92, 41))
    >>> shape_features(line)["log10_rate"].round(2).tolist()  # 0.96 to 0.923, the mean of the last tenth
    [-2.73]
    """
    smooth, first, last = curves.smooth(), curves.cycle[curves.starts[:-1]], curves.last
    highest = np.maximum.reduceat(smooth, curves.starts[:-1])
    quarters = [_line(curves, smooth, first + share * (last - first)) for share in (0.0, 0.25, 0.5, 0.75)]
    ends = [*quarters[1:], _end(curves, smooth)]
    begin = smooth[curves.starts[:-1]]
    span = np.maximum(last - first, 1.0)
    half = np.maximum((ends[1] - ends[3]) / (span / 2), LEAST_RATE)
    early = np.maximum((begin - ends[1]) / (span / 2), LEAST_RATE)
    late = np.maximum((ends[2] - ends[3]) / (span / 4), LEAST_RATE)
    third = np.maximum((ends[1] - ends[2]) / (span / 4), LEAST_RATE)
    noise = np.bincount(curves.cell, weights=(curves.retention - smooth) ** 2) / curves.counts
    columns = {
        "log10_cycles": np.log10(last),
        "retention": ends[3],
        "rise": highest - 1,
        "log10_fade": np.log10(np.maximum(highest - ends[3], 1e-4)),
        "log10_rate": np.log10(half),
        "rate_ratio": np.clip(np.log10(half / early), -1.5, 1.5),
        "late_ratio": np.clip(np.log10(late / third), -1.5, 1.5),
        "log10_noise": np.log10(np.hypot(np.sqrt(noise), 1e-4)),
        "first_loss": begin - _line(curves, smooth, first + 0.1 * span),
        "log10_spacing": np.log10(np.maximum(curves.spacing, 1.0)),
    }
    return pd.DataFrame(columns)[list(SHAPE_FEATURES)]


def _line(curves: Curves, values: Floats, cycle: Floats) -> Floats:
    """Return the values at a cycle of each cell, linear between its points."""
    cell = curves.cell
    passed = np.bincount(cell, weights=curves.cycle <= cycle[cell], minlength=len(curves.names)).astype(int)
    before = curves.starts[:-1] + np.maximum(passed - 1, 0)
    after = np.minimum(before + 1, curves.starts[1:] - 1)
    gap = curves.cycle[after] - curves.cycle[before]
    share = np.divide(cycle - curves.cycle[before], gap, out=np.zeros_like(gap), where=gap > 0)
    return np.asarray(values[before] + np.clip(share, 0, 1) * (values[after] - values[before]))


def _end(curves: Curves, values: Floats) -> Floats:
    """Return the mean of the last tenth of the points, at least one."""
    cell = curves.cell
    place = np.arange(len(cell)) - curves.starts[:-1][cell]
    final = place >= curves.counts[cell] - np.maximum(curves.counts[cell] // 10, 1)
    count = len(curves.names)
    total = np.bincount(cell, weights=values * final, minlength=count)
    return np.asarray(total / np.bincount(cell, weights=final, minlength=count))
