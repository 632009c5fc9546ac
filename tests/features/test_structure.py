"""Structures written by hand, whose numbers follow from geometry, and the public files where they are at hand.

Of the public files every fourth is read; `SILION_SOAK=1` reads all.
"""

import json
import math
import os
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from features.cache import Cache
from features.crystal import cif
from features.crystal.cif import read_crystal
from features.crystal.ions import ions_of_formula
from features.crystal.lattice import lattice_values
from features.crystal.percolation import PERCOLATION_FEATURES
from features.crystal.sites import SITE_FEATURES
from features.crystal.structure import CONTENT_FEATURES, LATTICE_COLUMNS, StructureFeatures
from tests.features.test_cif import FACE_CENTRED, LI2S, LICL, REFUSED, A, cif_of, cube, rock_salt
from tests.shared import ROOT

OBELIX = ROOT.parent / "shared" / "datasets" / "obelix"
SOAK = os.environ.get("SILION_SOAK") == "1"


def vector(cif_text="", **columns):
    X = pd.DataFrame([{"electrolyte": "unknown", "cif_text": cif_text, **columns}])
    return StructureFeatures().fit(X).transform(X).iloc[0]


DESIGNS = pd.DataFrame(
    {
        "electrolyte": ["LiCl", "Li2S", "LLZO", "PEO/LiTFSI", None, "LiCl"],
        "composition": [None, None, "Li7La3Zr2O12", "", None, None],
        "space_group": ["Fm-3m", None, "230", "no such", "", "225"],
        "lattice_a_angstrom": [A, np.nan, 12.97, -1.0, np.nan, A],
        "lattice_b_angstrom": [A, np.nan, 12.97, 4.0, np.nan, A],
        "lattice_c_angstrom": [A, np.nan, 12.97, 4.0, np.nan, A],
        "lattice_alpha_deg": [90.0, np.nan, 90.0, 90.0, np.nan, 90.0],
        "lattice_beta_deg": [90.0, np.nan, 90.0, 90.0, np.nan, 90.0],
        "lattice_gamma_deg": [90.0, np.nan, 90.0, 90.0, np.nan, 90.0],
        "formula_units_per_cell": [np.nan, np.nan, 8, np.nan, np.nan, 4],
        "cif_text": [LICL, LI2S, None, "damaged", np.nan, ""],
    },
    index=[10, 11, 12, 5, 5, 99],
)


# --- what holds for every featurizer ---


@pytest.mark.slow
def test_clone_and_restore_give_the_same_vectors():
    fitted = StructureFeatures().fit(DESIGNS)
    vectors = fitted.transform(DESIGNS)
    restored = clone(fitted).restore(json.loads(json.dumps(fitted.learned())))
    assert not hasattr(clone(fitted), "features_")
    pd.testing.assert_frame_equal(restored.transform(DESIGNS), vectors, check_exact=True)
    pd.testing.assert_frame_equal(clone(fitted).fit_transform(DESIGNS), vectors, check_exact=True)
    assert restored.features_ == fitted.features_


@pytest.mark.slow
def test_input_is_left_alone_and_order_of_rows_and_columns_does_not_matter():
    before = DESIGNS.copy(deep=True)
    fitted = StructureFeatures().fit(DESIGNS)
    vectors = fitted.transform(DESIGNS)
    pd.testing.assert_frame_equal(DESIGNS, before)
    assert list(vectors.index) == list(DESIGNS.index)
    assert not np.isinf(vectors.to_numpy()).any()
    assert set(vectors.dtypes) == {np.dtype(float)}
    np.testing.assert_array_equal(fitted.transform(DESIGNS.iloc[::-1, ::-1]).to_numpy()[::-1], vectors.to_numpy())


def test_every_output_has_label_unit_and_source():
    features = StructureFeatures().fit(DESIGNS).features_
    assert len({one.name for one in features}) == len(features)
    assert all(one.label and one.unit and one.source for one in features)


