"""Nearly equal compositions: the quick search against all pairs compared one by one."""

from __future__ import annotations

import numpy as np
import pytest

from features.formulas.nearness import NEARLY_ONE, KnownCompositions


def compositions(count: int, seed: int) -> np.ndarray:
    """Random compositions of two of six elements, on a coarse grid so that many lie close."""
    random = np.random.default_rng(seed)
    table = np.zeros((count, 12))
    for row in table:
        row[random.choice(6, 2, replace=False)] = random.integers(1, 4, 2)
    table /= table.sum(axis=1, keepdims=True)
    table[:, 0] += random.uniform(0, 0.012, count)  # some pairs a little apart, to either side of the limit
    return np.asarray(table / table.sum(axis=1, keepdims=True))


@pytest.mark.parametrize("within", [NEARLY_ONE, 0.3])
def test_pairs_are_those_of_comparing_all(within: float) -> None:
    known, asked = compositions(300, 0), compositions(200, 1)
    known[7], asked[3] = np.nan, np.nan
    apart = np.abs(asked[:, None, :] - known[None, :, :]).sum(axis=2)
    one, other = np.nonzero(apart <= within)
    pairs = KnownCompositions(known, within).pairs(asked)
    assert len(one) > 20
    assert pairs[0].tolist() == one.tolist()
    assert pairs[1].tolist() == other.tolist()


def test_nothing_is_near_where_nothing_is_known() -> None:
    one, other = KnownCompositions(np.full((2, 12), np.nan)).pairs(compositions(5, 0))
    assert not len(one)
    assert not len(other)
