"""CIF files: the structure a text holds, or why it is refused; what was read is kept for the next row."""

from __future__ import annotations

import math
import re
import threading
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np

from features.cache import Cache
from features.crystal.ions import element_symbol
from features.crystal.percolation import PERCOLATION_FEATURES, percolation_distances
from features.crystal.sites import PRESENT_FROM, SITE_FEATURES, Sites, site_values
from features.crystal.space_group import space_group_number

if TYPE_CHECKING:
    from pymatgen.core import Structure

MAX_CIF_BYTES = 500_000
MAX_CIF_LINE = 2048
"""Longest line of a CIF 1.1 file (IUCr syntax specification); longer ones make quoted text slow to read."""
MAX_POSITIONS = 20_000
"""Listed sites times symmetry operations: 100 sites under the 192 operations of a face-centred cubic group."""
MAX_SITES = 2_000
"""Sites in the cell; pymatgen needs a second or two for so many, and four times as long for twice as many."""
MAX_CELL_ANGSTROM = 200.0
MIN_CELL_THICKNESS_ANGSTROM = 1.0
MAX_SITES_PER_ANGSTROM3 = 1.0
OCCUPANCY_TOLERANCE = 1.02
"""A site this full is scaled down to 1: what rounding of printed occupancies explains."""
CACHED_STRUCTURES = 4096

SYMMETRY_KEYS = (
    "_symmetry_Int_Tables_number", "_space_group_IT_number", "_symmetry_space_group_name_H-M",
    "_space_group_name_H-M_alt", "_symmetry_space_group_name_H_M",
)  # fmt: skip
ANY_PARSER_ERROR = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RuntimeError, AssertionError)
"""Errors that pymatgen raises on damaged files: it checks little, so a wrong file fails wherever it is first used."""
_parser_lock = threading.Lock()
"""Warning filters belong to the whole process: two threads that silence them at once would leave them silenced."""


class StructureError(ValueError):
    """A CIF that no structure can be read from; the message says why and what to do."""


def read_structure(cif_text: str) -> tuple[Structure, int | None]:
    """Read the structure a CIF holds, as pymatgen reads it, in the cell of the file, and the space group it names.

    Refuses rather than guesses: no symmetry is taken for P1 where the file names another space group, no unreadable
    occupancy for 1. Not checked: whether the file's own formula agrees, and whether it holds all hydrogens.

    Parameters
    ----------
    cif_text : str
        Content of the file, no path.

    Returns
    -------
    tuple of pymatgen.core.Structure and int or None
        One of the caller's own: changing it changes no later answer. Number of the space group, None where the file
        names none.

    Raises
    ------
    StructureError
        Empty, too large, damaged, more than one structure, elements or occupancies that cannot be, a cell that cannot.
    """
    _check_size(cif_text)
    from pymatgen.io.cif import CifBlock, CifParser

    with _parser_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            parser = CifParser.from_str(cif_text, occupancy_tolerance=OCCUPANCY_TOLERANCE)
            blocks = [block for block in parser.as_dict().values() if "_atom_site_fract_x" in block]
            block = _only_block(blocks)
            group = _check_block(block)
            places = [_as_list(block[f"_atom_site_fract_{axis}"]) for axis in "xyz"]
            _check_count(places, parser.get_symops(CifBlock(block, [], "")))
            structure = parser.parse_structures(primitive=False, on_error="raise")[0]
            defaulted = any("Defaulting to P1" in remark for remark in parser.warnings)
        except StructureError:
            raise
        except ANY_PARSER_ERROR as error:
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            raise StructureError(f"damaged CIF: {reason}; open it in a crystal viewer and save it again") from error
    if defaulted and group != 1:
        named = next((str(block[key]) for key in SYMMETRY_KEYS if block.get(key)), None)
        if named:
            raise StructureError(f"no symmetry operations and space group {named[:40]!r} unknown; list the operations")
    _check_structure(structure)
    return structure, group


def _check_size(cif_text: str) -> None:
    if len(cif_text) > MAX_CIF_BYTES:
        raise StructureError(f"{len(cif_text)} characters, at most {MAX_CIF_BYTES}; leave out reflections and remarks")
    longest = max(map(len, cif_text.splitlines()), default=0)
    if longest > MAX_CIF_LINE:
        raise StructureError(f"a line of {longest} characters, a CIF line has at most {MAX_CIF_LINE}")
    if "_atom_site_fract_x" not in cif_text:
        raise StructureError("no atom sites found; cif_text takes the content of a CIF file")


def _only_block(blocks: list[dict[str, Any]]) -> dict[str, Any]:
    if len(blocks) != 1:
        raise StructureError(f"{len(blocks)} data blocks with atom sites, expected 1; give each structure its own row")
    return blocks[0]


