"""Physics of silicon in a solid cell. Each constant names the row of `data/literature/rules.csv` it comes from; a test
compares the two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

ZERO_CELSIUS_K = 273.15
FARADAY_MAH_PER_MOL = 96485.33212 / 3.6
"""Faraday constant (CODATA 2018) in mAh per mole of electrons."""


@dataclass(frozen=True)
class Constant:
    """A number a paper states: its value, unit, and the row of the rules table."""

    value: float
    unit: str
    rule_id: str


FULL_LITHIATION = Constant(3.75, "Li per Si", "lixsi-limit-double-layer")
STRAIN_AT_FULL_LITHIATION = Constant(280.0, "%", "volumetric-strain-li375si")
CRITICAL_DIAMETER_CRYSTALLINE = Constant(150.0, "nm", "critical-diameter-crystalline-si-interface")
CRITICAL_DIAMETER_AMORPHOUS = Constant(870.0, "nm", "critical-diameter-amorphous-si-interface")
PRESSURE_CONTACT_LOST = Constant(2.0, "MPa", "pressure-too-low-interface-table")
PRESSURE_HOLDS_FROM = Constant(5.0, "MPa", "pressure-optimal-interface-table")
PRESSURE_HOLDS_TO = Constant(30.0, "MPa", "pressure-optimal-interface-table")
PRESSURE_CONSTRAINS = Constant(100.0, "MPa", "pressure-too-high-interface")
CAPACITY_LI15SI4 = Constant(3579.0, "mAh/g", "theoretical-capacity-li15si4-zhan")

SILICON_MOLAR_MASS_G_PER_MOL = 28.0855
LITHIUM_MOLAR_MASS_G_PER_MOL = 6.94


def inverse_temperature(temperature_c: Any) -> Any:
    """1000/T in 1/K, the axis on which conductivity is close to a line (Arrhenius). Input in °C, above -273.15."""
    return 1000.0 / (np.asarray(temperature_c, dtype=float) + ZERO_CELSIUS_K)


def volumetric_strain_pct(lithium_per_silicon: Any) -> Any:
    """Volume change of LixSi against silicon, in %, linear in x up to 280 % at Li3.75Si.

    Valid for 0 <= x <= 4.4; NaN outside. Source: interface article, section 1.2 (the value), linear in x as molar
    volumes of
    Li-Si phases are nearly additive.
    """
    x = np.asarray(lithium_per_silicon, dtype=float)
    strain = STRAIN_AT_FULL_LITHIATION.value * x / FULL_LITHIATION.value
    return np.where((x >= 0) & (x <= 4.4), strain, np.nan)


def theoretical_capacity_mah_per_g(lithium_per_silicon: Any) -> Any:
    """Capacity of silicon lithiated to LixSi, mAh per gram of silicon: x F / M(Si). 3579 at x = 3.75."""
    return np.asarray(lithium_per_silicon, dtype=float) * FARADAY_MAH_PER_MOL / SILICON_MOLAR_MASS_G_PER_MOL


def lithium_reserve_mah_per_g(lithium_per_silicon: Any) -> Any:
    """Lithium a prelithiated alloy LixSi brings along, mAh per gram of alloy."""
    x = np.asarray(lithium_per_silicon, dtype=float)
    return x * FARADAY_MAH_PER_MOL / (SILICON_MOLAR_MASS_G_PER_MOL + x * LITHIUM_MOLAR_MASS_G_PER_MOL)


def size_over_critical_diameter(size_nm: Any, amorphous: Any) -> Any:
    """Silicon size over the diameter above which it cracks: 150 nm crystalline, 870 nm amorphous.

    `amorphous` is 1, 0 or NaN (state not stated). NaN where size or state is unknown.
    """
    state = np.asarray(amorphous, dtype=float)
    critical = np.where(state > 0, CRITICAL_DIAMETER_AMORPHOUS.value, CRITICAL_DIAMETER_CRYSTALLINE.value)
    return np.where(np.isnan(state), np.nan, np.asarray(size_nm, dtype=float) / critical)


def effective_conductivity_s_per_cm(conductivity_s_per_cm: Any, share: Any, tortuosity: Any) -> Any:
    """Ion conductivity of the electrolyte phase inside a composite: sigma * phi / tau (interface article, section 2.3).

    `share` is the volume share of the electrolyte, 0..1; `tortuosity` is at least 1.
    """
    return (
        np.asarray(conductivity_s_per_cm, dtype=float)
        * np.asarray(share, dtype=float)
        / np.asarray(tortuosity, dtype=float)
    )


def bruggeman_tortuosity(share: Any) -> Any:
    """Tortuosity of a phase of spheres, phi^-0.5 (Bruggeman 1935). Infinite at phi = 0."""
    with np.errstate(divide="ignore"):
        return np.asarray(share, dtype=float) ** -0.5


def local_current_density_ma_per_cm2(current_density_ma_per_cm2: Any, contact_share: Any) -> Any:
    """Current density where the contact is: j / theta (interface article, section 2.3); `contact_share` is theta,
    0..1."""
    with np.errstate(divide="ignore"):
        return np.asarray(current_density_ma_per_cm2, dtype=float) / np.asarray(contact_share, dtype=float)


def pressure_window(stack_pressure_mpa: Any) -> Any:
    """Where a stack pressure lies: 0 contact is lost (below 2 MPa), 1 between, 2 holds (5 to 30 MPa), 3 constrains
    (above 100 MPa).

    The seeds say nothing certain of 30 to 100 MPa: that counts as "between", 1. NaN where no pressure is given.
    """
    p = np.asarray(stack_pressure_mpa, dtype=float)
    window = np.full(p.shape, 1.0)
    window[p < PRESSURE_CONTACT_LOST.value] = 0.0
    window[(p >= PRESSURE_HOLDS_FROM.value) & (p <= PRESSURE_HOLDS_TO.value)] = 2.0
    window[p > PRESSURE_CONSTRAINS.value] = 3.0
    return np.where(np.isnan(p), np.nan, window)
