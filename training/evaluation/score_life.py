"""Skill for cycle life, most of which is only bounded: order and likelihood, no error."""

from __future__ import annotations

import numpy as np

from models.ensemble import Labels
from models.tasks import fade_law
from models.tasks.target import Target
from training.evaluation.bootstrap import bootstrap, held_share
from training.evaluation.coverage import calibration_of, life_coverage
from training.evaluation.crossvalidate import MODEL, OutOfFold
from training.evaluation.cycle_life import concordance_within, log_likelihood, turnbull
from training.evaluation.score import Score, removed_and_chosen


def score_life(target: Target, found: OutOfFold, level: float, seed: int) -> Score:
    """Cycle life by concordance, and by censored log-likelihood beside the better of two dummies that know no design:
    the Turnbull (Kaplan-Meier) distribution and one constant with the model's noise. All without the cell's paper.

    Parameters
    ----------
    target : Target
        Told quantity.
    found : OutOfFold
        Out-of-fold predictions of one part.
    level : float
        Share of papers whose values the interval should hold, 0 to 1.
    seed : int
        Of the random steps.
    """
    points = found.examples.designs.assign(cell_id=found.examples.designs["row_id"])
    bounds = fade_law.life_bounds(points)
    first = points.reset_index().groupby("cell_id")["index"].first()
    row = first.loc[bounds["cell_id"]].to_numpy()
    groups = found.groups[row]
    life = found.predicted[MODEL].mean(axis=0)[row]
    lower, upper = bounds["lower"].to_numpy(), bounds["upper"].to_numpy()
    ours, constant, turnbulls = np.empty(len(bounds)), np.empty(len(bounds)), np.empty(len(bounds))
    middle = Labels(lower, upper, np.ones(len(bounds))).middle
    for paper in np.unique(groups):
        own, others = groups == paper, np.flatnonzero(found.groups != paper)
        noise = calibration_of(found, others).noise
        ours[own] = log_likelihood(lower[own], upper[own], life[own], noise)
        centre = np.full(int(own.sum()), np.median(middle[~own]))
        constant[own] = log_likelihood(lower[own], upper[own], centre, noise)
        turnbulls[own] = turnbull(lower[~own], upper[~own]).log_likelihood(lower[own], upper[own])
    dummy = constant if constant.mean() > turnbulls.mean() else turnbulls
    gain = ours - dummy
    lives, folds = found.predicted[MODEL][:, row], found.fold[:, row]
    low, high = bootstrap(groups, lambda count: concordance_within(lower, upper, lives, folds, count), seed)
    index = concordance_within(lower, upper, lives, folds, np.ones(len(bounds)))
    gain_low, gain_high = bootstrap(groups, lambda count: float((count * gain).sum() / count.sum()), seed)
    covered, width = life_coverage(found, row, Labels(lower, upper, np.ones(len(row))), level)
    cover, cover_low, cover_high = held_share(covered, groups, seed)
    two_sided = float((np.isfinite(lower) & np.isfinite(upper)).sum())
    by_method = {
        MODEL: float(ours.mean()), "dummy": float(dummy.mean()), "turnbull": float(turnbulls.mean()),
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
        bool(low > 0.5 and gain_low > 0),
        level,
        cover,
        cover_low,
        cover_high,
        float(np.nanmean(width)),
        *removed_and_chosen(found),
    )
