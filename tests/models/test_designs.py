"""Designs from plain values, and the frame the models read."""

from __future__ import annotations

import numpy as np
import pytest

from features.tables.columns import numeric_columns
from features.tables.mistakes import InputError
from features.tables.records import Candidate, Measured
from models.candidates import candidate_frame, read_design, usable_rows


def test_numbers_are_numbers_whether_given_or_not() -> None:
    """Also where no design gives any: a column of nothing is one of NaN, and text that is not given stays None."""
    rows = [Candidate(electrolyte="LLZTO", temperature_c=60), Candidate(electrolyte="Li6PS5Cl", anode="Si")]
    frame = candidate_frame(iter(rows))
    assert list(frame.columns) == list(Candidate.model_fields)
    assert set(frame[numeric_columns(Candidate)].dtypes) == {np.dtype(float)}
    assert frame["temperature_c"].tolist()[0] == 60
    assert frame[["temperature_c", "cycle"]].isna().sum().tolist() == [1, 2]
    assert frame["anode"].isna().tolist() == [True, False]
    assert frame["prelithiated"].isna().all()
    assert list(candidate_frame([]).columns) == list(Candidate.model_fields)


@pytest.mark.parametrize(
    ("values", "columns"),
    [
        ({"electrolyte": "LPS", "stack_pressure_mpa": -5}, ["stack_pressure_mpa", "electrolyte"]),
        ({"electrolyte": "LPS", "volts": 3, "cycle": "soon"}, ["cycle", "volts", "electrolyte"]),
        ({"electrolyte": "LLZTO", "composition": "Xx9", "cycle": "soon"}, ["cycle", "composition"]),
        ({"electrolyte": "my gel", "electrolyte_class": "gel", "cycle": "soon"}, ["cycle"]),
        # a name may be all there is of a class, but which class is not known here
        ({"electrolyte": "my gel", "electrolyte_class": "jelly"}, ["electrolyte_class"]),
        ({"stack_pressure_mpa": -5}, ["electrolyte", "stack_pressure_mpa"]),
    ],
)
def test_all_mistakes_of_a_design_at_once_with_that_of_its_formula(
    values: dict[str, object], columns: list[str]
) -> None:
    found = read_design(Candidate, values, 4)
    assert isinstance(found, list)
    assert sorted(mistake.column for mistake in found) == sorted(columns)
    assert {mistake.line for mistake in found} == {4}


def test_a_measured_design_tells_its_formula_beside_what_else_is_wrong() -> None:
    with pytest.raises(InputError, match="3 mistakes in the measured designs") as error:
        usable_rows(Measured, [{"electrolyte": "LPS"}, {"electrolyte": "Li3N", "ice_pct": 101}], "measured designs")
    assert [(each.line, each.column) for each in error.value.mistakes] == [
        (1, "conductivity_s_per_cm"),
        (1, "electrolyte"),
        (2, "ice_pct"),
    ]
