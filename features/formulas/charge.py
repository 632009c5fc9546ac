"""Charge balance of a solid electrolyte, from the oxidation states its elements have in such compounds."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache, reduce
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

RARE_EARTHS = ("Sc", "Y", "La", "Pr", "Nd", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu")
OXIDATION_STATES: dict[str, float] = {
    **dict.fromkeys(("Li", "Na", "K", "Rb", "Cs", "Ag", "Tl"), 1),
    **dict.fromkeys(("Be", "Mg", "Ca", "Sr", "Ba", "Zn", "Cd", "Pb"), 2),
    **dict.fromkeys(("B", "Al", "Ga", "In", "Bi", *RARE_EARTHS), 3),
    **dict.fromkeys(("Si", "Ge", "Sn", "Ti", "Zr", "Hf", "Ce"), 4),
    **dict.fromkeys(("P", "As", "Sb", "Nb", "Ta", "V"), 5),
    **dict.fromkeys(("W", "Mo"), 6), **dict.fromkeys(("O", "S", "Se", "Te"), -2), "N": -3,
    **dict.fromkeys(("F", "Cl", "Br", "I"), -1),
}  # fmt: skip
"""Usual states: thiophosphates, phosphates, garnets, halides. Carbon has none here: salts of organic anions cannot be
judged so. Source: IUPAC rules for the anions, the group number for the cations."""
OTHER_STATES: dict[str, tuple[float, ...]] = {
    "Tl": (3,), "Pb": (4,), "Bi": (5,), "Sb": (3,), "As": (3,), "Sn": (2,), "Ti": (3,), "Ce": (3,), "V": (4, 3, 2),
    "Nb": (4,), "Mo": (4,), "Eu": (2,), "Sm": (2,), "Yb": (2,), "Pr": (4,), "Tb": (4,), "Te": (6, 4),
}  # fmt: skip
"""Further states of solids, tried where the usual ones do not cancel. Source: Shannon's tables of ions."""
OXOANIONS: tuple[tuple[str, int, int], ...] = (
    ("S", 4, 8), ("S", 3, 6), ("Se", 4, 8), ("Se", 3, 6), ("N", 3, 8), ("N", 2, 6),
    ("Cl", 4, 8), ("Br", 3, 6), ("I", 3, 6),
)  # fmt: skip
"""Anions whose centre is positive (SO4, SO3, SeO4, SeO3, NO3, NO2, ClO4, BrO3, IO3): centre, its oxygen, and how far
above the state of the bare anion it stands."""
ANIONS = frozenset({"O", "S", "Se", "Te", "N", "F", "Cl", "Br", "I"})
SULFUR_OF_P2S6 = 3.0
"""Sulfur of each phosphorus in hexathiohypodiphosphates (Li4P2S6), where it is +4; beside other anions P is +5."""
HYDROGEN_OF_NITROGEN = (2.0, 1.0)
"""Protons of each nitrogen beside hydride: amides (NH2) and imides (NH)."""
CLUSTER_STATES = (5 / 6, 4 / 5, 7 / 3)
"""State of boron in B12H12 and B10H10, which have two charges each, and in B3H8, which has one, with hydrogen at -1."""
OXYGEN_OF_SULFONYL = 2
"""Oxygen of each sulfur in a sulfonyl imide; sulfites and sulfates have more."""

TOLERANCE = 0.1
"""Charge per formula unit that rounding of printed amounts explains."""


_WITH_PROTONS = {**OXIDATION_STATES, "H": 1}
_WITH_HYDRIDE = {**OXIDATION_STATES, "H": -1}


def oxidation_states(elements: Collection[str]) -> Mapping[str, float]:
    """Return the usual oxidation states that elements have beside each other.

    Hydrogen counts -1 beside boron or aluminium without oxygen (borohydrides, alanates), else +1.

    Parameters
    ----------
    elements : collection of str
        Symbols of all elements of one composition.

    Returns
    -------
    mapping of str to float
        By symbol; elements without a certain state (carbon, iron, ...) are left out.

    Examples
    --------
    >>> oxidation_states({"Li", "B", "H"})["H"], oxidation_states({"Li", "O", "H"})["H"]
    (-1, 1)
    """
    return _WITH_HYDRIDE if _holds_hydride(elements) else _WITH_PROTONS


def _holds_hydride(elements: Collection[str]) -> bool:
    return "H" in elements and "O" not in elements and ("B" in elements or "Al" in elements)


def usual_imbalance(amounts: Mapping[str, float]) -> float | None:
    """Return the sum of charges of a composition in the usual states: sulfur is an anion, whatever else it holds.

    Parameters
    ----------
    amounts : mapping of str to float
        Amount of each element.

    Returns
    -------
    float or None
        In elementary charges per formula as written; None where an element has no certain state.
    """
    states = oxidation_states(amounts)
    if any(element not in states for element in amounts):
        return None
    return sum(states[element] * amount for element, amount in amounts.items())


def charge_imbalance(amounts: Mapping[str, float]) -> float | None:
    """Return the sum of charges of a composition.

    Where the usual states do not cancel, other states that these elements have in solids are tried, and anions with a
    positive centre (SO4, NO3, ClO4): the sum is 0 within rounding where one choice of them cancels.

    Parameters
    ----------
    amounts : mapping of str to float
        Amount of each element.

    Returns
    -------
    float or None
        In elementary charges per formula as written, of the usual states where nothing cancels; None where an element
        has no certain state.

    Examples
    --------
    >>> charge_imbalance({"Li": 6, "P": 1, "S": 5, "Cl": 1}), charge_imbalance({"Li": 2, "S": 1, "O": 4})
    (0, 0.0)
    """
    usual = usual_imbalance(amounts)
    if usual is None or abs(usual) <= TOLERANCE:
        return usual
    return other_imbalance(usual, amounts)


