"""One inorganic formula as amounts of its elements: brackets, decimals, and amounts such as `7-x` with x given."""

from __future__ import annotations

import re
from collections.abc import Mapping

MAX_AMOUNT = 10_000.0

SYMBOLS = (
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr Nb "
    "Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au "
    "Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U"
).split()
"""Elements in order of atomic number."""
ELEMENTS = frozenset(SYMBOLS)
PLAIN_COMPOUNDS = frozenset(
    "KF KI HF HI BN YN VN VC WC BP CO NO LiOH NaOH KOH LiCN NaCN KCN NaHS KHS LiSCN NaSCN KSCN LiClO NaClO BiOF BiOCl "
    "BiOBr BiOI LaOF LaOCl YOF".split()
)
"""Real compounds whose formula looks like an abbreviation: capitals alone, or three elements without a number."""

VARIABLE_TERM = r"(?:\d+(?:\.\d+)?)?[xyz](?![a-z])"
_AMOUNT = re.compile(
    rf"(?:\d+(?:\.\d+)?[xyz]?(?![a-z])|\d+(?:\.\d+)?|\.\d+|{VARIABLE_TERM})(?:[+-]{VARIABLE_TERM})*|-{VARIABLE_TERM}"
)
_TERM = re.compile(r"[+-]?[^+-]+")
_SYMBOL = re.compile(r"[A-Z][a-z]?")
PLAIN_FORMULA = re.compile(r"(?=[A-Za-z.]*[0-9])(?:[A-Z][a-z]?(?:[0-9]+(?:\.[0-9]+)?)?)+")
"""A formula of symbols and numbers only, with at least one number: read at once, many of them together."""


class FormulaError(ValueError):
    """A text that cannot be read as a composition; the message says why and names the closest known names."""


class UnknownName(FormulaError):
    """A text that is neither a formula nor a known name."""


def parse(formula: str, variables: Mapping[str, float]) -> dict[str, float]:
    """Read the amount of each element of one formula, zero amounts left out.

    Parameters
    ----------
    formula : str
        One phase: symbols, amounts and brackets, no blanks.
    variables : mapping of str to float
        Values of x, y and z where given.

    Examples
    --------
    >>> parse("Li7-xLa3(ZrO4)2", {"x": 0.5})
    {'Li': 6.5, 'La': 3.0, 'Zr': 2.0, 'O': 8.0}

    Raises
    ------
    FormulaError
        An unknown symbol, an amount outside 0 to 10,000, a variable without a value, a word that only looks like a
        formula.
    """
    amounts, end = _group(formula, 0, variables)
    if end != len(formula):
        raise UnknownName(f"cannot read '{formula[end:][:40]}'")
    amounts = {element: amount for element, amount in amounts.items() if amount != 0}
    if not amounts:
        raise FormulaError("no element with an amount above zero")
    if formula.isalpha() and formula not in PLAIN_COMPOUNDS:
        capitals = formula.isupper() and len(formula) > 1
        if capitals or len(amounts) >= 3:
            raise UnknownName("looks like an abbreviation, and is not a known one")
    return amounts


def evaluate(expression: str, variables: Mapping[str, float]) -> float:
    """Compute an amount such as `2`, `7-x`, `0.5x` or `1+x+y`.

    Parameters
    ----------
    expression : str
        Sum of numbers and multiples of x, y and z.
    variables : mapping of str to float
        Their values where given.

    Examples
    --------
    >>> evaluate("1+0.5x", {"x": 0.4})
    1.2

    Raises
    ------
    FormulaError
        A variable without a value, or a result outside 0 to 10,000.
    """
    try:
        total = round(float(expression), 12)
    except ValueError:
        terms = _TERM.findall(expression)
        total = round(sum(_term(term, variables) for term in terms), 12)
    if not 0 <= total <= MAX_AMOUNT:
        raise FormulaError(f"the amount {expression} is {total:g}, expected 0 to {MAX_AMOUNT:g}")
    return total


def _term(term: str, variables: Mapping[str, float]) -> float:
    sign = -1.0 if term.startswith("-") else 1.0
    body = term.lstrip("+-")
    if body[-1] not in "xyz":
        return sign * float(body)
    if body[-1] not in variables:
        raise FormulaError(f"{body[-1]} has no value; add for example ({body[-1]}=0.4)")
    return sign * float(body[:-1] or 1) * variables[body[-1]]


def _group(formula: str, position: int, variables: Mapping[str, float]) -> tuple[dict[str, float], int]:
    amounts: dict[str, float] = {}
    while position < len(formula) and formula[position] not in ")]}":
        if formula[position] in "([{":
            inner, closing = _group(formula, position + 1, variables)
            if closing >= len(formula) or formula[closing] not in ")]}":
                return amounts, closing
            position = closing + 1
        elif symbol := _symbol(formula, position):
            inner, position = {symbol: 1.0}, position + len(symbol)
        else:
            break
        factor = 1.0
        if match := _AMOUNT.match(formula, position):
            factor, position = evaluate(match[0], variables), match.end()
        for element, amount in inner.items():
            amounts[element] = amounts.get(element, 0.0) + amount * factor
    return amounts, position


def _symbol(formula: str, position: int) -> str | None:
    """The element at this position; `Tax` is tantalum and x, `Px` phosphorus and x."""
    match = _SYMBOL.match(formula, position)
    if match is None:
        return None
    symbol = match[0]
    if symbol in ELEMENTS:
        return symbol
    return symbol[0] if len(symbol) == 2 and symbol[0] in ELEMENTS and symbol[1] in "xyz" else None
