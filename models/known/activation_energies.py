"""Predicted activation energies: the model's, drawn to those that papers print of the very composition, and kept near
the slope of the predicted conductivities.

How far they are from printed ones: `python -m benchmarks.accuracy energies`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from features.physics import LEAST_EV, MOST_EV, ZERO_CELSIUS_K, per_ev
from features.tables.fields import AS_PRINTED
from models.known.measurements import ENERGY_DEVIATION_EV, Conditions, Measurements
from models.known.scatter import drawn
from models.known.transitions import crossed
from models.notices import Notice, per_case

COLD_C, HOT_C = -20.0, 100.0
"""Temperatures between which a slope is taken."""
BETWEEN_EV = 0.12
"""Deviation between energies that papers print of one composition: 0.127 over 27 of them, of 10 compositions of the
shipped tables, glass and crystal of one composition among them."""
AGREES_EV = 0.15
"""Where measured values draw a conductivity, the energy is no further than this from the slope of the predictions."""


def slope_ev(cold: np.ndarray, hot: np.ndarray) -> np.ndarray:
    """Return the activation energy of sigma T in eV between `COLD_C` and `HOT_C`.

    Parameters
    ----------
    cold, hot : ndarray
        log10 S/cm at the two.

    Examples
    --------
    By 0.3 eV sigma T rises by 0.3 * 6.4024 decades, sigma by log10(373.15 / 253.15) = 0.1685 less:

    >>> slope_ev(np.array([-5.0]), np.array([-5.0 + 0.3 * 6.4024 - 0.1685])).round(3).tolist()
    [0.3]
    """
    at_ends = [value + np.log10(celsius + ZERO_CELSIUS_K) for value, celsius in ((cold, COLD_C), (hot, HOT_C))]
    return np.asarray((at_ends[1] - at_ends[0]) / per_ev(COLD_C, HOT_C))


def shrink_to_printed(energy_ev: np.ndarray, known: Measurements | None, conditions: Conditions) -> np.ndarray:
    """Draw activation energies to those printed of their compositions: each paper counts once, as sure as others agree.

    Parameters
    ----------
    energy_ev : ndarray, shape (n_designs,)
        Of the model.
    known : Measurements or None
        Of the literature; None where a model keeps none.
    conditions : Conditions
        Of the designs.
    """
    cases, place = conditions.distinct
    unprinted = np.zeros(len(cases.composition)), np.zeros(len(cases.composition))
    papers, mean = known.once("printed", cases, partial(_papers, known, cases)) if known else unprinted
    variance = np.full(len(energy_ev), ENERGY_DEVIATION_EV**2)
    return drawn(energy_ev, variance, papers[place] / BETWEEN_EV**2, mean[place])[0]


def _papers(known: Measurements, cases: Conditions) -> tuple[np.ndarray, np.ndarray]:
    """Papers that print an energy of each case, and its mean over them, each of shape (n_cases,)."""
    design, paper, energy = _printed(known, cases)
    count = len(cases.composition)
    pairs, pair = np.unique(np.column_stack([design, paper]), axis=0, return_inverse=True)
    means = np.bincount(pair.ravel(), energy, minlength=len(pairs)) / np.bincount(pair.ravel(), minlength=len(pairs))
    papers = np.bincount(pairs[:, 0], minlength=count)
    return papers, np.bincount(pairs[:, 0], means, minlength=count) / np.maximum(papers, 1)


def near_slope(
    energy_ev: np.ndarray, changed: np.ndarray, told_at: Callable[[np.ndarray, np.ndarray], np.ndarray]
) -> np.ndarray:
    """Keep activation energies within `AGREES_EV` of the slope of the predictions, where measured values moved these.

    Parameters
    ----------
    energy_ev : ndarray, shape (n_designs,)
        As drawn to printed ones.
    changed : ndarray of bool, shape (n_designs,)
        Designs whose conductivity is not the model's own.
    told_at : callable
        Takes places of designs and a temperature in °C for each; gives the log10 S/cm predicted there.
    """
    energies, rows = np.clip(energy_ev, LEAST_EV, MOST_EV), np.flatnonzero(changed)
    if len(rows):
        ends = told_at(np.tile(rows, 2), np.repeat([COLD_C, HOT_C], len(rows)))
        slope = np.clip(slope_ev(*np.split(ends, 2)), LEAST_EV, MOST_EV)
        energies[rows] = np.clip(energies[rows], slope - AGREES_EV, slope + AGREES_EV)
    return np.asarray(energies)


def beyond_a_transition(conditions: Conditions) -> np.ndarray:
    """Return True for designs between whose temperature and `COLD_C` or `HOT_C` a known transition lies.

    The slope between the two is that of another phase then.

    Parameters
    ----------
    conditions : Conditions
        Of the designs.
    """
    compositions, celsius = (conditions.fractions, conditions.composition), conditions.temperature_c
    cold, hot = (crossed(*compositions, celsius, np.full(len(celsius), end)) >= 0 for end in (COLD_C, HOT_C))
    return np.asarray(cold | hot)


def printed_energies(known: Measurements | None, conditions: Conditions) -> Notice:
    """Return in words what papers print of the composition of each design; null where none prints an energy.

    Parameters
    ----------
    known : Measurements or None
        Of the literature; None where a model keeps none.
    conditions : Conditions
        Of the designs.
    """
    cases, place = conditions.distinct
    return per_case(place, known.once("energy texts", cases, partial(_texts, known, cases)) if known else [])


def _texts(known: Measurements, cases: Conditions) -> list[str | None]:
    design, paper, energy = _printed(known, cases)
    texts: list[str | None] = [None] * len(cases.composition)
    for case in np.unique(design).tolist():
        texts[case] = _text(energy[design == case], len(np.unique(paper[design == case])))
    return texts


def _printed(known: Measurements, conditions: Conditions) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Design, paper and printed energy of each row of the same phase that prints one within the limits, in eV."""
    if not np.isfinite(known.energy_ev).any():
        empty = np.zeros(0, dtype=np.int64)
        return empty, empty, np.zeros(0)
    design, rows, _ = known.matching(conditions)
    energy = known.energy_ev[rows]
    is_valid = (energy >= LEAST_EV) & (energy <= MOST_EV)
    return design[is_valid], known.paper[rows[is_valid]], energy[is_valid]


def _text(energy: np.ndarray, papers: int) -> str:
    low, high = (f"{end:.2f}" for end in (energy.min(), energy.max()))
    ends = low if low == high else f"{low} to {high}"
    return f"{papers} paper{'s' if papers > 1 else ''}, {ends} eV ({AS_PRINTED})"
