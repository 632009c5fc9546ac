"""Families of electrolyte formulas: one template with alternatives, variable amounts and a dopant whose charge is
balanced."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from features.formulas.charge import OXIDATION_STATES, TOLERANCE, charge_imbalance
from features.formulas.normalise import fold
from features.formulas.reader import read_formula
from features.formulas.stoichiometry import ELEMENTS, FormulaError, parse
from serving.screen.axes import Axis, Listed, Value

VARIABLES = ("x", "y", "z")
VARIABLE_DIGITS = 3
"""Decimals that a drawn amount is rounded to: finer than any weighing."""
MAX_ALTERNATIVES = 10_000
MADE_TOLERANCE = 0.02
"""Charge per formula unit of a made formula that two decimals in its template explain: 0.01 for La0.67 as La2/3."""
_CHOICE = re.compile(r"\{([^{}]*)\}")
_BRACKETED = re.compile(r"(\d+(?:\.\d+)?)?\(([0-9.xyz+\-\s]+)\)")
"""An amount in parentheses, such as the `6(1-x)` of `Cl6(1-x)`; a group of atoms holds a capital letter."""
_TERM = re.compile(r"([+-]?)(\d+(?:\.\d+)?|\.\d+)?([xyz]?)")
_VARIABLE = re.compile(r"(?<=[A-Za-z0-9.)\]+\-])[xyz](?![a-z])")
_EXCHANGE = re.compile(r"([A-Z][a-z]?)\s*->\s*([A-Z][a-z]?)")
DEFAULT_BALANCE, DOPANT = "Li", "dopant"
UNBALANCED, BELOW_ZERO = "charges that do not cancel", "an amount below zero"
UNDOPED = "the undoped formula again, under another dopant"


@dataclass(frozen=True)
class Doping:
    """A dopant on the site of another element, its charge balanced by a third.

    Attributes
    ----------
    dopants : tuple of str
        Elements, one at a time.
    site : str
        Element whose place they take.
    balance : str
        Element whose amount balances the charge, such as `Li` or `O`, or an exchange such as `S->Cl`.
    amount : str
        Variable that counts the dopant per formula unit.

    Raises
    ------
    FormulaError
        No element, one of no certain charge, a dopant that is the site or stands twice, an exchange of equal charges.
    """

    dopants: tuple[str, ...]
    site: str
    balance: str = DEFAULT_BALANCE
    amount: str = "x"

    def __post_init__(self) -> None:
        for element in (*self.dopants, self.site, *self._balancing()):
            if element not in ELEMENTS:
                raise FormulaError(f"an element symbol in place of {element!r}")
            if element not in OXIDATION_STATES:
                raise FormulaError(
                    f"an element of one certain charge in place of {element}: write the charge-balanced formula itself"
                )
        if self.site in self.dopants:
            raise FormulaError(f"dopants other than {self.site}, whose place they take")
        if len(set(self.dopants)) < len(self.dopants):
            raise FormulaError("each dopant once")
        charges = [OXIDATION_STATES[element] for element in self._balancing()]
        if len(charges) == 2 and charges[0] == charges[1]:
            raise FormulaError(f"an exchange that changes the charge, such as S->Cl, in place of {self.balance}")

    def _balancing(self) -> tuple[str, ...]:
        exchange = _EXCHANGE.fullmatch(self.balance)
        return exchange.groups() if exchange else (self.balance,)

    def substitute(self, amounts: Mapping[str, float], dopant: str, amount: float) -> dict[str, float]:
        """Put a dopant in place and keep the charge of the parent.

        Al3+ on the Li+ of Li7La3Zr2O12 takes the place of three: one by itself, two by the balance.

        Parameters
        ----------
        amounts : mapping of str to float
            Of the parent's elements per formula unit; the site is among them.
        dopant : str
            Element.
        amount : float
            Of the dopant per formula unit.

        Raises
        ------
        FormulaError
            More is taken of an element than there is.

        Examples
        --------
        >>> Doping(("Al",), "Li").substitute({"Li": 7.0, "La": 3.0, "Zr": 2.0, "O": 12.0}, "Al", 0.25)
        {'Li': 6.25, 'Al': 0.25, 'La': 3.0, 'Zr': 2.0, 'O': 12.0}
        """
        doped: dict[str, float] = {}
        for element, count in amounts.items():
            doped[element] = count
            if element == self.site and dopant not in amounts:
                doped[dopant] = 0.0
        doped[self.site] -= amount
        doped[dopant] += amount
        surplus = amount * (OXIDATION_STATES[dopant] - OXIDATION_STATES[self.site])
        first, *second = self._balancing()
        if second:
            moved = surplus / (OXIDATION_STATES[second[0]] - OXIDATION_STATES[first])
            doped[first] = doped.get(first, 0.0) + moved
            doped[second[0]] = doped.get(second[0], 0.0) - moved
        else:
            doped[first] = doped.get(first, 0.0) - surplus / OXIDATION_STATES[first]
        for element, count in doped.items():
            if count < -1e-9:
                raise FormulaError(f"{dopant} {amount:g} on {self.site} leaves {count:.3g} {element}")
        return doped


@dataclass(frozen=True)
class Family:
    """Formulas made from one template.

    Attributes
    ----------
    template : str
        As written, such as `Li6PS5{Cl,Br}` or `Li6-xPS5-xCl1+x`.
    alternatives : tuple of str
        The template with each choice of its braces, amounts without parentheses.
    variables : mapping of str to Axis
        Values of x, y and z.
    doping : Doping or None
        None for the template alone.
    columns : mapping of str to Value
        Other columns of this electrolyte, such as its class.
    balanced : bool
        Whether formulas whose charges do not cancel are left out.
    """

    template: str
    alternatives: tuple[str, ...]
    variables: Mapping[str, Axis] = field(default_factory=dict)
    doping: Doping | None = None
    columns: Mapping[str, Value] = field(default_factory=dict)
    balanced: bool = True

    def axes(self) -> dict[str, Axis]:
        """Return the axes within the family: the alternative, the dopant, the variables; the last runs fastest."""
        axes: dict[str, Axis] = {"formula": Listed(self.alternatives)}
        if self.doping:
            axes[DOPANT] = Listed(self.doping.dopants)
        return axes | dict(self.variables)

    def formula(self, alternative: str, dopant: str | None, values: Mapping[str, float]) -> str:
        """Write one formula.

        Parameters
        ----------
        alternative : str
            One of `alternatives`.
        dopant : str or None
            One of the dopants; None without doping.
        values : mapping of str to float
            Of the variables.

        Raises
        ------
        FormulaError
            An amount below zero, charges that do not cancel, or none of a dopant but the first: the undoped formula
            is made once.

        Examples
        --------
        >>> Family("Li6-xPS5-xCl1+x", ("Li6-xPS5-xCl1+x",)).formula("Li6-xPS5-xCl1+x", None, {"x": 0.5})
        'Li5.5PS4.5Cl1.5'
        """
        if not values and self.doping is None:
            self._check(read_formula(alternative).composition, TOLERANCE)
            return alternative
        amounts = parse(alternative, values)
        if self.doping and dopant:
            amount = values[self.doping.amount]
            if amount == 0 and dopant != self.doping.dopants[0]:
                raise FormulaError(UNDOPED)
            amounts = self.doping.substitute(amounts, dopant, amount)
        self._check(amounts, MADE_TOLERANCE)
        return formula_text(amounts)

    def _check(self, amounts: Mapping[str, float] | None, tolerance: float) -> None:
        surplus = charge_imbalance(amounts) if amounts and self.balanced else None
        if surplus is not None and abs(surplus) > tolerance:
            raise FormulaError(f"{UNBALANCED} ({surplus:+.2g})")


def formula_text(amounts: Mapping[str, float]) -> str:
    """Write a formula from amounts, zeros and ones left out.

    Parameters
    ----------
    amounts : mapping of str to float
        Per formula unit, by element, in the order to write them.

    Examples
    --------
    >>> formula_text({"Li": 6.4, "La": 3.0, "Zr": 2.0, "P": 1.0, "Al": 0.0})
    'Li6.4La3Zr2P'
    """
    rounded = {element: round(amount, 6) for element, amount in amounts.items()}
    return "".join(
        f"{element}{'' if amount == 1 else format(amount, '.6g')}" for element, amount in rounded.items() if amount > 0
    )


def alternatives_of(template: str) -> tuple[str, ...]:
    """Return a template with every choice of its braces, parentheses around mere amounts multiplied out.

    Parameters
    ----------
    template : str

    Raises
    ------
    ValueError
        Braces that do not pair, an empty choice, too many of them.

    Examples
    --------
    >>> alternatives_of("Li6PS5{Cl,Br}")
    ('Li6PS5Cl', 'Li6PS5Br')
    >>> alternatives_of("Li6PS5Cl(1-x)Br(x)")
    ('Li6PS5Cl1-xBrx',)
    >>> alternatives_of("Li₃YCl₆(1-x)Br₆ₓ")
    ('Li3YCl6-6xBr6x',)
    """
    pieces = _CHOICE.split(fold(template))
    choices = [[choice.strip() for choice in piece.split(",")] for piece in pieces[1::2]]
    if any("{" in piece or "}" in piece for piece in pieces[::2]):
        raise ValueError("braces in pairs, such as Li6PS5{Cl,Br,I}")
    if not all(all(choice) for choice in choices):
        raise ValueError("something between the commas of the braces")
    if (count := int(np.prod([len(choice) for choice in choices], dtype=object))) > MAX_ALTERNATIVES:
        raise ValueError(f"at most {MAX_ALTERNATIVES:,} alternatives in braces, these are {count:,}; use x, y, z")
    alternatives = []
    for chosen in itertools.product(*choices):
        joined = "".join(itertools.chain(*itertools.zip_longest(pieces[::2], chosen, fillvalue="")))
        alternatives.append(_BRACKETED.sub(_multiplied_out, joined))
    return tuple(dict.fromkeys(alternatives))


def _multiplied_out(match: re.Match[str]) -> str:
    amount = match[2].replace(" ", "")
    if match[1] is None:
        return amount
    terms = [
        (sign, float(match[1]) * float(number or 1), name)
        for sign, number, name in _TERM.findall(amount)
        if number or name
    ]
    return "".join(f"{sign}{number:.12g}{name}" for sign, number, name in terms)


def variables_in(alternatives: Sequence[str]) -> list[str]:
    """Return which of x, y and z some formulas hold, in order.

    Parameters
    ----------
    alternatives : sequence of str
        Formulas without braces.

    Examples
    --------
    >>> variables_in(["Li6-xPS5-xCl1+x", "Dy2O3"])
    ['x']
    """
    used = {name for text in alternatives for name in _VARIABLE.findall(text.replace("Dy", ""))}
    return [name for name in VARIABLES if name in used]


def drawn_formulas(family: Family, columns: Mapping[str, np.ndarray], note: Callable[[str, int], None]) -> np.ndarray:
    """Write the formula of each row; each distinct one is made once.

    Parameters
    ----------
    family : Family
    columns : mapping of str to array, shape (n_rows,)
        Values of `Family.axes`.
    note : callable
        Called with each reason to leave formulas out, and of how many rows.

    Returns
    -------
    array of object, shape (n_rows,)
        Texts, None where a formula cannot be.
    """
    names = [name for name in family.axes() if name in family.variables]
    kinds = [name for name in ("formula", DOPANT) if name in columns]
    table = np.column_stack(
        [np.unique(columns[name].astype(str), return_inverse=True)[1] for name in kinds]
        + [np.round(columns[name].astype(float), VARIABLE_DIGITS) for name in names]
    )
    _, first, inverse, counts = np.unique(table, axis=0, return_index=True, return_inverse=True, return_counts=True)
    texts = np.empty(len(first), dtype=object)
    for place, (row, count) in enumerate(zip(first, counts, strict=True)):
        dopant = columns[DOPANT][row] if DOPANT in columns else None
        values = {name: float(np.round(columns[name][row], VARIABLE_DIGITS)) for name in names}
        try:
            texts[place] = family.formula(str(columns["formula"][row]), dopant, values)
        except FormulaError as error:
            note(_reason(str(error)), int(count))
    return np.asarray(texts[inverse.reshape(-1)])


def _reason(message: str) -> str:
    """Return a reason without its numbers, so that a million rows give a few."""
    return next((reason for reason in (UNBALANCED, UNDOPED) if message.startswith(reason)), BELOW_ZERO)
