"""Groups of a repeat unit: those that the model counts, and those that papers count per lithium."""

from __future__ import annotations

from collections.abc import Callable

from features.polymers.smiles import END, Atom, Structure, read_structure

Test = Callable[[Structure, Atom], bool]


def _is(*symbols: str) -> Test:
    return lambda unit, atom: atom.symbol in symbols


def _has_carbonyl(unit: Structure, atom: Atom) -> bool:
    return atom.symbol == "C" and unit.neighbours(atom, "O", 2) > 0


def is_ether(unit: Structure, atom: Atom) -> bool:
    """Return True for an oxygen between two atoms neither of which holds a double-bonded oxygen.

    Parameters
    ----------
    unit : Structure
        Repeat unit.
    atom : Atom
        Of the unit.
    """
    plain = atom.symbol == "O" and not atom.hydrogens and len(atom.bonds) == 2
    return plain and not any(unit.neighbours(unit.atoms[neighbour], "O", 2) for neighbour in atom.bonds)


def _is_carbonate(unit: Structure, atom: Atom) -> bool:
    return _has_carbonyl(unit, atom) and unit.neighbours(atom, "O") + unit.neighbours(atom, END) >= 2


GROUPS: dict[str, Test] = {
    "ether_oxygen": is_ether,
    "carbonyl": _has_carbonyl,
    "carbonate": _is_carbonate,
    "hydroxyl": lambda unit, atom: atom.symbol == "O" and atom.hydrogens > 0,
    "nitrile": lambda unit, atom: atom.symbol == "C" and unit.neighbours(atom, "N", 3) > 0,
    "nitrogen": _is("N"),
    "sulfur": _is("S"),
    "silicon": _is("Si"),
    "phosphorus": _is("P"),
    "boron_or_aluminium": _is("B", "Al"),
    "fluorine": _is("F"),
    "negative": lambda unit, atom: atom.charge < 0,
    "double_bonded_carbon": lambda unit, atom: atom.symbol == "C" and unit.neighbours(atom, "C", 2) > 0,
    "methyl": lambda unit, atom: atom.symbol == "C" and atom.hydrogens == 3,
}
"""Groups that are counted in a repeat unit, each per heavy atom: PEO is one polymer however many units are written."""
COORDINATING: dict[str, tuple[str, ...]] = {
    "CN": ("nitrile",),
    "C=O": ("carbonyl",),
    "O": ("ether_oxygen", "carbonyl"),
}
"""Groups that a ratio to lithium counts. Of an ester or a carbonate it is the carbonyl's oxygen: PMMA of O/Li = 4 is
then 21 % LiClO4 by weight, as the paper of our row O219 prints beside it; with both oxygens it would be 35 %."""


def groups_in(notation: str, group: str) -> int:
    """Return how many groups a repeat unit has of those that a ratio to lithium counts.

    Parameters
    ----------
    notation : str
        Line notation of the repeat unit.
    group : str
        One of `COORDINATING`, or `unit` for the whole of it.

    Examples
    --------
    >>> groups_in("*CC(C#N)*", "CN"), groups_in("*CC(C)(C(=O)OC)*", "O"), groups_in("*CCOCO*", "O")
    (1, 1, 2)
    """
    if group == "unit":
        return 1
    unit = read_structure(notation)
    return sum(GROUPS[name](unit, atom) for name in COORDINATING[group] for atom in unit.heavy)
