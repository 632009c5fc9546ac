from __future__ import annotations

import errno
import hashlib
import subprocess
import sys
from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import pooch
import pytest
import requests  # type: ignore[import-untyped, unused-ignore]

from training.public.download import PublicDataError, Unreachable, download
from training.public.sources import SOURCES, HashMismatch, cache_folder, pull, pulled

OwnCopy = Callable[[str], Path]


@pytest.fixture
def invented(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Two invented files known as the table `liverpool`."""
    content = {"one.csv": b"a,b\n1,2\n", "two.csv": b"c\n3\n"}
    files = {file: (f"x/{file}", hashlib.sha256(held).hexdigest()) for file, held in content.items()}
    monkeypatch.setitem(SOURCES, "liverpool", replace(SOURCES["liverpool"], files=files))
    return content


def folder_of(content: dict[str, bytes], folder: Path) -> Path:
    folder.mkdir(parents=True)
    for file, held in content.items():
        (folder / file).write_bytes(held)
    return folder


def left_over(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.iterdir())


def test_sums_and_paths_are_those_of_the_datasets_folder(datasets: Path) -> None:
    lines = [line.split() for line in (datasets / "SHA256SUMS").read_text().splitlines()]
    sums = {name.removeprefix("./"): value for value, name in lines}
    for source in SOURCES.values():
        assert source.url_base.endswith("/4eaac889809dd489e3bae468c45d5c0e02b9147a/")
        for file, (_, expected) in source.files.items():
            assert sums[f"{source.name}/{file}"] == expected
    assert set(SOURCES["obelix"].files) == {"all.csv", "all_cifs.zip", "train_idx.csv", "test_idx.csv"}


def test_a_source_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        SOURCES["obelix"].licence = "mine"


def test_cache_folder_is_the_one_named_else_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SILION_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("SILION_CACHE")
    assert cache_folder() == Path(pooch.os_cache("silion"))


@pytest.mark.parametrize("inside", ["", "liverpool"])
def test_pull_takes_a_folder_of_files_or_of_tables(
    inside: str, invented: dict[str, bytes], cache: Path, tmp_path: Path
) -> None:
    folder_of(invented, tmp_path / "given" / inside)
    assert pull("liverpool", tmp_path / "given") == cache / "liverpool" == pulled("liverpool")
    assert {path.name: path.read_bytes() for path in (cache / "liverpool").iterdir()} == invented
    assert left_over(cache) == ["liverpool"]


def test_pull_downloads_from_the_pinned_commit(
    invented: dict[str, bytes], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def fetch(self: object, url: str, target: str, owner: object) -> None:
        asked.append(url)
        Path(target).write_bytes(invented[url.rsplit("/", 1)[1]])

    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", fetch)
    pull("liverpool")
    assert asked == [f"{SOURCES['liverpool'].url_base}x/{file}" for file in invented]
    assert pulled("liverpool") == cache / "liverpool"


def test_without_internet_the_error_says_what_to_do(
    invented: dict[str, bytes], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetch(self: object, url: str, target: str, owner: object) -> None:
        if url.endswith("two.csv"):
            raise requests.ConnectionError("no route to host")
        Path(target).write_bytes(invented["one.csv"])

    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", fetch)
    with pytest.raises(PublicDataError, match=r"two\.csv: could not be fetched \(no route to host\)") as raised:
        pull("liverpool")
    assert "pull where there is internet" in str(raised.value)
    assert "silion data pull liverpool --from DIR" in str(raised.value)
    # the first file had come: the cache holds all files or none
    assert left_over(cache) == []


def test_a_full_disk_is_no_matter_of_the_host(carrier: tuple[Path, str, list[str]]) -> None:
    folder, base, _ = carrier
    (folder / "a.csv").write_text("1\n")
    with pytest.raises(OSError, match="No space left") as raised:
        download(f"{base}a.csv", Path("/dev/full"), 5, "")
    assert raised.value.errno == errno.ENOSPC


def test_a_host_that_breaks_off_was_not_reached(carrier: tuple[Path, str, list[str]], tmp_path: Path) -> None:
    folder, base, _ = carrier
    (folder / "a.csv.broken").touch()
    with pytest.raises(Unreachable, match=r"a\.csv: could not be fetched .*; try again"):
        download(f"{base}a.csv", tmp_path / "a.csv", 5, "; try again")
    with pytest.raises(PublicDataError, match="404") as raised:
        download(f"{base}b.csv", tmp_path / "b.csv", 5, "")
    assert not isinstance(raised.value, Unreachable)


def test_an_error_in_the_middle_leaves_the_old_files(invented: dict[str, bytes], cache: Path, tmp_path: Path) -> None:
    given = folder_of(invented, tmp_path / "given")
    pull("liverpool", given)
    before = {path.name: path.read_bytes() for path in (cache / "liverpool").iterdir()}
    (given / "two.csv").write_bytes(b"c\n4\n")
    with pytest.raises(HashMismatch):
        pull("liverpool", given)
    assert {path.name: path.read_bytes() for path in (cache / "liverpool").iterdir()} == before
    assert left_over(cache) == ["liverpool"]


@pytest.mark.parametrize("again", [True, False])
def test_a_failed_rename_leaves_what_was_there(
    again: bool, invented: dict[str, bytes], cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = folder_of(invented, tmp_path / "given")
    if again:
        pull("liverpool", given)
    rename = Path.rename

    def failing(self: Path, target: Path) -> Path:
        if self.name.startswith(".liverpool."):
            raise OSError("disk gone")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(OSError, match="disk gone"):
        pull("liverpool", given)
    assert left_over(cache) == (["liverpool"] if again else [])
    if again:
        assert pulled("liverpool") == cache / "liverpool"


def test_a_changed_byte_is_refused(own_copy: OwnCopy, cache: Path) -> None:
    given = own_copy("obelix")
    content = bytearray((given / "all.csv").read_bytes())
    content[100] ^= 1
    (given / "all.csv").write_bytes(content)
    got, expected = hashlib.sha256(content).hexdigest(), SOURCES["obelix"].files["all.csv"][1]
    with pytest.raises(HashMismatch, match=rf"all\.csv: got SHA-256 {got}, expected {expected}; nothing was changed"):
        pull("obelix", given)
    assert left_over(cache) == []


def test_a_planted_file_is_refused_when_pulled_and_later(own_copy: OwnCopy, cache: Path) -> None:
    given = own_copy("laskowski")
    pull("laskowski", given)
    (cache / "laskowski" / "doi_lookup_table.csv").write_text("ref. number,DOI\n1,10.1/mine\n")
    with pytest.raises(HashMismatch, match=r"doi_lookup_table\.csv: got SHA-256 .*; run: silion data pull laskowski"):
        pulled("laskowski")
    pull("laskowski", given)  # pulling again mends it
    assert pulled("laskowski") == cache / "laskowski"


def test_a_missing_file_is_named(own_copy: OwnCopy, cache: Path) -> None:
    given = own_copy("obelix")
    (given / "all_cifs.zip").unlink()
    (given / "test_idx.csv").unlink()
    with pytest.raises(PublicDataError, match=r"no all_cifs\.zip, test_idx\.csv; the table obelix needs it"):
        pull("obelix", given)
    assert not cache.exists()


def test_a_folder_that_is_not_there_is_named(cache: Path, tmp_path: Path) -> None:
    with pytest.raises(PublicDataError, match=r"nowhere: no such folder; expected one with all\.csv, all_cifs\.zip"):
        pull("obelix", tmp_path / "nowhere")


def test_a_cache_that_cannot_be_made_is_told(
    invented: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SILION_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(PublicDataError, match=r"cannot keep the table there .*; set SILION_CACHE"):
        pull("liverpool", folder_of(invented, tmp_path / "given"))


def test_what_was_not_pulled_says_how(cache: Path) -> None:
    with pytest.raises(PublicDataError, match=r"all\.csv: no such file; run: silion data pull obelix") as raised:
        pulled("obelix")
    assert not isinstance(raised.value, HashMismatch)


@pytest.mark.parametrize("verb", [pull, pulled])
def test_an_unknown_name_gets_the_known_ones(verb: Callable[[str], Path], cache: Path) -> None:
    with pytest.raises(
        PublicDataError,
        match="no public table named 'obelisk'; expected one of obelix, liverpool, laskowski; closest: obelix",
    ):
        verb("obelisk")


def test_hashes_are_checked_before_anything_is_placed(own_copy: OwnCopy, cache: Path) -> None:
    given = own_copy("laskowski")
    (given / "doi_lookup_table.csv").write_text("")
    with pytest.raises(HashMismatch):
        pull("laskowski", given)
    assert left_over(cache) == []


@pytest.mark.slow
def test_importing_reaches_for_neither_network_nor_pooch() -> None:
    code = "import sys, training.public.collect; print([m for m in ('pooch', 'requests') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
