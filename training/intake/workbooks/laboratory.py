"""A laboratory's sheet of cells, retentions and conductivities as measured designs of one laboratory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from features.tables.mistakes import InputError, Mistake
from features.tables.records import Candidate, CellRow, CyclingRow, ElectrolyteRow, Measured, Provenance
from features.tables.rows import closest
from features.tables.sheets import WORKBOOK_ENDINGS, sheet_titles
from models.candidates import read_design
from models.saved.labs import lab_path, read_lab, write_lab
from models.tasks.ice import has_usual_ice
from models.tasks.registry import TARGETS
from training.data.load import load_literature
from training.intake.draft import ADDABLE, UNNAMED, Draft, Drafts, read_drafts
from training.intake.headers import POINTS
from training.intake.plausible import Doubt, doubts
from training.intake.values import MARKS
from training.intake.workbooks.whole import points_of

VALUES = ("conductivity_s_per_cm", "ice_pct", "retention_pct", "cycle_life_80")
"""Columns of `Measured` that hold a measurement; all others but the sample's name describe the design."""
BESIDE = ("sample_id", "electrolyte_conductivity_s_per_cm", "electrolyte_conductivity_temperature_c")
"""Columns that are no part of a design."""
EXACT = (None, "=", "~")
FOREIGN = "twin"
"""A kind of doubt about papers: a laboratory's own values may stand in a data folder too."""


@dataclass(frozen=True)
class LabConfig:
    """One `silion lab add`.

    Attributes
    ----------
    file : Path
        CSV, TSV, Excel or JSON lines.
    name : str
        Of the laboratory.
    sheet : str or None
        Of a workbook; all filled ones where None.
    mapping : Path or None
        File of the user's own words for columns.
    replace : bool
        The sheet takes the place of all that the laboratory has; else it is added to that.
    confirm : bool
        Unlikely values are right.
    """

    file: Path
    name: str
    sheet: str | None = None
    mapping: Path | None = None
    replace: bool = False
    confirm: bool = False


@dataclass
class Laboratory:
    """A laboratory's measurements after a sheet was read.

    Attributes
    ----------
    rows : list of Measured
        All that it has, a row per measured value.
    added : int
        How many of them are new.
    remarks : list of str
        Values that were interpreted, or left out.
    doubts : list of Doubt
        Unlikely values that were not confirmed; nothing is written then.
    path : Path or None
        Where it was written.
    """

    rows: list[Measured]
    added: int
    remarks: list[str] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    path: Path | None = None


def add_lab(config: LabConfig) -> Laboratory:
    """Read a sheet and keep it as a laboratory's, whole or not at all.

    Parameters
    ----------
    config : LabConfig
        The wish.

    Raises
    ------
    InputError
        The name, the file, its header or any of its rows cannot be used: every mistake at once.
    """
    before = [] if config.replace or not lab_path(config.name).is_file() else read_lab(config.name)
    tables = list(_tables(config))
    rows, remarks, mistakes = list[Measured](), list[str](), list[Mistake]()
    cells = {draft.identity: draft for table in tables for draft in table.rows if isinstance(draft.row, CellRow)}
    for table in tables:
        mistakes += table.mistakes
        remarks += table.header.remarks
        for draft in table.rows:
            for values in _measured(draft.row, cells, remarks):
                row = read_design(Measured, values, draft.line, table.sheet.name)
                if isinstance(row, list):
                    mistakes += [table.in_file_words(mistake) for mistake in row]
                else:
                    rows.append(row)
        if table.table == POINTS:
            mistakes += _without_cells(table, cells)
    if mistakes:
        raise InputError(
            f"{config.file.name}: {len(mistakes)} mistakes, nothing was added", list(dict.fromkeys(mistakes))
        )
    new = [row for row in dict.fromkeys(rows) if row not in set(before)]
    if not new and not before:
        raise InputError(f"{config.file.name}: nothing measured; expected a conductivity, ICE or retention somewhere")
    literature = None if config.confirm else load_literature()
    drafts = [draft for table in tables for draft in table.rows]
    open_doubts = [doubt for doubt in doubts(drafts, literature) if doubt.kind != FOREIGN] if literature else []
    laboratory = Laboratory([*before, *new], len(new), list(dict.fromkeys(remarks)), open_doubts)
    if not open_doubts:
        laboratory.path = write_lab(config.name, laboratory.rows)
    return laboratory


