"""Files and folders that appear whole, whatever happens at whichever moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from features.tables import disk
from features.tables.disk import Spill, atomic_folder, exchange, sweep, whole
from tests.shared import ROOT, environment

WRITES = """
import os, shutil, signal, sys
from pathlib import Path
from features.tables.disk import whole, atomic_folder

left = [int(sys.argv[1])]


def deadly(function):
    def call(*given, **named):
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*given, **named)

    return call


for name in ("mkdir", "rename", "replace", "fsync", "unlink", "rmdir", "open"):
    setattr(os, name, deadly(getattr(os, name)))
if sys.argv[2] == "folder":
    with atomic_folder(Path("model")) as aside:
        for name in ("a", "b"):
            (aside / name).write_text("new")
else:
    with whole(Path("table")) as aside:
        aside.write_text("new")
"""


def write(folder: Path, kind: str, point: int) -> int:
    """Write a file or folder, killed at the point-th call that touches the disk; the exit code."""
    program = [sys.executable, "-c", WRITES, str(point), kind]
    return subprocess.run(program, cwd=folder, env=environment(PYTHONPATH=str(ROOT)), check=False).returncode


def old_model(folder: Path) -> Path:
    for name in ("a", "b", "c"):
        (folder / "model").mkdir(exist_ok=True)
        (folder / "model" / name).write_text("old")
    return folder


def content(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(folder.iterdir())}


OLD, NEW = {"a": "old", "b": "old", "c": "old"}, {"a": "new", "b": "new"}


@pytest.mark.slow
def test_a_folder_is_the_old_one_or_the_new_one_wherever_its_writer_is_killed(tmp_path: Path) -> None:
    states, point, code = [], 0, -signal.SIGKILL
    while code == -signal.SIGKILL:
        point += 1
        (tmp_path / str(point)).mkdir()
        code = write(old_model(tmp_path / str(point)), "folder", point)
        states.append(content(tmp_path / str(point) / "model"))
    assert code == 0
    assert [state for state in states if state not in (OLD, NEW)] == []
    changed = states.index(NEW)
    assert states == [OLD] * changed + [NEW] * (len(states) - changed)
    assert 5 < changed < len(states) - 3  # killed before and after the step
    for number in (1, changed, changed + 1, point - 1):  # the next writer sweeps what the killed one left
        assert write(tmp_path / str(number), "folder", 0) == 0
        assert [path.name for path in (tmp_path / str(number)).iterdir()] == ["model"]
        assert content(tmp_path / str(number) / "model") == NEW


@pytest.mark.parametrize("exchanges", [True, False])
def test_a_folder_takes_the_place_of_another_with_one_step_or_two(
    tmp_path: Path, exchanges: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not exchanges:
        monkeypatch.setattr(disk, "exchange", lambda one, other: False)
    old_model(tmp_path)
    for _ in range(2):
        with atomic_folder(tmp_path / "model") as aside:
            for name in ("a", "b"):
                (aside / name).write_text("new")
        assert content(tmp_path / "model") == NEW
        assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_link_to_a_folder_is_followed(tmp_path: Path) -> None:
    old_model(tmp_path)
    (tmp_path / "current").symlink_to("model")
    with atomic_folder(tmp_path / "current") as aside:
        (aside / "a").write_text("new")
    assert (tmp_path / "current").is_symlink()
    assert content(tmp_path / "model") == {"a": "new"}


def test_two_names_are_exchanged_or_nothing_changes(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "other").write_text("a file")
    assert exchange(tmp_path / "one", tmp_path / "other") is sys.platform.startswith("linux")
    with pytest.raises(FileNotFoundError):
        exchange(tmp_path / "one", tmp_path / "none")


def test_an_old_folder_comes_back_where_its_writer_was_killed_between_two_renames(tmp_path: Path) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    old_model(tmp_path)
    name = f".model.{os.uname().nodename}.{ended.pid}-00000000"
    (tmp_path / "model").rename(tmp_path / f"{name}-old.part")
    (tmp_path / f"{name}.part").mkdir()
    sweep(tmp_path / "model")
    assert content(tmp_path / "model") == OLD
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_file_is_on_disk_before_it_has_its_name_and_its_name_thereafter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[tuple[str, str]] = []

    def noted(name: str, function: Callable[..., object]) -> Callable[..., object]:
        def call(*given: object) -> object:
            subject = str(Path(f"/proc/self/fd/{given[0]}").readlink()) if name == "fsync" else str(given[0])
            events.append((name, "aside" if subject.endswith(".part") else Path(subject).name))
            return function(*given)

        return call

    for name in ("fsync", "replace"):
        monkeypatch.setattr(os, name, noted(name, getattr(os, name)))
    with whole(tmp_path / "table.csv") as aside:
        aside.write_text("new")
    assert events == [("fsync", "aside"), ("replace", "aside"), ("fsync", tmp_path.name)]


def test_writers_of_one_name_at_once_do_not_meet(tmp_path: Path) -> None:
    """Four processes write one folder: at the end it is one of them, whole."""
    program = (
        "import sys; from pathlib import Path; from features.tables.disk import atomic_folder\n"
        "for _ in range(10):\n"
        "    with atomic_folder(Path('model')) as aside:\n"
        "        for name in 'abcd': (aside / name).write_text(sys.argv[1])\n"
    )
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(number)], cwd=tmp_path, env=environment(PYTHONPATH=str(ROOT))
        )
        for number in range(4)
    ]
    assert [writer.wait(timeout=60) for writer in writers] == [0] * 4
    assert len(set(content(tmp_path / "model").values())) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_values_on_disk_are_found_between_additions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "IN_MEMORY", 1)
    spill = Spill()
    for value in ("°C", ["two\nlines", None], {"a": 1.5}):
        spill.append(value)
        assert spill.get(0) == "°C"
    assert [spill.get(place) for place in (2, 1)] == [{"a": 1.5}, ["two\nlines", None]]
    assert len(spill) == 3
    for place in (-1, 3):
        with pytest.raises(IndexError, match=rf"place {place} of 3 values"):
            spill.get(place)


FILLS = """
import resource, sys
from features.tables.disk import IN_MEMORY, Spill

resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
spill = Spill()
try:
    for number in range(IN_MEMORY + 200):
        spill.append("x" * 1_000)
        if sys.argv[1] == "get":
            spill.get(number)
except OSError as error:
    print(error)
"""
"""The file would take 200 kB and may take 100."""


@pytest.mark.parametrize("found_out_by", ["append", "get"])
def test_a_full_disk_is_told_once_with_the_folder(found_out_by: str, tmp_path: Path) -> None:
    """Not again when the file goes, whose last values do not fit either."""
    given = environment(PYTHONPATH=str(ROOT), TMPDIR=str(tmp_path))
    program = [sys.executable, "-c", FILLS, found_out_by]
    done = subprocess.run(program, env=given, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == (f"[Errno 27] File too large: '{tmp_path}'\n", "")
