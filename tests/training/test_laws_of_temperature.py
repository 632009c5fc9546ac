"""A Vogel-Fulcher-Tammann law is a line over bent temperatures, and its T0 is found again."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.polymers import bent, fitted_t0
from features.polymers.vector import FEATURES, TEMPERATURE
from training.polymers.learn import PolymerRows

KELVIN = np.array([263.15, 283.15, 298.15, 323.15, 353.15])


def curves(t0_k: float, count: int = 5) -> PolymerRows:
    """Two samples with log10(sigma T) = A - 500 / (T - T0)."""
    kelvin = np.tile(KELVIN[:count], 2)
    value = np.repeat([1.0, 2.0], count) - 500 / (kelvin - t0_k) - np.log10(kelvin)
    table = pd.DataFrame(
        {
            "unit": np.repeat(["a", "b"], count),
            "salt": None,
            "molality_mol_per_kg": np.nan,
            "molar_mass_g_per_mol": 1e5,
            "temperature_c": kelvin - 273.15,
            "log10_conductivity": value,
        }
    )
    vectors = np.zeros((2 * count, len(FEATURES)))
    vectors[:, TEMPERATURE] = 1000 / kelvin
    return PolymerRows(table, vectors, np.repeat([0, 1], count))


def test_without_a_t0_temperatures_stay_and_25_c_always_does() -> None:
    rows = curves(150.0)
    assert bent(rows, 0.0).table["temperature_c"].to_numpy() == pytest.approx(KELVIN[[*range(5)] * 2] - 273.15)
    straight = bent(rows, 170.0)
    assert straight.table["temperature_c"][2] == pytest.approx(25.0)
    assert straight.vectors[2, TEMPERATURE] == pytest.approx(1000 / 298.15)


def test_a_curve_is_a_line_over_bent_temperatures() -> None:
    rows = curves(150.0)
    place = bent(rows, 150.0).vectors[:5, TEMPERATURE]
    value = rows.table["log10_conductivity"].to_numpy()[:5] + np.log10(KELVIN)
    # d(value) / d(1/T') = 500 / ((298.15 - 150) / 298.15)² in decades times kelvin, a thousandth of it per 1000/T'
    slope = -500 / (148.15 / 298.15) ** 2 / 1000
    assert np.diff(value) / np.diff(place) == pytest.approx(slope)


def test_the_straightest_curves_give_t0_and_short_ones_are_not_asked() -> None:
    assert fitted_t0(curves(150.0)) == 150.0
    assert fitted_t0(curves(0.0)) == 0.0
    assert fitted_t0(curves(150.0, count=3)) == 0.0  # nothing to judge by: the first that is offered
