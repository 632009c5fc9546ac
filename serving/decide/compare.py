"""Tables of designs compared: every pair of one table, or each design of one beside each of another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from features.tables.mistakes import InputError, Mistake
from models.candidates import candidate_frame
from models.decisions.comparison import compare
from models.predictor import Predictor
from models.tasks.registry import TARGETS
from serving.predict.prediction_text import SHOWN
from serving.predict.read import design_names, read_candidates
from serving.predict.write import WRITERS, whole, writable

MOST_PAIRS = 1_000_000
"""Pairs above which a table is no longer one of designs somebody chooses among."""


@dataclass(frozen=True)
class Compared:
    """Result of a comparison of tables.

    Attributes
    ----------
    table : DataFrame, shape (n_pairs, n_columns)
        `design_a`, `design_b`, then the columns of `models.decisions.comparison.Comparison`.
    notices : list of str
        What to know of each target.
    remarks : list of str
        On the columns of the tables.
    mistakes : list of Mistake
        Of rows left out.
    rejected : int
        Rows left out.
    """

    table: pd.DataFrame
    notices: list[str]
    remarks: list[str]
    mistakes: list[Mistake]
    rejected: int


def compare_files(
    first: str | Path,
    second: str | Path | None,
    out: str | Path,
    predictor: Predictor,
    *,
    targets: list[str] | None = None,
    level: float = 0.9,
    raw: bool = False,
) -> Compared:
    """Compare designs of one table with each other, or with those of another, and write the differences.

    Parameters
    ----------
    first : str or Path
        A CSV, TSV or Parquet file of candidate designs: designs a.
    second : str, Path or None
        Another one: designs b. None compares every pair of the first, each once.
    out : str or Path
        CSV, TSV or Parquet to write.
    predictor : Predictor
        The model.
    targets : list of str, optional
        Columns of the targets wanted.
    level : float
        Share of papers whose differences the interval should hold, 0 to 1.
    raw : bool
        Keep texts that a spreadsheet would run as formulas.

    Raises
    ------
    InputError
        A file cannot be used, fewer than two designs can, or there are too many pairs.
    """
    sources = [Path(path) for path in (first, second) if path]
    out = writable(Path(out), sources)
    tables = [read_candidates(path) for path in sources]
    mistakes = [mistake for table in tables for mistake in table.mistakes]
    counts = [len(table.rows) for table in tables]
    names = [name for table in tables for name in design_names(table)]
    a, b = design_pairs(*counts)
    files = " and ".join(path.name for path in sources)
    if not len(a):
        raise InputError(f"{files}: no two designs that can be used; a comparison needs two", mistakes)
    if len(a) > MOST_PAIRS:
        raise InputError(f"{files}: {len(a):,} pairs, at most {MOST_PAIRS:,}; compare fewer designs at a time")
    frame = candidate_frame(row for table in tables for row in table.rows)
    comparison = compare(predictor, frame, a, b, targets, level)
    labels = np.array(names, dtype=object)
    table = pd.concat([pd.DataFrame({"design_a": labels[a], "design_b": labels[b]}), comparison.table], axis=1)
    with whole(out) as aside:
        WRITERS[out.suffix](table, aside, raw)
    remarks = [remark for source in tables for remark in source.remarks]
    return Compared(table, comparison.notices, remarks, mistakes, sum(len(source.rejected) for source in tables))


def design_pairs(first: int, second: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Pair designs: each of one table with each of another, or all of one table, each pair once.

    Parameters
    ----------
    first : int
        Designs of the first table.
    second : int or None
        Designs of the second one; None pairs those of the first.

    Returns
    -------
    a, b : array of int, shape (n_pairs,)
        Places of both designs; those of the second table are counted on from the first.

    Examples
    --------
    >>> [places.tolist() for places in design_pairs(3)], [places.tolist() for places in design_pairs(2, 2)]
    ([[0, 0, 1], [1, 2, 2]], [[0, 0, 1, 1], [2, 3, 2, 3]])
    """
    if second is None:
        return np.triu_indices(first, 1)
    a, b = np.mgrid[:first, first : first + second].reshape(2, -1)
    return a, b


def text_differences(table: pd.DataFrame) -> str:
    """Return the first pairs for a terminal: per target the difference with its interval, and how likely a is above b.

    Parameters
    ----------
    table : DataFrame
        As `Compared` holds it.
    """
    lines = []
    for _, row in table.head(SHOWN).iterrows():
        lines.append(f"{str(row['design_a'])[:30]} against {str(row['design_b'])[:30]}:")
        for column, target in TARGETS.items():
            if pd.isna(row.get(f"{column}_difference", np.nan)):
                continue
            difference, low, high = (row[f"{column}_difference{end}"] for end in ("", "_low", "_high"))
            chance = 100 * row[f"{column}_a_above_b"]
            lines.append(
                f"  {target.label}: {difference:+.2g} [{low:+.2g} to {high:+.2g}] {target.error_unit}; "
                f"the first is higher with {chance:.0f} % probability"
            )
    if len(table) > SHOWN:
        lines.append(f"... and {len(table) - SHOWN} more pairs")
    return "\n".join(lines)
