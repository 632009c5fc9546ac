"""Designs as Python users have them: a data frame, a list of dicts, or one dict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa

from features.tables.chunks import Rows
from features.tables.designs import Designs
from features.tables.files import as_cell
from features.tables.mistakes import InputError
from features.tables.records import Candidate, Measured
from features.tables.rows import check_columns
from models.candidates import usable_rows
from models.lab_calibration import measured_frame
from serving.predict.prediction_text import name_among
from serving.predict.read import remarks_on, usable

DesignsLike: TypeAlias = "pd.DataFrame | Mapping[str, Any] | Sequence[Mapping[str, Any]]"
"""Designs as they may be given: one row, or one mapping, per design; None, NaN and the empty text mean not given."""


@dataclass(frozen=True)
class ReadDesigns:
    """Designs as they were given and as the models read them.

    Attributes
    ----------
    frame : DataFrame, shape (n_designs, n_columns)
        As given, with its index.
    designs : Designs
        Columns of `Candidate`.
    names : list of str, shape (n_designs,)
        What to call each design: its first column that Silion does not know, else its electrolyte.
    remarks : list of str
        On columns that are not read.
    """

    frame: pd.DataFrame
    designs: Designs
    names: list[str]
    remarks: list[str]


def read_designs(designs: DesignsLike, targets: Sequence[str] | None = None) -> ReadDesigns:
    """Read designs, all of them or none.

    Parameters
    ----------
    designs : DataFrame, mapping, or sequence of mappings
        Columns of `silion data dictionary`, in their units; others are kept.
    targets : sequence of str or None
        Columns of the targets asked for; None where none is named.

    Raises
    ------
    InputError
        No design, a column in another unit, or designs that cannot be used; every mistake at once, designs counted
        from 1.

    Examples
    --------
    >>> read = read_designs({"sample": "A1", "electrolyte": "Li6PS5Cl", "stack_pressure_mpa": 20})
    >>> read.names, read.designs.number("stack_pressure_mpa").tolist()
    (['A1'], [20.0])
    """
    frame = _frame(designs)
    if not len(frame):
        raise InputError("designs: got none, expected at least one with its electrolyte")
    columns = [str(column) for column in frame.columns]
    remarks = check_columns(columns, Candidate, own_columns=True, name="designs")
    remarks += remarks_on(columns, "designs", targets=targets)
    table = pa.table({name: _array(frame.iloc[:, place]) for place, name in enumerate(columns)})
    rows = usable(Rows(table, np.arange(1, len(frame) + 1)), "designs")
    if rows.rejected or len(rows.lines) < len(frame):
        empty = sorted(set(range(1, len(frame) + 1)) - set(rows.lines.tolist()) - set(rows.rejected))
        reason = f"; nothing is given in design {', '.join(map(str, empty[:5]))}" if empty else ""
        raise InputError(f"{len(frame) - len(rows.lines)} designs cannot be used{reason}", rows.mistakes)
    names = frame.iloc[:, columns.index(name_among(columns))].map(as_cell).tolist()
    return ReadDesigns(frame, rows.designs, names, remarks)


def read_measured(designs: DesignsLike) -> pd.DataFrame:
    """Read measured designs of one laboratory, all of them or none.

    Parameters
    ----------
    designs : DataFrame, mapping, or sequence of mappings
        Designs with what was measured of each: columns of `Measured`, in their units; others are not read.

    Raises
    ------
    InputError
        Any that cannot be used; every mistake at once.
    """
    rows: Iterable[dict[str, Any]] = (
        {str(name): value for name, value in row.items() if name in Measured.model_fields and as_cell(value)}
        for row in _frame(designs).to_dict("records")
    )
    return measured_frame(usable_rows(Measured, rows, "measured designs"))


def _frame(designs: DesignsLike) -> pd.DataFrame:
    if isinstance(designs, pd.DataFrame):
        return designs
    if isinstance(designs, Mapping):
        return pd.DataFrame([dict(designs)])
    if isinstance(designs, str) or not all(isinstance(design, Mapping) for design in designs):
        kind = "a text" if isinstance(designs, str) else "something else"
        raise InputError(
            f"designs: got {kind}, expected a data frame, a dict such as {{'electrolyte': 'Li6PS5Cl'}}, or a list of "
            "such dicts"
        )
    return pd.DataFrame([dict(design) for design in designs])


def _array(values: pd.Series) -> pa.Array:
    """Return a column as Parquet would hold it; what is of several kinds becomes text."""
    if values.dtype != object:
        return pa.array(values, from_pandas=True)
    kinds = {type(value) for value in values if as_cell(value)}
    if len(kinds) == 1 and kinds <= {str, bool, int, float}:
        return pa.array(values, from_pandas=True)
    return pa.array([as_cell(value) or None for value in values], pa.string())
