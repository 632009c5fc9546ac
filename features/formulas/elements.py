"""Element properties from pymatgen's own data, as one table read once on first use.

They are the properties of the Magpie set that pymatgen holds. Its other four (ground-state volume, band gap, magnetic
moment and space group of the pure element) stand in no installed package and are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from features.formulas.stoichiometry import ELEMENTS

SYMBOLS = (
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr Nb "
    "Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au "
    "Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U"
).split()
"""Elements in order of atomic number."""
ELEMENT_INDEX = {symbol: place for place, symbol in enumerate(SYMBOLS) if symbol in ELEMENTS}
NOBLE_GASES = (2, 10, 18, 36, 54, 86)
SHELL = {"s": 2, "p": 6, "d": 10, "f": 14}


@dataclass(frozen=True)
class Property:
    """One property of an element: name, words, unit, and how pymatgen's `Element` tells it."""

    name: str
    label: str
    unit: str
    read: Callable[[Any], float]


def _valence(element: Any) -> dict[str, int]:
    """Electrons outside the noble-gas core, by kind of orbital (Magpie's convention: filled d and f shells count)."""
    core = max((gas for gas in NOBLE_GASES if gas < element.Z), default=0)
    held, seen = dict.fromkeys(SHELL, 0), 0
    for _, kind, electrons in element.full_electronic_structure:
        if seen >= core:
            held[kind] += electrons
        seen += electrons
    return held


def _electrons(kind: str) -> Callable[[Any], float]:
    return lambda element: float(_valence(element)[kind])


def _holes(kind: str) -> Callable[[Any], float]:
    def read(element: Any) -> float:
        held = _valence(element)[kind]
        return float(SHELL[kind] - held) if held else 0.0

    return read


def _covalent_radius_pm(element: Any) -> float:
    from pymatgen.core.molecule_structure_comparator import CovalentRadius

    return 100.0 * float(CovalentRadius.radius.get(element.symbol, np.nan))


def _or_nan(value: Any) -> float:
    return np.nan if value is None else float(value)


PROPERTIES: tuple[Property, ...] = (
    Property("atomic_number", "atomic number", "", lambda element: float(element.Z)),
    Property("mendeleev_number", "Mendeleev number", "", lambda element: _or_nan(element.mendeleev_no)),
    Property("atomic_mass", "atomic mass", "u", lambda element: float(element.atomic_mass)),
    Property("melting_point", "melting point of the element", "K", lambda element: _or_nan(element.melting_point)),
    Property("group", "group", "", lambda element: float(element.group)),
    Property("period", "period", "", lambda element: float(element.row)),
    Property("covalent_radius", "covalent radius", "pm", _covalent_radius_pm),
    Property("electronegativity", "Pauling electronegativity", "", lambda element: _or_nan(element.data.get("X"))),
    *(Property(f"{kind}_valence", f"{kind} valence electrons", "", _electrons(kind)) for kind in SHELL),
    Property("valence", "valence electrons", "", lambda element: float(sum(_valence(element).values()))),
    *(Property(f"{kind}_unfilled", f"unfilled {kind} states", "", _holes(kind)) for kind in SHELL),
    Property("unfilled", "unfilled states", "", lambda element: sum(_holes(kind)(element) for kind in SHELL)),
    Property("atomic_radius", "atomic radius", "Å", lambda element: _number(element.data.get("Atomic radius"))),
)
"""Properties in order of the columns of `property_table`."""
PROPERTY_INDEX = {each.name: place for place, each in enumerate(PROPERTIES)}


def _number(value: object) -> float:
    try:
        return float(str(value).split()[0])
    except (ValueError, IndexError):
        return float("nan")


@lru_cache(maxsize=1)
def property_table() -> np.ndarray:
    """Properties of every element, shape (n_elements, n_properties), NaN where pymatgen holds none; read-only."""
    from pymatgen.core import Element

    elements = [Element(symbol) for symbol in SYMBOLS]
    table = np.array([[each.read(element) for each in PROPERTIES] for element in elements])
    table.setflags(write=False)
    return table
