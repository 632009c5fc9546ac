"""The row models: what they accept, what they refuse, and that units are declared where the names say."""

import csv
import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from features.tables.columns import choices_of, columns_of, numeric_columns, unit_of
from features.tables.fields import LIQUID_CLASSES
from features.tables.records import TABLES, Candidate, CellRow, CyclingRow, ElectrolyteRow, Measured, SourceRow
from features.tables.rows import parse_row

LITERATURE = Path(__file__).parents[2] / "data" / "literature"
ELECTROLYTE = {
    "measurement_id": "E1",
    "electrolyte": "Li6PS5Cl",
    "source_id": "zhan2020",
    "conductivity_s_per_cm": "3e-3",
}
CELL = {"cell_id": "Z1", "source_id": "zhan2020"}
POINT = {"point_id": "P1", "cell_id": "Z1", "source_id": "zhan2020", "cycle": "100", "retention_pct": "80"}
SOURCE = {"source_id": "zhan2020", "citation": "A. Zhan, J. Power Sources, 2020.", "told_by": "zhan:1"}
VALID = [(ElectrolyteRow, ELECTROLYTE), (CellRow, CELL), (CyclingRow, POINT), (SourceRow, SOURCE),
         (Candidate, {"electrolyte": "Li6PS5Cl"})]  # fmt: skip


@pytest.mark.parametrize(("model", "values"), VALID, ids=lambda value: getattr(value, "__name__", ""))
def test_smallest_row_is_accepted_and_every_required_column_is_needed(model, values):
    row = model.model_validate(values)
    required = {name for name, described in model.model_fields.items() if described.is_required()}
    assert required <= set(values)
    for name in required:
        with pytest.raises(ValidationError, match=name):
            model.model_validate({key: value for key, value in values.items() if key != name})
    with pytest.raises(ValidationError, match="frozen"):
        setattr(row, next(iter(values)), "changed")
    with pytest.raises(ValidationError, match="Extra inputs"):
        model.model_validate({**values, "colour": "red"})


def test_text_numbers_become_numbers_and_blanks_are_dropped():
    row = ElectrolyteRow.model_validate({**ELECTROLYTE, "electrolyte": "  Li6PS5Cl ", "temperature_c": "25"})
    assert (row.electrolyte, row.temperature_c, row.conductivity_s_per_cm) == ("Li6PS5Cl", 25.0, 0.003)
    assert row.activation_energy_ev is None


def test_what_an_energy_was_fitted_on_is_said_with_the_energy_alone(literature):
    said = [row for row in literature.electrolytes if row.activation_energy_of]
    assert {row.activation_energy_of for row in said} == {"sigma", "sigma_t"}
    assert all(row.activation_energy_ev for row in said)


@pytest.mark.parametrize(("text", "value"), [("yes", True), ("No", False), (" YES ", True), (True, True)])
def test_yes_and_no(text, value):
    assert CellRow.model_validate({**CELL, "prelithiated": text, "in_training": text}).prelithiated is value


def test_prelithiated_has_no_default_but_training_has():
    row = CellRow.model_validate(CELL)
    assert (row.prelithiated, row.in_training) == (None, True)


@pytest.mark.parametrize(("given", "paper"), [({"source_id": "a"}, "a"), ({"doi": "10.1234/x"}, "10.1234/x"),
                                              ({"source_id": "a", "doi": "10.1234/x"}, "a")])  # fmt: skip
def test_the_paper_of_a_row_is_its_source_or_its_doi(given, paper):
    assert CellRow.model_validate({"cell_id": "Z1", **given}).paper == paper


