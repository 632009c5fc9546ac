"""What is known near a design: distance to the training designs, what lies outside their ranges, and the nearest
rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

MISSING_DISTANCE = 1.0
"""Distance, in standard deviations, between a known and an unknown value."""
FAR_SHARE = 0.95
"""A design is far when it is farther from any row than this share of the rows is from the next paper."""


def scaling(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centre and spread of each feature over the rows that know it, 1 where it does not vary; shape (n_features,)."""
    known = ~np.isnan(table)
    count = np.maximum(known.sum(axis=0), 1)
    centre = np.where(known, table, 0.0).sum(axis=0) / count
    spread = np.sqrt((np.where(known, table - centre, 0.0) ** 2).sum(axis=0) / count)
    spread[spread == 0] = 1.0
    return centre, spread


def distances_between(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Root-mean-square distance of scaled vectors, shape (n_left, n_right); one unknown value counts as one deviation,
    two as none."""
    result = np.empty((len(left), len(right)))
    for index, design in enumerate(left):
        gap = design - right
        one_unknown = np.isnan(gap) & ~(np.isnan(design) & np.isnan(right))
        gap = np.where(np.isnan(gap), np.where(one_unknown, MISSING_DISTANCE, 0.0), gap)
        result[index] = np.sqrt(np.mean(gap**2, axis=1))
    return result


def nearest_of(vectors: pd.DataFrame, known: pd.DataFrame) -> np.ndarray:
    """Distance of designs to the nearest of the known ones, scaled by these, shape (n_designs,)."""
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
        """Remember the training designs."""
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

    def distances(self, vectors: pd.DataFrame) -> np.ndarray:
        """Root-mean-square distance in standard deviations, shape (n_designs, n_rows); one unknown value counts as one
        deviation."""
        return self._apart(vectors.to_numpy(dtype=float), self.vectors)

    def nearest_distance(self, vectors: pd.DataFrame) -> np.ndarray:
        """Distance to the nearest row, shape (n_designs,)."""
        return np.asarray(self.distances(vectors).min(axis=1))

    def between(self, vectors: pd.DataFrame, others: pd.DataFrame) -> np.ndarray:
        """The same distance between designs, shape (n_designs, n_others)."""
        return self._apart(vectors.to_numpy(dtype=float), others.to_numpy(dtype=float))

    def _apart(self, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        return distances_between((one - self.centre) / self.spread, (other - self.centre) / self.spread)

    def notices(
        self, distance: float, design: Mapping[str, Any], amounts: Mapping[str, float] | None, held_class: str | None
    ) -> list[str]:
        """What lies outside the known, in words, for one design."""
        found = []
        if distance > self.far:
            found.append(f"far from every training design (distance {distance:.2f}, usual below {self.far:.2f})")
        if unseen := sorted(set(amounts or {}) - set(self.elements)):
            found.append(f"elements never seen: {', '.join(unseen)}")
        if held_class and held_class not in self.classes:
            found.append(f"electrolyte class never seen: {held_class}")
        given = {column: design.get(column) for column in self.ranges}
        outside = [
            f"{column} {float(value):g} ({self.ranges[column][0]:g} to {self.ranges[column][1]:g})"
            for column, value in given.items()
            if value is not None and value == value and not self.ranges[column][0] <= value <= self.ranges[column][1]
        ]
        if outside:
            found.append(f"outside the known range: {', '.join(outside)}")
        return found

    def nearest(self, distances: np.ndarray, count: int) -> list[dict[str, Any]]:
        """The nearest rows of different papers, nearest first, with their distance."""
        chosen: list[dict[str, Any]] = []
        seen: set[str] = set()
        for row in np.argsort(distances, kind="stable"):
            if self.papers[row] not in seen:
                seen.add(self.papers[row])
                chosen.append({**self.precedents[row], "distance": round(float(distances[row]), 3)})
            if len(chosen) == count:
                break
        return chosen

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
        """Read what `as_dict` gave."""
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
