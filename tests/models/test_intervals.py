from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from models.calibrate import calibrate
from models.ensemble import Labels
from models.intervals import Calibration, LevelError


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


SIDED = Calibration((-3.0, -3.0, 1.0, 1.0), (1.0,) * 4, 4, 1.0, sided=True)
"""Two papers lie three scales below what was told of them, two lie one scale above."""


def test_each_end_is_settled_by_the_errors_of_its_side() -> None:
    # level 0.6: four fifths of five papers, the one to come among them, on either side: 3 scales below, 1 above
    half = SIDED.half_width(np.zeros(1), 0.6)
    assert (half, SIDED.shift(half, 0.6)) == (pytest.approx([2.0]), pytest.approx([-1.0]))
    middle, same = SIDED.interval(np.array([-4.0]), np.zeros(1), 0.6)
    assert (middle - same, middle + same) == (pytest.approx([-7.0]), pytest.approx([-3.0]))
    assert SIDED.share_within(np.array([0.5, 1.0, 3.0]), np.zeros(3)) == pytest.approx([0.0, 2 / 5, 4 / 5])


def test_two_ends_ask_for_more_papers_than_one_width() -> None:
    # a paper to come may lie beyond either end: of four, 3/5 at most, where one width supports 4/5
    assert SIDED.highest_level == pytest.approx(3 / 5)
    with pytest.raises(LevelError, match=r"4 groups of papers support at most 0\.600"):
        SIDED.half_width(np.zeros(1), 0.7)


def test_the_probability_counts_papers_on_their_side() -> None:
    # above 0 lie two papers, and the one to come by half: 2.5 of 5; above 2 none, 0.5 of 5; above -2 two; above -4 all
    limits = np.array([0.0, 2.0, -2.0, -4.0])
    assert SIDED.probability_above(limits, np.zeros(4), np.zeros(4)) == pytest.approx([0.5, 0.1, 0.5, 0.9])


def test_designs_beyond_far_have_errors_of_their_own() -> None:
    wide = Calibration((-4.0, 0.0, 0.0, 2.0), (1.0,) * 4, 4, 1.0, sided=True)
    both = replace(SIDED, far=wide, trend=(0.0, 0.0, 0.0))
    away = np.array([0.3, 0.31])  # up to FAR, and beyond
    half = both.half_width(np.zeros(2), 0.6, away)
    assert half == pytest.approx([2.0, 3.0])
    assert both.shift(half, 0.6, away) == pytest.approx([-1.0, -1.0])
    # within one scale: two of four papers, or the two at 0; above 1.5 scales: none, or one
    assert both.share_within(np.ones(2), np.zeros(2), away) == pytest.approx([2 / 5, 2 / 5])
    assert both.probability_above(np.full(2, 1.5), np.zeros(2), np.zeros(2), away) == pytest.approx([0.1, 0.3])
    assert Calibration.from_dict(json.loads(json.dumps(both.as_dict()))) == both


@pytest.mark.parametrize(("papers", "sided", "far"), [(39, False, False), (40, True, False), (80, True, True)])
def test_sides_and_distances_are_told_apart_where_enough_papers_tell_of_them(
    papers: int, sided: bool, far: bool
) -> None:
    """All values lie 1 below what is told; every other paper is far from what is known."""
    predicted, ones = np.full((1, papers), -3.0), np.ones((1, papers))
    truth = exact([-4.0] * papers)
    distance = np.where(np.arange(papers) % 2, 0.5, 0.1)[None]
    found = calibrate(predicted, ones, truth, np.arange(papers), distance=distance, by_value=True)
    assert (found.sided, found.far is not None) == (sided, far)
    assert found.papers == (papers // 2 if far else papers)
    middle, half = found.interval(predicted[0], ones[0], 0.9, distance[0])
    # with sides the interval reaches from the values, of which each is missed alike, to what is told
    assert middle + half == pytest.approx(np.full(papers, -3.0 if sided else -2.0), abs=0.1)
    assert (middle - half <= -4.0 + 0.1).all()


def test_intervals_of_two_sides_hold_on_papers_never_seen_near_and_far() -> None:
    """Errors lean to below by a log-normal tail, twice as long far away: either end misses a twentieth in both."""
    draw, held = np.random.default_rng(3), []
    for _ in range(40):
        far = draw.random((2, 400)) < 0.5
        fall = draw.lognormal(0.0, 0.8, (2, 400)) * np.where(far, 2.0, 1.0)
        zeros, distance = np.zeros((1, 400)), np.where(far, 0.6, 0.1)
        truth = exact((0.5 - fall[0]).tolist())
        found = calibrate(zeros, zeros, truth, np.arange(400), distance=distance[:1], by_value=True)
        middle, half = found.interval(zeros[0], zeros[0], 0.9, distance[1])
        inside = np.abs(0.5 - fall[1] - middle) <= half
        held.append([inside[far[1]].mean(), inside[~far[1]].mean()])
    assert np.mean(held, axis=0) == pytest.approx([0.9, 0.9], abs=0.02)


def test_a_family_that_is_missed_by_more_gets_wider_intervals() -> None:
    # 20 papers of each, missed by 0.1 and by 1, all else alike: noise sqrt((0.01 + 1) / 2). Logs of the errors, a tenth
    # of the noise added, differ by d; either family lies d / 2 off the trend, of which 20 papers of 20 + 5 are believed
    zeros, ones, family = np.zeros((1, 40)), np.ones((1, 40)), np.repeat(["garnet", "polymer"], 20)
    truth, papers = exact([0.1] * 20 + [1.0] * 20), np.arange(40)
    found = calibrate(zeros, ones, truth, papers, distance=ones, family=family)
    noise = np.sqrt(1.01 / 2)
    d = np.log((1 + 0.1 * noise) / (0.1 + 0.1 * noise))
    apart = found.of_family(["garnet", "polymer", "hydride", None])  # of the last two nothing is known
    assert apart == pytest.approx([-0.4 * d, 0.4 * d, 0.0, 0.0], abs=1e-9)
    half = found.half_width(np.ones(4), 0.8, np.ones(4), family=apart)
    assert half / half[2] == pytest.approx(np.exp([-0.4 * d, 0.4 * d, 0.0, 0.0]))
    assert half[0] < float(calibrate(zeros, ones, truth, papers, distance=ones).half_width(1.0, 0.8, 1.0)) <= half[1]
    # 0.5 lies farther than the half width of a garnet and nearer than that of a polymer
    garnet, polymer = found.probability_above(np.full(2, 0.5), np.zeros(2), np.ones(2), np.ones(2), apart[:2])
    assert garnet < polymer < 0.5
    assert Calibration.from_dict(json.loads(json.dumps(found.as_dict()))) == found
