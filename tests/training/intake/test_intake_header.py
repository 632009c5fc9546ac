"""Headers as labs write them, the mapping file, and what is said about columns nobody knows."""

import json
from pathlib import Path

import pytest

from features.tables.mistakes import InputError
from features.tables.records import TABLES
from tests.shared import ROOT
from training.intake.draft import ADDABLE, read_drafts, recognised
from training.intake.headers import ENDS, names, read_header
from training.intake.notation.mapping import Mapped, read_mapping


def column(header, table, mapping=None):
    others = {name: model for name, model in ADDABLE.items() if name != table}
    return read_header([header], ADDABLE[table], others, mapping or {}, "new.csv")


KNOWN = [
    ("sigma", "electrolytes", "conductivity_s_per_cm", ""),
    ("σ (mS cm⁻¹)", "electrolytes", "conductivity_s_per_cm", "mS cm⁻¹"),
    ("IC", "electrolytes", "conductivity_s_per_cm", ""),
    ("conductivity (mS/cm)", "electrolytes", "conductivity_s_per_cm", "mS/cm"),
    ("Ionic conductivity [S/m]", "electrolytes", "conductivity_s_per_cm", "S/m"),
    ("conductivity, mS/cm", "electrolytes", "conductivity_s_per_cm", "mS/cm"),
    ("conductivity_mS_per_cm", "electrolytes", "conductivity_s_per_cm", "mS/cm"),
    ("sigma", "cells", "electrolyte_conductivity_s_per_cm", ""),
    ("T (K)", "electrolytes", "temperature_c", "K"),
    ("T/K", "electrolytes", "temperature_c", "K"),
    ("temperature_k", "electrolytes", "temperature_c", "k"),
    ("Temperature", "cells", "temperature_c", ""),
    ("Ea (kJ/mol)", "electrolytes", "activation_energy_ev", "kJ/mol"),
    ("a (Å)", "electrolytes", "lattice_a_angstrom", "Å"),
    ("ICE (%)", "cells", "ice_pct", "%"),
    ("ICE (‰)", "cells", "ice_pct", "‰"),
    ("ice_fraction", "cells", "ice_pct", "fraction"),
    ("pressure [bar]", "cells", "stack_pressure_mpa", "bar"),
    ("stack_pressure_bar", "cells", "stack_pressure_mpa", "bar"),
    ("Si size (µm)", "cells", "silicon_size_nm", "µm"),
    ("N/P ratio", "cells", "np_ratio", ""),
    ("C-rate", "cells", "c_rate_per_h", ""),
    ("current density (mA/g)", "cells", "specific_current_ma_per_g", "mA/g"),
    ("current density [A/m²]", "cells", "current_density_ma_per_cm2", "A/m²"),
    ("capacity (mAh/cm2)", "cells", "first_areal_capacity_mah_per_cm2", "mAh/cm2"),
    ("cycle #", "cycling", "cycle", ""),
    ("Cycle number", "cycling", "cycle", ""),
    ("Retention [%]", "cycling", "retention_pct", "%"),
    ("capacity (mAh g-1)", "cycling", "capacity_mah_per_g", "mAh g-1"),
    ("Ref.", "cells", "source_id", ""),
    ("DOI", "cells", "doi", ""),
]


@pytest.mark.parametrize(("header", "table", "name", "unit"), KNOWN, ids=[f"{row[1]}: {row[0]}" for row in KNOWN])
def test_known(header, table, name, unit):
    read = column(header, table)
    assert not read.mistakes
    assert [(each.name, each.unit) for each in read.columns] == [(name, unit)]


