"""Tables described from their row models, so that it cannot drift: the data dictionary, and a Frictionless package."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from features.tables.columns import choices_of, columns_of, kinds_of, limits_of, unit_of
from features.tables.disk import whole
from features.tables.records import TABLES, Row
from features.tables.rows import expectation

BEGIN, END = "<!-- dictionary: written by `silion data dictionary --write` -->", "<!-- end of dictionary -->"
"""Marks of a document between which the dictionary stands."""
KEYS = {"electrolytes": "measurement_id", "cells": "cell_id", "cycling": "point_id", "sources": "source_id"}
"""Key of each table of the literature."""
LINKS = {"cycling": [("cell_id", "cells", "cell_id")]}
"""Columns that name rows of other tables, with table and column, beside `source_id`."""
BOUNDS = {"ge": "minimum", "le": "maximum"}
"""Limits as Frictionless 1 names them; it knows no exclusive ones: they are checked by `silion data check` alone."""


def dictionary() -> str:
    """Return every column of every table as Markdown: unit, what it holds, what is allowed."""
    pieces = []
    for name, model in TABLES.items():
        summary = (model.__doc__ or "").split("\n")[0]
        rows = [_line(model, column) for column in columns_of(model)]
        pieces += [f"### {name}", "", summary, "", "| column | unit | what | allowed |", "|---|---|---|---|", *rows, ""]
    return "\n".join(pieces).strip()


def _line(model: type[Row], column: str) -> str:
    field, unit = model.model_fields[column], unit_of(model, column)
    choices = choices_of(model, column)
    limits = expectation(model, column).partition(", ")[2] if unit else ""
    allowed = ", ".join(f"`{choice}`" for choice in choices) if choices else limits
    required = " (required)" if field.is_required() else ""
    return f"| `{column}`{required} | {unit} | {field.description or ''} | {allowed} |"


def datapackage(folder: Path) -> dict[str, Any]:
    """Return the content of `data/literature/datapackage.json`: the columns that stand in the folder's tables.

    Parameters
    ----------
    folder : Path
        Holds a CSV file for each of `KEYS`.
    """
    return {
        "name": "silion-literature",
        "title": "Silicon solid-state cells and their electrolytes, from five papers and from open pages",
        "description": "Conductivities, silicon cells and cycling points they state, with source and place.",
        "licenses": [{"name": "Apache-2.0", "title": "Apache License 2.0 (the compilation)"}],
        "resources": [_resource(name, TABLES[name], folder / f"{name}.csv") for name in KEYS],
    }


def _resource(name: str, model: type[Row], path: Path) -> dict[str, Any]:
    with path.open(encoding="utf-8", newline="") as file:
        columns = next(csv.reader(file))
    schema: dict[str, Any] = {
        "fields": [_field(model, column) for column in columns], "primaryKey": KEYS[name], "missingValues": [""],
    }  # fmt: skip
    links = [*LINKS.get(name, []), *([] if name == "sources" else [("source_id", "sources", "source_id")])]
    if links:
        schema["foreignKeys"] = [
            {"fields": [column], "reference": {"resource": table, "fields": [key]}} for column, table, key in links
        ]
    return {
        "name": name, "path": f"{name}.csv", "profile": "tabular-data-resource", "encoding": "utf-8",
        "description": (model.__doc__ or "").split("\n")[0], "schema": schema,
    }  # fmt: skip


def _field(model: type[Row], column: str) -> dict[str, Any]:
    info, unit, kinds = model.model_fields[column], unit_of(model, column), kinds_of(model, column)
    kind = "number" if unit else "boolean" if bool in kinds else "integer" if int in kinds else "string"
    field: dict[str, Any] = {"name": column, "type": kind, "description": info.description or ""}
    if kind == "boolean":
        field |= {"trueValues": ["yes"], "falseValues": ["no"]}
    if unit:
        field["unit"] = unit
    limits = limits_of(model, column)
    constraints: dict[str, Any] = {BOUNDS[kind]: limit for kind, limit in limits.items() if kind in BOUNDS}
    if info.is_required():
        constraints["required"] = True
    if choices := choices_of(model, column):
        constraints["enum"] = list(choices)
    return {**field, "constraints": constraints} if constraints else field


def between_marks(path: Path, begin: str, end: str) -> str:
    """Return what stands between two marks of a file.

    Parameters
    ----------
    path : Path
        A text file.
    begin, end : str
        The marks.

    Raises
    ------
    ValueError
        The marks are not there once each, in order.
    """
    text = path.read_text(encoding="utf-8")
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
        raise ValueError(f"{path}: expected the marks '{begin}' and '{end}' once each, in this order")
    return text[text.index(begin) + len(begin) : text.index(end)].strip()


def write_where_marked(pages: Iterable[Path], begin: str, end: str, content: str) -> list[Path]:
    """Replace what stands between two marks in every page that has them.

    Parameters
    ----------
    pages : iterable of Path
        Text files.
    begin, end : str
        The marks, which stay.
    content : str
        Text to stand between them, on lines of its own.

    Returns
    -------
    list of Path
        Pages that have the marks.

    Raises
    ------
    ValueError
        No page has them.
    """
    marked = [page for page in pages if page.is_file() and begin in page.read_text(encoding="utf-8")]
    if not marked:
        raise ValueError(f"no page has the mark {begin}; put it, and {end}, where the text shall stand")
    for page in marked:
        write_between_marks(page, begin, end, content)
    return marked


def write_between_marks(path: Path, begin: str, end: str, content: str) -> None:
    """Replace what stands between two marks of a file, aside and then renamed.

    Parameters
    ----------
    path : Path
        A text file.
    begin, end : str
        The marks, which stay.
    content : str
        Text to stand between them, on lines of its own.
    """
    between_marks(path, begin, end)
    text = path.read_text(encoding="utf-8")
    before, after = text[: text.index(begin) + len(begin)], text[text.index(end) :]
    with whole(path) as aside:
        aside.write_text(f"{before}\n{content}\n{after}", encoding="utf-8")
