"""A polymer with a salt as numbers: groups of the repeat unit, elements of the salt, concentration, temperature."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import numpy as np

from features.formulas.elements import molar_mass
from features.physics import inverse_temperature
from features.polymers.polymer_electrolyte import GRAMS_PER_KG, PolymerElectrolyte
from features.polymers.smiles import GROUPS, Structure, is_ether, read_structure

SHAPES: dict[str, Callable[[Structure], float]] = {
    "ring_atoms": lambda unit: len(unit.ring_atoms),
    "backbone_atoms": lambda unit: len(unit.backbone),
    "backbone_oxygen": lambda unit: sum(unit.atoms[place].symbol == "O" for place in unit.backbone),
    "hydrogen": lambda unit: unit.formula.get("H", 0.0),
}
SALT_ELEMENTS = ("F", "S", "O", "N", "B", "P", "Cl", "C", "I", "Br", "As", "Sb")
UNIT_FEATURES = (*GROUPS, *SHAPES)
FEATURES = (
    *(f"unit_{name}" for name in UNIT_FEATURES),
    "anions_mol_per_kg",
    "salt_g_per_mol",
    *(f"salt_{symbol}" for symbol in SALT_ELEMENTS),
    "anion_in_chain",
    "molality_mol_per_kg",
    "lithium_per_ether_oxygen",
    "log10_molar_mass",
    "inverse_temperature_per_kk",
)
"""Numbers of a polymer electrolyte, in order."""
TEMPERATURE = FEATURES.index("inverse_temperature_per_kk")
MONOTONE = tuple(-1 if place == TEMPERATURE else 0 for place in range(len(FEATURES)))
MOST_LITHIUM = 2.0
"""Largest lithium per ether oxygen; a chain without ether counts as holding a twentieth of one."""
LEAST_ETHER = 0.05


@lru_cache(maxsize=4096)
def unit_numbers(notation: str) -> np.ndarray:
    """Return the groups of a repeat unit per heavy atom, shape (n_unit_features,).

    Parameters
    ----------
    notation : str
        Line notation of the repeat unit.

    Examples
    --------
    >>> dict(zip(UNIT_FEATURES, unit_numbers("*CCO*").round(2).tolist()))["ether_oxygen"]
    0.33
    """
    unit = read_structure(notation)
    counts = [sum(test(unit, atom) for atom in unit.heavy) for test in GROUPS.values()]
    return np.array([*counts, *(shape(unit) for shape in SHAPES.values())], dtype=float) / len(unit.heavy)


def _per_kg(units: Sequence[str], count: Callable[[Structure], float]) -> float:
    """Return the mean of a count over repeat units mixed alike, in mol per kilogram of chains."""
    total = 0.0
    for notation in units:
        unit = read_structure(notation)
        total += count(unit) / unit.molar_mass
    return GRAMS_PER_KG * total / len(units)


def _ether_oxygens(unit: Structure) -> float:
    return max(sum(is_ether(unit, atom) for atom in unit.heavy), LEAST_ETHER)


def anions_per_kg(units: Sequence[str]) -> float:
    """Return the charges per kilogram of chains that hold their anions, mol/kg; 0 where they hold none.

    Parameters
    ----------
    units : sequence of str
        Line notations of repeat units, mixed alike.

    Examples
    --------
    >>> anions_per_kg(["*CCO*"]), round(anions_per_kg(["*CC(C(=O)[O-])*"]), 1)
    (0.0, 14.1)
    """
    return _per_kg(units, lambda unit: max(-sum(atom.charge for atom in unit.heavy), 0))


def _salt_numbers(salt: Mapping[str, float]) -> list[float]:
    lithium, heavy = salt["Li"], sum(count for symbol, count in salt.items() if symbol != "H")
    return [molar_mass(salt) / lithium, *(salt.get(symbol, 0.0) / heavy for symbol in SALT_ELEMENTS)]


def vector(electrolyte: PolymerElectrolyte) -> np.ndarray:
    """Return a polymer electrolyte as numbers, shape (n_features,); NaN where not known.

    Parameters
    ----------
    electrolyte : PolymerElectrolyte
        With its temperature.
    """
    in_chain, salt = anions_per_kg(electrolyte.units), electrolyte.salt
    molality = electrolyte.molality_mol_per_kg if salt else in_chain
    lithium = min(molality / _per_kg(electrolyte.units, _ether_oxygens), MOST_LITHIUM)
    return np.array(
        [
            *np.mean([unit_numbers(unit) for unit in electrolyte.units], axis=0),
            in_chain,
            *(_salt_numbers(salt) if salt else [np.nan] * (1 + len(SALT_ELEMENTS))),
            float(not salt),
            molality,
            lithium,
            np.log10(electrolyte.molar_mass_g_per_mol),
            inverse_temperature(electrolyte.temperature_c),
        ]
    )
