from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.formulas.elements import SYMBOLS
from features.formulas.reader import FormulaError, read_formula
from features.formulas.vectorised import _is_plain, _letters, read_amounts


def held(amounts, row):
    code = amounts.codes[row]
    here = slice(amounts.starts[code], amounts.starts[code + 1])
    return {SYMBOLS[place]: amount for place, amount in zip(amounts.element[here], amounts.amount[here], strict=True)}


def test_texts_of_all_kinds_in_one_table() -> None:
    texts = ["Li6PS5Cl", "75Li2S-25P2S5", "PEO", "LPSCl", "nonsense", "Li6PS5Cl", "Li0.5La0.5TiO3", ""]
    found = read_amounts(texts)
    assert held(found, 0) == held(found, 3) == held(found, 5) == {"Li": 6, "P": 1, "S": 5, "Cl": 1}
    assert held(found, 1) == {"Li": 150, "S": 200, "P": 50}
    assert held(found, 6) == {"Li": 0.5, "La": 0.5, "Ti": 1, "O": 3}
    assert found.known[found.codes].tolist() == [True, True, False, True, False, True, True, False]
    assert found.codes[0] == found.codes[5]
    assert len(found.known) == 7


def test_fractions_sum_to_one_and_unknown_is_nan() -> None:
    dense = read_amounts(["Li6PS5Cl", "PEO"]).dense
    assert dense[0].sum() == pytest.approx(1)
    assert dense[0, SYMBOLS.index("Li")] == pytest.approx(6 / 13)
    assert np.isnan(dense[1]).all()


def test_no_texts_at_all() -> None:
    found = read_amounts([])
    assert found.dense.shape == (0, len(SYMBOLS))


@settings(derandomize=True, deadline=None)
@given(
    st.lists(
        st.text(alphabet="LiPSClONa0123456789.x()-/@ \n", max_size=12)
        | st.sampled_from(
            ["Li2S", "LiLi2", "Li0", "Li99999", "Xx2", "Li1.", "Li.5", "LiOH", "KI2", "PVP", "LPS", "H2O"]
        ),
        max_size=30,
    )
)
def test_the_quick_way_says_what_the_reader_says(texts: list[str]) -> None:
    found = read_amounts(texts)
    for row, text in enumerate(texts):
        try:
            expected = read_formula(text).composition or {}
        except FormulaError:
            expected = {}
        assert held(found, row) == pytest.approx(expected)


PLAIN = re.compile(r"(?=[A-Za-z.0-9]*[0-9])(?:[A-Z][a-z]?(?:[0-9]+(?:\.[0-9]+)?)?)+")
"""What `_is_plain` means, for one text."""
LIKE_PLAIN = st.from_regex(r"(?:[A-Z][a-z]?(?:[0-9]{1,3}(?:\.[0-9]{1,3})?)?){1,4}", fullmatch=True)
"""Drawn without the pattern's look-ahead, which hypothesis can only try and throw away."""


@pytest.mark.slow
@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.lists(st.text(alphabet="LiZ05.\n-é٦", max_size=8) | LIKE_PLAIN, max_size=8))
def test_plain_formulas_are_told_apart_as_a_pattern_would(texts: list[str]) -> None:
    assert _is_plain(texts, _letters(texts)).tolist() == [PLAIN.fullmatch(text) is not None for text in texts]


@pytest.mark.slow
@given(st.from_regex(r"[0-9]{1,4}(\.[0-9]{1,18})?", fullmatch=True).filter(lambda text: 0 < float(text) <= 10_000))
def test_amounts_are_those_of_float_to_the_last_bit(text: str) -> None:
    found = read_amounts([f"Li{text}Cl2", "Li6PS5Cl"])
    assert found.amount.tolist() == [float(text), 2, 6, 1, 5, 1]
    assert found.plain.all()


def test_digits_of_other_scripts_are_read_by_the_full_reader() -> None:
    found = read_amounts(["Li٦PS5Cl"])
    assert not found.plain[0]