@pytest.mark.parametrize(
    ("model", "values", "message"),
    [
        (CellRow, {"cell_id": "Z1"}, "source_id | nothing, and no doi | a source"),
        (CellRow, {**CELL, "doi": "see 10.1234/x"}, "doi"),
        (CellRow, {**CELL, "ice_pct": "140"},
         "ice_pct | 140 | at most 100 %; if it is a prelithiated half cell, state cell_type half and prelithiated yes"),
        (CellRow, {**CELL, "ice_pct": "140", "prelithiated": "yes"}, "state cell_type half and prelithiated yes"),
        (CellRow, {**CELL, "ice_pct": "101", "cell_type": "full", "prelithiated": "yes"},
         "101 | at most 100 % ["),
        (CellRow, {**CELL, "ice_pct": "101", "cell_type": "half", "prelithiated": "no"},
         "101 | at most 100 % ["),
        (CellRow, {**CELL, "ice_pct": "301", "cell_type": "half", "prelithiated": "yes"},
         "less than or equal to 300"),
        (CellRow, {**CELL, "ice_pct": "nan"}, "finite"),
        (CellRow, {**CELL, "stack_pressure_mpa": "inf"}, "finite"),
        (CellRow, {**CELL, "stack_pressure_mpa": "-1"}, "greater than or equal to 0"),
        (CellRow, {**CELL, "silicon_size_nm": "0"}, "greater than 0"),
        (CellRow, {**CELL, "porosity_pct": "100"}, "less than 100"),
        (CellRow, {**CELL, "temperature_c": "298.15 K"}, "valid number"),
        (CellRow, {**CELL, "prelithiated": "maybe"}, "prelithiated"),
        (CellRow, {**CELL, "electrolyte_class": "sulfid"}, "electrolyte_class"),
        (CellRow, {**CELL, "silicon_wt_pct": 60, "carbon_wt_pct": 20, "anode_electrolyte_wt_pct": 15,
                   "binder_wt_pct": 6}, "shares of the anode of 101 wt% | at most 100"),
        (CellRow, {**CELL, "voltage_low_v": 1, "voltage_high_v": 1}, "voltage_high_v | 1 | above voltage_low_v, 1"),
        (ElectrolyteRow, {**ELECTROLYTE, "conductivity_s_per_cm": None}, "nothing | a conductivity"),
        (ElectrolyteRow, {**ELECTROLYTE, "conductivity_s_per_cm": "0"}, "greater than 0"),
        (ElectrolyteRow, {**ELECTROLYTE, "conductivity_qualifier": "range"}, "exactly when"),
        (ElectrolyteRow, {**ELECTROLYTE, "conductivity_high_s_per_cm": "1e-2"}, "exactly when"),
        (ElectrolyteRow, {**ELECTROLYTE, "conductivity_qualifier": "range", "conductivity_high_s_per_cm": "1e-4"},
         "conductivity_high_s_per_cm | 0.0001 | at least the low end, 0.003"),
        (CyclingRow, {**POINT, "retention_pct": None}, "retention_pct | nothing, and no capacity | one of them"),
        (CyclingRow, {**POINT, "cycle": "1"}, "greater than or equal to 2"),
        (SourceRow, {**SOURCE, "year": "1899"}, "greater than or equal to 1900"),
        (SourceRow, {**SOURCE, "doi_from": "memory"}, "doi_from"),
    ],
)  # fmt: skip
def test_impossible_rows_are_refused(model, values, message):
    with pytest.raises(ValidationError, match=re.escape(message)):
        model.model_validate(values)


@pytest.mark.parametrize(("column", "value"), [("cell_type", "halve"), ("prelithiated", "maybe")])
def test_an_ice_above_100_is_no_mistake_where_the_kind_of_cell_is_misread(column, value):
    with pytest.raises(ValidationError) as caught:
        CellRow.model_validate({**CELL, "cell_type": "half", "prelithiated": "yes", "ice_pct": "140", column: value})
    assert [error["loc"] for error in caught.value.errors()] == [(column,)]


@pytest.mark.parametrize(
    ("model", "values"),
    [
        (CellRow, {**CELL, "ice_pct": "100", "stack_pressure_mpa": "0", "porosity_pct": "0"}),
        (CellRow, {**CELL, "ice_pct": "300", "cell_type": "half", "prelithiated": "yes"}),
        (CellRow, {**CELL, "silicon_wt_pct": "60", "carbon_wt_pct": "40.5"}),  # rounding of printed shares
        (ElectrolyteRow, {**ELECTROLYTE, "conductivity_s_per_cm": None, "activation_energy_ev": "0.3"}),
        (ElectrolyteRow, {**ELECTROLYTE, "conductivity_qualifier": "range", "conductivity_high_s_per_cm": "3e-3"}),
        (CyclingRow, {**POINT, "retention_pct": None, "capacity_mah_per_g": "1000"}),
    ],
)
def test_rows_at_the_limit_are_accepted(model, values):
    assert model.model_validate(values)


@pytest.mark.parametrize(
    ("column", "unit"),
    [("stack_pressure_mpa", "MPa"), ("temperature_c", "°C"), ("np_ratio", "1"), ("anode", ""), ("prelithiated", "")],
)
def test_unit_of_a_column(column, unit):
    assert unit_of(CellRow, column) == unit


SUFFIXES = {
    "°C": "c", "S/cm": "s_per_cm", "eV": "ev", "nm": "nm", "µm": "um", "wt%": "wt_pct", "%": "pct",
    "mg/cm²": "mg_per_cm2", "MPa": "mpa", "mA/cm²": "ma_per_cm2", "mA/g": "ma_per_g", "1/h": "per_h", "V": "v",
    "mAh/g": "mah_per_g", "mAh/cm²": "mah_per_cm2", "Wh/kg": "wh_per_kg", "Wh/L": "wh_per_l",
    "Ω cm²": "ohm_cm2", "Ω": "ohm", "Å": "angstrom", "°": "deg",
}  # fmt: skip


