"""Partial pooling by hand, and deviations between and within papers of simulated laboratories."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from models.intervals import Calibration
from models.known.measurements import Measurements
from models.known.scatter import BETWEEN, HEAVY, WITHIN, Agreement, Values, deviations, drawn, precisions


def values(design: list[int], paper: list[int], value: list[float], variance: list[float] | None = None) -> Values:
    count = len(design)
    return Values(
        np.array(design), np.array(paper), np.array(value), np.array(variance or [0.0] * count), np.ones(count, bool)
    )


def test_papers_count_once_however_many_rows_they_print() -> None:
    # within 1, between 1: paper 0 with two rows of mean -2 has variance 1 + 1/2, paper 1 with one row 1 + 1;
    # weight 2/3 + 1/2 = 7/6, mean (2/3 * -2 + 1/2 * -4) / (7/6) = -20/7
    agreement = Agreement(between=1.0, within=1.0)
    weight, mean = precisions(values([0, 0, 0], [0, 0, 1], [-1.0, -3.0, -4.0]), agreement, 2, own=False)
    assert weight.tolist() == pytest.approx([7 / 6, 0.0])
    assert mean.tolist() == pytest.approx([-20 / 7, 0.0])


def test_own_rows_differ_by_what_samples_of_one_laboratory_differ_by() -> None:
    # two rows, one carried with a variance of 3: weights 1 and 1/4
    weight, mean = precisions(values([0, 0], [0, 0], [-2.0, -4.5], [0.0, 3.0]), Agreement(1.0, 1.0), 1, own=True)
    assert weight.tolist() == pytest.approx([1.25])
    assert mean.tolist() == pytest.approx([(-2.0 - 4.5 / 4) / 1.25])


def test_where_nothing_was_measured_nothing_moves() -> None:
    centre, variance = drawn(np.array([-3.0]), np.array([0.5]), np.zeros(1), np.zeros(1))
    assert centre.tolist() == [-3.0]
    assert variance.tolist() == [0.5]


def test_deviations_of_many_simulated_laboratories_are_found() -> None:
    # 400 compositions, three papers each, two rows a paper: the ten degrees of freedom known before hardly count
    random = np.random.default_rng(0)
    composition = np.repeat(np.arange(400), 6)
    paper = np.tile(np.repeat(np.arange(3), 2), 400)
    laboratory = random.normal(0, 1.2, (400, 3))[composition, paper]
    value = random.normal(0, 3, 400)[composition] + laboratory + random.normal(0, 0.4, 2400)
    between, within = deviations(value, np.ones(2400), composition, paper)
    assert between == pytest.approx(1.2, rel=0.1)
    assert within == pytest.approx(0.4, rel=0.1)


def test_without_a_shared_composition_the_public_pairs_tell() -> None:
    number = np.arange(5)
    assert deviations(np.linspace(-9, -3, 5), np.ones(5), number, number) == pytest.approx((BETWEEN, WITHIN))


def test_intervals_come_from_papers_where_they_calibrate_them_else_from_the_pairs() -> None:
    one = np.ones(1)
    calibrated = Agreement(calibration=Calibration((2.0,) * 19, (1.0,) * 19, 19, 0.0))
    assert calibrated.half_width(one, 0.9).tolist() == [2.0]
    # 0.99 is above 19 / 20: the normal quantile 2.576 times 1.08
    assert calibrated.half_width(one, 0.99).tolist() == pytest.approx([HEAVY * 2.5758], rel=1e-4)
    assert Agreement().half_width(one, 0.9).tolist() == pytest.approx([HEAVY * 1.6449], rel=1e-4)
    assert Agreement().share_within(HEAVY * 1.6449 * one, one).tolist() == pytest.approx([0.9], rel=1e-4)
    assert calibrated.share_within(3 * one, one).tolist() == pytest.approx([19 / 20])


def test_an_agreement_is_kept_as_plain_numbers() -> None:
    for agreement in (Agreement(), Agreement(0.5, 0.2, 0.9, Calibration((1.0,), (1.0,), 1, 0.0))):
        assert Agreement.from_dict(json.loads(json.dumps(agreement.as_dict()))) == agreement


def test_a_laboratorys_samples_differ_by_the_public_pairs_and_by_its_own_replicates() -> None:
    """Two samples a decade apart: squares of 0.5 about their mean and one degree of freedom beside ten of 0.28**2; one
    at another temperature is no replicate. What papers' rows differ by is not asked."""
    designs = pd.DataFrame({"electrolyte": ["Li6PS5Cl"] * 3, "temperature_c": [25.0, 25.0, 60.0]})
    papers = Agreement(between=0.8, within=0.77)
    own = Measurements.of(designs, np.array([-3.0, -4.0, -1.0]), ["own"] * 3, ["1", "2", "3"], papers)
    assert own.within_laboratory == pytest.approx(((10 * 0.28**2 + 0.5) / 11) ** 0.5)
