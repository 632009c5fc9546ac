"""Headers, cells and layouts as laboratories write them, read as what they mean or refused for the true reason."""

from __future__ import annotations

import pytest

from features.tables.records import CellRow, CyclingRow, ElectrolyteRow
from training.intake.draft import read_drafts
from training.intake.headers import read_header
from training.intake.quantity import QuantityError, read_quantity

SIGMA = "conductivity_s_per_cm"
HEADERS = [
    ("Ionic conductivity (mS.cm-1)", SIGMA, "mS.cm-1", 0, {}),
    ("Ionic conductivity (mS.cm -1 )", SIGMA, "mS.cm -1", 0, {}),
    ("σ (mS cm -1)", SIGMA, "mS cm -1", 0, {}),
    ("Ionic conductivity at 25 °C (mS/cm)", SIGMA, "mS/cm", 0, {"temperature_c": 25}),
    ("Ionic conductivity (mS/cm) at 298 K", SIGMA, "mS/cm", 0, {"temperature_c": 24.85}),  # 298 - 273.15
    ("σ SE (mS/cm, RT)", SIGMA, "mS/cm", 0, {"temperature_c": 25}),
    ("σ25°C (S/cm)", SIGMA, "S/cm", 0, {"temperature_c": 25}),
    ("σ_RT (mS/cm)", SIGMA, "mS/cm", 0, {"temperature_c": 25}),
    ("Conductivity @ 60 °C [S/cm]", SIGMA, "S/cm", 0, {"temperature_c": 60}),
    ("σ (10−4 S cm−1)", SIGMA, "S cm-1", -4, {}),
    ("σ (×10^-4 S/cm)", SIGMA, "S/cm", -4, {}),
    ("σ [10⁻³ S cm⁻¹]", SIGMA, "S cm-1", -3, {}),
    ("Formula", "electrolyte", "", 0, {}),
    ("Material", "electrolyte", "", 0, {}),
    ("Composition", "composition", "", 0, {}),
    ("source_url", "source_id", "", 0, {}),
]
CELL_HEADERS = [
    ("Si D50 (µm)", "silicon_size_nm", "µm"),
    ("ICE/%", "ice_pct", ""),  # % is the column's own unit
    ("ICE / %", "ice_pct", ""),
    ("σ SE (mS/cm)", "electrolyte_conductivity_s_per_cm", "mS/cm"),
]


@pytest.mark.parametrize(("written", "name", "unit", "power", "implied"), HEADERS)
def test_headers_of_conductivities(written, name, unit, power, implied):
    header = read_header([written], ElectrolyteRow, {}, {})
    assert [(column.name, column.unit, column.power, dict(column.implied)) for column in header.columns] == [
        (name, unit, power, pytest.approx(implied))
    ], [str(mistake) for mistake in header.mistakes]


@pytest.mark.parametrize(("written", "name", "unit"), CELL_HEADERS)
def test_headers_of_cells(written, name, unit):
    header = read_header([written], CellRow, {}, {})
    assert [(column.name, column.unit) for column in header.columns] == [(name, unit)]


@pytest.mark.parametrize("written", ["Voltage (V)", "Voltage window (V)", "Cut-off voltage / V", "Potential range [V]"])
def test_a_voltage_window_has_both_ends(written):
    (column,) = read_header([written], CellRow, {}, {}).columns
    assert (column.name, column.high) == ("voltage_low_v", "voltage_high_v")


def test_a_cycle_in_the_header_is_that_of_the_row():
    (column,) = read_header(["Retention after 100 cycles (%)"], CyclingRow, {}, {}).columns
    assert (column.name, column.unit, column.implied) == ("retention_pct", "%", (("cycle", 100),))


def test_an_unknown_header_is_named_with_what_it_could_be():
    (mistake,) = read_header(["Conductivty"], ElectrolyteRow, {}, {}).mistakes
    assert mistake.column == "Conductivty"
    assert "closest" in mistake.expected
    assert "conductivity" in mistake.expected


CELLS = [
    ("1.49 (RT)", "mS/cm", 0, 1.49e-3, 25),
    ("3.02 a", "mS/cm", 0, 3.02e-3, None),
    ("3.02*", "mS/cm", 0, 3.02e-3, None),
    ("10^−2.49", "", 0, 10**-2.49, None),
    ("10⁻⁴", "", 0, 1e-4, None),
    ("25 mS/cm at 300 K", "", 0, 0.025, 26.85),
    ("13", "S/cm", -4, 1.3e-3, None),
    ("13±2", "S/cm", -4, 1.3e-3, None),
    ("2.9 x 10 -3", "mS/cm", 0, 2.9e-6, None),
]


@pytest.mark.parametrize(("text", "stated", "power", "value", "temperature"), CELLS)
def test_cells_of_conductivities(text, stated, power, value, temperature):
    quantity = read_quantity(text, "S/cm", stated, power=power)
    assert quantity.value == pytest.approx(value, rel=1e-9)
    assert quantity.temperature_c == (None if temperature is None else pytest.approx(temperature))


@pytest.mark.parametrize("text", ["1.3×10^-3", "1.3e-3", "1.3 mS/cm"])
def test_a_power_in_header_and_cell_is_refused(text):
    with pytest.raises(QuantityError, match=r"the header multiplies it by 10\^-4 already"):
        read_quantity(text, "S/cm", "S/cm", power=-4)


