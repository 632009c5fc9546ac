"""Whole columns of rows at once: cells that pass the row model's declarations are taken, the others go to the row model
itself, which decides and gives the message."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cache
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from annotated_types import MinLen
from pydantic import ConfigDict, TypeAdapter, ValidationError

from features.tables.chunks import Rows
from features.tables.columns import columns_as_numbers, limits_of, numeric_columns
from features.tables.designs import Designs
from features.tables.fields import rule_mistake
from features.tables.files import as_cells
from features.tables.mistakes import Mistake
from features.tables.records import Row
from features.tables.rows import RowParser, RowT, expectation, parse_row, read_row, wrong_value

_NUMBER = r"^-?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]{1,3})?$"
"""Numbers read here where a column holds anything else besides; all others are left to the row model."""
_WITHIN: dict[str, Callable[[np.ndarray, float], np.ndarray]] = {
    "gt": np.greater, "ge": np.greater_equal, "lt": np.less, "le": np.less_equal,
}  # fmt: skip


def read_rows(
    rows: Rows,
    model: type[RowT],
    name: str,
    parse: RowParser[RowT] = parse_row,
    doubtful: Callable[[Designs], np.ndarray] | None = None,
    doubted_for: Collection[str] = (),
    judge: Callable[[Mapping[str, str]], Mistake | None] | None = None,
) -> Rows:
    """Check the rows of a portion: the same rows are good, with the same mistakes in the others, as in `read_table`.

    What is wrong with a cell is found out once for all rows that have it; the row model reads only those rows that
    their cells do not decide.

    Parameters
    ----------
    rows : Rows
        As read; blank ones are left out.
    model : subclass of Row
        Row model of the table.
    name : str
        Of the file, for messages.
    parse : RowParser
        Reads each row that its columns do not show to be good.
    doubtful : callable or None
        Designs in, those that `parse` might refuse though the row model does not out, shape (n_rows,); all where None
        and `parse` is another than that of the row model.
    doubted_for : collection of str
        Text columns that alone decide it: `parse` adds no mistake of the others, nor where one of these is wrong by
        the row model. Empty where any column may decide.
    judge : callable or None
        Mistake that `parse` finds in these columns beyond the row model: their cells in, without blanks around them,
        the mistake out.

    Returns
    -------
    Rows
        Cells and designs of the good rows, and the rejected ones with their mistakes.
    """
    columns = _Columns(rows.table, model)
    good, designs = columns.accepted(), columns.designs()
    doubted = doubtful(designs) if doubtful else np.full(len(good), parse is not parse_row)
    good &= ~doubted
    if good.all() and not rows.ragged:
        return Rows(rows.table, rows.lines, {}, designs)
    rejected, mistakes = dict[int, list[str]](), list[Mistake]()
    header, unsure = rows.table.column_names, np.flatnonzero(~good)
    known = [number for number, column in enumerate(header) if column in model.model_fields]
    written = [as_cells(_flat(column)).to_pylist() for column in rows.table.take(unsure).columns]
    texts = {header[number]: [cell.strip() for cell in written[number]] for number in known}
    by_cells, undecided = _mistakes_by_cells(columns, unsure, texts, name)
    if judge:
        judged = (doubted[unsure] & ~undecided).nonzero()[0].tolist()
        _add_doubts(by_cells, judged, texts, doubted_for, judge)
    else:
        by_cells = [[] if open_ else wrong for open_, wrong in zip(doubted[unsure], by_cells, strict=True)]
    by_texts: dict[tuple[str, ...], list[Mistake]] = {}
    records = zip(
        unsure.tolist(), rows.lines[unsure].tolist(), map(list, zip(*written, strict=True)), by_cells, strict=True
    )
    for place, line, cells, wrong in [*((-1, *record, []) for record in rows.ragged.items()), *records]:
        if not any(map(str.strip, cells)):
            continue
        read = tuple([cells[number] for number in known]) if place >= 0 and not wrong else ()
        if wrong := wrong or by_texts.get(read, []):  # the mistakes of another row with the same texts
            mistakes += [mistake.in_line(line) for mistake in wrong]
            rejected[line] = cells
            continue
        # a row that is not doubted has no mistakes but those of the row model
        of_doubted = parse if place < 0 or doubted[place] else parse_row
        _, row = read_row(model, header, cells, line, name, of_doubted)
        if isinstance(row, list):
            mistakes += row
            rejected[line] = cells
            if place >= 0:
                by_texts[read] = row
        else:
            columns.put(place, row)
            good[place] = True
    mistakes.sort(key=lambda mistake: mistake.line)
    table = rows.table if good.all() else rows.table.take(pa.array(np.flatnonzero(good)))
    return Rows(table, rows.lines[good], {}, columns.designs(None if good.all() else good), rejected, mistakes)


def _mistakes_by_cells(
    columns: _Columns, unsure: np.ndarray, texts: Mapping[str, list[str]], name: str
) -> tuple[list[list[Mistake]], np.ndarray]:
    """Return the mistakes of each unsure row, without a line, and the rows that only the row model can judge.

    Rules between cells are looked at only where each cell is right by itself.
    """
    model = columns.model
    mistakes: list[list[Mistake]] = [[] for _ in unsure]
    absent = any(field.is_required() and column not in texts for column, field in model.model_fields.items())
    undecided, underscored = np.full(len(unsure), absent), np.full(len(unsure), absent)
    for column in (column for column in model.model_fields if column in texts):
        cells, known = texts[column], dict[str, list[Mistake]]()
        for place in np.flatnonzero(~columns.allowed_by[column][unsure]).tolist():
            text = cells[place]
            if text not in known:
                known[text] = cell_mistakes(model, column, text, name)
            mistakes[place] += known[text]
            undecided[place] |= bool(text) and not known[text]  # a number as only the row model reads it
            # such a mistake comes before the others, beside broken rules
            underscored[place] |= "_" in text and column in columns.numbers
    wrong = np.fromiter(map(bool, mistakes), dtype=bool, count=len(mistakes))
    undecided = underscored | (undecided & ~wrong)
    for place in np.flatnonzero(underscored).tolist():
        mistakes[place] = []
    open_rows = ~undecided & ~wrong
    for validator in model.__pydantic_decorators__.model_validators:
        if validator not in model.array_rules:
            undecided |= open_rows
            break
        for rule in model.array_rules[validator]:
            broken = open_rows & np.broadcast_to(rule.breaks(columns.numbers), len(columns.allowed))[unsure]
            for place in np.flatnonzero(broken).tolist():
                mistakes[place] = [rule_mistake(str(rule.error_at(columns.numbers, int(unsure[place]))), 0, name)]
            open_rows &= ~broken
    return mistakes, undecided


def _add_doubts(
    mistakes: list[list[Mistake]],
    places: Iterable[int],
    texts: Mapping[str, list[str]],
    doubted_for: Collection[str],
    judge: Callable[[Mapping[str, str]], Mistake | None],
) -> None:
    """Add the mistakes of doubted rows beyond the row model, each combination of the columns judged once."""
    named = [column for column in doubted_for if column in texts]
    known: dict[tuple[str, ...], list[Mistake]] = {}
    for place in places:
        if any(mistake.column in doubted_for for mistake in mistakes[place]):
            continue
        values = tuple([texts[column][place] for column in named])
        if values not in known:
            mistake = judge(dict(zip(named, values, strict=True)))
            known[values] = [mistake] if mistake else []
        mistakes[place] = mistakes[place] + known[values]


class _Columns:
    """The columns of a table that a row model knows, as numbers or coded texts, and which rows they surely allow."""

    def __init__(self, table: pa.Table, model: type[Row]) -> None:
        self.count, self.model = len(table), model
        self.numbers: dict[str, np.ndarray] = {}
        self.texts: dict[str, tuple[np.ndarray, pa.Array]] = {}
        self.allowed = np.ones(self.count, dtype=bool)
        self.allowed_by: dict[str, np.ndarray] = {}
        known = numeric_columns(model)
        for column, field in model.model_fields.items():
            if column not in table.column_names:
                continue
            values = _flat(table[column])
            add = self._add_numbers if column in known else self._add_texts
            allowed, is_given = add(column, values)
            self.allowed_by[column] = allowed & is_given if field.is_required() else allowed | ~is_given
            self.allowed &= self.allowed_by[column]

    def accepted(self) -> np.ndarray:
        """Return the rows that the row model would take, shape (n_rows,)."""
        good = self.allowed.copy()
        for validator in self.model.__pydantic_decorators__.model_validators:
            if validator not in self.model.array_rules:  # no row is known to keep a rule that only the row model knows
                return np.zeros(self.count, dtype=bool)
            for rule in self.model.array_rules[validator]:
                good &= ~rule.breaks(self.numbers)
        return good

    def _add_numbers(self, column: str, values: pa.Array) -> tuple[np.ndarray, np.ndarray]:
        """Keep a column of numbers; return which of them are allowed, and which are given."""
        number, is_given = _numbers(values)
        allowed = np.isfinite(number)
        for kind, limit in limits_of(self.model, column).items():
            allowed &= _WITHIN[kind](number, limit)
        self.numbers[column] = number
        return allowed, is_given

    def _add_texts(self, column: str, values: pa.Array) -> tuple[np.ndarray, np.ndarray]:
        """Keep a column of texts, or of yes and no; return which of them are allowed, and which are given."""
        codes, texts = _coded(pc.utf8_trim_whitespace(as_cells(values)))
        is_given = pc.not_equal(texts, "").to_numpy(zero_copy_only=False)
        field = _field_of(self.model, column)
        if field is None:
            self.texts[column] = codes, texts
            return is_given[codes], is_given[codes]
        read = [_read(field, text) if text else "" for text in texts.to_pylist()]
        allowed = np.array([value is not None for value in read], dtype=bool)
        if column in columns_as_numbers(self.model):
            number = np.array([float(value) if isinstance(value, bool) else np.nan for value in read], dtype=float)
            self.numbers[column] = number[codes]
        else:
            alike, texts = _coded(pa.array([value or "" for value in read], pa.string()))
            self.texts[column] = alike[codes], texts
        return allowed[codes], is_given[codes]

    def put(self, place: int, row: Row) -> None:
        """Keep a row that the row model took.

        Parameters
        ----------
        place : int
            Row of the portion, counted from 0.
        row : Row
            Its values; those it does not give become NaN or an empty text.
        """
        for column, value in row.model_dump(include={*self.numbers, *self.texts}).items():
            if column in self.numbers:
                self.numbers[column][place] = np.nan if value is None else float(value)
            else:
                codes, texts = self.texts[column]
                codes[place] = pc.index(texts, value or "").as_py()
                if codes[place] < 0:
                    codes[place] = len(texts)
                    self.texts[column] = codes, pa.concat_arrays([texts, pa.array([value or ""], pa.string())])

    def designs(self, good: np.ndarray | None = None) -> Designs:
        """Return the columns as the models read them.

        Parameters
        ----------
        good : ndarray of bool, shape (n_rows,), or None
            Rows that are taken, with no texts but theirs; all where None.
        """
        if good is None:
            texts = {name: (codes, texts.to_pylist()) for name, (codes, texts) in self.texts.items()}
            return Designs(self.count, self.numbers, texts)
        texts = {}
        for name, (codes, known) in self.texts.items():
            used, places = np.unique(codes[good], return_inverse=True)
            texts[name] = places, known.take(pa.array(used)).to_pylist()
        return Designs(int(good.sum()), {name: values[good] for name, values in self.numbers.items()}, texts)


@cache
def _field_of(model: type[Row], column: str) -> TypeAdapter[Any] | None:
    """Return what reads a text as the row model's field does; None where the field takes any text as it is."""
    field = model.model_fields[column]
    is_free = all(isinstance(rule, MinLen) and rule.min_length <= 1 for rule in field.metadata)
    if field.annotation in (str, str | None) and is_free:
        return None
    kind: Any = Annotated[field.annotation, field]
    return TypeAdapter(kind, config=ConfigDict(str_strip_whitespace=True))


