"""One measurement under two papers is asked about, and where it is kept its papers are one group."""

from __future__ import annotations

import csv

from features.tables.literature import papers_of
from features.tables.records import CellRow, ElectrolyteRow
from training.data.load import SHIPPED, load_literature
from training.data.twins import Twins

INVENTED = "10.9999/invented"


def test_a_copy_of_a_shipped_cell_is_asked_about_and_grouped(run, write, literature, tmp_path):
    cell = next(row for row in literature.cells if row.ice_pct and row.first_capacity_mah_per_g and row.in_training)
    header = "cell_id,anode,electrolyte,ICE (%),first_capacity_mah_per_g,doi\n"
    values = f"copy-1,{cell.anode},{cell.electrolyte},{cell.ice_pct},{cell.first_capacity_mah_per_g},{INVENTED}?a=1#b\n"
    file = write(header + values.replace(";", ","), "copy.csv")
    asked = run("add", file, "--write")
    assert asked.code != 0
    assert f"the same measurement as {cell.cell_id}" in asked.out + asked.err
    assert run("add", file, "--write", "--confirm").code == 0
    kept = next(row for row in load_literature([SHIPPED, tmp_path / "mydata"]).cells if row.cell_id == "copy-1")
    assert set(papers_of(kept.paper)) == {INVENTED, *papers_of(cell.paper)}


def test_two_equal_numbers_of_another_source_are_one_measurement(literature):
    cell = next(row for row in literature.cells if row.ice_pct and row.first_capacity_mah_per_g)
    twins = Twins(literature)
    other = cell.model_copy(update={"cell_id": "x", "source_id": INVENTED, "doi": None, "anode": "other"})
    twin = twins.find(other)
    assert isinstance(twin, CellRow)
    assert (twin.ice_pct, twin.first_capacity_mah_per_g) == (cell.ice_pct, cell.first_capacity_mah_per_g)
    assert twins.find(cell.model_copy(update={"cell_id": "x"})) is None  # rows of one paper are no twins
    assert twins.find(other.model_copy(update={"ice_pct": 12.3456, "average_ce_pct": None})) is None


def test_one_number_is_a_twin_only_where_all_else_is_the_same(literature):
    row = next(
        row for row in literature.electrolytes if row.conductivity_s_per_cm and row.activation_energy_ev is None
    ).model_copy(update={"conductivity_high_s_per_cm": None, "conductivity_s_per_cm": 1.23456e-5})
    from training.data.literature_rows import with_rows

    twins = Twins(with_rows(literature, "electrolytes", {row.measurement_id: row}))
    other = row.model_copy(update={"measurement_id": "x", "source_id": INVENTED, "doi": None})
    assert isinstance(twins.find(other), ElectrolyteRow)
    assert twins.find(other.model_copy(update={"temperature_c": 77.0})) is None


def test_a_copy_that_nobody_added_is_asked_about_and_is_kin(run, tmp_path):
    """An exact copy of Z007 in a folder under an invented DOI is no mistake, and stands on one side of every split."""
    lines = (SHIPPED / "cells.csv").read_text(encoding="utf-8").splitlines()
    (row,) = [row for row in csv.DictReader(lines) if row["cell_id"] == "Z007"]
    folder = tmp_path / "own"
    folder.mkdir()
    mine = row | {"cell_id": "copy", "source_id": "", "seed": "", "doi": INVENTED}
    other = mine | {"ice_pct": "88.1", "first_capacity_mah_per_g": "2000"}
    for file, kept in (("cells.csv", mine), ("other.csv", other)):
        with (folder / file).open("w", encoding="utf-8", newline="") as out:
            csv.writer(out).writerows([list(kept), list(kept.values())])
    question = (
        "cells.csv, cell_id copy: the same measurement as Z007 of cao2022b? A training takes their papers for one"
    )
    for asked in (folder, folder / "cells.csv"):
        done = run("check", asked)
        assert done.code == 0
        assert question in done.out
        assert "no mistakes" in done.out
    rows = {cell.cell_id: cell for cell in load_literature([SHIPPED, folder]).cells}
    assert set(papers_of(rows["copy"].paper)) == {INVENTED, "cao2022b"}
    assert rows["Z007"].paper == "cao2022b"
    (folder / "other.csv").replace(folder / "cells.csv")
    assert "the same measurement" not in run("check", folder).out
    assert next(cell for cell in load_literature([SHIPPED, folder]).cells if cell.cell_id == "copy").paper == INVENTED


def test_check_finds_beside_the_shipped_tables_what_a_training_would_refuse(run, literature, tmp_path):
    folder = tmp_path / "own"
    folder.mkdir()
    known = next(source for source in literature.sources.values() if source.doi)
    (folder / "sources.csv").write_text(
        "source_id,citation,doi,told_by\n"
        f"mine,A paper of mine 2026,https://doi.org/{known.doi.upper()}?ref=x,me\n"
        "other,Another paper 2026,10.1007/x,me\n"
        "again,A third paper 2026,10.1007/x?x=1,me\n"
    )
    shipped = literature.cells[0]
    (folder / "cells.csv").write_text(
        f"cell_id,anode,electrolyte,ice_pct,source_id,in_training\n{shipped.cell_id},Si,Li6PS5Cl,80,mine,yes\n"
    )
    done = run("check", folder)
    text = done.out + done.err
    assert done.code != 0
    assert f"that of {known.source_id} in row mine" in text
    assert "that of other in row again" in text
    assert f"'{shipped.cell_id}', expected an id of its own" in text
