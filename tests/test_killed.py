"""Commands killed at every call that changes the disk: what they write is as before or as after, and they go on.

Some points of some commands in the suite; every point of all with SILION_SOAK, as `make soak` sets it.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd
import pytest

from models import registry
from models.boosters import kept_fits
from models.bundle import load_bundle, save_bundle
from models.saved.moved_store import PLACES, mend
from tests.shared import ROOT, alone, environment
from tests.shelf import Shelf, new_shelf
from training.evaluation.out_of_fold import write_out_of_fold
from training.promotion import unregistered
from training.promotion.tracking import PROCESS

SOAK = bool(os.environ.get("SILION_SOAK"))
FEW = 3
"""Points of a command at most without `SILION_SOAK`, evenly over all of them."""
KILLER = """
import builtins, contextlib, functools, io, json, os, signal, sqlite3, sys, tempfile
from pathlib import Path
import cli.main, models.predictor, serving.predict.batch, serving.screen.run, training.intake.add
import features.tables.chunks as chunks

chunks.ROWS, serving.screen.run.CHUNK = 20, 8  # several portions


def deadly(function, counts, left):
    def call(*given, **named):
        if counts(given, named):
            left[0] += 1
            if left[0] == left[1]:
                os.kill(os.getpid(), signal.SIGKILL)
        return function(*given, **named)

    return call


def writes(given, named):
    return bool(set(str(named.get("mode", given[1] if len(given) > 1 else "r"))) & set("wax+"))


def run(words, folder, point):
    left = [0, point]
    for name in ("mkdir", "rename", "replace", "fsync", "unlink", "rmdir", "remove"):
        setattr(os, name, deadly(getattr(os, name), lambda given, named: True, left))
    builtins.open = io.open = deadly(open, writes, left)
    within = {"execute": deadly(sqlite3.Connection.execute, lambda given, named: "UPDATE" in given[1], left)}
    within["__exit__"] = deadly(sqlite3.Connection.__exit__, lambda given, named: True, left)
    sqlite3.connect = functools.partial(sqlite3.connect, factory=type("Deadly", (sqlite3.Connection,), within))
    if of_store:
        DefaultDialect.do_commit = deadly(DefaultDialect.do_commit, lambda given, named: True, left)
    os.chdir(folder)
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
        code = cli.main.main(words)
    return left[0], code


for line in sys.stdin:
    words, jobs, of_store, os.environ["TMPDIR"] = json.loads(line)
    if of_store:  # once for all that are forked from here
        import mlflow, training.promotion.champion, training.promotion.promote, training.promotion.upkeep
        import alembic.command, mlflow.store.db.utils, mlflow.store.tracking.sqlalchemy_store
        import mlflow.store.model_registry.sqlalchemy_store
        from sqlalchemy.engine.default import DefaultDialect
    if words[0] in ("suggest", "compare"):
        import serving.decide.compare, serving.predict.suggest
    if words[0] in ("explain", "life"):
        import serving.life, serving.predict.designs_to_explain
    if words[0] in ("data", "lab"):
        import training.data.load, training.intake.withdraw, training.intake.workbooks.whole, training.life.own_cells
        training.data.load.load_literature()  # the tables are read once a process
    if words[0] in ("evaluate", "train"):
        import training.rules.ask_model, training.promotion.unregistered
        training.data.load.load_literature()
    if words[:2] == ["data", "pull"]:
        import dataclasses, hashlib, training.public.collect
        from training.public.sources import SOURCES
        (file,) = Path(jobs[0][0], "liverpool").iterdir()
        sums = {file.name: ("", hashlib.sha256(file.read_bytes()).hexdigest())}  # of our invented rows
        SOURCES["liverpool"] = dataclasses.replace(SOURCES["liverpool"], files=sums)
    for folder, point in jobs:
        reads, tells = os.pipe()
        if (child := os.fork()) == 0:
            tempfile.tempdir = None
            reached, code = run(words, folder, point)
            os.write(tells, json.dumps([reached, code]).encode())
            os._exit(0)
        os.close(tells)
        _, status = os.waitpid(child, 0)
        said = os.read(reads, 1000).decode()
        os.close(reads)
        print(json.dumps([os.waitstatus_to_exitcode(status), json.loads(said) if said else None]), flush=True)
