"""The law of lives in the change of the discharge curve, learnt from Severson's training cells."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from features.cycling.curves import Curves
from features.cycling.discharge import DISCHARGE_FEATURES, discharge_features
from models.intervals import Calibration
from models.life.discharge import DischargeModel

PENALTIES = np.logspace(-2, 3, 26)
SPLITS = ("train", "test1", "test2")
END_AH = 0.88
"""Capacity at which these lives end: 80 % of the nominal 1.1 Ah."""


def discharge_examples(folder: Path) -> pd.DataFrame:
    """Return features, lives and split of the cells, one row each.

    Parameters
    ----------
    folder : Path
        With the pulled cycling sets.
    """
    lives = pd.read_csv(folder / "matr_lives_and_dqv.csv")
    points = pd.read_csv(folder / "matr_first100_capacity.csv.gz")
    names = (lives["split"] + " " + lives["cell"].astype(str)).tolist()
    place = pd.Index(names).get_indexer(pd.Index(points["split"] + " " + points["cell"].astype(str)))
    curves = Curves.of(names, place, points["cycle"].to_numpy(), points["capacity_Ah"].to_numpy())
    with np.load(folder / "matr_dq100_10_curves.npz", allow_pickle=False) as changes:
        change = np.vstack([changes[split] for split in SPLITS])
    features = discharge_features(curves, dict(zip(names, change, strict=True)))
    return pd.concat([lives, features.assign(initial_ah=curves.initial)], axis=1)


def linear_model() -> Pipeline:
    """Return a ridge regression on scaled features; the penalty is chosen by leave-one-out."""
    return make_pipeline(StandardScaler(), RidgeCV(PENALTIES))


def left_out(cells: pd.DataFrame, features: tuple[str, ...]) -> np.ndarray:
    """Return log10 of the life of each cell as a model of the others predicts it.

    Parameters
    ----------
    cells : DataFrame
        Training cells.
    features : tuple of str
        Columns.
    """
    predictions = []
    for row in range(len(cells)):
        train_cells = cells.drop(index=cells.index[row])
        fitted = linear_model().fit(train_cells[list(features)].to_numpy(), np.log10(train_cells["cycle_life"]))
        predictions.append(float(fitted.predict(cells[list(features)].to_numpy()[[row]])[0]))
    return np.array(predictions)


def learn_discharge(examples: pd.DataFrame) -> DischargeModel:
    """Fit the law to the training cells; the test cells are left alone.

    Parameters
    ----------
    examples : DataFrame
        As `discharge_examples` returns them.
    """
    cells, names = examples[examples["split"] == "train"], tuple(DISCHARGE_FEATURES)
    values, log10_life = cells[list(names)].to_numpy(), np.log10(cells["cycle_life"].to_numpy())
    fitted = linear_model().fit(values, log10_life)
    slopes = fitted[-1].coef_ / fitted[0].scale_
    constant = float(fitted[-1].intercept_ - slopes @ fitted[0].mean_)
    errors = np.sort(np.abs(left_out(cells, names) - log10_life))
    return DischargeModel(
        np.array([constant, *slopes]),
        np.stack([values.min(axis=0), values.max(axis=0)], axis=1),
        Calibration(tuple(float(f"{error:.6g}") for error in errors), (1.0,) * len(errors), len(errors), 1.0),
        END_AH / float(cells["initial_ah"].mean()),
        {"cells": len(cells), "cite": "Severson et al., Nature Energy 4, 383 (2019), data.matr.io/1, CC BY 4.0"},
    )
