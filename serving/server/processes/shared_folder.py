"""The folder that the processes of one server share while it lives."""

from __future__ import annotations

import hashlib
import mmap
from pathlib import Path

NUMBER = "generation"
METRICS = "metrics"
MANIFEST = "manifest.json"
SHOWN = 12
"""Characters of a model's identity in answers and headers."""


def make_home(folder: Path) -> None:
    """Lay out an empty folder: the number of the generation that answers, 0 for none, and the workers' counts."""
    (folder / NUMBER).write_bytes(bytes(8))
    (folder / METRICS).mkdir()


def shared_number(folder: Path) -> memoryview:
    """One place that all processes see, of eight bytes: written and read in one step."""
    with (folder / NUMBER).open("r+b") as file:
        return memoryview(mmap.mmap(file.fileno(), 8)).cast("Q")


def bundle_of(folder: Path, generation: int) -> Path:
    """Where the model of a generation stands: a copy, so that every worker reads the same bytes."""
    return folder / f"model-{generation}"


def identity_of(folder: Path) -> str:
    """What tells models apart: SHA-256 of a bundle's manifest, which holds the hashes of all its files."""
    return hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()
