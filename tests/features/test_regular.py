from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from features.tables.files import regular_file
from features.tables.mistakes import InputError


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(os.path.relpath(path))  # the whole path may be longer than a socket's name can be


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "in.csv: no such file"),
        (lambda path: path.symlink_to("gone.csv"), "in.csv: is a link to gone.csv, where no file is; mend the link"),
        (lambda path: path.symlink_to("in.csv"), "in.csv: is a link to in.csv, where no file is"),
        (lambda path: path.symlink_to("/dev/null"), "in.csv: is a device, expected a file"),
        (lambda path: path.mkdir(), "in.csv: is a folder, expected a file; rename it"),
        (os.mkfifo, "in.csv: is a pipe, expected a file, which is read more than once; save what comes through it"),
        (make_socket, "in.csv: is a socket, expected a file"),
    ],
)
def test_what_is_no_file_is_named(tmp_path: Path, make: Callable[[Path], None], words: str) -> None:
    make(tmp_path / "in.csv")
    with pytest.raises(InputError, match=re.escape(words)):
        regular_file(tmp_path / "in.csv")


def test_a_path_through_a_file_says_which(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("x\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"x\.csv: no such file; .*in\.csv is a file and no folder"):
        regular_file(tmp_path / "in.csv" / "deep" / "x.csv")


def test_a_link_to_a_file_is_one(tmp_path: Path) -> None:
    (tmp_path / "real.csv").write_text("x\n", encoding="utf-8")
    (tmp_path / "in.csv").symlink_to("real.csv")
    assert regular_file(tmp_path / "in.csv") == tmp_path / "in.csv"
