"""Slashes: between two phases (`Li3PS4/2LiI`), or inside amounts as the literature of perovskites writes them
(`Li1/3La5/9TiO3`)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from features.formulas.charge import TOLERANCE, charge_imbalance, is_balanced
from features.formulas.pieces import PLUS, moles_of, split
from features.formulas.stoichiometry import VARIABLE_TERM, FormulaError, parse

_FRACTION = re.compile(r"(?<=[A-Za-z)\]}])(?P<over>[1-9]\d?)[/\x04](?P<under>[1-9]\d?)(?![\d.xyz])")
_SLASH = "\x04"
"""For a slash that may be one of an amount; no text holds it."""


def split_phases(plain: str, variables: Mapping[str, float]) -> list[str]:
    """Pieces between slashes and plus signs; fractions of whole numbers stay in them, as decimals.

    A slash between whole numbers of which the first is smaller belongs to an amount where a variable follows
    (`La2/3-x`), or where the charges of the whole then cancel.

    Raises
    ------
    FormulaError
        They do not, and what stands between the slashes are no phases either.
    """
    guarded = re.sub(rf"\+(?={VARIABLE_TERM})", PLUS, _FRACTION.sub(_guarded, plain))
    return [each for piece in split(guarded, "/+") for each in _phases(piece.replace(PLUS, "+"), variables)]


def _guarded(match: re.Match[str]) -> str:
    return match[0].replace("/", _SLASH) if int(match["over"]) < int(match["under"]) else match[0]


def _phases(piece: str, variables: Mapping[str, float]) -> list[str]:
    if _SLASH not in piece:
        return [piece]
    one = _FRACTION.sub(lambda match: f"{int(match['over']) / int(match['under']):.12g}", piece)
    if re.search(rf"{_SLASH}\d+[+-]{VARIABLE_TERM}", piece):
        return [one]
    phases = [phase.replace(_SLASH, "/") for phase in split(piece, _SLASH)]
    try:
        imbalance = charge_imbalance(parse(one, variables))
    except FormulaError:  # a mixture or a name
        return phases
    if imbalance is not None and abs(imbalance) <= TOLERANCE:
        return [one]
    if all(_is_phase(phase, variables) for phase in phases):
        return phases
    raise FormulaError(
        f"unclear whether a slash belongs to an amount or stands between two phases; write {one} or blanks around it"
    )


def _is_phase(piece: str, variables: Mapping[str, float]) -> bool:
    """Whether a piece may stand by itself: an element, a compound whose charges cancel, or what is told by name."""
    try:
        amounts = parse(moles_of(piece, variables)[1], variables)
    except FormulaError:
        return True
    return len(amounts) == 1 or is_balanced(amounts)
