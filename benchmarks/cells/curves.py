"""One curve per cell: from lives to retention, so that the two cannot disagree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.optimize import minimize

from benchmarks.cells.effects import scores
from benchmarks.cells.learners import constant
from benchmarks.cells.rows import Fold, Guess, Idea, Learner, Rows, _crossing, by_paper, curve_pct
from models.boosters.labels import Labels, weighted_median
from models.tasks import fade_law


def labelled(rows: Rows, shape: float) -> Rows:
    if shape not in rows.lives:
        rows.lives[shape] = replace(rows, labels=fade_law.fade_labels(rows.designs, shape))
    return rows.lives[shape]


def curve(
    learner: Learner, *, unsure: bool = False, flat: bool = False, widest: bool = False, law: float = np.nan
) -> Idea:
    """Lives by a learner, read through the fade law; `unsure` averages the law over the lives' spread.

    `flat` takes the law's shape from the error over all papers instead of from within cells. Beware: tests of good
    cells are longer, so that shape holds the authors' choice of when to stop as well as fading. `widest` takes the
    spread of lives from that error, with the same fault. `law` is a shape set beforehand: only three papers show two
    points of one cell, so that without one of them the shipped shape falls back to 1.
    """

    def idea(fold: Fold) -> Guess:
        learned = fold.train.flattest if flat else fold.train.within_cells
        shape = learned if np.isnan(law) else law
        fold = replace(fold, train=labelled(fold.train, shape), liquid=labelled(fold.liquid, shape))
        labels = fold.train.labels
        centre = weighted_median(labels.middle, labels.weight)
        spread = 0.0
        if widest:
            spread = widest_spread(fold.train, centre, shape)
        elif unsure:
            spread = 1.4826 * weighted_median(np.abs(labels.middle - centre), by_paper(fold.train))
        move = _crossing(shape, spread)
        return Guess(learner(fold) + move, centre + move, shape, spread)

    return idea


def widest_spread(rows: Rows, centre: float, shape: float) -> float:
    """Spread of lives (decades) with which one averaged curve for all misses the printed retentions least."""
    cycles, printed = (rows.designs[name].to_numpy(dtype=float) for name in ("cycles", "retention_pct"))
    weight = by_paper(rows)

    def miss(spread: float) -> float:
        life = np.full(len(cycles), centre + _crossing(shape, spread))
        return float((weight * np.abs(curve_pct(life, cycles, shape, spread) - printed)).sum())

    return float(min(np.arange(0.0, 2.01, 0.25), key=miss))


def by_retention_error(names: Sequence[str], *, flat: bool) -> Idea:
    """Life linear in few facts, fitted to the absolute error of the retention itself, slopes held small."""

    def idea(fold: Fold) -> Guess:
        shape = fold.train.flattest if flat else fold.train.within_cells
        labels = labelled(fold.train, shape).labels
        centre = weighted_median(labels.middle, labels.weight)
        train, test = scores(fold, names)
        cycles, printed = (fold.train.designs[name].to_numpy(dtype=float) for name in ("cycles", "retention_pct"))
        weight = by_paper(fold.train) / by_paper(fold.train).sum()

        def miss(numbers: np.ndarray) -> float:
            life = numbers[0] + train @ numbers[1:]
            error = np.abs(fade_law.retention_pct(life, cycles, shape) - printed)
            return float((weight * error).sum() + 5 * (numbers[1:] ** 2).sum())

        best = minimize(miss, np.r_[centre, np.zeros(len(names))], method="Powell", options={"maxiter": 20}).x
        return Guess(best[0] + test @ best[1:], float(best[0]), shape)

    return idea


def anchored(learner: Learner) -> Idea:
    """Retention as printed, whatever the cycle, set at the papers' median cycle: a life through that one point.

    Beware: when authors stop is in it.
    """

    def idea(fold: Fold) -> Guess:
        shape = fold.train.within_cells
        cycle = weighted_median(fold.train.designs["cycles"].to_numpy(dtype=float), by_paper(fold.train))
        printed = as_printed(fold)
        ends = np.clip(np.r_[learner(printed), constant(printed)[0]], 1, 99)
        lives = fade_law.log10_life(np.full(len(ends), cycle), ends, shape)
        return Guess(lives[:-1], float(lives[-1]), shape)

    return idea


# --- retention by another road: for information only -----------------------------------------------------------------
def as_printed(fold: Fold) -> Fold:
    value = fold.train.designs["retention_pct"].to_numpy(dtype=float)
    share = 1 / fold.train.designs.groupby("cell_id")["cycles"].transform("size").to_numpy(dtype=float)
    return replace(fold, train=replace(fold.train, labels=Labels(value, value, share)))


def direct(learner: Learner, *, sees_cycle: bool = False) -> Idea:
    """Retention without a curve. With `sees_cycle` the learner may read the cycle: selection, not fading."""

    def idea(fold: Fold) -> Guess:
        fold = as_printed(fold)
        if sees_cycle:
            train, test = (
                replace(rows, vectors=rows.vectors.assign(log10_cycles=np.log10(rows.designs["cycles"].astype(float))))
                for rows in (fold.train, fold.test)
            )
            fold = replace(fold, train=train, test=test)
        centre = weighted_median(fold.train.labels.middle, np.ones(len(fold.train.vectors)))
        return Guess(learner(fold), centre)

    return idea
