"""What the literature measured, on the axes a screening ranks by: a mark beside predictions, never a prediction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from models.bundle import Bundle
from models.predictor import DEFAULT_CYCLE
from models.tasks.conductivity import CONDUCTIVITY
from models.tasks.part import Part, with_conductivity
from models.tasks.registry import LINK, TARGETS, targets_of, task_of

TOLD = ("row", "electrolyte", "anode", "doi", "citation")
AWAY = "distance"
ONE_PLUS = "log10 (1 +"


def literature(bundle: Bundle, columns: Sequence[str], designs: pd.DataFrame) -> pd.DataFrame:
    """The measured rows the models of these columns learned from, those nearest to the designs first.

    Parameters
    ----------
    columns : targets and columns of a design
    designs : shape (n_designs, n_columns)

    Returns
    -------
    DataFrame
        The columns, NaN where a paper does not say, `TOLD`, and the distance. A row stands here where it measured a
        target among the columns; retention only where it is that of `DEFAULT_CYCLE`.
    """
    parts = list(dict.fromkeys(task_of(column).name for column in columns if column in TARGETS))
    if len(parts) > 1 and LINK in parts:
        parts.remove(LINK)  # the cells of the other models state theirs
    rows: dict[str, dict[str, Any]] = {}
    for name in parts:
        part = bundle.parts[name]
        stated = {column: _stated(part, column) for column in columns}
        away = _away(bundle, part, designs)
        for place, told in enumerate(part.domain.precedents if part.domain else []):
            row = rows.setdefault(str(told["row"]), {AWAY: away[place]} | {key: told.get(key, "") for key in TOLD})
            for column in columns:
                measured = _measured(told, column)
                value = stated[column][place] if measured is None and column not in _own(name) else measured
                if value is not None and not np.isnan(value):
                    row[column] = value
    table = pd.DataFrame(list(rows.values()), columns=[AWAY, *TOLD, *columns]).sort_values(AWAY, kind="stable")
    known = [column for column in columns if column in TARGETS]
    return table[table[known].notna().any(axis=1)].reset_index(drop=True)


def _away(bundle: Bundle, part: Part, designs: pd.DataFrame) -> np.ndarray:
    """Distance of each training row to the nearest of the designs, shape (n_rows,)."""
    if part.domain is None:
        return np.empty(0)
    vectors = part.featurizer.transform(with_conductivity(designs, bundle.parts[LINK]))
    return np.asarray(part.domain.distances(vectors).min(axis=0))


def _own(part: str) -> list[str]:
    return targets_of(part)


def _measured(told: dict[str, Any], column: str) -> float | None:
    if TARGETS.get(column) and TARGETS[column].at_cycle and told.get("cycle") != DEFAULT_CYCLE:
        return None
    value = told.get(column)
    return float(value) if isinstance(value, (int, float)) else None


def _stated(part: Part, column: str) -> np.ndarray:
    """What the training vectors say of a column, in its unit, shape (n_rows,); NaN where they do not."""
    names = list(part.featurizer.get_feature_names_out())
    if part.domain is None or not {column, f"log10_{column}"} & set(names):
        return np.full(len(part.domain.precedents) if part.domain else 0, np.nan)
    place = names.index(column) if column in names else names.index(f"log10_{column}")
    values = part.domain.vectors[:, place]
    if column == CONDUCTIVITY.column and "conductivity_predicted" in names:
        predicted = part.domain.vectors[:, names.index("conductivity_predicted")]
        values = np.where(predicted == 0, values, np.nan)
    if names[place] == column:
        return np.asarray(values)
    return np.asarray(10.0**values - (1.0 if part.featurizer.features_[place].unit.startswith(ONE_PLUS) else 0.0))
