"""Predictions drawn to measured values, and the words about them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from models.known.measurements import Conditions, Measurements
from models.known.scatter import Agreement
from models.known.shrinkage import Shrunk, shrink_centre_to_papers, shrink_to_own, shrink_to_papers

EVEN = Agreement(between=0.8, within=0.6, model=1.0)
"""A single paper has a variance of 0.64 + 0.36 = 1, as the model has."""


def show(value: float) -> str:
    return f"{10**value:.1e} S/cm"


def rows(values: list[float], papers: list[str], temperature_c: float = 25.0) -> Measurements:
    designs = pd.DataFrame({"electrolyte": ["Li6PS5I"] * len(values), "temperature_c": [temperature_c] * len(values)})
    return Measurements.of(designs, np.array(values), papers, [f"E{place}" for place in range(len(values))], EVEN)


def answered(known: Measurements | None, own: Measurements | None = None, temperature_c: float = 25.0) -> Shrunk:
    asked = pd.DataFrame({"electrolyte": ["Li6PS5I", "Li3InCl6"], "temperature_c": [temperature_c] * 2})
    conditions = Conditions.of(asked)
    found = shrink_to_papers(known, conditions, np.array([-3.0, -4.0]), np.array([3.0, 3.0]), 0.9, show)
    return shrink_to_own(own, conditions, found, 0.9, show) if own else found


def test_a_measured_composition_is_drawn_to_its_value_and_narrower() -> None:
    found = answered(rows([-6.0], ["deiseroth"]))
    assert found.centre.tolist() == [-4.5, -4.0]  # half way, as both are as sure; the other design as it was
    # the mean's variance 1/2, the paper to come 0.64 + 0.36 more: 1.5 in sum
    assert found.half.tolist() == pytest.approx([EVEN.quantile(0.9) * 1.5**0.5, 3.0])
    assert found.text.to_pylist() == ["1 paper, 1.0e-06 S/cm", None]
    assert found.notices.to_pylist() == [None, None]


def test_a_value_from_beyond_a_transition_changes_nothing_and_is_named() -> None:
    hexagonal = pd.DataFrame({"electrolyte": ["LiBH4"] * 2, "temperature_c": [117.0, 120.0]})
    known = Measurements.of(hexagonal, np.array([-3.0, -2.9]), ["matsuo", "matsuo"], ["E1", "E2"], EVEN)
    cold = Conditions.of(pd.DataFrame({"electrolyte": ["LiBH4", "Li6PS5I"], "temperature_c": [109.0, 25.0]}))
    found = shrink_to_papers(known, cold, np.array([-3.0, -4.0]), np.array([1.0, 2.0]), 0.9, show)
    assert (found.centre.tolist(), found.half.tolist()) == ([-3.0, -4.0], [1.0, 2.0])
    assert found.text.to_pylist() == [None, None]
    assert np.isnan(found.deviation).all()
    across = "measured at 117 and 120 °C does not count here: the transition at 110 to 117 °C (3 decades) lies between"
    assert found.notices.to_pylist() == [f"what 1 paper {across}", None]
    own = shrink_to_own(known, cold, found, 0.9, show)
    assert own.centre.tolist() == [-3.0, -4.0]
    assert own.notices.to_pylist() == [f"what 1 paper {across}; what 2 of your own {across}", None]


def test_the_centre_alone_is_that_with_words_and_interval() -> None:
    """A case each: measured there, at a far temperature, beyond a transition, twice in a row, and not at all."""
    names, celsius = ["Li6PS5I", "Li6PS5I", "LiBH4", "Li6PS5I", "Li3InCl6"], [25.0, 190.0, 25.0, 25.0, 25.0]
    designs = pd.DataFrame({"electrolyte": names, "temperature_c": celsius})
    measured = pd.DataFrame({"electrolyte": ["Li6PS5I", "Li6PS5I", "LiBH4"], "temperature_c": [25.0, 60.0, 117.0]})
    known = Measurements.of(measured, np.array([-6.0, -5.0, -3.0]), ["a", "b", "c"], ["E1", "E2", "E3"], EVEN)
    asked, centre = Conditions.of(designs), np.full(5, -4.0)
    expected = shrink_to_papers(known, asked, centre, np.ones(5), 0.9, show).centre
    assert shrink_centre_to_papers(known, asked, centre).tolist() == expected.tolist()
    assert np.flatnonzero(expected == -4.0).tolist() == [2, 4]  # of these two nothing tells
    assert shrink_centre_to_papers(None, asked, centre).tolist() == centre.tolist()


def test_what_tells_of_few_designs_is_kept_for_each_temperature() -> None:
    """Asked again in another order, and between others: the same as of measurements that nobody has asked before."""
    known = rows([-6.0, -5.0], ["a", "b"])
    for celsius in (25.0, 60.0, 25.0, 300.0, 60.0):
        again, new = answered(known, temperature_c=celsius), answered(rows([-6.0, -5.0], ["a", "b"]), None, celsius)
        assert (again.centre.tolist(), again.half.tolist()) == (new.centre.tolist(), new.half.tolist())
        assert again.text.to_pylist() == new.text.to_pylist()


def test_more_papers_draw_more() -> None:
    found = answered(rows([-6.0, -6.0, -6.0], ["a", "b", "c"]))
    assert found.centre[0] == pytest.approx(-3 * 1 / 4 - 6 * 3 / 4)
    assert found.text.to_pylist()[0] == "3 papers, 1.0e-06 S/cm"


def test_what_was_looked_up_is_told_with_its_papers() -> None:
    papers = ["a", "10.1000/x|10.1000/y", "10.1000/x"]
    found = answered(replace(rows([-6.0, -6.0, -6.0], papers), looked_up=2))
    assert found.centre[0] == pytest.approx(-3 * 1 / 4 - 6 * 3 / 4)  # it draws as what was learned from does
    assert found.text.to_pylist()[0] == "3 papers, 1.0e-06 S/cm (looked up: 10.1000/x, 10.1000/y)"


def test_a_paper_that_only_its_doi_names_is_told_by_it() -> None:
    found = answered(rows([-6.0, -6.0], ["deiseroth", "10.1000/x"]))  # as rows learned from a public table are
    assert found.text.to_pylist()[0] == "2 papers, 1.0e-06 S/cm (10.1000/x)"


def test_five_papers_of_what_was_looked_up_are_named_and_the_others_counted() -> None:
    papers = [f"10.1000/{letter}" for letter in "abcdefg"]
    texts = [answered(replace(rows([-6.0] * n, papers[:n]), looked_up=n)).text.to_pylist()[0] for n in (5, 7)]
    five = "10.1000/a, 10.1000/b, 10.1000/c, 10.1000/d, 10.1000/e"
    assert texts == [
        f"5 papers, 1.0e-06 S/cm (looked up: {five})",
        f"7 papers, 1.0e-06 S/cm (looked up: {five} and 2 more)",
    ]


def test_papers_that_contradict_each_other_are_named() -> None:
    found = answered(rows([-6.0, -3.0, -3.5], ["a", "b", "c"]))
    assert found.text.to_pylist()[0] == "3 papers, 1.0e-06 to 1.0e-03 S/cm"
    assert found.notices.to_pylist()[0] == (
        "rows E0 and E1 contradict each other: 1.0e-06 S/cm and 1.0e-03 S/cm for one composition"
    )


def series(paper: str = "zhao", energy_ev: float | None = None) -> Measurements:
    """6.2e-6 S/cm at 25 °C and 8.0e-4 at 80 °C: sigma T rises by log10(8e-4 * 353.15 / (6.2e-6 * 298.15)) = 2.1842
    decades, 2.6326 of them per eV: 0.8297 eV, twice what is usual."""
    designs = pd.DataFrame({"electrolyte": ["Li6PS5I"] * 2, "temperature_c": [25.0, 80.0]})
    designs = designs.assign(activation_energy_ev=[energy_ev, np.nan])
    return Measurements.of(designs, np.log10([6.2e-6, 8.0e-4]), [paper] * 2, ["E0", "E1"], EVEN)


def test_of_a_papers_own_series_the_nearest_temperature_tells_and_its_slope_carries() -> None:
    assert answered(series()).text.to_pylist()[0] == "1 paper, 6.2e-06 S/cm"
    assert answered(series(), temperature_c=80.0).text.to_pylist()[0] == "1 paper, 8.0e-04 S/cm"
    # at 45 °C from 25, 20 and not 35 K away: 1.0626 decades per eV, 0.8817 of sigma T, 0.0282 less of sigma: 4.42e-5;
    # at 60 °C from 80: (1 / 353.15 - 1 / 333.15) / 1.98422e-4 = -0.8567, -0.7108 + 0.0253: 1.65e-4
    assert (
        answered(series(), temperature_c=45.0).text.to_pylist()[0] == "1 paper, 4.4e-05 S/cm (carried over from 25 °C)"
    )
    assert (
        answered(series(), temperature_c=60.0).text.to_pylist()[0] == "1 paper, 1.7e-04 S/cm (carried over from 80 °C)"
    )
    for celsius in (25.0, 45.0, 50.0, 60.0, 80.0):
        assert answered(series(), temperature_c=celsius).notices.to_pylist() == [None, None]
    # half way between the model's -3 and the paper's value, as both are as sure
    assert answered(series()).centre[0] == pytest.approx((-3.0 + np.log10(6.2e-6)) / 2)


def test_an_own_electrolyte_without_a_known_composition_is_found_by_its_name() -> None:
    """As 1 of 0.28**2 beside the model's (3 / 1.776)**2 - 0.28**2; LAGP, and LiPON of a paper, tell nothing of it."""
    designs = pd.DataFrame({"electrolyte": ["LiPON", "LAGP"], "temperature_c": [25.0, 25.0]})
    value = np.log10([5e-5, 3e-6])
    own = Measurements.of(designs, value, ["own"] * 2, ["1", "2"], by_name=True)
    asked = Conditions.of(
        pd.DataFrame({"electrolyte": [" lipon", "LiPON", "LLTO"], "temperature_c": [25.0, 85.0, 25.0]})
    )
    centre, half = np.full(3, -3.0), np.full(3, 3.0)
    papers = Measurements.of(designs, value, ["a", "a"], ["E1", "E2"], EVEN)
    before = shrink_to_papers(papers, asked, centre, half, 0.9, show)
    assert before.centre.tolist() == centre.tolist()
    found = shrink_to_own(own, asked, before, 0.9, show)
    prior, weight = (3 / before.agreement.quantile(0.9)) ** 2 - 0.28**2, 1 / 0.28**2
    assert found.centre[0] == pytest.approx((-3 / prior + value[0] * weight) / (1 / prior + weight))
    assert found.half[0] == pytest.approx(before.agreement.quantile(0.9) * (1 / (1 / prior + weight) + 0.28**2) ** 0.5)
    # by 0.40 eV, 60 K are 2.8344 decades per eV, 1.1338, less log10(358.15 / 298.15) = 0.0796: 11.3 times 5e-5
    assert found.text.to_pylist() == [
        "1 of your own, 5.0e-05 S/cm", "1 of your own, 5.7e-04 S/cm (carried over from 25 °C)", None
    ]  # fmt: skip
    assert (found.centre[2], found.half[2]) == (-3.0, 3.0)
    unnamed = shrink_to_own(own, asked.without_names(np.array([True, False, False])), before, 0.9, show)
    assert unnamed.own.tolist() == [False, True, False]


