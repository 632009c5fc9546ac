"""Reading formulas as papers and lab notebooks write them: a composition, or exactly why not.

pymatgen refuses `75Li2S-25P2S5` and, worse, accepts `LPSCl`, `LiPON` and `Li6PS5Cl@Li3N` with a wrong composition and
no error. Here names are looked up first (`aliases.csv`, each with its source), coatings and layers are kept apart, and
what cannot be read is refused with the closest known names.
"""

from __future__ import annotations

import contextlib
import re
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from features.formulas.aliases import Alias, electrolytes, find_alias, solid_solutions
from features.formulas.descriptor_words import (
    CLASS_PREFIX,
    CLASS_WORDS,
    check_class,
    conflict,
    find_doped,
    is_composite,
    is_layered,
    is_plain_formula,
    split_remark,
    take_form,
    take_form_behind,
    take_treatment,
)
from features.formulas.mixtures import (
    SHARE,
    basis_of,
    check_ratio,
    class_of_kinds,
    one_mole,
    overall,
    same_phase,
    shares_in,
    take_ether_ratio,
    take_ratio,
    with_ether_ratio,
)
from features.formulas.normalise import fold, join_blanks, plain_text, take_variables, without_pdf_blanks
from features.formulas.polymer_notation import GEL, counts_units, spelt_polymers
from features.formulas.splitting import (
    MAX_DEPTH,
    WITH,
    check_brackets,
    inner_mixture,
    join_moles,
    moles_of,
    split,
    split_moles,
    split_phases,
    states_moles,
)
from features.formulas.stoichiometry import PLAIN_FORMULA, FormulaError, UnknownName, parse
from features.near_words import near_words

__all__ = ["MAX_DEPTH", "FormulaError", "Reading", "fold", "read_formula"]

MAX_LENGTH = 300

_MOLES = {"mole", "unstated"}
_COATED_WITH = re.compile(r"^(?P<core>[^@/+|]+?)[ -]coated (?:with|by|in) (?P<shell>[^@/+|]+)$")
_COATED = re.compile(r"^(?P<shell>[^@/+|]+?)[ -]coated (?P<core>[^@/+|]+)$")
_LABEL = re.compile(r"[A-Z][A-Za-z0-9-]*")


@dataclass(frozen=True)
class Reading:
    """A text as it was read.

    Attributes
    ----------
    text : as given
    composition : amount of each element, or None where the text names a mixture without amounts (a polymer blend, a
        coating, a composite); moles in 100 g of a mixture by weight
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
        """Return the object `silion formula` prints."""
        return {"text": self.text, "composition": self.composition, "form": self.form, "parts": self.parts}


def read_formula(text: str) -> Reading:
    """Read a formula, name, mixture, composite, layers or coating; the grammar stands in `features.formulas`.

    Parameters
    ----------
    text : str
        At most 300 characters. `75Li2S-25P2S5`, `Li7-xLa3Zr2-xTaxO12 (x=0.4)`, `(A)0.85-(B)0.15`, `LLZTO`,
        `Li₆PS₅Cl`, `PEO/LiTFSI + 10 wt% LLZTO`, `PEO-LiTFSI (EO:Li = 18:1)`, `Si@Li7P3S11`, `Li6PS5Cl|Li3InCl6`,
        `porous Si (MPSS)` and the like. Coefficients in front of a component are moles.

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
    return deepcopy(shared_reading(text))


def shared_reading(text: str) -> Reading:
    """Read as `read_formula` does, and raise what it raises; nobody may change the reading, which others are given too.

    Parameters
    ----------
    text : str
        As for `read_formula`.
    """
    if not isinstance(text, str) or not text.strip():
        raise FormulaError("empty formula; expected a composition or a known name")
    if len(text) > MAX_LENGTH:
        raise FormulaError(f"the formula has {len(text)} characters, expected at most {MAX_LENGTH}")
    outcome = _outcome(text)
    if isinstance(outcome, str):
        raise FormulaError(outcome)
    return outcome


@lru_cache(maxsize=65_536)
def _outcome(text: str) -> Reading | str:
    """Return the reading of a text, or why it cannot be read; both are needed several times."""
    try:
        return _read_text(text)
    except FormulaError as error:
        return str(error)


