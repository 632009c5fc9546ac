"""Every out-of-fold prediction of a training in one table, exact to the last bit, so that a later training can be
compared with it row by row."""

from __future__ import annotations

from collections.abc import Mapping
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd

from models.tasks.registry import TARGETS, task_of
from models.tasks.target import Target
from training.evaluation.coverage import coverage, life_coverage, lives_of
from training.evaluation.crossvalidate import MODEL, OutOfFold
from training.evaluation.score import errors, predictions

JUDGED = "judged.csv"
"""Name of the table inside the report folder, which MLflow keeps with the run."""
PREDICTED, FOLD = "predicted_", "fold_"
"""Columns of one repeat each, numbered from 0."""


class ComparisonError(ValueError):
    """Two trainings that cannot be compared; the message says why."""


def out_of_fold_table(out_of_fold: Mapping[str, OutOfFold], level: float) -> pd.DataFrame:
    """One row per target and row predicted out of fold.

    Parameters
    ----------
    out_of_fold : mapping of str to OutOfFold
        Out-of-fold predictions by part, as `cross_validate` gives them.
    level : float
        Share of papers whose values the interval should hold, 0 to 1.

    Returns
    -------
    DataFrame
        Columns in order: `target` (column of `TARGETS`); `row` (id of the row; for retention the cell with its cycle,
        for life the cell); `paper`; `group` (number of what folds held out whole); `lower`, `upper` (what is known of
        the value, on the target's error scale: log10 S/cm, %, %, log10 cycles after the reference); `error` (mean
        absolute error over the repeats, NaN where only a bound is known; for life how far the prediction lies outside
        its bounds); `covered` (share of the repeats whose interval holds the value, calibrated without the row's own
        paper; NaN where the papers cannot support the level); `predicted_0`, ... and `fold_0`, ... (prediction on
        the error scale and number of the fold, by repeat).
    """
    tables = [
        (_of_lives if target.censored else _of_target)(target, out_of_fold[task_of(column).name], level)
        for column, target in TARGETS.items()
    ]
    return pd.concat(tables, ignore_index=True)


def write_out_of_fold(table: pd.DataFrame, folder: Path) -> None:
    """Write the table into a report folder; numbers are read back as they were, bit for bit.

    Parameters
    ----------
    table : DataFrame
        Of `judged`.
    folder : Path
        Folder that is written into.
    """
    table.to_csv(folder / JUDGED, index=False)


def read_out_of_fold(text: str) -> pd.DataFrame:
    """Read the table that `write_out_of_fold` wrote.

    Parameters
    ----------
    text : str
        Of the file `judged.csv`.

    Raises
    ------
    ComparisonError
        A column is missing, or a target is none of ours.
    """
    table = pd.read_csv(StringIO(text), dtype=str, keep_default_na=False)
    expected = ["target", "row", "paper", "group", "lower", "upper", "error", "covered", f"{PREDICTED}0", f"{FOLD}0"]
    if missing := [name for name in expected if name not in table]:
        raise ComparisonError(f"{JUDGED} of the run has no column {', '.join(missing)}; train again")
    if unknown := sorted(set(table["target"]) - set(TARGETS)):
        raise ComparisonError(f"{JUDGED} of the run judges {', '.join(unknown)}, which this code does not predict")
    numbers = {
        name: [_exact(name, cell) for cell in table[name]]
        for name in table.columns
        if name in ("lower", "upper", "error", "covered") or name.startswith((PREDICTED, FOLD))
    }
    return table.assign(group=table["group"].astype(int), **numbers)


def _exact(column: str, written: str) -> float:
    """The number as it was before it was written: Python's own reading is exact to the last bit, that of tables may not
    be."""
    try:
        return float(written) if written else float("nan")
    except ValueError:
        raise ComparisonError(f"{JUDGED} of the run: column {column} holds {written!r}, no number") from None


def by_repeat(table: pd.DataFrame, start: str) -> np.ndarray:
    """Predictions or folds of a table, shape (n_repeats, n_rows).

    Parameters
    ----------
    table : DataFrame
        Of `read_out_of_fold`.
    start : str
        Prefix of the columns, such as `predicted_`.
    """
    return table[[name for name in table.columns if name.startswith(start)]].to_numpy(dtype=float).T


def _of_target(target: Target, out_of_fold: OutOfFold, level: float) -> pd.DataFrame:
    examples, (error, rows) = out_of_fold.examples, errors(target, out_of_fold)
    every = np.full(len(out_of_fold.groups), np.nan)
    every[rows] = error[MODEL]
    lower, upper = task_of(target.column).known(target, examples)
    covered, _ = coverage(target, out_of_fold, level)
    predicted = predictions(target, out_of_fold)[MODEL]
    columns = {"row": examples.row_names, "paper": examples.papers, "group": out_of_fold.groups}
    columns |= {"lower": lower, "upper": upper, "error": every, "covered": covered}
    return _table(target, columns, predicted, out_of_fold.fold)


def _of_lives(target: Target, out_of_fold: OutOfFold, level: float) -> pd.DataFrame:
    """Cycle life, one row per cell, as `training.evaluation.evaluate` judges it."""
    bounds, row, labels = lives_of(out_of_fold)
    predicted = out_of_fold.predicted[MODEL][:, row]
    missed = np.array([labels.distance(lives) for lives in predicted]).mean(axis=0)
    covered, _ = life_coverage(out_of_fold, row, labels, level)
    cells, papers = bounds["cell_id"].astype(str).tolist(), bounds["paper"].to_numpy(dtype=object)
    columns = {"row": cells, "paper": papers, "group": out_of_fold.groups[row]}
    columns |= {"lower": labels.lower, "upper": labels.upper, "error": missed, "covered": covered}
    return _table(target, columns, predicted, out_of_fold.fold[:, row])


def _table(target: Target, columns: Mapping[str, object], predicted: np.ndarray, fold: np.ndarray) -> pd.DataFrame:
    """Return the columns between the target and those of the repeats."""
    repeats = {f"{PREDICTED}{repeat}": values for repeat, values in enumerate(predicted)}
    repeats |= {f"{FOLD}{repeat}": values for repeat, values in enumerate(fold)}
    return pd.DataFrame({"target": target.column, **columns, **repeats})