def other_imbalance(usual: float, amounts: Mapping[str, float]) -> float:
    """Return `charge_imbalance` of a composition whose usual states do not cancel.

    Parameters
    ----------
    usual : float
        What `usual_imbalance` gives.
    amounts : mapping of str to float
        Amount of each element.
    """
    return next((imbalance for imbalance in _imbalances(usual, amounts) if abs(imbalance) <= TOLERANCE), usual)


def other_imbalances(usual: np.ndarray, amounts: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return `other_imbalance` of many compositions of the same elements, shape (n_compositions,).

    Parameters
    ----------
    usual : ndarray, shape (n_compositions,)
        What `usual_imbalance` gives.
    amounts : ndarray of shape (n_compositions,) by element

    Examples
    --------
    Li2SO4 is a sulfate; nothing makes Li3SO4 neutral.

    >>> import numpy as np
    >>> amounts = {"Li": np.array([2.0, 3.0]), "S": np.ones(2), "O": np.full(2, 4.0)}
    >>> other_imbalances(np.array([-8.0, -7.0]), amounts).tolist()
    [0.0, -7.0]
    """
    sums, is_open = usual.copy(), abs(usual) > TOLERANCE
    for imbalance in _imbalances(usual, amounts):
        cancels = is_open & (abs(imbalance) <= TOLERANCE)
        sums[cancels] = imbalance[cancels]
        is_open &= ~cancels
    return sums


def _imbalances(usual: Any, amounts: Mapping[str, Any]) -> Iterator[Any]:
    """Sums of charges with other states, one choice per element; of one composition, or of each of an array."""
    for choice in itertools.product(*(_shifts(element, amounts) for element in choosable(frozenset(amounts)))):
        yield usual + reduce(operator.add, choice, 0.0)  # the built-in sum rounds floats otherwise than arrays


def _shifts(element: str, amounts: Mapping[str, Any]) -> list[Any]:
    """Return by how much each choice for an element moves the sum of charges; the first is the usual one."""
    amount, oxygen = amounts[element], amounts.get("O")
    shifts = [0.0, *((state - OXIDATION_STATES[element]) * amount for state in OTHER_STATES.get(element, ()))]
    shifts += [
        rise * _smaller(amount, oxygen / ligands)
        for centre, ligands, rise in OXOANIONS
        if centre == element and oxygen is not None
    ]
    if element == "P" and not amounts.keys() & ANIONS:
        shifts.append(-8.0 * amount)  # a phosphide, P -3
    if element == "P" and "S" in amounts:
        shifts.append(-amount * (amounts["S"] == SULFUR_OF_P2S6 * amount))
    if _holds_hydride(amounts):
        if element == "B":
            shifts += [(state - OXIDATION_STATES["B"]) * amount for state in CLUSTER_STATES]
        if element == "N":
            shifts += [2 * protons * amount for protons in HYDROGEN_OF_NITROGEN]
    return shifts


def _smaller(first: Any, second: Any) -> Any:
    """Return the smaller of two numbers, or of each pair of two arrays."""
    return first * (first <= second) + second * (first > second)


@lru_cache(maxsize=4096)
def choosable(elements: frozenset[str]) -> tuple[str, ...]:
    """Return those of the elements that have a choice of states beside each other.

    Parameters
    ----------
    elements : frozenset of str
        Symbols of all elements of one composition.

    Examples
    --------
    >>> choosable(frozenset({"Li", "S", "O"})), choosable(frozenset({"Li", "S", "P"}))
    (('S',), ('P',))
    """
    centres = {centre for centre, _, _ in OXOANIONS} if "O" in elements else set()
    beside_hydride = {"B", "N"} if _holds_hydride(elements) else set()
    phosphorus = {"P"} if "S" in elements or not elements & ANIONS else set()
    return tuple(sorted(elements & (OTHER_STATES.keys() | centres | beside_hydride | phosphorus)))


def has_sulfide(amounts: Mapping[str, float]) -> bool:
    """Return True where sulfur of a composition is an anion: not in a sulfate, a sulfonyl imide or a thiocyanate.

    Parameters
    ----------
    amounts : mapping of str to float
        Amount of each element.

    Examples
    --------
    >>> has_sulfide({"Li": 3, "P": 1, "S": 3, "O": 1}), has_sulfide({"Li": 2, "S": 1, "O": 4})
    (True, False)
    """
    sulfur, oxygen = amounts.get("S", 0.0), amounts.get("O", 0.0)
    if not sulfur or {"C", "N"} <= set(amounts):
        return False
    usual = usual_imbalance(amounts)
    return oxygen < OXYGEN_OF_SULFONYL * sulfur or (usual is not None and abs(usual) <= TOLERANCE)


def is_balanced(amounts: Mapping[str, float]) -> bool:
    """Return True where the charges cancel within what rounding explains, or cannot be judged.

    Parameters
    ----------
    amounts : mapping of str to float
        Amount of each element.
    """
    imbalance = charge_imbalance(amounts)
    return imbalance is None or abs(imbalance) <= TOLERANCE


def is_neutral(amounts: Mapping[str, float]) -> bool:
    """Return True where the charges are known and cancel within what rounding explains.

    Parameters
    ----------
    amounts : mapping of str to float
        Amount of each element.

    Examples
    --------
    >>> is_neutral({"Li": 2, "S": 1}), is_neutral({"Li": 1, "S": 1}), is_neutral({"Fe": 1, "S": 1})
    (True, False, False)
    """
    imbalance = charge_imbalance(amounts)
    return imbalance is not None and abs(imbalance) <= TOLERANCE
