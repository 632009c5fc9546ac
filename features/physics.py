"""Physics of silicon in a solid cell. Each constant names the row of `data/literature/rules.csv` it comes from; a test
compares the two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

ZERO_CELSIUS_K = 273.15
LEAST_EV, MOST_EV = 0.1, 1.2
"""Activation energies of lithium conduction in solids; what lies outside is NaN."""
LEAST_SPAN_K = 15.0
"""Temperatures of one sample must span this for its slope to count."""
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

SILICON_MOLAR_MASS_G_PER_MOL = 28.0855
LITHIUM_MOLAR_MASS_G_PER_MOL = 6.94


def inverse_temperature(temperature_c: Any) -> Any:
    """Compute 1000/T, the axis on which the logarithm of conductivity is close to a line (Arrhenius).

    Parameters
    ----------
    temperature_c : float or array, °C
        Above -273.15; NaN stays NaN.

    Returns
    -------
    float or ndarray, 1/K

    Examples
    --------
    >>> float(inverse_temperature(226.85))
    2.0
    """
    return 1000.0 / _kelvin(temperature_c)


def _kelvin(temperature_c: Any) -> Any:
    return np.asarray(temperature_c, dtype=float) + ZERO_CELSIUS_K


def volumetric_strain_pct(lithium_per_silicon: Any) -> Any:
    """Compute the volume change of LixSi against silicon, linear in x up to 280 % at Li3.75Si.

    Source: interface article, section 1.2 (the value), linear in x as molar volumes of Li-Si phases are nearly
    additive.

    Parameters
    ----------
    lithium_per_silicon : float or array, Li per Si
        x of LixSi.

    Returns
    -------
    ndarray, %
        NaN outside 0 <= x <= 4.4.

    Examples
    --------
    >>> volumetric_strain_pct([0, 3.75, 5]).tolist()
    [0.0, 280.0, nan]
    """
    x = np.asarray(lithium_per_silicon, dtype=float)
    strain = STRAIN_AT_FULL_LITHIATION.value * x / FULL_LITHIATION.value
    return np.where((x >= 0) & (x <= 4.4), strain, np.nan)


def lithium_reserve_mah_per_g(lithium_per_silicon: Any) -> Any:
    """Compute the lithium that a prelithiated alloy LixSi brings along.

    Parameters
    ----------
    lithium_per_silicon : float or array, Li per Si
        x of LixSi; NaN stays NaN.

    Returns
    -------
    float or ndarray, mAh per gram of alloy
    """
    x = np.asarray(lithium_per_silicon, dtype=float)
    return x * FARADAY_MAH_PER_MOL / (SILICON_MOLAR_MASS_G_PER_MOL + x * LITHIUM_MOLAR_MASS_G_PER_MOL)


def size_over_critical_diameter(size_nm: Any, amorphous: Any) -> Any:
    """Divide silicon size by the diameter above which it cracks: 150 nm crystalline, 870 nm amorphous.

    Parameters
    ----------
    size_nm : float or array, nm
    amorphous : float or array
        1, 0 or NaN (state not stated).

    Returns
    -------
    ndarray
        NaN where size or state is unknown.

    Examples
    --------
    >>> size_over_critical_diameter([300, 87, 87], [0, 1, float("nan")]).tolist()
    [2.0, 0.1, nan]
    """
    state = np.asarray(amorphous, dtype=float)
    critical = np.where(state > 0, CRITICAL_DIAMETER_AMORPHOUS.value, CRITICAL_DIAMETER_CRYSTALLINE.value)
    return np.where(np.isnan(state), np.nan, np.asarray(size_nm, dtype=float) / critical)


def effective_conductivity_s_per_cm(conductivity_s_per_cm: Any, share: Any, tortuosity: Any) -> Any:
    """Compute the ion conductivity of an electrolyte inside a composite: sigma * phi / tau.

    Source: interface article, section 2.3.

    Parameters
    ----------
    conductivity_s_per_cm : float or array, S/cm
        Of the electrolyte alone.
    share : float or array
        Volume share of the electrolyte, 0 to 1.
    tortuosity : float or array
        At least 1.

    Returns
    -------
    float or ndarray, S/cm
    """
    return (
        np.asarray(conductivity_s_per_cm, dtype=float)
        * np.asarray(share, dtype=float)
        / np.asarray(tortuosity, dtype=float)
    )


def bruggeman_tortuosity(share: Any) -> Any:
    """Compute the tortuosity of a phase of spheres, phi^-0.5 (Bruggeman 1935).

    Parameters
    ----------
    share : float or array
        Volume share of the phase, phi, 0 to 1; at 0 the tortuosity is infinite.

    Examples
    --------
    >>> float(bruggeman_tortuosity(0.25))
    2.0
    """
    with np.errstate(divide="ignore"):
        return np.asarray(share, dtype=float) ** -0.5


def local_current_density_ma_per_cm2(current_density_ma_per_cm2: Any, contact_share: Any) -> Any:
    """Compute the current density where the contact is: j / theta (interface article, section 2.3).

    Parameters
    ----------
    current_density_ma_per_cm2 : float or array, mA/cm²
        Over the whole area.
    contact_share : float or array
        Share of the area in contact, theta, 0 to 1.

    Returns
    -------
    float or ndarray, mA/cm²
    """
    with np.errstate(divide="ignore"):
        return np.asarray(current_density_ma_per_cm2, dtype=float) / np.asarray(contact_share, dtype=float)


def pressure_window(stack_pressure_mpa: Any) -> Any:
    """Sort stack pressures into windows.

    Contact is lost below 2 MPa (0), holds from 5 to 30 MPa (2), and the cell is constrained above 100 MPa (3). All
    else is between (1): the reviews say nothing certain of 30 to 100 MPa.

    Parameters
    ----------
    stack_pressure_mpa : float or array, MPa
        NaN where not given.

    Returns
    -------
    ndarray
        0, 1, 2 or 3; NaN where no pressure is given.

    Examples
    --------
    >>> pressure_window([1, 3, 10, 50, 200]).tolist()
    [0.0, 1.0, 2.0, 1.0, 3.0]
    """
    p = np.asarray(stack_pressure_mpa, dtype=float)
    window = np.full(p.shape, 1.0)
    window[p < PRESSURE_CONTACT_LOST.value] = 0.0
    window[(p >= PRESSURE_HOLDS_FROM.value) & (p <= PRESSURE_HOLDS_TO.value)] = 2.0
    window[p > PRESSURE_CONSTRAINS.value] = 3.0
    return np.where(np.isnan(p), np.nan, window)


BOLTZMANN_EV_PER_K = 8.617333262e-5
"""Boltzmann constant (CODATA 2018)."""


def arrhenius_shift(from_c: Any, to_c: Any, activation_energy_ev: Any) -> Any:
    """Compute what log10 of a conductivity changes by between two temperatures, sigma T = A exp(-Ea / kT).

    Parameters
    ----------
    from_c, to_c : float or array, °C
        Above -273.15.
    activation_energy_ev : float or array, eV
        Of sigma T.

    Returns
    -------
    float or ndarray, decades

    Examples
    --------
    An Ea of 0.4 eV, from 25 to 60 °C: 0.4 / (8.617e-5 * 2.3026) * (1/298.15 - 1/333.15) = 0.710 decades of sigma T,
    less log10(333.15 / 298.15) = 0.048.

    >>> round(float(arrhenius_shift(25.0, 60.0, 0.4)), 3)
    0.662
    """
    start, end = _kelvin(from_c), _kelvin(to_c)
    return np.log10(start / end) + per_ev(from_c, to_c) * activation_energy_ev


def per_ev(from_c: Any, to_c: Any) -> Any:
    """Compute what an activation energy of 1 eV adds to log10 of sigma T between two temperatures, in decades.

    Parameters
    ----------
    from_c, to_c : float or array, °C
        Above -273.15.

    Examples
    --------
    >>> round(float(per_ev(25.0, 60.0)), 2)
    1.78
    """
    return (1 / _kelvin(from_c) - 1 / _kelvin(to_c)) / (BOLTZMANN_EV_PER_K * np.log(10))


def energy_of_sample(warm: np.ndarray, value: np.ndarray) -> float:
    """Return the activation energy of one sample in eV: the slope of ln(sigma T) over 1/T.

    NaN where its temperatures span less than 15 K, or where no conductor has such an energy.

    Parameters
    ----------
    warm : ndarray, shape (n_rows,)
        Temperatures in °C.
    value : ndarray, shape (n_rows,)
        log10 of sigma T, but for a constant.

    Examples
    --------
    By 0.3 eV sigma T rises by 0.3 * 1.7762 decades from 25 to 60 °C:

    >>> round(energy_of_sample(np.array([25.0, 60.0]), np.array([-3.0, -3.0 + 0.3 * 1.7762])), 3)
    0.3
    """
    if len(warm) < 2 or np.ptp(warm) < LEAST_SPAN_K:
        return float("nan")
    slope = float(np.polyfit(per_ev(25.0, warm), value, 1)[0])
    return slope if LEAST_EV <= slope <= MOST_EV else float("nan")
