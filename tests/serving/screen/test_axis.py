"""Ranges and lists: their values, their counts, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from serving.screen.axes import Listed, Range, read_range


def values(text: str) -> list[float]:
    axis = read_range(text)
    assert axis.count is not None
    return [float(value) for value in axis.take(np.arange(axis.count))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0..1 step 0.25", [0, 0.25, 0.5, 0.75, 1]),
        ("0..0.3 step 0.1", [0, 0.1, 0.2, 0.3]),  # 0.1 x 3 is 0.30000000000000004 in binary
        ("0..1 step 0.3", [0, 0.3, 0.6, 0.9]),  # the end is not reached
        ("-2..2 points 3", [-2, 0, 2]),
        ("1..10000 points 5 log", [1, 10, 100, 1000, 10000]),
        ("1e-3..1e-1 points 3 log", [0.001, 0.01, 0.1]),
    ],
)
def test_values_of_a_range(text: str, expected: list[float]) -> None:
    assert values(text) == expected


def test_a_range_of_many_steps_is_counted_and_not_made() -> None:
    axis = read_range("0..1e15 step 1")
    assert axis.count == 10**15 + 1
    assert axis.take(np.array([0, 10**15])).tolist() == [0, 1e15]


def test_shares_of_a_range() -> None:
    assert read_range("10..20").values_at(np.array([0, 0.25, 1])).tolist() == [10, 12.5, 20]
    # the middle of 1..100 on the log scale is 10
    assert read_range("1..100 log").values_at(np.array([0, 0.5, 1])).tolist() == [1, 10, 100]
    # four values: a quarter of the way each
    assert read_range("0..3 step 1").values_at(np.array([0, 0.2, 0.25, 0.5, 0.99])).tolist() == [0, 0, 1, 2, 3]


def test_drawn_values_have_four_digits() -> None:
    assert Range(0.0, 1.0).values_at(np.array([1 / 3])).tolist() == [0.3333]


def test_listed_values() -> None:
    assert Listed((1.0, 5.0)).values_at(np.array([0, 0.49, 0.5, 1])).tolist() == [1, 1, 5, 5]
    assert Listed(("a", None)).take(np.array([0, 1])).tolist() == ["a", None]
    assert Listed((True, False)).take(np.array([1, 0])).tolist() == [False, True]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1..0", "from low to high"),
        ("0..0", "from low to high"),
        ("0..1 step 0", "a step above 0"),
        ("0..1 step 2", "at most 1"),
        ("0..1 step -1", "a step above 0"),
        ("0..10 points 5 log", "above 0"),
        ("1..10 step 1 log", "points, not a step"),
        ("0..1 points 1", "at least 2 points"),
        ("0..1e999", "from low to high"),
        ("a..b", "0..1 step 0.05"),
        ("0..1 by 2", "0..1 step 0.05"),
    ],
)
def test_what_is_no_range(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_range(text)
