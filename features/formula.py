"""Reading formulas as papers and lab notebooks write them: a composition, or exactly why not.

pymatgen refuses `75Li2S-25P2S5` and, worse, accepts `LPSCl`, `LiPON` and `Li6PS5Cl@Li3N` with a wrong composition.
Here names are looked up first (`aliases.csv`, each with its source), coatings and layers are kept apart, and what
cannot be read is refused with the closest known names.
"""

from __future__ import annotations

import csv
import difflib
import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

MAX_LENGTH = 300
MAX_DEPTH = 8
MAX_AMOUNT = 10_000.0

ELEMENTS = frozenset(
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb "
    "Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd "
    "In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb "
    "Bi Po At Rn Fr Ra Ac Th Pa U".split()
)

_FOLDED = {
    "0123456789": "₀₁₂₃₄₅₆₇₈₉⁰¹²³⁴⁵⁶⁷⁸⁹",
    "-": "₋⁻–—−‐‑",
    "+": "₊⁺",
    "·": "•∙‧⋅・",
    "μ": "µ",
    ".": "．",
    "x": "ₓ",
    " ": "\u00a0\u2009\u202f",
}
"""Characters written many ways, folded to one: sub- and superscript digits, dashes, middle dots, blanks."""
_TO_ASCII = {
    ord(character): plain[index % len(plain)] for plain, many in _FOLDED.items() for index, character in enumerate(many)
}

_FORM = re.compile(
    r"^(?P<polymorph>[αβγδε])-|\b(?P<word>glass[- ]ceramic|glass|"
    r"single[- ]crystal|nano-?porous|amorphous|crystalline|thin[- ]film|film)\b"
)
_VARIABLE = re.compile(r"\b(?P<name>[xyz])\s*=\s*(?P<value>\d+(?:\.\d+)?)")
_AMOUNT = re.compile(
    r"(?P<first>\d+(?:\.\d+)?[xyz]?|\.\d+|[xyz])(?P<rest>(?:[+-](?:\d+(?:\.\d+)?)?[xyz](?![a-z]))*)|(?P<neg>-(?:\d+(?:\.\d+)?)?[xyz](?![a-z]))"
)
_SHARE = re.compile(r"^(?P<value>\d+(?:\.\d+)?)\s*(?P<basis>wt|vol|mol)\s*%\s*(?P<what>.+)$")
_RATIO = re.compile(
    r"\(\s*(?P<numbers>\d+(?:\.\d+)?(?:\s*:\s*\d+(?:\.\d+)?)+)\s*(?P<basis>w|wt|v|vol|m|mol)?[^)]*\)\s*$"
)
_NAMED = re.compile(r"^(?P<outside>[^()]+?)\s+\((?P<inside>[^()]+)\)$")
"""A formula and its own abbreviation, in either order: `LiI-Li3PS4 (LPSI)`, `LLZTO (Li6.4La3Zr1.4Ta0.6O12)`."""
_SYMBOL = re.compile(r"[A-Z][a-z]?")
_BASIS = {"w": "weight", "wt": "weight", "v": "volume", "vol": "volume", "m": "mole", "mol": "mole", None: "unstated"}


class FormulaError(ValueError):
    """A text that cannot be read as a composition; the message says why and names the closest known names."""


