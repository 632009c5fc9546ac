"""The cells of one line as values of our columns: units converted, marks and ranges in their own columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from features.tables.columns import choices_of, kinds_of, unit_of
from features.tables.mistakes import Mistake
from features.tables.records import Row
from features.tables.rows import expectation
from features.tables.sheets import DATE, as_text
from training.intake.headers import Column
from training.intake.notation.header_conditions import TEMPERATURE_OF
from training.intake.notation.logarithms import BASES
from training.intake.number_text import QuantityError, fold_figures, take_figure
from training.intake.quantity import Quantity, is_logarithm_of, read_quantity, value_of_logarithm

MARKS = {
    "conductivity_s_per_cm": "conductivity_qualifier",
    "first_capacity_mah_per_g": "first_capacity_qualifier",
    "first_areal_capacity_mah_per_cm2": "first_capacity_qualifier",
    "ice_pct": "ice_qualifier",
    "average_ce_pct": "average_ce_qualifier",
    "retention_pct": "retention_qualifier",
    "capacity_mah_per_g": "capacity_qualifier",
    "areal_capacity_mah_per_cm2": "capacity_qualifier",
}
"""Column of the mark (= < > ~) of a column of numbers."""
RANGES = {"conductivity_s_per_cm": "conductivity_high_s_per_cm"}
"""Column of the high end of a column of numbers that may be a range."""
SAME = 0.5
"""Difference in °C, or cycles, below which a column agrees with a header or cell."""
_KELVIN = re.compile(r"\bK\b|(?<=\d)K\b|kelvin", re.IGNORECASE)
NO_TEXT = frozenset({"", "-", "–", "—", "n/a", "nan"})
_DOI_PREFIX = re.compile(r"(?:https?://(?:dx\.|www\.)?doi\.org/|(?:www\.|dx\.)?doi\.org/|doi:?\s*)", re.IGNORECASE)
_BETWEEN_DOIS = re.compile(
    r"\s*(?:[|;,]|\band\b|\s)\s*(?=(?:https?://\S*doi\.org/|doi:?\s*)?10\.\d{4,9}/)", re.IGNORECASE
)
_MARK_WORDS = {"≥": ">", ">=": ">", "≤": "<", "<=": "<", "≈": "~", "at-least": ">", "at-most": "<", "about": "~"}


@dataclass
class Values:
    """The values of one line.

    Attributes
    ----------
    by_column : dict of str to object
        Value by our column, ready for the row model.
    written : dict of str to (str, str)
        Header and cell by our column, for messages.
    notes : list of str
        Parts of a number that no column holds: an uncertainty, an 'about'.
    read : list of str
        'header: cell' of each number that was not written plainly in the column's unit.
    mistakes : list of Mistake
        Cells that cannot be read.
    implied : dict of str to (dict of str to float)
        Conditions in a cell beside its number (25 °C), by the column of the number.
    in_kelvin : set of str
        Columns of temperatures that were declared in kelvin, by header, mapping or cell.
    """

    by_column: dict[str, Any] = field(default_factory=dict)
    written: dict[str, tuple[str, str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    implied: dict[str, dict[str, float]] = field(default_factory=dict)
    in_kelvin: set[str] = field(default_factory=set)


def read_values(columns: Sequence[Column], cells: Sequence[str], model: type[Row], line: int, table: str) -> Values:
    """Read the cells of one line; a cell that cannot be read is a mistake and its column is left out.

    Parameters
    ----------
    columns : sequence of Column
        Those that were recognised.
    cells : sequence of str
        One for each column of the file, as written.
    model : type of Row
        Of the table.
    line : int
        Of the file, for the mistakes.
    table : str
        Name of the file, for the mistakes.

    Examples
    --------
    >>> from features.tables.records import ElectrolyteRow
    >>> columns = [Column(0, "σ (mS/cm)", "conductivity_s_per_cm", "mS/cm"), Column(1, "source", "doi")]
    >>> values = read_values(columns, [">2.3", "https://doi.org/10.1000/182."], ElectrolyteRow, 2, "new.csv")
    >>> values.by_column
    {'conductivity_s_per_cm': 0.0023, 'doi': '10.1000/182', 'conductivity_qualifier': '>'}
    >>> values.read
    ['σ (mS/cm): >2.3']
    """
    values = Values()
    marks: dict[str, str] = {}
    for column in columns:
        text = cells[column.place].strip()
        unit = unit_of(model, column.name)
        values.written[column.name] = (column.header, text)
        if text.startswith(DATE):
            expected = f"{expectation(model, column.name)}; Excel made a date of it: format the cell as text"
            values.mistakes.append(Mistake(line, column.header, text, expected, table))
        elif unit:
            try:
                _put_number(values, marks, column, text, unit)
            except QuantityError as error:
                values.mistakes.append(Mistake(line, column.header, repr(text), str(error), table))
        elif text.lower() not in NO_TEXT:
            values.by_column[column.name] = _read_text(model, column.name, text)
    for name, mark in marks.items():
        _put_mark(values, name, mark, line, table)
    for column in columns:
        if column.name in values.by_column:
            _put_implied(values, column, model, line, table)
    return values


def check_twins(
    values: Values, twins: Sequence[Column], cells: Sequence[str], model: type[Row], line: int, table: str
) -> None:
    """Add a mistake for each logarithm of a line that is not of the value beside it.

    Parameters
    ----------
    values : Values
        Of the line, as read.
    twins : sequence of Column
        Logarithms of columns that were read.
    cells, model, line, table : sequence of str, type of Row, int, str
        As of `read_values`.
    """
    for twin in twins:
        value, unit, text = values.by_column.get(twin.name), unit_of(model, twin.name), cells[twin.place]
        if value is None or is_logarithm_of(text, float(value), twin.logarithm, twin.unit, unit, twin.power):
            continue
        header, cell = values.written[twin.name]
        problem = f"{text}, and {cell} in the column {header}"
        values.mistakes.append(Mistake(line, twin.header, problem, f"the {twin.logarithm} of that value", table))


def _put_implied(values: Values, column: Column, model: type[Row], line: int, table: str) -> None:
    """Put conditions of header and cell into their columns, unless the line has other values there."""
    for name, value in (dict(column.implied) | values.implied.get(column.name, {})).items():
        known = values.by_column.get(name)
        if name not in model.model_fields:
            cell, expected = f"{name} {as_text(value)} in the cell", "a number alone, this table has no column for it"
        elif known is not None and abs(float(known) - value) > SAME:
            cell, expected = f"{name} {as_text(known)}, and {as_text(value)} beside {column.header}", "one of the two"
        else:
            values.by_column[name] = value
            continue
        values.mistakes.append(Mistake(line, column.header, cell, expected, table))


def _put_number(values: Values, marks: dict[str, str], column: Column, text: str, unit: str) -> None:
    name = column.name
    if column.logarithm:
        value = value_of_logarithm(text, BASES[column.logarithm][0], column.unit, unit, column.power)
        if value is not None:
            values.by_column[name] = value
            values.read.append(f"{column.header}: {text}")
        return
    high = column.high or RANGES.get(name, "")
    quantity = read_quantity(text, unit, column.unit, allows_range=bool(high), power=column.power)
    if quantity is None:
        return
    if column.high and quantity.high is None:
        raise QuantityError(f"both ends, such as 2.5-4.2 {unit}")
    if quantity.temperature_c is not None:
        values.implied[name] = {TEMPERATURE_OF.get(name, "temperature_c"): quantity.temperature_c}
    if unit == "°C" and _KELVIN.search(text if re.search("[A-Za-z°]", text) else column.unit):
        values.in_kelvin.add(name)
    if quantity.mark in "<>" and name not in MARKS:
        raise QuantityError("the value itself: there is no column for 'at least' or 'at most' of it")
    values.by_column[name] = quantity.value
    if quantity.high is not None:
        values.by_column[high] = quantity.high
        if not column.high:
            marks[name] = "range"
    elif name in MARKS and quantity.mark != "=":
        marks[name] = quantity.mark
    values.notes += _notes(quantity, name, text, unit)
    if not _is_plain(text, quantity.value):
        values.read.append(f"{column.header}: {text}")


def _notes(quantity: Quantity, name: str, text: str, unit: str) -> list[str]:
    notes = [quantity.remark] if quantity.remark else []
    if quantity.uncertainty is not None:
        printed_unit = "" if unit == "1" else f" {unit}"
        notes.append(f"{name} ± {as_text(quantity.uncertainty)}{printed_unit}, written {text}")
    if quantity.mark == "~" and (name not in MARKS or quantity.high is not None):
        notes.append(f"{name} is about: {text}")
    return notes


def _is_plain(text: str, value: float) -> bool:
    """Return whether a cell is the bare number of the column's unit."""
    try:
        figure = take_figure(fold_figures(text))
    except QuantityError:
        return False
    return figure is not None and not figure[1] and figure[0].error is None and figure[0].value == value


