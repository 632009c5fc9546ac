"""One learned model and all that belongs to it: vectors, boosters, errors by paper and known designs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from features.cell import CONDUCTIVITY as CONDUCTIVITY_COLUMN
from features.cell import CellFeatures
from features.electrolyte import ElectrolyteFeatures
from features.electrolyte_columns import DesignFeaturizer
from features.feature import number
from features.tables.designs import Designs
from models.differences import Differences
from models.domain import Domain
from models.ensemble import BoostedEnsemble, Labels, Recipe
from models.intervals import Calibration
from models.known.cells import KnownCells
from models.known.measurements import Measurements
from models.lab_effect.kernel import LabEffect
from models.tasks.registry import TASKS
from models.tasks.task import Task

DesignsT = TypeVar("DesignsT", pd.DataFrame, Designs)

FEATURIZERS: dict[str, type[DesignFeaturizer]] = {
    "ElectrolyteFeatures": ElectrolyteFeatures,
    "CellFeatures": CellFeatures,
}
"""Featurizers by the name a bundle stores."""


@dataclass
class Part:
    """A fitted model of one quantity.

    Attributes
    ----------
    featurizer, ensemble : fitted
    calibration, domain : None inside cross-validation, where only predictions are needed
    settings : further numbers the model needs (the fade law's shape)
    lab : what the user's own measurements can do; None as for calibration
    known : what was measured of which composition; None where predictions are not drawn to it
    cells : what was measured of which cell, read off the domain when first needed
    unfamiliar : calibration for electrolytes of a class that was never learnt from; None where none was made
    differences : by target column, how far differences of two designs can be believed; empty as for calibration, in
        models saved before they were learnt, and where too few papers have two designs
    """

    featurizer: DesignFeaturizer
    ensemble: BoostedEnsemble
    calibration: Calibration | None = None
    domain: Domain | None = None
    settings: dict[str, float] = field(default_factory=dict)
    lab: LabEffect | None = None
    known: Measurements | None = None
    cells: KnownCells | None = field(default=None, repr=False, compare=False)
    unfamiliar: Calibration | None = None
    differences: dict[str, Differences] = field(default_factory=dict)

    def predict(self, designs: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Prediction and spread on the model's scale, shape (n_designs,).

        Parameters
        ----------
        designs : DataFrame
            Designs, shape (n_designs, n_columns).
        """
        return self.ensemble.predict(self.featurizer.transform(designs))


def fit_part(name: str, designs: pd.DataFrame, labels: Labels, recipe: Recipe, seed: int) -> Part:
    """Fit featurizer and boosters on training designs.

    Parameters
    ----------
    name : str
        Key of `TASKS`.
    designs : DataFrame
        Rows of the record models, with `paper` where the recipe weights papers; for cells with the column of
        `with_conductivity`.
    labels : Labels
        On the model's scale: log10 S/cm, %, log10 cycles.
    recipe : Recipe
        Settings of the boosters and of the features.
    seed : int
        Of the members of the ensemble.
    """
    featurizer = TASKS[name].featurizer(recipe)
    vectors = featurizer.fit_transform(designs)
    if recipe.paper_power:
        labels = replace(labels, weight=labels.weight * paper_weights(designs["paper"], recipe.paper_power))
    ensemble = TASKS[name].learner(recipe, featurizer.features_, designs, labels).fit(vectors, labels, seed)
    return Part(featurizer, ensemble)


def paper_weights(papers: pd.Series, power: float) -> np.ndarray:
    """Weight n**-power of each row, n being the rows of its paper; 1 on average.

    Parameters
    ----------
    papers : Series
        Paper of each row.
    power : float
        0 counts rows, 1 counts papers.
    """
    weights = papers.map(papers.value_counts()).to_numpy(dtype=float) ** -power
    return np.asarray(weights / weights.mean())


def with_conductivity(designs: pd.DataFrame, conductivity: Part) -> pd.DataFrame:
    """Cell designs with the electrolyte's log10 conductivity: measured where the design gives one, else predicted at
    the test temperature.

    Inside an evaluation `conductivity` must come from rows without the held-out papers.

    Parameters
    ----------
    designs : DataFrame
        Cell designs.
    conductivity : Part
        Fitted conductivity model.
    """
    return with_link(designs, conductivity.predict(designs)[0])


def with_link(designs: DesignsT, predicted: np.ndarray) -> DesignsT:
    """`with_conductivity` of designs whose conductivity is predicted already, log10 S/cm, shape (n_designs,).

    Parameters
    ----------
    designs : DesignsT
        Cell designs.
    predicted : ndarray
        log10 S/cm, shape (n_designs,).
    """
    measured = number(designs, "electrolyte_conductivity_s_per_cm")
    known = measured > 0
    return designs.assign(**{CONDUCTIVITY_COLUMN: np.where(known, np.log10(np.where(known, measured, 1.0)), predicted)})


def published_bounds(task: Task, part: Part) -> tuple[np.ndarray, np.ndarray]:
    """Return bounds of what each training row measured, on the model's scale, shape (n_rows,) each; NaN for nothing.

    Parameters
    ----------
    task : Task
        Its quantity; of several targets the last one gives the value on the model's scale.
    part : Part
        Its fitted model.
    """
    target, rows = task.targets[-1], part.domain.precedents if part.domain else []
    published = [task.published(target, row, np.nan, part.settings) for row in rows]
    with np.errstate(divide="ignore"):
        value = np.array([float(task.on_scale(target, value, np.empty(0), part.settings)) for value, _ in published])
    mark = np.array([qualifier for _, qualifier in published])
    known = np.isfinite(value)
    return np.where(known & (mark == "<"), -np.inf, value), np.where(known & (mark == ">"), np.inf, value)


def part_state(part: Part) -> dict[str, Any]:
    """All of a part but its boosters, as plain values for JSON.

    Parameters
    ----------
    part : Part
        A fitted model of one quantity.
    """
    return {
        "featurizer": type(part.featurizer).__name__,
        "parameters": part.featurizer.get_params(),
        "learned": part.featurizer.learned(),
        "settings": part.settings,
        "calibration": part.calibration.as_dict() if part.calibration else None,
        "lab": part.lab.as_dict() if part.lab else None,
        "unfamiliar": part.unfamiliar.as_dict() if part.unfamiliar else None,
        "differences": {column: differences.as_dict() for column, differences in part.differences.items()},
    }


def restore_part(state: dict[str, Any], ensemble: BoostedEnsemble, domain: Domain | None) -> Part:
    """A part from what `part_state` gave and the pieces kept in files of their own.

    Parameters
    ----------
    state : dict of str to Any
        What `part_state` gave.
    ensemble : BoostedEnsemble
        Its boosters.
    domain : Domain | None
        Its known designs; None inside an evaluation.
    """
    parameters = {
        name: tuple(value) if isinstance(value, list) else value for name, value in state["parameters"].items()
    }
    featurizer = FEATURIZERS[state["featurizer"]](**parameters).restore(state["learned"])
    calibration = Calibration.from_dict(state["calibration"]) if state["calibration"] else None
    lab = LabEffect.from_dict(state["lab"]) if state.get("lab") else None
    unfamiliar = Calibration.from_dict(state["unfamiliar"]) if state.get("unfamiliar") else None
    differences = {column: Differences.from_dict(values) for column, values in state.get("differences", {}).items()}
    return Part(
        featurizer, ensemble, calibration, domain, dict(state["settings"]), lab,
        unfamiliar=unfamiliar, differences=differences,
    )  # fmt: skip
