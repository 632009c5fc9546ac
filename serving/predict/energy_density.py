"""Energy density of the stack each design would make: layers it gives, layers that are stated, nothing silently."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields

import numpy as np
import pandas as pd

from features.stack import Stack, fit_review_stack
from features.tables.columns import numeric_columns
from features.tables.designs import Designs
from features.tables.records import Candidate
from serving.predict.expression import Expression, quantity

PER_KG, PER_L = "energy_density_wh_per_kg", "energy_density_wh_per_l"
ENERGY_UNITS = {PER_KG: "Wh/kg", PER_L: "Wh/L"}
THICKNESS, DENSITY = "electrolyte_thickness_um", "electrolyte_density_g_per_cm3"
STACK_FIELDS = tuple(layer.name for layer in fields(Stack))
NEEDED = tuple(layer.name for layer in fields(Stack) if layer.default is MISSING)
REVIEW_NEEDED = (THICKNESS, DENSITY)
REVIEW = "review"
REVIEW_TEXT = (
    "all layers but the electrolyte are those of the Si||Li6PS5Cl||NCM811 cell of Zhan et al. "
    "(doi 10.1016/j.ensm.2023.102875, section 5), 15.4 mWh/cm² and 38.2 mg/cm² worked back from its two energies; "
    "such a cell is not a measured one, and a thicker electrolyte only adds weight to it and takes no energy away"
)
LEFT_OUT = "no loss in the first cycle, no tabs, no housing are counted in the energy density"


@dataclass(frozen=True)
class Energy:
    """Layers of the stack of each design: those stated, those of the design itself, those of the review's cell.

    Attributes
    ----------
    assumed : an expression for each field of `Stack` that is stated
    review : whether all layers but the electrolyte are those of the review's cell
    """

    assumed: Mapping[str, Expression] = field(default_factory=dict)
    review: bool = False

    @classmethod
    def parse(cls, layers: Sequence[str], columns: Collection[str]) -> Energy:
        """Read `review` and layers such as `electrolyte_density_g_per_cm3=1.865`.

        Parameters
        ----------
        layers : sequence of str
            As written after `--stack`.
        columns : collection of str
            Columns of the designs; those that are layers need not be stated.

        Raises
        ------
        ValueError
            A layer that does not exist or is fixed, no quantity, or a layer that neither is stated nor has a column.

        Examples
        --------
        >>> Energy.parse(["review", "electrolyte_density_g_per_cm3=1.865"], ["electrolyte_thickness_um"]).review
        True
        """
        numbers = set(numeric_columns(Candidate)) & set(columns)
        review, assumed = REVIEW in layers, dict[str, Expression]()
        known = REVIEW_NEEDED if review else STACK_FIELDS
        for name, _, text in (layer.partition("=") for layer in layers if layer != REVIEW):
            if name not in known or name in assumed:
                expected = f"{REVIEW}, or once each, as NAME=NUMBER, {', '.join(known)}"
                raise ValueError(f"--stack: got {name!r}, expected {expected}")
            try:
                assumed[name] = quantity(text, numbers)
            except ValueError as error:
                raise ValueError(f"--stack {name}: got {text!r}, expected {error}") from None
        needed = REVIEW_NEEDED if review else NEEDED
        if missing := [name for name in needed if name not in assumed and name not in numbers]:
            raise ValueError(
                f"--stack: nothing for {', '.join(missing)}; give each as NAME=NUMBER, or as a column where a design "
                f"has such a one; nothing is assumed silently"
            )
        return cls(assumed, review)

    def densities(self, designs: pd.DataFrame | Designs) -> pd.DataFrame:
        """Return Wh/kg and Wh/L of each design, NaN where a layer is not known or impossible, shape (n_designs, 2).

        Parameters
        ----------
        designs : DataFrame or Designs, shape (n_designs, n_columns)
            Columns of `Candidate`; NaN where a design says nothing.
        """
        read = Designs.of(designs)
        names = REVIEW_NEEDED if self.review else STACK_FIELDS
        needed = {*names, *(name for expression in self.assumed.values() for name in expression.names)}
        columns = {name: read.number(name) for name in needed & set(read.columns)}
        values = {name: np.broadcast_to(self._layer(name, columns), len(designs)) for name in names}
        thickness, density = values.pop(THICKNESS), values.pop(DENSITY)
        if self.review:
            per_kg, per_l = fit_review_stack().energy_density(thickness, density)
            return pd.DataFrame({PER_KG: per_kg, PER_L: per_l}, index=read.index)
        layers, inverse = np.unique(np.column_stack(list(values.values())), axis=0, return_inverse=True)
        order = np.argsort(inverse.reshape(-1), kind="stable")
        ends = np.cumsum(np.bincount(inverse.reshape(-1)))[:-1]
        energies = np.full((len(designs), 2), np.nan)
        for layer, rows in zip(layers, np.split(order, ends), strict=True):
            energies[rows] = _of_layers(dict(zip(values, layer, strict=True)), thickness[rows], density[rows])
        return pd.DataFrame(energies, columns=[PER_KG, PER_L], index=read.index)

    def _layer(self, name: str, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        if name in self.assumed:
            return self.assumed[name](columns)
        return columns[name] if name in columns else np.array(0.0)

    def assumptions(self) -> list[str]:
        """Return what is assumed of the stacks, in words."""
        assumed = [f"{name} = {expression.text}" for name, expression in self.assumed.items()]
        return [*([REVIEW_TEXT] if self.review else []), *assumed, LEFT_OUT]


def _of_layers(layers: Mapping[str, float], thickness: np.ndarray, density: np.ndarray) -> np.ndarray:
    """Return Wh/kg and Wh/L of stacks alike in all but their electrolyte, shape (n_designs, 2)."""
    try:
        balance = Stack(**layers, **dict.fromkeys(REVIEW_NEEDED, 1.0)).balance()
    except ValueError:
        return np.full((len(thickness), 2), np.nan)
    return np.column_stack(balance.energy_density(thickness, density))
