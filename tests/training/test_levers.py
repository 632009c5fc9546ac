from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.tables.records import CellDesign
from models.ensemble import Labels
from models.tasks.examples import Examples
from training.rules.levers import CELL_LEVERS, COATED, _alone, _electrolyte_levers, _with_coating, summary


def cells(*rows: dict[str, object]) -> pd.DataFrame:
    empty = dict.fromkeys(CellDesign.model_fields)
    told = [{**empty, "electrolyte": "LPSCl", "anode_has_carbon": np.nan, **row} for row in rows]
    return pd.DataFrame(told).assign(lower=lambda table: table["value"], upper=lambda table: table["value"])


def test_only_pairs_that_differ_in_nothing_else_count() -> None:
    table = cells(
        {"paper": "a", "row_id": "1", "stack_pressure_mpa": 5.0, "value": 70.0},
        {"paper": "a", "row_id": "2", "stack_pressure_mpa": 50.0, "value": 80.0},
        {"paper": "a", "row_id": "3", "stack_pressure_mpa": 50.0, "value": 90.0, "np_ratio": 1.2},
        {"paper": "b", "row_id": "4", "stack_pressure_mpa": 500.0, "value": 10.0},
    )
    found = _alone(table, CELL_LEVERS[0], {"1": 1.0, "2": 4.0, "3": 9.0, "4": 0.0})
    # 1 and 2 differ in pressure alone: +10 measured, +3 predicted; 3 has another N/P ratio, 4 is of another paper
    assert found.values.tolist() == [["a", 10.0, 3.0]]


def test_a_coating_counts_beside_a_cell_that_states_none() -> None:
    table = _with_coating(
        cells(
            {"paper": "a", "row_id": "1", "coating": "LiNbO3", "value": 85.0},
            {"paper": "a", "row_id": "2", "value": 80.0},
        )
    )
    lever = next(each for each in CELL_LEVERS if each.column == COATED)
    assert _alone(table, lever, {"1": 0.0, "2": 0.0})["change"].tolist() == [5.0]


def test_electrolytes_warmer_and_with_more_chlorine() -> None:
    designs = pd.DataFrame(
        [
            ("Li6PS5Cl", 25.0, "p", "a"), ("Li6PS5Cl", 60.0, "p", "b"), ("Li5.5PS4.5Cl1.5", 25.0, "p", "c"),
            ("Li6PS5Br", 25.0, "p", "d"), ("Li6PS5Cl", 90.0, "q", "e"),
        ],
        columns=["electrolyte", "temperature_c", "paper", "row_id"],
    ).assign(composition=None, form=None)  # fmt: skip
    values = np.array([-3.0, -2.5, -2.0, -4.0, -2.2])
    told = {"a": 0.0, "b": 1.0, "c": -1.0, "d": 0.0, "e": 0.0}
    found = _electrolyte_levers(Examples(designs, Labels(values, values, np.ones(5))), told)
    assert found["temperature"].values.tolist() == [["p", 0.5, 1.0]]
    # of the bromide no chlorine is known; the same chloride at 60 °C is at another temperature
    assert found["chlorine content"].values.tolist() == [["p", 1.0, -1.0]]


def test_papers_weigh_alike_and_five_make_an_interval() -> None:
    rows = pd.DataFrame({"paper": list("aaabcde"), "change": [9.0, 9, 9, 1, 1, 1, 1], "predicted": [1.0] * 7})
    lever = summary("loading", "ice", rows, 0)
    assert (lever.pairs, lever.papers, lever.rises, lever.median, lever.follows) == (7, 5, 5, 1.0, 1.0)
    assert (lever.low, lever.high) == (1.0, pytest.approx(9.0))  # three of five times the first paper: one draw in 17
    few = summary("loading", "ice", rows[rows["paper"] < "e"], 0)
    assert np.isnan(few.low)
