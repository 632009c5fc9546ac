"""Rows that a model keeps: those it learned from, and those of public tables that are only looked up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from features.electrolyte import classes_of
from features.tables.columns import numeric_columns
from features.tables.literature import Literature
from features.tables.records import CellDesign
from models.domain import Domain, LookedUp
from models.tasks.examples import Examples
from models.tasks.part import Part
from models.tasks.registry import TASKS
from training.data.groups import compositions_of

SHOWN = (
    "electrolyte", "anode", "counter_electrode", "temperature_c", "conductivity_s_per_cm", "conductivity_qualifier",
    "ice_pct", "ice_qualifier", "cycle", "retention_pct", "qualifier",
)  # fmt: skip
"""Columns of a training row that a user is shown beside a prediction."""


def domain_of(name: str, part: Part, examples: Examples, literature: Literature) -> Domain:
    """Return the domain of a model: the rows it learned from, with what a user is shown of them beside a prediction.

    Parameters
    ----------
    name : str
        Key of `TASKS`.
    part : Part
        Its fitted model.
    examples : Examples
        The rows.
    literature : Literature
        With their papers.
    """
    designs = examples.designs
    domain = Domain.learn(
        part.featurizer.transform(designs),
        list(examples.papers),
        designs,
        [*numeric_columns(TASKS[name].record), "cycle"],
        {element for amounts in compositions_of(designs) for element in amounts or ()},
        {kind for kind in classes_of(designs) if kind},
        [_precedent(name, row, literature) for _, row in designs.iterrows()],
    )
    if TASKS[name].of_cells:
        domain.designs = [_values(row, CellDesign.model_fields) for _, row in designs.iterrows()]
    return domain


def with_looked_up_rows(name: str, part: Part, examples: Examples, literature: Literature) -> Examples:
    """Return the rows followed by those that are only looked up, which count among the nearest rows from now on.

    Parameters
    ----------
    name : str
        Key of `TASKS`.
    part : Part
        Its fitted model; the domain's `looked_up` is set.
    examples : Examples
        Rows it learned from.
    literature : Literature
        Tables with the rows that are looked up.
    """
    if not literature.looked_up:
        return examples
    every = TASKS[name].examples(replace(literature, electrolytes=literature.electrolytes + literature.looked_up))
    facts = every.take(np.arange(len(examples.designs), len(every.designs)))
    if part.domain:
        part.domain.looked_up = LookedUp(
            np.array(part.featurizer.transform(facts.designs), dtype=float),
            list(facts.papers),
            [_precedent(name, row, literature) for _, row in facts.designs.iterrows()],
        )
    return every


def _values(row: pd.Series, columns: Iterable[str]) -> dict[str, Any]:
    """Return the plain values of a row in some columns, those that are missing left out."""
    cells = {column: row[column] for column in columns if column in row.index}
    values = {column: cell.item() if isinstance(cell, np.generic) else cell for column, cell in cells.items()}
    return {column: value for column, value in values.items() if value is not None and value == value}


def _precedent(name: str, row: pd.Series, literature: Literature) -> dict[str, Any]:
    """Return a training row as a user is shown it: design, measured value and source."""
    paper = str(row["paper"])
    return {
        "row": row["row_id"],
        **_values(row, SHOWN),
        "measured": TASKS[name].measurement_text(row),
        "paper": paper,
        "doi": literature.doi(paper),
        "citation": literature.citation(paper),
    }
