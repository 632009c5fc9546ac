"""A prediction that is interrupted, and one that goes on with it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from features import portions
from features.mistakes import InputError
from models.bundle import load_bundle
from models.predictor import Predictor
from serving import batch
from serving.answer import Answered, answer
from serving.batch import predict_file
from serving.unfinished import Unfinished
from tests.shared import ROOT, environment

SOAK = bool(os.environ.get("SILION_SOAK"))
RUN = (
    "import sys, features.portions as portions\n"
    "portions.ROWS = int(sys.argv[1])\n"
    "from models.bundle import load_bundle\n"
    "from models.predictor import Predictor\n"
    "from serving.batch import predict_file\n"
    "result = predict_file(sys.argv[2], sys.argv[3], Predictor(load_bundle(sys.argv[4])), resume=True)\n"
    "print(result.remarks[-1] if result.remarks else '')\n"
    "import pathlib\n"
    "status = dict(line.split(':') for line in pathlib.Path('/proc/self/status').read_text().splitlines())\n"
    "print(status['VmHWM'].split()[0], file=sys.stderr)\n"  # ru_maxrss would count what the parent held when it forked
)


@pytest.fixture(scope="module")
def predictor(bundle_folder: Path) -> Predictor:
    return Predictor(load_bundle(bundle_folder))


def write_designs(path: Path, count: int) -> Path:
    """Electrolytes never seen, every fiftieth without a formula that can be read."""
    lines = (f"Li{2 + place / count:.4f}PS{3 + place / count:.4f}Cl,25,{place}\n" for place in range(count))
    path.write_text(
        "electrolyte,temperature_c,mine\n"
        + "".join("LPS,25,bad\n" if place % 50 == 49 else line for place, line in enumerate(lines)),
        encoding="utf-8",
    )
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_killed_and_resumed_gives_the_same_bytes(bundle_folder: Path, tmp_path: Path) -> None:
    source = write_designs(tmp_path / "in.csv", 4000)
    parts = tmp_path / ".out.csv.parts"
    env = environment(PYTHONPATH=str(ROOT))

    def command(rows: int, out: str) -> list[str]:
        return [sys.executable, "-c", RUN, str(rows), str(source), str(tmp_path / out), str(bundle_folder)]

    running = subprocess.Popen(command(20, "out.csv"), env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while running.poll() is None and len(list(parts.glob("[0-9]*.json"))) < 5:
        time.sleep(0.01)
    running.send_signal(signal.SIGKILL)
    assert running.wait() == -signal.SIGKILL
    assert not (tmp_path / "out.csv").exists()
    finished = len(list(parts.glob("[0-9]*.json")))
    done = subprocess.run(command(20, "out.csv"), env=env, capture_output=True, text=True, check=True)
    assert done.stdout == f"goes on after {finished} finished chunks of an interrupted run\n"
    assert not parts.exists()
    subprocess.run(command(20, "straight.csv"), env=env, capture_output=True, check=True)
    for end in ("", ".rejected.csv", ".nearest.csv"):
        one, other = (tmp_path / f"{name}.csv{end}" for name in ("out", "straight"))
        assert one.read_bytes() == other.read_bytes()
    assert len((tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()) == 1 + 3920
    assert len((tmp_path / "out.csv.rejected.csv").read_text(encoding="utf-8").splitlines()) == 1 + 80


@pytest.fixture
def interrupted(predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the input and what was finished of it when the third of four chunks was stopped."""
    monkeypatch.setattr(portions, "ROWS", 50)
    source = write_designs(tmp_path / "in.csv", 200)

    def stop(portion: portions.Portion, *given: object, **named: object) -> Answered:
        if portion.line > 100:
            raise KeyboardInterrupt
        return answer(portion, *given, **named)  # type: ignore[arg-type]

    with monkeypatch.context() as stopped:
        stopped.setattr(batch, "answer", stop)
        with pytest.raises(KeyboardInterrupt):
            predict_file(source, tmp_path / "out.csv", predictor)
    assert names(tmp_path) == [".out.csv.parts", "in.csv"]
    return tmp_path


