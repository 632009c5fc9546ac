"""The life model: own trend, ridge and boosting side by side, their shares by the number of cycles, and intervals."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from features.cycling.curves import Floats
from models.boosters.structure import check_structure
from models.intervals import Calibration
from models.life.life_features import FEATURES, LEAST_STEP

if TYPE_CHECKING:
    import xgboost as xgb

FORMAT = 3
MEMBERS = ("own trend", "ridge", "boosted")
STAGES = (14.0, 30.0, 70.0, 140.0)
"""Cycles given, at which shares and intervals change: up to 14, 30, 70, 140, and more."""
SHIPPED = Path(__file__).parent / "weights"
MOST_CORRECTION = 1.0
"""Decades that ridge and boosting may move a life from the cell's own trend, at most."""
CLIP = 3.0


def stage(log10_cycles: Floats) -> np.ndarray:
    """Return the place in `STAGES` of a number of cycles given.

    Parameters
    ----------
    log10_cycles : array
        log10 of the last cycle given.

    Examples
    --------
    >>> stage(np.log10([10.0, 20.0, 50.0, 100.0, 900.0])).tolist()
    [0, 1, 2, 3, 4]
    """
    return np.asarray(np.searchsorted(np.log10(STAGES), log10_cycles))


@dataclass(frozen=True)
class Ridge:
    """Linear correction to the own trend; features centred, scaled and clipped at three deviations.

    Attributes
    ----------
    centre, scale : of the features
    weights : constant, then one per feature
    """

    centre: Floats
    scale: Floats
    weights: Floats

    def design(self, rows: pd.DataFrame) -> Floats:
        """Return the scaled features with a constant before them.

        Parameters
        ----------
        rows : DataFrame
            With `FEATURES`.
        """
        scaled = np.clip((rows[list(FEATURES)].to_numpy(dtype=float) - self.centre) / self.scale, -CLIP, CLIP)
        return np.hstack([np.ones((len(rows), 1)), scaled])

    def correction(self, rows: pd.DataFrame) -> Floats:
        """Return decades to add to the own trend.

        Parameters
        ----------
        rows : DataFrame
            With `FEATURES`.
        """
        return np.asarray(self.design(rows) @ self.weights)


@dataclass(frozen=True)
class Members:
    """The learned members.

    Attributes
    ----------
    ridge : the linear one
    boosted : xgboost, survival:aft, whose margin is the natural logarithm of life over the own trend's
    most_correction : decades that the two may move a life from the own trend
    """

    ridge: Ridge
    boosted: xgb.Booster
    most_correction: float = MOST_CORRECTION

    def predict(self, rows: pd.DataFrame) -> Floats:
        """Return log10 life by each member, in the order of `MEMBERS`, shape (n_rows, 3).

        Parameters
        ----------
        rows : DataFrame
            With `FEATURES`.
        """
        table = rows[list(FEATURES)].to_numpy(dtype=np.float32)
        margin = np.asarray(self.boosted.inplace_predict(table, predict_type="margin"), dtype=float)
        return limited(rows, self.ridge.correction(rows), margin / np.log(10), self.most_correction)


def limited(rows: pd.DataFrame, ridge: Floats, boosted: Floats, most: float) -> Floats:
    """Return log10 life by each member, in the order of `MEMBERS`, shape (n_rows, 3).

    Parameters
    ----------
    rows : DataFrame
        With `own` and `log10_cycles`.
    ridge, boosted : array, shape (n_rows,)
        Corrections to the own trend, decades.
    most : float
        That they may move a life.
    """
    own = rows["own"].to_numpy(dtype=float)
    least = rows["log10_cycles"].to_numpy(dtype=float) + LEAST_STEP
    moves = (np.zeros_like(own), ridge, boosted)
    return np.stack([np.maximum(own + np.clip(move, -most, most), least) for move in moves], axis=1)


@dataclass(frozen=True)
class Estimate:
    """Lives of rows, log10 cycles.

    Attributes
    ----------
    life : shape (n_rows,)
    spread : disagreement of the members with the trend's own uncertainty
    distance : decades from the last cycle given
    """

    life: Floats
    spread: Floats
    distance: Floats


