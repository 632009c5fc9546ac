"""Numbers and units as people write them; the factors of the units stand in `units.csv`, a line per unit and column."""

from __future__ import annotations

import csv
import re
import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

DIGITS = 12
"""Significant digits kept of a converted value: what the conversion adds beyond is noise of binary numbers."""
LARGEST_EXPONENT = 300
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
_SUPERSCRIPT_RUN = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻]+")
_SIGNS = str.maketrans(
    dict.fromkeys("−–—‐‑", "-")
    | dict.fromkeys("×✕·⋅∙*", "×")
    | dict.fromkeys("~∼≈≃≅", "~")
    | dict.fromkeys("≥⩾＞", ">")
    | dict.fromkeys("≤⩽＜", "<")
    | dict.fromkeys("\u00a0\u2009\u202f\u2007", " ")
)
_POWER = r"\^\s*[({]?\s*(?P<NAME>[+-]?\s?\d+)\s*[)}]?"
_NUMBER = re.compile(
    r"\s*(?P<sign>[+-]?)\s?(?:10\s*\^\s*[({]?\s*(?P<alone>[+-]?\s?\d+(?:\.\d+)?)\s*[)}]?|"
    r"(?P<mantissa>\d[\d.,]*|[.,]\d+)(?P<last>\(\d+\))?"
    r"(?:\s?[eE]\s?(?P<e>[+-]?\d+)(?!\d)|\s*[×xX]\s*10\s*(?:"
    + _POWER.replace("NAME", "power")
    + r"|(?P<bare>[+-]\s?\d+)))?)"
)
_TIMES = re.compile(r"\s*[×xX]\s*\d")
_UNIT_SPELLINGS = str.maketrans(
    {"−": "-", "–": "-", "‐": "-", "‑": "-", "μ": "u", "µ": "u", "Ω": "ohm", "Å": "angstrom", "º": "°"}
    | {"℃": "°C", "℉": "°F"}
    | dict.fromkeys("·⋅∙•*×\u00a0\u2009\u202f", " ")
)
_UNIT_TOKEN = re.compile(r"(?P<symbol>[A-Za-z°‰]+)\^?\{?\(?(?P<power>[+-]?\d+)?\)?\}?")


class QuantityError(ValueError):
    """A number, a unit or a cell that cannot be read; the message ends the words 'expected ...'."""


class UnitError(QuantityError):
    """A unit that does not become that of the column."""


@dataclass(frozen=True)
class Figure:
    """A number read from a text.

    Attributes
    ----------
    mantissa : float
        Its digits, with the sign.
    exponent : int or None
        Power of ten; None where none was written.
    uncertainty : float or None
        What its brackets state, on the scale of the mantissa; None without brackets.
    """

    mantissa: float
    exponent: int | None
    uncertainty: float | None = None

    @property
    def value(self) -> float:
        """The number; from its digits, so that 1.2×10^-3 is the same number as 0.0012."""
        return self._times(self.mantissa)

    @property
    def error(self) -> float | None:
        """The uncertainty in brackets, as a number."""
        return None if self.uncertainty is None else self._times(self.uncertainty)

    def _times(self, number: float) -> float:
        return number if self.exponent is None else float(f"{number!r}e{self.exponent}")

    def with_exponent(self, exponent: int) -> Figure:
        """Return the same digits times ten to a power.

        Parameters
        ----------
        exponent : int
            The power.
        """
        return replace(self, exponent=exponent)


def fold_figures(text: str) -> str:
    """Return a text with raised digits as `^-3`, and dashes, times signs, marks and blanks written one way.

    Parameters
    ----------
    text : str
        As written.

    Examples
    --------
    >>> fold_figures("≈ 2.3 · 10⁻³ +/- 0.1")
    '~ 2.3 × 10^-3 ± 0.1'
    """
    raised = _SUPERSCRIPT_RUN.sub(lambda match: "^" + match[0].translate(_SUPERSCRIPTS), text)
    plain = raised.translate(_SIGNS).replace("<=", "<").replace(">=", ">")
    return re.sub(r"\s+", " ", re.sub(r"\+\s?/\s?-|\+-", "±", plain)).strip()


