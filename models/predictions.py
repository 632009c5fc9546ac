"""Answers for a table of designs: values with intervals, notices, what was measured, the nearest literature rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from models.notices import Notice

ENDS = ("", "_low", "_high")
"""Endings of the columns of a predicted quantity."""
MEASURED = "measured"
"""Column with what was measured of the very composition."""
RANGE_OF = "range_of"
"""Column with the targets that have a range and no point, and whose values the range holds."""
TEXT_COLUMNS = (MEASURED, RANGE_OF, "notice")
"""Columns of text; all others are numbers."""


@dataclass(frozen=True)
class Nearest:
    """The nearest literature rows of different papers, nearest first, of every design one model judges.

    Attributes
    ----------
    rows, distances : place among `precedents`, and how far; shape (n_designs, n)
    judged : designs that the model judges, shape (n_designs,)
    precedents : what was measured, and where
    """

    rows: np.ndarray
    distances: np.ndarray
    judged: np.ndarray
    precedents: list[dict[str, Any]]

    def of(self, design: int) -> list[dict[str, Any]]:
        """The rows of one design, each with its `distance`.

        Parameters
        ----------
        design : int
            Place of the design.
        """
        pairs = zip(self.rows[design].tolist(), self.distances[design].tolist(), strict=True)
        return [{**self.precedents[row], "distance": round(distance, 3)} for row, distance in pairs]


@dataclass(frozen=True)
class Energies:
    """Activation energies of some designs.

    Attributes
    ----------
    values : value, low and high end in eV, shape (n_designs, 3)
    printed : what papers print of the very composition; null where none does
    """

    values: np.ndarray
    printed: Notice


@dataclass
class Predictions:
    """Answers for a table of designs.

    Attributes
    ----------
    columns : per target `<column>`, `<column>_low`, `<column>_high`, then `retention_pct_at_<cycle>` with its ends for
        every further cycle, each of shape (n_designs,); NaN where a design says too little
    index : of the designs
    notices : each distinct text once; null where there is nothing to say
    measured : likewise, what was measured of the very composition; None where no target is drawn to it
    ranges : likewise, whose values the ranges without a point hold; None where there are none
    measured_by : `measured` by target
    nearest : by target
    distances : by part, to the nearest training design in standard deviations, shape (n_designs,); NaN where a design
        says too little
    """

    columns: dict[str, np.ndarray]
    index: pd.Index
    notices: Notice
    nearest: dict[str, Nearest]
    distances: dict[str, np.ndarray]
    measured: Notice | None = None
    ranges: Notice | None = None
    find_energies: Callable[[], Energies | None] = lambda: None
    measured_by: dict[str, Notice] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.notices)

    @cached_property
    def table(self) -> pd.DataFrame:
        """The columns as a frame, then those of `texts`; made when it is read, as one design does without."""
        texts = {column: _as_text(notice) for column, notice in self.texts.items()}
        return pd.DataFrame({**self.columns, **texts}, index=self.index)

    @cached_property
    def energies(self) -> Energies | None:
        """Those of the conductivity, None where it was not predicted; they cost as much, so only when read."""
        return self.find_energies()

    def _first_energies(self, count: int) -> Energies | None:
        energies = self.energies
        return energies and Energies(energies.values[:count], energies.printed[:count])

    @property
    def texts(self) -> dict[str, Notice]:
        """Texts by column of the table, in the order of `TEXT_COLUMNS`; those it has."""
        notices = {MEASURED: self.measured, RANGE_OF: self.ranges, "notice": self.notices}
        return {column: notice for column, notice in notices.items() if notice is not None}

    def first(self, index: pd.Index) -> Predictions:
        """Return the answers to the first designs alone.

        Parameters
        ----------
        index : pandas Index, shape (n_first,)
            Of their rows.
        """
        count = len(index)
        nearest = {
            column: replace(near, judged=near.judged[:count], rows=near.rows[:count], distances=near.distances[:count])
            for column, near in self.nearest.items()
        }
        distances = {name: values[:count] for name, values in self.distances.items()}
        return Predictions(
            {column: values[:count] for column, values in self.columns.items()},
            index,
            self.notices[:count],
            nearest,
            distances,
            None if self.measured is None else self.measured[:count],
            None if self.ranges is None else self.ranges[:count],
            lambda: self._first_energies(count),
            {column: texts[:count] for column, texts in self.measured_by.items()},
        )

    @property
    def precedents(self) -> list[dict[str, list[dict[str, Any]]]]:
        """Per design and target, the nearest literature rows of different papers."""
        return [
            {column: near.of(row) for column, near in self.nearest.items() if near.judged[row]}
            for row in range(len(self))
        ]


def _as_text(notice: Notice) -> Any:
    return pd.array(notice.dictionary_decode().fill_null(""), dtype="str")


def spread_over(mask: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the values of the designs of a mask at their places among all; NaN elsewhere, 0 for whole numbers.

    Parameters
    ----------
    mask : ndarray of bool, shape (n_designs,)
        Which designs.
    values : ndarray, shape (n_some, ...)
        Of these designs.
    """
    if mask.all():
        return values
    empty = np.nan if values.dtype.kind == "f" else 0
    result = np.full((len(mask), *values.shape[1:]), empty, dtype=values.dtype)
    result[mask] = values
    return result
