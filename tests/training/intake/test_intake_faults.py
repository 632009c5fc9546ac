"""Killed, out of space, read-only, two at once: tables are as before or as after, and the next command works."""

import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from features.tables.mistakes import InputError
from tests.shared import ROOT, environment
from training.data.commit import reading
from training.data.load import SHIPPED, load_literature
from training.intake.folder import locked, write_files

OLD = "id,electrolyte,sigma (mS/cm),T (°C),source\ns1,Li6PS5Cl,2.3,25,10.1000/abc\n"
NEW = (
    "id,electrolyte,sigma (mS/cm),T (°C),source\n"
    "s1,Li6PS5Cl,2.9,25,10.1000/abc\n"  # replaces
    "s2,Li3PS4,0.3,25,10.1000/new\n"  # a new source
    ",Li5.4PS4.4Cl1.6,~6,25,{paper}\n"  # replaces a shipped row: withdrawn.csv changes too
    "s4,Qx9Zz,1,25,10.1000/new\n"  # rejected
)
CALLER = """
import os, resource, shutil, signal, sys
from pathlib import Path
from cli.main import build_parser
import training.intake.add, training.intake.plan_text, training.intake.withdraw, training.intake.workbooks.whole
import training.life.own_cells
from training.data.load import load_literature


def command(words):
    arguments = build_parser().parse_args(["data", *words])
    try:
        return arguments.run(arguments)
    except ValueError as error:
        print(error)
        return 2


load_literature()  # the tables are read once a process


def forked(work):
    child = os.fork()
    if child == 0:
        os._exit(work())
    return child
"""
KILLED = f"""{CALLER}
def deadly(function, left):
    def call(*given, **named):
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*given, **named)

    return call


def killed_at(point):
    left = [point]
    os.replace, os.fsync = deadly(os.replace, left), deadly(os.fsync, left)
    return command(sys.argv[1:])


start, point, status = Path.cwd(), 0, signal.SIGKILL
while status == signal.SIGKILL:  # until there is no call left to be killed at
    point += 1
    here = start.with_name(f"at-{{point:02}}")
    shutil.copytree(start, here)
    os.chdir(here)
    _, status = os.waitpid(forked(lambda: killed_at(point)), 0)
print("survived with", os.waitstatus_to_exitcode(status))
"""
FULL = f"""{CALLER}
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (600, resource.RLIM_INFINITY))
sys.exit(command(sys.argv[1:]))
"""
TOGETHER = f"""{CALLER}
children = [forked(lambda file=file: command(["add", file, "--write"])) for file in sys.argv[1:]]
sys.exit(max(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children))
"""


def python(program, *words, cwd):
    found = environment(PYTHONPATH=str(ROOT))
    command = [sys.executable, "-c", program, *map(str, words)]
    return subprocess.run(command, cwd=cwd, env=found, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def paper():
    return next(row.paper for row in load_literature([SHIPPED]).electrolytes if row.measurement_id == "E051")


@pytest.fixture
def ready(run, write, paper):
    """A folder with one row, and a file that changes four files at once."""
    assert run("add", write(OLD, "old.csv"), "--write").code == 0
    return write(NEW.format(paper=paper))


def files(folder: Path):
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith(".")}


def killed(words, tmp_path):
    """Places where the command was killed at each of its calls in turn, and the last one, where it came through."""
    start = tmp_path / "killed" / "start"
    start.mkdir(parents=True)
    for name in ("mydata", "new.csv"):
        source = tmp_path / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, start / name)
    done = python(KILLED, *words, cwd=start)
    assert done.returncode == 0, done.stderr
    return done.stdout, sorted(start.parent.glob("at-*"))


WORDS = ("add", "new.csv", "--write", "--replace")
NAMES = ("withdrawn.csv", "sources.csv", "electrolytes.csv")


@pytest.mark.slow
def test_killed_at_every_point(run, ready, tmp_path, monkeypatch):
    """The reject file and three tables are one change, made by the journal.

    4 files put on disk; the reject file: its rename, and twice its folder; the journal put on disk, renamed, and its
    folder: from that rename on the change is made; 3 renames, and twice the folder: 15 points.
    """
    said, places = killed(WORDS, tmp_path)
    assert "survived with 1" in said  # 1: a row was rejected
    *dead, alive = places
    assert len(dead) == 15
    before, after = files(tmp_path / "mydata"), files(alive / "mydata")
    assert all(after[name] != before.get(name) for name in NAMES)
    seen = []
    for place in dead:
        with reading([place / "mydata"]):  # whoever reads next finishes what was begun
            now = files(place / "mydata")
        assert now in (before, after), place.name
        seen.append(now == after)
        assert not list(place.rglob(".commit.json"))
    for place in (dead[0], dead[8], dead[9], dead[-1]):  # the next command works: before and after the change is made
        monkeypatch.chdir(place)
        assert (run(*WORDS).code, files(place / "mydata")) == (1, after), place.name
        assert not list(place.rglob("*.part"))
    assert seen == [False] * 9 + [True] * 6


