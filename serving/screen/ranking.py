"""Ranking of a stream of answers: the Pareto front, kept exactly, and the best few, as unlike each other as wanted."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from features.tables.records import Candidate
from models.bundle import Bundle
from models.decisions.choosing import on_front
from models.tasks.registry import TARGETS, TASKS, task_of
from serving.predict.suggest import pick
from serving.screen.select import Selection

ALIKE = "alike"
"""Column that counts the designs with the very same objectives as the one shown, itself included."""
KEPT_AS = "kept_as"
"""Column that says why a design is in the table: on the front, among the best, or both."""
FRONT, BEST = "front", "best"
POOL = 10
"""The differing few are chosen among this many times as many of the best."""
NO_LIMIT = 1e6
"""Distance beyond which unlikeness counts no more: none is reached."""


class Front:
    """The front of all rows added so far; of rows with the same objectives the first is kept and all are counted.

    Parameters
    ----------
    objectives : int
        Number of objectives.
    """

    def __init__(self, objectives: int) -> None:
        self.values = np.empty((0, objectives))
        self.rows = pd.DataFrame()
        self.unknown = 0
        """Rows left out because an objective of theirs is not known."""

    def add(self, values: np.ndarray, rows: pd.DataFrame) -> None:
        """Add rows with their objectives.

        Parameters
        ----------
        values : array, shape (n_rows, n_objectives)
            More is better; NaN where an objective is not known.
        rows : DataFrame, shape (n_rows, n_columns)
        """
        known = ~np.isnan(values).any(axis=1)
        self.unknown += int((~known).sum())
        place = np.flatnonzero(known)
        distinct, first, inverse = np.unique(
            np.vstack([self.values, values[place]]), axis=0, return_index=True, return_inverse=True
        )
        if not len(distinct):
            return
        new = rows.iloc[place].assign(**{ALIKE: 1})
        pooled = pd.concat([self.rows, new], ignore_index=True) if len(self.rows) else new.reset_index(drop=True)
        alike = np.bincount(inverse.reshape(-1), weights=pooled[ALIKE], minlength=len(distinct)).astype(int)
        winners = on_front(distinct)
        order = np.argsort(first[winners])
        self.values = distinct[winners][order]
        self.rows = pooled.iloc[first[winners][order]].assign(**{ALIKE: alike[winners][order]})
        self.rows = self.rows.reset_index(drop=True)


def scrambled(numbers: np.ndarray) -> np.ndarray:
    """Return a fixed order of design numbers without pattern, to settle equal merits and to sample.

    The mixing function of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014, doi 10.1145/2660193.2660195).

    Parameters
    ----------
    numbers : array of int, shape (n,)
        From 0.

    Returns
    -------
    array of uint64, shape (n,)
        Distinct for distinct numbers.
    """
    with np.errstate(over="ignore"):
        mixed = np.asarray(numbers, dtype=np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return mixed ^ (mixed >> np.uint64(31))


class Best:
    """The best so many of all rows added so far; equal ones in an order without pattern.

    Parameters
    ----------
    count : int
        Rows to keep.
    same : collection of str
        Names of columns; of rows that agree in all of these they have, one is kept.
    """

    def __init__(self, count: int, same: Collection[str] = ()) -> None:
        self.count, self.same, self.unknown = count, same, 0
        self.rows, self.merits, self.ties = pd.DataFrame(), np.empty(0), np.empty(0, dtype=np.uint64)

    def add(self, merits: np.ndarray, numbers: np.ndarray, rows: pd.DataFrame) -> None:
        """Add rows.

        Parameters
        ----------
        merits : array, shape (n_rows,)
            More is better; rows of NaN are left out and counted as unknown.
        numbers : array of int, shape (n_rows,)
            Of the designs, to settle equal merits.
        rows : DataFrame, shape (n_rows, n_columns)
        """
        known = np.flatnonzero(~np.isnan(merits))
        self.unknown += len(merits) - len(known)
        if len(self.merits) == self.count:
            known = known[merits[known] >= self.merits[-1]]  # what is worse than all that is held changes nothing
            if not len(known):
                return
        merit = np.concatenate([self.merits, merits[known]])
        ties = np.concatenate([self.ties, scrambled(numbers[known])])
        rows = pd.concat([self.rows, rows.iloc[known]], ignore_index=True) if len(self.rows) else rows.iloc[known]
        best = np.lexsort((ties, -merit))
        if same := [name for name in rows if name in self.same]:
            best = best[~rows[same].iloc[best].duplicated().to_numpy()]
        best = best[: self.count]
        self.rows = rows.iloc[best].reset_index(drop=True)
        self.merits, self.ties = merit[best], ties[best]


class Keeper:
    """The front and the best of a stream of answers; a design that the space holds twice is once among the best.

    Parameters
    ----------
    selection : Selection
        What to keep.
    bundle : Bundle
        Model that answers, whose vectors tell designs apart.
    """

    def __init__(self, selection: Selection, bundle: Bundle) -> None:
        self.selection, self.bundle = selection, bundle
        self.front = Front(len(selection.pareto)) if selection.pareto else None
        pool = selection.top * (POOL if selection.diverse else 1)
        self.best = Best(pool, Candidate.model_fields) if pool else None

    def add(self, table: pd.DataFrame, numbers: np.ndarray) -> None:
        """Add answers that passed.

        Parameters
        ----------
        table : DataFrame, shape (n_rows, n_columns)
        numbers : array of int, shape (n_rows,)
            Of their designs.
        """
        selection = self.selection
        if self.front:
            merits = [selection.merit(table, column, side) for column, side in selection.pareto.items()]
            self.front.add(np.column_stack(merits), table)
        if self.best and selection.by:
            self.best.add(selection.merit(table, *selection.by), numbers, table)

    @property
    def unknown(self) -> int:
        """Number of answers that could not be ranked because an objective is not known."""
        return max(ranking.unknown for ranking in (self.front, self.best) if ranking)

    def table(self) -> pd.DataFrame:
        """Return what was kept, best first, with `kept_as`."""
        tables = []
        if self.best:
            tables.append(self._differing(self.best.rows).assign(**{KEPT_AS: BEST}))
        if self.front:
            tables.append(self.front.rows.assign(**{KEPT_AS: FRONT}))
        rows = pd.concat(tables, ignore_index=True)
        if rows.empty:
            return rows
        twice = rows["candidate"].duplicated(keep=False)
        rows.loc[twice, KEPT_AS] = f"{FRONT}, {BEST}"
        rows = rows.drop_duplicates("candidate", keep="last")
        merits = [self.selection.merit(rows, column, side) for column, side in self.selection.objectives.items()]
        return rows.iloc[np.lexsort([-merit for merit in reversed(merits)])].reset_index(drop=True)

    def _differing(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return the best and those least like what was chosen before, by the vectors of the model that ranks them."""
        selection = self.selection
        if not selection.diverse or len(rows) <= selection.top or selection.by is None:
            return rows
        column = selection.by[0].removesuffix("_low").removesuffix("_high")
        cell_tasks = (name for name, task in TASKS.items() if task.of_cells)
        name = task_of(column).name if column in TARGETS else next(cell_tasks)
        part = self.bundle.parts[name]
        domain = part.domain
        if domain is None:
            raise ValueError("this model was fitted inside an evaluation and cannot tell designs apart")
        vectors = part.featurizer.transform(self.bundle.designs_for(name, rows))
        picks = pick(
            np.ones(len(rows)), np.full(len(rows), np.inf),
            lambda place: domain.between(vectors.iloc[[place]], vectors)[0], NO_LIMIT, selection.top,
        )  # fmt: skip
        return rows.iloc[[choice.place for choice in picks]]
