"""The carriers' files: fetched from a local server that plays the carrier, and made into tables."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import re
import struct
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.io import savemat

from features.tables.mistakes import InputError
from training.public.archives import content_of
from training.public.carrier_tables import read_records, write_tables
from training.public.cycling import (
    CARRIERS,
    DOWNLOADED,
    SUMS,
    CarrierFile,
    carrier_files,
    fetch_files,
    pull_cycling,
    pulled_cycling,
    write_kept_out,
)
from training.public.download import PublicDataError, Unreachable
from training.public.sources import HashMismatch, cache_folder

NOWHERE = "http://127.0.0.1:1/"  # nothing listens there


def offered(folder: Path, path: str, content: bytes) -> CarrierFile:
    """Put a file of HKUST's carrier onto the server."""
    target = folder / CARRIERS["hkust"] / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    return CarrierFile("hkust", path, len(content), hashlib.sha256(content).hexdigest())


def test_a_pull_that_broke_off_is_taken_up_again(carrier: tuple[Path, str, list[str]], tmp_path: Path) -> None:
    folder, base, asked = carrier
    files = [offered(folder, "EVE/a-#1.csv", b"1\n"), offered(folder, "EVE/b.csv", b"2\n")]
    broken = folder / CARRIERS["hkust"] / "EVE" / "b.csv.broken"
    broken.touch()
    with pytest.raises(PublicDataError, match=r"EVE/b\.csv: could not be fetched .*what has come is kept: run silion"):
        fetch_files(files, tmp_path / "raw", 5, base)
    assert asked == ["a-#1.csv", "b.csv", "b.csv", "b.csv"]  # three tries
    broken.unlink()
    fetch_files(files, tmp_path / "raw", 5, base)
    assert asked[4:] == ["b.csv"]
    fetch_files(files, tmp_path / "raw", 5, base)
    assert len(asked) == 5
    assert (tmp_path / "raw/hkust/EVE/a-#1.csv").read_bytes() == b"1\n"
    assert (tmp_path / "raw/hkust/EVE/b.csv").read_bytes() == b"2\n"


def test_a_file_of_another_content_is_refused_and_a_spoilt_one_fetched_again(
    carrier: tuple[Path, str, list[str]], tmp_path: Path
) -> None:
    folder, base, _ = carrier
    file = offered(folder, "EVE/a.csv", b"1\n")
    home = tmp_path / "raw/hkust/EVE/a.csv"
    fetch_files([file], tmp_path / "raw", 5, base)
    home.write_bytes(b"9\n")
    fetch_files([file], tmp_path / "raw", 5, base)
    assert home.read_bytes() == b"1\n"
    home.unlink()
    offered(folder, "EVE/a.csv", b"3\n")
    with pytest.raises(HashMismatch, match=r"EVE/a\.csv: got SHA-256 .*, expected "):
        fetch_files([file], tmp_path / "raw", 5, base)
    assert not home.exists()


def test_where_nothing_answers_the_pull_says_what_to_do(cache: Path) -> None:
    with pytest.raises(Unreachable, match="silion data pull cycling --from DIR"):
        pull_cycling(base=NOWHERE)
    assert not (cache / "cycling").exists()


def test_a_full_disk_is_no_matter_of_the_carrier(carrier: tuple[Path, str, list[str]], tmp_path: Path) -> None:
    folder, base, asked = carrier
    file = offered(folder, "EVE/a.csv", b"1\n")
    part = tmp_path / "raw/hkust/EVE/a.csv.part"
    part.parent.mkdir(parents=True)
    part.symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left") as raised:
        fetch_files([file], tmp_path / "raw", 5, base)
    assert raised.value.errno == errno.ENOSPC  # to which the command says to make room
    assert asked == ["a.csv"]  # no second try


