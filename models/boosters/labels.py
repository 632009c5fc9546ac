"""Labels: what is known of the value of each row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Labels:
    """Values of each row as far as they are known, on the model's scale.

    Attributes
    ----------
    lower, upper : shape (n_rows,); equal for an exact value, -inf or +inf where only one bound is known
    weight : shape (n_rows,)
    """

    lower: np.ndarray
    upper: np.ndarray
    weight: np.ndarray

    @property
    def middle(self) -> np.ndarray:
        """One number per row: the value, the middle of a range, or the bound that is known."""
        low = np.where(np.isfinite(self.lower), self.lower, self.upper)
        high = np.where(np.isfinite(self.upper), self.upper, self.lower)
        return np.asarray((low + high) / 2)

    @property
    def exact(self) -> np.ndarray:
        """Rows whose value is known, not only bounded."""
        return np.asarray(self.lower == self.upper)

    def distance(self, predicted: np.ndarray) -> np.ndarray:
        """Return how far a prediction lies outside what is known, 0 inside.

        Parameters
        ----------
        predicted : ndarray
            On the labels' scale, shape (n_rows,).
        """
        return np.asarray(np.maximum(np.maximum(self.lower - predicted, predicted - self.upper), 0.0))

    def take(self, rows: np.ndarray) -> Labels:
        """The labels of some rows.

        Parameters
        ----------
        rows : ndarray
            Places of the rows.
        """
        return Labels(self.lower[rows], self.upper[rows], self.weight[rows])


def weighted_median(values: np.ndarray, weights: np.ndarray) -> float:
    """The value below which half of the weight lies.

    Parameters
    ----------
    values : ndarray
        Shape (n_values,).
    weights : ndarray
        Weight of each value, shape (n_values,).
    """
    order = np.argsort(values)
    reached = np.cumsum(weights[order]) / weights.sum()
    return float(values[order][np.searchsorted(reached, 0.5)])