def cell_mistakes(model: type[Row], column: str, text: str, table: str) -> list[Mistake]:
    """Return the row model's mistakes of one cell, without a line; none where it takes the cell.

    Parameters
    ----------
    model : subclass of Row
        Row model of the table.
    column : str
        Name of one of its fields.
    text : str
        Of the cell, without blanks around it.
    table : str
        Name of the file.

    Examples
    --------
    >>> from features.tables.records import Candidate
    >>> [str(mistake) for mistake in cell_mistakes(Candidate, "porosity_pct", "many", "new.csv")]
    ["new.csv, column porosity_pct: got 'many', expected a plain number in %, at least 0 and below 100"]
    """
    if not text:
        nothing = Mistake(0, column, "nothing", expectation(model, column), table)
        return [nothing] if model.model_fields[column].is_required() else []
    field = _field_of(model, column)
    try:
        if field:
            field.validate_python(text)
    except ValidationError as error:
        return [wrong_value(model, column, detail["input"], 0, table) for detail in error.errors(include_url=False)]
    return []


def _read(field: TypeAdapter[Any], text: str) -> str | bool | None:
    try:
        value: str | bool | None = field.validate_python(text)
        return value
    except ValidationError:
        return None


def _coded(texts: pa.Array) -> tuple[np.ndarray, pa.Array]:
    """Return texts as places among the distinct ones, and those."""
    coded = texts.dictionary_encode()
    return coded.indices.to_numpy().astype(np.int64), coded.dictionary


def _flat(column: pa.ChunkedArray) -> pa.Array:
    array = column.combine_chunks()
    array = pa.concat_arrays(array.chunks) if isinstance(array, pa.ChunkedArray) else array
    return array.dictionary_decode() if pa.types.is_dictionary(array.type) else array


def _numbers(values: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of a column, NaN where none can be read here, and whether anything is given."""
    if pa.types.is_floating(values.type) or pa.types.is_integer(values.type):
        number = values.cast(pa.float64(), safe=False).fill_null(np.nan).to_numpy(zero_copy_only=False).copy()
        return number, ~np.isnan(number)
    text = as_cells(values)
    text = pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
    is_given = text.is_valid().to_numpy(zero_copy_only=False)
    try:
        numbers = text.cast(pa.float64())
    except pa.ArrowInvalid:
        text = pc.ascii_trim_whitespace(text)
        readable = pc.match_substring_regex(text, _NUMBER)
        numbers = pc.if_else(readable, text, pa.scalar(None, pa.string())).cast(pa.float64())
    return numbers.fill_null(np.nan).to_numpy(zero_copy_only=False).copy(), is_given
