"""The nearest known designs of different papers: single precision singles out which can be, doubles measure these.

A matrix product in single precision gives all sums of squares with a bound of its rounding. Only pairs that this bound
cannot rule out are measured, each by itself and in double precision, so that a design gets the same rows and distances
alone and in a table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from features.cache import Cache

MISSING_DISTANCE = 1.0
"""Distance, in standard deviations, between a known and an unknown value."""
BLOCK = 1_000_000
"""Numbers held at once where distances are measured."""
CACHED, FEWEST, MOST = 250_000, 128, 4_000_000
"""Numbers of a block's table of squares, or of pairs that are measured, for it to stay in a processor's cache; designs
of a block at least, for the product to be worth while; numbers at most."""
MOST_PAIRS = 24
"""Pairs a design above which single precision is too coarse and the product is made again in double precision."""
GROUPS = 16
"""Groups of papers, for each nearest row, whose smallest squares set a limit that the nearest rows lie below."""
MOST_FACTORS = 16
"""Sets of features that designs may not know for which the factors of the product are kept."""


def distances_between(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Root-mean-square distances of scaled vectors, shape (n_first, n_second).

    One unknown value counts as one deviation, two as none.

    Parameters
    ----------
    first : ndarray
        Scaled vectors, shape (n_first, n_features).
    second : ndarray
        Scaled vectors, shape (n_second, n_features).
    """
    result = np.empty((len(first), len(second)))
    among = np.array_equal(first, second, equal_nan=True)  # of two designs one distance is measured, not both
    for here in _blocks(len(first), second.size, BLOCK):
        behind = slice(here.start if among else 0, None)
        result[here, behind] = root_mean_square(first[here, None, :], second[None, behind, :])
        if among:
            result[behind, here] = result[here, behind].T
    return result


