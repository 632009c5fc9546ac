"""The public cycling sets as one source: repositories that carry them, files, sums, licences."""

from __future__ import annotations

import csv
import fcntl
import hashlib
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from reporting.console import progress
from training.data.commit import hold
from training.public.carrier_tables import write_tables
from training.public.download import TIMEOUT_S, PublicDataError, download
from training.public.sources import (
    HashMismatch,
    PublicSource,
    cache_folder,
    check_hash,
    files_in,
    keeping_in,
    pull_source,
    pulled_source,
)

RAW = "https://raw.githubusercontent.com/"
LIST = Path(__file__).with_name("carriers.csv")
TRIES = 3
REMEDY = (
    "; what has come is kept: run silion data pull cycling again to go on, or where the tables were collected before: "
    "silion data pull cycling --from DIR"
)
CARRIERS: Mapping[str, str] = {
    "sunwoda": "terencetaothucb/TBSI-Sunwoda-Battery-Dataset/074106b2cdd20567e446dd734970290403536b97",
    "pinn4soh": "wang-fujin/PINN4SOH/bf7a93148de6a7e249c1b053bd60fe3c9a3dc1f0",
    "matr_b1": "rlv-iith/ML_for_chemistry_project/c65c5ce7bb10527e48c7fd6b008e4e0e68d467c3",
    "matr_b2": "dsr-18/long-live-the-battery-dataset/b158885a6cd9d9a0031ccee548c5eeaaaefc4f5e",
    "severson": "petermattia/revisit-severson-et-al/3a77c7d513126e921896315038d0f8f2645e440d",
    "geslin": "geslina/dynamic_cycling_2024/5b2f7f04d05072fe1f9bd8af664f23eadbde6317",
    "cui": "cx26/formation-analysis/2bc23139f1da21a8472328cbbddb6ea195ec771f",
    "hkust": "simonapepe/HKUST-dataset/3e05f0129e412daacec380362c4e74dd2bee0674",
}
"""Repository and commit of each carrier."""


@dataclass(frozen=True)
class CarrierFile:
    """A file of a carrier.

    Attributes
    ----------
    carrier : str
        Key of `CARRIERS`.
    path : str
        In the repository.
    size : int
        Bytes.
    sha256 : str
        Of the content at the commit.
    """

    carrier: str
    path: str
    size: int
    sha256: str

    def url(self, base: str = RAW) -> str:
        """Return the address.

        Parameters
        ----------
        base : str
            Of the server.

        Examples
        --------
        >>> CarrierFile("hkust", "EVE/a #1.csv", 1, "").url("http://here/")
        'http://here/simonapepe/HKUST-dataset/3e05f0129e412daacec380362c4e74dd2bee0674/EVE/a%20%231.csv'
        """
        return f"{base}{CARRIERS[self.carrier]}/{quote(self.path)}"


def carrier_files() -> list[CarrierFile]:
    """Return the files that the tables are made of, as listed in `carriers.csv`."""
    with LIST.open(encoding="utf-8", newline="") as file:
        return [
            CarrierFile(row["carrier"], row["path"], int(row["bytes"]), row["sha256"]) for row in csv.DictReader(file)
        ]


def fetch_files(files: Sequence[CarrierFile], folder: Path, timeout_s: float = TIMEOUT_S, base: str = RAW) -> None:
    """Fetch the files that a folder does not hold yet, each checked against its SHA-256.

    Parameters
    ----------
    files : sequence of CarrierFile
        All that are needed.
    folder : Path
        Gets a folder per carrier, files at their paths; a file is there whole or not at all.
    timeout_s : float
        Seconds without an answer after which a file is tried again, three times in all.
    base : str
        Address of the server.

    Raises
    ------
    PublicDataError
        A file could not be fetched; those before it stay.
    HashMismatch
        A file has another content than at the commit.
    OSError
        A file cannot be written.
    """
    missing = [file for file in files if not _is_there(folder / file.carrier / file.path, file)]
    megabytes = max(round(sum(file.size for file in missing) / 1e6), 1)
    with progress(len(missing), f"{megabytes} MB of cycles", "file") as advance:
        for file in missing:
            _fetch(file, folder / file.carrier / file.path, timeout_s, base)
            advance(1)


def _is_there(path: Path, file: CarrierFile) -> bool:
    with suppress(OSError, HashMismatch):
        if path.stat().st_size == file.size:
            check_hash(path, file.sha256, str(path), "")
            return True
    return False