def _put_mark(values: Values, name: str, mark: str, line: int, table: str) -> None:
    """Put a mark into its column, unless the line has another one there."""
    column, (header, text) = MARKS.get(name, ""), values.written[name]
    in_column = values.by_column.get(column)
    if in_column is not None and in_column != mark:
        problem = f"{text!r} and {column} {in_column!r}"
        values.mistakes.append(Mistake(line, header, problem, "one mark: in the cell or in its column", table))
    else:
        values.by_column[column] = mark


def _without_prefix(text: str) -> str:
    """A DOI without its resolver or the end of a sentence; a label as written."""
    plain = text[match.end() :] if (match := _DOI_PREFIX.match(text)) else text
    return plain.rstrip(".,;") if plain.startswith("10.") else text


def _read_text(model: type[Row], name: str, text: str) -> str:
    """Return a text as given; of a column of allowed words the word that is meant, where only one can be."""
    if name in ("doi", "source_id"):
        several = [_without_prefix(piece) for piece in _BETWEEN_DOIS.split(text)]
        return "|".join(several) if all(piece.startswith("10.") for piece in several) else _without_prefix(text)
    choices = choices_of(model, name)
    if text in choices or not choices:
        return text.lower() if bool in kinds_of(model, name) else text
    word = "-".join(text.lower().removesuffix(" cell").split())
    if _MARK_WORDS.get(word) in choices:
        return _MARK_WORDS[word]
    ends = [choice for choice in choices if choice == word or choice.endswith(f"-{word}")]
    return ends[0] if len(ends) == 1 else text
