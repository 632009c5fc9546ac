"""Workbooks, semicolons and headers in any case as tables of designs: the same designs as in plain CSV."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from openpyxl import Workbook

from features.tables.chunks import PortionReader, open_source
from features.tables.mistakes import InputError
from features.tables.records import Candidate
from features.tables.rows import read_table
from features.tables.sheets import plain_table, sheet_titles
from serving.predict.read import read_candidates, read_measured
from training.data.check import check

DESIGNS = [("Li6PS5Cl", 25.5), ("Li3InCl6", 60)]


def workbook(path: Path, *sheets: tuple[str, list[list[object]]]) -> Path:
    book = Workbook()
    book.remove(book.active)
    for title, rows in sheets:
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    path.write_bytes(content.getvalue())
    return path


ROWS: list[list[object]] = [["Electrolyte", "Temperature_C", "Sample"], ["Li6PS5Cl", 25.5, "a"], ["Li3InCl6", 60, "b"]]


def designs_of(path: Path) -> list[tuple[str | None, float | None]]:
    return [(row.electrolyte, row.temperature_c) for row in read_candidates(path).rows]


def test_the_first_filled_sheet_is_read(tmp_path: Path) -> None:
    path = workbook(tmp_path / "designs.xlsx", ("empty", []), ("first", ROWS), ("second", [["electrolyte"], ["LLZO"]]))
    assert designs_of(path) == DESIGNS
    assert sheet_titles(path.read_bytes(), path.name) == ["first", "second"]
    assert designs_of(plain_table(path, "second")) == [("LLZO", None)]
    with pytest.raises(InputError, match="no sheet 'secnd'; it has empty, first, second; closest: second"):
        plain_table(path, "secnd")


def test_a_sheet_is_only_asked_of_a_workbook(tmp_path: Path) -> None:
    (tmp_path / "designs.csv").write_text("electrolyte\nLLZO\n", encoding="utf-8")
    with pytest.raises(InputError, match="this file has no sheets"):
        plain_table(tmp_path / "designs.csv", "first")


def test_mistakes_name_the_row_of_the_sheet(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["# designs of May"],
        [],
        ["electrolyte", "temperature_c"],
        ["LLZO", 25],
        [],
        ["Xx9", 25],
    ]
    table = read_candidates(workbook(tmp_path / "designs.xlsx", ("May", rows)))
    assert table.lines == [4]
    assert [str(mistake)[:25] for mistake in table.mistakes] == ["designs.xlsx line 6, colu"]


TEXTS = {
    "semicolons": "electrolyte;temperature_c\nLi6PS5Cl;25,5\nLi3InCl6;60\n",
    "sep line": "sep=;\nElectrolyte;Temperature_C\nLi6PS5Cl;25,5\nLi3InCl6;60\n",
    "another case": "ELECTROLYTE,Temperature_c\nLi6PS5Cl,25.5\nLi3InCl6,60\n",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_texts_of_laboratories(tmp_path: Path, text: str) -> None:
    path = tmp_path / "designs.csv"
    path.write_text(text, encoding="utf-8")
    assert designs_of(path) == DESIGNS
    assert check(path) == ([], {"candidates": 2})


def test_portions_of_a_workbook(tmp_path: Path) -> None:
    source = open_source(workbook(tmp_path / "designs.xlsx", ("May", ROWS)))
    (portion,) = source.portions
    rows = PortionReader().read(portion)
    assert source.columns == ["electrolyte", "temperature_c", "Sample"]
    assert rows.table["electrolyte"].to_pylist() == ["Li6PS5Cl", "Li3InCl6"]


def test_measured_designs_of_a_workbook(tmp_path: Path) -> None:
    rows: list[list[object]] = [["electrolyte", "Conductivity_S_per_cm"], ["Li6PS5Cl", 1e-3]]
    path = workbook(tmp_path / "mine.xlsx", ("May", rows))
    remarks: list[str] = []
    assert len(read_measured(path, remarks)) == 1


def test_a_header_in_our_case_stays_beside_one_in_another(tmp_path: Path) -> None:
    path = tmp_path / "designs.csv"
    path.write_text("electrolyte,Electrolyte\nLLZO,mine\n", encoding="utf-8")
    assert read_table(path, Candidate, own_columns=True).columns == ["electrolyte", "Electrolyte"]
