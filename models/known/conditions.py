"""Compositions, temperatures and forms of designs, by which measurements of them are found."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from features.distinct import distinct_rows
from features.electrolyte import DEFAULT_TEMPERATURE_C
from features.electrolyte_columns import Electrolytes, read_electrolytes
from features.formulas.nearness import KnownCompositions
from features.formulas.normalise import fold
from features.tables.designs import Designs

SAME_TEMPERATURE_K = 10.0
"""Difference up to which two temperatures are one where values are compared."""
GLASS = "glass"
DIGEST_BYTES = 6
"""Of a text: its number is exact as a float too."""


@dataclass(frozen=True)
class Conditions:
    """Compositions, temperatures and forms of some designs.

    Attributes
    ----------
    fractions : ndarray, shape (n_distinct, n_elements)
        Atomic fractions of the distinct compositions, elements in the order of `SYMBOLS`; NaN where none is known.
    composition : ndarray of int, shape (n_designs,)
        Place of each design's composition among them; one for all that are written alike where none is known.
    temperature_c : ndarray, shape (n_designs,)
        °C.
    glass : ndarray, shape (n_designs,)
        1 for a glass, 0 for another form, NaN where no form is given.
    written : ndarray of int, shape (n_designs,)
        Number of the electrolyte's text where its composition is not known, the same in every table; 0 where it is.
    """

    fractions: np.ndarray
    composition: np.ndarray
    temperature_c: np.ndarray
    glass: np.ndarray
    written: np.ndarray

    @property
    def distinct(self) -> tuple[Conditions, np.ndarray]:
        """Distinct conditions, and the place of each design's among them, shape (n_designs,)."""
        table = np.column_stack(
            [self.composition, self.temperature_c, np.nan_to_num(self.glass, nan=-1.0), self.written]
        )
        place, first = distinct_rows(table)
        composition, celsius, glass, written = (
            values[first] for values in (self.composition, self.temperature_c, self.glass, self.written)
        )
        return Conditions(self.fractions, composition, celsius, glass, written), place

    def without_names(self, rows: np.ndarray) -> Conditions:
        """Return the same, some rows being known by no text.

        Parameters
        ----------
        rows : ndarray of bool, shape (n_designs,)
        """
        return replace(self, written=np.where(rows, 0, self.written))

    @classmethod
    def of(cls, designs: Designs | pd.DataFrame, electrolytes: Electrolytes | None = None) -> Conditions:
        """Read the conditions of designs.

        Parameters
        ----------
        designs : Designs or DataFrame
            Columns of an electrolyte's design; an empty temperature counts as 25 °C.
        electrolytes : Electrolytes or None
            What `read_electrolytes` gave of them.
        """
        designs = Designs.of(designs)
        read = electrolytes or read_electrolytes(designs)
        temperature = designs.number("temperature_c")
        codes, forms = designs.coded("form")
        glass = np.array([np.nan if not form else float(form == GLASS) for form in forms])[codes]
        composition, written = _places(read)
        return cls(
            read.amounts.dense,
            composition[read.codes],
            np.where(np.isnan(temperature), DEFAULT_TEMPERATURE_C, temperature),
            glass,
            written[read.codes],
        )


def _places(read: Electrolytes) -> tuple[np.ndarray, np.ndarray]:
    """Place of each distinct electrolyte's composition, and the number of its text where none is known."""
    composition, first = read.amounts.codes.copy(), dict[int, int]()
    written = np.zeros(len(composition), dtype=np.int64)
    for place in np.flatnonzero(~read.amounts.known[composition]).tolist():
        text = fold(read.written[place]).casefold().encode()
        written[place] = int.from_bytes(hashlib.blake2b(text, digest_size=DIGEST_BYTES).digest(), "big")
        composition[place] = first.setdefault(int(written[place]), int(composition[place]))
    return composition, written


def same_compositions(conditions: Conditions) -> np.ndarray:
    """Number the composition and temperature of each row: those nearly one, or ten kelvins apart, share a number.

    Parameters
    ----------
    conditions : Conditions
        Of the rows.
    """
    first, second = KnownCompositions(conditions.fractions).pairs(conditions.fractions)
    number = np.arange(len(conditions.fractions))
    for _ in number:
        lowest = number.copy()
        np.minimum.at(lowest, first, number[second])
        if np.array_equal(lowest, number):
            break
        number = lowest
    bins = np.rint(conditions.temperature_c / SAME_TEMPERATURE_K).astype(np.int64)
    cases = np.column_stack([number[conditions.composition], bins])
    return np.asarray(np.unique(cases, axis=0, return_inverse=True)[1].ravel())
