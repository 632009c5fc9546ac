"""Lines around a table: a line `sep=;`, a title above the header, units in a row of their own."""

from __future__ import annotations

import re
from collections.abc import Sequence

from training.intake.number_text import known_units, unit_key

_SEPARATOR_LINE = re.compile(r"\"?sep=(?P<separator>[,;\t|])\"?\s*", re.IGNORECASE)
_TITLE = re.compile(r"(?:supplementary |supporting |extended data )?(?:table|tab\.|data ?set|sheet)\b", re.IGNORECASE)
_NO_UNIT = frozenset({"", "-", "–", "—", "/", "1", "unit", "units", "[-]", "(-)"})


def separator_line(line: str) -> str | None:
    """Return the separator that a line of Excel's states, None where the line is none.

    Parameters
    ----------
    line : str
        First line of a file.

    Examples
    --------
    >>> separator_line("sep=;"), separator_line("Electrolyte;DOI")
    (';', None)
    """
    match = _SEPARATOR_LINE.fullmatch(line)
    return match["separator"] if match else None


def is_title(cells: Sequence[str], below: Sequence[str]) -> bool:
    """Return whether a row is a title above the header: one text over several columns.

    Parameters
    ----------
    cells : sequence of str
        Of the row.
    below : sequence of str
        Of the row under it.

    Examples
    --------
    >>> is_title(["Table S1. Conductivities", "", ""], ["Electrolyte", "T (°C)", "DOI"])
    True
    >>> is_title(["Electrolyte", "T (°C)"], ["Li6PS5Cl", "25"]), is_title(["cycle"], ["1"])
    (False, False)
    """
    filled, under = [sum(bool(cell.strip()) for cell in row) for row in (cells, below)]
    titled = _TITLE.match(cells[0].strip()) is not None if cells else False
    return under > 1 and (filled == 1 or (titled and filled < under))


def is_unit_row(cells: Sequence[str]) -> bool:
    """Return whether a row under the header holds units and nothing else.

    Parameters
    ----------
    cells : sequence of str
        Of the row.

    Examples
    --------
    >>> is_unit_row(["", "(mS/cm)", "°C", "-"]), is_unit_row(["Li6PS5Cl", "1.3", "25", "10.1000/a"])
    (True, False)
    """
    units = [plain_unit(cell) for cell in cells if cell.strip().lower() not in _NO_UNIT]
    return bool(units) and all(unit_key(unit).lower() in known_units() for unit in units)


def plain_unit(cell: str) -> str:
    """Return the unit in a cell, without the brackets around it.

    Parameters
    ----------
    cell : str
        As written.

    Examples
    --------
    >>> plain_unit("[mS/cm]"), plain_unit(" - ")
    ('mS/cm', '')
    """
    text = cell.strip()
    text = "" if text.lower() in _NO_UNIT else text
    return text[1:-1].strip() if text[:1] in "([" and text[-1:] in ")]" else text


def with_units(header: Sequence[str], units: Sequence[str]) -> list[str]:
    """Return a header whose names hold the units of the row under it.

    Parameters
    ----------
    header, units : sequence of str
        Cells of both rows.

    Examples
    --------
    >>> with_units(["Electrolyte", "σ", "T (°C)"], ["", "(mS/cm)", "°C"])
    ['Electrolyte', 'σ (mS/cm)', 'T (°C)']
    """
    padded = [*units, *[""] * (len(header) - len(units))]
    named = []
    for name, cell in zip(header, padded, strict=False):
        unit = plain_unit(cell)
        named.append(f"{name} ({unit})" if unit and unit not in name else name)
    return named
