from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.tasks.conductivity import CONDUCTIVITY
from tests.placed import line, of_papers
from training.report import distance


def test_distances_are_to_another_group() -> None:
    # at 0, 1, 3, 7; the first two are of one group: 0 -> 3 is 3, 1 -> 3 is 2, 3 -> 1 is 2, 7 -> 3 is 4
    found = of_papers(["p1", "p2", "p3", "p4"], [1.0, -2.0, 3.0, 4.0], [0, 0, 1, 2])
    table = distance.distance_table(CONDUCTIVITY, found, line([0, 1, 3, 7]))
    assert table["distance"].tolist() == [3.0, 2.0, 2.0, 4.0]
    assert table["error"].tolist() == [1.0, 2.0, 3.0, 4.0]
    assert table["bin"].tolist() == [2, 1, 1, 3]  # four rows, nearest first: 1, 1, 2, 3
    bins = distance.bin_table(table, seed=0)
    assert bins["error"].tolist() == [2.5, 1.0, 4.0]
    assert bins[["rows", "groups", "nearest", "farthest"]].to_numpy().tolist() == [
        [2, 2, 2, 2], [1, 1, 3, 3], [1, 1, 4, 4],
    ]  # fmt: skip
    assert bins[["error_low", "error_high"]].isna().all(axis=None)  # of fewer than three groups each


def test_bounds_have_no_place_among_the_distances_and_one_group_has_none() -> None:
    found = of_papers(["p1", "p2", "p3"], [1.0, 1.0, 1.0], [0, 1, 2])
    found.examples.labels.upper[1] = np.inf
    assert distance.distance_table(CONDUCTIVITY, found, line([0, 1, 3]))["distance"].tolist() == [1.0, 2.0]
    alone = of_papers(["p1", "p1"], [1.0, 2.0], [0, 0])
    assert distance.distance_table(CONDUCTIVITY, alone, line([0, 1])).empty


def test_means_of_a_third_carry_an_interval_over_groups() -> None:
    found = of_papers([f"p{each}" for each in range(9)], [1.0, 2.0, 3.0] * 3, list(range(9)))
    table = distance.distance_table(CONDUCTIVITY, found, line([2.0**each for each in range(9)]))
    assert table["bin"].tolist() == [1, 1, 1, 2, 2, 2, 3, 3, 3]
    bins = distance.bin_table(table, seed=0)
    assert bins["error"].tolist() == [2.0, 2.0, 2.0]
    # three groups of errors 1, 2, 3 drawn again: a mean of 1 or of 3 has probability 1/27 each, below the 5 % ends
    assert bins.iloc[0][["error_low", "error_high"]].tolist() == pytest.approx([4 / 3, 8 / 3])


def table_of(distances: list[float], errors: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"distance": distances, "error": errors, "group": range(len(errors))})


def test_rank_correlation_by_hand() -> None:
    # ranks differ by 1, 1, 1, 1, 0: 1 - 6 * 4 / (5 * 24) = 0.8
    few = distance.correlation(table_of([1, 2, 3, 4, 5], [20, 10, 40, 30, 50]), seed=0)
    assert few.value == pytest.approx(0.8)
    assert few.low <= 0.8 <= few.high
    # ranks 1.5, 1.5, 3 and 1, 2, 3: 1.5 / sqrt(1.5 * 2)
    assert distance.correlation(table_of([1, 1, 2], [1, 2, 3]), seed=0).value == pytest.approx(1.5 / 3**0.5)


def test_what_the_distance_shows_is_said_plainly() -> None:
    growing, steps = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [3.0, 1.0, 6.0, 5.0, 2.0, 4.0]
    assert str(distance.correlation(table_of(growing, growing), 0)) == (
        "the error rises with the distance: rank correlation +1.00, 90 % interval +1.00 to +1.00"
    )
    assert str(distance.correlation(table_of(growing, growing[::-1]), 0)).startswith("the error falls")
    unclear = str(distance.correlation(table_of(growing, steps), 0))
    assert unclear.startswith("these data cannot show that the error rises")
    assert unclear.endswith("which includes 0")
    for few in (table_of([1, 2], [1, 2]), table_of([1, 2, 3], [1, 1, 1])):
        assert str(distance.correlation(few, 0)).startswith("too few papers or values")