def _fetch(file: CarrierFile, target: Path, timeout_s: float, base: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    part, url = target.with_name(f"{target.name}.part"), file.url(base)
    for attempt in range(TRIES):
        try:
            download(url, part, timeout_s, REMEDY)
            break
        except PublicDataError:
            if attempt == TRIES - 1:
                raise
    check_hash(part, file.sha256, url, REMEDY)
    part.replace(target)


SUMS = {
    "cells.csv": "7fffcdca9383891db9cf9491fd2fb1c62a330975985d7d5cf1fd2b7abd4388a9",
    "kept_out.csv": "977002e02fda9f949d1d954569e51baa5c36bde5a6ba81cf4e095f871ebc54f8",
    "pinn4soh.csv.gz": "fb1a20222d9b76ca67020013c92d999a1a54da998d2e2f09dfbe558c9941d6f2",
    "sunwoda_sio.csv.gz": "de33b40f3024f17b0694a3e6dd2564d195045cf3a0290addf37554cb029cf0b8",
    "matr.csv.gz": "ad085ad628df66eba25fe04cbcc8e3d5e73204dce22f4f231a652c8af1d3fd62",
    "geslin_siox_checkups.csv.gz": "13e15fb4a34bebf7f50cfa75121916dea8d5981d8433763428ffcaceb8f7ede0",
    "geslin_soh90.csv": "6197fefb103db7df3959f8c66e43cfe3488df51b4224cb0ea2b1304b9cc0235c",
    "geslin_protocol_features.csv": "0f9041f46f0330b1ff28285367910025e55f8fbca7495f4d7ae309a83ed5850c",
    "cui_formation_checkups.csv.gz": "3a5e803b4e1065021d3470a2a7cbc3c935de83355221dc576244c43047e53287",
    "small_sets.csv.gz": "c0575eca6cb5ea13882451e8d2cf391821c6e6d32915c27aaebc7ad833459dd7",
    "matr_first100_capacity.csv.gz": "e0e291395e036b992809d5e9ffdf479c75e60eb88b1a151a2721cef32236076d",
    "matr_lives_and_dqv.csv": "d8282f207e6a99b572ee74c75cbf539abc2e52eeb2cce9d3bdcdad2961181d08",
    "matr_dq100_10_curves.npz": "8baa8e05cc2b32da1f6213da866a1dff76ac2944ce19f8052a7e628bda8a0c1b",
}
"""SHA-256 of the content of the collected tables."""
DOWNLOADED_SUMS = {
    "cells.csv": "17ea2791b35656bde1ed901350e1b502a33bf729adbcaea815eb92db597239fe",
    "small_sets.csv.gz": "c252177507e40d15b89649d54bae0927b2b276990083d1946fc112e397b30162",
}
"""Of the two tables that lack eight cells where they are made of the carriers' files; all others are the same."""
KEPT_OUT = frozenset({
    "05b4bb14164f", "0f0487858861", "10a679c362cc", "11986d0f5791", "119d01b8a01d", "142b38d1529d",
    "14329dfab78e", "189dcbaf98ca", "25bda79da1f9", "2675936e0bfd", "2bfeefcf3c28", "323d66bc064e",
    "35ac1528c4b9", "37d1ec89666e", "48d9677b5674", "4ee000d739fc", "557f88e0fd2b", "5688b13bffec",
    "576982f6e55d", "5aed4bf46d78", "5cb1fc3013e6", "5e8418be144d", "64b9588cfed1", "65037af1b607",
    "7762c2f0e86c", "7859495e5700", "7e96f7d48906", "824408fae173", "8281767bea23", "84c23f00c5a2",
    "8d22c00fee94", "9313f29a95ad", "98f1c9f5e854", "b5747f585d6c", "bcdbd5c61363", "bd9dfd313fcb",
    "bde56f28ec5f", "be6340cbc2ea", "bec3033bacc7", "c56e76af5dd1", "ca26d15d71b9", "cd6c950bbd82",
    "e5c5b47b28d6", "e7b5cb240ec7", "ecb796600685", "ee46b2da3c1d", "eeebbeb04005", "f5e1c4018215",
    "ff096af90ae8",
})  # fmt: skip
"""Digests of the 49 cells (data set, blank, name) left out of every training and choice."""
CYCLING = PublicSource(
    name="cycling",
    title="Cycles and capacity of 683 cells, 245 of them with silicon in the anode",
    licence="CC BY 4.0 as the publishers of the data state it (MATR, XJTU, TJU, HUST, GESLIN, CUI); SUNWODA: MIT by "
    "its carrier; NASA, CALCE, HKUST: not stated",
    citation="Tao et al., Energy Environ. Sci. 2025 (SUNWODA); Zhu et al., Nature Communications 2022 (TJU, Zenodo "
    "6405084); Geslin et al., Nature Energy 2025 (purl.stanford.edu/td676xr4322); XJTU (Zenodo 10963339); HUST "
    "(Mendeley nsc7hnsg4s); Severson et al. 2019 (data.matr.io/1); Cui et al., Joule 2024 (data.matr.io/8); NASA PCoE; "
    "CALCE CS2",
    url_base=RAW,
    files={name: (name, total) for name, total in SUMS.items()},
)


DOWNLOADED = replace(CYCLING, files={name: (name, total) for name, total in (SUMS | DOWNLOADED_SUMS).items()})
"""The same sets as the carriers give them: without the four cells of CALCE and the four of NASA."""


def pull_cycling(from_dir: str | Path | None = None, timeout_s: float = TIMEOUT_S, base: str = RAW) -> Path:
    """Put the cycling sets into the cache.

    Parameters
    ----------
    from_dir : path, optional
        Folder with the collected tables, or with those that another machine made of the carriers' files, or one that
        holds them in a folder `cycling`. Where not given the carriers' files are fetched, 438 of them with 311 MB, and
        the tables made of them.
    timeout_s : float
        Seconds without an answer after which a file is tried again, three times in all.
    base : str
        Address of the carriers' server.

    Raises
    ------
    PublicDataError
        A file is not there or could not be fetched.
    HashMismatch
        A file, or a table made of them, has another content.
    InputError
        Another process fetches them into the same cache.
    """
    if from_dir is not None:
        return pull_source(_source_of(files_in(CYCLING, Path(from_dir))["cells.csv"]), from_dir)
    cache = cache_folder()
    raw, tables = cache / "cycling-files", cache / "cycling-tables"
    with keeping_in(cache):
        lock = (cache / ".cycling.lock").open("w")
    with lock:
        hold(lock, cache, fcntl.LOCK_EX, patience_s=0)  # the other one takes minutes
        fetch_files(carrier_files(), raw, timeout_s, base)
        tables.mkdir(exist_ok=True)
        write_tables(raw, tables)
        write_kept_out(tables)
        folder = pull_source(DOWNLOADED, tables)
        shutil.rmtree(tables)
        shutil.rmtree(raw)
    return folder


def _source_of(cells: Path) -> PublicSource:
    """Return the tables that `cells.csv` belongs to; the collected ones where it is no file of either."""
    with suppress(OSError):
        if hashlib.sha256(cells.read_bytes()).hexdigest() == DOWNLOADED_SUMS["cells.csv"]:
            return DOWNLOADED
    return CYCLING


def write_kept_out(folder: Path) -> None:
    """Write the list of the cells that stay out of every training.

    Parameters
    ----------
    folder : Path
        With `cells.csv`; gets `kept_out.csv`.
    """
    with (folder / "cells.csv").open(encoding="utf-8", newline="") as file:
        cells = [(row["dataset"], row["cell"]) for row in csv.DictReader(file)]
    kept_out = [cell for cell in cells if hashlib.sha256(" ".join(cell).encode()).hexdigest()[:12] in KEPT_OUT]
    with (folder / "kept_out.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([("dataset", "cell"), *kept_out])


def pulled_cycling() -> Path:
    """Return the folder of the pulled sets, copied or made of the carriers' files.

    Raises
    ------
    PublicDataError
        They were not pulled.
    HashMismatch
        A file was changed since.
    """
    return pulled_source(_source_of(cache_folder() / CYCLING.name / "cells.csv"))


def cycling_summary(data_sets: list[str]) -> str:
    """Return licence, citation and counts.

    Parameters
    ----------
    data_sets : list of str
        Data set of each cell.
    """
    counts = ", ".join(f"{name} {count}" for name, count in Counter(data_sets).items())
    return "\n".join([*CYCLING.lines, f"  {len(data_sets)} cells: {counts}"])
