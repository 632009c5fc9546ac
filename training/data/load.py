"""Tables read from data folders, checked against each other, each paper under one id."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from features.family import NAMED_ONLY
from features.formulas.reader import FormulaError, read_formula
from features.tables.literature import TABLE_MODELS, Literature, papers_of
from features.tables.mistakes import InputError, Mistake
from features.tables.records import CellRow, ElectrolyteRow, Provenance, Row, SourceRow
from features.tables.rows import read_table
from training.data.integrity import ID_COLUMNS, cross_checks
from training.data.withdrawn import WITHDRAWN, apply

SHIPPED = Path(__file__).resolve().parents[2] / "data" / "literature"
RowT = TypeVar("RowT", bound=Row)
ProvenanceT = TypeVar("ProvenanceT", bound=Provenance)


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
