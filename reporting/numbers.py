"""Numbers as reports print them: beside their interval, and shares as per cents."""

from __future__ import annotations

import math


def number(value: float, printed: str = ".2f") -> str:
    """Write a number for a cell; NaN is an empty one.

    Parameters
    ----------
    value : float
        Figure to print.
    printed : str
        Format.

    Examples
    --------
    >>> number(0.256), number(12.0, ".0f"), number(float("nan"))
    ('0.26', '12', '')
    """
    return "" if math.isnan(value) else format(value, printed)


def with_interval(value: float, low: float, high: float, printed: str = ".2f") -> str:
    """Write a number with its interval; without it where there is none.

    Parameters
    ----------
    value : float
        Figure to print; NaN is empty.
    low, high : float
        Ends of its interval; NaN where there is none.
    printed : str
        Format of all three.

    Examples
    --------
    >>> with_interval(1.0, 0.8, 1.25), with_interval(1.0, float("nan"), float("nan"))
    ('1.00 (0.80 to 1.25)', '1.00')
    >>> with_interval(0.123, -0.01, 0.2, "+.2g")
    '+0.12 (-0.01 to +0.2)'
    """
    if math.isnan(value) or math.isnan(low):
        return number(value, printed)
    return f"{number(value, printed)} ({number(low, printed)} to {number(high, printed)})"


def share(value: float) -> str:
    """Write a share as a per cent; NaN is empty.

    Parameters
    ----------
    value : float
        0 to 1.

    Examples
    --------
    >>> share(0.934)
    '93 %'
    """
    return "" if math.isnan(value) else f"{100 * value:.0f} %"


def share_with_interval(value: float, low: float, high: float) -> str:
    """Write a share with its interval as per cents; NaN is empty.

    Parameters
    ----------
    value : float
        0 to 1.
    low, high : float
        Ends of its interval, 0 to 1.

    Examples
    --------
    >>> share_with_interval(0.934, 0.88, 0.97)
    '93 % (88 to 97)'
    """
    return "" if math.isnan(value) else f"{share(value)} ({100 * low:.0f} to {100 * high:.0f})"
