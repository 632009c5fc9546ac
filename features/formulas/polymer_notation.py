"""Polymer electrolytes as papers write them, folded to what the grammar reads: `P(EO)20LiTFSI`, `poly(ethylene oxide)`.

Only texts that name a polymer are touched.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from features.formulas.aliases import aliases, find_alias
from features.formulas.descriptor_words import guard_hyphens
from features.formulas.mixtures import ETHERS, WHOLE_PCT, kind_of
from features.formulas.stoichiometry import FormulaError

_MAY_NAME_A_POLYMER = re.compile(r"[Pp]|^\(|chitosan", re.IGNORECASE)
_PARTS = {"polymer", "salt", "plasticiser", "solvent"}
GEL = "gel"
"""Class of a polymer that holds a liquid, whichever it is."""
_HYPHEN = "\x05"
"""Mark for a hyphen inside a name; no text holds it."""
_NUMBER = r"\d+(?:\.\d+)?"
_UNITS_PER_LITHIUM = re.compile(
    rf"^(?:P\(EO\)|\(PEO\)|PEO|\(PEG\)|PEG)_?\{{?(?P<units>{_NUMBER})\}}?[\s:/·-]*(?P<salt>Li[A-Za-z0-9()]+?)(?=$|[\s/+,-])"
)
_MONOMERS_PER_LITHIUM = re.compile(
    rf"^(?P<bare>P?)\((?P<unit>[A-Za-z]+)\)_?\{{?(?P<units>{_NUMBER})\}}?[\s:/·-]*(?P<salt>Li[A-Za-z0-9()]+?)(?=$|[\s/+,-])"
)
_RATIO_OF_GROUP = re.compile(
    rf"[\s,;]*\(?\s*(?<![\w)=])\[?(?P<group>CN|C=O|O|unit)\]?\s*[:/]\s*\[?Li\+?\]?(?:\s*(?:=|of|is)\s*|\s+)"
    rf"(?P<groups>{_NUMBER})(?:\s*:\s*(?P<li>{_NUMBER}))?\s*\)?"
)
_RATIO_OF_PLASTICISER = re.compile(
    rf"(?<=[(,;])\s*[A-Za-z-]+\s*[:/]\s*(?P<what>[A-Za-z]+)\s*=?\s*{_NUMBER}\s*:\s*{_NUMBER}\s*[,;]?"
)
_SHARES_BEFORE = re.compile(
    rf"^(?P<chain>{_NUMBER})\s*(?P<polymer>P[A-Za-z-]*)\s*[:·]\s*(?P<salt>{_NUMBER})\s*(?P<name>Li[A-Z][A-Za-z0-9]*)(?=$|\s)"
)
_SHARES_BEHIND = re.compile(rf",?\s+(?P<chain>{_NUMBER}) to (?P<salt>{_NUMBER})$")
_RATIO_OF_ETHER = re.compile(
    rf"^(?P<parts>(?:PEO|PEG)\s*[-:/]\s*Li[A-Za-z0-9]+)\s*(?:=\s*|\s)\(?(?P<eo>{_NUMBER})\s*:\s*(?P<li>1)\)?(?=$|\s)"
)
_MOLALITY = re.compile(
    rf"[\s,]*\(?\s*(?P<value>{_NUMBER})\s*(?:mol\s*/\s*kg|mol\s*kg\^?[-−]1|mol\s+kg-1)\s*\)?", re.IGNORECASE
)
_MOLAL = re.compile(rf"(?P<value>{_NUMBER})\s*(?:m|molal)\s+(?=Li[A-Z])")
_MOLAR_MASS = re.compile(
    r"[\s,]*\(?\s*(?:M[nwv]?\s*[=~:]?\s*)?(?P<value>\d[\d,]*(?:\.\d+)?(?:e\d)?)\s*(?P<unit>g\s*/\s*mol|g\s*mol-1|kg\s*/\s*mol|kDa|Da)\s*\)?"
)
_MASS_UNITS = {"kg/mol": 1000.0, "kDa": 1000.0}
_GEL_BEHIND = re.compile(r"\s+gel(?:\s+(?:polymer\s+)?electrolyte)?$", re.IGNORECASE)
_SHARE_WITHOUT_BASIS = re.compile(rf"(?<=[-+/ ])(?P<value>{_NUMBER})\s*%\s*(?=[A-Z])")


@dataclass(frozen=True)
class Polymer:
    """One row of `polymers.csv`: a polymer's repeat unit as a line notation with two ends `*`, and its other names."""

    name: str
    structure: str
    written: str
    note: str


