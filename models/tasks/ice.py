"""Initial Coulombic efficiency of a cell, in per cent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pandas as pd

from features.tables.literature import Literature
from features.tables.records import CellRow
from models.ensemble import Labels, Recipe
from models.tasks.examples import Examples, bounded_labels, cells_in_training, design_frame
from models.tasks.target import Target
from models.tasks.task import CALM, Settings, Task

ICE = Target(
    "ice_pct", "initial Coulombic efficiency", "%", False, 0.0, 100.0, "percentage points", ".0f",
    qualifier="ice_qualifier", of_first_cycle=True,
)  # fmt: skip


def has_usual_ice(cell: CellRow) -> bool:
    """Return whether a cell has an efficiency that can be learned from: above 100 % it is of lithium brought along.

    Parameters
    ----------
    cell : CellRow
        Prelithiated half cells may exceed 100 %; they are kept, and are in no training and no figure.
    """
    return cell.ice_pct is not None and cell.ice_pct <= ICE.high


def cells_above_100(literature: Literature) -> list[CellRow]:
    """Return prelithiated half cells whose efficiency is above 100 %, in training or not.

    Parameters
    ----------
    literature : Literature
        Its table of cells.
    """
    return [cell for cell in literature.cells if cell.ice_pct is not None and not has_usual_ice(cell)]


def ice_examples(literature: Literature, *, liquid: bool = False) -> Examples:
    """Return cells with an initial Coulombic efficiency, in %.

    Parameters
    ----------
    literature : Literature
        Its table of cells.
    liquid : bool
        Whether cells with liquid or gel electrolyte are among them.
    """
    return _examples([row for row in cells_in_training(literature, liquid=liquid) if has_usual_ice(row)])


def _examples(rows: list[CellRow]) -> Examples:
    labels = bounded_labels(np.array([row.ice_pct for row in rows], dtype=float), [row.ice_qualifier for row in rows])
    labels = Labels(labels.lower, np.minimum(labels.upper, ICE.high), labels.weight)
    return Examples(design_frame(rows, "cell_id"), labels)


class IceTask(Task):
    """Initial Coulombic efficiency."""

    name = "ice"
    targets = (ICE,)
    label = summary = outcome = result = ICE.label
    axis = "initial Coulombic efficiency (%)"
    scale_unit = "percentage points"
    recipes: ClassVar[Mapping[str, Recipe]] = {
        "few trees": Recipe(rounds=60),
        "half believed": CALM,
        "hardly believed": replace(CALM, shrink=0.2),
    }

    def examples(self, literature: Literature) -> Examples:
        """Return `ice_examples`.

        Parameters
        ----------
        literature : Literature
            All tables.
        """
        return ice_examples(literature)

    def without_rows(self, literature: Literature, row_names: Set[str]) -> Literature:
        """Return the literature with the efficiency of some cells taken away; the cells stay.

        Parameters
        ----------
        literature : Literature
            All tables.
        row_names : set of str
            Ids of cells.
        """
        cells = [
            cell.model_copy(update={"ice_pct": None, "ice_qualifier": None}) if cell.cell_id in row_names else cell
            for cell in literature.cells
        ]
        return replace(literature, cells=cells)

    def measurement_text(self, row: pd.Series) -> str:
        """Return an efficiency in words: `= 84.2 %`.

        Parameters
        ----------
        row : Series
            A row of the examples' designs.
        """
        return f"{row['ice_qualifier'] or '='} {row['ice_pct']:g} %"

    def measured(self, number: Callable[[str], np.ndarray], settings: Settings) -> np.ndarray:
        """Return measured efficiencies, in %.

        Parameters
        ----------
        number, settings
            As for `Task.measured`.
        """
        return number(ICE.column)


class LiquidIceTask(IceTask):
    """Initial Coulombic efficiency with a liquid or gel electrolyte: judged, and not registered."""

    name = "ice_liquid"
    targets = (replace(ICE, column="ice_liquid_pct", label=f"{ICE.label}, liquid or gel electrolyte"),)

    def examples(self, literature: Literature) -> Examples:
        """Return cells whose electrolyte is stated to be liquid or a gel, with an efficiency in %.

        Parameters
        ----------
        literature : Literature
            All tables.
        """
        cells = cells_in_training(literature, liquid=True)
        return _examples([cell for cell in cells if cell.state in ("liquid", "gel") and has_usual_ice(cell)])
