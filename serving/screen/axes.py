"""Axes of a space: listed values or ranges, and which of their values a design by its number has, on a grid or in a
sample. Any chunk of designs can be made alone."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

import numpy as np

NUMBER = r"[+-]?(?:[0-9]{1,20}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})(?:[eE][+-]?[0-9]{1,3})?"
"""Of bounded length: what is exact of it, a fraction, stays small."""
LONGEST_RANGE, MAX_STEPS = 200, 10**18
_RANGE = re.compile(
    rf"(?P<low>{NUMBER})\s*\.\.\s*(?P<high>{NUMBER})"
    rf"(?:\s+step\s+(?P<step>{NUMBER})|\s+points\s+(?P<points>[0-9]{{1,18}}))?(?P<log>\s+log)?"
)
_DASHED = re.compile(rf"({NUMBER})\s*(?:-|–|to)\s*({NUMBER})(\s.*)?")
RANGE_FORMS = "0..1 step 0.05, 20..5000 points 9 log, or (for a sample) 20..5000 log"
STEP_DIGITS, DRAWN_DIGITS = 12, 4
"""Significant digits that values in steps and drawn values are rounded to: 0.3 instead of 0.30000000000000004."""
GRID, LATIN, SOBOL = "grid", "latin-hypercube", "sobol"
METHODS = (GRID, LATIN, SOBOL)
MAX_LATIN = 1_000_000
"""Points of a Latin hypercube at most: it is made as a whole and held."""
Value: TypeAlias = float | str | bool | None


@dataclass(frozen=True)
class Listed:
    """Values one by one.

    Attributes
    ----------
    values : tuple of float, str, bool or None
        Numbers with NaN, or texts with None, where a value is not known.
    """

    values: tuple[Value, ...]

    @property
    def count(self) -> int:
        """Number of values."""
        return len(self.values)

    @property
    def is_numeric(self) -> bool:
        """True where all values are numbers."""
        return all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in self.values)

    def take(self, places: np.ndarray) -> np.ndarray:
        """Return the values at some places.

        Parameters
        ----------
        places : array of int, any shape
            0 to count - 1.

        Returns
        -------
        array, same shape
            Floats where all values are numbers, else objects.
        """
        numbers = self.is_numeric
        table = np.array(self.values, dtype=float) if numbers else np.array([*self.values, None], dtype=object)[:-1]
        return np.asarray(table[places])

    def values_at(self, shares: np.ndarray) -> np.ndarray:
        """Return the values at shares of the way through.

        Parameters
        ----------
        shares : array, any shape
            0 to 1.

        Examples
        --------
        >>> Listed((5.0, 10.0, 20.0)).values_at(np.array([0.0, 0.5, 1.0])).tolist()
        [5.0, 10.0, 20.0]
        """
        return self.take(_place(shares, self.count))


@dataclass(frozen=True)
class Range:
    """Numbers from low to high.

    Attributes
    ----------
    low, high : float
        Ends, both included.
    count : int or None
        Number of values; None for any number between the ends.
    log : bool
        Whether the values are even on the log scale.
    """

    low: float
    high: float
    count: int | None = None
    log: bool = False

    def take(self, places: np.ndarray) -> np.ndarray:
        """Return the values at some places.

        Parameters
        ----------
        places : array of int, any shape
            0 to count - 1; of a range without a count, 0 and 1 are its ends.
        """
        return self._between(np.asarray(places, dtype=float) / max((self.count or 2) - 1, 1), STEP_DIGITS)

    def values_at(self, shares: np.ndarray) -> np.ndarray:
        """Return the values at shares of the way; the nearest step below where there are steps.

        Parameters
        ----------
        shares : array, any shape
            0 to 1.

        Examples
        --------
        >>> Range(10.0, 1000.0, log=True).values_at(np.array([0.0, 0.5, 1.0])).tolist()
        [10.0, 100.0, 1000.0]
        """
        if self.count is None:
            return self._between(np.asarray(shares, dtype=float), DRAWN_DIGITS)
        return self.take(_place(shares, self.count))

    def _between(self, shares: np.ndarray, digits: int) -> np.ndarray:
        span = math.log10(self.high / self.low) if self.log else self.high - self.low
        values = self.low * 10.0 ** (span * shares) if self.log else self.low + span * shares
        return np.asarray(np.clip(_rounded(values, digits), self.low, self.high))


Axis: TypeAlias = Listed | Range


def _place(shares: np.ndarray, count: int) -> np.ndarray:
    return np.asarray(np.minimum((shares * count).astype(int), count - 1))


def _rounded(values: np.ndarray, digits: int) -> np.ndarray:
    """Round values to so many significant digits of each."""
    with np.errstate(divide="ignore"):
        scale = 10.0 ** (digits - 1 - np.floor(np.log10(np.abs(np.where(values == 0, 1.0, values)))))
    return np.where(values == 0, 0.0, np.round(values * scale) / scale)


def looks_like_range(text: str) -> bool:
    """Return whether a text is meant as a range, also one written `0-100`, which `read_range` refuses with the right
    form.

    Parameters
    ----------
    text : str
    """
    return ".." in text or (len(text) <= LONGEST_RANGE and bool(_DASHED.fullmatch(text)))


def read_range(text: str) -> Range:
    """Read a range from `low..high`, with `step s` or `points n`, and `log` for even steps on the log scale.

    Parameters
    ----------
    text : str

    Raises
    ------
    ValueError
        Another form, ends in the wrong order, a step that is not above 0, a log scale that reaches 0.

    Examples
    --------
    >>> read_range("0..1 step 0.25").take(np.arange(5)).tolist()
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    match = _RANGE.fullmatch(text.strip()) if len(text) <= LONGEST_RANGE else None
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
        if steps > MAX_STEPS:
            raise ValueError(f"at most {MAX_STEPS:g} steps")
        return Range(low, float(_rounded(np.array(low + steps * step), STEP_DIGITS)), steps + 1)
    if match["points"]:
        if int(match["points"]) < 2:
            raise ValueError("at least 2 points")
        return Range(low, high, int(match["points"]), log)
    return Range(low, high, None, log)


