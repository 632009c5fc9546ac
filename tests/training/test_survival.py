from __future__ import annotations

import numpy as np
import pytest

from training.evaluation.cycle_life import concordance_within, log_likelihood, turnbull


def concordance(lower: np.ndarray, upper: np.ndarray, predicted: np.ndarray, weight: np.ndarray) -> float:
    return concordance_within(lower, upper, predicted[None], np.zeros((1, len(predicted))), weight)


def test_concordance_by_hand() -> None:
    # lives 1, 2 exact; one known above 3. Comparable: (1,2), (1,3+), (2,3+); predicted 2, 1, 3: two of three right
    lower, upper = np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, np.inf])
    assert concordance(lower, upper, np.array([2.0, 1.0, 3.0]), np.ones(3)) == pytest.approx(2 / 3)
    # all predicted alike: every pair is a tie and counts half
    assert concordance(lower, upper, np.zeros(3), np.ones(3)) == 0.5


def test_pairs_whose_order_is_unknown_do_not_count() -> None:
    # one above 1, one above 2: nobody knows which lives longer
    assert np.isnan(concordance(np.array([1.0, 2.0]), np.array([np.inf, np.inf]), np.array([0.0, 1.0]), np.ones(2)))


def test_weights_count_cells_again() -> None:
    lower = upper = np.array([1.0, 2.0, 3.0])
    # without the middle cell only the pair (1, 3) is left, and it is right
    assert concordance(lower, upper, np.array([1.0, 9.0, 3.0]), np.array([1.0, 0.0, 1.0])) == 1.0


def test_log_likelihood_of_bounds() -> None:
    # a normal at 2: half of it lies above 2, so "at least 2" has probability 1/2; nothing lies above 50
    found = log_likelihood(np.array([2.0, 50.0]), np.array([np.inf, np.inf]), np.array([2.0, 2.0]), 1.0)
    assert found == pytest.approx([np.log(0.5), np.log(1e-3)])


def test_turnbull_without_censoring_is_the_empirical_distribution() -> None:
    lives = np.array([1.0, 1.0, 2.0, 3.0])
    found = turnbull(lives, lives)
    assert found.mass.sum() == pytest.approx(1)
    # three of four lives are below 2.5; the prior of one row spread over the grid takes a fifth of the weight
    below = found.mass[found.grid < 2.5].sum()
    assert below == pytest.approx((3 + (found.grid < 2.5).mean()) / 5, abs=0.01)


def test_turnbull_moves_censored_mass_to_the_right() -> None:
    # Kaplan-Meier by hand: deaths at 1 and 3, one censored at 2. S(2.5) = 1 - 1/3 = 2/3 of the mass lies above 2.5
    found = turnbull(np.array([1.0, 2.0, 3.0] * 20), np.array([1.0, np.inf, 3.0] * 20))
    assert found.mass[found.grid > 2.5].sum() == pytest.approx(2 / 3, abs=0.03)
