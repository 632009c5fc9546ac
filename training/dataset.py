"""The literature as training data: tables read, checked against each other, and turned into designs with labels."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd

from features.composition import composition_of
from features.electrolyte import NAMED_ONLY
from features.formula import FormulaError, read_formula
from features.records import LIQUID_CLASSES, CellRow, CyclingRow, ElectrolyteRow, Provenance, Row, SourceRow
from features.tables import InputError, Mistake, read_table
from models.boosted import Labels
from models.lifetime import ABOUT_WEIGHT

SHIPPED = Path("data/literature")
RowT = TypeVar("RowT", bound=Row)
TABLE_MODELS: dict[str, type[Row]] = {
    "electrolytes": ElectrolyteRow,
    "cells": CellRow,
    "cycling": CyclingRow,
    "sources": SourceRow,
}
ID_COLUMNS = {"electrolytes": "measurement_id", "cells": "cell_id", "cycling": "point_id", "sources": "source_id"}


@dataclass
class Literature:
    """All tables of one or more data folders.

    Attributes
    ----------
    electrolytes, cells, cycling, sources : rows in file order
    hashes : SHA-256 of each file read, by its path
    """

    electrolytes: list[ElectrolyteRow] = field(default_factory=list)
    cells: list[CellRow] = field(default_factory=list)
    cycling: list[CyclingRow] = field(default_factory=list)
    sources: dict[str, SourceRow] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)

    def citation(self, paper: str) -> str:
        """What to print for a paper: its citation where the sources hold one, else the user's own label or DOI."""
        return self.sources[paper].citation if paper in self.sources else paper

    def doi(self, paper: str) -> str:
        """DOI of a paper, empty where none is known."""
        if paper in self.sources:
            return self.sources[paper].doi or ""
        return paper if paper.startswith("10.") else ""


def load_literature(folders: Sequence[str | Path] = (SHIPPED,)) -> Literature:
    """Read every table of the folders; the first folder is the shipped one, later ones add to it.

    Raises
    ------
    InputError
        A file cannot be used, or any row is wrong: all mistakes of all files at once.
    """
    literature, mistakes = read_literature(folders)
    if mistakes:
        raise InputError(f"the data cannot be used: {len(mistakes)} mistakes", mistakes)
    return literature


def read_literature(folders: Sequence[str | Path]) -> tuple[Literature, list[Mistake]]:
    """Like `load_literature`, with the mistakes returned beside what could be read."""
    literature, mistakes = Literature(), list[Mistake]()
    for folder in map(Path, folders):
        if not folder.is_dir():
            raise InputError(f"{folder}: no such data folder")
        files = {name: folder / f"{name}.csv" for name in TABLE_MODELS if (folder / f"{name}.csv").is_file()}
        if not files:
            raise InputError(
                f"{folder}: no table here; expected some of {', '.join(f'{name}.csv' for name in TABLE_MODELS)}"
            )
        for path in files.values():
            literature.hashes[path.as_posix()] = hashlib.sha256(path.read_bytes()).hexdigest()
        literature.electrolytes += _rows(files.get("electrolytes"), ElectrolyteRow, mistakes)
        literature.cells += _rows(files.get("cells"), CellRow, mistakes)
        literature.cycling += _rows(files.get("cycling"), CyclingRow, mistakes)
        literature.sources |= {source.source_id: source for source in _rows(files.get("sources"), SourceRow, mistakes)}
    mistakes += _cross_checks(literature)
    return literature, mistakes


def _rows(path: Path | None, model: type[RowT], mistakes: list[Mistake]) -> list[RowT]:
    if path is None:
        return []
    table = read_table(path, model)
    mistakes += table.mistakes
    kept = []
    seen: dict[str, int] = {}
    id_column = ID_COLUMNS[path.stem]
    for row, line in zip(table.rows, table.lines, strict=True):
        identity = str(getattr(row, id_column))
        if identity in seen:
            mistakes.append(
                Mistake(
                    line, id_column, repr(identity), f"an id of its own; line {seen[identity]} has it too", path.name
                )
            )
            continue
        seen[identity] = line
        if isinstance(row, ElectrolyteRow) and (mistake := _unreadable(row, line, path.name)):
            mistakes.append(mistake)
            continue
        kept.append(row)
    return kept


