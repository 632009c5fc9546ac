from __future__ import annotations

import re

import pytest

from features.tables.columns import UNIT_WORDS, other_unit
from features.tables.records import Candidate

KNOWN = list(Candidate.model_fields)


@pytest.mark.parametrize(
    ("column", "known"),
    [
        ("stack_pressure_bar", "stack_pressure_mpa"),
        ("Temperature_K", "temperature_c"),
        ("electrolyte_conductivity_ms_per_cm", "electrolyte_conductivity_s_per_cm"),  # the longest ending is the unit
        ("stack_pressure_mpa", None),  # ours as it is
        ("temperature_note", None),  # no unit
        ("pressure_bar", None),  # no quantity of ours
    ],
)
def test_a_known_quantity_in_another_unit_is_told(column: str, known: str | None) -> None:
    assert other_unit(column, KNOWN) == known


def test_every_unit_is_a_word_a_column_can_end_in() -> None:
    assert [word for word in UNIT_WORDS if not re.fullmatch("[a-z][a-z0-9_]*", word)] == []
