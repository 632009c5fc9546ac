"""Composition as numbers: element fractions, anion shares and weighted statistics of element properties."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from features.elements import PROPERTIES, element_properties
from features.feature import Feature, Featurizer, text
from features.formula import FormulaError, Reading, read_formula

ANIONS = ("N", "O", "F", "S", "Cl", "Br", "I", "H")
READ_FROM = "composition as read from the formula"


def read_design(electrolyte: str, composition: str) -> Reading | None:
    """The reading of a design: of its normalised composition where given, else of the name; None where neither is
    readable."""
    for candidate in (composition, electrolyte):
        if candidate:
            try:
                return read_formula(candidate)
            except FormulaError:
                continue
    return None


def composition_of(electrolyte: str, composition: str) -> Mapping[str, float] | None:
    """Amount of each element, or None where no stoichiometry is known (polymers, blends, unreadable names)."""
    reading = read_design(electrolyte, composition)
    return reading.composition if reading else None


class CompositionFeatures(Featurizer):
    """Vector of the electrolyte's composition; all NaN where none is known.

    Outputs, in order:

    - fraction of each element seen in training with at least `min_rows` rows (atomic fraction)
    - share of each anion among the anions (atomic fraction)
    - lithium per anion (1)
    - mean and average deviation of electronegativity, atomic radius (Å), atomic mass (u), Mendeleev number,
      weighted by atomic fraction; source: pymatgen's periodic table

    Parameters
    ----------
    min_rows : int
        An element must occur in this many training rows to get a fraction of its own. Rarer ones still count in the
        statistics, and the domain notice names those never seen.

    Examples
    --------
    >>> designs = pd.DataFrame({"electrolyte": ["Li6PS5Cl", "PEO"]})
    >>> vectors = CompositionFeatures(min_rows=1).fit_transform(designs)
    >>> float(vectors["fraction_Li"].iloc[0]), bool(vectors["fraction_Li"].isna().iloc[1])
    (0.46153846153846156, True)
    """

    required = ("electrolyte",)

    def __init__(self, min_rows: int = 3) -> None:
        self.min_rows = min_rows

    def _learn(self, X: pd.DataFrame) -> None:
        counts: dict[str, int] = {}
        for amounts in _compositions(X):
            for element in amounts or {}:
                counts[element] = counts.get(element, 0) + 1
        self.elements_ = sorted(element for element, count in counts.items() if count >= self.min_rows)

    def learned(self) -> dict[str, Any]:
        """The elements that got a fraction of their own."""
        return {"elements": self.elements_}

    def _recall(self, learned: dict[str, Any]) -> None:
        self.elements_ = list(learned["elements"])

    def _describe(self) -> list[Feature]:
        found = [
            Feature(f"fraction_{element}", f"{element} fraction", "at. fraction", READ_FROM)
            for element in self.elements_
        ]
        found += [
            Feature(f"anion_share_{anion}", f"{anion} among the anions", "at. fraction", READ_FROM) for anion in ANIONS
        ]
        found.append(Feature("lithium_per_anion", "lithium per anion", "1", READ_FROM))
        for name, (_, label, unit) in PROPERTIES.items():
            found.append(Feature(f"mean_{name}", f"mean {label}", unit, "pymatgen periodic table"))
            found.append(Feature(f"spread_{name}", f"spread of {label}", unit, "pymatgen periodic table"))
        return found

    def _values(self, X: pd.DataFrame) -> np.ndarray:
        compositions = _compositions(X)
        known: dict[tuple[tuple[str, float], ...], np.ndarray] = {}
        rows = []
        for amounts in compositions:
            key = tuple(sorted((amounts or {}).items()))
            if key not in known:
                known[key] = self._vector(dict(key))
            rows.append(known[key])
        return np.array(rows).reshape(len(X), len(self.features_))

    def _vector(self, amounts: dict[str, float]) -> np.ndarray:
        total = sum(amounts.values())
        if not total:
            return np.full(len(self.features_), np.nan)
        anions = sum(amounts.get(anion, 0.0) for anion in ANIONS)
        vector = [amounts.get(element, 0.0) / total for element in self.elements_]
        vector += [amounts.get(anion, 0.0) / anions if anions else np.nan for anion in ANIONS]
        vector.append(amounts.get("Li", 0.0) / anions if anions else np.nan)
        weights = np.array(list(amounts.values())) / total
        table = np.array([element_properties(element) for element in amounts])
        means = weights @ table
        spreads = weights @ np.abs(table - means)
        return np.array([*vector, *np.column_stack([means, spreads]).ravel()])


def _compositions(X: pd.DataFrame) -> list[Mapping[str, float] | None]:
    return [
        composition_of(name, given) for name, given in zip(text(X, "electrolyte"), text(X, "composition"), strict=True)
    ]
