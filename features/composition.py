"""Composition as numbers: element fractions, anion shares, statistics of element properties, contrasts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from features.feature import Feature, Featurizer, text
from features.formulas.charge import charge_imbalance
from features.formulas.elements import ELEMENT_INDEX, PROPERTIES, PROPERTY_INDEX, SYMBOLS, property_table
from features.formulas.reader import FormulaError, Reading, read_formula
from features.formulas.vectorised import Amounts, read_amounts

ANIONS = ("N", "O", "F", "S", "Cl", "Br", "I", "H")
BASICS = ("electronegativity", "atomic_radius", "atomic_mass", "mendeleev_number")
STATISTICS = ("mean", "avg_dev", "range", "minimum", "maximum")
MAGPIE = tuple(each.name for each in PROPERTIES if each.name != "atomic_radius")
"""Properties of the Magpie set that pymatgen holds."""
READ_FROM = "composition as read from the formula"
PYMATGEN = "pymatgen periodic table"
GAS_CONSTANT_J_PER_MOL_K = 8.314462618


def read_design(electrolyte: str, composition: str) -> Reading | None:
    """The reading of a design: of its normalised composition where given, else of the name; None where unreadable."""
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


def amounts_of(X: pd.DataFrame) -> Amounts:
    """Amounts of the elements of each design: of its `composition` where given, else of `electrolyte`."""
    return amounts_of_names(text(X, "electrolyte"), text(X, "composition"))


def amounts_of_names(names: Sequence[str], given: Sequence[str]) -> Amounts:
    """Amounts of the elements of each electrolyte: of the composition given, of its name where that is empty."""
    if not any(given):
        return read_amounts(names, lambda written: composition_of(written, ""))
    spare = {first: name for name, first in zip(names, given, strict=True) if first}
    texts = [first or name for name, first in zip(names, given, strict=True)]
    return read_amounts(texts, lambda written: composition_of(spare.get(written, ""), written))


Values = Callable[[Amounts], np.ndarray]


def _fractions(elements: Sequence[str]) -> tuple[list[Feature], Values]:
    places = [ELEMENT_INDEX[element] for element in elements]
    found = [Feature(f"fraction_{each}", f"{each} fraction", "at. fraction", READ_FROM) for each in elements]
    return found, lambda amounts: amounts.dense(places)


def _anions(elements: Sequence[str]) -> tuple[list[Feature], Values]:
    places = [ELEMENT_INDEX[anion] for anion in ANIONS]
    found = [Feature(f"anion_share_{each}", f"{each} among the anions", "at. fraction", READ_FROM) for each in ANIONS]
    found.append(Feature("lithium_per_anion", "lithium per anion", "1", READ_FROM))

    def values(amounts: Amounts) -> np.ndarray:
        anions = np.asfortranarray(amounts.dense(places))  # sums go element by element, whatever the number of rows
        sums = anions.sum(axis=1, keepdims=True)
        sums[sums == 0] = np.nan
        return np.hstack([anions / sums, amounts.dense([ELEMENT_INDEX["Li"]]) / sums])

    return found, values


def _basics(elements: Sequence[str]) -> tuple[list[Feature], Values]:
    found = []
    for name in BASICS:
        each = PROPERTIES[PROPERTY_INDEX[name]]
        found.append(Feature(f"mean_{name}", f"mean {each.label}", each.unit, PYMATGEN))
        found.append(Feature(f"spread_{name}", f"spread of {each.label}", each.unit, PYMATGEN))

    def values(amounts: Amounts) -> np.ndarray:
        each = statistics(amounts, BASICS, ("mean", "avg_dev"))
        return np.stack([each["mean"], each["avg_dev"]], axis=2).reshape(len(amounts.known), len(found))

    return found, values


def _statistics(elements: Sequence[str]) -> tuple[list[Feature], Values]:
    found = [
        Feature(f"{statistic}_{name}", f"{statistic.replace('_', ' ')} of {each.label}", each.unit, PYMATGEN)
        for name in MAGPIE
        for each in (PROPERTIES[PROPERTY_INDEX[name]],)
        for statistic in STATISTICS
    ]

    def values(amounts: Amounts) -> np.ndarray:
        each = statistics(amounts, MAGPIE)
        return np.stack([each[statistic] for statistic in STATISTICS], axis=2).reshape(len(amounts.known), len(found))

    return found, values


def _contrasts(elements: Sequence[str]) -> tuple[list[Feature], Values]:
    found = [
        Feature("electronegativity_contrast", "electronegativity of anions over cations", "", PYMATGEN),
        Feature("radius_contrast", "atomic radius of anions over cations without lithium", "1", PYMATGEN),
        Feature("mixing_entropy_j_per_mol_k", "stoichiometric entropy", "J/(mol K)", "-R sum x ln x of the fractions"),
        Feature(
            "charge_residue_per_atom",
            "charge that does not cancel",
            "e/atom",
            "oxidation states of features/formulas/charge.py",
        ),
    ]

    def values(amounts: Amounts) -> np.ndarray:
        fractions = amounts.dense()
        is_anion = np.isin(np.array(SYMBOLS), ANIONS)
        is_frame = ~is_anion & (np.array(SYMBOLS) != "Li")
        table = np.nan_to_num(property_table())
        electronegativity = table[:, PROPERTY_INDEX["electronegativity"]]
        radius = table[:, PROPERTY_INDEX["atomic_radius"]]
        with np.errstate(divide="ignore", invalid="ignore"):
            entropy = -GAS_CONSTANT_J_PER_MOL_K * np.where(fractions > 0, fractions * np.log(fractions), 0.0).sum(
                axis=1
            )
            contrast = _mean_over(fractions, electronegativity, is_anion) - _mean_over(
                fractions, electronegativity, ~is_anion
            )
            ratio = _mean_over(fractions, radius, is_anion) / _mean_over(fractions, radius, is_frame)
        entropy[~amounts.known] = np.nan
        return np.column_stack([contrast, ratio, entropy, _charges(amounts)])

    return found, values


def _mean_over(fractions: np.ndarray, values: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Mean of a property over some of the elements, NaN where none of them is there."""
    share = fractions[:, chosen]
    return np.asarray((share @ values[chosen]) / share.sum(axis=1))


