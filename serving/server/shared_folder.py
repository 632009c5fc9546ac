"""The folder that the processes of one server share while it lives, and why another model may not come into it.

Light to import: the supervisor needs it and never loads a model.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

HOME = "silion-serve-"
"""Begins the name of a server's folder; the number of its process follows."""
NUMBER = "generation"
METRICS = "metrics"
MANIFEST = "manifest.json"
SHOWN = 12
"""Characters of a model's identity in answers and headers."""


class ReloadError(ValueError):
    """The new model cannot serve; the old one goes on."""


class LoadError(ReloadError):
    """A worker cannot use a model; `kind` names the error it met."""

    def __init__(self, message: str, kind: str) -> None:
        super().__init__(message)
        self.kind = kind


Reload = Callable[[], Awaitable[dict[str, Any]]]
"""Asks for the model that the server's reference names now; gives what `POST /admin/reload` answers. Raises
`ReloadError`."""


def sweep_homes(folder: Path) -> None:
    """Remove the homes of servers that were killed.

    Parameters
    ----------
    folder : Path
        For temporary files; what another user's server left stays.
    """
    for home in folder.glob(f"{HOME}*-*"):
        process = home.name.removeprefix(HOME).partition("-")[0]
        if process.isdecimal() and not _lives(int(process)):
            shutil.rmtree(home, ignore_errors=True)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # as another user
        pass
    return True


def make_home(folder: Path) -> None:
    """Lay out an empty folder: the number of the generation that answers, 0 for none, and the workers' counts.

    Parameters
    ----------
    folder : Path
        An empty folder, which all processes of the server know as their home.
    """
    (folder / NUMBER).write_bytes(bytes(8))
    (folder / METRICS).mkdir()


def shared_number(home: Path) -> memoryview:
    """Map the generation that answers into memory: all processes see it, and it is read and written in one step.

    Parameters
    ----------
    home : Path
        What `make_home` laid out.

    Returns
    -------
    memoryview
        One unsigned integer of eight bytes.
    """
    with (home / NUMBER).open("r+b") as file:
        return memoryview(mmap.mmap(file.fileno(), 8)).cast("Q")


def bundle_of(home: Path, generation: int) -> Path:
    """Name the folder of a generation's model: a copy, so that every worker reads the same bytes.

    Parameters
    ----------
    home : Path
        Folder that the processes of the server share.
    generation : int
        Counts the models of this server, from 1.

    Examples
    --------
    >>> bundle_of(Path("/tmp/silion-serve-x"), 3).name
    'model-3'
    """
    return home / f"model-{generation}"


def scratch_of(home: Path, process: int) -> Path:
    """Name the folder of a worker's temporary files, which go with the worker, and all with the server.

    Parameters
    ----------
    home : Path
        Folder that the processes of the server share.
    process : int
        Number of the worker's process.

    Examples
    --------
    >>> scratch_of(Path("/tmp/silion-serve-x"), 7).name
    'scratch-7'
    """
    return home / f"scratch-{process}"


def identity_of(folder: Path) -> str:
    """Return what tells models apart: SHA-256 of a bundle's manifest, which holds the hashes of all its files.

    Parameters
    ----------
    folder : Path
        Folder of a bundle.
    """
    return hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()