def take_figure(folded: str) -> tuple[Figure, str] | None:
    """Return the number a folded text begins with, and the rest; None where it begins with none.

    Parameters
    ----------
    folded : str
        As of `fold_figures`.

    Raises
    ------
    QuantityError
        The number can be read in two ways.

    Examples
    --------
    >>> figure, rest = take_figure("1.25(3)e-3 S/cm")
    >>> figure.value, figure.error, rest
    (0.00125, 3e-05, ' S/cm')
    """
    match = _NUMBER.match(folded)
    if match is None:
        return None
    remaining = folded[match.end() :]
    if _TIMES.match(remaining):
        raise QuantityError("an exponent behind ^, as in 1.2×10^-3")
    sign = -1.0 if match["sign"] == "-" else 1.0
    if match["alone"]:
        alone = match["alone"].replace(" ", "")
        if "." in alone:  # 10^-2.49, read off a logarithmic axis
            return Figure(sign * rounded(10 ** float(alone)), None), remaining
        return Figure(sign, int(alone)), remaining
    mantissa = decimal(match["mantissa"])
    uncertainty = None
    if match["last"]:
        places = len(match["mantissa"].replace(",", ".").partition(".")[2])
        uncertainty = float(f"{match['last'][1:-1]}e-{places}")
    written = match["e"] or match["power"] or match["bare"]
    exponent = int(written.replace(" ", "")) if written else None
    if exponent is not None and abs(exponent) > LARGEST_EXPONENT:
        raise QuantityError("a number a cell can hold")
    return Figure(sign * mantissa, exponent, uncertainty), remaining


def decimal(text: str) -> float:
    """Read digits with a point or a comma.

    Parameters
    ----------
    text : str
        Digits, points and commas.

    Raises
    ------
    QuantityError
        A comma that may part thousands as well as decimals (`1,234`), or separators in no order.

    Examples
    --------
    >>> decimal("1,25"), decimal("1,234.5"), decimal("0,123")
    (1.25, 1234.5, 0.123)
    """
    if "," not in text and text.count(".") <= 1:
        return float(text)
    if re.fullmatch(r"[1-9]\d{0,2}(?:(?:,\d{3})+\.\d*|(?:,\d{3}){2,})", text):
        return float(text.replace(",", ""))
    if re.fullmatch(r"[1-9]\d{0,2}(?:\.\d{3})+,\d*", text):
        return float(text.replace(".", "").replace(",", "."))
    if re.fullmatch(r"[1-9]\d{0,2},\d{3}", text):
        integer, _, part = text.partition(",")
        raise QuantityError(f"{integer}.{part} or {integer}{part}: the comma can be read both ways")
    if re.fullmatch(r"\d*,\d+", text):
        return float(text.replace(",", "."))
    raise QuantityError("a plain number such as 1234.5")


@dataclass(frozen=True)
class Unit:
    """One line of `units.csv`: value in `into` = value x factor + offset.

    Attributes
    ----------
    into : str
        Unit of the column.
    unit : str
        The other unit.
    factor, offset : float
        Of the conversion.
    refused : str
        Why there is no factor; empty where there is one.
    """

    into: str
    unit: str
    factor: float
    offset: float
    refused: str

    def convert(self, value: float) -> float:
        """Return a value in the unit of the column.

        Parameters
        ----------
        value : float
            In `unit`.
        """
        unchanged = (self.factor, self.offset) == (1.0, 0.0)
        return value if unchanged else rounded(value * self.factor + self.offset)

    def stretch(self, difference: float) -> float:
        """Return a difference (an uncertainty) in the unit of the column: without the offset.

        Parameters
        ----------
        difference : float
            In `unit`.
        """
        return rounded(difference * self.factor)


def rounded(value: float) -> float:
    """Return a converted value without the noise of the conversion.

    Parameters
    ----------
    value : float
        In any unit.

    Examples
    --------
    >>> rounded(0.1 + 0.2)
    0.3
    """
    return float(f"{value:.{DIGITS}g}")


