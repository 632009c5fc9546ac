"""Rows of the literature's tables: their table, id and content, and rows put into a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from features.tables.literature import TABLE_MODELS, Literature
from features.tables.records import Provenance, Row

ID_COLUMNS = {"electrolytes": "measurement_id", "cells": "cell_id", "cycling": "point_id", "sources": "source_id"}
"""Column of a row's id, by table."""
MEASURED_TABLES = ("electrolytes", "cells", "cycling")
"""Tables whose rows are measurements; sources are papers."""
_TABLES: dict[type[Row], str] = {model: name for name, model in TABLE_MODELS.items()}


def table_of(row: Row) -> str:
    """Return the name of the table a row is of.

    Parameters
    ----------
    row : Row
        Of the literature: a measurement, a cell, a cycling point or a source.
    """
    return _TABLES[type(row)]


def id_of(row: Row) -> str:
    """Return the id of a row.

    Parameters
    ----------
    row : Row
        Of the literature.

    Examples
    --------
    >>> from features.tables.records import CyclingRow
    >>> id_of(CyclingRow(point_id="P1", cell_id="C1", cycle=100, retention_pct=80, source_id="zhan2023"))
    'P1'
    """
    return str(getattr(row, ID_COLUMNS[table_of(row)]))


def rows_of(literature: Literature, table: str) -> Sequence[Provenance]:
    """Return the rows of one table, in file order.

    Parameters
    ----------
    literature : Literature
        All tables.
    table : str
        One of `MEASURED_TABLES`.
    """
    rows: Sequence[Provenance] = getattr(literature, table)
    return rows


def content_of(row: Row) -> dict[str, object]:
    """Return the content of a row by column, without its id and its source.

    Parameters
    ----------
    row : Row
        Of the literature; columns that are not given are None.
    """
    values = vars(row)
    return {column: values[column] for column in _content_columns(type(row))}


@cache
def _content_columns(model: type[Row]) -> tuple[str, ...]:
    left_out = {*Provenance.model_fields, ID_COLUMNS[_TABLES[model]]}
    return tuple(column for column in model.model_fields if column not in left_out)


def with_rows(literature: Literature, table: str, rows: Mapping[str, Provenance]) -> Literature:
    """Return the literature with rows put in the place of those with their ids, or at the end.

    Parameters
    ----------
    literature : Literature
        All tables; left as they are.
    table : str
        The table the rows are of.
    rows : mapping of str to Provenance
        Rows by id.
    """
    new = dict(rows)
    changed: dict[str, Any] = {table: [new.pop(id_of(row), row) for row in rows_of(literature, table)]}
    changed[table] += new.values()
    return replace(literature, **changed)
