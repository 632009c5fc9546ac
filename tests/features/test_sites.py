"""Sites of structures written by hand, whose numbers follow from geometry; radii as Shannon printed them."""

import math

import numpy as np
import pytest

from features.crystal.cif import read_structure
from features.crystal.ions import anion_elements, free_volume_share, ionic_radius, sphere_volume
from features.crystal.sites import SITE_FEATURES, Sites, neighbours, site_values
from tests.features.test_cif import LICL, A, cif_of, cube, rock_salt


def sites(cif_text):
    return Sites.from_structure(read_structure(cif_text)[0])


def numbers(cif_text):
    return dict(zip((one.name for one in SITE_FEATURES), site_values(sites(cif_text)), strict=True))


# --- disorder ---


def test_mixed_anions():
    # each Li-anion pair: two atoms, one site with ln 2
    row = numbers(rock_salt(A, [("Cl", 0.5), ("Br", 0.5)]))
    assert row["site_entropy_per_atom_kb"] == pytest.approx(math.log(2) / 2)
    assert row["mixed_anion_site_share"] == 1
    assert row["shared_site_share"] == 0.5
    assert row["partly_filled_site_share"] == 0
    # of four anion sites, two mixed
    some = rock_salt(A, [("Cl", 1)]).replace("Cl4 Cl 0.5 0 0 1", "Cl4 Cl 0.5 0 0 0.5\nBr9 Br 0.5 0 0 0.5")
    assert numbers(some)["mixed_anion_site_share"] == 0.25


def test_vacancies():
    # each Li-anion pair: 1.5 atoms, a lithium site half filled with ln 2
    row = numbers(rock_salt(A, [("Cl", 1.0)], lithium=0.5))
    assert row["site_entropy_per_atom_kb"] == pytest.approx(math.log(2) / 1.5)
    assert row["lithium_site_occupancy"] == 0.5
    assert row["partly_filled_site_share"] == 0.5
    assert row["lithium_coordination"] == pytest.approx(6)


def test_rounded_occupancies_are_full():
    row = numbers(rock_salt(A, [("Cl", 0.998)], lithium=1.01))
    assert row["partly_filled_site_share"] == 0
    assert row["site_entropy_per_atom_kb"] == 0


def test_halves_of_a_position_are_neither_neighbours_nor_bonds():
    # lithium split 0.6 Å about the middle of a 6 Å cube, oxygen split 0.5 Å from one of the halves
    sites = [("Li", 0.5, 0.5, 0.45, 0.5), ("Li", 0.5, 0.5, 0.55, 0.5)]
    sites += [("O", 0.5, 0.5, 0.55 + 0.5 / 6, 0.1), ("O", 0.5, 0.5, 0.9, 1)]
    row = numbers(cif_of(cube(6), sites))
    # to the other half's copy in the next cell: 6 - 0.6 along z
    assert row["lithium_lithium_shortest_angstrom"] == pytest.approx(5.4)
    # 0.45 to 0.633 is 1.1 Å; 0.55 to 0.9 is 2.1 Å
    assert row["lithium_anion_shortest_angstrom"] == pytest.approx(1.1)
    assert row["lithium_anion_mean_angstrom"] == pytest.approx((1.1 + 2.1) / 2)


# --- distances ---


def test_neighbours_are_found_across_the_walls_of_the_cell():
    points = np.array([(0.5, 0, 0), (3.5, 0, 0)])
    i, j, cells, distances = neighbours(np.eye(3) * 4, points, points, 1.1)
    found = {(int(a), int(b), tuple(cell.tolist())) for a, b, cell in zip(i, j, cells, strict=True)}
    assert found == {(0, 1, (-1, 0, 0)), (1, 0, (1, 0, 0))}
    assert distances == pytest.approx([1, 1])


