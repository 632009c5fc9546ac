"""A prediction that is interrupted, and one that goes on with it."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest

from features.tables import chunks as portions
from features.tables.mistakes import InputError
from models.bundle import load_bundle
from models.learners.mixed import MixedEnsemble
from models.predictor import Predictor
from serving.predict import batch
from serving.predict.batch import predict_file
from serving.predict.checkpoint import Unfinished, digest_of
from serving.predict.portion import Answer, answer, as_answer
from tests.shared import ROOT, environment

SOAK = bool(os.environ.get("SILION_SOAK"))
RUN = (
    "import sys, features.tables.chunks as portions\n"
    "portions.ROWS = int(sys.argv[1])\n"
    "from models.bundle import load_bundle\n"
    "from models.predictor import Predictor\n"
    "from serving.predict.batch import predict_file\n"
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
    finished = sum(record.stat().st_size > 0 for record in parts.glob("[0-9]*.json"))  # killed just after its making
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

    def stop(portion: portions.Portion, *given: object, **named: object) -> Answer:
        if portion.line > 100:
            raise KeyboardInterrupt
        return answer(portion, *given, **named)  # type: ignore[arg-type]

    with monkeypatch.context() as stopped:
        stopped.setattr(batch, "answer", stop)
        with pytest.raises(KeyboardInterrupt):
            predict_file(source, tmp_path / "out.csv", predictor)
    assert names(tmp_path) == [".out.csv.parts", "in.csv"]
    return tmp_path


def test_zeros_that_a_power_cut_left_are_not_joined(interrupted: Path, predictor: Predictor) -> None:
    """A file of the length that its record tells, and of other bytes, is made again."""
    part = interrupted / ".out.csv.parts" / "00000001.rows"
    part.write_bytes(bytes(part.stat().st_size))
    result = predict_file(interrupted / "in.csv", interrupted / "out.csv", predictor, resume=True)
    assert "goes on after 1 finished chunks of an interrupted run" in result.remarks
    assert b"\0" not in (interrupted / "out.csv").read_bytes()


def test_a_record_is_written_when_its_parts_are_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[tuple[str, bool]] = []
    unfinished = Unfinished(tmp_path / "out.csv", dict, 2)

    def noted(handle: int) -> None:
        path = Path(f"/proc/self/fd/{handle}").readlink()
        synced.append((path.name, path.with_name("00000000.json").exists()))

    with unfinished.open(resume=False, remarks=[]):
        monkeypatch.setattr(os, "fsync", noted)
        unfinished.keep(0, as_answer(pa.table({"x": [1]}), ".csv", rejected="2,why\n", rejected_rows=1))
        monkeypatch.undo()
    assert synced == [("00000000.rows", False), ("00000000.rejected", False)]  # there are no nearest rows


def test_finished_chunks_are_not_made_again(
    interrupted: Path, predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def watch(portion: portions.Portion, *given: object, **named: object) -> Answer:
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


@pytest.mark.parametrize("changed", ["input", "options", "model", "software"])
def test_chunks_of_something_else_are_not_used(interrupted: Path, predictor: Predictor, changed: str) -> None:
    level = 0.5 if changed == "options" else 0.9
    if changed == "input":
        write_designs(interrupted / "in.csv", 300)
    if changed in ("model", "software"):
        key = interrupted / ".out.csv.parts" / "key.json"
        key.write_text(json.dumps(json.loads(key.read_text(encoding="utf-8")) | {changed: "other"}), encoding="utf-8")
    result = predict_file(interrupted / "in.csv", interrupted / "out.csv", predictor, level=level, resume=True)
    said = f"2 finished chunks of an interrupted run were thrown away: no longer the same {changed}"
    assert result.remarks[-1] == said
    straight = predict_file(interrupted / "in.csv", interrupted / "straight.csv", predictor, level=level)
    assert straight.rows == result.rows
    assert (interrupted / "out.csv").read_bytes() == (interrupted / "straight.csv").read_bytes()


def test_a_model_of_models_is_known_by_all_its_boosters(bundle_folder: Path) -> None:
    """The conductivity model is two ensembles mixed: one of another bundle with like facts is not taken for it."""
    one, other = load_bundle(bundle_folder), load_bundle(bundle_folder)
    assert digest_of(one) == digest_of(other)
    ensemble = other.parts["conductivity"].ensemble
    assert isinstance(ensemble, MixedEnsemble)
    ensemble.joint = ensemble.own
    assert digest_of(one) != digest_of(other)


def test_models_of_the_same_boosters_that_tell_otherwise_are_two(bundle_folder: Path) -> None:
    """Skill decides whether a target has a point, and measured values draw predictions: both count."""
    one, skilled, forgetful = (load_bundle(bundle_folder) for _ in range(3))
    skilled.facts["skill"] = {column: {"shown": True} for column in ("ice_pct", "retention_pct", "cycle_life_80")}
    forgetful.parts["conductivity"].known = None
    assert len({digest_of(one), digest_of(skilled), digest_of(forgetful)}) == 3


def test_the_key_of_one_chunk_alone_is_made_where_the_run_stops(tmp_path: Path) -> None:
    """To hash a model costs as much as to load it: where nothing is left to go on with it is not done."""
    out, remarks = tmp_path / "out.csv", list[str]()

    def never() -> dict[str, str]:
        raise AssertionError("hashed")

    held = Unfinished(out, never, 1)
    with held.open(resume=True, remarks=remarks):
        held.keep(0, portion(range(3)))
        shutil.copytree(held.folder, tmp_path / "left")
    assert (remarks, names(tmp_path)) == ([], ["left"])
    shutil.move(tmp_path / "left", held.folder)  # as a kill before the output was joined leaves it
    with Unfinished(out, never, 1).open(resume=True, remarks=remarks):
        assert remarks == [
            "1 finished chunks of an interrupted run were thrown away: it was not written what they were made of"
        ]

    def stopped() -> None:
        unfinished = Unfinished(out, lambda: {"input": "a"}, 1)
        with unfinished.open(resume=False, remarks=[]):
            unfinished.keep(0, portion(range(3)))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    with Unfinished(out, lambda: {"input": "a"}, 1).open(resume=True, remarks=remarks):
        assert remarks[1:] == ["goes on after 1 finished chunks of an interrupted run"]


def test_two_runs_do_not_write_one_output(tmp_path: Path, predictor: Predictor) -> None:
    source = write_designs(tmp_path / "in.csv", 5)
    held = Unfinished(tmp_path / "out.csv", lambda: {"input": "a"}, 2)
    with held.open(resume=False, remarks=[]), pytest.raises(InputError, match="another run is writing it"):
        predict_file(source, tmp_path / "out.csv", predictor)
    assert names(tmp_path) == ["in.csv"]


def test_a_folder_that_vanishes_is_said(tmp_path: Path, predictor: Predictor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portions, "ROWS", 50)
    source = write_designs(tmp_path / "in.csv", 200)

    def vanish(portion: portions.Portion, *given: object, **named: object) -> Answer:
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

    def vanish(portion: portions.Portion, *given: object, **named: object) -> Answer:
        if portion.line > 100:
            shutil.rmtree(tmp_path / ".out.csv.parts", ignore_errors=True)
        return answer(portion, *given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(batch, "answer", vanish)
    with pytest.raises(InputError, match=r"\.out\.csv\.parts: this folder vanished"):
        predict_file(source, tmp_path / "out.csv", predictor)
    assert names(tmp_path) == ["in.csv"]


def portion(rows: range, suffix: str = ".csv") -> Answer:
    """A finished portion of these rows, all different."""
    return as_answer(pa.table({"x": [7919 * row % 100_003 for row in rows]}), suffix)


def without(lost: Callable[[Unfinished], object], then: Callable[[Unfinished], object], out: Path) -> str:
    """What is said where something is lost after two portions, and then one thing is done."""

    def run() -> None:
        unfinished = Unfinished(out, lambda: {"input": "a"}, 3)
        with unfinished.open(resume=False, remarks=[]):
            for number in (0, 1):
                unfinished.keep(number, portion(range(3), out.suffix))
            lost(unfinished)
            then(unfinished)

    with pytest.raises(InputError) as said:
        run()
    assert not out.exists()
    return str(said.value)


AFTER: dict[str, Callable[[Unfinished], object]] = {
    "keep": lambda unfinished: unfinished.keep(2, portion(range(3))),
    "record": lambda unfinished: [unfinished.record(number) for number in unfinished.finished()],
    "join": lambda unfinished: unfinished.join("rows", unfinished.out, "x\n"),
    "join_parquet": lambda unfinished: unfinished.join_parquet(unfinished.out),
}


@pytest.mark.parametrize("after", AFTER)
def test_a_folder_that_vanishes_is_said_wherever_it_is_missed(tmp_path: Path, after: str) -> None:
    out = tmp_path / ("out.parquet" if after == "join_parquet" else "out.csv")
    said = without(lambda unfinished: shutil.rmtree(unfinished.folder), AFTER[after], out)
    assert said == (
        f"{tmp_path / f'.{out.name}.parts'}: this folder vanished while {out.name} was written; "
        f"bring it back and run again with --resume, or run again elsewhere"
    )
    assert names(tmp_path) == []


@pytest.mark.parametrize(("after", "end"), [("record", "json"), ("join", "rows"), ("join_parquet", "rows")])
def test_a_finished_chunk_that_vanishes_is_said(tmp_path: Path, after: str, end: str) -> None:
    out = tmp_path / ("out.parquet" if after == "join_parquet" else "out.csv")
    said = without(lambda unfinished: (unfinished.folder / f"00000001.{end}").unlink(), AFTER[after], out)
    assert f"{out.name}.parts/00000001.{end}: this file vanished while {out.name} was written" in said
    remarks: list[str] = []
    with Unfinished(out, lambda: {"input": "a"}, 3).open(resume=True, remarks=remarks):
        assert remarks == ["goes on after 1 finished chunks of an interrupted run"]


def test_nothing_is_kept_in_the_folder_of_another_run(tmp_path: Path) -> None:
    """Whoever takes the folder away lets a second run begin, whose rows the first one must not replace with its own."""
    first, second = (Unfinished(tmp_path / "out.csv", partial(dict, input=name), 2) for name in "ab")

    def run(held: ExitStack) -> None:
        with first.open(resume=False, remarks=[]):
            shutil.rmtree(first.folder)
            held.enter_context(second.open(resume=False, remarks=[]))
            second.keep(0, portion(range(2)))
            first.keep(0, portion(range(5)))

    with ExitStack() as held:
        with pytest.raises(InputError, match="this folder vanished"):
            run(held)
        second.join("rows", tmp_path / "out.csv", "x\n")
    assert (tmp_path / "out.csv").read_text(encoding="utf-8") == "x\n0\n7919\n"
    assert names(tmp_path) == ["out.csv"]


@contextmanager
def limited(size: int) -> Iterator[None]:
    """No file of this process may grow beyond so many bytes: what a full disk looks like, without one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("join", ["join", "join_parquet"])
