"""The formula reader against compositions worked out by hand, and every way it refuses."""

import contextlib
import csv
import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pymatgen.core import Composition, Element

from features.formulas.aliases import aliases
from features.formulas.reader import MAX_DEPTH, MAX_LENGTH, FormulaError, Reading, read_formula
from features.formulas.stoichiometry import ELEMENTS

LITERATURE = Path(__file__).parents[2] / "data" / "literature"

LLZTO = {"Li": 6.5, "La": 3, "Zr": 1.5, "Ta": 0.5, "O": 12}
LISIPON = {"Li": 1.9, "Si": 0.28, "P": 1, "O": 1.1, "N": 1}
LATP = {"Li": 1.3, "Al": 0.3, "Ti": 1.7, "P": 3, "O": 12}  # (PO4)3 is P3 O12
LGPS = {"Li": 10, "Ge": 1, "P": 2, "S": 12}
LLZO = {"Li": 7, "La": 3, "Zr": 2, "O": 12}
ARGYRODITE = {"Li": 6, "P": 1, "S": 5, "Cl": 1}
# a Li2S + b P2S5 is Li 2a, S a + 5b, P 2b
GLASS_80 = {"Li": 160, "S": 180, "P": 40}
GLASS_77 = {"Li": 155, "S": 190, "P": 45}
GLASS_75 = {"Li": 150, "S": 200, "P": 50}
GLASS_70 = {"Li": 140, "S": 220, "P": 60}
GLASS_SI = {"Li": 120, "S": 140, "Si": 40}  # 60 Li2S + 40 SiS2: S 60 + 2 x 40
BOROHYDRIDE = {"Na": 15, "I": 15, "Li": 1, "B": 1, "H": 4}
# 0.85 garnet + 0.15 LiCl: Li 0.85 x 6.5 + 0.15 = 5.675, La 2.55, Zr 1.275, Ta 0.425, O 10.2, Cl 0.15
GARNET_LICL = {"Li": 5.675, "La": 2.55, "Zr": 1.275, "Ta": 0.425, "O": 10.2, "Cl": 0.15}