def _unreadable(row: ElectrolyteRow, line: int, table: str) -> Mistake | None:
    written = row.composition or row.electrolyte
    if not row.composition and (row.electrolyte_class in NAMED_ONLY or not row.in_training):
        return None
    try:
        read_formula(written)
    except FormulaError as error:
        column = "composition" if row.composition else "electrolyte"
        return Mistake(line, column, repr(written), f"a formula or a known name ({error})", table)
    return None


def _cross_checks(literature: Literature) -> list[Mistake]:
    """References between the tables: cells of cycling points, sources of rows, preferred rows of duplicates."""
    mistakes = []
    cells = {cell.cell_id: cell for cell in literature.cells}
    rows: list[tuple[str, str, Provenance]] = []
    rows += [("electrolytes.csv", row.measurement_id, row) for row in literature.electrolytes]
    rows += [("cells.csv", cell.cell_id, cell) for cell in literature.cells]
    rows += [("cycling.csv", point.point_id, point) for point in literature.cycling]
    ids = {(table, identity) for table, identity, _ in rows}
    for table, identity, row in rows:
        if row.source_id and literature.sources and row.seed and row.source_id not in literature.sources:
            mistakes.append(
                Mistake(0, "source_id", f"{row.source_id!r} in row {identity}", "a source_id of sources.csv", table)
            )
        if row.same_as and (table, row.same_as) not in ids:
            mistakes.append(
                Mistake(0, "same_as", f"{row.same_as!r} in row {identity}", "the id of a row of this table", table)
            )
        if row.same_as and row.in_training:
            mistakes.append(
                Mistake(
                    0, "in_training", f"yes in row {identity}", "no: the row tells the same as its preferred one", table
                )
            )
    for point in literature.cycling:
        if point.cell_id in cells and point.in_training and not cells[point.cell_id].in_training:
            got = f"yes in row {point.point_id}"
            mistakes.append(Mistake(0, "in_training", got, f"no: its cell {point.cell_id} is out", "cycling.csv"))
        if point.cell_id not in cells:
            mistakes.append(
                Mistake(
                    0, "cell_id", f"{point.cell_id!r} in row {point.point_id}", "a cell_id of cells.csv", "cycling.csv"
                )
            )
    return mistakes


@dataclass
class Examples:
    """Designs with labels, ready to fit.

    Attributes
    ----------
    designs : rows of the record model as a frame, with `paper`, `row_id` and, for cycling points, `cycles`
    labels : on the model's scale
    """

    designs: pd.DataFrame
    labels: Labels

    @property
    def papers(self) -> np.ndarray:
        """Paper of each row."""
        return self.designs["paper"].to_numpy(dtype=object)

    def take(self, rows: np.ndarray) -> Examples:
        """Some of the rows."""
        return Examples(self.designs.iloc[rows].reset_index(drop=True), self.labels.take(rows))


def _bounds(value: np.ndarray, qualifier: Sequence[str | None], high: np.ndarray | None = None) -> Labels:
    marks = np.array([mark or "=" for mark in qualifier])
    lower = np.where(marks == "<", -np.inf, value)
    upper = np.where(marks == ">", np.inf, value)
    if high is not None:
        upper = np.where(marks == "range", high, upper)
    return Labels(lower, upper, np.where(marks == "~", ABOUT_WEIGHT, 1.0))


def conductivity_examples(literature: Literature) -> Examples:
    """Electrolyte measurements in training: log10 S/cm, with bounds and ranges as such. Liquids are left out."""
    rows = [
        row
        for row in literature.electrolytes
        if row.in_training and row.conductivity_s_per_cm and row.electrolyte_class != "liquid"
    ]
    frame = _frame(rows, "measurement_id")
    value = np.log10(np.array([row.conductivity_s_per_cm for row in rows], dtype=float))
    high = np.log10(np.array([row.conductivity_high_s_per_cm or np.nan for row in rows], dtype=float))
    return Examples(frame, _bounds(value, [row.conductivity_qualifier for row in rows], high))


