"""Skill for cycle life, most of which is only bounded: concordance, censored log-likelihood, the Turnbull estimate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from models.tasks.target import Target
from training.evaluation.bootstrap import bootstrap, bootstrap_ratio, covered_share, without_most_helpful
from training.evaluation.coverage import calibration_without, life_coverage, lives_of
from training.evaluation.crossvalidate import MODEL, OutOfFold
from training.evaluation.score import Score, removed_and_chosen

EXACT_HALF_WIDTH = 0.05
"""Decades on each side of a life printed exactly that count as a hit, for density and mass to compare."""
STEPS = 200
"""Of the iteration to the Turnbull estimate."""
FLOOR = 1e-3
"""Smallest probability a method is charged with, so that one surprise does not decide."""


def concordance_within(
    lower: np.ndarray, upper: np.ndarray, predicted: np.ndarray, folds: np.ndarray, weight: np.ndarray
) -> float:
    """Share of comparable pairs of one fold whose predicted lives are in the right order (Harrell's C, for intervals).

    A pair is comparable when one life certainly ended before the other: `upper[i] < lower[j]`. Ties count half, the
    pairs of all repeats alike; NaN without pairs. Across folds even a constant is no coin: the fold that holds out a
    long-lived cell learns a shorter life, so a dummy scores far below 0.5 there. Within folds it scores 0.5.

    Parameters
    ----------
    lower : ndarray
        Lower bound of each life, shape (n_cells,); -inf where none.
    upper : ndarray
        Upper bound of each life, shape (n_cells,); +inf where none.
    predicted : ndarray
        Lives, shape (n_repeats, n_cells), in the unit of the bounds.
    folds : ndarray
        Number of the fold that predicted each life, shape (n_repeats, n_cells).
    weight : ndarray
        Times each cell counts, shape (n_cells,).

    Examples
    --------
    >>> lower, upper = np.array([2.0, 3.0]), np.array([2.5, np.inf])
    >>> concordance_within(lower, upper, np.array([[2.1, 2.2]]), np.zeros((1, 2)), np.ones(2))
    1.0
    """
    sooner = (upper[:, None] < lower[None, :]) * np.outer(weight, weight)
    right = total = 0.0
    for lives, fold in zip(predicted, folds, strict=True):
        pairs = sooner * (fold[:, None] == fold[None, :])
        ordered = (lives[:, None] < lives[None, :]) + 0.5 * (lives[:, None] == lives[None, :])
        right, total = right + float((pairs * ordered).sum()), total + float(pairs.sum())
    return right / total if total else float("nan")


def _widened(lower: np.ndarray, upper: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    exact = lower == upper
    return np.where(exact, lower - EXACT_HALF_WIDTH, lower), np.where(exact, upper + EXACT_HALF_WIDTH, upper)


def log_likelihood(lower: np.ndarray, upper: np.ndarray, centre: np.ndarray, noise: float) -> np.ndarray:
    """Log of the probability that a normal prediction gives to the bounds of each life, shape (n_cells,).

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
        """Log of the probability given to the bounds of each life.

        Parameters
        ----------
        lower : ndarray
            Lower bounds, log10 cycles, shape (n_cells,); -inf where none.
        upper : ndarray
            Upper bounds, log10 cycles, shape (n_cells,); +inf where none.
        """
        low, high = _widened(lower, upper)
        probability = [self.mass[(self.grid >= a) & (self.grid <= b)].sum() for a, b in zip(low, high, strict=True)]
        return np.asarray(np.log(np.maximum(probability, FLOOR)))


def turnbull(lower: np.ndarray, upper: np.ndarray) -> Turnbull:
    """Self-consistent estimate (Turnbull 1976) on a grid of 0.1 decades: Kaplan-Meier's for bounds on either side.

    One row's weight is spread over the whole grid, so that no life is impossible; it differs from Kaplan-Meier's by
    that.

    Parameters
    ----------
    lower : ndarray
        Lower bounds, log10 cycles, shape (n_cells,); -inf where none.
    upper : ndarray
        Upper bounds, log10 cycles, shape (n_cells,); +inf where none.
    """
    low, high = _widened(lower, upper)
    ends = np.concatenate([low[np.isfinite(low)], high[np.isfinite(high)]])
    grid = np.arange(np.floor(ends.min()) - 0.5, np.ceil(ends.max()) + 0.6, 0.1)
    holds = (grid[None, :] >= low[:, None]) & (grid[None, :] <= high[:, None])
    mass = np.full(len(grid), 1 / len(grid))
    prior = np.full(len(grid), 1.0 / len(grid))
    for _ in range(STEPS):
        share = holds * mass
        share = share / np.maximum(share.sum(axis=1, keepdims=True), 1e-12)
        mass = (share.sum(axis=0) + prior) / (len(lower) + 1)
    return Turnbull(grid, mass)


def score_life(target: Target, out_of_fold: OutOfFold, level: float, seed: int) -> Score:
    """Score cycle life by concordance and by censored log-likelihood, all without the cell's paper.

    The likelihood is compared with the better of two dummies that know no design: the Turnbull (Kaplan-Meier)
    distribution and one constant with the model's noise.

    Parameters
    ----------
    target : Target
        Cycle life.
    out_of_fold : OutOfFold
        Out-of-fold predictions of one part.
    level : float
        Share of papers whose values the interval should hold, 0 to 1.
    seed : int
        Of the random steps.
    """
    bounds, row, labels = lives_of(out_of_fold)
    groups = out_of_fold.groups[row]
    life = out_of_fold.predicted[MODEL].mean(axis=0)[row]
    lower, upper = labels.lower, labels.upper
    model, constant, turnbulls = np.empty(len(bounds)), np.empty(len(bounds)), np.empty(len(bounds))
    for paper in np.unique(groups):
        own, noise = groups == paper, calibration_without(out_of_fold, paper).noise
        model[own] = log_likelihood(lower[own], upper[own], life[own], noise)
        centre = np.full(int(own.sum()), np.median(labels.middle[~own]))
        constant[own] = log_likelihood(lower[own], upper[own], centre, noise)
        turnbulls[own] = turnbull(lower[~own], upper[~own]).log_likelihood(lower[own], upper[own])
    dummy = constant if constant.mean() > turnbulls.mean() else turnbulls
    gain = model - dummy
    lives, folds = out_of_fold.predicted[MODEL][:, row], out_of_fold.fold[:, row]
    low, high = bootstrap(groups, lambda count: concordance_within(lower, upper, lives, folds, count), seed)
    index = concordance_within(lower, upper, lives, folds, np.ones(len(bounds)))
    gain_low, gain_high = bootstrap_ratio(groups, gain, np.ones(len(gain)), seed)
    has_skill = low > 0.5 and gain_low > 0
    others = without_most_helpful(groups, gain)
    on_one = has_skill and bootstrap_ratio(groups[others], gain[others], np.ones(len(others)), seed)[0] <= 0
    covered, width = life_coverage(out_of_fold, row, labels, level)
    two_sided = float((np.isfinite(lower) & np.isfinite(upper)).sum())
    by_method = {
        MODEL: float(model.mean()), "dummy": float(dummy.mean()), "turnbull": float(turnbulls.mean()),
        "constant": float(constant.mean()), "gain_low": gain_low, "gain_high": gain_high, "two_sided": two_sided,
    }  # fmt: skip
    return Score(
        target.column,
        len(bounds),
        len(np.unique(groups)),
        "censored log-likelihood per cell",
        by_method,
        "concordance",
        index,
        low,
        high,
        bool(has_skill and not on_one),
        level,
        *covered_share(covered, groups, seed),
        float(np.nanmean(width)),
        *removed_and_chosen(out_of_fold),
        rests_on_one_paper=bool(on_one),
    )
