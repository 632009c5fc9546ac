"""Compositions, temperatures and forms of designs, by which measurements tell of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.distinct import distinct_rows
from features.electrolyte import DEFAULT_TEMPERATURE_C
from features.electrolyte_columns import Electrolytes, read_electrolytes
from features.formulas.nearness import KnownCompositions
from features.tables.designs import Designs

SAME_TEMPERATURE_K = 10.0
"""Difference up to which two temperatures are one where values are compared."""
GLASS = "glass"


@dataclass(frozen=True)
class Conditions:
    """Compositions, temperatures and forms of some designs.

    Attributes
    ----------
    fractions : ndarray, shape (n_distinct, n_elements)
        Atomic fractions of the distinct compositions, elements in the order of `SYMBOLS`; NaN where none is known.
    composition : ndarray of int, shape (n_designs,)
        Place of each design's composition among them.
    temperature_c : ndarray, shape (n_designs,)
        °C.
    glass : ndarray, shape (n_designs,)
        1 for a glass, 0 for another form, NaN where no form is given.
    """

    fractions: np.ndarray
    composition: np.ndarray
    temperature_c: np.ndarray
    glass: np.ndarray

    @property
    def distinct(self) -> tuple[Conditions, np.ndarray]:
        """Distinct conditions, and the place of each design's among them, shape (n_designs,)."""
        table = np.column_stack([self.composition, self.temperature_c, np.nan_to_num(self.glass, nan=-1.0)])
        place, first = distinct_rows(table)
        cases = Conditions(self.fractions, self.composition[first], self.temperature_c[first], self.glass[first])
        return cases, place

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
        return cls(
            read.amounts.dense,
            read.compositions,
            np.where(np.isnan(temperature), DEFAULT_TEMPERATURE_C, temperature),
            glass,
        )


def same_compositions(conditions: Conditions) -> np.ndarray:
    """Number the composition and temperature of each row: those nearly one, or ten kelvins apart, share a number.

    Parameters
    ----------
    conditions : Conditions
        Of the rows.
    """
    one, other = KnownCompositions(conditions.fractions).pairs(conditions.fractions)
    number = np.arange(len(conditions.fractions))
    for _ in number:
        lowest = number.copy()
        np.minimum.at(lowest, one, number[other])
        if np.array_equal(lowest, number):
            break
        number = lowest
    bins = np.rint(conditions.temperature_c / SAME_TEMPERATURE_K).astype(np.int64)
    cases = np.column_stack([number[conditions.composition], bins])
    return np.asarray(np.unique(cases, axis=0, return_inverse=True)[1].ravel())
