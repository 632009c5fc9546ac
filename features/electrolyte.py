"""The electrolyte as a vector: composition, family, form and temperature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from features.composition import CompositionFeatures, read_design
from features.feature import Feature, Featurizer, number, one_of, text
from features.physics import inverse_temperature
from features.space_group import SYMMETRY_FEATURES
from features.structure import StructureFeatures

STRUCTURE = "structure"
"""Block of `ElectrolyteFeatures` that reads space group, lattice and CIF."""
DEFAULT_TEMPERATURE_C = 25.0
"""What an empty temperature is read as: half of the reviews' conductivities print none. A flag feature stands beside
it."""

FAMILIES: dict[str, tuple[str, ...]] = {
    "garnet": ("oxide-garnet",),
    "nasicon": ("oxide-nasicon",),
    "oxide": ("oxide-garnet", "oxide-nasicon", "oxide-perovskite", "oxide-antiperovskite"),
    "lipon": ("lipon",),
    "sulfide": ("sulfide-glass", "sulfide-thiolisicon", "sulfide-lgps", "sulfide-argyrodite", "sulfide-other"),
    "sulfide_glass": ("sulfide-glass",),
    "lgps": ("sulfide-lgps",),
    "argyrodite": ("sulfide-argyrodite",),
    "halide": ("halide",),
    "hydride": ("hydride",),
    "polymer": ("polymer", "composite", "gel"),
    "composite": ("composite",),
    "gel": ("gel",),
    "liquid": ("liquid", "gel"),
}
"""Families a tree may split on; a class may belong to several (an argyrodite is a sulfide)."""

NAMED_ONLY = frozenset({"polymer", "composite", "gel", "liquid", "lipon"})
"""Classes whose members often have no stoichiometry: an unreadable name is kept, with a notice."""


def class_from_composition(amounts: Mapping[str, float]) -> str | None:
    """The electrolyte class a composition points to, or None; used only where the design names none.

    Coarse on purpose: it tells families by the elements present, as the reviews do in their sections.
    """
    held = set(amounts)
    halogens = held & {"F", "Cl", "Br", "I"}
    if "S" in held:
        if "P" in held and halogens and not held & {"Ge", "Sn", "Si"}:
            return "sulfide-argyrodite"
        if "P" in held and held & {"Ge", "Sn", "Si"}:
            return "sulfide-lgps"
        return "sulfide-glass" if "P" in held else "sulfide-other"
    if "B" in held and "H" in held:
        return "hydride"
    if "O" in held:
        if {"P", "N"} <= held:
            return "lipon"
        if {"La", "Zr"} <= held:
            return "oxide-garnet"
        if {"La", "Ti"} <= held:
            return "oxide-perovskite"
        if "P" in held and held & {"Ti", "Ge", "Zr"}:
            return "oxide-nasicon"
        return "oxide-antiperovskite" if halogens and amounts.get("Li", 0) >= 2 else None
    return "halide" if halogens else None


def resolve_class(electrolyte: str, composition: str, given: str) -> tuple[str | None, bool]:
    """The class of a design and whether it was read from the formula rather than given."""
    if given:
        return given, False
    reading = read_design(electrolyte, composition)
    if reading is None:
        return None, False
    if reading.electrolyte_class:
        return reading.electrolyte_class, True
    if reading.composition:
        held = class_from_composition(reading.composition)
        return held, held is not None
    blended = len(reading.parts) > 1 and any(part.get("kind") == "polymer" for part in reading.parts)
    return ("composite", True) if blended else (None, False)


def classes_of(X: pd.DataFrame) -> list[str | None]:
    """Class of each design, as given or as read from the formula."""
    columns = zip(text(X, "electrolyte"), text(X, "composition"), text(X, "electrolyte_class"), strict=True)
    return [resolve_class(*design)[0] for design in columns]


def family_features(source: str) -> list[Feature]:
    """One yes/no feature per family."""
    return [
        Feature(f"family_{name}", f"electrolyte is {name.replace('_', ' ')}", "yes/no", source) for name in FAMILIES
    ]


def family_values(classes: list[str | None]) -> np.ndarray:
    """Yes/no per family, NaN where the class is unknown; shape (n_designs, n_families)."""
    rows = [[np.nan if held is None else float(held in members) for members in FAMILIES.values()] for held in classes]
    return np.array(rows, dtype=float).reshape(len(classes), len(FAMILIES))


GROUPS: dict[str, frozenset[str]] = {
    "families": frozenset(f"family_{name}" for name in FAMILIES),
    "symmetry": frozenset(feature.name for feature in SYMMETRY_FEATURES),
}
"""Outputs that can be left out, by the name of their group."""


class ElectrolyteFeatures(Featurizer):
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

    def _describe(self) -> list[Feature]:
        return [feature for feature in self._all() if not self._is_left_out(feature)]

    def _is_left_out(self, feature: Feature) -> bool:
        return any(feature.name in GROUPS[group] for group in self.without)

    def _all(self) -> list[Feature]:
        forms = [
            Feature(f"form_{name}", f"electrolyte form is {name}", "yes/no")
            for name in ("glassy", "film", "crystalline")
        ]
        structure = self._structure()
        return [
            *self.composition_.features_,
            *(structure.features_ if structure else []),
            *family_features("class as given, else read from the formula"),
            *forms,
            Feature("inverse_temperature_per_kk", "inverse temperature, 1000/T", "1/K", "Arrhenius", monotone=-1),
            Feature("temperature_not_given", "temperature not printed, taken as 25 °C", "yes/no"),
        ]

    def _values(self, X: pd.DataFrame) -> np.ndarray:
        forms = one_of(X, "form", ("glass", "glass-ceramic", "film", "crystalline", "single-crystal"))
        glassy = forms[:, 0] + forms[:, 1]
        temperature = number(X, "temperature_c")
        empty = np.isnan(temperature)
        structure = self._structure()
        table = np.column_stack(
            [
                self.composition_.transform(X).to_numpy(),
                *([structure.transform(X).to_numpy()] if structure else []),
                family_values(classes_of(X)),
                glassy,
                forms[:, 2],
                forms[:, 3] + forms[:, 4],
                inverse_temperature(np.where(empty, DEFAULT_TEMPERATURE_C, temperature)),
                empty.astype(float),
            ]
        )
        return table[:, [not self._is_left_out(feature) for feature in self._all()]]
