"""Composition as numbers: element fractions, anion shares, statistics of element properties, contrasts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import pandas as pd

from features.element_sums import atoms, element_sums
from features.feature import Feature, Featurizer, Output, filled, text
from features.formulas.elements import ELEMENT_INDEX, PROPERTIES, PROPERTY_INDEX, SYMBOLS, property_table
from features.formulas.reader import FormulaError, Reading, shared_reading
from features.formulas.vectorised import STATISTICS, Amounts, read_amounts, statistics

ANIONS = ("N", "O", "F", "S", "Cl", "Br", "I", "H")
BASICS = ("electronegativity", "atomic_radius", "atomic_mass", "mendeleev_number")
MAGPIE = tuple(known.name for known in PROPERTIES if known.name != "atomic_radius")
"""Properties of the Magpie set that pymatgen holds."""
READ_FROM = "composition as read from the formula"
PYMATGEN = "pymatgen periodic table"
GAS_CONSTANT_J_PER_MOL_K = 8.314462618
IS_ANION = np.isin(np.array(SYMBOLS), ANIONS)
"""True for each anion among all elements, shape (n_elements,)."""


def read_design(electrolyte: str, composition: str) -> Reading | None:
    """Read a design's electrolyte: its normalised composition where given, else its name.

    Parameters
    ----------
    electrolyte, composition : str
        Columns of that name, empty where not given.

    Returns
    -------
    Reading or None
        None where neither can be read; it is not to be changed.
    """
    for candidate in (composition, electrolyte):
        if candidate:
            try:
                return shared_reading(candidate)
            except FormulaError:
                continue
    return None


def composition_of(electrolyte: str, composition: str) -> Mapping[str, float] | None:
    """Return the amount of each element of a design's electrolyte.

    Parameters
    ----------
    electrolyte, composition : str
        Columns of that name, empty where not given.

    Returns
    -------
    mapping of str to float, or None
        None where no stoichiometry is known (polymers, blends, unreadable names).

    Examples
    --------
    >>> composition_of("LLZO", ""), composition_of("PEO", "")
    ({'Li': 7.0, 'La': 3.0, 'Zr': 2.0, 'O': 12.0}, None)
    """
    amounts = _composition_of(electrolyte, composition)
    return None if amounts is None else dict(amounts)


@lru_cache(maxsize=65_536)
def _composition_of(electrolyte: str, composition: str) -> Mapping[str, float] | None:
    reading = read_design(electrolyte, composition)
    return reading.composition if reading else None


def amounts_of(X: pd.DataFrame) -> Amounts:
    """Read the amounts of the elements of each design: of its `composition` where given, else of `electrolyte`.

    Parameters
    ----------
    X : DataFrame, shape (n_designs, n_columns)
    """
    return amounts_of_names(text(X, "electrolyte"), text(X, "composition"))


def amounts_of_names(names: Sequence[str], compositions: Sequence[str]) -> Amounts:
    """Read the amounts of the elements of each electrolyte.

    Parameters
    ----------
    names : sequence of str
        As written.
    compositions : sequence of str
        Of each; empty where its name is to be read.
    """
    if not any(compositions):
        return read_amounts(names, lambda text: composition_of(text, ""))
    name_of = {composition: name for name, composition in zip(names, compositions, strict=True) if composition}
    texts = [composition or name for name, composition in zip(names, compositions, strict=True)]
    return read_amounts(texts, lambda text: composition_of(name_of.get(text, ""), text))


class Compositions:
    """Distinct compositions: what several outputs are computed from, each computed at its first use.

    Parameters
    ----------
    amounts : of the elements of each text
    """

    def __init__(self, amounts: Amounts) -> None:
        self.amounts = amounts

    @cached_property
    def anion_share(self) -> np.ndarray:
        """Atomic fraction of all anions together, NaN where there is none; shape (n_distinct,)."""
        sums = self.amounts.fractions[[ELEMENT_INDEX[anion] for anion in ANIONS]].sum(axis=0)
        sums[sums == 0] = np.nan
        return np.asarray(sums)

    @cached_property
    def basics(self) -> dict[str, np.ndarray]:
        """Mean and average deviation of `BASICS`, each of shape (n_distinct, n_properties)."""
        return statistics(self.amounts, BASICS, ("mean", "avg_dev"))

    @cached_property
    def magpie(self) -> dict[str, np.ndarray]:
        """`STATISTICS` of `MAGPIE`, each of shape (n_distinct, n_properties)."""
        return statistics(self.amounts, MAGPIE)

    def mean_over(self, name: str, chosen: np.ndarray) -> np.ndarray:
        """Mean of a property over some of the elements, NaN where none of them is there; shape (n_distinct,).

        Parameters
        ----------
        name : str
            Of the property.
        chosen : ndarray of bool, shape (n_elements,)
            The elements that count.
        """
        values = np.nan_to_num(property_table()[:, PROPERTY_INDEX[name]])
        share = self.amounts.dense[:, chosen]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray((share @ values[chosen]) / share.sum(axis=1))


Values = Callable[[Compositions], np.ndarray]


def _fraction(symbol: str) -> Values:
    place = ELEMENT_INDEX[symbol]
    return lambda compositions: np.asarray(compositions.amounts.fractions[place])


def _per_anion(symbol: str) -> Values:
    fraction = _fraction(symbol)
    return lambda compositions: fraction(compositions) / compositions.anion_share


def _statistic(block: Callable[[Compositions], dict[str, np.ndarray]], statistic: str, place: int) -> Values:
    return lambda compositions: block(compositions)[statistic][:, place]


def _fractions(elements: Sequence[str]) -> list[Output[Compositions]]:
    return [
        Output(Feature(f"fraction_{symbol}", f"{symbol} fraction", "at. fraction", READ_FROM), _fraction(symbol))
        for symbol in elements
    ]


def _anions(elements: Sequence[str]) -> list[Output[Compositions]]:
    named = [(f"anion_share_{anion}", f"{anion} among the anions", "at. fraction", anion) for anion in ANIONS]
    return [
        Output(Feature(name, label, unit, READ_FROM), _per_anion(symbol))
        for name, label, unit, symbol in [*named, ("lithium_per_anion", "lithium per anion", "1", "Li")]
    ]


def _basics(elements: Sequence[str]) -> list[Output[Compositions]]:
    return [
        Output(
            Feature(f"{word}_{name}", f"{phrase} {PROPERTIES[PROPERTY_INDEX[name]].label}", _unit(name), PYMATGEN),
            _statistic(lambda compositions: compositions.basics, statistic, place),
        )
        for place, name in enumerate(BASICS)
        for statistic, word, phrase in (("mean", "mean", "mean"), ("avg_dev", "spread", "spread of"))
    ]


def _statistics(elements: Sequence[str]) -> list[Output[Compositions]]:
    return [
        Output(
            Feature(
                f"{statistic}_{name}",
                f"{statistic.replace('_', ' ')} of {PROPERTIES[PROPERTY_INDEX[name]].label}",
                _unit(name),
                PYMATGEN,
            ),
            _statistic(lambda compositions: compositions.magpie, statistic, place),
        )
        for place, name in enumerate(MAGPIE)
        for statistic in STATISTICS
    ]


def _unit(name: str) -> str:
    return PROPERTIES[PROPERTY_INDEX[name]].unit


def _contrasts(elements: Sequence[str]) -> list[Output[Compositions]]:
    return [
        Output(
            Feature("electronegativity_contrast", "electronegativity of anions over cations", "", PYMATGEN),
            _electronegativity_contrast,
        ),
        Output(
            Feature("radius_contrast", "atomic radius of anions over cations without lithium", "1", PYMATGEN),
            _radius_contrast,
        ),
        Output(
            Feature(
                "mixing_entropy_j_per_mol_k", "stoichiometric entropy", "J/(mol K)", "-R sum x ln x of the fractions"
            ),
            _mixing_entropy,
        ),
        Output(
            Feature(
                "charge_residue_per_atom",
                "charge that does not cancel",
                "e/atom",
                "oxidation states of features/formulas/charge.py",
            ),
            lambda compositions: compositions.amounts.charge / atoms(compositions.amounts),
        ),
    ]


def _electronegativity_contrast(compositions: Compositions) -> np.ndarray:
    cations = compositions.mean_over("electronegativity", ~IS_ANION)
    return np.asarray(compositions.mean_over("electronegativity", IS_ANION) - cations)


def _radius_contrast(compositions: Compositions) -> np.ndarray:
    cations = compositions.mean_over("atomic_radius", ~IS_ANION & (np.array(SYMBOLS) != "Li"))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(compositions.mean_over("atomic_radius", IS_ANION) / cations)


def _mixing_entropy(compositions: Compositions) -> np.ndarray:
    amounts = compositions.amounts
    fractions = amounts.amount / amounts.total[amounts.owner]
    entropy = -GAS_CONSTANT_J_PER_MOL_K * element_sums(amounts, fractions * np.log(fractions))
    return np.where(amounts.known, entropy, np.nan)


BLOCKS: dict[str, Callable[[Sequence[str]], list[Output[Compositions]]]] = {
    "fractions": _fractions, "anions": _anions, "basics": _basics, "statistics": _statistics, "contrasts": _contrasts,
}  # fmt: skip
"""Blocks of composition features; which a model uses is configuration, what they are worth by paper a benchmark."""


@lru_cache(maxsize=64)
def _outputs_of(blocks: tuple[str, ...], elements: tuple[str, ...]) -> tuple[Output[Compositions], ...]:
    return tuple(output for block in blocks for output in BLOCKS[block](elements))


class CompositionFeatures(Featurizer):
    """Vector of the electrolyte's composition; all NaN where none is known.

    Outputs, in order, of the chosen blocks:

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
        """Return the elements that got a fraction of their own."""
        return {"elements": self.elements_}

    def _recall(self, learned: dict[str, Any]) -> None:
        self.elements_ = list(learned["elements"])

    def outputs(self) -> tuple[Output[Compositions], ...]:
        """Return the outputs, each one number of every distinct composition."""
        return _outputs_of(tuple(self.blocks), tuple(self.elements_))

    _outputs = outputs

    def _values(self, X: pd.DataFrame) -> np.ndarray:
        return self.vectors(amounts_of(X))

    def vectors(self, amounts: Amounts) -> np.ndarray:
        """Compute the vectors of texts already read; each distinct composition once.

        Parameters
        ----------
        amounts : Amounts
            Of the elements of each text.

        Returns
        -------
        ndarray, shape (n_texts, n_features)
        """
        return np.asarray(filled(self.outputs(), Compositions(amounts), len(amounts.known))[amounts.codes])
