"""The language of conditions: its values, and that nothing else is understood."""

from __future__ import annotations

import numpy as np
import pytest

from serving.predict.expression import condition, quantity

COLUMNS = {
    "a": np.array([1.0, 2.0, 3.0]),
    "b": np.array([3.0, 2.0, np.nan]),
    "kind": np.array(["full", None, "half"], dtype=object),
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a < b", [True, False, False]),
        ("a + b == 4", [True, True, False]),
        ("1 < a <= 2", [False, True, False]),
        ("a * 2 >= b ** 2 - 5", [False, True, False]),  # 2 >= 4, 4 >= -1, unknown
        ("not a < 2", [False, True, True]),
        ("a < 2 or b <= 2", [True, True, False]),
        ("a > 1 and b > 1", [False, True, False]),
        ("b != 2", [True, False, False]),  # what is not known fulfils nothing
        ("kind == 'full'", [True, False, False]),
        ("kind != 'full'", [False, False, True]),
        ("-a / 2 < -0.9", [False, True, True]),
        ("a / 0 > 5", [True, True, True]),
    ],
)
def test_conditions(text: str, expected: list[bool]) -> None:
    assert condition(text, ["a", "b"], ["kind"])(COLUMNS).tolist() == expected


def test_quantities() -> None:
    assert quantity("a / 100 + 1", ["a"])(COLUMNS).tolist() == [1.01, 1.02, 1.03]
    assert quantity("0.8", [])(COLUMNS) == 0.8
    assert condition("a < 2", ["a"], []).names == {"a"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a.real > 1", "only numbers, column names"),
        ("a[0] > 1", "only numbers"),
        ("abs(a) > 1", "only numbers"),
        ("__import__('os').system('true') == 0", "only numbers"),
        ("().__class__ == 1", "only numbers"),
        ("(lambda: 1)() > 0", "only numbers"),
        ("[x for x in (1,)] == 1", "only numbers"),
        ("a if a > 1 else b", "only numbers"),
        ("a := 1", "an expression of numbers"),
        ("a > 1; b > 1", "an expression of numbers"),
        ("import os", "an expression of numbers"),
        ("a & b", "only numbers"),
        ("a % 2 == 0", "only numbers"),
        ("a is b", "only numbers"),
        ("a in (1, 2)", "only numbers"),
        ("f'{a}' == 'x'", "only numbers"),
        ("1j < a", "only numbers"),
        ("a ** 99 > 1", "exponent"),
        ("a ** b > 1", "exponent"),
        ("9 ** 9 ** 9 ** 9 > a", "exponent"),
        ("1" * 300 + " > a", "a number of at most 1e\\+30"),
        ("1e999 > a", "a number of at most"),
        ("(" * 250 + "a" + ")" * 250 + " > 1", "at most 400 characters"),
        ("-" * 350 + "a > 1", "at most 100 pieces"),
        ("a > " + " + ".join(["1"] * 99) + " + 1" * 2, "at most 400 characters|at most 100 pieces"),
        ("", "an expression of numbers"),
        ("a + b", "a comparison"),
        ("True", "in place of True"),
        ("kind < 'b'", "== or != between words"),
        ("kind == 1", "a text in place of the number"),
        ("a + kind > 1", "a number in place of the text"),
        ("a > 1 and b", "a truth in place of the number"),
        ("(a > 1) == (b > 1)", "joined by and, or"),
        ("c > 1", "a known column in place of c; known: a, b, kind"),
    ],
)
def test_nothing_else_is_understood(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        condition(text, ["a", "b"], ["kind"])


def test_an_unknown_name_is_answered_with_the_closest() -> None:
    with pytest.raises(ValueError, match="closest: ice_pct_low"):
        condition("ice_low_pct > 85", ["ice_pct_low", "stack_pressure_mpa"], [])


def test_a_condition_is_no_quantity() -> None:
    with pytest.raises(ValueError, match="arithmetic over columns"):
        quantity("a > 1", ["a"])
