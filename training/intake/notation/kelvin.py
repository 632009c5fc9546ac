"""Temperatures without a unit that are kelvin as a whole column, not value by value."""

from __future__ import annotations

import re
from collections.abc import Sequence

ABSOLUTE = 273.0
"""What no column of temperatures stays above in °C, and every one in kelvin does."""
_PLAIN = re.compile(r"\d+(?:[.,]\d+)?")
_OFFSET = re.compile(r"\d+[.,]15")


def is_kelvin(cells: Sequence[str]) -> bool:
    """Return whether a column of temperatures without a unit is in kelvin: all of 273 and more, one that ends in .15.

    Parameters
    ----------
    cells : sequence of str
        As written; empty ones do not count.

    Examples
    --------
    >>> is_kelvin(["298.15", "298", "573"]), is_kelvin(["298", "573"]), is_kelvin(["25", "298.15"])
    (True, False, False)
    """
    written = [cell.strip() for cell in cells if cell.strip()]
    if not written or not all(_PLAIN.fullmatch(cell) for cell in written):
        return False
    values = [float(cell.replace(",", ".")) for cell in written]
    return min(values) >= ABSOLUTE and any(_OFFSET.fullmatch(cell) for cell in written)
