from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from serving.predict.digits import DIGITS, six_digits

SMALLEST, LARGEST = 5e-324, 1.7976931348623157e308
numbers = st.floats() | st.builds(  # six digits and a half, on the tie and just beside it
    lambda digits, exponent, step: float(np.nextafter(float(f"{digits}5e{exponent}"), step)),
    st.integers(100_000, 999_999),
    st.integers(-20, 20),
    st.sampled_from([-np.inf, 0.0, np.inf]),
)


def expected(values: np.ndarray) -> list[str]:
    """What Python prints, one by one; nothing where nothing is known."""
    return ["" if np.isnan(value) else DIGITS % value for value in values.tolist()]


@given(st.lists(numbers, min_size=1, max_size=20))
@example([0.0, -0.0, np.nan, np.inf, -np.inf, SMALLEST, -SMALLEST, LARGEST, -LARGEST])
@example([999999.5, 999999.4999, 99999.95, 9.9999995e-5, 1e-4, 1e5, 1e6, 123456.5, 1e200, 1e-200])
def test_as_python_prints(values: list[float]) -> None:
    table = np.array(values)
    assert six_digits(table).to_pylist() == expected(table)


def test_powers_of_ten_and_their_neighbours() -> None:
    powers = np.array([float(f"1e{exponent}") for exponent in range(-323, 309)])
    table = np.concatenate([powers, np.nextafter(powers, 0), np.nextafter(powers, np.inf), -powers])
    assert six_digits(table).to_pylist() == expected(table)


@pytest.mark.parametrize(("low", "high"), [(-14, 0), (-5, 7), (-210, 210)])  # conductivities, lives, and far beyond
def test_many_magnitudes(low: int, high: int) -> None:
    draw = np.random.default_rng(0)
    table = 10 ** draw.uniform(low, high, 20_000) * draw.choice([-1, 1], 20_000)
    assert six_digits(table).to_pylist() == expected(table)


def test_by_hand() -> None:
    found = six_digits(np.array([0.1234567890123, 1e-7 / 3, 1234567.0, 100.0, 0.000123]))
    assert found.to_pylist() == ["0.123457", "3.33333e-08", "1.23457e+06", "100", "0.000123"]
    assert six_digits(np.empty(0)).to_pylist() == []
