"""The Pareto front: by hand, against brute force, and the same whatever the chunks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from serving.screen.ranking import ALIKE, Front, on_front


def test_a_front_by_hand() -> None:
    # (3, 3) beats (2, 3), (3, 1) and (1, 1); nothing reaches (4, 2), (1, 5) or (3, 3)
    values = np.array([[1, 1], [2, 3], [4, 2], [3, 3], [1, 5], [3, 1]], dtype=float)
    assert on_front(values).tolist() == [False, False, True, True, True, False]


def brute_force(values: np.ndarray) -> list[bool]:
    return [
        not any(np.all(other >= row) and np.any(other > row) for place, other in enumerate(values) if place != own)
        for own, row in enumerate(values)
    ]


@pytest.mark.slow
@given(
    arrays(
        float,
        st.tuples(st.integers(0, 40), st.integers(1, 4)),
        elements=st.one_of(st.integers(-3, 3).map(float), st.sampled_from([np.inf, -np.inf])),
    ),
    st.integers(1, 40),
)
def test_the_front_is_that_of_brute_force_whatever_the_chunks(values: np.ndarray, chunk: int) -> None:
    front = Front(values.shape[1])
    rows = pd.DataFrame({"number": np.arange(len(values))})
    for start in range(0, len(values), chunk):
        front.add(values[start : start + chunk], rows[start : start + chunk])
    best = [tuple(row) for row, good in zip(values, brute_force(values), strict=True) if good]
    assert sorted(map(tuple, front.values)) == sorted(set(best))
    if len(front.rows):
        # of equal rows the first, and all are counted
        firsts = {row: [tuple(each) for each in values].index(row) for row in set(best)}
        assert sorted(front.rows["number"]) == sorted(firsts.values())
        assert front.rows[ALIKE].sum() == len(best)


def test_a_long_front_is_kept_whole() -> None:
    """More rows than one block: x up, y down, none beaten; beside each a row just below it."""
    x = np.arange(1000, dtype=float)
    on = np.column_stack([x, -x])
    values = np.vstack([on - 0.5, on])
    assert on_front(values).tolist() == [False] * 1000 + [True] * 1000


def test_unknown_objectives_are_left_out_and_counted() -> None:
    front = Front(2)
    front.add(np.array([[np.nan, 9.0], [1.0, 1.0]]), pd.DataFrame({"number": [0, 1]}))
    assert front.rows["number"].tolist() == [1]
    assert front.unknown == 1


@pytest.mark.parametrize("objectives", [1, 3])
def test_nothing_added_is_nothing_kept(objectives: int) -> None:
    front = Front(objectives)
    front.add(np.empty((0, objectives)), pd.DataFrame({"number": []}))
    assert len(front.rows) == 0
