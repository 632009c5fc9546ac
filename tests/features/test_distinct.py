"""Rows that are alike are found, whatever their number, and put back in their places."""

from __future__ import annotations

import numpy as np
import pytest

from features import distinct
from features.distinct import distinct_rows


def test_every_row_is_that_of_its_place() -> None:
    few = np.random.default_rng(1).normal(size=(7, 5))
    few[2, 3] = np.nan
    table = few[np.random.default_rng(2).integers(0, 7, 1000)]
    codes, first = distinct_rows(table)
    assert len(first) == 7
    np.testing.assert_array_equal(table[first[codes]], table)
    assert [int(np.flatnonzero(codes == code)[0]) for code in range(7)] == first.tolist()


@pytest.mark.parametrize("few", [0, 4])
def test_few_rows_are_told_apart_as_many_are(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distinct, "FEW", few)
    codes, first = distinct_rows(np.array([[0.0, np.nan], [-0.0, np.nan], [0.0, np.nan], [1.0, 2.0]]))
    assert (codes.tolist(), first.tolist()) == ([0, 1, 0, 2], [0, 1, 3])


def test_no_row_has_none() -> None:
    codes, first = distinct_rows(np.empty((0, 3)))
    assert (codes.tolist(), first.tolist()) == ([], [])


def test_rows_whose_keys_clash_are_not_confused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Factors of one multiply the bits of two numbers alike: 1, 2 and 2, 1 have one key."""

    class Ones:
        def integers(self, *_: object, **__: object) -> np.ndarray:
            return np.ones(2, dtype=np.uint64)

    monkeypatch.setattr(distinct.np.random, "default_rng", lambda _: Ones())
    monkeypatch.setattr(distinct, "FEW", 0)
    codes, first = distinct_rows(np.array([[1.0, 2.0], [2.0, 1.0]]))
    assert (codes.tolist(), first.tolist()) == ([0, 1], [0, 1])
