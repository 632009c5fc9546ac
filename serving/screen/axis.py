"""One thing that varies over a space: listed values, or a range in steps, in points, or without any."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

import numpy as np

NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_RANGE = re.compile(
    rf"(?P<low>{NUMBER})\s*\.\.\s*(?P<high>{NUMBER})"
    rf"(?:\s+step\s+(?P<step>{NUMBER})|\s+points\s+(?P<points>\d+))?(?P<log>\s+log)?"
)
_DASHED = re.compile(rf"({NUMBER})\s*(?:-|–|to)\s*({NUMBER})(\s.*)?")
RANGE_FORMS = "0..1 step 0.05, 20..5000 points 9 log, or (for a sample) 20..5000 log"
STEP_DIGITS, DRAWN_DIGITS = 12, 4
"""Significant digits that values in steps and drawn values are rounded to: 0.3 instead of 0.30000000000000004."""
Value: TypeAlias = float | str | bool | None


@dataclass(frozen=True)
class Listed:
    """Values one by one.

    Attributes
    ----------
    values : numbers with NaN, or texts with None, where a value is not known
    """

    values: tuple[Value, ...]

    @property
    def count(self) -> int:
        """How many values there are."""
        return len(self.values)

    def take(self, places: np.ndarray) -> np.ndarray:
        """Values at places 0 to count - 1, same shape; floats where all are numbers, else objects."""
        numbers = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in self.values)
        table = np.array(self.values, dtype=float) if numbers else np.array([*self.values, None], dtype=object)[:-1]
        return np.asarray(table[places])

    def at(self, shares: np.ndarray) -> np.ndarray:
        """Values at shares 0 to 1 of the way through, same shape."""
        return self.take(np.minimum((shares * self.count).astype(int), self.count - 1))


@dataclass(frozen=True)
class Range:
    """Numbers from low to high; `count` of them, or any where it is None; even on the log scale where `log`."""

    low: float
    high: float
    count: int | None = None
    log: bool = False

    def take(self, places: np.ndarray) -> np.ndarray:
        """Values at places 0 to count - 1, same shape."""
        return self._between(np.asarray(places, dtype=float) / max((self.count or 2) - 1, 1), STEP_DIGITS)

    def at(self, shares: np.ndarray) -> np.ndarray:
        """Values at shares 0 to 1 of the way, same shape; the nearest step below where there are steps."""
        if self.count is None:
            return self._between(np.asarray(shares, dtype=float), DRAWN_DIGITS)
        return self.take(np.minimum((shares * self.count).astype(int), self.count - 1))

    def _between(self, shares: np.ndarray, digits: int) -> np.ndarray:
        span = math.log10(self.high / self.low) if self.log else self.high - self.low
        values = self.low * 10.0 ** (span * shares) if self.log else self.low + span * shares
        return np.asarray(np.clip(_rounded(values, digits), self.low, self.high))


Axis: TypeAlias = Listed | Range


def looks_like_range(text: str) -> bool:
    """Whether a text is meant as a range, also one written `0-100`, which `read_range` refuses with the right form."""
    return ".." in text or bool(_DASHED.fullmatch(text))


def read_range(text: str) -> Range:
    """A range from `low..high`, with `step s` or `points n`, and `log` for even steps on the log scale.

    Raises
    ------
    ValueError
        Another form, ends in the wrong order, a step that is not above 0, a log scale that reaches 0.

    Examples
    --------
    >>> read_range("0..1 step 0.25").take(np.arange(5)).tolist()
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    match = _RANGE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"a range such as {RANGE_FORMS}")
    low, high, log = float(match["low"]), float(match["high"]), bool(match["log"])
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"a range from low to high, such as {match['high']}..{match['low']}")
    if log and low <= 0:
        raise ValueError("a range above 0 where it is on the log scale")
    if match["step"]:
        step = float(match["step"])
        if log:
            raise ValueError(f"points, not a step, on the log scale: {match['low']}..{match['high']} points 9 log")
        if not 0 < step <= high - low:
            raise ValueError(f"a step above 0 and at most {high - low:g}")
        steps = int((Fraction(match["high"]) - Fraction(match["low"])) / Fraction(match["step"]))
        return Range(low, float(_rounded(np.array(low + steps * step), STEP_DIGITS)), steps + 1)
    if match["points"]:
        if int(match["points"]) < 2:
            raise ValueError("at least 2 points")
        return Range(low, high, int(match["points"]), log)
    return Range(low, high, None, log)


def _rounded(values: np.ndarray, digits: int) -> np.ndarray:
    """Values to so many significant digits of each."""
    with np.errstate(divide="ignore"):
        scale = 10.0 ** (digits - 1 - np.floor(np.log10(np.abs(np.where(values == 0, 1.0, values)))))
    return np.where(values == 0, 0.0, np.round(values * scale) / scale)
