"""The four things predicted: column, words, unit, scale and limits, each declared once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Target:
    """One predicted quantity.

    Attributes
    ----------
    column : its column in tables and answers
    label, unit : as printed
    log10 : whether errors and plots are on the log10 scale
    low, high : limits in `unit` that no prediction leaves
    error_unit : unit of the mean absolute error
    decimals : how the value is printed
    """

    column: str
    label: str
    unit: str
    log10: bool
    low: float
    high: float
    error_unit: str
    printed: str

    def scaled(self, value: object) -> np.ndarray:
        """Value on the scale errors are measured on."""
        values = np.asarray(value, dtype=float)
        with np.errstate(divide="ignore"):
            return np.log10(values) if self.log10 else values

    def unscaled(self, value: object) -> np.ndarray:
        """Back to the unit, kept inside the limits."""
        values = np.asarray(value, dtype=float)
        return np.clip(10.0**values if self.log10 else values, self.low, self.high)

    def show(self, value: float) -> str:
        """The value as printed, without its unit."""
        return "" if np.isnan(value) else format(value, self.printed)


CONDUCTIVITY = Target("conductivity_s_per_cm", "ionic conductivity", "S/cm", True, 1e-14, 1.0, "decades", ".1e")
ICE = Target("ice_pct", "initial Coulombic efficiency", "%", False, 0.0, 100.0, "percentage points", ".0f")
RETENTION = Target("retention_pct", "capacity retention", "%", False, 0.0, 100.0, "percentage points", ".0f")
LIFE = Target("cycle_life_80", "cycle life to 80 %", "cycles", True, 1.0, 1e6, "decades", ".0f")

TARGETS: dict[str, Target] = {target.column: target for target in (CONDUCTIVITY, ICE, RETENTION, LIFE)}
"""Targets by column, in the order of every report."""
