"""`silion data check`: every mistake of one table, or of a folder of tables and between them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from features.tables.literature import Literature
from features.tables.mistakes import InputError, Mistake, Mistakes
from features.tables.records import TABLES, Candidate, Measured
from features.tables.rows import read_table
from features.tables.sheets import plain_table
from models.candidates import read_design
from models.tasks.ice import cells_above_100
from training.data.descriptor_sources import descriptor_mistakes
from training.data.load import SHIPPED, read_files, read_literature, table_files
from training.data.rows import ID_COLUMNS
from training.data.twins import twin_question, twins_beside


def check(path: Path, remarks: list[str] | None = None) -> tuple[Mistakes, dict[str, int]]:
    """Return all mistakes, and the number of good rows by table, and of those that are flagged.

    Parameters
    ----------
    path : Path
        A table, or a folder of the literature's tables.
    remarks : list of str, optional
        Gets what is worth asking and no mistake: own rows that tell the measurement of another source.

    Raises
    ------
    InputError
        The path cannot be read as a table or a folder of tables.
    """
    if path.is_dir():
        literature, mistakes = read_literature([path])
        mistakes += descriptor_mistakes(path, literature)
        if path.resolve() != SHIPPED:  # beside the shipped tables, as a training reads it
            together, others = read_literature([SHIPPED, path], told=table_files([path]))
            mistakes += _not_among(mistakes, others)
            _ask_twins(together, remarks)
        return mistakes, {name: len(getattr(literature, name)) for name in ID_COLUMNS} | _flagged(literature)
    name = table_kind(path)
    path = plain_table(path)
    if name in ("candidates", "measured"):
        model = Measured if name == "measured" else Candidate
        candidates = read_table(path, model, own_columns=True, parse=read_design)
        return candidates.mistakes, {name: len(candidates.rows)}
    literature, mistakes = read_files({path: name})
    mistakes += _not_among(mistakes, _beside_others(path, name, remarks))
    return mistakes, {name: len(getattr(literature, name))} | _flagged(literature)


def _flagged(literature: Literature) -> dict[str, int]:
    """Return how many good rows hold a value that no training uses, by what it is; nothing where none does."""
    count = len(cells_above_100(literature))
    return {"ICE above 100 % (in no training)": count} if count else {}


def _not_among(mistakes: Mistakes, others: Iterable[Mistake]) -> list[Mistake]:
    """Return the other mistakes that were not told yet; the told ones may be a million, the others are few."""
    new = {str(mistake): mistake for mistake in others}
    for mistake in mistakes:
        new.pop(str(mistake), None)
    return [*new.values()]


def _ask_twins(together: Literature, remarks: list[str] | None) -> None:
    if remarks is not None:
        shipped = read_literature([SHIPPED])[0]
        remarks += [twin_question(*found) for found in twins_beside(together, shipped)]


def _beside_others(path: Path, name: str, remarks: list[str] | None) -> list[Mistake]:
    """Return what a training would refuse in a table beside the shipped ones and those of its own folder."""
    if path.resolve().parent == SHIPPED:
        return []
    siblings = table_files([path.parent]) if path.name == f"{name}.csv" else {}
    literature, together = read_files({**table_files([SHIPPED]), **siblings, path: name}, told=[path])
    _ask_twins(literature, remarks)
    ours = [mistake for mistake in together if mistake.table == path.name]
    return ours if "cells" in siblings.values() else [mistake for mistake in ours if mistake.column != "cell_id"]


def table_kind(path: Path) -> str:
    """Return which table a file is: by its name, else by the column only that table has; candidates otherwise.

    Parameters
    ----------
    path : Path
        A file; only its first line is read.

    Raises
    ------
    InputError
        There is no such file.
    """
    if path.stem in TABLES:
        return path.stem
    if not path.is_file():
        raise InputError(f"{path}: no such file or folder")
    first = plain_table(path).read_bytes().lstrip(b"\n").split(b"\n", 1)[0].decode("utf-8-sig", errors="replace")
    header = {column.strip().lower() for column in first.replace("\t", ",").split(",")}
    for name, column in {**ID_COLUMNS, "sources": "citation"}.items():
        if column in header and (name != "cells" or "point_id" not in header):
            return name
    return "candidates"