@dataclass(frozen=True)
class Reading:
    """What a text was read as.

    Attributes
    ----------
    text : as given
    composition : amount of each element, or None where the text names a mixture without amounts (a polymer blend, a
    coating)
    form : glass, film, polymorph ... as written; empty when none
    parts : the pieces, each ``{"text", "role", "composition", ...}``; one piece for a plain formula
    electrolyte_class : family the alias table gives, or None
    """

    text: str
    composition: dict[str, float] | None
    form: str = ""
    parts: list[dict[str, Any]] = field(default_factory=list)
    electrolyte_class: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The object `silion formula` prints."""
        return {"text": self.text, "composition": self.composition, "form": self.form, "parts": self.parts}


@dataclass(frozen=True)
class Alias:
    """One row of `aliases.csv`."""

    name: str
    composition: str
    role: str
    electrolyte_class: str
    source: str


@lru_cache(maxsize=1)
def aliases() -> dict[str, Alias]:
    """Known names, by name; read once, on first use."""
    with (Path(__file__).parent / "aliases.csv").open(encoding="utf-8", newline="") as file:
        return {row["name"]: Alias(**row) for row in csv.DictReader(file)}


@lru_cache(maxsize=1)
def _folded_aliases() -> dict[str, Alias]:
    return {name.casefold(): alias for name, alias in aliases().items()}


@lru_cache(maxsize=65_536)
def read_formula(text: str) -> Reading:
    """Read a formula, name, mixture, composite or coating.

    Parameters
    ----------
    text : str
        At most 300 characters. `75Li2S-25P2S5`, `Li7-xLa3Zr2-xTaxO12 (x=0.4)`, `(A)0.85-(B)0.15`, `LLZTO`, `Li₆PS₅Cl`,
        `PEO/LiTFSI + 10 wt% LLZTO`, `Si@Li7P3S11` and the like. Coefficients in front of a component are moles.

    Returns
    -------
    Reading
        `composition` is None for mixtures whose shares are not stated; nothing is guessed.

    Raises
    ------
    FormulaError
        Unknown names, unbalanced brackets, impossible amounts, variables without a value, absurd length or nesting.

    Examples
    --------
    >>> read_formula("75Li2S-25P2S5").composition
    {'Li': 150.0, 'S': 200.0, 'P': 50.0}
    >>> [part["role"] for part in read_formula("Si@Li7P3S11").parts]
    ['core', 'shell']
    """
    if not isinstance(text, str) or not text.strip():
        raise FormulaError("empty formula; expected a composition or a known name")
    if len(text) > MAX_LENGTH:
        raise FormulaError(f"the formula has {len(text)} characters, expected at most {MAX_LENGTH}")
    plain = re.sub(r"\s+", " ", text.translate(_TO_ASCII)).strip()
    plain, variables = _take_variables(plain)
    plain, form = _take_form(plain)
    _check_brackets(text, plain)
    plain = _without_own_name(plain)
    return _read(text, plain, form, variables)


def _read(text: str, plain: str, form: str, variables: dict[str, float]) -> Reading:
    if alias := _alias(plain):
        return _from_alias(text, form, alias)
    if "@" in plain:
        pieces = _split(plain, "@")
        roles = ["core", *["shell"] * (len(pieces) - 1)]
        return Reading(
            text, None, form, [_part(piece, role, variables) for piece, role in zip(pieces, roles, strict=True)]
        )
    plain, ratio, basis = _take_ratio(plain)
    pieces = _split(plain, "/+")
    if len(pieces) > 1:
        return _composite(text, pieces, form, variables, ratio, basis)
    components = _split_moles(plain)
    if len(components) > 1 and not any(_states_moles(component) for component in components):
        return Reading(text, None, form, [_part(piece, "component", variables) for piece in components])
    parts, total = [], dict[str, float]()
    for component in components:
        coefficient, formula = _coefficient(component)
        alias = _alias(formula)
        if alias and not alias.composition:
            if len(components) == 1:
                return _from_alias(text, form, alias)
            return Reading(text, None, form, [_part(piece, "component", variables) for piece in components])
        amounts = _parse(alias.composition if alias else formula, {} if alias else variables, text)
        parts.append({"text": component, "role": "component", "moles": coefficient, "composition": amounts})
        for element, amount in amounts.items():
            total[element] = total.get(element, 0.0) + coefficient * amount
    return Reading(text, total, form, parts)


def _take_variables(plain: str) -> tuple[str, dict[str, float]]:
    found = {match["name"]: float(match["value"]) for match in _VARIABLE.finditer(plain)}
    stripped = re.sub(r"[\s,;]*\(\s*[,;\s]*\)\s*$|[\s,;(]+$", "", _VARIABLE.sub("", plain)) if found else plain
    return stripped.strip(), found


def _take_form(plain: str) -> tuple[str, str]:
    words: list[str] = []

    def keep(match: re.Match[str]) -> str:
        words.append(match["polymorph"] or match["word"])
        return ""

    while (stripped := _FORM.sub(keep, plain).strip(" ,-")) != plain and stripped:
        plain = re.sub(r"\s*\(\s*\)", "", stripped).strip()
    return plain, " ".join(words)


def _without_own_name(plain: str) -> str:
    """The formula of `formula (name)` or `name (formula)`; the name where the other piece is only words."""
    match = _NAMED.match(plain)
    if match is None:
        return plain
    outside, inside = match["outside"], match["inside"]
    if _alias(inside):
        return outside
    return (
        (inside if re.fullmatch(r"[A-Za-z0-9.()\[\]+·-]*\d[A-Za-z0-9.()\[\]+·-]*", inside) else outside)
        if _alias(outside)
        else plain
    )


def _check_brackets(text: str, plain: str) -> None:
    open_ones: list[str] = []
    for character in plain:
        if character in "([{":
            open_ones.append(character)
            if len(open_ones) > MAX_DEPTH:
                raise FormulaError(f"{_short(text)}: brackets nested deeper than {MAX_DEPTH}")
        elif character in ")]}" and (not open_ones or "([{".index(open_ones.pop()) != ")]}".index(character)):
            raise FormulaError(f"{_short(text)}: unbalanced brackets, '{character}' closes nothing")
    if open_ones:
        raise FormulaError(f"{_short(text)}: unbalanced brackets, '{open_ones[-1]}' is never closed")


def _split(plain: str, separators: str) -> list[str]:
    pieces, depth, current = [], 0, ""
    for character in plain:
        depth += (character in "([{") - (character in ")]}")
        if depth == 0 and character in separators:
            pieces.append(current.strip())
            current = ""
        else:
            current += character
    return [piece for piece in [*pieces, current.strip()] if piece]


def _split_moles(plain: str) -> list[str]:
    """Split at middle dots and at hyphens that are not part of an amount such as `7-x`."""
    guarded = re.sub(r"-(?=(?:\d+(?:\.\d+)?)?[xyz](?![a-z]))", "\x01", plain)
    return [piece.replace("\x01", "-") for piece in _split(guarded, "·-")]


def _coefficient(component: str) -> tuple[float, str]:
    """The moles written before or after a component: `75Li2S`, `(LiCl)0.15`."""
    if match := re.match(r"^(\d+(?:\.\d+)?)\s*(?=[A-Z(\[])", component):
        return float(match[1]), component[match.end() :].strip()
    return 1.0, component


def _states_moles(component: str) -> bool:
    """`75Li2S` and `(LiCl)0.15` say how much; `Li2S-P2S5` names a system and is no 1:1 mixture."""
    return _coefficient(component)[1] != component or re.search(r"\)\d+(?:\.\d+)?$", component) is not None


def _take_ratio(plain: str) -> tuple[str, list[float], str]:
    if match := _RATIO.search(plain):
        numbers = [float(number) for number in match["numbers"].split(":")]
        return plain[: match.start()].strip(), numbers, _BASIS[match["basis"]]
    return plain, [], ""


def _composite(
    text: str, pieces: list[str], form: str, variables: dict[str, float], ratio: list[float], basis: str
) -> Reading:
    if ratio and len(ratio) != len(pieces):
        raise FormulaError(f"{_short(text)}: {len(pieces)} components but a ratio of {len(ratio)} numbers")
    parts = []
    for index, piece in enumerate(pieces):
        share = _SHARE.match(piece)
        part = _part(share["what"] if share else piece, "component", variables)
        if share:
            part |= {"share_pct": float(share["value"]), "basis": _BASIS[share["basis"]]}
        elif ratio:
            part |= {"share_pct": 100 * ratio[index] / sum(ratio), "basis": basis}
        parts.append(part)
    return Reading(text, None, form, parts)


def _part(piece: str, role: str, variables: dict[str, float]) -> dict[str, Any]:
    reading = _read(piece, *_take_form(piece), variables)
    part: dict[str, Any] = {"text": piece, "role": role, "composition": reading.composition}
    if alias := _alias(piece):
        part["role"] = alias.role if role == "component" else role
    return part


def _alias(plain: str) -> Alias | None:
    alias = aliases().get(plain)
    if alias is None and not re.fullmatch(r"(?:[A-Z][a-z]?\d*)+", plain):
        alias = _folded_aliases().get(plain.casefold())
    return alias


def _from_alias(text: str, form: str, alias: Alias) -> Reading:
    if alias.role == "ambiguous":
        raise FormulaError(f"{_short(text)}: {alias.source}; write the formula instead")
    amounts = _parse(alias.composition, {}, text) if alias.composition else None
    part = {"text": alias.name, "role": alias.role, "composition": amounts, "source": alias.source}
    return Reading(text, amounts, form, [part], alias.electrolyte_class or None)


def _parse(formula: str, variables: dict[str, float], text: str) -> dict[str, float]:
    amounts, end = _parse_group(formula, 0, variables, text)
    if end != len(formula):
        raise FormulaError(f"{_short(text)}: cannot read '{_short(formula[end:])}'{_closest(formula)}")
    amounts = {element: amount for element, amount in amounts.items() if amount != 0}
    if not amounts:
        raise FormulaError(f"{_short(text)}: no element with an amount above zero")
    letters_only = re.fullmatch(r"[A-Za-z]+", formula)
    if letters_only and len(amounts) >= 3 and "OH" not in formula and "CN" not in formula:
        raise FormulaError(f"{_short(text)}: looks like an abbreviation, and is not a known one{_closest(formula)}")
    return amounts


def _parse_group(formula: str, at: int, variables: dict[str, float], text: str) -> tuple[dict[str, float], int]:
    amounts: dict[str, float] = {}
    while at < len(formula) and formula[at] not in ")]}":
        if formula[at] in "([{":
            inner, at = _parse_group(formula, at + 1, variables, text)
            at += 1
        elif symbol := _symbol_at(formula, at):
            inner, at = {symbol: 1.0}, at + len(symbol)
        else:
            break
        factor, at = _amount(formula, at, variables, text)
        for element, amount in inner.items():
            amounts[element] = amounts.get(element, 0.0) + amount * factor
    return amounts, at


def _symbol_at(formula: str, at: int) -> str | None:
    match = _SYMBOL.match(formula, at)
    if match is None:
        return None
    symbol = match[0]
    if symbol in ELEMENTS:
        return symbol
    return symbol[0] if len(symbol) == 2 and symbol[0] in ELEMENTS and symbol[1] in "xyz" else None


def _amount(formula: str, at: int, variables: dict[str, float], text: str) -> tuple[float, int]:
    match = _AMOUNT.match(formula, at)
    if match is None:
        return 1.0, at
    total = sum(_term(term, variables, text) for term in re.findall(r"[+-]?[^+-]+", match[0]))
    if not 0 <= total <= MAX_AMOUNT:
        raise FormulaError(f"{_short(text)}: the amount {match[0]} is {total:g}, expected 0 to {MAX_AMOUNT:g}")
    return round(total, 12), match.end()


def _term(term: str, variables: dict[str, float], text: str) -> float:
    sign = -1.0 if term.startswith("-") else 1.0
    body = term.lstrip("+-")
    if body[-1] not in "xyz":
        return sign * float(body)
    if body[-1] not in variables:
        raise FormulaError(f"{_short(text)}: {body[-1]} has no value; add for example ({body[-1]}=0.4)")
    return sign * float(body[:-1] or 1) * variables[body[-1]]


def _closest(formula: str) -> str:
    near = difflib.get_close_matches(formula, list(aliases()), n=3, cutoff=0.4)
    return f"; closest known names: {', '.join(near)}" if near else ""


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."
