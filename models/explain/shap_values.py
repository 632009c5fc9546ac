"""SHAP values of a part, and what they are worth in the units of a target: factors, or points.

Trees predict on the model's scale (log10 S/cm, percent, log10 cycles). A chemist reads the answer that is printed,
which is bounded and, for the retention, bent by the fade law. It is split by the Aumann-Shapley value along the
straight way from the base to the prediction: as the answer depends on the sum of the SHAP values alone, that value is
each SHAP value times one slope, the rise of the answer over the rise of the sum, and adds up to the answer exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.feature import Feature
from models.tasks.part import Part
from models.tasks.registry import TARGETS, task_of

SAME = 1e-9
"""Way from the base to the prediction, on the model's scale, that counts as none: there the slope is the derivative."""


@dataclass
class Reasons:
    """SHAP values of one part for a table of designs.

    Attributes
    ----------
    features : list of Feature
        Of the part, in order.
    values : array, shape (n_designs, n_features)
        SHAP values on the part's scale (log10 S/cm, %, log10 cycles); with `base` they sum to the prediction.
    base : float
        Mean prediction over what the trees learned from, when nothing is known of the design.
    vectors : array, shape (n_designs, n_features)
        The features' own values, NaN where unknown.
    """

    features: list[Feature]
    values: np.ndarray
    base: float
    vectors: np.ndarray


@dataclass
class Shares:
    """Shares of each feature in the printed answer of one target.

    Attributes
    ----------
    start : array, shape (n_designs,)
        Answer at the base, on the target's scale: log10 S/cm, log10 cycles, or %.
    pieces : array, shape (n_designs, n_features)
        Share of each feature on that scale; with `start` they sum to `end`.
    end : array, shape (n_designs,)
        The answer.
    """

    start: np.ndarray
    pieces: np.ndarray
    end: np.ndarray


def reasons(part: Part, designs: pd.DataFrame) -> Reasons:
    """Return the SHAP values of a part for designs.

    Parameters
    ----------
    part : Part
    designs : DataFrame, shape (n_designs, n_columns)
        As `Bundle.designs_for` gives them.
    """
    return reasons_of(part, part.featurizer.transform(designs))


def reasons_of(part: Part, vectors: pd.DataFrame) -> Reasons:
    """Return the SHAP values of a part for ready vectors.

    Parameters
    ----------
    part : Part
    vectors : DataFrame, shape (n_designs, n_features)
        Features of the part, NaN where unknown.
    """
    values, base = part.ensemble.contributions(vectors)
    return Reasons(part.featurizer.features_, values, base, vectors.to_numpy(dtype=float))


def training_vectors(part: Part) -> pd.DataFrame:
    """Return the vectors of the designs a part was trained on.

    Parameters
    ----------
    part : Part

    Returns
    -------
    DataFrame, shape (n_rows, n_features)
        Without rows where the part does not carry its training designs.
    """
    rows = part.domain.vectors if part.domain else np.empty((0, len(part.featurizer.features_)))
    return pd.DataFrame(rows, columns=part.featurizer.get_feature_names_out())


def answer(column: str, part: Part, scaled: np.ndarray, cycle: np.ndarray | float) -> np.ndarray:
    """Turn predictions from the model's scale to the target's, kept inside the target's limits.

    Parameters
    ----------
    column : str
        Target.
    part : Part
        Part that predicts it.
    scaled : array, any shape
        Predictions of the part: log10 S/cm, %, or log10 cycles to 80 %.
    cycle : array or float
        Cycle at which retention is predicted; read for no other target.

    Returns
    -------
    array, shape of `scaled`
        log10 S/cm, log10 cycles, or %.
    """
    return task_of(column).answer(TARGETS[column], scaled, np.asarray(cycle) - 1.0, part.settings)


def shares(column: str, part: Part, shap: Reasons, cycle: np.ndarray) -> Shares:
    """Return the Aumann-Shapley value of each feature for the printed answer.

    Parameters
    ----------
    column : str
        Target.
    part : Part
        Part that predicts it.
    shap : Reasons
        SHAP values of the part.
    cycle : array, shape (n_designs,)
        Cycle at which retention is predicted; read for no other target.
    """
    way = shap.values.sum(axis=1)
    base = np.full(len(way), shap.base)
    start, end = answer(column, part, base, cycle), answer(column, part, base + way, cycle)
    step = np.sqrt(SAME)
    derivative = (answer(column, part, base + step, cycle) - answer(column, part, base - step, cycle)) / (2 * step)
    is_flat = np.abs(way) < SAME
    slope = np.where(is_flat, derivative, (end - start) / np.where(is_flat, 1.0, way))
    return Shares(start, shap.values * slope[:, None], end)