@dataclass(frozen=True)
class Stated:
    """Statements of a text beside names and amounts.

    Attributes
    ----------
    molality : of the salt in mol per kg of polymer; None where not written
    molar_mass : of the polymer in g/mol; None where not written
    gel : True where the text calls itself a gel: there is a liquid in it, whichever
    group : of the repeat unit that is counted: `CN`, `C=O` or `O`, `unit` for the whole of it; empty where none is
    groups_per_lithium : how many there are to one lithium; None where not written
    """

    molality: float | None = None
    molar_mass: float | None = None
    gel: bool = False
    group: str = ""
    groups_per_lithium: float | None = None

    def note(self, parts: list[dict[str, Any]]) -> None:
        """Write what is stated into the parts that it is meant of.

        Parameters
        ----------
        parts : list of dict
            Of the text; changed.

        Raises
        ------
        FormulaError
            Other than one part could be meant.
        """
        for kind, key, value in (
            ("salt", "molality_mol_per_kg", self.molality),
            ("polymer", "molar_mass_g_per_mol", self.molar_mass),
            ("salt", f"{self.group}_per_lithium", self.groups_per_lithium),
        ):
            if value is None:
                continue
            meant = [part for part in parts if kind_of(part) == kind]
            if len(meant) != 1:
                raise FormulaError(f"{value:g} ({key}) is meant of one {kind}; {len(meant)} stand in the text")
            meant[0][key] = value


@lru_cache(maxsize=1)
def polymers() -> dict[str, Polymer]:
    """Polymers of known structure, by name."""
    with (Path(__file__).parent / "polymers.csv").open(encoding="utf-8", newline="") as file:
        return {row["name"]: Polymer(**row) for row in csv.DictReader(file)}


@lru_cache(maxsize=1)
def _long_names() -> tuple[re.Pattern[str], dict[str, str]]:
    names = {written.casefold(): row.name for row in polymers().values() for written in row.written.split("|")}
    salts = [alias for alias in aliases().values() if alias.role == "salt"]
    names |= {alias.name.casefold(): alias.composition for alias in salts if " " in alias.name}
    ordered = sorted(names, key=len, reverse=True)
    return re.compile("|".join(re.escape(name) for name in ordered), re.IGNORECASE), names


@lru_cache(maxsize=1)
def _names() -> re.Pattern[str]:
    names = sorted((alias.name for alias in aliases().values() if alias.role == "polymer"), key=len, reverse=True)
    return re.compile(rf"(?<![A-Za-z])(?:{'|'.join(map(re.escape, names))})(?![A-Za-z])", re.IGNORECASE)


def counts_units(text: str) -> bool:
    """Return True where a text gives a polymer's units per lithium as a subscript.

    Parameters
    ----------
    text : str
        Text of an electrolyte, as written.

    Examples
    --------
    >>> counts_units("PEO16LiTFSI"), counts_units("Li3PO4")
    (True, False)
    """
    return _UNITS_PER_LITHIUM.match(text) is not None or _monomers_per_lithium(text) is not None


def _monomers_per_lithium(text: str) -> tuple[re.Match[str], str] | None:
    """Return the match of `(TMC)2LiClO4` and the polymer; `(EC)4LiPF6`, without a P, is a salt in its solvent."""
    match = _MONOMERS_PER_LITHIUM.match(text)
    if match is None:
        return None
    name = match["unit"] if match["unit"] in polymers() else f"P{match['unit']}"
    solvent = name != match["unit"] and not match["bare"] and find_alias(match["unit"]) is not None
    return None if solvent or name not in polymers() else (match, name)


def _in_whole(match: re.Match[str]) -> bool:
    """Return whether two numbers are shares of one whole, the polymer's the larger; by weight, as polymers are made."""
    chain, salt = float(match["chain"]), float(match["salt"])
    return chain > salt and chain + salt == WHOLE_PCT


