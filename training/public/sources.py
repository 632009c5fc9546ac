"""The public tables: their addresses and authors, and the way into the cache, unchanged."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from features.tables.disk import atomic_folder
from features.tables.rows import closest
from training.public.archives import content_of
from training.public.download import TIMEOUT_S, PublicDataError, download

COMMIT = "4eaac889809dd489e3bae468c45d5c0e02b9147a"
URL_BASE = f"https://raw.githubusercontent.com/NRC-Mila/OBELiX/{COMMIT}/"


class HashMismatch(PublicDataError):
    """A file whose content is not the one these connectors were written for."""


@dataclass(frozen=True)
class PublicSource:
    """A public table.

    Attributes
    ----------
    name : str
        On the command line and in `seed`.
    title : str
        As published.
    licence : str
        As stated, or where to look.
    citation : str
        Text to cite.
    url_base : str
        Address the paths are relative to, at a fixed commit.
    files : mapping of str to (str, str)
        Path in the repository and SHA-256 of each file, by its local name.
    is_open : bool
        Whether its licence lets anybody use it without asking: `make run` pulls it and learns from it.
    """

    name: str
    title: str
    licence: str
    citation: str
    url_base: str
    files: Mapping[str, tuple[str, str]]
    is_open: bool = False

    @property
    def lines(self) -> list[str]:
        """Name, title, licence and citation, in lines."""
        return [f"{self.name}: {self.title}", f"  licence: {self.licence}", f"  cite: {self.citation}"]


SOURCES = {
    source.name: source
    for source in (
        PublicSource(
            name="obelix",
            title="OBELiX: crystal structures and measured ionic conductivities of lithium solid electrolytes",
            licence="CC BY 4.0",
            citation="F. Therrien et al., Digital Discovery (2026), 10.1039/d5dd00441a; arXiv:2502.14234",
            url_base=URL_BASE,
            files={
                "all.csv": (
                    "data/downloads/all.csv",
                    "54f6265ef84d16a919d08c6815f14b0fd7465fa00090bee2511c16c042e57f3c",
                ),
                "all_cifs.zip": (
                    "data/downloads/all_cifs.zip",
                    "90f54f781fe6c4ba014636046556ec66c3bfa909b617e7258ff50ac3dcfa027c",
                ),
                "train_idx.csv": (
                    "data/train_idx.csv",
                    "6bd506b34d431ff233880147f934369e3d7c7f739299e10284e32927f502775a",
                ),
                "test_idx.csv": (
                    "data/test_idx.csv",
                    "0ad4cfaf5a61e85e228b2e0782a97b01469d08ac481b553622b91035a8ec719d",
                ),
            },
            is_open=True,
        ),
        PublicSource(
            name="liverpool",
            title="The Liverpool Ionics Dataset",
            licence="not stated for the table; see 10.1038/s41524-022-00951-z and "
            "http://pcwww.liv.ac.uk/~msd30/lmds/LiIonDatabase.html",
            citation="C. J. Hargreaves et al., npj Computational Materials (2023), 10.1038/s41524-022-00951-z",
            url_base=URL_BASE,
            files={
                "LiIonDatabase.csv": (
                    "data/misc/LiIonDatabase.csv",
                    "d24ed972b88c3aba14194b6f9347fb3c8e8f9249b82fec22d961e709c1c06e5d",
                ),
            },
        ),
        PublicSource(
            name="laskowski",
            title="Ionic conductivities in the supplement of Laskowski, McHaffie and See (2023)",
            licence="not stated; see the supplement of 10.1039/d2ee03499a and github.com/NRC-Mila/OBELiX, data/misc",
            citation="F. A. L. Laskowski, D. B. McHaffie, K. A. See, Energy & Environmental Science 16, 1264 (2023), "
            "10.1039/d2ee03499a",
            url_base=URL_BASE,
            files={
                "laskowski_semi-fromatted.csv": (
                    "data/misc/laskowski_semi-fromatted.csv",
                    "606926c22779b71b82d98f833cfde8e31d540739decee3ff872f779902f75e61",
                ),
                "doi_lookup_table.csv": (
                    "data/misc/doi_lookup_table.csv",
                    "b890a2d06752613d2be77e3cf7562a14718b892c516d15d4c88686d9a122313d",
                ),
            },
        ),
    )
}
"""The known tables by name. Sources of the sums: the files at the commit above, compared byte by byte."""


def find_source(name: str) -> PublicSource:
    """Return a table by its name.

    Parameters
    ----------
    name : str
        Key of `SOURCES`.

    Raises
    ------
    PublicDataError
        Unknown name.
    """
    if name not in SOURCES:
        known = ", ".join(SOURCES)
        raise PublicDataError(f"no public table named {name!r}; expected one of {known}{closest(name, SOURCES)}")
    return SOURCES[name]


def cache_folder() -> Path:
    """Return the folder the tables are kept in: `SILION_CACHE`, else the user's cache."""
    if folder := os.environ.get("SILION_CACHE"):
        return Path(folder)
    import pooch  # type: ignore[import-untyped, unused-ignore]

    return Path(pooch.os_cache("silion"))