def test_occupancy_by_role():
    held = Sites(
        np.eye(3), np.zeros((3, 3)), [{("Li", False): 0.5, ("La", False): 0.25}, {("O", True): 1}, {("H", False): 1}]
    )
    assert held.lithium.tolist() == [0.5, 0, 0]
    assert held.framework.tolist() == [0.25, 0, 0]
    assert held.anion.tolist() == [0, 1, 0]


def test_without_lithium_or_anions_there_are_no_distances():
    sodium = numbers(LICL.replace("Li", "Na"))
    for name in ("lithium_site_occupancy", "lithium_lithium_mean_angstrom", "lithium_coordination"):
        assert np.isnan(sodium[name]), name
    assert sodium["framework_anion_mean_angstrom"] == pytest.approx(A / 2)
    metal = numbers(cif_of(cube(3.5), [("Li", 0, 0, 0, 1)]))
    assert np.isnan([metal["mixed_anion_site_share"], metal["lithium_anion_shortest_angstrom"]]).all()
    assert metal["lithium_lithium_shortest_angstrom"] == pytest.approx(3.5)


# --- ions ---


def test_anions():
    assert anion_elements({"Li", "P", "S", "Cl"}) == {"S", "Cl"}
    assert anion_elements({"Li", "Al", "P"}) == {"P"}
    assert anion_elements({"Li", "B", "H", "I"}) == {"H", "I"}
    assert anion_elements({"Li", "O", "H", "Cl"}) == {"O", "Cl"}
    assert anion_elements({"Li", "Al"}) == set()


def test_oxoanion_of_a_file_is_told_by_its_bonds():
    # sulfate: S with one O at 1.47 Å and one at 1.5; sulfide in the same place has its O far away
    near = cif_of(cube(10), [("S", 0, 0, 0, 1), ("O", 0.147, 0, 0, 1), ("O", 0, 0.15, 0, 1), ("Li", 0.5, 0.5, 0.5, 1)])
    far = cif_of(cube(10), [("S", 0, 0, 0, 1), ("O", 0.4, 0, 0, 1), ("O", 0, 0.4, 0, 1), ("Li", 0.5, 0.5, 0.5, 1)])
    assert sites(near).ions() == {("S", False): 1, ("O", True): 2, ("Li", False): 1}
    assert numbers(near)["framework_anion_shortest_angstrom"] == pytest.approx(1.47)
    assert sites(far).ions() == {("S", True): 1, ("O", True): 2, ("Li", False): 1}
    assert np.isnan(numbers(far)["framework_anion_shortest_angstrom"])


def test_ionic_radii():
    # Shannon 1976: six-fold effective radii
    radii = [ionic_radius(*ion) for ion in (("Li", False), ("O", True), ("S", True), ("Cl", True), ("P", False))]
    assert radii == pytest.approx([0.76, 1.40, 1.84, 1.81, 0.38])
    # no usual state: mean over 2+ (low and high spin), 3+ (the same), 4+ and 6+ (four-fold only)
    iron = [np.mean([0.61, 0.78]), np.mean([0.55, 0.645]), 0.585, 0.25]
    assert ionic_radius("Fe", False) == pytest.approx(np.mean(iron))
    # Shannon 1976, six-fold: Eu3+ 0.947, the usual state of a rare earth
    assert ionic_radius("Eu", False) == pytest.approx(0.947)
    assert ionic_radius("H", False) == 0
    assert np.isnan(ionic_radius("H", True))
    assert np.isnan(ionic_radius("P", True))


def test_free_volume():
    ions = {("Li", False): 2.0, ("S", True): 1.0}
    spheres = 4 / 3 * math.pi * (2 * 0.76**3 + 1.84**3)
    assert sphere_volume(ions) == pytest.approx(spheres)
    assert free_volume_share(ions, 50.0) == pytest.approx(1 - spheres / 50)
    assert np.isnan(free_volume_share({("Li", False): 1.0}, 50.0))
    assert np.isnan(free_volume_share({("Li", False): 1.0, ("H", True): 1.0}, 50.0))