UNKNOWN = [
    ("", "electrolytes", "column number 1: got no name, expected a name"),
    ("operator", "cells", "column operator: got an unknown column, expected a column of this table"),
    ("retention (%)", "cells", "retention_pct stands in cycling.csv: give it a file of its own"),
    ("ICE", "electrolytes", "ice_pct stands in cells.csv"),
    ("sigma (bar)", "electrolytes", "got the unit 'bar', expected a unit that becomes S/cm"),
    ("Si content (at%)", "cells", "atoms become weight only"),
    ("current density", "cells", "the unit in brackets: it may be current_density_ma_per_cm2 (mA/cm²) or specific_"),
    (
        "log10(sigma)",
        "electrolytes",
        "its unit, such as log10 sigma (S/cm); to leave it out: --mapping 'log10(sigma)='",
    ),
    (
        "log σ (S/cm)",
        "electrolytes",
        "log10 or ln in its name, as in --mapping 'log σ (S/cm)=log10 σ (S/cm)'; to leave",
    ),
    ("log_target", "electrolytes", "expected a column of this table; to leave it out: --mapping log_target="),
    ("log10 note", "electrolytes", "got an unknown column"),
    ("1000/T", "electrolytes", "the temperature itself"),
    ("torque (N m)", "cells", "a pressure in MPa: a torque is none"),
    ("target", "electrolytes", "expected a column of this table; to leave it out: --mapping target="),
    ("IC (Bulk)", "electrolytes", "this is that of the bulk alone; to leave it out: --mapping 'IC (Bulk)='"),
    ("rate (mA/g)", "cells", "got the unit 'mA/g', expected a unit that becomes 1/h"),
]


@pytest.mark.parametrize(("header", "table", "message"), UNKNOWN, ids=[row[0] for row in UNKNOWN])
def test_unknown(header, table, message):
    read = column(header, table)
    assert not read.columns
    assert message in str(read.mistakes[0])


def test_three_closest():
    assert "closest: anode" in str(column("anodee", "cells").mistakes[0])


def test_a_unit_nobody_named_is_said():
    assert column("sigma", "electrolytes").remarks == [
        "column sigma names no unit: read as S/cm where its cells name none"
    ]
    assert not column("conductivity_s_per_cm", "electrolytes").remarks


def test_a_column_twice():
    read = read_header(["sigma", "IC (mS/cm)"], ADDABLE["electrolytes"], {}, {}, "new.csv")
    assert str(read.mistakes[0]) == (
        "new.csv line 1, column IC (mS/cm): got sigma and IC (mS/cm), which are both conductivity_s_per_cm, "
        "expected each column once; to leave it out: --mapping 'IC (mS/cm)='"
    )


def test_columns_of_a_reject_file_are_ignored():
    read = read_header(["line", "reasons", "sigma"], ADDABLE["electrolytes"], {}, {})
    assert [each.place for each in read.columns] == [2]
    assert not read.mistakes


def test_every_name_is_of_a_column():
    known = {name for model in TABLES.values() for name in model.model_fields}
    meant, refused = names()
    assert {end for columns in meant.values() for column in columns for end in column.split(ENDS)} <= known
    assert not set(meant) & set(refused)


def test_mapping_by_column_unit_or_nothing(write):
    mapping = read_mapping(
        write(
            json.dumps({"Leitwert": {"column": "conductivity", "unit": "mS/cm"}, "wer": None, "Stoff": "electrolyte"}),
            "m.json",
        )
    )
    header = ["Leitwert", "wer", "Stoff"]
    read = read_header(header, ADDABLE["electrolytes"], {}, mapping)
    assert [(each.name, each.unit) for each in read.columns] == [
        ("conductivity_s_per_cm", "mS/cm"),
        ("electrolyte", ""),
    ]
    assert not read.mistakes


