"""Designs as arrays: numbers as floats, texts as places among the distinct ones, each column read once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol, Self, TypeAlias, TypeVar

import numpy as np
import pandas as pd

Coded: TypeAlias = tuple[np.ndarray, list[str]]
"""A text column as the place of each design's text among distinct ones, and those; nothing given is the empty text.
What is done per text is done once for a million designs that share it."""


class Reading(Protocol):
    """Something read of designs, one entry for each of them."""

    def take(self, rows: Any) -> Self:
        """Return the entries of some designs, in their order.

        Parameters
        ----------
        rows : slice or array
            Places of designs, or a mask of shape (n_designs,).
        """


ReadingT = TypeVar("ReadingT", bound=Reading)


class Designs:
    """Some designs, column by column.

    Taking columns out of a data frame of a few rows takes longer than a prediction: featurizers and models read this
    instead. Arrays given out are shared, not to be written to.

    Parameters
    ----------
    count : int
        Number of designs.
    numbers : mapping or None
        Columns of floats, NaN where not given, each of shape (n_designs,).
    texts : mapping or None
        Columns of texts, each `Coded`.
    frame : DataFrame or None
        Further columns, read when they are needed.

    Examples
    --------
    >>> designs = Designs.of(pd.DataFrame({"electrolyte": ["LLZO", "LPSCl", "LLZO"], "temperature_c": [25, None, 60]}))
    >>> designs.number("temperature_c").tolist(), designs.coded("electrolyte")[1]
    ([25.0, nan, 60.0], ['LLZO', 'LPSCl'])
    """

    def __init__(
        self,
        count: int,
        numbers: Mapping[str, np.ndarray] | None = None,
        texts: Mapping[str, Coded] | None = None,
        frame: pd.DataFrame | None = None,
    ) -> None:
        self._count, self._frame = count, frame
        self._numbers = {name: values + 0.0 for name, values in (numbers or {}).items()}  # -0 is 0
        self._texts = dict(texts or {})
        self._readings: dict[Callable[[Designs], Any], Any] = {}

    @classmethod
    def of(cls, X: pd.DataFrame | Designs) -> Designs:
        """Return the designs of a frame, one per row.

        Parameters
        ----------
        X : DataFrame or Designs, shape (n_designs, n_columns)
            Designs are returned as they are.
        """
        return X if isinstance(X, Designs) else cls(len(X), frame=X)

    def __len__(self) -> int:
        return self._count

    @property
    def index(self) -> pd.Index:
        """Index of the frame, else places from 0."""
        return pd.RangeIndex(self._count) if self._frame is None else self._frame.index

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        others = [] if self._frame is None else map(str, self._frame.columns)
        return list(dict.fromkeys([*self._numbers, *self._texts, *others]))

    def number(self, column: str) -> np.ndarray:
        """Return a numeric column as floats in its unit, NaN where absent or empty; shape (n_designs,).

        Parameters
        ----------
        column : str
            Name of the column.
        """
        numbers = self._numbers.get(column)
        if numbers is None:
            if self._frame is None or column not in self._frame.columns:
                return np.full(self._count, np.nan)
            values = self._frame[column]
            if values.dtype != np.float64:
                values = pd.to_numeric(values)
            numbers = self._numbers[column] = values.to_numpy(dtype=float, na_value=np.nan) + 0.0
        return numbers

    def coded(self, column: str) -> Coded:
        """Return a text column, empty where absent.

        Parameters
        ----------
        column : str
            Name of the column.
        """
        coded = self._texts.get(column)
        if coded is None:
            if self._frame is None or column not in self._frame.columns:
                return np.zeros(self._count, dtype=np.int64), [""]
            coded = self._texts[column] = _coded(self._frame[column])
        return coded

    def once(self, read: Callable[[Designs], ReadingT]) -> ReadingT:
        """Return something read of the designs; it is read once, and goes with those that are taken of them.

        Parameters
        ----------
        read : callable
            Reads texts alone: what it gave stays right when numbers are assigned.
        """
        if read not in self._readings:
            self._readings[read] = read(self)
        reading: ReadingT = self._readings[read]
        return reading

    def take(self, rows: np.ndarray | slice) -> Designs:
        """Return some of the designs.

        Parameters
        ----------
        rows : ndarray or slice
            A mask, places or a slice.
        """
        texts = {name: (codes[rows], texts) for name, (codes, texts) in self._texts.items()}
        frame = None if self._frame is None else self._frame.iloc[rows]
        subset = Designs(len(np.arange(self._count)[rows]), None, texts, frame)
        subset._numbers = {name: values[rows] for name, values in self._numbers.items()}
        subset._readings = {read: reading.take(rows) for read, reading in self._readings.items()}
        return subset

    def assign(self, **numbers: np.ndarray) -> Designs:
        """Return the designs with further columns of numbers, or others in their place.

        Parameters
        ----------
        numbers : ndarray, each of shape (n_designs,)
            By column; NaN where not given.
        """
        assigned = Designs(self._count, numbers, self._texts, self._frame)
        assigned._numbers = {**self._numbers, **assigned._numbers}
        assigned._readings = dict(self._readings)
        return assigned

    def to_frame(self) -> pd.DataFrame:
        """Return the columns as a frame, texts as categories."""
        columns: dict[str, Any] = {}
        for column in self.columns:
            if column in self._numbers:
                columns[column] = self._numbers[column]
            elif column in self._texts:
                codes, texts = self._texts[column]
                columns[column] = pd.Categorical.from_codes(codes, pd.Index(pd.array(texts, dtype="str")))
            elif self._frame is not None:
                columns[column] = self._frame[column].array
        return pd.DataFrame(columns, index=pd.RangeIndex(self._count))


def coded_texts(values: Iterable[str | None]) -> Coded:
    """Return texts as places among the distinct ones, and those.

    Parameters
    ----------
    values : iterable of str or None
        One per design; None is the empty text.

    Examples
    --------
    >>> codes, texts = coded_texts(["half", None, "half"])
    >>> codes.tolist(), texts
    ([0, 1, 0], ['half', ''])
    """
    places: dict[str, int] = {}
    codes = [places.setdefault(value or "", len(places)) for value in values]
    return np.array(codes, dtype=np.int64), list(places)


def _coded(values: pd.Series) -> Coded:
    codes, distinct = pd.factorize(values)
    texts = [str(value) for value in distinct.tolist()]
    if (missing := codes == -1).any():
        codes = np.where(missing, len(texts), codes)
        texts.append("")
    return codes, texts
