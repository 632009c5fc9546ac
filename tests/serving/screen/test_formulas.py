"""Families of formulas: substitutions, amounts, dopants whose charge is balanced."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.formulas.charge import OXIDATION_STATES, charge_imbalance
from features.formulas.stoichiometry import FormulaError, parse
from serving.screen.axes import Listed, read_range
from serving.screen.formula_family import Doping, Family, alternatives_of, drawn_formulas, formula_text, variables_in


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("Li6PS5{Cl,Br,I}", ("Li6PS5Cl", "Li6PS5Br", "Li6PS5I")),
        ("Li6{P,As}S5{Cl,Br}", ("Li6PS5Cl", "Li6PS5Br", "Li6AsS5Cl", "Li6AsS5Br")),
        ("Li6PS5Cl(1-x)Br(x)", ("Li6PS5Cl1-xBrx",)),
        ("Li(6-x)PS(5-x)Cl(1+x)", ("Li6-xPS5-xCl1+x",)),
        ("Li3(PO4)", ("Li3(PO4)",)),
        # 6 (1 - x) = 6 - 6 x, and what a paper's PDF gives for subscripts
        ("Li3YCl6(1-x)Br6x", ("Li3YCl6-6xBr6x",)),
        ("Li2S0.5(1-0.5x+y)", ("Li2S0.5-0.25x+0.5y",)),
        ("Li₇₋ₓLa₃Zr₂₋ₓTaₓO₁₂", ("Li7-xLa3Zr2-xTaxO12",)),
    ],
)
def test_alternatives(template: str, expected: tuple[str, ...]) -> None:
    assert alternatives_of(template) == expected


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("Li6PS5{Cl", "braces in pairs"),
        ("Li6PS5}Cl{", "braces in pairs"),
        ("Li6PS5{Cl,}", "between the commas"),
        ("{" + ",".join(["Cl"] * 101) + "}" + "{" + ",".join(["Br"] * 101) + "}", "at most 10,000 alternatives"),
    ],
)
def test_what_is_no_template(template: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        alternatives_of(template)


def test_variables_are_not_taken_for_elements() -> None:
    assert variables_in(["Li7-xLa3Zr2-xTaxO12"]) == ["x"]
    assert variables_in(["Li6PS5Cl1-x-yBrxIy"]) == ["x", "y"]
    assert variables_in(["Dy2O3", "Xe", "LiPON"]) == []


@pytest.mark.parametrize(
    ("template", "values", "expected"),
    [
        # x = 0.5: 6 - 0.5, 5 - 0.5, 1 + 0.5
        ("Li6-xPS5-xCl1+x", {"x": 0.5}, "Li5.5PS4.5Cl1.5"),
        ("Li6PS5Cl1-xBrx", {"x": 0.25}, "Li6PS5Cl0.75Br0.25"),
        ("Li6PS5Cl1-xBrx", {"x": 0.0}, "Li6PS5Cl"),
        ("Li6PS5Cl1-xBrx", {"x": 1.0}, "Li6PS5Br"),
        ("Li7-xLa3Zr2-xTaxO12", {"x": 0.4}, "Li6.6La3Zr1.6Ta0.4O12"),
        # 0.75 Li2S + 0.25 P2S5
        ("(Li2S)x(P2S5)1-x", {"x": 0.75}, "Li1.5S2P0.5"),
    ],
)
def test_written_formulas(template: str, values: dict[str, float], expected: str) -> None:
    assert Family(template, (template,)).formula(template, None, values) == expected


LLZO, LPSCL = "Li7La3Zr2O12", "Li6PS5Cl"


@pytest.mark.parametrize(
    ("parent", "dopant", "site", "balance", "amount", "expected"),
    [
        # Al3+ takes the place of three Li+: 7 - 3 x 0.2
        (LLZO, "Al", "Li", "Li", 0.2, "Li6.4Al0.2La3Zr2O12"),
        # Ta5+ for Zr4+ takes one Li+ with it
        (LLZO, "Ta", "Zr", "Li", 0.5, "Li6.5La3Zr1.5Ta0.5O12"),
        # Sr2+ for La3+ brings one Li+
        (LLZO, "Sr", "La", "Li", 0.5, "Li7.5La2.5Sr0.5Zr2O12"),
        # Hf4+ for Zr4+: nothing to balance
        (LLZO, "Hf", "Zr", "Li", 1.0, "Li7La3ZrHfO12"),
        # Ta5+ for Zr4+ with oxygen instead: +0.5 charges need 0.25 O2-
        (LLZO, "Ta", "Zr", "O", 0.5, "Li7La3Zr1.5Ta0.5O12.25"),
        # Ge4+ for P5+: one Li+ more
        (LPSCL, "Ge", "P", "Li", 0.3, "Li6.3P0.7Ge0.3S5Cl"),
        # Ge4+ for P5+ with Cl- for S2-: 0.3 negative charges less, each exchange gives one
        (LPSCL, "Ge", "P", "S->Cl", 0.3, "Li6P0.7Ge0.3S4.7Cl1.3"),
    ],
)
def test_dopants_keep_the_charge(
    parent: str, dopant: str, site: str, balance: str, amount: float, expected: str
) -> None:
    doping = Doping((dopant,), site, balance)
    family = Family(parent, (parent,), {"x": Listed((amount,))}, doping)
    assert family.formula(parent, dopant, {"x": amount}) == expected


@given(
    parent=st.sampled_from([LLZO, LPSCL, "Li3InCl6", "Li1.3Al0.3Ti1.7P3O12"]),
    dopant=st.sampled_from(sorted(OXIDATION_STATES)),
    data=st.data(),
)
def test_any_doping_is_neutral_or_refused(parent: str, dopant: str, data: st.DataObject) -> None:
    amounts = parse(parent, {})
    site = data.draw(st.sampled_from(sorted(amounts)))
    balance = data.draw(st.sampled_from(["Li", *sorted(amounts)]))
    amount = data.draw(st.floats(0, 2))
    try:
        doped = Doping((dopant,), site, balance).substitute(amounts, dopant, amount)
    except FormulaError:
        return
    assert charge_imbalance(doped) == pytest.approx(0, abs=1e-6)
    assert sum(doped.values()) >= 0


def test_more_than_there_is_is_refused() -> None:
    # 3 x 2.5 = 7.5 Li of 7
    with pytest.raises(FormulaError, match=r"leaves -0\.5 Li"):
        Doping(("Al",), "Li").substitute(parse(LLZO, {}), "Al", 2.5)


@pytest.mark.parametrize(
    ("doping", "words"),
    [
        ((("Qq",), "Li"), "an element symbol in place of 'Qq'"),
        ((("Fe",), "Zr"), "one certain charge in place of Fe"),
        ((("Al",), "Li", "S-Cl"), "an element symbol in place of 'S-Cl'"),
        ((("Ta", "Zr"), "Zr"), "dopants other than Zr"),
        ((("Ta", "Nb", "Ta"), "Zr"), "each dopant once"),
        # S2- for O2- moves no charge
        ((("Si",), "P", "S->O"), "an exchange that changes the charge"),
    ],
)
def test_dopants_without_a_charge_are_refused(doping: tuple[str, ...], words: str) -> None:
    with pytest.raises(FormulaError, match=words):
        Doping(*doping)  # type: ignore[arg-type]


def test_formulas_that_cannot_be_are_counted_by_reason() -> None:
    # chlorine 1 + x - y is below zero for x = 0, y = 2; the second template has one charge too many
    family = Family("f", ("Li6-xPS5-xCl1+x-yBry", "Li6PS5Cl2Bry"), {"x": Listed((0.0,)), "y": Listed((0.0, 2.0))})
    columns = {
        "formula": np.array([family.alternatives[0], family.alternatives[0], family.alternatives[1]], dtype=object),
        "x": np.zeros(3),
        "y": np.array([0.0, 2.0, 0.0]),
    }
    why: Counter[str] = Counter()
    found = drawn_formulas(family, columns, lambda reason, count: why.update({reason: count}))
    assert found.tolist() == ["Li6PS5Cl", None, None]
    assert why == {"an amount below zero": 1, "charges that do not cancel": 1}


def test_the_undoped_formula_is_made_once() -> None:
    family = Family(LLZO, (LLZO,), {"x": Listed((0.0, 0.5))}, Doping(("Ta", "Nb"), "Zr"))
    columns = {
        "formula": np.array([LLZO] * 4, dtype=object),
        "dopant": np.array(["Ta", "Ta", "Nb", "Nb"], dtype=object),
        "x": np.array([0.0, 0.5, 0.0, 0.5]),
    }
    why: Counter[str] = Counter()
    found = drawn_formulas(family, columns, lambda reason, count: why.update({reason: count}))
    assert found.tolist() == [LLZO, "Li6.5La3Zr1.5Ta0.5O12", None, "Li6.5La3Zr1.5Nb0.5O12"]
    assert why == {"the undoped formula again, under another dopant": 1}


def test_a_small_amount_of_an_unbalanced_substitution_is_no_rounding() -> None:
    # Ta5+ for Zr4+ without lithium leaving: +0.05; the two decimals of La0.67 for La2/3 leave 3 x 0.67 - 2 = 0.01
    assert Family("f", ("Li3xLa0.67-xTiO3",)).formula("Li3xLa0.67-xTiO3", None, {"x": 0.1}) == "Li0.3La0.57TiO3"
    with pytest.raises(FormulaError, match=r"charges that do not cancel \(\+0\.05\)"):
        Family("f", ("Li7La3Zr2-xTaxO12",)).formula("Li7La3Zr2-xTaxO12", None, {"x": 0.05})


def test_unbalanced_formulas_can_be_asked_for() -> None:
    assert Family("Li6PS5Cl2", ("Li6PS5Cl2",), balanced=False).formula("Li6PS5Cl2", None, {}) == "Li6PS5Cl2"


def test_drawn_amounts_are_rounded_before_the_charge_is_balanced() -> None:
    family = Family("Li6-xPS5-xCl1+x", ("Li6-xPS5-xCl1+x",), {"x": read_range("0..1")})
    columns = {"formula": np.array(["Li6-xPS5-xCl1+x"], dtype=object), "x": np.array([0.33333])}
    found = drawn_formulas(family, columns, lambda reason, count: None)
    assert found.tolist() == ["Li5.667PS4.667Cl1.333"]


def test_spelling_leaves_ones_and_zeros_out() -> None:
    assert formula_text({"Li": 1 / 3, "P": 1.0, "O": 1e-9}) == "Li0.333333P"
