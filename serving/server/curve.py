"""The retention of designs over their cycles, with the band of the interval."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from features.designs import Designs
from models.designs import has_anode
from models.predictor import DEFAULT_CYCLE, ENDS
from models.targets import RETENTION
from serving.server.generations import ServedModel

LAST_CYCLE = 1_000
"""Where the curves end, unless a design asks for a later cycle."""
POINTS = 41
NAMES = ("retention_pct", "low", "high")


def curve_cycles(asked: np.ndarray) -> list[int]:
    """Cycles of the curves, dense where cells fade fast: from 1 to the last that is asked for."""
    last = max(LAST_CYCLE, int(np.ceil(asked.max(initial=0.0))))
    return [int(cycle) for cycle in np.unique(np.geomspace(1, last, POINTS).round())]


def curves(
    model: ServedModel, designs: Designs, level: float, measured: pd.DataFrame | None
) -> list[dict[str, Any] | None]:
    """Each design's curve, None where it describes no anode.

    Its points are predictions as any other, one of them at the cycle that the design asks for: the curve cannot differ
    from what is predicted there.
    """
    described = has_anode(designs)
    drawn = iter(_drawn(model, designs.take(described), level, measured) if described.any() else [])
    return [next(drawn) if each else None for each in described]


def _drawn(
    model: ServedModel, cells: Designs, level: float, measured: pd.DataFrame | None
) -> list[dict[str, list[float]]]:
    given = cells.number("cycle")
    asked = np.where(np.isnan(given), DEFAULT_CYCLE, given)
    cycles = curve_cycles(asked)
    table = model.predictor.predict(
        cells, targets=[RETENTION.column], level=level, precedents=0, measured=measured, cycles=cycles
    ).table
    places = [[] if cycle in cycles else [int(np.searchsorted(cycles, cycle))] for cycle in asked]
    found = {"cycle": np.tile(np.array(cycles, dtype=float), (len(cells), 1))}
    for name, end in zip(NAMES, ENDS, strict=True):
        found[name] = table[[f"{RETENTION.column}_at_{cycle}{end}" for cycle in cycles]].to_numpy(dtype=float)
    own = {"cycle": asked} | {
        name: table[RETENTION.column + end].to_numpy(dtype=float) for name, end in zip(NAMES, ENDS, strict=True)
    }
    return [
        {name: np.insert(found[name][row], places[row], own[name][row]).tolist() for name in found}
        for row in range(len(cells))
    ]
