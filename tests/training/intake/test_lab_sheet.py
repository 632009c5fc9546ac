"""A laboratory's own sheet: one step in, kept by name, replicates told, every mistake at once."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import Workbook, load_workbook

from features.tables.mistakes import InputError
from models.bundle import load_bundle
from models.saved.labs import FOLDER_VARIABLE, lab_file, lab_names, read_lab
from serving.notebook.model import Model
from silion import main
from tests.shared import ROOT
from training.intake.workbooks.laboratory import LabConfig, add_lab, replicates

SHEET = ROOT / "data" / "examples" / "my_cells.xlsx"
HEADER = ["Cell", "Anode", "Electrolyte", "σ at 25 °C (mS/cm)", "ICE (%)", "Retention after 100 cycles (%)"]


@pytest.fixture(autouse=True)
def labs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "labs"))
    return tmp_path / "labs"


def book(path: Path, *rows: list[object]) -> Path:
    workbook = Workbook()
    for row in rows:
        workbook.worksheets[0].append(row)
    workbook.save(path)
    return path


def test_the_example_goes_in_in_one_step(labs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Five cells with an efficiency and three retentions each, two conductivities: 5 + 15 + 2 values."""
    assert main(["lab", "add", str(SHEET), "--name", "our-lab"]) == 0
    out = capsys.readouterr().out
    assert "22 new values" in out
    assert "2 conductivity_s_per_cm, 5 ice_pct, 15 retention_pct" in out
    assert "EX-01, EX-02: ice_pct 80.9 and 82.4, 1.5 apart" in out
    assert "EX-01, EX-02: retention_pct after 100 cycles 77 and 79.5, 2.5 apart" in out
    table = pd.read_csv(labs / "our-lab.csv")
    third = table[table["sample_id"] == "EX-03"]
    assert third["retention_pct"].dropna().tolist() == [90.2, 64.0, 41.0]
    assert third["cycle"].dropna().tolist() == [10.0, 50.0, 100.0]
    assert "in all 6 designs" in out  # four of cells, two of electrolytes alone
    sigma = table.dropna(subset="conductivity_s_per_cm")
    assert sigma["conductivity_s_per_cm"].tolist() == pytest.approx([2.1e-3, 6.8e-3])
    assert sigma["temperature_c"].tolist() == [25.0, 25.0]
    # again: nothing twice
    assert main(["lab", "add", str(SHEET), "--name", "our-lab"]) == 0
    assert "0 new values" in capsys.readouterr().out
    assert len(pd.read_csv(labs / "our-lab.csv")) == len(table)
    assert main(["lab", "list"]) == 0
    assert capsys.readouterr().out.startswith("our-lab: ")


def test_the_example_says_that_it_is_made_up() -> None:
    book = load_workbook(SHEET)
    assert "made-up" in str(book.worksheets[0]["A1"].value)
    assert "made-up" in book.sheetnames[0]
    assert SHEET.stat().st_size < 10_000


def test_two_values_of_one_design_are_kept_and_their_spread_is_told(tmp_path: Path) -> None:
    rows = [["A", "Si", "Li6PS5Cl", None, 80, 70], ["B", "Si", "Li6PS5Cl", None, 84, 70]]
    laboratory = add_lab(LabConfig(book(tmp_path / "s.xlsx", HEADER, *rows), "mine"))
    assert [row.ice_pct for row in read_lab("mine") if row.ice_pct] == [80, 84]
    assert replicates(laboratory.rows) == [
        "A, B: ice_pct 80 and 84, 4 apart",
        "A, B: retention_pct after 100 cycles 70 and 70, 0 apart",
    ]


def test_all_mistakes_come_at_once_in_the_words_of_the_sheet_and_nothing_is_kept(tmp_path: Path, labs: Path) -> None:
    rows = [
        ["A", "Si", "Li6PS5Cl", 2.1, 80, 70],
        ["B", "Si", "Li6PS5Cl", -1, 130, 70],
        ["C", "Si", "nonsense!!", None, 80, 400],
    ]
    with pytest.raises(InputError) as error:
        add_lab(LabConfig(book(tmp_path / "s.xlsx", HEADER, *rows), "mine"))
    text = str(error.value)
    assert text.startswith("s.xlsx: 4 mistakes, nothing was added")
    for line, column in ((3, HEADER[3]), (3, HEADER[4]), (4, HEADER[2]), (4, HEADER[5])):
        assert re.search(rf"line {line}, column {re.escape(column)}: got ", text), (line, column)
    assert not labs.exists()


