"""The answer for a table of cells: life with its interval, curve with its band, probabilities, and what it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.stats import norm

from features.cycling.curves import Curves, Floats
from models.life.classes import CellClass, class_of, prior_of
from models.life.discharge import DischargeLives
from models.life.life_features import FEATURES, LEAST_STEP, life_rows, open_prior
from models.life.model import MEMBERS, Estimate, LifeModel, stage
from models.life.own_cells import OwnCells
from models.life.trend import fit_trend

GRID = np.array([0.975, 0.95, 0.925, 0.9, 0.875, 0.85, 0.825, 0.8, 0.775, 0.75, 0.725, 0.7, 0.65, 0.6])
LOWEST, HIGHEST, LEARNT_LOWEST = 0.6, 0.97, 0.7
CURVE_POINTS = 12
PORTION = 1000
"""Cells answered at once: memory stays flat."""


@dataclass(frozen=True)
class LifeOptions:
    """Options that hold for every cell.

    Attributes
    ----------
    threshold_pct : retention that ends the life, of the initial capacity; a column `threshold_pct` goes first
    level : of the intervals
    at_least : cycles to outlive
    """

    threshold_pct: float = 80.0
    level: float = 0.9
    at_least: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not 100 * LOWEST <= self.threshold_pct <= 100 * HIGHEST:
            raise ValueError(f"threshold: got {self.threshold_pct:g}, expected 60 to 97 (% of the initial capacity)")
        if not 0 < self.level < 1:
            raise ValueError(f"level: got {self.level:g}, expected a number between 0 and 1, such as 0.9")
        if any(cycles < 1 for cycles in self.at_least):
            raise ValueError(f"at least: got {min(self.at_least)}, expected numbers of cycles from 1 on")


@dataclass(frozen=True)
class Cells:
    """Cells whose lives are predicted from their first cycles.

    Attributes
    ----------
    curves : first cycles
    about : `cell` and the other columns of the table as written, one row per cell
    notices : what the reader said, by cell
    design : `log10_life`, `log10_life_sd` of the designs alone, one row per cell; None without a model
    discharge : features of the change of the discharge curve, one row per cell, NaN where not given; None without any
    """

    curves: Curves
    about: pd.DataFrame
    notices: Mapping[str, Sequence[str]] = field(default_factory=dict)
    design: pd.DataFrame | None = None
    discharge: pd.DataFrame | None = None

    def take(self, cells: np.ndarray) -> Cells:
        """Return some cells.

        Parameters
        ----------
        cells : array of int
            Their places.
        """
        design, discharge = (None if part is None else part.iloc[cells] for part in (self.design, self.discharge))
        return Cells(self.curves.take(cells), self.about.iloc[cells], self.notices, design, discharge)


@dataclass(frozen=True)
class LifeAnswer:
    """Answers for cells.

    Attributes
    ----------
    lives : one row per cell
    curves : `cell`, `cycle`, `retention_pct`, `retention_pct_low`, `retention_pct_high`; from the last cycle given on
    """

    lives: pd.DataFrame
    curves: pd.DataFrame


def thresholds_of(about: pd.DataFrame, options: LifeOptions) -> Floats:
    """Return the threshold of each cell, between 0 and 1.

    Parameters
    ----------
    about : DataFrame
        One row per cell, with or without `threshold_pct` as text.
    options : LifeOptions
        For the cells without.

    Raises
    ------
    ValueError
        Thresholds outside what can be predicted, all of them.
    """
    values = np.full(len(about), options.threshold_pct / 100)
    if "threshold_pct" not in about:
        return values
    written = about["threshold_pct"].fillna("").astype(str).str.strip()
    shares = pd.to_numeric(written, errors="coerce").to_numpy(dtype=float) / 100
    rows = np.flatnonzero((written != "").to_numpy() & ~((shares >= LOWEST) & (shares <= HIGHEST)))
    if len(rows):
        names = about["cell"].to_numpy()
        mistakes = [f"  cell {names[row]}: got threshold_pct {written.iloc[row]}, expected 60 to 97" for row in rows]
        raise ValueError("\n".join(["thresholds that cannot be told:", *mistakes]))
    return np.where(np.isfinite(shares), shares, values)


def answer_life(cells: Cells, model: LifeModel, options: LifeOptions, own: OwnCells | None = None) -> LifeAnswer:
    """Predict the lives of cells from their first cycles.

    Parameters
    ----------
    cells : Cells
        The cells, with at least ten cycles each.
    model : LifeModel
        The fitted model.
    options : LifeOptions
        Threshold, level and cycles to outlive.
    own : OwnCells, optional
        Finished cells of the same laboratory.

    Raises
    ------
    ValueError
        A threshold outside what can be predicted, or a level above what the training supports.
    """
    thresholds = thresholds_of(cells.about, options)
    parts = []
    for begin in range(0, len(thresholds), PORTION):
        rows = np.arange(begin, min(begin + PORTION, len(thresholds)))
        parts.append(_Portion.tell(cells.take(rows), thresholds[rows], model, options, own).answer())
    return LifeAnswer(
        pd.concat([part.lives for part in parts], ignore_index=True),
        pd.concat([part.curves for part in parts], ignore_index=True),
    )


@dataclass(frozen=True)
class _Portion:
    """Some cells with what was found of them; lives in log10 cycles, one column per threshold, their own the last."""

    cells: Cells
    thresholds: Floats
    classes: list[CellClass]
    crossed: Floats
    rows: pd.DataFrame
    life: Floats
    half: Floats
    estimate: Estimate
    model: LifeModel
    options: LifeOptions
    own: OwnCells | None
    changed: DischargeLives

    @classmethod
    def tell(
        cls, cells: Cells, threshold: Floats, model: LifeModel, options: LifeOptions, own: OwnCells | None
    ) -> _Portion:
        """Predict every cell at every threshold.

        Parameters
        ----------
        cells : Cells
            Cells with their first cycles.
        threshold : ndarray, shape (n_cells,)
            Share of the first capacity at which each life ends, between 0 and 1.
        model : LifeModel
            The fitted model.
        options : LifeOptions
            Level of the intervals among them.
        own : OwnCells or None
            Shift and narrowing that the user's own cells gave; None without such cells.
        """
        curves, count = cells.curves, len(threshold)
        thresholds = np.hstack([np.repeat(GRID[None], count, axis=0), threshold[:, None]])
        rows = life_rows(curves, fit_trend(curves, open_prior(count)), thresholds)
        estimate = model.estimate(rows)
        life = estimate.life.reshape(thresholds.shape)
        half = model.half_width(estimate, rows, options.level).reshape(thresholds.shape)
        if own is not None:
            life, half = life + own.shift, half * own.narrow
        classes = [class_of(values) for values in cells.about.to_dict("records")]
        solid = np.flatnonzero([not kind.learned for kind in classes])
        if len(solid):
            prior = prior_of(
                [classes[cell] for cell in solid], None if cells.design is None else cells.design.iloc[solid]
            )
            life[solid], spread = fit_trend(curves.take(solid), prior).log10_life(thresholds[solid])
            half[solid] = np.hypot(spread * norm.ppf(0.5 + options.level / 2), half[solid])
        changed = DischargeLives.tell(cells.discharge, classes)
        life, half = changed.moved(life, half, thresholds, options.level)
        life = np.maximum(life, np.log10(curves.last)[:, None] + LEAST_STEP)
        crossed = curves.crossing_at(threshold)
        return cls(cells, thresholds, classes, crossed, rows, life, half, estimate, model, options, own, changed)

    def answer(self) -> LifeAnswer:
        """Return the tables."""
        curves = self.cells.curves
        learned = np.array([kind.learned for kind in self.classes])
        is_measured = np.isfinite(self.crossed)
        end, half, last = 10 ** self.life[:, -1], self.half[:, -1], curves.last
        lives = pd.DataFrame(
            {
                "cell": list(curves.names),
                "cycles_given": last,
                "retention_pct": 100 * self.rows["retention"].to_numpy()[:: self.thresholds.shape[1]],
                "threshold_pct": 100 * self.thresholds[:, -1],
                "cycle_life": np.where(is_measured, self.crossed, np.where(learned, end, np.nan)),
                "cycle_life_low": np.where(is_measured, self.crossed, np.maximum(end * 10**-half, last)),
                "cycle_life_high": np.where(is_measured, self.crossed, end * 10**half),
            }
        )
        for cycles in self.options.at_least:
            lives[f"outlives_{cycles}"] = self._outlives(cycles)
        lives["rests_on"] = self._rests_on()
        lives["notice"] = self._notices()
        return LifeAnswer(lives, self._curves())

    def _outlives(self, cycles: int) -> Floats:
        """Return the probability that a life is longer than a number of cycles."""
        width = self.thresholds.shape[1]
        own = slice(width - 1, None, width)
        miss = np.log10(cycles) - self.life[:, -1]
        narrow = 1.0 if self.own is None else self.own.narrow
        estimate = Estimate(*(getattr(self.estimate, name)[own] for name in ("life", "spread", "distance")))
        share = self.model.share_within(np.abs(miss) / narrow, estimate, self.rows.iloc[own])
        sd = self.half[:, -1] / norm.ppf(0.5 + self.options.level / 2)
        learned = np.array([kind.learned for kind in self.classes]) & ~self.changed.is_known
        chance = np.where(learned, 0.5 - 0.5 * np.sign(miss) * share, norm.sf(miss / sd))
        chance = np.where(self.cells.curves.last >= cycles, 1.0, chance)
        return np.where(np.isfinite(self.crossed), (self.crossed > cycles).astype(float), chance)

    def _rests_on(self) -> list[str]:
        """Return what each answer rests on."""
        shares = self.model.shares[stage(np.log10(self.cells.curves.last))]
        own = "" if self.own is None else f"; {self.own.cells} finished cells of yours"
        design = self.cells.design
        by_design = np.zeros(len(shares), dtype=bool) if design is None else design["log10_life"].notna().to_numpy()
        texts = []
        for place, kind in enumerate(self.classes):
            if np.isfinite(self.crossed[place]):
                texts.append("measured")
            elif self.changed.is_known[place]:
                texts.append(f"change of the discharge curve ({kind.text})")
            elif kind.learned:
                mixed = [
                    f"{name} {100 * share:.0f} %" for name, share in zip(MEMBERS, shares[place], strict=True) if share
                ]
                texts.append(f"{', '.join(mixed)} ({kind.text}){own}")
            else:
                texts.append(f"own trend ({kind.text})" + (" and the design alone" if by_design[place] else ""))
        return texts

    def _notices(self) -> list[str]:
        """Return the notices of each cell."""
        outside = [
            about_curve or beyond for about_curve, beyond in zip(self.changed.outside, self._outside(), strict=True)
        ]
        all_notices = []
        for place, (name, kind) in enumerate(zip(self.cells.curves.names, self.classes, strict=True)):
            notices = list(self.cells.notices.get(name, []))
            if np.isfinite(self.crossed[place]):
                notices.append(
                    f"already below {100 * self.thresholds[place, -1]:g} % since cycle {self.crossed[place]:.0f}"
                )
            else:
                notices += [text] if (text := self.changed.notices[place] or kind.notice) else []
                if kind.learned and self.thresholds[place, -1] < LEARNT_LOWEST:
                    notices.append("below 70 % hardly a cell was cycled: the threshold is extrapolated")
                if kind.learned and outside[place]:
                    notices.append(f"outside what the training cells show in {', '.join(outside[place])}")
                if kind.learned and self.own is not None and not self.changed.is_known[place]:
                    notices.append(f"moved by {self.own.cells} finished cells of yours")
            all_notices.append("; ".join(notices))
        return all_notices

    def _outside(self) -> list[list[str]]:
        """Return the features of each cell that lie outside those of the training cells."""
        ranges = self.model.about.get("ranges", {})
        rows = self.rows.iloc[self.thresholds.shape[1] - 1 :: self.thresholds.shape[1]]
        names = [name for name in FEATURES if name in ranges]
        values = rows[names].to_numpy(dtype=float)
        low, high = np.array([ranges[name] for name in names]).reshape(-1, 2).T
        beyond = (values < low) | (values > high)
        return [[names[column] for column in np.flatnonzero(row)] for row in beyond]

    def _curves(self) -> pd.DataFrame:
        """Return points of each curve, from the last cycle given to its life."""
        order = np.argsort(-self.thresholds, axis=1, kind="stable")
        levels = np.take_along_axis(self.thresholds, order, axis=1)
        life = np.take_along_axis(self.life, order, axis=1)
        half = np.take_along_axis(self.half, order, axis=1)
        retention = self.rows["retention"].to_numpy()[:: levels.shape[1]]
        last = np.log10(self.cells.curves.last)
        parts = []
        for cell in np.flatnonzero(~np.isfinite(self.crossed)):
            below = levels[cell] < retention[cell]
            height = np.concatenate([[retention[cell]], levels[cell][below]])
            cycle = np.linspace(10 ** last[cell], 10 ** self.life[cell, -1], CURVE_POINTS + 1)
            lives = [life[cell][below] + side * half[cell][below] for side in (0, -1, 1)]
            rising = [np.maximum.accumulate([last[cell], *values]) for values in lives]  # from the last cycle given on
            band = [100 * np.interp(np.log10(cycle), values, height) for values in rising]
            parts.append((cell, cycle, *band))
        columns = ("cycle", "retention_pct", "retention_pct_low", "retention_pct_high")
        names = np.array(self.cells.curves.names, dtype=object)
        cells = np.repeat([part[0] for part in parts], CURVE_POINTS + 1).astype(int)
        frame = {name: np.concatenate([part[place] for part in parts] or [[]]) for place, name in enumerate(columns, 1)}
        table = pd.DataFrame({"cell": names[cells], **frame})
        solid = ~np.array([self.classes[cell].learned for cell in cells], dtype=bool)
        table.loc[solid, "retention_pct"] = np.nan
        return table
