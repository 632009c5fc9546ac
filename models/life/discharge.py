"""Lives of LFP cells from the change of their discharge curve, as Severson et al. (Nature Energy 2019) do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.cycling.curves import Floats
from features.cycling.discharge import DISCHARGE_FEATURES
from models.intervals import Calibration

SHIPPED = Path(__file__).parent / "weights" / "discharge.json"


@dataclass(frozen=True)
class DischargeModel:
    """A linear law of log10(life) in `DISCHARGE_FEATURES`.

    Attributes
    ----------
    weights : constant, then one per feature
    ranges : least and greatest of each feature in training, shape (n_features, 2)
    calibration : of the interval, from cells left out one by one
    threshold : retention of the initial capacity at which the lives ended that it was learnt from
    about : where it comes from, in plain values
    """

    weights: Floats
    ranges: Floats
    calibration: Calibration
    threshold: float
    about: Mapping[str, Any]

    def log10_life(self, features: pd.DataFrame) -> Floats:
        """Return log10 of the lives, NaN where a cell has no features.

        Parameters
        ----------
        features : DataFrame
            As `discharge_features` returns them.
        """
        values = features[list(DISCHARGE_FEATURES)].to_numpy(dtype=float)
        return np.asarray(self.weights[0] + values @ self.weights[1:])

    def outside(self, features: pd.DataFrame) -> list[list[str]]:
        """Return the features of each cell that lie outside those of the training cells.

        Parameters
        ----------
        features : DataFrame
            As `discharge_features` returns them.
        """
        names = list(DISCHARGE_FEATURES)
        values = features[names].to_numpy(dtype=float)
        beyond = (values < self.ranges[:, 0]) | (values > self.ranges[:, 1])
        return [[names[column] for column in np.flatnonzero(row)] for row in beyond]

    def save(self, path: Path) -> None:
        """Write the law as JSON.

        Parameters
        ----------
        path : Path
            Of the file.
        """
        state = {
            "features": list(DISCHARGE_FEATURES),
            "weights": self.weights.tolist(),
            "ranges": self.ranges.tolist(),
            "calibration": self.calibration.as_dict(),
            "threshold": self.threshold,
            "about": dict(self.about),
        }
        path.write_text(json.dumps(state) + "\n", encoding="utf-8")


def load_discharge_model(path: Path = SHIPPED) -> DischargeModel:
    """Read the law.

    Parameters
    ----------
    path : Path
        Of the file; the shipped one where not given.

    Raises
    ------
    ValueError
        Of other features than these.
    """
    state = json.loads(path.read_text(encoding="utf-8"))
    if state["features"] != list(DISCHARGE_FEATURES):
        raise ValueError(f"{path}: this model is of another version of Silion; make it again")
    return DischargeModel(
        np.array(state["weights"]), np.array(state["ranges"]), Calibration.from_dict(state["calibration"]),
        float(state["threshold"]), state["about"],
    )  # fmt: skip
