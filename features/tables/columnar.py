"""Whole columns of rows at once, by the declarations of the row models: what passes here would pass row by row; what
does not is left to the row model, which decides and words it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.tables.chunks import Cells
from features.tables.columns import choices_of, kinds_of, numeric_columns
from features.tables.designs import Designs
from features.tables.mistakes import Mistake
from features.tables.records import Row
from features.tables.rows import RowT, as_cell, read_row

_NUMBER = r"^-?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]{1,3})?$"
"""Numbers read here where a column holds anything else besides."""
_LIMITS: dict[str, Callable[[np.ndarray, float], np.ndarray]] = {
    "Gt": np.greater, "Ge": np.greater_equal, "Lt": np.less, "Le": np.less_equal,
}  # fmt: skip
_YES_NO = {"yes": 1.0, "no": 0.0, "true": 1.0, "false": 0.0}
_SHARES = ("silicon_wt_pct", "carbon_wt_pct", "anode_electrolyte_wt_pct", "binder_wt_pct")

Numbers = Mapping[str, np.ndarray]


def _shares_or_window_doubtful(numbers: Numbers, count: int) -> np.ndarray:
    shares = sum((np.nan_to_num(numbers[name]) for name in _SHARES if name in numbers), np.zeros(count))
    nothing = np.full(count, np.nan)
    low, high = numbers.get("voltage_low_v", nothing), numbers.get("voltage_high_v", nothing)
    return np.asarray((shares > 100) | (high <= low))


_RULES: dict[str, Callable[[Numbers, int], np.ndarray]] = {"_shares_and_window_fit": _shares_or_window_doubtful}
"""Rules between columns, by the row model's own name of them: which rows they could refuse. Of a rule that is not here
every row is doubtful."""


@dataclass
class Rows:
    """Good rows of a portion, in order, and what became of the others.

    Attributes
    ----------
    designs : the model's columns that the table has, yes as 1 and no as 0
    places : of the good rows among those of the portion, shape (n_rows,)
    rejected : cells of the others as written, by line
    mistakes : why
    """

    designs: Designs
    places: np.ndarray
    rejected: dict[int, dict[str, str]]
    mistakes: list[Mistake]


def read_rows(cells: Cells, model: type[RowT], name: str) -> Rows:
    """The rows of a portion: the same rows, and the same mistakes, that `read_table` finds."""
    columns = _Columns(cells.table, model)
    good = columns.accepted()
    found = Rows(Designs(0), np.empty(0, dtype=np.int64), {}, [])
    header = cells.table.column_names
    for line, ragged in cells.ragged.items():
        found.rejected[line], mistakes = read_row(model, header, ragged, line, name)
        found.mistakes += mistakes if isinstance(mistakes, list) else []
    for place in np.flatnonzero(~good).tolist():
        written = cells_at(cells.table, place)
        if not any(cell.strip() for cell in written):
            continue
        raw, result = read_row(model, header, written, int(cells.lines[place]), name)
        if isinstance(result, list):
            found.mistakes += result
            found.rejected[int(cells.lines[place])] = raw
        else:
            columns.put(place, result)
            good[place] = True
    found.mistakes.sort(key=lambda each: each.line)
    found.places = np.flatnonzero(good)
    found.designs = columns.designs(None if good.all() else found.places)
    return found


def cells_at(table: pa.Table, place: int) -> list[str]:
    """The cells of one row as a text table would hold them."""
    return [as_cell(column[place].as_py()) for column in table.columns]


class _Columns:
    """The columns of a table that a row model knows, as numbers or coded texts, and which rows they surely allow."""

    def __init__(self, table: pa.Table, model: type[Row]) -> None:
        self.count, self.model = len(table), model
        self.numbers: dict[str, np.ndarray] = {}
        self.texts: dict[str, tuple[np.ndarray, pa.Array]] = {}
        self.allowed = np.ones(self.count, dtype=bool)
        known = numeric_columns(model)
        for column, field in model.model_fields.items():
            if column not in table.column_names:
                continue
            values = _flat(table[column])
            if column in known:
                allowed = self._add_numbers(column, values)
            else:
                allowed = self._add_texts(column, _as_text(values))
            if field.is_required():
                allowed &= self._is_given(column)
            self.allowed &= allowed

    def accepted(self) -> np.ndarray:
        """Rows that the row model would take, shape (n_rows,)."""
        good = self.allowed.copy()
        for rule in self.model.__pydantic_decorators__.model_validators:
            good &= ~_RULES[rule](self.numbers, self.count) if rule in _RULES else False
        return good

    def _is_given(self, column: str) -> np.ndarray:
        if column in self.numbers:
            return np.asarray(~np.isnan(self.numbers[column]))
        codes, texts = self.texts[column]
        return np.asarray(pc.not_equal(texts, "").to_numpy(zero_copy_only=False)[codes])

    def _add_numbers(self, column: str, values: pa.Array) -> np.ndarray:
        number, given = _numbers(values)
        allowed = np.isfinite(number)
        for rule in self.model.model_fields[column].metadata:
            kind = type(rule).__name__
            if kind in _LIMITS:
                allowed &= _LIMITS[kind](number, getattr(rule, kind.lower()))
        self.numbers[column] = number
        return np.asarray(allowed | ~given)

    def _add_texts(self, column: str, values: pa.Array) -> np.ndarray:
        coded = pc.utf8_trim_whitespace(values).dictionary_encode()
        codes, written = coded.indices.to_numpy().astype(np.int64), coded.dictionary
        choices, is_yes_no = choices_of(self.model, column), bool in kinds_of(self.model, column)
        fine = np.ones(len(written), dtype=bool)
        if is_yes_no:
            texts = [text.lower() for text in written.to_pylist()]
            self.numbers[column] = np.array([_YES_NO.get(text, np.nan) for text in texts], dtype=float)[codes]
            fine = np.array([not text or text in _YES_NO for text in texts], dtype=bool)
        else:
            self.texts[column] = codes, written
            if choices:
                fine = np.array([not text or text in choices for text in written.to_pylist()], dtype=bool)
        return np.asarray(fine[codes])

    def put(self, place: int, row: Row) -> None:
        """A row that the row model took."""
        for column, value in row.model_dump(include={*self.numbers, *self.texts}).items():
            if column in self.numbers:
                self.numbers[column][place] = np.nan if value is None else float(value)
            else:
                codes, texts = self.texts[column]
                codes[place] = pc.index(texts, value or "").as_py()
                if codes[place] < 0:
                    codes[place] = len(texts)
                    self.texts[column] = codes, pa.concat_arrays([texts, pa.array([value or ""], pa.string())])

    def designs(self, places: np.ndarray | None) -> Designs:
        """The columns of some rows, or of all, as the models read them."""
        texts = {name: (codes, texts.to_pylist()) for name, (codes, texts) in self.texts.items()}
        found = Designs(self.count, self.numbers, texts)
        return found if places is None else found.take(places)


def _flat(column: pa.ChunkedArray) -> pa.Array:
    found = column.combine_chunks()
    found = pa.concat_arrays(found.chunks) if isinstance(found, pa.ChunkedArray) else found
    return found.dictionary_decode() if pa.types.is_dictionary(found.type) else found


def _as_text(values: pa.Array) -> pa.Array:
    """Every value as a text table would hold it."""
    if pa.types.is_string(values.type):
        return values.fill_null("")
    if pa.types.is_large_string(values.type) or pa.types.is_integer(values.type):
        return values.cast(pa.string()).fill_null("")
    return pa.array([as_cell(value) for value in values.to_pylist()], pa.string())


def _numbers(values: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of a column, NaN where none can be read here, and whether anything is given."""
    if pa.types.is_floating(values.type) or pa.types.is_integer(values.type):
        number = values.cast(pa.float64(), safe=False).fill_null(np.nan).to_numpy(zero_copy_only=False).copy()
        return number, ~np.isnan(number)
    text = _as_text(values)
    text = pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
    given = text.is_valid().to_numpy(zero_copy_only=False)
    try:
        found = text.cast(pa.float64())
    except pa.ArrowInvalid:
        text = pc.ascii_trim_whitespace(text)
        readable = pc.match_substring_regex(text, _NUMBER)
        found = pc.if_else(readable, text, pa.scalar(None, pa.string())).cast(pa.float64())
    return found.fill_null(np.nan).to_numpy(zero_copy_only=False).copy(), given
