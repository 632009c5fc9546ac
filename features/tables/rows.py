"""Rows of a table by their row model: every mistake at once, each with line, column, value and expectation."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Generic, TypeAlias, TypeVar

from pydantic import ValidationError

from features.near_words import near_words
from features.tables.chunks import Portion, PortionReader, Rows, check_text, cut
from features.tables.columns import LIMITS, choices_of, kinds_of, limits_of, numeric_columns, other_unit, unit_of
from features.tables.disk import ByLine
from features.tables.fields import RULE_SEPARATOR, rule_mistake
from features.tables.files import as_cell, header_of, regular_file, trimmed, unpaired
from features.tables.mistakes import InputError, Mistake, Mistakes
from features.tables.records import Row
from features.tables.sheets import plain_table

LONGEST_WORD = 200
"""Characters of a word that is compared with known ones."""
RowT = TypeVar("RowT", bound=Row)
RowParser: TypeAlias = Callable[[type[RowT], Mapping[str, Any], int, str], RowT | list[Mistake]]
"""Reads a row: the row model, values by column, the line and the table's name in; the row, or all its mistakes, out."""


@dataclass
class Table(Generic[RowT]):
    """A whole table, row by row: what a person looks at, hundreds or thousands of rows.

    Attributes
    ----------
    rows : list of row models, the good ones, in file order
    lines : line of the file each good row begins on
    raw : every value of each good row, as text
    mistakes : what was wrong with the others; they and `rejected` wait on disk where they are many
    rejected : the rejected rows as text, by line
    remarks : things worth saying that reject nothing
    columns : the header as written
    """

    rows: list[RowT] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    raw: list[dict[str, str]] = field(default_factory=list)
    mistakes: Mistakes = field(default_factory=Mistakes)
    rejected: ByLine = field(default_factory=ByLine)
    remarks: list[str] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)


def closest(word: str, known: Iterable[str], count: int = 3) -> str:
    """Return the closest known words, as the end of an error message; empty when nothing is near.

    Parameters
    ----------
    word : str
        As somebody wrote it.
    known : iterable of str
        Words that would be right.
    count : int
        How many to name at most.

    Examples
    --------
    >>> closest("anod", ["anode", "electrolyte"])
    '; closest: anode'
    """
    if len(word) > LONGEST_WORD:  # the comparison takes the square of its length
        return ""
    by_folded = {name.lower(): name for name in known}
    near = [by_folded[name] for name in near_words(word.lower(), tuple(by_folded), count)]
    return f"; closest: {', '.join(near)}" if near else ""


@cache
def expectation(model: type[Row], column: str) -> str:
    """Return what a column may hold, in words, with its unit.

    Parameters
    ----------
    model : subclass of Row
        Row model of the table.
    column : str
        Name of one of its fields.

    Examples
    --------
    >>> from features.tables.records import Candidate
    >>> expectation(Candidate, "stack_pressure_mpa")
    'a plain number in MPa, at least 0 and at most 2000'
    """
    choices, unit = choices_of(model, column), unit_of(model, column)
    if choices:
        return f"one of {', '.join(choices)}"
    kinds = kinds_of(model, column)
    if bool in kinds:
        return "yes or no"
    if int in kinds:
        return "a whole number"
    if not unit and column == "doi":
        return "a DOI such as 10.1000/182, without https://doi.org/"
    if not unit:
        return model.model_fields[column].description or "text"
    limits = [f"{LIMITS[kind]} {limit:g}" for kind, limit in limits_of(model, column).items()]
    printed_unit = "" if unit == "1" else f" in {unit}"
    return f"a plain number{printed_unit}{', ' + ' and '.join(limits) if limits else ''}"


