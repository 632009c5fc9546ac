"""Folders that appear whole or not at all, and never swallow what somebody else put into them."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LIST = ".silion-files.json"
"""Names of the files a folder of ours was written with; everything else in it belongs to somebody else."""


def check_folder(folder: Path) -> None:
    """Refuse a path that may not be written: a file, or a folder with content that is none of ours.

    Raises
    ------
    ValueError
        With the advice to choose another folder.
    """
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder}: is a file, expected a folder; choose another one")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / LIST).is_file():
        raise ValueError(f"{folder}: exists and was not written by Silion; choose another folder")


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """A folder to write into beside the wanted one; it takes its place when the block ends, and is gone if it fails.

    Files of an earlier version are replaced; files that were not ours are carried over.
    """
    folder = Path(folder).resolve()
    check_folder(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        yield aside
        ours = sorted(path.relative_to(aside).as_posix() for path in aside.rglob("*") if path.is_file())
        (aside / LIST).write_text(json.dumps(ours, indent=1), encoding="utf-8")
        aside.chmod(0o755)
        if folder.exists():
            _carry_over(folder, aside)
            old = folder.with_name(f"{aside.name}-old")
            folder.rename(old)
            aside.rename(folder)
            shutil.rmtree(old)
        else:
            aside.rename(folder)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise


def _carry_over(old: Path, new: Path) -> None:
    """Copy what was not ours, unless a new file has its name."""
    listed = old / LIST
    ours = set(json.loads(listed.read_text(encoding="utf-8"))) if listed.is_file() else set()
    for path in sorted(old.rglob("*")):
        name = path.relative_to(old).as_posix()
        if path.is_file() and name not in ours and name != LIST and not (new / name).exists():
            (new / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, new / name)
