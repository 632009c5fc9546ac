"""Formulas as papers and laboratories write them, against compositions worked out by hand."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.formulas.aliases import aliases, solid_solutions
from features.formulas.reader import FormulaError, read_formula

# 0.75 Li2S + 0.25 P2S5 is Li 1.5, S 0.75 + 1.25 = 2, P 0.5
MIXTURES = {
    # 90 moles of it and 10 LiI: Li 135 + 10, S 180, P 45, I 10
    "90(75Li2S·25P2S5)·10LiI": {"Li": 145, "S": 180, "P": 45, "I": 10},
    "90(75Li2S+25P2S5)+10LiI": {"Li": 145, "S": 180, "P": 45, "I": 10},
    "(75Li2S-25P2S5)0.9-(LiI)0.1": {"Li": 1.45, "S": 1.8, "P": 0.45, "I": 0.1},
    "(100-x)(0.75Li2S-0.25P2S5)-xLiI (x=10)": {"Li": 145, "S": 180, "P": 45, "I": 10},
    # no per cent: 2 x (3 Li2S + P2S5) is Li 12, S 16, P 4
    "2(3Li2S·P2S5)·LiI": {"Li": 13, "S": 16, "P": 4, "I": 1},
    "75Li2S + 25P2S5": {"Li": 150, "S": 200, "P": 50},
    "3LiBH4 + LiI": {"Li": 4, "B": 3, "H": 12, "I": 1},
    "Ta-LLZO (Li6.4La3Zr1.4Ta0.6O12)": {"Li": 6.4, "La": 3, "Zr": 1.4, "Ta": 0.6, "O": 12},
    "Al-doped Li7La3Zr2O12 (Li6.25Al0.25La3Zr2O12)": {"Li": 6.25, "Al": 0.25, "La": 3, "Zr": 2, "O": 12},
    "LLZTO (x = 0.4)": {"Li": 6.6, "La": 3, "Zr": 1.6, "Ta": 0.4, "O": 12},
    "cubic LLZTO (x=0.4)": {"Li": 6.6, "La": 3, "Zr": 1.6, "Ta": 0.4, "O": 12},
    "LATP, x=0.4": {"Li": 1.4, "Al": 0.4, "Ti": 1.6, "P": 3, "O": 12},
    "LPSCl (x=1.5)": {"Li": 5.5, "P": 1, "S": 4.5, "Cl": 1.5},
    # La 2/3 - 0.11 = 0.55667
    "LLTO (x=0.11)": {"Li": 0.33, "La": 0.556667, "Ti": 1, "O": 3},
}


@pytest.mark.parametrize(("text", "amounts"), MIXTURES.items())
def test_mixtures_and_members_of_solid_solutions(text: str, amounts: dict[str, float]) -> None:
    assert read_formula(text).composition == pytest.approx(amounts, abs=1e-6)


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ("LISICON", "oxide-other"),
        ("thio-LISICON", "sulfide-thiolisicon"),
        ("Thio-LISICON", "sulfide-thiolisicon"),
        ("LAGP", "oxide-nasicon"),
        ("LLTO", "oxide-perovskite"),
    ],
)
def test_a_name_of_many_stoichiometries_is_a_family_without_a_composition(text: str, family: str) -> None:
    reading = read_formula(text)
    assert (reading.composition, reading.electrolyte_class) == (None, family)


def test_phases_side_by_side_are_no_mixture_by_mole() -> None:
    assert read_formula("PEO + LLZTO").composition is None
    assert read_formula("PEO/LiTFSI + 10 wt% LLZTO").composition is None


def test_a_variable_of_a_name_without_a_general_formula_is_refused() -> None:
    with pytest.raises(FormulaError, match=r"what x = 0\.4 stands for in LGPS is not known; write the formula"):
        read_formula("LGPS (x = 0.4)")


def test_printed_members_lie_on_their_solid_solution() -> None:
    at = {"LPSCl": 1, "LiPSCl": 1, "LLZTO": 0.5, "LATP": 0.3}
    printed = {name for name in solid_solutions() if aliases()[name].composition}
    assert printed == set(at)
    for name, x in at.items():
        assert read_formula(f"{name} (x={x})").composition == pytest.approx(read_formula(name).composition)


ARGYRODITE = {"Li": 6, "P": 1, "S": 5, "Cl": 1}
LATP = {"Li": 1.3, "Al": 0.3, "Ti": 1.7, "P": 3, "O": 12}  # (PO4)3 is P3 O12
GLASS_75 = {"Li": 150, "S": 200, "P": 50}  # 75 Li2S + 25 P2S5: S 75 + 125
PRINTED = {
    "Li1.3Al0.3Ti1.7（PO4）3": LATP,
    "Li 1.3 Al 0.3 Ti 1.7 (PO 4 ) 3": LATP,
    **dict.fromkeys(
        ("Li_6PS_5Cl", "Li$_6$PS$_5$Cl", "Li_{6}PS_{5}Cl", r"$\mathrm{Li_6PS_5Cl}$", "Li<sub>6</sub>PS<sub>5</sub>Cl"),
        ARGYRODITE,
    ),
    **dict.fromkeys(("Li6PS5Cl.", "Li6PS5Cl a", "Li6PS5Cl^a", "Li6PS5Clᵃ", "Li6PS5Cl†", "Li6PS5Cl [12]"), ARGYRODITE),
    "β-Li3PS4.": {"Li": 3, "P": 1, "S": 4},
    "Li10+δGe1+δP2−δS12, δ = 0.35": {"Li": 10.35, "Ge": 1.35, "P": 1.65, "S": 12},
    # 75 Li2S + 20 P2S5 + 5 P2O5: S 75 + 100, P 40 + 10, O 25
    "75Li2S·(25 − x)P2S5·xP2O5 (x = 5)": {"Li": 150, "S": 175, "P": 50, "O": 25},
    "75%Li2S-25%P2S5": GLASS_75,
    "75 mol% Li2S-25 mol% P2S5": GLASS_75,
    "75Li2S 25P2S5": GLASS_75,
    "75Li2S:25P2S5": GLASS_75,
    "Li2S-P2S5 (75:25) glass": GLASS_75,
    "Li2S:P2S5 = 7:3": {"Li": 14, "S": 22, "P": 6},  # 7 Li2S + 3 P2S5: S 7 + 15
    "Li2S-P2S5 = 70:30": {"Li": 140, "S": 220, "P": 60},
    "50LiI:50Li3PS4": {"Li": 200, "I": 50, "P": 50, "S": 200},
    "Li 6 Sb 0.1 P 0.9 S 5 I": {"Li": 6, "Sb": 0.1, "P": 0.9, "S": 5, "I": 1},
    "75 Li 2 S · 25 P 2 S 5": GLASS_75,
    "LPSBr": {"Li": 6, "P": 1, "S": 5, "Br": 1},
    "LYC": {"Li": 3, "Y": 1, "Cl": 6},
    "LiFSI": {"Li": 1, "F": 2, "N": 1, "O": 4, "S": 2},  # N(SO2F)2
    "LiBOB": {"Li": 1, "B": 1, "C": 4, "O": 8},  # B(C2O4)2
}


def _same_mixture(read: dict[str, float] | None, expected: dict[str, float]) -> bool:
    assert read is not None
    scale = sum(expected.values()) / sum(read.values())
    return {symbol: amount * scale for symbol, amount in read.items()} == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("text", "amounts"), PRINTED.items())
def test_printed_notations(text: str, amounts: dict[str, float]) -> None:
    # a mixture in per cent may be given in 100 moles or in one
    assert _same_mixture(read_formula(text).composition, amounts)


@pytest.mark.parametrize(("text", "dopant"), [("LiTi2(PO4)3:Al", "Al"), ("Li3OCl:Ba", "Ba"), ("LLZO:Ta", "Ta")])
def test_a_dopant_behind_a_colon_has_no_amount(text: str, dopant: str) -> None:
    reading = read_formula(text)
    assert reading.composition is None
    assert reading.parts[0]["dopant"] == dopant


@pytest.mark.parametrize("text", ["PVDF-HFP", "PTFE", "PVDF-HFP/LiFSI"])
def test_names_without_a_stoichiometry(text: str) -> None:
    assert read_formula(text).composition is None


@pytest.mark.parametrize("text", ["Li3PS4 LiI", "Li2S 25 P2S5", "Li 6 Li 2 S"])
def test_what_may_be_two_formulas_is_still_refused(text: str) -> None:
    with pytest.raises(FormulaError, match="may be two formulas"):
        read_formula(text)


SUBSCRIPTS = str.maketrans("0123456789.", "₀₁₂₃₄₅₆₇₈₉.")
NOTATIONS = {
    "plain": lambda pieces: "".join(symbol + amount for symbol, amount in pieces),
    "subscripts": lambda pieces: "".join(symbol + amount.translate(SUBSCRIPTS) for symbol, amount in pieces),
    "underscores": lambda pieces: "".join(symbol + (f"_{amount}" if amount else "") for symbol, amount in pieces),
    "braces": lambda pieces: "".join(symbol + (f"_{{{amount}}}" if amount else "") for symbol, amount in pieces),
    "dollars": lambda pieces: "".join(symbol + (f"$_{{{amount}}}$" if amount else "") for symbol, amount in pieces),
    "html": lambda pieces: "".join(symbol + (f"<sub>{amount}</sub>" if amount else "") for symbol, amount in pieces),
    "full width": lambda pieces: "（" + "".join(symbol + amount for symbol, amount in pieces) + "）1",
    "PDF": lambda pieces: " ".join(f"{symbol} {amount}".strip() for symbol, amount in pieces),
}
ENDINGS = ("", ".", " a", "^b", "†", " [12]", "-550C", " (550 °C)")
amounts_as_printed = st.one_of(
    st.integers(1, 12).map(lambda number: "" if number == 1 else str(number)),
    st.decimals("0.05", "9.95", places=2).map(lambda number: f"{number.normalize():f}"),
)


@pytest.mark.slow
@given(
    st.lists(
        st.tuples(st.sampled_from("La Zr Ti Ge Al In Y Sn Sb Zn".split()), amounts_as_printed),
        min_size=1,
        max_size=3,
        unique_by=lambda piece: piece[0],
    ),
    st.tuples(st.sampled_from("O S Cl Br Se".split()), amounts_as_printed),
    st.sampled_from("2 3 6 6.75 10 1.3".split()),
    st.sampled_from(sorted(NOTATIONS)),
    st.sampled_from(ENDINGS),
)
@settings(max_examples=300, deadline=None)
def test_a_text_built_from_a_composition_reads_back_as_it(
    middle: list[tuple[str, str]], anion: tuple[str, str], lithium: str, notation: str, ending: str
) -> None:
    pieces = [("Li", lithium), *middle, anion]
    reading = read_formula(NOTATIONS[notation](pieces) + ending)
    assert reading.composition == pytest.approx({symbol: float(amount or 1) for symbol, amount in pieces})
