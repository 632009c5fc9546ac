"""Applicability domain: distance to the training designs, values outside their ranges, and the nearest rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

MISSING_DISTANCE = 1.0
"""Distance, in standard deviations, between a known and an unknown value."""
ROUNDING = 1e-11
"""Share of a sum of squares, and of the known designs' own, by which a matrix product may be off; a hundred times what
doubles lose."""
BLOCK = 1_000_000
"""Numbers held at once where distances are measured."""
STEADY = 1e-9
"""Share of a feature's size below which its spread is rounding: it does not vary."""
FAR_SHARE = 0.95
"""A design is far when it is farther from any row than this share of the rows is from the next paper."""


def scaling(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centre and spread of each feature over the rows that know it, 1 where it does not vary; shape (n_features,).

    Parameters
    ----------
    table : ndarray
        Feature vectors, shape (n_rows, n_features).
    """
    known = ~np.isnan(table)
    count = np.maximum(known.sum(axis=0), 1)
    centre = np.where(known, table, 0.0).sum(axis=0) / count
    spread = np.sqrt((np.where(known, table - centre, 0.0) ** 2).sum(axis=0) / count)
    spread[spread <= STEADY * np.maximum(np.abs(centre), 1.0)] = 1.0
    return centre, spread


def distances_between(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Root-mean-square distance of scaled vectors, shape (n_left, n_right); one unknown value counts as one deviation,
    two as none.

    Parameters
    ----------
    left : ndarray
        Scaled vectors, shape (n_left, n_features).
    right : ndarray
        Scaled vectors, shape (n_right, n_features).
    """
    result = np.empty((len(left), len(right)))
    for here in _blocks(len(left), right.size):
        result[here] = _root_mean_square(left[here, None, :], right[None, :, :])
    return result


def _root_mean_square(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    gap = one - other
    one_unknown = np.isnan(gap) & ~(np.isnan(one) & np.isnan(other))
    gap = np.where(np.isnan(gap), np.where(one_unknown, MISSING_DISTANCE, 0.0), gap)
    return np.asarray(np.sqrt(np.mean(gap**2, axis=-1)))


def nearest_distances(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The smallest of each design's `distances_between`, shape (n_left,).

    Sums of squares by one matrix product single out the rows that can be nearest within its rounding; these alone are
    measured exactly.

    Parameters
    ----------
    left : ndarray
        Scaled vectors, shape (n_left, n_features).
    right : ndarray
        Scaled vectors, shape (n_right, n_features).
    """
    known, count = ~np.isnan(right), right.shape[1]
    value = np.where(known, right, 0.0)
    by_square, by_value, by_known = known, -2 * value, value**2 + MISSING_DISTANCE**2 * (1 - 2 * known)
    factors = np.hstack([by_square, by_value, by_known]).T
    rest, largest = MISSING_DISTANCE**2 * known.sum(axis=1), (value**2).sum(axis=1).max() + count
    result = np.empty(len(left))
    for here in _blocks(len(left), len(right)):
        asked = left[here]
        held = ~np.isnan(asked)
        filled = np.where(held, asked, 0.0)
        squares = np.hstack([filled**2, filled, held]) @ factors + rest
        lowest = squares.min(axis=1, keepdims=True)
        rows, others = np.nonzero(~(squares > lowest + ROUNDING * (np.abs(lowest) + largest)))
        exact = _root_mean_square(asked[rows], right[others])
        result[here] = np.minimum.reduceat(exact, np.searchsorted(rows, np.arange(len(asked))))
    return result


def _blocks(count: int, width: int) -> Iterator[slice]:
    """Slices of some rows whose tables of `width` numbers a row take little memory."""
    size = max(1, BLOCK // max(width, 1))
    for start in range(0, count, size):
        yield slice(start, start + size)


def nearest_of(vectors: pd.DataFrame, known: pd.DataFrame) -> np.ndarray:
    """Distance of designs to the nearest of the known ones, scaled by these, shape (n_designs,).

    Parameters
    ----------
    vectors : DataFrame
        Feature vectors, shape (n_designs, n_features); NaN where unknown.
    known : DataFrame
        Training vectors, shape (n_train, n_features).
    """
    table = known.to_numpy(dtype=float)
    centre, spread = scaling(table)
    away = distances_between((vectors.to_numpy(dtype=float) - centre) / spread, (table - centre) / spread)
    return np.asarray(away.min(axis=1))


@dataclass
class Domain:
    """The training designs of one model, as far as judging a new design needs them.

    Attributes
    ----------
    vectors : training vectors, shape (n_rows, n_features), NaN where unknown
    centre, spread : of each feature, shape (n_features,)
    papers : paper of each row
    far : distance above which a design is far
    ranges : lowest and highest training value of each numeric column
    elements, classes : seen in training
    precedents : one object per row: what was measured, and where
    """

    vectors: np.ndarray
    centre: np.ndarray
    spread: np.ndarray
    papers: list[str]
    far: float
    ranges: dict[str, tuple[float, float]]
    elements: list[str]
    classes: list[str]
    precedents: list[dict[str, Any]]

    @classmethod
    def learn(
        cls,
        vectors: pd.DataFrame,
        papers: Sequence[str],
        designs: pd.DataFrame,
        numeric: Iterable[str],
        elements: Iterable[str],
        classes: Iterable[str],
        precedents: list[dict[str, Any]],
    ) -> Domain:
        """Remember the training designs.

        Parameters
        ----------
        vectors : DataFrame
            Feature vectors, shape (n_designs, n_features); NaN where unknown.
        papers : sequence of str
            Paper of each design.
        designs : DataFrame
            Training designs.
        numeric : iterable of str
            Columns whose ranges are kept.
        elements : iterable of str
            Chemical elements of the training designs.
        classes : iterable of str
            Electrolyte classes of the training designs.
        precedents : list of dict of str to Any
            What was measured on each row, and where that is written.
        """
        table = np.array(vectors, dtype=float)
        centre, spread = scaling(table)
        ranges = {
            column: (float(values.min()), float(values.max()))
            for column in numeric
            if column in designs and len(values := pd.to_numeric(designs[column]).dropna())
        }
        domain = cls(table, centre, spread, list(papers), np.inf, ranges, sorted(elements), sorted(classes), precedents)
        away = domain.distances(vectors)
        away[np.equal.outer(np.array(domain.papers), np.array(domain.papers))] = np.inf
        nearest = away.min(axis=1)
        if np.isfinite(nearest).any():
            domain.far = float(np.quantile(nearest[np.isfinite(nearest)], FAR_SHARE))
        return domain

    def distances(self, vectors: pd.DataFrame | np.ndarray) -> np.ndarray:
        """Root-mean-square distance in standard deviations, shape (n_designs, n_rows); one unknown value counts as one
        deviation.

        Parameters
        ----------
        vectors : DataFrame | ndarray
            Feature vectors, shape (n_designs, n_features); NaN where unknown.
        """
        return distances_between(self._scaled(vectors), self._scaled(self.vectors))

    def nearest_distance(self, vectors: pd.DataFrame | np.ndarray) -> np.ndarray:
        """Distance to the nearest row, shape (n_designs,): the smallest of `distances`.

        Parameters
        ----------
        vectors : DataFrame | ndarray
            Feature vectors, shape (n_designs, n_features); NaN where unknown.
        """
        return nearest_distances(self._scaled(vectors), self._scaled(self.vectors))

    def between(self, vectors: pd.DataFrame | np.ndarray, others: pd.DataFrame) -> np.ndarray:
        """The same distance between designs, shape (n_designs, n_others).

        Parameters
        ----------
        vectors : DataFrame | ndarray
            Feature vectors, shape (n_designs, n_features); NaN where unknown.
        others : DataFrame
            Vectors of other designs, shape (n_others, n_features).
        """
        return distances_between(self._scaled(vectors), self._scaled(others))

    def _scaled(self, vectors: pd.DataFrame | np.ndarray) -> np.ndarray:
        return np.asarray((np.asarray(vectors, dtype=float) - self.centre) / self.spread)

    def nearest(self, vectors: pd.DataFrame | np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        """The nearest rows of different papers, nearest first; among equals the first row.

        Parameters
        ----------
        vectors : DataFrame | ndarray
            Feature vectors, shape (n_designs, n_features); NaN where unknown.
        count : int
            Rows per design, of different papers.

        Returns
        -------
        rows, distances : each of shape (n_designs, n), n being `count` or the number of papers where that is smaller
        """
        paper = np.unique(self.papers, return_inverse=True)[1]
        asked, known = self._scaled(vectors), self._scaled(self.vectors)
        count = min(count, int(paper.max()) + 1)
        if not count:
            return np.empty((len(asked), 0), dtype=np.int64), np.empty((len(asked), 0))
        rows, distances = np.empty((len(asked), count), dtype=np.int64), np.empty((len(asked), count))
        for here in _blocks(len(asked), known.size):
            away = distances_between(asked[here], known)
            every = np.arange(len(away))
            for rank in range(count):
                rows[here, rank] = chosen = away.argmin(axis=1)
                distances[here, rank] = away[every, chosen]
                away[paper[chosen][:, None] == paper] = np.inf
        return rows, distances

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON; NaN is written as null."""
        vectors = [[None if np.isnan(value) else float(value) for value in row] for row in self.vectors]
        return {
            "vectors": vectors,
            "centre": self.centre.tolist(),
            "spread": self.spread.tolist(),
            "papers": self.papers,
            "far": self.far,
            "ranges": self.ranges,
            "elements": self.elements,
            "classes": self.classes,
            "precedents": self.precedents,
        }

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Domain:
        """Read what `as_dict` gave.

        Parameters
        ----------
        state : dict of str to Any
            What `as_dict` gave.
        """
        vectors = np.array(
            [[np.nan if value is None else value for value in row] for row in state["vectors"]], dtype=float
        )
        ranges = {column: (float(low), float(high)) for column, (low, high) in state["ranges"].items()}
        return cls(
            vectors,
            np.array(state["centre"]),
            np.array(state["spread"]),
            state["papers"],
            float(state["far"]),
            ranges,
            state["elements"],
            state["classes"],
            state["precedents"],
        )
