"""Designs as arrays: what a frame says, and what the arrays made of it say, must be one thing."""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.tables.designs import Designs, coded_texts
from features.tables.records import Candidate
from models.candidates import candidate_designs, candidate_frame

FRAME = pd.DataFrame(
    {"electrolyte": ["LLZO", "LPSCl", None, "LLZO"], "temperature_c": [25, None, "60", 1.5], "cycle": [1, 2, 3, 4]}
)


def texts(designs: Designs, column: str) -> list[str]:
    codes, distinct = designs.coded(column)
    return [distinct[code] for code in codes.tolist()]


def test_columns_of_a_frame_are_read_as_numbers_or_texts() -> None:
    designs = Designs.of(FRAME)
    np.testing.assert_array_equal(designs.number("temperature_c"), [25, np.nan, 60, 1.5])
    assert texts(designs, "electrolyte") == ["LLZO", "LPSCl", "", "LLZO"]
    assert len(designs) == 4
    assert designs.columns == ["temperature_c", "electrolyte", "cycle"]
    assert Designs.of(designs) is designs


def test_what_is_not_there_is_unknown() -> None:
    designs = Designs.of(FRAME)
    assert np.isnan(designs.number("np_ratio")).all()
    assert designs.number("np_ratio").shape == (4,)
    assert texts(designs, "anode") == [""] * 4
    assert len(Designs(0).number("cycle")) == 0
    assert len(Designs(0).coded("anode")[0]) == 0


def test_some_of_them_by_mask_places_and_slice() -> None:
    designs = Designs.of(FRAME)
    designs.number("cycle")  # read before, the others after
    mask = np.array([False, True, False, True])
    for rows, expected in ((mask, [2, 4]), (np.array([3, 1]), [4, 2]), (slice(1, 9), [2, 3, 4]), (slice(4, 9), [])):
        taken = designs.take(rows)
        assert taken.number("cycle").tolist() == expected
        assert texts(taken, "electrolyte") == [("LLZO", "LPSCl", "", "LLZO")[each - 1] for each in expected]
        assert len(taken) == len(expected)


def test_an_assigned_column_stands_before_that_of_the_frame() -> None:
    designs = Designs.of(FRAME)
    changed = designs.assign(cycle=np.zeros(4), new_s=np.ones(4))
    assert changed.number("cycle").tolist() == [0] * 4
    assert changed.number("new_s").tolist() == [1] * 4
    assert designs.number("cycle").tolist() == [1, 2, 3, 4]
    assert np.isnan(designs.number("new_s")).all()


def test_back_to_a_frame() -> None:
    frame = Designs(2, {"cycle": np.array([1.0, np.nan])}, {"anode": (np.array([1, 0]), ["", "Si"])}).to_frame()
    assert frame["anode"].astype(str).tolist() == ["Si", ""]
    assert frame["cycle"].isna().tolist() == [False, True]
    assert Designs.of(FRAME).to_frame()["electrolyte"].tolist()[:2] == ["LLZO", "LPSCl"]


def test_texts_are_coded_by_first_appearance() -> None:
    codes, distinct = coded_texts(["b", None, "a", "b", ""])
    assert codes.tolist() == [0, 1, 2, 0, 1]
    assert distinct == ["b", "", "a"]


def test_rows_as_arrays_say_what_rows_as_a_frame_say() -> None:
    rows = [
        Candidate(electrolyte="Li6PS5Cl", temperature_c=60, anode="Si", prelithiated=True, cell_type="half"),
        Candidate(electrolyte="LLZO", silicon_wt_pct=80, prelithiated=False),
        Candidate(electrolyte="Li6PS5Cl"),
    ]
    arrays, frame = candidate_designs(rows), Designs.of(candidate_frame(rows))
    assert arrays.number("prelithiated").tolist()[:2] == [1, 0]
    for column in arrays.columns:
        if column in ("electrolyte", "anode", "cell_type", "composition"):
            assert texts(arrays, column) == texts(frame, column)
        elif column in ("temperature_c", "silicon_wt_pct", "prelithiated", "cycle"):
            np.testing.assert_array_equal(arrays.number(column), frame.number(column))
    assert set(arrays.columns) == set(Candidate.model_fields)