def root_mean_square(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Root-mean-square distance of pairs of scaled vectors, as `distances_between` counts it.

    Parameters
    ----------
    first, second : ndarray
        Shapes (..., n_features) that go together.

    Examples
    --------
    Of 3 and 0 deviations and of one unknown value, sqrt((9 + 0 + 1) / 3):

    >>> float(root_mean_square(np.array([3.0, 1.0, np.nan]), np.array([0.0, 1.0, 2.0])).round(3))
    1.826
    """
    gap = first - second
    unknown = np.isnan(gap)
    if unknown.any():
        gap = np.where(unknown, np.where(np.isnan(first) & np.isnan(second), 0.0, MISSING_DISTANCE), gap)
    return np.asarray(np.sqrt(np.mean(np.square(gap, out=gap), axis=-1)))


def _blocks(count: int, width: int, most: int) -> Iterator[slice]:
    """Slices of some rows whose tables of `width` numbers a row hold at most so many numbers."""
    size = max(1, most // max(width, 1))
    for start in range(0, count, size):
        yield slice(start, start + size)


class NearestRows:
    """Known designs, prepared for searches of the nearest ones.

    Parameters
    ----------
    known : ndarray, shape (n_rows, n_features)
        Scaled vectors, NaN where unknown.
    papers : sequence, length n_rows
        Paper of each row.

    Examples
    --------
    >>> rows = NearestRows(np.array([[0.0], [0.1], [5.0]]), ["p", "p", "q"])
    >>> places, distances = rows.nearest(np.array([[1.0]]), 2)
    >>> places.tolist(), distances.tolist()
    ([[1, 2]], [[0.9, 4.0]])
    """

    def __init__(self, known: np.ndarray, papers: Sequence[Any]) -> None:
        codes, size = np.unique(np.asarray(papers, dtype=str), return_inverse=True, return_counts=True)[1:]
        by_paper = np.argsort(codes, kind="stable")
        number = np.empty(len(codes), dtype=np.int64)  # of each row among those of its paper
        number[by_paper] = np.arange(len(codes)) - np.repeat(np.cumsum(size) - size, size)
        largest_first = np.argsort(-size, kind="stable")
        paper = np.argsort(largest_first)[codes]
        self.order = np.lexsort((paper, number))  # the first row of every paper, then the second of those that have one
        self.sizes, self.paper = size[largest_first], paper[self.order]
        self.layers = np.append(0, np.cumsum(np.bincount(number, minlength=1)))
        self.known = np.ascontiguousarray(known[self.order], dtype=float)
        self.is_known = ~np.isnan(self.known)
        self.is_partly = ~self.is_known.all(axis=0)
        self.value = np.where(self.is_known, self.known, 0.0)
        with np.errstate(over="ignore"):
            self.square = self.value**2
            self.size_of_rows = float(self.square.sum(axis=1).max(initial=0.0))
        self.factors = Cache[tuple[np.ndarray, np.ndarray]](MOST_FACTORS)

    def nearest(self, queries: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the nearest rows of different papers, nearest first; among equals the first row.

        Parameters
        ----------
        queries : ndarray, shape (n_designs, n_features)
            Scaled vectors, NaN where unknown.
        count : int
            Rows per design.

        Returns
        -------
        rows : ndarray of int, shape (n_designs, n)
            Places of the rows; n is `count`, or the number of papers where that is smaller.
        distances : ndarray, shape (n_designs, n)
            As `distances_between` gives them, to the last bit.
        """
        count = min(count, len(self.sizes))
        rows, distances = np.empty((len(queries), count), dtype=np.int64), np.empty((len(queries), count))
        if count:
            queries = np.asarray(queries, dtype=float)
            varies = np.ones(queries.shape[1], dtype=bool)
            if len(queries) > FEWEST:  # what all designs share is multiplied once
                varies = ((queries != queries[0]) & ~(np.isnan(queries) & np.isnan(queries[0]))).any(axis=0)
            width = max(len(self.known), self.known.shape[1])
            size = max(CACHED // width, min(FEWEST, MOST // width), 1)
            for start in range(0, len(queries), size):
                here = slice(start, start + size)
                rows[here], distances[here] = self._of_block(queries[here], varies, count)
        return rows, distances

    def _of_block(self, queries: np.ndarray, varies: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        design, row = self._shortlist(queries, varies, count, np.float32)
        pairs = np.bincount(design, minlength=len(queries))
        if (unsure := np.flatnonzero(pairs > MOST_PAIRS * count)).size:
            stays = ~np.isin(design, unsure)
            design_again, row_again = self._shortlist(queries[unsure], varies, count, np.float64)
            design, row = np.append(design[stays], unsure[design_again]), np.append(row[stays], row_again)
            pairs = np.bincount(design, minlength=len(queries))
        is_small = len(queries) <= np.iinfo(np.uint16).max  # numpy sorts so small numbers by their digits
        order = np.argsort(design.astype(np.uint16) if is_small else design, kind="stable")
        design, row = design[order], row[order]
        distance = np.empty(len(design))
        for here in _blocks(len(design), queries.shape[1], CACHED):
            distance[here] = root_mean_square(queries[design[here]], self.known[row[here]])
        place = self.order[row]
        starts = np.cumsum(pairs) - pairs
        if count == 1:
            nearest = np.minimum.reduceat(distance, starts)
            first = np.where(distance == nearest.repeat(pairs), place, len(self.order))
            return np.minimum.reduceat(first, starts)[:, None], nearest[:, None]
        if (crowded := pairs > count).any():
            stays = ~crowded.repeat(pairs)
            pair = np.flatnonzero(~stays)
            best = _best_of_papers(design[pair], self.paper[row[pair]], distance[pair], place[pair], count)
            stays[pair[best]] = True
            place, distance = place[stays], distance[stays]
        rows, distances = place.reshape(-1, count), distance.reshape(-1, count)
        order = np.lexsort((rows, distances))
        return np.take_along_axis(rows, order, axis=1), np.take_along_axis(distances, order, axis=1)

    def _shortlist(
        self, queries: np.ndarray, varies: np.ndarray, count: int, kind: type[np.floating[Any]]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return pairs of a design and a row, in the order of `known`, that hold all nearest rows and few others."""
        with np.errstate(over="ignore", invalid="ignore"):
            squares, slack = self._squares(queries, varies, kind)
            if count == 1:
                row, design = np.divmod(np.flatnonzero(~(squares > squares.min(axis=0) + slack)), len(queries))
                return design, row
            lowest = squares[: len(self.sizes)].copy()  # by paper
            for start, end in pairwise(self.layers[1:].tolist()):
                np.minimum(lowest[: end - start], squares[start:end], out=lowest[: end - start])
            limit = _smallest(lowest, count) + slack
            paper, design = np.divmod(np.flatnonzero(~(lowest > limit)), len(queries))
            bound = lowest[paper, design] + slack[design]
            size = self.sizes[paper]
            pair = np.repeat(np.arange(len(paper)), size)
            row = self.layers[np.arange(len(pair)) - np.repeat(np.cumsum(size) - size, size)] + paper[pair]
            design = design[pair]
            close = ~(squares[row, design] > bound[pair])
        return design[close], row[close]

    def _squares(
        self, queries: np.ndarray, varies: np.ndarray, kind: type[np.floating[Any]]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return sums of squares up to a constant of each design, shape (n_rows, n_designs), and what two of them of
        one design may be wrong by, shape (n_designs,); designs differ in the features that vary alone."""
        varying, first = queries[:, varies], queries[0]
        known, is_known = ~np.isnan(varying), ~np.isnan(first)
        if not known.all():
            varying = np.where(known, varying, 0.0)
        is_known[varies] = known.all(axis=0)
        partly = np.flatnonzero(self.is_partly | ~is_known)
        factors, constant = self.factors.once((kind, partly.tobytes()), lambda: self._factors(partly, kind))
        used = np.concatenate([varies, varies[partly], varies[partly]])
        shared = np.where(varies | np.isnan(first), 0.0, first)
        if not used.all():
            terms = np.concatenate([shared, shared[partly] ** 2, is_known[partly]]).astype(kind)
            constant = constant + factors[:, ~used] @ terms[~used]
            factors = factors[:, used]
        # of the features that vary, those that may be unknown
        unsure = (np.cumsum(varies) - 1)[partly[varies[partly]]]
        terms = np.hstack([varying, varying[:, unsure] ** 2, known[:, unsure]], dtype=kind, casting="unsafe")
        squares = factors @ terms.T
        squares += constant[:, None]
        # any order of summing n products is off by at most n u times the sum of their sizes (Higham 2002, eq. 3.5);
        # n counts three terms a feature, their own rounding, and that of the doubles that are to be distinguished
        terms_of_row, unit = 3 * queries.shape[1] + 8, float(np.finfo(kind).eps)
        own = np.einsum("ij,ij->i", varying, varying) + (shared**2).sum()
        size = 2.0 * (own + self.size_of_rows + MISSING_DISTANCE**2 * queries.shape[1])
        return squares, (2 * terms_of_row * unit * size).astype(kind)

    def _factors(self, partly: np.ndarray, kind: type[np.floating[Any]]) -> tuple[np.ndarray, np.ndarray]:
        """Return what the terms of a design are multiplied with, shape (n_rows, n_terms), and what is added, shape
        (n_rows,); `partly` are the features that a design or a row may not know."""
        known, always = self.is_known[:, partly], np.setdiff1d(np.arange(self.known.shape[1]), partly)
        by_known = self.square[:, partly] + MISSING_DISTANCE**2 * (1.0 - 2.0 * known)
        constant = self.square[:, always].sum(axis=1) + MISSING_DISTANCE**2 * known.sum(axis=1)
        factors = np.hstack([-2.0 * self.value, known, by_known] if len(partly) else [-2.0 * self.value])
        return np.ascontiguousarray(factors.astype(kind)), constant.astype(kind)


def _smallest(values: np.ndarray, count: int) -> np.ndarray:
    """Return, for each column, a number that `count` of its values at least do not exceed, and few more; the exact
    count-th smallest where `values` has few rows."""
    groups = GROUPS * count
    if len(values) > 2 * groups:
        even = len(values) // groups * groups
        least = values[:even].reshape(-1, groups, values.shape[1]).min(axis=0)
        np.minimum(least[: len(values) - even], values[even:], out=least[: len(values) - even])
        values = least
    smallest = np.full((count, values.shape[1]), np.inf, dtype=values.dtype)
    passed_on = np.empty_like(smallest)
    for value in values:
        for place, larger in zip(smallest, passed_on, strict=True):
            np.maximum(place, value, out=larger)
            np.minimum(place, value, out=place)
            value = larger
    return np.asarray(smallest[-1])


def _best_of_papers(
    design: np.ndarray, paper: np.ndarray, distance: np.ndarray, place: np.ndarray, count: int
) -> np.ndarray:
    """Return the places of those pairs of each design that are the nearest, else first, rows of `count` papers."""
    order = np.lexsort((place, distance, paper, design))
    order = order[(np.diff(design[order], prepend=-1) != 0) | (np.diff(paper[order], prepend=-1) != 0)]
    order = order[np.lexsort((place[order], distance[order], design[order]))]
    starts = np.flatnonzero(np.diff(design[order], prepend=-1))
    number = np.arange(len(order)) - np.repeat(starts, np.diff(np.append(starts, len(order))))
    return np.asarray(order[number < count])
