"""Reading formulas as papers and lab notebooks write them: a composition, or exactly why not.

pymatgen refuses `75Li2S-25P2S5` and, worse, accepts `LPSCl`, `LiPON` and `Li6PS5Cl@Li3N` with a wrong composition and
no error. Here names are looked up first (`aliases.csv`, each with its source), coatings and layers are kept apart, and
what cannot be read is refused with the closest known names.
"""

from __future__ import annotations

import copy
import difflib
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from features.aliases import Alias, aliases, find_alias
from features.stoichiometry import VARIABLE_TERM, FormulaError, evaluate, parse

__all__ = ["FormulaError", "Reading", "fold", "read_formula"]

MAX_LENGTH = 300
MAX_DEPTH = 8

_FOLDED = {
    "0123456789": "₀₁₂₃₄₅₆₇₈₉⁰¹²³⁴⁵⁶⁷⁸⁹", "-": "₋⁻–—−‐‑", "+": "₊⁺", "·": "•∙‧⋅・", "μ": "µ", ".": "．", "x": "ₓ",
    " ": "\u00a0\u2009\u202f",
}  # fmt: skip
"""Characters written many ways, folded to one: sub- and superscript digits, dashes, middle dots, blanks."""
_TO_ASCII = {
    ord(character): plain[index % len(plain)] for plain, many in _FOLDED.items() for index, character in enumerate(many)
}
_FORM = re.compile(
    r"^(?P<polymorph>[αβγδε]|alpha|beta|gamma|delta|[abg](?=-Li))-"
    r"|\b(?P<word>glass[- ]ceramic|glass|single[- ]crystal|nano-?porous|amorphous|crystalline|thin[- ]film|film)\b"
)
_SIZE_WORD = re.compile(r"^(?P<word>μ|u|nano|micro|n|c|a)[- ]?(?=Si)", re.IGNORECASE)
_VARIABLE = re.compile(r"\b(?P<name>[xyz])\s*=\s*(?P<value>\d+(?:\.\d+)?)")
_SHARE = re.compile(r"^(?P<value>\d+(?:\.\d+)?)\s*(?P<basis>wt|vol|mol)\s*%\s*(?P<what>.+)$")
_RATIO = re.compile(r"\(\s*(?P<numbers>\d+(?:\.\d+)?(?:\s*:\s*\d+(?:\.\d+)?)+)\s*(?P<basis>[^()]*)\)\s*$")
_REMARK = re.compile(r"^(?P<outside>.+?)\s+\((?P<inside>[^()]*)\)$")
"""A formula and a remark on it: `LiI-Li3PS4 (LPSI)`, `LLZTO (Li6.4La3Zr1.4Ta0.6O12)`, `Li10GeP2S12 (tetragonal)`."""
_LEADING_MOLES = re.compile(r"^(?P<number>\d+(?:\.\d+)?|(?:\d+(?:\.\d+)?)?[xyz])\s*(?=[A-Z(\[{])")
_LEADING_EXPRESSION = re.compile(r"^\((?P<expression>[\d.]*[xyz]?(?:[+-][\d.]*[xyz]?)*)\)\s*(?=[A-Z(\[{])")
_TRAILING_MOLES = re.compile(r"[)\]}]\d+(?:\.\d+)?$")
_HYDRATE = re.compile(r"^\d*(?:\.\d+)?H2O$")
_MOLES = {"mole", "unstated"}


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


def fold(text: str) -> str:
    """The text with sub- and superscripts, dashes, dots and blanks written one way."""
    return re.sub(r"\s+", " ", text.translate(_TO_ASCII)).strip()