def test_finished_chunks_are_not_made_again(
    interrupted: Path, predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def watch(portion: portions.Portion, *given: object, **named: object) -> Answered:
        asked.append(portion.line)
        return answer(portion, *given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(batch, "answer", watch)
    result = predict_file(interrupted / "in.csv", interrupted / "out.csv", predictor, resume=True)
    assert asked == [102, 152]
    assert result.remarks[-1] == "goes on after 2 finished chunks of an interrupted run"
    assert (result.rows, result.rejected_rows) == (196, 4)
    assert [mistake.line for mistake in result.mistakes] == [51, 101, 151, 201]
    assert ".out.csv.parts" not in names(interrupted)


def test_a_leftover_is_said_and_started_afresh(interrupted: Path, predictor: Predictor) -> None:
    result = predict_file(interrupted / "in.csv", interrupted / "out.csv", predictor)
    said = "2 finished chunks of an interrupted run were thrown away: --resume would have gone on with them"
    assert result.remarks[-1] == said
    assert result.rows == 196


@pytest.mark.parametrize(
    ("damaged", "left"),
    [
        ("00000000.json", "goes on after 1 "),
        ("00000000.rows", "goes on after 1 "),
        ("key.json", "2 finished chunks of "),
    ],
)
def test_what_a_power_cut_emptied_is_made_again(
    interrupted: Path, predictor: Predictor, damaged: str, left: str
) -> None:
    (interrupted / ".out.csv.parts" / damaged).write_bytes(b"")
    result = predict_file(interrupted / "in.csv", interrupted / "out.csv", predictor, resume=True)
    assert result.remarks[-1].startswith(left)
    predict_file(interrupted / "in.csv", interrupted / "straight.csv", predictor)
    assert (interrupted / "out.csv").read_bytes() == (interrupted / "straight.csv").read_bytes()


@pytest.mark.parametrize("changed", ["input", "options", "model"])
def test_chunks_of_something_else_are_not_used(interrupted: Path, predictor: Predictor, changed: str) -> None:
    level = 0.5 if changed == "options" else 0.9
    if changed == "input":
        write_designs(interrupted / "in.csv", 300)
    if changed == "model":
        key = interrupted / ".out.csv.parts" / "key.json"
        key.write_text(json.dumps(json.loads(key.read_text(encoding="utf-8")) | {"model": "other"}), encoding="utf-8")
    result = predict_file(interrupted / "in.csv", interrupted / "out.csv", predictor, level=level, resume=True)
    said = f"2 finished chunks of an interrupted run were thrown away: no longer the same {changed}"
    assert result.remarks[-1] == said
    straight = predict_file(interrupted / "in.csv", interrupted / "straight.csv", predictor, level=level)
    assert straight.rows == result.rows
    assert (interrupted / "out.csv").read_bytes() == (interrupted / "straight.csv").read_bytes()


def test_two_runs_do_not_write_one_output(tmp_path: Path, predictor: Predictor) -> None:
    source = write_designs(tmp_path / "in.csv", 5)
    held = Unfinished(tmp_path / "out.csv", {"input": "a"})
    with held.open(resume=False, remarks=[]), pytest.raises(InputError, match="another run is writing it"):
        predict_file(source, tmp_path / "out.csv", predictor)
    assert names(tmp_path) == ["in.csv"]


def test_a_folder_that_vanishes_is_said(tmp_path: Path, predictor: Predictor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portions, "ROWS", 50)
    source = write_designs(tmp_path / "in.csv", 200)

    def vanish(portion: portions.Portion, *given: object, **named: object) -> Answered:
        if portion.line > 100 and (tmp_path / "there").exists():
            (tmp_path / "there").rename(tmp_path / "elsewhere")
        return answer(portion, *given, **named)  # type: ignore[arg-type]

    with monkeypatch.context() as broken:
        broken.setattr(batch, "answer", vanish)
        with pytest.raises(InputError, match=r"there: this folder vanished while out\.csv was written"):
            predict_file(source, tmp_path / "there" / "out.csv", predictor)
    (tmp_path / "elsewhere").rename(tmp_path / "there")
    result = predict_file(source, tmp_path / "there" / "out.csv", predictor, resume=True)
    assert result.remarks[-1] == "goes on after 2 finished chunks of an interrupted run"
    assert names(tmp_path / "there") == ["out.csv", "out.csv.nearest.csv", "out.csv.rejected.csv"]


def test_finished_chunks_that_vanish_are_said(
    tmp_path: Path, predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portions, "ROWS", 50)
    source = write_designs(tmp_path / "in.csv", 200)

    def vanish(portion: portions.Portion, *given: object, **named: object) -> Answered:
        if portion.line > 100:
            shutil.rmtree(tmp_path / ".out.csv.parts", ignore_errors=True)
        return answer(portion, *given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(batch, "answer", vanish)
    with pytest.raises(InputError, match=r"\.out\.csv\.parts: this folder vanished"):
        predict_file(source, tmp_path / "out.csv", predictor)
    assert names(tmp_path) == ["in.csv"]


def test_memory_does_not_grow_with_the_rows(bundle_folder: Path, tmp_path: Path) -> None:
    """Peak memory as the system reports it; five million rows where SILION_SOAK is set."""
    source = write_designs(tmp_path / "in.csv", 5_000_000 if SOAK else 40_000)
    env = environment(PYTHONPATH=str(ROOT))
    command = [sys.executable, "-c", RUN, "16384", str(source), str(tmp_path / "out.csv"), str(bundle_folder)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    assert int(done.stderr.splitlines()[-1]) / 1024 < 700
