"""Sums over the elements of compositions, without a table of all elements: to the last bit those that numpy gives."""

from __future__ import annotations

import numpy as np

from features.formulas.elements import SYMBOLS
from features.formulas.vectorised import Amounts

LANES = 8
"""Sums that numpy adds up side by side, from as many numbers on."""


def atoms(amounts: Amounts) -> np.ndarray:
    """Return the sum of the amounts of each distinct composition, as `ndarray.sum` adds them up; 0 where unknown.

    Parameters
    ----------
    amounts : Amounts
        Of the elements of some texts.

    Examples
    --------
    >>> from features.formulas.vectorised import read_amounts
    >>> atoms(read_amounts(["Li6PS5Cl", "PEO"])).tolist()
    [13.0, 0.0]
    """
    total = amounts.total.copy()
    for row in np.flatnonzero(np.diff(amounts.starts) >= LANES).tolist():
        total[row] = amounts.amount[amounts.starts[row] : amounts.starts[row + 1]].sum()
    return total


def element_sums(amounts: Amounts, values: np.ndarray) -> np.ndarray:
    """Return the sum of a number per entry over each distinct composition, shape (n_distinct,); 0 where unknown.

    As `ndarray.sum` adds up a row with a place for every element: in lanes, then what is left of the row.

    Parameters
    ----------
    amounts : Amounts
        Of the elements of some texts.
    values : ndarray, shape (n_entries,)
        A number of each entry of `amounts`.

    Examples
    --------
    >>> from features.formulas.vectorised import read_amounts
    >>> element_sums(read_amounts(["Li2O", "PEO"]), np.array([0.5, 0.25])).tolist()
    [0.75, 0.0]
    """
    order, count = np.argsort(amounts.element.astype(np.uint8), kind="stable"), len(amounts.known)
    element, owner, values = amounts.element[order], amounts.owner[order], values[order]
    behind = int(np.searchsorted(element, len(SYMBOLS) // LANES * LANES))
    places = owner[:behind] * LANES + element[:behind] % LANES
    lanes = np.bincount(places, values[:behind], minlength=LANES * count).reshape(count, LANES)
    while lanes.shape[1] > 1:
        lanes = lanes[:, ::2] + lanes[:, 1::2]
    total: np.ndarray = lanes[:, 0]
    for place, value in zip(owner[behind:].tolist(), values[behind:].tolist(), strict=True):
        total[place] += value
    return total
