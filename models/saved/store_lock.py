"""The right to move a store's aliases: one program of ours at a time, others wait for it.

A local store has a lock file beside it, a PostgreSQL store an advisory lock of the database; both end with their
process, however it ends. A store behind an MLflow server has none, and MLflow's own clients ask for none: what they do
meanwhile is found by reading again.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import IO

SQLITE, POSTGRES = "sqlite:///", "postgresql"
PATIENCE_S = 60.0
"""How long a program waits for the one before it."""
KEY = 0x51110A
"""Of the advisory lock, the same in every version of Silion."""


class StoreBusyError(ValueError):
    """Another program moves the aliases for too long; nothing was changed."""


@contextmanager
def moving_aliases(uri: str, patience_s: float = PATIENCE_S) -> Iterator[None]:
    """Hold the right to move the aliases of a store inside a block.

    Parameters
    ----------
    uri : str
        Address of the store.
    patience_s : float
        Seconds to wait for another program.

    Raises
    ------
    StoreBusyError
        Another program holds it for longer.
    """
    block: AbstractContextManager[None]
    if uri.startswith(SQLITE):
        block = _file_lock(Path(uri.removeprefix(SQLITE)).resolve(), patience_s)
    elif uri.startswith(POSTGRES):
        block = _advisory_lock(uri, patience_s)
    else:
        block = nullcontext()
    with block:
        yield


def lock_of(store: Path) -> Path:
    """Name the lock file of a local store.

    Parameters
    ----------
    store : Path
        The sqlite file.

    Examples
    --------
    >>> lock_of(Path("mlflow.db")).name
    '.mlflow.db.lock'
    """
    return store.with_name(f".{store.name}.lock")


@contextmanager
def _file_lock(store: Path, patience_s: float) -> Iterator[None]:
    with lock_of(store).open("a") as file:
        until = time.monotonic() + patience_s
        while not _try_lock(file):
            _wait(until, str(store))
        yield


def _try_lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _advisory_lock(uri: str, patience_s: float) -> Iterator[None]:
    from sqlalchemy import create_engine, text

    engine = create_engine(uri)
    try:
        with engine.connect() as connection:
            until = time.monotonic() + patience_s
            while not connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": KEY}).scalar():
                _wait(until, engine.url.render_as_string(hide_password=True))
            try:
                yield
            finally:
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": KEY})
    finally:
        engine.dispose()


def _wait(until: float, store: str) -> None:
    if time.monotonic() > until:
        raise StoreBusyError(f"{store}: another program moves its champion; nothing changed, run the command again")
    time.sleep(0.05)
