"""What is printed never decides whether a command has done its work."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.shared import ROOT, Command

ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": ""}
ROWS = "electrolyte,sigma (mS/cm),T (°C),source\nLi₆PS₅Cl,2.3,25,Müller 2026\nLi3PS4,0.3,硅,Müller 2026\n"


def test_rows_are_added_and_said_so_in_a_locale_of_ascii(silion: Command, tmp_path: Path) -> None:
    """One row is good, one is rejected with a character that no ASCII terminal has: 1, and the row is there."""
    (tmp_path / "new.csv").write_text(ROWS, encoding="utf-8")
    done = silion("data", "add", "new.csv", "--write", cwd=tmp_path, env=ASCII)
    assert done.code == 1, done.err
    assert "Müller 2026" in (tmp_path / "mydata" / "electrolytes.csv").read_text(encoding="utf-8")
    assert "\\xb0" in done.out + done.err


MODEL = ("--model", str(ROOT / "tests" / "bundles" / "v1"), "--targets", "conductivity_s_per_cm")


@pytest.mark.parametrize(
    ("words", "written"),
    [
        (("formula", "Li₆PS₅Cl"), None),
        (("data", "dictionary"), None),
        (("data", "list"), None),
        (("data", "template", "cells"), None),
        (("predict", "designs.csv", "-o", "out.csv", *MODEL), "out.csv"),
        pytest.param(
            ("explain", "designs.csv", "-o", "why", *MODEL), "why/designs_conductivity.csv", marks=pytest.mark.slow
        ),
    ],
    ids=lambda value: "-".join(value[:2]) if isinstance(value, tuple) else "",
)
def test_other_commands_succeed_too(
    silion: Command, tmp_path: Path, words: tuple[str, ...], written: str | None
) -> None:
    """Names of designs and what is printed hold characters that no ASCII terminal has."""
    (tmp_path / "designs.csv").write_text("design,electrolyte,T (°C)\nMüller °,Li₆PS₅Cl,25\n", encoding="utf-8")
    done = silion(*words, cwd=tmp_path, env=ASCII)
    assert done.code == 0, done.err
    assert "Traceback" not in done.err
    if written:
        assert "Müller °" in (tmp_path / written).read_text(encoding="utf-8")


def test_a_path_that_is_no_text_is_named(silion: Command, tmp_path: Path) -> None:
    """A name of bytes that are no UTF-8, as another system may have given it."""
    done = silion("data", "check", str(tmp_path / "a\udcff.csv"))
    assert done.code == 2
    assert "no such file" in done.err