def _charges(amounts: Amounts) -> np.ndarray:
    found = np.full(len(amounts.known), np.nan)
    for row in np.flatnonzero(amounts.known):
        here = slice(amounts.starts[row], amounts.starts[row + 1])
        held = dict(zip([SYMBOLS[place] for place in amounts.element[here]], amounts.amount[here], strict=True))
        imbalance = charge_imbalance(held)
        if imbalance is not None:
            found[row] = imbalance / amounts.amount[here].sum()
    return found


def statistics(amounts: Amounts, names: Sequence[str], wanted: Sequence[str] = STATISTICS) -> dict[str, np.ndarray]:
    """Weighted statistics of element properties of each distinct composition, as the Magpie set defines them.

    Parameters
    ----------
    names : of the properties
    wanted : names of `STATISTICS`

    Returns
    -------
    dict of ndarray, each of shape (n_distinct, n_properties)
        `mean` and `avg_dev` (mean absolute deviation from it) weighted by atomic fraction; `minimum`, `maximum` and
        `range` over the elements present. NaN where the composition is unknown or a property is missing.
    """
    table = property_table()[:, [PROPERTY_INDEX[name] for name in names]]
    shape = (len(amounts.known), len(names))
    if len(amounts.element) == 0:
        return {name: np.full(shape, np.nan) for name in wanted}
    known = np.flatnonzero(amounts.known)
    starts = amounts.starts[known]
    weight = (amounts.amount / amounts.total[amounts.owner])[:, None]
    values = table[amounts.element]
    each = {"mean": np.add.reduceat(weight * values, starts, axis=0)}
    if "avg_dev" in wanted:
        away = np.repeat(each["mean"], np.diff(np.append(starts, len(amounts.element))), axis=0)
        each["avg_dev"] = np.add.reduceat(weight * np.abs(values - away), starts, axis=0)
    if {"range", "minimum", "maximum"} & set(wanted):
        low, high = np.minimum.reduceat(values, starts, axis=0), np.maximum.reduceat(values, starts, axis=0)
        each |= {"range": high - low, "minimum": low, "maximum": high}
    each = {name: each[name] for name in wanted}
    if len(known) == len(amounts.known):
        return each
    found = {name: np.full(shape, np.nan) for name in wanted}
    for name, block in each.items():
        found[name][known] = block
    return found