ROWS = {
    "title": "Table S1. Conductivities of sulfides,,,\nElectrolyte,σ (mS/cm),T (°C),DOI\nLi6PS5Cl,1.3,25,10.1000/b1\n",
    "title without commas": "Table S1. Salts, I\nElectrolyte;σ (mS/cm);T (°C);DOI\nLi6PS5Cl;1,3;25;10.1000/b1\n",
    "sep line": "sep=;\nElectrolyte;σ (mS/cm);T (°C);DOI\nLi6PS5Cl;1,3;25,0;10.1000/b1\n",
    "units below": "Electrolyte,σ,T,DOI\n,(mS/cm),°C,-\nLi6PS5Cl,1.3,25,10.1000/b1\n",
    "kelvin below": "Electrolyte,σ,T,DOI\n,mS/cm,K,\nLi6PS5Cl,1.3,298.15,10.1000/b1\n",
    "factor": "Electrolyte,σ (10−4 S cm−1),T (°C),DOI\nLi6PS5Cl,13,25,10.1000/b1\n",
    "temperature in the header": "Electrolyte,σ at 25 °C (mS/cm),DOI\nLi6PS5Cl,1.3,10.1000/b1\n",
    "temperature in the cell": "Electrolyte,σ (mS/cm),DOI\nLi6PS5Cl,1.3 (RT),10.1000/b1\n",
    "only a composition": "Composition,σ (mS/cm),T (°C),DOI\nLi6PS5Cl,1.3,25,10.1000/b1\n",
    "a link": "Formula,σ (mS/cm),T (°C),source_url\nLi6PS5Cl,1.3,25,https://doi.org/10.1000/b1\n",
}


@pytest.mark.parametrize("text", ROWS.values(), ids=ROWS)
def test_layouts_give_the_same_row(write, text):
    drafts = read_drafts(write(text))
    (draft,) = drafts.rows
    row = draft.row
    assert (row.electrolyte, row.conductivity_s_per_cm, row.temperature_c) == ("Li6PS5Cl", 1.3e-3, 25)
    assert "10.1000/b1" in (row.doi, row.source_id)


def test_a_row_that_contradicts_its_header_is_rejected(write):
    drafts = read_drafts(write("Electrolyte,σ at 25 °C (mS/cm),T (°C),DOI\nLi6PS5Cl,1.3,60,10.1000/b1\n"))
    assert drafts.rows == []
    assert "got temperature_c 60, and 25 beside σ at 25 °C (mS/cm)" in str(drafts.mistakes[0])


def test_both_ends_of_a_voltage_window(write):
    text = "electrolyte,anode,ICE/%,Voltage window (V),DOI\nLi6PS5Cl,Si,80,2.5-4.2,10.1000/b1\n"
    (draft,) = read_drafts(write(text)).rows
    assert (draft.row.voltage_low_v, draft.row.voltage_high_v) == (2.5, 4.2)
    one_end = read_drafts(write(text.replace("2.5-4.2", "4.2")))
    assert "expected both ends, such as 2.5-4.2 V" in str(one_end.mistakes[0])


KELVIN = "Formula,σ (S/cm),{header},DOI\nLi6PS5Cl,1.3e-3,{first},10.1000/h\nLi7La3Zr2O12,3e-4,{second},10.1000/h\n"


def test_declared_kelvin_is_not_doubted(run, write):
    # 600 K is 326.85 °C, 573 K is 299.85 °C: both would look like kelvin
    text = KELVIN.format(header="Temp (K)", first=600, second=573).replace("1.3e-3", "1e-3")
    assert "to confirm     0" in run("add", write(text)).out


def test_a_column_without_a_unit_is_kelvin_as_a_whole_or_asked_as_a_whole(run, write):
    text = KELVIN.format(header="Temp", first="298.15", second="573")
    assert [draft.row.temperature_c for draft in read_drafts(write(text)).rows] == [25, pytest.approx(299.85)]
    asked = run("add", write(KELVIN.format(header="Temp", first="298", second="573"))).out
    assert "298 °C; looks like kelvin; 298 K is 24.85 °C" in asked
    assert "573 °C; looks like kelvin; 573 K is 299.9 °C" in asked


INSULATORS = "Formula,σ (S/cm),T (°C),DOI\n" + "".join(
    f"Li2ZrO3,1e-{19 + n % 3},{20 + n / 10:g},10.1000/i\n" for n in range(60)
)


def test_a_paper_of_insulators_is_one_question(run, write):
    done = run("add", write(INSULATORS))
    assert (
        "to confirm, 60 values, a conductivity far from those of its class; right as they are: --confirm-kind far"
        in done.out
    )
    assert "and 55 rows more of 10.1000/i, lines 7 to 61" in done.out
    assert done.code == 3


def test_kinds_are_confirmed_one_by_one(run, write):
    text = "Formula,σ (S/cm),T (°C),DOI\nLi6PS5CI,1e-12,25,10.1000/i\n"
    assert run("add", write(text), "--confirm-kind", "far").code == 3
    assert run("add", write(text), "--confirm-kind", "far", "--confirm-kind", "formula").code == 0
    assert run("add", write(text), "--confirm").code == 0
    assert "expected one of formula, fraction" in run("add", write(text), "--confirm-kind", "all").err
