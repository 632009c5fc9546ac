"""Descriptors to report with a measurement: those that candidates lack and that few measured cells state either."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.tables.described import DESCRIPTORS
from models.bundle import Bundle
from models.explain.measured_beside import known_values
from models.tasks.registry import TARGETS, task_of

NAMED = 4
"""Descriptors named for each target."""


@dataclass(frozen=True)
class ToReport:
    """A descriptor that would be worth reporting.

    Attributes
    ----------
    label : str
        As a battery engineer calls it.
    columns : tuple of str
        Columns of `Candidate`; one is enough.
    lacking : int
        Candidates that do not state it.
    known : float
        Share of the cells that the model learned from which state it.
    score : float
        Share of the candidates that lack it times the share of the model's cells that lack it, 0 to 1.
    """

    label: str
    columns: tuple[str, ...]
    lacking: int
    known: float
    score: float


def to_report(bundle: Bundle, designs: pd.DataFrame, target: str) -> list[ToReport]:
    """Rank the descriptors that candidates lack, those that measured cells state least first.

    Parameters
    ----------
    bundle : Bundle
        The model; without training designs in it nothing is ranked.
    designs : DataFrame, shape (n_designs, n_columns)
        Columns of `Candidate`.
    target : str
        A target of cells; other targets have no such descriptors.

    Returns
    -------
    list of ToReport
        Best first; what every candidate states is left out.
    """
    task = task_of(target)
    part = bundle.parts[task.name]
    if not task.of_cells or part.domain is None or not len(designs):
        return []
    ranked = []
    for descriptor in DESCRIPTORS:
        reported = np.array([descriptor.is_stated(design) for design in designs.to_dict("records")])
        known = float(np.isfinite([known_values(part, column) for column in descriptor.columns]).any(axis=0).mean())
        score = float((~reported).mean()) * (1 - known)
        if not reported.all():
            ranked.append(ToReport(descriptor.label, descriptor.columns, int((~reported).sum()), known, score))
    return sorted(ranked, key=lambda entry: -entry.score)


def report_text(bundle: Bundle, designs: pd.DataFrame, targets: Sequence[str]) -> list[str]:
    """Return lines that say which descriptors to report with the measured value, by target.

    Parameters
    ----------
    bundle : Bundle
        The model.
    designs : DataFrame, shape (n_designs, n_columns)
        Columns of `Candidate`.
    targets : sequence of str
        Those asked for.
    """
    lines = []
    for target in targets:
        ranked = to_report(bundle, designs, target)
        if ranked:
            lines.append(
                f"{TARGETS[target].label}, to report with the value (what fewest cells of the model state first):"
            )
        lines += [
            f"  {place}. {entry.label} ({' or '.join(entry.columns)}): {entry.lacking} of {len(designs)} candidates "
            f"lack it; stated by {100 * entry.known:.0f} % of the measured cells"
            for place, entry in enumerate(ranked[:NAMED], start=1)
        ]
    return lines
