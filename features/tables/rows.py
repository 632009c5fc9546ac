"""Reading a table into rows: every mistake of the file at once, each with line, column, what was got and what was
expected."""

from __future__ import annotations

import csv
import difflib
import io
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from features.tables.columns import choices_of, kinds_of, numeric_columns, other_unit, unit_of
from features.tables.fields import RULE_SEPARATOR
from features.tables.mistakes import InputError, Mistake
from features.tables.records import Row
from features.tables.regular_file import regular_file

RowT = TypeVar("RowT", bound=Row)

SPREADSHEET_MARKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


@dataclass
class Table(Generic[RowT]):
    """What was read of one file.

    Attributes
    ----------
    rows : list of row models, the good ones, in file order
    lines : line of the file each good row begins on
    raw : every value of each good row, as text
    mistakes : what was wrong with the others
    rejected : the rejected rows as text, by line
    remarks : things worth saying that reject nothing
    columns : the header as written
    """

    rows: list[RowT] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    raw: list[dict[str, str]] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    rejected: dict[int, dict[str, str]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)


def closest(word: str, known: Iterable[str], count: int = 3) -> str:
    """The closest known words, as the end of an error message; empty when nothing is near."""
    by_folded = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.lower(), by_folded, n=count, cutoff=0.5)
    return f"; closest: {', '.join(by_folded[name] for name in near)}" if near else ""


def expectation(model: type[Row], column: str) -> str:
    """What a column may hold, in words, with its unit."""
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
    limits = {type(rule).__name__: rule for rule in model.model_fields[column].metadata}
    words = [
        f"{word} {getattr(limits[kind], kind.lower()):g}"
        for kind, word in (("Gt", "above"), ("Ge", "at least"), ("Lt", "below"), ("Le", "at most"))
        if kind in limits
    ]
    printed_unit = "" if unit == "1" else f" in {unit}"
    return f"a plain number{printed_unit}{', ' + ' and '.join(words) if words else ''}"


def mistakes_of(error: ValidationError, model: type[Row], line: int, table: str = "") -> list[Mistake]:
    """A pydantic error as our own messages, one per place."""
    found = []
    for detail in error.errors():
        column = str(detail["loc"][0]) if detail["loc"] else ""
        got = detail.get("input")
        if detail["type"] == "extra_forbidden":
            expected = f"a column of this table{closest(column, model.model_fields)}"
            found.append(Mistake(line, column, "an unknown column", expected, table))
        elif detail["type"] == "missing":
            found.append(Mistake(line, column, "nothing", expectation(model, column), table))
        elif not detail["loc"]:
            column, got, expected = str(detail["msg"]).removeprefix("Value error, ").split(RULE_SEPARATOR)
            found.append(Mistake(line, column, got, expected, table))
        elif column in model.model_fields:
            near = closest(str(got), choices_of(model, column)) if isinstance(got, str) else ""
            found.append(Mistake(line, column, repr(got), expectation(model, column) + near, table))
        else:
            found.append(Mistake(line, column, repr(got), str(detail["msg"]), table))
    return found


def parse_row(model: type[RowT], values: Mapping[str, Any], line: int, table: str = "") -> RowT | list[Mistake]:
    """One row from text or JSON values: the row, or all its mistakes. Empty text means not given."""
    given = {key: value for key, value in values.items() if value is not None and value != ""}
    spelt = [
        key for key, value in given.items() if isinstance(value, str) and "_" in value and key in numeric_columns(model)
    ]
    found = [Mistake(line, key, repr(given[key]), expectation(model, key), table) for key in spelt]
    try:
        row = model.model_validate({key: value for key, value in given.items() if key not in spelt})
    except ValidationError as error:
        others = [each for each in mistakes_of(error, model, line, table) if each.column not in spelt]
        return [*found, *others]
    return found or row


