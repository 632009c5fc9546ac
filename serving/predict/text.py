"""Predictions in words for a terminal, and the names of the columns they are written to."""

from __future__ import annotations

from itertools import chain
from textwrap import shorten

import pandas as pd

from features.tables.records import Candidate
from models.predictor import ENDS
from models.tasks.registry import TARGETS

DISTANCE = "_distance"
"""Ending of the columns that hold the distance to the nearest training design."""
CHANCE = "_probability"
"""Ending of the columns that hold the probability to lie above a limit."""
SHOWN = 12
"""Designs printed on a terminal."""


def is_predicted(column: str) -> bool:
    """Return whether a column is one that predictions are written to.

    Parameters
    ----------
    column : str
        Its name.

    Examples
    --------
    >>> is_predicted("ice_pct_low"), is_predicted("retention_pct_at_200"), is_predicted("ice_pct_measured")
    (True, True, False)
    """
    stem = column.removesuffix(DISTANCE)
    for end in ENDS[1:]:
        stem = stem.removesuffix(end)
    if column.endswith(CHANCE):
        stem = column.rpartition("_above_")[0]
    target, _, cycle = stem.rpartition("_at_")
    at_cycle = target in TARGETS and TARGETS[target].at_cycle and cycle.isdigit()
    return column == "notice" or stem in TARGETS or at_cycle


def name_column(table: pd.DataFrame) -> str:
    """Return the column that names a design for people: the first of the user's own, else the electrolyte.

    Parameters
    ----------
    table : DataFrame
        Designs, with predictions or without.
    """
    return name_among([str(column) for column in table.columns])


def name_among(columns: list[str]) -> str:
    """Return `name_column` of a table with these columns.

    Parameters
    ----------
    columns : list of str
        Names of the columns, in order.

    Examples
    --------
    >>> name_among(["electrolyte", "temperature_c", "sample", "ice_pct"])
    'sample'
    """
    own = [column for column in columns if column not in Candidate.model_fields and not is_predicted(column)]
    return own[0] if own else "electrolyte"


def text_notices(table: pd.DataFrame, limit: int = SHOWN) -> str:
    """Return notices for a terminal, shortened: first those that all designs share, then each design's own.

    Parameters
    ----------
    table : DataFrame
        Designs with their predictions.
    limit : int
        Designs to tell of: the first ones.
    """
    names = name_column(table)
    notices = [[notice for notice in str(row).split("; ") if notice] for row in table["notice"].head(limit)]
    shared = [notice for notice in dict.fromkeys(chain.from_iterable(notices)) if all(notice in own for own in notices)]
    lines = [f"  all: {notice}" for notice in shared]
    for name, own in zip(table[names].head(limit), notices, strict=True):
        if rest := [notice for notice in own if notice not in shared]:
            lines.append("  " + shorten(f"{str(name)[:42]}: {'; '.join(rest)}", 180, placeholder=" ..."))
    return "\n".join(lines)


def text_table(table: pd.DataFrame, limit: int = SHOWN, rows: int | None = None) -> str:
    """Return the first rows for a terminal: name and, per target, the value with its interval.

    Parameters
    ----------
    table : DataFrame
        Designs with their predictions, in the units of `TARGETS`.
    limit : int
        Rows to show.
    rows : int or None
        Number of all rows, where the table holds only the first of them.
    """
    names = name_column(table)
    header = ["design", *(f"{target.label} ({target.unit})" for column, target in TARGETS.items() if column in table)]
    lines = []
    for _, row in table.head(limit).iterrows():
        cells = [str(row[names])[:42]]
        for column, target in TARGETS.items():
            if column in table:
                low, value, high = (target.show(row[column + end]) for end in ("_low", "", "_high"))
                cells.append(f"{value} [{low} to {high}]" if value else "-")
        lines.append(cells)
    widths = [max(len(line[place]) for line in [header, *lines]) for place in range(len(header))]
    printed = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in [header, *lines]
    ]
    left = (len(table) if rows is None else rows) - min(limit, len(table))
    if left > 0:
        printed.append(f"... and {left} more")
    return "\n".join(printed)