def test_no_designs_and_no_structure():
    fitted = StructureFeatures().fit(DESIGNS)
    assert fitted.transform(DESIGNS.iloc[:0]).shape == (0, len(fitted.features_))
    only_name = fitted.transform(pd.DataFrame({"electrolyte": ["PEO/LiTFSI", None]}))
    assert only_name.isna().all(axis=None)
    nullable = DESIGNS.astype({"cif_text": "string", "space_group": "string"})
    pd.testing.assert_frame_equal(fitted.transform(nullable), fitted.transform(DESIGNS))
    with pytest.raises(ValueError, match="StructureFeatures: missing columns electrolyte; got name"):
        StructureFeatures().fit(pd.DataFrame({"name": ["LLZO"]}))


@pytest.mark.slow
def test_equal_files_of_a_table_are_read_once_however_small_the_cache(monkeypatch):
    read = []
    parse = cif.read_structure
    monkeypatch.setattr(cif, "read_structure", lambda text: read.append(text) or parse(text))
    monkeypatch.setattr(cif, "_crystals", Cache(1))
    X = pd.DataFrame({"electrolyte": ["a"] * 5, "cif_text": [LICL, LI2S, LICL, LI2S, LICL]})
    StructureFeatures().fit(X).transform(X)
    assert sorted(read) == sorted([LICL, LI2S])


# --- lattice and space group ---


def test_lattice():
    tetragonal, hexagonal = (4.0, 4.0, 8.0, 90, 90, 90), (5.0, 5.0, 7.0, 90, 90, 120)
    values = lattice_values(np.array([tetragonal, hexagonal]))
    # stretches to the cube of 128 Å3 are 2**(-1/3), 2**(-1/3), 2**(2/3): norm of their logarithms sqrt(6)/3 ln 2
    np.testing.assert_allclose(values[0], [128, 1, 2, math.sqrt(6) / 3 * math.log(2)])
    np.testing.assert_allclose(values[1, :3], [175 * math.sqrt(3) / 2, 1, 1.4])


@pytest.mark.parametrize(
    "cell",
    [
        (0, 4, 4, 90, 90, 90),
        (-4, 4, 4, 90, 90, 90),
        (4, 4, math.inf, 90, 90, 90),
        (4, 4, 4, 90, 90, 180),
        (4, 4, 4, 90, 90, math.nan),
        (4, 4, 4, 60, 60, 150),  # no third edge is 60 degrees from two that are 150 apart
    ],
)
def test_no_cell_is_nan(cell):
    assert np.isnan(lattice_values(np.array([cell], dtype=float))).all()


def test_unreadable_numbers_spoil_only_their_row():
    X = pd.DataFrame({"electrolyte": ["LiCl"] * 2, **{column: ["90", "90"] for column in LATTICE_COLUMNS}})
    X.loc[0, "lattice_a_angstrom"] = "about 5"
    volumes = StructureFeatures().fit_transform(X)["cell_volume_angstrom3"]
    assert np.isnan(volumes[0])
    assert volumes[1] == pytest.approx(90**3)


def test_lattice_of_the_row_goes_before_that_of_the_file():
    given = dict(zip(LATTICE_COLUMNS, cube(4.0), strict=True))
    assert vector(LICL, **given)["cell_volume_angstrom3"] == pytest.approx(64)
    assert vector(LICL)["cell_volume_angstrom3"] == pytest.approx(A**3)
    assert vector(LICL, **given)["volume_per_atom_angstrom3"] == pytest.approx(A**3 / 8)


def test_space_group_of_the_row_goes_before_that_of_the_file():
    assert vector(LI2S)["space_group_number"] == 225
    assert vector(LI2S, space_group="P-1")["space_group_number"] == 2
    assert vector(LI2S, space_group="no such")["space_group_number"] == 225
    assert vector(space_group=230.0)["crystal_system_cubic"] == 1


# --- whole crystals ---