def mistakes_of(error: ValidationError, model: type[Row], line: int, table: str = "") -> list[Mistake]:
    """Return a pydantic error as our own messages, one per place.

    Parameters
    ----------
    error : ValidationError
        Of the row model, about a row.
    model : subclass of Row
        That row model.
    line : int
        Line of the table, from 1.
    table : str
        Name of the file; empty where there is none.
    """
    mistakes = []
    for detail in error.errors():
        column = str(detail["loc"][0]) if detail["loc"] else ""
        value = detail.get("input")
        if detail["type"] == "extra_forbidden":
            expected = f"a column of this table{closest(column, model.model_fields)}"
            mistakes.append(Mistake(line, column, "an unknown column", expected, table))
        elif detail["type"] == "missing":
            mistakes.append(Mistake(line, column, "nothing", expectation(model, column), table))
        elif not detail["loc"] or RULE_SEPARATOR in str(detail["msg"]):
            mistakes.append(rule_mistake(str(detail["msg"]).removeprefix("Value error, "), line, table))
        elif column in model.model_fields:
            mistakes.append(wrong_value(model, column, value, line, table))
        else:
            mistakes.append(Mistake(line, column, repr(value), str(detail["msg"]), table))
    return mistakes


def wrong_value(model: type[Row], column: str, value: object, line: int, table: str) -> Mistake:
    """Return the mistake of a value that a column does not take.

    Parameters
    ----------
    model : subclass of Row
        Row model of the table.
    column : str
        Name of one of its fields.
    value : object
        As given.
    line : int
        Line of the table, 0 for none.
    table : str
        Name of the file.
    """
    choices = choices_of(model, column)
    near = closest(value, choices) if choices and isinstance(value, str) else ""
    return Mistake(line, column, repr(value), expectation(model, column) + near, table)


def parse_row(model: type[RowT], values: Mapping[str, Any], line: int, table: str = "") -> RowT | list[Mistake]:
    """Read one row from text or JSON values: the row, or all its mistakes.

    Parameters
    ----------
    model : subclass of Row
        Row model of the table.
    values : mapping
        Values by column; None and the empty text mean not given.
    line : int
        Line of the table, from 1.
    table : str
        Name of the file; empty where there is none.

    Examples
    --------
    >>> from features.tables.records import Candidate
    >>> [str(mistake) for mistake in parse_row(Candidate, {"electrolyte": "LPS", "porosity_pct": "a lot"}, 2)]
    ["line 2, column porosity_pct: got 'a lot', expected a plain number in %, at least 0 and below 100"]
    """
    filled = {key: value for key, value in values.items() if value is not None and value != ""}
    underscored = [
        key
        for key, value in filled.items()
        if isinstance(value, str) and "_" in value and key in numeric_columns(model)
    ]
    mistakes = [Mistake(line, key, repr(filled[key]), expectation(model, key), table) for key in underscored]
    try:
        row = model.model_validate({key: value for key, value in filled.items() if key not in underscored})
    except ValidationError as error:
        others = [mistake for mistake in mistakes_of(error, model, line, table) if mistake.column not in underscored]
        return [*mistakes, *others]
    return mistakes or row


def check_columns(columns: list[str], model: type[Row], *, own_columns: bool, name: str) -> list[str]:
    """Refuse a header that cannot be used; return remarks about columns that look misspelt.

    Parameters
    ----------
    columns : list of str
        Names of the header, in order.
    model : subclass of Row
        Row model of the table.
    own_columns : bool
        Whether columns that the row model does not know are the user's own.
    name : str
        Of the file, for messages.

    Raises
    ------
    InputError
        A required column is missing, one stands twice, one has a known name with another unit, or (unless
        `own_columns`) one is unknown.
    """
    mistakes: list[Mistake] = []
    remarks = []
    known = list(model.model_fields)
    for place, column in enumerate(columns, start=1):
        if not column:
            mistakes.append(Mistake(1, f"number {place}", "no name", "a name", name))
    for column in sorted({column for column in columns if column and columns.count(column) > 1}):
        mistakes.append(Mistake(1, column, "this column twice", "each column once", name))
    for column in columns:
        if column in known or not column:
            continue
        if right := other_unit(column, known):
            advice = f"{right} (in {unit_of(model, right)}); convert the values and rename the column"
            mistakes.append(Mistake(1, column, "a known quantity in another unit", advice, name))
        elif not own_columns:
            mistakes.append(
                Mistake(1, column, "an unknown column", f"a column of this table{closest(column, known)}", name)
            )
        elif len(column) <= LONGEST_WORD and (near := near_words(column.lower(), tuple(known), 1, 0.85)):
            remarks.append(f"column {column} is not known and was kept as your own; did you mean {near[0]}?")
    for column, described in model.model_fields.items():
        if described.is_required() and column not in columns:
            hint = closest(column, [unknown for unknown in columns if unknown not in known])
            mistakes.append(Mistake(1, column, "no such column", f"it: {expectation(model, column)}{hint}", name))
    if mistakes:
        raise InputError(f"{name}: the columns cannot be used", mistakes)
    return remarks


