"""Polymers drawn to a laboratory's own measurements of the same polymer with the same salt.

Where the salt's concentration is written the composition is known, and `models.known.shrinkage` draws to it; this is
for texts as `PEO/LiTFSI`, which state none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.electrolyte_columns import Electrolytes, read_electrolytes
from features.physics import per_ev
from features.polymers.polymer_electrolyte import PolymerElectrolyte
from features.tables.designs import Designs
from models.known.conditions import SAME_TEMPERATURE_K
from models.known.measurements import ENERGY_DEVIATION_EV, MOST_CARRIED_K
from models.known.scatter import Agreement, Values, deviations, drawn, precisions
from models.known.shrinkage import Show, evidence_texts
from models.notices import Notice, nothing, of_rows
from models.polymers.prediction import PolymerAnswer, predict_polymers

SAME_CONCENTRATION = 1.1
"""Ratio of two concentrations of the salt up to which they count as one."""
OWN_POLYMER = "drawn to your own measurement of this polymer with this salt"
NOT_MOVED = "none of your measured designs is of this polymer with this salt: the polymer model stays as it is"


@dataclass(frozen=True)
class OwnPolymers:
    """Predictions of the polymer model, drawn to own measurements.

    Attributes
    ----------
    centre, half : ndarray, shape (n_polymers,)
        log10 S/cm.
    remarks : dict of int to list of str
        Whether own measurements count, by place among all designs.
    text, doubts : Notice, shape (n_designs,)
        What was measured, and which values contradict each other.
    """

    centre: np.ndarray
    half: np.ndarray
    remarks: dict[int, list[str]]
    text: Notice
    doubts: Notice


def shrink_to_own_polymers(
    answer: PolymerAnswer,
    electrolytes: Electrolytes,
    measured: pd.DataFrame,
    values: np.ndarray,
    level: float,
    unmoved: tuple[np.ndarray, np.ndarray],
    show: Show,
) -> OwnPolymers:
    """Return predictions of polymers, drawn to own measurements as far as samples of one laboratory agree.

    A measured value counts for the same polymer, salt and concentration at most 60 K away; the model carries it over.

    Parameters
    ----------
    answer : PolymerAnswer
        Of the polymer model, for some of the designs.
    electrolytes : Electrolytes
        Of all designs.
    measured : DataFrame
        Columns of `Measured`.
    values : ndarray, shape (n_measured,)
        Their log10 S/cm; NaN where not given.
    level : float
        Share of values that the intervals should hold, 0 to 1.
    unmoved : pair of ndarray, shape (n_designs,)
        Values and half widths of all designs without own measurements.
    show : callable
        Prints a value.
    """
    centre, half = (array[answer.mask] for array in unmoved)
    places = np.flatnonzero(answer.mask).tolist()
    designs = Designs.of(measured)
    own = predict_polymers(designs, read_electrolytes(designs), level)
    if own is None:
        return OwnPolymers(centre, half, {place: [NOT_MOVED] for place in places}, *[nothing(len(answer.mask))] * 2)
    filled = answer.model.usual.filled
    cases, own_cases = ([filled(some.cases[place]) for place in some.case] for some in (answer, own))
    rows = np.flatnonzero(own.mask)
    missed = values[rows] - own.centre
    unknown = ~electrolytes.amounts.known[electrolytes.compositions][answer.mask]
    pairs = [
        (design, row)
        for design in np.flatnonzero(unknown).tolist()
        for row in np.flatnonzero(np.isfinite(missed)).tolist()
        if answer.bare[design] == own.bare[row] and _same(cases[design], own_cases[row])
    ]
    design, row = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    start, end = (np.array([case.temperature_c for case in some], dtype=float) for some in (own_cases, cases))
    carried = (ENERGY_DEVIATION_EV * per_ev(start[row], end[design])) ** 2
    agreement = Agreement(within=_within(own_cases, own.bare, values[rows]))
    evidence = Values(design, np.zeros_like(design), centre[design] + missed[row], carried, carried >= 0)
    weight, mean = precisions(evidence, agreement, len(centre), own=True)
    variance = np.maximum((half / agreement.quantile(level)) ** 2 - agreement.within**2, agreement.within**2)
    pooled, remaining = drawn(centre, variance, weight, mean)
    near = weight > 0
    narrow = agreement.quantile(level) * np.sqrt(remaining + agreement.within**2)
    names = [str(number) for number in (rows + 1).tolist()]
    return OwnPolymers(
        np.where(near, pooled, centre),
        np.where(near, narrow, half),
        {place: [OWN_POLYMER if is_near else NOT_MOVED] for place, is_near in zip(places, near.tolist(), strict=True)},
        *(of_rows(answer.mask, texts) for texts in evidence_texts(evidence, row, names, start, end, show)),
    )


def _within(own: Sequence[PolymerElectrolyte], bare: np.ndarray, values: np.ndarray) -> float:
    """Return the deviation between own samples of one polymer at one temperature."""
    rows = np.flatnonzero(np.isfinite(values))
    first = [
        next(
            earlier for earlier in rows.tolist()
            if bare[row] == bare[earlier] and _same(own[row], own[earlier], SAME_TEMPERATURE_K)
        )
        for row in rows.tolist()
    ]  # fmt: skip
    one_laboratory = np.zeros(len(rows), dtype=np.int64)
    return deviations(values[rows], np.ones(len(rows)), np.array(first, dtype=np.int64), one_laboratory)[1]


def _same(first: PolymerElectrolyte, second: PolymerElectrolyte, apart_k: float = MOST_CARRIED_K) -> bool:
    """Return whether two are one polymer with one salt, within reach of each other's temperature."""
    ratio = first.molality_mol_per_kg / second.molality_mol_per_kg if second.molality_mol_per_kg else 1.0
    return (
        first.units == second.units
        and dict(first.salt) == dict(second.salt)
        and 1 / SAME_CONCENTRATION <= ratio <= SAME_CONCENTRATION
        and abs(first.temperature_c - second.temperature_c) <= apart_k
    )
