"""The bundles of a local store by alias or number, kept in a file beside it and believed only while the store is the
same.

MLflow's client is the truth, and takes a second to import: as long as all else of a small prediction. So what it said
is written down together with the state of the sqlite file at that time. sqlite counts every change of a file in its
header, and the file system knows the file and its last change; where any of these is another, or the file is not there,
MLflow is read again. A store in write-ahead mode counts nothing, so its file proves nothing: there MLflow is always
read.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

SQLITE = b"SQLite format 3\x00"
WRITE_VERSION, COUNTER = 18, slice(24, 28)
"""Places in the header of a sqlite file: 2 is write-ahead mode; a big-endian count of changes."""
HEADER_BYTES = 100
ROLLBACK_MODE = 1

State = list[int]


def pointer_of(store: Path) -> Path:
    """Name the file that belongs to a store.

    Parameters
    ----------
    store : Path
        The sqlite file.

    Examples
    --------
    >>> pointer_of(Path("mlflow.db")).name
    'mlflow.db.bundles.json'
    """
    return store.with_name(f"{store.name}.bundles.json")


def state_of(store: Path) -> State | None:
    """Read what is another after any change of a store: read it before MLflow answers.

    Parameters
    ----------
    store : Path
        The sqlite file.

    Returns
    -------
    list of int or None
        Device, inode, size in bytes, times of the last changes of content and inode in ns, and sqlite's count of
        changes; None where there is no such file, or none whose changes are counted.
    """
    try:
        with store.open("rb") as file:
            known, header = os.fstat(file.fileno()), file.read(HEADER_BYTES)
    except OSError:
        return None
    if len(header) < HEADER_BYTES or not header.startswith(SQLITE) or header[WRITE_VERSION] != ROLLBACK_MODE:
        return None
    count = int.from_bytes(header[COUNTER], "big")
    return [known.st_dev, known.st_ino, known.st_size, known.st_mtime_ns, known.st_ctime_ns, count]


def recall(store: Path, version: str) -> Path | None:
    """Return the folder of a bundle as MLflow last named it.

    Parameters
    ----------
    store : Path
        The sqlite file.
    version : str
        Alias or number of a version.

    Returns
    -------
    Path or None
        None where nothing is written down, the store has changed since, or the folder is gone: MLflow is to be read.
    """
    folder = _folders(store, state_of(store)).get(version)
    return Path(folder) if folder and Path(folder).is_dir() else None


def remember(store: Path, state: State | None, version: str, folder: Path) -> None:
    """Write down where MLflow says that a bundle is; aside, then renamed.

    Nothing is written where the state proves nothing, or where the place cannot be written to: then MLflow is read
    the next time too.

    Parameters
    ----------
    store : Path
        The sqlite file.
    state : list of int or None
        Of `state_of`, read before MLflow answered.
    version : str
        Alias or number of a version.
    folder : Path
        Of its bundle.
    """
    if state is None:
        return
    pointer = pointer_of(store)
    aside = pointer.with_name(f".{pointer.name}-{os.getpid()}")
    content = {"store": state, "folders": {**_folders(store, state), version: str(folder)}}
    with suppress(OSError):
        try:
            with aside.open("w", encoding="utf-8") as file:
                json.dump(content, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(pointer)
        finally:
            aside.unlink(missing_ok=True)


def _folders(store: Path, state: State | None) -> dict[str, str]:
    """Folders by alias or number that were written down in this state; none for a file that cannot be read."""
    try:
        content = json.loads(pointer_of(store).read_text(encoding="utf-8"))
        folders = content["folders"] if state is not None and content["store"] == state else {}
        return {name: folder for name, folder in folders.items() if isinstance(folder, str)}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}
