"""The page of predictions that can be mailed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.shared import run_main

TABLE = 'sample,electrolyte,anode\na & b,Li6PS5Cl,micro-Si\nsecond,LLZO,\n"bad one",Xx9,\n'


def test_the_page_holds_every_design_with_its_intervals_and_papers(
    bundle_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.csv").write_text(TABLE, encoding="utf-8")
    page = tmp_path / "to" / "mail.html"
    model = ("--model", str(bundle_folder))
    code = run_main("predict", tmp_path / "mine.csv", "-o", tmp_path / "p" / "out.csv", "--page", page, *model)
    said = capsys.readouterr().out
    assert code == 1  # one row is rejected
    assert f"made the folder {tmp_path / 'p'}" in said
    assert f"page to mail: {page}" in said
    text = page.read_text(encoding="utf-8")
    assert "<h1>Predictions of 2 designs</h1>" in text
    assert re.findall(r"<h4>(.*?)</h4>", text) == ["a &amp; b", "second"]
    # four targets of the cell and two ranges alone, and conductivity alone of the bare electrolyte
    assert text.count('<svg class="bar"') == 7
    assert text.count("<summary") == 2
    assert not re.search(r"(src=|url\()[\"']?http|<link|<script|@import", text)


def test_another_ending_is_refused_before_anything_is_written(
    bundle_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.csv").write_text(TABLE, encoding="utf-8")
    out = tmp_path / "out.csv"
    assert run_main("predict", tmp_path / "mine.csv", "-o", out, "--page", "x.pdf", "--model", bundle_folder) == 2
    assert "--page: got x.pdf, expected a file that ends in .html" in capsys.readouterr().err
    assert not out.exists()
