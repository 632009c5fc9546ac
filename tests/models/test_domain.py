from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from features.nearest import NearestRows, distances_between
from models.domain import Domain, LookedUp, scaling


@pytest.fixture
def domain() -> Domain:
    """Three papers at 0, 2 and 4 on one feature; mean 2, standard deviation sqrt(8/3)."""
    vectors = pd.DataFrame({"a": [0.0, 2.0, 4.0]})
    designs = pd.DataFrame({"temperature_c": [20.0, 30.0, None]})
    precedents = [{"row": name, "doi": ""} for name in "xyz"]
    return Domain.learn(vectors, ["p", "q", "r"], designs, ["temperature_c"], ["Li", "S"], ["halide"], precedents)


def test_distance_is_in_standard_deviations(domain: Domain) -> None:
    away = domain.distances(pd.DataFrame({"a": [1.0]}))[0]
    assert away == pytest.approx(np.array([1, 1, 3]) / np.sqrt(8 / 3))


def test_a_feature_that_varies_by_rounding_alone_does_not_vary() -> None:
    # 0.1 + 0.2 is 4e-17 off 0.3: as a spread it would put a design with 1.3 there 1e16 deviations away
    _, spread = scaling(np.array([[0.1 + 0.2, 1.0], [0.3, 3.0], [0.3, 5.0]]))
    assert spread == pytest.approx([1.0, np.sqrt(8 / 3)])


def test_unknown_against_known_counts_one_deviation(domain: Domain) -> None:
    assert domain.distances(pd.DataFrame({"a": [np.nan]}))[0].tolist() == [1.0, 1.0, 1.0]


def test_far_is_judged_by_the_distance_between_papers(domain: Domain) -> None:
    # every row's nearest other paper is 2 away, in deviations 2 / sqrt(8/3)
    assert domain.far == pytest.approx(2 / np.sqrt(8 / 3))


def test_nearest_rows_come_from_different_papers() -> None:
    vectors = pd.DataFrame({"a": [0.0, 0.1, 5.0]})
    precedents = [{"row": name} for name in "xyz"]
    domain = Domain.learn(vectors, ["p", "p", "q"], pd.DataFrame(), [], [], [], precedents)
    rows, distances = domain.nearest(pd.DataFrame({"a": [0.0, 5.0]}), 2)
    assert rows.tolist() == [[0, 2], [2, 1]]
    # deviation of 0, 0.1 and 5: sqrt(25.01 / 3 - 1.7**2)
    assert distances[0] == pytest.approx(np.array([0, 5]) / np.sqrt(25.01 / 3 - 1.7**2))
    assert domain.nearest(pd.DataFrame({"a": [0.0]}), 9)[0].shape == (1, 2)  # there are two papers
    assert domain.nearest(pd.DataFrame({"a": [0.0]}), 0)[0].shape == (1, 0)


def test_rows_that_are_looked_up_are_shown_and_judge_no_distance(domain: Domain) -> None:
    asked, deviation = pd.DataFrame({"a": [1.0]}), np.sqrt(8 / 3)
    assert domain.nearest_shown(asked, 2)[0].tolist() == domain.nearest(asked, 2)[0].tolist() == [[0, 1]]
    found = Domain.from_dict(json.loads(json.dumps(domain.as_dict())))
    found.looked_up = LookedUp(np.array([[1.5], [np.nan]]), ["s", "p"], [{"row": "v"}, {"row": "w"}])
    found = Domain.from_dict(json.loads(json.dumps(found.as_dict())))
    # v lies half a unit away, x and y one; w is of the paper of x, and its unknown value counts one whole deviation
    rows, distances = found.nearest_shown(asked, 3)
    assert [found.all_precedents[row]["row"] for row in rows[0]] == ["v", "x", "y"]
    assert distances[0] == pytest.approx(np.array([0.5, 1, 1]) / deviation)
    assert found.nearest_distance(asked) == pytest.approx(1 / deviation)
    assert (found.far, len(found.precedents)) == (domain.far, 3)


def test_the_nearest_distance_is_the_smallest_to_the_last_bit() -> None:
    """By matrix product and one by one; a feature that hardly varies gives distances of 1e15 beside those of 1."""
    draw = np.random.default_rng(0)
    known, asked = draw.normal(size=(40, 12)), draw.normal(size=(300, 12))
    known[:, 0] = np.where(draw.random(40) < 0.3, np.nan, 5e15)
    known[draw.random(known.shape) < 0.3] = np.nan
    asked[draw.random(asked.shape) < 0.3] = np.nan
    known[7] = known[3]
    asked[:5], asked[5:10] = known[:5], known[:5] + 1e-12
    found = NearestRows(known, ["any"] * 40).nearest(asked, 1)[1][:, 0]
    np.testing.assert_array_equal(found, distances_between(asked, known).min(axis=1))
    assert found[:5].tolist() == [0.0] * 5


def test_plain_numbers_survive_json(domain: Domain) -> None:
    domain.vectors[0, 0] = np.nan
    again = Domain.from_dict(json.loads(json.dumps(domain.as_dict())))
    asked = pd.DataFrame({"a": [1.0, np.nan]})
    np.testing.assert_array_equal(again.distances(asked), domain.distances(asked))
    assert again.ranges == {"temperature_c": (20.0, 30.0)}
