"""Designs by number: grids by hand, samples the same whichever part is asked for."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from serving.screen.axes import LATIN, SOBOL, Points, grid_places


def test_digits_by_hand() -> None:
    # 17 = 1 x (3 x 4) + 1 x 4 + 1
    assert [int(place[0]) for place in grid_places(np.array([17]), [2, 3, 4])] == [1, 1, 1]
    whole = np.column_stack(grid_places(np.arange(24), [2, 3, 4]))
    assert len(np.unique(whole, axis=0)) == 24


@pytest.mark.parametrize("method", [LATIN, SOBOL])
@pytest.mark.parametrize("size", [1, 7, 64, 100])
def test_parts_are_the_whole(method: str, size: int) -> None:
    whole = Points(method, size, 3, seed=5).take(0, size)
    assert whole.shape == (size, 3)
    assert ((whole >= 0) & (whole < 1)).all()
    cuts = sorted({0, min(3, size), size // 2, size})
    parts = [Points(method, size, 3, seed=5).take(a, b) for a, b in pairwise(cuts) if b > a]
    assert np.array_equal(np.vstack(parts), whole)


@pytest.mark.parametrize("method", [LATIN, SOBOL])
def test_the_seed_decides(method: str) -> None:
    one, same, other = (Points(method, 16, 2, seed).take(0, 16) for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("method", [LATIN, SOBOL])
def test_one_point_in_each_sixteenth(method: str) -> None:
    """What both promise of 16 points: on every axis, one in each sixteenth."""
    points = Points(method, 16, 4, seed=0).take(0, 16)
    for axis in range(4):
        assert sorted((points[:, axis] * 16).astype(int)) == list(range(16))