def test_own_rows_written_alike_contradict_each_other() -> None:
    designs = pd.DataFrame({"electrolyte": ["LAGP", "lagp"], "temperature_c": [25.0, 25.0]})
    own = Measurements.of(designs, np.array([-4.0, -5.5]), ["own"] * 2, ["1", "2"], by_name=True)
    asked = Conditions.of(designs)
    found = shrink_to_own(own, asked, shrink_to_papers(None, asked, *np.full((2, 2), 3.0), 0.9, show), 0.9, show)
    assert found.text.to_pylist() == ["2 of your own, 3.2e-06 to 1.0e-04 S/cm"] * 2
    assert all("your measured designs 2 and 1 contradict" in (text or "") for text in found.notices.to_pylist())
    assert own.within_laboratory == pytest.approx(((10 * 0.28**2 + 2 * 0.75**2) / 11) ** 0.5)


def test_own_rows_of_other_temperatures_are_no_contradiction() -> None:
    found = answered(None, series("own"))
    assert found.text.to_pylist()[0] == "1 of your own, 6.2e-06 S/cm"
    assert found.notices.to_pylist() == [None, None]


def test_rows_of_one_paper_do_not_contradict_each_other() -> None:
    """They were made in two ways. Of two papers, the pair furthest apart is named, though one holds both ends."""
    assert answered(rows([-6.0, -3.0], ["a", "a"])).notices.to_pylist()[0] is None
    found = answered(rows([-6.0, -3.0, -4.4, -4.8], ["a", "a", "b", "b"]))
    assert found.notices.to_pylist()[0] == (  # 1.6 decades from the lowest, 1.8 from the highest
        "rows E3 and E1 contradict each other: 1.6e-05 S/cm and 1.0e-03 S/cm for one composition"
    )
    assert answered(rows([-6.0, -4.5, -5.1], ["a", "a", "b"])).notices.to_pylist()[0] is None


