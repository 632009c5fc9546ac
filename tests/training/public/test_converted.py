from __future__ import annotations

import pytest

from features.formulas.reader import read_formula
from training.public.connector import (
    Converted,
    Refused,
    build_row,
    fitting_class,
    joined_notes,
    paper_of,
    read_amounts,
    read_number,
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1.5e-4", ("=", 1.5e-4)),
        ("<1E-10", ("<", 1e-10)),  # a bound, never 1e-15
        (">2", (">", 2.0)),
        ("~0.3", ("~", 0.3)),
        ("1.30E-10\u0305", ("=", 1.3e-10)),  # an overline of the next column
        ("1.2E\u22124", ("=", 1.2e-4)),
        ("-3", None),
        ("1e-4 to 2e-4", None),
        ("1,5e-4", None),
        ("nan", None),
        ("", None),
    ],
)
def test_numbers(text: str, found: tuple[str, float] | None) -> None:
    assert read_number(text) == found


def test_papers_by_their_dois() -> None:
    assert paper_of(["10.1000/B", "10.1000/a.s006", "10.1000/b"], "x") == "10.1000/b|10.1000/a"
    assert paper_of(["", "Old Journal 3"], "x:1") == "x:1"


def test_amounts() -> None:
    assert read_amounts("Li2S") == {"Li": 2, "S": 1}
    assert read_amounts("Li2S-P2S5") is None
    assert read_amounts("LiZr2(P04)3") == "no amount: '04' has a letter O in it or lacks a decimal point"
    assert str(read_amounts("Lao.5TiO3")).startswith("the formula cannot be read: Lao.5TiO3")


def test_a_class_must_fit_the_formula() -> None:
    amounts = read_formula("Li10GeP2S12").composition
    assert fitting_class({"LGPS": "sulfide-lgps"}, " LGPS ", amounts) == "sulfide-lgps"
    assert fitting_class({"LGPS": "sulfide-lgps"}, "LGPS", {"Li": 4, "Ge": 1, "S": 4}) is None
    assert fitting_class({"LGPS": "sulfide-lgps"}, "LGPS", None) is None
    assert fitting_class({}, "LGPS", amounts) is None


def test_a_refused_record_tells_every_mistake() -> None:
    found = build_row({"measurement_id": "x", "conductivity_s_per_cm": 50.0, "source_id": "x"}, "3", "Li2S; 50")
    assert isinstance(found, Refused)
    assert (found.place, found.text) == ("3", "Li2S; 50")
    assert "electrolyte: got nothing, expected name or formula as written" in found.reason
    assert "conductivity_s_per_cm: got 50.0, expected a plain number in S/cm, above 0 and at most 10" in found.reason


def test_counts() -> None:
    converted = Converted()
    for mark in "=<>":
        values = {"measurement_id": mark, "electrolyte": "Li2S", "conductivity_s_per_cm": 1, "source_id": "x"}
        converted.add(build_row({**values, "conductivity_qualifier": mark}, mark, ""))
    converted.add(Refused("4", "", ""))
    assert converted.counts == {"rows": 3, "censored": 2, "refused": 1}


def test_notes() -> None:
    assert joined_notes("a  b ", "", "c") == "a b; c"
    assert joined_notes("") is None
