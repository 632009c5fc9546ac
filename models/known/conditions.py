"""Compositions, temperatures and forms of designs, their pairs with measurements and energies of series."""

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
from features.physics import ZERO_CELSIUS_K, energy_of_sample
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


def expanded(
    first: np.ndarray, second: np.ndarray, designs: np.ndarray, rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of designs and rows from pairs of their compositions, ascending.

    Parameters
    ----------
    first, second : ndarray of int, shape (n_pairs,)
        Compositions that are nearly one.
    designs, rows : ndarray of int
        Composition of each design, and of each row.
    """
    design, pair = equal(designs, first)
    place, row = equal(second[pair], rows)
    order = np.lexsort((row, design[place]))
    return design[place][order], row[order]


def equal(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places of all pairs of a number of the first and the same one of the second.

    Parameters
    ----------
    first, second : ndarray of int
    """
    order = np.argsort(second, kind="stable")
    start, end = (np.searchsorted(second[order], first, side) for side in ("left", "right"))
    count = end - start
    start = np.repeat(start - (np.cumsum(count) - count), count)
    return np.repeat(np.arange(len(first)), count), order[start + np.arange(len(start))]


def nearest_of_series(design: np.ndarray, series: np.ndarray, distance: np.ndarray) -> np.ndarray:
    """Return which pairs of a design and a row are the nearest of the row's series, or as near, shape (n_pairs,).

    Parameters
    ----------
    design, series : ndarray of int, shape (n_pairs,)
        Place of the design, and number of the row's series.
    distance : ndarray, shape (n_pairs,)
        Difference of their temperatures in K.

    Examples
    --------
    >>> nearest_of_series(np.zeros(4, int), np.array([0, 0, 0, 1]), np.array([55.0, 0.0, 5.0, 30.0])).tolist()
    [False, True, True, True]
    """
    case = np.unique(design * (series.max(initial=0) + 1) + series, return_inverse=True)[1].ravel()
    least = np.full(case.max(initial=-1) + 1, np.inf)
    np.minimum.at(least, case, distance)
    return np.asarray(distance <= least[case] + SAME_TEMPERATURE_K)


def energies_of_series(
    series: np.ndarray, temperature_c: np.ndarray, value: np.ndarray, printed_ev: np.ndarray
) -> np.ndarray:
    """Return the activation energy that each row's series shows in eV, shape (n_rows,); NaN where it shows none.

    That printed with the row, else the mean of those printed in its series, else the slope of the series.

    Parameters
    ----------
    series : ndarray of int, shape (n_rows,)
        Number of each row's series.
    temperature_c, value, printed_ev : ndarray, shape (n_rows,)
        °C, log10 S/cm, and the printed energies in eV, NaN where none is.
    """
    energies, order = printed_ev.copy(), np.argsort(series, kind="stable")
    sigma_t = value + np.log10(temperature_c + ZERO_CELSIUS_K)
    for rows in np.split(order, np.flatnonzero(np.diff(series[order])) + 1):
        is_open = np.isnan(energies[rows])
        if len(rows) > 1 and is_open.all():
            energies[rows] = energy_of_sample(temperature_c[rows], sigma_t[rows])
        elif is_open.any() and not is_open.all():
            energies[rows[is_open]] = energies[rows[~is_open]].mean()
    return energies