def grid_places(numbers: np.ndarray, counts: Sequence[int]) -> list[np.ndarray]:
    """Return the place on each axis of grid points by number, the last axis running fastest.

    Parameters
    ----------
    numbers : array of int, shape (n_points,)
        Of the points, from 0.
    counts : sequence of int
        Values of each axis.

    Returns
    -------
    list of array, each of shape (n_points,)
        One for each axis.

    Examples
    --------
    >>> [places.tolist() for places in grid_places(np.arange(6), [2, 3])]
    [[0, 0, 0, 1, 1, 1], [0, 1, 2, 0, 1, 2]]
    """
    digits = []
    for count in reversed(counts):
        numbers, places = np.divmod(numbers, count)
        digits.append(places)
    return digits[::-1]


@dataclass
class Points:
    """A sample of the unit cube, the same for the same seed whichever part of it is asked for.

    Attributes
    ----------
    method : str
        `latin-hypercube` or `sobol`.
    size, dimensions, seed : int
        Of the sample.
    """

    method: str
    size: int
    dimensions: int
    seed: int
    _sample: np.ndarray | None = None

    def take(self, start: int, stop: int) -> np.ndarray:
        """Return some points of the sample.

        Parameters
        ----------
        start, stop : int
            Number of the first point, and the number behind the last.

        Returns
        -------
        array, shape (stop - start, dimensions)
            Each coordinate 0 to below 1.
        """
        from scipy.stats import qmc

        if self.method == LATIN:
            if self._sample is None:
                self._sample = qmc.LatinHypercube(self.dimensions, rng=self.seed).random(self.size)
            return self._sample[start:stop]
        engine = qmc.Sobol(self.dimensions, rng=self.seed)
        if start:
            return np.asarray(engine.fast_forward(start).random(stop - start))
        return np.asarray(engine.random_base2(int(stop - 1).bit_length()))[:stop]
