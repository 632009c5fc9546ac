"""One column of a design changed and nothing else: prediction, interval, and what the literature measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.explain.measured_beside import feature_of, known_values, measured_points
from models.predictor import Predictor
from models.tasks.part import Part
from models.tasks.registry import TARGETS, task_of
from models.tasks.task import asked_cycles

STEPS = 61
DECADES = 1.0
"""From this many decades on, a column that starts above zero is swept on a logarithmic axis."""
FLAT = 1e-6
"""Relative change of a prediction that counts as none."""


@dataclass
class Sweep:
    """Predictions along one column.

    Attributes
    ----------
    design, column, target : str
        Name of the design that was swept, over which column, and for which target.
    table : DataFrame
        `value` (in the column's unit), `predicted` (NaN without a point), `low`, `high` (in the target's),
        `distance` (to the nearest training design, in standard deviations), `inside` (whether that is within the
        domain).
    known : DataFrame
        Literature points, as `measured_points` gives them.
    given : float
        Value of the design itself, NaN where it gives none.
    cycle : float
        At which retention is predicted.
    log : bool
        Whether the column is on a logarithmic axis.
    """

    design: str
    column: str
    target: str
    table: pd.DataFrame
    known: pd.DataFrame
    given: float
    cycle: float
    log: bool

    @property
    def is_told(self) -> bool:
        """Return whether every point is predicted; else the ends are the range of comparable papers."""
        return bool(self.table["predicted"].notna().all())

    @property
    def is_flat(self) -> bool:
        """True where every point is predicted, and the same."""
        return self.is_told and bool(
            np.ptp(self.table["predicted"]) <= FLAT * float(self.table["predicted"].abs().max())
        )


def grid(lowest: float, highest: float, count: int, given: float = np.nan) -> tuple[np.ndarray, bool]:
    """Return values from the lowest to the highest, and whether they are spaced by logarithm.

    Parameters
    ----------
    lowest, highest : float
        Ends, above zero for a logarithmic spacing, which begins at one decade.
    count : int
        Values to space.
    given : float
        One more value to have among them, also outside the ends; NaN for none.

    Examples
    --------
    >>> grid(1, 100, 3)[0].tolist(), grid(0, 100, 3, given=20.0)[0].tolist()
    ([1.0, 10.0, 100.0], [0.0, 20.0, 50.0, 100.0])
    """
    low, high = np.nanmin([lowest, given]), np.nanmax([highest, given])
    log = bool(low > 0 and np.log10(high / low) >= DECADES)
    values = np.geomspace(low, high, count) if log else np.linspace(low, high, count)
    return np.unique(np.append(values, given if np.isfinite(given) else low)), log


def sweep(predictor: Predictor, design: pd.DataFrame, name: str, column: str, target: str) -> Sweep | str:
    """Predict one design along a column.

    The sweep runs over the values that the training designs state, and to the design's own where that lies outside.

    Parameters
    ----------
    predictor : Predictor
    design : DataFrame, shape (1, n_columns)
        Columns of `Candidate`.
    name : str
        What to call the design.
    column, target : str
        Column to change, and target to predict.

    Returns
    -------
    Sweep or str
        A sentence where the column cannot be swept for the target.
    """
    part = predictor.bundle.parts[task_of(target).name]
    if (reason := unread(part, column, target)) or part.domain is None:
        return reason or "this model carries no training designs"
    known = known_values(part, column)
    own = design[column].iloc[0] if column in design else None
    own_value = float("nan") if own is None else float(own)
    values, log = grid(float(np.nanmin(known)), float(np.nanmax(known)), STEPS, own_value)
    varied = pd.concat([design] * len(values), ignore_index=True).assign(**{column: values})
    answers = predictor.predict(varied, targets=[target], precedents=0, points=False).table
    if answers[f"{target}_low"].isna().all():
        return f"{name} says too little for {TARGETS[target].label}"
    vectors = part.featurizer.transform(predictor.bundle.designs_for(task_of(target).name, varied))
    distance = part.domain.nearest_distance(vectors)
    table = pd.DataFrame(
        {
            "value": values,
            "predicted": answers[target].to_numpy(dtype=float),
            "low": answers[f"{target}_low"].to_numpy(dtype=float),
            "high": answers[f"{target}_high"].to_numpy(dtype=float),
            "distance": distance,
            "inside": distance <= part.domain.far,
        }
    )
    cycle = float(asked_cycles(design)[0])
    return Sweep(name, column, target, table, measured_points(part, column, target, cycle), own_value, cycle, log)


def unread(part: Part, column: str, target: str) -> str:
    """Return why a column cannot be varied for a target; empty where it can.

    Parameters
    ----------
    part : Part
        Part that predicts the target.
    column, target : str
    """
    if feature_of(part, column) is None:
        return f"the model of {TARGETS[target].label} does not read {column}"
    if not np.isfinite(known_values(part, column)).any():
        return f"no training design of {TARGETS[target].label} states {column}: nothing is known of its effect"
    return ""
