"""Lives of LFP cells from the change of their discharge curve, as Severson et al. (Nature Energy 2019) do."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.cycling.curves import Floats
from features.cycling.discharge import DISCHARGE_FEATURES
from models.intervals import Calibration
from models.life.classes import LFP, CellClass

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


def load_discharge_model() -> DischargeModel:
    """Read the shipped law.

    Raises
    ------
    ValueError
        Of other features than these.
    """
    state = json.loads(SHIPPED.read_text(encoding="utf-8"))
    if state["features"] != list(DISCHARGE_FEATURES):
        raise ValueError(f"{SHIPPED}: this model is of another version of Silion; make it again")
    return DischargeModel(
        np.array(state["weights"]), np.array(state["ranges"]), Calibration.from_dict(state["calibration"]),
        float(state["threshold"]), state["about"],
    )  # fmt: skip


@dataclass(frozen=True)
class DischargeLives:
    """Lives predicted from the change of the discharge curve of some cells.

    Attributes
    ----------
    life : log10 of the lives at the threshold it was learnt at, NaN where there is no prediction
    outside : features beyond those of the training cells
    notices : of each cell, empty where there is none
    law : that predicts them; None where no cell has a curve
    """

    life: Floats
    outside: list[list[str]]
    notices: list[str]
    law: DischargeModel | None = None

    @classmethod
    def tell(cls, features: pd.DataFrame | None, classes: Sequence[CellClass]) -> DischargeLives:
        """Predict the LFP cells whose curves were given.

        Parameters
        ----------
        features : DataFrame, optional
            As `discharge_features` returns them.
        classes : sequence of CellClass
            One per cell.
        """
        if features is None:
            return cls(np.full(len(classes), np.nan), [[] for _ in classes], [""] * len(classes))
        law = load_discharge_model()
        has_any, has_all = features.notna().any(axis=1).to_numpy(), features.notna().all(axis=1).to_numpy()
        fits = has_all & np.array([kind is LFP for kind in classes])
        life = np.where(fits, law.log10_life(features), np.nan)
        outside = [names if is_used else [] for names, is_used in zip(law.outside(features), fits, strict=True)]
        why_not = np.where(
            has_all,
            "the discharge curves are not used: they tell of LFP cells alone (column cathode)",
            "the discharge curves are not used: cycles 8 to 13, 75 to 80 and 95 to 100 are needed beside them",
        )
        learnt = f"learnt from {law.about['cells']} LFP cells of one kind, charged fast"
        return cls(life, outside, np.where(fits, learnt, np.where(has_any, why_not, "")).tolist(), law)

    @property
    def is_known(self) -> np.ndarray:
        """Mask of cells whose life the discharge curve gives; shape (n_cells,)."""
        return np.isfinite(self.life)

    def moved(self, life: Floats, half: Floats, thresholds: Floats, level: float) -> tuple[Floats, Floats]:
        """Return lives and half widths with those of the cells it predicts: their whole curve moves along.

        Parameters
        ----------
        life, half : array, shape (n_cells, n_thresholds)
            log10 of the lives and half widths of their intervals, of the other members; changed in place.
        thresholds : array, shape (n_cells, n_thresholds)
            Retention.
        level : float
            Of the intervals.
        """
        if self.law is None or not self.is_known.any():
            return life, half
        width = self.law.calibration.half_width(np.zeros(len(life)), level)
        for cell in np.flatnonzero(self.is_known):
            order = np.argsort(thresholds[cell])
            before = np.interp(self.law.threshold, thresholds[cell][order], life[cell][order])
            life[cell] += self.life[cell] - before
            half[cell] = width[cell]
        return life, half
