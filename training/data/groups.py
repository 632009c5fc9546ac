"""Rows that may not stand on both sides of a split: of one paper and, for conductivity, of nearly one composition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.composition import composition_of
from features.electrolyte import classes_of
from features.formulas.elements import ELEMENT_INDEX, SYMBOLS
from features.formulas.nearness import NEARLY_ONE
from features.tables.literature import Literature, papers_of
from models.tasks.examples import Examples
from models.tasks.registry import TASKS
from training.data.paper_splits import joined_groups


@dataclass(frozen=True)
class PaperGroups:
    """Papers and compositions of a table's rows.

    Attributes
    ----------
    papers : ndarray of bool, shape (n_rows, n_papers)
        Whether a row is of a paper; it may be of several.
    fractions : ndarray, shape (n_rows, n_elements), optional
        Atomic fractions, NaN where no stoichiometry is known; None where rows are kin by paper alone.
    groups : ndarray of int, shape (n_rows,)
        Group of each row: papers, joined where they share a row or a composition.
    within : float
        Sum of absolute differences of the atomic fractions up to which two compositions leak.
    """

    papers: np.ndarray
    fractions: np.ndarray | None
    groups: np.ndarray
    within: float = NEARLY_ONE

    @classmethod
    def of(cls, examples: Examples, *, by_composition: bool) -> PaperGroups:
        """Return the paper groups of training rows.

        Parameters
        ----------
        examples : Examples
            The rows.
        by_composition : bool
            By paper and composition, as for conductivity; else by paper alone, as for cells.
        """
        papers_by_row = [papers_of(paper) for paper in examples.papers]
        distinct = dict.fromkeys(paper for papers in papers_by_row for paper in papers)
        number = {paper: place for place, paper in enumerate(distinct)}
        table = np.zeros((len(papers_by_row), len(number)), dtype=bool)
        for row, papers in enumerate(papers_by_row):
            table[row, [number[paper] for paper in papers]] = True
        if not by_composition:
            return cls(table, None, joined_groups(list(examples.papers)))
        keys = [chemical_key(row) for _, row in examples.designs.iterrows()]
        return cls(table, fractions_of(examples.designs), joined_groups(list(examples.papers), keys))

    def take(self, rows: np.ndarray) -> PaperGroups:
        """Return the paper groups of some of the rows.

        Parameters
        ----------
        rows : ndarray of int, or of bool with shape (n_rows,)
            Which.
        """
        fractions = None if self.fractions is None else self.fractions[rows]
        return PaperGroups(self.papers[rows], fractions, self.groups[rows], self.within)

    def unrelated(self, test: np.ndarray) -> np.ndarray:
        """Return the rows that share neither a paper nor a composition with a test row, shape (n_unrelated,).

        Parameters
        ----------
        test : ndarray of int, shape (n_test,)
            Test rows.
        """
        others = np.setdiff1d(np.arange(len(self.groups)), test)
        return np.asarray(others[~self.leaks(others, test)])

    def leaks(self, rows: np.ndarray, test: np.ndarray) -> np.ndarray:
        """Return which rows share a paper or a composition with a test row.

        Parameters
        ----------
        rows : ndarray of int, shape (n_some,)
            Rows to judge.
        test : ndarray of int, shape (n_test,)
            Test rows.

        Returns
        -------
        ndarray of bool, shape (n_some,)
        """
        shared = self.papers[np.ix_(rows, self.papers[test].any(axis=0))].any(axis=1)
        if self.fractions is None:
            return np.asarray(shared)
        near = np.zeros(len(rows), dtype=bool)
        fractions = self.fractions[rows]
        for composition in np.unique(self.fractions[test], axis=0):
            near |= np.abs(fractions - composition).sum(axis=1) <= self.within  # NaN is near nothing
        return np.asarray(shared | near)


def chemical_key(design: pd.Series) -> str:
    """Return the composition of a design as text, rounded to three decimals of atomic fraction.

    Parameters
    ----------
    design : Series
        With `electrolyte` and `composition`, text or NaN.

    Returns
    -------
    str
        The name in lower case where no stoichiometry is known.

    Examples
    --------
    >>> chemical_key(pd.Series({"electrolyte": "LPS", "composition": "Li3PS4"}))
    'Li0.375 P0.125 S0.500'
    """
    name, formula = (text if isinstance(text, str) else "" for text in (design["electrolyte"], design["composition"]))
    amounts = composition_of(name, formula)
    if not amounts:
        return " ".join(name.lower().split())
    total = sum(amounts.values())
    return " ".join(f"{element}{amounts[element] / total:.3f}" for element in sorted(amounts))


def training_rows(literature: Literature) -> dict[str, tuple[Examples, PaperGroups]]:
    """Return the examples of every learned quantity with their groups, in the order of `TASKS`.

    Parameters
    ----------
    literature : Literature
        All tables.
    """
    rows = {name: task.examples(literature) for name, task in TASKS.items()}
    return {name: (examples, paper_groups(name, examples)) for name, examples in rows.items()}


def paper_groups(name: str, examples: Examples) -> PaperGroups:
    """Return the groups of a learned quantity's rows: by paper and, where its task says so, by composition.

    Parameters
    ----------
    name : str
        Key of `TASKS`.
    examples : Examples
        Its rows.
    """
    return PaperGroups.of(examples, by_composition=TASKS[name].joins_compositions)


def fractions_of(designs: pd.DataFrame) -> np.ndarray:
    """Return the atomic fractions of designs.

    Parameters
    ----------
    designs : DataFrame, shape (n_designs, n_columns)
        With `electrolyte` and `composition`, text or NaN.

    Returns
    -------
    ndarray, shape (n_designs, n_elements)
        Elements in the order of `SYMBOLS`; NaN where no stoichiometry is known.
    """
    table = np.full((len(designs), len(SYMBOLS)), np.nan)
    for row, amounts in enumerate(compositions_of(designs)):
        if amounts:
            table[row] = atomic_fractions(amounts)
    return table


def compositions_of(designs: pd.DataFrame) -> list[Mapping[str, float] | None]:
    """Return the amounts by element of each design; None where no stoichiometry is known.

    Parameters
    ----------
    designs : DataFrame, shape (n_designs, n_columns)
        With `electrolyte` and `composition`, text or NaN.
    """
    pairs = zip(designs["electrolyte"].fillna(""), designs["composition"].fillna(""), strict=True)
    return [composition_of(str(name), str(formula)) for name, formula in pairs]


def atomic_fractions(amounts: Mapping[str, float]) -> np.ndarray:
    """Return the atomic fractions of one composition.

    Parameters
    ----------
    amounts : mapping of str to float
        Amount by element, on any scale; not empty.

    Returns
    -------
    ndarray, shape (n_elements,)
        Elements in the order of `SYMBOLS`.

    Examples
    --------
    >>> fractions = atomic_fractions({"Li": 3, "P": 1, "S": 4})
    >>> float(fractions[ELEMENT_INDEX["Li"]]), float(fractions.sum())
    (0.375, 1.0)
    """
    total = sum(amounts.values())
    fractions = np.zeros(len(SYMBOLS))
    for element, amount in amounts.items():
        fractions[ELEMENT_INDEX[element]] = amount / total
    return fractions


MOST_FITS = 10
"""With more systems than this, whole systems share a fit."""


def chemical_systems(designs: pd.DataFrame) -> list[str]:
    """Return the chemical system of each design: `Cl-Li-P-S`, or its class in brackets where no stoichiometry is known.

    Parameters
    ----------
    designs : DataFrame, shape (n_designs, n_columns)
        With `electrolyte`, `composition` and `electrolyte_class`, text or NaN.

    Examples
    --------
    >>> designs = pd.DataFrame({"electrolyte": ["Li6PS5Cl", "PEO"], "composition": ["", ""]})
    >>> chemical_systems(designs.assign(electrolyte_class=["", "polymer"]))
    ['Cl-Li-P-S', '(polymer)']
    """
    return [
        "-".join(sorted(amounts)) if amounts else f"({kind or 'unknown'})"
        for amounts, kind in zip(compositions_of(designs), classes_of(designs), strict=True)
    ]


def system_tests(systems: Sequence[str], seed: int) -> list[tuple[int, np.ndarray]]:
    """Return the rows of each test fold: one system each, or whole systems dealt to `MOST_FITS` folds.

    Parameters
    ----------
    systems : sequence of str, length n_rows
        As of `chemical_systems`.
    seed : int
        Of the dealing.

    Returns
    -------
    list of (int, ndarray of int)
        Repeat, which is 0, and row numbers of each fold.
    """
    kinds, system_of_row = np.unique(np.array(systems, dtype=object).astype(str), return_inverse=True)
    fold_of_system = np.random.default_rng(seed).permutation(len(kinds)) % min(len(kinds), MOST_FITS)
    return [(0, np.flatnonzero(fold_of_system[system_of_row] == fold)) for fold in np.unique(fold_of_system)]
