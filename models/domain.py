"""Applicability domain: distance to the training designs, values outside their ranges, and the nearest rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from features.nearest import NearestRows, distances_between, root_mean_square

STEADY = 1e-9
"""Share of a feature's size below which its spread is rounding: it does not vary."""
FAR_SHARE = 0.95
"""A design is far when it is farther from any row than this share of the rows is from the next paper."""


def moments(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each feature over the rows that know it, shape (n_features,) each.

    Parameters
    ----------
    table : ndarray
        Feature vectors, shape (n_rows, n_features); NaN where unknown.
    """
    known = ~np.isnan(table)
    count = np.maximum(known.sum(axis=0), 1)
    centre = np.where(known, table, 0.0).sum(axis=0) / count
    return centre, np.sqrt((np.where(known, table - centre, 0.0) ** 2).sum(axis=0) / count)


def scaling(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centre and spread of each feature over the rows that know it, 1 where it does not vary; shape (n_features,).

    Parameters
    ----------
    table : ndarray
        As for `moments`.
    """
    centre, spread = moments(table)
    spread[spread <= STEADY * np.maximum(np.abs(centre), 1.0)] = 1.0
    return centre, spread


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
    rows = NearestRows((table - centre) / spread, ["any"] * len(table))
    return rows.nearest((vectors.to_numpy(dtype=float) - centre) / spread, 1)[1][:, 0]


@dataclass
class LookedUp:
    """Rows that are shown beside a design, and that nothing was learned from.

    Attributes
    ----------
    vectors, papers, precedents : as of `Domain`
    """

    vectors: np.ndarray
    papers: list[str]
    precedents: list[dict[str, Any]]

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON; NaN is written as null."""
        return {"vectors": _with_null(self.vectors), "papers": self.papers, "precedents": self.precedents}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> LookedUp:
        """Read what `as_dict` gave.

        Parameters
        ----------
        state : dict of str to Any
            What `as_dict` gave.
        """
        return cls(_with_nan(state["vectors"]), state["papers"], state["precedents"])


def _with_null(table: np.ndarray) -> list[list[float | None]]:
    values = table.astype(object)
    values[np.isnan(table)] = None
    rows: list[list[float | None]] = values.tolist()
    return rows


def _with_nan(rows: list[list[float | None]]) -> np.ndarray:
    return np.array(rows, dtype=float)  # None is NaN to numpy


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
    designs : of each row, all that is stated, where cells are to be found again; empty otherwise, and in models saved
        before they were kept
    looked_up : rows that are shown among the nearest and were not learned from; None where there are none
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
    designs: list[dict[str, Any]] = field(default_factory=list)
    looked_up: LookedUp | None = None

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
        distances = domain.distances(vectors)
        distances[np.equal.outer(np.array(domain.papers), np.array(domain.papers))] = np.inf
        nearest = distances.min(axis=1)
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
        return self.nearest(vectors, 1)[1][:, 0]

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

    def paired(self, vectors: np.ndarray, others: np.ndarray) -> np.ndarray:
        """The same distance between each design and its partner, shape (n_pairs,).

        Parameters
        ----------
        vectors, others : ndarray
            Feature vectors, shape (n_pairs, n_features); NaN where unknown.
        """
        return root_mean_square(self._scaled(vectors), self._scaled(others))

    def _scaled(self, vectors: pd.DataFrame | np.ndarray) -> np.ndarray:
        scaled = np.asarray(vectors, dtype=float) - self.centre
        scaled /= self.spread
        return np.asarray(scaled)

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
        return self._rows.nearest(self._scaled(vectors), count)

    @property
    def all_precedents(self) -> list[dict[str, Any]]:
        """Precedents of all rows that are shown: those learned from, then those looked up."""
        return self.precedents + (self.looked_up.precedents if self.looked_up else [])

    def nearest_shown(self, vectors: pd.DataFrame | np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        """The nearest of the rows of `all_precedents`, otherwise as `nearest`.

        Parameters
        ----------
        vectors, count
            As for `nearest`.
        """
        return self._shown_rows.nearest(self._scaled(vectors), count)

    @cached_property
    def _shown_rows(self) -> NearestRows:
        if self.looked_up is None:
            return self._rows
        vectors = np.vstack([self.vectors, self.looked_up.vectors])
        return NearestRows(self._scaled(vectors), self.papers + self.looked_up.papers)

    @cached_property
    def _rows(self) -> NearestRows:
        """Rows ready to find the nearest of; `vectors` and `papers` are settled by then."""
        return NearestRows(self._scaled(self.vectors), self.papers)

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON; NaN is written as null."""
        return {entry.name: getattr(self, entry.name) for entry in fields(self)} | {
            "vectors": _with_null(self.vectors),
            "centre": self.centre.tolist(),
            "spread": self.spread.tolist(),
            "looked_up": self.looked_up.as_dict() if self.looked_up else None,
        }

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Domain:
        """Read what `as_dict` gave.

        Parameters
        ----------
        state : dict of str to Any
            What `as_dict` gave.
        """
        ranges = {column: (float(low), float(high)) for column, (low, high) in state["ranges"].items()}
        return cls(
            _with_nan(state["vectors"]),
            np.array(state["centre"]),
            np.array(state["spread"]),
            state["papers"],
            float(state["far"]),
            ranges,
            state["elements"],
            state["classes"],
            state["precedents"],
            state.get("designs", []),
            LookedUp.from_dict(looked_up) if (looked_up := state.get("looked_up")) else None,
        )