"""
LEAST_KILLED = 500
"""Points that all commands together have at least."""
BUNDLE = ROOT / "tests" / "bundles" / "v1"
SHEET = ROOT / "data" / "examples" / "my_cells.xlsx"
ROWS = "id,electrolyte,sigma (mS/cm),T (°C),source\n"
PUBLIC = (
    "ID,composition,source,temperature,target,log_target,family,ChemicalFamily\n"
    "1,Li7La3Zr2O12,10.1000/ab,25,9.00E-05,-4.05,Garnet,Oxides\n2,nothing,10.1000/ab,25,1e-3,-3,,\n"
)
"""Invented rows in the layout of a public table, one of them refused."""
SPACE = (
    "electrolyte:\n  - formula: Li6PS5Cl(1-y)Br(y)\n    y: 0..1 step 0.1\n"
    "design:\n  temperature_c: [25, 60]\nkeep:\n  top: 5\n  by: {conductivity_s_per_cm: high}\n"
)


@dataclass(frozen=True)
class Killed:
    """A command to be killed.

    Attributes
    ----------
    words : of the command line
    outputs : files and folders that are whole or as they were
    code : of the command that nobody kills
    first : a command that goes before, never killed
    done : codes of the command where it finds that it had done its work
    of_store : whether it needs a store, which has a champion and a version more
    registers : whether it registers a version, whose run and number a kill uses up
    most : points at most, of a command that has many alike
    """

    words: tuple[str, ...]
    outputs: tuple[str, ...]
    code: int = 0
    first: tuple[str, ...] = field(default=())
    done: tuple[int, ...] = ()
    of_store: bool = False
    registers: bool = False
    most: int = 10_000


MODEL = ("--model", str(BUNDLE))
ONE = ("--targets", "conductivity_s_per_cm")
JUDGED_COLUMNS = "target row paper group lower upper error covered predicted_0 fold_0".split()
"""Of a table of out-of-fold predictions; without rows, so that a promotion takes `--force`."""
DEAD = 4_194_304
"""Number that no process of this machine has: the first beyond all that Linux gives."""
KEPT = f"silion-trained-{DEAD}-0"
"""A trained model that a killed training has left."""
PULL = ("data", "pull", "liverpool", "--from", "liverpool")
TABLE = "cache/liverpool/LiIonDatabase.csv"
COMMANDS = {
    "predict": Killed(("predict", "in.csv", "-o", "out.csv", *MODEL), ("out.csv", "out.csv.rejected.csv"), 1),
    "predict --resume": Killed(
        ("predict", "in.csv", "-o", "out.parquet", "--resume", *MODEL), ("out.parquet", "out.parquet.rejected.csv"), 1
    ),
    "predict again": Killed(
        ("predict", "in.csv", "-o", "out.csv", "--level", "0.5", *MODEL),
        ("out.csv",),
        1,
        ("predict", "in.csv", "-o", "out.csv", *MODEL),
    ),
    "predict --page": Killed(
        ("predict", "in.csv", "-o", "out.tsv", "--page", "mail.html", *MODEL), ("out.tsv", "mail.html"), 1
    ),
    "suggest": Killed(
        ("suggest", "in.csv", "-o", "picks.csv", *ONE, *MODEL), ("picks.csv", "picks.csv.rejected.csv"), 1
    ),
    "compare": Killed(("compare", "in.csv", "-o", "pairs.csv", *ONE, *MODEL), ("pairs.csv",), 1),
    "screen --resume": Killed(
        ("screen", "space.yaml", "-o", "found.csv", "--nearest", "2", "--resume", *MODEL),
        ("found.csv", "found.csv.nearest.csv"),
    ),
    "export": Killed(("models", "export", str(BUNDLE), "-o", "model"), ("model",)),
    "export again": Killed(
        ("models", "export", "model", "-o", "other"), ("other",), 0, ("models", "export", str(BUNDLE), "-o", "model")
    ),
    "add": Killed(("data", "add", "old.csv", "--write"), ()),
    "add --replace": Killed(
        ("data", "add", "new.csv", "--write", "--replace"), (), 0, ("data", "add", "old.csv", "--write")
    ),
    "lab add": Killed(("lab", "add", str(SHEET), "--name", "mine"), ("labs/mine.csv",)),
    "lab add --replace": Killed(
        ("lab", "add", str(SHEET), "--name", "mine", "--replace"), ("labs/mine.csv",), 0,
        ("lab", "add", str(SHEET), "--name", "mine"),
    ),
    "data withdraw": Killed(
        ("data", "withdraw", "10.1000/abc", "--why", "wet"), (), 0, ("data", "add", "old.csv", "--write")
    ),
    "data template": Killed(("data", "template", "cells", "-o", "cells.csv"), ("cells.csv",), done=(2,)),
    "data atlas": Killed(("data", "atlas", "-o", "atlas.html"), ("atlas.html",)),
    "explain again": Killed(
        ("explain", "one.csv", "-o", "why", *ONE, *MODEL), ("why",), 0, ("explain", "-o", "why", *ONE, *MODEL)
    ),
    "life": Killed(
        ("life", "cycles.csv", "-o", "lives.csv"),
        ("lives.csv", "lives.csv.curves.csv", "lives.csv.rejected.csv"),
        1,
    ),
    "models promote": Killed(("models", "promote", "2", "--force", "new cells"), (), done=(2, 3), of_store=True),
    "models rollback": Killed(
        ("models", "rollback"), (), 0, ("models", "promote", "2", "--force", "new cells"), (2, 3), True
    ),
    "models export of a store": Killed(("models", "export", "champion", "-o", "model"), ("model",), of_store=True),
    "store clean": Killed(("store", "clean", "--yes"), (), of_store=True),
    "store backup": Killed(("store", "backup", "copy"), ("copy",), done=(2,), of_store=True),
    "models mend": Killed(("models", "mend"), (), of_store=True),
    "train --finish": Killed(("train", "--finish", KEPT), ("report",), 0, (), (2,), True, True, 60),
    "evaluate --rules": Killed(("evaluate", "--rules", "rules.csv", "--jobs", "1", *MODEL), ("rules.csv",)),
    "data pull": Killed(PULL, (TABLE, "cache/liverpool/electrolytes.csv", "cache/liverpool/refused.csv")),
    "data pull again": Killed(PULL, (TABLE,), 0, PULL),
    "data add of cycles": Killed(("data", "add", "cycles.csv", "--table", "cycles", "--write"), (), 1),
    "data withdraw --undo": Killed(
        ("data", "withdraw", "armand1978", "--undo"), (), 0, ("data", "withdraw", "armand1978", "--why", "wet")
    ),
}  # fmt: skip


IN_SUITE = ("predict again", "export again", "add --replace", "lab add --replace", "data withdraw")


def prepared(folder: Path) -> Path:
    folder.mkdir(parents=True)
    lines = [f"Li{5 + place / 100:.2f}PS{4 + place / 100:.2f}Cl,25" if place % 9 else "LPS,25" for place in range(70)]
    (folder / "in.csv").write_text("electrolyte,temperature_c\n" + "\n".join(lines) + "\n", encoding="utf-8")
    (folder / "space.yaml").write_text(SPACE, encoding="utf-8")
    (folder / "old.csv").write_text(ROWS + "s1,Li6PS5Cl,2.3,25,10.1000/abc\n", encoding="utf-8")
    (folder / "new.csv").write_text(
        ROWS + "s1,Li6PS5Cl,2.9,25,10.1000/abc\ns2,Li3PS4,0.3,25,10.1000/new\n", encoding="utf-8"
    )
    (folder / "one.csv").write_text("electrolyte,temperature_c\nLi6PS5Cl,25\n", encoding="utf-8")
    fading = [f"good,{cycle},{1 - 0.001 * cycle}" for cycle in range(1, 31)]
    (folder / "cycles.csv").write_text(
        "\n".join(["cell,cycle,capacity_ah", *fading, "short,1,1.0", "short,2,0.9"]), encoding="utf-8"
    )
    (folder / "liverpool").mkdir()
    (folder / "liverpool" / "LiIonDatabase.csv").write_text(PUBLIC, encoding="utf-8")
    return folder


def with_store(shelf: Shelf) -> None:
    """Add two versions, and what killed trainings leave: a run, a model, a version without a name, files."""
    for alias in ("champion", "challenger"):
        shelf.add(BUNDLE, pd.DataFrame(columns=JUDGED_COLUMNS), alias)
    for run in shelf.client.search_runs(["1"]):
        shelf.client.set_terminated(run.info.run_id)
    run_id = shelf.client.create_run("1", tags={PROCESS: f"{platform.node()}:{DEAD}"}).info.run_id
    shelf.client.create_logged_model("1", "silion", source_run_id=run_id)
    shelf.client.create_model_version("silion", "nowhere", run_id=run_id, tags={registry.REGISTERING: "yes"})
    lost = shelf.folder / "mlartifacts" / ("0" * 32)
    lost.mkdir(parents=True)
    (lost / "file").write_text("of nobody")


def with_kept(folder: Path) -> None:
    """Leave a trained model aside, as a training that was killed before it could register it."""
    bundle = load_bundle(BUNDLE)
    save_bundle(replace(bundle, facts={**bundle.facts, "chosen": {}}), folder / KEPT / unregistered.BUNDLE)
    write_out_of_fold(pd.DataFrame(columns=JUDGED_COLUMNS), folder / KEPT)


def copied(start: Path, place: Path, command: Killed) -> Path:
    shutil.copytree(start, place)
    if command.registers:  # into its own folder, not into that of the first store
        mend(place / "mlflow.db")
    return place


Ends = list[tuple[int, tuple[int, int] | None]]


@pytest.fixture(scope="module")
def run_all() -> Iterator[Callable[..., Ends]]:
    """Exit code of each process, and the calls and the code of the command where it was not killed.

    One process forks the commands of all tests of this file.
    """
    env = environment(PYTHONPATH=str(ROOT), SILION_LABS="labs", SILION_CACHE="cache", OMP_NUM_THREADS="1")
    env.pop(kept_fits.SHARED, None)  # a fit that another run has written down makes fewer calls
    asked = [sys.executable, "-c", KILLER]
    with subprocess.Popen(asked, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as killer:
        writes, reads = killer.stdin, killer.stdout
        assert writes
        assert reads

        def run(words: tuple[str, ...], jobs: list[tuple[Path, int]], of_store: bool = False) -> Ends:
            temporary = jobs[0][0].parent / "temporary"  # `store clean` looks there
            temporary.mkdir(exist_ok=True)
            places = [(str(folder), point) for folder, point in jobs]
            print(json.dumps([words, places, of_store, str(temporary)]), file=writes, flush=True)
            return [tuple(json.loads(reads.readline())) for _ in jobs]

        yield run


def state(path: Path) -> object:
    """Bytes of a file, or of the files of a folder by name; None where there is none. Locks and leftovers are none."""
    if path.name.endswith((".bundles.json", ".db-journal")):  # believed only while the store is the same; SQLite's own
        return None
    if path.is_dir():
        return {inner.name: state(inner) for inner in path.iterdir() if not inner.name.startswith(".")}
    if path.name == "mlflow.db" and path.exists():
        return told(path)
    return path.read_bytes() if path.exists() else None


def told(store: Path) -> tuple[object, ...]:
    """Return what a store says of its runs, versions, aliases and places of files, and the names of versions' tags."""
    with closing(sqlite3.connect(store)) as tables:
        tags = tables.execute("SELECT version, key FROM model_version_tags ORDER BY 1, 2").fetchall()
        aliases = tables.execute("SELECT alias, version FROM registered_model_aliases ORDER BY 1").fetchall()
        runs = tables.execute("SELECT run_uuid, status, lifecycle_stage FROM runs ORDER BY 1").fetchall()
        versions = tables.execute("SELECT version, current_stage FROM model_versions ORDER BY 1").fetchall()
        places = [
            tables.execute(f"SELECT rowid, {column} FROM {table} ORDER BY 1").fetchall() for table, column in PLACES
        ]
    here = f"{store.parent}/"
    return tags, aliases, runs, versions, repr(places).replace(here, "")


