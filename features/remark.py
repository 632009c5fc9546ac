"""What stands in brackets or behind a comma after a formula: another name of it, a share, or words."""

from __future__ import annotations

import re
from collections.abc import Mapping

from features.aliases import find_alias
from features.stoichiometry import FormulaError, parse

_REMARK = re.compile(r"^(?P<outside>.+?)\s+\((?P<inside>[^()]*)\)$")
"""A formula and a remark on it: `LiI-Li3PS4 (LPSI)`, `LLZTO (Li6.4La3Zr1.4Ta0.6O12)`, `Li10GeP2S12 (tetragonal)`."""
_WORDS_BEHIND = re.compile(r",\s*(?P<words>[a-z][a-z -]*|\d[\d.]*\s*(?:at|wt|mol|vol)\s*%[^,()]*)$")
_FORMULA = re.compile(r"[A-Za-z0-9.\[\]+·-]*\d[A-Za-z0-9.\[\]+·-]*")
_ABSENT = re.compile(r"\b(?:no|without) [\w-]+|\b[\w-]+-free\b")
_OTHER_PHASES = {"polymer", "carbon", "binder", "framework"}


def split_remark(plain: str) -> tuple[str, str]:
    """The text and the remark behind it; no remark is empty."""
    remarks = []
    if match := _WORDS_BEHIND.search(plain):
        plain = plain[: match.start()].rstrip()
        remarks.append(match["words"])
    if match := _REMARK.match(plain):
        plain = match["outside"]
        remarks.insert(0, match["inside"])
    return plain, ", ".join(remarks)


def is_plain_formula(remark: str) -> bool:
    """Whether a remark on a name is the formula meant by it."""
    return _FORMULA.fullmatch(remark) is not None and find_alias(remark) is None


def conflict(remark: str, composition: Mapping[str, float] | None, named: bool) -> str:
    """Why a remark is more than a remark; empty where it is none.

    A formula (`Li3 (PO4)`) could belong to the text, and the name of another phase (`Si (graphite)`) is one more part.
    A remark on a name, or on something without a composition, changes nothing.
    """
    if re.search("[%:]", remark) and not (named and composition is None):
        return f"cannot tell what the share or ratio in '({remark})' is meant of"
    if composition is None:
        return ""
    advice = "write it without the blank or as a component of its own, or leave it out"
    try:
        inside = parse(remark, {})
    except FormulaError:
        pass
    else:
        if find_alias(remark) is None and not _proportional(inside, composition):
            return f"unclear whether '({remark})' behind the blank is a part of the formula; {advice}"
    for word in [remark, *re.split(r"[\s,;/-]+", _ABSENT.sub("", remark))]:
        alias = find_alias(word)
        if alias is None:
            continue
        known = parse(alias.composition, {}) if alias.composition else {}
        if set(known) - set(composition) or alias.role in _OTHER_PHASES:
            return f"'({remark})' names {word} beside the formula; {advice}"
    return ""


def _proportional(first: Mapping[str, float], second: Mapping[str, float]) -> bool:
    """Whether two compositions are one, to the 1 % that printed formulas are rounded by."""
    one, other = sum(first.values()), sum(second.values())
    return all(
        abs(first.get(symbol, 0.0) / one - second.get(symbol, 0.0) / other) < 0.01 for symbol in {*first, *second}
    )