def test_mappings_in_three_formats_are_one(write):
    expected = {"Leitwert": Mapped("conductivity_s_per_cm", "mS/cm"), "wer": Mapped(None)}
    text = write("theirs,ours,unit\nLeitwert,conductivity_s_per_cm,mS/cm\nwer,,\n", "m.csv")
    yaml = write("Leitwert: {column: conductivity_s_per_cm, unit: mS/cm}\nwer:\n", "m.yaml")
    held = {"Leitwert": {"column": "conductivity_s_per_cm", "unit": "mS/cm"}, "wer": None}
    assert [read_mapping(path) for path in (text, yaml, write(json.dumps(held), "m.json"))] == [expected] * 3
    assert read_mapping(None) == {}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("m.json", "{", "not JSON"),
        ("m.json", "[1]", "expected an object 'theirs: ours', got list"),
        ("m.json", '{"a": 3}', "column 'a': got 3, expected our column, null to leave it out, or an object"),
        ("m.yaml", "a: [", "not YAML"),
        ("m.csv", "a,b\n", "expected the columns theirs, ours and (optional) unit, got a, b"),
        ("m.csv", "theirs,ours\na,anode\na,binder\n", "the column 'a' is mapped twice"),
        ("m.txt", "", "a mapping file ends in .json, .csv or .yaml"),
    ],
)
def test_unusable_mappings(write, name, text, message):
    with pytest.raises(InputError) as error:
        read_mapping(write(text, name))
    assert message in str(error.value)


def test_a_folder_is_no_mapping(tmp_path):
    with pytest.raises(InputError, match="is a folder, expected a mapping file"):
        read_mapping(tmp_path)


def test_the_documented_mapping_reads_the_documented_table(run, write):
    """The two blocks of data/README.md, as they are printed there."""
    page = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    section = page.partition("### Your own words for columns")[2]
    table, mapping = (block.partition("\n")[2] for block in section.split("```")[1:4:2])
    done = run("add", write(table, "messungen.csv"), "--mapping", write(mapping, "map.csv"))
    assert "Li6PS5Cl, 25 °C, 0.0023 S/cm" in done.out
    assert "rejected       0" in done.out


def test_missing_mapping(tmp_path):
    with pytest.raises(InputError, match="no such mapping file"):
        read_mapping(tmp_path / "m.json")


def test_a_mapping_to_a_column_nobody_has():
    read = column("x", "cells", {"x": Mapped("ice_pctt")})
    assert "got the mapping to 'ice_pctt', expected a column of this table; closest: ice_pct" in str(read.mistakes[0])


@pytest.mark.parametrize(
    ("header", "table"),
    [
        ("electrolyte,sigma,T (K),doi", "electrolytes"),
        ("electrolyte,Ea (eV),doi", "electrolytes"),
        ("anode,electrolyte,ICE (%),doi", "cells"),
        ("electrolyte,sigma,pressure [bar],doi", "cells"),
        ("cell,cycle #,retention,doi", "cycling"),
        ("cell_id,cycle,capacity (mAh/g),source_id", "cycling"),
    ],
)
def test_the_table_is_recognised(header, table):
    read = {name: read_header(header.split(","), model, {}, {}) for name, model in ADDABLE.items()}
    assert recognised(read, "new.csv") == table


def test_a_table_nobody_recognises():
    read = {name: read_header(["electrolyte", "doi"], model, {}, {}) for name, model in ADDABLE.items()}
    with pytest.raises(InputError, match=r"no column tells which table this is .* name it with --table electrolytes"):
        recognised(read, "new.csv")


@pytest.mark.parametrize(
    ("header", "unit", "implied"),
    [
        ("IC (Total)", "", ()),
        ("room_temp_conductivity_mS_cm", "mS/cm", (("temperature_c", 25.0),)),
        ("RT conductivity (S/m)", "S/m", (("temperature_c", 25.0),)),
        ("conductivity_mS_cm", "mS/cm", ()),
    ],
)
def test_conductivities_of_public_tables(header: str, unit: str, implied: tuple[tuple[str, float], ...]) -> None:
    (read,) = column(header, "electrolytes").columns
    assert (read.name, read.unit, read.implied) == ("conductivity_s_per_cm", unit, implied)


def test_a_mapping_on_the_command_line_leaves_a_column_out() -> None:
    words = read_mapping(Path("target=; IC (Bulk)=; T=temperature_c"))
    assert words == {"target": Mapped(None), "IC (Bulk)": Mapped(None), "T": Mapped("temperature_c")}
    read = read_header(["IC (Total)", "IC (Bulk)", "target", "T"], ADDABLE["electrolytes"], {}, words)
    assert [column.name for column in read.columns] == ["conductivity_s_per_cm", "temperature_c"]
    assert not read.mistakes


