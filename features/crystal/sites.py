"""Sites of a crystal as numbers: occupancies, disorder, distances, coordination and the room the ions leave."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING

import numpy as np

from features.crystal.ions import OXOANION_CENTRES, anion_elements, element_symbol, ionic_radius
from features.feature import Feature, Output

if TYPE_CHECKING:
    from pymatgen.core import Structure

OCCUPANCY_ROUNDING = 0.005
"""A site this close to full counts as full."""
PRESENT_FROM = 0.01
"""A site holds lithium, an anion or a framework cation from this occupancy on."""
SPLIT_LITHIUM_ANGSTROM = 1.2
"""Lithium sites closer than this are halves of one position: hardly two ions, and no jump. Our choice."""
SPLIT_BOND_ANGSTROM = 0.8
"""Cation and anion sites closer than this cannot be filled at once. Our choice; X-rays put B-H at 0.9 Å and more."""
OXOANION_BOND_ANGSTROM = (1.2, 1.9)
"""A sulfur, nitrogen, selenium or halogen this near to oxygen is the centre of an oxoanion (S-O in sulfate 1.47,
I-O in iodate 1.81), not an anion; nearer ones share a position. Our choice."""
BOND_REACH = 1.3
"""Lithium is bonded to anions up to this multiple of the sum of the ionic radii. Our choice: it holds the twelve
oxygens around the A site of LLTO (2.75 Å), and the second shell begins at 1.73 bonds in rock salt and 1.91 in
antifluorite."""
SEARCH_RADII_ANGSTROM = (4.0, 6.0, 9.0, 12.0)
"""Radii in which neighbours are looked for, one after the other; what lies beyond the last is NaN."""

FROM_SITES = "sites of the CIF"


@dataclass(frozen=True)
class Sites:
    """Sites of a cell as arrays.

    Attributes
    ----------
    matrix : ndarray of shape (3, 3)
        Vectors of the lattice in Å, as rows.
    positions : ndarray of shape (n, 3)
        Cartesian, in Å.
    species : list of dict
        Occupancy of each (element, is it an anion), per site.
    """

    matrix: np.ndarray
    positions: np.ndarray
    species: list[dict[tuple[str, bool], float]]

    @classmethod
    def from_structure(cls, structure: Structure) -> Sites:
        """Read the sites of a structure, each ion an anion or not.

        Parameters
        ----------
        structure : Structure
            As pymatgen read it.
        """
        occupancies: list[dict[str, float]] = []
        for site in structure:
            amounts: dict[str, float] = {}
            for ion, occupancy in site.species.items():
                amounts[element_symbol(ion)] = amounts.get(element_symbol(ion), 0.0) + float(occupancy)
            occupancies.append(amounts)
        matrix = np.ascontiguousarray(structure.lattice.matrix, dtype=float)
        positions = np.ascontiguousarray((structure.frac_coords % 1.0) @ matrix, dtype=float)
        anions = anion_elements({element for amounts in occupancies for element in amounts})
        centres = _oxoanion_centres(matrix, positions, occupancies)
        species = [
            {
                (element, element in anions and not (element in OXOANION_CENTRES and centre)): occupancy
                for element, occupancy in amounts.items()
            }
            for amounts, centre in zip(occupancies, centres, strict=True)
        ]
        return cls(matrix, positions, species)

    def ions(self) -> dict[tuple[str, bool], float]:
        """Amount of each (element, is it an anion) in the cell."""
        total: dict[tuple[str, bool], float] = {}
        for amounts in self.species:
            for ion, occupancy in amounts.items():
                total[ion] = total.get(ion, 0.0) + occupancy
        return total

    @cached_property
    def lithium(self) -> np.ndarray:
        """Occupancy of each site by lithium, shape (n,)."""
        return self._occupancy("lithium")

    @cached_property
    def anion(self) -> np.ndarray:
        """Occupancy of each site by anions, shape (n,)."""
        return self._occupancy("anion")

    @cached_property
    def framework(self) -> np.ndarray:
        """Occupancy of each site by cations other than lithium and protons, shape (n,)."""
        return self._occupancy("framework")

    @cached_property
    def totals(self) -> np.ndarray:
        """Occupancy of each site by all species, shape (n,)."""
        return np.array([sum(amounts.values()) for amounts in self.species])

    @cached_property
    def between_lithium(self) -> np.ndarray:
        """Distance in Å from each lithium site to the nearest other, NaN where none is found."""
        return self._nearest(self.lithium, self.lithium, SPLIT_LITHIUM_ANGSTROM)

    @cached_property
    def lithium_to_anion(self) -> np.ndarray:
        """Distance in Å from each lithium site to the nearest anion, NaN where none is found."""
        return self._nearest(self.lithium, self.anion, SPLIT_BOND_ANGSTROM)

    @cached_property
    def framework_to_anion(self) -> np.ndarray:
        """Distance in Å from each framework cation to the nearest anion, NaN where none is found."""
        return self._nearest(self.framework, self.anion, SPLIT_BOND_ANGSTROM)

    def _occupancy(self, role: str) -> np.ndarray:
        return np.array(
            [sum(share for ion, share in amounts.items() if _role(ion) == role) for amounts in self.species]
        )

    def _nearest(self, centres: np.ndarray, points: np.ndarray, beyond: float) -> np.ndarray:
        """Distance from each site with the first occupancy to the nearest with the second, farther than `beyond`.

        NaN where the search finds none.
        """
        starts, ends = (self.positions[occupancy >= PRESENT_FROM] for occupancy in (centres, points))
        nearest = np.full(len(starts), np.inf)
        if len(ends):
            for radius in SEARCH_RADII_ANGSTROM:
                unresolved = np.flatnonzero(np.isinf(nearest))
                if not len(unresolved):
                    break
                i, _, _, distances = neighbours(self.matrix, starts[unresolved], ends, radius)
                np.minimum.at(nearest, unresolved[i[distances > beyond]], distances[distances > beyond])
        return np.where(np.isinf(nearest), np.nan, nearest)


def _role(ion: tuple[str, bool]) -> str:
    element, anion = ion
    if anion:
        return "anion"
    return {"Li": "lithium", "H": "proton"}.get(element, "framework")


def _oxoanion_centres(matrix: np.ndarray, positions: np.ndarray, occupancies: list[dict[str, float]]) -> np.ndarray:
    """True for each site that is the centre of an oxoanion, should it hold an anion former; shape (n,)."""
    is_centre = np.zeros(len(occupancies), dtype=bool)
    centres = np.array([bool(OXOANION_CENTRES & set(amounts)) for amounts in occupancies])
    oxygens = np.array(["O" in amounts for amounts in occupancies])
    if centres.any() and oxygens.any():
        shortest, longest = OXOANION_BOND_ANGSTROM
        i, _, _, distances = neighbours(matrix, positions[centres], positions[oxygens], longest)
        is_centre[np.flatnonzero(centres)[i[distances > shortest]]] = True
    return is_centre


def neighbours(
    matrix: np.ndarray, centres: np.ndarray, points: np.ndarray, radius: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Pairs within a radius in the periodic cell; a point at distance 0 is the centre itself and left out.

    Parameters
    ----------
    matrix : ndarray of shape (3, 3)
        Vectors of the lattice in Å, as rows.
    centres, points : ndarray of shape (n, 3) and (m, 3)
        Cartesian, in Å.
    radius : float
        In Å.

    Returns
    -------
    tuple of ndarray
        Per pair: index of the centre, index of the point, cell of the point (3 integers), distance in Å.
    """
    from pymatgen.optimization.neighbors import find_points_in_spheres

    i, j, cells, distances = find_points_in_spheres(
        np.ascontiguousarray(points),
        np.ascontiguousarray(centres),
        r=float(radius),
        pbc=np.ones(3, dtype=np.int64),
        lattice=matrix,
        tol=1e-8,
    )
    real = distances > 1e-6
    return i[real], j[real], cells[real].astype(int), distances[real]


