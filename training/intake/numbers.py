"""One cell of a table as a quantity: `>99`, `~80`, `80±2 %`, `2.3 mS/cm`, `10-20`, `C/10`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from training.intake.units import SUPERSCRIPTS, Unit, UnitError, find_unit, rounded

NOT_GIVEN = frozenset(
    {"", "-", "–", "—", "/", "n/a", "na", "nan", "none", "null", "n.a.", "n.r.", "nr", "not reported", "not given", "?"}
)
"""What stands in the cell of a number nobody printed, in lower case."""
ROOM_TEMPERATURE = frozenset({"rt", "r.t.", "room temperature", "room temp", "ambient"})
ROOM_TEMPERATURE_C = 25.0
WARM_C = 5.0
"""`25C` in a column of temperatures is one; below this a number in front of a bare C looks like a C-rate."""
_MARKS = {
    ">": ("at least", "more than", "over", "above", "min.", ">"),
    "<": ("at most", "less than", "up to", "under", "below", "max.", "<"),
    "~": ("approximately", "approx.", "approx", "around", "about", "circa", "nearly", "almost", "ca.", "ca", "c.", "~"),
    "=": ("=",),
}
_MARK_OF = {word: mark for mark, words in _MARKS.items() for word in words}
_MARK = re.compile(
    "(?:" + "|".join(re.escape(word) for word in sorted(_MARK_OF, key=len, reverse=True)) + r")\s*", re.I
)
_BETWEEN = re.compile(r"\s*(?:-|\bto\b|…|\.{2,3})\s*")
_C_RATE = re.compile(r"(?:C\s*/\s*(?P<over>[\d.,]+)|(?P<times>[\d.,]+(?:\s*/\s*[\d.,]+)?)\s*C)(?:[- ]?rate)?")


class QuantityError(ValueError):
    """A cell that cannot be read; the message ends the words 'expected ...'."""


@dataclass(frozen=True)
class Quantity:
    """What a cell says, in the unit of its column.

    Attributes
    ----------
    value : the number; the low end of a range
    high : the high end of a range, else None
    mark : = < > ~
    uncertainty : of the value, None where none is written
    remark : how the cell was read where that is not plain
    """

    value: float
    high: float | None = None
    mark: str = "="
    uncertainty: float | None = None
    remark: str = ""


def read_quantity(text: str, into: str, stated: str = "", *, allows_range: bool = False) -> Quantity | None:
    """Read one cell of a column of numbers.

    Parameters
    ----------
    text : the cell
    into : unit of the column, as the row model declares it
    stated : unit the header names; a unit in the cell goes first
    allows_range : whether the table has a place for the high end

    Returns
    -------
    Quantity or None
        None where the cell says that nothing is given. A range written `1-2×10^-4` shares its exponent where the
        numbers would not rise otherwise.

    Raises
    ------
    QuantityError
        With what was expected: no number, a number that can be read twice, a unit of another quantity, a C-rate in
        another column, a range where there is no place for one.

    Examples
    --------
    >>> read_quantity("2.3 mS/cm", "S/cm")
    Quantity(value=0.0023, high=None, mark='=', uncertainty=None, remark='')
    >>> read_quantity("C/10", "1/h").value
    0.1
    """
    folded = fold_figures(text)
    if folded.lower() in NOT_GIVEN:
        return None
    if into == "°C" and folded.lower() in ROOM_TEMPERATURE:
        return Quantity(ROOM_TEMPERATURE_C, remark="RT = 25")
    try:
        mark, plain = _take_mark(folded)
        if (rate := _c_rate(plain, into)) is not None:
            return Quantity(rate, mark=mark)
        read = _read(plain, into, stated)
        if read.high is not None and (not allows_range or mark in "<>"):
            raise QuantityError("one value, this table has no range here: give one row per value, or ~ and the middle")
    except (FigureError, UnitError) as error:
        raise QuantityError(str(error)) from None
    return replace(read, mark=mark)


def _take_mark(folded: str) -> tuple[str, str]:
    match = _MARK.match(folded)
    if match is None:
        return "=", folded
    return _MARK_OF[match[0].strip().lower()], folded[match.end() :]


def _c_rate(plain: str, into: str) -> float | None:
    """The C-rate a text states, None where it states none; refused outside the column of C-rates."""
    match = _C_RATE.fullmatch(plain)
    if match is None:
        return None
    parts = [part.strip() for part in (match["times"] or f"1/{match['over']}").split("/")]
    numbers = [float(part) if re.fullmatch(r"\d*\.?\d+", part) else None for part in parts]
    first, last = numbers[0], numbers[-1]
    if first is None or not last:
        raise QuantityError("a C-rate such as 1C, C/10 or 0.1C")
    rate = rounded(first / last) if len(numbers) == 2 else first
    if into == "1/h":
        return rate
    if into == "°C" and match["times"] and len(numbers) == 1:
        if rate >= WARM_C:
            return None
        raise QuantityError(f"a temperature; this looks like a C-rate, write {rate:g} °C if it is none")
    raise QuantityError(f"a quantity in {into}; a C-rate belongs into c_rate_per_h")


def _read(plain: str, into: str, stated: str) -> Quantity:
    bracketed = re.fullmatch(r"\((?P<inside>[^()]*±[^()]*)\)\s*(?P<rest>.*)", plain)
    if bracketed:
        return _in_brackets(bracketed["inside"], bracketed["rest"], into, stated)
    first, rest = _number(plain)
    if "±" in rest:
        return _with_error(first, rest, into, stated)
    if _is_unit(rest, into):
        unit = _unit(rest, into, stated)
        error = first.error
        return Quantity(unit.convert(first.value), uncertainty=None if error is None else unit.stretch(error))
    for left, second, right in _pairs(rest, into):
        unit = _unit(right or left, into, stated)
        if left and right and find_unit(left, into) != unit:
            raise QuantityError("one unit for both ends of the range")
        return _range(first, second, unit)
    _unit(rest, into, stated)
    raise QuantityError(f"a number in {into}")


def _number(text: str) -> tuple[Figure, str]:
    found = take_figure(text)
    if found is None:
        raise QuantityError("a number")
    return found


def _is_unit(text: str, into: str) -> bool:
    try:
        find_unit(text, into)
    except UnitError:
        return False
    return True


def _unit(text: str, into: str, stated: str) -> Unit:
    return find_unit(text.strip() or stated, into)


def _in_brackets(inside: str, rest: str, into: str, stated: str) -> Quantity:
    """`(3.2±0.4)×10^-4 S/cm`: both numbers times the power behind the bracket."""
    value, error = (_number(part)[0] for part in inside.split("±", 1))
    power = take_figure(f"1{rest}") if re.match(r"\s*[×xXeE]", rest) else None
    if power and power[0].exponent is not None:
        exponent, rest = power[0].exponent, power[1]
        value, error = value.with_exponent(exponent), error.with_exponent(exponent)
    unit = _unit(rest, into, stated)
    return Quantity(unit.convert(value.value), uncertainty=unit.stretch(error.value))


def _with_error(first: Figure, rest: str, into: str, stated: str) -> Quantity:
    left, _, right = rest.partition("±")
    error, behind = _number(right)
    if left.strip() and behind.strip() and find_unit(left, into) != find_unit(behind, into):
        raise QuantityError("one unit for the value and its uncertainty")
    unit = _unit(behind.strip() or left, into, stated)
    if first.exponent is None and error.exponent is not None and re.search("[×xX]", right):
        first = first.with_exponent(error.exponent)  # 3.2±0.4×10^-4; 80±2e-1 says what it says
    return Quantity(unit.convert(first.value), uncertainty=unit.stretch(error.value))


def _pairs(rest: str, into: str) -> Iterator[tuple[str, Figure, str]]:
    """Every way to part the text behind a number into unit, second number and unit."""
    for between in _BETWEEN.finditer(rest):
        left, right = rest[: between.start()], rest[between.end() :]
        found = take_figure(right)
        if found and _is_unit(left, into) and _is_unit(found[1], into):
            yield left.strip(), found[0], found[1].strip()


def _range(first: Figure, second: Figure, unit: Unit) -> Quantity:
    shared = first.exponent is None and second.exponent is not None
    if shared and second.exponent is not None and first.value > second.value:
        first = first.with_exponent(second.exponent)
    elif shared:
        raise QuantityError("both ends of the range in full: the exponent may belong to one or to both")
    low, high = unit.convert(first.value), unit.convert(second.value)
    if low >= high:
        raise QuantityError("a range that rises, or a power of ten written 10^-4")
    return Quantity(low, high)


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