def test_what_was_carried_is_said_and_too_far_is_not_measured() -> None:
    assert answered(rows([-6.0], ["a"]), temperature_c=60.0).text.to_pylist()[0].endswith("(carried over from 25 °C)")
    far = answered(rows([-6.0], ["a"]), temperature_c=100.0)
    assert far.text.to_pylist() == [None, None]
    assert far.half.tolist() == [3.0, 3.0]


def test_own_measurements_count_more_and_leave_little_doubt() -> None:
    own = rows([-6.0], ["own"])
    found = answered(None, own)
    agreement = Agreement()  # a model that kept none: what OBELiX's pairs say
    prior = (3.0 / agreement.quantile(0.9)) ** 2 - agreement.within**2
    weight = 1 / agreement.within**2
    assert found.centre[0] == pytest.approx((-3.0 / prior - 6.0 * weight) / (1 / prior + weight))
    left = 1 / (1 / prior + weight) + agreement.within**2
    assert found.half[0] == pytest.approx(agreement.quantile(0.9) * left**0.5)
    assert abs(found.centre[0] + 6.0) < 0.1
    assert found.half[0] < 0.75
    assert found.own.tolist() == [True, False]
    assert found.text.to_pylist() == ["1 of your own, 1.0e-06 S/cm", None]


