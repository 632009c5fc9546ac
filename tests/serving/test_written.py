from __future__ import annotations

import csv
import io
import os
import platform
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import silion
from features.csv_injection import harmless
from features.tables.disk import ABANDONED_S, whole
from features.tables.mistakes import InputError
from models.bundle import load_bundle
from models.predictor import Predictor
from serving.predict.batch import predict_file
from serving.predict.write import WRITERS, as_lines, writable
from tests.shared import ROOT

texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=6) | st.sampled_from(
    ["", 'a "b"', "a,b", "a\tb", "a\nb", '"']
)


@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=5), st.sampled_from([",", "\t"]))
def test_text_is_quoted_as_the_csv_module_does(rows: list[tuple[str, str]], separator: str) -> None:
    expected = io.StringIO()
    csv.writer(expected, delimiter=separator, lineterminator="\n").writerows(rows)
    first, second = (pa.array(column, pa.string()) for column in zip(*rows, strict=True))
    assert as_lines(pa.table({"x": first, "y": second}), separator, raw=True).decode() == expected.getvalue()


def test_a_carriage_return_is_quoted() -> None:
    """Python's csv module of 3.11 leaves it bare, and its reader then ends the row there."""
    assert as_lines(pa.table({"x": ["a\rb"], "y": ["c"]}), ",") == b'"a\rb",c\n'


def test_predicted_numbers_have_six_digits_and_own_ones_all() -> None:
    table = pa.table(
        {
            "own": [0.1234567890123, 1e22, None],
            "count": [12345678901, None, 3],
            "made": [date(2026, 1, 2), None, None],
            "found": [0.1234567890123, 1e-7 / 3, np.nan],
        }
    )
    assert as_lines(table, ",", ["found"]).decode().splitlines() == [
        "0.1234567890123,12345678901,2026-01-02,0.123457",
        "1e+22,,,3.33333e-08",
        ",3,,",
    ]
    assert as_lines(table.slice(0, 0), ",") == b""


def test_a_file_is_whole_or_absent(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old", encoding="utf-8")

    def fail() -> None:
        with whole(path) as aside:
            aside.write_text("half", encoding="utf-8")
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        fail()
    assert path.read_text(encoding="utf-8") == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["out.csv"]


def test_what_killed_writers_left_goes_and_what_others_write_stays(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    here, long_ago = platform.node(), time.time() - ABANDONED_S - 60
    parts = {
        f".out.csv.{here}.{ended.pid}.part": False,
        f".out.csv.nearest.csv.{here}.{ended.pid}.part": False,
        f".out.csv.{here}.{os.getppid()}.part": True,  # whoever started the tests lives
        f".out.csv.{here}.1.part": True,  # as the system's first process does, whoever's it is
        ".out.csv.elsewhere.1.part": True,  # nobody can see from here whether it lives
        f".out.csv.not-{here}x.{ended.pid}.part": False,  # elsewhere as well, and untouched for a day
        f".other.csv.{here}.{ended.pid}.part": True,
    }
    for name in parts:
        (tmp_path / name).write_text("half", encoding="utf-8")
        if "not-" in name:
            os.utime(tmp_path / name, (long_ago, long_ago))
    with whole(tmp_path / "out.csv") as aside:
        aside.write_text("new", encoding="utf-8")
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"out.csv", *(name for name, stays in parts.items() if stays)}


def test_a_part_of_the_same_process_number_is_no_beginning(tmp_path: Path) -> None:
    """Containers give every run the same number; a screen appends to its part."""
    with whole(tmp_path / "out.csv") as aside:
        aside.touch()
    aside.write_text("old\n", encoding="utf-8")
    with whole(tmp_path / "out.csv") as aside, aside.open("a", encoding="utf-8") as file:
        file.write("new\n")
    assert (tmp_path / "out.csv").read_text(encoding="utf-8") == "new\n"


@pytest.mark.parametrize("out", ["in.csv/out.csv", "in.csv/deep/out.csv", "loop/out.csv"])
def test_a_file_is_no_folder_of_the_output(tmp_path: Path, out: str) -> None:
    (tmp_path / "in.csv").write_text("x\n", encoding="utf-8")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(InputError, match=r"(in\.csv|loop): is no folder, so that out\.csv cannot be written there"):
        writable(tmp_path / out, [])


def test_a_link_that_leads_to_itself_is_no_output(tmp_path: Path) -> None:
    (tmp_path / "loop.csv").symlink_to("loop.csv")
    with pytest.raises(InputError, match=r"loop\.csv: is no regular file; choose another name"):
        writable(tmp_path / "loop.csv", [])


def test_the_output_may_not_lie_among_the_tables_of_a_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="would lie among the tables of the input"):
        writable(tmp_path / "out.csv", [tmp_path])
    assert writable(tmp_path / "answers" / "out.csv", [tmp_path]) == (tmp_path / "answers" / "out.csv").resolve()


def test_texts_told_as_a_dictionary_are_written_as_texts() -> None:
    texts = pa.array(["a, b", None, 'say "c"', "d", "a, b"])
    assert as_lines(pa.table({"x": texts.dictionary_encode()}), ",") == as_lines(pa.table({"x": texts}), ",")
    assert as_lines(pa.table({"x": texts}), ",") == b'"a, b"\n\n"say ""c"""\nd\n"a, b"\n'


RUNS = ["=1+1", "+1-1", "-2+3", "@SUM(A1)", "\tx", '=HYPERLINK("x")', "-"]
SAFE = ["-5", "+3.2e-4", "-.5", "50%", "-7", "Li6PS5Cl", "", "a=b", "1+1", "'x"]


