"""Ions: the anions of a compound, radii of ions and the volume they take."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from features.formulas.charge import OXIDATION_STATES, usual_imbalance

ANION_FORMERS = frozenset({"N", "O", "F", "S", "Se", "Cl", "Br", "I"})
OXOANION_CENTRES = ANION_FORMERS - {"O", "F"}
LAST_RESORT_ANIONS = ("Te", "As", "P", "Sb")
"""The anion where no other is there, as P in Li9AlP4."""


def element_symbol(species: Any) -> str:
    """Return the symbol of the element of a species, hydrogen for its isotopes, empty for a dummy.

    Parameters
    ----------
    species : Element, Species or DummySpecies
        Of pymatgen: element, ion or dummy.
    """
    element = getattr(species, "element", species)
    symbol = str(getattr(element, "symbol", ""))
    known = type(element).__name__ == "Element"
    return {"D": "H", "T": "H"}.get(symbol, symbol) if known else ""


def anion_elements(elements: Iterable[str]) -> set[str]:
    """Return the elements that are anions beside each other.

    Hydrogen is one beside boron or aluminium without oxygen.

    Parameters
    ----------
    elements : iterable of str
        Symbols of all elements of a compound.

    Examples
    --------
    >>> sorted(anion_elements(["Li", "P", "S", "Cl"])), anion_elements(["Li", "Al", "P"])
    (['Cl', 'S'], {'P'})
    """
    present = set(elements)
    anions = present & ANION_FORMERS
    if "H" in present and "O" not in present and (present & {"B", "Al"} or not anions):
        anions = anions | {"H"}
    return anions or set([element for element in LAST_RESORT_ANIONS if element in present][:1])


@lru_cache(maxsize=512)
def ionic_radius(symbol: str, anion: bool) -> float:
    """Shannon's effective ionic radius, six-fold where tabulated.

    Parameters
    ----------
    symbol : str
        Symbol of the element.
    anion : bool
        Whether it is an anion. A cation has the state of `OXIDATION_STATES`, else the mean over its tabulated states.

    Returns
    -------
    float
        In Å; 0 for a proton, NaN where Shannon has none (hydride, phosphide).
    """
    from pymatgen.core import Element

    shannon = Element(symbol).data.get("Shannon radii") or {}
    tabulated = {int(state): radii for state, radii in shannon.items() if state}  # one radius of Eu has no state
    states = [state for state in tabulated if (state < 0) == anion]
    usual = OXIDATION_STATES.get(symbol)
    if not anion and usual in states:
        states = [int(usual)]
    means = []
    for state in states:
        by_coordination = tabulated[state]
        by_spin = by_coordination.get("VI") or next(iter(by_coordination.values()))
        means.append(np.mean([float(entry["ionic_radius"]) for entry in by_spin.values()]))
    return max(0.0, float(np.mean(means))) if means else math.nan


def sphere_volume(ions: Mapping[tuple[str, bool], float]) -> float:
    """Compute the volume of the spheres of ions, in Å³; overlaps are not subtracted.

    Parameters
    ----------
    ions : mapping of tuple of str and bool to float
        Amount of each (element, is it an anion).
    """
    return sum(amount * 4 / 3 * math.pi * ionic_radius(*ion) ** 3 for ion, amount in ions.items())


def free_volume_share(ions: Mapping[tuple[str, bool], float], volume: float) -> float:
    """Compute the share of a volume outside the spheres of the ions in it, NaN where nothing is an anion.

    Parameters
    ----------
    ions : mapping of tuple of str and bool to float
        Amount of each (element, is it an anion).
    volume : float
        In Å³.
    """
    anions = sum(amount for (_, anion), amount in ions.items() if anion)
    return 1 - sphere_volume(ions) / volume if anions else math.nan


def ions_of_formula(amounts: Mapping[str, float]) -> dict[tuple[str, bool], float] | None:
    """Return the ions of a formula, each an anion or a cation.

    Parameters
    ----------
    amounts : mapping of str to float
        Amount of each element in the formula.

    Returns
    -------
    dict of (str, bool) to float, or None
        Amount of each (element, is it an anion). None where nothing is an anion, or where oxygen may hold another
        anion former (a sulfate or an oxysulfide) and the balance of charges does not decide.
    """
    anions = anion_elements(amounts)
    if not anions:
        return None
    if "O" in amounts and anions & OXOANION_CENTRES:
        imbalance = usual_imbalance(amounts)
        if imbalance is None or abs(imbalance) > 0.05 * sum(amounts[anion] for anion in anions):
            return None
    return {(element, element in anions): float(amount) for element, amount in amounts.items()}
