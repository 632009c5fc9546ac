"""Conductivity that cells are given: by a model that never saw the papers held out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from features.tables.literature import papers_of
from models.ensemble import Recipe
from models.tasks.examples import Examples
from models.tasks.part import Part, fit_part, with_conductivity
from models.tasks.registry import LINK


class LinkFit(NamedTuple):
    """Conductivity model that cells need, or the rows that it is fitted to.

    Attributes
    ----------
    key : which rows these are
    model : fitted, or its rows
    recipe, seed : of the fit
    """

    key: bytes
    model: Part | Examples
    recipe: Recipe
    seed: int

    def part(self) -> Part:
        """Return the model, fitted where it is not yet."""
        if isinstance(self.model, Part):
            return self.model
        return fit_part(LINK, self.model.designs, self.model.labels, self.recipe, self.seed)


class ConductivityLink:
    """Gives cells the electrolyte's conductivity, from a model that never saw the papers held out.

    Its recipe is the first of the choices, whatever the rows: cells know the conductivity as one feature of many, and a
    choice for each set of papers held out took a third of a training. A set that leaves the same electrolyte rows is
    not fitted again.
    """

    def __init__(self, electrolytes: Examples, choices: Mapping[str, Recipe], seed: int) -> None:
        self.electrolytes, self.recipe, self.seed = electrolytes, next(iter(choices.values())), seed
        self.known: dict[bytes, Part] = {}

    def fit_without(self, held_out: Iterable[str]) -> LinkFit:
        """Return the model fitted without these papers, or the rows to fit it to.

        Parameters
        ----------
        held_out : iterable of str
            Papers held out.
        """
        papers = {name for paper in held_out for name in papers_of(paper)}
        train_rows = np.array(
            [row for row, paper in enumerate(self.electrolytes.papers) if not papers & set(papers_of(paper))], dtype=int
        )
        key = train_rows.tobytes()
        return LinkFit(key, self.known.get(key) or self.electrolytes.take(train_rows), self.recipe, self.seed)

    def without(self, held_out: Iterable[str]) -> Callable[[pd.DataFrame], pd.DataFrame]:
        """Return a function that adds the conductivity to cell designs, fitted without these papers.

        Parameters
        ----------
        held_out : iterable of str
            Papers held out.
        """
        fit = self.fit_without(held_out)
        part = self.known[fit.key] = fit.part()
        return lambda designs: with_conductivity(designs, part)