@lru_cache(maxsize=1)
def units() -> dict[str, list[Unit]]:
    """Return the units that become a column's unit, by that unit; the column's own first."""
    known: dict[str, list[Unit]] = {}
    with Path(__file__).with_name("units.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            factor, offset = float(row["factor"] or "nan"), float(row["offset"] or 0)
            unit = Unit(row["into"], row["unit"], factor, offset, row["refused"])
            known.setdefault(unit.into, [_own(unit.into)]).append(unit)
    return known


def _own(into: str) -> Unit:
    return Unit(into, into, 1.0, 0.0, "")


def find_unit(text: str, into: str) -> Unit:
    """Return the unit a text names, for a column in `into`.

    Case counts, as in mS and MS; another case passes where only one unit can be meant.

    Parameters
    ----------
    text : str
        As written; empty is the column's own unit.
    into : str
        Unit of the column, such as S/cm.

    Raises
    ------
    UnitError
        A unit of another quantity, or one that is refused with its reason.

    Examples
    --------
    >>> find_unit("mS cm⁻¹", "S/cm").convert(2.3)
    0.0023
    >>> find_unit("K", "°C").convert(298.15), find_unit("bar", "MPa").convert(500)
    (25.0, 50.0)
    """
    if not text.strip():
        return _own(into)
    exact, folded = _indices(into)
    key = unit_key(text)
    unit = exact.get(key)
    if unit is None:
        near = folded.get(key.lower(), [])
        unit = next((candidate for candidate in near if candidate.unit == into), near[0] if len(near) == 1 else None)
    if unit is None:
        usable = [candidate.unit for candidate in units().get(into, [_own(into)]) if not candidate.refused]
        raise UnitError(f"a unit that becomes {into}: {', '.join(usable)}" if into != "1" else "a number without unit")
    if unit.refused:
        raise UnitError(f"{into}, not {unit.unit}: {unit.refused}")
    return unit


@lru_cache(maxsize=64)
def _indices(into: str) -> tuple[dict[str, Unit], dict[str, list[Unit]]]:
    """Return the units that become a unit, by their spelling, and by that in lower case."""
    exact, folded = dict[str, Unit](), dict[str, list[Unit]]()
    for unit in units().get(into, [_own(into)]):
        exact.setdefault(unit_key(unit.unit), unit)
    for key, unit in exact.items():
        folded.setdefault(key.lower(), []).append(unit)
    return exact, folded


@lru_cache(maxsize=1)
def known_units() -> frozenset[str]:
    """Return every unit that becomes that of a column, and those, in one spelling and in lower case."""
    spelled = [unit.unit for others in units().values() for unit in others] + list(units())
    return frozenset(unit_key(unit).lower() for unit in spelled)


@lru_cache(maxsize=4096)
def unit_key(text: str) -> str:
    """Return one spelling for `mS/cm`, `mS cm-1`, `mS·cm⁻¹` and `mS per cm`: symbols with their powers, sorted.

    Parameters
    ----------
    text : str
        A unit as written.

    Examples
    --------
    >>> unit_key("mS/cm"), unit_key("mS·cm⁻¹")
    ('cm^-1 mS^1', 'cm^-1 mS^1')
    """
    plain = unicodedata.normalize("NFC", text.strip()).translate(_SUPERSCRIPTS).translate(_UNIT_SPELLINGS)
    plain = re.sub(r"\s+per\s+", "/", plain)
    plain = re.sub(r"(?<=[A-Za-z0-9])\.(?=[A-Za-z])", " ", plain) if "%" not in plain else plain
    plain = re.sub(r"(?<=[A-Za-z])\s+(?=-\s?\d)", "", plain).replace("- ", "-")
    raw = re.sub(r"[\s.]", "", plain)
    if "%" in plain:
        return raw.lower()
    powers: dict[str, int] = {}
    for place, part in enumerate(re.sub(r"[()]", " ", plain).split("/")):
        for word in part.split():
            if word == "1":
                continue
            token = _UNIT_TOKEN.fullmatch(word)
            if token is None:
                return raw
            power = int(token["power"] or 1) * (1 if place == 0 else -1)
            powers[token["symbol"]] = powers.get(token["symbol"], 0) + power
    return " ".join(f"{symbol}^{power}" for symbol, power in sorted(powers.items())) or raw
