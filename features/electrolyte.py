"""The electrolyte as a vector: composition, family, form and temperature."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from features.composition import CompositionFeatures
from features.crystal.space_group import SYMMETRY_FEATURES
from features.crystal.structure import StructureFeatures
from features.electrolyte_columns import DesignFeaturizer, Electrolytes, read_electrolytes
from features.family import (
    FAMILIES,
    NAMED_ONLY,
    class_from_composition,
    family_features,
    family_values,
    resolve_class,
)
from features.feature import Feature, number, one_of
from features.physics import inverse_temperature
from features.tables.designs import Designs

__all__ = [
    "DEFAULT_TEMPERATURE_C",
    "FAMILIES",
    "GROUPS",
    "NAMED_ONLY",
    "STRUCTURE",
    "ElectrolyteFeatures",
    "class_from_composition",
    "classes_of",
    "resolve_class",
]

STRUCTURE = "structure"
"""Block of `ElectrolyteFeatures` that reads space group, lattice and CIF."""
DEFAULT_TEMPERATURE_C = 25.0
"""What an empty temperature is read as: half of the reviews' conductivities print none. A flag feature stands beside
it."""


def classes_of(X: pd.DataFrame) -> list[str | None]:
    """Class of each design, as given or as read from the formula."""
    return read_electrolytes(X).class_names


GROUPS: dict[str, frozenset[str]] = {
    "families": frozenset(f"family_{name}" for name in FAMILIES),
    "symmetry": frozenset(feature.name for feature in SYMMETRY_FEATURES),
}
"""Outputs that can be left out, by the name of their group."""


class ElectrolyteFeatures(DesignFeaturizer):
    """Vector of an electrolyte at a temperature.

    Outputs, in order: those of `CompositionFeatures`; one yes/no per family of `FAMILIES`; glassy, film and crystalline
    form;
    1000/T (1/K; an empty temperature counts as 25 °C); whether no temperature was given.

    Parameters
    ----------
    min_rows, blocks
        Passed to `CompositionFeatures`; the block `structure` adds the outputs of `StructureFeatures`, NaN where no
        structure is given.
    without
        Names of `GROUPS`: outputs left out. Where families are held out whole, what names a family misleads.
    """

    required = ("electrolyte",)

    def __init__(
        self,
        min_rows: int = 3,
        blocks: tuple[str, ...] = ("fractions", "anions", "basics"),
        without: tuple[str, ...] = (),
    ) -> None:
        self.min_rows = min_rows
        self.blocks = blocks
        self.without = without

    def _learn(self, X: pd.DataFrame) -> None:
        if unknown := [group for group in self.without if group not in GROUPS]:
            raise ValueError(f"unknown group {', '.join(unknown)}; expected some of {', '.join(GROUPS)}")
        self.composition_ = CompositionFeatures(self.min_rows, self._composition_blocks()).fit(X)

    def _composition_blocks(self) -> tuple[str, ...]:
        return tuple(block for block in self.blocks if block != STRUCTURE)

    def _structure(self) -> StructureFeatures | None:
        return StructureFeatures().restore({}) if STRUCTURE in self.blocks else None

    def learned(self) -> dict[str, Any]:
        """What the composition part learned."""
        return self.composition_.learned()

    def _recall(self, learned: dict[str, Any]) -> None:
        self.composition_ = CompositionFeatures(self.min_rows, self._composition_blocks()).restore(learned)

    def _is_left_out(self, feature: Feature) -> bool:
        return any(feature.name in GROUPS[group] for group in self.without)

    def _describe(self) -> list[Feature]:
        forms = [
            Feature(f"form_{name}", f"electrolyte form is {name}", "yes/no")
            for name in ("glassy", "film", "crystalline")
        ]
        structure = self._structure()
        found = [
            *self.composition_.features_,
            *(structure.features_ if structure else []),
            *family_features("class as given, else read from the formula"),
            *forms,
            Feature("inverse_temperature_per_kk", "inverse temperature, 1000/T", "1/K", "Arrhenius", monotone=-1),
            Feature("temperature_not_given", "temperature not printed, taken as 25 °C", "yes/no"),
        ]
        return [feature for feature in found if not self._is_left_out(feature)]

    def _filled(self, X: Designs, electrolytes: Electrolytes) -> np.ndarray:
        forms = one_of(X, "form", ("glass", "glass-ceramic", "film", "crystalline", "single-crystal"))
        glassy = forms[:, 0] + forms[:, 1]
        temperature = number(X, "temperature_c")
        empty = np.isnan(temperature)
        blocks = self.composition_.distinct(electrolytes.amounts)
        rows = electrolytes.compositions
        if not np.array_equal(rows, np.arange(len(electrolytes.amounts.known))):
            blocks = [block[rows] for block in blocks]
        if structure := self._structure():
            kept = [not self._is_left_out(feature) for feature in structure.features_]
            blocks.append(structure.transform(X.to_frame()).to_numpy()[:, kept])
        if "families" not in self.without:
            blocks.append(family_values(electrolytes.classes)[electrolytes.held])
        return np.column_stack(
            [
                *blocks,
                glassy,
                forms[:, 2],
                forms[:, 3] + forms[:, 4],
                inverse_temperature(np.where(empty, DEFAULT_TEMPERATURE_C, temperature)),
                empty.astype(float),
            ]
        )
