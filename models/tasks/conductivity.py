"""Ionic conductivity of an electrolyte: log10 S/cm, learnt from every measurement in training."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pandas as pd

from features.electrolyte import ElectrolyteFeatures
from features.electrolyte_columns import DesignFeaturizer
from features.tables.literature import Literature
from models.ensemble import Recipe
from models.tasks.examples import Examples, bounded_labels, design_frame
from models.tasks.target import Target
from models.tasks.task import Settings, Task

CONDUCTIVITY = Target(
    "conductivity_s_per_cm", "ionic conductivity", "S/cm", True, 1e-14, 1.0, "decades", ".1e",
    qualifier="conductivity_qualifier",
)  # fmt: skip

STRUCTURED = Recipe(
    depth=4,
    rounds=1000,
    rate=0.05,
    min_child_weight=2.0,
    reg_lambda=3.0,
    blocks=("fractions", "anions", "basics", "contrasts", "structure"),
    without=("families", "symmetry"),
    paper_power=1.0,
    aft_scale=0.5,
)
"""For the thousands of rows of the public tables; settled by cross-validation over OBELiX's training ids (README)."""


def conductivity_examples(literature: Literature) -> Examples:
    """Return electrolyte measurements in training: log10 S/cm, with bounds and ranges as such; liquids are left out.

    Parameters
    ----------
    literature : Literature
        Its table of electrolytes.
    """
    rows = [
        row
        for row in literature.electrolytes
        if row.in_training and row.conductivity_s_per_cm and row.electrolyte_class != "liquid"
    ]
    value = np.log10(np.array([row.conductivity_s_per_cm for row in rows], dtype=float))
    high = np.log10(np.array([row.conductivity_high_s_per_cm or np.nan for row in rows], dtype=float))
    labels = bounded_labels(value, [row.conductivity_qualifier for row in rows], high)
    return Examples(design_frame(rows, "measurement_id"), labels)


class ConductivityTask(Task):
    """Ionic conductivity; papers that share a composition are one group."""

    name = "conductivity"
    targets = (CONDUCTIVITY,)
    label = "conductivity"
    summary = outcome = result = CONDUCTIVITY.label
    axis = "ionic conductivity (S/cm)"
    scale_unit = "log10 S/cm"
    log10_scale = True
    of_cells = False
    joins_compositions = True
    searches_blocks = True
    measured_columns = (CONDUCTIVITY.column,)
    recipes: ClassVar[Mapping[str, Recipe]] = {"trees and line": Recipe(linear_share=0.5), "trees": Recipe()}
    public_recipes: ClassVar[Mapping[str, Recipe]] = {
        "structured": STRUCTURED,
        "trees and line": Recipe(linear_share=0.5),
    }

    def featurizer(self, recipe: Recipe) -> DesignFeaturizer:
        """Return electrolyte features of the recipe's blocks.

        Parameters
        ----------
        recipe : Recipe
            Its `blocks` and `without`.
        """
        return ElectrolyteFeatures(blocks=recipe.blocks, without=recipe.without)

    def examples(self, literature: Literature) -> Examples:
        """Return `conductivity_examples`.

        Parameters
        ----------
        literature : Literature
            All tables.
        """
        return conductivity_examples(literature)

    def without_rows(self, literature: Literature, row_names: Set[str]) -> Literature:
        """Return the literature without some measurements of electrolytes.

        Parameters
        ----------
        literature : Literature
            All tables.
        row_names : set of str
            Ids of measurements.
        """
        kept = [row for row in literature.electrolytes if row.measurement_id not in row_names]
        return replace(literature, electrolytes=kept)

    def measurement_text(self, row: pd.Series) -> str:
        """Return a conductivity in words: `= 0.0011 S/cm`, `= 1e-08 to 1e-05 S/cm`.

        Parameters
        ----------
        row : Series
            A row of the examples' designs.
        """
        mark, high = row["conductivity_qualifier"], row["conductivity_high_s_per_cm"]
        low = f"{row['conductivity_s_per_cm']:g}"
        return f"= {low} to {high:g} S/cm" if mark == "range" else f"{mark} {low} S/cm"

    def measured(self, number: Callable[[str], np.ndarray], settings: Settings) -> np.ndarray:
        """Return measured conductivities, log10 S/cm.

        Parameters
        ----------
        number, settings
            As for `Task.measured`.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.log10(number(CONDUCTIVITY.column)))
