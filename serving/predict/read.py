"""Tables of designs read at once, row by row: what a person looks at, measured in hundreds."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import pandas as pd

from features.tables.mistakes import InputError, Mistake
from features.tables.records import Candidate, Measured
from features.tables.rows import Table, read_table
from models.candidates import all_mistakes, formula_mistake
from models.lab_calibration import measured_frame
from serving.predict.text import is_predicted, name_among


def read_candidates(path: str | Path) -> Table[Candidate]:
    """Read candidate designs; rows whose formula cannot be read are moved to the rejected ones.

    Raises
    ------
    InputError
        The file cannot be used, or holds a column that the predictions would overwrite.
    """
    table = read_table(path, Candidate, own_columns=True)
    name = Path(path).name
    remarks = remarks_on(table.columns, name)
    kept: Table[Candidate] = Table(
        mistakes=table.mistakes, rejected=table.rejected, remarks=table.remarks, columns=table.columns
    )
    for row, line, raw in zip(table.rows, table.lines, table.raw, strict=True):
        if mistake := formula_mistake(row, line, name):
            kept.mistakes.append(mistake)
            kept.rejected[line] = raw
        else:
            kept.rows.append(row)
            kept.lines.append(line)
            kept.raw.append(raw)
    kept.mistakes = all_mistakes(kept.mistakes, kept.rejected, name)
    kept.remarks += remarks
    return kept


def remarks_on(columns: Sequence[str], name: str, also: Collection[str] = ()) -> list[str]:
    """What to say of the columns of a table of candidates that are the user's own.

    Parameters
    ----------
    also : columns that are written besides the predictions

    Raises
    ------
    InputError
        One of them is a column that the predictions would overwrite.
    """
    if clash := [column for column in columns if is_predicted(column) or column in also]:
        got = "a column that the predictions are written to"
        found = [Mistake(1, column, got, f"another name, such as {column}_measured", name) for column in clash]
        raise InputError(f"{name}: the columns cannot be used", found)
    own = [column for column in columns if column not in Candidate.model_fields]
    return [f"kept as your own, not read by the model: {', '.join(own)}"] if own else []


def read_measured(path: str | Path, remarks: list[str]) -> pd.DataFrame:
    """Read measured designs; rows that cannot be used are left out and said in the remarks.

    Raises
    ------
    InputError
        The file cannot be used, or no row of it: nothing is predicted then, as it would not be what was asked for.
    """
    table, name = read_table(path, Measured, own_columns=True), Path(path).name
    good = []
    for row, line in zip(table.rows, table.lines, strict=True):
        if mistake := formula_mistake(row, line, name):
            table.mistakes.append(mistake)
        else:
            good.append(row)
    table.mistakes = all_mistakes(table.mistakes, table.rejected, name)
    if not good:
        raise InputError(
            f"{name}: no measured design can be used; leave --calibrate out to predict without", table.mistakes
        )
    remarks += [f"{name}: {remark}" for remark in table.remarks]
    if ignored := [column for column in table.columns if column not in Measured.model_fields]:
        remarks.append(f"{name}: not read: {', '.join(ignored)}")
    remarks += [f"left out of the calibration: {mistake}" for mistake in table.mistakes]
    return measured_frame(good)


def design_names(candidates: Table[Candidate]) -> list[str]:
    """What to call each design: the user's first own column, else the electrolyte."""
    column = name_among(candidates.columns)
    return [str(raw[column]) for raw in candidates.raw]
