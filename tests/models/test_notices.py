from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.composition import composition_of
from features.electrolyte_columns import read_electrolytes
from features.family import resolve_class
from features.formulas.charge import charge_imbalance
from features.tables.designs import Designs
from models import notices
from models.domain import Domain
from models.notices import (
    domain_notices,
    joined,
    nothing,
    of_numbers,
    of_rows,
    per_case,
    placed,
    printed,
    reading_notices,
    where,
)


@pytest.fixture
def domain() -> Domain:
    """Temperatures of 20 and 30 °C, Li and S, halides; far from 1 on."""
    nothing = np.zeros((1, 1))
    return Domain(
        nothing, nothing[0], nothing[0] + 1, ["p"], 1.0, {"temperature_c": (20.0, 30.0)}, ["Li", "S"], ["halide"], [{}]
    )


def test_what_lies_outside_the_known(domain: Domain) -> None:
    designs = pd.DataFrame(
        {
            "electrolyte": ["Li2XeS4", "Li2S", "PEO"],
            "electrolyte_class": ["hydride", "halide", None],
            "temperature_c": [80.0, 25.0, np.nan],
        }
    )
    said = joined(domain_notices(domain, np.array([9.0, 0.1, np.nan]), Designs.of(designs), read_electrolytes(designs)))
    assert said.to_pylist() == [
        "far from every training design (distance 9.00, usual below 1.00); elements never seen: Xe; "
        "electrolyte class never seen: hydride; outside the known range: temperature_c 80 (20 to 30)",
        None,
        "electrolyte class never seen: polymer",
    ]


def test_a_column_known_at_one_value_has_no_range(domain: Domain) -> None:
    domain = replace(domain, ranges={"stack_pressure_mpa": (0.0, 0.0)})
    designs = pd.DataFrame({"electrolyte": ["Li2S", "Li2S"], "stack_pressure_mpa": [2.0, 0.0]})
    said = joined(
        domain_notices(domain, np.array([0.1, 0.1]), Designs.of(designs), read_electrolytes(designs))
    ).to_pylist()
    assert "outside the known range: stack_pressure_mpa 2 (only 0 seen)" in str(said[0])
    assert "outside" not in str(said[1])


def test_what_holds_no_lithium_is_said_once_and_binders_alone_too() -> None:
    names = ["Na3PS4", "Li3PS4", "PTFE", "PEO/LiTFSI", "NaCl", "PEO/NaClO4", "PEO/SiO2"]
    designs = pd.DataFrame({"electrolyte": names})
    said = joined(reading_notices(Designs.of(designs), read_electrolytes(designs))).to_pylist()
    assert ["holds no lithium" in (text or "") for text in said] == [True, False, True, False, True, True, False]
    assert "conductors of other ions are not covered, it is far from everything learnt from" in said[0]
    assert read_electrolytes(designs).without_lithium.tolist() == [True, False, False, False, True, False, False]


def test_a_polymer_without_a_salt_is_no_unknown_one() -> None:
    """The polymer model tells of it where its structure is known: then nothing is said of its class alone."""
    designs = pd.DataFrame({"electrolyte": ["PEO", "self-healing polymer"]})
    said = joined(reading_notices(Designs.of(designs), read_electrolytes(designs))).to_pylist()
    assert ["no stoichiometry known" in text for text in said] == [False, True]
    assert all("a polymer without a salt" in text for text in said)


def test_a_composite_whose_matrix_is_read_is_said_to_be_told_as_all() -> None:
    designs = pd.DataFrame(
        {"electrolyte": ["LLZO/PEO/LiTFSI", "PEO-LiTFSI + 10 wt% Al2O3", "PVDF + LLZTO", "PEO/LiTFSI"]}
    )
    said = joined(reading_notices(Designs.of(designs), read_electrolytes(designs))).to_pylist()
    assert ["neither matrix nor filler was shown to tell them apart" in text for text in said] == [
        True, True, False, False,
    ]  # fmt: skip


def test_rows_without_words_stay_in_their_places() -> None:
    first, second = where(np.array([False, True, False]), "a"), of_rows(np.array([False, True, True]), ["b", None])
    assert joined([first, second]).to_pylist() == [None, "a; b", None]
    assert joined([second, first], ", ").to_pylist() == [None, "b, a", None]
    assert printed("%+.1f of %g", np.array([[1.04, 2.0], [-0.26, 1e6]])) == ["+1.0 of 2", "-0.3 of 1e+06"]
    assert printed("%g", np.empty(0)) == []