# Every distinct text of electrolytes.csv (electrolyte, composition) and cells.csv (electrolyte); None where no
# stoichiometry is stated: a polymer, a blend, a system without amounts, a name without a formula.
LITERATURE_TEXTS: dict[str, dict[str, float] | None] = {
    "LATP": LATP,
    "LAGP": None,
    "polymer electrolytes": None,
    "quasi-solid-state electrolyte by LiDFOB-induced ring-opening polymerization of 1,3,5-trioxane": None,
    "Li7La3Zr2O12": LLZO,
    "(Li6.5La3Zr1.5Ta0.5O12)0.85-(LiCl)0.15": GARNET_LICL,
    "Li7La3Zr1.4Ti0.6O12": {"Li": 7, "La": 3, "Zr": 1.4, "Ti": 0.6, "O": 12},
    "Li6.03La3Zr1.533Ta0.46O12": {"Li": 6.03, "La": 3, "Zr": 1.533, "Ta": 0.46, "O": 12},
    "Li6.75La3Zr1.75Nb0.25O12": {"Li": 6.75, "La": 3, "Zr": 1.75, "Nb": 0.25, "O": 12},
    "Li7.1La3Zr1.95Ca0.05O12": {"Li": 7.1, "La": 3, "Zr": 1.95, "Ca": 0.05, "O": 12},
    "Li1.3Al0.3Ti1.7(PO4)3": LATP,
    "Li6La3Zr0.5Hf0.5Ta0.5Nb0.5O12": {"Li": 6, "La": 3, "Zr": 0.5, "Hf": 0.5, "Ta": 0.5, "Nb": 0.5, "O": 12},
    "Li6.4Ga0.2La3Zr1.925Y0.1O12": {"Li": 6.4, "Ga": 0.2, "La": 3, "Zr": 1.925, "Y": 0.1, "O": 12},
    "b-Li3.6O3.4N0.6": {"Li": 3.6, "O": 3.4, "N": 0.6},
    "Fe-LiPON": None,
    "Ti-LiPON": None,
    "Li10SnP2S12": {"Li": 10, "Sn": 1, "P": 2, "S": 12},
    "Li9.5Si1.7P1.44S11.7Cl0.3": {"Li": 9.5, "Si": 1.7, "P": 1.44, "S": 11.7, "Cl": 0.3},
    "Li1.0SiP2S12": {"Li": 1, "Si": 1, "P": 2, "S": 12},
    "Li1.1SiP2S12": {"Li": 1.1, "Si": 1, "P": 2, "S": 12},
    "Li1.0Ge0.95Si0.05P2S12": {"Li": 1, "Ge": 0.95, "Si": 0.05, "P": 2, "S": 12},
    "Li1.0GeP2S12": {"Li": 1, "Ge": 1, "P": 2, "S": 12},
    "beta-Li3PS4 (nanoporous)": {"Li": 3, "P": 1, "S": 4},
    "Li2.2Zr0.1Zr0.9S3": {"Li": 2.2, "Zr": 1, "S": 3},  # as printed; 0.1 + 0.9
    "Li6P2S4": {"Li": 6, "P": 2, "S": 4},
    "Li6.5In0.25P0.75S5I": {"Li": 6.5, "In": 0.25, "P": 0.75, "S": 5, "I": 1},
    "Li6PS5Cl": ARGYRODITE,
    "PECA": None,
    "PEO/LiTFSI/LiZr2(PO4)3": None,
    "PEO/LiTFSI/Al2O3": None,
    "pPEGMA": None,
    "CSPE-B60": None,
    "PEGMA/PEGDA": None,
    "LDPPCCE": None,
    "PV-PM-LA-SN": None,
    "PEO/Ga-LLZO": None,
    "PEO/LLZTO": None,
    "PEO/LiTFSI/LLTO": None,
    "PEO/LiTFSI": None,
    "PI/PEO/LiTFSI": None,
    "PEO-VAVS-LiTFSI": None,
    "PSZ20": None,
    "oxide SSEs (NASICON, garnet, perovskite, anti-perovskite, LiPON)": None,
    "sulfide SSEs": None,
    "composite SPE of PPC and LLZTO (Li6.4La3Zr1.4Ta0.6O12)": None,
    "LGPS": LGPS,
    "polymer SSEs": None,
    "LiPON": None,
    "LiSiPON": LISIPON,
    "Li5.4PS4.4Cl1.6": {"Li": 5.4, "P": 1, "S": 4.4, "Cl": 1.6},
    "LiI-Li3PS4 (LPSI)": None,
    "80Li2S-20P2S5": GLASS_80,
    "77.5Li2S-22.5P2S5": GLASS_77,
    "75Li2S-25P2S5": GLASS_75,
    "70Li2S-30P2S5": GLASS_70,
    "60Li2S-40SiS2": GLASS_SI,
    "LLZTO": LLZTO,
    "LLZAO (Li7La3Zr2O12 with 3 wt% Al2O3)": None,
    "PVDF/PEO/LLZTO": None,
    "PEO/LATP": None,
    "PEO@LATP": None,
    "15NaI-LiBH4": BOROHYDRIDE,
    "Li7P3S11": {"Li": 7, "P": 3, "S": 11},
    "Li3PS4": {"Li": 3, "P": 1, "S": 4},
    "Li1.9Si0.28P1.0O1.1N1.0 (LiSiPON)": LISIPON,
    "PVDF/PEO/Li6.5La3Zr1.5Ta0.5O12 (LLZTO)": None,
    "LiPON-type ASSEs": None,
    "LixPOyNz, 0 at% N": None,
    "LiPON (LixPOyNz, 6 at% N)": None,
    "sulfide-type ASSEs": None,
    "Li9.54Si1.74P1.44S11.7Cl0.3": {"Li": 9.54, "Si": 1.74, "P": 1.44, "S": 11.7, "Cl": 0.3},
    "Li10GeP2S12": LGPS,
    "beta-Li3PS4 (nano-porous)": {"Li": 3, "P": 1, "S": 4},
    "Li10GeP2S12 (tetragonal LGPS)": LGPS,
    "polymer-type ASSEs": None,
    "PEO-Li SPE": None,
    "PVDF fiber-supported PEO/garnet composite (PPG)": None,
    "PEO/LiTFSI/Li1.3Al0.3Ti1.7(PO4)3": None,
    "garnet-type ASSEs": None,
    "composite of PPCs and garnet-type ASSE": None,
    # column composition
    "(Li6.5La3Zr1.5Ta0.5O12)0.85(LiCl)0.15": GARNET_LICL,
    "Li3.6O3.4N0.6": {"Li": 3.6, "O": 3.4, "N": 0.6},
    "Li1.9Si0.28P1.0O1.1N1.0": LISIPON,
    "(Li2S)80(P2S5)20": GLASS_80,
    "(Li2S)77.5(P2S5)22.5": GLASS_77,
    "(Li2S)75(P2S5)25": GLASS_75,
    "(Li2S)70(P2S5)30": GLASS_70,
    "(Li2S)60(SiS2)40": GLASS_SI,
    "(NaI)15(LiBH4)": BOROHYDRIDE,
    # cells.csv
    "LiSiPON (Li1.9Si0.28P1.0O1.1N1.0)": LISIPON,
    "LiPONB": None,
    "Li2S-P2S5 (glass-ceramic)": None,
    "70Li2S-30P2S5 (Li7P3S11)": GLASS_70,
    "liquid electrolyte": None,
    "Li6PS5Cl (printed Li6PS4Cl)": ARGYRODITE,
    "Li6.6La3Zr1.6Ta0.4O12 (LLZTO)": {"Li": 6.6, "La": 3, "Zr": 1.6, "Ta": 0.4, "O": 12},
    "gel polymer electrolyte": None,
    "LiPF6": {"Li": 1, "P": 1, "F": 6},
    "75Li2S·25P2S5": GLASS_75,
    "Li7La3Zr2O12 (LLZO), cubic garnet": LLZO,
    "LLZO": LLZO,
    "liquid electrolyte (LELIB)": None,
    "LPSCl": ARGYRODITE,
    "LSnPS": None,
    "SHDSE (self-healing polymer)": None,
    "HCPE (high-concentration polymer from ring-opening polymerization of DOL)": None,
    "SPE: PPC + Li6.4La3Zr1.4Ta0.6O12 (LLZTO)": None,
    "Li6.4La3Zr1.4Ta0.6O12 (LLZTO)": {"Li": 6.4, "La": 3, "Zr": 1.4, "Ta": 0.6, "O": 12},
    "PPG (PEO, Li6.5La3Zr1.5Ta0.5O12, PVDF fibers)": None,
    "Li6PS5Cl|Li3InCl6 bilayer": None,
}
# Chosen by us: every form of writing DESIGN.md names.
OUR_TEXTS: dict[str, dict[str, float] | None] = {
    # variables
    "Li7-xLa3Zr2-xTaxO12 (x=0.4)": {"Li": 6.6, "La": 3, "Zr": 1.6, "Ta": 0.4, "O": 12},
    "Li7-3xAlxLa3Zr2O12 (x = 0.25)": {"Li": 6.25, "Al": 0.25, "La": 3, "Zr": 2, "O": 12},
    "Li6-xPS5-xCl1+x, x=0.5": {"Li": 5.5, "P": 1, "S": 4.5, "Cl": 1.5},
    "Li1+x+yAlxTi2-xSiyP3-yO12 (x=0.3, y=0.2)": {"Li": 1.5, "Al": 0.3, "Ti": 1.7, "Si": 0.2, "P": 2.8, "O": 12},
    "Li3-2xMgxAl (x=0)": {"Li": 3, "Al": 1},  # magnesium of amount 0 is no element of it
    "Li4-xGe1-xPxS4 (x=0.75)": {"Li": 3.25, "Ge": 0.25, "P": 0.75, "S": 4},
    "LixSi (x=3.75)": {"Li": 3.75, "Si": 1},
    "(Li2S)x(P2S5)1-x (x=0.75)": {"Li": 1.5, "S": 2, "P": 0.5},
    # unicode
    "Li₆PS₅Cl": ARGYRODITE,
    "Li₇La₃Zr₂O₁₂": LLZO,
    "75Li₂S–25P₂S₅": GLASS_75,
    "75Li2S•25P2S5": GLASS_75,
    "75 Li2S − 25 P2S5": GLASS_75,
    "Li₁₊ₓAlₓTi₂₋ₓ(PO₄)₃ (x = 0.3)": LATP,
    "\u00a0Li6PS5Cl\u2009": ARGYRODITE,
    # mixtures with moles
    "Li3PS4-0.5LiI": {"Li": 3.5, "P": 1, "S": 4, "I": 0.5},
    "30LiI-70Li3PS4": {"Li": 240, "I": 30, "P": 70, "S": 280},  # Li 30 + 3 x 70
    "CuSO4·5H2O": {"Cu": 1, "S": 1, "O": 9, "H": 10},
    "0.5LPSCl-0.5LiI": {"Li": 3.5, "P": 0.5, "S": 2.5, "Cl": 0.5, "I": 0.5},
    "50[Li2S]-50{P2S5}": {"Li": 100, "S": 300, "P": 100},
    # names
    "llzto": LLZTO,
    "Lpscl": ARGYRODITE,
    "LLZTO (Li6.4La3Zr1.4Ta0.6O12)": {"Li": 6.4, "La": 3, "Zr": 1.4, "Ta": 0.6, "O": 12},
    "LIC": {"Li": 3, "In": 1, "Cl": 6},
    # systems and blends without shares
    "Li2S-P2S5": None,
    "LLZTO-PEO": None,
    "50LLZAO-50Li2S": None,  # moles of something without a stoichiometry
    "Si@Li7P3S11": None,
    "PEO/LiTFSI + 10 wt% LLZTO": None,
}


