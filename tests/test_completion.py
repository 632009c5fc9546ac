"""What the Tab key offers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.shared import ROOT, environment


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("silion pred", {"predict"}),
        ("silion data te", {"template"}),
        ("silion predict --cal", {"--calibrate"}),
        ("silion data template ", {"electrolytes", "cells", "cycling"}),
    ],
)
def test_a_line_goes_on(line: str, expected: set[str], tmp_path: Path) -> None:
    """As argcomplete's shell function asks: the line and the place of the cursor in the environment."""
    asked = environment(
        PYTHONPATH=str(ROOT), _ARGCOMPLETE="1", _ARGCOMPLETE_IFS="\n", _ARGCOMPLETE_SHELL="bash",
        _ARGCOMPLETE_STDOUT_FILENAME=str(tmp_path / "offered"), COMP_LINE=line, COMP_POINT=str(len(line)),
    )  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "silion"], env=asked, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    offered = {word.strip() for word in (tmp_path / "offered").read_text(encoding="utf-8").split("\n")}
    assert expected <= offered
    assert "train" not in offered