def blend(members: Floats, rows: pd.DataFrame, shares: Floats) -> Estimate:
    """Mix the members by their shares at the number of cycles given.

    Parameters
    ----------
    members : array, shape (n_rows, 3)
        log10 lives.
    rows : DataFrame
        Features of the same rows.
    shares : array, shape (n_stages, 3)
        Of each member.
    """
    log10_cycles = rows["log10_cycles"].to_numpy(dtype=float)
    share = shares[stage(log10_cycles)]
    life = (members * share).sum(axis=1)
    spread = np.hypot(members.std(axis=1), 0.5 * rows["own_sd"].to_numpy(dtype=float))
    return Estimate(life, spread, np.maximum(life - log10_cycles, LEAST_STEP))


@dataclass(frozen=True)
class LifeModel:
    """Model of cycle life with its intervals.

    Attributes
    ----------
    members : the learned members
    shares : of the members, shape (n_stages, 3)
    intervals : one calibration per stage
    about : where it comes from, in plain values
    """

    members: Members
    shares: Floats
    intervals: tuple[Calibration, ...]
    about: Mapping[str, Any]

    def estimate(self, rows: pd.DataFrame) -> Estimate:
        """Return the lives of rows.

        Parameters
        ----------
        rows : DataFrame
            As `life_rows` makes them.
        """
        return blend(self.members.predict(rows), rows, self.shares)

    def half_width(self, estimate: Estimate, rows: pd.DataFrame, level: float) -> Floats:
        """Return half the width of the intervals, decades.

        Parameters
        ----------
        estimate : Estimate
            Of the rows.
        rows : DataFrame
            With their cycles given.
        level : float
            Share of cells of a protocol never seen that they should hold.
        """
        stages = stage(rows["log10_cycles"].to_numpy(dtype=float))
        half = np.empty(len(rows))
        for place, calibration in enumerate(self.intervals):
            chosen = stages == place
            half[chosen] = calibration.half_width(estimate.spread[chosen], level, estimate.distance[chosen])
        return half

    def share_within(self, half: Floats, estimate: Estimate, rows: pd.DataFrame) -> Floats:
        """Return the level of intervals of a half width.

        Parameters
        ----------
        half : array, shape (n_rows,)
            Decades.
        estimate : Estimate
            Of the rows.
        rows : DataFrame
            With their cycles given.
        """
        stages = stage(rows["log10_cycles"].to_numpy(dtype=float))
        share = np.empty(len(rows))
        for place, calibration in enumerate(self.intervals):
            chosen = stages == place
            share[chosen] = calibration.share_within(half[chosen], estimate.spread[chosen], estimate.distance[chosen])
        return share

    def save(self, folder: Path) -> None:
        """Write `life.ubj` and `life.json`.

        Parameters
        ----------
        folder : Path
            Made where it is not there.
        """
        folder.mkdir(parents=True, exist_ok=True)
        ridge = self.members.ridge
        state = {
            "format": FORMAT,
            "features": list(FEATURES),
            "about": dict(self.about),
            "ridge": {name: getattr(ridge, name).tolist() for name in ("centre", "scale", "weights")},
            "most_correction": self.members.most_correction,
            "shares": self.shares.tolist(),
            "intervals": [_rounded(calibration.as_dict()) for calibration in self.intervals],
        }
        self.members.boosted.save_model(folder / "life.ubj")
        (folder / "life.json").write_text(json.dumps(state) + "\n", encoding="utf-8")


def load_life_model(folder: Path = SHIPPED) -> LifeModel:
    """Read a life model.

    Parameters
    ----------
    folder : Path
        With `life.ubj` and `life.json`; the shipped one where not given.

    Raises
    ------
    ValueError
        Not there, or of another version.
    """
    import xgboost as xgb  # it takes two seconds, which who only adds rows does not have

    try:
        state = json.loads((folder / "life.json").read_text(encoding="utf-8"))
        content = (folder / "life.ubj").read_bytes()
        check_structure(content)
        boosted = xgb.Booster(model_file=bytearray(content))
    except (OSError, ValueError) as error:
        raise ValueError(f"{folder}: no life model there ({error})") from None
    if state.get("format") != FORMAT or state.get("features") != list(FEATURES):
        raise ValueError(f"{folder}: this life model is of another version of Silion; make it again")
    ridge = Ridge(*(np.array(state["ridge"][name]) for name in ("centre", "scale", "weights")))
    intervals = tuple(Calibration.from_dict(calibration) for calibration in state["intervals"])
    return LifeModel(
        Members(ridge, boosted, float(state["most_correction"])), np.array(state["shares"]), intervals, state["about"]
    )


def _rounded(state: dict[str, Any]) -> dict[str, Any]:
    """Return a calibration with six digits of each score and weight: a file of half the size."""
    return state | {name: [float(f"{value:.6g}") for value in state[name]] for name in ("scores", "weights")}
