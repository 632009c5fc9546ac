"""What one number of a vector means: its name, the words a chemist reads, its unit and where it comes from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from features.tables.designs import Coded, Designs


@dataclass(frozen=True)
class Feature:
    """One output of a featurizer."""

    name: str
    label: str
    unit: str = ""
    source: str = "the design as given"
    monotone: int = 0
    """Certain physics only: +1 the target rises with it, -1 it falls."""

    @property
    def printed(self) -> str:
        """Label with its unit."""
        return f"{self.label} ({self.unit})" if self.unit else self.label


class Featurizer(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Base of our transformers: a DataFrame of designs in, a DataFrame of floats out, input untouched.

    A subclass names its outputs in `_describe` (after `_learn` has set what is learned) and fills them in `_values`.
    A number is NaN where the design does not say; nothing is filled in silently.
    """

    def fit(self, X: pd.DataFrame, y: object = None) -> Self:
        """Learn the vocabulary from the training designs; `y` is ignored."""
        self._require(X)
        self._learn(X)
        self.features_: list[Feature] = self._describe()
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """Vectors, shape (n_designs, n_features), same index as `X`."""
        check_is_fitted(self, "features_")
        self._require(X)
        return pd.DataFrame(self._values(X), index=X.index, columns=self.get_feature_names_out(), dtype=float)

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray:
        """Names of the outputs, in order."""
        check_is_fitted(self, "features_")
        return np.array([feature.name for feature in self.features_], dtype=object)

    required: Sequence[str] = ()

    def learned(self) -> dict[str, Any]:
        """What `fit` learned, as plain values for JSON."""
        return {}

    def restore(self, learned: dict[str, Any]) -> Self:
        """A fitted featurizer from its parameters and what `learned` gave."""
        self._recall(learned)
        self.features_ = self._describe()
        return self

    def _recall(self, learned: dict[str, Any]) -> None:
        """Set learned attributes from JSON; nothing by default."""

    def _require(self, X: Any) -> None:
        if not isinstance(X, (pd.DataFrame, Designs)):
            raise TypeError(f"{type(self).__name__} reads a pandas DataFrame of designs, got {type(X).__name__}")
        if missing := [column for column in self.required if column not in X.columns]:
            raise ValueError(
                f"{type(self).__name__}: missing columns {', '.join(missing)}; got {', '.join(map(str, X.columns))}"
            )

    def _learn(self, X: pd.DataFrame) -> None:
        """Set learned attributes; nothing by default."""

    def _describe(self) -> list[Feature]:
        raise TypeError(f"{type(self).__name__} describes no outputs")

    def _values(self, X: pd.DataFrame) -> np.ndarray:
        raise TypeError(f"{type(self).__name__} computes no values")


def number(X: pd.DataFrame | Designs, column: str) -> np.ndarray:
    """A numeric column as floats, NaN where absent or empty."""
    return Designs.of(X).number(column)


def log10(values: np.ndarray) -> np.ndarray:
    """log10, NaN where not positive."""
    return np.log10(np.where(values > 0, values, np.nan))


def one_of(X: pd.DataFrame | Designs, column: str, choices: Sequence[str]) -> np.ndarray:
    """1 where the column holds the choice, 0 where it holds another, NaN where it holds none; shape (n, n_choices)."""
    codes, texts = coded(X, column)
    found = per_text(codes, texts, lambda held: [float(held == choice) if held else np.nan for choice in choices])
    return found.reshape(len(X), len(choices))


def text(X: pd.DataFrame | Designs, column: str) -> list[str]:
    """A text column, empty where absent."""
    codes, texts = coded(X, column)
    return [texts[code] for code in codes.tolist()]


def coded(X: pd.DataFrame | Designs, column: str) -> Coded:
    """A text column as the place of each design's text among distinct ones, shape (n_designs,), and those."""
    return Designs.of(X).coded(column)


def per_text(codes: np.ndarray, texts: Sequence[str], value: Callable[[str], float | Sequence[float]]) -> np.ndarray:
    """A number, or a row of numbers, of each text, worked out once per distinct one; shape (n_designs, ...)."""
    found = np.array([value(each) for each in texts], dtype=float)
    return found[codes] if len(codes) else np.empty((0, *found.shape[1:]))
