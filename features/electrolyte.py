"""The electrolyte as a vector: composition, family, form and temperature."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import pandas as pd

from features.composition import CompositionFeatures, Compositions
from features.crystal.space_group import SYMMETRY_FEATURES
from features.crystal.structure import STRUCTURE_OUTPUTS, Structures
from features.electrolyte_columns import (
    FEW,
    DesignFeaturizer,
    DesignSource,
    Electrolytes,
    family_outputs,
    read_electrolytes,
)
from features.family import FAMILIES
from features.feature import Feature, Output, filled, yes_no
from features.physics import inverse_temperature
from features.tables.designs import Designs

STRUCTURE = "structure"
"""Block of `ElectrolyteFeatures` that reads space group, lattice and CIF."""
INVERSE_TEMPERATURE = "inverse_temperature_per_kk"
"""Name of the feature 1000/T."""
DEFAULT_TEMPERATURE_C = 25.0
"""An empty temperature is read as this: half of the reviews' conductivities print none. A flag feature stands beside
it."""


def classes_of(X: pd.DataFrame) -> list[str | None]:
    """Return the class of each design, as given or as read from the formula; None where it is unknown.

    Parameters
    ----------
    X : DataFrame, shape (n_designs, n_columns)
        Read are the columns `electrolyte`, `composition` and `electrolyte_class`.
    """
    return read_electrolytes(X).class_names


GROUPS: dict[str, frozenset[str]] = {
    "families": frozenset(f"family_{name}" for name in FAMILIES),
    "symmetry": frozenset(output.name for output in SYMMETRY_FEATURES),
}
"""Outputs that can be left out, by the name of their group."""


class ElectrolyteSource(DesignSource):
    """Electrolytes at a temperature: what several outputs share, each computed at its first use."""

    @cached_property
    def structures(self) -> Structures:
        """Crystal structure of each design."""
        return Structures(self.designs.to_frame())

    @cached_property
    def forms(self) -> dict[str, np.ndarray]:
        """Yes/no by form of the electrolyte."""
        return self.flags("form", ("glass", "glass-ceramic", "film", "crystalline", "single-crystal"))


def _of_structure(output: Output[Structures]) -> Output[ElectrolyteSource]:
    return Output(output.feature, lambda source: output.values(source.structures))


def _inverse_temperature(source: ElectrolyteSource) -> Any:
    temperature = source.number("temperature_c")
    return inverse_temperature(np.where(np.isnan(temperature), DEFAULT_TEMPERATURE_C, temperature))


FORM_AND_TEMPERATURE: tuple[Output[ElectrolyteSource], ...] = (
    yes_no(
        "form_glassy",
        "electrolyte form is glassy",
        lambda source: source.forms["glass"] + source.forms["glass-ceramic"],
    ),
    yes_no("form_film", "electrolyte form is film", lambda source: source.forms["film"]),
    yes_no(
        "form_crystalline",
        "electrolyte form is crystalline",
        lambda source: source.forms["crystalline"] + source.forms["single-crystal"],
    ),
    Output(
        Feature(INVERSE_TEMPERATURE, "inverse temperature, 1000/T", "1/K", "Arrhenius", monotone=-1),
        _inverse_temperature,
    ),
    yes_no(
        "temperature_not_given",
        "temperature not printed, taken as 25 °C",
        lambda source: np.isnan(source.number("temperature_c")),
    ),
)


@lru_cache(maxsize=64)
def _outputs_of(with_structure: bool, without: tuple[str, ...]) -> tuple[Output[ElectrolyteSource], ...]:
    outputs: list[Output[ElectrolyteSource]] = [
        *map(_of_structure, STRUCTURE_OUTPUTS if with_structure else ()),
        *family_outputs("class as given, else read from the formula"),
        *FORM_AND_TEMPERATURE,
    ]
    left_out = {name for group in without for name in GROUPS[group]}
    return tuple(output for output in outputs if output.name not in left_out)


class ElectrolyteFeatures(DesignFeaturizer):
    """Vector of an electrolyte at a temperature.

    Outputs, in order: those of `CompositionFeatures`; one yes/no per family of `FAMILIES`; glassy, film and crystalline
    form; 1000/T (1/K; an empty temperature counts as 25 °C); whether no temperature was given.

    Parameters
    ----------
    min_rows, blocks
        Passed to `CompositionFeatures`; the block `structure` adds the outputs of `StructureFeatures`, NaN where no
        structure is given.
    without
        Names of `GROUPS`: outputs left out. Where families are held out whole, what names a family misleads.

    Examples
    --------
    >>> designs = pd.DataFrame({"electrolyte": ["LLZO", "LLZO"], "temperature_c": [226.85, None]})
    >>> vectors = ElectrolyteFeatures(min_rows=1).fit_transform(designs)
    >>> vectors[["family_garnet", "inverse_temperature_per_kk", "temperature_not_given"]].round(4).to_numpy().tolist()
    [[1.0, 2.0, 0.0], [1.0, 3.354, 1.0]]
    """

    required = ("electrolyte",)
    source = ElectrolyteSource

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

    def learned(self) -> dict[str, Any]:
        """Return what the composition part learned, as plain values for JSON."""
        return self.composition_.learned()

    def _recall(self, learned: dict[str, Any]) -> None:
        self.composition_ = CompositionFeatures(self.min_rows, self._composition_blocks()).restore(learned)

    def vectors(self, X: Designs, electrolytes: Electrolytes) -> np.ndarray:
        """Compute the values of `transform` without their names: the composition once for all designs of it.

        Parameters
        ----------
        X : Designs
            Designs.
        electrolytes : Electrolytes
            What `read_electrolytes` gave of `X`.

        Returns
        -------
        ndarray, shape (n_designs, n_features)
        """
        self._require(X)
        of_composition, amounts, rows = self.composition_.outputs(), electrolytes.amounts, electrolytes.compositions
        outputs, source = self._outputs(), self.source(X, electrolytes)
        table = np.empty((len(X), len(of_composition) + len(outputs)))
        if len(amounts.known) <= FEW:
            key = (tuple(self.composition_.blocks), tuple(self.composition_.elements_))
            table[:, : len(of_composition)] = amounts.computed.once(
                key, lambda: filled(of_composition, Compositions(amounts), len(amounts.known))
            )[rows]
        else:
            compositions, in_order = Compositions(amounts), np.array_equal(rows, np.arange(len(amounts.known)))
            for place, output in enumerate(of_composition):
                distinct = output.values(compositions)
                table[:, place] = distinct if in_order else distinct[rows]
        for place, of_design in enumerate(outputs, start=len(of_composition)):
            table[:, place] = of_design.values(source)
        return table

    def _outputs(self) -> tuple[Output[ElectrolyteSource], ...]:
        """Outputs behind those of the composition."""
        return _outputs_of(STRUCTURE in self.blocks, tuple(self.without))

    def _describe(self) -> list[Feature]:
        return [*self.composition_.features_, *super()._describe()]
