"""Numbers as people write them: `1.2×10⁻³`, `1,2e-3`, `3.2(4)`, a Unicode minus; none that can be read in two ways."""

from __future__ import annotations

import re
from dataclasses import dataclass

from training.intake.units import SUPERSCRIPTS

_SUPERSCRIPT_RUN = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻]+")
_FOLDED = str.maketrans(
    dict.fromkeys("−–—‐‑", "-")
    | dict.fromkeys("×✕·⋅∙*", "×")
    | dict.fromkeys("~∼≈≃≅", "~")
    | dict.fromkeys("≥⩾＞", ">")
    | dict.fromkeys("≤⩽＜", "<")
    | dict.fromkeys("\u00a0\u2009\u202f\u2007", " ")
)
_POWER = r"\^\s*[({]?\s*(?P<NAME>[+-]?\s?\d+)\s*[)}]?"
_NUMBER = re.compile(
    r"\s*(?P<sign>[+-]?)\s?(?:10\s*" + _POWER.replace("NAME", "alone") + r"|"
    r"(?P<mantissa>\d[\d.,]*|[.,]\d+)(?P<last>\(\d+\))?"
    r"(?:\s?[eE]\s?(?P<e>[+-]?\d+)(?!\d)|\s*[×xX]\s*10\s*(?:"
    + _POWER.replace("NAME", "power")
    + r"|(?P<bare>[+-]\s?\d+)))?)"
)
_TIMES = re.compile(r"\s*[×xX]\s*\d")


class FigureError(ValueError):
    """A text that is no number, or could be two; the message ends the words 'expected ...'."""


@dataclass(frozen=True)
class Figure:
    """A number read from a text: its value, the uncertainty its brackets state, whether an exponent was written."""

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
        """The same digits times ten to a power."""
        return Figure(self.mantissa, exponent, self.uncertainty)


def fold_figures(text: str) -> str:
    """Raised digits as `^-3`, dashes, times signs, marks and blanks written one way."""
    raised = _SUPERSCRIPT_RUN.sub(lambda match: "^" + match[0].translate(SUPERSCRIPTS), text)
    plain = raised.translate(_FOLDED).replace("<=", "<").replace(">=", ">")
    return re.sub(r"\s+", " ", re.sub(r"\+\s?/\s?-|\+-", "±", plain)).strip()


def take_figure(folded: str) -> tuple[Figure, str] | None:
    """The number a folded text begins with, and the rest; None where it begins with none.

    Raises
    ------
    FigureError
        The number can be read in two ways.
    """
    match = _NUMBER.match(folded)
    if match is None:
        return None
    rest = folded[match.end() :]
    if _TIMES.match(rest):
        raise FigureError("an exponent behind ^, as in 1.2×10^-3")
    sign = -1.0 if match["sign"] == "-" else 1.0
    if match["alone"]:
        return Figure(sign, int(match["alone"].replace(" ", ""))), rest
    mantissa = decimal(match["mantissa"])
    uncertainty = None
    if match["last"]:
        places = len(match["mantissa"].replace(",", ".").partition(".")[2])
        uncertainty = float(f"{match['last'][1:-1]}e-{places}")
    written = match["e"] or match["power"] or match["bare"]
    exponent = int(written.replace(" ", "")) if written else None
    if exponent is not None and abs(exponent) > 300:
        raise FigureError("a number a cell can hold")
    return Figure(sign * mantissa, exponent, uncertainty), rest


def decimal(text: str) -> float:
    """Digits with a point or a comma.

    Raises
    ------
    FigureError
        A comma that may part thousands as well as decimals (`1,234`), or separators in no order.

    Examples
    --------
    >>> decimal("1,25"), decimal("1,234.5"), decimal("0,123")
    (1.25, 1234.5, 0.123)
    """
    points, commas = text.count("."), text.count(",")
    if points <= 1 and not commas:
        return float(text)
    if points and commas:
        grouped = re.fullmatch(r"[1-9]\d{0,2}(?:,\d{3})+\.\d*", text)
        european = re.fullmatch(r"[1-9]\d{0,2}(?:\.\d{3})+,\d*", text)
        if grouped:
            return float(text.replace(",", ""))
        if european:
            return float(text.replace(".", "").replace(",", "."))
    if commas > 1 and not points and re.fullmatch(r"[1-9]\d{0,2}(?:,\d{3})+", text):
        return float(text.replace(",", ""))
    if commas == 1 and not points:
        if re.fullmatch(r"[1-9]\d{0,2},\d{3}", text):
            whole, _, part = text.partition(",")
            raise FigureError(f"{whole}.{part} or {whole}{part}: the comma can be read both ways")
        if re.fullmatch(r"\d*,\d+", text):
            return float(text.replace(",", "."))
    raise FigureError("a plain number such as 1234.5")
