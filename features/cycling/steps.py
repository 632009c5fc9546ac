"""Cycles that are no ageing cycles: formation before, rate and reference tests between, found by steps of capacity."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from features.cycling.curves import Floats

STEP = 0.04
"""Change from one cycle to the next, as a share, that ageing does not make."""
RISE = 0.5
FORMATION_CYCLES = 10
"""Formation lies within the first of this many cycles."""
MOST_LEFT_OUT = 0.25
DENSE = 5.0
HALF_WINDOW = 4


@dataclass
class Steps:
    """Which points are ageing cycles.

    Attributes
    ----------
    stays : shape (n_points,)
    notices : what was left out, by cell
    refused : why a cell cannot be read, by cell
    """

    stays: NDArray[np.bool_]
    notices: dict[int, list[str]] = field(default_factory=dict)
    refused: dict[int, str] = field(default_factory=dict)
    remedy: str = "cycles of one C-rate and one temperature; cut the table where they change, or leave those cycles out"


def left_out(place: NDArray[np.intp], cycle: Floats, capacity: Floats, c_rate: Floats | None, count: int) -> Steps:
    """Find formation, rate tests and reference cycles.

    A column of C-rates decides where there is one: the commonest is the ageing, and what stands before its first cycle
    is formation. Without it a step of more than 4 % decides: near the beginning, what lies before it is formation; a
    departure that comes back is a test. A step that stays is refused, as is a capacity that rises by half.

    Parameters
    ----------
    place : array, shape (n_points,)
        Cell of each point, rows in the order of cycles.
    cycle, capacity : array, shape (n_points,)
        Of each point.
    c_rate : array, optional
        Of each point, 1/h; NaN where not known.
    count : int
        Number of cells.
    """
    steps = Steps(np.ones(len(place), dtype=bool))
    order = np.lexsort((cycle, place))
    sorted_place, sorted_capacity = place[order], capacity[order]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = sorted_capacity[1:] / sorted_capacity[:-1] - 1
    inside = np.diff(sorted_place) == 0
    suspects = set(np.unique(sorted_place[1:][inside & (np.abs(ratio) > STEP)]).tolist())
    if c_rate is not None:
        low, high = np.full(count, np.inf), np.full(count, -np.inf)
        known = np.isfinite(c_rate)
        np.minimum.at(low, place[known], c_rate[known])
        np.maximum.at(high, place[known], c_rate[known])
        suspects |= set(np.flatnonzero(high > low * 1.05).tolist())
    starts = np.searchsorted(sorted_place, np.arange(count + 1))
    for cell in sorted(suspects):
        rows = order[starts[cell] : starts[cell + 1]]
        rate = None if c_rate is None else c_rate[rows]
        _one_cell(int(cell), rows, cycle[rows], capacity[rows], rate, steps)
    return steps


def _one_cell(
    cell: int, rows: NDArray[np.intp], cycle: Floats, capacity: Floats, c_rate: Floats | None, steps: Steps
) -> None:
    """Judge one cell; its points in the order of cycles."""
    stays = np.ones(len(rows), dtype=bool)
    notices: list[str] = []
    if c_rate is not None and np.isfinite(c_rate).any():
        rates, counts = np.unique(np.round(c_rate[np.isfinite(c_rate)], 3), return_counts=True)
        ageing = rates[np.argmax(counts)]
        off_rate = np.isfinite(c_rate) & (np.abs(c_rate - ageing) > 0.05 * ageing)
        first = int(np.argmax(~off_rate))
        _say(notices, cycle[:first], f"formation (another C-rate than {ageing:g})")
        later = np.flatnonzero(off_rate[first:]) + first
        _say(notices, cycle[later], f"another C-rate than {ageing:g}")
        stays &= ~off_rate
    elif (cycle[-1] - cycle[0]) / max(len(cycle) - 1, 1) <= DENSE:
        first = _formation(capacity)
        _say(notices, cycle[:first], "formation: the capacity steps after them")
        stays[:first] = False
        test = _departures(capacity[first:])
        _say(notices, cycle[first:][test], "a rate or reference test: the capacity departs and comes back")
        stays[first:] &= ~test
    trouble = _trouble(cycle[stays], capacity[stays], int(np.sum(~stays)), len(rows))
    if trouble:
        steps.refused[cell] = trouble
    elif notices:
        steps.notices[cell] = notices
    steps.stays[rows] = stays


def _formation(capacity: Floats) -> int:
    """Return the number of cycles before the last step near the beginning, where five even cycles follow it."""
    with np.errstate(divide="ignore", invalid="ignore"):
        change = np.abs(capacity[1:] / capacity[:-1] - 1)
    early = np.flatnonzero(change[:FORMATION_CYCLES] > STEP)
    if not early.size or len(capacity) < early[-1] + 7:
        return 0
    first = int(early[-1]) + 1
    # one odd cycle that comes back is a test or a slip, not formation
    before, after = np.median(capacity[:first]), np.median(capacity[first : first + 5])
    even = bool((change[first : first + 4] <= STEP).all())
    return first if even and abs(before / after - 1) > STEP / 2 else 0


def _departures(capacity: Floats) -> NDArray[np.bool_]:
    """Return the points that depart from the median of their neighbours by more than a step."""
    if len(capacity) < 2 * HALF_WINDOW + 1:
        return np.zeros(len(capacity), dtype=bool)
    place = np.clip(np.arange(len(capacity))[:, None] + np.arange(-HALF_WINDOW, HALF_WINDOW + 1), 0, len(capacity) - 1)
    middle = np.median(capacity[place], axis=1)
    return np.asarray(np.abs(capacity / middle - 1) > STEP)


def _trouble(cycle: Floats, capacity: Floats, gone: int, total: int) -> str:
    """Return why the ageing cycles cannot be read; empty where they can."""
    if gone > MOST_LEFT_OUT * total and total - gone < 20:
        return f"{gone} of {total} cycles are formation or tests"
    with np.errstate(divide="ignore", invalid="ignore"):
        change = capacity[1:] / capacity[:-1] - 1
    rise = np.flatnonzero(change > RISE)
    if rise.size:
        before, after = rise[0], rise[0] + 1
        return f"the capacity rises by half, from {capacity[before]:g} to {capacity[after]:g} at cycle {cycle[after]:g}"
    gap = np.diff(cycle)
    step = np.flatnonzero((np.abs(change) > 2 * STEP) & (gap <= DENSE))
    if step.size:
        before = step[0]
        return f"the capacity steps by {100 * change[before]:+.0f} % at cycle {cycle[before + 1]:g} and stays there"
    return ""


def _say(notices: list[str], cycles: Floats, why: str) -> None:
    """Add which cycles were left out."""
    if len(cycles):
        listed = ", ".join(f"{cycle:g}" for cycle in cycles[:5]) + (" and more" if len(cycles) > 5 else "")
        notices.append(f"left out: cycle{'s' if len(cycles) > 1 else ''} {listed}, {why}")