def pull(name: str, from_dir: str | Path | None = None, timeout_s: float = TIMEOUT_S) -> Path:
    """Put the files of a table into the cache, all of them or none.

    Parameters
    ----------
    name : str
        A key of `SOURCES`.
    from_dir : path, optional
        Folder to copy from instead of downloading: it holds the files, or a folder of the table's name does.
    timeout_s : float
        Seconds without an answer after which a download is given up.

    Returns
    -------
    Path
        The table's folder in the cache. What stood there before is replaced.

    Raises
    ------
    PublicDataError
        Unknown name, a file missing in the folder, or no way to download.
    HashMismatch
        A file has another content; the cache is as it was.
    """
    return pull_source(find_source(name), from_dir, timeout_s)


def pull_source(source: PublicSource, from_dir: str | Path | None = None, timeout_s: float = TIMEOUT_S) -> Path:
    """Put the files of a source into the cache, all of them or none.

    Parameters
    ----------
    source : PublicSource
        The table.
    from_dir, timeout_s
        As for `pull`.

    Raises
    ------
    PublicDataError, HashMismatch
        As for `pull`.
    """
    name, cache = source.name, cache_folder()
    local_files = files_in(source, Path(from_dir)) if from_dir is not None else {}
    remedy = f"; pull where there is internet and copy the folder here, or run: silion data pull {name} --from DIR"
    with ExitStack() as stack:
        with keeping_in(cache):
            aside = stack.enter_context(atomic_folder(cache / name))
        for file, (path, expected) in source.files.items():
            if local_files:
                (aside / file).write_bytes(local_files[file].read_bytes())
            else:
                download(source.url_base + path, aside / file, timeout_s, remedy)
            origin = local_files.get(file, source.url_base + path)
            check_hash(aside / file, expected, str(origin), "; nothing was changed")
    return cache / name


def pulled(name: str) -> Path:
    """Return the folder of a table in the cache, with every file there and unchanged.

    Parameters
    ----------
    name : str
        Key of `SOURCES`.

    Raises
    ------
    PublicDataError
        Unknown name, or the table was not pulled.
    HashMismatch
        A file was changed since.
    """
    return pulled_source(find_source(name))


def pulled_source(source: PublicSource) -> Path:
    """Return the folder of a source in the cache, with every file there and unchanged.

    Parameters
    ----------
    source : PublicSource
        The table.

    Raises
    ------
    PublicDataError, HashMismatch
        As for `pulled`.
    """
    folder, remedy = cache_folder() / source.name, f"; run: silion data pull {source.name}"
    for file, (_, expected) in source.files.items():
        if not (folder / file).is_file():
            raise PublicDataError(f"{folder / file}: no such file{remedy}")
        check_hash(folder / file, expected, str(folder / file), remedy)
    return folder


def check_hash(path: Path, expected: str, label: str, remedy: str) -> None:
    """Refuse a file whose content, unpacked, has not the expected SHA-256.

    Parameters
    ----------
    path : Path
        The file.
    expected : str
        SHA-256 in hexadecimal digits.
    label : str
        Name of the file in the message.
    remedy : str
        End of the message.

    Raises
    ------
    HashMismatch
        It is another one.
    """
    digest = hashlib.sha256(content_of(path)).hexdigest()
    if digest != expected:
        raise HashMismatch(f"{label}: got SHA-256 {digest}, expected {expected}{remedy}")


@contextmanager
def keeping_in(cache: Path) -> Iterator[None]:
    """Make the cache before a block that begins to write there.

    Parameters
    ----------
    cache : Path
        As `cache_folder` names it.

    Raises
    ------
    PublicDataError
        Nothing can be written there.
    """
    try:
        cache.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise PublicDataError(f"{cache}: cannot keep the table there ({error}); set SILION_CACHE") from None


def files_in(source: PublicSource, folder: Path) -> dict[str, Path]:
    """Return the path of each file of a table in a folder.

    Parameters
    ----------
    source : PublicSource
        The table.
    folder : Path
        Holds the files, or a folder of the table's name that does.

    Raises
    ------
    PublicDataError
        No such folder, or a file is not there.
    """
    if not folder.is_dir():
        raise PublicDataError(f"{folder}: no such folder; expected one with {', '.join(source.files)}")
    folders = (folder, folder / source.name)
    paths = {file: place / file for file in source.files for place in folders if (place / file).is_file()}
    missing = [file for file in source.files if file not in paths]
    if missing:
        where = f"{folder} and {folder / source.name}"
        raise PublicDataError(f"{where}: no {', '.join(missing)}; the table {source.name} needs it")
    return paths