def ice_examples(literature: Literature, *, liquid: bool = False) -> Examples:
    """Cells with an initial Coulombic efficiency, in %; cells with liquid or gel electrolyte only where `liquid` is
    set."""
    rows = [row for row in _cells(literature, liquid) if row.ice_pct is not None]
    labels = _bounds(np.array([row.ice_pct for row in rows], dtype=float), [row.ice_qualifier for row in rows])
    return Examples(_frame(rows, "cell_id"), Labels(labels.lower, np.minimum(labels.upper, 100.0), labels.weight))


def cycling_points(literature: Literature, *, liquid: bool = False) -> pd.DataFrame:
    """Cycling points of cells in training, with the cell's design.

    Returns
    -------
    DataFrame
        Columns of `CellRow`, and `paper`, `row_id` (the cell), `cycles` (after the reference cycle), `retention_pct`
        (as printed, else
        from the two capacities; above 100 counts as 100), `qualifier`, `printed` (False where computed).
    """
    cells = {cell.cell_id: cell for cell in _cells(literature, liquid)}
    rows = []
    for point in literature.cycling:
        cell = cells.get(point.cell_id)
        if cell is None or not point.in_training:
            continue
        reference = point.reference_cycle or 1.0
        retention: float | None = point.retention_pct
        qualifier: str | None = point.retention_qualifier
        if retention is None:
            retention, qualifier = _computed_retention(point, cell)
        if retention is None or point.cycle <= reference:
            continue
        rows.append(
            {
                **cell.model_dump(),
                "paper": cell.paper,
                "row_id": cell.cell_id,
                "cycles": point.cycle - reference,
                "cycle": point.cycle,
                "retention_pct": min(retention, 100.0),
                "qualifier": qualifier or "=",
                "printed": point.retention_pct is not None,
            }
        )
    columns = [*CellRow.model_fields, "paper", "row_id", "cycles", "cycle", "retention_pct", "qualifier", "printed"]
    return pd.DataFrame(rows, columns=columns)


def _computed_retention(point: CyclingRow, cell: CellRow) -> tuple[float | None, str | None]:
    """Retention from the two capacities where they are on the same basis and count from the first cycle, and its
    qualifier.

    A capacity over a first capacity known only from below is at most that retention; two bounds in one direction say
    nothing.
    """
    if point.reference_cycle not in (None, 1.0):
        return None, None
    pairs = [
        (point.capacity_mah_per_g, cell.first_capacity_mah_per_g),
        (point.areal_capacity_mah_per_cm2, cell.first_areal_capacity_mah_per_cm2),
    ]
    retention = next((100 * held / first for held, first in pairs if held is not None and first), None)
    turned = {"<": ">", ">": "<"}.get(cell.first_capacity_qualifier or "=", cell.first_capacity_qualifier or "=")
    marks = {mark for mark in (point.capacity_qualifier or "=", turned) if mark != "="}
    if marks >= {"<", ">"}:
        return None, None
    bounds = marks & {"<", ">"}
    return retention, next(iter(bounds or marks), "=")


def _cells(literature: Literature, liquid: bool) -> list[CellRow]:
    return [
        cell
        for cell in literature.cells
        if cell.in_training and (liquid or cell.electrolyte_class not in LIQUID_CLASSES)
    ]


def _frame(rows: Sequence[ElectrolyteRow] | Sequence[CellRow], id_column: str) -> pd.DataFrame:
    frame = pd.DataFrame([row.model_dump() for row in rows])
    return frame.assign(paper=[row.paper for row in rows], row_id=[getattr(row, id_column) for row in rows])


def chemical_key(design: pd.Series) -> str:
    """Composition of a design as a word, rounded to three decimals of atomic fraction; its name where no stoichiometry
    is known."""
    amounts = composition_of(str(design.get("electrolyte") or ""), str(design.get("composition") or ""))
    if not amounts:
        return " ".join(str(design.get("electrolyte") or "").lower().split())
    total = sum(amounts.values())
    return " ".join(f"{element}{amounts[element] / total:.3f}" for element in sorted(amounts))
