"""Files of a bundle as its manifest lists them: read once, compared with their hashes, and used from memory.

A hash says that a file is as its manifest says; who changes a file can change the manifest too. With a key in
`SILION_BUNDLE_KEY` a bundle is signed when it is saved, and one that is not signed with it is refused.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections import UserDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

MANIFEST, SIGNATURE = "manifest.json", "signature.json"
KEY_VARIABLE, SHORTEST_KEY = "SILION_BUNDLE_KEY", 16
MOST_FILES, LARGEST_MANIFEST, LARGEST_FILE = 1_000, 1 << 20, 1 << 30
_HEXADECIMAL = frozenset("0123456789abcdef")


class BundleError(ValueError):
    """A model folder that cannot be used: damaged, of another format, or made for another feature schema."""


class CheckedFiles(UserDict[str, bytes]):
    """Content of the files of a bundle, by name as the manifest lists them.

    Parameters
    ----------
    folder : Path
        Of the bundle, for messages.
    files : mapping of str to bytes
        By path from the folder, parts joined by a slash.
    """

    def __init__(self, folder: Path, files: Mapping[str, bytes]) -> None:
        super().__init__(files)
        self.folder = folder

    def __missing__(self, name: str) -> bytes:
        raise BundleError(f"{self.folder}: {name} does not stand in {MANIFEST}; export the model again")

    def json(self, name: str) -> Any:
        """Return a file of JSON as plain values.

        Parameters
        ----------
        name : str
            Of the file.

        Raises
        ------
        BundleError
            The manifest does not list it, or it is damaged.
        """
        return parsed(self[name], self.folder / name)

    def below(self, part: str) -> CheckedFiles:
        """Return the files of a folder inside, by their names in it.

        Parameters
        ----------
        part : str
            Name of the folder.
        """
        return CheckedFiles(self.folder / part, inside(self, part))


def inside(files: Mapping[str, bytes], folder: str) -> dict[str, bytes]:
    """Return the files inside a folder, by their name in it.

    Parameters
    ----------
    files : mapping of str to bytes
        Content by name; folders are parted by slashes.
    folder : str
        Name of the folder.

    Examples
    --------
    >>> inside({"own/a.json": b"1", "b.json": b"2"}, "own")
    {'a.json': b'1'}
    """
    start = f"{folder}/"
    return {name.removeprefix(start): content for name, content in files.items() if name.startswith(start)}


def parsed(content: bytes, path: Path) -> Any:
    """Return JSON as plain values.

    Parameters
    ----------
    content : bytes
        Of the file.
    path : Path
        Of the file, for the message.

    Raises
    ------
    BundleError
        It is no JSON, or nested without end.
    """
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{path}: damaged ({error}); export the model again") from None


def read_checked(folder: Path) -> CheckedFiles:
    """Read every file that the manifest of a bundle lists, and no other.

    Parameters
    ----------
    folder : Path
        Of the bundle.

    Raises
    ------
    BundleError
        No manifest, one that names files outside of the folder, a file that is missing or changed, or, with a key, no
        signature made with it.
    """
    while True:
        before = _number_of(folder)
        try:
            return _read(folder)
        except BundleError:
            if _number_of(folder) == before:  # else another one has taken its place while it was read
                raise


def _number_of(folder: Path) -> int | None:
    try:
        return folder.stat().st_ino
    except OSError:
        return None


def _read(folder: Path) -> CheckedFiles:
    try:
        manifest = _bytes_of(folder / MANIFEST, LARGEST_MANIFEST)
    except (FileNotFoundError, NotADirectoryError):
        raise BundleError(
            f"{folder}: no model bundle here (no {MANIFEST}); expected a folder that `silion models export` wrote"
        ) from None
    listed = parsed(manifest, folder / MANIFEST)
    if not isinstance(listed, dict) or "bundle.json" not in listed or len(listed) > MOST_FILES:
        raise BundleError(f"{folder}: {MANIFEST} is no manifest of a bundle; export the model again")
    if key := key_of_environment():
        _check_signature(folder, manifest, key)
    return CheckedFiles(folder, {name: _checked(folder, name, expected) for name, expected in listed.items()})


def _checked(folder: Path, name: str, expected: object) -> bytes:
    if not is_inside(name) or not isinstance(expected, str) or len(expected) != 64 or not {*expected} <= _HEXADECIMAL:
        raise BundleError(
            f"{folder}: {MANIFEST} lists {name[:200]!r}, expected names of files inside this folder with their SHA-256"
        )
    try:
        content = _bytes_of(folder / name, LARGEST_FILE)
    except OSError:
        raise BundleError(f"{folder}: {name} is missing; export the model again") from None
    if not hmac.compare_digest(hashlib.sha256(content).hexdigest(), expected):
        raise BundleError(f"{folder}: {name} was changed after it was saved; export the model again")
    return content


def is_inside(name: str) -> bool:
    """Say whether a name is that of a file inside a folder, whatever the folder: not absolute, without `..`.

    Parameters
    ----------
    name : str
        As a manifest lists it.

    Examples
    --------
    >>> [is_inside(name) for name in ("ice/part.json", "/etc/passwd", "ice/../../x", "ice//x", "C:x")]
    [True, False, False, False, False]
    """
    return not ({"", ".", ".."} & {*name.split("/")} or any(mark in name for mark in "\\:\0"))


def _bytes_of(path: Path, most: int) -> bytes:
    with path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise BundleError(f"{path}: has more than {most} bytes; export the model again")
    return content


def key_of_environment() -> bytes | None:
    """Read the key that bundles are signed with; None where there is none.

    Raises
    ------
    BundleError
        It is too short to be one.
    """
    key = os.environ.get(KEY_VARIABLE, "")
    if key and len(key) < SHORTEST_KEY:
        raise BundleError(
            f"{KEY_VARIABLE}: got {len(key)} characters, expected at least {SHORTEST_KEY}, such as those of "
            f"`openssl rand -hex 32`"
        )
    return key.encode() or None


def write_signature(folder: Path) -> None:
    """Sign the manifest of a bundle with the key of the environment; without a key nothing is written.

    Parameters
    ----------
    folder : Path
        Of the bundle, its manifest in it.
    """
    if key := key_of_environment():
        signature = {"hmac_sha256": _signature((folder / MANIFEST).read_bytes(), key)}
        (folder / SIGNATURE).write_text(json.dumps(signature), encoding="utf-8")


def _signature(manifest: bytes, key: bytes) -> str:
    return hmac.new(key, b"silion bundle 1\n" + manifest, hashlib.sha256).hexdigest()


def _check_signature(folder: Path, manifest: bytes, key: bytes) -> None:
    advice = "take it from whoever signed it, or, where you trust it as it is, sign it: silion models export --sign"
    try:
        stored = parsed(_bytes_of(folder / SIGNATURE, LARGEST_MANIFEST), folder / SIGNATURE)
    except FileNotFoundError:
        raise BundleError(f"{folder}: is not signed, and {KEY_VARIABLE} is set; {advice}") from None
    digest = stored.get("hmac_sha256") if isinstance(stored, dict) else None
    if not isinstance(digest, str) or not hmac.compare_digest(digest.encode(), _signature(manifest, key).encode()):
        raise BundleError(f"{folder}: was not signed with the key in {KEY_VARIABLE}; {advice}")
