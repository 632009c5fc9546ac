"""The crystal as one vector: cell, space group and, where a CIF is given, sites, distances and lithium paths."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from features.composition import composition_of
from features.crystal.cif import NO_CRYSTAL, Crystal, read_crystal
from features.crystal.ions import free_volume_share, ionic_radius, ions_of_formula, sphere_volume
from features.crystal.lattice import LATTICE_FEATURES, CellShapes, lattice_values
from features.crystal.percolation import PERCOLATION_FEATURES
from features.crystal.sites import SITE_FEATURES
from features.crystal.space_group import SYMMETRY_FEATURES, space_group_number, symmetry_values
from features.feature import Feature, Featurizer, Output, filled, text

NM3_PER_ANGSTROM3 = 1e-3
ANGSTROM3_PER_CM3_IN_DALTON = 1.66053906660
"""g/cm3 of one dalton per Å3: the atomic mass constant, CODATA 2018."""
LATTICE_COLUMNS = (
    "lattice_a_angstrom", "lattice_b_angstrom", "lattice_c_angstrom",
    "lattice_alpha_deg", "lattice_beta_deg", "lattice_gamma_deg",
)  # fmt: skip
FROM_FORMULA = "formula; Shannon radii, 10.1107/S0567739476001551, six-fold where tabulated"
FROM_CONTENT = "CIF, else lattice, formula and formula units per cell"


@dataclass(frozen=True)
class Content:
    """Ions of a formula or of a cell.

    Attributes
    ----------
    atoms : amount of each element; empty where unknown
    ions : amount of each (element, is it an anion); empty where unknown
    volume : in Å³ that holds them, NaN where unknown
    """

    atoms: Mapping[str, float]
    ions: Mapping[tuple[str, bool], float]
    volume: float = math.nan

    @classmethod
    def of_formula(cls, amounts: Mapping[str, float]) -> Content:
        """Return the content of one formula unit, whose volume is unknown.

        Parameters
        ----------
        amounts : mapping of str to float
            Amount of each element, empty where no composition is known.
        """
        return cls(amounts, ions_of_formula(amounts) or {})

    @classmethod
    def of_cell(cls, formula: Content, crystal: Crystal, volume: float, units: float) -> Content:
        """Return the content of a cell: of the CIF, else of some formula units in the cell given.

        Parameters
        ----------
        formula : Content
            Content of one formula unit.
        crystal : Crystal
            What the CIF holds.
        volume : float
            Of the cell given, in Å³; NaN where none is.
        units : float
            Formula units in it; NaN where not given.
        """
        if crystal.ions:
            atoms: dict[str, float] = {}
            for (element, _), amount in crystal.ions.items():
                atoms[element] = atoms.get(element, 0.0) + amount
            return cls(atoms, crystal.ions, crystal.volume)
        if formula.atoms and volume > 0 and 0 < units < math.inf:
            atoms = {element: amount * units for element, amount in formula.atoms.items()}
            return cls(atoms, {ion: amount * units for ion, amount in formula.ions.items()}, volume)
        return cls({}, {})

    @property
    def anions(self) -> float:
        """Amount of anions, 0 where unknown."""
        return sum(amount for (_, anion), amount in self.ions.items() if anion)


def _sphere_volume_per_anion(formula: Content) -> float:
    return sphere_volume(formula.ions) / formula.anions if formula.ions else math.nan


def _framework_radius_ratio(formula: Content) -> float:
    ions = formula.ions
    framework = {ion: amount for ion, amount in ions.items() if not ion[1] and ion[0] != "Li"}
    if not framework:
        return math.nan
    radii = sum(amount * ionic_radius(*ion) for ion, amount in framework.items()) / sum(framework.values())
    return radii / (sum(amount * ionic_radius(*ion) for ion, amount in ions.items() if ion[1]) / formula.anions)


def _density_g_per_cm3(cell: Content) -> float:
    from pymatgen.core import Element

    mass = sum(amount * float(Element(element).atomic_mass) for element, amount in cell.atoms.items())
    return mass / cell.volume * ANGSTROM3_PER_CM3_IN_DALTON


FORMULA_FEATURES: tuple[Output[Content], ...] = (
    Output(
        Feature("ionic_volume_per_anion_angstrom3", "volume of the ions' spheres per anion", "Å³", FROM_FORMULA),
        _sphere_volume_per_anion,
    ),
    Output(
        Feature(
            "framework_radius_ratio", "mean radius of cations other than Li over that of anions", "1", FROM_FORMULA
        ),
        _framework_radius_ratio,
    ),
)
CONTENT_FEATURES: tuple[Output[Content], ...] = (
    Output(
        Feature("volume_per_atom_angstrom3", "volume per atom", "Å³", FROM_CONTENT),
        lambda cell: cell.volume / sum(cell.atoms.values()) if cell.atoms else math.nan,
    ),
    Output(
        Feature("volume_per_anion_angstrom3", "volume per anion", "Å³", FROM_CONTENT),
        lambda cell: cell.volume / cell.anions if cell.anions else math.nan,
    ),
    Output(Feature("crystal_density_g_per_cm3", "crystal density", "g/cm³", FROM_CONTENT), _density_g_per_cm3),
    Output(
        Feature("lithium_density_per_nm3", "lithium per volume", "1/nm³", FROM_CONTENT),
        lambda cell: cell.atoms.get("Li", 0.0) / cell.volume / NM3_PER_ANGSTROM3,
    ),
    Output(
        Feature("free_volume_share", "volume outside the ions' spheres", "share", f"{FROM_CONTENT}; Shannon radii"),
        lambda cell: free_volume_share(cell.ions, cell.volume),
    ),
)


class Structures:
    """Crystals of designs: what the outputs are computed from, each computed at its first use.

    Parameters
    ----------
    X : DataFrame, shape (n_designs, n_columns)
        As `StructureFeatures` reads it.
    """

    def __init__(self, X: pd.DataFrame) -> None:
        self.designs = X

    @cached_property
    def crystals(self) -> list[Crystal]:
        """Crystal of each CIF, equal texts read once."""
        cifs = text(self.designs, "cif_text")
        by_text = {cif: read_crystal(cif) for cif in set(cifs) if cif}
        return [by_text.get(cif, NO_CRYSTAL) for cif in cifs]

    @cached_property
    def given_cells(self) -> np.ndarray:
        """Lattice columns as given, shape (n_designs, 6)."""
        return np.column_stack([_lenient_number(self.designs, column) for column in LATTICE_COLUMNS])

    @cached_property
    def lattices(self) -> np.ndarray:
        """`LATTICE_FEATURES` of each cell as given, else of the CIF."""
        unknown = np.isnan(self.given_cells).any(axis=1, keepdims=True)
        of_cif = np.array([crystal.cell for crystal in self.crystals]).reshape(-1, 6)
        return lattice_values(np.where(unknown, of_cif, self.given_cells))

    @cached_property
    def symmetries(self) -> np.ndarray:
        """`SYMMETRY_FEATURES` of each space group as given, else of the CIF."""
        groups = [
            space_group_number(symbol) or crystal.space_group
            for symbol, crystal in zip(text(self.designs, "space_group"), self.crystals, strict=True)
        ]
        return _table([symmetry_values(group) for group in groups], SYMMETRY_FEATURES)

    @cached_property
    def formulas(self) -> list[Content]:
        """Ions of each formula."""
        pairs = list(zip(text(self.designs, "electrolyte"), text(self.designs, "composition"), strict=True))
        by_pair = {pair: Content.of_formula(composition_of(*pair) or {}) for pair in set(pairs)}
        return [by_pair[pair] for pair in pairs]

    @cached_property
    def formula_values(self) -> np.ndarray:
        """`FORMULA_FEATURES` of each design."""
        by_formula = {id(formula): [output.values(formula) for output in FORMULA_FEATURES] for formula in self.formulas}
        return _table([by_formula[id(formula)] for formula in self.formulas], FORMULA_FEATURES)

    @cached_property
    def content_values(self) -> np.ndarray:
        """`CONTENT_FEATURES` of each design."""
        volumes = CellShapes.from_cells(self.given_cells).volume
        units = _lenient_number(self.designs, "formula_units_per_cell")
        cells = map(Content.of_cell, self.formulas, self.crystals, volumes, units)
        return _table([[output.values(cell) for output in CONTENT_FEATURES] for cell in cells], CONTENT_FEATURES)

    @cached_property
    def sites(self) -> np.ndarray:
        """`SITE_FEATURES` of each CIF."""
        return _table([crystal.sites for crystal in self.crystals], SITE_FEATURES)

    @cached_property
    def paths(self) -> np.ndarray:
        """`PERCOLATION_FEATURES` of each CIF."""
        return _table([crystal.paths for crystal in self.crystals], PERCOLATION_FEATURES)


def _table(rows: Sequence[Sequence[float]], outputs: Sequence[Output[Any]]) -> np.ndarray:
    return np.array(rows, dtype=float).reshape(-1, len(outputs))


def _of_all(outputs: Sequence[Output[Any]], rows: Callable[[Structures], np.ndarray]) -> list[Output[Structures]]:
    """Outputs of single crystals, formulas or space groups as those of all designs.

    Parameters
    ----------
    rows : callable
        Gives their numbers for every design, shape (n_designs, n_outputs).
    """

    def column(place: int) -> Callable[[Structures], np.ndarray]:
        return lambda structures: rows(structures)[:, place]

    return [Output(output.feature, column(place)) for place, output in enumerate(outputs)]


STRUCTURE_OUTPUTS: tuple[Output[Structures], ...] = (
    *_of_all(LATTICE_FEATURES, lambda structures: structures.lattices),
    *_of_all(SYMMETRY_FEATURES, lambda structures: structures.symmetries),
    *_of_all(FORMULA_FEATURES, lambda structures: structures.formula_values),
    *_of_all(CONTENT_FEATURES, lambda structures: structures.content_values),
    *_of_all(SITE_FEATURES, lambda structures: structures.sites),
    *_of_all(PERCOLATION_FEATURES, lambda structures: structures.paths),
)
"""Outputs of `StructureFeatures`, in order."""


class StructureFeatures(Featurizer):
    """Vector of an electrolyte's crystal structure; every column but `electrolyte` is optional.

    Reads `space_group` (Hermann-Mauguin symbol or number), `lattice_a_angstrom` to `lattice_gamma_deg` (all six, of the
    conventional cell), `cif_text` (the content, no path), `electrolyte` and `composition`, and
    `formula_units_per_cell`, which lets lattice and formula stand in for a CIF. A number is NaN where the row does not
    say or says what cannot be: a bad row is never an error here; `cif.read_crystal` says why a CIF was refused.

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

    def _outputs(self) -> tuple[Output[Structures], ...]:
        return STRUCTURE_OUTPUTS

    def _values(self, X: pd.DataFrame) -> np.ndarray:
        return filled(STRUCTURE_OUTPUTS, Structures(X), len(X))


def _lenient_number(X: pd.DataFrame, column: str) -> np.ndarray:
    """A numeric column, NaN where absent, empty or no number: one bad row must not stop the others."""
    if column not in X.columns:
        return np.full(len(X), np.nan)
    values = pd.to_numeric(X[column], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)
