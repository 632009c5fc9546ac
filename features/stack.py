"""Energy density of a silicon full cell from what its layers weigh and how thick they are.

A stack is collector | cathode layer | electrolyte | silicon layer | collector, counted per cm² of one face. Nothing
else is counted: no tabs, no housing, no pressure jig, no loss in the first cycle. Of a collector coated on both sides,
give half the thickness.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from features.physics import Constant

AVOGADRO_PER_MOL = 6.02214076e23
"""Avogadro constant (SI, exact)."""

REVIEW_ENERGY_THICK = Constant(270.3, "Wh/kg", "energy-density-lpscl-100um")
REVIEW_ENERGY_THIN = Constant(350.8, "Wh/kg", "energy-density-lpscl-30um")
REVIEW_LIMIT_LLZO = Constant(23.0, "um", "thickness-limit-300whkg-llzo")
REVIEW_LIMIT_LPSCL = Constant(74.0, "um", "thickness-limit-300whkg-lpscl")
REVIEW_LIMIT_PEO = Constant(92.0, "um", "thickness-limit-300whkg-peo")
REVIEW_TARGET = Constant(300.0, "Wh/kg", "energy-density-target-practical")
REVIEW_THICK_UM, REVIEW_THIN_UM = 100.0, 30.0
"""Thickness of the electrolyte at the two energies; the rules table has them in the subject of the two rows."""


def cubic_density_g_per_cm3(molar_mass_g_per_mol: Any, formula_units: Any, lattice_angstrom: Any) -> Any:
    """Compute the density of a cubic crystal without pores, Z M / (N a³), in g/cm³; NaN where an input is NaN.

    Parameters
    ----------
    molar_mass_g_per_mol : float or array, g/mol, of one formula unit
    formula_units : float or array, Z of the cell
    lattice_angstrom : float or array, Å, edge of the cell

    Examples
    --------
    >>> round(float(cubic_density_g_per_cm3(28.085, 8, 5.431)), 3)  # silicon
    2.329
    """
    edge_cm = np.asarray(lattice_angstrom, dtype=float) * 1e-8
    mass = np.asarray(molar_mass_g_per_mol, dtype=float) * np.asarray(formula_units, dtype=float)
    return mass / (AVOGADRO_PER_MOL * edge_cm**3)


# Molar masses from the abridged standard atomic weights (IUPAC 2021):
# Li6PS5Cl     6 x 6.94 + 30.974 + 5 x 32.06 + 35.45             = 268.364
# Li7La3Zr2O12 7 x 6.94 + 3 x 138.91 + 2 x 91.224 + 12 x 15.999  = 839.746
LPSCL_DENSITY_G_PER_CM3 = float(cubic_density_g_per_cm3(268.364, 4, 9.85))
"""Li6PS5Cl, 1.865: F-43m, Z = 4, a = 9.85 Å (doi 10.1002/pssa.201001117, as OBELiX lists it). The other edges OBELiX
lists, 9.8397 and 9.898 Å, give 1.871 and 1.838."""
LLZO_DENSITY_G_PER_CM3 = float(cubic_density_g_per_cm3(839.746, 8, 12.968))
"""Cubic Li7La3Zr2O12, 5.115: Ia-3d, Z = 8, a = 12.968 Å (doi 10.1002/anie.200701144, as OBELiX lists it)."""
PEO_DENSITY_G_PER_CM3 = 1.2
"""Poly(ethylene oxide) without salt, rounded: between amorphous 1.13 and crystalline 1.28 (44.05 g/mol over 38.9 and
34.5 cm³/mol, Handbook of Polymers, ChemTec 2016). With lithium salt it is denser."""


def areal_capacity_mah_per_cm2(loading_mg_per_cm2: Any, capacity_mah_per_g: Any) -> Any:
    """Compute the capacity per area of an electrode: loading of active material times its capacity.

    Parameters
    ----------
    loading_mg_per_cm2, capacity_mah_per_g : float or array, mg/cm² and mAh/g; NaN makes NaN

    Examples
    --------
    >>> float(areal_capacity_mah_per_cm2(20, 200))
    4.0
    """
    return np.asarray(loading_mg_per_cm2, dtype=float) * np.asarray(capacity_mah_per_g, dtype=float) / 1000.0


def np_ratio(anode_areal_mah_per_cm2: Any, cathode_areal_mah_per_cm2: Any) -> Any:
    """Compute N/P, capacity of the negative over that of the positive electrode per area.

    Infinite where the cathode has no capacity; NaN where an input is NaN or negative or both are 0. Which capacities
    count (theoretical, first charge, reversible) is the caller's choice and moves the number: the double-layer paper
    divides the theoretical maximum of its anode by the discharge of its cathode, 18.75 over 1.7, 5.4 and 7.8 mAh/cm²
    for N/P 11, 3.5 and 2.4.

    Parameters
    ----------
    anode_areal_mah_per_cm2, cathode_areal_mah_per_cm2 : float or array, mAh/cm²

    Examples
    --------
    >>> np_ratio([6.0, 1.0], [4.0, 0.0]).tolist()
    [1.5, inf]
    """
    anode = np.asarray(anode_areal_mah_per_cm2, dtype=float)
    cathode = np.asarray(cathode_areal_mah_per_cm2, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((anode >= 0) & (cathode >= 0), anode / np.abs(cathode), np.nan)


def layer_mass_mg_per_cm2(thickness_um: Any, density_g_per_cm3: Any) -> Any:
    """Compute the mass per area of a layer: 1 µm of 1 g/cm³ weighs 0.1 mg/cm².

    Parameters
    ----------
    thickness_um, density_g_per_cm3 : float or array, µm and g/cm³; NaN makes NaN
    """
    return 0.1 * np.asarray(thickness_um, dtype=float) * np.asarray(density_g_per_cm3, dtype=float)


@dataclass(frozen=True)
class AreaBalance:
    """Energy and mass of a stack per area when its electrolyte layer is left open.

    `energy_mwh_per_cm2` is the energy of one discharge, `other_mass_mg_per_cm2` and `other_thickness_um` are of all
    layers but the electrolyte. NaN where unknown: without `other_thickness_um` there is no Wh/L.
    """

    energy_mwh_per_cm2: float
    other_mass_mg_per_cm2: float
    other_thickness_um: float = math.nan

    def __post_init__(self) -> None:
        _check_numbers(self, zero_allowed=frozenset({"other_mass_mg_per_cm2", "other_thickness_um"}))

    def energy_density(self, electrolyte_thickness_um: Any, electrolyte_density_g_per_cm3: Any) -> tuple[Any, Any]:
        """Compute Wh/kg and Wh/L with an electrolyte layer put in.

        Arrays broadcast. NaN outside the range and where an input is NaN. Energy does not fall with thickness here:
        the ohmic loss in the electrolyte is not counted.

        Parameters
        ----------
        electrolyte_thickness_um, electrolyte_density_g_per_cm3 : float or array, µm at least 0, and g/cm³ above 0
        """
        thickness, density = np.broadcast_arrays(
            np.asarray(electrolyte_thickness_um, dtype=float), np.asarray(electrolyte_density_g_per_cm3, dtype=float)
        )
        valid = (thickness >= 0) & (density > 0)
        mass = self.other_mass_mg_per_cm2 + layer_mass_mg_per_cm2(thickness, density)
        height = self.other_thickness_um + thickness
        with np.errstate(divide="ignore"):
            per_kg = np.where(valid, 1e3 * self.energy_mwh_per_cm2 / np.where(valid, mass, np.nan), np.nan)
            per_l = np.where(valid, 1e4 * self.energy_mwh_per_cm2 / np.where(valid, height, np.nan), np.nan)
        return per_kg, per_l

    def thickness_limit_um(self, target_wh_per_kg: Any, electrolyte_density_g_per_cm3: Any) -> Any:
        """Compute the electrolyte thickness, in µm, at which the stack has just the energy wanted; thinner gives more.

        NaN where no electrolyte at all would still be too heavy, where target or density are not above 0, or NaN.

        Parameters
        ----------
        target_wh_per_kg, electrolyte_density_g_per_cm3 : float or array, Wh/kg and g/cm³
        """
        target = np.asarray(target_wh_per_kg, dtype=float)
        density = np.asarray(electrolyte_density_g_per_cm3, dtype=float)
        valid = (target > 0) & (density > 0)
        allowed_mass = 1e3 * self.energy_mwh_per_cm2 / np.where(valid, target, np.nan) - self.other_mass_mg_per_cm2
        limit = allowed_mass / np.where(valid, 0.1 * density, np.nan)
        return np.where(limit >= 0, limit, np.nan)


MAY_BE_ZERO = frozenset(
    "anode_voltage_v electrolyte_thickness_um cathode_collector_thickness_um anode_collector_thickness_um "
    "anode_swelling_pct".split()
)
"""Fields of `Stack` that may be 0; all others are above it."""


@dataclass(frozen=True)
class Stack:
    """A full cell as its layers: loadings of active material, shares, densities as built, average voltages.

    `*_active_share` is the weight share of active material in its layer, above 0 to 1; `*_layer_density_g_per_cm3` is
    that of the layer with its pores; `*_voltage_v` is the average against Li+/Li on discharge. The anode's loading
    follows from `np_ratio`. `anode_swelling_pct` is how much thicker the silicon layer is than as built when the volume
    is counted; 0 is the cell as built. NaN is "not known" and makes NaN of what hangs on it.

    Raises `ValueError` for a number out of range or a cell voltage that is not above 0.
    """

    cathode_loading_mg_per_cm2: float
    cathode_active_share: float
    cathode_capacity_mah_per_g: float
    cathode_voltage_v: float
    cathode_layer_density_g_per_cm3: float
    np_ratio: float
    anode_active_share: float
    anode_capacity_mah_per_g: float
    anode_voltage_v: float
    anode_layer_density_g_per_cm3: float
    electrolyte_thickness_um: float
    electrolyte_density_g_per_cm3: float
    cathode_collector_thickness_um: float
    cathode_collector_density_g_per_cm3: float
    anode_collector_thickness_um: float
    anode_collector_density_g_per_cm3: float
    anode_swelling_pct: float = 0.0

    def __post_init__(self) -> None:
        _check_numbers(self, MAY_BE_ZERO, shares=frozenset({"cathode_active_share", "anode_active_share"}))
        if self.voltage_v <= 0:
            raise ValueError(
                f"Stack.cathode_voltage_v is {self.cathode_voltage_v:g} with anode_voltage_v {self.anode_voltage_v:g}; "
                "expected the cathode above the anode; give both against Li+/Li"
            )

    @property
    def voltage_v(self) -> float:
        """Average voltage of the cell, V."""
        return self.cathode_voltage_v - self.anode_voltage_v

    @property
    def areal_capacity_mah_per_cm2(self) -> float:
        """Capacity of the cell: the cathode's, or the anode's where N/P is below 1. No prelithiation."""
        cathode = areal_capacity_mah_per_cm2(self.cathode_loading_mg_per_cm2, self.cathode_capacity_mah_per_g)
        return float(cathode * np.minimum(1.0, self.np_ratio))

    @property
    def anode_loading_mg_per_cm2(self) -> float:
        """Active material of the anode that gives the N/P ratio."""
        cathode = areal_capacity_mah_per_cm2(self.cathode_loading_mg_per_cm2, self.cathode_capacity_mah_per_g)
        return float(1000.0 * self.np_ratio * cathode / self.anode_capacity_mah_per_g)

    @property
    def cathode_thickness_um(self) -> float:
        """Thickness of the cathode layer, from its mass and density."""
        layer = self.cathode_loading_mg_per_cm2 / self.cathode_active_share
        return layer / (0.1 * self.cathode_layer_density_g_per_cm3)

    @property
    def anode_thickness_um(self) -> float:
        """Thickness of the silicon layer as built, from its mass and density."""
        layer = self.anode_loading_mg_per_cm2 / self.anode_active_share
        return layer / (0.1 * self.anode_layer_density_g_per_cm3)

    def balance(self) -> AreaBalance:
        """Return the stack with its electrolyte layer left open."""
        return AreaBalance(
            energy_mwh_per_cm2=self.areal_capacity_mah_per_cm2 * self.voltage_v,
            other_mass_mg_per_cm2=float(
                self.cathode_loading_mg_per_cm2 / self.cathode_active_share
                + self.anode_loading_mg_per_cm2 / self.anode_active_share
                + layer_mass_mg_per_cm2(self.cathode_collector_thickness_um, self.cathode_collector_density_g_per_cm3)
                + layer_mass_mg_per_cm2(self.anode_collector_thickness_um, self.anode_collector_density_g_per_cm3)
            ),
            other_thickness_um=self.cathode_thickness_um
            + self.anode_thickness_um * (1.0 + self.anode_swelling_pct / 100.0)
            + self.cathode_collector_thickness_um
            + self.anode_collector_thickness_um,
        )


def fit_balance(
    thickness_um: tuple[float, float], energy_density_wh_per_kg: tuple[float, float], density_g_per_cm3: float
) -> AreaBalance:
    """Find energy and mass per area behind two energy densities of one cell at two electrolyte thicknesses.

    From E / (m0 + rho t) at both points; E and m0 are proportional to the density put in. Raises `ValueError` where
    the points are not of one such cell: the thicker electrolyte must have the lower energy density, m0 must be at
    least 0.

    Parameters
    ----------
    thickness_um : tuple of float and float
        Two thicknesses of the electrolyte in µm, the thicker first.
    energy_density_wh_per_kg : tuple of float and float
        Energy density at each, Wh/kg.
    density_g_per_cm3 : float
        Of the electrolyte, g/cm³.
    """
    (t1, t2), (w1, w2) = thickness_um, energy_density_wh_per_kg
    if not (t1 > t2 >= 0 and 0 < w1 < w2 and density_g_per_cm3 > 0):
        raise ValueError(
            f"points ({t1:g} µm, {w1:g} Wh/kg) and ({t2:g} µm, {w2:g} Wh/kg) with density {density_g_per_cm3:g} g/cm³; "
            "expected the thicker electrolyte first, with the lower energy density, and a density above 0"
        )
    m1, m2 = (float(layer_mass_mg_per_cm2(t, density_g_per_cm3)) for t in (t1, t2))
    energy = (m1 - m2) / (1e3 / w1 - 1e3 / w2)
    mass = 1e3 * energy / w1 - m1
    if mass < 0:
        raise ValueError(
            f"points ({t1:g} µm, {w1:g} Wh/kg) and ({t2:g} µm, {w2:g} Wh/kg) leave {mass:.3g} mg/cm² for the other "
            "layers; expected at least 0: the energy density cannot rise faster than the electrolyte gets lighter"
        )
    return AreaBalance(energy_mwh_per_cm2=energy, other_mass_mg_per_cm2=mass)


def fit_review_stack() -> AreaBalance:
    """Fit the Si||Li6PS5Cl||NCM811 cell of Zhan et al. (doi 10.1016/j.ensm.2023.102875, section 5, after its ref. 109).

    The review prints two points, 100 µm 270.3 Wh/kg and 30 µm 350.8 Wh/kg, and none of the inputs. With the crystal
    density of Li6PS5Cl they give 15.38 mWh/cm² and 38.24 mg/cm² for all other layers. Loadings, voltages, collectors,
    N/P and thickness of those layers cannot be separated, so Wh/L is NaN.

    The review's limits for 300 Wh/kg do not follow exactly, and nothing is tuned to them:

    ========  ========  =======  ==========  =================================
    layer     computed  printed  difference  Wh/kg computed at the printed one
    ========  ========  =======  ==========  =================================
    LLZO      25.5 µm   23 µm    +11 %       307.5
    Li6PS5Cl  69.8 µm   74 µm    -6 %        295.5
    PEO       108.5 µm  92 µm    +18 %       312.0
    ========  ========  =======  ==========  =================================

    The Li6PS5Cl limit holds for any density: it lies on the line through the two points in 1/(Wh/kg), and rounding of
    the two moves it by 0.05 µm. So the printed 74 µm is not of the cell of the two points, or energy falls with
    thickness in a way the review does not print. Nor can one energy and one mass give all three with these densities:
    the layers at the limits weigh 11.8 (LLZO), 13.8 (Li6PS5Cl) and 11.0 (PEO) mg/cm² where they should weigh the same.

    >>> balance = fit_review_stack()
    >>> [round(float(w), 1) for w in balance.energy_density([100, 30], LPSCL_DENSITY_G_PER_CM3)[0]]
    [270.3, 350.8]
    """
    return fit_balance(
        (REVIEW_THICK_UM, REVIEW_THIN_UM),
        (REVIEW_ENERGY_THICK.value, REVIEW_ENERGY_THIN.value),
        LPSCL_DENSITY_G_PER_CM3,
    )


def _check_numbers(
    holder: AreaBalance | Stack, zero_allowed: frozenset[str], shares: frozenset[str] = frozenset()
) -> None:
    for item in fields(holder):
        value = getattr(holder, item.name)
        if math.isnan(value):
            continue
        if item.name in shares:
            good, expected = 0 < value <= 1, "a share above 0 and at most 1"
        elif item.name in zero_allowed:
            good, expected = 0 <= value < math.inf, "a finite number, at least 0"
        else:
            good, expected = 0 < value < math.inf, "a finite number above 0"
        if not good:
            raise ValueError(
                f"{type(holder).__name__}.{item.name} is {value:g}; expected {expected}; give NaN where it is not known"
            )
