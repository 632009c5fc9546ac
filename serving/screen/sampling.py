"""Designs by number: the digits of a number on a grid, or the point of a number in a sample. Any chunk can be made
alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

GRID, LATIN, SOBOL = "grid", "latin-hypercube", "sobol"
METHODS = (GRID, LATIN, SOBOL)
MAX_LATIN = 1_000_000
"""A Latin hypercube is made as a whole and held."""


def digits(numbers: np.ndarray, counts: Sequence[int]) -> list[np.ndarray]:
    """Place on each axis of grid points by number, the last axis running fastest; each of shape (n_points,).

    Examples
    --------
    >>> [places.tolist() for places in digits(np.arange(6), [2, 3])]
    [[0, 0, 0, 1, 1, 1], [0, 1, 2, 0, 1, 2]]
    """
    found = []
    for count in reversed(counts):
        numbers, places = np.divmod(numbers, count)
        found.append(places)
    return found[::-1]


@dataclass
class Points:
    """A sample of the unit cube, the same for the same seed whichever part of it is asked for.

    Attributes
    ----------
    method : `latin-hypercube` or `sobol`
    size, dimensions, seed : of the sample
    """

    method: str
    size: int
    dimensions: int
    seed: int
    _held: np.ndarray | None = None

    def take(self, start: int, stop: int) -> np.ndarray:
        """Points start to stop - 1, shape (stop - start, dimensions), each 0 to below 1."""
        from scipy.stats import qmc

        if self.method == LATIN:
            if self._held is None:
                self._held = qmc.LatinHypercube(self.dimensions, rng=self.seed).random(self.size)
            return self._held[start:stop]
        engine = qmc.Sobol(self.dimensions, rng=self.seed)
        if start:
            return np.asarray(engine.fast_forward(start).random(stop - start))
        return np.asarray(engine.random_base2(int(stop - 1).bit_length()))[:stop]
