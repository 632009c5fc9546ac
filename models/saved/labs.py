"""A laboratory's own measurements, kept by name beside the model as a table of `Measured`; they leave for nowhere."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Sequence
from pathlib import Path

from features.tables.disk import whole
from features.tables.mistakes import InputError
from features.tables.records import Measured
from features.tables.rows import closest, read_table

FOLDER_VARIABLE, FOLDER = "SILION_LABS", "labs"
"""Folder of the laboratories: the variable, else this name in the working folder, where the model store stands too."""
DEFAULT_LAB = "mine"
_NAME = re.compile(r"\w[\w.-]{0,63}")


def lab_path(name: str) -> Path:
    """Return where the table of a laboratory is, or will be.

    Parameters
    ----------
    name : str
        Letters, digits, - _ and dots, at most 64.

    Raises
    ------
    InputError
        A name that no file can have everywhere.

    Examples
    --------
    >>> lab_path("mine").as_posix()
    'labs/mine.csv'
    """
    if not _NAME.fullmatch(name):
        raise InputError(f"laboratory {name!r}: expected letters, digits, - _ or dots, at most 64, a letter first")
    return Path(os.environ.get(FOLDER_VARIABLE) or FOLDER) / f"{name}.csv"


def lab_names() -> list[str]:
    """Return the names of the laboratories that are kept."""
    return sorted(path.stem for path in lab_path(DEFAULT_LAB).parent.glob("*.csv"))


def lab_file(name: str) -> Path:
    """Return the table of a laboratory that is kept.

    Parameters
    ----------
    name : str
        Given when its sheet was added.

    Raises
    ------
    InputError
        There is none of that name.
    """
    path = lab_path(name)
    if not path.is_file():
        names = lab_names()
        known = f"there is {', '.join(names)}{closest(name, names)}" if names else "none is kept yet"
        raise InputError(f"laboratory {name!r}: {known}; add its sheet: silion lab add SHEET.xlsx --name {name}")
    return path


def read_lab(name: str) -> list[Measured]:
    """Return what a laboratory measured.

    Parameters
    ----------
    name : str
        Of one that is kept.

    Raises
    ------
    InputError
        There is none, or its table was changed by hand and cannot be used.
    """
    path = lab_file(name)
    table = read_table(path, Measured)
    if table.mistakes:
        raise InputError(f"{path}: {len(table.mistakes)} mistakes; add the sheet again with --replace", table.mistakes)
    return table.rows


def write_lab(name: str, rows: Sequence[Measured]) -> Path:
    """Write the table of a laboratory, whole or not at all; return its path.

    Parameters
    ----------
    name : str
        Of the laboratory; a table of that name is replaced.
    rows : sequence of Measured
        All its measurements.
    """
    path = lab_path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    values = [row.model_dump(exclude_none=True) for row in rows]
    columns = [column for column in ("sample_id", *Measured.model_fields) if any(column in row for row in values)]
    with whole(path) as aside, aside.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(columns)), lineterminator="\n")
        writer.writeheader()
        writer.writerows(values)
    return path
