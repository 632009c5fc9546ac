"""Families, forms and temperature of an electrolyte."""

import csv
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from features.composition import CompositionFeatures
from features.electrolyte import ElectrolyteFeatures, classes_of
from features.family import FAMILIES, NAMED_ONLY, class_from_composition, family_values, resolve_class
from features.formulas.reader import read_formula
from features.tables.columns import choices_of
from features.tables.records import ElectrolyteRow

LITERATURE = Path(__file__).parents[2] / "data" / "literature"


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("Li6PS5Cl", "sulfide-argyrodite"),
        ("Li5.5PS4.5Cl1.5", "sulfide-argyrodite"),
        ("Li10GeP2S12", "sulfide-lgps"),
        ("Li9.54Si1.74P1.44S11.7Cl0.3", "sulfide-lgps"),
        ("75Li2S-25P2S5", "sulfide-glass"),
        ("60Li2S-40SiS2", "sulfide-other"),
        ("Li2SO4", "oxide-other"),  # a sulfate
        ("RbLiSO4", "oxide-other"),
        ("90Li3PS4-10Li2SO4", "sulfide-glass"),  # most of its sulfur is sulfide
        ("LiTFSI", None),  # sulfonyl groups in an organic anion
        ("Li3InCl6", "halide"),
        ("LiBH4", "hydride"),
        ("15NaI-LiBH4", "hydride"),
        ("Li7La3Zr2O12", "oxide-garnet"),
        ("Li0.33La0.557TiO3", "oxide-perovskite"),
        ("Li1.3Al0.3Ti1.7(PO4)3", "oxide-nasicon"),
        ("Li1.5Al0.5Ge1.5(PO4)3", "oxide-nasicon"),
        ("Li3OCl", "oxide-antiperovskite"),
        ("Li2OHBr", "oxide-antiperovskite"),
        ("Li2.9Mg0.05OCl", "oxide-antiperovskite"),
        ("LiNbOCl4", "halide"),  # an oxyhalide: more chlorine than oxygen
        ("1.6Li2O-TaCl5", "halide"),
        ("Li2ZrOCl4", "halide"),
        ("Li4B7O12Cl", None),  # a boracite
        ("Li6PO5Cl", None),
        ("Li5La3Ta2O12", "oxide-garnet"),
        ("Li0.3La0.567NbO3", None),
        ("LiHf2(PO4)3", "oxide-nasicon"),
        ("Li3.6Ge0.6V0.4O4", None),  # a LISICON
        ("Li4Ti5O12", None),
        ("LiClO4", None),
        ("LiNO3", None),
        ("Li2CO3", None),
        ("LiB(C2O4)2", None),  # LiBOB: an organic anion
        ("Li2.4ZrCl4OF0.1N0.1", "halide"),
        ("Li2.9PO3.5N0.31", "lipon"),
        ("Al2O3", None),
        ("Li3N", None),
        ("Si", None),
    ],
)
def test_class_a_composition_points_to(formula, expected):
    assert class_from_composition(read_formula(formula).composition) == expected


@pytest.mark.parametrize(
    ("design", "expected"),
    [
        (("Li6PS5Cl", "", "halide"), ("halide", False)),  # what is given stands
        (("Li6PS5Cl", "", ""), ("sulfide-argyrodite", True)),
        (("LiPON", "", ""), ("lipon", True)),
        (("PEO", "", ""), ("polymer", True)),
        (("PEO/LATP", "", ""), ("composite", True)),
        (("some glass", "Li3InCl6", ""), ("halide", True)),
        (("nonsense", "", ""), (None, False)),
        (("", "", ""), (None, False)),
    ],
)
def test_class_of_a_design(design, expected):
    assert resolve_class(*design) == expected


def test_polymer_around_a_filler_is_a_composite():
    assert resolve_class("PEO@LATP", "", "")[0] == "composite"


