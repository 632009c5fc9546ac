"""The code beside fewer shipped rows, for tests of what a training does and not of what it learns."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

from tests.shared import ROOT

ROOMS = ("features", "models", "reporting", "serving", "training", "cli", "data")
EVERY = 8
"""Of the papers that tell electrolytes alone, read as a whole, one in so many stays."""


def thin_code(folder: Path, every: int = EVERY) -> Path:
    """Copy the code and its tables into a new folder, with all cells and some of the electrolytes."""
    without = shutil.ignore_patterns("passes", "*.pyc.*")  # another worker may be compiling: its file is soon elsewhere
    for room in ROOMS:
        shutil.copytree(ROOT / room, folder / room, ignore=without)
    for name in ("silion.py", "requirements.txt"):
        shutil.copy2(ROOT / name, folder)
    thin_tables(folder / "data" / "literature", every)
    return folder


def thin_tables(literature: Path, every: int = EVERY) -> None:
    """Leave all rows of the reviews and of papers that tell cells, and those of one other paper in `every`."""
    cells = {row["source_id"] for row in _rows(literature / "cells.csv")}
    path = literature / "electrolytes.csv"
    rows = _rows(path)
    others = sorted({row["source_id"] for row in rows if row["seed"] == "open-pages"} - cells)
    gone = set(others) - set(others[::every])
    kept = [row for row in rows if row["seed"] != "open-pages" or row["source_id"] not in gone]
    names = {row["measurement_id"] for row in kept}
    kept = [row for row in kept if not row["same_as"] or row["same_as"] in names]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(kept)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
