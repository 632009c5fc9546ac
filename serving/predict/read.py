"""Designs that can be used, and what is wrong with the others: portions column by column, small tables row by row."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from pathlib import Path

import pandas as pd

from features.electrolyte_columns import read_electrolytes
from features.tables.chunks import Rows
from features.tables.columnar import read_rows
from features.tables.mistakes import InputError, Mistake
from features.tables.records import Candidate, Measured
from features.tables.rows import Table, read_table
from models.candidates import NAMING_COLUMNS, naming_mistake, read_design, unreadable
from models.lab_calibration import measured_frame
from serving.predict.prediction_text import is_predicted, name_among


def usable(rows: Rows, name: str) -> Rows:
    """Return the rows that can be predicted; one with a formula that cannot be read is rejected.

    Parameters
    ----------
    rows : Rows
        A portion as read.
    name : str
        Of the file, for messages.
    """
    return read_rows(
        rows,
        Candidate,
        name,
        read_design,
        lambda designs: unreadable(designs, read_electrolytes(designs)),
        NAMING_COLUMNS,
        partial(naming_mistake, table=name),
    )


def read_candidates(path: str | Path, targets: Collection[str] | None = None) -> Table[Candidate]:
    """Read candidate designs row by row; rows whose formula cannot be read are among the rejected ones.

    Parameters
    ----------
    path : str or Path
        A CSV, TSV or Parquet file.
    targets : collection of str or None
        As for `written_targets`.

    Raises
    ------
    InputError
        The file cannot be used, or holds a column that the predictions would overwrite.
    """
    table = read_table(path, Candidate, own_columns=True, parse=read_design)
    table.remarks += remarks_on(table.columns, Path(path).name, targets=targets)
    return table


def remarks_on(
    columns: Sequence[str], name: str, also: Collection[str] = (), targets: Collection[str] | None = None
) -> list[str]:
    """Return what to say of the columns of a table of candidates that are the user's own.

    Parameters
    ----------
    columns : sequence of str
        Names of the header.
    name : str
        Of the file, for messages.
    also : collection of str
        Columns that are written besides the predictions.
    targets : collection of str or None
        As for `written_targets`.

    Raises
    ------
    InputError
        One of them is a column that the predictions would overwrite.

    Examples
    --------
    >>> remarks_on(["electrolyte", "sample"], "new.csv")
    ['kept as your own, not read by the model: sample']
    """
    if clash := [column for column in columns if is_predicted(column, targets) or column in also]:
        reason = "a column that the predictions are written to"
        mistakes = [Mistake(1, column, reason, f"another name, such as {column}_measured", name) for column in clash]
        raise InputError(f"{name}: the columns cannot be used", mistakes)
    own = [column for column in columns if column not in Candidate.model_fields]
    return [f"kept as your own, not read by the model: {', '.join(own)}"] if own else []


def read_measured(path: str | Path, remarks: list[str]) -> pd.DataFrame:
    """Read measured designs, columns of `Measured`; rows that cannot be used are left out and said in the remarks.

    Parameters
    ----------
    path : str or Path
        A CSV, TSV or Parquet file.
    remarks : list of str
        Is added to.

    Raises
    ------
    InputError
        The file cannot be used, or no row of it: nothing is predicted then, as it would not be what was asked for.
    """
    table, name = read_table(path, Measured, own_columns=True, parse=read_design), Path(path).name
    if not table.rows:
        raise InputError(
            f"{name}: no measured design can be used; leave --calibrate out to predict without", table.mistakes
        )
    remarks += [f"{name}: {remark}" for remark in table.remarks]
    if ignored := [column for column in table.columns if column not in Measured.model_fields]:
        remarks.append(f"{name}: not read: {', '.join(ignored)}")
    remarks += [f"left out of the calibration: {mistake}" for mistake in table.mistakes]
    return measured_frame(table.rows)


def design_names(candidates: Table[Candidate]) -> list[str]:
    """Return what to call each design: the user's first own column, else the electrolyte.

    Parameters
    ----------
    candidates : Table
        What `read_candidates` gave.
    """
    column = name_among(candidates.columns)
    return [str(raw[column]) for raw in candidates.raw]
