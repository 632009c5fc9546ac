"""The notebooks of docs/tutorials run from beginning to end, with settings that are quick."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shared import ROOT, environment

NOTEBOOKS = sorted((ROOT / "docs" / "tutorials").glob("*.ipynb"))
QUICK = {"FOLDS, REPEATS = 5, 5": "FOLDS, REPEATS = 3, 1"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path, bundle_folder: Path, thin: Path, tmp_path: Path) -> None:
    shutil.copytree(bundle_folder, tmp_path / "model")
    shutil.copy(ROOT / "data" / "examples" / "new_papers.csv", tmp_path)
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    program = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    for text, quick in QUICK.items():
        program = program.replace(text, quick)
    done = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:__main__", "-c", program],
        cwd=tmp_path, env=environment(PYTHONPATH=str(thin)), capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_the_notebooks_are_kept_without_outputs() -> None:
    assert {path.stem for path in NOTEBOOKS} == {"choose_designs", "explain_and_doubt", "retrain"}
    for path in NOTEBOOKS:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        assert not any(cell.get("outputs") or cell.get("execution_count") for cell in cells), path.name
