"""Lithium paths through a crystal: the jump length at which sites percolate in one, two and three dimensions."""

from __future__ import annotations

import math
from collections.abc import Iterable
from operator import itemgetter

import numpy as np

from features.crystal.sites import FROM_SITES, SEARCH_RADII_ANGSTROM, neighbours
from features.feature import Feature, Output

PERCOLATION_FEATURES: tuple[Output[tuple[float, ...]], ...] = tuple(
    Output(
        Feature(f"percolation_{n}d_angstrom", f"jump that opens lithium paths in {n}D", "Å", FROM_SITES),
        itemgetter(n - 1),
    )
    for n in (1, 2, 3)
)
"""Computed from what `percolation_distances` gives."""


def percolation_distances(matrix: np.ndarray, positions: np.ndarray) -> tuple[float, float, float]:
    """Find the smallest jump at which sites form paths through the periodic crystal in at least 1, 2 and 3 dimensions.

    Sites are joined from the nearest pair on; a path that comes back to its start in another cell runs through the
    crystal in that direction. All sites count, whatever their occupancy, and a straight jump is open, whatever lies in
    between.

    Parameters
    ----------
    matrix : ndarray of shape (3, 3)
        Vectors of the lattice in Å, as rows.
    positions : ndarray of shape (n, 3)
        Cartesian, in Å.

    Returns
    -------
    tuple of float
        In Å, for 1, 2 and 3 dimensions; exact up to the last search radius, NaN beyond.

    Examples
    --------
    >>> cell = np.diag([3.0, 4.0, 5.0])
    >>> percolation_distances(cell, np.zeros((1, 3)))
    (3.0, 4.0, 5.0)
    """
    jumps = [math.nan] * 3
    for radius in SEARCH_RADII_ANGSTROM if len(positions) else ():
        jumps = _percolation_within(matrix, positions, radius)
        if not math.isnan(jumps[2]):
            break
    return jumps[0], jumps[1], jumps[2]


def _percolation_within(matrix: np.ndarray, positions: np.ndarray, radius: float) -> list[float]:
    i, j, cells, distances = neighbours(matrix, positions, positions, radius)
    once = i <= j
    order = np.argsort(distances[once], kind="stable")
    edges = (values[once][order].tolist() for values in (i, j, cells, distances))
    network = PeriodicNetwork(len(positions))
    jumps = [math.nan] * 3
    reached = 0
    for start, end, cell, distance in zip(*edges, strict=True):
        dimension = network.join(start, end, cell)
        while reached < dimension:
            jumps[reached] = distance
            reached += 1
        if reached == 3:
            break
    return jumps


class PeriodicNetwork:
    """Union-find over the sites of a periodic cell: each site knows the cell in which it meets its root.

    Parameters
    ----------
    n_sites : int
        Sites in one cell.
    """

    def __init__(self, n_sites: int) -> None:
        self.parent = list(range(n_sites))
        self.shift = [(0, 0, 0)] * n_sites
        self.size = [1] * n_sites
        self.loops: list[list[tuple[int, int, int]]] = [[] for _ in range(n_sites)]
        """Independent translations that map a component, kept at its root, on itself."""

    def join(self, start: int, end: int, cell: Iterable[int]) -> int:
        """Join two sites.

        Parameters
        ----------
        start, end : int
            Index of the site in cell 0, and of the other.
        cell : iterable of int
            The three numbers of the cell that `end` is in.

        Returns
        -------
        int
            Number of dimensions their component then runs through, 0 to 3.

        Examples
        --------
        >>> network = PeriodicNetwork(1)
        >>> [network.join(0, 0, cell) for cell in ((1, 0, 0), (2, 0, 0), (0, 0, 1))]
        [1, 1, 2]
        """
        root, (a, b, c) = self._root(start)
        end_root, (u, v, w) = self._root(end)
        x, y, z = cell
        shift = (u + x - a, v + y - b, w + z - c)
        if root == end_root:
            self._add_loop(root, shift)
        elif self.size[root] >= self.size[end_root]:
            self._hang(end_root, root, (-shift[0], -shift[1], -shift[2]))
        else:
            self._hang(root, end_root, shift)
            root = end_root
        return len(self.loops[root])

    def _hang(self, lower: int, upper: int, shift: tuple[int, int, int]) -> None:
        self.parent[lower], self.shift[lower] = upper, shift
        self.size[upper] += self.size[lower]
        for loop in self.loops[lower]:
            self._add_loop(upper, loop)

    def _root(self, site: int) -> tuple[int, tuple[int, int, int]]:
        """Root of a site, and the cell of the root's copy that the site in cell 0 hangs on."""
        x = y = z = 0
        while self.parent[site] != site:
            shift = self.shift[site]
            x, y, z = x + shift[0], y + shift[1], z + shift[2]
            site = self.parent[site]
        return site, (x, y, z)

    def _add_loop(self, root: int, shift: tuple[int, int, int]) -> None:
        known = self.loops[root]
        if shift != (0, 0, 0) and len(known) < 3 and (not known or _independent(known, shift)):
            known.append(shift)


def _independent(known: list[tuple[int, int, int]], shift: tuple[int, int, int]) -> bool:
    a, b, c = known[0]
    x, y, z = shift
    if len(known) == 1:
        return (b * z - c * y, c * x - a * z, a * y - b * x) != (0, 0, 0)
    d, e, f = known[1]
    return a * (e * z - f * y) - b * (d * z - f * x) + c * (d * y - e * x) != 0
