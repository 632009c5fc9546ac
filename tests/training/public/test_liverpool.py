from __future__ import annotations

from pathlib import Path

import pytest

from training.public import liverpool
from training.public.connector import Converted

HEADER = "\ufeffID,composition,source,temperature,target,log_target,family,ChemicalFamily"


def table(folder: Path, *lines: str) -> Converted:
    """Invented rows in the layout of the table, with its byte order mark."""
    (folder / "LiIonDatabase.csv").write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    return liverpool.rows(folder)


def test_a_row(tmp_path: Path) -> None:
    (row,) = table(tmp_path, "12,Li7La3Zr2O12,10.1000/AB,300,9.00E-05,-4.05,Garnet,Oxides").rows
    assert (row.measurement_id, row.electrolyte, row.composition) == ("liverpool:12", "Li7La3Zr2O12", "Li7La3Zr2O12")
    assert (row.conductivity_s_per_cm, row.temperature_c, row.as_written) == (9e-5, 300, "9.00E-05")
    assert (row.electrolyte_class, row.source_id, row.seed, row.note) == (
        "oxide-garnet",
        "10.1000/ab",
        "liverpool",
        None,
    )


def test_temperatures_below_zero(tmp_path: Path) -> None:
    (row,) = table(tmp_path, "1,Li2S,10.1/a,-40.5,1e-9,,,").rows
    assert row.temperature_c == -40.5


def test_an_id_that_stands_twice_gets_its_line(tmp_path: Path) -> None:
    rows = table(tmp_path, "7,Li2S,10.1/a,25,1e-9,,,", "7,Li2S,10.1/a,50,1e-8,,,").rows
    assert [row.measurement_id for row in rows] == ["liverpool:7", "liverpool:7 (line 3)"]


def test_a_paper_without_doi_is_still_one_paper(tmp_path: Path) -> None:
    rows = table(tmp_path, "1,Li2S,Old Journal 3. 1965,25,1e-9,,,", "2,Li2O,,25,1e-9,,,").rows
    assert [row.source_id for row in rows] == ["Old Journal 3. 1965", "liverpool:2"]


@pytest.mark.parametrize(
    ("family", "formula", "kind", "form"),
    [
        ("Glass", "Li3PS4", "sulfide-glass", "glass"),
        ("Glass", "Li3PO4", None, "glass"),
        ("Glass", "Li3PS3O", None, "glass"),  # an oxysulfide is of neither class without doubt
        ("Glass-Ceramic", "Li7P3S11", None, "glass-ceramic"),
        ("Argyrodite", "Li6PO5Cl", None, None),
        ("LISICON", "Li14ZnGe4O16", None, None),
    ],
)
def test_families(family: str, formula: str, kind: str | None, form: str | None, tmp_path: Path) -> None:
    (row,) = table(tmp_path, f"1,{formula},10.1/a,25,1e-9,,{family},").rows
    assert (row.electrolyte_class, row.form) == (kind, form)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("1,Li2S,10.1/a,25,n/a,,,", "the conductivity cannot be read: 'n/a'"),
        ("1,Li2S,10.1/a,room,1e-9,,,", "the temperature cannot be read: 'room'"),
        ("1,Li2S),10.1/a,25,1e-9,,,", "the formula cannot be read: Li2S)"),
        ("1,Li2S,10.1/a,800,1e-9,,,", "temperature_c: got 800.0, expected a plain number in °C"),
    ],
)
def test_what_cannot_be_read_is_refused(line: str, reason: str, tmp_path: Path) -> None:
    (refused,) = table(tmp_path, line).refused
    assert refused.reason.startswith(reason)


def test_the_real_table(tables: dict[str, Converted]) -> None:
    converted = tables["liverpool"]
    # all 820 are read; three of one melt, at 791 to 873 °C, are beyond the record's 700 °C
    assert converted.counts == {"rows": 817, "censored": 0, "refused": 3}
    assert {each.place for each in converted.refused} == {"507", "508", "509"}
    assert all(each.reason.startswith("temperature_c: got ") for each in converted.refused)
    assert all(row.composition and row.temperature_c is not None for row in converted.rows)
    papers = {row.place: row.source_id for row in converted.rows if not (row.source_id or "").startswith("10.")}
    assert len(papers) == 4
    assert len(set(papers.values())) == 1
