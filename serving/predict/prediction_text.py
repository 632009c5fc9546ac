"""Predictions in words for a terminal, and the names of the columns they are written to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import chain, zip_longest
from textwrap import shorten, wrap

import pandas as pd

from features.tables.records import Candidate
from models.predictions import ENDS, RANGE_OF, TEXT_COLUMNS
from models.predictor import NO_POINT
from models.tasks.registry import ON_REQUEST, TARGETS, all_targets, is_range_alone
from models.tasks.target import Target

DISTANCE = "_distance"
"""Ending of the columns that hold the distance to the nearest training design."""
CHANCE = "_probability"
"""Ending of the columns that hold the probability to lie above a limit."""
AMONG = "_among_best_"
"""Before the number of designs, and `CHANCE`, in the columns of the probability to be among the best so many."""
ALL_GOALS, ON_FRONT = "all_goals_probability", "on_pareto_front"
"""Columns of all goals together."""
WIDTH = 80
"""Characters of a line of a terminal."""
SHOWN, RANGES_SHOWN = 12, 3
"""Designs, and different ranges, printed on a terminal."""


def written_targets(targets: Collection[str] | None) -> dict[str, Target]:
    """Return what predictions are written of, by column: all but those of `ON_REQUEST` that are not asked for.

    Parameters
    ----------
    targets : collection of str or None
        Columns of the targets asked for; None where none is named.
    """
    unasked = set(ON_REQUEST) - set(TARGETS) - set(targets or ())
    return {column: target for column, target in all_targets().items() if column not in unasked}


def is_predicted(column: str, targets: Collection[str] | None = None) -> bool:
    """Return whether a column is one that predictions are written to.

    Parameters
    ----------
    column : str
        Its name.
    targets : collection of str or None
        As for `written_targets`.

    Examples
    --------
    >>> is_predicted("ice_pct_low"), is_predicted("retention_pct_at_200"), is_predicted("ice_pct_measured")
    (True, True, False)
    >>> is_predicted("activation_energy_ev"), is_predicted("activation_energy_ev", ["activation_energy_ev"])
    (False, True)
    """
    stem = column.removesuffix(DISTANCE)
    for end in ENDS[1:]:
        stem = stem.removesuffix(end)
    if column.endswith(CHANCE):
        stem = column.rpartition(AMONG if AMONG in column else "_above_")[0]
    target, _, cycle = stem.rpartition("_at_")
    known = written_targets(targets)
    at_cycle = target in known and known[target].at_cycle and cycle.isdigit()
    return column in (*TEXT_COLUMNS, ALL_GOALS, ON_FRONT) or stem in known or at_cycle


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
    own = [
        column for column in columns if column not in Candidate.model_fields and not is_predicted(column, ON_REQUEST)
    ]
    return own[0] if own else "electrolyte"


def text_notices(table: pd.DataFrame) -> str:
    """Return notices for a terminal, shortened: first those that all designs share, then each design's own.

    Parameters
    ----------
    table : DataFrame
        Designs with their predictions.
    """
    shared, others = shared_notices(table["notice"].head(SHOWN))
    lines = [f"  all: {notice}" for notice in shared]
    for name, notices in zip(table[name_column(table)].head(SHOWN), others, strict=True):
        if notices:
            lines.append("  " + shorten(f"{str(name)[:42]}: {notices}", 180, placeholder=" ..."))
    return "\n".join(lines)


def shared_notices(column: pd.Series) -> tuple[list[str], list[str]]:
    """Return the notices that all designs share, and each design's others.

    Parameters
    ----------
    column : Series of str, shape (n_designs,)
        Notices of each design, `; ` between two of them.

    Examples
    --------
    >>> shared_notices(pd.Series(["new element; far", "far"]))
    (['far'], ['new element', ''])
    """
    by_design = [[notice for notice in str(text).split("; ") if notice] for text in column]
    every = dict.fromkeys(chain.from_iterable(by_design))
    shared = [notice for notice in every if all(notice in notices for notices in by_design)]
    return shared, ["; ".join(notice for notice in notices if notice not in shared) for notices in by_design]


def text_ranges(table: pd.DataFrame) -> list[str]:
    """Return what the ranges without a point are, and whose values they hold, as lines for a terminal.

    Parameters
    ----------
    table : DataFrame
        Designs with their predictions.
    """
    texts = [str(text) for text in table[RANGE_OF].dropna().unique() if text] if RANGE_OF in table else []
    first = f"{NO_POINT}; [ ] is what comparable papers report (column {RANGE_OF})"
    return [first, *(f"  {text}" for text in texts[:RANGES_SHOWN])] if texts else []


def whose_range(text: str, column: str) -> str:
    """Return whose values the range of one quantity holds, out of a text of the column `RANGE_OF`; empty for none.

    Parameters
    ----------
    text : str
        Of all ranges of a design.
    column : str
        Of the quantity.

    Examples
    --------
    >>> whose_range("ice_pct: no point, the range of 9 papers; cycle_life_80: no point, the range of 7", "ice_pct")
    'the range of 9 papers'
    """
    own = next((part for part in text.split("; ") if part.startswith(f"{column}: ")), "")
    return own.removeprefix(f"{column}: ").removeprefix("no point, ")


def text_table(
    table: pd.DataFrame,
    limit: int = SHOWN,
    rows: int | None = None,
    width: int = WIDTH,
    targets: Collection[str] | None = None,
) -> str:
    """Return the first rows for a terminal: name and, per target, the value with its interval.

    The range stands alone where no point is predicted.

    Parameters
    ----------
    table : DataFrame
        Designs with their predictions, in the units of `all_targets`.
    limit : int
        Rows to show.
    rows : int or None
        Number of all rows, where the table holds only the first of them.
    width : int
        Characters of a line; where a row is longer, the name stands above its numbers.
    targets : collection of str or None
        As for `written_targets`: other columns are the user's own.
    """
    written = [target for column, target in written_targets(targets).items() if column in table]
    alone = [target for target in written if is_range_alone(target.column)]
    learned = [target for target in written if target not in alone]
    if learned and table[[f"{target.column}_low" for target in alone]].head(limit).isna().all(axis=None):
        alone = []  # no cell among them
    printed = [line for block in (learned, alone) if block for line in _block(table.head(limit), block, width)]
    beyond = (len(table) if rows is None else rows) - min(limit, len(table))
    if beyond > 0:
        printed.append(f"... and {beyond} more")
    return "\n".join(printed)


def _block(table: pd.DataFrame, targets: Sequence[Target], width: int) -> list[str]:
    """Return the lines of some targets: those with a point, or those with a range alone."""
    names = name_column(table)
    header = ["design", *(f"{target.label} ({target.unit})" for target in targets)]
    lines = []
    for _, row in table.iterrows():
        cells = [str(row[names])[:42]]
        for target in targets:
            low, value, high = (target.show(row[target.column + end]) for end in ("_low", "", "_high"))
            cells.append(f"{value} [{low} to {high}]".lstrip() if low else "-")
        lines.append(cells)
    printed = _aligned([header, *lines])
    return printed if max(map(len, printed)) <= width else _stacked(header, lines)


def _aligned(lines: list[list[str]]) -> list[str]:
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    return ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]


def _stacked(header: list[str], lines: list[list[str]]) -> list[str]:
    """Return rows as two lines, the name above its numbers; the header's words stand below each other."""
    widths = [max(len(line[place]) for line in lines) for place in range(1, len(header))]
    wrapped = [wrap(text, max(width, 13)) for text, width in zip(header[1:], widths, strict=True)]
    heads = [["", *line] for line in zip_longest(*wrapped, fillvalue="")]
    numbers = _aligned([*heads, *(["", *line[1:]] for line in lines)])
    named = chain.from_iterable((line[0], row) for line, row in zip(lines, numbers[len(heads) :], strict=True))
    return [*numbers[: len(heads)], *named]
