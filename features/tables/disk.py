"""Files and folders that appear whole: written aside, put on disk, then set in place in one step.

A kill, a full disk or a power cut at any moment leaves the old one or the new one, never a part and never nothing. What
is left aside by a process that was killed goes with the next one that writes the same name.
"""

from __future__ import annotations

import ctypes
import errno
import glob
import json
import os
import platform
import secrets
import shutil
import sys
import time
import weakref
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile, gettempdir
from typing import IO, Any

IN_MEMORY = 1_000
"""Values of a `Spill` that wait in memory."""
ABANDONED_S = 86_400.0
"""Seconds after which a part of another machine's, on a disk both write to, is taken to be abandoned."""
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2
_NO_EXCHANGE = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EPERM)
"""Errors of systems that cannot exchange two names: other kernels, and some file systems over a network."""
_writing: set[str] = set()
"""Files and folders that this process is writing."""


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Give a file to write beside the wanted one, put in its place when the block ends and gone if it fails.

    It is on disk before it takes its name, and its name is on disk when the block has ended. Files that writers of the
    same one left behind when they were killed go first.

    Parameters
    ----------
    path : Path
        The file that is wanted.
    """
    with _aside(path) as aside:
        yield aside
        sync(aside)
        aside.replace(path)
        sync(path.parent)


@contextmanager
def atomic_folder(folder: Path) -> Iterator[Path]:
    """Give an empty folder to fill beside the wanted one, put in its place when the block ends and gone if it fails.

    An older folder is exchanged with it in one step, where the system can, and goes afterwards.

    Parameters
    ----------
    folder : Path
        The folder that is wanted; a link to one is followed.
    """
    folder = Path(os.path.realpath(folder))
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _aside(folder) as aside:
        aside.mkdir()
        yield aside
        sync_all(aside)
        _put(aside, folder)
        sync(folder.parent)


@contextmanager
def _aside(path: Path) -> Iterator[Path]:
    sweep(path)
    aside = path.with_name(f".{path.name}.{platform.node()}.{os.getpid()}-{secrets.token_hex(4)}.part")
    _writing.add(aside.name)
    try:
        yield aside
    finally:
        _remove(aside)
        _writing.discard(aside.name)


def _put(aside: Path, folder: Path) -> None:
    """Give a folder its name; what has borne the name stands aside then."""
    while True:
        try:
            aside.rename(folder)  # also in the place of an empty folder
            return
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
        try:
            if not exchange(aside, folder):
                _put_in_two_steps(aside, folder)
            return
        except FileNotFoundError:  # it went meanwhile
            if not aside.exists():
                raise


def _put_in_two_steps(aside: Path, folder: Path) -> None:
    old = aside.with_name(f"{aside.name.removesuffix('.part')}-old.part")
    folder.rename(old)
    try:
        aside.rename(folder)
    except OSError:
        old.rename(folder)
        raise
    _remove(old)


def exchange(first: Path, second: Path) -> bool:
    """Exchange two names in first step; False where the system cannot, and nothing has changed then.

    Parameters
    ----------
    first, second : Path
        Files or folders on first file system.

    Raises
    ------
    OSError
        One of them is not there, or may not be renamed.
    """
    if not sys.platform.startswith("linux"):
        return False
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    if rename(_AT_FDCWD, os.fsencode(first), _AT_FDCWD, os.fsencode(second), _RENAME_EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in _NO_EXCHANGE:
        return False
    raise OSError(number, os.strerror(number), str(first), None, str(second))


def sync(path: Path) -> None:
    """Put a file's content, or the names in a folder, on disk; where the system cannot, nothing is done.

    Parameters
    ----------
    path : Path
        File or folder.
    """
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):  # what was written is not there
            raise
    finally:
        os.close(handle)


def sync_all(folder: Path) -> None:
    """Put a folder with all that is in it on disk.

    Parameters
    ----------
    folder : Path
        Of which links are not followed.
    """
    for here, _, names in os.walk(folder, topdown=False):
        for name in names:
            sync(Path(here) / name)
        sync(Path(here))


def sweep(path: Path) -> None:
    """Remove what killed writers of a file or folder have left beside it.

    Where one was killed between two renames, on a system that cannot exchange names, the old folder is put back.

    Parameters
    ----------
    path : Path
        The file or folder that is wanted.
    """
    for part in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        with suppress(OSError):  # another run was quicker, or it is another user's: it harms nobody
            if part.name in _writing or not is_abandoned(part):
                continue
            if part.name.endswith("-old.part") and not path.exists():
                part.rename(path)
            else:
                _remove(part)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def is_abandoned(part: Path) -> bool:
    """Return whether a part is no longer written: its process is gone, or, where that cannot be seen, it is old.

    Parameters
    ----------
    part : Path
        File or folder written aside, with machine and process in its name.
    """
    writer, _, process = part.stem.rpartition(".")
    number = process.partition("-")[0]
    if not (writer.endswith(f".{platform.node()}") and number.isdecimal()):
        return time.time() - part.stat().st_mtime > ABANDONED_S
    if int(number) == os.getpid():  # not among those being written: of a process that had this number before
        return True
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # it lives, as another user
        pass
    return False


class Spill:
    """Plain values in the order they were added: beyond `IN_MEMORY` in a file, so that memory does not grow with them.

    The file has no name: it goes with the object, and with the process however that ends.

    Examples
    --------
    >>> spill = Spill()
    >>> spill.append(["line", 2])
    >>> len(spill), spill.get(0)
    (1, ['line', 2])
    """

    def __init__(self) -> None:
        self._first: list[Any] = []
        self._file: IO[bytes] | None = None
        self._places, self._is_at_end = array("q"), True

    def append(self, value: Any) -> None:
        """Add a value.

        Parameters
        ----------
        value : list, dict, text or number
            JSON can hold it.

        Raises
        ------
        OSError
            The disk is full; it names the folder of temporary files.
        """
        if len(self._first) < IN_MEMORY:
            self._first.append(value)
            return
        try:
            if self._file is None:
                self._file = TemporaryFile()  # noqa: SIM115 - lives as long as this object
                weakref.finalize(self, _close, self._file)
            if not self._is_at_end:
                self._file.seek(0, os.SEEK_END)
                self._is_at_end = True
            place = self._file.tell()
            self._file.write(json.dumps(value).encode() + b"\n")
            self._places.append(place)
        except OSError as error:
            raise _of_temporary(error) from None

    def get(self, place: int) -> Any:
        """Return a value.

        Parameters
        ----------
        place : int
            From 0, in the order they were added.

        Raises
        ------
        IndexError
            No value has this place; none is counted from the end.
        OSError
            The disk is full, on which values still had to be put.
        """
        if not 0 <= place < len(self):
            raise IndexError(f"place {place} of {len(self)} values")
        if self._file is None or place < len(self._first):
            return self._first[place]
        try:
            self._file.seek(self._places[place - len(self._first)])  # writes what waits
        except OSError as error:
            raise _of_temporary(error) from None
        self._is_at_end = False
        return json.loads(self._file.readline())

    def __len__(self) -> int:
        return len(self._first) + len(self._places)


def _of_temporary(error: OSError) -> OSError:
    """Return the same error with the folder of the file, which has no name of its own."""
    return OSError(error.errno, error.strerror, gettempdir())


def _close(file: IO[bytes]) -> None:
    with suppress(OSError):  # what waits does not fit on a full disk, and is no longer needed
        file.close()


class ByLine(Mapping[int, Any]):
    """Plain values by line, kept as those of a `Spill`.

    Examples
    --------
    >>> rows = ByLine()
    >>> rows.put(3, {"anode": "Sn"})
    >>> rows[3], [*rows], 2 in rows
    ({'anode': 'Sn'}, [3], False)
    """

    def __init__(self) -> None:
        self._lines, self._values = array("q"), Spill()

    def put(self, line: int, value: Any) -> None:
        """Add a value.

        Parameters
        ----------
        line : int
            Behind the last one.
        value : list, dict, text or number
            JSON can hold it.
        """
        self._lines.append(line)
        self._values.append(value)

    def __getitem__(self, line: int) -> Any:
        place = bisect_left(self._lines, line)
        if place == len(self) or self._lines[place] != line:
            raise KeyError(line)
        return self._values.get(place)

    def __iter__(self) -> Iterator[int]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)
