"""What is printed never decides whether a command has done its work."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.shared import Command

ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": ""}
ROWS = "electrolyte,sigma (mS/cm),T (°C),source\nLi₆PS₅Cl,2.3,25,Müller 2026\nLi3PS4,0.3,硅,Müller 2026\n"


def test_rows_are_added_and_said_so_in_a_locale_of_ascii(silion: Command, tmp_path: Path) -> None:
    """One row is good, one is rejected with a character that no ASCII terminal has: 1, and the row is there."""
    (tmp_path / "new.csv").write_text(ROWS, encoding="utf-8")
    done = silion("data", "add", "new.csv", "--write", cwd=tmp_path, env=ASCII)
    assert done.code == 1, done.err
    assert "Müller 2026" in (tmp_path / "mydata" / "electrolytes.csv").read_text(encoding="utf-8")
    assert "\\xb0" in done.out + done.err


@pytest.mark.parametrize("words", [("formula", "Li₆PS₅Cl"), ("data", "dictionary")])
def test_other_commands_print_too(silion: Command, tmp_path: Path, words: tuple[str, ...]) -> None:
    done = silion(*words, cwd=tmp_path, env=ASCII)
    assert done.code in (0, 2)
    assert "Traceback" not in done.err
    assert "can't encode" not in done.err


def test_a_path_that_is_no_text_is_named(silion: Command, tmp_path: Path) -> None:
    """A name of bytes that are no UTF-8, as another system may have given it."""
    done = silion("data", "check", str(tmp_path / "a\udcff.csv"))
    assert done.code == 2
    assert "no such file" in done.err