@pytest.mark.parametrize(
    ("header", "cells", "conductivity"),
    [  # by hand: 10**-2 = 0.01 S/cm, 10**1 mS/cm = 0.01 S/cm, exp(-6.907755) = 0.001
        ("log10 σ (S/cm)", "-2", 0.01),
        ("log10_conductivity_s_per_cm", "-2", 0.01),
        ("lg(σ / mS cm-1)", "1", 0.01),
        ("ln sigma (S/cm)", "-6.907755", 0.001),
        ("Conductivity (S/cm),log10 conductivity (S/cm)", "0.01,-2.003", 0.01),
        ("Conductivity (S/cm),log conductivity (mS/cm)", "0.01,1", 0.01),
        ("σ (mS/cm),log_sigma", "10,1", 0.01),
        ("σ (10−4 S cm−1),sigma_log10", "100,2", 0.01),
        ("σ (S/cm),log σ", "0.01,-4.605", 0.01),
        ("σ (S/cm),log10 σ", "0.01,", 0.01),
    ],
)
def test_logarithms(write, header: str, cells: str, conductivity: float) -> None:
    (draft,) = read_drafts(write(f"Electrolyte,{header},DOI\nLi6PS5Cl,{cells},10.1000/x\n")).rows
    assert draft.row.model_dump()["conductivity_s_per_cm"] == pytest.approx(conductivity, rel=1e-6)


def test_a_logarithm_of_another_value_is_asked_about(write) -> None:
    drafts = read_drafts(write("Electrolyte,σ (S/cm),log10 σ,DOI\nLi6PS5Cl,0.01,-2.02,10.1000/x\n"))
    assert not drafts.rows
    assert str(drafts.mistakes[0]) == (
        "new.csv line 2, column log10 σ: got -2.02, and 0.01 in the column σ (S/cm), expected the log10 of that value"
    )
    assert drafts.header.remarks == ["column log10 σ left out: the logarithm of σ (S/cm)"]


def test_a_logarithm_that_no_quantity_has(write) -> None:
    drafts = read_drafts(write("Electrolyte,log10 σ (S/cm),DOI\nLi6PS5Cl,-400,10.1000/x\nLi6PS5Cl,<-2,10.1000/x\n"))
    expected = "expected a plain logarithm between -30 and 30"
    assert [str(mistake).endswith(expected) for mistake in drafts.mistakes] == [True, True]


def test_a_mapping_to_a_logarithm_and_beside_a_mapped_column(write) -> None:
    file = write("Electrolyte,target,log_target,DOI\nLi6PS5Cl,0.01,-2,10.1000/x\n")
    for mapping in ("target=conductivity_s_per_cm", "target=; log_target=log10 σ (S/cm)"):
        (draft,) = read_drafts(file, mapping=Path(mapping)).rows
        assert draft.row.model_dump()["conductivity_s_per_cm"] == 0.01


def test_a_mapping_on_the_command_line_may_be_longer_than_a_file_name() -> None:
    names = [f"column number {number}" for number in range(100)]
    assert read_mapping(Path("; ".join(f"{name}=" for name in names))) == dict.fromkeys(names, Mapped(None))


@pytest.mark.parametrize(
    ("header", "ours", "unit", "power"),
    [
        ("Leitwert (mS/cm)", "conductivity_s_per_cm", "mS/cm", 0),
        ("Leitwert (10−4 S cm−1)", "conductivity_s_per_cm", "S cm-1", -4),
        ("Leitwert (gemessen)", "conductivity_s_per_cm", "", 0),
        ("Leitwert (mS/cm)", "σ (S/m)", "S/m", 0),
    ],
)
def test_a_mapped_column_keeps_the_unit_of_its_header(header: str, ours: str, unit: str, power: int) -> None:
    (read,) = column(header, "electrolytes", {header: Mapped(ours)}).columns
    assert (read.name, read.unit, read.power) == ("conductivity_s_per_cm", unit, power)
