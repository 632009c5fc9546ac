"""Distinct rows of a table, so that what is costly is done once for equal ones."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

FEW = 20
"""Rows up to which they are compared one by one."""


@cache
def _factors(count: int) -> np.ndarray:
    return np.random.default_rng(0).integers(1, 2**63, count, dtype=np.uint64)


def distinct_rows(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct rows of a table.

    Rows are compared bit by bit, so that -0 is not 0; in a table where keys of 64 bits clash, every row counts as
    distinct.

    Parameters
    ----------
    table : ndarray of float, shape (n_rows, n_columns)
        NaN where unknown.

    Returns
    -------
    codes : ndarray of int, shape (n_rows,)
        Place of each row among the distinct ones.
    first : ndarray of int, shape (n_distinct,)
        The first row of each.

    Examples
    --------
    >>> codes, first = distinct_rows(np.array([[1.0, np.nan], [2.0, 0.0], [1.0, np.nan]]))
    >>> codes.tolist(), first.tolist()
    ([0, 1, 0], [0, 1])
    """
    bits = np.ascontiguousarray(table, dtype=np.float64).view(np.uint64)
    if len(bits) <= FEW:
        places: dict[bytes, int] = {}
        few = [places.setdefault(row.tobytes(), place) for place, row in enumerate(bits)]
        numbers = {place: number for number, place in enumerate(places.values())}
        return np.array([numbers[place] for place in few], dtype=np.int64), np.array([*numbers], dtype=np.int64)
    codes, keys = pd.factorize(np.einsum("ij,j->i", bits, _factors(bits.shape[1])))
    if len(keys) == len(bits):
        return codes, np.arange(len(bits))
    first = np.empty(len(keys), dtype=np.int64)
    first[codes[::-1]] = np.arange(len(bits))[::-1]
    if not np.array_equal(bits[first[codes]], bits):
        return np.arange(len(bits)), np.arange(len(bits))
    return codes, first
