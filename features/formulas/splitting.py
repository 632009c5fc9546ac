"""Cutting a text into pieces: components of a mixture, coatings, layers; brackets keep together what is inside.

A slash stands between two phases (`Li3PS4/2LiI`), or inside an amount as the literature of perovskites writes it
(`Li1/3La5/9TiO3`).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping

from features.formulas.charge import is_balanced, is_neutral
from features.formulas.descriptor_words import guard_hyphens
from features.formulas.stoichiometry import VARIABLE_TERM, FormulaError, evaluate, parse

MAX_DEPTH = 8
_LEADING_MOLES = re.compile(r"^(?P<moles>\d+(?:\.\d+)?|(?:\d+(?:\.\d+)?)?[xyz])\s*(?=[A-Z(\[{])")
_LEADING_EXPRESSION = re.compile(r"^\((?P<moles>[\d.]*[xyz]?(?:[+-][\d.]*[xyz]?)*)\)\s*(?=[A-Z(\[{])")
_WHOLE_BRACKET = re.compile(r"[(\[{](?P<inside>.+)[)\]}](?P<times>\d+(?:\.\d+)?)?")
_TRAILING_MOLES = re.compile(r"[)\]}]\d+(?:\.\d+)?$")
_OF_AMOUNT = re.compile(rf"(?<=\d)-(?={VARIABLE_TERM})")
"""A hyphen before a variable, behind a number."""
_BRACKETED = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}")
_HYDRATE = re.compile(r"^\d*(?:\.\d+)?H2O$")
_HYPHEN, _PLUS, WITH = "\x01", "\x02", "\x03"
"""Marks for what is no separator, and for the word that is one; no text holds them."""

_FRACTION = re.compile(r"(?<=[A-Za-z)\]}])(?P<over>[1-9]\d?)[/\x04](?P<under>[1-9]\d?)(?![\d.xyz])")
_SLASH = "\x04"
"""For a slash that may be one of an amount; no text holds it."""


def check_brackets(plain: str) -> None:
    """Refuse brackets that do not match or are nested deeper than `MAX_DEPTH`.

    Parameters
    ----------
    plain : str
        Text of a formula, folded to plain characters.
    """
    opened: list[str] = []
    for character in plain:
        if character in "([{":
            opened.append(character)
            if len(opened) > MAX_DEPTH:
                raise FormulaError(f"brackets nested deeper than {MAX_DEPTH}")
        elif character in ")]}" and (not opened or "([{".index(opened.pop()) != ")]}".index(character)):
            raise FormulaError(f"unbalanced brackets, '{character}' closes nothing")
    if opened:
        raise FormulaError(f"unbalanced brackets, '{opened[-1]}' is never closed")


def split(plain: str, separators: str) -> list[str]:
    """Cut a text at separators outside brackets.

    Parameters
    ----------
    plain : str
        Text of a formula, folded to plain characters.
    separators : str
        Characters, each of which separates.

    Raises
    ------
    FormulaError
        A piece is empty.

    Examples
    --------
    >>> split("(A/B)/C", "/")
    ['(A/B)', 'C']
    """
    if not any(separator in plain for separator in separators):
        return [plain.strip()]
    pieces, separated, depth, current = [], "", 0, ""
    for character in plain:
        depth += (character in "([{") - (character in ")]}")
        if depth == 0 and character in separators:
            pieces.append(current.strip())
            separated += character
            current = ""
        else:
            current += character
    pieces.append(current.strip())
    if len(pieces) > 1 and not all(pieces):
        beside = separated[max(pieces.index("") - 1, 0)]
        raise FormulaError(f"a piece is missing beside '{'with' if beside == WITH else beside}'")
    return pieces


def inner_mixture(formula: str) -> tuple[str, float] | None:
    """Return the mixture inside the brackets of a component, and how often it is taken.

    Parameters
    ----------
    formula : str
        One component, without the moles in front.

    Returns
    -------
    tuple of str and float, or None
        None where the brackets hold no mixture, or do not enclose it all.

    Examples
    --------
    >>> inner_mixture("(75Li2S·25P2S5)"), inner_mixture("(75Li2S-25P2S5)0.9"), inner_mixture("(Li2S)(P2S5)")
    (('75Li2S·25P2S5', 1.0), ('75Li2S-25P2S5', 0.9), None)
    """
    match = _WHOLE_BRACKET.fullmatch(formula)
    if match is None:
        return None
    steps = ((character in "([{") - (character in ")]}") for character in match["inside"])
    if any(depth < 0 for depth in itertools.accumulate(steps)):
        return None
    inside = match["inside"]
    if len(split(join_moles(inside), "-·")) < 2:
        return None
    return inside, float(match["times"] or 1)


def join_moles(plain: str) -> str:
    """Write the plus signs of a mixture by mole as middle dots.

    `75Li2S + 25P2S5` states moles and is one mixture, as with a hyphen; `PEO + LLZTO` are two phases side by side.

    Parameters
    ----------
    plain : str
        Text of a formula, folded to plain characters.

    Examples
    --------
    >>> join_moles("3LiBH4 + LiI"), join_moles("PEO + LLZTO"), join_moles("Li7+xLa3")
    ('3LiBH4·LiI', 'PEO + LLZTO', 'Li7+xLa3')
    """
    if "+" not in plain:
        return plain
    pieces = split(re.sub(rf"\+(?={VARIABLE_TERM})", _PLUS, plain), "+")
    by_mole = [_LEADING_MOLES.match(piece) or _LEADING_EXPRESSION.match(piece) for piece in pieces]
    if len(pieces) < 2 or not any(by_mole) or any("%" in piece or not piece for piece in pieces):
        return plain
    return "·".join(pieces).replace(_PLUS, "+")


def split_moles(plain: str) -> list[str]:
    """Cut a text at middle dots and at hyphens that are no part of an amount such as `7-x`, or of a name.

    A hyphen before a variable belongs to an amount when a number stands before it (`Li7-xLa3`), else it separates
    components (`(100-x)Li2S-xP2S5`). Both readings are possible after a leading coefficient: that is refused.

    Parameters
    ----------
    plain : str
        Text of a formula, folded to plain characters.

    Examples
    --------
    >>> split_moles("75Li2S-25P2S5"), split_moles("Li7-xLa3Zr2-xTaxO12")
    (['75Li2S', '25P2S5'], ['Li7-xLa3Zr2-xTaxO12'])
    """
    if _LEADING_MOLES.match(plain) and _OF_AMOUNT.search(_BRACKETED.sub("", plain)):
        raise FormulaError("unclear whether '-x' is an amount or a component; put each component into brackets")
    guarded = guard_hyphens(_OF_AMOUNT.sub(_HYPHEN, plain), _HYPHEN)
    return [piece.replace(_HYPHEN, "-") for piece in split(guarded, "-·")]


def states_moles(component: str) -> bool:
    """Return True where a component says how much of it there is.

    `75Li2S`, `(LiCl)0.15` and `H2O` do; `Li2S-P2S5` names a system and is no 1:1 mixture.

    Parameters
    ----------
    component : str
        One piece of a mixture.
    """
    leading = _LEADING_MOLES.match(component) or _LEADING_EXPRESSION.match(component)
    return bool(leading or _TRAILING_MOLES.search(component) or _HYDRATE.match(component))


def moles_of(component: str, variables: Mapping[str, float]) -> tuple[float, str]:
    """Read coefficient and formula of `75Li2S`, `xLiI` or `(100-x)Li2S`.

    Parameters
    ----------
    component : str
        One piece of a mixture.
    variables : mapping of str to float
        Values of x, y and z where given.

    Returns
    -------
    tuple of float and str
        Moles, 1 where none are written, and the formula behind them.

    Examples
    --------
    >>> moles_of("(100-x)Li2S", {"x": 25.0})
    (75.0, 'Li2S')
    """
    for pattern in (_LEADING_EXPRESSION, _LEADING_MOLES):
        if match := pattern.match(component):
            return evaluate(match["moles"], variables), component[match.end() :]
    return 1.0, component


def split_phases(plain: str, variables: Mapping[str, float]) -> list[str]:
    """Cut a text at slashes and plus signs; fractions of whole numbers stay in the pieces, as decimals.

    A slash between whole numbers of which the first is smaller belongs to an amount where a variable follows
    (`La2/3-x`), or where the charges of the whole then cancel.

    Parameters
    ----------
    plain : str
        Text of a formula, folded to plain characters.
    variables : mapping of str to float
        Values of x, y and z where given.

    Examples
    --------
    >>> split_phases("Li3PS4/2LiI", {}), split_phases("Li1/3La5/9TiO3", {})
    (['Li3PS4', '2LiI'], ['Li0.333333333333La0.555555555556TiO3'])

    Raises
    ------
    FormulaError
        They do not, and what stands between the slashes are no phases either.
    """
    guarded = re.sub(rf"\+(?={VARIABLE_TERM})", _PLUS, _FRACTION.sub(_guarded, plain))
    return [phase for piece in split(guarded, "/+") for phase in _phases(piece.replace(_PLUS, "+"), variables)]


def _guarded(match: re.Match[str]) -> str:
    return match[0].replace("/", _SLASH) if int(match["over"]) < int(match["under"]) else match[0]


def _phases(piece: str, variables: Mapping[str, float]) -> list[str]:
    if _SLASH not in piece:
        return [piece]
    single = _FRACTION.sub(lambda match: f"{int(match['over']) / int(match['under']):.12g}", piece)
    if re.search(rf"{_SLASH}\d+[+-]{VARIABLE_TERM}", piece):
        return [single]
    phases = [phase.replace(_SLASH, "/") for phase in split(piece, _SLASH)]
    try:
        if is_neutral(parse(single, variables)):
            return [single]
    except FormulaError:  # a mixture or a name
        return phases
    if all(_is_phase(phase, variables) for phase in phases):
        return phases
    raise FormulaError(
        f"unclear whether a slash belongs to an amount or stands between two phases; write {single} or blanks around it"
    )


def _is_phase(piece: str, variables: Mapping[str, float]) -> bool:
    """True where a piece may stand by itself: an element, a compound whose charges cancel, or a name."""
    try:
        amounts = parse(moles_of(piece, variables)[1], variables)
    except FormulaError:
        return True
    return len(amounts) == 1 or is_balanced(amounts)
