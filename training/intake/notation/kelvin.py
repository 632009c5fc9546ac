"""Temperatures without a unit that are kelvin as a whole column, not value by value."""

from __future__ import annotations

import re
from collections.abc import Iterable

ABSOLUTE = 273.0
"""What no column of temperatures stays above in °C, and every one in kelvin does."""
_PLAIN = re.compile(r"\d+(?:[.,]\d+)?")
_OFFSET = re.compile(r"\d+[.,]15")


def is_kelvin(cells: Iterable[str]) -> bool:
    """Return whether a column of temperatures without a unit is in kelvin: all of 273 and more, one that ends in .15.

    Parameters
    ----------
    cells : iterable of str
        As written; empty ones do not count.

    Examples
    --------
    >>> is_kelvin(["298.15", "298", "573"]), is_kelvin(["298", "573"]), is_kelvin(["25", "298.15"])
    (True, False, False)
    """
    has_offset = False
    for cell in filter(None, map(str.strip, cells)):
        if not _PLAIN.fullmatch(cell) or float(cell.replace(",", ".")) < ABSOLUTE:
            return False
        has_offset |= _OFFSET.fullmatch(cell) is not None
    return has_offset