@pytest.mark.slow
def test_killed_while_withdrawing(run, ready, write, tmp_path, monkeypatch):
    """Points, cells and electrolytes: 3 files, the journal, and 3 renames: 11 points."""
    run("add", write("cell_id,anode,electrolyte,ICE (%),doi\nlab-7,Si,Li6PS5Cl,84,10.1000/abc\n", "c.csv"), "--write")
    run("add", write("id,cell,cycle,retention,doi\np1,lab-7,100,80,10.1000/abc\n", "p.csv"), "--write")
    before = files(tmp_path / "mydata")
    words = ("withdraw", "10.1000/abc", "--why", "retracted")
    said, (*dead, alive) = killed(words, tmp_path)
    after = files(alive / "mydata")
    assert ("survived with 0" in said, len(dead)) == (True, 11)
    for place in dead:
        with reading([place / "mydata"]):
            assert files(place / "mydata") in (before, after)
    for place in (dead[0], dead[5], dead[-1]):
        load_literature([SHIPPED, place / "mydata"])
        monkeypatch.chdir(place)
        assert (run(*words).code, files(place / "mydata")) == (0, after)


def test_who_reads_while_tables_change_sees_all_of_them_as_before_or_all_as_after(tmp_path):
    """The writer holds the folder between its renames: the reader waits, and does not see the half of it."""
    write_files({tmp_path / "first.csv": "1", tmp_path / "second.csv": "1"})
    seen, reads = [], threading.Event()

    def read():
        with reading([tmp_path]):
            seen.append({path.read_text() for path in tmp_path.glob("*.csv")})

    with locked(tmp_path):
        reader = threading.Thread(target=lambda: (reads.set(), read()))
        (tmp_path / "first.csv").write_text("2")
        reader.start()
        reads.wait()
        (tmp_path / "second.csv").write_text("2")
    reader.join()
    assert seen == [{"2"}]


@pytest.mark.slow
def test_a_full_disk_changes_nothing_and_says_so(run, ready, tmp_path):
    before = files(tmp_path / "mydata")
    done = python(FULL, *WORDS, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert "cannot be written (File too large); nothing was changed" in done.stdout
    assert files(tmp_path / "mydata") == before
    assert not list((tmp_path / "mydata").glob(".*.part"))
    assert not (tmp_path / "new.csv.rejected.csv").exists()
    assert run(*WORDS).code == 1


@pytest.mark.parametrize("place", ["/proc/silion", "new.csv/mydata"])
def test_a_place_that_cannot_be_written(run, ready, tmp_path, place):
    done = run("add", "old.csv", "--write", "--into", place)
    assert done.code == 2
    assert "cannot be written" in done.err
    assert "nothing was changed" in done.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mydata", "new.csv", "old.csv"]


def test_a_file_as_folder_is_refused(run, ready):
    done = run("add", "new.csv", "--write", "--into", "old.csv")
    assert (done.code, "old.csv: is a file, expected a folder" in done.err) == (2, True)


@pytest.mark.slow
def test_many_at_once_lose_no_row(write, tmp_path):
    names = [f"lab {number}" for number in range(6)]
    for number, name in enumerate(names):
        write(f"electrolyte,sigma (mS/cm),T (°C),source\nLi3PS4,0.{number + 2},25,{name}\n", f"{number}.csv")
    done = python(TOGETHER, *(f"{number}.csv" for number in range(6)), cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    own = [row.paper for row in load_literature([SHIPPED, tmp_path / "mydata"]).electrolytes if row.paper in names]
    assert sorted(own) == names


def test_a_folder_that_somebody_holds(tmp_path):
    with locked(tmp_path), pytest.raises(InputError, match="another process is writing here"), locked(tmp_path, 0.1):
        pass


def test_a_rename_that_fails_tells_what_was_written(tmp_path, monkeypatch):
    rename = Path.replace

    def failing(path, target):
        if target.name == "second.csv":
            raise OSError(30, "Read-only file system")
        return rename(path, target)

    monkeypatch.setattr(Path, "replace", failing)
    words = r"cannot be written .*written before: first.csv; the next command here finishes it"
    with pytest.raises(InputError, match=words):
        write_files({tmp_path / "first.csv": "1", tmp_path / "second.csv": "2"})
    assert files(tmp_path) == {"first.csv": b"1"}
    with pytest.raises(InputError, match="interrupted and cannot be finished here"), reading([tmp_path]):
        pass
    monkeypatch.undo()
    with locked(tmp_path):
        assert files(tmp_path) == {"first.csv": b"1", "second.csv": b"2"}
    assert not list(tmp_path.glob(".*.part"))
