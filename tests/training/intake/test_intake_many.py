"""Tables of which nearly all is wrong: memory does not grow with the rows, and no message or rejected row is lost."""

import tracemalloc

import pytest

from features.tables import chunks, disk
from features.tables import files as texts
from features.tables.mistakes import MOST_TOLD
from training.intake import raw_table
from training.intake.draft import read_drafts

HEADER = "id,electrolyte,sigma (mS/cm),T (°C),source\n"


def bad_rows(count: int) -> str:
    return HEADER + "".join("s,Li6PS5Cl,much,25,10.1000/abc\n" for _ in range(count))


def most_memory(path) -> int:
    tracemalloc.start()
    drafts = read_drafts(path)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(drafts.rejected) == len(drafts.mistakes) == len(drafts.sheet.lines)
    return most


@pytest.mark.slow
def test_memory_does_not_grow_with_the_bad_rows(write, monkeypatch):
    monkeypatch.setattr(disk, "IN_MEMORY", 50)
    monkeypatch.setattr(texts, "_BLOCK", 10_000)
    for module in (raw_table, chunks):
        monkeypatch.setattr(module, "ROWS", 100)
    few, many = write(bad_rows(500), "few.csv"), write(bad_rows(4_000), "many.csv")
    read_drafts(few)  # tables of units and names are read once
    # eight times the rows; of each three numbers of 8 bytes stay, and as much again while they are counted
    assert most_memory(many) < most_memory(few) + 3_500 * 48


def test_rejected_rows_that_wait_on_disk_are_written_as_those_in_memory(run, write, tmp_path, monkeypatch):
    """Lines 2 and 4 are wrong when read, line 3 only beside line 5: one id, two values."""
    text = (
        HEADER
        + "a,Li6PS5Cl,much,25,10.1000/abc\n"
        + "b,Li6PS5Cl,1,25,10.1000/abc\n"
        + "c,Li6PS5Cl,2,warm,10.1000/abc\n"
        + "b,Li6PS5Cl,3,25,10.1000/abc\n"
    )
    told, written = [], []
    for most in (1_000, 1):
        monkeypatch.setattr(disk, "IN_MEMORY", most)
        told.append(run("add", write(text), "--write").out)
        rejected = tmp_path / "new.csv.rejected.csv"
        written.append(rejected.read_bytes())
        rejected.unlink()
    assert told[0] == told[1]
    assert written[0] == written[1]
    rows = written[0].decode().splitlines()
    assert [row.split(",")[0] for row in rows] == ["line", "2", "3", "4", "5"]
    assert rows[1] == "2,\"sigma (mS/cm): got 'much', expected a number\",a,Li6PS5Cl,much,25,10.1000/abc"


def test_the_first_mistakes_are_listed_and_the_rest_counted(run, write, tmp_path):
    done = run("add", write(bad_rows(MOST_TOLD + 3) + "g,Li6PS5Cl,1,25,10.1000/abc\n"), "--write")
    assert f"rejected    {MOST_TOLD + 3}  wrong, see below" in done.out
    assert done.out.count("expected a number") == MOST_TOLD
    assert "  ... and 3 more\n" in done.out
    rejected = (tmp_path / "new.csv.rejected.csv").read_text()
    assert rejected.count("expected a number") == MOST_TOLD + 3


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_a_file_that_is_read_in_pieces_is_read_whole(write, monkeypatch, ending):
    """Titles, units, blank and quoted lines, cut anywhere: the same rows with the same lines."""
    contents = {
        "csv": f'Sheet 1\n\n{HEADER}\n"a","Li6PS5Cl",1,25,"two\nlines"\nb,LPS,2,25,x\n',
        "jsonl": '{"id": "a", "electrolyte": "Li6PS5Cl", "sigma (mS/cm)": 1}\n\n{"id": "b", "T (°C)": 25}\n',
    }
    path = write(contents[ending], f"new.{ending}")
    whole = raw_table.read_sheet(path)
    monkeypatch.setattr(raw_table, "ROWS", 1)
    monkeypatch.setattr(chunks, "ROWS", 1)
    pieces = raw_table.read_sheet(path)
    assert [*pieces.lines] == [*whole.lines]
    assert (pieces.header, pieces.remarks) == (whole.header, whole.remarks)
    assert [line.number for line in whole.lines] == {"csv": [5, 7], "jsonl": [1, 3]}[ending]