def _tables(config: LabConfig) -> Iterator[Drafts]:
    """Yield the tables of a file, those of cells with the points of their lives behind them."""
    sheets: list[str | None] = [config.sheet]
    if config.sheet is None and config.file.suffix.lower() in WORKBOOK_ENDINGS and config.file.is_file():
        sheets = [*sheet_titles(config.file.read_bytes(), config.file.name)]
    for sheet in sheets:
        table = sheet if len(sheets) > 1 and sheet in ADDABLE else None
        drafts = read_drafts(config.file, table, config.mapping, sheet, source=config.name)
        drafts.rows = [_named(draft) for draft in drafts.rows]
        yield drafts
        if (points := points_of(drafts, judge_rejected=True)) is not None:
            yield points


def _named(draft: Draft) -> Draft:
    """Return a draft whose cell has a name: its line, where the file gives none."""
    if isinstance(draft.row, CellRow) and draft.row.cell_id == UNNAMED:
        return replace(draft, row=draft.row.model_copy(update={"cell_id": f"line {draft.line}"}))
    return draft


def _measured(row: Provenance, cells: Mapping[str, Draft], remarks: list[str]) -> Iterable[dict[str, Any]]:
    """Yield the values of `Measured` for each measurement of a row; a bound is left out with a remark."""
    if isinstance(row, CyclingRow):
        if row.cell_id not in cells:
            return
        if row.retention_pct is None:
            remarks.append(f"{row.cell_id} at cycle {row.cycle:g}: a capacity without a retention is not used")
            return
        point = {"retention_pct": row.retention_pct, "cycle": row.cycle}
        yield from _exact(row, cells[row.cell_id].row, row.cell_id, point, remarks)
    elif isinstance(row, ElectrolyteRow):
        if row.conductivity_s_per_cm is not None:
            name = None if row.measurement_id == UNNAMED else row.measurement_id
            yield from _exact(row, row, name, {"conductivity_s_per_cm": row.conductivity_s_per_cm}, remarks)
    elif isinstance(row, CellRow):
        if row.ice_pct is not None and not has_usual_ice(row):
            remarks.append(f"{row.cell_id}: ice_pct {row.ice_pct:g} is above 100, which moves nothing: left out")
        elif row.ice_pct is not None:
            yield from _exact(row, row, row.cell_id, {"ice_pct": row.ice_pct}, remarks)
        if row.electrolyte_conductivity_s_per_cm is not None:
            yield _of_the_electrolyte(row, remarks)


def _of_the_electrolyte(cell: CellRow, remarks: list[str]) -> dict[str, Any]:
    """Return the conductivity that a row of cells gives of its electrolyte."""
    temperature = cell.electrolyte_conductivity_temperature_c
    if temperature is None and cell.temperature_c is not None:
        temperature = cell.temperature_c
        remarks.append("conductivities without a temperature of their own are taken at that of the cell's test")
    names = ("electrolyte", "composition", "electrolyte_class", "form")
    values = {name: getattr(cell, name) for name in names}
    return values | {
        "temperature_c": temperature, "conductivity_s_per_cm": cell.electrolyte_conductivity_s_per_cm
    }  # fmt: skip


def _exact(
    row: Provenance, design: Provenance, name: str | None, values: dict[str, Any], remarks: list[str]
) -> Iterable[dict[str, Any]]:
    column = next(iter(values))
    mark = getattr(row, MARKS[column])
    if mark not in EXACT:
        remarks.append(
            f"{name or column}: {column} {mark} {values[column]:g} is a bound, which moves nothing: left out"
        )
        return
    fields = {field: getattr(design, field) for field in Candidate.model_fields if hasattr(design, field)}
    fields["electrolyte"] = fields["electrolyte"] or fields["composition"]
    yield {"sample_id": name, **fields, **values}


