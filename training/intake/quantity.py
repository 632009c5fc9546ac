"""One cell of a table as a quantity: `>99`, `~80`, `80±2 %`, `2.3 mS/cm`, `10-20`, `C/10`."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from features.electrolyte import DEFAULT_TEMPERATURE_C
from training.intake.notation.header_conditions import take_temperature
from training.intake.notation.logarithms import BASES
from training.intake.number_text import (
    Figure,
    QuantityError,
    Unit,
    UnitError,
    find_unit,
    fold_figures,
    rounded,
    take_figure,
)

NOT_GIVEN = frozenset(
    {"", "-", "–", "—", "/", "n/a", "na", "nan", "none", "null", "n.a.", "n.r.", "nr", "not reported", "not given", "?"}
)
"""Words in the cell of a number nobody printed, in lower case."""
ROOM_TEMPERATURE = frozenset({"rt", "r.t.", "room temperature", "room temp", "ambient"})
WARM_C = 5.0
"""`25C` in a column of temperatures is one; below this a number in front of a bare C looks like a C-rate."""
TOLERANCE_DECADES = 0.01
"""Difference at most between a value and its logarithm in the column beside it."""
_LARGEST = 30.0
_MARKS = {
    ">": ("at least", "more than", "over", "above", "min.", ">"),
    "<": ("at most", "less than", "up to", "under", "below", "max.", "<"),
    "~": ("approximately", "approx.", "approx", "around", "about", "circa", "nearly", "almost", "ca.", "ca", "c.", "~"),
    "=": ("=",),
}
_MARK_OF = {spelling: mark for mark, spellings in _MARKS.items() for spelling in spellings}
_MARK = re.compile(
    "(?:" + "|".join(re.escape(word) for word in sorted(_MARK_OF, key=len, reverse=True)) + r")\s*", re.I | re.A
)
_FOOTNOTE = re.compile(r"(?<=\d)(?:\s+\(?(?P<mark>[a-h])\)?|\s*\[?(?P<sign>[*×†‡§¶#]+)\]?)$")
_BETWEEN = re.compile(r"\s*(?:-|\bto\b|…|\.{2,3})\s*")
_C_RATE = re.compile(r"(?:C\s*/\s*(?P<over>[\d.,]+)|(?P<times>[\d.,]+(?:\s*/\s*[\d.,]+)?)\s*C)(?:[- ]?rate)?")


@dataclass(frozen=True)
class Quantity:
    """A number or a range as a cell gives it, in the unit of its column.

    Attributes
    ----------
    value : float
        The number; the low end of a range.
    high : float or None
        The high end of a range; None where there is one value.
    mark : str
        = < > ~
    uncertainty : float or None
        Of the value; None where none is written.
    remark : str
        How the cell was read where that is not plain; else empty.
    temperature_c : float or None
        Of the measurement, where the cell names it: `1.49 (RT)`.
    """

    value: float
    high: float | None = None
    mark: str = "="
    uncertainty: float | None = None
    remark: str = ""
    temperature_c: float | None = None


def read_quantity(
    text: str, into: str, header_unit: str = "", *, allows_range: bool = False, power: int = 0
) -> Quantity | None:
    """Read one cell of a column of numbers.

    Parameters
    ----------
    text : str
        The cell.
    into : str
        Unit of the column, as the row model declares it.
    header_unit : str
        Unit the header names, empty where it names none; a unit in the cell goes first.
    allows_range : bool
        Whether the table has a place for the high end.
    power : int
        Power of ten in the header, which every number is multiplied by.

    Returns
    -------
    Quantity or None
        None where the cell states that nothing is given. A range written `1-2×10^-4` shares its exponent where the
        numbers would not rise otherwise.

    Raises
    ------
    QuantityError
        With what was expected: no number, a number that can be read twice, a unit of another quantity, a C-rate in
        another column, a range where there is no place for one.

    Examples
    --------
    >>> read_quantity("2.3 mS/cm", "S/cm")
    Quantity(value=0.0023, high=None, mark='=', uncertainty=None, remark='', temperature_c=None)
    >>> read_quantity("C/10", "1/h").value, read_quantity("298 K", "°C").value, read_quantity(">99", "%").mark
    (0.1, 24.85, '>')
    >>> read_quantity("80±2 %", "%").uncertainty, read_quantity("1-2×10^-4", "S/cm", allows_range=True).high
    (2.0, 0.0002)
    >>> read_quantity("n.a.", "S/cm") is None
    True
    """
    plain_text = fold_figures(text)
    if plain_text.lower() in NOT_GIVEN:
        return None
    written, temperature = take_temperature(plain_text) if into != "°C" else (plain_text, None)
    folded, footnote = _without_footnote(written, into)
    if into == "°C" and folded.lower() in ROOM_TEMPERATURE:
        return Quantity(DEFAULT_TEMPERATURE_C, remark="RT = 25")
    mark, plain = _take_mark(folded)
    if (rate := _c_rate(plain, into)) is not None:
        return Quantity(rate, mark=mark)
    quantity = _times(_read(plain, into, header_unit), power, plain)
    if quantity.high is not None and (not allows_range or mark in "<>"):
        raise QuantityError("one value, this table has no range here: give one row per value, or ~ and the middle")
    return replace(quantity, mark=mark, temperature_c=temperature, remark=footnote or quantity.remark)


def _without_footnote(folded: str, into: str) -> tuple[str, str]:
    """Return a cell without the mark of a footnote behind its number, and a remark on it."""
    match = _FOOTNOTE.search(folded)
    if match is None or _is_unit(match["mark"] or "?", into):
        return folded, ""
    return folded[: match.start()], f"{folded}: {match['mark'] or match['sign']!r} taken as the mark of a footnote"


def _times(quantity: Quantity, power: int, plain: str) -> Quantity:
    """Return a quantity times the power of ten in the header, which the cell itself must not state again."""
    if not power:
        return quantity
    if re.search(r"[×xX^A-Za-z%]|\d\s?[eE]\s?[+-]?\d", plain):
        raise QuantityError(f"a plain number: the header multiplies it by 10^{power} already")
    factor = 10.0**power
    high = None if quantity.high is None else rounded(quantity.high * factor)
    error = None if quantity.uncertainty is None else rounded(quantity.uncertainty * factor)
    return replace(quantity, value=rounded(quantity.value * factor), high=high, uncertainty=error)


def _take_mark(folded: str) -> tuple[str, str]:
    """Return the mark a text begins with, = where there is none, and the rest."""
    match = _MARK.match(folded)
    if match is None:
        return "=", folded
    return _MARK_OF[match[0].strip().lower()], folded[match.end() :]


def _c_rate(plain: str, into: str) -> float | None:
    """Return the C-rate a text states, None where it states none; refuse it outside the column of C-rates."""
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


def _read(plain: str, into: str, header_unit: str) -> Quantity:
    bracketed = re.fullmatch(r"\((?P<inside>[^()]*±[^()]*)\)\s*(?P<rest>.*)", plain)
    if bracketed:
        return _in_brackets(bracketed["inside"], bracketed["rest"], into, header_unit)
    first, remaining = _number(plain)
    if "±" in remaining:
        return _with_error(first, remaining, into, header_unit)
    if _is_unit(remaining, into):
        return _quantity(first, first.error, _unit(remaining, into, header_unit))
    for first_unit, second, second_unit in _pairs(remaining, into):
        unit = _unit(second_unit or first_unit, into, header_unit)
        if first_unit and second_unit and find_unit(first_unit, into) != unit:
            raise QuantityError("one unit for both ends of the range")
        return _range(first, second, unit)
    _unit(remaining, into, header_unit)
    raise QuantityError(f"a number in {into}")


def _number(text: str) -> tuple[Figure, str]:
    figure = take_figure(text)
    if figure is None:
        raise QuantityError("a number")
    return figure


def _quantity(figure: Figure, error: float | None, unit: Unit) -> Quantity:
    return Quantity(unit.convert(figure.value), uncertainty=None if error is None else unit.stretch(error))


def _is_unit(text: str, into: str) -> bool:
    try:
        find_unit(text, into)
    except UnitError:
        return False
    return True


def _unit(text: str, into: str, header_unit: str) -> Unit:
    return find_unit(text.strip() or header_unit, into)


def _in_brackets(inside: str, remaining: str, into: str, header_unit: str) -> Quantity:
    """Read `(3.2±0.4)×10^-4 S/cm`: both numbers times the power behind the bracket."""
    value, error = (_number(part)[0] for part in inside.split("±", 1))
    power = take_figure(f"1{remaining}") if re.match(r"\s*[×xXeE]", remaining) else None
    if power and power[0].exponent is not None:
        exponent, remaining = power[0].exponent, power[1]
        value, error = value.with_exponent(exponent), error.with_exponent(exponent)
    return _quantity(value, error.value, _unit(remaining, into, header_unit))


def _with_error(first: Figure, remaining: str, into: str, header_unit: str) -> Quantity:
    """Read `80±2 %` and `80 % ± 2 %`."""
    value_unit, _, error_text = remaining.partition("±")
    error, error_unit = _number(error_text)
    if value_unit.strip() and error_unit.strip() and find_unit(value_unit, into) != find_unit(error_unit, into):
        raise QuantityError("one unit for the value and its uncertainty")
    unit = _unit(error_unit.strip() or value_unit, into, header_unit)
    if first.exponent is None and error.exponent is not None and re.search("[×xX]", error_text):
        first = first.with_exponent(error.exponent)  # 3.2±0.4×10^-4; 80±2e-1 says what it says
    return _quantity(first, error.value, unit)


def _pairs(remaining: str, into: str) -> Iterator[tuple[str, Figure, str]]:
    """Yield every way to part the text behind a number into unit, second number and unit."""
    for between in _BETWEEN.finditer(remaining):
        first_unit, second_text = remaining[: between.start()], remaining[between.end() :]
        second = take_figure(second_text)
        if second and _is_unit(first_unit, into) and _is_unit(second[1], into):
            yield first_unit.strip(), second[0], second[1].strip()


def _range(first: Figure, second: Figure, unit: Unit) -> Quantity:
    """Read `1-2×10^-4` with the exponent shared, where the numbers would not rise otherwise."""
    if first.exponent is None and second.exponent is not None:
        if first.value <= second.value:
            raise QuantityError("both ends of the range in full: the exponent may belong to one or to both")
        first = first.with_exponent(second.exponent)
    low, high = unit.convert(first.value), unit.convert(second.value)
    if low >= high:
        raise QuantityError("a range that rises, or a power of ten written 10^-4")
    return Quantity(low, high)


def value_of_logarithm(text: str, base: float, header_unit: str, into: str, power: int = 0) -> float | None:
    """Return the value whose logarithm a cell holds; None where it holds nothing.

    Parameters
    ----------
    text : str
        The cell.
    base : float
        Of the logarithm.
    header_unit, into : str
        Unit of the value in the header, and that of the column.
    power : int
        Power of ten in the header.

    Raises
    ------
    QuantityError
        No plain number, or one that no quantity has.

    Examples
    --------
    >>> value_of_logarithm("-2", 10.0, "S/cm", "S/cm"), value_of_logarithm("1", 10.0, "mS/cm", "S/cm")
    (0.01, 0.01)
    """
    exponent = read_quantity(text, "1")
    if exponent is None:
        return None
    if exponent.mark not in "=~" or not -_LARGEST <= exponent.value <= _LARGEST:
        raise QuantityError(f"a plain logarithm between -{_LARGEST:g} and {_LARGEST:g}")
    value = base**exponent.value * 10.0**power
    return float(f"{find_unit(header_unit, into).convert(value):.12g}")


def is_logarithm_of(text: str, value: float, word: str, header_unit: str, into: str, power: int = 0) -> bool:
    """Return whether a cell holds the logarithm of a value; true as well where it holds no number.

    Parameters
    ----------
    text : str
        The cell.
    value : float
        In the unit of the column.
    word : str
        One of `BASES`; any base that it may mean will do.
    header_unit, into, power : str, str, int
        As of `value_of_logarithm`.

    Examples
    --------
    >>> is_logarithm_of("-2.886", 0.0013, "log", "S/cm", "S/cm"), is_logarithm_of("-2.1", 0.0013, "log", "S/cm", "S/cm")
    (True, False)
    >>> is_logarithm_of("-6.645", 0.0013, "log", "S/cm", "S/cm")
    True
    """
    try:
        values = [value_of_logarithm(text, base, header_unit, into, power) for base in BASES[word]]
    except QuantityError:
        return True
    return any(read is None or (value > 0 and abs(math.log10(read / value)) <= TOLERANCE_DECADES) for read in values)
