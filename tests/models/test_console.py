"""Lines as wide as the terminal, on a terminal and on a pipe."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios

from tests.shared import ROOT, environment

PROGRAM = (
    "from reporting.console import as_wide_as_the_terminal as wrap\n"
    "print(wrap('notices:\\n  LLZTO: class read from the formula: oxide-garnet'))\n"
)


def printed(columns: int) -> list[str]:
    """The lines of the program on a terminal of so many columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    own = environment(PYTHONPATH=str(ROOT))
    own.pop("COLUMNS", None)
    subprocess.run([sys.executable, "-c", PROGRAM], stdout=theirs, env=own, timeout=60, check=True)
    os.close(theirs)
    with os.fdopen(ours, "rb") as terminal:
        return terminal.read1().decode().splitlines()


def test_lines_break_at_the_width_of_the_terminal() -> None:
    """'  LLZTO: class read from the' has 28 characters, with ' formula:' 37."""
    assert printed(30) == ["notices:", "  LLZTO: class read from the", "    formula: oxide-garnet"]
    assert printed(80) == ["notices:", "  LLZTO: class read from the formula: oxide-garnet"]


def test_a_pipe_gets_whole_lines() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment(PYTHONPATH=str(ROOT), COLUMNS="30"),
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines() == ["notices:", "  LLZTO: class read from the formula: oxide-garnet"]