@pytest.mark.parametrize(("table", "model"), TABLES.items(), ids=TABLES)
def test_every_number_has_a_unit_its_name_ends_in(table, model):
    for column in numeric_columns(model):
        unit = unit_of(model, column)
        assert unit == "1" or column.endswith(f"_{SUFFIXES[unit]}"), f"{table}.{column} is in {unit}"


@pytest.mark.parametrize(("table", "model"), TABLES.items(), ids=TABLES)
def test_every_column_is_described(table, model):
    assert [name for name, described in model.model_fields.items() if not described.description] == []


@pytest.mark.parametrize(
    ("column", "choices"),
    [
        ("cell_type", {"half", "full", "symmetric"}),
        ("ice_qualifier", {"=", "<", ">", "~"}),
        ("confidence", {"high", "medium", "low"}),
        ("anode", set()),
        ("ice_pct", set()),
        ("prelithiated", set()),
    ],
)
def test_choices_of_a_column(column, choices):
    assert set(choices_of(CellRow, column)) == choices


@pytest.mark.parametrize(("table", "model"), TABLES.items(), ids=TABLES)
def test_columns_for_people_are_all_columns_once(table, model):
    assert sorted(columns_of(model)) == sorted(model.model_fields)


def test_columns_for_people_go_from_the_id_over_the_contents_to_the_source():
    columns = columns_of(CyclingRow)
    assert columns[:3] == ["point_id", "cell_id", "cycle"]
    assert columns.index("reference_cycle") < columns.index("source_id") < columns.index("note") == len(columns) - 1


def test_liquid_classes_are_classes():
    assert set(choices_of(CellRow, "electrolyte_class")) >= LIQUID_CLASSES


@pytest.mark.parametrize("table", ["electrolytes", "cells", "cycling", "sources"])
def test_shipped_columns_are_columns_of_the_model(table):
    with (LITERATURE / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        assert set(next(csv.reader(file))) <= set(TABLES[table].model_fields)


MEASURED = {"electrolyte": "Li6PS5Cl"}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "mine.csv line 7, column conductivity_s_per_cm: got nothing measured, "
             "expected a conductivity, ICE, retention or cycle life"),
        # a candidate's cycle is 100 where empty; what was measured was measured at some cycle
        ({"retention_pct": "90"}, "mine.csv line 7, column cycle: got nothing, "
                                  "expected the cycle of retention_pct, 2 or later"),
        ({"retention_pct": "100", "cycle": "1"}, "mine.csv line 7, column cycle: got 1.0, "
                                                 "expected the cycle of retention_pct, 2 or later"),
        ({"retention_pct": "120", "cycle": "500"}, "mine.csv line 7, column retention_pct: got '120', "
                                                   "expected a plain number in %, at least 0 and at most 100"),
        ({"retention_pct": "90", "cycle": "100", "cycle_life_80": "50"},
         "mine.csv line 7, column retention_pct: got 90 % at cycle 100 with 80 % crossed at 50, "
         "expected values of one falling curve"),
        ({"retention_pct": "70", "cycle": "40", "cycle_life_80": "50"},
         "mine.csv line 7, column retention_pct: got 70 % at cycle 40 with 80 % crossed at 50, "
         "expected values of one falling curve"),
        ({"ice_pct": "101"}, "mine.csv line 7, column ice_pct: got '101', "
                             "expected a plain number in %, at least 0 and at most 100"),
        ({"conductivity_s_per_cm": "0"}, "mine.csv line 7, column conductivity_s_per_cm: got '0', "
                                         "expected a plain number in S/cm, above 0 and at most 10"),
        ({"cycle_life_80": "1"}, "mine.csv line 7, column cycle_life_80: got '1', "
                                 "expected a plain number, above 1 and at most 1e+06"),
    ],
)  # fmt: skip
def test_measured_designs_that_cannot_be(values, message):
    found = parse_row(Measured, {**MEASURED, **values}, 7, "mine.csv")
    assert isinstance(found, list)
    assert [str(mistake) for mistake in found] == [message]


@pytest.mark.parametrize(
    "values",
    [
        {"conductivity_s_per_cm": "10"},
        {"ice_pct": "100"},
        {"retention_pct": "100", "cycle": "2"},
        {"retention_pct": "80", "cycle": "50", "cycle_life_80": "50"},  # the crossing itself
        {"retention_pct": "90", "cycle": "49", "cycle_life_80": "50"},
        {"retention_pct": "70", "cycle": "51", "cycle_life_80": "50"},
        {"cycle_life_80": "1.5"},
        {"cycle": "100", "ice_pct": "0"},
    ],
)
def test_measured_designs_at_the_limit(values):
    row = parse_row(Measured, {**MEASURED, **values}, 7)
    assert isinstance(row, Measured)
    assert row.model_dump(exclude_none=True) == MEASURED | {name: float(value) for name, value in values.items()}