def literature_classes() -> list[object]:
    found = {}
    for table in ("electrolytes", "cells"):
        with (LITERATURE / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                key = (row["electrolyte"], row["composition"], row["electrolyte_class"])
                if row["electrolyte_class"] and resolve_class(*key[:2], "")[0]:
                    found[key] = key
    return list(found.values())


@pytest.mark.parametrize(("electrolyte", "composition", "given"), literature_classes())
def test_family_read_from_the_formula_is_the_one_the_literature_gives(electrolyte, composition, given):
    # the composition cannot tell members of the sulfides apart, so the word in front of the hyphen decides; a polymer
    # and its salt in a host that the name leaves out (a nanoporous film) is a composite all the same; so is a phosphate
    # film without nitrogen, made as LiPON is, a LiPON
    read = resolve_class(electrolyte, composition, "")[0].split("-")[0]
    assert read == given.split("-")[0] or (read, given) in {("polymer", "composite"), ("oxide", "lipon")}


def test_families_hold_every_class_and_no_other():
    classes = set(choices_of(ElectrolyteRow, "electrolyte_class"))
    assert {name for members in FAMILIES.values() for name in members} == classes
    assert classes >= NAMED_ONLY


def test_family_values():
    values = pd.DataFrame(family_values(["sulfide-argyrodite", "gel", None]), columns=list(FAMILIES))
    assert set(values.columns[values.loc[0] == 1]) == {"sulfide", "argyrodite"}
    assert set(values.columns[values.loc[1] == 1]) == {"polymer", "gel", "liquid"}
    assert values.loc[2].isna().all()
    assert family_values([]).shape == (0, len(FAMILIES))


def transform(**columns) -> pd.DataFrame:
    X = pd.DataFrame(columns)
    return ElectrolyteFeatures(min_rows=1).fit(X).transform(X)


def test_temperature_and_its_flag():
    vectors = transform(electrolyte=["LLZO"] * 3, temperature_c=[226.85, 25, np.nan])
    # 1000 / 500 K, 1000 / 298.15 K, and 25 degrees where none is printed
    assert vectors["inverse_temperature_per_kk"].tolist() == pytest.approx([2, 3.3540161, 3.3540161])
    assert vectors["temperature_not_given"].tolist() == [0, 0, 1]
    assert transform(electrolyte=["LLZO"])["temperature_not_given"].tolist() == [1]


@pytest.mark.parametrize(
    ("form", "glassy", "film", "crystalline"),
    [
        ("glass", 1, 0, 0),
        ("glass-ceramic", 1, 0, 0),
        ("film", 0, 1, 0),
        ("crystalline", 0, 0, 1),
        ("single-crystal", 0, 0, 1),
        ("nanoporous", 0, 0, 0),
        ("", np.nan, np.nan, np.nan),
        (None, np.nan, np.nan, np.nan),
    ],
)
def test_form(form, glassy, film, crystalline):
    vector = transform(electrolyte=["LLZO"], form=[form]).iloc[0]
    found = [vector["form_glassy"], vector["form_film"], vector["form_crystalline"]]
    assert found == pytest.approx([glassy, film, crystalline], nan_ok=True)


def test_outputs_begin_with_the_composition():
    X = pd.DataFrame({"electrolyte": ["Li6PS5Cl", "LLZO"]})
    composition = CompositionFeatures(min_rows=1).fit_transform(X)
    vectors = transform(electrolyte=["Li6PS5Cl", "LLZO"])
    pd.testing.assert_frame_equal(vectors[composition.columns], composition)
    assert list(vectors.columns) == [
        *composition.columns,
        *(f"family_{name}" for name in FAMILIES),
        *("form_glassy", "form_film", "form_crystalline", "inverse_temperature_per_kk", "temperature_not_given"),
    ]


def test_conductivity_falls_with_inverse_temperature():
    features = ElectrolyteFeatures(min_rows=1).fit(pd.DataFrame({"electrolyte": ["LLZO"]})).features_
    assert {one.name: one.monotone for one in features if one.monotone} == {"inverse_temperature_per_kk": -1}


def test_a_polymer_has_a_family_but_no_composition():
    vector = transform(electrolyte=["LLZO", "PEO/LiTFSI"], electrolyte_class=[None, "polymer"]).loc[1]
    assert np.isnan(vector["fraction_Li"])
    assert (vector["family_polymer"], vector["family_oxide"]) == (1, 0)


def test_classes_of_a_table():
    X = pd.DataFrame({"electrolyte": ["LLZO", "PEO", None], "electrolyte_class": [None, "gel", None]})
    assert classes_of(X) == ["oxide-garnet", "gel", None]


BLOCKS = ("fractions", "basics", "structure")
TABLE = pd.DataFrame(
    {
        "electrolyte": ["Li6PS5Cl", "Li7La3Zr2O12", "PEO", "nonsense"],
        "electrolyte_class": [None, None, "polymer", None],
        "space_group": ["F-43m", "230", None, None],
        "temperature_c": [25, np.nan, 60, 25],
    }
)
FAMILY_NAMES = [f"family_{name}" for name in FAMILIES]
SYMMETRY_NAMES = [
    "space_group_number",
    "crystal_system_rank",
    *(
        f"crystal_system_{name}"
        for name in ("triclinic", "monoclinic", "orthorhombic", "tetragonal", "trigonal", "hexagonal", "cubic")
    ),
    "centrosymmetric",
    "point_group_order",
]


@pytest.mark.parametrize(
    ("without", "gone"),
    [
        (("families",), FAMILY_NAMES),
        (("symmetry",), SYMMETRY_NAMES),
        (("families", "symmetry"), [*FAMILY_NAMES, *SYMMETRY_NAMES]),
        (("symmetry", "families"), [*FAMILY_NAMES, *SYMMETRY_NAMES]),
        ((), []),
    ],
)
def test_groups_left_out_leave_the_others_as_they_were(without, gone):
    whole = ElectrolyteFeatures(min_rows=1, blocks=BLOCKS).fit_transform(TABLE)
    assert set(gone) <= set(whole.columns)
    featurizer = ElectrolyteFeatures(min_rows=1, blocks=BLOCKS, without=without).fit(TABLE)
    pd.testing.assert_frame_equal(featurizer.transform(TABLE), whole.drop(columns=gone), check_exact=True)
    names = [feature.name for feature in featurizer.features_]
    assert names == [name for name in whole.columns if name not in gone]
    assert [feature.monotone for feature in featurizer.features_].count(-1) == 1  # 1000/T keeps its sign and its place
    assert featurizer.features_[names.index("inverse_temperature_per_kk")].monotone == -1


def test_without_the_structure_there_is_no_symmetry_to_leave_out():
    plain = ElectrolyteFeatures(min_rows=1).fit_transform(TABLE)
    without = ElectrolyteFeatures(min_rows=1, without=("symmetry",)).fit_transform(TABLE)
    pd.testing.assert_frame_equal(without, plain)


def test_an_unknown_group_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="unknown group family, magic; expected some of families, symmetry"):
        ElectrolyteFeatures(without=("family", "families", "magic")).fit(TABLE)


