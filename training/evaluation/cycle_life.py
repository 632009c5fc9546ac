"""Judging a life of which often only bounds are known: concordance, censored log-likelihood and the Turnbull
estimate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

EXACT_HALF_WIDTH = 0.05
"""Decades on each side of a life printed exactly that count as a hit, for density and mass to compare."""
FLOOR = 1e-3
"""Smallest probability a method is charged with, so that one surprise does not decide."""


def concordance(lower: np.ndarray, upper: np.ndarray, predicted: np.ndarray, weight: np.ndarray) -> float:
    """Share of comparable pairs whose predicted lives are in the right order (Harrell's C, for intervals).

    A pair is comparable when one life certainly ended before the other: `upper[i] < lower[j]`. Ties count half. NaN
    without pairs.

    Parameters
    ----------
    lower, upper : bounds of each life, shape (n_cells,)
    predicted : shape (n_cells,)
    weight : how often each cell counts
    """
    return concordance_within(lower, upper, predicted[None], np.zeros((1, len(predicted))), weight)


def concordance_within(
    lower: np.ndarray, upper: np.ndarray, predicted: np.ndarray, folds: np.ndarray, weight: np.ndarray
) -> float:
    """Concordance over pairs that one model predicted, averaged over the repeats' pairs.

    Across folds even a constant is no coin: the fold that holds out a long-lived cell learns a shorter life, so a dummy
    scores far below 0.5 there. Within folds it scores 0.5.

    Parameters
    ----------
    predicted, folds : shape (n_repeats, n_cells)
    """
    sooner = (upper[:, None] < lower[None, :]) * np.outer(weight, weight)
    right = total = 0.0
    for each, fold in zip(predicted, folds, strict=True):
        pairs = sooner * (fold[:, None] == fold[None, :])
        ordered = (each[:, None] < each[None, :]) + 0.5 * (each[:, None] == each[None, :])
        right, total = right + float((pairs * ordered).sum()), total + float(pairs.sum())
    return right / total if total else float("nan")


def _widened(lower: np.ndarray, upper: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    exact = lower == upper
    return np.where(exact, lower - EXACT_HALF_WIDTH, lower), np.where(exact, upper + EXACT_HALF_WIDTH, upper)


def log_likelihood(lower: np.ndarray, upper: np.ndarray, centre: np.ndarray, noise: float) -> np.ndarray:
    """Log of the probability that a normal prediction gives to what is known of each life, shape (n_cells,).

    Parameters
    ----------
    lower : ndarray
        Lower bounds, log10 cycles, shape (n_cells,); -inf where none.
    upper : ndarray
        Upper bounds, log10 cycles, shape (n_cells,); +inf where none.
    centre : ndarray
        Predicted log10 cycles, shape (n_cells,).
    noise : float
        Standard deviation, decades.
    """
    low, high = _widened(lower, upper)
    return np.asarray(np.log(np.maximum(norm.cdf(high, centre, noise) - norm.cdf(low, centre, noise), FLOOR)))


@dataclass(frozen=True)
class Turnbull:
    """The distribution of lives that explains the bounds best, without any design: the dummy of survival analysis."""

    grid: np.ndarray
    mass: np.ndarray

    def log_likelihood(self, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
        """Log of the probability given to what is known of each life.

        Parameters
        ----------
        lower : ndarray
            Lower bounds, log10 cycles, shape (n_cells,); -inf where none.
        upper : ndarray
            Upper bounds, log10 cycles, shape (n_cells,); +inf where none.
        """
        low, high = _widened(lower, upper)
        held = [self.mass[(self.grid >= a) & (self.grid <= b)].sum() for a, b in zip(low, high, strict=True)]
        return np.asarray(np.log(np.maximum(held, FLOOR)))


def turnbull(lower: np.ndarray, upper: np.ndarray, steps: int = 200) -> Turnbull:
    """Self-consistent estimate (Turnbull 1976) on a grid of 0.1 decades: Kaplan-Meier's for bounds on either side.

    One row's weight is spread over the whole grid, so that no life is impossible; it differs from Kaplan-Meier's by
    that.

    Parameters
    ----------
    lower : ndarray
        Lower bounds, log10 cycles, shape (n_cells,); -inf where none.
    upper : ndarray
        Upper bounds, log10 cycles, shape (n_cells,); +inf where none.
    steps : int
        Most steps of the iteration.
    """
    low, high = _widened(lower, upper)
    ends = np.concatenate([low[np.isfinite(low)], high[np.isfinite(high)]])
    grid = np.arange(np.floor(ends.min()) - 0.5, np.ceil(ends.max()) + 0.6, 0.1)
    holds = (grid[None, :] >= low[:, None]) & (grid[None, :] <= high[:, None])
    mass = np.full(len(grid), 1 / len(grid))
    prior = np.full(len(grid), 1.0 / len(grid))
    for _ in range(steps):
        share = holds * mass
        share = share / np.maximum(share.sum(axis=1, keepdims=True), 1e-12)
        mass = (share.sum(axis=0) + prior) / (len(lower) + 1)
    return Turnbull(grid, mass)
