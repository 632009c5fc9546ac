"""Tables read from data folders, checked against each other, each paper under one id."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import TypeVar

from features.family import NAMED_ONLY
from features.formulas.misprints import objection
from features.formulas.reader import FormulaError, shared_reading
from features.tables.literature import TABLE_MODELS, Literature, papers_of
from features.tables.mistakes import InputError, Mistake, Mistakes
from features.tables.records import CellRow, ElectrolyteRow, Provenance, Row, SourceRow
from features.tables.rows import Table, read_table
from training.data.commit import reading
from training.data.integrity import cross_checks
from training.data.literature_rows import ID_COLUMNS
from training.data.twins import group_twins
from training.data.withdrawn import WITHDRAWN, apply_withdrawals

SHIPPED = Path(__file__).resolve().parents[2] / "data" / "literature"
ProvenanceT = TypeVar("ProvenanceT", bound=Provenance)
CYCLES = "cycles.csv"
"""Table of a data folder with the cycles of the user's own cells, which life models learn from."""


def load_literature(folders: Sequence[str | Path] = (SHIPPED,)) -> Literature:
    """Read every table of the folders, without mistakes; own rows that repeat a measurement name both its papers.

    Parameters
    ----------
    folders : sequence of path
        The first is the shipped one, later ones add to it.

    Raises
    ------
    InputError
        A file cannot be used, or any row is wrong: all mistakes of all files at once.
    """
    literature, mistakes = read_literature(folders)
    if mistakes:
        raise InputError(f"the data cannot be used: {len(mistakes)} mistakes", mistakes)
    return group_twins(literature, _read(table_files(folders[:1]), ())[0]) if len(folders) > 1 else literature


def read_literature(folders: Sequence[str | Path], checked_files: Container[Path] = ()) -> tuple[Literature, Mistakes]:
    """Read every table of the folders; return the rows that could be read and every mistake.

    Parameters
    ----------
    folders : sequence of path
        As those of `load_literature`.
    checked_files : container of Path
        Files whose mistakes of single rows are known, and left out.

    Raises
    ------
    InputError
        A file cannot be used at all.
    """
    with reading([Path(folder) for folder in folders if Path(folder).resolve() != SHIPPED]):
        literature, mistakes = _read(table_files(folders), checked_files)
        literature = apply_withdrawals(literature, folders)
    mistakes += cross_checks(literature)
    return literature, mistakes


def table_files(folders: Sequence[str | Path]) -> dict[Path, str]:
    """Return every table of the folders: the name of the table, by file.

    Parameters
    ----------
    folders : sequence of path
        Data folders.

    Raises
    ------
    InputError
        A folder that does not exist, is given twice, or holds neither a table nor `withdrawn.csv`.
    """
    files: dict[Path, str] = {}
    seen: set[Path] = set()
    for folder in map(Path, folders):
        if not folder.is_dir():
            raise InputError(f"{folder}: no such data folder")
        if folder.resolve() in seen:
            raise InputError(f"{folder}: given twice; every row would count twice")
        seen.add(folder.resolve())
        tables = {folder / f"{name}.csv": name for name in TABLE_MODELS if (folder / f"{name}.csv").is_file()}
        if not tables and not any((folder / name).is_file() for name in (WITHDRAWN, CYCLES)):
            names = ", ".join(f"{name}.csv" for name in TABLE_MODELS)
            raise InputError(f"{folder}: no table here; expected some of {names}")
        files |= tables
    return files


def read_files(
    files: Mapping[Path, str], checked_files: Container[Path] = (), *, together: bool = True
) -> tuple[Literature, Mistakes]:
    """Read tables one by one, nothing withdrawn; return the rows that could be read and every mistake.

    Parameters
    ----------
    files : mapping of Path to str
        Name of the table, by file.
    checked_files : container of Path
        As for `read_literature`.
    together : bool
        Also check the rows against each other.

    Raises
    ------
    InputError
        A file cannot be used at all.
    """
    literature, mistakes = _read(files, checked_files)
    mistakes += cross_checks(literature) if together else ()
    return literature, mistakes


def _read(files: Mapping[Path, str], checked_files: Container[Path]) -> tuple[Literature, Mistakes]:
    literature, mistakes = Literature(), Mistakes()
    lines_by_id: dict[str, dict[str, str]] = {}
    for path, name in files.items():
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        literature.hashes[f"{path.parent.name}/{path.name}"] = digest
        rows = _rows(path, name, lines_by_id.setdefault(name, {}), mistakes, digest, checked=path in checked_files)
        if name == "sources":
            literature.sources |= {row.source_id: row for row in rows if isinstance(row, SourceRow)}
        else:
            getattr(literature, name).extend(rows)
    resolve_papers(literature)
    return literature, mistakes


