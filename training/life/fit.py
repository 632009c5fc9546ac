"""Fitting of ridge and boosting: corrections to the own trend, lives that are only bounded taking part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xgboost as xgb
from scipy.stats import norm

from models.life.life_features import FEATURES
from models.life.model import MOST_CORRECTION, Members, Ridge
from training.life.landmarks import LifeExamples

ROWS_OF_PENALTY = 17_000
"""Rows that a penalty is meant for; it grows with their number."""
ROUNDS_OF_EM, START_SD = 10, 0.25
FEATURE_SETS = {
    "all": FEATURES,
    "trend and rates": (
        "log10_cycles", "retention", "log10_fade", "log10_rate", "own", "own_sd", "threshold", "slope", "log10_to_go",
        "straight",
    ),
}  # fmt: skip
PENALTIES = (100.0, 1000.0)
SETTINGS: dict[str, Any] = {
    "objective": "survival:aft",
    "aft_loss_distribution": "normal",
    "aft_loss_distribution_scale": 0.6,
    "max_depth": 3,
    "eta": 0.1,
    "subsample": 0.7,
    "colsample_bytree": 0.5,
    "min_child_weight": 0.1,
    "reg_lambda": 5.0,
    "base_score": 1.0,
    "tree_method": "hist",
    "nthread": 1,
}
ROUNDS = 80


@dataclass(frozen=True)
class Choices:
    """Choices made inside the folds.

    Attributes
    ----------
    ridge_features, boosted_features : names in `FEATURE_SETS`
    penalty : of the ridge
    most_correction : decades that ridge and boosting may move a life from the own trend
    lean : 0 where the shares are those of the least error, 1 where they are equal
    """

    ridge_features: str = "all"
    boosted_features: str = "all"
    penalty: float = 100.0
    most_correction: float = MOST_CORRECTION
    lean: float = 0.5


def fit_members(examples: LifeExamples, seed: int, choices: Choices = Choices()) -> Members:
    """Fit ridge and boosting.

    Parameters
    ----------
    examples : LifeExamples
        To learn from.
    seed : int
        Of the boosting.
    choices : Choices
        Features, penalty and the limit of the correction.
    """
    ridge = fit_ridge(examples, choices.ridge_features, choices.penalty)
    return Members(ridge, fit_boosted(examples, choices.boosted_features, seed), choices.most_correction)


def fit_ridge(examples: LifeExamples, features: str, penalty: float) -> Ridge:
    """Fit the linear correction; a life that is only bounded takes its mean above the bound, in turns (Tobit by EM).

    Parameters
    ----------
    examples : LifeExamples
        To learn from.
    features : str
        In `FEATURE_SETS`; the others get no weight.
    penalty : float
        For 17,000 rows.
    """
    table, labels = examples.rows[list(FEATURES)].to_numpy(dtype=float), examples.labels
    ridge = Ridge(table.mean(axis=0), table.std(axis=0) + 1e-9, np.zeros(len(FEATURES) + 1))
    used = np.append(True, np.isin(FEATURES, FEATURE_SETS[features]))
    design, weight, exact = ridge.design(examples.rows)[:, used], labels.weight, labels.exact
    penalties = penalty * len(table) / ROWS_OF_PENALTY * np.eye(design.shape[1])
    penalties[0, 0] = 0
    solve = np.linalg.solve((design * weight[:, None]).T @ design + penalties, (design * weight[:, None]).T)
    target = labels.lower - examples.rows["own"].to_numpy(dtype=float)
    filled, sd, coefficients = target.copy(), START_SD, np.zeros(design.shape[1])
    for _ in range(ROUNDS_OF_EM):
        coefficients = solve @ filled
        mean = design @ coefficients
        z = (target - mean) / sd
        above = mean + sd * np.exp(norm.logpdf(z) - norm.logsf(z))
        filled = np.where(exact, target, np.maximum(above, target))
        sd = float(np.sqrt(np.average((filled - mean)[exact] ** 2, weights=weight[exact])))
    weights = np.zeros(len(used))
    weights[used] = coefficients
    return Ridge(ridge.centre, ridge.scale, weights)


def fit_boosted(examples: LifeExamples, features: str, seed: int) -> xgb.Booster:
    """Fit accelerated failure times, as multiples of the own trend's life.

    Parameters
    ----------
    examples : LifeExamples
        To learn from.
    features : str
        In `FEATURE_SETS`; the others are hidden.
    seed : int
        Of the sampling.
    """
    own, labels = examples.rows["own"].to_numpy(dtype=float), examples.labels
    values = examples.rows[list(FEATURES)].to_numpy(dtype=np.float32)
    used = np.isin(FEATURES, FEATURE_SETS[features])
    values[:, ~used] = 0
    table = xgb.DMatrix(values, weight=labels.weight, nthread=1, feature_names=list(FEATURES))
    table.set_info(feature_weights=used.astype(float))
    table.set_float_info("label_lower_bound", 10 ** (labels.lower - own))
    table.set_float_info("label_upper_bound", np.where(labels.exact, 10 ** (labels.lower - own), np.inf))
    return xgb.train({**SETTINGS, "seed": seed}, table, ROUNDS)
