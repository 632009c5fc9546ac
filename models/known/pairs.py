"""Designs and measured rows that belong together, and the activation energies of one paper's series."""

from __future__ import annotations

import numpy as np

from features.physics import ZERO_CELSIUS_K, energy_of_sample
from models.known.conditions import SAME_TEMPERATURE_K


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
