"""Designs as arrays: numbers as floats, texts as places among the distinct ones, each column read once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

Coded: TypeAlias = tuple[np.ndarray, list[str]]
"""A text column as the place of each design's text among distinct ones, and those; nothing given is the empty text.
What is done per text is done once for a million designs that share it."""


class Designs:
    """Some designs, column by column.

    A data frame of a few rows costs more to ask for its columns than a model to answer: this is what featurizers and
    models read instead. Arrays given out are shared, not to be written to.

    Parameters
    ----------
    count : number of designs
    numbers : columns of floats, NaN where not given, each of shape (n_designs,)
    texts : columns of texts
    frame : further columns, read when they are asked for

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
        self._numbers, self._texts = dict(numbers or {}), dict(texts or {})

    @classmethod
    def of(cls, X: pd.DataFrame | Designs) -> Designs:
        """The designs of a frame, one per row."""
        return X if isinstance(X, Designs) else cls(len(X), frame=X)

    def __len__(self) -> int:
        return self._count

    @property
    def index(self) -> pd.Index:
        """That of the frame, else places from 0."""
        return pd.RangeIndex(self._count) if self._frame is None else self._frame.index

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        others = [] if self._frame is None else map(str, self._frame.columns)
        return list(dict.fromkeys([*self._numbers, *self._texts, *others]))

    def number(self, column: str) -> np.ndarray:
        """A numeric column as floats, NaN where absent or empty; shape (n_designs,)."""
        found = self._numbers.get(column)
        if found is None:
            if self._frame is None or column not in self._frame.columns:
                return np.full(self._count, np.nan)
            values = self._frame[column]
            if values.dtype != np.float64:
                values = pd.to_numeric(values)
            found = self._numbers[column] = values.to_numpy(dtype=float, na_value=np.nan)
        return found

    def coded(self, column: str) -> Coded:
        """A text column, empty where absent."""
        found = self._texts.get(column)
        if found is None:
            if self._frame is None or column not in self._frame.columns:
                return np.zeros(self._count, dtype=np.int64), [""]
            found = self._texts[column] = _coded(self._frame[column])
        return found

    def take(self, rows: np.ndarray | slice) -> Designs:
        """Some of the designs: a mask, places or a slice."""
        numbers = {name: values[rows] for name, values in self._numbers.items()}
        texts = {name: (codes[rows], texts) for name, (codes, texts) in self._texts.items()}
        frame = None if self._frame is None else self._frame.iloc[rows]
        return Designs(len(np.arange(self._count)[rows]), numbers, texts, frame)

    def assign(self, **numbers: np.ndarray) -> Designs:
        """The designs with further columns of numbers, or others in their place."""
        return Designs(self._count, {**self._numbers, **numbers}, self._texts, self._frame)

    def to_frame(self) -> pd.DataFrame:
        """The columns as a frame, texts as categories."""
        found: dict[str, Any] = {}
        for column in self.columns:
            if column in self._numbers:
                found[column] = self._numbers[column]
            elif column in self._texts:
                codes, texts = self._texts[column]
                found[column] = pd.Categorical.from_codes(codes, pd.Index(pd.array(texts, dtype="str")))
            elif self._frame is not None:
                found[column] = self._frame[column].array
        return pd.DataFrame(found, index=pd.RangeIndex(self._count))


def coded_texts(values: Iterable[str | None]) -> Coded:
    """Texts, None among them, as places among the distinct ones."""
    places: dict[str, int] = {}
    codes = [places.setdefault(value or "", len(places)) for value in values]
    return np.array(codes, dtype=np.int64), list(places)


def _coded(values: pd.Series) -> Coded:
    codes, distinct = pd.factorize(values)
    texts = [str(value) for value in distinct.tolist()]
    if (unsaid := codes == -1).any():
        codes = np.where(unsaid, len(texts), codes)
        texts.append("")
    return codes, texts