def test_without_survives_clone_and_saving():
    featurizer = ElectrolyteFeatures(min_rows=1, blocks=BLOCKS, without=("families", "symmetry")).fit(TABLE)
    copied = clone(featurizer)
    assert copied.get_params() == {"min_rows": 1, "blocks": BLOCKS, "without": ("families", "symmetry")}
    assert not hasattr(copied, "composition_")
    learned = json.loads(json.dumps(featurizer.learned()))
    again = ElectrolyteFeatures(**featurizer.get_params()).restore(learned)
    assert again.features_ == featurizer.features_
    asked = TABLE.iloc[[1, 0, 3]]
    pd.testing.assert_frame_equal(again.transform(asked), featurizer.transform(asked), check_exact=True)
    pd.testing.assert_frame_equal(copied.fit(TABLE).transform(asked), featurizer.transform(asked), check_exact=True)


def test_one_composition_is_computed_for_each_set_of_features() -> None:
    """The electrolyte that was read is shared: featurizers that learned other elements or blocks share no numbers."""
    designs = pd.DataFrame({"electrolyte": ["Li6PS5Cl"] * 2, "temperature_c": [25.0, 60.0]})
    others = pd.DataFrame({"electrolyte": ["Li3InCl6"]})
    fitted = [ElectrolyteFeatures(1, blocks).fit(learned) for blocks in (("fractions",), ("fractions", "anions"))
              for learned in (designs, others)]  # fmt: skip
    for _ in range(2):
        for one in fitted:
            vectors = one.transform(designs)
            assert list(vectors) == [feature.name for feature in one.features_]
            assert vectors["fraction_Li"].tolist() == [6 / 13, 6 / 13]
            assert ("fraction_P" in vectors, "fraction_In" in vectors) == (one in fitted[::2], one in fitted[1::2])
            assert vectors["inverse_temperature_per_kk"].round(4).tolist() == [3.354, 3.0017]
