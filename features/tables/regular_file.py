"""A path that shall be read as a file: refused in words where it leads to nothing, or to what only looks like one."""

from __future__ import annotations

import stat
from pathlib import Path

from features.tables.mistakes import InputError

_OTHERS = {
    stat.S_IFDIR: "a folder, expected a file; rename it or move it elsewhere",
    stat.S_IFIFO: "a pipe, expected a file, which is read more than once; save what comes through it and give that",
    stat.S_IFSOCK: "a socket, expected a file; save what it sends and give that",
    stat.S_IFCHR: "a device, expected a file",
    stat.S_IFBLK: "a device, expected a file",
}


def regular_file(path: Path) -> Path:
    """The path itself, where a file stands there; links are followed, and nothing is opened: a pipe would wait forever.

    Raises
    ------
    InputError
        Nothing stands there, a link leads nowhere, or it is a folder, a pipe, a socket or a device.
    """
    try:
        mode = path.stat().st_mode
    except PermissionError:
        raise
    except OSError as error:
        raise InputError(f"{path}: {_missing(path)}") from error
    if not stat.S_ISREG(mode):
        raise InputError(f"{path}: is {_OTHERS.get(stat.S_IFMT(mode), 'no file')}")
    return path


def _missing(path: Path) -> str:
    if path.is_symlink():
        return f"is a link to {path.readlink()}, where no file is; mend the link, or take it away"
    for above in path.parents:
        if above.exists() and not above.is_dir():
            return f"no such file; {above} is a file and no folder"
    return "no such file"
