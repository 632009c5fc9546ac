"""Predictions moved by a laboratory's own measured designs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from features.feature import number
from features.records import Measured
from features.tables import InputError, Mistake, parse_row
from models import lifetime
from models.parts import Part

FAR_TEMPERATURE_C = 30.0
"""A design tested this far from every measured one gets a notice."""
MEASURED_COLUMNS = {
    "conductivity": ("conductivity_s_per_cm",),
    "ice": ("ice_pct",),
    "fade": ("retention_pct", "cycle_life_80"),
}
"""Columns of a measured design that tell of each part."""


@dataclass(frozen=True)
class OwnRows:
    """Measured designs of one part.

    Attributes
    ----------
    vectors : their features
    errors : measured minus predicted, on the model's scale
    temperature_c : of the tests, NaN where not given
    """

    vectors: pd.DataFrame
    errors: np.ndarray
    temperature_c: np.ndarray


def measured_frame(rows: Iterable[Measured]) -> pd.DataFrame:
    """Measured designs as the frame the models read; one column per field, empty where not given."""
    return pd.DataFrame([row.model_dump() for row in rows], columns=list(Measured.model_fields))


def parse_measured(designs: Sequence[Mapping[str, Any]]) -> list[Measured]:
    """Measured designs from plain values.

    Raises
    ------
    InputError
        Any that cannot be used; all mistakes at once, rows counted from 1.
    """
    rows, mistakes = list[Measured](), list[Mistake]()
    for number_, values in enumerate(designs, start=1):
        row = parse_row(Measured, dict(values), number_)
        if isinstance(row, list):
            mistakes += row
        else:
            rows.append(row)
    if mistakes:
        raise InputError(f"{len(mistakes)} mistakes in the measured designs", mistakes)
    return rows


def own_rows(name: str, part: Part, measured: pd.DataFrame) -> OwnRows | None:
    """What measured designs tell of a part; None where they tell nothing.

    Parameters
    ----------
    measured : columns of `Measured`, for cells with the column of `with_conductivity`

    Raises
    ------
    ValueError
        The model keeps nothing to use own measurements with.
    """
    values = _labels(name, part, measured)
    told = np.flatnonzero(np.isfinite(values))
    if not len(told):
        return None
    if part.lab is None or part.domain is None:
        raise ValueError("this model was saved before own measurements could be used; train again")
    rows = measured.iloc[told].reset_index(drop=True)
    predicted, _ = part.predict(rows)
    return OwnRows(part.featurizer.transform(rows), values[told] - predicted, number(rows, "temperature_c"))


def _labels(name: str, part: Part, measured: pd.DataFrame) -> np.ndarray:
    """Measured values on the model's scale, NaN where not given, shape (n_rows,)."""
    if name == "ice":
        return number(measured, "ice_pct")
    with np.errstate(divide="ignore", invalid="ignore"):
        if name == "conductivity":
            return np.asarray(np.log10(number(measured, "conductivity_s_per_cm")))
        printed = np.log10(number(measured, "cycle_life_80") - 1)
        curve = lifetime.log10_life(
            number(measured, "cycle") - 1, number(measured, "retention_pct"), part.settings["shape"]
        )
    return np.asarray(np.where(np.isfinite(printed), printed, curve))


def moved(
    part: Part,
    own: OwnRows,
    frame: pd.DataFrame,
    centre: np.ndarray,
    spread: np.ndarray,
    half: np.ndarray,
    level: float,
) -> tuple[np.ndarray, np.ndarray, list[list[str]]]:
    """Predictions and half widths after the laboratory's own measurements, with what is to be said of each design.

    Parameters
    ----------
    centre, spread, half : without them, on the model's scale, shape (n_designs,)
    """
    if part.lab is None or part.domain is None:
        raise ValueError("this model was saved before own measurements could be used; train again")
    count = len(own.errors)
    to = part.domain.between(part.featurizer.transform(frame), own.vectors)
    shift, left = part.lab.kernel.shift(own.errors, part.domain.between(own.vectors, own.vectors), to)
    narrowed = part.lab.half_width(count, np.hypot(left, spread), level)
    temperature = number(frame, "temperature_c")
    notices: list[list[str]] = []
    for row in range(len(frame)):
        found = [f"moved by {count} measured design{'s' if count > 1 else ''} of yours"]
        if not part.lab.kernel.shared:
            found = ["your measured designs change nothing: the papers do not show that they would help"]
        if to[row].min() > part.domain.far:
            found.append(f"far from all of them (distance {to[row].min():.2f})")
        gap = np.abs(temperature[row] - own.temperature_c)
        if np.isfinite(gap).any() and np.nanmin(gap) > FAR_TEMPERATURE_C:
            found.append(f"tested {np.nanmin(gap):g} °C from the nearest of them")
        if narrowed is None:
            found.append("too few papers to calibrate the interval with them: its width is that without")
        notices.append(found)
    return centre + shift, half if narrowed is None else narrowed, notices