def stated(text: str) -> dict[str, float] | None:
    """The composition, None where the reader gives none, be it by a reading or by a refusal."""
    try:
        return read_formula(text).composition
    except FormulaError:
        return None


@pytest.mark.parametrize("text", list({**LITERATURE_TEXTS, **OUR_TEXTS}))
def test_composition_worked_out_by_hand(text):
    expected = {**LITERATURE_TEXTS, **OUR_TEXTS}[text]
    if expected is None:
        assert stated(text) is None
    else:
        assert stated(text) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("table", "column"), [("electrolytes", "electrolyte"), ("electrolytes", "composition"), ("cells", "electrolyte")]
)
def test_every_text_of_the_literature_has_an_expectation(table, column):
    with (LITERATURE / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        texts = {row[column] for row in csv.DictReader(file)} - {""}
    assert texts
    with Path(__file__).with_name("formula_expectations.csv").open(encoding="utf-8", newline="") as file:
        elsewhere = {row["text"] for row in csv.DictReader(file)}
    assert texts - set(LITERATURE_TEXTS) - elsewhere == set()


@pytest.mark.parametrize(
    "formula",
    [
        "Li10GeP2S12",
        "Li6.4La3Zr1.4Ta0.6O12",
        "Ca10(PO4)6(OH)2",
        "K4[Fe(CN)6]",
        "Na3Zr2(SiO4)2(PO4)",
        "Li2OHCl",
        "LiNi0.8Co0.1Mn0.1O2",
        "(NH4)2SO4",
        "CoO",
        "CO",
        "Y2O3",
        "HfO2",
        "Mg(Al(OH)4)2",
        "C2H4O",
        "KSCN",
    ],
)
def test_plain_formulas_read_like_pymatgen(formula):
    assert read_formula(formula).composition == pytest.approx(Composition(formula).get_el_amt_dict())


def test_elements_are_the_first_92():
    assert {Element.from_Z(number).symbol for number in range(1, 93)} == ELEMENTS


@pytest.mark.parametrize(
    ("text", "form", "composition"),
    [
        ("β-Li3PS4", "β", {"Li": 3, "P": 1, "S": 4}),
        ("Li3PS4 glass", "glass", {"Li": 3, "P": 1, "S": 4}),
        ("Li7P3S11 glass-ceramic", "glass-ceramic", {"Li": 7, "P": 3, "S": 11}),
        ("Li7P3S11 (glass ceramic)", "glass ceramic", {"Li": 7, "P": 3, "S": 11}),
        ("amorphous Si", "amorphous", {"Si": 1}),
        ("amorphous Si thin film", "amorphous thin film", {"Si": 1}),
        ("LiPON film", "film", None),
        ("γ-Li3PS4 (nanoporous)", "γ nanoporous", {"Li": 3, "P": 1, "S": 4}),
        ("single-crystal Li7La3Zr2O12", "single-crystal", LLZO),
        ("Li6PS5Cl", "", ARGYRODITE),
    ],
)
def test_form_words_are_kept_apart(text, form, composition):
    reading = read_formula(text)
    assert set(reading.form.split()) == set(form.split())
    assert reading.composition == composition


def parts_of(text: str) -> list[tuple[str, str]]:
    return [(part["text"], part["role"]) for part in read_formula(text).parts]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Si@Li7P3S11", [("Si", "core"), ("Li7P3S11", "shell")]),
        ("Si@SiO2@C", [("Si", "core"), ("SiO2", "shell"), ("C", "shell")]),
        ("Si@LPSCl", [("Si", "core"), ("LPSCl", "shell")]),
        ("PEO/LiTFSI/Al2O3", [("PEO", "polymer"), ("LiTFSI", "salt"), ("Al2O3", "component")]),
        ("PEO/LiTFSI + 10 wt% LLZTO", [("PEO", "polymer"), ("LiTFSI", "salt"), ("LLZTO", "inorganic")]),
        ("Li2S-P2S5", [("Li2S", "component"), ("P2S5", "component")]),
        ("75Li2S-25P2S5", [("75Li2S", "component"), ("25P2S5", "component")]),
        ("50LLZAO-50Li2S", [("50LLZAO", "component"), ("50Li2S", "component")]),
        ("PEO", [("PEO", "polymer")]),
    ],
)
def test_parts_and_roles(text, parts):
    assert parts_of(text) == parts