def read_formula(text: str) -> Reading:
    """Read a formula, name, mixture, composite or coating.

    Parameters
    ----------
    text : str
        At most 300 characters. `75Li2S-25P2S5`, `Li7-xLa3Zr2-xTaxO12 (x=0.4)`, `(A)0.85-(B)0.15`, `LLZTO`,
        `Li₆PS₅Cl`, `PEO/LiTFSI + 10 wt% LLZTO`, `Si@Li7P3S11` and the like. Coefficients in front of a component are
        moles.

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
    return copy.deepcopy(_read_text(text))


@lru_cache(maxsize=65_536)
def _read_text(text: str) -> Reading:
    plain, variables = _take_variables(fold(text))
    try:
        _check_brackets(plain)
        plain, form = _take_form(plain)
        return _Reader(text, variables).read(_without_remark(plain), form)
    except FormulaError as error:
        unknown = "cannot read" in str(error) or "abbreviation" in str(error)
        near = difflib.get_close_matches(plain, list(aliases()), n=3, cutoff=0.4) if unknown else []
        hint = f"; closest known names: {', '.join(near)}" if near else ""
        short = text if len(text) <= 60 else f"{text[:57]}..."
        raise FormulaError(f"{short}: {error}{hint}") from None


def _take_variables(plain: str) -> tuple[str, dict[str, float]]:
    found = {match["name"]: float(match["value"]) for match in _VARIABLE.finditer(plain)}
    if found:
        plain = re.sub(r"[\s,;]*\(\s*[,;\s]*\)\s*$|[\s,;]+$", "", _VARIABLE.sub("", plain))
    return plain.strip(), found


def _take_form(plain: str) -> tuple[str, str]:
    """The text without the words that name its form, and those words."""
    words: list[str] = []

    def keep(match: re.Match[str]) -> str:
        words.append(match["polymorph"] or match["word"])
        return ""

    plain = re.sub(r",\s*[a-z][a-z -]*$", "", plain)
    stripped = _FORM.sub(keep, plain)
    if words:
        plain = re.sub(r"\s*\(\s*\)", "", stripped).strip(" ,")
        plain = re.sub(r"\s+-|-\s+|^-|-$", "", plain) if plain.startswith("-") or plain.endswith("-") else plain
    return plain, " ".join(words)


def _without_remark(plain: str) -> str:
    """The formula of `formula (remark)` or of `name (formula)`."""
    match = _REMARK.match(plain)
    if match is None:
        return plain
    outside, inside = match["outside"], match["inside"]
    if re.search("[%:]", inside) and not find_alias(outside):
        return plain  # a share or a ratio is no remark
    is_formula = re.fullmatch(r"[A-Za-z0-9.\[\]+·-]*\d[A-Za-z0-9.\[\]+·-]*", inside) is not None
    return inside if find_alias(outside) and is_formula and not find_alias(inside) else outside


def _check_brackets(plain: str) -> None:
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


def _split(plain: str, separators: str) -> list[str]:
    """Pieces between separators outside brackets; none may be empty."""
    pieces, depth, current = [], 0, ""
    for character in plain:
        depth += (character in "([{") - (character in ")]}")
        if depth == 0 and character in separators:
            pieces.append(current.strip())
            current = ""
        else:
            current += character
    pieces.append(current.strip())
    if len(pieces) > 1 and not all(pieces):
        raise FormulaError(f"a piece is missing beside '{separators[0]}'")
    return pieces


@dataclass(frozen=True)
class _Reader:
    """The text being read and the values of its variables."""

    text: str
    variables: dict[str, float]

    def read(self, plain: str, form: str = "") -> Reading:
        if not plain:
            raise FormulaError("nothing is left to read")
        if alias := find_alias(plain):
            return self._named(alias, form)
        if "@" in plain:
            return self._coated(plain, form)
        plain, ratio, basis = _take_ratio(plain)
        guarded = re.sub(rf"\+(?={VARIABLE_TERM})", "\x02", plain)
        pieces = [piece.replace("\x02", "+") for piece in _split(guarded, "/+")]
        if len(pieces) > 1:
            return Reading(self.text, None, form, self._shared(pieces, ratio, basis))
        if _SHARE.match(plain):
            return Reading(self.text, None, form, self._shared(pieces, [], ""))
        if match := _SIZE_WORD.match(plain):
            plain, form = plain[match.end() :], f"{form} {match['word']}".strip()
        return self._mixture(plain, form, ratio, basis)

    def _named(self, alias: Alias, form: str) -> Reading:
        if alias.role == "ambiguous":
            raise FormulaError(f"{alias.source}; write the formula instead")
        amounts = parse(alias.composition, {}) if alias.composition else None
        part = {"text": alias.name, "role": alias.role, "composition": amounts, "source": alias.source}
        return Reading(self.text, amounts, form, [part], alias.electrolyte_class or None)

    def _coated(self, plain: str, form: str) -> Reading:
        pieces = _split(plain, "@")
        if len(pieces) == 1:
            raise FormulaError("a coating inside brackets cannot be read; write core@shell without them")
        roles = ["core", *["shell"] * (len(pieces) - 1)]
        parts = [self._part(piece, role) for piece, role in zip(pieces, roles, strict=True)]
        return Reading(self.text, None, form, parts)

    def _part(self, piece: str, role: str) -> dict[str, Any]:
        plain, form = _take_form(piece)
        reading = self.read(plain, form)
        alias = find_alias(plain)
        kind = alias.role if alias else "component"
        role = kind if role == "component" else role
        return {"text": piece, "role": role, "kind": kind, "composition": reading.composition}

    def _shared(self, pieces: list[str], ratio: list[float], basis: str) -> list[dict[str, Any]]:
        """Parts of a composite with their shares, as percentages where stated."""
        _check_ratio(ratio, pieces)
        parts = []
        for index, piece in enumerate(pieces):
            share = _SHARE.match(piece)
            part = self._part(share["what"] if share else piece, "component")
            if share:
                part |= {"share_pct": float(share["value"]), "basis": _basis(share["basis"])}
            elif ratio:
                part |= {"share_pct": 100 * ratio[index] / sum(ratio), "basis": basis}
            parts.append(part)
        return parts

    def _mixture(self, plain: str, form: str, ratio: list[float], basis: str) -> Reading:
        """Components by mole; a system without amounts, or one by weight, has parts and no composition."""
        components = _split_moles(plain)
        _check_ratio(ratio, components)
        stated = ratio or len(components) == 1 or any(_states_moles(component) for component in components)
        if not stated or (ratio and basis not in _MOLES):
            return Reading(self.text, None, form, self._shared(components, ratio, basis))
        parts, total = [], dict[str, float]()
        for index, component in enumerate(components):
            moles, formula = self._moles(component)
            moles = ratio[index] if ratio else moles
            amounts = self._amounts(formula)
            parts.append({"text": component, "role": "component", "moles": moles, "composition": amounts})
            for element, amount in (amounts or {}).items():
                if moles:
                    total[element] = total.get(element, 0.0) + moles * amount
        if any(part["composition"] is None for part in parts):
            return Reading(self.text, None, form, parts)
        if not total:
            raise FormulaError("no component with an amount above zero")
        return Reading(self.text, total, form, parts)

    def _moles(self, component: str) -> tuple[float, str]:
        """Coefficient and formula of `75Li2S`, `xLiI` or `(100-x)Li2S`; 1 where none is written."""
        if match := _LEADING_EXPRESSION.match(component):
            return evaluate(match["expression"], self.variables), component[match.end() :]
        if match := _LEADING_MOLES.match(component):
            return evaluate(match["number"], self.variables), component[match.end() :]
        return 1.0, component

    def _amounts(self, formula: str) -> dict[str, float] | None:
        """Amounts of one component; None where its name stands for no stoichiometry."""
        if alias := find_alias(formula):
            return self._named(alias, "").composition
        if formula[:1] in ("(", "[", "{") and _split(formula[1:-1], "-·")[1:] and formula[-1:] in (")", "]", "}"):
            return self.read(formula[1:-1]).composition
        return parse(formula, self.variables)


def _check_ratio(ratio: list[float], pieces: list[str]) -> None:
    if ratio and len(ratio) != len(pieces):
        raise FormulaError(f"{len(pieces)} components but a ratio of {len(ratio)} numbers")
    if ratio and not sum(ratio):
        raise FormulaError("a ratio of zeros")


def _take_ratio(plain: str) -> tuple[str, list[float], str]:
    if match := _RATIO.search(plain):
        numbers = [float(number) for number in match["numbers"].split(":")]
        return plain[: match.start()].strip(), numbers, _basis(match["basis"])
    return plain, [], ""


def _basis(words: str) -> str:
    """`w`, `wt%`, `by weight`, `mass ratio` and the like as one word."""
    for basis, known in (("weight", r"w|wt|weight|mass"), ("volume", r"v|vol|volume"), ("mole", r"m|mol|mole|molar")):
        if re.search(rf"\b(?:{known})\b", words):
            return basis
    return "unstated"


def _split_moles(plain: str) -> list[str]:
    """Split at middle dots and at hyphens that are no part of an amount such as `7-x`.

    A hyphen before a variable belongs to an amount when a number stands before it (`Li7-xLa3`), else it separates
    components (`(100-x)Li2S-xP2S5`). Both readings are possible after a leading coefficient: that is refused.
    """
    pattern = rf"(?<=\d)-(?={VARIABLE_TERM})"
    outside = re.sub(r"\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}", "", plain)
    if _LEADING_MOLES.match(plain) and re.search(pattern, outside):
        raise FormulaError("unclear whether '-x' is an amount or a component; put each component into brackets")
    return [piece.replace("\x01", "-") for piece in _split(re.sub(pattern, "\x01", plain), "-·")]


def _states_moles(component: str) -> bool:
    """`75Li2S`, `(LiCl)0.15` and `H2O` say how much; `Li2S-P2S5` names a system and is no 1:1 mixture."""
    leading = _LEADING_MOLES.match(component) or _LEADING_EXPRESSION.match(component)
    return bool(leading or _TRAILING_MOLES.search(component) or _HYDRATE.match(component))
