"""A cell's own trend: a power law of fade, held by what is known of exponents and lives before its first cycle.

    retention(n) = start - (start - 0.8) * (n / life) ** exponent

The posterior of life and exponent is summed on a grid, for all cells at once; the start is a least-squares number for
each exponent. Errors of neighbouring cycles are alike, so many cycles count as few.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.cycling.curves import Curves, Floats

REFERENCE = 0.8
EXPONENTS = np.exp(np.linspace(np.log(0.25), np.log(8.0), 24))
LOG10_LIVES = np.linspace(0.5, 5.0, 61)
NOISE_FLOOR = 0.004
"""Of the retention: what no power law is better than, however exactly its cell was measured. Of 0.001 to 0.006 it gives
the least error of lives of cells without silicon (nine public sets, 20 to 200 cycles given, sets weighing the same)."""
EFFECTIVE_CYCLES = 12.0
"""As many independent points the cycles of a cell count for, at most."""
CHUNK = 1000


@dataclass(frozen=True)
class TrendPrior:
    """Prior knowledge before the first cycle, one number per cell.

    Attributes
    ----------
    log_exponent, log_exponent_sd : natural logarithm of the exponent, shape (n_cells,)
    log10_life, log10_life_sd : of the life to 80 %, shape (n_cells,)
    """

    log_exponent: Floats
    log_exponent_sd: Floats
    log10_life: Floats
    log10_life_sd: Floats

    def take(self, cells: NDArray[np.intp] | slice) -> TrendPrior:
        """Return the prior of some cells.

        Parameters
        ----------
        cells : array or slice
            Places of the cells.
        """
        return TrendPrior(*(values[cells] for values in vars(self).values()))


@dataclass(frozen=True)
class Trend:
    """Posterior of life and exponent of each cell, as moments.

    Attributes
    ----------
    start : retention the law begins with, shape (n_cells,)
    life, life_var : log10 of the life to 80 % and its variance
    slope, slope_var : one over the exponent and its variance
    covariance : of the two
    """

    start: Floats
    life: Floats
    life_var: Floats
    slope: Floats
    slope_var: Floats
    covariance: Floats

    def log10_life(self, threshold: Floats) -> tuple[Floats, Floats]:
        """Return mean and standard deviation of log10 life to a threshold.

        Parameters
        ----------
        threshold : array, shape (n_cells,) or (n_cells, n_thresholds)
            Retention, between 0 and 1 and below the start.
        """
        extend = threshold.ndim == 2
        start, life, life_var, slope, slope_var, covariance = (
            moment[:, None] if extend else moment for moment in vars(self).values()
        )
        decades = np.log10(np.maximum(start - threshold, 1e-3) / (start - REFERENCE))
        variance = life_var + decades**2 * slope_var + 2 * decades * covariance
        return life + decades * slope, np.sqrt(np.maximum(variance, 1e-8))


def fit_trend(curves: Curves, prior: TrendPrior) -> Trend:
    """Fit the power law to the measured points of each cell, from its maximum on.

    Parameters
    ----------
    curves : Curves
        First cycles.
    prior : TrendPrior
        One row per cell.
    """
    parts = [_posterior(curves.take(cells), prior.take(cells)) for cells in _chunks(len(curves.names))]
    return Trend(*(np.concatenate(values) for values in zip(*parts, strict=True)))


def _chunks(count: int) -> Iterator[NDArray[np.intp]]:
    for begin in range(0, count, CHUNK):
        yield np.arange(begin, min(begin + CHUNK, count))


def _posterior(curves: Curves, prior: TrendPrior) -> tuple[Floats, ...]:
    """Return the moments of `Trend` for one portion of cells."""
    cell, count = curves.cell, len(curves.names)
    smooth = curves.smooth()
    weight = after_maximum(curves, smooth)
    noise = noise_of(curves, smooth, weight)
    cycle, retention = curves.cycle, curves.retention

    def total(values: Floats) -> Floats:
        return np.asarray(np.bincount(cell, weights=values, minlength=count), dtype=float)

    points = total(weight)
    mean_q = total(weight * retention) / points
    centred_q = retention - mean_q[cell]
    lives = 10.0**LOG10_LIVES
    tempered = np.minimum(1.0, EFFECTIVE_CYCLES / points) / (2 * noise**2)
    log_density = np.empty((count, len(EXPONENTS), len(LOG10_LIVES)))
    starts = np.empty((count, len(EXPONENTS)))
    life_term = -0.5 * ((LOG10_LIVES[None, :] - prior.log10_life[:, None]) / prior.log10_life_sd[:, None]) ** 2
    for place, exponent in enumerate(EXPONENTS):
        power = (cycle / curves.last[cell]) ** exponent
        mean_x = total(weight * power) / points
        centred_x = power - mean_x[cell]
        sxx, sxq = total(weight * centred_x**2), total(weight * centred_x * centred_q)
        sqq = total(weight * centred_q**2)
        # the start is tied to the mean of the points: start = mean_q + a * mean_x, a = (start - 0.8) / scale
        scale = (lives[None, :] / curves.last[:, None]) ** exponent
        a = (mean_q - REFERENCE)[:, None] / np.maximum(scale - mean_x[:, None], 1e-9)
        impossible = scale <= mean_x[:, None] * 1.0001
        misfit = sqq[:, None] + 2 * a * sxq[:, None] + a**2 * sxx[:, None]
        exponent_term = -0.5 * ((np.log(exponent) - prior.log_exponent) / prior.log_exponent_sd) ** 2
        value = -tempered[:, None] * misfit + life_term + exponent_term[:, None]
        # a start far from the first capacity is no start
        start = mean_q[:, None] + a * mean_x[:, None]
        value -= 0.5 * ((start - 1.0) / 0.02) ** 2
        log_density[:, place] = np.where(impossible, -np.inf, value)
        fitted = -sxq / np.maximum(sxx, 1e-12)
        starts[:, place] = np.clip(mean_q + np.maximum(fitted, 0) * mean_x, 0.9, 1.1)
    flat = log_density.reshape(count, -1)
    flat -= flat.max(axis=1, keepdims=True)
    density = np.exp(flat)
    density /= density.sum(axis=1, keepdims=True)
    density = density.reshape(log_density.shape)
    by_life, by_exponent = density.sum(axis=1), density.sum(axis=2)
    slopes = 1 / EXPONENTS
    life, slope = by_life @ LOG10_LIVES, by_exponent @ slopes
    joint = np.einsum("cel,e,l->c", density, slopes, LOG10_LIVES)
    start = (by_exponent * starts).sum(axis=1)
    return (
        start,
        life,
        by_life @ LOG10_LIVES**2 - life**2,
        slope,
        by_exponent @ slopes**2 - slope**2,
        joint - life * slope,
    )


def after_maximum(curves: Curves, smooth: Floats) -> Floats:
    """Return 1 for points from the maximum of a cell on, and 0.05 for those of its rise before.

    Parameters
    ----------
    curves : Curves
        First cycles.
    smooth : array, shape (n_points,)
        Their running median.
    """
    cell = curves.cell
    highest = np.maximum.reduceat(smooth, curves.starts[:-1])
    peaks = np.flatnonzero(smooth >= highest[cell] - 1e-12)
    cells, first = np.unique(cell[peaks], return_index=True)
    peak = np.zeros(len(curves.names))
    peak[cells] = curves.cycle[peaks[first]]
    peak = np.minimum(peak, curves.cycle[curves.starts[:-1]] + 0.5 * (curves.last - curves.cycle[curves.starts[:-1]]))
    return np.where(curves.cycle >= peak[cell], 1.0, 0.05)


def noise_of(curves: Curves, smooth: Floats, weight: Floats) -> Floats:
    """Return the scatter of each cell's points about their running median, never below the floor.

    Parameters
    ----------
    curves : Curves
        First cycles.
    smooth : array, shape (n_points,)
        Their running median.
    weight : array, shape (n_points,)
        Points that count.
    """
    cell, count = curves.cell, len(curves.names)
    squares = np.bincount(cell, weights=weight * (curves.retention - smooth) ** 2, minlength=count)
    return np.hypot(NOISE_FLOOR, np.sqrt(squares / np.bincount(cell, weights=weight, minlength=count)))
