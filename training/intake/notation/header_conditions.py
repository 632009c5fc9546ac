"""Conditions inside a header or a cell: `σ at 25 °C (mS/cm)`, `1.49 (RT)`, `Retention after 100 cycles`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from features.electrolyte import DEFAULT_TEMPERATURE_C
from training.intake.number_text import find_unit, fold_figures

TEMPERATURE_OF = {"electrolyte_conductivity_s_per_cm": "electrolyte_conductivity_temperature_c"}
"""Column of the temperature at which a column was measured, where that is not `temperature_c`."""
_VALUE = r"(?P<value>-?\d{1,4}(?:\.\d+)?)\s*(?P<unit>°\s*[CF]|deg\.?\s?C|[CK])(?![\w/^-])"
_ROOM = r"(?P<room>(?<![A-Za-z0-9])RT(?![A-Za-z0-9])|\br\.t\.|\broom[- ]temp(?:erature)?\b)"
_CONDITION = re.compile(
    rf"(?:\s*(?:\bat\b|@|\bmeasured at\b|[,;_])\s*|\s*(?=[(\[])|(?<=[A-Za-zσ%)\]\d])\s+|(?<=σ))"
    rf"(?P<open>[(\[])?(?:T\s*=\s*|at\s+)?"
    rf"(?:{_VALUE}|{_ROOM})(?(open)\s*(?P<close>[)\]])|)",
    re.IGNORECASE,
)
_ROOM_BEFORE = re.compile(r"(?:RT|r\.t\.|room[-_ ]temp(?:erature)?)[\s_]+(?=[A-Za-z]{3}|σ)", re.IGNORECASE)
_BEFORE_CYCLES = r"(?:\b(?:after|at|over|for|in|on|the|of)\b\s*|[@,(_]\s*)*"
_CYCLES = re.compile(
    rf"\s*{_BEFORE_CYCLES}(?:\bcycle\s*(?:no\.?\s*|number\s*|#\s*)?(?P<behind>\d{{1,6}})"
    r"|(?<![\d.])(?P<before>\d{1,6})(?:st|nd|rd|th)?[-\s_]*cycles?\b)\s*\)?",
    re.IGNORECASE,
)
_FACTOR = re.compile(
    r"^[×xX*]?\s*10\s*(?:\^\s*[({]?\s*|(?=[+-]))(?P<power>[+-]?\s?\d+)\s*[)}]?\s*[×*]?\s*(?P<unit>\S.*)$"
)
ABSOLUTE = 273.0
"""What no column of temperatures stays above in °C, and every one in kelvin does."""
_PLAIN = re.compile(r"\d+(?:[.,]\d+)?")
_OFFSET = re.compile(r"\d+[.,]15")


def take_temperature(text: str) -> tuple[str, float | None]:
    """Take the temperature of a measurement out of a header or a cell.

    Parameters
    ----------
    text : str
        As written.

    Returns
    -------
    tuple of str and float or None
        The text without it, and the temperature in °C; the text itself and None where it names none.

    Examples
    --------
    >>> take_temperature("Ionic conductivity at 25 °C (mS/cm)"), take_temperature("25 mS/cm at 300 K")
    (('Ionic conductivity (mS/cm)', 25.0), ('25 mS/cm', 26.85))
    >>> take_temperature("σ SE (mS/cm, RT)"), take_temperature("1.49 (RT)"), take_temperature("T (K)")
    (('σ SE (mS/cm)', 25.0), ('1.49', 25.0), ('T (K)', None))
    >>> take_temperature("room_temp_conductivity_mS_cm")
    ('conductivity_mS_cm', 25.0)
    """
    plain = unicodedata.normalize("NFKC", text).replace("−", "-").replace("–", "-").replace("º", "°")
    if before := _ROOM_BEFORE.match(plain):
        return plain[before.end() :], DEFAULT_TEMPERATURE_C
    match = _CONDITION.search(plain)
    if match is None or not match.start():
        return text, None
    temperature = DEFAULT_TEMPERATURE_C
    if match["value"]:
        unit = re.sub(
            r"^deg\.?\s?|\s", "", match["unit"].replace("C", "°C") if len(match["unit"]) == 1 else match["unit"]
        )
        temperature = find_unit(unit, "°C").convert(float(match["value"]))
    remaining = plain[: match.start()] + plain[match.end() :]
    return re.sub(r"\s*[(\[]\s*[,;]?\s*[)\]]", "", remaining).replace("(, ", "(").strip(" ,;_"), temperature


def take_cycle(text: str) -> tuple[str, int | None]:
    """Take the number of cycles out of a header such as `Retention after 100 cycles (%)`.

    Parameters
    ----------
    text : str
        As written.

    Returns
    -------
    tuple of str and int or None
        The text without it, and the cycle; the text itself and None where it names none.

    Examples
    --------
    >>> take_cycle("Retention after 100 cycles (%)"), take_cycle("Capacity retention (200th cycle) / %")
    (('Retention (%)', 100), ('Capacity retention / %', 200))
    >>> take_cycle("cycles")
    ('cycles', None)
    """
    match = _CYCLES.search(text)
    if match is None:
        return text, None
    remaining = f"{text[: match.start()]} {text[match.end() :]}"
    if remaining.count("(") != remaining.count(")"):  # the bracket held the unit as well: (%, 100 cycles)
        remaining += ")" if remaining.count("(") > remaining.count(")") else ""
    return " ".join(remaining.split()), int(match["behind"] or match["before"])


def take_factor(unit: str) -> tuple[str, int]:
    """Take a power of ten off the unit of a header.

    Parameters
    ----------
    unit : str
        As written.

    Returns
    -------
    tuple of str and int
        The unit behind it, and the power; the text itself and 0 where there is none.

    Examples
    --------
    >>> take_factor("10−4 S cm−1"), take_factor("×10⁻³ S/cm"), take_factor("mS/cm")
    (('S cm-1', -4), ('S/cm', -3), ('mS/cm', 0))
    """
    match = _FACTOR.match(fold_figures(unit))
    if match is None:
        return unit, 0
    return match["unit"].replace("^", ""), int(match["power"].replace(" ", ""))


def is_kelvin(cells: Iterable[str]) -> bool:
    """Return whether a column of temperatures without a unit is in kelvin: all of 273 and more, one that ends in .15.

    Parameters
    ----------
    cells : iterable of str
        As written; empty ones do not count.

    Examples
    --------
    >>> is_kelvin(["298.15", "298", "573"]), is_kelvin(["298", "573"]), is_kelvin(["25", "298.15"])
    (True, False, False)
    """
    has_offset = False
    for cell in filter(None, map(str.strip, cells)):
        if not _PLAIN.fullmatch(cell) or float(cell.replace(",", ".")) < ABSOLUTE:
            return False
        has_offset |= _OFFSET.fullmatch(cell) is not None
    return has_offset
