"""Polymer electrolytes read from text: polymer, salt, concentration, plasticiser, filler."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from features.formulas.aliases import find_alias
from features.formulas.elements import molar_mass
from features.formulas.mixtures import kind_of
from features.formulas.polymer_notation import GEL, polymers
from features.formulas.reader import FormulaError, Reading, shared_reading
from features.polymers.smiles import COORDINATING, groups_in, read_structure

GRAMS_PER_KG = 1000.0
COMPARED_SALT = "LiTFSI"
"""Salt that a polymer without one is compared with."""
NO_SALT = "a polymer without a salt: hardly an ion moves in it (write the salt, as in PEO/LiTFSI)"
NO_SALT_BESIDE_FILLER = f"{NO_SALT}; what is told is the value of its class"
NO_POLYMER = "a salt without a polymer: no solid electrolyte by itself (write both, as in PEO/LiTFSI)"

_ORGANIC = {"polymer", "plasticiser", "solvent"}


@dataclass(frozen=True)
class PolymerElectrolyte:
    """A polymer with a salt at a temperature.

    Attributes
    ----------
    units : tuple of str
        Line notations of the repeat units, mixed alike.
    salt : mapping of str to float
        Composition of the salt; empty where the anion is part of the chain.
    molality_mol_per_kg : float
        Salt per kilogram of polymer; NaN where not known.
    molar_mass_g_per_mol : float
        Of the polymer; NaN where not known.
    temperature_c : float
        NaN where not known.
    """

    units: tuple[str, ...]
    salt: Mapping[str, float]
    molality_mol_per_kg: float
    molar_mass_g_per_mol: float
    temperature_c: float


def _of_kind(reading: Reading, kind: str) -> list[dict[str, Any]]:
    return [part for part in reading.parts if kind_of(part) == kind]


def is_salt(name: str) -> bool:
    """Return True where a name is that of a salt that polymers and liquids are made conducting with.

    Parameters
    ----------
    name : str
        As written.

    Examples
    --------
    >>> is_salt("LiTFSI"), is_salt("Li3N")
    (True, False)
    """
    alias = find_alias(name)
    return alias is not None and alias.role == "salt"


def lack_of(reading: Reading | None) -> str | None:
    """Return the message that a polymer electrolyte lacks a salt, or a polymer; None where it lacks nothing.

    Parameters
    ----------
    reading : Reading or None
        Of the text; None where it cannot be read.

    Examples
    --------
    >>> from features.formulas.reader import read_formula
    >>> lack_of(read_formula("PEO")) == NO_SALT, lack_of(read_formula("LiTFSI")) == NO_POLYMER
    (True, True)
    >>> lack_of(read_formula("PEO/LiTFSI")), lack_of(read_formula("PEO/LLZTO")), lack_of(read_formula("Li6PS5Cl"))
    (None, None, None)
    >>> lack_of(read_formula("PEO/SiO2")) == NO_SALT_BESIDE_FILLER, lack_of(read_formula("PVDF-HFP gel"))
    (True, None)
    """
    if reading is None or not reading.parts or reading.electrolyte_class == GEL:  # the ions of a gel are in its liquid
        return None
    kinds = set(map(kind_of, reading.parts))
    if "polymer" in kinds and kinds <= _ORGANIC:
        return NO_SALT
    others = [part.get("composition") for part in reading.parts if kind_of(part) not in _ORGANIC]
    if "polymer" in kinds and not any(composition is None or "Li" in composition for composition in others):
        return NO_SALT_BESIDE_FILLER
    return NO_POLYMER if kinds == {"salt"} else None


def has_filler(reading: Reading | None) -> bool:
    """Return True where a text names a polymer, a salt and a filler, but no liquid.

    Parameters
    ----------
    reading : Reading or None
        Of the text; None where it cannot be read.

    Examples
    --------
    >>> from features.formulas.reader import read_formula
    >>> has_filler(read_formula("PEO/LiTFSI/LLZTO")), has_filler(read_formula("PEO/LLZTO"))
    (True, False)
    """
    kinds = set(map(kind_of, reading.parts)) if reading else set()
    return {"polymer", "salt"} < kinds - {"plasticiser"} and "solvent" not in kinds


def plasticisers(reading: Reading | None) -> list[str]:
    """Return the plasticisers that a text names, as written.

    Parameters
    ----------
    reading : Reading or None
        Of the text; None where it cannot be read.

    Examples
    --------
    >>> from features.formulas.reader import read_formula
    >>> plasticisers(read_formula("PEO/LiTFSI/SN")), plasticisers(read_formula("PEO/LiTFSI"))
    (['SN'], [])
    """
    return [] if reading is None else [part["text"] for part in _of_kind(reading, "plasticiser")]


def polymer_electrolyte(reading: Reading | None, temperature_c: float) -> PolymerElectrolyte | None:
    """Return the polymer and the salt of a text; None where it names no polymer of known structure with one salt.

    Plasticisers count as nothing; with a liquid or a filler beside it, it is no polymer electrolyte alone.

    Parameters
    ----------
    reading : Reading or None
        Of the text; None where it cannot be read.
    temperature_c : float
        In degrees Celsius; NaN where not known.

    Examples
    --------
    Twenty units of 44.05 g to one lithium are 1 / (20 * 0.04405) mol/kg:

    >>> from features.formulas.reader import read_formula
    >>> round(polymer_electrolyte(read_formula("P(EO)20LiTFSI"), 25.0).molality_mol_per_kg, 3)
    1.135
    >>> polymer_electrolyte(read_formula("PEO/LiTFSI/LLZTO"), 25.0) is None
    True
    >>> polymer_electrolyte(read_formula("PVDF-HFP/LiTFSI gel"), 25.0) is None
    True
    """
    if reading is None or reading.electrolyte_class == GEL:
        return None
    chains, salts = _of_kind(reading, "polymer"), _of_kind(reading, "salt")
    names = [part.get("polymer", "") for part in chains]
    names = ["PEO" if name == "PEG" else name for name in names]
    known = [polymers()[name].structure for name in names if name in polymers() and polymers()[name].structure]
    others = len(reading.parts) - len(chains) - len(salts) - len(_of_kind(reading, "plasticiser"))
    if not known or len(known) < len(chains) or len(salts) != 1 or others or not salts[0]["composition"]:
        return None
    mass = next((part["molar_mass_g_per_mol"] for part in chains if "molar_mass_g_per_mol" in part), np.nan)
    return PolymerElectrolyte(
        tuple(known), salts[0]["composition"], _molality(chains, salts[0], known), float(mass), temperature_c
    )


def salted(reading: Reading | None) -> Reading | None:
    """Return a polymer electrolyte with `COMPARED_SALT` where it lacks a salt, else as it is.

    Parameters
    ----------
    reading : Reading or None
        Of the text; None where it cannot be read.

    Examples
    --------
    >>> from features.formulas.reader import read_formula
    >>> [part["text"] for part in salted(read_formula("PEO")).parts]
    ['PEO', 'LiTFSI']
    >>> [part["text"] for part in salted(read_formula("PEO/LiClO4")).parts]
    ['PEO', 'LiClO4']
    """
    if reading is None or lack_of(reading) != NO_SALT:
        return reading
    try:
        return shared_reading("/".join([*(part["text"] for part in reading.parts), COMPARED_SALT]))
    except FormulaError:
        return reading


def _molality(chains: list[dict[str, Any]], salt: dict[str, Any], structures: list[str]) -> float:
    """Salt per kilogram of polymer: as stated, from units or groups per lithium, from shares by weight; else NaN."""
    if "molality_mol_per_kg" in salt:
        return float(salt["molality_mol_per_kg"])
    for group in ("unit", *COORDINATING):
        if f"{group}_per_lithium" in salt and len(structures) == 1 and groups_in(structures[0], group):
            units = salt[f"{group}_per_lithium"] * salt["composition"]["Li"] / groups_in(structures[0], group)
            return float(GRAMS_PER_KG / (units * read_structure(structures[0]).molar_mass))
    counted = [part for part in chains if "moles" in part]
    if "moles" in salt and len(counted) == 1 and "repeat_unit" in counted[0]:
        grams = counted[0]["moles"] * molar_mass(counted[0]["repeat_unit"])
        return float(GRAMS_PER_KG * salt["moles"] / grams)
    if salt.get("basis") == "weight" and 0 < salt["share_pct"] < 100:
        shares = [part["share_pct"] for part in chains if part.get("basis") == "weight"]
        chain = sum(shares) if len(shares) == len(chains) else 100 - salt["share_pct"]
        return float(GRAMS_PER_KG * salt["share_pct"] / molar_mass(salt["composition"]) / chain) if chain else np.nan
    return np.nan
