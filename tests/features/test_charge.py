from __future__ import annotations

import pytest

from features.formulas.charge import charge_imbalance, is_balanced
from features.formulas.reader import read_formula


@pytest.mark.parametrize(
    ("formula", "imbalance"),
    [
        ("Li7La3Zr2O12", 0),  # 7 + 9 + 8 - 24
        ("75Li2S-25P2S5", 0),
        ("Li1.3Al0.3Ti1.7(PO4)3", 0),  # 1.3 + 0.9 + 6.8 + 15 - 24
        ("LiBH4", 0),  # 1 + 3 - 4
        ("Li3InCl6", 0),
        ("LiOH", 0),
        ("Li10Si0.3PS6.7Cl1.8", 0.99999),  # a misprint the reviews hold: 10 + 1.2 + 5 - 13.4 - 1.8
        ("Li1.9Si0.28P1.0O1.1N1.0", 2.82),  # 1.9 + 1.12 + 5 - 2.2 - 3
    ],
)
def test_charges_by_hand(formula: str, imbalance: float) -> None:
    amounts = read_formula(formula).composition
    assert amounts is not None
    assert charge_imbalance(amounts) == pytest.approx(imbalance, abs=1e-4)
    assert is_balanced(amounts) == (imbalance == 0)


def test_organic_salts_and_iron_cannot_be_judged() -> None:
    assert charge_imbalance({"Li": 1, "C": 2, "F": 6}) is None
    assert is_balanced({"Fe": 1, "S": 9})
