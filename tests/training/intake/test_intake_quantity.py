"""Cells as people write them; what can be read in two ways is refused with what to do."""

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.intake.number_text import QuantityError
from training.intake.quantity import Quantity, read_quantity

READ = [
    ("84", "%", Quantity(84)),
    ("84%", "%", Quantity(84)),
    ("84 %", "%", Quantity(84)),
    (">99", "%", Quantity(99, mark=">")),
    ("≥ 99.5 %", "%", Quantity(99.5, mark=">")),
    ("at least 99", "%", Quantity(99, mark=">")),
    ("~80", "%", Quantity(80, mark="~")),
    ("≈80", "%", Quantity(80, mark="~")),
    ("ca. 80", "%", Quantity(80, mark="~")),
    ("About 80 %", "%", Quantity(80, mark="~")),
    ("<1e-10", "S/cm", Quantity(1e-10, mark="<")),
    ("80±2", "%", Quantity(80, uncertainty=2)),
    ("80 +/- 2 %", "%", Quantity(80, uncertainty=2)),
    ("80% ± 2%", "%", Quantity(80, uncertainty=2)),
    ("3.2(4)e-4", "S/cm", Quantity(3.2e-4, uncertainty=4e-5)),  # the bracket counts in the last digit
    ("(3.2±0.4)×10^-4 S/cm", "S/cm", Quantity(3.2e-4, uncertainty=4e-5)),
    ("3.2 ± 0.4 × 10⁻⁴ S cm⁻¹", "S/cm", Quantity(3.2e-4, uncertainty=4e-5)),
    ("2.30±0.05 mS/cm", "S/cm", Quantity(0.0023, uncertainty=5e-5)),
    ("300 ± 2 K", "°C", Quantity(26.85, uncertainty=2)),
    ("2.3 mS/cm", "S/cm", Quantity(0.0023)),
    ("2.3mS cm-1", "S/cm", Quantity(0.0023)),
    ("1.2×10^-3", "S/cm", Quantity(0.0012)),
    ("1.2 × 10⁻³ S cm⁻¹", "S/cm", Quantity(0.0012)),
    ("1.2 x 10-3", "S/cm", Quantity(0.0012)),
    ("1.2·10^(-3)", "S/cm", Quantity(0.0012)),
    ("1.2E-03", "S/cm", Quantity(0.0012)),
    ("10⁻⁴", "S/cm", Quantity(1e-4)),
    ("1,2e-3", "S/cm", Quantity(0.0012)),
    ("0,123", "%", Quantity(0.123)),
    ("1,234.5", "mAh/g", Quantity(1234.5)),
    ("1.234,5", "mAh/g", Quantity(1234.5)),
    ("1,234,567", "nm", Quantity(1234567)),
    ("−20", "°C", Quantity(-20)),
    ("–20 °C", "°C", Quantity(-20)),
    ("25C", "°C", Quantity(25)),
    ("298.15 K", "°C", Quantity(25)),
    ("RT", "°C", Quantity(25, remark="RT = 25")),
    ("1C", "1/h", Quantity(1)),
    ("C/10", "1/h", Quantity(0.1)),
    ("0.1 C", "1/h", Quantity(0.1)),
    ("1/3 C", "1/h", Quantity(0.333333333333)),
    ("C/20-rate", "1/h", Quantity(0.05)),
    ("0.05", "1/h", Quantity(0.05)),
    ("100 cycles", "1", Quantity(100)),
]


@pytest.mark.parametrize(("text", "into", "expected"), READ, ids=[text for text, _, _ in READ])
def test_read(text, into, expected):
    assert read_quantity(text, into) == expected


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("1e-4-2e-4", 1e-4, 2e-4),
        ("1e-4 – 2e-4 S/cm", 1e-4, 2e-4),
        ("0.1 to 0.2 mS/cm", 1e-4, 2e-4),
        ("0.1 mS/cm - 0.2 mS/cm", 1e-4, 2e-4),
        ("1 S cm-1 - 3 S cm-1", 1, 3),
        ("1–2 × 10⁻⁴", 1e-4, 2e-4),  # 1 to 2e-4 would fall: the power belongs to both
    ],
)
def test_ranges_where_the_table_has_one(text, low, high):
    assert read_quantity(text, "S/cm", allows_range=True) == Quantity(low, high)


@pytest.mark.parametrize("text", ["", " ", "-", "–", "n/a", "N.R.", "NaN", "not reported", "/"])
def test_nothing_given(text):
    assert read_quantity(text, "%") is None


REFUSED = [
    ("10-20", "%", "one value, this table has no range here: give one row per value, or ~ and the middle"),
    ("0.1–0.2C", "1/h", "one value"),
    ("1,234", "mAh/g", "1.234 or 1234: the comma can be read both ways"),
    ("1,234e-3", "S/cm", "the comma can be read both ways"),
    ("1.2.3", "%", "a plain number such as 1234.5"),
    ("1.2×103", "S/cm", "an exponent behind ^, as in 1.2×10^-3"),
    ("1C", "mA/cm²", "a quantity in mA/cm²; a C-rate belongs into c_rate_per_h"),
    ("C/10", "mA/g", "a C-rate belongs into c_rate_per_h"),
    ("0.1C", "°C", "a temperature; this looks like a C-rate, write 0.1 °C if it is none"),
    ("C/10", "°C", "a C-rate belongs into c_rate_per_h"),
    ("C/0", "1/h", "a C-rate such as 1C, C/10 or 0.1C"),
    ("60 at%", "wt%", "atoms become weight only"),
    ("80 bar", "%", "a unit that becomes %"),
    ("high", "%", "a number"),
    ("#DIV/0!", "%", "a number"),
    ("1e400", "nm", "a number a cell can hold"),
    ("1_000", "nm", "a unit that becomes nm"),
    ("100%", "1", "a number without unit"),
    ("80 % ± 2 K", "%", "a unit that becomes %"),
]


@pytest.mark.parametrize(("text", "into", "expected"), REFUSED, ids=[text for text, _, _ in REFUSED])
def test_refused(text, into, expected):
    with pytest.raises(QuantityError, match=re.escape(expected)):
        read_quantity(text, into)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10-4", "a range that rises, or a power of ten written 10^-4"),
        ("1-2×10^3", "both ends of the range in full"),
        ("0.1 mS/cm - 0.2 S/cm", "one unit for both ends of the range"),
        (">1e-4-2e-4", "one value"),
    ],
)
def test_refused_ranges(text, expected):
    with pytest.raises(QuantityError, match=re.escape(expected)):
        read_quantity(text, "S/cm", allows_range=True)


def test_the_cell_goes_before_the_header():
    assert read_quantity("2.3 mS/cm", "S/cm", "S/m") == Quantity(0.0023)
    assert read_quantity("2.3", "S/cm", "S/m") == Quantity(0.023)


@given(st.floats(min_value=1e-12, max_value=1e6))
def test_every_plain_number_is_read_as_python_reads_it(number):
    quantity = read_quantity(repr(number), "nm")
    # digits and power are read apart: a number of 17 digits may end in the double beside
    assert quantity == Quantity(pytest.approx(number, rel=3e-16))


@given(st.text(alphabet="0123456789.,eE+-±×^10⁻³ ~<>CK%()to/mS", max_size=15))
def test_any_text_is_read_or_refused(text):
    with contextlib.suppress(QuantityError):
        read_quantity(text, "S/cm", allows_range=True)
