"""Predictions moved by a laboratory's own measured designs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from features.feature import number
from features.tables.mistakes import InputError
from features.tables.records import Measured
from models.candidates import has_anode, usable_rows
from models.tasks.part import Part
from models.tasks.registry import TASKS

FAR_TEMPERATURE_C = 30.0
"""A design tested this far from every measured one gets a notice."""


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
    """Measured designs as the frame the models read; one column per field, empty where not given.

    Parameters
    ----------
    rows : iterable of Measured
        Measured designs.
    """
    return pd.DataFrame([row.model_dump() for row in rows], columns=list(Measured.model_fields))


def parse_measured(designs: Any) -> list[Measured]:
    """Measured designs from plain values.

    Parameters
    ----------
    designs : array
        List of objects, as JSON gives them.

    Raises
    ------
    InputError
        No list of objects, or any that cannot be used; all mistakes at once, rows counted from 1.
    """
    if not isinstance(designs, list) or not all(isinstance(values, dict) for values in designs):
        raise InputError("measured: expected a list of objects, one per measured design")
    return usable_rows(Measured, designs, "measured designs")


def own_rows(name: str, part: Part, measured: pd.DataFrame) -> OwnRows | None:
    """Read measured designs as rows of one part; None where they tell nothing of it.

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
    """Return measured values on the model's scale, shape (n_rows,).

    NaN where not given, where a cell's anode is not described, and where a value only bounds what is learnt.
    """
    values = TASKS[name].measured(partial(number, measured), part.settings)
    return np.where(has_anode(measured), values, np.nan) if TASKS[name].of_cells else values


def moved(
    part: Part,
    own: OwnRows,
    vectors: np.ndarray,
    temperature_c: np.ndarray,
    centre: np.ndarray,
    spread: np.ndarray,
    half: np.ndarray,
    level: float,
) -> tuple[np.ndarray, np.ndarray, list[list[str]]]:
    """Predictions and half widths after the laboratory's own measurements, with what is to be said of each design.

    Parameters
    ----------
    vectors, temperature_c : of the designs, shape (n_designs, n_features) and (n_designs,)
    centre, spread, half : without them, on the model's scale, shape (n_designs,)
    """
    if part.lab is None or part.domain is None:
        raise ValueError("this model was saved before own measurements could be used; train again")
    count = len(own.errors)
    to = part.domain.between(vectors, own.vectors)
    if not part.lab.kernel.shared:
        said = "your measured designs change nothing: the papers do not show that they would help"
        return centre, half, [[said] for _ in range(len(vectors))]
    among = part.domain.between(own.vectors, own.vectors)
    shift, _ = part.lab.kernel.shift(own.errors, among, to)
    changed = part.lab.half_width(among, to, spread, level)
    notices: list[list[str]] = []
    for row in range(len(vectors)):
        found = [f"moved by {count} measured design{'s' if count > 1 else ''} of yours"]
        if to[row].min() > part.domain.far:
            found.append(f"far from all of them (distance {to[row].min():.2f})")
        gap = np.abs(temperature_c[row] - own.temperature_c)
        if np.isfinite(gap).any() and np.nanmin(gap) > FAR_TEMPERATURE_C:
            found.append(f"tested {np.nanmin(gap):g} °C from the nearest of them")
        if changed is None:
            found.append("too few papers to calibrate the interval with them: its width is that without")
        notices.append(found)
    return centre + shift, half if changed is None else changed, notices
