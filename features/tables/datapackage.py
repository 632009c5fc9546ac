"""The literature tables described for machines: a Frictionless data package, made from the row models."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from features.tables.columns import choices_of, kinds_of, unit_of
from features.tables.records import TABLES, Row

KEYS = {"electrolytes": "measurement_id", "cells": "cell_id", "cycling": "point_id", "sources": "source_id"}
LINKS = {"cycling": [("cell_id", "cells", "cell_id")]}
BOUNDS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}


def datapackage(folder: Path) -> dict[str, Any]:
    """The content of `data/literature/datapackage.json`: the columns that stand in the folder's tables."""
    return {
        "name": "silion-literature",
        "title": "Silicon solid-state cells and their electrolytes, from five papers",
        "description": "Conductivities, silicon cells and cycling points the five papers state, with source and place.",
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
            {"fields": [here], "reference": {"resource": there, "fields": [key]}} for here, there, key in links
        ]
    return {
        "name": name, "path": f"{name}.csv", "profile": "tabular-data-resource", "encoding": "utf-8",
        "description": (model.__doc__ or "").split("\n")[0], "schema": schema,
    }  # fmt: skip


def _field(model: type[Row], column: str) -> dict[str, Any]:
    described, unit, kinds = model.model_fields[column], unit_of(model, column), kinds_of(model, column)
    kind = "number" if unit else "boolean" if bool in kinds else "integer" if int in kinds else "string"
    field: dict[str, Any] = {"name": column, "type": kind, "description": described.description or ""}
    if kind == "boolean":
        field |= {"trueValues": ["yes"], "falseValues": ["no"]}
    if unit:
        field["unit"] = unit
    constraints: dict[str, Any] = {}
    for rule in described.metadata:
        for name, known in BOUNDS.items():
            # Frictionless 1 knows no exclusive bounds: they are checked by `silion data check` alone
            if (value := getattr(rule, name, None)) is not None and not known.startswith("exclusive"):
                constraints[known] = value
    if described.is_required():
        constraints["required"] = True
    if choices := choices_of(model, column):
        constraints["enum"] = list(choices)
    return {**field, "constraints": constraints} if constraints else field
