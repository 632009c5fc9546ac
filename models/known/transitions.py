"""Temperatures at which a crystal changes, and its conductivity with it: no measurement is carried across."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from features.composition import amounts_of_names
from features.formulas.nearness import NEARLY_ONE


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
    source : str
        Where that is written.
    """

    composition: str
    from_c: float
    to_c: float
    jump_decades: float
    source: str

    @property
    def text(self) -> str:
        """The transition in words: `the transition at 110 to 117 °C (3 decades)`."""
        ends = f"{self.from_c:g}" if self.from_c == self.to_c else f"{self.from_c:g} to {self.to_c:g}"
        return f"the transition at {ends} °C" + (f" ({self.jump_decades:g} decades)" if self.jump_decades > 0 else "")


@lru_cache(maxsize=1)
def transitions() -> tuple[Transition, ...]:
    """Return the known transitions."""
    with (Path(__file__).parent / "transitions.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            Transition(
                row["composition"], float(row["from_c"]), float(row["to_c"]), float(row["jump_decades"] or "nan"),
                row["source"],
            )
            for row in csv.DictReader(file)
        )  # fmt: skip


@lru_cache(maxsize=1)
def _fractions() -> np.ndarray:
    formulas = [transition.composition for transition in transitions()]
    amounts = amounts_of_names(formulas, formulas)
    return np.asarray(amounts.dense[amounts.codes])


def crossed(fractions: np.ndarray, composition: np.ndarray, from_c: np.ndarray, to_c: np.ndarray) -> np.ndarray:
    """Return which known transition lies between two temperatures, or holds one of the two.

    A value from the upper end of a transition is one of above it: papers that report a jump often name the temperature
    of the jump.

    Parameters
    ----------
    fractions : ndarray, shape (n_distinct, n_elements)
        Atomic fractions, elements in the order of `SYMBOLS`.
    composition : ndarray of int, shape (n_pairs,)
        Place of each pair's composition among them.
    from_c, to_c : ndarray, shape (n_pairs,)
        °C.

    Returns
    -------
    ndarray of int, shape (n_pairs,)
        Place in `transitions()`; -1 for none.

    Examples
    --------
    >>> amounts = amounts_of_names(["LiBH4", "Li3PS4", "LiCB11H12"], ["", "", ""])
    >>> fractions = amounts.dense[amounts.codes]
    >>> crossed(fractions, np.arange(3), np.array([120.0, 120.0, 130.0]), np.array([25.0, 25.0, 25.0])).tolist()
    [0, -1, 1]
    """
    low, high = np.minimum(from_c, to_c), np.maximum(from_c, to_c)
    crossings = np.full(len(composition), -1)
    for place, (row, changes) in enumerate(zip(transitions(), _fractions(), strict=True)):
        between = (low < high) & (low < row.to_c) & (high >= row.from_c)
        if between.any():
            between &= (np.abs(fractions - changes).sum(axis=1) <= NEARLY_ONE)[composition]
            crossings[between] = place
    return crossings