def _without_cells(table: Drafts, cells: Mapping[str, Draft]) -> Iterator[Mistake]:
    """Yield points of cells that the sheet does not describe."""
    for draft in table.rows:
        if isinstance(draft.row, CyclingRow) and draft.row.cell_id not in cells:
            expected = f"a cell described in the same file{closest(draft.row.cell_id, [*cells])}"
            mistake = Mistake(draft.line, "cell_id", draft.row.cell_id, expected, table.sheet.name)
            yield table.in_file_words(mistake)


def replicates(rows: Sequence[Measured]) -> list[str]:
    """Return, in words, the values of each design that was measured more than once, and how far they lie apart.

    Parameters
    ----------
    rows : sequence of Measured
        Of one laboratory.

    Examples
    --------
    >>> cell = Measured(electrolyte="Li6PS5Cl", anode="Si", sample_id="A", ice_pct=80)
    >>> replicates([cell, cell.model_copy(update={"sample_id": "B", "ice_pct": 84})])
    ['A, B: ice_pct 80 and 84, 4 apart']
    """
    designs: dict[tuple[Any, ...], list[Measured]] = {}
    for row in rows:
        column = next(name for name in VALUES if getattr(row, name) is not None)
        design = row.model_dump(exclude={*BESIDE, *VALUES})
        designs.setdefault((column, *design.values()), []).append(row)
    out = []
    for (column, *_), same in designs.items():
        if len(same) > 1:
            values = sorted(getattr(row, column) for row in same)
            names = ", ".join(dict.fromkeys(row.sample_id or row.electrolyte for row in same))
            apart = f"{values[-1] / values[0]:.3g} times" if column == VALUES[0] else f"{values[-1] - values[0]:.3g}"
            after = f" after {same[0].cycle:g} cycles" if TARGETS[column].at_cycle and same[0].cycle else ""
            out.append(f"{names}: {column}{after} {' and '.join(f'{value:g}' for value in values)}, {apart} apart")
    return out


def counts_text(rows: Sequence[Measured]) -> str:
    """Return how many designs and values of each kind were measured, in words.

    Parameters
    ----------
    rows : sequence of Measured
        Of one laboratory.

    Examples
    --------
    >>> counts_text([Measured(electrolyte="Li6PS5Cl", conductivity_s_per_cm=2e-3)])
    '1 design; 1 conductivity_s_per_cm'
    """
    designs = {tuple(row.model_dump(exclude={*BESIDE, "cycle", *VALUES}).values()) for row in rows}
    counts = [(sum(getattr(row, column) is not None for row in rows), column) for column in VALUES]
    values = ", ".join(f"{count} {column}" for count, column in counts if count)
    return f"{len(designs)} design{'s' * (len(designs) != 1)}; {values}"


def lab_text(name: str, laboratory: Laboratory) -> str:
    """Return the whole answer of `silion lab add`.

    Parameters
    ----------
    name : str
        Of the laboratory.
    laboratory : Laboratory
        What `add_lab` gave.
    """
    lines = [f"laboratory {name}: {laboratory.added} new values; in all {counts_text(laboratory.rows)}"]
    lines += [f"replicates of one design, kept: {text}" for text in replicates(laboratory.rows)]
    if laboratory.path is None:
        lines += [f"line {doubt.draft.line}, {doubt.column}: {doubt.got}? {doubt.why}" for doubt in laboratory.doubts]
        lines.append("nothing was written: correct these, or say with --confirm that they are right")
    else:
        lines.append(
            f"kept in {laboratory.path}, on this machine alone; "
            f"to use it: silion predict designs.csv -o out.csv --lab {name}"
        )
    return "\n".join(lines)
