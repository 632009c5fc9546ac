"""`silion data check`: every mistake of one table, or of a folder of tables and between them."""

from __future__ import annotations

from pathlib import Path

from features.records import TABLES, Row
from features.tables import InputError, Mistake, read_table
from models.predictor import formula_mistake
from training.dataset import read_literature


def check(path: Path) -> tuple[list[Mistake], dict[str, int]]:
    """All mistakes, and the number of good rows by table.

    Raises
    ------
    InputError
        The path cannot be read as a table or a folder of tables.
    """
    if path.is_dir():
        literature, mistakes = read_literature([path])
        counts = {name: len(getattr(literature, name)) for name in ("electrolytes", "cells", "cycling", "sources")}
        return mistakes, counts
    name, model = table_kind(path)
    table = read_table(path, model, own_columns=name == "candidates")
    mistakes = table.mistakes
    if name == "candidates":
        for row, line in zip(table.rows, table.lines, strict=True):
            if mistake := formula_mistake(row, line, path.name):  # type: ignore[arg-type]
                mistakes.append(mistake)
    return sorted(mistakes, key=lambda each: each.line), {name: len(table.rows)}


def table_kind(path: Path) -> tuple[str, type[Row]]:
    """Which table a file is: by its name, else by the row model that knows most of its columns."""
    for name, model in TABLES.items():
        if path.stem == name:
            return name, model
    if not path.is_file():
        raise InputError(f"{path}: no such file or folder")
    first = path.read_bytes().split(b"\n", 1)[0].decode("utf-8-sig", errors="replace")
    header = [column.strip() for column in first.replace("\t", ",").split(",")]
    known = {name: sum(column in model.model_fields for column in header) for name, model in TABLES.items()}
    ids = {"electrolytes": "measurement_id", "cycling": "point_id", "cells": "cell_id", "sources": "citation"}
    for name, column in ids.items():
        if column in header:
            return name, TABLES[name]
    name = max(known, key=lambda each: known[each])
    return ("candidates", TABLES["candidates"]) if not known[name] else (name, TABLES[name])