def spelt_polymers(plain: str) -> tuple[str, Stated]:
    """Return a text with its polymers as the grammar reads them, and what it states beside.

    Parameters
    ----------
    plain : str
        Text of a formula, folded to plain characters.

    Examples
    --------
    >>> spelt_polymers("P(EO)20LiTFSI")[0], spelt_polymers("poly(ethylene oxide) with LiTFSI")[0]
    ('PEO/LiTFSI (EO:Li = 20)', 'PEO/LiTFSI')
    >>> spelt_polymers("PCL/LiTFSI (1.2 mol/kg)")
    ('PCL/LiTFSI', Stated(molality=1.2, molar_mass=None, gel=False, group='', groups_per_lithium=None))
    >>> spelt_polymers("PAN-LiTFSI (CN:Li 2:1)")[1].groups_per_lithium
    2.0
    >>> spelt_polymers("Li6PS5Cl")[0]
    'Li6PS5Cl'
    """
    if not _MAY_NAME_A_POLYMER.search(plain):
        return plain, Stated()
    ratio = ""
    if match := _UNITS_PER_LITHIUM.match(plain):
        ratio = f" (EO:Li = {match['units']})"
        plain = f"PEO/{match['salt']}{plain[match.end() :]}"
    elif counted := _monomers_per_lithium(plain):
        match, name = counted
        plain = f"{name}/{match['salt']}{plain[match.end() :]} (unit:Li = {match['units']})"
    pattern, long_names = _long_names()
    folded = plain.casefold()
    if any(name in folded for name in long_names):
        # case is a wider thing to a pattern than to a text: of ı, it takes i
        plain = pattern.sub(lambda match: long_names.get(match[0].casefold(), match[0]), plain)
    if not _names().search(plain):
        return plain, Stated()
    if match := _RATIO_OF_ETHER.match(plain):
        ratio, plain = f" (EO:Li = {match['eo']}:{match['li']})", match["parts"] + plain[match.end() :]
    if (match := _SHARES_BEFORE.match(plain)) and match["polymer"] in polymers() and _in_whole(match):
        shares = f"{match['chain']} wt% {match['polymer']}/{match['salt']} wt% {match['name']}"
        plain = shares + plain[match.end() :]
    if (match := _SHARES_BEHIND.search(plain)) and _in_whole(match):
        plain = f"{plain[: match.start()]} ({match['chain']}:{match['salt']} by weight)"
    plain, statements = _take_stated(plain)
    if statements.group in ("O", "unit") and {name.upper() for name in _names().findall(plain)} <= ETHERS:
        ratio = f" (EO:Li = {statements.groups_per_lithium})"
        statements = replace(statements, group="", groups_per_lithium=None)
    return _joined(plain) + ratio, statements


def _take_stated(plain: str) -> tuple[str, Stated]:
    """Take molality, molar mass and groups per lithium out of a text; the share of a plasticiser counts as nothing."""
    molality = molar_mass = None
    if (match := _MOLALITY.search(plain)) or (match := _MOLAL.search(plain)):
        molality, plain = float(match["value"]), plain[: match.start()] + plain[match.end() :]
    if match := _MOLAR_MASS.search(plain):
        scale = _MASS_UNITS.get(match["unit"].replace(" ", ""), 1.0)
        molar_mass = scale * float(match["value"].replace(",", ""))
        plain = plain[: match.start()] + plain[match.end() :]
    plain = _RATIO_OF_PLASTICISER.sub(lambda match: "" if _is_plasticiser(match["what"]) else match[0], plain)
    group, groups = "", None
    if match := _RATIO_OF_GROUP.search(plain):
        group, groups, lithium = match["group"], float(match["groups"]), float(match["li"] or 1)
        if not groups or not lithium:
            raise FormulaError(f"a ratio of {group} to lithium of zero")
        groups /= lithium
        plain = plain[: match.start()] + plain[match.end() :]
    plain, gel = _GEL_BEHIND.subn("", re.sub(r"\s+", " ", plain).strip())
    return plain, Stated(molality, molar_mass, gel > 0, group, groups)


def _is_plasticiser(name: str) -> bool:
    alias = find_alias(name)
    return alias is not None and alias.role == "plasticiser"


def _names_a_part(word: list[str]) -> bool:
    """Return whether a word names a polymer or what is dissolved in it."""
    alias = find_alias(word[0].strip("(),")) if word else None
    return alias is not None and alias.role in _PARTS


def _joined(plain: str) -> str:
    """A text whose polymer, salt and plasticiser stand between slashes; shares of fillers by weight."""
    plain = _SHARE_WITHOUT_BASIS.sub(lambda match: f"{match['value']} wt% ", plain)
    plain = guard_hyphens(plain, _HYPHEN)
    pieces = [piece.replace(_HYPHEN, "-") for piece in re.split(r"(\s*(?:\bwith\b|\band\b|[-:/+])\s*)", plain)]
    joined = pieces[0]
    for before, separator, after in zip(pieces[:-2:2], pieces[1::2], pieces[2::2], strict=True):
        sign, beside = separator.strip(), (_names_a_part(before.split()[-1:]), _names_a_part(after.split()[:1]))
        if sign in ("with", "and"):
            separator = "/" if all(beside) else " + "
        elif sign in ("-", ":") and beside[0]:
            separator = "/" if beside[1] else " + " if re.match(rf"{_NUMBER} wt%", after) else separator
        joined += separator + after
    return joined
