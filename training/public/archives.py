"""Content of packed files, which two packers write in different bytes."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

LARGEST = 100_000_000
"""Bytes that a file may have unpacked; the largest known table has 6 MB."""


class _TooLarge(Exception):
    """A file of more than `LARGEST` bytes."""


def content_of(path: Path) -> bytes:
    """Return the bytes of a file, unpacked.

    Parameters
    ----------
    path : Path
        Of a `.gz` what is inside; of a `.npz` its arrays one after the other, each behind its name and a zero byte; one
        that cannot be unpacked, or has more than `LARGEST` bytes then, as it is.
    """
    if path.suffix not in (".gz", ".npz"):
        return path.read_bytes()
    content = bytearray()
    with suppress(gzip.BadGzipFile, EOFError, zlib.error, zipfile.BadZipFile, _TooLarge):
        for piece in _inside(path):
            content += piece
            if len(content) > LARGEST:
                raise _TooLarge
        return bytes(content)
    return path.read_bytes()


def _inside(path: Path) -> Iterator[bytes]:
    """Yield the content of a packed file in pieces of a megabyte at most."""
    if path.suffix == ".gz":
        with gzip.open(path) as file:
            yield from iter(partial(file.read, 2**20), b"")
        return
    with zipfile.ZipFile(path) as arrays:
        for entry in arrays.infolist():
            yield entry.filename.encode() + b"\0"
            with arrays.open(entry) as array:
                yield from iter(partial(array.read, 2**20), b"")