def test_a_cache_that_cannot_be_made_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("SILION_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(PublicDataError, match=r"cannot keep the table there .*; set SILION_CACHE"):
        pull_cycling(base=NOWHERE)


def test_one_pull_at_a_time(cache: Path) -> None:
    """What another pull has fetched and made so far stays."""
    for folder in ("cycling-files", "cycling-tables"):
        (cache / folder).mkdir(parents=True)
    with (cache / ".cycling.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(InputError, match="another process is writing here; try again when it is done"):
            pull_cycling(base=NOWHERE)
    assert (cache / "cycling-files").is_dir()
    with pytest.raises(Unreachable):
        pull_cycling(base=NOWHERE)


def test_the_list_of_files_fits_the_carriers() -> None:
    files = carrier_files()
    assert {file.carrier for file in files} == set(CARRIERS)
    assert (len(files), round(sum(file.size for file in files) / 1e6)) == (438, 311)
    assert len({(file.carrier, file.path) for file in files}) == len(files)
    assert all(re.fullmatch(r"[0-9a-f]{64}", file.sha256) and ".." not in file.path for file in files)
    assert all(re.fullmatch(r"[^/]+/[^/]+/[0-9a-f]{40}", place) for place in CARRIERS.values())


def message(number: int, content: bytes) -> bytes:
    """Encode one field of a protocol buffer: tag, length in portions of seven bits, content."""
    size, length = len(content), b""
    while size >= 128:
        length, size = length + bytes([size & 127 | 128]), size >> 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + content


def record(**features: list[float]) -> bytes:
    """Encode a record of TFRecord as tensorflow.train.Example lays it out; checksums are zero."""
    entries = b""
    for name, values in features.items():
        numbers = message(2, message(1, struct.pack(f"<{len(values)}f", *values)))
        entries += message(1, message(1, name.encode()) + message(2, numbers))
    example = message(1, entries)
    return struct.pack("<Q", len(example)) + bytes(4) + example + bytes(4)


def test_records_of_numbers_are_read() -> None:
    long = [float(number) for number in range(200)]  # 800 bytes: a length of two portions
    found = list(read_records(record(QD=[0.5], Qdlin=long) + record(QD=[0.25])))
    assert [one["QD"].tolist() for one in found] == [[0.5], [0.25]]
    assert found[0]["Qdlin"].tolist() == long
    with pytest.raises(ValueError, match="wire type 0"):
        list(read_records(struct.pack("<Q", 2) + bytes(4) + b"\x08\x01" + bytes(4)))


def written(folder: Path, path: str, text: str) -> None:
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """One invented cell of each set, in the carriers' layouts."""
    folder = tmp_path / "raw"
    with pd.ExcelWriter(tmp_path / "Labels.xlsx") as book:
        for cell in ("B2T25", "B10T35"):
            pd.DataFrame({"Capacity ": [1.08, 1.07, None]}).to_excel(book, sheet_name=cell, index=False)
    written(folder, "sunwoda/README", "")
    (tmp_path / "Labels.xlsx").rename(folder / "sunwoda/Labels.xlsx")
    for path in ("XJTU data/2C_battery-1", "HUST data/1-1", "TJU data/Dataset_1_NCA_battery/CY45-05_1-#2",
                 "TJU data/Dataset_2_NCM_battery/CY25-05_1-#1",
                 "TJU data/Dataset_3_NCM_NCA_battery/CY25-05_1-#1"):  # fmt: skip
        written(folder, f"pinn4soh/data/{path}.csv", "CC Q,capacity\n0.1,2.0000049\n0.1,1.9\n")
    written(folder, "hkust/EVE/H67_DataSet.csv",
            "H67_Cycle_Num,H67_CC_Dischg_CapaCity(Ah),H67_CCCV_Chg_CapaCity(Ah)\n2.0,2.7,2.8\n")  # fmt: skip
    written(folder, "matr_b1/data/battery_data_summary.csv",
            "cell_id,cycle,QDischarge,QCharge\ncell_3,2.0,1.07,1.08\ncell_3,1.0,0.0,0.0\n")  # fmt: skip
    (folder / "matr_b2/tfrecords/train").mkdir(parents=True)
    (folder / "matr_b2/tfrecords/train/b2c0.tfrecord").write_bytes(
        record(Current_cycle=[1 / 2159], QD=[0.5], Remaining_cycles=[299 / 2159])
        + record(Current_cycle=[2 / 2159], QD=[0.25], Remaining_cycles=[298 / 2159])
    )
    written(folder, "geslin/data/soh90.csv", ",Cycles\ncell_003,497.5\n")
    written(folder, "geslin/data/protocol_features.csv", "Average Current\n0.0603432804\n")
    # 61.8348 is 61.835 to three digits, whose nearest two are 61.84 (its double lies above the half)
    savemat(folder / "geslin/data/all_cells_SOH.mat", {"Cell_003": np.array([[1.989, 61.8348], [1.0, 0.98361]])})
    written(folder, "cui/data/rpt_summary_041524.csv", "regu_cap,seq_num,cycle_index\n0.25,7,8\n0.2,7,0\n,7,9\n")
    written(folder, "cui/data/one_time_features_041524.csv", "seq_num\n7\n")
    # cycle n discharges n / 1000 Ah at every voltage but the last ten, so that Q_n - Q_10 is (n - 10) / 1000 there
    curve = np.tile(np.arange(2, 101) / 1000, (1000, 1))
    curve[500:] += 1
    curve[:500, 18] = 0  # cycle 20
    for split in ("train", "test1", "test2"):
        written(folder, f"severson/data/cycle_lives/{split}_cycle_lives.csv", "1000\n")
        target = folder / f"severson/data/{split}/cell1.csv"
        target.parent.mkdir()
        np.savetxt(target, curve, delimiter=",", fmt="%.6f")
    return folder


def test_tables_are_made_of_the_carriers_files(raw: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    write_tables(raw, out)

    def lines(name: str) -> list[str]:
        return content_of(out / name).decode().splitlines()[1:]

    assert lines("sunwoda_sio.csv.gz")[::2] == ["SUNWODA,B10T35,1,1.08", "SUNWODA,B2T25,1,1.08"]
    assert lines("pinn4soh.csv.gz")[:2] == ["HUST,1-1,1,2.0", "HUST,1-1,2,1.9"]
    assert lines("small_sets.csv.gz") == ["HKUST_brands,EVE,2,2.7,2.8"]
    assert lines("matr.csv.gz") == ["MATR_b1,cell_3,2,1.07,1.08", "MATR_b2,b2c0,1,0.55,", "MATR_b2,b2c0,2,0.275,"]
    assert lines("geslin_siox_checkups.csv.gz") == ["GESLIN,Cell_003,1.99,1.0", "GESLIN,Cell_003,61.84,0.98361"]
    assert lines("geslin_protocol_features.csv") == ["0.060343"]
    assert lines("cui_formation_checkups.csv.gz") == ["CUI_FORMATION,seq7,0,0.2", "CUI_FORMATION,seq7,8,0.25"]
    cells = lines("cells.csv")
    assert cells[1] == "TJU_NCA,CY45-05_1-#2,TJU_NCA_CY45-05_1,NCA,graphite+~2wt%Si,1.0,45.0,3.5,2,"
    assert [line.split(",")[1] for line in cells if line.startswith("SUNWODA")] == ["B2T25", "B10T35"]
    assert cells[-1] == "MATR_b2,b2c0,MATR_2017-06-30,LFP,graphite,0.0,30.0,1.1,2,published life 300"
    assert lines("matr_first100_capacity.csv.gz")[0] == "train,1,2,1.002"
    # of cycle 20 half of the voltages differ by 0.010, half by -0.010: variance 1e-4; of the others all by the same
    # amount, so that the variance is that of rounding alone
    numbers = lines("matr_lives_and_dqv.csv")[0].split(",")
    assert numbers[:4] == ["train", "1", "1000", "-4.0"]
    assert (float(numbers[7]), float(numbers[10])) == (-0.01, 0.09)
    with np.load(out / "matr_dq100_10_curves.npz", allow_pickle=False) as changes:
        assert changes["train"].shape == (1, 100)
        np.testing.assert_allclose(changes["train"], 0.09, rtol=1e-5)


def test_what_was_downloaded_counts_as_pulled_and_lacks_only_eight_cells(cache: Path, datasets: Path) -> None:
    collected_in = datasets / "cycling"
    collected = pd.read_csv(collected_in / "cells.csv")
    assert collected["dataset"].isin(["CALCE", "NASA"]).sum() == 8
    assert {name for name, (_, total) in DOWNLOADED.files.items() if total != SUMS[name]} == {
        "cells.csv", "small_sets.csv.gz",
    }  # fmt: skip
    given = cache / "given"
    given.mkdir(parents=True)
    for name in SUMS:
        (given / name).write_bytes((collected_in / name).read_bytes())
    rest = [line for line in (given / "cells.csv").read_text().splitlines(True) if line[:4] not in ("CALC", "NASA")]
    (given / "cells.csv").write_text("".join(rest))
    small = pd.read_csv(given / "small_sets.csv.gz")
    small[small["dataset"] == "HKUST_brands"].to_csv(given / "small_sets.csv.gz", index=False, lineterminator="\n")
    write_kept_out(given)
    assert (given / "kept_out.csv").read_bytes() == (collected_in / "kept_out.csv").read_bytes()
    pull_cycling(given)
    assert pulled_cycling() == cache_folder() / "cycling"
    (cache / "cycling" / "matr.csv.gz").write_bytes(b"spoilt")
    with pytest.raises(HashMismatch, match=r"matr\.csv\.gz"):
        pulled_cycling()


def test_of_the_collected_tables_the_damaged_one_is_named(cache: Path, datasets: Path, tmp_path: Path) -> None:
    given = tmp_path / "given" / "cycling"
    given.mkdir(parents=True)
    for name in SUMS:
        (given / name).write_bytes((datasets / "cycling" / name).read_bytes())
    pull_cycling(tmp_path / "given")
    for folder in (given, cache / "cycling"):
        (folder / "geslin_soh90.csv").write_text("cell\n")
    with pytest.raises(HashMismatch, match=r"geslin_soh90\.csv: got SHA-256"):
        pulled_cycling()
    with pytest.raises(HashMismatch, match=r"geslin_soh90\.csv: got SHA-256"):
        pull_cycling(tmp_path / "given")