def test_rock_salt():
    row = vector(LICL, electrolyte="LiCl")
    expected = {
        "volume_per_atom_angstrom3": A**3 / 8,
        "volume_per_anion_angstrom3": A**3 / 4,
        "crystal_density_g_per_cm3": 4 * (6.94 + 35.45) * 1.66053906660 / A**3,
        "lithium_density_per_nm3": 4 / (A / 10) ** 3,
        # Shannon: Li 0.76 and Cl 1.81 Å, six-fold
        "free_volume_share": 1 - 4 * 4 / 3 * math.pi * (0.76**3 + 1.81**3) / A**3,
        "ionic_volume_per_anion_angstrom3": 4 / 3 * math.pi * (0.76**3 + 1.81**3),
        "lithium_site_occupancy": 1,
        "partly_filled_site_share": 0,
        "shared_site_share": 0,
        "mixed_anion_site_share": 0,
        "site_entropy_per_atom_kb": 0,
        "lithium_lithium_shortest_angstrom": A / math.sqrt(2),
        "lithium_lithium_mean_angstrom": A / math.sqrt(2),
        "lithium_anion_shortest_angstrom": A / 2,
        "lithium_anion_mean_angstrom": A / 2,
        "lithium_coordination": 6,
        # every lithium has twelve neighbours in all directions
        "percolation_1d_angstrom": A / math.sqrt(2),
        "percolation_2d_angstrom": A / math.sqrt(2),
        "percolation_3d_angstrom": A / math.sqrt(2),
    }
    for name, value in expected.items():
        assert row[name] == pytest.approx(value, rel=2e-4, abs=1e-9), name
    for name in ("framework_radius_ratio", "framework_anion_shortest_angstrom", "framework_anion_mean_angstrom"):
        assert np.isnan(row[name]), name


def test_antifluorite_from_its_space_group_alone():
    a = 5.708
    row = vector(LI2S, electrolyte="Li2S")
    assert row["lithium_coordination"] == pytest.approx(4)
    assert row["lithium_anion_shortest_angstrom"] == pytest.approx(a * math.sqrt(3) / 4)
    assert row["volume_per_anion_angstrom3"] == pytest.approx(a**3 / 4)
    # lithium sits on a simple cubic net of half the edge
    assert row[[f"percolation_{n}d_angstrom" for n in (1, 2, 3)]].to_numpy() == pytest.approx([a / 2] * 3)
    assert row["lithium_lithium_mean_angstrom"] == pytest.approx(a / 2)


def test_perovskite_framework():
    # LaTiO3-like cube with lithium in the middle of three edges: Ti-O a/2, La-O a/sqrt(2), Ti on the corner
    sites = [("Ti", 0, 0, 0, 1), ("La", 0.5, 0.5, 0.5, 0.5), ("Li", 0.5, 0.5, 0.5, 0.5)]
    sites += [("O", 0.5, 0, 0, 1), ("O", 0, 0.5, 0, 1), ("O", 0, 0, 0.5, 1)]
    row = vector(cif_of(cube(3.87), sites), electrolyte="Li0.5La0.5TiO3")
    assert row["framework_anion_shortest_angstrom"] == pytest.approx(3.87 / 2)
    # Ti filled, La half: (1.935 + 0.5 * 2.736) / 1.5
    assert row["framework_anion_mean_angstrom"] == pytest.approx((3.87 / 2 + 0.5 * 3.87 / math.sqrt(2)) / 1.5)
    assert row["lithium_coordination"] == pytest.approx(12)
    assert row["shared_site_share"] == pytest.approx(1 / 5)
    assert row["partly_filled_site_share"] == 0
    assert row["site_entropy_per_atom_kb"] == pytest.approx(math.log(2) / 5)
    # Ti4+ 0.605, La3+ 1.032, O2- 1.40 Å; one Ti to half a La
    assert row["framework_radius_ratio"] == pytest.approx((0.605 + 0.5 * 1.032) / 1.5 / 1.40)


