"""Boosters of rows of several sources, learnt as the newest papers would print them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from models.ensemble import BoostedEnsemble, Labels, Recipe
from models.learners.arrhenius import ArrheniusEnsemble

YEAR = "year"
"""Column of designs: year of the paper."""


class DatedEnsemble(ArrheniusEnsemble):
    """An `ArrheniusEnsemble`, and saved as one, whose rows are weighted and whose labels are moved to the newest year.

    Papers print better conductors every year. Boosters that know the year predict how much more each row's paper would
    have printed; nobody knows the year of a design, so these are not kept.

    Parameters
    ----------
    recipe, monotone, column, energies
        As for `ArrheniusEnsemble`.
    weights, years : ndarray, shape (n_rows,), optional
        Weight of each training row, and the year of its paper, NaN where unknown; only `fit` needs them.
    """

    def __init__(
        self,
        recipe: Recipe,
        monotone: Sequence[int],
        column: int,
        energies: np.ndarray | None = None,
        weights: np.ndarray | None = None,
        years: np.ndarray | None = None,
    ) -> None:
        super().__init__(recipe, monotone, column, energies)
        self.weights, self.years = weights, years

    def fit(self, X: pd.DataFrame, labels: Labels, seed: int) -> DatedEnsemble:
        """Fit the boosters to the moved labels.

        Parameters
        ----------
        X : DataFrame
            Feature vectors, shape (n_rows, n_features); NaN where unknown.
        labels : Labels
            log10 S/cm at each row's temperature.
        seed : int
            Of the random steps.

        Raises
        ------
        ValueError
            No row, or a label that says nothing.
        """
        if self.weights is not None:
            labels = replace(labels, weight=labels.weight * self.weights)
        if self.years is not None and np.isfinite(self.years).any():
            dated = X.assign(**{YEAR: self.years})
            boosters = BoostedEnsemble(self.recipe, [*self.monotone, 0]).fit(dated, labels, seed)
            newest = boosters.predict(dated.assign(**{YEAR: np.nanmax(self.years)}))[0]
            shift = newest - boosters.predict(dated)[0]
            labels = replace(labels, lower=labels.lower + shift, upper=labels.upper + shift)
        super().fit(X, labels, seed)
        self.weights = self.years = None
        return self