BLOCKS: dict[str, Callable[[Sequence[str]], tuple[list[Feature], Values]]] = {
    "fractions": _fractions, "anions": _anions, "basics": _basics, "statistics": _statistics, "contrasts": _contrasts,
}  # fmt: skip
"""Blocks of composition features; which a model uses is configuration, what they are worth by paper a benchmark."""


class CompositionFeatures(Featurizer):
    """Vector of the electrolyte's composition; all NaN where none is known.

    Outputs, in order, of the blocks asked for:

    - `fractions`: fraction of each element seen in training with at least `min_rows` rows (atomic fraction)
    - `anions`: share of each anion among the anions (atomic fraction), lithium per anion (1)
    - `basics`: mean and average deviation of electronegativity, atomic radius (Å), atomic mass (u), Mendeleev number
    - `statistics`: mean, average deviation, range, minimum, maximum of the 18 Magpie properties pymatgen holds
    - `contrasts`: electronegativity and size of anions against cations, entropy (J/(mol K)), charge residue (e/atom)

    All averages are weighted by atomic fraction.

    Parameters
    ----------
    min_rows : int
        An element must occur in this many training rows to get a fraction of its own. Rarer ones still count in the
        statistics, and the domain notice names those never seen.
    blocks : tuple of str
        Names of `BLOCKS`, in the order of the outputs.

    Examples
    --------
    >>> designs = pd.DataFrame({"electrolyte": ["Li6PS5Cl", "PEO"]})
    >>> vectors = CompositionFeatures(min_rows=1).fit_transform(designs)
    >>> float(vectors["fraction_Li"].iloc[0]), bool(vectors["fraction_Li"].isna().iloc[1])
    (0.46153846153846156, True)
    """

    required = ("electrolyte",)

    def __init__(self, min_rows: int = 3, blocks: tuple[str, ...] = ("fractions", "anions", "basics")) -> None:
        self.min_rows = min_rows
        self.blocks = blocks

    def _learn(self, X: pd.DataFrame) -> None:
        unknown = [block for block in self.blocks if block not in BLOCKS]
        if unknown:
            raise ValueError(f"unknown block {', '.join(unknown)}; expected some of {', '.join(BLOCKS)}")
        if {"basics", "statistics"} <= set(self.blocks):
            raise ValueError("the block statistics holds all of basics; expected one of the two")
        amounts = amounts_of(X)
        rows = np.bincount(amounts.codes, minlength=len(amounts.known))
        counts = np.bincount(amounts.element, rows[amounts.owner], minlength=len(SYMBOLS))
        self.elements_ = sorted(SYMBOLS[place] for place in np.flatnonzero(counts >= self.min_rows))

    def learned(self) -> dict[str, Any]:
        """The elements that got a fraction of their own."""
        return {"elements": self.elements_}

    def _recall(self, learned: dict[str, Any]) -> None:
        self.elements_ = list(learned["elements"])

    def _describe(self) -> list[Feature]:
        return [feature for block in self.blocks for feature in BLOCKS[block](self.elements_)[0]]

    def _values(self, X: pd.DataFrame) -> np.ndarray:
        return self.vectors(amounts_of(X))

    def vectors(self, amounts: Amounts) -> np.ndarray:
        """Vectors of texts already read, shape (n_texts, n_features); each distinct composition is computed once."""
        return np.asarray(np.hstack(self.distinct(amounts))[amounts.codes])

    def distinct(self, amounts: Amounts) -> list[np.ndarray]:
        """The blocks of each distinct composition, each of shape (n_distinct, n_block_features)."""
        return [BLOCKS[block](self.elements_)[1](amounts) for block in self.blocks]