def test_own_values_stand_before_those_of_papers_and_may_contradict_themselves() -> None:
    found = answered(rows([-6.0], ["a"]), rows([-3.0, -6.5], ["own", "own"]))
    assert found.text.to_pylist()[0] == "2 of your own, 3.2e-07 to 1.0e-03 S/cm; 1 paper, 1.0e-06 S/cm"
    assert "your measured designs E1 and E0 contradict each other" in found.notices.to_pylist()[0]


@pytest.mark.parametrize(("apart", "named"), [(1.1, False), (1.5, True), (3.5, True)])
def test_own_values_contradict_beyond_what_samples_usually_differ_by(apart: float, named: bool) -> None:
    """Three deviations of a difference, 3 * 2**0.5 * 0.28 = 1.19 decades, however far the two widen their own."""
    found = answered(None, rows([-3.0, -3.0 - apart], ["own", "own"]))
    assert ("contradict each other" in (found.notices.to_pylist()[0] or "")) == named


def test_the_probability_above_a_limit_follows_the_drawn_value() -> None:
    found = answered(rows([-6.0], ["a"]))
    probability = found.probability_above(np.array(-4.5), np.array([0.9, 0.3]))
    assert probability.tolist() == pytest.approx([0.5, 0.3])  # at its own value; unmeasured: as it was
    sure = found.probability_above(np.array(-9.0), np.array([0.9, 0.3]))
    assert sure[0] > 0.99
