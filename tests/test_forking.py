"""A forked command ends, draws and runs as `python -m silion` does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.shared import Command

OF_NUMPY = "import numpy\nprint(numpy.random.random(), numpy.random.bytes(8))"


@pytest.mark.parametrize(
    ("program", "code", "err"),
    [
        ("print('done')", 0, ""),
        ("raise SystemExit", 0, ""),
        ("raise SystemExit(3)", 3, ""),
        ("raise SystemExit('no such table')", 1, "no such table\n"),
    ],
)
def test_the_exit_code_is_that_of_python(silion: Command, tmp_path: Path, program: str, code: int, err: str) -> None:
    (tmp_path / "silion.py").write_text(program)
    done = silion(code=tmp_path)  # where nothing else is said it runs there too: the code here is not ours
    assert (done.code, done.err) == (code, err)


def test_two_commands_draw_other_numbers(silion: Command, tmp_path: Path) -> None:
    (tmp_path / "silion.py").write_text(OF_NUMPY)
    assert silion(code=tmp_path).out != silion(code=tmp_path).out