def test_no_room_is_said_and_what_is_finished_stays(tmp_path: Path, join: str) -> None:
    suffix = ".parquet" if join == "join_parquet" else ".csv"
    one, other, large = (portion(rows, suffix) for rows in (range(1000), range(1000, 2000), range(1000, 6000)))
    out, room = tmp_path / f"out{suffix}", len(one.rows) * 3 // 2  # for one of the small ones, not for two joined
    said = rf"out\{suffix}: no room for it \(File too large\); make room and run again with --resume"

    def run(*more: Answer, room: int = resource.RLIM_INFINITY) -> list[str]:
        unfinished, remarks = Unfinished(out, lambda: {"input": "a"}, 3), list[str]()
        with limited(room), unfinished.open(resume=True, remarks=remarks):
            for number, finished in enumerate(more, start=len(unfinished.finished())):
                unfinished.keep(number, finished)
            AFTER[join](unfinished)
        return remarks

    for more in ([one, large], [other], []):  # no room for a chunk, for the joined ones, and for these again
        with pytest.raises(InputError, match=said):
            run(*more, room=room)
        assert names(tmp_path) == [f".out{suffix}.parts"]
    assert run() == ["goes on after 2 finished chunks of an interrupted run"]
    assert names(tmp_path) == [out.name]


def test_memory_does_not_grow_with_the_rows(bundle_folder: Path, tmp_path: Path) -> None:
    """Peak memory as the system reports it; five million rows where SILION_SOAK is set."""
    source = write_designs(tmp_path / "in.csv", 5_000_000 if SOAK else 40_000)
    env = environment(PYTHONPATH=str(ROOT))
    command = [sys.executable, "-c", RUN, "16384", str(source), str(tmp_path / "out.csv"), str(bundle_folder)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    assert int(done.stderr.splitlines()[-1]) / 1024 < 700
