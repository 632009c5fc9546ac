"""Features: the numbers of a vector, each with name, label, unit, source and the function that computes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar

import numpy as np
import pandas as pd

from features.tables.designs import Coded, Designs
from features.transformer import Transformer

Source = TypeVar("Source", contravariant=True)
AS_GIVEN = "the design as given"


@dataclass(frozen=True)
class Feature:
    """One output of a featurizer.

    Attributes
    ----------
    name : column of the vectors
    label : as a chemist reads it
    unit : empty where the number has none
    source : where the number comes from
    monotone : certain physics only: +1 the target rises with the feature, -1 it falls, 0 nothing is certain
    """

    name: str
    label: str
    unit: str = ""
    source: str = AS_GIVEN
    monotone: int = 0

    @property
    def printed(self) -> str:
        """Label with its unit.

        >>> Feature("np_ratio", "stack pressure", "MPa").printed
        'stack pressure (MPa)'
        """
        return f"{self.label} ({self.unit})" if self.unit else self.label


@dataclass(frozen=True)
class Output(Generic[Source]):
    """A feature and the function that computes it.

    Attributes
    ----------
    feature : what the number means
    values : gives the numbers from what the featurizer makes of the designs: one per design, or one alone where the
        source is a single crystal or space group
    """

    feature: Feature
    values: Callable[[Source], Any]

    @property
    def name(self) -> str:
        """Name of the feature."""
        return self.feature.name


def yes_no(name: str, label: str, values: Callable[[Source], Any], source: str = AS_GIVEN) -> Output[Source]:
    """Return an output that is 1 for yes and 0 for no.

    Parameters
    ----------
    name, label, source : str
        As for `Feature`.
    values : callable
        As for `Output`; NaN where the design does not say.
    """
    return Output(Feature(name, label, "yes/no", source), values)


def filled(outputs: Sequence[Output[Source]], source: Source, count: int) -> np.ndarray:
    """Compute outputs side by side.

    Parameters
    ----------
    outputs : sequence of Output
        In the order of the columns.
    source : Source
        What they are computed from.
    count : int
        Number of values of each.

    Returns
    -------
    ndarray of float, shape (count, n_outputs)

    Examples
    --------
    >>> outputs = [Output(Feature("one", "the number"), np.copy), Output(Feature("two", "its square"), np.square)]
    >>> filled(outputs, np.array([1.0, 3.0]), 2).tolist()
    [[1.0, 1.0], [3.0, 9.0]]
    """
    table = np.empty((count, len(outputs)))
    for place, output in enumerate(outputs):
        table[:, place] = output.values(source)
    return table


class Featurizer(Transformer):
    """Base of our transformers: a DataFrame of designs in, a DataFrame of floats out, input untouched.

    A subclass gives its outputs as `_outputs` (after `_learn` has set what is learned), and their numbers as `_values`.
    A number is NaN where the design does not say; nothing is filled in silently.
    """

    def fit(self, X: pd.DataFrame, y: object = None) -> Self:
        """Learn the vocabulary from the training designs.

        Parameters
        ----------
        X : DataFrame, shape (n_designs, n_columns)
            With the columns named in `required`.
        y : None
            Ignored.
        """
        self._require(X)
        self._learn(X)
        self.features_: list[Feature] = self._describe()
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """Compute the vectors of designs.

        Parameters
        ----------
        X : DataFrame, shape (n_designs, n_columns)
            With the columns named in `required`; others may be absent, which makes NaN of what is read from them.

        Returns
        -------
        DataFrame, shape (n_designs, n_features)
            With the index of `X`.
        """
        self._check_fitted()
        self._require(X)
        return pd.DataFrame(self._values(X), index=X.index, columns=self.get_feature_names_out(), dtype=float)

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray:
        """Return the names of the outputs, in order.

        Parameters
        ----------
        input_features : None
            Ignored; scikit-learn passes it.
        """
        self._check_fitted()
        return np.array([feature.name for feature in self.features_], dtype=object)

    required: Sequence[str] = ()

    def learned(self) -> dict[str, Any]:
        """Return what `fit` learned, as plain values for JSON."""
        return {}

    def restore(self, learned: dict[str, Any]) -> Self:
        """Set the featurizer to the state that `fit` left.

        Parameters
        ----------
        learned : dict
            What `learned` gave of a fitted featurizer with the same parameters.
        """
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

    def _outputs(self) -> Sequence[Output[Any]]:
        """Outputs in order."""
        raise TypeError(f"{type(self).__name__} describes no outputs")

    def _describe(self) -> list[Feature]:
        return [output.feature for output in self._outputs()]

    def _values(self, X: pd.DataFrame) -> np.ndarray:
        """Numbers of some designs, shape (n_designs, n_features)."""
        raise TypeError(f"{type(self).__name__} computes no values")


def number(X: pd.DataFrame | Designs, column: str) -> np.ndarray:
    """Read a numeric column.

    Parameters
    ----------
    X : DataFrame or Designs
        Designs.
    column : str
        Its name.

    Returns
    -------
    ndarray of float, shape (n_designs,)
        NaN where absent or empty.
    """
    return Designs.of(X).number(column)


def log10(values: np.ndarray) -> np.ndarray:
    """Return the decimal logarithm, NaN where a value is not positive.

    Parameters
    ----------
    values : ndarray of float, of any shape

    Examples
    --------
    >>> log10(np.array([100.0, 0.0])).tolist()
    [2.0, nan]
    """
    return np.log10(np.where(values > 0, values, np.nan))


def one_of(X: pd.DataFrame | Designs, column: str, choices: Sequence[str]) -> np.ndarray:
    """Read a text column as yes/no of each choice.

    Parameters
    ----------
    X : DataFrame or Designs
        Designs.
    column : str
        Its name.
    choices : sequence of str
        Texts that may stand in it.

    Returns
    -------
    ndarray, shape (n_designs, n_choices)
        1 where the column holds the choice, 0 where it holds another text, NaN where it holds none.
    """
    codes, texts = coded(X, column)
    flags = per_text(codes, texts, lambda text: [float(text == choice) if text else np.nan for choice in choices])
    return flags.reshape(len(X), len(choices))


def text(X: pd.DataFrame | Designs, column: str) -> list[str]:
    """Read a text column, one text per design, empty where absent.

    Parameters
    ----------
    X : DataFrame or Designs
        Designs.
    column : str
        Its name.
    """
    codes, texts = coded(X, column)
    return [texts[code] for code in codes.tolist()]


def coded(X: pd.DataFrame | Designs, column: str) -> Coded:
    """Read a text column as places among its distinct texts.

    Parameters
    ----------
    X : DataFrame or Designs
        Designs.
    column : str
        Its name.

    Returns
    -------
    tuple of ndarray of int, shape (n_designs,), and list of str
        Place of each design's text among the distinct ones, and those; the empty text where nothing stands.
    """
    return Designs.of(X).coded(column)


def per_text(codes: np.ndarray, texts: Sequence[str], value: Callable[[str], float | Sequence[float]]) -> np.ndarray:
    """Work out a number, or a row of numbers, once per distinct text.

    Parameters
    ----------
    codes : ndarray of int, shape (n_designs,)
        Place of each design's text in `texts`.
    texts : sequence of str
        The distinct ones.
    value : callable
        Gives the number, or the numbers, of a text.

    Returns
    -------
    ndarray, shape (n_designs, ...)

    Examples
    --------
    >>> per_text(np.array([0, 1, 0]), ["Si", "Si@C"], len).tolist()
    [2.0, 4.0, 2.0]
    """
    values = np.array([value(text) for text in texts], dtype=float)
    return values[codes] if len(codes) else np.empty((0, *values.shape[1:]))
