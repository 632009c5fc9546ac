"""Units as people write them, and their factors: a table, `units.csv`, one line per unit and column unit."""

from __future__ import annotations

import csv
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
DIGITS = 12
"""Significant digits kept of a converted value: what the conversion adds beyond is noise of binary numbers."""
_SPELLINGS = str.maketrans(
    {"−": "-", "–": "-", "‐": "-", "‑": "-", "μ": "u", "µ": "u", "Ω": "ohm", "Å": "angstrom", "º": "°"}
    | {"℃": "°C", "℉": "°F"}
    | dict.fromkeys("·⋅∙•*×\u00a0\u2009\u202f", " ")
)
_TOKEN = re.compile(r"(?P<symbol>[A-Za-z°‰]+)\^?\{?\(?(?P<power>[+-]?\d+)?\)?\}?")


class UnitError(ValueError):
    """A unit that does not become that of the column; the message ends the words 'expected ...'."""


@dataclass(frozen=True)
class Unit:
    """One line of `units.csv`: value in `into` = value x factor + offset; `refused` says why there is no factor."""

    into: str
    unit: str
    factor: float
    offset: float
    refused: str

    def convert(self, value: float) -> float:
        """The value in the unit of the column."""
        return rounded(value * self.factor + self.offset) if self.changes else value

    def stretch(self, difference: float) -> float:
        """A difference (an uncertainty) in the unit of the column: without the offset."""
        return rounded(difference * self.factor)

    @property
    def changes(self) -> bool:
        """Whether the number is another one in the unit of the column."""
        return (self.factor, self.offset) != (1.0, 0.0)


def rounded(value: float) -> float:
    """A converted value without the noise of the conversion."""
    return float(f"{value:.{DIGITS}g}")


@lru_cache(maxsize=1)
def units() -> dict[str, list[Unit]]:
    """Units that become a column's unit, by that unit; the column's own first."""
    known: dict[str, list[Unit]] = {}
    with Path(__file__).with_name("units.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            unit = Unit(
                row["into"], row["unit"], float(row["factor"] or "nan"), float(row["offset"] or 0), row["refused"]
            )
            known.setdefault(unit.into, [_own(unit.into)]).append(unit)
    return known


def _own(into: str) -> Unit:
    return Unit(into, into, 1.0, 0.0, "")


def find_unit(text: str, into: str) -> Unit:
    """The unit a text names, for a column in `into`; an empty text is the column's own unit.

    Case counts, as in mS and MS; another case passes where only one unit can be meant.

    Raises
    ------
    UnitError
        Unknown, of another quantity, or refused with its reason.

    Examples
    --------
    >>> find_unit("mS cm⁻¹", "S/cm").convert(2.3)
    0.0023
    >>> find_unit("K", "°C").convert(298.15)
    25.0
    """
    if not text.strip():
        return _own(into)
    exact, folded = _indices(into)
    key = unit_key(text)
    unit = exact.get(key)
    if unit is None:
        near = folded.get(key.lower(), [])
        unit = next((each for each in near if each.unit == into), near[0] if len(near) == 1 else None)
    if unit is None:
        usable = [each.unit for each in units().get(into, [_own(into)]) if not each.refused]
        raise UnitError(f"a unit that becomes {into}: {', '.join(usable)}" if into != "1" else "a number without unit")
    if unit.refused:
        raise UnitError(f"{into}, not {unit.unit}: {unit.refused}")
    return unit


@lru_cache(maxsize=64)
def _indices(into: str) -> tuple[dict[str, Unit], dict[str, list[Unit]]]:
    exact, folded = dict[str, Unit](), dict[str, list[Unit]]()
    for unit in units().get(into, [_own(into)]):
        exact.setdefault(unit_key(unit.unit), unit)
    for key, unit in exact.items():
        folded.setdefault(key.lower(), []).append(unit)
    return exact, folded


@lru_cache(maxsize=4096)
def unit_key(text: str) -> str:
    """One spelling for `mS/cm`, `mS cm-1`, `mS·cm⁻¹` and `mS per cm`: symbols with their powers, sorted."""
    plain = unicodedata.normalize("NFC", text.strip()).translate(SUPERSCRIPTS).translate(_SPELLINGS)
    plain = re.sub(r"\s+per\s+", "/", plain)
    raw = re.sub(r"[\s.]", "", plain)
    if "%" in plain:
        return raw.lower()
    powers: dict[str, int] = {}
    for place, part in enumerate(re.sub(r"[()]", " ", plain).split("/")):
        for word in part.split():
            if word == "1":
                continue
            token = _TOKEN.fullmatch(word)
            if token is None:
                return raw
            power = int(token["power"] or 1) * (1 if place == 0 else -1)
            powers[token["symbol"]] = powers.get(token["symbol"], 0) + power
    return " ".join(f"{symbol}^{power}" for symbol, power in sorted(powers.items())) or raw