def check_columns(columns: list[str], model: type[Row], *, own_columns: bool, name: str) -> list[str]:
    """Refuse a header that cannot be used; return remarks about columns that look misspelt.

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
        elif near := difflib.get_close_matches(column.lower(), known, n=1, cutoff=0.85):
            remarks.append(f"column {column} is not known and was kept as your own; did you mean {near[0]}?")
    for column, described in model.model_fields.items():
        if described.is_required() and column not in columns:
            hint = closest(column, [other for other in columns if other not in known])
            mistakes.append(Mistake(1, column, "no such column", f"it: {expectation(model, column)}{hint}", name))
    if mistakes:
        raise InputError(f"{name}: the columns cannot be used", mistakes)
    return remarks


def read_table(path: str | Path, model: type[RowT], *, own_columns: bool = False) -> Table[RowT]:
    """Read a CSV, TSV or Parquet file of one kind of row.

    Parameters
    ----------
    path : file; UTF-8 text with a header line, or Parquet
    model : row model; an empty cell means not given
    own_columns : keep unknown columns as the user's own instead of refusing them

    Returns
    -------
    Table
        Good rows, and the mistakes of all others. What is *not* checked: anything between two rows.

    Raises
    ------
    InputError
        The file is missing, empty, a spreadsheet, not UTF-8, or its header cannot be used.
    """
    path = regular_file(Path(path))
    lines = _parquet_rows(path) if path.suffix == ".parquet" else _text_rows(path)
    table: Table[RowT] = Table()
    header: list[str] | None = None
    for line, cells in lines:
        if header is None:
            header = header_of(cells)
            table.columns = header
            table.remarks = check_columns(header, model, own_columns=own_columns, name=path.name)
            continue
        raw, result = read_row(model, header, cells, line, path.name)
        if isinstance(result, list):
            table.mistakes += result
            table.rejected[line] = raw
        else:
            table.rows.append(result)
            table.lines.append(line)
            table.raw.append(raw)
    if header is None:
        raise InputError(f"{path.name}: the file is empty, expected a header line and at least one row")
    if not table.rows and not table.mistakes:
        raise InputError(f"{path.name}: the file holds a header and no rows, expected at least one")
    return table


def header_of(cells: list[str]) -> list[str]:
    """Names of the columns; spreadsheets leave empty ones at the end."""
    return trimmed([cell.strip() for cell in cells], 0)


def trimmed(cells: list[str], count: int) -> list[str]:
    """The cells themselves, without blank ones at the end beyond a count."""
    while len(cells) > count and not cells[-1].strip():
        cells.pop()
    return cells


def read_row(
    model: type[RowT], header: list[str], cells: list[str], line: int, table: str
) -> tuple[dict[str, str], RowT | list[Mistake]]:
    """One row of a table: its cells by column as written, and the row, or all its mistakes."""
    if len(trimmed(cells, len(header))) != len(header):
        mistake = Mistake(line, "", f"{len(cells)} cells", f"{len(header)}, as in the header", table)
        return dict(zip(header, cells, strict=False)), [mistake]
    raw = dict(zip(header, cells, strict=True))
    values = {key: value.strip() for key, value in raw.items() if key in model.model_fields}
    return raw, parse_row(model, values, line, table)


def _text_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    if content.startswith(SPREADSHEET_MARKS):
        raise InputError(
            f"{path.name}: this is a spreadsheet, expected text; open it and save the sheet as 'CSV UTF-8'"
        )
    text = decoded(content, path.name)
    separator = separator_of(text.split("\n", 1)[0], path)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    begins = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield begins, cells
            begins = reader.line_num + 1
    except csv.Error as error:
        raise unpaired(error, begins, path.name) from None


def separator_of(first: str, path: Path) -> str:
    """What separates the columns, by the name of the file and its first line.

    Raises
    ------
    InputError
        Semicolons do.
    """
    if path.suffix == ".tsv" or ("\t" in first and "," not in first):
        return "\t"
    if ";" in first and "," not in first:
        raise InputError(f"{path.name}: the columns are separated by ';', expected ','; save it as comma-separated CSV")
    return ","


def decoded(content: bytes, name: str, begins: int = 1) -> str:
    """Text of a file, or of a part of it that begins on a line.

    Raises
    ------
    InputError
        It is not UTF-8, or holds what no text holds; with the line.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + begins
        what = f"byte 0x{error.object[error.start]:02x}"
        raise InputError(
            f"{name}: not UTF-8; save it as 'CSV UTF-8'", [Mistake(line, "", what, "UTF-8 text", name)]
        ) from None
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + begins
        raise InputError(f"{name}: not a text table", [Mistake(line, "", "a NUL character", "text", name)])
    return text


def unpaired(error: csv.Error, line: int, name: str) -> InputError:
    """What to say of a text table whose cells do not end: an open quote, or a cell beyond all measure."""
    if "field limit" in str(error):
        what, expected = (
            "a cell is too long",
            f"a closing quote, or at most {csv.field_size_limit()} characters in a cell",
        )
    else:
        what, expected = "the quotes do not pair up", "a closing quote"
    return InputError(f"{name}: {what}", [Mistake(line, "", str(error), expected, name)])


@contextmanager
def read_parquet_with(path: Path) -> Iterator[None]:
    """Say in words what is wrong with a Parquet file that the block cannot read.

    Raises
    ------
    InputError
        It is not there, or not whole.
    """
    import pyarrow as pa

    try:
        yield
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (pa.ArrowInvalid, OSError, StopIteration) as error:
        why = (str(error) or "fewer rows than it says").splitlines()[0]
        raise InputError(f"{path.name}: not a whole Parquet file ({why})") from None


def _parquet_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    import pyarrow.parquet as pq

    with read_parquet_with(path):
        table = pq.read_table(path)
    yield 1, list(table.column_names)
    for number, row in enumerate(table.to_pylist(), start=2):
        yield number, [as_cell(value) for value in row.values()]


def as_cell(value: object) -> str:
    """A value as a text table would hold it; nothing and NaN are empty."""
    return "" if value is None or value != value else str(value)
