from __future__ import annotations

import numpy as np
import pytest

from models.explain.what_if import Goal, check_vary


def test_a_want_is_read() -> None:
    assert Goal.parse("conductivity_s_per_cm > 1e-3") == Goal("conductivity_s_per_cm", True, 1e-3)
    assert Goal.parse("ice_pct<=85") == Goal("ice_pct", False, 85.0)
    assert Goal.parse("ice_pct<=85").in_words == "initial Coulombic efficiency below 85 %"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ice_pct=85", "got 'ice_pct=85', expected a target, > or <, and a number"),
        ("ice_pct>8-5", "got 'ice_pct>8-5', expected a target"),
        ("ice>85", "unknown target ice; closest: ice_pct"),
        ("first_capacity_mah_per_g>1500", "first_capacity_mah_per_g: range only, no model predicts it; closest: "),
        ("ice_pct>120", "got ice_pct 120, expected 0 to 100 %"),
    ],
)
def test_a_want_that_cannot_be_read_says_why(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=r"--want: ") as caught:
        Goal.parse(text)
    assert said in str(caught.value)


def test_what_is_missing_is_measured_on_the_scale_of_the_target() -> None:
    # wanted 1e-3: a tenth of it is one decade short, ten times as much is none; NaN stays unknown
    found = Goal.parse("conductivity_s_per_cm>1e-3").missing(np.array([1e-4, 1e-2, np.nan]))
    np.testing.assert_allclose(found, [1.0, 0.0, np.nan])
    assert Goal.parse("ice_pct<80").missing(np.array([90.0, 70.0])).tolist() == [10.0, 0.0]


def test_columns_to_vary_are_numbers_yes_or_no_and_words() -> None:
    asked = ["stack_pressure_mpa", "prelithiated", "anode_architecture", "stack_pressure_mpa"]
    assert check_vary(asked) == ["stack_pressure_mpa", "prelithiated", "anode_architecture"]


@pytest.mark.parametrize(
    ("column", "option", "said"),
    [
        ("stack_presure", "--vary", "--vary: unknown column stack_presure; closest: stack_pressure_mpa"),
        ("electrolyte", "--vary", "--vary: electrolyte cannot be varied"),
        ("electrolyte_class", "--vary", "--vary: electrolyte_class cannot be varied"),
        ("cycle", "--vary", "--vary: cycle cannot be varied"),
        ("prelithiated", "--sweep", "--sweep: prelithiated cannot be varied"),
    ],
)
def test_other_columns_are_refused(column: str, option: str, said: str) -> None:
    with pytest.raises(ValueError, match=r"--\w+: ") as caught:
        check_vary([column], option)
    assert str(caught.value).startswith(said)
