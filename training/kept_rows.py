"""Rows that a model keeps: those it learned from, and those of public tables that are only looked up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from features.composition import composition_of
from features.electrolyte import classes_of
from features.tables.columns import numeric_columns
from features.tables.literature import Literature
from features.tables.records import CellDesign
from models.domain import Domain, LookedUp
from models.tasks.examples import Examples
from models.tasks.part import Part
from models.tasks.registry import TASKS

SHOWN = (
    "electrolyte", "anode", "counter_electrode", "temperature_c", "conductivity_s_per_cm", "conductivity_qualifier",
    "ice_pct", "ice_qualifier", "cycle", "retention_pct", "qualifier",
)  # fmt: skip
"""Columns of a training row that a user is shown beside a prediction."""


def domain_of(name: str, part: Part, examples: Examples, literature: Literature) -> Domain:
    """Return what a model keeps of the rows it learned from: where it may be asked, and what is shown beside an answer.

    Parameters
    ----------
    name : str
        Key of `TASKS`.
    part : Part
        Its fitted model.
    examples : Examples
        The rows.
    literature : Literature
        Whose papers tell them.
    """
    designs = examples.designs
    known = [
        composition_of(str(row["electrolyte"] or ""), str(row["composition"] or "")) or {}
        for _, row in designs.iterrows()
    ]
    domain = Domain.learn(
        part.featurizer.transform(designs),
        list(examples.papers),
        designs,
        [*numeric_columns(TASKS[name].record), "cycle"],
        {element for amounts in known for element in amounts},
        {held for held in classes_of(designs) if held},
        [_precedent(name, row, literature) for _, row in designs.iterrows()],
    )
    if TASKS[name].of_cells:
        domain.designs = [_stated(row, list(CellDesign.model_fields)) for _, row in designs.iterrows()]
    return domain


def with_looked_up_rows(name: str, part: Part, examples: Examples, literature: Literature) -> Examples:
    """Return the rows with those that are looked up after them, and let these stand among the nearest rows.

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


def _stated(row: pd.Series, columns: Iterable[str]) -> dict[str, Any]:
    """Return the columns of a row that state something, as plain values."""
    given = {column: row[column] for column in columns if column in row.index}
    given = {column: value for column, value in given.items() if value is not None and value == value}
    return {column: value.item() if isinstance(value, np.generic) else value for column, value in given.items()}


def _precedent(name: str, row: pd.Series, literature: Literature) -> dict[str, Any]:
    """Return what a user is shown of a training row: what it was, what was measured, and where that is written."""
    paper = str(row["paper"])
    return {
        "row": row["row_id"],
        **_stated(row, SHOWN),
        "measured": TASKS[name].measurement_text(row),
        "paper": paper,
        "doi": literature.doi(paper),
        "citation": literature.citation(paper),
    }
