"""Content of packed files, which two packers write in different bytes."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path


def content_of(path: Path) -> bytes:
    """Return the bytes of a file, unpacked.

    Parameters
    ----------
    path : Path
        Of a `.gz` what is inside; of a `.npz` its arrays one after the other; one that cannot be unpacked as it is.
    """
    with suppress(gzip.BadGzipFile, EOFError, zlib.error, zipfile.BadZipFile):
        if path.suffix == ".gz":
            return gzip.decompress(path.read_bytes())
        if path.suffix == ".npz":
            with zipfile.ZipFile(path) as arrays:
                return b"".join(arrays.read(name) for name in arrays.namelist())
    return path.read_bytes()
