"""A local store that was copied or moved: MLflow keeps absolute places of its files, which are then those of another.

MLflow makes every local place absolute when an experiment is made (3.17), so that a store cannot hold relative ones;
they are rewritten where the store is now.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

ARTIFACTS = "mlartifacts"
"""Folder of the files, beside the store."""
PLACES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)
"""Columns of MLflow's tables that hold places of files."""


def made_in(store: Path, folder: Path) -> Path | None:
    """Return the folder that a store was made in, where it is another now.

    Parameters
    ----------
    store : Path
        The sqlite file.
    folder : Path
        Place of a model, as the store says it.

    Returns
    -------
    Path or None
        None where the store is where it was made, or keeps its files elsewhere than in `mlartifacts` beside it.

    Examples
    --------
    >>> made_in(Path("/new/mlflow.db"), Path("/old/mlartifacts/1/models/m-1")).name
    'old'
    >>> made_in(Path("/new/mlflow.db"), Path("/new/mlartifacts/1/models/m-1")) is None
    True
    """
    before, separator, _ = str(folder).partition(f"{os.sep}{ARTIFACTS}{os.sep}")
    return Path(before) if separator and Path(before).resolve() != store.resolve().parent else None


def advice(store: Path, home: Path) -> str:
    """Return what to say of a store that was made in another folder.

    Parameters
    ----------
    store : Path
        The sqlite file.
    home : Path
        The folder it was made in.
    """
    files = store.resolve().parent / ARTIFACTS
    first = "" if files.is_dir() else f"copy {home / ARTIFACTS} to {files}, then "
    return (
        f"it was copied or moved, and its files are said to be in {home / ARTIFACTS}, not in {files}: {first}"
        "`silion models mend` makes them those beside it"
    )


def mend(store: Path, home: Path | None = None) -> int:
    """Make the files beside a store those it speaks of: all places at once, or none.

    Parameters
    ----------
    store : Path
        The sqlite file.
    home : Path, optional
        Folder that it will stand in with its files; the one it is in where None.

    Returns
    -------
    int
        Number of places that were rewritten.

    Raises
    ------
    FileNotFoundError
        No store, or no files beside it.
    """
    files = (home or store.resolve().parent).resolve() / ARTIFACTS
    for path in (store, store.resolve().parent / ARTIFACTS):
        if not path.exists():
            raise FileNotFoundError(f"{path}: not there; a store is mended beside its files")
    changed = 0
    with closing(sqlite3.connect(store)) as tables, tables:
        for table, column in PLACES:
            known = {name for (name,) in tables.execute("SELECT name FROM pragma_table_info(?)", (table,))}
            if column not in known:  # of an older MLflow
                continue
            for row, place in tables.execute(f"SELECT rowid, {column} FROM {table}").fetchall():
                _, separator, tail = str(place or "").partition(f"/{ARTIFACTS}")
                root = files.as_uri() if str(place).startswith("file:") else str(files)
                if separator and (tail.startswith("/") or not tail) and place != root + tail:
                    tables.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (root + tail, row))
                    changed += 1
    return changed