@lru_cache(maxsize=len(TABLE_MODELS))
def _shipped_table(path: Path, name: str, digest: str) -> tuple[Table[Row], list[Mistake | None]]:
    """Return a shipped table, read once a process: whoever adds, checks and trains reads the same rows."""
    return _table(path, name)


def _table(path: Path, name: str) -> tuple[Table[Row], list[Mistake | None]]:
    """Return a table, and of each of its rows why its electrolyte cannot be used."""
    table = read_table(path, TABLE_MODELS[name])
    return table, [formula_mistake(row, line, path.name) for row, line in zip(table.rows, table.lines, strict=True)]


def _rows(path: Path, name: str, lines: dict[str, str], mistakes: Mistakes, digest: str, *, checked: bool) -> list[Row]:
    """Return the good rows of one file; an id is unique in all files of a table together."""
    table, formulas = _shipped_table(path, name, digest) if path.parent == SHIPPED else _table(path, name)
    mistakes += () if checked else table.mistakes
    rows, column, file = [], ID_COLUMNS[name], f"{path.parent.name}/{path.name}"
    for row, line, mistake in zip(table.rows, table.lines, formulas, strict=True):
        identity = str(getattr(row, column))
        if identity in lines:
            expected = f"an id of its own; {lines[identity]} has it too"
            mistakes += [Mistake(line, column, repr(identity), expected, path.name)]
            continue
        lines[identity] = f"{file} line {line}"
        if mistake:
            mistakes += () if checked else [mistake]
            continue
        rows.append(row)
    return rows


def resolve_papers(literature: Literature) -> None:
    """Give rows that name a paper by its DOI the id it has in the sources: one paper is one group.

    Parameters
    ----------
    literature : Literature
        Changed in place.
    """
    known = {
        doi: source.source_id for source in literature.sources.values() if source.doi for doi in source.doi.split("|")
    }
    ids = set(known.values())

    @cache
    def paper_of(label: str, doi: str) -> str:
        """Return the ids of the papers that are named; a label and a DOI are of both."""
        named = [*papers_of(label), *([doi] if doi else [])]
        papers = list(dict.fromkeys(known.get(name, name) for name in named if name))
        return "|".join(sorted(papers, key=lambda name: name not in ids))

    def with_paper(row: ProvenanceT) -> ProvenanceT:
        paper = paper_of(row.source_id or "", row.doi or "")
        return row.model_copy(update={"source_id": paper}) if paper and paper != row.source_id else row

    literature.electrolytes = list(map(with_paper, literature.electrolytes))
    literature.cells = list(map(with_paper, literature.cells))
    literature.cycling = list(map(with_paper, literature.cycling))


AS_WRITTEN = "FORMULA"
"""Word of a note that says why an unlikely formula is right."""


def formula_mistake(row: Row, line: int, table: str) -> Mistake | None:
    """Return why the electrolyte of a row cannot be used: it cannot be read, or is most likely misprinted.

    Parameters
    ----------
    row : Row
        Rows without an electrolyte of their own have no such mistake, nor those whose note says that it is right.
    line : int
        Where it stands.
    table : str
        Name of the file.

    Returns
    -------
    Mistake or None
        None where it can be used.
    """
    if mistake := unreadable_formula(row, line, table):
        return mistake
    question = formula_question(row)
    if question is None or not isinstance(row, ElectrolyteRow | CellRow):
        return None
    column = "composition" if row.composition else "electrolyte"
    expected = f"{question} or a note '{AS_WRITTEN}: ...' that says why it is right"
    return Mistake(line, column, repr(row.composition or row.electrolyte), expected, table)


def formula_question(row: Row) -> str | None:
    """Return what is unlikely in the formula of a row that can be read; None where nothing is, or its note says why.

    Parameters
    ----------
    row : Row
        Of any table.
    """
    if not isinstance(row, ElectrolyteRow | CellRow) or AS_WRITTEN in (row.note or "") or not row.in_training:
        return None
    written = row.composition or row.electrolyte
    return objection(written) if written else None


def unreadable_formula(row: Row, line: int, table: str, advice: str = "") -> Mistake | None:
    """Return why the electrolyte of a row cannot be read; names pass in classes that have no formulas.

    Parameters
    ----------
    row : Row
        Rows without an electrolyte of their own have no such mistake.
    line : int
        Where it stands.
    table : str
        Name of the file.
    advice : str
        End of what was expected.

    Returns
    -------
    Mistake or None
        None where it can be read, or need not be.
    """
    if not isinstance(row, ElectrolyteRow | CellRow):
        return None
    written = row.composition or row.electrolyte
    named_only = not row.composition and (row.electrolyte_class in NAMED_ONLY or not row.in_training)
    if not written or named_only:
        return None
    try:
        shared_reading(written)
    except FormulaError as error:
        column = "composition" if row.composition else "electrolyte"
        return Mistake(line, column, repr(written), f"a formula or a known name ({error}){advice}", table)
    return None
