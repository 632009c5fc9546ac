"""Sites of a crystal as numbers: occupancies, disorder, distances, coordination and the room the ions leave."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from features.feature import Feature
from features.formulas.charge import OXIDATION_STATES

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
"""How far neighbours are looked for; what lies beyond the last is NaN."""

ANION_FORMERS = frozenset({"N", "O", "F", "S", "Se", "Cl", "Br", "I"})
OXOANION_CENTRES = ANION_FORMERS - {"O", "F"}
LAST_RESORT_ANIONS = ("Te", "As", "P", "Sb")
"""The anion where no other is there, as P in Li9AlP4."""

FROM_SITES = "sites of the CIF"
SITE_FEATURES = (
    Feature("lithium_site_occupancy", "mean occupancy of lithium sites", "share", FROM_SITES),
    Feature("partly_filled_site_share", "sites with vacancies", "share", FROM_SITES),
    Feature("shared_site_share", "sites shared by two or more elements", "share", FROM_SITES),
    Feature("mixed_anion_site_share", "anion sites shared by different anions", "share", FROM_SITES),
    Feature("site_entropy_per_atom_kb", "ideal mixing entropy of the sites per atom", "k_B", FROM_SITES),
    Feature("lithium_lithium_shortest_angstrom", "shortest Li-Li distance", "Å", FROM_SITES),
    Feature("lithium_lithium_mean_angstrom", "mean nearest Li-Li distance", "Å", FROM_SITES),
    Feature("lithium_anion_shortest_angstrom", "shortest Li-anion distance", "Å", FROM_SITES),
    Feature("lithium_anion_mean_angstrom", "mean nearest Li-anion distance", "Å", FROM_SITES),
    Feature("framework_anion_shortest_angstrom", "shortest framework cation-anion distance", "Å", FROM_SITES),
    Feature("framework_anion_mean_angstrom", "mean nearest framework cation-anion distance", "Å", FROM_SITES),
    Feature("lithium_coordination", "anions around lithium", "1", f"{FROM_SITES}; Shannon radii"),
)


def element_symbol(species: Any) -> str:
    """Symbol of the element of a pymatgen species, hydrogen for its isotopes, empty for a dummy."""
    element = getattr(species, "element", species)
    symbol = str(getattr(element, "symbol", ""))
    known = type(element).__name__ == "Element"
    return {"D": "H", "T": "H"}.get(symbol, symbol) if known else ""


def anion_elements(elements: Iterable[str]) -> set[str]:
    """The elements that are anions beside each other. Hydrogen is one beside boron or aluminium without oxygen."""
    held = set(elements)
    found = held & ANION_FORMERS
    if "H" in held and "O" not in held and (held & {"B", "Al"} or not found):
        found = found | {"H"}
    if not found:
        found = set([element for element in LAST_RESORT_ANIONS if element in held][:1])
    return found


@lru_cache(maxsize=512)
def ionic_radius(symbol: str, anion: bool) -> float:
    """Shannon's effective ionic radius, six-fold where tabulated.

    Parameters
    ----------
    symbol : str
        Symbol of the element.
    anion : bool
        Whether it is an anion. A cation has the state of `OXIDATION_STATES`, else the mean over its tabulated states.

    Returns
    -------
    float
        In Å; 0 for a proton, NaN where Shannon has none (hydride, phosphide).
    """
    from pymatgen.core import Element

    known = Element(symbol).data.get("Shannon radii") or {}
    tabulated = {int(state): held for state, held in known.items() if state}  # one radius of Eu has no state
    states = [state for state in tabulated if (state < 0) == anion]
    usual = OXIDATION_STATES.get(symbol)
    if not anion and usual in states:
        states = [int(usual)]
    radii = []
    for state in states:
        by_coordination = tabulated[state]
        by_spin = by_coordination.get("VI") or next(iter(by_coordination.values()))
        radii.append(np.mean([float(held["ionic_radius"]) for held in by_spin.values()]))
    return max(0.0, float(np.mean(radii))) if radii else math.nan


def sphere_volume(ions: Mapping[tuple[str, bool], float]) -> float:
    """Volume of the spheres (Å³) of an amount of each (element, is it an anion); overlaps are not subtracted."""
    return sum(amount * 4 / 3 * math.pi * ionic_radius(*ion) ** 3 for ion, amount in ions.items())


def free_volume_share(ions: Mapping[tuple[str, bool], float], volume: float) -> float:
    """Share of a volume (Å³) outside the spheres of the ions in it, NaN where nothing is an anion."""
    anions = sum(amount for (_, anion), amount in ions.items() if anion)
    return 1 - sphere_volume(ions) / volume if anions else math.nan


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
    def of(cls, structure: Structure) -> Sites:
        """The sites of a pymatgen structure, each ion an anion or not."""
        held: list[dict[str, float]] = []
        for site in structure:
            amounts: dict[str, float] = {}
            for one, occupancy in site.species.items():
                amounts[element_symbol(one)] = amounts.get(element_symbol(one), 0.0) + float(occupancy)
            held.append(amounts)
        matrix = np.ascontiguousarray(structure.lattice.matrix, dtype=float)
        positions = np.ascontiguousarray((structure.frac_coords % 1.0) @ matrix, dtype=float)
        anions = anion_elements({element for amounts in held for element in amounts})
        centres = _oxoanion_centres(matrix, positions, held)
        species = [
            {
                (element, element in anions and not (element in OXOANION_CENTRES and centre)): occupancy
                for element, occupancy in amounts.items()
            }
            for amounts, centre in zip(held, centres, strict=True)
        ]
        return cls(matrix, positions, species)

    def ions(self) -> dict[tuple[str, bool], float]:
        """Amount of each (element, is it an anion) in the cell."""
        total: dict[tuple[str, bool], float] = {}
        for amounts in self.species:
            for ion, occupancy in amounts.items():
                total[ion] = total.get(ion, 0.0) + occupancy
        return total

    def occupancy(self, role: str) -> np.ndarray:
        """Occupancy of each site by `lithium`, `anion` or `framework` (other cations, but no protons); shape (n,)."""
        return np.array([sum(held for ion, held in amounts.items() if _role(ion) == role) for amounts in self.species])


def _role(ion: tuple[str, bool]) -> str:
    element, anion = ion
    if anion:
        return "anion"
    return {"Li": "lithium", "H": "proton"}.get(element, "framework")


def _oxoanion_centres(matrix: np.ndarray, positions: np.ndarray, held: list[dict[str, float]]) -> np.ndarray:
    """Whether each site is the centre of an oxoanion, should it hold an anion former; shape (n,)."""
    found = np.zeros(len(held), dtype=bool)
    centres = np.array([bool(OXOANION_CENTRES & set(amounts)) for amounts in held])
    oxygens = np.array(["O" in amounts for amounts in held])
    if centres.any() and oxygens.any():
        shortest, longest = OXOANION_BOND_ANGSTROM
        i, _, _, distances = neighbours(matrix, positions[centres], positions[oxygens], longest)
        found[np.flatnonzero(centres)[i[distances > shortest]]] = True
    return found


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


def _nearest(matrix: np.ndarray, centres: np.ndarray, points: np.ndarray, beyond: float) -> np.ndarray:
    """Distance of each centre to its nearest point farther than `beyond`, NaN where the search finds none; (n,)."""
    nearest = np.full(len(centres), np.inf)
    if len(points):
        for radius in SEARCH_RADII_ANGSTROM:
            open_ = np.flatnonzero(np.isinf(nearest))
            if not len(open_):
                break
            i, _, _, distances = neighbours(matrix, centres[open_], points, radius)
            np.minimum.at(nearest, open_[i[distances > beyond]], distances[distances > beyond])
    return np.where(np.isinf(nearest), np.nan, nearest)


def _shortest_and_mean(distances: np.ndarray, weights: np.ndarray) -> list[float]:
    found = ~np.isnan(distances)
    if not found.any():
        return [math.nan, math.nan]
    return [float(distances[found].min()), float(np.average(distances[found], weights=weights[found]))]


def site_values(sites: Sites) -> list[float]:
    """`SITE_FEATURES` of one structure, in their order; NaN where it has no such site."""
    lithium, anion, framework = (sites.occupancy(role) for role in ("lithium", "anion", "framework"))
    at_lithium, at_anion, at_framework = (held >= PRESENT_FROM for held in (lithium, anion, framework))
    matrix, positions = sites.matrix, sites.positions
    between = _nearest(matrix, positions[at_lithium], positions[at_lithium], SPLIT_LITHIUM_ANGSTROM)
    to_anion = _nearest(matrix, positions[at_lithium], positions[at_anion], SPLIT_BOND_ANGSTROM)
    bonds = _nearest(matrix, positions[at_framework], positions[at_anion], SPLIT_BOND_ANGSTROM)
    return [
        float(lithium[at_lithium].mean()) if at_lithium.any() else math.nan,
        *_disorder(sites, at_anion),
        *_shortest_and_mean(between, lithium[at_lithium]),
        *_shortest_and_mean(to_anion, lithium[at_lithium]),
        *_shortest_and_mean(bonds, framework[at_framework]),
        _coordination(sites, lithium, anion),
    ]


def _disorder(sites: Sites, at_anion: np.ndarray) -> list[float]:
    """Shares of sites with vacancies, of shared sites, of anion sites with several anions, and entropy per atom."""
    totals = np.array([sum(amounts.values()) for amounts in sites.species])
    several = np.array([len({element for element, _ in amounts}) > 1 for amounts in sites.species])
    mixed = np.array([len({element for element, anion in amounts if anion}) > 1 for amounts in sites.species])
    entropy = 0.0
    for amounts, total in zip(sites.species, totals, strict=True):
        shares = [*amounts.values(), 1 - total if total < 1 - OCCUPANCY_ROUNDING else 0.0]
        entropy -= sum(share * math.log(share) for share in shares if 0 < share < 1 - OCCUPANCY_ROUNDING)
    return [
        float((totals < 1 - OCCUPANCY_ROUNDING).mean()),
        float(several.mean()),
        float(mixed[at_anion].mean()) if at_anion.any() else math.nan,
        entropy / float(totals.sum()),
    ]


def _coordination(sites: Sites, lithium: np.ndarray, anion: np.ndarray) -> float:
    """Anions around lithium, each counted by its occupancy; NaN where an anion has no radius."""
    at_lithium, at_anion = (np.flatnonzero(held >= PRESENT_FROM) for held in (lithium, anion))
    if not len(at_lithium) or not len(at_anion):
        return math.nan
    radii = np.array(
        [
            sum(ionic_radius(*ion) * held for ion, held in sites.species[site].items() if ion[1]) / anion[site]
            for site in at_anion
        ]
    )
    if np.isnan(radii).any():
        return math.nan
    reach = BOND_REACH * (ionic_radius("Li", False) + radii)
    i, j, _, distances = neighbours(sites.matrix, sites.positions[at_lithium], sites.positions[at_anion], reach.max())
    bonded = distances <= reach[j]
    counts = np.bincount(i[bonded], weights=anion[at_anion][j[bonded]], minlength=len(at_lithium))
    return float(np.average(counts, weights=lithium[at_lithium]))
