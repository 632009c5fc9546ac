"""One learned quantity as one object, with all that is particular to it: all other modules treat all quantities alike.

A model learns one number per design on a scale of its own (log10 S/cm, %, log10 cycles); a task says where its
examples come from, how they are grouped and labelled, what the number means in the units of the targets read from it,
and how an error of it is measured. To add a quantity, write a `Task` in a file of its own and name it in
`models/tasks/registry.py`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from features.cell import CellFeatures
from features.electrolyte_columns import DesignFeaturizer
from features.feature import Feature, number
from features.tables.designs import Designs
from features.tables.literature import Literature
from features.tables.records import CellDesign, ElectrolyteDesign
from models.ensemble import BoostedEnsemble, Labels, Recipe
from models.tasks.examples import Examples
from models.tasks.target import Target

DEFAULT_CYCLE = 100.0
"""Cycle at which retention is predicted where a design names none."""
Settings = Mapping[str, Any]
"""Further numbers a fitted model needs, by name (the fade law's shape); arrays where each row has its own."""
CALM = Recipe(rounds=60, centre="median", shrink=0.5, paper_power=1.0)
"""Trees for tables that hardly teach: centred on the median paper, half believed."""


class Task(ABC):
    """One learned quantity.

    Attributes
    ----------
    name : str
        Its name in bundles, choices and messages, such as `conductivity`.
    targets : tuple of Target
        Read from the one learned number.
    label, summary, outcome, result : str
        What reports call it: its targets together, what its error is of, what a cell's measured outcome is, and what
        papers print of it.
    axis : str
        Words beside an axis of measured outcomes, with the unit.
    higher, lower : str
        What more and less of the outcome is called.
    scale_unit : str
        Unit of the model's scale, which its SHAP values have.
    log10_scale : bool
        Whether the model's scale is a logarithm.
    of_cells : bool
        Whether designs are cells, which are given the electrolyte's conductivity first; else electrolytes alone.
    is_given_to_cells : bool
        Whether its prediction is a feature of cells; that of one quantity is, which is fitted first.
    on_request : tuple of Target
        What follows from its prediction, predicted only on request, as it costs as much.
    joins_compositions : bool
        Whether papers that share a composition are one group.
    draws_to_measured : bool
        Whether predictions are drawn to what was measured of the same electrolyte: only for decades of conductivity,
        whose spread between laboratories is known.
    has_polymer_model : bool
        Whether the polymer model predicts polymers with a salt: only for decades of conductivity.
    searches_blocks : bool
        Whether a search for recipes also varies what is read of an electrolyte.
    recipes, public_recipes : dict of str to Recipe
        To choose among on the shipped tables, and where public tables are given too.
    """

    name: ClassVar[str]
    targets: ClassVar[tuple[Target, ...]]
    label: ClassVar[str]
    summary: ClassVar[str]
    outcome: ClassVar[str]
    result: ClassVar[str]
    axis: ClassVar[str]
    higher: ClassVar[str] = "higher"
    lower: ClassVar[str] = "lower"
    scale_unit: ClassVar[str]
    log10_scale: ClassVar[bool] = False
    of_cells: ClassVar[bool] = True
    is_given_to_cells: ClassVar[bool] = False
    on_request: ClassVar[tuple[Target, ...]] = ()
    joins_compositions: ClassVar[bool] = False
    draws_to_measured: ClassVar[bool] = False
    has_polymer_model: ClassVar[bool] = False
    searches_blocks: ClassVar[bool] = False
    recipes: ClassVar[Mapping[str, Recipe]]
    public_recipes: ClassVar[Mapping[str, Recipe]] = {}

    @property
    def record(self) -> type[ElectrolyteDesign]:
        """Record model of its designs."""
        return CellDesign if self.of_cells else ElectrolyteDesign

    @property
    def unit(self) -> str:
        """Unit of its errors in reports."""
        return self.targets[-1].error_unit

    def featurizer(self, recipe: Recipe) -> DesignFeaturizer:
        """Return an unfitted featurizer of its designs.

        Parameters
        ----------
        recipe : Recipe
            May choose what is read of a design.
        """
        return CellFeatures()

    def learner(
        self, recipe: Recipe, features: Sequence[Feature], designs: pd.DataFrame, labels: Labels
    ) -> BoostedEnsemble:
        """Return unfitted boosters of its vectors.

        Parameters
        ----------
        recipe : Recipe
            Their settings.
        features : sequence of Feature
            Of the vectors, in order.
        designs : DataFrame
            Training designs.
        labels : Labels
            Labels of the designs.
        """
        return BoostedEnsemble(recipe, [feature.monotone for feature in features])

    # --- from tables to labels

    @abstractmethod
    def examples(self, literature: Literature) -> Examples:
        """Return the rows in training with their labels on the model's scale.

        Parameters
        ----------
        literature : Literature
            All tables.
        """

    def relabelled(self, examples: Examples, recipe: Recipe) -> tuple[Examples, dict[str, float]]:
        """Return training examples as a recipe labels them, and the settings their model needs.

        Called inside every fold, with training rows only.

        Parameters
        ----------
        examples : Examples
            Training rows.
        recipe : Recipe
            May fix what else the rows themselves show.
        """
        return examples, {}

    @abstractmethod
    def without_rows(self, literature: Literature, row_names: Set[str]) -> Literature:
        """Return the literature without some of the measurements of this quantity; all other rows stay, in order.

        Parameters
        ----------
        literature : Literature
            All tables.
        row_names : set of str
            Names of examples, as `row_names` of the examples gives them.
        """

    @abstractmethod
    def measurement_text(self, row: pd.Series) -> str:
        """Return what was measured in words: `= 0.0011 S/cm`, `> 90 %`, `= 64 % at cycle 140`.

        Parameters
        ----------
        row : Series
            A row of the examples' designs.
        """

    # --- errors on papers never seen

    def known(self, target: Target, examples: Examples) -> tuple[np.ndarray, np.ndarray]:
        """Return bounds of the measured values of a target on its error scale, shape (n_rows,) each.

        Parameters
        ----------
        target : Target
            One of `targets`.
        examples : Examples
            Rows of any fold.
        """
        return examples.labels.lower, examples.labels.upper

    def baseline_labels(self, examples: Examples) -> tuple[np.ndarray, np.ndarray]:
        """Return what the baselines learn from: one value per row and its weight, shape (n_rows,) each.

        Parameters
        ----------
        examples : Examples
            Training rows.
        """
        return examples.labels.middle, examples.labels.weight

    def out_of_fold(self, target: Target, values: np.ndarray, examples: Examples, shape: np.ndarray) -> np.ndarray:
        """Return out-of-fold predictions of the model on a target's error scale, shape (n_repeats, n_rows).

        Parameters
        ----------
        target : Target
            One of `targets`.
        values : ndarray, shape (n_repeats, n_rows)
            On the model's scale.
        examples : Examples
            The rows.
        shape : ndarray, shape (n_repeats, n_rows)
            Of the fade law in each row's training fold; NaN for other quantities.
        """
        return target.within_limits(values)

    def is_covered(
        self, target: Target, examples: Examples, values: np.ndarray, half: np.ndarray, ends: tuple[np.ndarray, ...]
    ) -> np.ndarray:
        """Return whether each row lies inside its interval, shape (n_repeats, n_rows).

        Parameters
        ----------
        target : Target
            One of `targets`.
        examples : Examples
            The rows.
        values, half : ndarray, shape (n_repeats, n_rows)
            Predictions and half widths on the scale of the labels.
        ends : two ndarrays, shape (n_repeats, n_rows)
            Lower and upper ends on the target's error scale.
        """
        return np.array([examples.labels.distance(row) for row in values]) <= half + 1e-12

    def choice_error(self, examples: Examples, predicted: np.ndarray, settings: Settings) -> np.ndarray:
        """Return the error that recipes are chosen by, shape (n_rows,): for a bound, how far it is missed.

        Parameters
        ----------
        examples : Examples
            Rows held out.
        predicted : ndarray, shape (n_rows,)
            On the model's scale.
        settings : mapping
            Of the model that predicted.
        """
        return examples.labels.distance(predicted)

    def comparable(self, designs: pd.DataFrame, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Return whether two rows of a paper differ in the design alone, so that their difference is one of designs.

        Parameters
        ----------
        designs : DataFrame, shape (n_rows, n_columns)
            Of the examples.
        first, second : ndarray of int, shape (n_pairs,)
            Places of the rows.
        """
        return np.ones(len(first), dtype=bool)

    # --- answers in the units of the targets

    def in_unit(self, target: Target, scaled: Any, cycles: Any, settings: Settings) -> np.ndarray:
        """Return values of a target in its unit, inside its limits.

        Parameters
        ----------
        target : Target
            One of `targets`.
        scaled : array
            On the model's scale, any shape.
        cycles : array
            Cycles after the reference at which the target is predicted; read where `target.at_cycle`.
        settings : mapping
            Of the fitted model.
        """
        return target.unscaled(scaled)

    def answer(self, target: Target, scaled: Any, cycles: Any, settings: Settings) -> np.ndarray:
        """Return values of a target on its error scale, inside its limits; parameters as for `in_unit`.

        Parameters
        ----------
        target, scaled, cycles, settings
            As for `in_unit`.
        """
        return target.scaled(self.in_unit(target, scaled, cycles, settings))

    def published(
        self, target: Target, row: Mapping[str, object], cycles: float, settings: Settings
    ) -> tuple[float, str]:
        """Return what a literature row measured of a target, in its unit (NaN for nothing), and its qualifier.

        Parameters
        ----------
        target : Target
            One of `targets`.
        row : mapping
            A precedent of the model's domain.
        cycles : float
            Cycles after the reference that a value is brought to; read where `target.at_cycle`.
        settings : mapping
            Of the fitted model.
        """
        return finite(row.get(target.column)), str(row.get(target.qualifier) or "=")

    def limits(self, target: Target) -> tuple[float, float]:
        """Return the ends between which a limit of a target means something, in its unit.

        Parameters
        ----------
        target : Target
            One of `targets`.
        """
        return target.low, target.high

    def on_scale(self, target: Target, limit: float, cycles: np.ndarray, settings: Settings) -> np.ndarray:
        """Return a limit of a target on the model's scale, shape (n_designs,) or ().

        Parameters
        ----------
        target : Target
            One of `targets`.
        limit : float
            In the target's unit.
        cycles : ndarray, shape (n_designs,)
            Cycles after the reference at which the target is predicted.
        settings : mapping
            Of the fitted model.
        """
        return target.scaled(limit)

    @abstractmethod
    def measured(self, number: Callable[[str], np.ndarray], settings: Settings) -> np.ndarray:
        """Return a user's measured values on the model's scale, shape (n_rows,); NaN where it was not measured.

        Parameters
        ----------
        number : callable
            Gives a column of the measured designs as numbers, NaN where empty.
        settings : mapping
            Of the fitted model.
        """


def finite(value: object) -> float:
    """Return a number as float, NaN for anything else.

    Parameters
    ----------
    value : object
        A value of a table's cell.
    """
    return float(value) if isinstance(value, int | float) else float("nan")


def asked_cycles(designs: Designs | pd.DataFrame) -> np.ndarray:
    """Return the cycle at which each design is predicted, 100 where it names none; shape (n_designs,).

    Parameters
    ----------
    designs : Designs or DataFrame, shape (n_designs, n_columns)

    Examples
    --------
    >>> asked_cycles(pd.DataFrame({"cycle": [50.0, None]})).tolist()
    [50.0, 100.0]
    """
    cycle = number(designs, "cycle")
    return np.where(np.isnan(cycle), DEFAULT_CYCLE, cycle)