def test_what_a_spreadsheet_would_run_is_written_so_that_it_does_not() -> None:
    """Numbers are untouched, as text and as numbers, and so is what does not begin like a formula."""
    assert [harmless(text) for text in RUNS] == [f"'{text}" for text in RUNS]
    assert [harmless(text) for text in SAFE] == SAFE
    table = pa.table({"note": [*RUNS, *SAFE], "ice_pct": [-1.5] * len(RUNS + SAFE)})
    written = list(csv.reader(io.StringIO(as_lines(table, ",").decode())))
    assert [cells[0] for cells in written] == [*(f"'{text}" for text in RUNS), *SAFE]
    assert {cells[1] for cells in written} == {"-1.5"}
    kept = csv.reader(io.StringIO(as_lines(table, ",", raw=True).decode()))
    assert [cells[0] for cells in kept] == [*RUNS, *SAFE]


@pytest.mark.parametrize("ending", [".csv", ".tsv"])
def test_frames_are_written_so_too(tmp_path: Path, ending: str) -> None:
    frame = pd.DataFrame({"=1": RUNS[:2], "ice_pct": [-1.5, float("nan")], "own": [None, 3]})
    WRITERS[ending](frame, tmp_path / f"out{ending}", False)
    again = pd.read_csv(tmp_path / f"out{ending}", sep=None, engine="python", dtype=str)
    assert list(again) == ["'=1", "ice_pct", "own"]
    assert again["'=1"].tolist() == ["'=1+1", "'+1-1"]
    assert again["ice_pct"].tolist()[0] == "-1.5"


def test_a_predicted_table_runs_nothing_unless_it_is_asked_to(bundle_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text('=name,electrolyte,n\n"=1+1",Li3N,-5\n"@x",LPS,1\n', encoding="utf-8")
    predictor = Predictor(load_bundle(bundle_folder))
    for raw, first in ((False, "'=1+1"), (True, "=1+1")):
        predict_file(tmp_path / "in.csv", tmp_path / "out.csv", predictor, raw=raw, precedents=1)
        lines = {
            end: list(csv.reader((tmp_path / f"out.csv{end}").read_text(encoding="utf-8").splitlines()))
            for end in ("", ".rejected.csv", ".nearest.csv")
        }
        assert lines[""][0][0] == ("=name" if raw else "'=name")
        assert lines[""][1][:3] == [first, "Li3N", "-5"]
        assert lines[".rejected.csv"][1][2] == ("@x" if raw else "'@x")
        assert lines[".nearest.csv"][1][0] == first


def texts_below(folder: Path) -> list[str]:
    """Every cell and column name of every CSV file below a folder."""
    files = sorted(path for path in folder.rglob("*") if path.suffix in (".csv", ".tsv") and path.is_file())
    return [
        cell
        for path in files
        for cells in csv.reader(
            io.StringIO(path.read_text(encoding="utf-8")), delimiter="\t" if path.suffix == ".tsv" else ","
        )
        for cell in cells
    ]


DESIGNS = '=h,electrolyte,anode\n"=1+1",Li6PS5Cl,micro-Si\n"@y",LLZTO,micro-Si\n"@x",LPS,micro-Si\n'
CYCLES = "".join(
    f"{name},{n},{1 - n / 1000}\n" for name in ("=cmd", "@bad") for n in range(1, 31 if name == "=cmd" else 3)
)
SIGMA = ["--targets", "conductivity_s_per_cm"]
COMMANDS = {
    "predict": ["in", "--precedents", "1"],
    "best": ["in/=cmd.csv", "--best", "1", *SIGMA],
    "suggest": ["in/=cmd.csv", *SIGMA],
    "compare": ["in/=cmd.csv", *SIGMA],
    "explain": ["in/=cmd.csv", *SIGMA],
    "life": ["cycles.csv"],
}
WRITTEN_BY = {  # the user's texts that stand in what each command writes
    "predict": {"=h", "=1+1", "@y", "@x", "=cmd.csv"},
    "best": {"=h", "=1+1", "@y", "@x"},
    "suggest": {"=h", "@y", "@x"},  # the first is known already
    "compare": {"=1+1", "@y"},
    "explain": {"=1+1", "@y"},
    "life": {"=cmd", "@bad"},
}


@pytest.mark.parametrize(
    "command", [pytest.param(name, marks=pytest.mark.slow) if name == "explain" else name for name in COMMANDS]
)
def test_no_command_writes_a_text_that_a_spreadsheet_runs(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names of files, columns, designs and cells; what was measured is a number behind its qualifier ("= 90 %")."""
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    Path("in/=cmd.csv").write_text(DESIGNS, encoding="utf-8")
    Path("cycles.csv").write_text("cell,cycle,capacity_ah\n" + CYCLES, encoding="utf-8")
    model = [] if command == "life" else ["--model", str(ROOT / "tests" / "bundles" / "v1")]
    for raw in (False, True)[: 1 if command == "explain" else 2]:  # it draws for seconds
        out = Path("raw" if raw else "safe") / ("" if command == "explain" else "out.csv")
        if command != "explain":
            out.parent.mkdir()
        words = ["predict" if command == "best" else command, *COMMANDS[command], "-o", str(out), *model]
        assert silion.main(words + ["--raw"] * raw) == 1  # a row or a cell is rejected
        cells = texts_below(Path("raw" if raw else "safe"))
        runs = {cell for cell in cells if harmless(cell) != cell and not cell.startswith("= ")}
        assert runs >= WRITTEN_BY[command] if raw else not runs
        assert raw or {f"'{text}" for text in WRITTEN_BY[command]} <= set(cells)
