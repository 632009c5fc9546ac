from __future__ import annotations

import csv
import hashlib
import io
import os
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.tables import chunks as portions
from features.tables.chunks import PortionReader, Rows, open_source
from features.tables.files import TextLines
from features.tables.mistakes import InputError


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portions, "ROWS", 3)


def read(path: Path) -> list[Rows]:
    reader = PortionReader()
    return [reader.read(portion) for portion in open_source(path).portions]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("quoted", [False, True])
def test_portions_hold_what_the_whole_holds(tmp_path: Path, end: str, quoted: bool) -> None:
    rows = [[f"a{place}", f'b "{place}"{end}c' if quoted and place % 4 == 2 else "b"] for place in range(11)]
    text = io.StringIO()
    csv.writer(text, lineterminator=end).writerows([["x", "y"], *rows])
    (tmp_path / "in.csv").write_text(text.getvalue(), encoding="utf-8", newline="")
    found = read(tmp_path / "in.csv")
    assert len(found) >= 4 or end == "\r"
    assert [list(row.values()) for cells in found for row in cells.table.to_pylist()] == rows
    # a quoted line end makes its row two lines long
    expected, line = [], 2
    for row in rows:
        expected.append(line)
        line += 1 + (end in row[1])
    assert [line for cells in found for line in cells.lines.tolist()] == expected


def test_ragged_and_blank_rows_keep_their_lines(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("x,y\n1,2\n\n3,4,5\n6,7,\n , \n8\n9,10", encoding="utf-8")
    found = read(tmp_path / "in.csv")
    assert {line: cells for each in found for line, cells in each.ragged.items()} == {4: ["3", "4", "5"], 7: ["8"]}
    rows = {
        line: tuple(row.values())
        for each in found
        for line, row in zip(each.lines.tolist(), each.table.to_pylist(), strict=True)
    }
    assert rows == {2: ("1", "2"), 5: ("6", "7"), 8: ("9", "10")}


def test_parquet_by_row_groups(tmp_path: Path) -> None:
    table = pa.table({" x ": list(range(11)), "kind": pa.array(list("abcabcabcab")).dictionary_encode()})
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=7)
    cut = open_source(tmp_path / "in.parquet")
    assert [(each.start, each.size, each.rows, each.line) for each in cut.portions] == [
        (0, 0, 3, 2), (0, 3, 3, 5), (0, 6, 1, 8), (1, 0, 3, 9), (1, 3, 1, 12),
    ]  # fmt: skip
    assert cut.columns == ["x", "kind"]
    assert [value for each in read(tmp_path / "in.parquet") for value in each.table["x"].to_pylist()] == list(range(11))
    backwards = PortionReader()
    again = [backwards.read(portion).table["x"].to_pylist() for portion in reversed(cut.portions)]
    assert again == [[10], [7, 8, 9], [6], [3, 4, 5], [0, 1, 2]]


