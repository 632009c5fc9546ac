"""Formulas of new rows that can be read and are hardly meant, labels that hold 'doi', and rows of two papers."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

HEADER = "Electrolyte,Conductivity (mS/cm),T (°C),source\n"


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


@pytest.mark.slow
def test_a_misprint_is_asked_about_and_a_confirmed_one_stays(run, write, tmp_path):
    file = write(f"{HEADER}Li6PS5CI,1.3,25,lab one\nLi6PS5Cl-550C,1.3,25,lab one\n")
    asked = run("add", file)
    assert "to confirm     1" in asked.out
    assert "line 2, electrolyte: Li6PS5CI; Li6PS5Cl?" in asked.out
    assert run("add", file, "--write").code == 3
    assert run("add", file, "--write", "--confirm").code == 0
    rows = rows_of(tmp_path / "mydata" / "electrolytes.csv")
    assert [row["composition"] for row in rows] == ["", "Li6PS5Cl"]  # carbon stays as written
    assert "FORMULA: confirmed as written" in rows[0]["note"]
    assert run("check", tmp_path / "mydata").code == 0
    assert "skipped        2" in run("add", file).out


def test_check_names_the_misprint(run, write):
    done = run("check", write("electrolyte,temperature_c\nLi6PS5CI,25\nNaCl,25\n", "candidates.csv"))
    assert done.code == 1
    assert "got 'Li6PS5CI', expected Li6PS5Cl?" in done.out
    assert "NaCl" not in done.out  # a design of it is answered with a notice


def test_a_measurement_without_lithium_stays_refused(run, write):
    done = run("add", write(f"{HEADER}Na3PS4,0.2,25,lab one\n"))
    assert "no lithium; conductors of other ions are not covered" in done.out


@pytest.mark.parametrize("label", ["lab-doi-7", "Adoiron 2020", "my doi: list"])
def test_a_label_that_holds_doi_stays_as_written(run, write, label):
    assert f"({label})" in run("add", write(f"{HEADER}Li3InCl6,1.31,25,{label}\n")).out


@pytest.mark.parametrize(
    "dois", ["10.1000/a1|10.1000/b2", "10.1000/a1; 10.1000/b2", "doi:10.1000/A1 and https://doi.org/10.1000/b2"]
)
def test_two_dois_are_two_sources(run, write, tmp_path, dois):
    header = HEADER.replace("source", "DOI")
    assert run("add", write(f"{header}Li3InCl6,1.31,25,{dois}\n"), "--write").code == 0
    rows = rows_of(tmp_path / "mydata" / "electrolytes.csv")
    assert [(row["source_id"], row["doi"]) for row in rows] == [("10.1000/a1|10.1000/b2", "")]
    sources = rows_of(tmp_path / "mydata" / "sources.csv")
    assert [row["doi"] for row in sources] == ["10.1000/a1", "10.1000/b2"]
    assert run("check", tmp_path / "mydata").code == 0
    assert "skipped        1" in run("add", write(f"{header}Li3InCl6,1.31,25,{dois}\n")).out


def test_a_label_beside_two_dois_is_asked_about(run, write):
    done = run("add", write("Electrolyte,Conductivity (mS/cm),source,DOI\nLi3InCl6,1,lab x,10.1000/a1|10.1000/b2\n"))
    assert "got '10.1000/a1|10.1000/b2', expected the one DOI of lab x, or no label" in done.out


def test_neutral_salts_of_other_anions_are_added(run, write):
    # sulfate, bismuthate +5, hydride, antimony +3
    rows = "".join(f"{salt},1e-3,25,lab one\n" for salt in ("Li2SO4", "Li7BiO6", "LiAlH4", "Li3SbS3"))
    assert "added          4" in run("add", write(HEADER + rows)).out
