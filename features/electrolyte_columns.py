"""What the designs of a table hold as electrolyte: composition and class, each distinct one read once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from features.composition import amounts_of_names, read_design
from features.family import LITHIUM_RICH, class_from_composition, class_of_reading
from features.feature import Featurizer, coded
from features.formulas.charge import OXIDATION_STATES
from features.formulas.elements import ELEMENT_INDEX, SYMBOLS
from features.formulas.vectorised import Amounts
from features.tables.designs import Designs

_WORD = 52
"""Elements told apart by the bits of one number."""


@dataclass(frozen=True)
class Electrolytes:
    """The electrolytes of some designs.

    Attributes
    ----------
    codes : place of each design's electrolyte among the distinct ones, shape (n_designs,)
    names : of the distinct ones, as written
    written : what stands for the composition of each: the normalised one where given, else the name
    amounts : of the distinct ones; `amounts.codes` leads from them to their composition
    classes : the classes that occur, None first: unknown
    held : place of each design's class in `classes`, shape (n_designs,)
    derived : whether that class was read from the formula rather than given, shape (n_designs,)
    systems : place of each composition of `amounts` among the distinct sets of elements, and those sets
    """

    codes: np.ndarray
    names: list[str]
    written: list[str]
    amounts: Amounts
    classes: list[str | None]
    held: np.ndarray
    derived: np.ndarray
    systems: tuple[np.ndarray, list[frozenset[str]]]

    def take(self, rows: np.ndarray) -> Electrolytes:
        """Those of some designs."""
        return replace(self, codes=self.codes[rows], held=self.held[rows], derived=self.derived[rows])

    @property
    def class_names(self) -> list[str | None]:
        """Class of each design."""
        return [self.classes[place] for place in self.held.tolist()]

    @property
    def compositions(self) -> np.ndarray:
        """Place of each design's composition among those of `amounts`, shape (n_designs,)."""
        return np.asarray(self.amounts.codes[self.codes])

    @cached_property
    def charge(self) -> np.ndarray:
        """Sum of charges of each composition of `amounts`; NaN where unknown, or where an element has no certain state.

        The sums of `features.formulas.charge.charge_imbalance`, in the same order of terms.
        """
        amounts, owner = self.amounts, self.amounts.owner
        states = np.array([OXIDATION_STATES.get(symbol, np.nan) for symbol in SYMBOLS])[amounts.element]
        holds = {symbol: self._holding(symbol) for symbol in "HBO"}
        hydride = (holds["B"] & ~holds["O"])[owner]
        states = np.where(amounts.element == ELEMENT_INDEX["H"], np.where(hydride, -1.0, 1.0), states)
        found = np.bincount(owner, states * amounts.amount, minlength=len(amounts.known))
        return np.where(amounts.known, found, np.nan)

    def _holding(self, symbol: str) -> np.ndarray:
        found = np.zeros(len(self.amounts.known), dtype=bool)
        found[self.amounts.owner[self.amounts.element == ELEMENT_INDEX[symbol]]] = True
        return found


def element_sets(amounts: Amounts) -> tuple[np.ndarray, list[frozenset[str]]]:
    """Place of each composition among the distinct sets of elements, shape (n_distinct,), and those sets."""
    owner, count = amounts.owner, len(amounts.known)
    places = np.zeros(count, dtype=np.int64)
    for first in range(0, len(SYMBOLS), _WORD):
        bit = amounts.element - first
        here = (bit >= 0) & (bit < _WORD)
        held, kinds = pd.factorize(np.bincount(owner[here], 2.0 ** bit[here], minlength=count))
        places, _ = pd.factorize(places * len(kinds) + held)
    examples = _first_of(places)
    ends = amounts.starts
    sets = [frozenset(SYMBOLS[place] for place in amounts.element[ends[row] : ends[row + 1]]) for row in examples]
    return places, sets


def _first_of(codes: np.ndarray) -> np.ndarray:
    """Where each of the codes 0, 1, 2, ... stands first, shape (n_codes,)."""
    found = np.empty(int(codes.max(initial=-1)) + 1, dtype=np.int64)
    found[codes[::-1]] = np.arange(len(codes))[::-1]
    return found