def _distances(
    name: str, pair: str, distances: Callable[[Sites], np.ndarray], occupancy: Callable[[Sites], np.ndarray]
) -> tuple[Output[Sites], Output[Sites]]:
    """Shortest and mean distance of a pair of ions, NaN where none is found; the mean by the occupancy of the first."""

    def shortest(sites: Sites) -> float:
        known = ~np.isnan(distances(sites))
        return float(distances(sites)[known].min()) if known.any() else math.nan

    def mean(sites: Sites) -> float:
        known = ~np.isnan(distances(sites))
        weights = occupancy(sites)[occupancy(sites) >= PRESENT_FROM]
        return float(np.average(distances(sites)[known], weights=weights[known])) if known.any() else math.nan

    return (
        Output(Feature(f"{name}_shortest_angstrom", f"shortest {pair} distance", "Å", FROM_SITES), shortest),
        Output(Feature(f"{name}_mean_angstrom", f"mean nearest {pair} distance", "Å", FROM_SITES), mean),
    )


def _entropy_per_atom(sites: Sites) -> float:
    """Ideal mixing entropy of the sites, vacancies counted as one more species, in k_B per atom."""
    entropy = 0.0
    for amounts, total in zip(sites.species, sites.totals, strict=True):
        shares = [*amounts.values(), 1 - total if total < 1 - OCCUPANCY_ROUNDING else 0.0]
        entropy -= sum(share * math.log(share) for share in shares if 0 < share < 1 - OCCUPANCY_ROUNDING)
    return entropy / float(sites.totals.sum())


