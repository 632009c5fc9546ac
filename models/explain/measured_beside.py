"""Measurements of the literature that a model learned from: beside predictions, never a prediction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from features.feature import Feature
from models.bundle import Bundle
from models.explain.readings import INVERSE_TEMPERATURE, reading
from models.explain.shap_values import training_vectors
from models.tasks.part import Part
from models.tasks.registry import TARGETS, TASKS, targets_of, task_of
from models.tasks.task import DEFAULT_CYCLE

PROVENANCE = ("row", "electrolyte", "anode", "doi", "citation")
"""What `nearest_measurements` says of a row beside its numbers."""
POINT_COLUMNS = ("value", "measured", "qualifier", "paper", "doi", "citation")


def feature_of(part: Part, column: str) -> Feature | None:
    """Return the feature that holds a candidate's column.

    Parameters
    ----------
    part : Part
    column : str
        Of `Candidate`.

    Returns
    -------
    Feature or None
        None where the part does not read the column as a number.
    """
    names = {column, f"log10_{column}"} | ({INVERSE_TEMPERATURE} if column == "temperature_c" else set())
    return next((feature for feature in part.featurizer.features_ if feature.name in names), None)


def known_values(part: Part, column: str) -> np.ndarray:
    """Return what the training designs say of a column.

    Parameters
    ----------
    part : Part
    column : str
        Of `Candidate`.

    Returns
    -------
    array, shape (n_rows,)
        In the unit of the column, NaN where it is not given; empty where the part carries no training designs.
    """
    feature = feature_of(part, column)
    if feature is None:
        return np.full(len(training_vectors(part)), np.nan)
    values = np.asarray(reading(feature).natural(_vector_column(part, feature.name)), dtype=float)
    if feature.name == INVERSE_TEMPERATURE and "temperature_not_given" in part.featurizer.get_feature_names_out():
        values = np.where(_vector_column(part, "temperature_not_given") == 1, np.nan, values)
    return values


def _vector_column(part: Part, name: str) -> np.ndarray:
    """Return a feature of the training designs as the model reads it, shape (n_rows,)."""
    return training_vectors(part)[name].to_numpy(dtype=float)


def measured_points(part: Part, column: str, target: str, cycle: float) -> pd.DataFrame:
    """Return what the literature measured of a target, against a column.

    A retention of another cycle is brought to `cycle` by the fade law, and so is one to the life.

    Parameters
    ----------
    part : Part
        Part that predicts the target.
    column : str
        Of `Candidate`.
    target : str
    cycle : float
        At which retention is wanted; read for no other target.

    Returns
    -------
    DataFrame
        Rows that give both: `value`, `measured` (in the target's unit), `qualifier` (=, ~, <, >, range), `paper`,
        `doi`, `citation`.
    """
    rows = []
    precedents = part.domain.precedents if part.domain else []
    for value, precedent in zip(known_values(part, column), precedents, strict=True):
        measured, qualifier = task_of(target).published(TARGETS[target], precedent, cycle - 1.0, part.settings)
        if np.isfinite(value) and np.isfinite(measured):
            source = (str(precedent.get(name, "")) for name in POINT_COLUMNS[3:])
            rows.append((float(value), measured, qualifier, *source))
    return pd.DataFrame(rows, columns=list(POINT_COLUMNS))


def nearest_measurements(bundle: Bundle, columns: Sequence[str], designs: pd.DataFrame) -> pd.DataFrame:
    """Return the measured rows that the models of some columns learned from, those nearest to designs first.

    Parameters
    ----------
    bundle : Bundle
    columns : sequence of str
        Targets, and columns of a design.
    designs : DataFrame, shape (n_designs, n_columns)
        Columns of `Candidate`.

    Returns
    -------
    DataFrame
        `distance` to the nearest of the designs in standard deviations, the columns of `PROVENANCE`, and the columns
        named, NaN where a paper does not say. A row stands here where it measured a target among the columns;
        retention only where it is that of cycle 100.
    """
    parts = list(dict.fromkeys(task_of(column).name for column in columns if column in TARGETS))
    if len(parts) > 1:  # the cells of the other models state theirs
        parts = [name for name in parts if not TASKS[name].is_given_to_cells]
    rows: dict[str, dict[str, Any]] = {}
    for name in parts:
        domain = bundle.parts[name].domain
        if domain is None:
            continue
        vectors = bundle.parts[name].featurizer.transform(bundle.designs_for(name, designs))
        distance = domain.distances(vectors).min(axis=0)
        known = {column: _reported(bundle.parts[name], column) for column in columns if column not in targets_of(name)}
        for place, precedent in enumerate(domain.precedents):
            source = {key: precedent.get(key, "") for key in PROVENANCE}
            row = rows.setdefault(str(precedent["row"]), {"distance": distance[place], **source})
            for column in columns:
                value = _measured(precedent, column)
                if value is None and column in known:
                    value = known[column][place]
                if value is not None and not np.isnan(value):
                    row[column] = value
    table = pd.DataFrame(list(rows.values()), columns=["distance", *PROVENANCE, *columns])
    table = table.sort_values("distance", kind="stable")
    measured = table[[column for column in columns if column in TARGETS]].notna().any(axis=1)
    return table[measured].reset_index(drop=True)


def _measured(precedent: Mapping[str, Any], column: str) -> float | None:
    if column in TARGETS and TARGETS[column].at_cycle and precedent.get("cycle") != DEFAULT_CYCLE:
        return None
    value = precedent.get(column)
    return float(value) if isinstance(value, int | float) else None


def _reported(part: Part, column: str) -> np.ndarray:
    """Return what the training designs state of a column, no prediction among it, shape (n_rows,); no temperatures."""
    if column == "temperature_c":
        return np.full(len(training_vectors(part)), np.nan)
    values = known_values(part, column)
    is_link = column in TARGETS and task_of(column).is_given_to_cells
    if is_link and "conductivity_predicted" in part.featurizer.get_feature_names_out():
        values = np.where(_vector_column(part, "conductivity_predicted") == 0, values, np.nan)
    return values
