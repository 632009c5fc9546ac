"""Polymers drawn to a laboratory's own measurements of the same polymer with the same salt.

Where the salt's concentration is written the composition is known, and `models.known.answer` draws to it; this is for
texts as `PEO/LiTFSI`, which tell none.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.electrolyte_columns import read_electrolytes
from features.physics import per_ev
from features.polymers.electrolyte import PolymerElectrolyte
from features.tables.designs import Designs
from models.known.agreement import Agreement, Values, drawn, precisions
from models.known.measurements import ENERGY_DEVIATION_EV, MOST_CARRIED_K, Conditions
from models.polymers.answer import PolymerAnswer, tell_polymers

SAME_CONCENTRATION = 1.1
"""Ratio of two concentrations of the salt up to which they count as one."""
OWN_POLYMER = "drawn to your own measurement of this polymer with this salt"
NOT_MOVED = "none of your measured designs is of this polymer with this salt: the polymer model stays as it is"


def drawn_to_own_polymers(
    asked: PolymerAnswer,
    conditions: Conditions,
    measured: pd.DataFrame,
    values: np.ndarray,
    level: float,
    unmoved: tuple[np.ndarray, np.ndarray],
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Return what is told of polymers, drawn to own measurements as far as samples of one laboratory agree.

    A measured value tells of the same polymer, salt and concentration at most 60 K away; the model carries it over.

    Parameters
    ----------
    asked : PolymerAnswer
        What the polymer model tells of some of the designs.
    conditions : Conditions
        Of all designs.
    measured : DataFrame
        Columns of `Measured`.
    values : ndarray, shape (n_measured,)
        Their log10 S/cm; NaN where not given.
    level : float
        Share of values that the intervals should hold, 0 to 1.
    unmoved : pair of ndarray, shape (n_designs,)
        Values and half widths of all designs without own measurements.

    Returns
    -------
    centre, half, words
        Of the designs that the polymer model tells, shape (n_told,), and what is said of them.
    """
    centre, half = (each[asked.told] for each in unmoved)
    designs = Designs.of(measured)
    mine = tell_polymers(designs, read_electrolytes(designs), level)
    if mine is None:
        return centre, half, [NOT_MOVED] * len(centre)
    filled = asked.model.usual.filled
    wanted, own = ([filled(answer.cases[place]) for place in answer.case] for answer in (asked, mine))
    missed = values[mine.told] - mine.centre
    unknown = np.isnan(conditions.fractions[conditions.composition, 0])[asked.told]
    pairs = [
        (design, row)
        for design in np.flatnonzero(unknown).tolist()
        for row in np.flatnonzero(np.isfinite(missed)).tolist()
        if asked.bare[design] == mine.bare[row] and _same(wanted[design], own[row])
    ]
    design, row = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    start, end = (
        np.array([some[place].temperature_c for place in places], dtype=float)
        for some, places in ((own, row), (wanted, design))
    )
    agreement, carried = Agreement(), (ENERGY_DEVIATION_EV * per_ev(start, end)) ** 2
    found = Values(design, np.zeros_like(design), centre[design] + missed[row], carried, carried >= 0)
    weight, mean = precisions(found, agreement, len(centre), own=True)
    variance = np.maximum((half / agreement.quantile(level)) ** 2 - agreement.within**2, agreement.within**2)
    pooled, left = drawn(centre, variance, weight, mean)
    near = weight > 0
    narrow = agreement.quantile(level) * np.sqrt(left + agreement.within**2)
    words = [OWN_POLYMER if each else NOT_MOVED for each in near]
    return np.where(near, pooled, centre), np.where(near, narrow, half), words


def _same(one: PolymerElectrolyte, other: PolymerElectrolyte) -> bool:
    """Return whether two are one polymer with one salt, within reach of each other's temperature."""
    ratio = one.molality_mol_per_kg / other.molality_mol_per_kg if other.molality_mol_per_kg else 1.0
    return (
        one.units == other.units
        and dict(one.salt) == dict(other.salt)
        and 1 / SAME_CONCENTRATION <= ratio <= SAME_CONCENTRATION
        and abs(one.temperature_c - other.temperature_c) <= MOST_CARRIED_K
    )
