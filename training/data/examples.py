"""Literature rows as designs with labels, ready to fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.composition import composition_of
from features.tables.fields import LIQUID_CLASSES
from features.tables.records import CellRow, ElectrolyteRow
from models.ensemble import Labels
from models.tasks.fade_law import ABOUT_WEIGHT
from training.data.integrity import computed_retention
from training.data.literature import Literature


@dataclass
class Examples:
    """Designs with labels, ready to fit.

    Attributes
    ----------
    designs : rows of the record model as a frame, with `paper`, `row_id` and, for cycling points, `cycles`
    labels : on the model's scale
    """

    designs: pd.DataFrame
    labels: Labels

    @property
    def papers(self) -> np.ndarray:
        """Paper of each row."""
        return self.designs["paper"].to_numpy(dtype=object)

    def take(self, rows: np.ndarray) -> Examples:
        """Some of the rows."""
        return Examples(self.designs.iloc[rows].reset_index(drop=True), self.labels.take(rows))


def _bounds(value: np.ndarray, qualifier: Sequence[str | None], high: np.ndarray | None = None) -> Labels:
    marks = np.array([mark or "=" for mark in qualifier])
    lower = np.where(marks == "<", -np.inf, value)
    upper = np.where(marks == ">", np.inf, value)
    if high is not None:
        upper = np.where(marks == "range", high, upper)
    return Labels(lower, upper, np.where(marks == "~", ABOUT_WEIGHT, 1.0))


def conductivity_examples(literature: Literature) -> Examples:
    """Electrolyte measurements in training: log10 S/cm, with bounds and ranges as such. Liquids are left out."""
    rows = [
        row
        for row in literature.electrolytes
        if row.in_training and row.conductivity_s_per_cm and row.electrolyte_class != "liquid"
    ]
    frame = _frame(rows, "measurement_id")
    value = np.log10(np.array([row.conductivity_s_per_cm for row in rows], dtype=float))
    high = np.log10(np.array([row.conductivity_high_s_per_cm or np.nan for row in rows], dtype=float))
    return Examples(frame, _bounds(value, [row.conductivity_qualifier for row in rows], high))


def ice_examples(literature: Literature, *, liquid: bool = False) -> Examples:
    """Cells with an initial Coulombic efficiency, in %; cells with liquid or gel electrolyte only where `liquid` is
    set."""
    rows = [row for row in _cells(literature, liquid) if row.ice_pct is not None]
    labels = _bounds(np.array([row.ice_pct for row in rows], dtype=float), [row.ice_qualifier for row in rows])
    return Examples(_frame(rows, "cell_id"), Labels(labels.lower, np.minimum(labels.upper, 100.0), labels.weight))


def cycling_points(literature: Literature, *, liquid: bool = False) -> pd.DataFrame:
    """Cycling points of cells in training, with the cell's design.

    Returns
    -------
    DataFrame
        Columns of `CellRow`, and `paper`, `row_id` (the cell), `cycles` (after the reference cycle), `retention_pct`
        (as printed, else
        from the two capacities; above 100 counts as 100), `qualifier`, `printed` (False where computed).
    """
    cells = {cell.cell_id: cell for cell in _cells(literature, liquid)}
    rows = []
    for point in literature.cycling:
        cell = cells.get(point.cell_id)
        if cell is None or not point.in_training:
            continue
        reference = point.reference_cycle or 1.0
        retention: float | None = point.retention_pct
        qualifier: str | None = point.retention_qualifier
        if retention is None:
            retention, qualifier = computed_retention(point, cell) or (None, None)
        if retention is None or point.cycle <= reference:
            continue
        rows.append(
            {
                **cell.model_dump(),
                "paper": cell.paper,
                "row_id": cell.cell_id,
                "cycles": point.cycle - reference,
                "cycle": point.cycle,
                "retention_pct": min(retention, 100.0),
                "qualifier": qualifier or "=",
                "printed": point.retention_pct is not None,
            }
        )
    columns = [*CellRow.model_fields, "paper", "row_id", "cycles", "cycle", "retention_pct", "qualifier", "printed"]
    return pd.DataFrame(rows, columns=columns)


def _cells(literature: Literature, liquid: bool) -> list[CellRow]:
    return [
        cell
        for cell in literature.cells
        if cell.in_training and (liquid or cell.electrolyte_class not in LIQUID_CLASSES)
    ]


def _frame(rows: Sequence[ElectrolyteRow] | Sequence[CellRow], id_column: str) -> pd.DataFrame:
    frame = pd.DataFrame([row.model_dump() for row in rows])
    return frame.assign(paper=[row.paper for row in rows], row_id=[getattr(row, id_column) for row in rows])


def chemical_key(design: pd.Series) -> str:
    """Composition of a design as a word, rounded to three decimals of atomic fraction; its name where no stoichiometry
    is known."""
    name, formula = (
        str(each) if isinstance(each, str) else "" for each in (design["electrolyte"], design["composition"])
    )
    amounts = composition_of(name, formula)
    if not amounts:
        return " ".join(name.lower().split())
    total = sum(amounts.values())
    return " ".join(f"{element}{amounts[element] / total:.3f}" for element in sorted(amounts))
