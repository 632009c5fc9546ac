from __future__ import annotations

import json

import numpy as np
import pytest

from models.ensemble import Labels
from models.intervals import Calibration, LevelError, calibrate


def exact(values: list[float]) -> Labels:
    return Labels(np.array(values), np.array(values), np.ones(len(values)))


def test_the_quantile_counts_papers_not_rows() -> None:
    # four papers with one row each and one paper with four rows; errors 1 2 3 4 and 0 0 0 0
    truth = exact([1.0, 2.0, 3.0, 4.0, 0.0, 0.0, 0.0, 0.0])
    papers = np.array([0, 1, 2, 3, 4, 4, 4, 4])
    found = calibrate(np.zeros((1, 8)), np.zeros((1, 8)), truth, papers)
    assert found.papers == 5
    # level 0.5 of 5 papers and one to come: weight 0.5 * 6 = 3 must be reached: 0 (paper 4), 1, then 2
    assert found.half_width(np.zeros(1), 0.5)[0] == pytest.approx(2.0)
    # level 5/6 is the highest five papers support: all weight, the largest error
    assert found.half_width(np.zeros(1), 5 / 6)[0] == pytest.approx(4.0)


def test_levels_that_papers_cannot_support_are_refused() -> None:
    found = calibrate(np.zeros((1, 3)), np.zeros((1, 3)), exact([1.0, 2.0, 3.0]), np.array([0, 1, 2]))
    with pytest.raises(LevelError, match=r"3 groups of papers support at most 0\.750"):
        found.half_width(np.zeros(1), 0.9)
    with pytest.raises(LevelError, match="between 0 and 1"):
        found.half_width(np.zeros(1), 1.0)
    with pytest.raises(LevelError, match="at least two papers"):
        calibrate(np.zeros((1, 2)), np.zeros((1, 2)), exact([1.0, 2.0]), np.array([0, 0]))


def test_coverage_holds_on_papers_never_seen() -> None:
    """Rows of a paper share a shift: intervals from 40 papers hold 90 % of the values of others."""
    random = np.random.default_rng(0)
    held = []
    for _ in range(50):
        shift = np.repeat(random.normal(0, 1, 40), 3)
        truth = shift + random.normal(0, 0.5, 120)
        found = calibrate(np.zeros((1, 120)), np.zeros((1, 120)), exact(truth.tolist()), np.repeat(np.arange(40), 3))
        fresh = random.normal(0, 1, 400) + random.normal(0, 0.5, 400)
        held.append((np.abs(fresh) <= found.half_width(np.zeros(400), 0.9)).mean())
    assert 0.89 < np.mean(held) < 0.94


def test_bounds_score_only_their_distance() -> None:
    labels = Labels(np.array([-np.inf, 3.0]), np.array([1.0, 3.0]), np.ones(2))
    found = calibrate(np.zeros((1, 2)), np.zeros((1, 2)), labels, np.array([0, 1]))
    # prediction 0 meets the bound "at most 1" and misses 3 by 3; the noise is sqrt((0 + 9) / 2)
    assert found.noise == pytest.approx(np.sqrt(4.5))
    assert [score * found.noise for score in found.scores] == pytest.approx([0.0, 3.0])


def test_disagreeing_members_widen_the_interval() -> None:
    found = calibrate(np.zeros((1, 4)), np.zeros((1, 4)), exact([1.0, 1.0, 1.0, 1.0]), np.arange(4))
    narrow, wide = found.half_width(np.array([0.0, 2.0]), 0.5)
    # noise 1, score 1: the scale is hypot(1, spread)
    assert (narrow, wide) == pytest.approx((1.0, np.sqrt(5)))


def test_plain_numbers_survive_json() -> None:
    found = calibrate(np.zeros((2, 3)), np.ones((2, 3)), exact([1.0, 2.0, 3.0]), np.arange(3))
    assert Calibration.from_dict(json.loads(json.dumps(found.as_dict()))) == found


def test_the_scale_follows_the_prediction_where_that_was_learnt() -> None:
    one_score = Calibration((1.0,), (2.0,), 2, 1.0, (0.0, 0.0, 0.0, -0.5))
    centre = np.array([-5.5, -7.5, -20.0])
    half = one_score.half_width(np.zeros(3), 0.5, np.ones(3), centre)
    # exp(-0.5 * (centre + 5.5)): 1 in the middle of -9 and -2, e two decades below; from -9 on no wider
    assert half == pytest.approx(np.exp([0.0, 1.0, 1.75]))
    assert one_score.share_within(half, np.zeros(3), np.ones(3), centre) == pytest.approx([2 / 3] * 3)  # 2 papers of 3
    assert one_score.probability_above(-4.5, centre[:1], np.zeros(1), np.ones(1)) == pytest.approx([1 / 6])
    with pytest.raises(ValueError, match="depend on the prediction; none was given"):
        one_score.half_width(np.zeros(3), 0.5, np.ones(3))


def test_poor_conductors_that_are_missed_by_more_get_wider_intervals() -> None:
    truth = exact([0.1 - 3.0, 0.1 - 3.0, 2.0 - 8.0, 2.0 - 8.0] * 5)
    predicted, ones = np.array([[-3.0, -3.0, -8.0, -8.0] * 5]), np.ones((1, 20))
    found = calibrate(predicted, ones, truth, np.arange(20), distance=ones, by_value=True)
    assert len(found.trend) == 4
    good, poor = found.half_width(np.ones(2), 0.8, np.ones(2), np.array([-3.0, -8.0]))
    plain = calibrate(predicted, ones, truth, np.arange(20), distance=ones)
    assert good < float(plain.half_width(1.0, 0.8, 1.0)) < poor + 1e-9
    assert Calibration.from_dict(json.loads(json.dumps(found.as_dict()))) == found
