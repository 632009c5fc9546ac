"""The crystal as one vector: cell, space group and, where a CIF is given, sites, distances and lithium paths."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from features.composition import composition_of
from features.crystal.cif import NO_CRYSTAL, Crystal, read_crystal
from features.crystal.percolation import PERCOLATION_FEATURES
from features.crystal.sites import (
    OXOANION_CENTRES,
    SITE_FEATURES,
    anion_elements,
    free_volume_share,
    ionic_radius,
    sphere_volume,
)
from features.crystal.space_group import SYMMETRY_FEATURES, space_group_number, symmetry_values
from features.feature import Feature, Featurizer, text
from features.formulas.charge import charge_imbalance

NM3_PER_ANGSTROM3 = 1e-3
ANGSTROM3_PER_CM3_IN_DALTON = 1.66053906660
"""g/cm3 of one dalton per Å3: the atomic mass constant, CODATA 2018."""

LATTICE_COLUMNS = (
    "lattice_a_angstrom", "lattice_b_angstrom", "lattice_c_angstrom",
    "lattice_alpha_deg", "lattice_beta_deg", "lattice_gamma_deg",
)  # fmt: skip

FROM_CELL = "lattice as given, else of the CIF"
FROM_FORMULA = "formula; Shannon radii, 10.1107/S0567739476001551, six-fold where tabulated"
FROM_CONTENT = "CIF, else lattice, formula and formula units per cell"

LATTICE_FEATURES = (
    Feature("cell_volume_angstrom3", "cell volume", "Å³", FROM_CELL),
    Feature("lattice_b_over_a", "lattice b over a", "1", FROM_CELL),
    Feature("lattice_c_over_a", "lattice c over a", "1", FROM_CELL),
    Feature("cubic_deviation", "strain between the cell and a cube of its volume", "1", FROM_CELL),
)
FORMULA_FEATURES = (
    Feature("ionic_volume_per_anion_angstrom3", "volume of the ions' spheres per anion", "Å³", FROM_FORMULA),
    Feature("framework_radius_ratio", "mean radius of cations other than Li over that of anions", "1", FROM_FORMULA),
)
CONTENT_FEATURES = (
    Feature("volume_per_atom_angstrom3", "volume per atom", "Å³", FROM_CONTENT),
    Feature("volume_per_anion_angstrom3", "volume per anion", "Å³", FROM_CONTENT),
    Feature("crystal_density_g_per_cm3", "crystal density", "g/cm³", FROM_CONTENT),
    Feature("lithium_density_per_nm3", "lithium per volume", "1/nm³", FROM_CONTENT),
    Feature("free_volume_share", "volume outside the ions' spheres", "share", f"{FROM_CONTENT}; Shannon radii"),
)


class StructureFeatures(Featurizer):
    """Vector of an electrolyte's crystal structure; every column but `electrolyte` is optional.

    Reads `space_group` (Hermann-Mauguin symbol or number), `lattice_a_angstrom` to `lattice_gamma_deg` (all six, of the
    conventional cell), `cif_text` (the content, no path), `electrolyte` and `composition`, and
    `formula_units_per_cell`, which lets lattice and formula stand in for a CIF. A number is NaN where the row does not
    say or says what cannot be: a bad row is never an error here; `cif.structure_problem` tells why a CIF was refused.

    Outputs, in order:

    - cell volume (Å³), b/a and c/a (1), strain between cell and cube (1); source: lattice columns, else the CIF
    - space group number, crystal system as rank 1 to 7 and as yes/no each, inversion centre (yes/no), order of the
      point group; source: `space_group`, else the CIF
    - volume of the ions' spheres per anion (Å³), radius of framework cations over that of anions (1); source: formula
      and Shannon radii
    - volume per atom and per anion (Å³), density (g/cm³), lithium per volume (1/nm³), share of free volume; source:
      CIF, else lattice, formula and formula units
    - from the CIF alone: mean occupancy of lithium sites, shares of sites with vacancies, shared by elements, shared by
      anions, mixing entropy per atom (k_B); shortest and mean nearest Li-Li, Li-anion and framework cation-anion
      distances (Å), coordination of lithium (1), and the smallest jump at which lithium sites percolate in 1, 2 and 3
      dimensions (Å)

    Spheres overlap in covalent bonds, which free volume does not correct. Means over lithium are weighted by occupancy.
    Distances are between sites, filled at once or not, unless so close that they must be one position.

    Examples
    --------
    >>> designs = pd.DataFrame({"electrolyte": ["LLZO", "LLZO"], "space_group": ["Ia-3d", "I41/acd"]})
    >>> vectors = StructureFeatures().fit_transform(designs)
    >>> vectors[["space_group_number", "point_group_order", "centrosymmetric"]].to_numpy().tolist()
    [[230.0, 48.0, 1.0], [142.0, 16.0, 1.0]]
    """

    required = ("electrolyte",)

    def _describe(self) -> list[Feature]:
        return [
            *LATTICE_FEATURES,
            *SYMMETRY_FEATURES,
            *FORMULA_FEATURES,
            *CONTENT_FEATURES,
            *SITE_FEATURES,
            *PERCOLATION_FEATURES,
        ]

    def _values(self, X: pd.DataFrame) -> np.ndarray:
        cifs = text(X, "cif_text")
        read = {cif: read_crystal(cif) for cif in set(cifs) if cif}
        crystals = [read.get(cif, NO_CRYSTAL) for cif in cifs]
        given = np.column_stack([_lenient_number(X, column) for column in LATTICE_COLUMNS])
        cells = np.where(
            np.isnan(given).any(axis=1, keepdims=True),
            np.array([crystal.cell for crystal in crystals]).reshape(-1, 6),
            given,
        )
        groups = [
            space_group_number(symbol) or crystal.space_group
            for symbol, crystal in zip(text(X, "space_group"), crystals, strict=True)
        ]
        pairs = list(zip(text(X, "electrolyte"), text(X, "composition"), strict=True))
        formulas = {pair: composition_of(*pair) or {} for pair in set(pairs)}
        volumes = lattice_values(given)[:, 0]
        units = _lenient_number(X, "formula_units_per_cell")
        rows = [
            _formula_values(formulas[pair]) + _content_values(formulas[pair], crystal, volume, unit)
            for pair, crystal, volume, unit in zip(pairs, crystals, volumes, units, strict=True)
        ]
        return np.column_stack(
            [
                lattice_values(cells),
                np.array([symmetry_values(group) for group in groups]).reshape(-1, len(SYMMETRY_FEATURES)),
                np.array(rows).reshape(-1, len(FORMULA_FEATURES) + len(CONTENT_FEATURES)),
                np.array([crystal.sites for crystal in crystals]).reshape(-1, len(SITE_FEATURES)),
                np.array([crystal.paths for crystal in crystals]).reshape(-1, len(PERCOLATION_FEATURES)),
            ]
        )


def lattice_values(cells: np.ndarray) -> np.ndarray:
    """`LATTICE_FEATURES` of cells.

    Parameters
    ----------
    cells : ndarray of shape (n, 6)
        a, b, c in Å and angles in degrees.

    Returns
    -------
    ndarray of shape (n, 4)
        Volume (Å³), b/a, c/a and the norm of the logarithmic strain between the cell and the cube of its volume: 0 for
        a cube, sqrt(2/3) ln(c/a) for a tetragonal cell. NaN where the numbers make no cell.

    Examples
    --------
    >>> lattice_values(np.array([[4.0, 4.0, 4.0, 90, 90, 90]])).round(6).tolist()
    [[64.0, 1.0, 1.0, 0.0]]
    """
    lengths = np.where((cells[:, :3] > 0) & np.isfinite(cells[:, :3]), cells[:, :3], np.nan)
    angles = np.where((cells[:, 3:] > 0) & (cells[:, 3:] < 180), cells[:, 3:], np.nan)
    cosines = np.cos(np.radians(angles))
    metric = np.tile(np.eye(3), (len(cells), 1, 1))
    for (i, j), column in zip(((1, 2), (0, 2), (0, 1)), cosines.T, strict=True):
        metric[:, i, j] = metric[:, j, i] = column
    known = np.flatnonzero(~np.isnan(metric).any(axis=(1, 2)) & ~np.isnan(lengths).any(axis=1))
    known = known[np.linalg.eigvalsh(metric[known])[:, 0] > 0]
    values = np.full((len(cells), 4), np.nan)
    a, b, c = lengths[known].T
    volume = a * b * c * np.sqrt(np.linalg.det(metric[known]))
    scaled = lengths[known] / np.cbrt(volume)[:, None]
    stretches = np.linalg.eigvalsh(metric[known] * scaled[:, :, None] * scaled[:, None, :])
    strain = np.linalg.norm(np.log(stretches) / 2, axis=1)
    values[known] = np.column_stack([volume, b / a, c / a, strain])
    return values


def ions_of_formula(amounts: Mapping[str, float]) -> dict[tuple[str, bool], float] | None:
    """Which elements of a formula are anions.

    Parameters
    ----------
    amounts : mapping of str to float
        Amount of each element in the formula.

    Returns
    -------
    dict of (str, bool) to float, or None
        Amount of each (element, is it an anion). None where nothing is an anion, or where oxygen may hold another
        anion former (a sulfate or an oxysulfide) and the balance of charges does not tell.
    """
    anions = anion_elements(amounts)
    if not anions:
        return None
    if "O" in amounts and anions & OXOANION_CENTRES:
        imbalance = charge_imbalance(amounts)
        if imbalance is None or abs(imbalance) > 0.05 * sum(amounts[anion] for anion in anions):
            return None
    return {(element, element in anions): float(amount) for element, amount in amounts.items()}


def _formula_values(amounts: Mapping[str, float]) -> list[float]:
    """`FORMULA_FEATURES` of one row."""
    ions = ions_of_formula(amounts) if amounts else None
    if not ions:
        return [math.nan] * len(FORMULA_FEATURES)
    anions = sum(amount for (_, anion), amount in ions.items() if anion)
    framework = {ion: amount for ion, amount in ions.items() if not ion[1] and ion[0] != "Li"}
    ratio = math.nan
    if framework:
        radii = sum(amount * ionic_radius(*ion) for ion, amount in framework.items()) / sum(framework.values())
        ratio = radii / (sum(amount * ionic_radius(*ion) for ion, amount in ions.items() if ion[1]) / anions)
    return [sphere_volume(ions) / anions, ratio]


def _content_values(amounts: Mapping[str, float], crystal: Crystal, volume: float, units: float) -> list[float]:
    """`CONTENT_FEATURES` of one row: of the CIF, else of `units` formulas in a cell of `volume` Å³."""
    from pymatgen.core import Element

    ions: Mapping[tuple[str, bool], float] = crystal.ions
    atoms: dict[str, float] = {}
    if ions:
        volume = crystal.volume
        for (element, _), amount in ions.items():
            atoms[element] = atoms.get(element, 0.0) + amount
    elif amounts and volume > 0 and 0 < units < math.inf:
        atoms = {element: amount * units for element, amount in amounts.items()}
        ions = {ion: amount * units for ion, amount in (ions_of_formula(amounts) or {}).items()}
    else:
        return [math.nan] * len(CONTENT_FEATURES)
    anions = sum(amount for (_, anion), amount in ions.items() if anion)
    mass = sum(amount * float(Element(element).atomic_mass) for element, amount in atoms.items())
    return [
        volume / sum(atoms.values()),
        volume / anions if anions else math.nan,
        mass / volume * ANGSTROM3_PER_CM3_IN_DALTON,
        atoms.get("Li", 0.0) / volume / NM3_PER_ANGSTROM3,
        free_volume_share(ions, volume),
    ]


def _lenient_number(X: pd.DataFrame, column: str) -> np.ndarray:
    """A numeric column, NaN where absent, empty or no number: one bad row must not stop the others."""
    if column not in X.columns:
        return np.full(len(X), np.nan)
    values = pd.to_numeric(X[column], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)