def test_numbers_do_not_depend_on_the_choice_of_cell():
    conventional = vector(LICL)
    half = A / math.sqrt(2)
    primitive = vector(cif_of((half, half, half, 60, 60, 60), [("Li", 0.3, 0.1, 0.9, 1), ("Cl", 0.8, 0.6, 0.4, 1)]))
    twice = [("Li", x / 2 + n / 2, y, z, 1) for x, y, z in FACE_CENTRED for n in (0, 1)]
    twice += [("Cl", ((x + 0.5) % 1) / 2 + n / 2, y, z, 1) for x, y, z in FACE_CENTRED for n in (0, 1)]
    doubled = vector(cif_of((2 * A, A, A, 90, 90, 90), twice))
    names = [one.name for one in (*CONTENT_FEATURES, *SITE_FEATURES, *PERCOLATION_FEATURES)]
    for other in (primitive, doubled):
        pd.testing.assert_series_equal(other[names], conventional[names], rtol=1e-5)


def test_lithium_of_half_filled_sites_counts_half():
    row = vector(rock_salt(A, [("Cl", 1.0)], lithium=0.5))
    assert row["lithium_density_per_nm3"] == pytest.approx(2 / (A / 10) ** 3)
    assert row["volume_per_atom_angstrom3"] == pytest.approx(A**3 / 6)


def test_halves_of_a_lithium_position_percolate_from_cell_to_cell():
    # lithium split 0.6 Å about the middle of a 6 Å cube: through the crystal it takes 5.4 along z and 6 across
    sites = [("Li", 0.5, 0.5, 0.45, 0.5), ("Li", 0.5, 0.5, 0.55, 0.5), ("O", 0, 0, 0, 1)]
    row = vector(cif_of(cube(6), sites))
    assert row[[f"percolation_{n}d_angstrom" for n in (1, 2, 3)]].to_numpy() == pytest.approx([5.4, 6, 6])


def test_no_radius_no_coordination_and_no_free_volume():
    row = vector(rock_salt(4.083, [("H", 1.0)]), electrolyte="LiH")
    assert np.isnan(row[["lithium_coordination", "free_volume_share", "ionic_volume_per_anion_angstrom3"]]).all()
    assert row["lithium_anion_shortest_angstrom"] == pytest.approx(4.083 / 2)
    assert row["volume_per_anion_angstrom3"] == pytest.approx(4.083**3 / 4)


def test_without_lithium_or_anions():
    sodium = vector(LICL.replace("Li", "Na"))
    assert sodium["lithium_density_per_nm3"] == 0
    assert np.isnan(sodium[["lithium_site_occupancy", "percolation_1d_angstrom", "lithium_coordination"]]).all()
    metal = vector(cif_of(cube(3.5), [("Li", 0, 0, 0, 1)]))
    assert np.isnan(metal[["volume_per_anion_angstrom3", "free_volume_share"]]).all()
    assert metal["volume_per_atom_angstrom3"] == pytest.approx(3.5**3)


@pytest.mark.slow
def test_a_refused_file_spoils_only_its_row():
    bad = [held for held, reason in REFUSED.values() if reason]
    X = pd.DataFrame({"electrolyte": "LiCl", "cif_text": [*bad, LICL]})
    vectors = StructureFeatures().fit_transform(X)
    names = [one.name for one in (*SITE_FEATURES, *PERCOLATION_FEATURES)]
    assert vectors[names].iloc[:-1].isna().all(axis=None)
    assert vectors["lithium_coordination"].iloc[-1] == pytest.approx(6)
    # what the formula tells is still there
    assert vectors["ionic_volume_per_anion_angstrom3"].notna().all()


# --- formula, and lattice in place of a file ---


