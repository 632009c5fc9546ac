"""Polymer electrolytes: read from text, their repeat units, and what is said where half of one is missing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.composition import read_design
from features.electrolyte_columns import read_electrolytes
from features.family import class_of_reading
from features.formulas.aliases import aliases
from features.formulas.polymer_notation import polymers
from features.formulas.reader import FormulaError, read_formula
from features.formulas.stoichiometry import parse
from features.polymers.polymer_electrolyte import NO_POLYMER, NO_SALT, polymer_electrolyte
from features.polymers.smiles import StructureError, read_structure
from features.polymers.vector import FEATURES, unit_numbers, vector
from features.tables.designs import Designs
from features.tables.literature import Literature
from models.notices import joined, reading_notices

# PEO: C2H4O, 2 * 12.011 + 4 * 1.008 + 15.999 = 44.053 g per unit; LiTFSI: 287.09 g/mol
IN_WEIGHT = 1000 * 30 / 70 / 287.09
PHEMO = "*CC(C)(COCCOCCOCCO)CO*"
CHITOSAN = "*C1OC(CO)C(O*)C(O)C1N"


@pytest.mark.parametrize(
    ("text", "kind", "units", "molality"),
    [
        ("PEO/LiTFSI", "polymer", ["*CCO*"], np.nan),
        ("P(EO)20LiTFSI", "polymer", ["*CCO*"], 1000 / (20 * 44.053)),
        ("PEO16LiTFSI", "polymer", ["*CCO*"], 1000 / (16 * 44.053)),
        ("(PEO)8LiClO4", "polymer", ["*CCO*"], 1000 / (8 * 44.053)),
        ("PEO:LiTFSI = 18:1", "polymer", ["*CCO*"], 1000 / (18 * 44.053)),
        ("PEO-LiTFSI (EO:Li = 18)", "polymer", ["*CCO*"], 1000 / (18 * 44.053)),
        ("poly(ethylene oxide) with 30 wt% LiTFSI", "polymer", ["*CCO*"], IN_WEIGHT),
        ("PEO/LiTFSI (70:30 by weight)", "polymer", ["*CCO*"], IN_WEIGHT),
        ("PAN/LiTFSI (1.2 mol/kg)", "polymer", ["*CC(C#N)*"], 1.2),
        ("PVDF/1 m LiFSI", "polymer", ["*CC(F)(F)*"], 1.0),
        ("P(VDF-HFP)/LiTFSI", "polymer", ["*CC(F)(F)*"], np.nan),
        ("PMMA-LiClO4", "polymer", ["*CC(C)(C(=O)OC)*"], np.nan),
        ("PPC/LiDFOB", "polymer", ["*CC(C)OC(=O)O*"], np.nan),
        ("poly(trioxane)/LiDFOB", "polymer", ["*CO*"], np.nan),
        ("PDOL-LiPF6", "polymer", ["*CCOCO*"], np.nan),
        ("PVA/LiBOB", "polymer", ["*CC(O)*"], np.nan),
        ("self-healing PEO/LiTf", "polymer", ["*CCO*"], np.nan),
        ("PEO/PCL/LiBF4", "polymer", ["*CCO*", "*CCCCCC(=O)O*"], np.nan),
        ("PEO/SN/LiTFSI", "polymer", ["*CCO*"], np.nan),
        ("PEO/succinonitrile/LiTFSI", "polymer", ["*CCO*"], np.nan),
        ("PVDF-HFP/LiTFSI gel", "gel", None, None),  # of which liquid is not said: no polymer with a salt alone
        ("PEO-LiTFSI (EO:Li = 18) gel polymer electrolyte", "gel", None, None),
        ("PEO-LiTFSI + 20 wt% EC", "gel", None, None),
        ("PEO-LiTFSI (EO:Li = 18) + 10 wt% LLZTO", "composite", None, None),
        ("P(EO)18LiTFSI-10%LLZTO", "composite", None, None),
        # acrylonitrile: C3H3N, 53.06 g and one nitrile per unit
        ("PAN-LiTFSI (CN:Li 2:1)", "polymer", ["*CC(C#N)*"], 1000 / (2 * 53.064)),
        # methyl methacrylate: C5H8O2, 100.12 g; of its two oxygens the carbonyl's counts
        ("PMMA/LiClO4 (O/Li = 4)", "polymer", ["*CC(C)(C(=O)OC)*"], 1000 / (4 * 100.117)),
        ("PMMA/LiClO4 (C=O:Li = 4)", "polymer", ["*CC(C)(C(=O)OC)*"], 1000 / (4 * 100.117)),
        # 1,3-dioxolane: C3H6O2, 74.08 g and two ether oxygens per unit
        ("PDOL-LiTFSI ([O]/[Li+] = 20)", "polymer", ["*CCOCO*"], 1000 / (10 * 74.079)),
        ("PEO/LiTFSI (O/Li = 16)", "polymer", ["*CCO*"], 1000 / (16 * 44.053)),
        ("PVDF/LiTFSI (CN:Li 2:1)", "polymer", ["*CC(F)(F)*"], np.nan),  # holds no nitrile
        # two lithium in one oxalate: 20 units each
        ("PPO/lithium oxalate (O:Li = 10)", "polymer", ["*CC(C)O*"], 1000 / (20 * 58.080)),
        # trimethylene carbonate: C4H6O3, 102.09 g
        ("(TMC)2LiClO4", "polymer", ["*CCCOC(=O)O*"], 1000 / (2 * 102.089)),
        ("P(TMC)20LiTFSI", "polymer", ["*CCCOC(=O)O*"], 1000 / (20 * 102.089)),
        ("P(EC)2LiTFSI", "polymer", ["*CCOC(=O)O*"], 1000 / (2 * 88.062)),
        ("(EO)20LiTFSI", "polymer", ["*CCO*"], 1000 / (20 * 44.053)),
        ("PEO-SN-LiTFSI (PEO:SN 1.5:1, EO:Li 4:1)", "polymer", ["*CCO*"], 1000 / (4 * 44.053)),
        ("PEO/LiPHFIPSI (EO/Li = 16)", "polymer", ["*CCO*"], 1000 / (16 * 44.053)),
        # by weight: LiSCN 65.02, LiCF3SO3 156.00, LiBOB 193.79, LiClO4 106.39 g/mol
        ("85PCL:15LiSCN", "polymer", ["*CCCCCC(=O)O*"], 1000 * 15 / 65.02 / 85),
        ("poly(ethylene oxide) with lithium triflate, 95 to 5", "polymer", ["*CCO*"], 1000 * 5 / 156.00 / 95),
        ("PHEMO with PVDF-HFP and 10 wt% LiBOB", "polymer", [PHEMO, "*CC(F)(F)*"], 1000 * 10 / 193.79 / 90),
        ("chitosan acetate with 44.44 wt% LiClO4", "polymer", [CHITOSAN], 1000 * 44.44 / 106.39 / 55.56),
        ("85PCL:15LiSCN + 40 wt% EC", "gel", None, None),
        ("PAGE-LiTFSI", "polymer", ["*CC(COCC=C)O*"], np.nan),
        ("PEthioPGE-LiTFSI", "polymer", ["*CC(COCCCSCC)O*"], np.nan),
        ("PEO/lithium oxalate", "polymer", ["*CCO*"], np.nan),
        ("self-healing polymer/LiTFSI", "polymer", None, None),  # of no stated structure
    ],
)
def test_a_polymer_electrolyte_is_read(text: str, kind: str, units: list[str] | None, molality: float) -> None:
    reading = read_formula(text)
    assert class_of_reading(reading) == kind
    electrolyte = polymer_electrolyte(reading, 25.0)
    if units is None:
        assert electrolyte is None
        return
    assert electrolyte is not None
    assert list(electrolyte.units) == units
    assert electrolyte.molality_mol_per_kg == pytest.approx(molality, rel=1e-3, nan_ok=True)


def test_the_filler_keeps_its_share_and_the_polymer_its_molar_mass() -> None:
    parts = read_formula("PEO-LiTFSI (EO:Li = 18) + 10 wt% LLZTO").parts
    assert [(part["text"], part.get("share_pct")) for part in parts] == [
        ("PEO", None), ("LiTFSI", None), ("LLZTO", 10.0)
    ]  # fmt: skip
    assert polymer_electrolyte(read_formula("PEO (600 kDa)/LiTFSI"), 25.0).molar_mass_g_per_mol == 600_000


def test_a_gel_has_no_composition_as_its_liquid_is_not_said() -> None:
    assert read_formula("PEO-LiTFSI (EO:Li = 18) gel").composition is None
    with pytest.raises(FormulaError, match="a blank stands between 'Li10GeP2S12' and 'gel'"):
        read_formula("Li10GeP2S12 gel")


def test_a_molality_of_two_salts_is_refused() -> None:
    with pytest.raises(FormulaError, match="is meant of one salt; 2 stand in the text"):
        read_formula("PEO/LiTFSI/LiFSI (1 mol/kg)")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("PAN/LiTFSI/LiFSI (CN:Li = 2)", "2 \\(CN_per_lithium\\) is meant of one salt; 2 stand in the text"),
        ("PAN/LiTFSI (CN:Li = 0)", "a ratio of CN to lithium of zero"),
        ("PAN/LiTFSI (CN:Li = 2:0)", "a ratio of CN to lithium of zero"),
        ("(EC)4LiPF6", "cannot read"),  # ethylene carbonate, no polymer of it
        ("PEO/LiTFSI, 40 to 60", "a blank stands between"),  # a range of temperature, more likely than of shares
    ],
)
def test_a_ratio_that_cannot_be_meant_is_refused(text: str, reason: str) -> None:
    with pytest.raises(FormulaError, match=reason):
        read_formula(text)


def test_shares_that_are_no_whole_are_no_shares() -> None:
    assert polymer_electrolyte(read_formula("85PCL:20LiTFSI"), 25.0) is None


def test_how_many_polymer_rows_that_train_are_read(literature: Literature) -> None:
    """Those left name no salt, no polymer of known structure, a liquid, or two salts."""
    rows = [row for row in literature.electrolytes if row.electrolyte_class == "polymer" and row.in_training]
    read = [row for row in rows if polymer_electrolyte(read_design(row.electrolyte, ""), 25.0) is not None]
    assert (len(read), len(rows)) == (23, 48)


@pytest.mark.parametrize(
    ("electrolyte", "notice"),
    [
        ("PEO", NO_SALT),
        ("PEO/SN", NO_SALT),
        ("LiTFSI", NO_POLYMER),
        ("PEO/LiTFSI", ""),
        ("PEO/LLZTO", ""),
        ("PEO/SiO2", NO_SALT),
        ("PVDF/Al2O3", NO_SALT),
        ("PEO/LiTFSI/SiO2", ""),
        ("PEO/MOF", ""),
        ("PVDF-HFP gel", ""),
        ("self-healing polymer gel electrolyte", ""),
    ],
)
def test_half_an_electrolyte_is_said(electrolyte: str, notice: str) -> None:
    designs = Designs.of(pd.DataFrame({"electrolyte": [electrolyte, "Li6PS5Cl"]}))
    said, other = joined(reading_notices(designs, read_electrolytes(designs))).to_pylist()
    lacking = [text for text in (NO_SALT, NO_POLYMER) if text in said.split("; ")]
    assert lacking == ([notice] if notice else [])
    assert "polymer" not in (other or "")


def test_the_structure_of_each_polymer_has_the_formula_of_its_name() -> None:
    """Formulas stand in `aliases.csv`, written from the names; structures beside, from which they are counted."""
    checked = 0
    for name, row in polymers().items():
        if row.structure and aliases()[name].repeat_unit:
            assert read_structure(row.structure).formula == parse(aliases()[name].repeat_unit, {}), name
            checked += 1
    assert checked >= 18


@pytest.mark.parametrize(
    ("notation", "formula", "ring_atoms", "backbone"),
    [
        # styrene: C8H8, six of them in the ring, two in the chain
        ("[Cu]CC(C1=CC=CC=C1)[Au]", {"C": 8, "H": 8}, 6, 2),
        ("[Cu]OCC[Au]", {"C": 2, "H": 4, "O": 1}, 0, 3),
        # dimethylsiloxane, brackets and all
        ("*[Si](C)(C)O*", {"Si": 1, "C": 2, "H": 6, "O": 1}, 0, 2),
        ("O=S(=O)([N-]S(=O)(=O)C(F)(F)F)C(F)(F)F.[Li+]", {"C": 2, "F": 6, "N": 1, "O": 4, "S": 2, "Li": 1}, 0, 0),
        # aromatic letters: benzene
        ("c1ccccc1", {"C": 6, "H": 6}, 6, 0),
    ],
)
def test_a_structure_is_counted(notation: str, formula: dict[str, float], ring_atoms: int, backbone: int) -> None:
    structure = read_structure(notation)
    assert structure.formula == formula
    assert (len(structure.ring_atoms), len(structure.backbone)) == (ring_atoms, backbone)


@pytest.mark.parametrize("notation", ["", "C(C", "CC)", "C1CC", "C?C", "1CC"])
def test_a_structure_that_cannot_be_read_is_refused(notation: str) -> None:
    with pytest.raises(StructureError):
        read_structure(notation)


def test_peo_is_one_polymer_however_many_units_are_written() -> None:
    np.testing.assert_allclose(unit_numbers("*CCO*"), unit_numbers("*CCOCCOCCO*"))


def test_the_numbers_of_an_electrolyte() -> None:
    electrolyte = polymer_electrolyte(read_formula("P(EO)20LiTFSI"), 226.85)
    assert electrolyte is not None
    numbers = dict(zip(FEATURES, vector(electrolyte).tolist(), strict=True))
    assert numbers["lithium_per_ether_oxygen"] == pytest.approx(1 / 20)
    assert numbers["unit_ether_oxygen"] == pytest.approx(1 / 3)  # of C, C and O
    assert numbers["salt_F"] == pytest.approx(6 / 16)  # of Li, 2 C, 6 F, N, 4 O and 2 S
    assert numbers["inverse_temperature_per_kk"] == pytest.approx(2.0)
    assert np.isnan(numbers["log10_molar_mass"])


def test_a_letter_that_only_a_pattern_takes_for_another_is_refused() -> None:
    with pytest.raises(FormulaError):
        read_formula("poly(ethylene oxıde)/LiTFSI")  # ı is no i, whatever case is ignored
