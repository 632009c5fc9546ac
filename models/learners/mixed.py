"""Two models mixed by distance: near the compositions that the first was made of it answers, far from them the other.

Rows of another kind (public tables, papers that print poor conductors too) spoil the predictions for the compositions
the reviews are about where one model learns from all; near these the model of their rows alone predicts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from features.distinct import distinct_rows
from models.ensemble import BoostedEnsemble, Labels, Recipe
from models.learners.arrhenius import ENERGY, ArrheniusEnsemble
from models.saved.checked_files import inside

MIXED = "mixed"
OWN, JOINT = "own", "joint"
"""Folders of the two."""
FEW, BLOCK = 20, 2048
"""Compositions that are compared with all own rows at once; others that stay in a processor's cache together."""
SLACK = 1e-4
"""More than single precision can make of the difference of two sums of 118 atomic fractions."""


class MixedEnsemble(BoostedEnsemble):
    """A model of own rows and one of all rows, the first weighing exp(-d / scale).

    d is the sum of absolute differences of the atomic fractions to the nearest own row, over the elements that the
    vectors hold.

    Parameters
    ----------
    recipe : Recipe
        Its `mix_scale` is the scale.
    monotone : sequence of -1, 0, +1, one per feature
    own, joint : BoostedEnsemble
        Unfitted, unless read back.
    columns : sequence of int
        Places of the atomic fractions among the features.
    is_own : ndarray of bool, shape (n_rows,), optional
        Training rows of the first model; only `fit` needs it.
    """

    def __init__(
        self,
        recipe: Recipe,
        monotone: Sequence[int],
        own: BoostedEnsemble,
        joint: BoostedEnsemble,
        columns: Sequence[int],
        is_own: np.ndarray | None = None,
    ) -> None:
        super().__init__(recipe, monotone)
        self.own, self.joint, self.columns, self.is_own = own, joint, list(columns), is_own
        self.fractions = np.empty((0, len(self.columns)))

    def fit(self, X: pd.DataFrame, labels: Labels, seed: int) -> MixedEnsemble:
        """Fit both models.

        Parameters
        ----------
        X : DataFrame
            Feature vectors, shape (n_rows, n_features); NaN where unknown.
        labels : Labels
            On the model's scale.
        seed : int
            Of the random steps.

        Raises
        ------
        ValueError
            No row, or a label that says nothing.
        """
        rows = np.arange(len(X)) if self.is_own is None else np.flatnonzero(self.is_own)
        own_vectors = X.iloc[rows].reset_index(drop=True)
        self.own.fit(own_vectors, labels.take(rows), seed)
        self.joint.fit(X, labels, seed)
        known = own_vectors.to_numpy(dtype=float)[:, self.columns]
        self.fractions = np.unique(known[~np.isnan(known).any(axis=1)], axis=0)
        self.is_own = None
        return self

    def weight(self, X: pd.DataFrame | np.ndarray) -> np.ndarray:
        """Return how much the model of the own rows counts, shape (n_designs,); 0 where no composition is known.

        Parameters
        ----------
        X : DataFrame or ndarray
            Feature vectors, shape (n_designs, n_features); NaN where unknown.
        """
        fractions = np.asarray(X, dtype=float)[:, self.columns]
        weight = np.zeros(len(fractions))
        known = np.flatnonzero(~np.isnan(fractions).any(axis=1))
        if len(self.fractions) and len(known):
            place, first = distinct_rows(fractions[known])
            distinct = fractions[known[first]]
            distance = _nearest(distinct, self.fractions)
            weight[known] = np.exp(-distance / self.recipe.mix_scale)[place]
        return weight

    def predict(self, X: pd.DataFrame | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Weighted mean of both models, and the deviation of their members and of the two from each other.

        Parameters
        ----------
        X : DataFrame or ndarray
            Feature vectors, shape (n_designs, n_features); NaN where unknown.
        """
        weight = self.weight(X)
        (own_centre, own_spread), (all_rows, spread) = self.own.predict(X), self.joint.predict(X)
        between = weight * (1 - weight) * (own_centre - all_rows) ** 2
        variance = weight * own_spread**2 + (1 - weight) * spread**2 + between
        return weight * own_centre + (1 - weight) * all_rows, np.sqrt(variance)

    def activation_energy(self, X: pd.DataFrame | np.ndarray) -> np.ndarray | None:
        """Return the activation energy of both models, weighted as they are; None where they know none.

        That of the joint one alone where the own rows show too few to learn from: it has one energy for all.

        Parameters
        ----------
        X : DataFrame or ndarray
            Feature vectors, shape (n_designs, n_features); NaN where unknown.
        """
        all_rows = self.joint.activation_energy(X)
        if isinstance(self.own, ArrheniusEnsemble) and self.own.energy is None:
            return all_rows
        own_energy, weight = self.own.activation_energy(X), self.weight(X)
        return None if own_energy is None or all_rows is None else weight * own_energy + (1 - weight) * all_rows

    def contributions(self, X: pd.DataFrame) -> tuple[np.ndarray, float]:
        """SHAP values of each feature and the base value of the joint model; they sum to the prediction.

        What the own model's base differs by counts for the elements, as it is the composition that calls for it.

        Parameters
        ----------
        X : DataFrame
            Feature vectors, shape (n_rows, n_features); NaN where unknown.
        """
        weight = self.weight(X)[:, None]
        (own_values, own_base), (all_rows, base) = self.own.contributions(X), self.joint.contributions(X)
        values = weight * own_values + (1 - weight) * all_rows
        values[:, self.columns] += weight * (own_base - base) * self._shares_of_elements(X)
        return values, base

    def interactions(self, X: pd.DataFrame) -> np.ndarray:
        """SHAP interaction values as of `BoostedEnsemble`; each row of them sums to the feature's SHAP value.

        Parameters
        ----------
        X : DataFrame
            Feature vectors, shape (n_rows, n_features); NaN where unknown.
        """
        weight = self.weight(X)[:, None]
        own_effects, all_rows = self.own.interactions(X), self.joint.interactions(X)
        total = weight[:, :, None] * own_effects + (1 - weight[:, :, None]) * all_rows
        gap = self.own.contributions(X)[1] - self.joint.contributions(X)[1]
        total[:, self.columns, self.columns] += weight * gap * self._shares_of_elements(X)
        return np.asarray(total)

    def _shares_of_elements(self, X: pd.DataFrame | np.ndarray) -> np.ndarray:
        """Share of each element's fraction in those of the vectors, shape (n_designs, n_columns)."""
        fractions = np.nan_to_num(np.asarray(X, dtype=float)[:, self.columns])
        total = fractions.sum(axis=1, keepdims=True)
        even = 1 / max(len(self.columns), 1)
        return np.asarray(np.where(total > 0, fractions / np.where(total > 0, total, 1.0), even))

    def save(self, folder: Path) -> None:
        """Write both models into folders of their own, and a JSON file with the rest.

        Parameters
        ----------
        folder : Path
            Folder that is written into.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.own.save(folder / OWN)
        self.joint.save(folder / JOINT)
        state = {"columns": self.columns, "fractions": self.fractions.tolist()}
        self._write_state(folder / f"{MIXED}.json", state, indent=None)

    @classmethod
    def restore(cls, files: Mapping[str, bytes]) -> MixedEnsemble:
        """Return what `save` wrote.

        Parameters
        ----------
        files : mapping of str to bytes
            Content of the files of one part, by name.
        """
        state = json.loads(files[f"{MIXED}.json"])
        recipe, columns = Recipe.from_dict(state["recipe"]), state["columns"]
        own, joint = (restore_ensemble(inside(files, folder)) for folder in (OWN, JOINT))
        ensemble = cls(recipe, state["monotone"], own, joint, columns)
        ensemble.fractions = np.array(state["fractions"], dtype=float).reshape(-1, len(columns))
        return ensemble


def _nearest(fractions: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Sum of absolute differences to the nearest known composition, shape (n_asked,).

    Single precision shows which may be the nearest; the sums of these are of doubles, whatever designs are beside them.
    """
    if len(fractions) <= FEW:
        return np.asarray(np.abs(fractions[:, None] - known).sum(axis=2).min(axis=1))
    distance, rows = np.empty(len(fractions)), known.astype(np.float32)
    for start in range(0, len(fractions), BLOCK):
        block = fractions[start : start + BLOCK]
        by_element = np.ascontiguousarray(block.T, dtype=np.float32)
        sums, gap = np.empty((len(rows), len(block)), dtype=np.float32), np.empty_like(by_element)
        for total, row in zip(sums, rows, strict=True):
            np.abs(np.subtract(by_element, row[:, None], out=gap), out=gap).sum(axis=0, out=total)
        place, row = np.nonzero((sums <= sums.min(axis=0) + np.float32(SLACK)).T)
        exact = np.abs(block[place] - known[row]).sum(axis=1)
        distance[start : start + BLOCK] = np.minimum.reduceat(exact, np.searchsorted(place, np.arange(len(block))))
    return distance


def restore_ensemble(files: Mapping[str, bytes]) -> BoostedEnsemble:
    """Return what any kind of ensemble saved.

    Parameters
    ----------
    files : mapping of str to bytes
        Content of the files of one part, by name.
    """
    if f"{MIXED}.json" in files:
        return MixedEnsemble.restore(files)
    if f"{ENERGY}.json" in files:
        return ArrheniusEnsemble.restore(files)
    return BoostedEnsemble.restore(files)
