"""The electrolytes of a table of designs: composition and class, each distinct one read once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
import pandas as pd

from features.composition import amounts_of_names, read_design
from features.family import FAMILIES, class_from_composition, class_of_reading, class_takes_amounts, family_values
from features.feature import Featurizer, Output, coded, filled, one_of, yes_no
from features.formulas.elements import ELEMENT_INDEX
from features.formulas.vectorised import Amounts
from features.tables.designs import Coded, Designs

FEW = 20
"""Designs whose electrolytes, once read, are kept."""


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
    class_codes : place of each design's class in `classes`, shape (n_designs,)
    derived : True where that class was read from the formula rather than given, shape (n_designs,)
    """

    codes: np.ndarray
    names: list[str]
    written: list[str]
    amounts: Amounts
    classes: list[str | None]
    class_codes: np.ndarray
    derived: np.ndarray

    def take(self, rows: np.ndarray) -> Electrolytes:
        """Return those of some designs.

        Parameters
        ----------
        rows : ndarray
            Mask or places of the designs.
        """
        return replace(self, codes=self.codes[rows], class_codes=self.class_codes[rows], derived=self.derived[rows])

    @property
    def class_names(self) -> list[str | None]:
        """Class of each design."""
        return [self.classes[code] for code in self.class_codes.tolist()]

    @property
    def compositions(self) -> np.ndarray:
        """Place of each design's composition among those of `amounts`, shape (n_designs,)."""
        return np.asarray(self.amounts.codes[self.codes])

    @cached_property
    def without_lithium(self) -> np.ndarray:
        """True where the composition of a design is known and holds no lithium, shape (n_designs,)."""
        holds_none = self.amounts.known.copy()
        holds_none[self.amounts.owner[self.amounts.element == ELEMENT_INDEX["Li"]]] = False
        return holds_none[self.compositions] if holds_none.any() else np.zeros(len(self.codes), dtype=bool)

    @cached_property
    def families(self) -> dict[str, np.ndarray]:
        """Yes/no of each design by family, NaN where its class is unknown; each of shape (n_designs,)."""
        return dict(zip(FAMILIES, family_values(self.classes)[self.class_codes].T, strict=True))


def read_electrolytes(X: pd.DataFrame | Designs) -> Electrolytes:
    """Read the electrolytes of designs: columns `electrolyte`, `composition` and `electrolyte_class`.

    Those of `Designs` are read once.

    Parameters
    ----------
    X : DataFrame or Designs, shape (n_designs, n_columns)
        Designs; columns may be absent.

    Examples
    --------
    >>> designs = pd.DataFrame({"electrolyte": ["LLZO", "PEO", "LLZO"]})
    >>> electrolytes = read_electrolytes(designs)
    >>> electrolytes.names, electrolytes.class_names
    (['LLZO', 'PEO'], ['oxide-garnet', 'polymer', 'oxide-garnet'])
    """
    return Designs.of(X).once(_read_electrolytes)


def _read_electrolytes(X: Designs) -> Electrolytes:
    columns = [coded(X, column) for column in ("electrolyte", "composition", "electrolyte_class")]
    if len(X) > FEW:
        return _read_columns(*columns)
    return _read_few(*((codes.astype(np.int64).tobytes(), tuple(texts)) for codes, texts in columns))


@lru_cache(maxsize=256)
def _read_few(*columns: tuple[bytes, tuple[str, ...]]) -> Electrolytes:
    """Read few electrolytes, as `_read_columns` does; cached, as many cells share an electrolyte."""
    return _read_columns(*((np.frombuffer(codes, dtype=np.int64), list(texts)) for codes, texts in columns))


