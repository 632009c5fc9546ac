"""The physics against hand calculations and the numbers the papers print."""

import csv
from pathlib import Path

import numpy as np
import pytest

from features import physics
from features.physics import Constant

RULES = Path(__file__).parents[2] / "data" / "literature" / "rules.csv"
CONSTANTS = {name: value for name, value in vars(physics).items() if isinstance(value, Constant)}
UNITS = {"Li per Si": "1"}
"""Our unit where the rules table prints another word for it."""


@pytest.fixture(scope="module")
def rules() -> dict[str, dict[str, str]]:
    with RULES.open(encoding="utf-8", newline="") as file:
        return {row["rule_id"]: row for row in csv.DictReader(file)}


@pytest.mark.parametrize(("name", "constant"), CONSTANTS.items(), ids=CONSTANTS)
def test_constant_is_the_number_of_its_rule(rules, name, constant):
    rule = rules[constant.rule_id]
    high_end = name.endswith("_TO")
    assert constant.value == float(rule["value_high" if high_end else "value"])
    assert UNITS.get(constant.unit, constant.unit) == rule["unit"]


def test_the_window_of_optimal_pressure_is_a_range(rules):
    rule = rules["pressure-optimal-interface-table"]
    window = (physics.PRESSURE_HOLDS_FROM.value, physics.PRESSURE_HOLDS_TO.value)
    assert window == (float(rule["value"]), float(rule["value_high"])) == (5, 30)


def test_there_are_constants_to_compare():
    assert len(CONSTANTS) == 8


@pytest.mark.parametrize(
    ("celsius", "expected"),
    [
        (25, 3.354016),  # 1000 / 298.15
        (0, 3.660992),  # 1000 / 273.15
        (-23.15, 4.0),  # 250 K
        (226.85, 2.0),  # 500 K
        (np.nan, np.nan),
    ],
)
def test_inverse_temperature(celsius, expected):
    assert physics.inverse_temperature(celsius) == pytest.approx(expected, abs=1e-6, nan_ok=True)


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (0, 0),
        (3.75, 280),  # printed in the interface article
        (1.5, 112),  # 280 x 1.5 / 3.75
        (4.4, 328.533333),  # 280 x 4.4 / 3.75
        (4.41, np.nan),
        (-0.01, np.nan),
        (np.nan, np.nan),
    ],
)
def test_volumetric_strain(x, expected):
    assert physics.volumetric_strain_pct(x) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("x", "expected", "within"),
    [
        (0, 0, 0),
        (1, 765.20, 0.01),  # 26801.481 / (28.0855 + 6.94) = 26801.481 / 35.0255
        (3.75, 1857.42, 0.01),  # 100505.55 / (28.0855 + 26.025) = 100505.55 / 54.1105
        (1e9, 3862, 0.5),  # nearly lithium metal: 3862 mAh/g, zhang-multiscale
    ],
)
def test_lithium_reserve(x, expected, within):
    assert physics.lithium_reserve_mah_per_g(x) == pytest.approx(expected, abs=within)


@pytest.mark.parametrize(
    ("size", "amorphous", "expected"),
    [
        (150, False, 1),
        (870, True, 1),
        (75, False, 0.5),
        (87, True, 0.1),
        (np.nan, False, np.nan),
        (np.nan, True, np.nan),
    ],
)
def test_size_over_critical_diameter(size, amorphous, expected):
    assert physics.size_over_critical_diameter(size, amorphous) == pytest.approx(expected, nan_ok=True)


def test_effective_conductivity():
    # 1e-3 x 0.25 / 2
    assert physics.effective_conductivity_s_per_cm(1e-3, 0.25, 2) == pytest.approx(1.25e-4)
    assert np.isnan(physics.effective_conductivity_s_per_cm(np.nan, 0.25, 2))


@pytest.mark.parametrize(("share", "expected"), [(1, 1), (0.25, 2), (0.04, 5), (0, np.inf), (np.nan, np.nan)])
def test_bruggeman_tortuosity(share, expected):
    # the inverse square root of the share
    assert physics.bruggeman_tortuosity(share) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(("current", "contact", "expected"), [(0.5, 1, 0.5), (0.5, 0.25, 2), (0.5, np.nan, np.nan)])
def test_local_current_density(current, contact, expected):
    assert physics.local_current_density_ma_per_cm2(current, contact) == pytest.approx(expected, nan_ok=True)


def test_local_current_density_without_contact_is_infinite():
    assert np.isinf(physics.local_current_density_ma_per_cm2(0.5, 0.0))


def test_pressure_window():
    pressures = [0, 1.99, 2, 4.99, 5, 30, 30.01, 100, 100.01, np.nan]
    expected = [0, 0, 1, 1, 2, 2, 1, 1, 3, np.nan]
    np.testing.assert_array_equal(physics.pressure_window(pressures), expected)
    assert float(physics.pressure_window(7.0)) == 2


@pytest.mark.parametrize(
    "law",
    [physics.inverse_temperature, physics.volumetric_strain_pct,
     physics.lithium_reserve_mah_per_g, physics.bruggeman_tortuosity, physics.pressure_window],
)  # fmt: skip
def test_laws_work_on_whole_columns_and_leave_them_alone(law):
    column = np.array([0.5, 1.0, 3.75])
    result = law(column)
    assert result.shape == (3,)
    np.testing.assert_array_equal(result, [float(law(value)) for value in column])
    np.testing.assert_array_equal(column, [0.5, 1.0, 3.75])
