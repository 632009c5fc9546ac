"""Pooling: effects of families and papers, with variances that the training rows themselves make likeliest."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Sequence

import numpy as np

from benchmarks.cells.rows import Fold, Rows

RATIOS = (0.0, 0.1, 0.3, 1.0, 3.0)
"""Variances of an effect over the noise's, among which the likelihood of the training rows chooses."""


def scores(fold: Fold, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Columns of training and held-out rows, scaled by the training rows, unknown at their mean, clipped to 3."""
    train, test = (rows.vectors[list(names)].to_numpy(dtype=float) for rows in (fold.train, fold.test))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        centre, spread = np.nanmean(train, axis=0), np.nanstd(train, axis=0)
    used = spread > 1e-9
    ready = [(table - centre) / np.where(used, spread, 1.0) for table in (train, test)]
    first, second = (np.where(used & np.isfinite(table), np.clip(table, -3, 3), 0.0) for table in ready)
    return first, second


def levels(rows: Rows, kind: str) -> np.ndarray:
    """Level of each row in a grouping: electrolyte family, architecture, both, or full and half cells."""
    if kind == "family x architecture":
        return np.array([f"{a} {b}" for a, b in zip(levels(rows, "family"), levels(rows, "architecture"), strict=True)])
    if kind == "family":
        known = rows.designs["electrolyte_class"].fillna("unknown").astype(str)
        return known.replace({"sulfide-glass": "sulfide", "sulfide-other": "sulfide", "lipon": "oxide"}).to_numpy()
    column = {"architecture": "anode_architecture", "cell": "cell_type", "electrolyte": "electrolyte"}[kind]
    return rows.designs[column].fillna("unknown").astype(str).to_numpy()


def same(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.asarray(first[:, None] == second[None, :], dtype=float)


def gower(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Mean distance over the features, each at most 1 (four deviations)."""
    return np.asarray(np.minimum(np.abs(first[:, None, :] - second[None, :, :]) / 4, 1).mean(axis=2))


Kernel = tuple[np.ndarray, np.ndarray]


def random_effects(fold: Fold, kernels: Sequence[Kernel]) -> np.ndarray:
    """Mixed model: one intercept, effects with the given covariances, a random effect of the paper, and noise.

    The variances are those of a small grid under which the training rows are likeliest; a new paper's own effect is
    unknown and counts as 0. With group kernels this is partial pooling, with linear kernels a ridge, else a GP.
    """
    y = fold.train.labels.middle
    ratios = np.array(list(itertools.product(RATIOS, repeat=len(kernels) + 1)))
    parts = np.array([*(kernel for kernel, _ in kernels), same(fold.train.papers, fold.train.papers)])
    covariance = np.diag(1 / np.maximum(fold.train.labels.weight, 1e-3)) + np.tensordot(ratios, parts, axes=1)
    solved = np.linalg.solve(covariance, np.column_stack([y, np.ones(len(y))]))
    ones = solved[:, :, 1].sum(axis=1)
    mean = solved[:, :, 0].sum(axis=1) / ones
    pull = solved[:, :, 0] - mean[:, None] * solved[:, :, 1]
    free = len(y) - 1
    likelihood = -0.5 * (free * np.log((pull @ y) / free) + np.linalg.slogdet(covariance)[1] + np.log(ones))
    best = int(np.argmax(likelihood))
    effects = (share * cross.T @ pull[best] for share, (_, cross) in zip(ratios[best], kernels, strict=False))
    return np.asarray(mean[best] + sum(effects, start=np.zeros(len(fold.test.vectors))))
