"""Families of electrolytes: what a class belongs to, and the class a composition points to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

import numpy as np

from features.composition import read_design
from features.formulas.charge import has_sulfide
from features.formulas.mixtures import class_of_kinds
from features.formulas.reader import Reading

FAMILIES: dict[str, tuple[str, ...]] = {
    "garnet": ("oxide-garnet",),
    "nasicon": ("oxide-nasicon",),
    "oxide": ("oxide-garnet", "oxide-nasicon", "oxide-perovskite", "oxide-antiperovskite", "oxide-other"),
    "lipon": ("lipon",),
    "sulfide": ("sulfide-glass", "sulfide-thiolisicon", "sulfide-lgps", "sulfide-argyrodite", "sulfide-other"),
    "sulfide_glass": ("sulfide-glass",),
    "lgps": ("sulfide-lgps",),
    "argyrodite": ("sulfide-argyrodite",),
    "halide": ("halide",),
    "hydride": ("hydride",),
    "polymer": ("polymer", "composite", "gel"),
    "composite": ("composite",),
    "gel": ("gel",),
    "liquid": ("liquid", "gel"),
}
"""Families a tree may split on; a class may belong to several (an argyrodite is a sulfide)."""

NAMED_ONLY = frozenset({"polymer", "composite", "gel", "liquid", "lipon"})
"""Classes whose members often have no stoichiometry: an unreadable name is kept, with a notice."""


LITHIUM_RICH = 2.0
"""Lithium in a formula from which on an oxide halide counts as antiperovskite."""
ANTIPEROVSKITE = frozenset({"O", "H", "Li", "Na", "K", "Rb", "Mg", "Ca", "Sr", "Ba"})
"""Elements beside the halogen; with another cation an oxide of more halogen than oxygen is an oxyhalide, a halide."""
HALOGENS = frozenset({"F", "Cl", "Br", "I"})
GARNET = 0.4
"""Lithium to oxygen from which on a lanthanum niobate or tantalate is a garnet: Li5La3Ta2O12; perovskites hold less."""


def class_from_composition(amounts: Mapping[str, float]) -> str | None:
    """Return the electrolyte class a composition points to; used only where the design names none.

    Coarse on purpose: families go by the elements present, as the reviews' sections do.

    Parameters
    ----------
    amounts : mapping of str to float
        Amount of each element.

    Returns
    -------
    str or None
        None where the elements point to no class.

    Examples
    --------
    >>> class_from_composition({"Li": 6, "P": 1, "S": 5, "Cl": 1}), class_from_composition({"Al": 2, "O": 3})
    ('sulfide-argyrodite', None)
    >>> class_from_composition({"Li": 2, "S": 1, "O": 4})
    'oxide-other'
    """
    elements = set(amounts)
    halogens = elements & HALOGENS
    if "S" in elements and not has_sulfide(amounts):  # a sulfate, or the salt of an organic anion
        return None if elements & {"C", "N"} else "oxide-other"
    if "S" in elements:
        if "P" in elements and halogens and not elements & {"Ge", "Sn", "Si"}:
            return "sulfide-argyrodite"
        if "P" in elements and elements & {"Ge", "Sn", "Si"}:
            return "sulfide-lgps"
        return "sulfide-glass" if "P" in elements else "sulfide-other"
    if "B" in elements and "H" in elements:
        return "hydride"
    if "O" in elements:
        return _class_of_oxide(amounts, halogens)
    return "halide" if halogens else None


def class_takes_amounts(elements: Set[str]) -> bool:
    """Return whether the class takes the amounts, the elements alone being of several.

    With oxygen, sulfur may be a sulfide or a sulfate, carbon a carbonate or organic, and an oxide of halogens or of
    lanthanum goes by its amounts.

    Parameters
    ----------
    elements : set of str
        Symbols.

    Examples
    --------
    >>> class_takes_amounts({"Li", "La", "Zr", "O"}), class_takes_amounts({"Li", "Nb", "O", "Cl"})
    (False, True)
    """
    of_lanthanum = "La" in elements and "Zr" not in elements and bool(elements & {"Nb", "Ta"})
    return "O" in elements and (of_lanthanum or bool(elements & {"S", "C", *HALOGENS}))


def _class_of_oxide(amounts: Mapping[str, float], halogens: Set[str]) -> str | None:
    """Return the class of what holds oxygen; None for other oxides and what is organic or holds no lithium."""
    elements, lithium, oxygen = set(amounts), amounts.get("Li", 0.0), amounts["O"]
    if {"P", "N"} <= elements:
        return "lipon"
    if {"La", "Zr"} <= elements or ("La" in elements and elements & {"Nb", "Ta"} and lithium >= GARNET * oxygen):
        return "oxide-garnet"
    if {"La", "Ti"} <= elements:
        return "oxide-perovskite"
    if "P" in elements and elements & {"Ti", "Ge", "Zr", "Hf", "Sn"}:
        return "oxide-nasicon"
    more_halogen = sum(amounts[name] for name in halogens) > oxygen
    if not lithium or 3 * amounts.get("C", 0.0) > oxygen * (1 + 1e-9) or ("N" in elements and not more_halogen):
        return None
    if halogens and not elements - halogens - ANTIPEROVSKITE:
        return "oxide-antiperovskite" if lithium >= LITHIUM_RICH else None
    return "halide" if more_halogen else None


def class_of_reading(reading: Reading | None) -> str | None:
    """Return the class of a text: by its name, by its composition, or of a blend with a polymer.

    A polymer with a salt is a polymer, with a liquid a gel; with anything else it is a composite.

    Parameters
    ----------
    reading : Reading or None
        Of the text; None where it cannot be read.
    """
    if reading is None:
        return None
    if reading.electrolyte_class:
        return reading.electrolyte_class
    if reading.composition:
        return class_from_composition(reading.composition)
    kinds = {part.get("kind") for part in reading.parts}
    if len(reading.parts) < 2 or "polymer" not in kinds:
        return None
    return class_of_kinds(kinds)


def resolve_class(electrolyte: str, composition: str, electrolyte_class: str) -> tuple[str | None, bool]:
    """Return the class of a design, and True where it was read from the formula rather than given.

    Parameters
    ----------
    electrolyte, composition, electrolyte_class : str
        Columns of that name, empty where not given.

    Examples
    --------
    >>> resolve_class("Li6PS5Cl", "", ""), resolve_class("Li6PS5Cl", "", "gel")
    (('sulfide-argyrodite', True), ('gel', False))
    """
    if electrolyte_class:
        return electrolyte_class, False
    derived = class_of_reading(read_design(electrolyte, composition))
    return derived, derived is not None


def family_values(classes: Sequence[str | None]) -> np.ndarray:
    """Return yes/no per family.

    Parameters
    ----------
    classes : sequence of str or None
        Class of each design, None where unknown.

    Returns
    -------
    ndarray, shape (n_designs, n_families)
        1 or 0; NaN where the class is unknown.
    """
    rows = [[np.nan if name is None else float(name in members) for members in FAMILIES.values()] for name in classes]
    return np.array(rows, dtype=float).reshape(len(classes), len(FAMILIES))
