"""Several tables of a data folder changed as one: whoever reads sees all of them as before, or all as after.

Each file is written aside. Then a journal says which names they shall have; from the moment it is there the change is
made, and whoever comes next finishes it, should its writer have been killed. Who writes holds the folder alone, who
reads holds it together with other readers; the system lets go when a process ends, however it ends.
"""

from __future__ import annotations

import fcntl
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

from features.tables.disk import sync, whole
from features.tables.mistakes import InputError

LOCK, JOURNAL = ".lock", ".commit.json"
PATIENCE_S = 60.0
"""How long a second writer, or a reader, waits for the first."""


@contextmanager
def reading(folders: Sequence[Path], patience_s: float = PATIENCE_S) -> Iterator[None]:
    """Hold data folders for reading: nobody changes them meanwhile, and a change that was begun is finished first.

    Parameters
    ----------
    folders : sequence of Path
        One that nobody has written with Silion yet has no lock.
    patience_s : float
        Seconds to wait for a writer.

    Raises
    ------
    InputError
        A process writes for too long, or a change that was interrupted cannot be finished here.
    """
    with ExitStack() as locks:
        for folder in folders:
            with suppress(OSError):  # no lock, or none that may be opened
                file = locks.enter_context((folder / LOCK).open("rb"))
                hold(file, folder, fcntl.LOCK_EX if (folder / JOURNAL).is_file() else fcntl.LOCK_SH, patience_s)
            finish(folder)
        yield


def hold(file: IO[bytes] | IO[str], folder: Path, kind: int, patience_s: float) -> None:
    """Wait for the lock of a folder.

    Parameters
    ----------
    file : file
        Its lock, open.
    folder : Path
        For the message.
    kind : int
        `fcntl.LOCK_EX` to write, `fcntl.LOCK_SH` to read.
    patience_s : float
        Seconds to wait.

    Raises
    ------
    InputError
        Another process holds it for too long.
    """
    until = time.monotonic() + patience_s
    while True:
        try:
            return fcntl.flock(file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise InputError(f"{folder}: another process is writing here; try again when it is done") from None
            time.sleep(0.05)


def rename_all(asides: Mapping[Path, Path]) -> None:
    """Give written files of one folder their names, all of them as one change.

    Parameters
    ----------
    asides : mapping of Path to Path
        File aside, on disk, by the file it shall be.

    Raises
    ------
    OSError
        Where nothing was renamed nothing is changed; else the next command finishes it.
    """
    folder = next(iter(asides)).parent
    if len(asides) > 1:
        with whole(folder / JOURNAL) as journal:
            journal.write_text(json.dumps({aside.name: path.name for path, aside in asides.items()}), encoding="utf-8")
    for path, aside in asides.items():
        aside.replace(path)
    sync(folder)
    (folder / JOURNAL).unlink(missing_ok=True)
    sync(folder)


def finish(folder: Path) -> None:
    """Finish a change whose writer was killed.

    Parameters
    ----------
    folder : Path
        Held by the caller; one without a journal is left as it is.

    Raises
    ------
    InputError
        It cannot be finished: the folder may not be written.
    """
    journal = folder / JOURNAL
    try:
        names = json.loads(journal.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return
    except (OSError, ValueError) as error:
        raise InputError(f"{journal}: cannot be read ({error}); it lists the files of an interrupted change") from None
    try:
        for aside, name in names.items():
            if Path(aside).name == aside and Path(name).name == name and (folder / aside).is_file():
                (folder / aside).replace(folder / name)
        sync(folder)
        journal.unlink(missing_ok=True)
        sync(folder)
    except OSError as error:
        raise InputError(
            f"{folder}: a change of its tables was interrupted and cannot be finished here ({error.strerror}); "
            f"run `silion data check {folder}` as somebody who may write it"
        ) from None