def test_parts_carry_their_own_composition():
    core, shell = read_formula("Si@Li7P3S11").parts
    assert (core["composition"], shell["composition"]) == ({"Si": 1}, {"Li": 7, "P": 3, "S": 11})
    lithium_sulfide, phosphorus_sulfide = read_formula("75Li2S-25P2S5").parts
    assert (lithium_sulfide["moles"], lithium_sulfide["composition"]) == (75, {"Li": 2, "S": 1})
    assert (phosphorus_sulfide["moles"], phosphorus_sulfide["composition"]) == (25, {"P": 2, "S": 5})


@pytest.mark.parametrize(
    ("text", "shares", "basis"),
    [
        ("PEO/LiTFSI + 10 wt% LLZTO", [None, None, 10], "weight"),
        ("Li6PS5Cl + 5 vol% SiO2", [None, 5], "volume"),
        ("90 mol% Li2S + 10mol%P2S5", [90, 10], "mole"),
        ("Si/C/Li6PS5Cl (6:1:3 wt)", [60, 10, 30], "weight"),
        ("Si/C (3:1 v%)", [75, 25], "volume"),
        ("Si/C (3:1 weight ratio)", [75, 25], "weight"),
        ("Si/C (1:4 molar ratio)", [20, 80], "mole"),
        ("Si/C (1:4)", [20, 80], "unstated"),
        pytest.param("Si/C (3:1 mass ratio)", [75, 25], "weight"),
        pytest.param("Si/C (3:1 by weight)", [75, 25], "weight"),
    ],
)
def test_shares_and_ratios(text, shares, basis):
    parts = read_formula(text).parts
    assert [part.get("share_pct") for part in parts] == shares
    assert {part["basis"] for part in parts if "basis" in part} == {basis}


def test_share_of_a_single_component():
    assert [part["composition"] for part in read_formula("99.9 wt% µ-Si").parts] == [{"Si": 1}]


def test_molar_ratio_of_a_system():
    reading = read_formula("Li2S-P2S5 (75:25 mol%)")
    assert reading.composition == pytest.approx(GLASS_75)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("30LiI-70(0.75Li2S-0.25P2S5)", id="mixture inside brackets"),
        pytest.param("(100-x)Li2S-xP2S5 (x=25)", id="variable in front of a component"),
    ],
)
def test_nested_and_variable_moles(text):
    # 70 (Li1.5 S2 P0.5) + 30 LiI: Li 105 + 30, S 140, P 35, I 30
    expected = GLASS_75 if "x" in text else {"Li": 135, "I": 30, "S": 140, "P": 35}
    assert read_formula(text).composition == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "composition", "role", "held"),
    [
        ("LPSCl", ARGYRODITE, "inorganic", "sulfide-argyrodite"),
        ("LiPSCl", ARGYRODITE, "inorganic", "sulfide-argyrodite"),
        ("LLZTO", LLZTO, "inorganic", "oxide-garnet"),
        ("LiPON", None, "inorganic", "lipon"),
        ("peo", None, "polymer", "polymer"),
        # bis(trifluoromethanesulfonyl)imide: N(SO2CF3)2
        ("LiTFSI", {"Li": 1, "C": 2, "F": 6, "N": 1, "O": 4, "S": 2}, "salt", None),
    ],
)
def test_names_are_looked_up_first(text, composition, role, held):
    reading = read_formula(text)
    assert reading.composition == composition
    assert reading.electrolyte_class == held
    assert [(part["role"], part["source"]) for part in reading.parts] == [
        (role, aliases()[reading.parts[0]["text"]].source)
    ]


@pytest.mark.parametrize("alias", aliases().values(), ids=lambda alias: alias.name)
def test_every_alias_has_a_source_and_reads_as_pymatgen_reads_its_formula(alias):
    assert alias.source
    if alias.role == "ambiguous":
        assert not alias.composition
    elif alias.composition:
        assert read_formula(alias.name).composition == pytest.approx(Composition(alias.composition).get_el_amt_dict())
    else:
        assert read_formula(alias.name).composition is None


