"""Element properties of `elements.csv`, which are pymatgen's (2026.10.16): one table read once on first use.

They are written down as asking pymatgen for them takes a quarter of a second of every command, and a later pymatgen
would change what a saved model reads. They are the properties of the Magpie set that pymatgen holds. Its other four
(ground-state volume, band gap, magnetic moment and space group of the pure element) stand in no installed package and
are left out.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from features.formulas.stoichiometry import SYMBOLS as SYMBOLS

ELEMENT_INDEX = {symbol: place for place, symbol in enumerate(SYMBOLS)}


@dataclass(frozen=True)
class Property:
    """One property of an element: name, words, unit."""

    name: str
    label: str
    unit: str = ""


PROPERTIES: tuple[Property, ...] = (
    Property("atomic_number", "atomic number"),
    Property("mendeleev_number", "Mendeleev number"),
    Property("atomic_mass", "atomic mass", "u"),
    Property("melting_point", "melting point of the element", "K"),
    Property("group", "group"),
    Property("period", "period"),
    Property("covalent_radius", "covalent radius", "pm"),
    Property("electronegativity", "Pauling electronegativity"),
    *(Property(f"{kind}_valence", f"{kind} valence electrons") for kind in "spdf"),
    Property("valence", "valence electrons"),
    *(Property(f"{kind}_unfilled", f"unfilled {kind} states") for kind in "spdf"),
    Property("unfilled", "unfilled states"),
    Property("atomic_radius", "atomic radius", "Å"),
)
"""Properties in order of the columns of `property_table`. Valence electrons are those outside the noble-gas core,
filled d and f shells among them (Magpie's convention); unfilled states are those of the kinds of orbital that hold
some."""
PROPERTY_INDEX = {column.name: place for place, column in enumerate(PROPERTIES)}


@lru_cache(maxsize=1)
def property_table() -> np.ndarray:
    """Properties of every element, shape (n_elements, n_properties), NaN where pymatgen holds none; read-only."""
    with Path(__file__).with_name("elements.csv").open(encoding="utf-8", newline="") as file:
        rows = {row.pop("symbol"): row for row in csv.DictReader(file)}
    table = np.array([[float(rows[symbol][column.name] or "nan") for column in PROPERTIES] for symbol in SYMBOLS])
    table.setflags(write=False)
    return table


def molar_mass(amounts: Mapping[str, float]) -> float:
    """Return the molar mass of a composition in g/mol.

    Parameters
    ----------
    amounts : mapping of str to float
        Atoms by element.

    Examples
    --------
    >>> round(molar_mass({"Li": 1, "C": 2, "F": 6, "N": 1, "O": 4, "S": 2}), 1)
    287.1
    """
    mass = property_table()[:, PROPERTY_INDEX["atomic_mass"]]
    return float(sum(count * mass[ELEMENT_INDEX[symbol]] for symbol, count in amounts.items()))
