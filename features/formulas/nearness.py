"""Compositions that are nearly one: which of the known ones each of many compositions may be taken for."""

from __future__ import annotations

from functools import cached_property

import numpy as np

NEARLY_ONE = 0.02
"""Sum of absolute differences of the atomic fractions up to which two compositions are one."""
_DIRECTIONS = 3
"""Directions along which compositions are compared before all elements are."""
_PAIRS = 200_000
"""Pairs of compositions compared at once."""


class KnownCompositions:
    """Finds the known compositions that each of some others nearly equals.

    Two compositions that differ by d in sum differ by at most d along any direction of entries between -1 and 1: a few
    fixed directions leave a small share of the pairs to be compared element by element.

    Parameters
    ----------
    fractions : ndarray, shape (n_known, n_elements)
        Atomic fractions; a row of NaN is near nothing.
    within : float
        Sum of absolute differences up to which two are one.

    Examples
    --------
    >>> known = KnownCompositions(np.array([[0.5, 0.5], [0.2, 0.8]]))
    >>> [places.tolist() for places in known.pairs(np.array([[0.505, 0.495], [0.9, 0.1]]))]
    [[0], [0]]
    """

    def __init__(self, fractions: np.ndarray, within: float = NEARLY_ONE) -> None:
        self.fractions, self.within = np.asarray(fractions, dtype=float), within

    @cached_property
    def _directions(self) -> np.ndarray:
        return np.random.default_rng(0).uniform(-1.0, 1.0, (self.fractions.shape[1], _DIRECTIONS))

    @cached_property
    def _places(self) -> tuple[np.ndarray, np.ndarray]:
        """Known compositions in the order of the first direction, and where each lies along all of them."""
        known = np.flatnonzero(~np.isnan(self.fractions).any(axis=1))
        along = self.fractions[known] @ self._directions
        order = np.argsort(along[:, 0], kind="stable")
        return known[order], along[order]

    def pairs(self, queries: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return all pairs that are nearly one.

        Parameters
        ----------
        queries : ndarray, shape (n_queries, n_elements)
            Atomic fractions; a row of NaN is near nothing.

        Returns
        -------
        queries, known : ndarray of int, shape (n_pairs,)
            Places of the two compositions of each pair, in ascending order.
        """
        known, along = self._places
        rows = np.flatnonzero(~np.isnan(queries).any(axis=1)) if len(known) else np.zeros(0, dtype=np.int64)
        query_along = queries[rows] @ self._directions
        first = np.searchsorted(along[:, 0], query_along[:, 0] - self.within, "left")
        last = np.searchsorted(along[:, 0], query_along[:, 0] + self.within, "right")
        of_queries, of_known = queries[rows], self.fractions[known]
        used = np.flatnonzero((of_queries != 0).any(axis=0) | (of_known != 0).any(axis=0))  # zeros add nothing to a sum
        of_queries, of_known = np.ascontiguousarray(of_queries[:, used].T), np.ascontiguousarray(of_known[:, used].T)
        matches: list[tuple[np.ndarray, np.ndarray]] = []
        counts = last - first
        for block in _blocks(counts):
            query = np.repeat(np.arange(len(rows))[block], counts[block])
            starts = np.repeat(first[block] - np.cumsum(counts[block]) + counts[block], counts[block])
            place = starts + np.arange(len(query))
            for axis in range(1, _DIRECTIONS):
                close = np.abs(query_along[query, axis] - along[place, axis]) <= self.within
                query, place = query[close], place[close]
            distance = np.zeros(len(query))
            for of_query, of_other in zip(of_queries, of_known, strict=True):
                distance += np.abs(of_query[query] - of_other[place])
            close = distance <= self.within
            matches.append((rows[query[close]], known[place[close]]))
        pairs = [np.concatenate([pair[side] for pair in matches] or [np.zeros(0, dtype=np.int64)]) for side in (0, 1)]
        order = np.lexsort((pairs[1], pairs[0]))
        return pairs[0][order], pairs[1][order]


def _blocks(counts: np.ndarray) -> list[slice]:
    """Runs of rows whose pairs are few enough to be held at once."""
    reached, blocks, begin = np.cumsum(counts), list[slice](), 0
    while begin < len(counts):
        before = reached[begin - 1] if begin else 0
        end = max(begin + 1, int(np.searchsorted(reached, before + _PAIRS, side="right")))
        blocks.append(slice(begin, end))
        begin = end
    return blocks
