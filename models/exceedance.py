"""Probability that a value exceeds a limit: the conformal intervals, read backwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from models.tasks.registry import NOT_LEARNED, TARGETS, task_of


def probability_column(column: str, limit: float) -> str:
    """Column of the probability, 0 to 1, that a target lies above a limit.

    Parameters
    ----------
    column : str
        Of a target.
    limit : float
        In the target's unit.
    """
    return f"{column}_above_{limit:g}_probability"


def parse_limits(texts: Sequence[str]) -> dict[str, float]:
    """Limits written as `conductivity_s_per_cm=1e-4`.

    Parameters
    ----------
    texts : sequence of str
        Such as `conductivity_s_per_cm=1e-4`.

    Raises
    ------
    ValueError
        Another form, the same target twice, or as `check_limits`.
    """
    limits: dict[str, float] = {}
    for text in texts:
        column, _, written = text.partition("=")
        try:
            limit = float(written)
        except ValueError:
            limit = np.nan
        if not np.isfinite(limit):
            raise ValueError(f"--above: got {text!r}, expected a target, = and a number: conductivity_s_per_cm=1e-4")
        if column in limits:
            raise ValueError(f"--above: got two limits of {column}, expected one of each target")
        limits[column] = limit
    return check_limits(limits)


def check_limits(above: Mapping[str, float]) -> dict[str, float]:
    """The limits as given, by column of `TARGETS`, in the targets' units.

    Parameters
    ----------
    above : mapping of str to float
        Limits by target column, in the targets' units.

    Raises
    ------
    ValueError
        No such target, or a limit that no value of it could pass.
    """
    for column, limit in above.items():
        if column not in TARGETS:
            reason = NOT_LEARNED.get(column, "unknown target")
            raise ValueError(f"limit of {column}: {reason}, expected one of {', '.join(TARGETS)}")
        low, high = task_of(column).limits(TARGETS[column])
        if not low < limit < high:
            raise ValueError(f"limit of {column}: got {limit:g}, expected a number between {low:g} and {high:g}")
    return dict(above)
