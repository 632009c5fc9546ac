"""Features as a chemist reads them: back from logarithms and inverse temperatures to the units of the laboratory."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from features.feature import Feature
from features.physics import ZERO_CELSIUS_K

INVERSE_TEMPERATURE = "inverse_temperature_per_kk"
_LOG_OF_ONE_PLUS = re.compile(r"log10 \(1 \+ (.+)\)")
_LOG_OF = re.compile(r"log10 (.+)")
_STATES = re.compile(r"(\d+) ([^,]+)")


@dataclass(frozen=True)
class Reading:
    """A feature in words and units of the laboratory.

    Attributes
    ----------
    label, unit : str
        As printed; `unit` is empty for pure numbers and for yes and no.
    natural : callable
        From the model's values to those of the laboratory, NaN where unknown.
    log : bool
        Whether an axis of it is logarithmic.
    states : tuple of str
        Words of its whole numbers, where it has words for them.
    """

    label: str
    unit: str
    natural: Callable[[np.ndarray], np.ndarray]
    log: bool = False
    states: tuple[str, ...] = ()

    @property
    def printed(self) -> str:
        """Label with the unit."""
        return f"{self.label} ({self.unit})" if self.unit else self.label

    def in_words(self, value: float) -> str:
        """Write a value of the feature: `20 MPa`, `yes`, `not given`.

        Parameters
        ----------
        value : float
            As the model reads it; NaN where it is not given.
        """
        if np.isnan(value):
            return "not given"
        if self.states:
            return self.states[min(max(round(value), 0), len(self.states) - 1)]
        number = f"{float(self.natural(np.array(value))):.3g}"
        return f"{number} {self.unit}" if self.unit else number


def reading(feature: Feature) -> Reading:
    """Return how a feature of a featurizer is read.

    Parameters
    ----------
    feature : Feature
        Its unit says how: `log10 nm`, `log10 (1 + MPa)`, `yes/no`, `0 none, 1 some`, or a plain unit.

    Examples
    --------
    >>> pressure = reading(Feature("log10_stack_pressure_mpa", "stack pressure", "log10 (1 + MPa)"))
    >>> pressure.printed, pressure.in_words(2.0)
    ('stack pressure (MPa)', '99 MPa')
    """
    if feature.name == INVERSE_TEMPERATURE:
        return Reading("temperature", "°C", lambda values: 1000.0 / values - ZERO_CELSIUS_K)
    if feature.unit == "yes/no":
        return Reading(feature.label, "", np.asarray, states=("no", "yes"))
    if match := _LOG_OF_ONE_PLUS.fullmatch(feature.unit):
        return Reading(feature.label, match[1], lambda values: 10.0**values - 1.0)
    if match := _LOG_OF.fullmatch(feature.unit):
        return Reading(feature.label, match[1], lambda values: 10.0**values, log=True)
    if states := _STATES.findall(feature.unit):
        return Reading(feature.label, "", np.asarray, states=tuple(word for _, word in states))
    return Reading(feature.label, "" if feature.unit == "1" else feature.unit, np.asarray)