def _check_block(block: Mapping[str, Any]) -> int | None:
    """The space group a file names, after checks of what pymatgen would read wrongly, slowly or not at all."""
    labels = _as_list(block.get("_atom_site_label", block.get("_atom_site_type_symbol", [])))
    symbols = _as_list(block.get("_atom_site_type_symbol", labels))
    if len(labels) > MAX_SITES:
        raise StructureError(f"{len(labels)} listed sites, at most {MAX_SITES}")
    for label, symbol in zip(labels, symbols, strict=False):
        if re.match(r"OH|Wat|wat|NO3|Ow|Hw", symbol) or not re.match(r"[A-Za-z]", symbol):
            raise StructureError(f"site {label}: {symbol!r} is no single element; list each atom")
    for label, occupancy in zip(labels, _as_list(block.get("_atom_site_occupancy", [])), strict=False):
        if not re.match(r"\d*\.?\d+|\d+\.", occupancy):
            raise StructureError(f"site {label}: occupancy {occupancy!r} is no number from 0 to 1")
    for axis in "xyz":
        for label, place in zip(labels, _as_list(block.get(f"_atom_site_fract_{axis}", [])), strict=False):
            if place.strip() in {".", "?"}:
                raise StructureError(f"site {label}: no fractional {axis}")
    numbers = (space_group_number(str(block[key])) for key in SYMMETRY_KEYS if block.get(key))
    return next((number for number in numbers if number), None)


def _check_count(places: list[list[str]], operations: list[Any]) -> None:
    """Refuse what pymatgen would take minutes to expand: it compares every position with every other."""
    from pymatgen.io.cif import str2float

    count = len(places[0])
    if count * len(operations) > MAX_POSITIONS:
        raise StructureError(f"{count} sites under {len(operations)} operations, at most {MAX_POSITIONS} positions")
    listed = np.array([[str2float(place) for place in axis] for axis in places]).T
    rotations = np.array([operation.rotation_matrix for operation in operations])
    shifts = np.array([operation.translation_vector for operation in operations])
    positions = np.einsum("oij,sj->soi", rotations, listed) + shifts
    rounded = np.round(positions % 1.0, 3) % 1.0
    keyed = np.column_stack([np.repeat(np.arange(count), len(operations)), rounded.reshape(-1, 3)])
    if (n_sites := len(np.unique(keyed, axis=0))) > MAX_SITES:
        raise StructureError(f"{n_sites} sites in the cell, at most {MAX_SITES}")


def _as_list(value: Any) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def _check_structure(structure: Structure) -> None:
    matrix = np.asarray(structure.lattice.matrix, dtype=float)
    volume = abs(np.linalg.det(matrix)) if np.isfinite(matrix).all() else math.nan
    if not volume > 0 or not np.isfinite(structure.frac_coords).all():
        raise StructureError("cell or coordinates are not finite; check the six cell parameters")
    thinnest = float((1 / np.linalg.norm(np.linalg.inv(matrix), axis=0)).min())
    longest = float(np.linalg.norm(matrix, axis=1).max())
    if longest > MAX_CELL_ANGSTROM or thinnest < MIN_CELL_THICKNESS_ANGSTROM:
        raise StructureError(
            f"cell is {longest:.4g} Å long and {thinnest:.4g} Å thin, expected {MIN_CELL_THICKNESS_ANGSTROM:g} to "
            f"{MAX_CELL_ANGSTROM:g}; lengths are in ångström"
        )
    if len(structure) > volume * MAX_SITES_PER_ANGSTROM3:
        raise StructureError(f"{len(structure)} sites in {volume:.4g} Å³ are too crowded; lengths are in ångström")
    if unknown := sorted({str(species) for species in structure.composition.elements if not element_symbol(species)}):
        raise StructureError(f"{', '.join(unknown)}: no element; name the element of every site")


@dataclass(frozen=True)
class Crystal:
    """The crystal of a CIF as the features take it, or the problem with the file.

    Attributes
    ----------
    problem : str or None
        Why it was refused; then nothing else is known.
    cell : tuple of float
        a, b, c in Å and angles in degrees.
    space_group : int or None
        Number of the group the file names.
    volume : float
        Of the cell, in Å³.
    ions : mapping of (str, bool) to float
        Amount of each (element, is it an anion) in the cell.
    sites, paths : tuple of float
        `SITE_FEATURES` and `PERCOLATION_FEATURES`.
    """

    problem: str | None = None
    cell: tuple[float, ...] = (math.nan,) * 6
    space_group: int | None = None
    volume: float = math.nan
    ions: Mapping[tuple[str, bool], float] = field(default_factory=dict)
    sites: tuple[float, ...] = (math.nan,) * len(SITE_FEATURES)
    paths: tuple[float, ...] = (math.nan,) * len(PERCOLATION_FEATURES)


NO_CRYSTAL = Crystal()
_crystals = Cache[Crystal](CACHED_STRUCTURES)


def read_crystal(cif_text: str) -> Crystal:
    """Read what the features take from a CIF, or the problem with it; equal texts are read once.

    Kept by the digest of the text, not by the text: thousands of files would stay in memory.

    Parameters
    ----------
    cif_text : str
        Content of the file, no path.
    """
    key = sha256(cif_text.encode("utf-8", "surrogatepass")).digest()
    return _crystals.once(key, lambda: _crystal(cif_text))


def _crystal(cif_text: str) -> Crystal:
    try:
        structure, group = read_structure(cif_text)
    except StructureError as error:
        return Crystal(problem=str(error))
    sites = Sites.from_structure(structure)
    lithium = sites.positions[sites.lithium >= PRESENT_FROM]
    return Crystal(
        cell=tuple(map(float, structure.lattice.parameters)),
        space_group=group,
        volume=float(structure.lattice.volume),
        ions=sites.ions(),
        sites=tuple(site_values(sites)),
        paths=percolation_distances(sites.matrix, lithium),
    )
