"""New rows before they are written: each line of a file as a row of a table, or all its mistakes."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from features.composition import composition_of
from features.family import NAMED_ONLY
from features.formulas.reader import FormulaError, read_formula
from features.tables.columns import unit_of
from features.tables.files import trimmed
from features.tables.literature import TABLE_MODELS
from features.tables.mistakes import InputError, Mistake, Mistakes
from features.tables.records import CellRow, ElectrolyteRow, Provenance
from features.tables.rows import parse_row
from features.tables.sheets import as_text
from training.data.literature_rows import ID_COLUMNS, MEASURED_TABLES, content_of, id_of
from training.data.load import unreadable_formula
from training.intake.headers import Header, read_header
from training.intake.notation.header_conditions import is_kelvin
from training.intake.notation.mapping import read_mapping
from training.intake.raw_table import Line, Rejects, Sheet, read_sheet
from training.intake.values import Values, check_twins, read_values

ADDABLE = {name: TABLE_MODELS[name] for name in MEASURED_TABLES}
"""Tables rows can be added to; sources are made from the rows."""
PREFIXES = {"electrolytes": "e-", "cells": "c-", "cycling": "p-"}
EXAMPLE = "example"
"""Source of the example row of a template: never added."""
UNNAMED = "?"
"""Id of a row until one is made."""
_SHARED = frozenset({*Provenance.model_fields, "electrolyte", "composition", "electrolyte_class", "form"})


@dataclass(frozen=True)
class Draft:
    """A row that could be added.

    Attributes
    ----------
    line : int
        Line of the file.
    row : Provenance
        With its id and paper.
    cells : list of str
        As in the file.
    has_own_id : bool
        Whether the file gives the id; else it is made of the row's content.
    in_kelvin : frozenset of str
        Columns of temperatures that the file declares in kelvin.
    """

    line: int
    row: Provenance
    cells: list[str]
    has_own_id: bool
    in_kelvin: frozenset[str] = frozenset()

    @property
    def identity(self) -> str:
        """Id of the row."""
        return id_of(self.row)


@dataclass
class Drafts:
    """A file as new rows.

    Attributes
    ----------
    table : str
        electrolytes, cells or cycling.
    sheet : Sheet
        The file.
    header : Header
        Its columns.
    rows : list of Draft
        Good rows, in file order.
    mistakes : Mistakes
        Of all other rows.
    rejected : Rejects
        The other rows, as in the file.
    examples : list of int
        Lines of template examples.
    source : str
        Of rows that name none; empty where a row has to name its own.
    """

    table: str
    sheet: Sheet
    header: Header
    rows: list[Draft] = field(default_factory=list)
    mistakes: Mistakes = field(default_factory=Mistakes)
    rejected: Rejects = field(default_factory=Rejects)
    examples: list[int] = field(default_factory=list)
    source: str = ""

    def reject(self, refused: Sequence[tuple[Draft, Mistake]]) -> None:
        """Take rows out, with their reasons.

        Parameters
        ----------
        refused : sequence of (Draft, Mistake)
            Some of `rows`, or taken out of them already; each with our name of the column.
        """
        out = {id(draft) for draft, _ in refused}
        self.rows = [row for row in self.rows if id(row) not in out]
        for draft, mistake in refused:
            self.refuse(draft.line, draft.cells, [self.in_file_words(mistake)])

    def in_file_words(self, mistake: Mistake) -> Mistake:
        """Return a mistake of one of our columns under the header that the file has for it.

        Parameters
        ----------
        mistake : Mistake
            Kept where the file has no such column.
        """
        headers = (column.header for column in self.header.columns if column.name == mistake.column)
        return replace(mistake, column=next(headers, mistake.column))

    def refuse(self, line: int, cells: list[str], mistakes: Sequence[Mistake]) -> None:
        """Keep a line that gives no row, with its reasons.

        Parameters
        ----------
        line : int
            Of the file.
        cells : list of str
            As written.
        mistakes : sequence of Mistake
            One or more, in the words of the file.
        """
        self.mistakes += mistakes
        reasons = ((m.column and f"{m.column}: ") + f"got {m.got}, expected {m.expected}" for m in mistakes)
        self.rejected.add(line, cells, reasons)


def read_drafts(
    path: Path, table: str | None = None, mapping: Path | None = None, sheet: str | None = None, source: str = ""
) -> Drafts:
    """Read a file as new rows of one table.

    Parameters
    ----------
    path : Path
        CSV, TSV, Excel or JSON lines.
    table : str, optional
        electrolytes, cells or cycling; recognised from the columns where None.
    mapping : Path, optional
        File of the user's own words for columns.
    sheet : str, optional
        Of a workbook.
    source : str
        Of rows that name none: a laboratory; empty where a row has to name its own.

    Raises
    ------
    InputError
        The file, its header or the mapping cannot be used: with every mistake of the header and of the cells.
    """
    file, mapped = read_sheet(path, sheet), read_mapping(mapping)
    headers = {}
    for name, model in ADDABLE.items():
        others = {key: record for key, record in ADDABLE.items() if key != name}
        headers[name] = read_header(file.header, model, others, mapped, file.name)
    name = table or recognised(headers, file.name)
    drafts = Drafts(name, file, headers[name], source=source)
    absent = [own for own in mapped if own not in file.header]
    drafts.header.remarks += file.remarks
    drafts.header.remarks += [f"the mapping names {own!r}, which is no column of this file" for own in absent]
    _settle_kelvin(drafts)
    broken = [*drafts.header.mistakes, *file.mistakes]
    for line in file.lines:
        _read_line(drafts, line, check=not broken)
    if broken:
        raise InputError(f"{file.name}: the columns cannot be used", itertools.chain(broken, drafts.mistakes))
    return drafts


def _settle_kelvin(drafts: Drafts) -> None:
    """Read a column of temperatures without a unit in kelvin where it is so as a whole."""
    header, model = drafts.header, ADDABLE[drafts.table]
    for place, column in enumerate(header.columns):
        if unit_of(model, column.name) != "°C" or column.unit or column.header == column.name:
            continue
        if is_kelvin(line.cells[column.place] for line in drafts.sheet.lines if column.place < len(line.cells)):
            header.columns[place] = replace(column, unit="K")
            unread = f"column {column.header} names no unit: "
            header.remarks = [remark for remark in header.remarks if not remark.startswith(unread)]
            header.remarks.append(f"{unread}read as K, all of it is 273 and more and ends in .15 somewhere")


def recognised(headers: Mapping[str, Header], file: str) -> str:
    """Return the table a header is of.

    Parameters
    ----------
    headers : mapping of str to Header
        The header read as one of each table.
    file : str
        Its name, for the message.

    Raises
    ------
    InputError
        No column tells it.
    """
    columns = {name: {column.name for column in header.columns} for name, header in headers.items()}
    lives = columns["cycling"] & {"retention_pct", "capacity_mah_per_g", "areal_capacity_mah_per_cm2"}
    cells = columns["cells"] - _SHARED - {"cell_id"} - columns["electrolytes"]
    cells -= {f"electrolyte_{column}" for column in columns["electrolytes"]}
    if any(column.header == "point_id" for column in headers["cycling"].columns) or (
        "cycle" in columns["cycling"] and lives and len(cells) < 4
    ):
        return "cycling"
    if cells:
        return "cells"
    if columns["electrolytes"] & {"conductivity_s_per_cm", "activation_energy_ev", "measurement_id"}:
        return "electrolytes"
    mistakes = [mistake for header in headers.values() for mistake in header.mistakes]
    near = list(dict.fromkeys(mistake for mistake in mistakes if "unknown" not in mistake.got))
    raise InputError(
        f"{file}: no column tells which table this is (a conductivity, an anode or ICE, a cycle with a retention); "
        f"name it with --table {', '.join(ADDABLE)}, or the columns with --mapping",
        near,
    )


def _read_line(drafts: Drafts, line: Line, *, check: bool) -> None:
    """Read one line into a draft or into mistakes; without `check` only its cells are judged."""
    sheet, model = drafts.sheet, ADDABLE[drafts.table]
    cells = trimmed(list(line.cells), len(sheet.header))
    if len(cells) != len(sheet.header):
        expected = f"{len(sheet.header)}, as in the header"
        wrong = Mistake(line.number, "", f"{len(cells)} cells", expected, sheet.name)
        drafts.refuse(line.number, line.cells, [wrong])
        return
    values = read_values(drafts.header.columns, cells, model, line.number, sheet.name)
    check_twins(values, drafts.header.twins, cells, model, line.number, sheet.name)
    if str(values.by_column.get("source_id", "")).lower() == EXAMPLE:
        drafts.examples.append(line.number)
        return
    if not check:
        drafts.mistakes += values.mistakes
        return
    row = _row_of(values, drafts.table, line.number, sheet.name, drafts.source)
    if isinstance(row, list):
        drafts.refuse(line.number, line.cells, row)
    else:
        own_id = id_of(row) != UNNAMED
        drafts.rows.append(Draft(line.number, row, line.cells, own_id, frozenset(values.in_kelvin)))


def _row_of(values: Values, table: str, line: int, file: str, source: str) -> Provenance | list[Mistake]:
    """Return the row model of one line, or all its mistakes, in the words of the file."""
    model, fields = ADDABLE[table], dict(values.by_column)
    fields.setdefault(ID_COLUMNS[table], UNNAMED)
    if source and not fields.get("doi"):
        fields.setdefault("source_id", source)
    if "composition" in fields and "electrolyte" in model.model_fields:
        fields.setdefault("electrolyte", fields["composition"])
    if values.notes:
        fields["note"] = "; ".join(filter(None, [fields.get("note"), *values.notes]))
    if values.read:
        fields.setdefault("as_written", "; ".join(values.read))
    row = parse_row(model, fields, line, file)
    mistakes = row if isinstance(row, list) else []
    if isinstance(row, Provenance) and not values.mistakes:
        advice = f"; or electrolyte_class ({', '.join(sorted(NAMED_ONLY))}) for a named material"
        unreadable = unreadable_formula(row, line, file, advice)
        if unreadable is None:
            return row
        mistakes = [unreadable]
    seen = {mistake.column for mistake in values.mistakes}
    in_file_words = [_in_file_words(mistake, values) for mistake in mistakes]
    return [*values.mistakes, *(mistake for mistake in in_file_words if mistake.column not in seen)]


def _in_file_words(mistake: Mistake, values: Values) -> Mistake:
    """Return a mistake of one of our columns under the header and with the cell of the file."""
    header, text = values.written.get(mistake.column, (mistake.column, ""))
    if not text or (value := values.by_column.get(mistake.column)) is None:
        return replace(mistake, column=header)
    read = f", read as {as_text(value)}" if isinstance(value, float) and text != as_text(value) else ""
    of_several = "" if as_text(value) in mistake.got or text in mistake.got else f", {mistake.got}"
    return replace(mistake, column=header, got=f"{text!r}{read}{of_several}")


def with_composition(row: Provenance) -> Provenance:
    """Return the row with the composition of a plain formula.

    Parameters
    ----------
    row : Provenance
        Names, blends with polymers and given compositions stay as they are.

    Examples
    --------
    >>> row = ElectrolyteRow(measurement_id="E1", electrolyte="Li6(PS5)Cl", activation_energy_ev=0.3, source_id="zhan")
    >>> with_composition(row).composition
    'Li6PS5Cl'
    """
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
    """Return an id made of the row's content and paper: the same row has the same id in every file.

    Parameters
    ----------
    row : Provenance
        Whatever id it has does not count.
    table : str
        electrolytes, cells or cycling.
    """
    content = {column: value for column, value in content_of(row).items() if value is not None}
    text = json.dumps([table, row.paper, content], sort_keys=True, ensure_ascii=True)
    return PREFIXES[table] + hashlib.sha256(text.encode()).hexdigest()[:10]
