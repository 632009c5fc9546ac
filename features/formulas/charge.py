"""Charge balance of a solid electrolyte, from the oxidation states its elements have in such compounds."""

from __future__ import annotations

from collections.abc import Container, Mapping

OXIDATION_STATES: dict[str, float] = {
    **dict.fromkeys(("Li", "Na", "K", "Ag"), 1), **dict.fromkeys(("Mg", "Ca", "Sr", "Ba", "Zn"), 2),
    **dict.fromkeys(("B", "Al", "Ga", "In", "Sc", "Y", "La", "Nd", "Gd", "Er", "Yb", "Bi"), 3),
    **dict.fromkeys(("Si", "Ge", "Sn", "Ti", "Zr", "Hf", "Ce"), 4),
    **dict.fromkeys(("P", "As", "Sb", "Nb", "Ta", "V"), 5),
    **dict.fromkeys(("W", "Mo"), 6), **dict.fromkeys(("O", "S", "Se"), -2), "N": -3,
    **dict.fromkeys(("F", "Cl", "Br", "I"), -1),
}  # fmt: skip
"""Highest common states: thiophosphates, phosphates, garnets, halides. Carbon has none here: salts of organic anions
cannot be judged so. Source: IUPAC rules for the anions, the group number for the cations."""

TOLERANCE = 0.1
"""Charge per formula unit that rounding of printed amounts explains."""


_WITH_PROTONS = {**OXIDATION_STATES, "H": 1}
_WITH_HYDRIDE = {**OXIDATION_STATES, "H": -1}


def oxidation_states(elements: Container[str]) -> Mapping[str, float]:
    """Return the oxidation states that elements have beside each other.

    Hydrogen counts -1 beside boron without oxygen (borohydrides), else +1.

    Parameters
    ----------
    elements : symbols of all elements of one composition

    Returns
    -------
    mapping of str to float
        By symbol; elements without a certain state (carbon, iron, ...) are left out.

    Examples
    --------
    >>> oxidation_states({"Li", "B", "H"})["H"], oxidation_states({"Li", "O", "H"})["H"]
    (-1, 1)
    """
    return _WITH_HYDRIDE if "B" in elements and "O" not in elements else _WITH_PROTONS


def charge_imbalance(amounts: Mapping[str, float]) -> float | None:
    """Return the sum of charges of a composition.

    Parameters
    ----------
    amounts : amount of each element

    Returns
    -------
    float or None
        In elementary charges per formula as written; None where an element has no certain state.

    Examples
    --------
    >>> charge_imbalance({"Li": 6, "P": 1, "S": 5, "Cl": 1})
    0
    """
    states = oxidation_states(amounts)
    if any(element not in states for element in amounts):
        return None
    return sum(states[element] * amount for element, amount in amounts.items())


def is_balanced(amounts: Mapping[str, float]) -> bool:
    """Return True where the charges cancel within what rounding explains, or cannot be judged.

    Parameters
    ----------
    amounts : amount of each element
    """
    imbalance = charge_imbalance(amounts)
    return imbalance is None or abs(imbalance) <= TOLERANCE
