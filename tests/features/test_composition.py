"""Composition vectors against fractions counted by hand and means over pymatgen's elements."""

import numpy as np
import pandas as pd
import pytest
from pymatgen.core import Element

from features.composition import ANIONS, CompositionFeatures, composition_of, read_design

STATISTICS = {
    "electronegativity": "X",
    "atomic_radius": "atomic_radius",
    "atomic_mass": "atomic_mass",
    "mendeleev_number": "mendeleev_no",
}


def vector_of(electrolyte: str | None, composition: str | None = None, min_rows: int = 1) -> pd.Series:
    X = pd.DataFrame({"electrolyte": [electrolyte], "composition": [composition]})
    return CompositionFeatures(min_rows).fit(X).transform(X).iloc[0]


ATOMS = {
    "Li6PS5Cl": {"Li": 6, "P": 1, "S": 5, "Cl": 1},
    "Li10GeP2S12": {"Li": 10, "Ge": 1, "P": 2, "S": 12},
    "Li1.3Al0.3Ti1.7(PO4)3": {"Li": 1.3, "Al": 0.3, "Ti": 1.7, "P": 3, "O": 12},
    "15NaI-LiBH4": {"Na": 15, "I": 15, "Li": 1, "B": 1, "H": 4},
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # 13 atoms; anions 5 S + 1 Cl; 6 Li over 6 anions
        ("Li6PS5Cl", {"fraction_Li": 6 / 13, "fraction_P": 1 / 13, "fraction_S": 5 / 13, "fraction_Cl": 1 / 13,
                      "anion_share_S": 5 / 6, "anion_share_Cl": 1 / 6, "anion_share_O": 0, "lithium_per_anion": 1}),
        # 150 Li + 200 S + 50 P = 400 atoms
        ("75Li2S-25P2S5", {"fraction_Li": 0.375, "fraction_S": 0.5, "fraction_P": 0.125,
                           "anion_share_S": 1, "lithium_per_anion": 0.75}),
        # 24 atoms, all anions oxygen
        ("LLZO", {"fraction_Li": 7 / 24, "fraction_O": 0.5, "anion_share_O": 1, "lithium_per_anion": 7 / 12}),
        # 15 I and 4 H are the anions
        ("15NaI-LiBH4", {"fraction_Li": 1 / 36, "fraction_I": 15 / 36, "anion_share_I": 15 / 19,
                         "anion_share_H": 4 / 19, "lithium_per_anion": 1 / 19}),
        # no anion at all: the shares are unknown, the fractions are not
        ("Li3Si", {"fraction_Li": 0.75, "anion_share_S": np.nan, "lithium_per_anion": np.nan}),
    ],
)  # fmt: skip
def test_fractions_and_shares_counted_by_hand(text, expected):
    vector = vector_of(text)
    assert {name: vector[name] for name in expected} == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("text", ATOMS)
@pytest.mark.parametrize(("name", "attribute"), STATISTICS.items())
def test_mean_and_average_deviation(text, name, attribute):
    values = np.array([float(getattr(Element(symbol), attribute)) for symbol in ATOMS[text]])
    atoms = np.array(list(ATOMS[text].values()))
    mean = (atoms * values).sum() / atoms.sum()
    spread = (atoms * abs(values - mean)).sum() / atoms.sum()
    vector = vector_of(text)
    assert (vector[f"mean_{name}"], vector[f"spread_{name}"]) == pytest.approx((mean, spread))


def test_spread_of_one_element_is_zero():
    assert vector_of("Si")[[f"spread_{name}" for name in STATISTICS]].tolist() == [0, 0, 0, 0]


def test_outputs_stand_in_the_documented_order():
    names = list(vector_of("Li2S").index)
    statistics = [f"{kind}_{name}" for name in STATISTICS for kind in ("mean", "spread")]
    shares = [f"anion_share_{anion}" for anion in ANIONS]
    assert names == ["fraction_Li", "fraction_S", *shares, "lithium_per_anion", *statistics]


@pytest.mark.parametrize("text", ["PEO", "PEO/LiTFSI", "Li2S-P2S5", "nonsense", "LPS", "", None])
def test_unknown_stoichiometry_is_nan_everywhere(text):
    X = pd.DataFrame({"electrolyte": ["Li6PS5Cl", text]})
    vectors = CompositionFeatures(min_rows=1).fit_transform(X)
    assert vectors.iloc[1].isna().all()
    assert vectors["fraction_Li"].iloc[0] == 6 / 13


def test_the_size_of_the_formula_unit_does_not_matter():
    pd.testing.assert_series_equal(vector_of("Li6PS5Cl"), vector_of("Li12P2S10Cl2"))
    pd.testing.assert_series_equal(vector_of("70Li2S-30P2S5"), vector_of("Li7P3S11"))


def test_rare_elements_get_no_fraction_but_count_in_the_statistics():
    X = pd.DataFrame({"electrolyte": ["Li6PS5Cl", "Li3PS4", "Li2S", "LiI", "nonsense"]})
    # Li stands in 4 rows, S in 3, P in 2, Cl and I in 1
    assert CompositionFeatures().fit(X).elements_ == ["Li", "S"]
    assert CompositionFeatures(min_rows=2).fit(X).elements_ == ["Li", "P", "S"]
    vector = CompositionFeatures().fit(X).transform(X).loc[3]
    assert vector["mean_electronegativity"] == pytest.approx((Element("Li").X + Element("I").X) / 2)
    assert (vector["fraction_Li"], vector["fraction_S"]) == (0.5, 0)


def test_an_element_of_amount_zero_is_not_seen():
    X = pd.DataFrame({"electrolyte": ["0LiI-100P2S5"]})
    assert CompositionFeatures(min_rows=1).fit(X).elements_ == ["P", "S"]


def test_an_element_unseen_in_training_gets_no_column():
    fitted = CompositionFeatures(min_rows=1).fit(pd.DataFrame({"electrolyte": ["Li2S"]}))
    vector = fitted.transform(pd.DataFrame({"electrolyte": ["LiI"]})).iloc[0]
    assert "fraction_I" not in vector.index
    assert (vector["fraction_Li"], vector["fraction_S"], vector["anion_share_I"]) == (0.5, 0, 1)


@pytest.mark.parametrize(
    ("electrolyte", "composition", "amounts"),
    [
        ("LLZO", "Li2S", {"Li": 2, "S": 1}),  # the normalised composition goes first
        ("Li2S", "nonsense", {"Li": 2, "S": 1}),  # then the name
        ("Li2S", "", {"Li": 2, "S": 1}),
        ("nonsense", "", None),
        ("", "", None),
        ("PEO", "", None),
    ],
)
def test_composition_of_a_design(electrolyte, composition, amounts):
    assert composition_of(electrolyte, composition) == amounts


def test_a_polymer_is_readable_though_it_has_no_composition():
    assert read_design("PEO", "").electrolyte_class == "polymer"
    assert read_design("nonsense", "") is None


def test_learned_are_the_elements():
    fitted = CompositionFeatures(min_rows=1).fit(pd.DataFrame({"electrolyte": ["Li2S"]}))
    assert fitted.learned() == {"elements": ["Li", "S"]}
