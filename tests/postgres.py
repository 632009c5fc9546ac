"""A PostgreSQL of one's own for a test, from Debian's package; it refuses to run as root, so root lends it a user."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NEEDED = ("initdb", "postgres", "pg_isready")


class NoPostgresError(RuntimeError):
    """PostgreSQL cannot be had here; the message says why."""


@contextmanager
def postgres() -> Iterator[str]:
    """Address of an empty database, for SQLAlchemy.

    It listens on no port: only on a socket in a folder that its user and root alone may enter, so it needs no password.
    It ends with the block, or with this process.

    Raises
    ------
    NoPostgresError
        The programs are not installed, or there is no user to run them as.
    """
    programs, user = _programs(), _user()
    folder = Path(tempfile.mkdtemp(prefix="silion-postgres-"))  # not below pytest's: its folders are closed to others
    shutil.chown(folder, user.pw_uid, user.pw_gid)
    become = ["setpriv", "--pdeathsig", "INT"]
    if os.geteuid() != user.pw_uid:
        become += [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    data, log = folder / "data", folder / "log"
    make = ["-D", str(data), "-U", "silion", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"]
    quick = ["-c", "fsync=off", "-c", "listen_addresses=", "-k", str(folder)]
    server = None
    try:
        with log.open("wb") as said:
            subprocess.run([*become, programs["initdb"], *make], cwd=folder, stdout=said, stderr=said, check=True)
            run = [*become, programs["postgres"], "-D", str(data), *quick]
            server = subprocess.Popen(run, cwd=folder, stdout=said, stderr=said)
        _wait(server, [programs["pg_isready"], "-q", "-h", str(folder)], log)
        yield f"postgresql+psycopg2://silion@/postgres?host={folder}"
    finally:
        if server:
            server.terminate()
            try:
                server.wait(timeout=10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
        shutil.rmtree(folder)


def _programs() -> dict[str, str]:
    """Debian keeps them beside each other in a folder by version, off the path."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda each: float(each.parent.name))
    places = os.pathsep.join([*map(str, reversed(folders)), os.environ.get("PATH", "")])
    found = {name: shutil.which(name, path=places) for name in (*NEEDED, "setpriv")}
    if missing := [name for name, path in found.items() if path is None]:
        raise NoPostgresError(f"{', '.join(missing)} not found; apt-get install postgresql")
    return {name: path for name, path in found.items() if path}


def _user() -> pwd.struct_passwd:
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise NoPostgresError("PostgreSQL does not run as root, and there is no user postgres or nobody to run it as")


def _wait(server: subprocess.Popen[bytes], ready: list[str], log: Path) -> None:
    until = time.monotonic() + 30
    while subprocess.run(ready, check=False, stdout=subprocess.DEVNULL).returncode:
        if server.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text(errors='replace')}")
        time.sleep(0.05)
