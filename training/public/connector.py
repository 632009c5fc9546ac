"""Rows of a public table: those that could be read, those refused with the reason, and what all connectors share."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from features.electrolyte import DEFAULT_TEMPERATURE_C
from features.formulas.reader import FormulaError, read_formula
from features.tables.fields import plain_doi
from features.tables.records import ElectrolyteRow
from features.tables.rows import parse_row

ROOM_TEMPERATURE_C = DEFAULT_TEMPERATURE_C
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
    """A row that was not taken.

    Attributes
    ----------
    place : str
        Where it stands: its id or its line.
    text : str
        As printed, in short.
    reason : str
        Why it was not taken.
    """

    place: str
    text: str
    reason: str


@dataclass(frozen=True)
class Converted:
    """One public table as our rows.

    Attributes
    ----------
    rows : list of ElectrolyteRow
        In file order.
    refused : list of Refused
        Rows not taken, with the reason.
    """

    rows: list[ElectrolyteRow] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """Numbers of `rows`, of those `censored` (a bound instead of a value), and of those `refused`."""
        censored = sum(row.conductivity_qualifier in ("<", ">") for row in self.rows)
        return {"rows": len(self.rows), "censored": censored, "refused": len(self.refused)}

    def add(self, result: ElectrolyteRow | Refused) -> None:
        """Put a result where it belongs.

        Parameters
        ----------
        result : ElectrolyteRow or Refused
            Of one row of the table.
        """
        if isinstance(result, Refused):
            self.refused.append(result)
        else:
            self.rows.append(result)


def read_cells(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Read the rows of a CSV file: the line each ends on, and its cells by column.

    Parameters
    ----------
    path : Path
        UTF-8 text with a header; cells that are not there are empty.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        for cells in reader:
            yield reader.line_num, {name: (cell or "").strip() for name, cell in cells.items()}


def read_number(text: str) -> tuple[str, float] | None:
    """Read a printed number.

    Overlines that slipped into the cell and typographic minus signs are read over; nothing else is.

    Parameters
    ----------
    text : str
        The cell.

    Returns
    -------
    (str, float) or None
        Qualifier (`=`, `<`, `>` or `~`) and value, at least 0; None where it is not one number.

    Examples
    --------
    >>> read_number("<1E-10")
    ('<', 1e-10)
    >>> read_number("1.2e-4 (bulk)") is None
    True
    """
    plain = _MINUS_SIGNS.sub("-", _OVERLINES.sub("", text)).strip()
    number = _NUMBER.fullmatch(plain)
    return (number["mark"] or "=", float(number["value"])) if number else None


def paper_of(dois: Iterable[str], otherwise: str) -> str:
    """Return the label of the paper: its plain DOIs joined by `|`.

    The DOI of a supplement (`....s001`) counts as that of its article.

    Parameters
    ----------
    dois : iterable of str
        As printed; other texts than DOIs are left out.
    otherwise : str
        Label where there is no DOI.

    Examples
    --------
    >>> paper_of(["https://doi.org/10.1000/AB.s001", "10.1000/ab"], "here:1")
    '10.1000/ab'
    """
    plain = (_SUPPLEMENT.sub("", str(plain_doi(doi))) for doi in dois)
    return "|".join(dict.fromkeys(doi for doi in plain if doi.startswith("10."))) or otherwise


def read_amounts(formula: str) -> Mapping[str, float] | str | None:
    """Read the amounts of a formula.

    Parameters
    ----------
    formula : str
        As printed.

    Returns
    -------
    mapping of str to float, str or None
        Amount by element; None where it states none (a mixture without shares); the reason where it is refused.

    Examples
    --------
    >>> read_amounts("Li3PS4"), read_amounts("Li2S-P2S5")
    ({'Li': 3.0, 'P': 1.0, 'S': 4.0}, None)
    >>> read_amounts("LiZr2(P04)3")
    "no amount: '04' has a letter O in it or lacks a decimal point"
    """
    if misprinted := _MISPRINTED_ZERO.search(formula):
        return f"no amount: '{misprinted[0]}' has a letter O in it or lacks a decimal point"
    try:
        return read_formula(formula).composition
    except FormulaError as error:
        return f"the formula cannot be read: {error}"


def fitting_class(families: Mapping[str, str], family: str, amounts: Mapping[str, float] | None) -> str | None:
    """Return the electrolyte class of a family.

    Parameters
    ----------
    families : mapping of str to str
        Our class by the table's own word.
    family : str
        As printed.
    amounts : mapping of str to float, optional
        Of the formula.

    Returns
    -------
    str or None
        None where the family has no class or the formula does not fit it.
    """
    name = families.get(family.strip())
    if name is None or not amounts:
        return None
    needed, excluded = (elements.split() for elements in FITTING[name])
    return name if set(needed) <= set(amounts) and not set(excluded) & set(amounts) else None


def build_row(values: Mapping[str, Any], place: str, text: str) -> ElectrolyteRow | Refused:
    """Return the record, or the refusal with everything wrong with it in short.

    Parameters
    ----------
    values : mapping of str to object
        By our column; None and empty text are not given.
    place, text : str
        As of `Refused`.
    """
    row = parse_row(ElectrolyteRow, values, 0)
    if not isinstance(row, list):
        return row
    reasons = (f"{mistake.column}: got {mistake.got}, expected {mistake.expected}" for mistake in row)
    return Refused(place, text, "; ".join(reasons))


def joined_notes(*notes: str) -> str | None:
    """Join the notes that are not empty to one text.

    Parameters
    ----------
    *notes : str
        Empty ones are left out; None where all are.
    """
    return "; ".join(filter(None, (" ".join(note.split()) for note in notes))) or None
