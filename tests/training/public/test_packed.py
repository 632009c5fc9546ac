"""Packed files: what counts as their content."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from training.public import archives
from training.public.archives import content_of


def test_of_a_gzip_file_what_is_inside_counts(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    for level in (1, 9):
        path.write_bytes(gzip.compress(b"a,b\n", level, mtime=level))
        assert content_of(path) == b"a,b\n"


def test_arrays_with_their_names_swapped_are_another_content(tmp_path: Path) -> None:
    one, two = np.zeros(2), np.ones(2)
    np.savez(tmp_path / "a.npz", train=one, test=two)
    np.savez_compressed(tmp_path / "b.npz", train=one, test=two)
    np.savez(tmp_path / "c.npz", test=one, train=two)
    content = content_of(tmp_path / "a.npz")
    assert content == content_of(tmp_path / "b.npz") != content_of(tmp_path / "c.npz")
    # an array of two numbers: header of 128 bytes and 16 more, behind `train.npy` or `test.npy` and a zero byte
    assert len(content) == 10 + 144 + 9 + 144
    assert content.startswith(b"train.npy\0\x93NUMPY")


def test_what_unpacks_to_more_than_the_largest_table_stays_packed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "LARGEST", 300)
    for name, size in {"a.gz": 300, "b.gz": 301}.items():
        (tmp_path / name).write_bytes(gzip.compress(bytes(size)))
    assert content_of(tmp_path / "a.gz") == bytes(300)
    assert content_of(tmp_path / "b.gz") == (tmp_path / "b.gz").read_bytes()
    np.savez(tmp_path / "c.npz", a=np.zeros(2))  # with its name 6 + 144 bytes
    np.savez(tmp_path / "d.npz", a=np.zeros(2), b=np.zeros(2), c=np.zeros(2))
    assert len(content_of(tmp_path / "c.npz")) == 150
    assert content_of(tmp_path / "d.npz") == (tmp_path / "d.npz").read_bytes()


def test_what_cannot_be_unpacked_counts_as_it_is(tmp_path: Path) -> None:
    for name in ("a.gz", "a.npz", "a.csv"):
        (tmp_path / name).write_bytes(b"spoilt")
        assert content_of(tmp_path / name) == b"spoilt"
