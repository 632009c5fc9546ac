"""Capacities per gram of anode, reported as ranges alone: no model beat the median on papers never seen.

The range of the first capacity is what half cells of the same class and architecture report. The capacity at a cycle is
that range times the predicted retention of the same design at the same cycle, end by end: so first capacity, fade,
retention and life can never disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from features.cell import CONDUCTIVITY, CellFeatures
from features.feature import Featurizer
from features.tables.literature import Literature
from features.tables.records import CellRow
from models.intervals import check_level, supported_level
from models.ranges.comparable import ARCHITECTURE, CLASS, Ranges, Reported, kinds, ranges
from models.tasks.fade import RETENTION
from models.tasks.first_capacity import (
    BASES,
    CAPACITY,
    FIRST_CAPACITY,
    FirstCapacities,
    capacities_in_training,
    capacity_basis,
)


@dataclass(frozen=True)
class ReportedCapacities(Reported):
    """First capacities that papers report, log10 mAh/g.

    Attributes
    ----------
    bases : ndarray of str, shape (n_rows,)
        Keys of `BASES`.
    half : ndarray of bool, shape (n_rows,)
        Whether it was measured in a half cell.
    """

    bases: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=str))
    half: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=bool))

    def text(self, rows: np.ndarray, alike: str) -> str:
        """Return whose values some rows are, and which mass they are counted by.

        Parameters
        ----------
        rows, alike
            As for `Reported.text`.
        """
        papers = {basis: len(np.unique(self.papers[rows & (self.bases == basis)])) for basis in BASES}
        masses = " and ".join(f"{BASES[basis]} in {count}" for basis, count in papers.items() if count)
        half = ", all half cells" if self.half[rows].all() else ""
        return f"{super().text(rows, alike)}{half}, {masses}"

    def take(self, rows: np.ndarray) -> ReportedCapacities:
        """Return some of the rows.

        Parameters
        ----------
        rows : ndarray of bool, shape (n_rows,)
            Rows to keep.
        """
        return ReportedCapacities(
            self.lower[rows], self.upper[rows], self.papers[rows], self.classes[rows], self.architectures[rows],
            bases=self.bases[rows], half=self.half[rows],
        )  # fmt: skip


def first_capacities(literature: Literature) -> FirstCapacities | None:
    """Read the first capacities off the literature; None where no cell has one.

    Parameters
    ----------
    literature : Literature
        All tables.
    """
    cells = capacities_in_training(literature)
    if not cells:
        return None
    designs = pd.DataFrame([cell.model_dump() for cell in cells])
    return FirstCapacities(tuple(map(_row, cells, kind_names(designs))))


def reported_capacities(capacities: FirstCapacities, featurizer: Featurizer) -> ReportedCapacities:
    """Return first capacities as ranges are made of them.

    Parameters
    ----------
    capacities : FirstCapacities
        As a model keeps them.
    featurizer : Featurizer
        Of cells, fitted.
    """
    names = [feature.name for feature in featurizer.features_]
    vectors = np.array([[float(name in row["kinds"]) for name in names] for row in capacities.rows])
    value = np.log10([row[FIRST_CAPACITY.column] for row in capacities.rows])
    mark = np.array([row[FIRST_CAPACITY.qualifier] for row in capacities.rows])
    papers, bases = (np.array([row[name] for row in capacities.rows], dtype=str) for name in ("paper", "basis"))
    lower, upper = np.where(mark == "<", -np.inf, value), np.where(mark == ">", np.inf, value)
    half = np.array([row["cell_type"] == "half" for row in capacities.rows])
    return ReportedCapacities(lower, upper, papers, *kinds(featurizer, vectors), bases=bases, half=half)


class CapacityRanges:
    """Ranges of both capacities of designs.

    Parameters
    ----------
    capacities : FirstCapacities
        What the papers report.
    featurizer : Featurizer
        Of cells, fitted; its vectors hold class and architecture.
    """

    def __init__(self, capacities: FirstCapacities, featurizer: Featurizer) -> None:
        self.featurizer = featurizer
        self.reported = reported_capacities(capacities, featurizer)

    def ranges(
        self, vectors: np.ndarray, level: float, cycles: Sequence[int], retention: Callable[[str], np.ndarray] | None
    ) -> tuple[dict[str, np.ndarray], np.ndarray, list[dict[str, str]]]:
        """Return both capacities by column, and of each design and column whose values its range holds.

        Parameters
        ----------
        vectors : ndarray, shape (n_designs, n_features)
            Of cells.
        level : float
            Share of papers whose values the range is to hold, 0 to 1.
        cycles : sequence of int
            Cycles wanted beside the design's own.
        retention : callable or None
            Gives predicted retention by its column, as value, low and high end in %, shape (3, n_designs); None where
            the first capacity alone is needed.

        Returns
        -------
        dict of str to ndarray, shape (3, n_designs)
            By column, `_at_200` behind it for a cycle of all designs: no value, low and high end in mAh/g.
        ndarray of int, shape (n_designs,)
            Place of each design's texts.
        list of dict
            Distinct texts, by column.

        Raises
        ------
        LevelError
            A level that is no share.
        """
        first = first_ranges(self.reported, *kinds(self.featurizer, vectors), level)
        ends = np.array([np.full(len(vectors), np.nan), 10.0**first.low, 10.0**first.high])
        columns = {FIRST_CAPACITY.column: ends}
        if retention is not None:
            for suffix in ("", *(f"_at_{cycle}" for cycle in cycles)):
                columns[CAPACITY.column + suffix] = ends * retention(RETENTION.column + suffix) / 100
        product = f"{CAPACITY.column}: no point, the range of the first capacity times that of the retention"
        missing = f"{CAPACITY.column}: not told, as the first capacity is not"
        is_told = np.zeros(len(first.texts), dtype=bool)
        is_told[first.codes] = np.isfinite(first.low)
        texts = [
            {FIRST_CAPACITY.column: f"{FIRST_CAPACITY.column}: {text}", CAPACITY.column: product if known else missing}
            for text, known in zip(first.texts, is_told.tolist(), strict=True)
        ]
        return columns, first.codes, texts


def first_ranges(reported: ReportedCapacities, families: np.ndarray, built: np.ndarray, level: float) -> Ranges:
    """Return the range of the first capacity of each design; NaN, and why, where the papers do not support the level.

    Parameters
    ----------
    reported : ReportedCapacities
        Values of the papers.
    families, built : ndarray of int, shape (n_designs,)
        Class and architecture of each design, as `kinds` gives them.
    level : float
        Share of papers whose values the range is to hold, 0 to 1.

    Raises
    ------
    LevelError
        A level that is no share.
    """
    check_level(level)
    papers = len(np.unique(reported.papers))
    if level <= supported_level(papers):
        reported_ranges = ranges(reported, families, built, level)
        return replace(reported_ranges, texts=[f"no point, the range of {text}" for text in reported_ranges.texts])
    unknown = np.full(len(families), np.nan)
    codes = np.zeros(len(families), dtype=np.int64)
    return Ranges(unknown, unknown, codes, [f"not told, {papers} papers do not support a level of {level:g}"])


def kind_names(designs: pd.DataFrame) -> list[list[str]]:
    """Return the features that name class and architecture of each cell.

    Parameters
    ----------
    designs : DataFrame, shape (n_designs, n_columns)
        Columns of `CellDesign`.
    """
    vectors = CellFeatures().fit_transform(designs.assign(**{CONDUCTIVITY: np.nan}))
    kinds = [name for name in vectors.columns if name.startswith(CLASS) or name in ARCHITECTURE]
    return [[str(name) for name in kinds if row[name] > 0] for row in vectors[kinds].to_dict("records")]


def _row(cell: CellRow, names: list[str]) -> dict[str, Any]:
    return {
        "row": cell.cell_id,
        "paper": cell.paper,
        "first_capacity_mah_per_g": cell.first_capacity_mah_per_g,
        "first_capacity_qualifier": cell.first_capacity_qualifier or "=",
        "basis": capacity_basis(cell),
        "cell_type": cell.cell_type,
        "kinds": names,
    }