def test_a_folder_is_one_table_by_name(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text("x,y\n2,b\n", encoding="utf-8")
    (tmp_path / "a.tsv").write_text("x\ty\n1\ta\n", encoding="utf-8")
    (tmp_path / ".c.csv").write_text("other\n3\n", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("nothing", encoding="utf-8")
    assert [row for each in read(tmp_path) for row in each.table.to_pylist()] == [
        {"x": "1", "y": "a"},
        {"x": "2", "y": "b"},
    ]
    source = open_source(tmp_path)
    assert source.rows == 2
    content = (tmp_path / "b.csv").read_bytes()
    (tmp_path / "b.csv").write_bytes(content.replace(b"2", b"3"))
    assert open_source(tmp_path).digest != source.digest
    (tmp_path / "b.csv").write_bytes(content)
    assert open_source(tmp_path).digest == source.digest != hashlib.sha256().hexdigest()


def test_what_cannot_be_one_table(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no table in this folder, expected \.csv, \.tsv, \.parquet"):
        open_source(tmp_path)
    with pytest.raises(InputError, match="no such file"):
        open_source(tmp_path / "absent.csv")
    (tmp_path / "a.csv").write_text("x,y\n1,a\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text("y,x\n1,a\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"b\.csv: its columns are not those of a\.csv; expected x, y, in this order"):
        open_source(tmp_path)
    (tmp_path / "types").mkdir()
    pq.write_table(pa.table({"x": [1]}), tmp_path / "types" / "a.parquet")
    pq.write_table(pa.table({"x": ["1"]}), tmp_path / "types" / "b.parquet")
    with pytest.raises(InputError, match=r"b\.parquet: the types of its columns are not those of a\.parquet"):
        open_source(tmp_path / "types")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: path.mkdir(), r"b\.csv: is a folder, expected a file"),
        (lambda path: path.symlink_to("gone"), r"b\.csv: is a link to gone, where no file is"),
        (os.mkfifo, r"b\.csv: is a pipe, expected a file"),
    ],
)
def test_what_only_looks_like_a_table_is_not_opened(tmp_path: Path, make: Callable[[Path], None], words: str) -> None:
    (tmp_path / "a.csv").write_text("x,y\n1,a\n", encoding="utf-8")
    make(tmp_path / "b.csv")
    for path in (tmp_path, tmp_path / "b.csv"):
        # b.csv, given by itself, may be a folder: one of tables
        alone = r"no table in this folder" if path.is_dir() and path != tmp_path else words
        with pytest.raises(InputError, match=alone):
            open_source(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"x,y\n1,2\n3,\xff\n", r"in\.csv line 3: got byte 0xff, expected UTF-8 text"),
        (b"x,y\n" + b"1,2\n" * 7 + b"3,\xff\n", r"in\.csv line 9: got byte 0xff, expected UTF-8 text"),
        (b"x,y\n" + b"1,2\n" * 7 + b"3,\x00\n", r"in\.csv line 9: got a NUL character, expected text"),
        (b"x,y\n" + b"1,2\n" * 7 + b'3,"4\n', r"in\.csv line 9: got .*, expected a closing quote"),
        (b"x,y\n1," + b"L" * 3_000_000, r"in\.csv line 2: got field larger than field limit \(131072\)"),
        (b"PK\x03\x04 and more", "this is a spreadsheet"),
        (b"", "the file is empty"),
        (b"\n \n", "the file is empty"),
        (b"x,y\n", "holds a header and no rows"),
    ],
)
def test_text_that_is_none_is_refused_before_the_work(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "in.csv").write_bytes(content)
    with pytest.raises(InputError, match=words):
        open_source(tmp_path / "in.csv")


def test_a_cell_without_end_is_not_read_to_its_end(tmp_path: Path) -> None:
    """Of 20 MB two blocks are read: the one that the cell begins in, and one that nothing in it ends."""
    path = tmp_path / "in.csv"
    path.write_bytes(b"x\n" + b"L" * 20_000_000 + b"\n")
    with path.open("rb", buffering=0) as file:
        lines = TextLines(file, "in.csv", 10)
        with pytest.raises(InputError, match="a cell is too long"):
            lines.block()
        assert file.tell() == 2 << 20
    path.write_bytes(b"x\n" + (b"L" * 99_999 + b"," + b"L" * 99_999 + b"\n") * 11)  # long lines of cells that end
    with path.open("rb") as file:
        assert len(TextLines(file, "in.csv", 10).block()) == 2 + 9 * 200_000


def test_a_truncated_parquet_file(tmp_path: Path) -> None:
    path = tmp_path / "in.parquet"
    pq.write_table(pa.table({"x": list(range(1000))}), path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    with pytest.raises(InputError, match=r"in\.parquet: not a whole Parquet file"):
        open_source(path)
    # the footer is there, the rows are not
    path.write_bytes(whole[:4] + bytes(len(whole) // 2) + whole[4 + len(whole) // 2 :])
    with pytest.raises(InputError, match=r"in\.parquet: not a whole Parquet file"):
        read(path)
    cut = open_source(path)
    path.unlink()
    with pytest.raises(InputError, match="it was there when the work began"):
        PortionReader().read(cut.portions[0])
