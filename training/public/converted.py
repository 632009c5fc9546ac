"""What a connector gives: the rows it could read, the ones it refused with the reason, and the helpers all share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from features.formulas.reader import FormulaError, read_formula
from features.tables.fields import plain_doi
from features.tables.records import ElectrolyteRow
from features.tables.rows import parse_row

ROOM_TEMPERATURE_C = 25.0
ROOM_TEMPERATURE_NOTE = "room temperature, by the collection's own definition"

_NUMBER = re.compile(r"(?P<mark>[<>~]?)(?P<value>\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)")
_OVERLINES = re.compile("[\u0304\u0305]")
_MINUS_SIGNS = re.compile("[\u2212\u2013\u2010\u2011]")
_SUPPLEMENT = re.compile(r"\.s\d{3}$")
_MISPRINTED_ZERO = re.compile(r"(?<=[A-Za-z)\]])0\d+")

FITTING: dict[str, tuple[str, str]] = {
    "oxide-garnet": ("O", "S Se"),
    "oxide-nasicon": ("O", "S Se"),
    "oxide-perovskite": ("O", "S Se"),
    "oxide-antiperovskite": ("O", "S Se"),
    "lipon": ("P O N", "S Se"),
    "sulfide-argyrodite": ("S", ""),
    "sulfide-lgps": ("S P", ""),
    "sulfide-thiolisicon": ("S", ""),
    "sulfide-glass": ("S", "O"),
    "halide": ("", "O S Se N H"),
    "hydride": ("H", "O S Se"),
}
"""Elements a formula must have, and must not have, to be of a class; a family that does not fit gives no class."""


@dataclass(frozen=True)
class Refused:
    """A row that was not taken: where it stands, what it says, and why not."""

    place: str
    text: str
    reason: str


@dataclass(frozen=True)
class Converted:
    """One public table as our rows.

    Attributes
    ----------
    rows : in file order
    refused : rows not taken, with the reason
    """

    rows: list[ElectrolyteRow] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """Numbers of `rows`, of those `censored` (a bound instead of a value), and of those `refused`."""
        censored = sum(row.conductivity_qualifier in ("<", ">") for row in self.rows)
        return {"rows": len(self.rows), "censored": censored, "refused": len(self.refused)}

    def add(self, found: ElectrolyteRow | Refused) -> None:
        """Put a result where it belongs."""
        if isinstance(found, Refused):
            self.refused.append(found)
        else:
            self.rows.append(found)


def read_number(text: str) -> tuple[str, float] | None:
    """Qualifier (`=`, `<`, `>` or `~`) and value of a printed number; None where it is not one.

    Overlines that slipped into the cell and typographic minus signs are read over; nothing else is.

    Examples
    --------
    >>> read_number("<1E-10")
    ('<', 1e-10)
    >>> read_number("1.2e-4 (bulk)") is None
    True
    """
    plain = _MINUS_SIGNS.sub("-", _OVERLINES.sub("", text)).strip()
    found = _NUMBER.fullmatch(plain)
    return (found["mark"] or "=", float(found["value"])) if found else None


def paper_of(dois: Iterable[str], otherwise: str) -> str:
    """Label of the paper: its plain DOIs joined by `|`, or `otherwise` where there is none.

    The DOI of a supplement (`....s001`) counts as that of its article.

    Examples
    --------
    >>> paper_of(["https://doi.org/10.1000/AB.s001", "10.1000/ab"], "here:1")
    '10.1000/ab'
    """
    plain = (_SUPPLEMENT.sub("", str(plain_doi(doi))) for doi in dois)
    return "|".join(dict.fromkeys(doi for doi in plain if doi.startswith("10."))) or otherwise


def read_amounts(formula: str) -> Mapping[str, float] | str | None:
    """Amounts of a formula, None where it states none (a mixture without shares), or the reason why it is refused."""
    if misprinted := _MISPRINTED_ZERO.search(formula):
        return f"no amount: '{misprinted[0]}' has a letter O in it or lacks a decimal point"
    try:
        return read_formula(formula).composition
    except FormulaError as error:
        return f"the formula cannot be read: {error}"


def fitting_class(families: Mapping[str, str], family: str, amounts: Mapping[str, float] | None) -> str | None:
    """Class of a family, None where the family tells none or the formula does not fit it."""
    name = families.get(family.strip())
    if name is None or not amounts:
        return None
    needed, excluded = (words.split() for words in FITTING[name])
    return name if all(each in amounts for each in needed) and not any(each in amounts for each in excluded) else None


def build_row(values: Mapping[str, Any], place: str, text: str) -> ElectrolyteRow | Refused:
    """The record, or the refusal with everything wrong with it in short."""
    row = parse_row(ElectrolyteRow, values, 0)
    if isinstance(row, list):
        return Refused(
            place, text, "; ".join(f"{each.column}: got {each.got}, expected {each.expected}" for each in row)
        )
    return row


def joined_notes(*notes: str) -> str | None:
    """Notes that say something, in one text."""
    return "; ".join(filter(None, (" ".join(note.split()) for note in notes))) or None