def _read_columns(electrolyte: Coded, composition: Coded, electrolyte_class: Coded) -> Electrolytes:
    (codes, names), (places, texts), (class_places, stated) = electrolyte, composition, electrolyte_class
    compositions = texts * len(names)
    if len(texts) > 1:
        pairs, codes = np.unique(codes * len(texts) + places, return_inverse=True)
        compositions = [texts[pair % len(texts)] for pair in pairs.tolist()]
        names = [names[pair // len(texts)] for pair in pairs.tolist()]
    amounts = amounts_of_names(names, compositions)
    unstated = np.array([not name for name in stated], dtype=bool)[class_places]
    needs_class = np.bincount(codes[unstated], minlength=len(names)) > 0
    by_formula, derived = _classes_by_formula(names, compositions, amounts, needs_class)
    classes = [None, *dict.fromkeys(name for name in [*stated, *derived] if name)]
    place = {name: number for number, name in enumerate(classes)}
    of_stated, of_derived = (
        np.array([place.get(name or None, 0) for name in class_names], dtype=np.int64)
        for class_names in (stated, derived)
    )
    class_codes = np.where(unstated, of_derived[by_formula[codes]], of_stated[class_places])
    written = names
    if any(compositions):
        written = [composition or name for name, composition in zip(names, compositions, strict=True)]
    return Electrolytes(codes, names, written, amounts, classes, class_codes, unstated & (class_codes > 0))


def _classes_by_formula(
    names: list[str], compositions: list[str], amounts: Amounts, needs_class: np.ndarray
) -> tuple[np.ndarray, list[str | None]]:
    """Place of each electrolyte's class among those read from formulas; 0, None, where `needs_class` is False.

    Parameters
    ----------
    needs_class : ndarray of bool, shape (n_electrolytes,)
    """
    kinds, sets = amounts.systems
    codes, classes = np.zeros(len(names), dtype=np.int64), list[str | None]([None])
    by_amount = np.array([class_takes_amounts(elements) for elements in sets], dtype=bool)[kinds]
    plain = (amounts.plain & ~by_amount)[amounts.codes]
    places = amounts.codes[needs_class & plain]
    case, examples = pd.factorize(kinds[places])
    codes[needs_class & plain] = case + len(classes)
    classes += [class_from_composition(dict.fromkeys(sets[kind], 1.0)) for kind in examples.tolist()]
    for place in np.flatnonzero(needs_class & ~plain).tolist():
        codes[place] = len(classes)
        classes.append(class_of_reading(read_design(names[place], compositions[place])))
    return codes, classes


@dataclass
class DesignSource:
    """Designs and their electrolytes: what the outputs of a vector are computed from.

    A subclass adds, as cached properties, what several outputs share.

    Attributes
    ----------
    designs : as arrays
    electrolytes : what `read_electrolytes` gave of `designs`
    """

    designs: Designs
    electrolytes: Electrolytes

    def number(self, column: str) -> np.ndarray:
        """Read a numeric column, NaN where absent or empty; shape (n_designs,).

        Parameters
        ----------
        column : str
            Its name.
        """
        return self.designs.number(column)

    def flags(self, column: str, choices: Sequence[str]) -> dict[str, np.ndarray]:
        """Read a text column as yes/no of each choice, by choice; each of shape (n_designs,).

        Parameters
        ----------
        column : str
            Its name.
        choices : sequence of str
            Texts that may stand in it; NaN where nothing does.
        """
        return dict(zip(choices, one_of(self.designs, column, choices).T, strict=True))


def _family(name: str) -> Callable[[DesignSource], np.ndarray]:
    return lambda source: source.electrolytes.families[name]


def family_outputs(source: str) -> list[Output[DesignSource]]:
    """Return one yes/no output per family of electrolytes.

    Parameters
    ----------
    source : str
        Where the class of an electrolyte comes from, in words.
    """
    return [
        yes_no(f"family_{name}", f"electrolyte is {name.replace('_', ' ')}", _family(name), source) for name in FAMILIES
    ]


class DesignFeaturizer(Featurizer):
    """A featurizer of whole designs: what it needs of their electrolytes may be read once for several of them.

    A subclass gives its outputs as `_outputs`, computed from its kind of `source`.
    """

    source: type[DesignSource] = DesignSource

    def vectors(self, X: Designs, electrolytes: Electrolytes) -> np.ndarray:
        """Compute the values of `transform` without their names.

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
        return filled(self._outputs(), self.source(X, electrolytes), len(X))

    def reads_like(self, other: DesignFeaturizer) -> bool:
        """Return True where both give the same vectors of any design.

        Parameters
        ----------
        other : DesignFeaturizer
            A fitted featurizer.
        """
        return (type(self), self.get_params(), self.learned()) == (type(other), other.get_params(), other.learned())

    def _values(self, X: pd.DataFrame) -> np.ndarray:
        designs = Designs.of(X)
        return self.vectors(designs, read_electrolytes(designs))