def test_nothing_to_say_is_null() -> None:
    nobody = np.array([False, False])
    assert joined([where(nobody, "a"), of_rows(nobody, [])]).to_pylist() == [None, None]
    assert joined([where(np.array([], dtype=bool), "a")] * 2).to_pylist() == []


def test_what_is_said_of_some_stands_at_their_places() -> None:
    said = where(np.array([False, True]), "a")
    assert placed(np.array([True, False, True]), said).to_pylist() == [None, None, "a"]


WORDS = ["a", None, "", "b"]


@pytest.mark.parametrize("count", [notices._FEW, notices._FEW + 1])
def test_few_are_told_as_many(count: int) -> None:
    """Of four cases and none, in turns; an empty text says as little as none."""
    codes = np.arange(count) % 5 - 1
    said = [None if code < 0 else WORDS[code] or None for code in codes.tolist()]
    by_case, of_each = per_case(codes, WORDS), of_rows(codes >= 0, [WORDS[code] for code in codes if code >= 0])
    assert by_case.to_pylist() == of_each.to_pylist() == said
    assert per_case(codes, ["", None, "", None]).to_pylist() == where(codes < 2, "").to_pylist() == [None] * count
    third = where(codes > 1, "c")  # the cases "" and "b"
    expected = [None, "a; a", None, "c", "b; b; c"]  # of the codes -1 to 3
    assert joined([by_case, of_each, third]).to_pylist() == [expected[code + 1] for code in codes.tolist()]


def test_nothing_is_kept_of_many_designs() -> None:
    assert nothing(notices._FEW) is nothing(notices._FEW)
    assert nothing(10**6) is not nothing(10**6)
    assert nothing(3).to_pylist() == [None] * 3


@pytest.mark.parametrize("most", [2**62, 3])
def test_many_combinations_are_told_apart(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where one whole number does not hold them all, which 40 kinds of two words each need."""
    monkeypatch.setattr(notices, "_MOST_CASES", most)
    draw = np.random.default_rng(0)
    masks = draw.random((40, 200)) < 0.5
    expected = ["; ".join(f"n{kind}" for kind in np.flatnonzero(row)) or None for row in masks.T]
    assert joined([where(mask, f"n{kind}") for kind, mask in enumerate(masks)]).to_pylist() == expected


def test_numbers_are_rounded_as_python_rounds_them() -> None:
    """2.675 lies below the tie and 0.125 on it; Python's % rounds the very double, ties to even."""
    values = np.array([2.675, 0.125, 0.375, 1.005, np.nan, 3.14159, 1234.5, -0.255])
    found = of_numbers("at %.2f", 2, values).to_pylist()
    assert found == ["at 2.67", "at 0.12", "at 0.38", "at 1.00", None, "at 3.14", "at 1234.50", "at -0.26"]
    many = np.random.default_rng(0).integers(0, 10**6, 5000) / 8 / 100
    assert of_numbers("%.2f", 2, many).to_pylist() == [f"{value:.2f}" for value in many.tolist()]


NAMES = [
    "Li6PS5Cl", "Li5.9PS5Cl", "Li6.2PS5Cl", "LiBH4", "LiBO2H", "LLZTO", "PEO", "75Li2S-25P2S5", "Li3OCl", "LiOCl",
    "Li7La3Zr2O12", "PEO/LiTFSI + 10 wt% LLZTO", "LiFeCl4", "Li3InCl6", "Li6PS5Cl",
]  # fmt: skip


@pytest.mark.parametrize("given", [None, "halide"])
def test_many_at_once_say_what_each_alone_would(given: str | None) -> None:
    """Class and charge of every electrolyte of a table against the functions for one."""
    designs = pd.DataFrame({"electrolyte": NAMES, "electrolyte_class": [given] * len(NAMES)})
    found = read_electrolytes(designs)
    assert found.class_names == [resolve_class(name, "", given or "")[0] for name in NAMES]
    assert found.derived.tolist() == [resolve_class(name, "", given or "")[1] for name in NAMES]
    for name, charge in zip(NAMES, found.amounts.charge[found.compositions], strict=True):
        amounts = composition_of(name, "")
        alone = charge_imbalance(amounts) if amounts else None
        assert np.isnan(charge) if alone is None else charge == alone
    said = joined(reading_notices(Designs.of(designs), found)).to_pylist()
    assert "the charges of the formula do not cancel (+0.2)" in str(said[2])  # 6.2 + 5 - 5 * 2 - 1
    assert said[NAMES.index("PEO")].startswith("a polymer without a salt: hardly an ion moves in it")