def test_values_that_are_possible_and_unlikely_have_to_be_confirmed(
    tmp_path: Path, labs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An efficiency of 0.8 % is hardly one: a fraction was meant."""
    path = book(tmp_path / "s.xlsx", HEADER, ["A", "Si", "Li6PS5Cl", None, 0.8, 70])
    assert main(["lab", "add", str(path)]) == 3
    assert "line 2, ice_pct: 0.8 %?" in capsys.readouterr().out
    assert not labs.exists()
    assert main(["lab", "add", str(path), "--confirm"]) == 0
    assert lab_names() == ["mine"]


def test_a_bound_moves_nothing_and_is_said(tmp_path: Path) -> None:
    path = book(tmp_path / "s.xlsx", HEADER, ["A", "Si", "Li6PS5Cl", None, ">80", 70])
    laboratory = add_lab(LabConfig(path, "mine"))
    assert [row.retention_pct for row in laboratory.rows] == [70]
    assert "A: ice_pct > 80 is a bound, which moves nothing: left out" in laboratory.remarks


def test_an_efficiency_above_100_moves_nothing_and_is_said(tmp_path: Path) -> None:
    header = [*HEADER, "cell type", "prelithiated"]
    path = book(tmp_path / "s.xlsx", header, ["A", "Si", "Li6PS5Cl", None, 132, 70, "half", "yes"])
    laboratory = add_lab(LabConfig(path, "mine"))
    assert [row.ice_pct for row in laboratory.rows] == [None]
    assert "A: ice_pct 132 is above 100, which moves nothing: left out" in laboratory.remarks


def test_a_sheet_replaces_what_was_there_only_if_asked(tmp_path: Path) -> None:
    for value, replace, kept in ((80, False, [80]), (81, False, [80, 81]), (82, True, [82])):
        path = book(tmp_path / "s.xlsx", HEADER[:5], ["A", "Si", "Li6PS5Cl", None, value])
        add_lab(LabConfig(path, "mine", replace=replace))
        assert [row.ice_pct for row in read_lab("mine")] == kept


@pytest.mark.parametrize(("name", "words"), [("../x", "expected letters"), ("nobody", "none is kept yet")])
def test_an_unknown_or_impossible_laboratory_is_refused(name: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        lab_file(name)


def test_predictions_use_the_laboratory_by_name(bundle_folder: Path, tmp_path: Path) -> None:
    """The command line, with `--lab` and with the kept table given to `--calibrate`, and Python tell the same."""
    add_lab(LabConfig(SHEET, "mine"))
    design = {
        "electrolyte": "Li6PS5Cl", "anode": "micro-Si", "silicon_wt_pct": 70, "silicon_size_nm": 2000,
        "carbon_wt_pct": 0, "stack_pressure_mpa": 50, "temperature_c": 25, "cycle": 100,
    }  # fmt: skip
    pd.DataFrame([design]).to_csv(tmp_path / "in.csv", index=False)
    call = ["predict", str(tmp_path / "in.csv"), "--model", str(bundle_folder), "-o"]
    outs = [tmp_path / f"{name}.csv" for name in ("plain", "lab", "file")]
    for out, more in zip(outs, ([], ["--lab", "mine"], ["--calibrate", str(lab_file("mine"))]), strict=True):
        assert main([*call, str(out), *more]) == 0
    plain, lab, file = (pd.read_csv(out).iloc[0] for out in outs)
    assert lab.equals(file)
    # 41 % were measured of EX-03 after 100 cycles, 76.3 % in the first: told is near to them, and surer
    for column, value in (("retention_pct", 41.0), ("ice_pct", 76.3)):
        assert abs(lab[column] - value) < 5
        assert lab[f"{column}_high"] - lab[f"{column}_low"] < plain[f"{column}_high"] - plain[f"{column}_low"]
    assert "your own: capacity retention 90.2 % (10 cycles), 64 % (50 cycles), 41 % (100 cycles)" in lab["measured"]
    answers = Model(load_bundle(bundle_folder)).predict(design, lab="mine").table
    assert answers["retention_pct"].iloc[0] == pytest.approx(lab["retention_pct"], rel=1e-6)
    with pytest.raises(InputError, match="choose one"):
        Model(load_bundle(bundle_folder)).predict(design, lab="mine", calibrate=[{**design, "ice_pct": 80}])
