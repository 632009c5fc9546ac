"""The training designs of a part as points on a picture: the value of one column, and what was measured."""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.feature import Feature
from models import lifetime
from models.explain.words import INVERSE_TEMPERATURE, reading
from models.parts import Part
from models.targets import CONDUCTIVITY, ICE, LIFE, TARGETS


def feature_of(part: Part, column: str) -> Feature | None:
    """The feature that holds a candidate's column; None where the part does not read it as a number."""
    names = {feature.name: feature for feature in part.featurizer.features_}
    held = INVERSE_TEMPERATURE if column == "temperature_c" and INVERSE_TEMPERATURE in names else ""
    found = [name for name in names if name in (column, held) or _bare(name) == column]
    return names[found[0]] if found else None


def _bare(name: str) -> str:
    return name.removeprefix("log10_")


def known_values(part: Part, column: str) -> np.ndarray:
    """Value of a column for each training design, NaN where it is not given, shape (n_rows,)."""
    feature = feature_of(part, column)
    if feature is None or part.domain is None:
        return np.full(len(part.domain.vectors) if part.domain else 0, np.nan)
    names = [each.name for each in part.featurizer.features_]
    values = np.asarray(reading(feature).natural(part.domain.vectors[:, names.index(feature.name)]), dtype=float)
    if "temperature_not_given" in names and feature.name == INVERSE_TEMPERATURE:
        values = np.where(part.domain.vectors[:, names.index("temperature_not_given")] == 1, np.nan, values)
    return values


def points(part: Part, column: str, target: str, cycle: float) -> pd.DataFrame:
    """What the literature measured, against a column.

    A retention of another cycle is brought to `cycle` by the fade law, and so is one to the life.

    Returns
    -------
    DataFrame
        Rows that give both: `value`, `measured` (in the target's unit), `qualifier` (=, ~, <, >, range), `paper`,
        `doi`, `citation`.
    """
    columns = ["value", "measured", "qualifier", "paper", "doi", "citation"]
    rows = []
    for value, held in zip(known_values(part, column), part.domain.precedents if part.domain else [], strict=True):
        measured, qualifier = _measured(part, held, target, cycle)
        if np.isfinite(value) and np.isfinite(measured):
            rows.append((float(value), measured, qualifier, *(str(held.get(name, "")) for name in columns[3:])))
    return pd.DataFrame(rows, columns=columns)


def _measured(part: Part, held: dict[str, object], target: str, cycle: float) -> tuple[float, str]:
    if target in (CONDUCTIVITY.column, ICE.column):
        mark = "conductivity_qualifier" if target == CONDUCTIVITY.column else "ice_qualifier"
        return _number(held.get(target)), str(held.get(mark) or "=")
    shape = part.settings["shape"]
    life = lifetime.log10_life(_number(held.get("cycle")) - 1.0, _number(held.get("retention_pct")), shape)
    qualifier = str(held.get("qualifier") or "=")
    if _number(held.get("retention_pct")) >= lifetime.HIGHEST_INFORMATIVE_PCT:
        qualifier = ">"
    if target == LIFE.column:
        return float(np.clip(1.0 + 10.0**life, LIFE.low, LIFE.high)), qualifier
    return float(lifetime.retention_pct(life, cycle - 1.0, shape)), qualifier


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")


def unread(part: Part, column: str, target: str) -> str:
    """Why a column cannot be varied for a target; empty where it can."""
    if feature_of(part, column) is None:
        return f"the model of {TARGETS[target].label} does not read {column}"
    if not np.isfinite(known_values(part, column)).any():
        return f"no training design of {TARGETS[target].label} states {column}: nothing is known of its effect"
    return ""