def test_formula_that_hides_an_oxoanion_is_not_judged():
    assert ions_of_formula({"Li": 2, "S": 1, "O": 4}) is None
    assert ions_of_formula({"Li": 3, "P": 1, "S": 3, "O": 1}) == {
        ("Li", False): 3, ("P", False): 1, ("S", True): 3, ("O", True): 1
    }  # fmt: skip
    assert ions_of_formula({"Li": 1, "Al": 1}) is None


def test_lattice_formula_and_units_stand_in_for_a_file():
    given = {"electrolyte": "LiCl", **dict(zip(LATTICE_COLUMNS, cube(A), strict=True))}
    names = [one.name for one in CONTENT_FEATURES]
    pd.testing.assert_series_equal(vector(formula_units_per_cell=4, **given)[names], vector(LICL)[names])
    for units in (None, 0, -4, math.inf, "four"):
        assert vector(formula_units_per_cell=units, **given)[names].isna().all()
    sulfate = vector(formula_units_per_cell=4, **{**given, "electrolyte": "Li2SO4"})
    assert np.isnan(sulfate["volume_per_anion_angstrom3"])
    assert sulfate["volume_per_atom_angstrom3"] == pytest.approx(A**3 / 28)


# --- public files ---


@pytest.fixture(scope="module")
def obelix():
    archive = OBELIX / "all_cifs.zip"
    if not archive.exists():
        pytest.skip(f"OBELiX is not at {OBELIX}; see github.com/NRC-Mila/OBELiX")
    with zipfile.ZipFile(archive) as held:
        names = sorted(name for name in held.namelist() if name.endswith(".cif"))
        assert len(names) == 321
        return {Path(name).stem: held.read(name).decode() for name in names[:: 1 if SOAK else 4]}


@pytest.mark.slow
def test_obelix(obelix):
    problems = {name: read_crystal(held).problem for name, held in obelix.items()}
    refused = {name: problem for name, problem in problems.items() if problem}
    assert len(refused) <= 0.05 * len(obelix), refused
    table = pd.read_csv(OBELIX / "all.csv").set_index("ID").loc[list(obelix)]
    X = pd.DataFrame({"electrolyte": table["Reduced Composition"], "cif_text": pd.Series(obelix)})
    vectors = StructureFeatures().fit_transform(X)[[problems[name] is None for name in obelix]]
    table = table.loc[vectors.index]
    # two of its files (LiSr0.9M2O6F0.8) put oxygen and fluorine 0.64 Å apart, both full
    sound = ~vectors.index.isin(["ckw", "yab"])
    plausible = {
        "volume_per_atom_angstrom3": (5, 40),
        "volume_per_anion_angstrom3": (13, 70),
        "crystal_density_g_per_cm3": (0.8, 9),
        "lithium_density_per_nm3": (0, 120),
        "free_volume_share": (0.1, 0.7),
        "lithium_site_occupancy": (0.01, 1),
        "partly_filled_site_share": (0, 1),
        "shared_site_share": (0, 1),
        "mixed_anion_site_share": (0, 1),
        "site_entropy_per_atom_kb": (0, 2),
        "lithium_lithium_shortest_angstrom": (1.2, 12),
        "lithium_anion_shortest_angstrom": (1.0, 3),
        "framework_anion_shortest_angstrom": (0.8, 3),
        "lithium_coordination": (0, 13),
        "percolation_1d_angstrom": (1, 12),
    }
    for name, (lowest, highest) in plausible.items():
        values = vectors[name][sound].dropna()
        assert len(values) > 0.9 * len(vectors), name
        assert values.between(lowest, highest).all(), values[~values.between(lowest, highest)]
    steps = vectors[[f"percolation_{n}d_angstrom" for n in (1, 2, 3)]].dropna().to_numpy()
    assert (np.diff(steps, axis=1) >= 0).all()
    volume = table["a"] * table["b"] * table["c"]
    assert (vectors["cell_volume_angstrom3"] <= volume * 1.05).mean() > 0.95
    assert (vectors["space_group_number"] == table["Space group #"]).mean() > 0.95
