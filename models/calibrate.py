"""Learning from out-of-fold errors how wide intervals have to be.

How the scale of an error goes with what is known of a prediction is learnt by a ridge regression of its logarithm; the
errors over that scale, papers weighing the same, are what `models.intervals` reads its widths from.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from models.boosters.labels import Labels
from models.intervals import FAR, LEAST_SHARE, Calibration, LevelError, scale_causes

FEWEST_SIDED = 40
"""Papers from which on the two ends of an interval are settled one by one, and near and far by themselves."""
HELD_BACK = 5.0
"""Papers' worth of evidence that is needed before the scale follows spread, distance, prediction or family."""


def calibrate(
    predicted: np.ndarray,
    spread: np.ndarray,
    labels: Labels,
    papers: np.ndarray,
    noise: float | None = None,
    distance: np.ndarray | None = None,
    *,
    by_value: bool = False,
    family: np.ndarray | None = None,
) -> Calibration:
    """Calibration from out-of-fold predictions.

    Parameters
    ----------
    predicted, spread : ndarray, shape (n_repeats, n_rows)
        NaN where a row was not predicted.
    labels : Labels
        Labels of the rows; a row that is only bounded scores how far the prediction lies outside its bound.
    papers : ndarray, shape (n_rows,)
        Paper of each row.
    noise : float or None
        Scale of the error of a single prediction; from these predictions where not given.
    distance : ndarray or None, shape (n_repeats, n_rows)
        Of each prediction to the nearest row its model learnt from; where given, the trend of the errors with it and
        with the spread is learnt.
    by_value : bool
        Whether the trend of the errors with the prediction is learnt too; from `FEWEST_SIDED` papers on either end of
        the intervals is settled by itself then, and near and far by themselves where both have as many.
    family : ndarray or None, shape (n_rows,)
        Class of electrolytes of each row; how far its errors lie above the trend is learnt too.

    Raises
    ------
    LevelError
        Fewer than two papers.
    """
    kinds, member = np.unique(papers, return_inverse=True)
    if len(kinds) < 2:
        raise LevelError(f"intervals need at least two papers, got {len(kinds)}")
    miss = np.array([labels.distance(repeat) for repeat in predicted])
    known = np.isfinite(miss)
    counts = np.bincount(member, known.sum(axis=0), len(kinds))
    weight = np.where(known, 1 / counts[member][None, :], 0.0)
    if noise is None:
        noise = float(np.sqrt(np.sum(weight[known] * miss[known] ** 2) / weight[known].sum()))
    sided = by_value and len(kinds) >= FEWEST_SIDED
    fitted, family_offset = Calibration((), (), len(kinds), noise, sided=sided), np.zeros(len(papers))
    if distance is not None and noise > 0:
        causes = scale_causes(spread[known], distance[known], noise, predicted[known] if by_value else None)
        names, code = np.unique(np.full(len(papers), "") if family is None else family.astype(str), return_inverse=True)
        within = np.eye(len(names))[np.broadcast_to(code, known.shape)[known]] if len(names) > 1 else causes[:, :0]
        learnt = _trend(miss[known], np.hstack([causes, within]), weight[known], noise)
        trend, offsets = learnt[: causes.shape[1]], learnt[causes.shape[1] :]
        fitted = replace(fitted, trend=trend, families=dict(zip(names.tolist(), offsets, strict=False)))
        family_offset = fitted.of_family(names)[code]
    score = (miss / fitted.scale(spread, distance, predicted, family_offset))[known]
    if sided:
        score = np.where((predicted > labels.upper)[known], -score, score)
    far = distance[known] > FAR if sided and distance is not None else np.zeros(len(score), dtype=bool)
    paper = np.broadcast_to(member, known.shape)[known]
    if min(len(np.unique(paper[band])) for band in (far, ~far)) < FEWEST_SIDED:
        return _scored_by(fitted, score, paper)
    return replace(_scored_by(fitted, score[~far], paper[~far]), far=_scored_by(fitted, score[far], paper[far]))


def _scored_by(fitted: Calibration, score: np.ndarray, paper: np.ndarray) -> Calibration:
    """Give a calibration some scores, the papers among them weighing the same."""
    member, size = np.unique(paper, return_inverse=True, return_counts=True)[1:]
    order, weight = np.argsort(score), 1 / size[member]
    return replace(fitted, scores=tuple(score[order].tolist()), weights=tuple(weight[order].tolist()), papers=len(size))


def _trend(miss: np.ndarray, causes: np.ndarray, weight: np.ndarray, noise: float) -> tuple[float, ...]:
    """Weighted ridge regression of the log error on the causes; weights sum to the number of papers."""
    log_miss = np.log(miss + LEAST_SHARE * noise)
    penalty = np.diag([0.0] + [HELD_BACK] * (causes.shape[-1] - 1))
    normal_matrix = (causes * weight[:, None]).T @ causes + penalty
    return tuple(np.linalg.solve(normal_matrix, (causes * weight[:, None]).T @ log_miss).tolist())
