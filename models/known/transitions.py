"""Temperatures that no measurement is carried across: a crystal changes there, and its conductivity with it."""

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
    what, source : str
        What changes, and where that is written.
    """

    composition: str
    from_c: float
    to_c: float
    what: str
    source: str


@lru_cache(maxsize=1)
def transitions() -> tuple[Transition, ...]:
    """Return the known transitions."""
    with (Path(__file__).parent / "transitions.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            Transition(row["composition"], float(row["from_c"]), float(row["to_c"]), row["what"], row["source"])
            for row in csv.DictReader(file)
        )


@lru_cache(maxsize=1)
def _fractions() -> np.ndarray:
    formulas = [transition.composition for transition in transitions()]
    amounts = amounts_of_names(formulas, formulas)
    return np.asarray(amounts.dense()[amounts.codes])


def crossed(fractions: np.ndarray, from_c: np.ndarray, to_c: np.ndarray) -> np.ndarray:
    """Return whether a known transition lies between two temperatures.

    A value from its upper end is one of above it: papers that tell of a jump often name the temperature of the jump.

    Parameters
    ----------
    fractions : ndarray, shape (n_pairs, n_elements)
        Atomic fractions, elements in the order of `SYMBOLS`.
    from_c, to_c : ndarray, shape (n_pairs,)
        °C.

    Returns
    -------
    ndarray of bool, shape (n_pairs,)

    Examples
    --------
    >>> amounts = amounts_of_names(["LiBH4", "Li3PS4"], ["", ""])
    >>> asked = amounts.dense()[amounts.codes]
    >>> crossed(asked, np.array([25.0, 25.0]), np.array([120.0, 120.0])).tolist()
    [True, False]
    """
    low, high = np.minimum(from_c, to_c), np.maximum(from_c, to_c)
    found = np.zeros(len(fractions), dtype=bool)
    for row, composition in zip(transitions(), _fractions(), strict=True):
        between = (low < high) & (low < row.to_c) & (high >= row.from_c)
        if between.any():
            found |= between & (np.abs(fractions - composition).sum(axis=1) <= NEARLY_ONE)
    return found
