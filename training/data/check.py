"""`silion data check`: every mistake of one table, or of a folder of tables and between them."""

from __future__ import annotations

from pathlib import Path

from features.tables.mistakes import InputError, Mistake
from features.tables.records import TABLES, Candidate, Measured
from features.tables.rows import read_table
from models.candidates import read_design
from training.data.load import read_files, read_literature
from training.data.rows import ID_COLUMNS


def check(path: Path) -> tuple[list[Mistake], dict[str, int]]:
    """Return all mistakes, and the number of good rows by table.

    Parameters
    ----------
    path : Path
        A table, or a folder of the literature's tables.

    Raises
    ------
    InputError
        The path cannot be read as a table or a folder of tables.
    """
    if path.is_dir():
        literature, mistakes = read_literature([path])
        return mistakes, {name: len(getattr(literature, name)) for name in ID_COLUMNS}
    name = table_kind(path)
    if name in ("candidates", "measured"):
        model = Measured if name == "measured" else Candidate
        candidates = read_table(path, model, own_columns=True, parse=read_design)
        return candidates.mistakes, {name: len(candidates.rows)}
    literature, mistakes = read_files({path: name})
    return mistakes, {name: len(getattr(literature, name))}


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
    first = path.read_bytes().split(b"\n", 1)[0].decode("utf-8-sig", errors="replace")
    header = {column.strip() for column in first.replace("\t", ",").split(",")}
    for name, column in {**ID_COLUMNS, "sources": "citation"}.items():
        if column in header and (name != "cells" or "point_id" not in header):
            return name
    return "candidates"