def _mixed_anion_share(sites: Sites) -> float:
    mixed = np.array([len({element for element, anion in amounts if anion}) > 1 for amounts in sites.species])
    at_anion = sites.anion >= PRESENT_FROM
    return float(mixed[at_anion].mean()) if at_anion.any() else math.nan


def _shared_share(sites: Sites) -> float:
    return float(np.array([len({element for element, _ in amounts}) > 1 for amounts in sites.species]).mean())


def _lithium_occupancy(sites: Sites) -> float:
    lithium = sites.lithium[sites.lithium >= PRESENT_FROM]
    return float(lithium.mean()) if len(lithium) else math.nan


def _coordination(sites: Sites) -> float:
    """Anions around lithium, each counted by its occupancy; NaN where an anion has no radius."""
    at_lithium, at_anion = (np.flatnonzero(occupancy >= PRESENT_FROM) for occupancy in (sites.lithium, sites.anion))
    if not len(at_lithium) or not len(at_anion):
        return math.nan
    radii = np.array([_anion_radius(sites.species[site]) / sites.anion[site] for site in at_anion])
    if np.isnan(radii).any():
        return math.nan
    reach = BOND_REACH * (ionic_radius("Li", False) + radii)
    i, j, _, distances = neighbours(sites.matrix, sites.positions[at_lithium], sites.positions[at_anion], reach.max())
    bonded = distances <= reach[j]
    counts = np.bincount(i[bonded], weights=sites.anion[at_anion][j[bonded]], minlength=len(at_lithium))
    return float(np.average(counts, weights=sites.lithium[at_lithium]))


def _anion_radius(amounts: Mapping[tuple[str, bool], float]) -> float:
    """Radii of the anions of one site, weighted by their occupancy and added up."""
    return sum(ionic_radius(*ion) * occupancy for ion, occupancy in amounts.items() if ion[1])


SITE_FEATURES: tuple[Output[Sites], ...] = (
    Output(
        Feature("lithium_site_occupancy", "mean occupancy of lithium sites", "share", FROM_SITES), _lithium_occupancy
    ),
    Output(
        Feature("partly_filled_site_share", "sites with vacancies", "share", FROM_SITES),
        lambda sites: float((sites.totals < 1 - OCCUPANCY_ROUNDING).mean()),
    ),
    Output(Feature("shared_site_share", "sites shared by two or more elements", "share", FROM_SITES), _shared_share),
    Output(
        Feature("mixed_anion_site_share", "anion sites shared by different anions", "share", FROM_SITES),
        _mixed_anion_share,
    ),
    Output(
        Feature("site_entropy_per_atom_kb", "ideal mixing entropy of the sites per atom", "k_B", FROM_SITES),
        _entropy_per_atom,
    ),
    *_distances("lithium_lithium", "Li-Li", attrgetter("between_lithium"), attrgetter("lithium")),
    *_distances("lithium_anion", "Li-anion", attrgetter("lithium_to_anion"), attrgetter("lithium")),
    *_distances("framework_anion", "framework cation-anion", attrgetter("framework_to_anion"), attrgetter("framework")),
    Output(
        Feature("lithium_coordination", "anions around lithium", "1", f"{FROM_SITES}; Shannon radii"), _coordination
    ),
)


def site_values(sites: Sites) -> list[float]:
    """Compute `SITE_FEATURES` of one structure, in their order; NaN where it has no such site.

    Parameters
    ----------
    sites : Sites
        Of the cell.
    """
    return [output.values(sites) for output in SITE_FEATURES]