def _read_text(text: str) -> Reading:
    plain = text
    try:
        if PLAIN_FORMULA.fullmatch(text) and find_alias(text) is None and not counts_units(text):
            return _Reader(text, {}).mixture(text, [], "")
        plain, variables = take_variables(plain_text(text))
        plain, statements = spelt_polymers(plain)
        check_brackets(plain)
        reading = _Reader(text, variables).full_text(plain)
        statements.note(reading.parts)
        return replace(reading, composition=None, electrolyte_class=GEL) if statements.gel else reading
    except FormulaError as error:
        unknown = isinstance(error, UnknownName)
        near = near_words(plain, electrolytes(), cutoff=0.4) if unknown else []
        hint = f"; closest known names: {', '.join(near)}" if near else ""
        short = text if len(text) <= 60 else f"{text[:57]}..."
        raise FormulaError(f"{short}: {error}{hint}") from None


@dataclass(frozen=True)
class _Reader:
    """The text being read and the values of its variables."""

    text: str
    variables: dict[str, float]

    def full_text(self, plain: str) -> Reading:
        """Read the whole text: what stands in front, behind and in remarks, then the pieces.

        Parameters
        ----------
        plain : str
            Text of the electrolyte, letters and signs already folded to plain ones.

        Raises
        ------
        FormulaError
            It cannot be read; the message says at which piece.
        """
        if alias := find_alias(plain):
            return self._with_variables(alias) if self.variables else self._named(alias)
        plain, ether = take_ether_ratio(CLASS_PREFIX.sub("", plain))
        plain, treatment = take_treatment(plain)
        plain, words_behind = take_form_behind(plain)
        plain, ratio, basis = take_ratio(plain)
        plain, remark = split_remark(plain)
        plain, form_words = take_form(plain)
        remark, remark_words = take_form(remark)
        if not remark or plain in CLASS_WORDS:
            check_class(plain)
        form = " ".join([*form_words, *remark_words, *words_behind, *treatment])
        if self.variables and not remark and (alias := find_alias(plain)):
            return replace(self._with_variables(alias), form=form)
        if is_layered(form_words) or "|" in plain:
            pieces = split(plain, "|" if "|" in plain else "/")
            if len(pieces) > 1:
                if ratio:
                    raise FormulaError("a ratio of layers cannot be read; give their thicknesses elsewhere")
                return Reading(self.text, None, form, [self._part(piece, "layer") for piece in pieces])
        reading = self._with_remark(plain, remark, bool(remark_words), (ratio, basis))
        if ether is not None:
            composition = with_ether_ratio(reading.parts, ether)
            kind = "polymer" if composition else reading.electrolyte_class
            reading = replace(reading, composition=composition, electrolyte_class=kind)
        if is_composite([*form_words, *remark_words]) and not all("share_pct" in part for part in reading.parts):
            reading = replace(reading, composition=None, electrolyte_class=None)
        return replace(reading, form=" ".join(filter(None, [form, reading.form])))

    def _with_remark(self, plain: str, remark: str, described: bool, ratio: tuple[list[float], str]) -> Reading:
        """`formula (remark)`, `name (formula)`, `name (A, B, C)` or `formula (n wt% of a phase)`."""
        if not remark:
            return self.read(plain, *ratio)
        alias, shares = find_alias(plain), shares_in(remark)
        doped = None if alias else find_doped(plain)
        named = alias or (find_alias(doped[1]) if doped else None)
        of_named = alias and shares and " with " in remark and not alias.composition
        if ((named or doped) and is_plain_formula(remark)) or of_named:
            with contextlib.suppress(UnknownName):
                reading = self.read(remark)
                of_name = named.electrolyte_class or None if named and not reading.composition else None
                return replace(reading, electrolyte_class=reading.electrolyte_class or of_name)
        try:
            reading = self.read(plain, *ratio)
        except UnknownName as unknown:
            if not _LABEL.fullmatch(plain):
                raise
            return self._explained(remark, described, unknown)
        if shares:
            return self._add_shares(reading, shares)
        if reason := conflict(remark, reading.composition, alias is not None):
            raise FormulaError(reason)
        return reading

    def _explained(self, remark: str, described: bool, unknown: UnknownName) -> Reading:
        """The reading of a label's explanation: a list of phases, or one text that is more than a word."""
        pieces = split(remark.rstrip(","), ",;")
        try:
            if len(pieces) > 1:
                return Reading(self.text, None, "", [self._part(piece, "component") for piece in pieces])
            if described or find_alias(remark) or re.search(r"[\d@/-]", remark):
                return self.read(remark)
        except UnknownName:
            pass
        raise unknown

    def _add_shares(self, reading: Reading, shares: list[tuple[float, str, str]]) -> Reading:
        """The reading with the shares its remark states; a phase not named before is one more part."""
        parts, composition = [dict(part) for part in reading.parts], reading.composition
        for value, basis, phase in shares:
            if phase:
                component = self._part(phase, "component")
                meant = [part for part in parts if same_phase(part, component)]
                if not meant and value:
                    parts.append(component)
                    meant, composition = [component], None
            else:
                meant = parts if len(parts) == 1 else []
            if not meant and value:
                raise FormulaError(f"cannot tell which part the share of {value:g} % is meant of")
            for part in meant[:1]:
                part |= {"share_pct": value, "basis": basis}
        if len(parts) > 1:
            composition = overall(parts)
        return replace(reading, composition=composition, parts=parts)

    def read(self, plain: str, ratio: list[float] | None = None, basis: str = "") -> Reading:
        """Read one text without remarks: a name, a coating, a composite or a mixture.

        Parameters
        ----------
        plain : str
            Text without words of form.
        ratio : list of float, optional
            Amounts of its components, one each, as written beside it; in `basis`.
        basis : str
            As `basis_of` names it; empty without a ratio.

        Raises
        ------
        FormulaError
            It cannot be read, or the ratio has another number of amounts than the text has components.
        """
        ratio = ratio or []
        if not plain:
            raise FormulaError("nothing is left to read beside words of form")
        if alias := find_alias(plain):
            check_ratio(ratio, [plain])
            return self._named(alias)
        if doped := find_doped(plain):
            check_ratio(ratio, [plain])
            return self._doped(plain, *doped)
        plain = _COATED_WITH.sub(r"\g<core>@\g<shell>", plain)
        pieces = split(plain.replace(" with ", WITH), WITH)
        plain = _COATED.sub(r"\g<core>@\g<shell>", plain) if len(pieces) == 1 else plain
        if len(pieces) == 1 and "@" in plain:
            return self._coated(plain, ratio, basis)
        if len(pieces) == 1:
            pieces = split_phases(join_moles(plain), self.variables)
        if len(pieces) > 1:
            return self._blend(pieces, ratio, basis)
        return self.mixture(pieces[0], ratio, basis)

    def _named(self, alias: Alias) -> Reading:
        if alias.role == "ambiguous":
            raise FormulaError(f"{alias.source}; write the formula instead")
        return self._of_alias(alias, parse(alias.composition, {}) if alias.composition else None)

    def _of_alias(self, alias: Alias, amounts: dict[str, float] | None) -> Reading:
        part = {"text": alias.name, "role": alias.role, "composition": amounts, "source": alias.source}
        return Reading(self.text, amounts, "", [part], alias.electrolyte_class or None)

    def _with_variables(self, alias: Alias) -> Reading:
        """The member of a solid solution that `LLZTO (x = 0.4)` names."""
        general = solid_solutions().get(alias.name)
        if general is None:
            values = ", ".join(f"{name} = {value:g}" for name, value in self.variables.items())
            raise FormulaError(f"what {values} stands for in {alias.name} is not known; write the formula instead")
        # an amount such as 2/3-x is made a decimal on the way
        return self._of_alias(alias, self.read(general).composition)

    def _doped(self, plain: str, dopant: str, base: str) -> Reading:
        """One phase without a composition: how much of the dopant is in it is not written."""
        alias = find_alias(base)
        if alias is None:
            parse(base, self.variables)
        role, of_base = (alias.role, alias.electrolyte_class or None) if alias else ("component", None)
        part = {"text": plain, "role": role, "composition": None, "dopant": dopant}
        return Reading(self.text, None, "", [part], of_base)

    def _coated(self, plain: str, ratio: list[float], basis: str) -> Reading:
        pieces = split(plain, "@")
        if len(pieces) == 1:
            raise FormulaError("a coating inside brackets cannot be read; write core@shell without them")
        roles = ["core", *["shell"] * (len(pieces) - 1)]
        return Reading(self.text, None, "", self._shared(pieces, ratio, basis, roles))

    def _blend(self, pieces: list[str], ratio: list[float], basis: str) -> Reading:
        """Phases side by side; of a blend with a polymer the family is known even where the composition is not."""
        parts = self._shared(pieces, ratio, basis)
        composition, kinds = overall(parts), {part["kind"] for part in parts}
        blended = composition is not None and "polymer" in kinds
        family = class_of_kinds(kinds) if blended else None
        return Reading(self.text, composition, "", parts, family)

    def _part(self, piece: str, role: str) -> dict[str, Any]:
        plain, remark = split_remark(piece)
        plain, form_words = take_form(plain)
        if plain in CLASS_WORDS:
            kind = "solvent" if plain == "liquid electrolyte" else "electrolyte"
            return {"text": piece, "role": role, "kind": kind, "composition": None}
        reading = self._with_remark(plain, remark, False, ([], ""))
        alias = find_alias(plain)
        kind = alias.role if alias else "component"
        role = kind if role == "component" else role
        composition = None if is_composite(form_words) else reading.composition
        part = {"text": piece, "role": role, "kind": kind, "composition": composition}
        if kind == "polymer" and alias:
            part["polymer"] = alias.name
        if alias and alias.repeat_unit:
            part["repeat_unit"] = parse(alias.repeat_unit, {})
        return part

    def _shared(
        self, pieces: list[str], ratio: list[float], basis: str, roles: list[str] | None = None
    ) -> list[dict[str, Any]]:
        """Parts of a composite with their shares, as percentages where stated."""
        check_ratio(ratio, pieces)
        parts = []
        for index, piece in enumerate(pieces):
            share = SHARE.match(piece)
            part = self._part(share["what"] if share else piece, roles[index] if roles else "component")
            if share:
                part |= {"share_pct": float(share["value"]), "basis": basis_of(share["basis"])}
            elif ratio:
                part |= {"share_pct": 100 * ratio[index] / sum(ratio), "basis": basis}
            parts.append(part)
        return parts

    def mixture(self, plain: str, ratio: list[float], basis: str) -> Reading:
        """Read components by mole; a system without amounts has parts and no composition, one by weight has both.

        Parameters
        ----------
        plain : str
            As `75Li2S-25P2S5`.
        ratio : list of float
            Amounts of the components, one each; empty where they stand in the text or nowhere.
        basis : str
            As `basis_of` names it; empty without a ratio.

        Raises
        ------
        FormulaError
            A component cannot be read, or `ratio` does not fit.
        """
        components = split_moles(plain)
        check_ratio(ratio, components)
        if len(components) == 1 and SHARE.match(plain):
            parts = self._shared([plain], [], "")
            return Reading(self.text, parts[0]["composition"], "", parts)
        has_amounts = ratio or len(components) == 1 or any(states_moles(component) for component in components)
        shared = any(SHARE.match(component) for component in components)
        if not has_amounts or shared or (ratio and basis not in _MOLES):
            return self._blend(components, ratio, basis)
        parts, total = [], dict[str, float]()
        for index, component in enumerate(components):
            moles, formula = moles_of(component, self.variables)
            moles = ratio[index] if ratio else moles
            amounts = self._amounts(formula)
            parts.append({"text": component, "role": "component", "moles": moles, "composition": amounts})
            for element, amount in (amounts or {}).items():
                if moles:
                    total[element] = total.get(element, 0.0) + moles * amount
        if any(part["composition"] is None for part in parts):
            return Reading(self.text, None, "", parts)
        if not total:
            raise FormulaError("no component with an amount above zero")
        return Reading(self.text, total, "", parts)

    def _amounts(self, formula: str) -> dict[str, float] | None:
        """Amounts of one component; None where its name stands for no stoichiometry."""
        if alias := find_alias(formula):
            return self._named(alias).composition
        if formula in CLASS_WORDS or find_doped(formula):
            return None
        if inner := inner_mixture(formula):
            reading = self.read(inner[0])
            amounts = reading.composition and one_mole(reading.parts, reading.composition)
            return amounts and {element: inner[1] * amount for element, amount in amounts.items()}
        plain = without_pdf_blanks(formula)
        return parse(join_blanks(plain) if " " in plain else plain, self.variables)
