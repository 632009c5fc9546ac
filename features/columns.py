"""What a column of a row model is: its unit, its allowed words, its place among the others."""

from __future__ import annotations

from functools import cache
from typing import Any, get_args

from features.records import Provenance, Row


def columns_of(model: type[Row]) -> list[str]:
    """Columns of a table in the order people read them: its id, what it says, where that comes from."""
    names = list(model.model_fields)
    first = [name for name in names if name.endswith("_id") and name not in Provenance.model_fields]
    last = [name for name in names if issubclass(model, Provenance) and name in Provenance.model_fields]
    return [*first, *(name for name in names if name not in first and name not in last), *last]


def unit_of(model: type[Row], column: str) -> str:
    """Unit of a column, as printed; empty for text columns."""
    extra = model.model_fields[column].json_schema_extra
    return str(extra["unit"]) if isinstance(extra, dict) and "unit" in extra else ""


def kinds_of(model: type[Row], column: str) -> list[Any]:
    """Everything a column's annotation is made of: types, and the allowed words as strings."""
    found: list[Any] = [model.model_fields[column].annotation]
    for part in found:
        found += get_args(part)
    return found


def choices_of(model: type[Row], column: str) -> tuple[str, ...]:
    """Allowed words of a column; empty for free text and numbers."""
    return tuple(kind for kind in kinds_of(model, column) if isinstance(kind, str))


def numeric_columns(model: type[Row]) -> list[str]:
    """Columns of a model that hold numbers, in order."""
    return [name for name in model.model_fields if unit_of(model, name)]


@cache
def columns_as_numbers(model: type[Row]) -> frozenset[str]:
    """Columns of a model that the models read as numbers: those with a unit, and yes (1) or no (0)."""
    return frozenset(name for name in model.model_fields if unit_of(model, name) or bool in kinds_of(model, name))
