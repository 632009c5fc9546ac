"""New rows before they are written: what each line of a file says as a row of ours, or all its mistakes."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from features.composition import composition_of
from features.family import NAMED_ONLY
from features.formulas.reader import FormulaError, read_formula
from features.tables.mistakes import InputError, Mistake
from features.tables.records import TABLES, CellRow, CyclingRow, ElectrolyteRow, Provenance, Row
from features.tables.rows import parse_row
from training.data.integrity import ID_COLUMNS
from training.intake.headers import Header, read_header
from training.intake.mapping import read_mapping
from training.intake.sheet import Line, Sheet, plain_number, read_sheet
from training.intake.values import Values, read_values

ADDABLE: dict[str, type[Row]] = {"electrolytes": ElectrolyteRow, "cells": CellRow, "cycling": CyclingRow}
"""Tables rows can be added to; sources are made from the rows."""
PREFIXES = {"electrolytes": "e-", "cells": "c-", "cycling": "p-"}
EXAMPLE = "example"
"""Source of the example row of a template: never added."""
UNNAMED = "?"
_SHARED = frozenset({*Provenance.model_fields, "electrolyte", "composition", "electrolyte_class", "form"})


@dataclass(frozen=True)
class Draft:
    """A row that could be added.

    Attributes
    ----------
    line : line of the file
    row : with its id and paper
    cells : as in the file
    has_own_id : whether the file gives the id; else it is made of what the row says
    """

    line: int
    row: Provenance
    cells: list[str]
    has_own_id: bool

    @property
    def identity(self) -> str:
        """Id of the row."""
        return str(getattr(self.row, ID_COLUMNS[table_of(self.row)]))


@dataclass
class Drafts:
    """What a file says.

    Attributes
    ----------
    table : electrolytes, cells or cycling
    sheet : the file
    header : its columns
    rows : good rows, in file order
    mistakes : of all other rows
    rejected : cells of the rejected rows, by line
    examples : lines of template examples
    """

    table: str
    sheet: Sheet
    header: Header
    rows: list[Draft] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    rejected: dict[int, list[str]] = field(default_factory=dict)
    examples: list[int] = field(default_factory=list)

    def reject(self, draft: Draft, mistake: Mistake) -> None:
        """Take a row out, with its reason."""
        header = next((each.header for each in self.header.columns if each.name == mistake.column), mistake.column)
        self.rows = [each for each in self.rows if each is not draft]
        self.mistakes.append(replace(mistake, column=header))
        self.rejected[draft.line] = draft.cells


def table_of(row: Row) -> str:
    """Name of the table a row belongs to."""
    return next(name for name, model in TABLES.items() if type(row) is model)


def read_drafts(path: Path, table: str | None = None, mapping: Path | None = None, sheet: str | None = None) -> Drafts:
    """Read a file as new rows of one table.

    Raises
    ------
    InputError
        The file, its header or the mapping cannot be used: with every mistake of the header and of the cells.
    """
    read, words = read_sheet(path, sheet), read_mapping(mapping)
    headers = {
        name: read_header(
            read.header, model, {each: other for each, other in ADDABLE.items() if each != name}, words, read.name
        )
        for name, model in ADDABLE.items()
    }
    name = table or recognised(headers, read.name)
    drafts = Drafts(name, read, headers[name])
    absent = [theirs for theirs in words if theirs not in read.header]
    drafts.header.remarks += [f"the mapping names {theirs!r}, which is no column of this file" for theirs in absent]
    broken = [*drafts.header.mistakes, *read.mistakes]
    for line in read.lines:
        _read_line(drafts, line, check=not broken)
    if broken:
        raise InputError(f"{read.name}: the columns cannot be used", [*broken, *drafts.mistakes])
    return drafts


def recognised(headers: Mapping[str, Header], file: str) -> str:
    """The table a header is of.

    Raises
    ------
    InputError
        No column tells it.
    """
    found = {name: {column.name for column in header.columns} for name, header in headers.items()}
    lives = found["cycling"] & {"retention_pct", "capacity_mah_per_g", "areal_capacity_mah_per_cm2"}
    cells = {name for name in found["cells"] - _SHARED - {"cell_id"} if name not in found["electrolytes"]}
    cells -= {"electrolyte_conductivity_s_per_cm"} if "conductivity_s_per_cm" in found["electrolytes"] else set()
    if any(column.header == "point_id" for column in headers["cycling"].columns) or (
        "cycle" in found["cycling"] and lives and len(cells) < 4
    ):
        return "cycling"
    if cells:
        return "cells"
    if found["electrolytes"] & {"conductivity_s_per_cm", "activation_energy_ev", "measurement_id"}:
        return "electrolytes"
    mistakes = [mistake for header in headers.values() for mistake in header.mistakes]
    near = list(dict.fromkeys(mistake for mistake in mistakes if "unknown" not in mistake.got))
    raise InputError(
        f"{file}: no column tells which table this is (a conductivity, an anode or ICE, a cycle with a retention); "
        f"name it with --table {', '.join(ADDABLE)}, or the columns with --mapping",
        near,
    )


def _read_line(drafts: Drafts, line: Line, *, check: bool) -> None:
    """One line into a draft or into mistakes; without `check` only its cells are judged."""
    sheet, model, cells = drafts.sheet, ADDABLE[drafts.table], list(line.cells)
    while len(cells) > len(sheet.header) and not cells[-1].strip():
        cells.pop()
    if len(cells) != len(sheet.header):
        expected = f"{len(sheet.header)}, as in the header"
        _refuse(drafts, line, [Mistake(line.number, "", f"{len(cells)} cells", expected, sheet.name)])
        return
    values = read_values(drafts.header.columns, cells, model, line.number, sheet.name)
    if str(values.given.get("source_id", "")).lower() == EXAMPLE:
        drafts.examples.append(line.number)
        return
    if not check:
        drafts.mistakes += values.mistakes
        return
    found = row_of(values, drafts.table, line.number, sheet.name)
    if isinstance(found, list):
        _refuse(drafts, line, found)
        return
    has_own_id = getattr(found, ID_COLUMNS[drafts.table]) != UNNAMED
    drafts.rows.append(Draft(line.number, found, line.cells, has_own_id))


def _refuse(drafts: Drafts, line: Line, mistakes: list[Mistake]) -> None:
    drafts.mistakes += mistakes
    drafts.rejected[line.number] = line.cells


def row_of(values: Values, table: str, line: int, file: str) -> Provenance | list[Mistake]:
    """The row model of one line, or all its mistakes, in the words of the file."""
    model, given = ADDABLE[table], dict(values.given)
    given.setdefault(ID_COLUMNS[table], UNNAMED)
    if values.notes:
        given["note"] = "; ".join(filter(None, [given.get("note"), *values.notes]))
    if values.read and "as_written" not in given:
        given["as_written"] = "; ".join(values.read)
    found = parse_row(model, given, line, file)
    if not isinstance(found, list) and not values.mistakes:
        unreadable = unreadable_formula(found, line, file)
        if unreadable is None and isinstance(found, Provenance):
            return found
        found = [unreadable] if unreadable else []
    wrong = found if isinstance(found, list) else []
    seen = {mistake.column for mistake in values.mistakes}
    ours = [_in_their_words(mistake, values) for mistake in wrong]
    return [*values.mistakes, *(mistake for mistake in ours if mistake.column not in seen)]


def _in_their_words(mistake: Mistake, values: Values) -> Mistake:
    """A mistake of one of our columns under the header and with the cell of the file."""
    header, text = values.written.get(mistake.column, (mistake.column, ""))
    value = values.given.get(mistake.column)
    if not text or value is None:
        return replace(mistake, column=header)
    read = f", read as {plain_number(value)}" if isinstance(value, float) and text != plain_number(value) else ""
    return replace(mistake, column=header, got=f"{text!r}{read}")


def unreadable_formula(row: Row, line: int, file: str) -> Mistake | None:
    """Why the electrolyte of a row cannot be read, or None; names pass in classes that have no formulas."""
    if not isinstance(row, ElectrolyteRow | CellRow):
        return None
    written = row.composition or row.electrolyte
    if not written or (not row.composition and (row.electrolyte_class in NAMED_ONLY or not row.in_training)):
        return None
    try:
        read_formula(written)
    except FormulaError as error:
        column = "composition" if row.composition else "electrolyte"
        named = ", ".join(sorted(NAMED_ONLY))
        expected = f"a formula or a known name ({error}); or electrolyte_class ({named}) for a named material"
        return Mistake(line, column, repr(written), expected, file)
    return None


def normalised(row: Provenance) -> Provenance:
    """The row with the composition of a plain formula; names, blends with polymers and given ones stay as they are."""
    if not isinstance(row, ElectrolyteRow | CellRow) or row.composition or not row.electrolyte:
        return row
    try:
        reading = read_formula(row.electrolyte)
    except FormulaError:
        return row
    plain = all(part.get("role") == "component" and "source" not in part for part in reading.parts)
    if not reading.composition or not plain or reading.electrolyte_class or "C" in reading.composition:
        return row
    composition = "".join(
        element if amount == 1 else f"{element}{amount:.10g}" for element, amount in reading.composition.items()
    )
    if not re.fullmatch(r"(?:[A-Z][a-z]?(?:\d+(?:\.\d+)?)?)+", composition):
        return row
    same = composition_of("", composition) == reading.composition
    return row.model_copy(update={"composition": composition}) if same else row


def made_id(row: Provenance, table: str) -> str:
    """An id made of what the row says and of its paper: the same row has the same id in every file."""
    left_out = {*Provenance.model_fields, ID_COLUMNS[table]}
    said = {name: value for name, value in row if name not in left_out and value is not None}
    text = json.dumps([table, row.paper, said], sort_keys=True, ensure_ascii=True)
    return PREFIXES[table] + hashlib.sha256(text.encode()).hexdigest()[:10]