def read_row(
    model: type[RowT], header: list[str], cells: list[str], line: int, table: str, parse: RowParser[RowT] = parse_row
) -> tuple[dict[str, str], RowT | list[Mistake]]:
    """Read one row of a table: its cells by column as written, and the row, or all its mistakes.

    Parameters
    ----------
    model : subclass of Row
        Row model of the table.
    header : list of str
        Names of the columns.
    cells : list of str
        Cells as written; blank ones beyond the header are taken off.
    line : int
        Line of the table on which the row begins.
    table : str
        Name of the file.
    parse : RowParser
        Reads the columns that the row model knows.
    """
    if len(trimmed(cells, len(header))) != len(header):
        mistake = Mistake(line, "", f"{len(cells)} cells", f"{len(header)}, as in the header", table)
        return dict(zip(header, cells, strict=False)), [mistake]
    raw = dict(zip(header, cells, strict=True))
    known = model.model_fields  # read once: it is no plain attribute
    values = {key: value.strip() for key, value in raw.items() if key in known}
    return raw, parse(model, values, line, table)


def read_table(
    path: str | Path, model: type[RowT], *, own_columns: bool = False, parse: RowParser[RowT] = parse_row
) -> Table[RowT]:
    """Read a CSV, TSV or Parquet file of one kind of row.

    Parameters
    ----------
    path : str or Path
        File; UTF-8 text with a header line, or Parquet.
    model : subclass of Row
        Row model; an empty cell means not given.
    own_columns : bool
        Keep unknown columns as the user's own instead of refusing them.
    parse : RowParser
        Reads each row.

    Returns
    -------
    Table
        Good rows, and the mistakes of all others. What is *not* checked: anything between two rows.

    Raises
    ------
    InputError
        The file is missing, empty, a spreadsheet, not UTF-8, or its header cannot be used.
    """
    path = plain_table(regular_file(Path(path)))
    if path.suffix != ".parquet":  # mistakes of the text come before those of the header
        check_text(path)
    table, reader = Table[RowT](), PortionReader()
    for portion in cut(path, hashlib.sha256()):
        if not table.columns:
            table.columns = header_of(list(portion.header))
            table.remarks = check_columns(table.columns, model, own_columns=own_columns, name=path.name)
        if not portion.rows:
            continue
        for line, cells in _records_of(reader.read(portion), portion):
            raw, row = read_row(model, table.columns, cells, line, path.name, parse)
            if isinstance(row, list):
                table.mistakes += row
                table.rejected.put(line, raw)
            else:
                table.rows.append(row)
                table.lines.append(line)
                table.raw.append(raw)
    if not table.rows and not table.mistakes:
        raise InputError(f"{path.name}: the file holds a header and no rows, expected at least one")
    return table


def _records_of(rows: Rows, portion: Portion) -> Iterator[tuple[int, list[str]]]:
    """Yield the cells of every row by line, ragged ones in their place; of a text without blank rows and huge cells."""
    columns = [[as_cell(value) for value in column.to_pylist()] for column in rows.table.columns]
    complete = zip(rows.lines.tolist(), map(list, zip(*columns, strict=True)), strict=True)
    most = csv.field_size_limit()
    for line, cells in sorted([*complete, *rows.ragged.items()], key=lambda record: record[0]):
        if not portion.is_parquet and any(len(cell) > most for cell in cells):
            raise unpaired(csv.Error(f"field larger than field limit ({most})"), line, portion.path.name)
        if portion.is_parquet or any(cell.strip() for cell in cells):
            yield line, cells
