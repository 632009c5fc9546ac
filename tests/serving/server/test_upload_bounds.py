"""What an upload unpacks to is found out by a child process that may take only so much."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.tables.mistakes import InputError
from serving.server.upload.unpack import Bounds, TooManyRowsError, unpack
from tests.shared import ROOT, environment

MEGABYTE = 1024 * 1024
ROOMY = Bounds(rows=100, columns=10, cells=1_000, unpacked=1 << 40)
"""Bounds that let every size pass, as a footer that lies would: the limits of the process are left."""


def parquet(table: pa.Table) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, compression="zstd")
    return out.getvalue()


@pytest.fixture(scope="module")
def one_cell() -> bytes:
    """One row, one cell of 100 MB, in some kilobytes."""
    content = parquet(pa.table({"electrolyte": ["x" * (100 * MEGABYTE)]}))
    assert len(content) < 50_000
    return content


def test_types_and_values_stay(tmp_path: Path) -> None:
    table = pa.table(
        {
            "electrolyte": pa.array(["LPS", None]).dictionary_encode(),
            "cycle": pa.array([1, None], pa.int16()),
            "when": pa.array([0, 1], pa.timestamp("ns", "UTC")),
            "by.whom": ["us", "them"],
        }
    )
    unpack(parquet(table), tmp_path / "upload.parquet", ROOMY)
    assert pq.read_table(tmp_path / "upload.parquet").equals(pq.read_table(io.BytesIO(parquet(table))))


@pytest.mark.slow
def test_what_the_footer_admits_is_refused_before_it_is_decoded(one_cell: bytes, tmp_path: Path) -> None:
    bounds = Bounds(rows=100, columns=10, cells=1_000, unpacked=64 * MEGABYTE)
    with pytest.raises(InputError, match=r"upload: the table unpacks to more than 67108864 bytes"):
        unpack(one_cell, tmp_path / "upload.parquet", bounds)
    assert not (tmp_path / "upload.parquet").exists()
    many = parquet(pa.table({"electrolyte": ["Li3N"] * 101}))
    with pytest.raises(TooManyRowsError) as error:
        unpack(many, tmp_path / "upload.parquet", ROOMY)
    assert error.value.rows == 101
    with pytest.raises(InputError, match="got 1010 cells, expected at most 1000"):
        unpack(
            parquet(pa.table({str(each): range(101) for each in range(10)})),
            tmp_path / "upload.parquet",
            Bounds(rows=200, columns=10, cells=1_000, unpacked=1 << 40),
        )


WORDS = pa.DictionaryArray.from_arrays(pa.array([0] * 100, pa.int32()), ["x" * 10_000])
"""100 rows of one word of 10 kB."""


@pytest.mark.slow
def test_a_word_of_a_dictionary_counts_in_every_row(tmp_path: Path) -> None:
    """They are a megabyte, though the file holds the word once."""
    content = parquet(pa.table({"electrolyte": WORDS}))
    with pytest.raises(InputError, match="unpacks to more than 900000 bytes"):
        unpack(content, tmp_path / "upload.parquet", Bounds(100, 10, 1_000, 900_000))
    unpack(content, tmp_path / "upload.parquet", Bounds(100, 10, 1_000, 1_100_000))


@pytest.mark.parametrize(
    "cells",
    [
        pa.ListArray.from_arrays(range(101), WORDS),
        pa.StructArray.from_arrays([WORDS], ["word"]),
        pa.array([[("word", "x")]] * 100, pa.map_(pa.string(), pa.string())),
        pa.array([{"a": None, "b": None}] * 100),  # no bytes at all, and a dict in every row for whoever reads it
    ],
    ids=["list", "struct", "map", "nulls"],
)
def test_a_cell_holds_one_value(cells: pa.Array, tmp_path: Path) -> None:
    """A list or a group of values may be any number of them, also where a dictionary holds one alone."""
    content = parquet(pa.table({"electrolyte": ["Li3N"] * 100, "parts": cells}))
    with pytest.raises(InputError, match="upload: column parts holds several values in a cell, expected one; leave it"):
        unpack(content, tmp_path / "upload.parquet", ROOMY)
    assert not (tmp_path / "upload.parquet").exists()


@pytest.mark.slow
def test_a_child_that_takes_too_much_dies_alone(one_cell: bytes, tmp_path: Path) -> None:
    """The footer lies: 100 MB are decoded by a child that may take 64."""
    with pytest.raises(InputError, match="takes more memory or time than a request may"):
        unpack(one_cell, tmp_path / "upload.parquet", ROOMY, memory=64 * MEGABYTE)


@pytest.mark.slow
def test_a_table_longer_than_any_request_may_send_fits(tmp_path: Path) -> None:
    """10,000 texts of 6.4 kB, 64 MB where a body of 16 MB may unpack to 32, within the usual limits of the process."""
    content = parquet(pa.table({"electrolyte": [f"{number:06400d}" for number in range(10_000)]}))
    unpack(content, tmp_path / "upload.parquet", Bounds(10_000, 300, 1_000_000, 65 * MEGABYTE))
    assert pq.read_metadata(tmp_path / "upload.parquet").num_rows == 10_000


@pytest.mark.slow
def test_a_child_that_never_ends_is_ended(tmp_path: Path) -> None:
    """It decodes the table and waits for whoever reads the pipe that it writes to: nobody does."""
    os.mkfifo(tmp_path / "upload.parquet")
    content, before = parquet(pa.table({"electrolyte": ["Li3N"]})), children()
    with pytest.raises(InputError, match="takes more memory or time"):
        unpack(content, tmp_path / "upload.parquet", ROOMY, seconds=2.5)
    assert children() <= before


def children() -> set[str]:
    """Processes of this one that go on, by number: other tests may have left some."""
    listed = Path(f"/proc/self/task/{threading.get_native_id()}/children")
    return set(listed.read_text(encoding="ascii").split())


@pytest.mark.slow
def test_the_system_ends_a_child_that_computes_for_longer() -> None:
    """Its own limit, should whoever waits for it be gone: processor time, in whole seconds."""
    code = "from serving.server.upload.unpack import _limit\n_limit(1 << 30, 0.5)\nwhile True: pass"
    done = subprocess.run([sys.executable, "-c", code], env=environment(PYTHONPATH=str(ROOT)), check=False, timeout=60)
    assert -done.returncode in (signal.SIGXCPU, signal.SIGKILL)


@pytest.mark.slow
def test_a_damaged_file_is_told_in_words(tmp_path: Path) -> None:
    whole = parquet(pa.table({"electrolyte": ["Li3N"] * 50}))
    for damaged in (b"", b"PAR1 and no more", whole[:-20], whole[:10] + b"\xff" * 30 + whole[40:]):
        with pytest.raises(InputError, match="not a whole Parquet file"):
            unpack(damaged, tmp_path / "upload.parquet", ROOMY)
