from __future__ import annotations

import numpy as np
import pytest

from training.evaluation.bootstrap import RankCorrelation, rank_correlation, spearman


def test_rank_correlation_of_two_columns_by_hand() -> None:
    # ranks differ by 0, 1, -1, 0: 1 - 6 * 2 / (4 * 15) = 0.8
    assert spearman(np.array([1.0, 2.0, 3.0, 4.0]), np.array([10.0, 30.0, 20.0, 99.0])) == pytest.approx(0.8)
    assert np.isnan(spearman(np.ones(3), np.arange(3.0)))


def test_few_groups_have_no_interval_and_no_sign() -> None:
    one, other = np.arange(6.0), np.arange(6.0)
    groups = np.array(["a", "a", "b", "b", "c", "c"])
    few = rank_correlation(one, other, groups, seed=0, fewest=4)
    assert few.value == 1.0
    assert not few.has_interval
    assert few.sign == 0
    enough = rank_correlation(one, other, groups, seed=0, fewest=3)
    assert enough == RankCorrelation(1.0, 1.0, 1.0)  # every draw of these groups is in the same order
    assert enough.sign == 1


@pytest.mark.parametrize(("low", "high", "sign"), [(-0.5, -0.1, -1), (-0.5, 0.1, 0), (0.1, 0.5, 1)])
def test_the_sign_is_that_of_an_interval_without_zero(low: float, high: float, sign: int) -> None:
    assert RankCorrelation((low + high) / 2, low, high).sign == sign
