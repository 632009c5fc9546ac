"""Temperatures at which a crystal changes, and its conductivity with it: no measurement is carried across as it is."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from features.composition import amounts_of_names
from features.formulas.nearness import NEARLY_ONE

JUMP_DEVIATION = 0.5
"""How far a jump may be off, in decades: papers print its order of magnitude."""


@dataclass(frozen=True)
class Transition:
    """A row of `transitions.csv`.

    Attributes
    ----------
    composition : str
        That changes.
    from_c, to_c : float
        Temperatures between which it does, °C.
    jump_decades : float
        By how much the conductivity rises there, as printed; NaN where no paper at hand prints it.
    what, source : str
        What changes, and where that is written.
    """

    composition: str
    from_c: float
    to_c: float
    jump_decades: float
    what: str
    source: str


@lru_cache(maxsize=1)
def transitions() -> tuple[Transition, ...]:
    """Return the known transitions."""
    with (Path(__file__).parent / "transitions.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            Transition(
                row["composition"], float(row["from_c"]), float(row["to_c"]), float(row["jump_decades"] or "nan"),
                row["what"], row["source"],
            )
            for row in csv.DictReader(file)
        )  # fmt: skip


@lru_cache(maxsize=1)
def _fractions() -> np.ndarray:
    formulas = [transition.composition for transition in transitions()]
    amounts = amounts_of_names(formulas, formulas)
    return np.asarray(amounts.dense[amounts.codes])


def jumps(fractions: np.ndarray, from_c: np.ndarray, to_c: np.ndarray) -> np.ndarray:
    """Return by how much known transitions raise a conductivity on the way from one temperature to another.

    A value from the upper end of a transition is one of above it: papers that tell of a jump often name the temperature
    of the jump.

    Parameters
    ----------
    fractions : ndarray, shape (n_pairs, n_elements)
        Atomic fractions, elements in the order of `SYMBOLS`.
    from_c, to_c : ndarray, shape (n_pairs,)
        °C.

    Returns
    -------
    ndarray, shape (n_pairs,)
        Decades; 0 where no transition lies between, NaN where nobody knows: no jump is printed, or one of the two
        temperatures lies inside the transition.

    Examples
    --------
    >>> amounts = amounts_of_names(["LiBH4", "Li3PS4", "LiCB11H12"], ["", "", ""])
    >>> asked = amounts.dense[amounts.codes]
    >>> jumps(asked, np.array([120.0, 120.0, 130.0]), np.array([25.0, 25.0, 25.0])).tolist()
    [-3.0, 0.0, nan]
    """
    low, high = np.minimum(from_c, to_c), np.maximum(from_c, to_c)
    jump = np.zeros(len(fractions))
    for row, composition in zip(transitions(), _fractions(), strict=True):
        between = (low < high) & (low < row.to_c) & (high >= row.from_c)
        if between.any():
            between &= np.abs(fractions - composition).sum(axis=1) <= NEARLY_ONE
            whole = (low < row.from_c) & (high >= row.to_c)
            jump[between] += np.where(whole, np.sign(to_c - from_c) * row.jump_decades, np.nan)[between]
    return jump
