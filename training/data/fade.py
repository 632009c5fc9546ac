"""Cycling points as rows to learn life from: their labels depend on the fade law's shape, which a recipe may fix."""

from __future__ import annotations

import numpy as np

from models.ensemble import Recipe
from models.tasks import fade_law as lifetime
from training.data.examples import Examples, cycling_points
from training.data.literature import Literature


def fade_examples(literature: Literature) -> Examples:
    """Cycling points as rows; their labels are made again, by `relabelled`, inside each fold."""
    points = cycling_points(literature).reset_index(drop=True)
    return Examples(points, lifetime.fade_labels(points, lifetime.fade_shape(points)))


def relabelled(examples: Examples, recipe: Recipe) -> tuple[Examples, float]:
    """The points with the labels of the recipe's shape, or of the shape these points themselves show; and the shape."""
    shape = lifetime.fade_shape(examples.designs) if recipe.fade_shape is None else recipe.fade_shape
    return Examples(examples.designs, lifetime.fade_labels(examples.designs, shape)), shape


def retention_errors(examples: Examples, log10_n80: np.ndarray, shape: float) -> np.ndarray:
    """How far the curve misses each printed retention, in points; for a bound, how far it lies outside; shape
    (n_points,)."""
    designs = examples.designs
    curve = lifetime.retention_pct(log10_n80, designs["cycles"].to_numpy(dtype=float), shape)
    over = curve - designs["retention_pct"].to_numpy(dtype=float)
    mark = designs["qualifier"].to_numpy()
    return np.asarray(
        np.where(mark == ">", np.maximum(-over, 0), np.where(mark == "<", np.maximum(over, 0), np.abs(over)))
    )
