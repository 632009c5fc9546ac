"""What must not stand on both sides of a split: rows of one paper and, for conductivity, of nearly one composition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.composition import composition_of
from features.electrolyte import classes_of
from features.formulas.elements import ELEMENT_INDEX, SYMBOLS
from features.tables.literature import Literature, papers_of
from models.tasks.examples import Examples
from models.tasks.registry import TASKS
from training.data.papers import joined_groups

NEARLY_ONE = 0.02
"""Sum of absolute differences of the atomic fractions up to which two compositions are one."""


@dataclass(frozen=True)
class Kinship:
    """Papers and compositions of a table's rows.

    Attributes
    ----------
    papers : whether a paper tells a row, shape (n_rows, n_papers); a row may be told by several
    fractions : atomic fractions, shape (n_rows, n_elements), NaN where no stoichiometry is known; None where rows are
        kin by paper alone
    groups : number of the group each row belongs to: papers, joined where they share a row or a composition
    within : sum of absolute differences of the atomic fractions up to which two compositions leak
    """

    papers: np.ndarray
    fractions: np.ndarray | None
    groups: np.ndarray
    within: float = NEARLY_ONE

    @classmethod
    def of(cls, examples: Examples, *, by_composition: bool) -> Kinship:
        """Kinship of training rows; by paper and composition for conductivity, by paper alone for cells."""
        told = [papers_of(paper) for paper in examples.papers]
        number = {paper: place for place, paper in enumerate(dict.fromkeys(paper for each in told for paper in each))}
        table = np.zeros((len(told), len(number)), dtype=bool)
        for row, papers in enumerate(told):
            table[row, [number[paper] for paper in papers]] = True
        if not by_composition:
            return cls(table, None, joined_groups(list(examples.papers)))
        keys = [chemical_key(row) for _, row in examples.designs.iterrows()]
        return cls(table, fractions_of(examples.designs), joined_groups(list(examples.papers), keys))

    def take(self, rows: np.ndarray) -> Kinship:
        """Kinship of some of the rows."""
        fractions = None if self.fractions is None else self.fractions[rows]
        return Kinship(self.papers[rows], fractions, self.groups[rows], self.within)

    def leaks(self, rest: np.ndarray, test: np.ndarray) -> np.ndarray:
        """Which of the rows `rest` share a paper or a composition with a row of `test`, shape (n_rest,)."""
        shared = self.papers[np.ix_(rest, self.papers[test].any(axis=0))].any(axis=1)
        if self.fractions is None:
            return np.asarray(shared)
        found = np.zeros(len(rest), dtype=bool)
        asked = self.fractions[rest]
        for composition in np.unique(self.fractions[test], axis=0):
            found |= np.abs(asked - composition).sum(axis=1) <= self.within  # NaN is near nothing
        return np.asarray(shared | found)


def chemical_key(design: pd.Series) -> str:
    """Composition of a design as a word, rounded to three decimals of atomic fraction; its name where no stoichiometry
    is known."""
    name, formula = (
        str(each) if isinstance(each, str) else "" for each in (design["electrolyte"], design["composition"])
    )
    amounts = composition_of(name, formula)
    if not amounts:
        return " ".join(name.lower().split())
    total = sum(amounts.values())
    return " ".join(f"{element}{amounts[element] / total:.3f}" for element in sorted(amounts))


def training_rows(literature: Literature) -> dict[str, tuple[Examples, Kinship]]:
    """Return the examples of every learned quantity with their groups, in the order of `TASKS`.

    Parameters
    ----------
    literature : Literature
        All tables.
    """
    rows = {name: task.examples(literature) for name, task in TASKS.items()}
    return {name: (examples, kinship_of(name, examples)) for name, examples in rows.items()}


def kinship_of(name: str, examples: Examples) -> Kinship:
    """Return the groups of a learned quantity's rows: by paper and, where its task says so, by composition.

    Parameters
    ----------
    name : str
        Key of `TASKS`.
    examples : Examples
        Its rows.
    """
    return Kinship.of(examples, by_composition=TASKS[name].joins_compositions)


def fractions_of(designs: pd.DataFrame) -> np.ndarray:
    """Atomic fractions of designs, shape (n_designs, n_elements); NaN where no stoichiometry is known."""
    table = np.full((len(designs), len(SYMBOLS)), np.nan)
    pairs = zip(designs["electrolyte"].fillna(""), designs["composition"].fillna(""), strict=True)
    for row, (electrolyte, composition) in enumerate(pairs):
        if amounts := composition_of(str(electrolyte), str(composition)):
            total = sum(amounts.values())
            table[row] = 0.0
            for element, amount in amounts.items():
                table[row, ELEMENT_INDEX[element]] = amount / total
    return table


MOST_FITS = 25
"""With more systems than this, whole systems share a fit."""


def chemical_systems(designs: pd.DataFrame) -> list[str]:
    """Chemical system of each design: `Cl-Li-P-S`, or its class in brackets where no stoichiometry is known.

    Examples
    --------
    >>> designs = pd.DataFrame({"electrolyte": ["Li6PS5Cl", "PEO"], "composition": ["", ""]})
    >>> chemical_systems(designs.assign(electrolyte_class=["", "polymer"]))
    ['Cl-Li-P-S', '(polymer)']
    """
    pairs = zip(designs["electrolyte"].fillna(""), designs["composition"].fillna(""), strict=True)
    amounts = [composition_of(str(name), str(formula)) for name, formula in pairs]
    return [
        "-".join(sorted(held)) if held else f"({kind or 'unknown'})"
        for held, kind in zip(amounts, classes_of(designs), strict=True)
    ]


def system_tests(systems: Sequence[str], seed: int) -> list[tuple[int, np.ndarray]]:
    """Rows of each test fold: one system each, or whole systems dealt to `MOST_FITS` folds."""
    kinds, member = np.unique(np.array(systems, dtype=object).astype(str), return_inverse=True)
    home = np.random.default_rng(seed).permutation(len(kinds)) % min(len(kinds), MOST_FITS)
    return [(0, np.flatnonzero(home[member] == fold)) for fold in np.unique(home)]
