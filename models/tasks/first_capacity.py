"""First capacity of a cell per gram of anode, log10 mAh/g."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pandas as pd

from features.tables.literature import Literature
from features.tables.records import CellRow
from models.ensemble import Recipe
from models.tasks.examples import Examples, bounded_labels, design_frame
from models.tasks.ice import CALM, cells_in_training
from models.tasks.target import Target
from models.tasks.task import Settings, Task

FIRST_CAPACITY = Target(
    "first_capacity_mah_per_g", "first capacity", "mAh/g", True, 1.0, 6000.0, "decades", ".0f",
    qualifier="first_capacity_qualifier",
)  # fmt: skip
ANODE_BASES = ("silicon", "composite", "electrode")


def capacity_basis(cell: CellRow) -> str | None:
    """Return the mass that a cell's first capacity is counted by: as stated, else as far as the cell itself shows it.

    Parameters
    ----------
    cell : CellRow
        A cell with a first capacity.

    Returns
    -------
    str or None
        `silicon`, `composite` or `electrode`; `cathode`; `anode` where a half cell does not say which of the three;
        None where a full cell says nothing, whose capacity may be the cathode's.
    """
    if cell.first_capacity_basis:
        return cell.first_capacity_basis
    if cell.cell_type != "half":
        return None
    return "silicon" if cell.silicon_wt_pct == 100 else "anode"


def capacities_in_training(literature: Literature) -> list[CellRow]:
    """Return cells in training whose first capacity is per gram of anode.

    Parameters
    ----------
    literature : Literature
        Its table of cells.
    """
    return [
        cell
        for cell in cells_in_training(literature)
        if cell.first_capacity_mah_per_g and capacity_basis(cell) in (*ANODE_BASES, "anode")
    ]


class FirstCapacityTask(Task):
    """First capacity per gram of anode.

    Not one of the quantities that are fitted by default: on papers never seen it has shown no skill
    (`python -m benchmarks.cells`). `models.tasks.registry.register` makes it one.
    """

    name = "first_capacity"
    targets = (FIRST_CAPACITY,)
    label = summary = outcome = result = FIRST_CAPACITY.label
    axis = "first capacity (mAh per g of anode)"
    scale_unit = "log10 mAh/g"
    log10_scale = True
    measured_columns = (FIRST_CAPACITY.column,)
    recipes: ClassVar[Mapping[str, Recipe]] = {
        "few trees": Recipe(rounds=60),
        "half believed": CALM,
        "hardly believed": replace(CALM, shrink=0.2),
    }

    def examples(self, literature: Literature) -> Examples:
        """Return cells with a first capacity per gram of anode.

        Parameters
        ----------
        literature : Literature
            All tables.
        """
        rows = capacities_in_training(literature)
        value = np.log10(np.array([row.first_capacity_mah_per_g for row in rows], dtype=float))
        labels = bounded_labels(value, [row.first_capacity_qualifier for row in rows])
        return Examples(design_frame(rows, "cell_id"), labels)

    def without_rows(self, literature: Literature, row_names: Set[str]) -> Literature:
        """Return the literature with the first capacity of some cells taken away; the cells stay.

        Parameters
        ----------
        literature : Literature
            All tables.
        row_names : set of str
            Ids of cells.
        """
        cells = [
            cell.model_copy(update={FIRST_CAPACITY.column: None}) if cell.cell_id in row_names else cell
            for cell in literature.cells
        ]
        return replace(literature, cells=cells)

    def measurement_text(self, row: pd.Series) -> str:
        """Return a first capacity in words: `> 2570 mAh/g`.

        Parameters
        ----------
        row : Series
            A row of the examples' designs.
        """
        return f"{row[FIRST_CAPACITY.qualifier] or '='} {row[FIRST_CAPACITY.column]:g} mAh/g"

    def measured(self, number: Callable[[str], np.ndarray], settings: Settings) -> np.ndarray:
        """Return measured first capacities, log10 mAh/g.

        Parameters
        ----------
        number, settings
            As for `Task.measured`.
        """
        return np.asarray(np.log10(number(FIRST_CAPACITY.column)))
