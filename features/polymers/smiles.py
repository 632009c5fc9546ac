"""Repeat units and anions as line notations (SMILES), read as far as polymers of batteries need it, and their groups.

RDKit reads more and weighs 35 MB; it agrees with this reader on the formula, the rings and the groups of all 229
repeat units and 40 salts of the public table of polymer electrolytes (compared once, version 2026.09).
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache

from features.formulas.elements import molar_mass

END = "*"
"""Symbol of the two places where a repeat unit goes on; `[Cu]` and `[Au]` stand for it in the public table."""
VALENCES = {"B": (3,), "C": (4,), "N": (3, 5), "O": (2,), "P": (3, 5), "S": (2, 4, 6)}
"""Bonds of an atom without brackets, hydrogen included; halogens have one."""
_TOKEN = re.compile(
    r"\[(?P<symbol>[A-Z][a-z]?|[a-z]|\*)@{0,2}(?P<hydrogen>H\d?)?(?P<charge>[+-]\d?|[+]+|-+)?\]"
    r"|(?P<plain>Cl|Br|[BCNOPSFI]|[bcnops]|\*)|(?P<bond>[-=#:/\\])|(?P<open>\()|(?P<close>\))"
    r"|(?P<ring>\d|%\d\d)|(?P<dot>\.)"
)
_ORDERS = {"-": 1, "=": 2, "#": 3, ":": 1, "/": 1, "\\": 1}


class StructureError(ValueError):
    """A line notation that cannot be read."""


@dataclass
class Atom:
    """One atom.

    Attributes
    ----------
    symbol : of the element, or `END`
    charge : in e
    hydrogens : bound to it
    aromatic : part of an aromatic ring
    bonds : order of the bond to each neighbour, by its place
    """

    symbol: str
    charge: int
    hydrogens: int
    aromatic: bool
    bonds: dict[int, int]


@dataclass(frozen=True)
class Structure:
    """Atoms and bonds of a repeat unit, or of a salt.

    Attributes
    ----------
    atoms : in the order they are written, the ends among them
    """

    atoms: tuple[Atom, ...]

    @cached_property
    def heavy(self) -> tuple[Atom, ...]:
        """All atoms but hydrogen, without the ends."""
        return tuple(atom for atom in self.atoms if atom.symbol != END)

    @cached_property
    def formula(self) -> dict[str, float]:
        """Atoms of each element."""
        counts = Counter(atom.symbol for atom in self.heavy)
        counts["H"] += sum(atom.hydrogens for atom in self.heavy)
        return {symbol: float(count) for symbol, count in counts.items() if count}

    @cached_property
    def molar_mass(self) -> float:
        """In g/mol."""
        return molar_mass(self.formula)

    @cached_property
    def ring_atoms(self) -> frozenset[int]:
        """Places of the atoms in a ring: those with a bond whose ends stay joined without it."""
        inside: set[int] = set()
        for place, atom in enumerate(self.atoms):
            for neighbour in atom.bonds:
                if neighbour not in inside or place not in inside:
                    inside |= set(self._path(place, neighbour, without=(place, neighbour)))
        return frozenset(inside)

    @cached_property
    def backbone(self) -> frozenset[int]:
        """Places of the atoms on the shortest way between the two ends; empty where there are not two."""
        ends = [place for place, atom in enumerate(self.atoms) if atom.symbol == END]
        return frozenset(self._path(ends[0], ends[1])) - set(ends) if len(ends) == 2 else frozenset()

    def _path(self, start: int, goal: int, without: tuple[int, int] | None = None) -> list[int]:
        """The shortest way from one atom to another, over all bonds but one; empty where there is none."""
        before, waiting = {start: start}, deque([start])
        while waiting:
            place = waiting.popleft()
            if place == goal:
                way = [place]
                while place != start:
                    place = before[place]
                    way.append(place)
                return way
            for neighbour in self.atoms[place].bonds:
                if neighbour not in before and {place, neighbour} != set(without or ()):
                    before[neighbour] = place
                    waiting.append(neighbour)
        return []

    def neighbours(self, atom: Atom, symbol: str, order: int = 1) -> int:
        """Return how many atoms of an element are bound to an atom by bonds of an order.

        Parameters
        ----------
        atom : Atom
            Of this structure.
        symbol : str
            Of the element.
        order : int
            1 to 3.
        """
        return sum(self.atoms[place].symbol == symbol for place, bond in atom.bonds.items() if bond == order)


@lru_cache(maxsize=4096)
def read_structure(notation: str) -> Structure:
    """Read a line notation.

    Parameters
    ----------
    notation : str
        Repeat unit with `*` (or `[Cu]` and `[Au]`) as its two ends, or a salt with dots between its ions.

    Raises
    ------
    StructureError
        A sign that is not known, or brackets or rings that do not close.

    Examples
    --------
    >>> unit = read_structure("*CCO*")
    >>> unit.formula, round(unit.molar_mass, 2)
    ({'C': 2.0, 'O': 1.0, 'H': 4.0}, 44.05)
    """
    atoms: list[Atom] = []
    branches: list[int | None] = []
    rings: dict[str, tuple[int, int | None]] = {}
    last: int | None = None
    order: int | None = None
    position = 0
    while position < len(notation):
        match = _TOKEN.match(notation, position)
        if match is None:
            raise StructureError(f"{notation}: cannot read {notation[position : position + 10]!r}")
        position = match.end()
        if match["bond"]:
            order = _ORDERS[match["bond"]]
        elif match["open"]:
            branches.append(last)
        elif match["close"]:
            if not branches:
                raise StructureError(f"{notation}: a bracket closes nothing")
            last = branches.pop()
        elif match["dot"]:
            last, order = None, None
        elif match["ring"]:
            if last is None:
                raise StructureError(f"{notation}: a ring number before any atom")
            first, first_order = rings.pop(match["ring"], (None, None))
            if first is None:
                rings[match["ring"]] = (last, order)
            else:
                _bind(atoms, first, last, order or first_order or 1)
            order = None
        else:
            atoms.append(_atom(match))
            if last is not None:
                _bind(atoms, last, len(atoms) - 1, order or 1)
            last, order = len(atoms) - 1, None
    if branches or rings:
        raise StructureError(f"{notation}: a bracket or a ring does not close")
    if not atoms:
        raise StructureError("an empty notation")
    for atom in atoms:
        if atom.hydrogens < 0:
            atom.hydrogens = _implied(atom)
    return Structure(tuple(atoms))


def _bind(atoms: list[Atom], first: int, second: int, order: int) -> None:
    atoms[first].bonds[second] = atoms[second].bonds[first] = order


def _atom(match: re.Match[str]) -> Atom:
    """An atom without bonds; its hydrogens are -1 where they are implied."""
    symbol = match["symbol"] or match["plain"]
    if symbol in ("Cu", "Au", END):
        return Atom(END, 0, 0, False, {})
    charge = match["charge"] or ""
    digits = charge.strip("+-")
    size = int(digits) if digits else len(charge)
    hydrogen = match["hydrogen"] or ""
    hydrogens = (int(hydrogen[1:] or 1) if hydrogen else 0) if match["symbol"] else -1
    return Atom(symbol.capitalize(), -size if "-" in charge else size, hydrogens, symbol.islower(), {})


def _implied(atom: Atom) -> int:
    """Hydrogens that fill the bonds of an atom without brackets."""
    bonds = sum(atom.bonds.values()) + atom.aromatic
    return max(next((valence for valence in VALENCES.get(atom.symbol, (1,)) if valence >= bonds), bonds) - bonds, 0)


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
