"""Shares of a mixture: how they are written, and the composition of the mixture where every share is stated."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from features.formulas.stoichiometry import FormulaError

Part = dict[str, Any]
"""One component as read: its text, role, composition and, where stated, share or moles."""

SHARE = re.compile(r"^(?P<value>\d+(?:\.\d+)?)\s*(?P<basis>wt|vol|mol)\s*%\s*(?P<what>.+)$")
_RATIO = re.compile(r"\(\s*(?P<numbers>\d+(?:\.\d+)?(?:\s*:\s*\d+(?:\.\d+)?)+)\s*(?P<basis>[^()]*)\)\s*$")
_SHARE_IN_REMARK = re.compile(
    r"(?P<value>\d+(?:\.\d+)?)\s*(?P<basis>wt|vol|mol)?\.?\s*%(?:\s*(?:of\s+)?(?P<what>[A-Z][\w.()\[\]]*))?"
)
_EO = r"(?<![A-Za-z])\[?EO\]?\s*[:/]\s*\[?Li\+?\]?"
_EO_RATIO = re.compile(
    rf"[\s,]*\(?\s*{_EO}(?:\s*(?:=|of|is)\s*|\s+)(?P<eo>\d+(?:\.\d+)?)(?:\s*:\s*(?P<li>\d+(?:\.\d+)?))?\s*\)?"
)
ETHER_UNIT = {"C": 2.0, "H": 4.0, "O": 1.0}
ETHERS = frozenset({"PEO", "PEG"})
"""Polymers of that unit, which EO:Li counts; poly(vinyl alcohol) has the same formula and no ether."""
WHOLE_PCT = 100.0
ROUNDING_PCT = 0.5
"""Percent that stated shares may be off from 100 % together; further off, one of them is no share of the whole."""


def kind_of(part: Part) -> str:
    """Return the kind of a part (polymer, salt, ...), its role where no kind is noted.

    Parameters
    ----------
    part : Part
        Of a text.
    """
    return str(part.get("kind", part["role"]))


def take_ratio(plain: str) -> tuple[str, list[float], str]:
    """Take a ratio in brackets off the end of a text.

    Parameters
    ----------
    plain : str
        Text of a formula, folded to plain characters.

    Returns
    -------
    tuple
        The text without it, its numbers, and their basis as `basis_of` gives it; no numbers where there is no ratio.

    Examples
    --------
    >>> take_ratio("Si/C (3:1 by weight)")
    ('Si/C', [3.0, 1.0], 'weight')
    """
    if match := _RATIO.search(plain):
        numbers = [float(number) for number in match["numbers"].split(":")]
        return plain[: match.start()].strip(), numbers, basis_of(match["basis"])
    return plain, [], ""


def take_ether_ratio(plain: str) -> tuple[str, float | None]:
    """Take `(EO:Li = 18:1)` out of a text.

    Parameters
    ----------
    plain : str
        Text of a formula, folded to plain characters.

    Returns
    -------
    tuple of str and float or None
        The text without it, and ether units per lithium; None where no such ratio is written.

    Raises
    ------
    FormulaError
        A ratio of zero.
    """
    match = _EO_RATIO.search(plain)
    if match is None:
        return plain, None
    units, lithium = float(match["eo"]), float(match["li"] or 1)
    if not units or not lithium:
        raise FormulaError("an EO:Li ratio of zero")
    return (plain[: match.start()] + plain[match.end() :]).strip(), units / lithium


def basis_of(text: str) -> str:
    """Return the basis that a text names: `weight`, `volume` or `mole`, else `unstated`.

    Parameters
    ----------
    text : str
        Such as `w`, `wt%`, `by weight` or `mass ratio`.
    """
    for basis, known in (("weight", r"w|wt|weight|mass"), ("volume", r"v|vol|volume"), ("mole", r"m|mol|mole|molar")):
        if re.search(rf"\b(?:{known})\b", text):
            return basis
    return "unstated"


def check_ratio(ratio: list[float], components: list[str]) -> None:
    """Refuse a ratio that does not fit the pieces.

    Parameters
    ----------
    ratio : list of float
        Its numbers; empty where none is written.
    components : list of str
        Texts of the components.

    Raises
    ------
    FormulaError
        Another number of components, or zeros alone.
    """
    if ratio and len(ratio) != len(components):
        raise FormulaError(f"{len(components)} components but a ratio of {len(ratio)} numbers")
    if ratio and not sum(ratio):
        raise FormulaError("a ratio of zeros")


def shares_in(remark: str) -> list[tuple[float, str, str]]:
    """Read the shares that a remark states.

    Parameters
    ----------
    remark : str
        Text behind a formula.

    Returns
    -------
    list of tuple
        Value in percent, basis and phase of each; the phase is empty where none is named.

    Examples
    --------
    >>> shares_in("with 10 wt% of LLZTO")
    [(10.0, 'weight', 'LLZTO')]
    """
    return [
        (float(match["value"]), basis_of(match["basis"] or ""), match["what"] or "")
        for match in _SHARE_IN_REMARK.finditer(remark)
    ]


def one_mole(parts: Iterable[Part], amounts: Mapping[str, float]) -> dict[str, float]:
    """Return an inner mixture as what stands in its brackets means: in per cent it is one mole.

    Parameters
    ----------
    parts : iterable of Part
        Its components, with `moles` or `share_pct` where stated.
    amounts : mapping of str to float
        Of the elements of them together.

    Examples
    --------
    >>> one_mole([{"moles": 75.0}, {"moles": 25.0}], {"Li": 150.0, "S": 200.0, "P": 50.0})
    {'Li': 1.5, 'S': 2.0, 'P': 0.5}
    >>> one_mole([{"moles": 3.0}, {"moles": 1.0}], {"Li": 7.0, "S": 3.0, "Cl": 1.0})
    {'Li': 7.0, 'S': 3.0, 'Cl': 1.0}
    """
    shares: list[float] = [part.get("moles") or part.get("share_pct") or 0.0 for part in parts]
    total = sum(shares)
    in_percent = abs(total - WHOLE_PCT) <= ROUNDING_PCT
    return {element: amount / total if in_percent else amount for element, amount in amounts.items()}


def same_phase(first: Part, second: Part) -> bool:
    """Return True where two parts are one phase.

    Parameters
    ----------
    first, second : Part
        Of one text.
    """
    known = first["composition"] is not None
    return (known and bool(first["composition"] == second["composition"])) or bool(first["text"] == second["text"])


def class_of_kinds(kinds: Collection[str | None]) -> str:
    """Return the class of a blend with a polymer: of itself, a gel with a solvent, a composite with anything else.

    Parameters
    ----------
    kinds : collection of str or None
        Of its parts.

    Examples
    --------
    >>> class_of_kinds({"polymer", "salt"}), class_of_kinds({"polymer", "solvent"}), class_of_kinds({"polymer", None})
    ('polymer', 'gel', 'composite')
    """
    additives = set(kinds) - {"polymer", "salt", "plasticiser"}
    return "composite" if additives - {"solvent"} else "gel" if additives else "polymer"


def overall(parts: Iterable[Part]) -> dict[str, float] | None:
    """Compute the composition of a mixture whose shares by weight or by mole are all stated.

    A polymer counts with its repeat unit, by weight only. None where a share or a composition is missing, where the
    bases differ, or where the shares are not 100 % together.

    Parameters
    ----------
    parts : iterable of Part
        The components, with `share_pct` and `basis` where stated.

    Returns
    -------
    dict of str to float, or None
        Moles of each element in 100 g, or in 100 moles, of the mixture.
    """
    parts = list(parts)
    bases = {part.get("basis") for part in parts}
    if len(parts) < 2 or bases not in ({"weight"}, {"mole"}):
        return None
    if abs(sum(part["share_pct"] for part in parts) - WHOLE_PCT) > ROUNDING_PCT:
        return None
    from features.formulas.elements import molar_mass  # other texts are read without numpy

    by_weight = bases == {"weight"}
    total: dict[str, float] = {}
    for part in parts:
        amounts = part["composition"] or (part.get("repeat_unit") if by_weight else None)
        if not amounts:
            return None
        units = part["share_pct"] / (molar_mass(amounts) if by_weight else 1.0)
        for element, amount in amounts.items():
            if units:
                total[element] = total.get(element, 0.0) + units * amount
    return total


def with_ether_ratio(parts: list[Part], units_per_lithium: float) -> dict[str, float] | None:
    """Compute the composition per lithium of PEO and a salt, and note the moles of both.

    Parameters
    ----------
    parts : list of Part
        The components; the two get `moles`.
    units_per_lithium : float
        Ether units to one lithium.

    Returns
    -------
    dict of str to float, or None
        None where there is more than these two.

    Raises
    ------
    FormulaError
        No PEO, or no one lithium salt beside it.
    """
    ethers = [part for part in parts if part.get("polymer") in ETHERS]
    others = [part for part in parts if part["composition"] and part["composition"].get("Li")]
    salts = [part for part in others if part["role"] == "salt"] or others
    if len(ethers) != 1 or len(salts) != 1:
        raise FormulaError("an EO:Li ratio needs PEO and one lithium salt beside it, as in PEO-LiTFSI (EO:Li = 18:1)")
    salt = salts[0]["composition"]
    moles = 1 / salt["Li"]
    ethers[0]["moles"], salts[0]["moles"] = units_per_lithium, moles
    if len(parts) > 2:
        return None
    total = {element: units_per_lithium * amount for element, amount in ETHER_UNIT.items()}
    for element, amount in salt.items():
        total[element] = total.get(element, 0.0) + moles * amount
    return total
