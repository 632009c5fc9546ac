"""How many of the nine descriptors a cell states."""

from __future__ import annotations

import math

from features.tables.described import DESCRIPTORS, coverage, mean_coverage, missing, stated_descriptors
from features.tables.records import CellDesign

FILM = {"film_thickness_nm": 150.0, "c_rate_per_h": 0.1, "voltage_low_v": 0.01, "temperature_c": float("nan")}


def test_the_nine_are_columns_of_a_cell() -> None:
    assert len(DESCRIPTORS) == 9
    assert {column for descriptor in DESCRIPTORS for column in descriptor.columns} <= set(CellDesign.model_fields)


def test_a_result_or_a_later_capacity_never_describes_a_cell() -> None:
    columns = {column for descriptor in DESCRIPTORS for column in descriptor.columns}
    assert not [column for column in columns if "capacity" in column or "ice" in column.split("_") or "ce" in column]


def test_size_or_thickness_and_any_of_three_currents_count_once() -> None:
    assert len(stated_descriptors(FILM)) == 3  # thickness, current, cut-off; a NaN is not stated
    more = FILM | {"silicon_size_nm": 50.0, "current_density_ma_per_cm2": 0.1}
    assert len(stated_descriptors(more)) == 3
    assert len(missing(more)) == 6


def test_a_share_of_nothing_is_stated() -> None:
    assert stated_descriptors({"carbon_wt_pct": 0.0}) == ["carbon share"]


def test_coverage_counts_designs_and_its_mean_counts_cells_of_the_table() -> None:
    shares = coverage([FILM, {}, {"c_rate_per_h": None}])
    assert shares["current"] == 1 / 3
    assert math.isclose(mean_coverage([FILM, {}, {}]), 3 / 27)  # three of three times nine
    assert math.isnan(mean_coverage([]))
