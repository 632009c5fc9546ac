"""CIFs written by hand (tests of other modules take theirs from here): what is read, and what is refused and why."""

import math

import numpy as np
import pytest

from features.cache import Cache
from features.crystal import cif
from features.crystal.cif import (
    MAX_CIF_BYTES,
    MAX_SITES,
    StructureError,
    read_crystal,
    read_structure,
)

P1 = ("x, y, z",)


def cif_of(cell, sites, operations=P1, group="P 1"):
    """A CIF of sites (element, x, y, z, occupancy); `operations` may be empty where the group is to tell them."""
    names = ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")
    lines = ["data_handmade", f"_symmetry_space_group_name_H-M '{group}'"]
    lines += [f"_cell_{name} {value}" for name, value in zip(names, cell, strict=True)]
    if operations:
        lines += ["loop_", "_symmetry_equiv_pos_as_xyz", *(f"'{one}'" for one in operations)]
    lines += ["loop_", "_atom_site_label", "_atom_site_type_symbol"]
    lines += [f"_atom_site_fract_{axis}" for axis in "xyz"] + ["_atom_site_occupancy"]
    for i, (element, x, y, z, occupancy) in enumerate(sites):
        lines.append(f"{element}{i} {element} {x} {y} {z} {occupancy}")
    return "\n".join(lines) + "\n"


def cube(a):
    return (a, a, a, 90, 90, 90)


FACE_CENTRED = ((0, 0, 0), (0, 0.5, 0.5), (0.5, 0, 0.5), (0.5, 0.5, 0))


def rock_salt(a, anions, lithium=1.0):
    sites = [("Li", *place, lithium) for place in FACE_CENTRED]
    for x, y, z in FACE_CENTRED:
        sites += [(anion, (x + 0.5) % 1, y, z, occupancy) for anion, occupancy in anions]
    return cif_of(cube(a), sites)


A = 5.14
LICL = rock_salt(A, [("Cl", 1.0)])
LI2S = cif_of(cube(5.708), [("S", 0, 0, 0, 1), ("Li", 0.25, 0.25, 0.25, 1)], operations=(), group="F m -3 m")

