"""Baselines beside every model: a dummy, nearest neighbours and ridge regression."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from models.ensemble import weighted_median

CLIP = 3.0


def _on_scores(estimator: object) -> Pipeline:
    """Scaled, unknown at the mean, clipped to three deviations: all of it inside the fold."""
    impute = SimpleImputer(strategy="constant", fill_value=0.0, keep_empty_features=True)
    clip = FunctionTransformer(np.clip, kw_args={"a_min": -CLIP, "a_max": CLIP})
    return make_pipeline(StandardScaler(), impute, clip, estimator)


def dummy(train: pd.DataFrame, values: np.ndarray, weights: np.ndarray, test: pd.DataFrame) -> np.ndarray:
    """The median of the training rows: the best constant under absolute error.

    Parameters
    ----------
    train : DataFrame
        Training vectors, shape (n_train, n_features).
    values : ndarray
        Training values, shape (n_train,).
    weights : ndarray
        Shape (n_train,).
    test : DataFrame
        Vectors to predict for, shape (n_test, n_features).

    Examples
    --------
    >>> rows = pd.DataFrame({"silicon_wt_pct": [60.0, 70.0, 80.0]})
    >>> dummy(rows, np.array([80.0, 85.0, 99.0]), np.ones(3), rows[:1]).tolist()
    [85.0]
    """
    return np.full(len(test), weighted_median(values, weights))


def nearest(train: pd.DataFrame, values: np.ndarray, weights: np.ndarray, test: pd.DataFrame) -> np.ndarray:
    """Mean of the three nearest training rows.

    Parameters
    ----------
    train : DataFrame
        Training vectors, shape (n_train, n_features).
    values : ndarray
        Training values, shape (n_train,).
    weights : ndarray
        Not used.
    test : DataFrame
        Vectors to predict for, shape (n_test, n_features).
    """
    # which of equally near rows the plain search takes depends on the number of threads; a tree's does not
    model = _on_scores(KNeighborsRegressor(n_neighbors=min(3, len(train)), algorithm="kd_tree"))
    return np.asarray(model.fit(_known(train), values).predict(_known(test, train)))


def ridge(train: pd.DataFrame, values: np.ndarray, weights: np.ndarray, test: pd.DataFrame) -> np.ndarray:
    """Ridge regression on z-scores clipped to 3.

    Parameters
    ----------
    train : DataFrame
        Training vectors, shape (n_train, n_features).
    values : ndarray
        Training values, shape (n_train,).
    weights : ndarray
        Shape (n_train,).
    test : DataFrame
        Vectors to predict for, shape (n_test, n_features).
    """
    model = _on_scores(Ridge(alpha=10.0))
    return np.asarray(model.fit(_known(train), values, ridge__sample_weight=weights).predict(_known(test, train)))


def _known(table: pd.DataFrame, like: pd.DataFrame | None = None) -> np.ndarray:
    """Columns with any value in the training rows, as an array."""
    reference = table if like is None else like
    return table[reference.columns[reference.notna().any()]].to_numpy(dtype=float)


BASELINES: dict[str, Callable[[pd.DataFrame, np.ndarray, np.ndarray, pd.DataFrame], np.ndarray]] = {
    "dummy": dummy,
    "nearest": nearest,
    "ridge": ridge,
}
"""Baselines by the name of their column in every table."""
