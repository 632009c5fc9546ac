"""The Pareto front: what nothing else beats in everything at once, kept exactly while designs stream by."""

from __future__ import annotations

import numpy as np
import pandas as pd

BLOCK = 256
ALIKE = "alike"
"""Column that counts the designs with the very same objectives as the one shown, itself included."""


def on_front(values: np.ndarray) -> np.ndarray:
    """Which of distinct rows no other row reaches in every objective.

    Parameters
    ----------
    values : shape (n_rows, n_objectives), more is better, no NaN, no row twice

    Returns
    -------
    array of bool, shape (n_rows,)
    """
    order = np.lexsort(-values.T[::-1])  # a row is only beaten by rows before it
    held = np.empty((0, values.shape[1]))
    found = np.zeros(len(values), dtype=bool)
    for start in range(0, len(order), BLOCK):
        rows = order[start : start + BLOCK]
        rows = rows[~beaten(values[rows], held)]
        within = np.all(values[rows][None] >= values[rows][:, None], axis=2)
        rows = rows[within.sum(axis=1) == 1]
        found[rows] = True
        held = np.vstack([held, values[rows]])
    return found


def beaten(values: np.ndarray, held: np.ndarray) -> np.ndarray:
    """Which rows some held row reaches in every objective, shape (n_rows,)."""
    found = np.zeros(len(values), dtype=bool)
    for start in range(0, len(held), BLOCK):
        left = np.flatnonzero(~found)
        some = held[start : start + BLOCK]
        reached = np.ones((len(left), len(some)), dtype=bool)
        for objective in range(values.shape[1]):
            reached &= some[:, objective] >= values[left, objective][:, None]
        found[left[reached.any(axis=1)]] = True
    return found


class Front:
    """The front of all rows added so far; of rows with the same objectives the first is kept and all are counted.

    Parameters
    ----------
    objectives : how many there are
    """

    def __init__(self, objectives: int) -> None:
        self.values = np.empty((0, objectives))
        self.rows = pd.DataFrame()
        self.unknown = 0
        """Rows left out because an objective of theirs is not known."""

    def add(self, values: np.ndarray, rows: pd.DataFrame) -> None:
        """Rows with their objectives, shape (n_rows, n_objectives), more being better; NaN where not known."""
        known = ~np.isnan(values).any(axis=1)
        self.unknown += int((~known).sum())
        place = np.flatnonzero(known)
        distinct, first, inverse = np.unique(
            np.vstack([self.values, values[place]]), axis=0, return_index=True, return_inverse=True
        )
        if not len(distinct):
            return
        new = rows.iloc[place].assign(**{ALIKE: 1})
        everything = pd.concat([self.rows, new], ignore_index=True) if len(self.rows) else new.reset_index(drop=True)
        alike = np.bincount(inverse.reshape(-1), weights=everything[ALIKE], minlength=len(distinct)).astype(int)
        kept = on_front(distinct)
        order = np.argsort(first[kept])
        self.values = distinct[kept][order]
        self.rows = everything.iloc[first[kept][order]].assign(**{ALIKE: alike[kept][order]}).reset_index(drop=True)
