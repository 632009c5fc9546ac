"""A template workbook filled in and taken whole, and points of life in a table of cells."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from openpyxl import load_workbook

from training.intake.template import write_template

CELLS = (
    "electrolyte,anode,ICE/%,Retention after 100 cycles (%),Retention after 200 cycles (%),DOI\n"
    "Li6PS5Cl,Si,80,91,85,10.1000/b1\nLi3InCl6,Si,82,88,,10.1000/b1\n"
)


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


@pytest.mark.slow
def test_points_of_life_are_split_off_a_table_of_cells(run, write, tmp_path):
    dry = run("add", write(CELLS))
    assert "2 rows of cells" in dry.out
    assert "added          3" in dry.out  # 91 and 85 of the first cell, 88 of the second
    assert not (tmp_path / "mydata").exists()
    assert run("add", write(CELLS), "--write").code == 0
    points = rows_of(tmp_path / "mydata" / "cycling.csv")
    assert [(point["cycle"], point["retention_pct"]) for point in points] == [
        ("100", "91"),
        ("200", "85"),
        ("100", "88"),
    ]
    cells = {row["electrolyte"]: row["cell_id"] for row in rows_of(tmp_path / "mydata" / "cells.csv")}
    assert [point["cell_id"] for point in points] == [cells["Li6PS5Cl"], cells["Li6PS5Cl"], cells["Li3InCl6"]]
    assert run("check", tmp_path / "mydata").code == 0


@pytest.mark.slow
def test_a_template_workbook_is_taken_whole(run, tmp_path):
    path = tmp_path / "t.xlsx"
    assert run("template", "cells", "-o", path).code == 0
    book = load_workbook(path)
    assert book.sheetnames == ["cells", "electrolytes", "cycling"]
    cells = book["cells"]
    head = {cell.value: cell for cell in cells[1]}
    assert cells.cell(2, head["stack_pressure_mpa"].column).value == "MPa"
    assert "half" in "".join(listed.formula1 for listed in cells.data_validations.dataValidation)
    assert head["anode"].comment.text
    salt = {"electrolyte": "Li3InCl6", "temperature_c": 25, "conductivity_s_per_cm": 1.3e-3, "source_id": "lab one"}
    for title, row in {
        "cells": {"cell_id": "S1", "electrolyte": "Li6PS5Cl", "anode": "Si", "ice_pct": 80, "source_id": "lab one"},
        "electrolytes": salt,
        "cycling": {"cell_id": "S1", "cycle": 50, "retention_pct": 93, "source_id": "lab one"},
    }.items():
        columns = {cell.value: cell.column for cell in book[title][1]}
        for column, value in row.items():
            book[title].cell(4, columns[column], value)
    book.save(path)
    assert run("add", path).code == 0
    done = run("add", path, "--write")
    assert done.code == 0, done.out
    for table in ("cells", "electrolytes", "cycling"):
        assert len(rows_of(tmp_path / "mydata" / f"{table}.csv")) == 1
    assert run("check", tmp_path / "mydata").code == 0


@pytest.mark.slow
def test_an_untouched_template_workbook_adds_nothing(run, tmp_path):
    write_template("electrolytes", tmp_path / "t.xlsx")
    done = run("add", tmp_path / "t.xlsx", "--write")
    assert done.code == 0
    assert done.out.count("added          0") == 3