REFUSALS = {
    "": "empty formula; expected a composition or a known name",
    "  \t ": "empty formula; expected a composition or a known name",
    "Li" * 151: f"the formula has 302 characters, expected at most {MAX_LENGTH}",
    "LLZTX": "LLZTX: cannot read 'LLZTX'; closest known names: LLZTO, LL",
    "Qq2O3": "Qq2O3: cannot read 'Qq2O3'",
    "Li6PS5Xy": "cannot read 'Xy'",
    "Li6PS5Cl?": "cannot read '?'",
    "Li(PO4": "Li(PO4: unbalanced brackets, '(' is never closed",
    "LiPO4)3": "LiPO4)3: unbalanced brackets, ')' closes nothing",
    "Li(PO4]3": "unbalanced brackets, ']' closes nothing",
    "(" * 9 + "Li" + ")" * 9: f"brackets nested deeper than {MAX_DEPTH}",
    "Li7-xLa3Zr2-xTaxO12": "Li7-xLa3Zr2-xTaxO12: x has no value; add for example (x=0.4)",
    "LiyMn2O4 (x=0.4)": "y has no value; add for example (y=0.4)",
    "Li1-xS (x=2)": "the amount 1-x is -1, expected 0 to 10000",
    "Li10001S": "the amount 10001 is 10001, expected 0 to 10000",
    "Li0S0": "no element with an amount above zero",
    "()": "no element with an amount above zero",
    "LPS": "LPS: LPS is Li3PS4 in one paper and Li7P3S11 in another; write the formula instead",
    "Si@LPS": "write the formula instead",
    "LiPS": "looks like an abbreviation, and is not a known one; closest known names: LPS, LiPSCl, LPSI",
    "LiSiPS": "looks like an abbreviation, and is not a known one; closest known names: LiSiPON",
    "PVK": "looks like an abbreviation",
    "argyrodite": "'argyrodite' names a class of electrolytes, not one; write its formula, such as Li6PS5Cl; the class",
    "Sulfide argyrodites": "names a class of electrolytes, not one; write its formula, such as Li6PS5Cl",
    "NASICON glass": "'NASICON' names a class of electrolytes, not one; write its formula, such as Li1.3Al0.3Ti1.7(PO",
    "halides": "'halides' names a class of electrolytes, not one; write its formula, such as Li3InCl6; the class goes",
    "SSE (Li6PS5Cl)": "'SSE' names a class of electrolytes, not one; write its formula",
    "Si/C/PEO (60:40)": "Si/C/PEO (60:40): 3 components but a ratio of 2 numbers",
    "PEO/nonsense": "cannot read 'nonsense'",
}


@pytest.mark.parametrize(("text", "message"), REFUSALS.items(), ids=lambda value: value[:20])
def test_refusals_say_why(text, message):
    with pytest.raises(FormulaError, match=re.escape(message)):
        read_formula(text)


def test_unknown_name_is_answered_with_the_three_closest():
    # letters shared in order, twice, over all letters: LLZTO 8/10, LLZO 6/9, LLTO 6/9, next LATP 4/9
    with pytest.raises(FormulaError) as refusal:
        read_formula("LLZTX")
    assert set(str(refusal.value).split("names: ")[1].split(", ")) == {"LLZTO", "LLZO", "LLTO"}


def test_an_amount_at_the_limit_is_read():
    assert read_formula("Li10000S").composition == {"Li": 10000, "S": 1}


def test_brackets_at_the_limit_are_read():
    # doubled eight times: 2 to the 8th
    assert read_formula("(" * MAX_DEPTH + "Li" + ")2" * MAX_DEPTH).composition == {"Li": 256}


def test_a_long_formula_is_shortened_in_the_message():
    with pytest.raises(FormulaError, match=r"^(Li){28}L\.\.\.: unbalanced"):
        read_formula("Li" * 40 + "(")


@pytest.mark.parametrize("value", [None, 3, float("nan")])
def test_no_text_is_refused(value):
    with pytest.raises(FormulaError, match="empty formula"):
        read_formula(value)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("@", id="ValueError of zip"),
        pytest.param("Li(Si@C)", id="RecursionError"),
        pytest.param("Si/C (0:0)", id="ZeroDivisionError"),
        pytest.param("·", id="reading with an empty composition, from a dot"),
        pytest.param("x=1", id="reading with an empty composition, from a variable"),
        pytest.param("(3:1)", id="reading with an empty composition, from a ratio"),
        pytest.param("0Li2S", id="composition of zeros"),
        pytest.param("Si@", id="coating without a shell"),
        pytest.param("75Li2S-", id="mixture without its second half"),
        pytest.param("Li6PS5Cl (1:1)", id="ratio of one component ignored"),
        pytest.param("100000Li2S-1P2S5", id="coefficient above the largest amount"),
        pytest.param("PVK", id="PVK: poly(vinylcarbazole) read as phosphorus, vanadium and potassium"),
        pytest.param("PPS", id="PPS: poly(phenylene sulfide) read as P2S"),
    ],
)
def test_texts_that_should_be_refused(text):
    with pytest.raises(FormulaError):
        read_formula(text)


def test_a_component_of_zero_moles_leaves_no_elements():
    assert read_formula("0LiI-100P2S5").composition == {"P": 200, "S": 500}


def test_a_reading_cannot_be_spoilt_by_its_reader():
    with contextlib.suppress(TypeError):  # a mapping that cannot be written is as good as a copy
        read_formula("Li2S8").composition["Li"] = 99.0
    assert read_formula("Li2S8").composition == {"Li": 2, "S": 8}


def test_as_dict_holds_what_the_command_prints():
    assert read_formula("Li3PS4 glass").as_dict() == {
        "text": "Li3PS4 glass",
        "composition": {"Li": 3, "P": 1, "S": 4},
        "form": "glass",
        "parts": [{"text": "Li3PS4", "role": "component", "moles": 1, "composition": {"Li": 3, "P": 1, "S": 4}}],
    }


