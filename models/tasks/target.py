"""One predicted quantity: its column, words, unit, scale and limits, declared once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Target:
    """Quantity that is predicted.

    Attributes
    ----------
    column : str
        Its column in tables and answers; the name ends in the unit.
    label, unit : str
        As printed.
    log10 : bool
        Whether errors and plots are on the log10 scale.
    low, high : float
        Limits in `unit` that no prediction leaves.
    error_unit : str
        Unit of the mean absolute error.
    printed : str
        Format of a value, such as `.1e`.
    qualifier : str
        Column that says whether a measured value is a bound; empty where none does.
    at_cycle : bool
        Whether it is predicted at a cycle of the design's life.
    censored : bool
        Whether most measured values are only bounds: it is judged by concordance and likelihood, not by an error.
    of_first_cycle : bool
        Whether the balance of the first cycle explains it.
    """

    column: str
    label: str
    unit: str
    log10: bool
    low: float
    high: float
    error_unit: str
    printed: str
    qualifier: str = ""
    at_cycle: bool = False
    censored: bool = False
    of_first_cycle: bool = False

    def scaled(self, value: object) -> np.ndarray:
        """Return values on the scale errors are measured on.

        Parameters
        ----------
        value : float or array
            In `unit`, any shape.

        Examples
        --------
        >>> from models.tasks.conductivity import CONDUCTIVITY
        >>> float(CONDUCTIVITY.scaled(1e-3))
        -3.0
        """
        values = np.asarray(value, dtype=float)
        with np.errstate(divide="ignore"):
            return np.log10(values) if self.log10 else values

    def unscaled(self, value: object) -> np.ndarray:
        """Return values in `unit`, kept inside the limits.

        Parameters
        ----------
        value : float or array
            On the error scale, any shape.
        """
        values = np.asarray(value, dtype=float)
        return np.clip(10.0**values if self.log10 else values, self.low, self.high)

    def within_limits(self, scaled: Any) -> np.ndarray:
        """Clip values on the error scale to the limits; on a log scale, whose limits no model comes near, as they are.

        Parameters
        ----------
        scaled : array
            On the error scale, any shape.
        """
        return np.asarray(scaled if self.log10 else np.clip(scaled, self.low, self.high))

    def show(self, value: float) -> str:
        """Return a value as printed, without its unit; empty for NaN.

        Parameters
        ----------
        value : float
            In `unit`.
        """
        return "" if np.isnan(value) else format(value, self.printed)
