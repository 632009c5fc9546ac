"""Errors of out-of-fold predictions, row by row, beside those of the baselines."""

from __future__ import annotations

import numpy as np

from models.tasks import fade_law as lifetime
from models.tasks.targets import CONDUCTIVITY, ICE, RETENTION, Target
from training.evaluation.baselines import BASELINES
from training.evaluation.crossvalidate import MODEL, OutOfFold

PART_OF = {CONDUCTIVITY.column: "conductivity", ICE.column: "ice", RETENTION.column: "fade"}
"""Part that predicts each target whose error can be measured."""


def errors(target: Target, found: OutOfFold) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Mean absolute error of each judged row over the repeats, by method, and the rows judged (those with a value, not
    a bound)."""
    if target is RETENTION:
        rows = np.flatnonzero(~found.examples.designs["qualifier"].isin(["<", ">"]).to_numpy())
        truth = found.examples.designs["retention_pct"].to_numpy(dtype=float)
    else:
        rows = np.flatnonzero(found.examples.labels.exact)
        truth = found.examples.labels.lower
    predicted = predictions(target, found)
    return {name: np.abs(values[:, rows] - truth[rows]).mean(axis=0) for name, values in predicted.items()}, rows


def predictions(target: Target, found: OutOfFold) -> dict[str, np.ndarray]:
    """Out-of-fold predictions on the target's error scale, by method, shape (n_repeats, n_rows)."""
    if target is not RETENTION:
        return {name: np.clip(values, 0, 100) if target is ICE else values for name, values in found.predicted.items()}
    cycles = found.examples.designs["cycles"].to_numpy(dtype=float)
    curve = np.array(
        [retention_at(lives, cycles, shapes) for lives, shapes in zip(found.predicted[MODEL], found.shape, strict=True)]
    )
    return {**{name: np.clip(found.predicted[name], 0, 100) for name in BASELINES}, MODEL: curve}


def retention_at(lives: np.ndarray, cycles: np.ndarray, shapes: np.ndarray) -> np.ndarray:
    """Retention of each row in per cent, by its own life and fade shape, shape (n_rows,)."""
    return np.array(
        [
            float(lifetime.retention_pct(life, cycle, shape))
            for life, cycle, shape in zip(lives, cycles, shapes, strict=True)
        ]
    )