def read_electrolytes(X: pd.DataFrame | Designs) -> Electrolytes:
    """Read the electrolytes of designs: columns `electrolyte`, `composition` and `electrolyte_class`.

    Those of `Designs` are read once.

    Parameters
    ----------
    X : DataFrame or Designs, shape (n_designs, n_columns)
        Designs; columns may be absent.
    """
    return Designs.of(X).once(_read_electrolytes)


def _read_electrolytes(X: Designs) -> Electrolytes:
    codes, names = coded(X, "electrolyte")
    places, compositions = coded(X, "composition")
    given = compositions * len(names)
    if len(compositions) > 1:
        pairs, codes = np.unique(codes * len(compositions) + places, return_inverse=True)
        given = [compositions[pair % len(compositions)] for pair in pairs.tolist()]
        names = [names[pair // len(compositions)] for pair in pairs.tolist()]
    amounts = amounts_of_names(names, given)
    said, words = coded(X, "electrolyte_class")
    unsaid = np.array([not word for word in words], dtype=bool)[said] if len(said) else np.zeros(0, dtype=bool)
    systems = element_sets(amounts)
    by_formula, told = _derived(names, given, amounts, systems, np.bincount(codes[unsaid], minlength=len(names)) > 0)
    classes = [None, *dict.fromkeys(name for name in [*words, *told] if name)]
    place = {name: number for number, name in enumerate(classes)}
    by_word, by_told = (
        np.array([place.get(name or None, 0) for name in each], dtype=np.int64) for each in (words, told)
    )
    held = np.where(unsaid, by_told[by_formula[codes]], by_word[said]) if len(said) else np.zeros(0, dtype=np.int64)
    written = [first or name for name, first in zip(names, given, strict=True)] if any(given) else names
    return Electrolytes(codes, names, written, amounts, classes, held, unsaid & (held > 0), systems)


def _derived(
    names: list[str],
    given: list[str],
    amounts: Amounts,
    systems: tuple[np.ndarray, list[frozenset[str]]],
    wanted: np.ndarray,
) -> tuple[np.ndarray, list[str | None]]:
    """Place of each electrolyte's class, as its formula tells it, among those told; 0, None, where it is not wanted.

    Parameters
    ----------
    wanted : shape (n_electrolytes,)
    """
    kinds, sets = systems
    lithium = np.zeros(len(amounts.known))
    at_lithium = amounts.element == ELEMENT_INDEX["Li"]
    lithium[amounts.owner[at_lithium]] = amounts.amount[at_lithium]
    found, told = np.zeros(len(names), dtype=np.int64), list[str | None]([None])
    plain = amounts.plain[amounts.codes]
    places = amounts.codes[wanted & plain]
    case, examples = pd.factorize(2 * kinds[places] + (lithium[places] >= LITHIUM_RICH))
    found[wanted & plain] = case + len(told)
    for kind, is_rich in zip((examples // 2).tolist(), (examples % 2).tolist(), strict=True):
        told.append(class_from_composition(dict.fromkeys(sets[kind], LITHIUM_RICH if is_rich else 1.0)))
    for place in np.flatnonzero(wanted & ~plain).tolist():
        found[place] = len(told)
        told.append(class_of_reading(read_design(names[place], given[place])))
    return found, told


class DesignFeaturizer(Featurizer):
    """A featurizer of whole designs: what it needs of their electrolytes may be read once for several of them.

    A subclass fills `_filled`.
    """

    def vectors(self, X: Designs, electrolytes: Electrolytes) -> np.ndarray:
        """The values of `transform` without their names, shape (n_designs, n_features).

        Parameters
        ----------
        electrolytes : what `read_electrolytes` gave of `X`
        """
        self._require(X)
        return self._filled(X, electrolytes)

    def reads_like(self, other: DesignFeaturizer) -> bool:
        """Whether both give the same vectors of any design."""
        one, two = ((type(each), each.get_params(), each.learned()) for each in (self, other))
        return one == two

    def _values(self, X: pd.DataFrame) -> np.ndarray:
        designs = Designs.of(X)
        return self._filled(designs, read_electrolytes(designs))

    def _filled(self, X: Designs, electrolytes: Electrolytes) -> np.ndarray:
        raise TypeError(f"{type(self).__name__} computes no values")
