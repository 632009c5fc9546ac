"""Which measurements tell of a design, at which temperature, and what is kept of them."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.physics import arrhenius_shift, per_ev
from models.ensemble import Labels
from models.known.measurements import (
    ENERGY_DEVIATION_EV,
    ENERGY_EV,
    Conditions,
    Measurements,
    learn_measurements,
)
from models.known.transitions import transitions

ROWS = pd.DataFrame(
    {
        "electrolyte": ["Li6PS5Cl", "Li3PS4", "LiBH4", "PEO/LiTFSI", "Li6PS5Cl"],
        "temperature_c": [25.0, None, 25.0, 60.0, 60.0],
        "form": [None, "glass", None, None, None],
        "activation_energy_ev": [0.33, None, None, None, None],
    }
)
VALUES = np.array([-2.7, -3.5, -8.0, -4.0, np.nan])


def measured() -> Measurements:
    return Measurements.of(ROWS, VALUES, ["a", "a", "b", "b", "c"], ["r1", "r2", "r3", "r4", "r5"])


def asked(electrolyte: str, temperature_c: float | None = 25.0, form: str | None = None) -> Conditions:
    return Conditions.of(pd.DataFrame({"electrolyte": [electrolyte], "temperature_c": [temperature_c], "form": [form]}))


def told(*design: object) -> list[str]:
    found = measured()
    return [found.rows[row] for row in found.telling(asked(*design))[1]]  # type: ignore[arg-type]


def test_rows_without_a_composition_or_a_value_are_not_kept() -> None:
    assert measured().rows == ["r1", "r2", "r3"]
    assert measured().papers == ["a", "b"]


def test_by_name_rows_without_a_composition_tell_of_what_is_written_alike() -> None:
    own = Measurements.of(ROWS, VALUES, ["own"] * 5, ["r1", "r2", "r3", "r4", "r5"], by_name=True)
    assert own.rows == ["r1", "r2", "r3", "r4"]
    for name, rows in (("peo/LiTFSI", ["r4"]), ("PEO/LiClO4", []), ("LPSCl", ["r1"])):
        assert [own.rows[row] for row in own.telling(asked(name, 60.0))[1]] == rows
    glass = Measurements.of(ROWS.assign(form="glass"), VALUES, ["own"] * 5, ["r"] * 5, by_name=True)
    assert not len(glass.telling(asked("PEO/LiTFSI", 60.0, "crystalline"))[1])


def test_a_composition_is_known_by_what_it_is_made_of_not_by_its_name() -> None:
    assert told("Li6PS5Cl") == ["r1"]
    assert told("LPSCl") == ["r1"]
    # Li5.9: fractions 0.4574 P .0775 S .3876 Cl .0775 against 6/13 = 0.4615 and so on: 0.0083 apart in sum
    assert told("Li5.9PS5Cl") == ["r1"]
    assert told("Li5.5PS4.5Cl1.5") == []  # 0.5 of S exchanged for Cl in 12.5 atoms: 0.08 and more apart
    assert told("PEO/LiTFSI", 60.0) == []


def test_a_glass_is_not_its_crystal() -> None:
    assert told("75Li2S-25P2S5", 25.0, "glass") == ["r2"]
    assert told("75Li2S-25P2S5", 25.0, "crystalline") == []
    assert told("75Li2S-25P2S5") == ["r2"]  # no form named: it may be either


def test_values_are_carried_by_arrhenius_and_are_near_for_60_kelvins() -> None:
    for end, near in ((60.0, True), (85.0, True), (86.0, False), (-35.0, True), (-36.0, False)):
        values, _ = measured().telling(asked("Li6PS5Cl", end))
        assert values.value.tolist() == pytest.approx([-2.7 + float(arrhenius_shift(25.0, end, 0.33))])
        assert values.near.tolist() == [near]
    # no energy printed: 0.40 +- 0.14 eV; 1.777 decades per eV between 25 and 60 °C
    values, _ = measured().telling(asked("Li3PS4", 60.0))
    assert values.value.tolist() == pytest.approx([-3.5 + float(arrhenius_shift(25.0, 60.0, ENERGY_EV))])
    assert values.variance.tolist() == pytest.approx([(ENERGY_DEVIATION_EV * 1.776) ** 2], rel=1e-2)
    values, _ = measured().telling(asked("Li3PS4", None))
    assert values.value.tolist() == [-3.5]
    assert values.variance.tolist() == [0.0]


def carried(celsius: list[float], energies: list[float | None], electrolyte: str = "Li3PS4") -> tuple[float, float]:
    """What 0 at the first temperature is at 15 °C less, and its deviation, each per decade of an eV there."""
    designs = pd.DataFrame({"electrolyte": [electrolyte] * len(celsius), "temperature_c": celsius})
    designs = designs.assign(activation_energy_ev=pd.Series(energies, dtype=float))
    value = np.array([float(arrhenius_shift(celsius[0], each, 0.6)) for each in celsius])  # all lie on 0.6 eV
    rows = Measurements.of(designs, value, ["a"] * len(celsius), [str(each) for each in celsius])
    found, place = rows.telling(asked(electrolyte, celsius[0] - 15.0))
    assert place[0] == 0  # the nearest of the series
    by_ev = abs(float(per_ev(celsius[0], celsius[0] - 15.0)))
    shift = float(found.value[0]) - float(arrhenius_shift(celsius[0], celsius[0] - 15.0, 0.0))
    return -shift / by_ev, float(found.variance[0]) ** 0.5 / by_ev


def test_a_series_is_carried_by_what_its_paper_shows() -> None:
    """Printed of the row, or the mean printed of its series, else the slope of temperatures 15 K apart or more."""
    assert carried([25.0, 60.0], [None, None]) == pytest.approx((0.6, 0.06))
    assert carried([25.0, 60.0], [0.3, None]) == pytest.approx((0.3, 0.03))
    assert carried([25.0, 60.0, 80.0], [None, 0.3, 0.4]) == pytest.approx((0.35, 0.06))
    assert carried([25.0, 35.0], [None, None]) == pytest.approx((ENERGY_EV, ENERGY_DEVIATION_EV))


def test_no_slope_is_taken_across_a_transition() -> None:
    """LiBH4 at 25 °C, and hexagonal at 120: what it rises by in between is no activation energy."""
    assert carried([25.0, 120.0], [None, None], "LiBH4") == pytest.approx((ENERGY_EV, ENERGY_DEVIATION_EV))
    assert carried([25.0, 60.0, 120.0], [None, None, None], "LiBH4") == pytest.approx((0.6, 0.06))


def test_nothing_is_carried_into_a_transition_nor_across_one() -> None:
    """LiBH4 turns hexagonal between 110 and 117 °C: what is told at 117 °C is of above, and 112 °C is neither."""
    for end, rows in ((25.0, 0), (109.0, 0), (112.0, 0), (117.0, 1), (120.0, 1), (150.0, 1)):
        row = pd.DataFrame({"electrolyte": ["LiBH4"], "temperature_c": [117.0]})
        values, found = Measurements.of(row, np.array([-3.0]), ["a"], ["r1"]).telling(asked("LiBH4", end))
        assert len(found) == rows
        assert values.parted is not None
        assert values.parted.tolist() == [[0, 0, 0]] * (1 - rows)  # design, row, the first transition of the table
    assert told("LiBH4", 80.0) == ["r3"]
    assert told("LiBH4", 109.0) == ["r3"]
    assert told("LiBH4", 112.0) == []
    row = pd.DataFrame({"electrolyte": ["LiCB11H12"], "temperature_c": [127.0]})
    disordered = Measurements.of(row, np.array([-1.0]), ["a"], ["r1"])
    assert [len(disordered.telling(asked("LiCB11H12", end))[1]) for end in (25.0, 126.0, 130.0)] == [0, 0, 1]


def test_every_transition_has_a_source_and_an_order() -> None:
    assert transitions()
    for row in transitions():
        assert row.source
        assert row.from_c <= row.to_c


def test_measurements_are_kept_as_plain_values() -> None:
    found = measured()
    again = Measurements.from_dict(json.loads(json.dumps(found.as_dict())))
    design = asked("Li3PS4", 50.0)
    assert again.rows == found.rows
    assert again.papers == found.papers
    assert Measurements.from_dict(replace(found, looked_up=2).as_dict()).looked_up == 2
    assert again.agreement == found.agreement
    for one, other in zip(
        vars(again.telling(design)[0]).values(), vars(found.telling(design)[0]).values(), strict=True
    ):
        assert one.tolist() == pytest.approx(other.tolist())


def test_bounds_are_no_measured_values_and_the_spread_is_learnt() -> None:
    designs = pd.DataFrame(
        {
            "electrolyte": ["Li6PS5Cl", "LPSCl", "Li6PS5Cl"],
            "temperature_c": [25.0, 25.0, 25.0],
            "paper": ["a", "b", "c"],
            "row_id": ["E1", "E2", "E3"],
        }
    )
    labels = Labels(np.array([-2.0, -4.0, -np.inf]), np.array([-2.0, -4.0, -5.0]), np.ones(3))
    found = learn_measurements(designs, labels, missed=4.0)
    assert found.rows == ["E1", "E2"]
    assert found.looked_up == 0
    assert learn_measurements(designs, labels, missed=4.0, learned=1).looked_up == 1  # E2; the bound is no value
    # within: 10 * 0.28² / 10 = 0.0784; papers' means -2 and -4: square 2 about -3, one degree of freedom;
    # (2 + 10 * (0.71² + 0.0784)) / 11 is the square of what is seen between papers, rows' own 0.0784 among it
    between = (2 + 10 * (0.71**2 + 0.0784)) / 11 - 0.0784
    assert found.agreement.between == pytest.approx(between**0.5)
    assert found.agreement.within == pytest.approx(0.28)
    assert found.agreement.model == pytest.approx((4 - between - 0.0784) ** 0.5)
