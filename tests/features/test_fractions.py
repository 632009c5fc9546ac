from __future__ import annotations

import pytest

from features.formulas.reader import FormulaError, read_formula


@pytest.mark.parametrize(
    ("text", "composition"),
    [
        # 1/3 + 3 * 5/9 + 4 = 6 = 2 * 3
        ("Li1/3La5/9TiO3", {"Li": 1 / 3, "La": 5 / 9, "Ti": 1, "O": 3}),
        # 3/8 + 2 * 7/16 + 5 * 3/4 + 4 * 1/4 = 6
        ("Li3/8Sr7/16Ta3/4Zr1/4O3", {"Li": 0.375, "Sr": 0.4375, "Ta": 0.75, "Zr": 0.25, "O": 3}),
        # a variable follows: 2/3 - 0.11
        ("Li3xLa2/3-xTiO3 (x=0.11)", {"Li": 0.33, "La": 2 / 3 - 0.11, "Ti": 1, "O": 3}),
    ],
)
def test_fractions_of_whole_numbers_are_amounts(text: str, composition: dict[str, float]) -> None:
    assert read_formula(text).composition == pytest.approx(composition)


@pytest.mark.parametrize(
    ("text", "phases"),
    [
        ("Li2S/P2S5", ["Li2S", "P2S5"]),
        ("70Li2S/30P2S5", ["70Li2S", "30P2S5"]),
        ("P2S5/7Li2S", ["P2S5", "7Li2S"]),  # 5/7 of sulfur would leave 10 - 2 * 5/7 + 2 - 2 charges
        ("Li3PS4/2LiI", ["Li3PS4", "2LiI"]),
        ("Li7La3Zr2O12/5Si", ["Li7La3Zr2O12", "5Si"]),
        ("SiO2/3C", ["SiO2", "3C"]),
        ("LiFePO4/5C", ["LiFePO4", "5C"]),
        ("Li15Si4 / 5C", ["Li15Si4", "5C"]),
        ("Li1/3La5/9TiO3/C", ["Li0.333333333333La0.555555555556TiO3", "C"]),
    ],
)
def test_slashes_between_phases_stay_what_they_are(text: str, phases: list[str]) -> None:
    assert [part["text"] for part in read_formula(text).parts] == phases


@pytest.mark.parametrize(
    ("text", "words"),
    [
        # 0.33 + 2 + 4 - 6: neither one phase nor, with Li0.33La2, two
        ("Li0.33La2/3TiO3", r"unclear whether a slash .*; write Li0\.33La0\.666666666667TiO3 or blanks around it"),
        ("Li15Si4/5C", r"unclear whether a slash .*; write Li15Si0\.8C or blanks around it"),
        ("Li3xLa2/3-xTiO3", r"x has no value; add for example \(x=0\.4\)"),
        ("La2/3-xLi3xTiO3", r"x has no value; add for example \(x=0\.4\)"),
        ("(P2S5/7Li2S)0.9-(LiCl)0.1", "cannot read '/7Li2S"),
    ],
)
def test_what_is_unclear_is_refused(text: str, words: str) -> None:
    with pytest.raises(FormulaError, match=words):
        read_formula(text)