REFUSED = {
    "nothing": ("", "no atom sites found; cif_text takes the content of a CIF file"),
    "a path": ("structures/LiCl.cif", "no atom sites found"),
    "no cell": ("\n".join(line for line in LICL.splitlines() if "_cell_" not in line), "damaged CIF"),
    "a cut line": (LICL[: len(LICL) - 12], "damaged CIF"),
    "letters for a number": (LICL.replace("Cl4 Cl 0.5", "Cl4 Cl abc"), "damaged CIF: .*abc"),
    "no place": (LICL.replace("Cl4 Cl 0.5", "Cl4 Cl ."), "site Cl4: no fractional x"),
    "unknown place": (LICL.replace("Cl4 Cl 0.5", "Cl4 Cl ?"), "site Cl4: no fractional x"),
    "unknown occupancy": (LICL.replace("Cl4 Cl 0.5 0 0 1.0", "Cl4 Cl 0.5 0 0 ?"), r"site Cl4: occupancy '\?' is no"),
    "negative occupancy": (LICL.replace("Cl4 Cl 0.5 0 0 1.0", "Cl4 Cl 0.5 0 0 -1"), "site Cl4: occupancy '-1' is no"),
    "too full": (LICL.replace("Cl4 Cl 0.5 0 0 1.0", "Cl4 Cl 0.5 0 0 1.2"), "damaged CIF: .*Occupancy 1.2 exceeded"),
    "a group for an atom": (LICL.replace("Cl4 Cl", "OH4 OH"), "site OH4: 'OH' is no single element"),
    "no element": (LICL.replace("Cl", "X"), "X.*: no element"),
    "nothing there": (LICL.replace(" 1.0", " 0"), "damaged CIF: Invalid CIF file with no structures"),
    "flat cell": (LICL.replace("angle_gamma 90", "angle_gamma 2"), "expected 1 to 200"),
    "in nanometres": (LICL.replace(f" {A}", f" {A / 10}"), "expected 1 to 200; lengths are in ångström"),
    "in picometres": (LICL.replace(f" {A}", f" {A * 100}"), "cell is 514 Å long"),
    "no number": (LICL.replace(f"length_a {A}", "length_a nan"), "not finite|damaged CIF"),
    "endless": (LICL.replace("Cl4 Cl 0.5", "Cl4 Cl 1e999"), "not finite|damaged CIF"),
    "crowded": (rock_salt(1.5, [("Cl", 1.0)]), "8 sites in 3.375 Å³ are too crowded"),
    "two structures": (LICL + LICL.replace("handmade", "second"), "2 data blocks with atom sites, expected 1"),
    "unknown symmetry": (
        cif_of(cube(A), [("Li", 0, 0, 0, 1)], operations=(), group="F y -3 y"),
        "no symmetry operations and space group 'F y -3 y' unknown",
    ),
    "a long line": (LICL + "#" * 3000, "a line of 3000 characters, a CIF line has at most 2048"),
    "quotes": (("' 'a " * 400 + "\n") * 200 + LICL, None),
    "too many bytes": (LICL + "# x\n" * MAX_CIF_BYTES, f"at most {MAX_CIF_BYTES}"),
    "thousands of sites": (
        cif_of(cube(60), [("Li", i / 3000, 0, 0, 1) for i in range(3000)]),
        f"3000 listed sites, at most {MAX_SITES}",
    ),
    "thousands after symmetry": (
        cif_of(cube(60), [("Li", *np.round(place, 4), 1) for place in np.random.default_rng(1).uniform(size=(20, 3))],
            operations=(), group="F m -3 m"),
        f"3840 sites in the cell, at most {MAX_SITES}",
    ),
    "too many operations": (
        cif_of(cube(60), [("Li", 0, 0, 0.001 * i, 1) for i in range(300)], operations=(), group="F m -3 m"),
        "300 sites under 192 operations, at most 20000 positions",
    ),
    "noise": ("_atom_site_fract_x\x00\xff loop_ loop_ ; ' \" data_", "damaged CIF|data blocks"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused_files_say_why(name):
    held, reason = REFUSED[name]
    if reason is None:  # read or refused, but not for minutes
        read_crystal(held)
        return
    with pytest.raises(StructureError, match=reason):
        read_structure(held)
    assert read_crystal(held).problem is not None


def test_text_that_is_no_unicode_is_refused_too():
    assert "no atom sites" in str(read_crystal("\udcff").problem)
    assert read_crystal("_atom_site_fract_x \udcff").problem is not None


def test_a_file_that_names_no_symmetry_has_none():
    bare = cif_of(cube(A), [("Li", 0, 0, 0, 1), ("Cl", 0.5, 0.5, 0.5, 1)], operations=(), group="?")
    unnamed = "\n".join(line for line in bare.splitlines() if "H-M" not in line)
    assert len(read_structure(unnamed)[0]) == 2
    assert cif.read_crystal(unnamed).space_group is None
    assert len(read_structure(unnamed.replace("loop_", "_space_group_name_H-M_alt 'P 1'\nloop_", 1))[0]) == 2


def test_every_cut_of_a_file_is_read_or_refused():
    for end in range(0, len(LICL), 7):
        read_crystal(LICL[:end])
        read_crystal(LICL[end:])


def test_read_structure_gives_a_structure_of_ones_own():
    first, _ = read_structure(LICL)
    first.remove_sites([0])
    assert len(read_structure(LICL)[0]) == 8
    assert read_crystal(LICL).problem is None


@pytest.mark.slow
def test_equal_files_are_read_once(monkeypatch):
    read = []
    parse = cif.read_structure
    monkeypatch.setattr(cif, "read_structure", lambda text: read.append(text) or parse(text))
    monkeypatch.setattr(cif, "_crystals", Cache(1))
    cif.read_crystal(LICL)
    cif.read_crystal(LICL)
    assert read == [LICL]
    cif.read_crystal(LI2S)
    cif.read_crystal(LI2S)
    assert read == [LICL, LI2S]
    cif.read_crystal(LICL)
    assert read == [LICL, LI2S, LICL]  # one structure is kept


def test_isotopes_and_oxidation_states_are_read_as_elements():
    assert cif.read_crystal(rock_salt(4.083, [("D", 1.0)])).ions == {("Li", False): 4, ("H", True): 4}
    charged = LICL + "loop_\n_atom_type_symbol\n_atom_type_oxidation_number\nLi 1\nCl -1\n"
    assert np.array_equal(cif.read_crystal(charged).sites, cif.read_crystal(LICL).sites, equal_nan=True)
    assert cif.read_crystal(charged).ions == cif.read_crystal(LICL).ions


def formula_difference(amounts, cif_text):
    """Largest difference between the atomic fractions of a formula and of the ions of a file."""
    ions = cif.read_crystal(cif_text).ions
    if not amounts or not ions:
        return math.nan
    total, counted = sum(amounts.values()), sum(ions.values())
    in_file = {element: amount / counted for (element, _), amount in ions.items()}
    return max(abs(amounts.get(one, 0) / total - in_file.get(one, 0)) for one in {*amounts, *in_file})


def test_difference_of_formula_and_file():
    # LiBr against LiCl: half of the atoms differ
    assert formula_difference({"Li": 1, "Br": 1}, LICL) == pytest.approx(0.5)
    assert formula_difference({"Li": 2, "Cl": 2}, LICL) == pytest.approx(0, abs=1e-12)
    # Li1.1Cl0.9: 0.55 against 0.5
    assert formula_difference({"Li": 1.1, "Cl": 0.9}, LICL) == pytest.approx(0.05)
    assert math.isnan(formula_difference({}, LICL))
    assert math.isnan(formula_difference({"Li": 1, "Cl": 1}, "damaged"))
