"""Tables, pictures and folders that appear whole or not at all, and that never swallow the files of somebody else."""

from __future__ import annotations

import json
import re
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import matplotlib
import pandas as pd
from matplotlib.figure import Figure

from features.csv_injection import harmless_frame
from features.tables.disk import atomic_folder, whole
from reporting import pages

FILE_LIST = ".silion-files.json"
"""File with the names of all files that Silion wrote into a folder; everything else in it belongs to somebody else."""


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Yield a path beside the wanted one to write to; it is renamed when the block ends.

    Parameters
    ----------
    path : Path
        File wanted; its folder is made where it is missing.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole(path) as aside:
        yield aside


def write_csv(table: pd.DataFrame, path: Path, raw: bool = False) -> Path:
    """Write a table as CSV, without its index.

    Parameters
    ----------
    table : DataFrame
        Floats are written at six digits, NaN as an empty cell.
    path : Path
        File to write; an older one is replaced.
    raw : bool
        Keep texts that a spreadsheet would run as formulas.

    Returns
    -------
    Path
        The file.
    """
    with atomic_file(path) as aside:
        (table if raw else harmless_frame(table)).to_csv(aside, index=False, float_format="%.6g")
    return path


def save_figure(figure: Figure, path: Path) -> Path:
    """Write a figure as PNG or SVG; the same figure gives the same bytes.

    Parameters
    ----------
    figure : Figure
    path : Path
        File to write, aside and then renamed: SVG where it ends in `.svg`, else PNG.

    Returns
    -------
    Path
        The file.
    """
    kind = "svg" if path.suffix == ".svg" else "png"
    metadata: dict[str, Any] = {"Date": None} if kind == "svg" else {"Software": None}
    with atomic_file(path) as aside, warnings.catch_warnings(), matplotlib.rc_context({"svg.hashsalt": "silion"}):
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # a name in a script we hold no font of
        figure.savefig(aside, format=kind, dpi=130, bbox_inches="tight", metadata=metadata)
    return path


def file_name(text: str) -> str:
    """Return the name of a design as a part of a file's name.

    Parameters
    ----------
    text : str
        Any text; of it letters and digits stay, at most 40 characters.

    Examples
    --------
    >>> file_name("Si/C, 20 MPa"), file_name("硅")
    ('Si-C-20-MPa', 'design')
    """
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")[:40] or "design"


def check_folder(folder: Path) -> None:
    """Refuse a path that may not be written: a file, or a folder with content that is none of ours.

    Parameters
    ----------
    folder : Path
        Folder to write; it need not exist.

    Raises
    ------
    ValueError
        With the advice to choose another folder.
    """
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder}: is a file, expected a folder; choose another one")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / FILE_LIST).is_file():
        raise ValueError(f"{folder}: exists and was not written by Silion; choose another folder")


@contextmanager
def atomic_output_folder(folder: Path) -> Iterator[Path]:
    """Yield a folder beside the wanted one; it takes its place when the block ends, and is gone if the block fails.

    Files of an earlier version are replaced; files that were not ours are carried over.

    Parameters
    ----------
    folder : Path
        Folder wanted; refused as by `check_folder`.
    """
    folder = Path(folder).resolve()
    check_folder(folder)
    with atomic_folder(folder) as aside:
        yield aside
        written = sorted(path.relative_to(aside).as_posix() for path in aside.rglob("*") if path.is_file())
        (aside / FILE_LIST).write_text(json.dumps(written, indent=1), encoding="utf-8")
        if folder.exists():
            _carry_over(folder, aside)


def _carry_over(old: Path, new: Path) -> None:
    """Copy the files that were not ours, unless a new file has their name."""
    listed = old / FILE_LIST
    written = set(json.loads(listed.read_text(encoding="utf-8"))) if listed.is_file() else set()
    for path in sorted(old.rglob("*")):
        name = path.relative_to(old).as_posix()
        if path.is_file() and name not in written and name != FILE_LIST and not (new / name).exists():
            (new / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, new / name)


@dataclass
class Written:
    """A folder being written: each picture with its numbers as CSV beside it.

    Attributes
    ----------
    folder : Path
    paths : list of Path
        Files written so far, in order.
    raw : bool
        Whether tables keep texts that a spreadsheet would run as formulas.
    """

    folder: Path
    paths: list[Path] = field(default_factory=list)
    raw: bool = False

    def picture(
        self, name: str, figure: Figure, numbers: pd.DataFrame, caption: str, *, vector: bool = False
    ) -> pages.Picture:
        """Write a picture and its numbers.

        Parameters
        ----------
        name : str
            Of the files, without ending.
        figure : Figure
        numbers : DataFrame
            Table that the picture was drawn from.
        caption : str
            Plain text; the alternative text of the picture too.
        vector : bool
            Whether to write the picture as SVG beside the PNG.

        Returns
        -------
        Picture
            Block of a page that stands in the same folder.
        """
        endings = ("png", "svg") if vector else ("png",)
        self.paths += [save_figure(figure, self.folder / f"{name}.{ending}") for ending in endings]
        self.table(name, numbers)
        return pages.Picture(f"{name}.png", caption, f"{name}.csv")

    def table(self, name: str, numbers: pd.DataFrame) -> Path:
        """Write a table as CSV.

        Parameters
        ----------
        name : str
            Of the file, without ending.
        numbers : DataFrame
        """
        self.paths.append(write_csv(numbers, self.folder / f"{name}.csv", self.raw))
        return self.paths[-1]
