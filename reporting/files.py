"""What an explanation or a report leaves in its folder: each picture with its numbers as CSV beside it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from reporting import figures, pages


@dataclass
class Written:
    """A folder being written, and the files in it so far, in order."""

    folder: Path
    paths: list[Path] = field(default_factory=list)

    def picture(
        self, name: str, figure: Figure, numbers: pd.DataFrame, caption: str, *, vector: bool = False
    ) -> pages.Picture:
        """Write a picture as PNG, on request as SVG too, and its numbers; the caption is its alternative text."""
        endings = ("png", "svg") if vector else ("png",)
        self.paths += [figures.save(figure, self.folder / f"{name}.{ending}") for ending in endings]
        self.table(name, numbers)
        return pages.Picture(f"{name}.png", caption, f"{name}.csv")

    def table(self, name: str, numbers: pd.DataFrame) -> Path:
        """Write a table as CSV."""
        self.paths.append(write_csv(numbers, self.folder / f"{name}.csv"))
        return self.paths[-1]


def write_csv(table: pd.DataFrame, path: Path) -> Path:
    """Write a table as CSV at six digits, aside and then renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.part")
    table.to_csv(aside, index=False, float_format="%.6g")
    aside.rename(path)
    return path


def file_name(text: str) -> str:
    """A design's name as a part of a file's name."""
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")[:40] or "design"
