"""Which designs are the very same ones, however they are written."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import pandas as pd

from features.electrolyte import DEFAULT_TEMPERATURE_C
from features.electrolyte_columns import read_electrolytes
from features.formulas.nearness import NEARLY_ONE, KnownCompositions
from features.tables.columns import columns_as_numbers
from features.tables.designs import Coded, Designs
from features.tables.records import CellDesign

NOT_COMPARED = frozenset(
    {"electrolyte", "composition", "electrolyte_class", "form", "cif_text", "electrolyte_conductivity_s_per_cm",
     "electrolyte_conductivity_temperature_c"}
)  # fmt: skip
"""Columns that make no two designs different: the electrolyte is compared by its composition."""
SAME_SAMPLE = 2e-4
"""Sum of absolute differences of the atomic fractions up to which a laboratory's two electrolytes are one."""


def same_designs(designs: Designs, measured: pd.DataFrame) -> np.ndarray:
    """Return which designs are the very ones that were measured, shape (n_designs, n_measured).

    All columns of the design but the cycle and the electrolyte's measured conductivity are compared: numbers, texts
    whatever their case and blanks, the electrolyte by its composition. An empty temperature is 25 °C; what else is
    empty in one and given in the other makes two designs.

    Parameters
    ----------
    designs : Designs
        Columns of `Candidate`.
    measured : DataFrame
        Columns of `Measured`.

    Examples
    --------
    >>> cells = pd.DataFrame({"electrolyte": ["LPSCl", "Li6PS5Cl"], "anode": ["Si", "SI "], "silicon_wt_pct": [60, 70]})
    >>> same_designs(Designs.of(cells), cells.iloc[[0]]).tolist()
    [[True], [False]]
    """
    same = np.zeros((len(designs), len(measured)), dtype=bool)
    design, row, known = _pairs(designs, Designs.of(measured), SAME_SAMPLE)
    strict = known == np.maximum(_stated_count(designs)[design], _stated_count(Designs.of(measured))[row])
    same[design[strict], row[strict]] = True
    return same


def same_where_known(designs: Designs, rows: Designs) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return pairs of a cell and a row whose anode has a name, alike in all that both state.

    Parameters
    ----------
    designs, rows : Designs
        Columns of `CellDesign`.

    Returns
    -------
    design, row : ndarray of int, shape (n_pairs,)
        Places of both, ascending.
    share : ndarray, shape (n_pairs,)
        Of what the design states, how much the row states too, 0 to 1.

    Examples
    --------
    The cell states electrolyte, temperature (25 °C where empty), anode and silicon share, the row but the last:

    >>> cells = Designs.of(pd.DataFrame({"electrolyte": ["LPSCl"], "anode": ["Si"], "silicon_wt_pct": [60.0]}))
    >>> rows = Designs.of(pd.DataFrame({"electrolyte": ["Li6PS5Cl"], "anode": ["si"], "stack_pressure_mpa": [5.0]}))
    >>> [values.tolist() for values in same_where_known(cells, rows)]
    [[0], [0], [0.75]]
    """
    (codes, texts), measured = designs.coded("anode"), {*map(_compared, rows.coded("anode")[1])} - {""}
    places = np.flatnonzero(np.array([_compared(text) in measured for text in texts], dtype=bool)[codes])
    if not len(places):
        return places, places, np.zeros(0)
    designs = designs.take(places)
    design, row, known = _pairs(designs, rows, NEARLY_ONE)
    if not len(design):
        return design, row, np.zeros(0)
    return places[design], row, known / _stated_count(designs)[design]


def _pairs(designs: Designs, own: Designs, within: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of designs alike in all columns that both state, and how many these are."""
    numbers = {"": -1}
    anodes, own_anodes = (_text_numbers(table.coded("anode"), numbers) for table in (designs, own))
    design, row = np.nonzero(anodes[:, None] == own_anodes)
    alike = _same_electrolytes(designs, own, within)
    agree = alike[read_electrolytes(designs).codes[design], read_electrolytes(own).codes[row]]
    design, row = design[agree], row[agree]
    known = np.ones(len(design), dtype=np.int64)  # the electrolyte
    for asked_column, own_column in _columns(designs, own) if len(design) else ():
        first, second = asked_column[design], own_column[row]
        is_shared = ~(np.isnan(first) | np.isnan(second))
        agree = ~is_shared | np.isclose(first, second, rtol=1e-6, atol=0.0)
        design, row, known = design[agree], row[agree], (known + is_shared)[agree]
    return design, row, known


def _columns(*tables: Designs) -> Iterator[tuple[np.ndarray, ...]]:
    """Each compared column of some tables as numbers, texts numbered alike in all; NaN where nothing is stated."""
    as_numbers = columns_as_numbers(CellDesign)
    for column in sorted(CellDesign.model_fields.keys() - NOT_COMPARED):
        if column == "temperature_c":
            temperatures = [table.number(column) for table in tables]
            yield tuple(np.where(np.isnan(values), DEFAULT_TEMPERATURE_C, values) for values in temperatures)
        elif column in as_numbers:
            yield tuple(table.number(column) for table in tables)
        else:
            numbers = {"": -1}
            codes = [_text_numbers(table.coded(column), numbers).astype(float) for table in tables]
            yield tuple(np.where(values < 0, np.nan, values) for values in codes)


def _stated_count(designs: Designs) -> np.ndarray:
    """Return how many of the compared columns each design states, the electrolyte among them, shape (n_designs,)."""
    return np.asarray(1 + sum((~np.isnan(values)).astype(np.int64) for (values,) in _columns(designs)))


def _text_numbers(coded: Coded, numbers: dict[str, int]) -> np.ndarray:
    """Number of each design's text, whatever its case and blanks; new ones get the next."""
    codes, texts = coded
    places = [numbers.setdefault(text, len(numbers)) for text in map(_compared, texts)]
    return np.array(places, dtype=np.int64)[codes]


def _compared(text: str) -> str:
    """The text as it is compared, whatever its case and blanks."""
    return _short(text) if len(text) <= MOST_KEPT else _plain(text)


def _plain(text: str) -> str:
    return " ".join(text.lower().split())


_short = lru_cache(maxsize=4096)(_plain)
MOST_KEPT = 200
"""Characters of a text that is kept plain for the next comparison: known cells come back with every design, and a long
text that a request brought along is let go."""


def _same_electrolytes(designs: Designs, own: Designs, within: float) -> np.ndarray:
    """Which distinct electrolytes are one: by composition, those without a stoichiometry by their names."""
    read = read_electrolytes(designs), read_electrolytes(own)
    amounts, own_amounts = (electrolytes.amounts for electrolytes in read)
    compositions = np.zeros((len(amounts.known), len(own_amounts.known)), dtype=bool)
    compositions[KnownCompositions(own_amounts.dense, within).pairs(amounts.dense)] = True
    alike = compositions[np.ix_(amounts.codes, own_amounts.codes)]
    unread, numbers = [np.flatnonzero(~some.known[some.codes]) for some in (amounts, own_amounts)], dict[str, int]()
    names = [[some.written[place] for place in places.tolist()] for some, places in zip(read, unread, strict=True)]
    codes, own_codes = (_text_numbers((np.arange(len(texts)), texts), numbers) for texts in names)
    alike[np.ix_(*unread)] = codes[:, None] == own_codes
    return np.asarray(alike)
