from __future__ import annotations

import numpy as np
import pytest

from features.formulas.charge import charge_imbalance, is_balanced
from features.formulas.reader import read_formula
from features.formulas.vectorised import read_amounts


@pytest.mark.parametrize(
    ("formula", "imbalance"),
    [
        ("Li7La3Zr2O12", 0),  # 7 + 9 + 8 - 24
        ("75Li2S-25P2S5", 0),
        ("Li1.3Al0.3Ti1.7(PO4)3", 0),  # 1.3 + 0.9 + 6.8 + 15 - 24
        ("LiBH4", 0),  # 1 + 3 - 4
        ("LiB3H8", 0),  # 1 + 3 x 7/3 - 8
        ("Li2VCl4", 0),  # 2 + 2 - 4
        ("Li3InCl6", 0),
        ("LiOH", 0),
        ("Li2SO4", 0),  # sulfate: S +6
        ("Li2SO3", 0),
        ("LiNO3", 0),  # N +5
        ("LiClO4", 0),  # Cl +7
        ("LiAlH4", 0),  # hydride beside aluminium
        ("LiNH2", 0),
        ("Li2NH", 0),
        ("Li2BH4NH2", 0),  # LiBH4 + LiNH2: B +3, four H -1, N -3, two H +1
        ("Li2B12H12", 0),  # two charges on the cluster
        ("Li2B10H10", 0),
        ("90Li3PS4-10Li2SO4", 0),  # 10 of 370 S are sulfate: 290 + 450 - 720 + 60 - 80
        ("50Li2SO4-50Li3PO4", 0),
        ("Li7BiO6", 0),  # Bi +5
        ("Li3SbS3", 0),  # Sb +3
        ("Li3SbS4", 0),
        ("Li4SnS4", 0),
        ("LiVO3", 0),
        ("Li4P2S6", 0),  # P +4, bonded to P
        ("Li3P", 0),  # P -3
        ("Li7PS5Cl", 1),  # a misprint of Li6PS5Cl: 7 + 5 - 10 - 1, no P +4 here
        ("(Li2O)50((SeO2)0.5(B2O3)0.5)50", 0),  # Se +4: 100 + 4 x 25 + 3 x 50 - 2 x 175
        ("LiV2(PO4)3", 0),  # V +4
        ("Li3V2(PO4)3", 0),  # V +3
        ("RbLiSO4", 0),
        ("CsLiSO4", 0),
        *((f"Li3{metal}Cl6", 0) for metal in ("Ho", "Dy", "Tb", "Er", "Yb", "Tm", "Lu", "Sm", "Eu")),
        ("Li2CeCl6", 0),
        ("Li3CeCl6", 0),  # Ce +4, Ce +3
        ("Li10Si0.3PS6.7Cl1.8", 0.99999),  # a misprint the reviews hold: 10 + 1.2 + 5 - 13.4 - 1.8
        ("Li1.9Si0.28P1.0O1.1N1.0", 2.82),  # 1.9 + 1.12 + 5 - 2.2 - 3
    ],
)
def test_charges_by_hand(formula: str, imbalance: float) -> None:
    amounts = read_formula(formula).composition
    assert amounts is not None
    assert charge_imbalance(amounts) == pytest.approx(imbalance, abs=1e-4)
    assert is_balanced(amounts) == (imbalance == 0)


def test_an_anion_with_a_positive_centre_needs_its_oxygen() -> None:
    assert charge_imbalance({"Li": 1, "S": 1, "O": 1}) == -3  # 1 - 2 - 2; a quarter of S +6 is not enough
    assert charge_imbalance({"Li": 6, "P": 1, "S": 4, "Cl": 1}) == 2  # a misprint of Li6PS5Cl stays one


def test_many_compositions_have_the_charges_of_each() -> None:
    texts = [
        "Li2SO4",
        "Li7BiO6",
        "LiAlH4",
        "Li6PS5Cl",
        "Li6P1S4Cl1",
        "LiV2P3O12",
        "Li3V2P3O12",
        "LiFePO4",
        "Li2B12H12",
        "Li4P2S6",
        "Li3P1",
    ]
    alone = [charge_imbalance(read_formula(text).composition or {}) for text in texts]
    together = read_amounts(texts)
    expected = [np.nan if charge is None else charge for charge in alone]
    np.testing.assert_array_equal(together.charge[together.codes], expected)


def test_many_compositions_of_the_same_elements() -> None:
    """Beyond ten of one set of elements they are worked out together, in whatever order these are written."""
    phosphorus = [
        "Li4P2S6",
        *(f"Li{4 + step}P2S6" for step in range(1, 8)),
        *(f"S6P2Li{20 + step}" for step in range(5)),
    ]
    sulfates = ["Li2S1O4", "O4Li2S1", "Li2S1O3", *(f"Li{4 + step}S1O4" for step in range(1, 9))]
    # Li4P2S6 has P +4, and where no state cancels them, P +5 leaves 2 fewer than Li, S -2 10 fewer
    expected = [0, *range(3, 10), *range(18, 23), 0, 0, 0, *(step - 6 for step in range(1, 9))]
    amounts = read_amounts([*phosphorus, *sulfates])
    np.testing.assert_allclose(amounts.charge[amounts.codes], expected, atol=1e-12)


def test_organic_salts_and_iron_cannot_be_judged() -> None:
    assert charge_imbalance({"Li": 1, "C": 2, "F": 6}) is None
    assert is_balanced({"Fe": 1, "S": 9})