same_every_time = settings(derandomize=True, deadline=None, max_examples=200)
AMOUNTS = st.decimals(min_value="0.001", max_value=9999, places=3).map(float)
COMPOSITIONS = st.dictionaries(st.sampled_from(sorted(ELEMENTS)), AMOUNTS, min_size=1, max_size=12)


@pytest.mark.slow
@same_every_time
@given(COMPOSITIONS)
def test_any_printed_composition_is_read_back(amounts):
    printed = "".join(f"{element}{amount:.3f}" for element, amount in amounts.items())
    assert read_formula(printed).composition == pytest.approx(amounts)


@pytest.mark.slow
@same_every_time
@given(st.lists(st.tuples(st.integers(1, 99), COMPOSITIONS), min_size=2, max_size=2))
def test_a_mixture_is_the_sum_of_its_components(components):
    printed = "-".join(
        f"{moles}" + "".join(f"{element}{amount:.3f}" for element, amount in amounts.items())
        for moles, amounts in components
    )
    if len(printed) <= MAX_LENGTH:
        elements = {element for _, amounts in components for element in amounts}
        assert read_formula(printed).composition == pytest.approx(
            {name: sum(moles * amounts.get(name, 0) for moles, amounts in components) for name in elements}
        )


PIECES = [*"()[]{}-+/·.,=%xyz 0123456789₂₋ₓβ", "Li", "Si", "P", "S", "wt", "mol", "glass", "PEO", "LPS"]


def read_or_refuse(text: str) -> None:
    with contextlib.suppress(FormulaError):
        assert isinstance(read_formula(text), Reading)


@same_every_time
@given(
    st.text(st.characters(exclude_characters="@:"), max_size=320)
    | st.lists(st.sampled_from(PIECES), max_size=40).map("".join)
)
def test_garbage_is_read_or_refused(text):
    read_or_refuse(text)


@pytest.mark.slow
@same_every_time
@given(st.text(max_size=320) | st.lists(st.sampled_from([*PIECES, "@", ":"]), max_size=40).map("".join))
@example("@")
@example("Li(Si@C)")
@example("Si/C (0:0)")
def test_garbage_with_coatings_and_ratios_is_read_or_refused(text):
    read_or_refuse(text)


@pytest.mark.parametrize(
    ("text", "form", "composition"),
    [
        ("c-Si", "c", {"Si": 1}),
        ("a-Si", "a", {"Si": 1}),
        ("u Si", "u", {"Si": 1}),
        ("nanoSi", "nano", {"Si": 1}),
        ("Si-nanowires", "nanowires", {"Si": 1}),
        ("Porous SiO2 electrode", "Porous electrode", {"Si": 1, "O": 2}),
        ("3D hollow silicon Spheres", "3D hollow Spheres", {"Si": 1}),
        ("CSi", "", {"C": 1, "Si": 1}),
        ("CoSi2", "", {"Co": 1, "Si": 2}),
        ("nSi3", "", None),  # no size letter without its hyphen, and no element n
        ("Li7La3Zr2O12, cubic garnet", "cubic", LLZO),
        ("LLZTO composite", "composite", None),
        ("Li6PS5Cl composite", "composite", None),
    ],
)
def test_words_of_size_and_architecture_are_form(text, form, composition):
    assert stated(text) == composition
    if composition:
        assert set(read_formula(text).form.split()) == set(form.split())


@pytest.mark.parametrize("text", ["garnet-like LLZO", "fiber-supported PEO", "silicon-based", "NW", "anode"])
def test_words_that_are_no_form_are_not_taken_off(text):
    with pytest.raises(FormulaError):
        read_formula(text)


@pytest.mark.parametrize(
    ("text", "composition"),
    [
        ('"Li6PS5Cl"', ARGYRODITE),
        ("“Li6PS5Cl”", ARGYRODITE),
        ("' \"Li6PS5Cl\" '", ARGYRODITE),
        # 0.5 Li2S + 0.5 (0.4 P2S5 + 0.6 Sb2S3): Li 1, S 0.5 + 1 + 0.9, P 0.4, Sb 0.6
        ('"(Li2S)0.5 ((P2S5)0.4 (Sb2S3)0.6)0.5"', {"Li": 1, "S": 2.4, "P": 0.4, "Sb": 0.6}),
        ("( Li2S )0.5 (P2S5)0.5", {"Li": 1, "S": 3, "P": 1}),
        ("(Li2S)0.5 P2S5", {"Li": 1, "S": 5.5, "P": 2}),
        ("Li6PS5 Cl", ARGYRODITE),
        ("Li7 La3 Zr2 O12", LLZO),
        ("CuSO4*5H2O", {"Cu": 1, "S": 1, "O": 9, "H": 10}),
        ("LiOH·H2O", {"Li": 1, "O": 2, "H": 3}),
        ("75*Li2S-25*P2S5", GLASS_75),
        ("Li+", {"Li": 1}),
        ("PS4^3-", {"P": 1, "S": 4}),
        ("[PS4]^{3-}", {"P": 1, "S": 4}),
        ("PS₄³⁻", {"P": 1, "S": 4}),
        ("PF₆⁻", {"P": 1, "F": 6}),
        ("75 mol% Li2S-25 mol% P2S5", GLASS_75),
    ],
)
def test_quotes_blanks_stars_and_charges(text, composition):
    assert read_formula(text).composition == pytest.approx(composition)


