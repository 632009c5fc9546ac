"""The carriers of the cycling sets: public repositories at fixed commits, fetched file by file and taken up again."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from reporting.console import progress
from training.public.download import TIMEOUT_S, PublicDataError, download
from training.public.sources import HashMismatch, check_hash

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