def registered(folder: Path) -> object:
    """What a folder's store offers and holds, and the rest of the folder; the numbers of versions and runs left out."""
    with closing(sqlite3.connect(folder / "mlflow.db")) as tables:
        offered = tables.execute(
            "SELECT alias, runs.status, coalesce(storage_location, source), "
            "(SELECT count(*) FROM model_version_tags AS t WHERE t.version = at.version) "
            "FROM registered_model_aliases AS named JOIN model_versions AS at ON at.version = named.version "
            "JOIN runs ON run_uuid = run_id ORDER BY 1"
        ).fetchall()
        counts = [
            tables.execute(f"SELECT count(*) FROM {rows}").fetchone()
            for rows in (
                "runs WHERE status = 'RUNNING'",
                "logged_models WHERE lifecycle_stage = 'active'",
                "model_versions WHERE current_stage <> 'Deleted_Internal'",
            )
        ]
    models = [
        (alias, status, tags, state(Path(source.removeprefix("file://")) / registry.BUNDLE_INSIDE))
        for alias, status, source, tags in offered
    ]
    return models, counts, {path.name: state(path) for path in folder.iterdir() if not path.name.startswith(("m", "."))}


def count_survived(name: str, points: int, base: Path) -> None:
    """Write down the points a command went on from; the last of all commands, in whatever process, sums them up."""
    with alone((base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "survived") as folder:
        (folder / f"{name}.points").write_text(str(points))
        survived = {path.stem: int(path.read_text()) for path in folder.glob("*.points")}
    if survived.keys() == COMMANDS.keys():
        print(f"killed at {sum(survived.values())} points of {len(survived)} commands")
        assert sum(survived.values()) >= LEAST_KILLED


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS if SOAK else IN_SUITE)
def test_a_command_killed_anywhere(
    name: str,
    run_all: Callable[..., Ends],
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    command, start = COMMANDS[name], prepared(tmp_path / "start")
    if command.of_store:
        with_store(new_shelf(start, tmp_path_factory, monkeypatch))
    if command.registers:
        with_kept(start)
    if command.first:
        assert run_all(command.first, [(start, 0)], command.of_store)[0][1] is not None
    alive = copied(start, tmp_path / "alive", command)
    ((ended, reached),) = run_all(command.words, [(alive, 0)], command.of_store)
    assert ended == 0
    assert reached is not None
    calls, code = reached
    assert (code, calls > 0) == (command.code, True)
    most = min(calls, command.most if SOAK else FEW)
    points = [1 + (2 * place + 1) * calls // (2 * most) for place in range(most)]
    places = [tmp_path / f"at-{point:03}" for point in points]
    for place in places:
        copied(start, place, command)
    ends = run_all(command.words, list(zip(places, points, strict=True)), command.of_store)
    assert ends == [(-9, None)] * len(places)
    broken = {
        (place.name, output)
        for place in places
        for output in command.outputs
        if state(place / output) not in (state(start / output), state(alive / output))
    }
    assert broken == set()
    again = run_all(command.words, [(place, 0) for place in places], command.of_store)
    if command.registers:
        run_all(("store", "clean", "--yes"), [(place, 0) for place in (alive, *places)], True)
        assert list(tmp_path.glob(f"*/.{KEPT}.*")) == []
    whole = registered if command.registers else state
    assert {reached and reached[1] for _, reached in again} <= {command.code, *command.done}
    assert {place.name for place in places if whole(place) != whole(alive)} == set()
    print(f"{name}: killed at {len(places)} of {calls} points")
    if SOAK:
        count_survived(name, len(places), tmp_path_factory.getbasetemp())
