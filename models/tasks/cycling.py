"""Cycling points of cells: retention as printed, else from two capacities."""

from __future__ import annotations

import pandas as pd

from features.tables.literature import Literature
from features.tables.records import CellRow, CyclingRow
from models.tasks.examples import cells_in_training


def cycling_points(literature: Literature, *, liquid: bool = False) -> pd.DataFrame:
    """Return cycling points of cells in training, with the cell's design.

    Parameters
    ----------
    literature : Literature
        Its tables of cells and cycling.
    liquid : bool
        Whether cells with liquid or gel electrolyte are among them.

    Returns
    -------
    DataFrame
        Columns of `CellRow`, and `paper`, `row_id` (the cell), `cycles` (after the reference cycle), `retention_pct`
        (as printed, else from the two capacities; above 100 counts as 100), `qualifier`, `printed` (False where
        computed).
    """
    cells = {cell.cell_id: cell for cell in cells_in_training(literature, liquid=liquid)}
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


def computed_retention(point: CyclingRow, cell: CellRow) -> tuple[float, str] | None:
    """Return the retention in % from two capacities, and its qualifier; None where they do not give one.

    They must be on the same basis and count from the first cycle. A capacity over a first capacity known only from
    below is at most that retention; two bounds that pull apart say nothing.

    Parameters
    ----------
    point : CyclingRow
        With a capacity in mAh/g or mAh/cm2.
    cell : CellRow
        Its cell, with the first capacity on the same basis.
    """
    if point.reference_cycle not in (None, 1.0):
        return None
    pairs = [
        (point.capacity_mah_per_g, cell.first_capacity_mah_per_g),
        (point.areal_capacity_mah_per_cm2, cell.first_areal_capacity_mah_per_cm2),
    ]
    retention = next((100 * capacity / first for capacity, first in pairs if capacity is not None and first), None)
    first_mark = cell.first_capacity_qualifier or "="
    turned = {"<": ">", ">": "<"}.get(first_mark, first_mark)
    marks = {mark for mark in (point.capacity_qualifier or "=", turned) if mark != "="}
    if retention is None or marks >= {"<", ">"}:
        return None
    return retention, next(iter(marks & {"<", ">"} or marks), "=")
