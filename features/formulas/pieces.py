"""Cutting a text into pieces: components of a mixture, coatings, layers; brackets keep together what is inside."""

from __future__ import annotations

import re
from collections.abc import Mapping

from features.formulas.descriptors import guard_hyphens
from features.formulas.stoichiometry import VARIABLE_TERM, FormulaError, evaluate

MAX_DEPTH = 8
_LEADING_MOLES = re.compile(r"^(?P<moles>\d+(?:\.\d+)?|(?:\d+(?:\.\d+)?)?[xyz])\s*(?=[A-Z(\[{])")
_LEADING_EXPRESSION = re.compile(r"^\((?P<moles>[\d.]*[xyz]?(?:[+-][\d.]*[xyz]?)*)\)\s*(?=[A-Z(\[{])")
_TRAILING_MOLES = re.compile(r"[)\]}]\d+(?:\.\d+)?$")
_HYDRATE = re.compile(r"^\d*(?:\.\d+)?H2O$")
_HYPHEN, PLUS, WITH = "\x01", "\x02", "\x03"
"""Marks for what is no separator, and for the word that is one; no text holds them."""


def check_brackets(plain: str) -> None:
    """Refuse brackets that do not match or are nested too deep."""
    open_ones: list[str] = []
    for character in plain:
        if character in "([{":
            open_ones.append(character)
            if len(open_ones) > MAX_DEPTH:
                raise FormulaError(f"brackets nested deeper than {MAX_DEPTH}")
        elif character in ")]}" and (not open_ones or "([{".index(open_ones.pop()) != ")]}".index(character)):
            raise FormulaError(f"unbalanced brackets, '{character}' closes nothing")
    if open_ones:
        raise FormulaError(f"unbalanced brackets, '{open_ones[-1]}' is never closed")


def split(plain: str, separators: str) -> list[str]:
    """Pieces between separators outside brackets; none may be empty."""
    pieces, found, depth, current = [], "", 0, ""
    for character in plain:
        depth += (character in "([{") - (character in ")]}")
        if depth == 0 and character in separators:
            pieces.append(current.strip())
            found += character
            current = ""
        else:
            current += character
    pieces.append(current.strip())
    if len(pieces) > 1 and not all(pieces):
        beside = found[max(pieces.index("") - 1, 0)]
        raise FormulaError(f"a piece is missing beside '{'with' if beside == WITH else beside}'")
    return pieces


def split_moles(plain: str) -> list[str]:
    """Split at middle dots and at hyphens that are no part of an amount such as `7-x`, or of a name.

    A hyphen before a variable belongs to an amount when a number stands before it (`Li7-xLa3`), else it separates
    components (`(100-x)Li2S-xP2S5`). Both readings are possible after a leading coefficient: that is refused.
    """
    pattern = rf"(?<=\d)-(?={VARIABLE_TERM})"
    outside = re.sub(r"\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}", "", plain)
    if _LEADING_MOLES.match(plain) and re.search(pattern, outside):
        raise FormulaError("unclear whether '-x' is an amount or a component; put each component into brackets")
    guarded = guard_hyphens(re.sub(pattern, _HYPHEN, plain), _HYPHEN)
    return [piece.replace(_HYPHEN, "-") for piece in split(guarded, "-·")]


def states_moles(component: str) -> bool:
    """`75Li2S`, `(LiCl)0.15` and `H2O` say how much; `Li2S-P2S5` names a system and is no 1:1 mixture."""
    leading = _LEADING_MOLES.match(component) or _LEADING_EXPRESSION.match(component)
    return bool(leading or _TRAILING_MOLES.search(component) or _HYDRATE.match(component))


def moles_of(component: str, variables: Mapping[str, float]) -> tuple[float, str]:
    """Coefficient and formula of `75Li2S`, `xLiI` or `(100-x)Li2S`; 1 where none is written."""
    for pattern in (_LEADING_EXPRESSION, _LEADING_MOLES):
        if match := pattern.match(component):
            return evaluate(match["moles"], variables), component[match.end() :]
    return 1.0, component
