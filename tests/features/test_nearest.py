from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features import nearest
from features.nearest import NearestRows, distances_between


def plainly(asked: np.ndarray, known: np.ndarray, papers: list[str], count: int) -> tuple[np.ndarray, np.ndarray]:
    """All distances in doubles; the smallest, first where equal, then without all rows of its paper."""
    away, paper, every = distances_between(asked, known), np.array(papers), np.arange(len(asked))
    rows, distances = [], []
    for _ in range(min(count, len(set(papers)))):
        rows.append(away.argmin(axis=1))
        distances.append(away[every, rows[-1]])
        away[paper[rows[-1]][:, None] == paper] = np.inf
    return np.column_stack(rows), np.column_stack(distances)


@st.composite
def tables(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Designs and known rows: whole numbers, so that distances are equal often, unknown values, copies, outliers."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    features, rows, designs = draw(st.integers(1, 12)), draw(st.integers(1, 40)), draw(st.integers(1, 30))
    known, asked = random.normal(size=(rows, features)), random.normal(size=(designs, features))
    if draw(st.booleans()):
        known, asked = known.round(), asked.round()
    if draw(st.booleans()):  # of one design, all its rows beside it
        asked[:] = known[random.integers(0, rows, designs)]
    for table in (known, asked):
        table[random.random(table.shape) < draw(st.sampled_from([0.0, 0.3]))] = np.nan
    known[:, 0] *= 10.0 ** draw(st.sampled_from([0, 0, 8, 120]))
    asked[0] *= 10.0 ** draw(st.sampled_from([0, 0, 6, 120]))
    return asked, known, [str(paper) for paper in random.integers(0, draw(st.integers(1, rows)), rows)]


@given(tables(), st.integers(1, 5))
def test_the_nearest_rows_are_those_of_the_plain_computation(
    drawn: tuple[np.ndarray, np.ndarray, list[str]], count: int
) -> None:
    asked, known, papers = drawn
    rows, distances = NearestRows(known, papers).nearest(asked, count)
    expected, away = plainly(asked, known, papers, count)
    np.testing.assert_array_equal(rows, expected)
    np.testing.assert_array_equal(distances, away)


@pytest.mark.slow
@given(tables(), st.integers(1, 5), st.integers(0, 12))
def test_designs_that_share_most_features_have_the_rows_of_the_plain_computation(
    drawn: tuple[np.ndarray, np.ndarray, list[str]], count: int, own: int
) -> None:
    few, known, papers = drawn
    asked = np.tile(few, (nearest.FEWEST // len(few) + 1, 1))  # so many that what they share is multiplied once
    asked[:, own:] = asked[0, own:]
    rows, distances = NearestRows(known, papers).nearest(asked, count)
    expected, away = plainly(asked, known, papers, count)
    np.testing.assert_array_equal(rows, expected)
    np.testing.assert_array_equal(distances, away)


@pytest.mark.slow
@given(tables(), st.integers(1, 5))
def test_a_design_alone_and_in_a_table_has_the_same_rows(
    drawn: tuple[np.ndarray, np.ndarray, list[str]], count: int
) -> None:
    asked, known, papers = drawn
    index = NearestRows(known, papers)
    rows, distances = index.nearest(asked, count)
    for place in range(len(asked)):
        alone, away = index.nearest(asked[place : place + 1], count)
        assert alone[0].tolist() == rows[place].tolist()
        assert away[0].tolist() == distances[place].tolist()


def test_rows_that_single_precision_cannot_tell_apart_are_told_apart() -> None:
    # sums of squares of about 8e6, which single precision counts in steps of 0.5, and gaps of about 1e-3
    draw = np.random.default_rng(0)
    asked = np.full((20, 8), 1000.0)
    known = 1000.0 + 1e-3 * draw.normal(size=(200, 8))
    papers = [str(row) for row in range(200)]
    rows, distances = NearestRows(known, papers).nearest(asked, 3)
    expected, away = plainly(asked, known, papers, 3)
    assert rows.tolist() == expected.tolist()
    assert distances.tolist() == away.tolist()


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = np.random.default_rng(0)
    index = NearestRows(draw.normal(size=(30, 4)), [str(row // 2) for row in range(30)])
    asked = draw.normal(size=(50, 4))
    whole = index.nearest(asked, 3)
    monkeypatch.setattr(nearest, "CACHED", 12)  # three pairs of rows at once, of four features each
    monkeypatch.setattr(nearest, "FEWEST", 5)  # five designs a block
    for one, other in zip(whole, index.nearest(asked, 3), strict=True):
        np.testing.assert_array_equal(one, other)


@given(tables(), st.integers(2, 5))
def test_limits_of_groups_of_papers_change_nothing(drawn: tuple[np.ndarray, np.ndarray, list[str]], count: int) -> None:
    asked, known, papers = drawn
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nearest, "GROUPS", 1)  # as many groups as rows are wanted, of which two may be in one
        rows, distances = NearestRows(known, papers).nearest(asked, count)
    expected, away = plainly(asked, known, papers, count)
    np.testing.assert_array_equal(rows, expected)
    np.testing.assert_array_equal(distances, away)


def test_no_rows_wanted_and_no_designs() -> None:
    index = NearestRows(np.zeros((2, 1)), ["a", "b"])
    assert [each.shape for each in index.nearest(np.zeros((3, 1)), 0)] == [(3, 0), (3, 0)]
    assert [each.shape for each in index.nearest(np.zeros((0, 1)), 2)] == [(0, 2), (0, 2)]


def test_distances_among_designs_are_measured_once_for_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "BLOCK", 6)  # two rows at a time
    known = np.array([[0.0], [3.0], [np.nan]])
    # one unknown value counts as 1, two as none
    expected = [[0.0, 3.0, 1.0], [3.0, 0.0, 1.0], [1.0, 1.0, 0.0]]
    assert distances_between(known, known.copy()).tolist() == expected
    assert distances_between(known[:2], known).tolist() == expected[:2]