TRUE_CAUSES = {
    '"Li3PS4': 'a quote (") that does not enclose the whole text',
    "Li'3PS4": "a quote (') that does not enclose the whole text",
    '""': "nothing stands between the quotes",
    "Li3PS4*": "a star stands where no two formulas meet",
    "PS43-": "unclear whether the digit is an amount or a charge; write the charge behind ^",
    "Ca2+": "unclear whether the digit is an amount or a charge",
    "Li3PS4 LiI": "a blank stands between 'Li3PS4' and 'LiI', which may be two formulas or words",
    "Li3P Li2S": "a blank stands between 'Li3P' and 'Li2S'",
    "Si Li6PS5Cl": "a blank stands between 'Si' and 'Li6PS5Cl'",
    "Mg2Si Li6PS5Cl": "a blank stands between 'Mg2Si' and 'Li6PS5Cl'",
    "Li6PS5Cl Si": "a blank stands between 'Li6PS5Cl' and 'Si'",
    "PI (OH)2": "a blank stands between 'PI' and '(OH)2'",
    "Li6PS5Cl tablet": "a blank stands between 'Li6PS5Cl' and 'tablet'",
    "Li3 (PO4)": "unclear whether '(PO4)' behind the blank is a part of the formula",
    "Si (graphite)": "'(graphite)' names graphite beside the formula",
    "Si, carbon": "'(carbon)' names carbon beside the formula",
    "Li3PS4 (6 at% N)": "cannot tell what the share or ratio in '(6 at% N)' is meant of",
    "75Li2S-25P2S5 (10 wt%)": "cannot tell which part the share of 10 % is meant of",
    "SSE": "'SSE' names a class of electrolytes, not one",
    "Si|": "a piece is missing beside '|'",
    "Si with ": "a blank stands between 'Si' and 'with'",
    "Si/C/": "a piece is missing beside '/'",
    "Li6PS5Cl|Li3InCl6 (1:1)": "a ratio of layers cannot be read",
    "PAN-LiTFSI (EO:Li = 18)": "an EO:Li ratio needs PEO and one lithium salt beside it",
    "PEO-LiTFSI (EO:Li = 0:1)": "an EO:Li ratio of zero",
    "thin film": "nothing is left to read beside words of form",
    "XYZ (I)": "XYZ (I): cannot read 'XYZ'",
    "XYZ (PEO, foo)": "XYZ (PEO, foo): cannot read 'XYZ'",
    "Qq-doped LLZO": "cannot read 'Qq'",
    "Qq2.5 (annealed)": "cannot read 'Qq2.5'",
    "2Li7-xLa3 (x=1)": "unclear whether '-x' is an amount or a component",
}


@pytest.mark.parametrize(("text", "message"), TRUE_CAUSES.items(), ids=lambda value: value[:20])
def test_refusals_name_the_true_cause(text, message):
    with pytest.raises(FormulaError, match=re.escape(message)):
        read_formula(text)


@pytest.mark.parametrize("text", ["graphit", "graphite-like", "hardcarbon", "pPEGMA"])
def test_no_anode_is_suggested_for_an_electrolyte(text):
    with pytest.raises(FormulaError, match=r"cannot read (?!.*names: .*(graphite,|graphite$|carbon|GA\b))"):
        read_formula(text)


@pytest.mark.parametrize("text", ["Li3PS4 LiI", "Li3PS4*", '"Li3PS4', "PEO-LiTFSI (EO:Li = 0:1)", "SSE"])
def test_closest_names_are_for_unknown_names_only(text):
    with pytest.raises(FormulaError, match=r"^(?!.*closest known names)"):
        read_formula(text)


@pytest.mark.parametrize(
    ("text", "name", "held"),
    [
        ("Al-LLZO", "Al-LLZO", "oxide-garnet"),
        ("Al-doped LLZO", "Al-doped LLZO", "oxide-garnet"),
        ("LLZO doped with Al", "LLZO doped with Al", "oxide-garnet"),
        ("Ga/Y co-doped LLZO", "Ga/Y co-doped LLZO", "oxide-garnet"),
        ("Ti-LATP", "Ti-LATP", "oxide-nasicon"),
        ("Ta-doped Li7La3Zr2O12", "Ta-doped Li7La3Zr2O12", None),
    ],
)
def test_a_doped_name_is_one_phase_of_unstated_composition(text, name, held):
    reading = read_formula(text)
    assert ([part["text"] for part in reading.parts], reading.composition, reading.electrolyte_class) == (
        [name],
        None,
        held,
    )


def test_silicon_beside_a_garnet_is_no_dopant():
    assert [part["composition"] for part in read_formula("Si-LLZO").parts] == [{"Si": 1}, LLZO]


def test_moles_of_a_doped_name_have_no_composition():
    assert parts_of("0.5Al-LLZO-0.5Li2S") == [("0.5Al-LLZO", "component"), ("0.5Li2S", "component")]
    assert read_formula("0.5Al-LLZO-0.5Li2S").composition is None


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Li6PS5Cl|Li3InCl6", [("Li6PS5Cl", "layer"), ("Li3InCl6", "layer")]),
        ("Si/graphite double layer", [("Si", "layer"), ("graphite", "layer")]),
        ("Li6PS5Cl bilayer", [("Li6PS5Cl", "component")]),
        ("carbon-coated Si", [("Si", "core"), ("carbon", "shell")]),
        ("Si coated with hard carbon", [("Si", "core"), ("hard carbon", "shell")]),
        ("Si with PAN", [("Si", "component"), ("PAN", "polymer")]),
        ("SPE: PEO/LiTFSI", [("PEO", "polymer"), ("LiTFSI", "salt")]),
        ("Si/SSE", [("Si", "component"), ("SSE", "component")]),
        ("XYZ (PEO, LLZTO)", [("PEO", "polymer"), ("LLZTO", "inorganic")]),
        ("XYZ (Li6PS5Cl)", [("Li6PS5Cl", "component")]),
        ("Si (10 wt% LPSCl)", [("Si", "component"), ("LPSCl", "inorganic")]),
        ("Si (0 wt% LPSCl)", [("Si", "component")]),
    ],
)
def test_layers_coatings_lists_and_remarks(text, parts):
    assert parts_of(text) == parts


