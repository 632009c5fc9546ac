"""The literature as training data: tables read, checked against each other, and turned into designs with labels."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd

from features.composition import composition_of
from features.electrolyte import NAMED_ONLY
from features.fields import LIQUID_CLASSES
from features.formula import FormulaError, read_formula
from features.mistakes import InputError, Mistake
from features.records import CellRow, CyclingRow, ElectrolyteRow, Provenance, Row, SourceRow
from features.tables import read_table
from models.boosted import Labels
from models.lifetime import ABOUT_WEIGHT
from training.integrity import ID_COLUMNS, computed_retention, cross_checks
from training.split import papers_of

SHIPPED = Path(__file__).resolve().parent.parent / "data" / "literature"
RowT = TypeVar("RowT", bound=Row)
ProvenanceT = TypeVar("ProvenanceT", bound=Provenance)
TABLE_MODELS: dict[str, type[Row]] = {
    "electrolytes": ElectrolyteRow,
    "cells": CellRow,
    "cycling": CyclingRow,
    "sources": SourceRow,
}


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
        first = papers_of(paper)[0]
        return self.sources[first].citation if first in self.sources else paper

    def doi(self, paper: str) -> str:
        """DOI of a paper, empty where none is known; the first where several tell the row."""
        first = papers_of(paper)[0]
        if first in self.sources:
            return self.sources[first].doi or ""
        return first if first.startswith("10.") else ""


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
    from training.intake.withdraw import apply

    literature, mistakes = _read(table_files(folders))
    literature = apply(literature, folders)
    return literature, [*mistakes, *cross_checks(literature)]


def table_files(folders: Sequence[str | Path]) -> dict[Path, str]:
    """Every table of the folders, and which it is.

    Raises
    ------
    InputError
        A folder that is not there, is given twice, or holds neither a table nor what it withdraws.
    """
    from training.intake.withdraw import WITHDRAWN

    files: dict[Path, str] = {}
    seen: set[Path] = set()
    for folder in map(Path, folders):
        if not folder.is_dir():
            raise InputError(f"{folder}: no such data folder")
        if folder.resolve() in seen:
            raise InputError(f"{folder}: given twice; every row would count twice")
        seen.add(folder.resolve())
        found = {folder / f"{name}.csv": name for name in TABLE_MODELS if (folder / f"{name}.csv").is_file()}
        if not found and not (folder / WITHDRAWN).is_file():
            names = ", ".join(f"{name}.csv" for name in TABLE_MODELS)
            raise InputError(f"{folder}: no table here; expected some of {names}")
        files |= found
    return files


def read_files(files: Mapping[Path, str]) -> tuple[Literature, list[Mistake]]:
    """Read tables one by one; the values say which table each file is."""
    literature, mistakes = _read(files)
    return literature, [*mistakes, *cross_checks(literature)]


def _read(files: Mapping[Path, str]) -> tuple[Literature, list[Mistake]]:
    literature, mistakes = Literature(), list[Mistake]()
    homes: dict[str, dict[str, str]] = {}
    for path, name in files.items():
        literature.hashes[f"{path.parent.name}/{path.name}"] = hashlib.sha256(path.read_bytes()).hexdigest()
        rows = _rows(path, TABLE_MODELS[name], ID_COLUMNS[name], homes.setdefault(name, {}), mistakes)
        if name == "sources":
            literature.sources |= {row.source_id: row for row in rows if isinstance(row, SourceRow)}
        else:
            getattr(literature, name).extend(rows)
    resolve_papers(literature)
    return literature, mistakes


def _rows(path: Path, model: type[RowT], id_column: str, homes: dict[str, str], mistakes: list[Mistake]) -> list[RowT]:
    """Good rows of one file; an id may stand once in all files of a table together."""
    table = read_table(path, model)
    mistakes += table.mistakes
    kept = []
    for row, line in zip(table.rows, table.lines, strict=True):
        identity = str(getattr(row, id_column))
        if identity in homes:
            expected = f"an id of its own; {homes[identity]} has it too"
            mistakes.append(Mistake(line, id_column, repr(identity), expected, path.name))
            continue
        homes[identity] = f"{path.parent.name}/{path.name} line {line}"
        if isinstance(row, ElectrolyteRow | CellRow) and (mistake := _unreadable(row, line, path.name)):
            mistakes.append(mistake)
            continue
        kept.append(row)
    return kept


def resolve_papers(literature: Literature) -> None:
    """Give rows that name a paper by its DOI the id it has in the sources: one paper is one group."""
    known = {source.doi: source.source_id for source in literature.sources.values() if source.doi}
    literature.electrolytes = [_under(row, known) for row in literature.electrolytes]
    literature.cells = [_under(row, known) for row in literature.cells]
    literature.cycling = [_under(row, known) for row in literature.cycling]


def _under(row: ProvenanceT, known: Mapping[str, str]) -> ProvenanceT:
    """The row under the ids its papers have, where their DOIs are known: a row of a label and a DOI is both's."""
    named = [*papers_of(row.source_id or ""), *([row.doi] if row.doi else [])]
    papers = list(dict.fromkeys(known.get(each, each) for each in named if each))
    paper = "|".join(sorted(papers, key=lambda each: each not in known.values()))
    return row.model_copy(update={"source_id": paper}) if paper and paper != row.source_id else row


def _unreadable(row: ElectrolyteRow | CellRow, line: int, table: str) -> Mistake | None:
    written = row.composition or row.electrolyte
    named_only = not row.composition and (row.electrolyte_class in NAMED_ONLY or not row.in_training)
    if not written or named_only:
        return None
    try:
        read_formula(written)
    except FormulaError as error:
        column = "composition" if row.composition else "electrolyte"
        return Mistake(line, column, repr(written), f"a formula or a known name ({error})", table)
    return None


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
            retention, qualifier = computed_retention(point, cell) or (None, None)
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
    name, formula = (
        str(each) if isinstance(each, str) else "" for each in (design["electrolyte"], design["composition"])
    )
    amounts = composition_of(name, formula)
    if not amounts:
        return " ".join(name.lower().split())
    total = sum(amounts.values())
    return " ".join(f"{element}{amounts[element] / total:.3f}" for element in sorted(amounts))
