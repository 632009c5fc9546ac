"""Formulas that are read and hardly meant: each with what was meant, and real compounds that stay unasked."""

from __future__ import annotations

from random import Random

import numpy as np
import pandas as pd
import pytest

from features.electrolyte_columns import read_electrolytes
from features.formulas import misprints
from features.formulas.misprints import misprint, objection
from features.formulas.reader import read_formula
from features.tables.records import Candidate, Measured
from models.candidates import formula_mistake, read_design, unreadable
from training.data.load import load_literature

MEANT = {
    "Li6PS5CI": "Li6PS5Cl",
    "Li5.5PS4.5C11.5": "Li5.5PS4.5Cl1.5",
    "Li3YC16": "Li3YCl6",
    "Li3YBr3C13": "Li3YBr3Cl3",
    "Li3OCI": "Li3OCl",
    "Li2C03": "Li2CO3",
    "Li3P04": "Li3PO4",
    "Li2S04": "Li2SO4",
    "LiC104": "LiClO4",
    "Li1.3Al0.3Ti1.7(P04)3": "Li1.3Al0.3Ti1.7(PO4)3",
    "Li1.3AlO.3Ti1.7(PO4)3": "Li1.3Al0.3Ti1.7(PO4)3",
    "LiO.5La0.5TiO3": "Li0.5La0.5TiO3",
    "LiI.3Al0.3Ti1.7(PO4)3": "Li1.3Al0.3Ti1.7(PO4)3",
    "Li7La3Zr2012": "Li7La3Zr2O12",
    "Li1OGeP2S12": "Li10GeP2S12",
    "Li10GeP2512": "Li10GeP2S12",
    "Li6PSSCl": "Li6PS5Cl",
    "Li20": "Li2O",
}
COMPOUNDS = (
    "LiCB11H12 Li2CO3 LiBOB LiSCN LiTFSI LiC6 LiC12 LiFePO4 LiCF3SO3 LiCoO2 Li6PS5Cl 75Li2S-25P2S5 Li2B12H12 "
    "Li10Si0.3PS6.7Cl1.8 90(75Li2S·25P2S5)·10LiI Li6PS5Cl-550C PEO Si@C"
).split()


@pytest.mark.parametrize(("text", "meant"), MEANT.items())
def test_what_was_meant(text: str, meant: str) -> None:
    assert misprint(text) == f"{meant}?"


@pytest.mark.parametrize("text", COMPOUNDS)
def test_compounds_are_not_asked_about(text: str) -> None:
    assert objection(text) is None


def test_carbon_and_huge_subscripts_without_a_reading() -> None:
    assert misprint("Li6PS5C") == "a formula without carbon, which stands beside S in no lithium conductor; Cl?"
    assert misprint("Li7La3Zr2O999") == "a subscript that compounds have, not O999"


def test_a_part_of_a_composite_is_asked_about() -> None:
    assert misprint("PEO/Li6PS5CI") == "Li6PS5Cl?"


def test_no_shipped_row_is_asked_about() -> None:
    literature = load_literature()
    texts = [text for row in literature.electrolytes for text in (row.electrolyte, row.composition) if text]
    assert [text for text in texts if misprint(text)] == []


@pytest.mark.parametrize(
    "text", ["Li6PS5Cl-550C", "Li6PS5Cl (550 °C)", "Li6PS5Cl 550 °C", "Li6PS5Cl-550C-5h", "Li6PS5Cl_823K"]
)
def test_a_temperature_is_a_remark(text: str) -> None:
    reading = read_formula(text)
    assert reading.composition == {"Li": 6, "P": 1, "S": 5, "Cl": 1}
    assert reading.form


def test_designs_one_by_one_and_together_refuse_the_same() -> None:
    texts = [
        *MEANT,
        *(text for text in COMPOUNDS if text != "LiBOB"),
        "NaCl",
        "Na3PS4",
        "LLZO",
        "Al2O3",
        "PEO/NaClO4",
        "PTFE",
    ]
    designs = pd.DataFrame({"electrolyte": texts})
    alone = [formula_mistake(Candidate(electrolyte=text), 2) is not None for text in texts]
    np.testing.assert_array_equal(unreadable(designs, read_electrolytes(designs)), alone)
    refused = dict(zip(texts, alone, strict=True))
    assert all(refused[text] for text in MEANT)
    others = ("NaCl", "Na3PS4", "Al2O3", "PTFE")  # conductors of other ions, or of none, are answered with a notice
    assert not any(refused[text] for text in ("Li6PS5Cl", "LLZO", "PEO", "LiSCN", *others))


def test_a_conductor_of_sodium_is_refused_in_words_where_something_was_measured_of_it() -> None:
    assert formula_mistake(Candidate(electrolyte="Na3PS4"), 2) is None
    mistake = formula_mistake(Measured(electrolyte="Na3PS4", conductivity_s_per_cm=1e-4), 2)
    assert "no lithium; conductors of other ions are not covered" in str(mistake)
    alone = read_design(Measured, {"electrolyte": "Na3PS4", "conductivity_s_per_cm": 1e-4}, 2)
    beside = read_design(Measured, {"electrolyte": "Na3PS4", "conductivity_s_per_cm": -1}, 2)
    assert [[mistake.column for mistake in mistakes] for mistakes in (alone, beside)] == [
        ["electrolyte"],
        ["conductivity_s_per_cm", "electrolyte"],
    ]


@pytest.mark.parametrize("text", ["Na3PS5S4", "NaC16", "Na3PS4999"])
def test_a_misprint_without_lithium_is_asked_about_as_any(text: str) -> None:
    """Na3PS4 is neutral and stays; `NaC16` is NaCl6, which is not: what cannot be put right is not asked about."""
    designs = pd.DataFrame({"electrolyte": [text]})
    refused = formula_mistake(Candidate(electrolyte=text), 2) is not None
    assert unreadable(designs, read_electrolytes(designs)).tolist() == [refused]
    assert refused == (misprint(text) is not None)


def test_what_is_passed_over_at_once_is_what_is_passed_one_by_one() -> None:
    """Formulas of random amounts, whose charges hardly ever cancel, a few of them misprints."""
    random = Random(0)
    symbols, amounts = (
        "Li Li P S Cl O C I5 La Zr20 Ge In".split(),
        ("", "2", "12", "0.53", "10.35", "5.5", "130", "0.001"),
    )
    texts = ["".join(random.choice(symbols) + random.choice(amounts) for _ in range(4)) for _ in range(400)]
    designs = pd.DataFrame({"electrolyte": texts})
    alone = [formula_mistake(Candidate(electrolyte=text), 2) is not None for text in texts]
    np.testing.assert_array_equal(unreadable(designs, read_electrolytes(designs)), alone)
    assert 20 < sum(alone) < 380


def test_a_long_text_is_not_read_again_in_all_its_repairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A third of a kilobyte of `O0` can be put right in thousands of ways: 20 of them are read, 6,000 characters."""
    read = []
    monkeypatch.setattr(misprints, "_amounts", read.append)
    assert misprint("Li" + "O0" * 149) is None
    assert len(read) == 6_000 // 300
