"""SHAP values of a part, and what they are worth in the units of a target: factors, or points.

The trees speak on the model's scale (log10 S/cm, percent, log10 cycles). A chemist asks for the answer that is printed,
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
    features : of the part, in order
    values : shape (n_designs, n_features), on the part's scale; with `base` they sum to the prediction
    base : the mean prediction over what the trees learnt from, when nothing is known of the design
    vectors : the features' own values, shape (n_designs, n_features), NaN where unknown
    """

    features: list[Feature]
    values: np.ndarray
    base: float
    vectors: np.ndarray


@dataclass
class Shares:
    """What moved the printed answer of one target.

    Attributes
    ----------
    start : the answer at the base, on the target's scale (log10 for conductivity and life, percent else), (n_designs,)
    pieces : share of each feature on that scale, shape (n_designs, n_features); with `start` they sum to `end`
    end : the answer, shape (n_designs,)
    """

    start: np.ndarray
    pieces: np.ndarray
    end: np.ndarray


def reasons(part: Part, designs: pd.DataFrame) -> Reasons:
    """SHAP values of a part; cells need the column of `with_conductivity`."""
    return reasons_of(part, part.featurizer.transform(designs))


def reasons_of(part: Part, vectors: pd.DataFrame) -> Reasons:
    """SHAP values of a part for ready vectors."""
    values, base = part.ensemble.contributions(vectors)
    return Reasons(part.featurizer.features_, values, base, vectors.to_numpy(dtype=float))


def learnt(part: Part) -> pd.DataFrame:
    """Vectors of the designs a part was trained on; no rows where it does not carry them."""
    rows = part.domain.vectors if part.domain else np.empty((0, len(part.featurizer.features_)))
    return pd.DataFrame(rows, columns=part.featurizer.get_feature_names_out())


def answer(column: str, part: Part, scaled: np.ndarray, cycle: np.ndarray | float) -> np.ndarray:
    """The model's scale as the target's: log10 S/cm or cycles, percent; kept inside the target's limits.

    Parameters
    ----------
    scaled : log10 S/cm, %, or log10 cycles, any shape
    cycle : at which retention is asked for; read for no other target
    """
    return task_of(column).answer(TARGETS[column], scaled, np.asarray(cycle) - 1.0, part.settings)


def shares(column: str, part: Part, found: Reasons, cycle: np.ndarray) -> Shares:
    """The Aumann-Shapley value of each feature for the printed answer; `cycle` has the shape (n_designs,)."""
    way = found.values.sum(axis=1)
    base = np.full(len(way), found.base)
    start, end = answer(column, part, base, cycle), answer(column, part, base + way, cycle)
    step = np.sqrt(SAME)
    bent = (answer(column, part, base + step, cycle) - answer(column, part, base - step, cycle)) / (2 * step)
    still = np.abs(way) < SAME
    slope = np.where(still, bent, (end - start) / np.where(still, 1.0, way))
    return Shares(start, found.values * slope[:, None], end)
