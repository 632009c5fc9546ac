from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from models.domain import Domain


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


def test_unknown_against_known_counts_one_deviation(domain: Domain) -> None:
    assert domain.distances(pd.DataFrame({"a": [np.nan]}))[0].tolist() == [1.0, 1.0, 1.0]


def test_far_is_judged_by_the_distance_between_papers(domain: Domain) -> None:
    # every row's nearest other paper is 2 away, in deviations 2 / sqrt(8/3)
    assert domain.far == pytest.approx(2 / np.sqrt(8 / 3))


def test_notices_name_what_is_outside(domain: Domain) -> None:
    found = domain.notices(9.0, {"temperature_c": 80.0}, {"Li": 1.0, "Xe": 1.0}, "hydride")
    assert any("far from every training design" in each for each in found)
    assert "elements never seen: Xe" in found
    assert "electrolyte class never seen: hydride" in found
    assert "outside the known range: temperature_c 80 (20 to 30)" in found
    assert domain.notices(0.1, {"temperature_c": 25.0}, {"Li": 1.0}, "halide") == []
    assert domain.notices(0.1, {"temperature_c": float("nan")}, None, None) == []


def test_nearest_rows_come_from_different_papers() -> None:
    vectors = pd.DataFrame({"a": [0.0, 0.1, 5.0]})
    precedents = [{"row": name} for name in "xyz"]
    domain = Domain.learn(vectors, ["p", "p", "q"], pd.DataFrame(), [], [], [], precedents)
    found = domain.nearest(domain.distances(pd.DataFrame({"a": [0.0]}))[0], 2)
    assert [each["row"] for each in found] == ["x", "z"]


def test_plain_numbers_survive_json(domain: Domain) -> None:
    domain.vectors[0, 0] = np.nan
    again = Domain.from_dict(json.loads(json.dumps(domain.as_dict())))
    asked = pd.DataFrame({"a": [1.0, np.nan]})
    np.testing.assert_array_equal(again.distances(asked), domain.distances(asked))
    assert again.ranges == {"temperature_c": (20.0, 30.0)}