def test_the_form_of_a_part_is_no_part_of_its_name():
    core, shell = read_formula("Si@beta-Li3PS4").parts
    assert (core["composition"], shell["composition"]) == ({"Si": 1}, {"Li": 3, "P": 1, "S": 4})


@pytest.mark.parametrize(
    ("text", "share", "composition"),
    [
        ("99.9 wt% Si", 99.9, {"Si": 1}),
        ("Li6PS5Cl (39 wt%)", 39, ARGYRODITE),
        ("Si (99.9 wt% Si)", 99.9, {"Si": 1}),
    ],
)
def test_one_phase_with_a_share_has_its_composition(text, share, composition):
    reading = read_formula(text)
    assert (reading.composition, [part["share_pct"] for part in reading.parts]) == (composition, [share])


@pytest.mark.parametrize("text", ["PEO-LiTFSI (EO:Li = 18:1)", "PEO/LiTFSI, EO/Li=18", "PEO-LiTFSI ([EO]:[Li] = 18)"])
def test_ether_units_per_lithium_give_the_composition(text):
    # 18 C2H4O and LiN(SO2CF3)2: C 36 + 2, H 72, O 18 + 4
    reading = read_formula(text)
    assert reading.composition == {"C": 38, "H": 72, "O": 22, "Li": 1, "N": 1, "S": 2, "F": 6}
    assert (reading.electrolyte_class, [part["moles"] for part in reading.parts]) == ("polymer", [18, 1])


def test_ether_units_with_a_filler_have_no_composition_of_the_whole():
    reading = read_formula("PEO/LiTFSI/LLZTO (EO:Li = 18:1)")
    assert (reading.composition, [part.get("moles") for part in reading.parts]) == (None, [18, 1, None])


@pytest.mark.parametrize(
    ("text", "composition", "held"),
    [
        # 75 g Si over 28.0855 g/mol, 25 g C over 12.0107 g/mol
        ("Si/C (3:1 wt)", {"Si": 2.67042, "C": 2.08148}, None),
        # 70 g C2H4O over 44.0526: 1.589010; 30 g LiTFSI over 287.09: 0.104497; C 2 x 1.589010 + 2 x 0.104497
        (
            "PEO/LiTFSI (70:30 wt)",
            {"C": 3.38701, "H": 6.35604, "O": 2.00700, "Li": 0.104497, "N": 0.104497, "S": 0.208994, "F": 0.626982},
            "polymer",
        ),
        ("0 wt% Si + 100 wt% C", {"C": 8.32591}, None),
        ("90 wt% Si + 20 wt% C", None, None),  # 110 %: one of them is no share of the whole
        ("90 wt% Si + 10 vol% C", None, None),
        ("Si/C (3:1)", None, None),
        ("Si/LPSI (1:1 wt)", None, None),
        ("50 mol% PEO + 50 mol% LiTFSI", None, None),  # moles of chains or of units
        ("Si@C (9:1 wt)", None, None),
    ],
)
def test_shares_by_weight_of_every_part_give_the_composition(text, composition, held):
    reading = read_formula(text)
    assert reading.composition == (composition and pytest.approx(composition, rel=1e-4))
    assert reading.electrolyte_class == held


def test_a_polymer_with_a_ceramic_by_weight_is_a_composite():
    assert read_formula("90 wt% PEO + 10 wt% LLZTO").electrolyte_class == "composite"


def test_repeat_units_are_those_of_the_monomers():
    # ethylene oxide, acrylonitrile, propylene oxide and carbon dioxide, vinylidene fluoride, 1,3-dioxolane,
    # tetrafluoroethylene, ethylene glycol less water, propylene oxide, tetrahydrofuran, formaldehyde, methyl
    # methacrylate, vinyl acetate, vinyl alcohol, vinyl chloride, vinylpyrrolidone, ethylene or trimethylene oxide and
    # carbon dioxide, caprolactone, lactic acid less water, dimethylsilanediol less water; allyl glycidyl ether, the
    # same with ethanethiol added, 3-hydroxytri(ethoxy)methyl-3-methyloxetane, a methacrylamide of (NCCH2CH2OCH2)3CNH2,
    # glucosamine less water
    units = {
        "PAGE": "C6H10O2", "PEthioPGE": "C8H16O2S", "PHEMO": "C11H22O5", "PMCA": "C17H24N4O4", "chitosan": "C6H11NO4",
        "PEO": "C2H4O", "PAN": "C3H3N", "PPC": "C4H6O3", "PVDF": "C2H2F2", "PDOL": "C3H6O2", "PTFE": "C2F4",
        "PEG": "C2H4O", "PPO": "C3H6O", "PTHF": "C4H8O", "POM": "CH2O", "PMMA": "C5H8O2", "PVAc": "C4H6O2",
        "PVA": "C2H4O", "PVC": "C2H3Cl", "PVP": "C6H9NO", "PEC": "C3H4O3", "PTMC": "C4H6O3", "PCL": "C6H10O2",
        "PLA": "C3H4O2", "PDMS": "C2H6OSi",
    }  # fmt: skip
    assert {alias.name: alias.repeat_unit for alias in aliases().values() if alias.repeat_unit} == units


@pytest.mark.parametrize(
    "text", ["Al-doped LLZO", "Ta0.5-doped LLZO", "LLZO Ta0.5", "LLZO:Ta0.5", "LLZO doped with Al"]
)
def test_a_dopant_is_no_phase_and_leaves_no_composition(text):
    reading = read_formula(text)
    assert reading.composition is None
    assert reading.electrolyte_class == "oxide-garnet"
    assert len(reading.parts) == 1
