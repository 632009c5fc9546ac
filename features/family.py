"""Families of electrolytes: what a class belongs to, and the class a composition points to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from features.composition import read_design
from features.formulas.reader import Reading

FAMILIES: dict[str, tuple[str, ...]] = {
    "garnet": ("oxide-garnet",),
    "nasicon": ("oxide-nasicon",),
    "oxide": ("oxide-garnet", "oxide-nasicon", "oxide-perovskite", "oxide-antiperovskite"),
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


def class_from_composition(amounts: Mapping[str, float]) -> str | None:
    """The electrolyte class a composition points to, or None; used only where the design names none.

    Coarse on purpose: it tells families by the elements present, as the reviews do in their sections.
    """
    held = set(amounts)
    halogens = held & {"F", "Cl", "Br", "I"}
    if "S" in held:
        if "P" in held and halogens and not held & {"Ge", "Sn", "Si"}:
            return "sulfide-argyrodite"
        if "P" in held and held & {"Ge", "Sn", "Si"}:
            return "sulfide-lgps"
        return "sulfide-glass" if "P" in held else "sulfide-other"
    if "B" in held and "H" in held:
        return "hydride"
    if "O" in held:
        if {"P", "N"} <= held:
            return "lipon"
        if {"La", "Zr"} <= held:
            return "oxide-garnet"
        if {"La", "Ti"} <= held:
            return "oxide-perovskite"
        if "P" in held and held & {"Ti", "Ge", "Zr"}:
            return "oxide-nasicon"
        return "oxide-antiperovskite" if halogens and amounts.get("Li", 0) >= LITHIUM_RICH else None
    return "halide" if halogens else None


def class_of_reading(reading: Reading | None) -> str | None:
    """The class that a text tells: of its name, of its composition, or composite where it is a blend with a polymer."""
    if reading is None:
        return None
    if reading.electrolyte_class:
        return reading.electrolyte_class
    if reading.composition:
        return class_from_composition(reading.composition)
    blended = len(reading.parts) > 1 and any(part.get("kind") == "polymer" for part in reading.parts)
    return "composite" if blended else None


def resolve_class(electrolyte: str, composition: str, given: str) -> tuple[str | None, bool]:
    """The class of a design and whether it was read from the formula rather than given."""
    if given:
        return given, False
    held = class_of_reading(read_design(electrolyte, composition))
    return held, held is not None


def family_values(classes: Sequence[str | None]) -> np.ndarray:
    """Yes/no per family, NaN where the class is unknown; shape (n_designs, n_families)."""
    rows = [[np.nan if held is None else float(held in members) for members in FAMILIES.values()] for held in classes]
    return np.array(rows, dtype=float).reshape(len(classes), len(FAMILIES))
