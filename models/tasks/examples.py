"""Training examples: designs with labels, ready to fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.tables.literature import Literature
from features.tables.records import CellRow, ElectrolyteRow
from models.boosters.labels import Labels

ABOUT_WEIGHT = 0.5
"""Weight of a value printed with 'about'."""


@dataclass
class Examples:
    """Designs with labels, ready to fit.

    Attributes
    ----------
    designs : DataFrame
        Rows of the record model, with `paper`, `row_id` and, for cycling points, `cycles`.
    labels : Labels
        On the model's scale.
    """

    designs: pd.DataFrame
    labels: Labels

    @property
    def papers(self) -> np.ndarray:
        """Paper of each row, shape (n_rows,)."""
        return self.designs["paper"].to_numpy(dtype=object)

    @property
    def row_names(self) -> list[str]:
        """Name of each row across trainings: its id, for cycling points with the cycle; a second of a name is numbered.

        >>> designs = pd.DataFrame({"row_id": ["A1", "A1"], "cycle": [100.0, 250.0], "cycles": [99.0, 249.0]})
        >>> Examples(designs, Labels(np.zeros(2), np.zeros(2), np.ones(2))).row_names
        ['A1 at cycle 100', 'A1 at cycle 250']
        """
        names = self.designs["row_id"].astype(str)
        if "cycles" in self.designs:
            names = names + [f" at cycle {cycle:.10g}" for cycle in self.designs["cycle"]]
        seconds = names.groupby(names).cumcount()
        return [f"{name} ({second + 1})" if second else name for name, second in zip(names, seconds, strict=True)]

    def take(self, rows: np.ndarray) -> Examples:
        """Return some of the rows.

        Parameters
        ----------
        rows : ndarray of int
            Places of the rows.
        """
        return Examples(self.designs.iloc[rows].reset_index(drop=True), self.labels.take(rows))


def bounded_labels(value: np.ndarray, qualifiers: Sequence[str | None], high: np.ndarray | None = None) -> Labels:
    """Return labels of printed values: `<` and `>` are bounds, `~` counts half, `range` ends at `high`.

    Parameters
    ----------
    value : ndarray, shape (n_rows,)
        On the model's scale.
    qualifiers : sequence of str or None
        Printed before each value; None stands for `=`.
    high : ndarray, shape (n_rows,), optional
        Upper ends of ranges, on the model's scale.

    Examples
    --------
    >>> labels = bounded_labels(np.array([-3.0, -8.0]), ["~", "<"])
    >>> labels.lower.tolist(), labels.upper.tolist(), labels.weight.tolist()
    ([-3.0, -inf], [-3.0, -8.0], [0.5, 1.0])
    """
    marks = np.array([mark or "=" for mark in qualifiers])
    lower = np.where(marks == "<", -np.inf, value)
    upper = np.where(marks == ">", np.inf, value)
    if high is not None:
        upper = np.where(marks == "range", high, upper)
    return Labels(lower, upper, np.where(marks == "~", ABOUT_WEIGHT, 1.0))


def design_frame(rows: Sequence[ElectrolyteRow] | Sequence[CellRow], id_column: str) -> pd.DataFrame:
    """Return table rows as a frame of designs with `paper` and `row_id`.

    Parameters
    ----------
    rows : sequence of record rows
        Of one table.
    id_column : str
        Column that names a row of that table.
    """
    frame = pd.DataFrame([row.model_dump() for row in rows])
    return frame.assign(paper=[row.paper for row in rows], row_id=[getattr(row, id_column) for row in rows])


def cells_in_training(literature: Literature, *, liquid: bool = False) -> list[CellRow]:
    """Return cells in training.

    Parameters
    ----------
    literature : Literature
        Its table of cells.
    liquid : bool
        Whether cells with liquid or gel electrolyte, or with one that nothing names, are among them.
    """
    return [cell for cell in literature.cells if cell.in_training and (liquid or cell.state == "solid")]
