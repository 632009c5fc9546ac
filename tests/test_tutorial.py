"""The road of docs/retrain.md from a paper's table to a promoted model, run as printed."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shared import ROOT, Finished, environment

EXPECTED = (
    ("model: silion version 1, the champion",),
    (
        "new_papers.csv: 5 rows of electrolytes\n  added          2\n  skipped        3  there already",
        "LLZO, 19.85 °C, 8.2e-05 S/cm",  # 293 - 273.15 K; 0.082e-3 S/cm
        "LLZO, 0.000636 S/cm",  # 6.36 × 10−4 S/cm in a column of mS/cm: the cell's own unit counts
        "line 6: N001 says so already",
        "dry run, nothing written; --write does it",
    ),
    ("  added          2\n", "written: mydata/sources.csv, mydata/electrolytes.csv"),
    (
        "challenger against the champion (version 1)",
        "judged by 5 folds x 1 repeat; rough",
        "the new rows alone (conductivity 2)",
        "model: silion version 2, the challenger",
    ),
    ("version 2 is the champion; version 1 is kept as previous_champion; 15 of 15 criteria passed", "rough"),
    ("version 1 is the champion again; version 2 was taken back",),
)
"""What the page says each command prints."""


def printed_commands() -> list[str]:
    """The indented lines of the section."""
    text = (ROOT / "docs" / "retrain.md").read_text(encoding="utf-8")
    section = text.split("\n## From a paper's table to a promoted model\n")[1].split("\n## ")[0]
    return re.findall(r"^    (\S.*)$", section, flags=re.MULTILINE)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """An empty folder with the environment and the example files where a clone has them."""
    (tmp_path / ".venv").symlink_to(sys.prefix)
    shutil.copytree(ROOT / "data" / "examples", tmp_path / "data" / "examples")
    return tmp_path


def run(command: str, folder: Path) -> Finished:
    """A line of the page in a shell; the store is the one of that folder."""
    done = subprocess.run(
        command, shell=True, cwd=folder, env=environment(), capture_output=True, text=True, timeout=900, check=False
    )
    return Finished(done.returncode, done.stdout, done.stderr)


@pytest.mark.slow
def test_the_tutorial_as_printed(clone: Path) -> None:
    commands = printed_commands()
    assert len(commands) == len(EXPECTED) == 6
    for command, said in zip(commands, EXPECTED, strict=True):
        dry = "data add" in command and "--write" not in command
        done = run(command, clone)
        assert done.code == 0, f"{command}\n{done.out}\n{done.err}"
        for each in said:
            assert each in done.out, f"{command}\n{done.out}"
        assert (clone / "mydata").exists() == (not dry and command != commands[0])
    # adding once more changes nothing
    before = (clone / "mydata" / "electrolytes.csv").read_bytes()
    again = run(commands[2], clone)
    assert again.code == 0
    assert "skipped        5" in again.out
    assert (clone / "mydata" / "electrolytes.csv").read_bytes() == before
