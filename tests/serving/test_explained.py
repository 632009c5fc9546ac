from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import silion
from features.tables import chunks as portions
from features.tables.mistakes import InputError
from models.bundle import load_bundle
from serving.predict.designs_to_explain import explain_file

GOOD = "design,electrolyte,temperature_c\none,Li6PS5Cl,25\ntwo,Li3PS4,60\n"


def test_every_portion_is_explained(bundle_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portions, "ROWS", 2)
    lines = [f"d{row},Li6PS5Cl,{20 + row}" for row in range(5)]
    source = tmp_path / "designs.csv"
    source.write_text("\n".join(["design,electrolyte,temperature_c", *lines]) + "\n", encoding="utf-8")
    targets = ["conductivity_s_per_cm"]
    result = explain_file(source, tmp_path / "why", load_bundle(bundle_folder), targets)
    assert (result.rejected_rows, result.mistakes, result.remarks) == (0, [], [])
    table = pd.read_csv(tmp_path / "why" / "designs_conductivity.csv")
    assert table["design"].tolist() == ["d0", "d1", "d2", "d3", "d4"]


def test_rows_that_cannot_be_used_are_told_and_the_others_explained(
    bundle_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = tmp_path / "designs.csv", tmp_path / "why"
    source.write_text(GOOD + "three,NotAFormula??,25\nfour,Li3PS4,warm\n", encoding="utf-8")
    options = ["--model", str(bundle_folder), "--targets", "conductivity_s_per_cm"]
    assert silion.main(["explain", str(source), "-o", str(out), *options]) == 1
    said = capsys.readouterr()
    assert "designs.csv line 4, column electrolyte: got 'NotAFormula??'" in said.err
    assert "designs.csv line 5, column temperature_c: got 'warm'" in said.err
    assert f"look at {out / 'index.html'}" in said.out
    assert pd.read_csv(out / "designs_conductivity.csv")["design"].tolist() == ["one", "two"]


def test_a_table_without_a_usable_row_is_refused(bundle_folder: Path, tmp_path: Path) -> None:
    source = tmp_path / "designs.csv"
    source.write_text("design,electrolyte\nthree,NotAFormula??\n", encoding="utf-8")
    with pytest.raises(InputError, match="no row can be used") as caught:
        explain_file(source, tmp_path / "why", load_bundle(bundle_folder))
    assert len(caught.value.mistakes) == 1
