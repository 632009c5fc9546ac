"""A training that is killed, meets a locked store or a full disk: the store is as before or as after, and all goes on.

The command is the real one, in a process of its own. Only its two slow rooms are stood in for: the fit by a model
fitted already, and the report by the one of the shared store. A server forks the processes, so each is there at once.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import pkgutil
import resource
import shutil
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing.context import ForkServerContext
from multiprocessing.synchronize import Barrier
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import silion
from tests.shared import ROOT, Command, Finished, Store
from training.train import Trained

CANDIDATES = ROOT / "data" / "examples" / "candidates.csv"
KILLED = -signal.SIGKILL
FULL = 20_000
"""Bytes a file may have where the disk is full: less than a picture of the report, and than the store."""

STORES = ("mlflow.store.tracking.sqlalchemy_store", "mlflow.store.model_registry.sqlalchemy_store")
PRELOADED = [
    "tests.known_packages",
    "silion",
    "training.promotion.tracking",
    "training.report.report",
    "serving.predict.batch",
    "mlflow.pyfunc",
    "alembic.command",
    "git",
    "xgboost",
    *STORES,
]
"""Imported once, by the server that forks the commands."""

Prepare = Callable[[], object]


def no_fault() -> None:
    """Nothing goes wrong."""


@dataclass(frozen=True)
class Lab:
    """A working folder with a sqlite store, and commands that run in it."""

    folder: Path
    server: ForkServerContext
    slow: Path

    @property
    def store(self) -> Path:
        return self.folder / "mlflow.db"

    def silion(self, *arguments: str | Path, fault: Prepare = no_fault, real: str = "") -> Finished:
        """Run a command in a process of its own that meets a fault; `real` is a room nothing stands in for."""
        given = (self.folder, self.slow, tuple(map(str, arguments)), fault, real)
        child = self.server.Process(target=_command, args=given)
        child.start()
        child.join(timeout=120)
        if child.exitcode is None:
            child.kill()
        child.join()
        said = [(self.folder / name).read_text(encoding="utf-8") for name in ("out.txt", "err.txt")]
        return Finished(child.exitcode or 0, *said)

    def train(self, fault: Prepare = no_fault, real: str = "") -> Finished:
        return self.silion("train", "--folds", "3", "--repeats", "1", fault=fault, real=real)

    def versions(self) -> list[list[str]]:
        """Number and alias of each version that is listed."""
        listed = self.silion("models", "list")
        assert listed.code == 0, listed.err
        return [line.split()[:2] for line in listed.out.splitlines() if not line.startswith("no model")]

    def aliases(self) -> dict[str, int]:
        """As the store has them: no process is started."""
        with closing(sqlite3.connect(self.store)) as store:
            return dict(store.execute("SELECT alias, version FROM registered_model_aliases").fetchall())

    def predictions(self) -> bytes:
        done = self.silion("predict", CANDIDATES, "-o", "out.csv")
        assert done.code == 0, done.err
        return (self.folder / "out.csv").read_bytes()

    def claims(self) -> list[str]:
        """Runs that say they are finished, without a version that has an alias."""
        query = (
            "SELECT run_uuid FROM runs WHERE status = 'FINISHED' AND run_uuid NOT IN (SELECT v.run_id "
            "FROM model_versions v JOIN registered_model_aliases a ON a.name = v.name AND a.version = v.version)"
        )
        with closing(sqlite3.connect(self.store)) as store:
            return [run for (run,) in store.execute(query)]

    def left(self) -> set[str]:
        """What is in the folder, without what the test itself puts there."""
        return {each.name for each in self.folder.iterdir()} - {
            "mlflow.db",
            ".mlflow.db.lock",
            "mlartifacts",
            "out.txt",
            "err.txt",
        }

    def kept(self) -> list[str]:
        """Folders of trained models that were not registered."""
        return sorted(name for name in self.left() if name.startswith("silion-trained-"))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """This process writes to the store meanwhile, and others cannot."""
        with closing(sqlite3.connect(self.store, isolation_level=None)) as ours:
            ours.execute("BEGIN IMMEDIATE")
            yield
            ours.execute("ROLLBACK")


def _command(folder: Path, slow: Path, arguments: tuple[str, ...], fault: Prepare, real: str) -> None:
    for number, name in ((1, "out.txt"), (2, "err.txt")):
        os.dup2(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), number)
    os.chdir(folder)
    for name in [name for name in os.environ if name.startswith("MLFLOW_")]:
        del os.environ[name]
    os.environ |= {"MLFLOW_TRACKING_URI": f"sqlite:///{folder / 'mlflow.db'}", "MLFLOW_DISABLE_TELEMETRY": "true"}
    trained, report = (slow / "trained").read_bytes(), slow / "report"
    if real != "fit":
        changed("training.train.train", lambda _: lambda *_, **__: pickle.loads(trained))  # noqa: S301 -- our own
    if real != "report":
        changed(
            "training.report.report.write_report",
            lambda _: lambda _, to, progress: shutil.copytree(report, to, dirs_exist_ok=True),
        )
    fault()
    sys.exit(silion.main(list(arguments)))


def changed(name: str, change: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    """Put another function in the place of the one of that name."""
    owner, _, last = name.rpartition(".")
    found = pkgutil.resolve_name(owner)
    setattr(found, last, change(getattr(found, last)))


def die(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def killed_before(name: str, call: int = 1) -> None:
    """Killed when a function is called, at its first call or a later one."""
    left = iter(range(call - 1, -1, -1))
    changed(name, lambda plain: lambda *given, **named: plain(*given, **named) if next(left) else die())


def killed_after(name: str) -> None:
    changed(name, lambda plain: lambda *given, **named: die(plain(*given, **named)))


def killed_within_the_model() -> None:
    """Killed when one file of the model is where all of them shall be."""

    def one_file(plain: Callable[..., Any]) -> Callable[..., Any]:
        def copy(source: str, target: str) -> Any:
            if not (Path(source) / "MLmodel").is_file():
                return plain(source, target)
            return die(shutil.copy(Path(source) / "MLmodel", target))

        return copy

    changed("mlflow.store.artifact.local_artifact_repo.shutil_copytree_without_file_permissions", one_file)


def full_from(name: str) -> None:
    """No file may grow beyond a few kilobytes from the first call of a function on."""

    def limited(plain: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            resource.setrlimit(resource.RLIMIT_FSIZE, (FULL, FULL))
            return plain(*given, **named)

        return call

    changed(name, limited)


def impatient(then: Prepare = no_fault) -> None:
    """MLflow waits twenty seconds for a locked store; a fifth of one is enough here."""
    import mlflow.store.db.utils as mlflow_utils

    text = mlflow_utils.sql.text
    mlflow_utils.sql = SimpleNamespace(text=lambda said: text(said.replace("20000", "200")))
    then()


def meets(name: str, barrier: Barrier) -> None:
    """At the first call of a function, wait until the test has come too, and again until it has done what it will."""
    left = [2, 1]

    def waiting(plain: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            while left:
                left.pop()
                barrier.wait(timeout=60)
            return plain(*given, **named)

        return call

    changed(name, waiting)


@pytest.fixture(scope="module")
def server() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


@pytest.fixture(scope="module")
def slow(store: Store, trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the slow rooms give."""
    folder = tmp_path_factory.mktemp("slow")
    (folder / "trained").write_bytes(pickle.dumps(trained))
    shutil.copytree(store.folder / "report", folder / "report", ignore=shutil.ignore_patterns(".silion-files.json"))
    return folder


@pytest.fixture(scope="module")
def answer(store: Store, silion: Command, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What the champion of the shared store predicts."""
    out = tmp_path_factory.mktemp("answer") / "out.csv"
    done = silion("predict", CANDIDATES, "-o", out, env=store.env)
    assert done.code == 0, done.err
    return out.read_bytes()


@pytest.fixture
def empty(server: ForkServerContext, slow: Path, tmp_path: Path) -> Lab:
    """A folder with no store yet."""
    return Lab(tmp_path, server, slow)


@pytest.fixture
def lab(empty: Lab, store: Store) -> Lab:
    """A folder with a store that has a champion; what is added to it stays in the folder."""
    shutil.copyfile(store.folder / "mlflow.db", empty.store)
    with closing(sqlite3.connect(empty.store)) as copy, copy:
        there = ((empty.folder / "mlartifacts").as_uri(),)
        copy.execute("UPDATE experiments SET artifact_location = ? WHERE name = 'silion'", there)
    return empty


OLD, NEW = [["1", "champion"]], [["2", "challenger"], ["1", "champion"]]
CLIENT = "mlflow.MlflowClient"


@pytest.mark.parametrize(
    ("real", "fault", "state"),
    [
        pytest.param("fit", partial(killed_before, "models.ensemble.BoostedEnsemble.fit", call=5), OLD, id="fit"),
        pytest.param("report", partial(killed_after, "training.report.skill_sections.skill"), OLD, id="report"),
        pytest.param("", killed_within_the_model, OLD, id="files of the model"),
        pytest.param("", partial(killed_before, f"{CLIENT}.create_model_version"), OLD, id="before the version"),
        pytest.param("", partial(killed_after, f"{CLIENT}.create_model_version"), OLD, id="before the alias"),
        pytest.param("", partial(killed_after, f"{CLIENT}.set_registered_model_alias"), NEW, id="after the alias"),
        pytest.param(
            "", partial(killed_after, "training.promotion.tracking.track"), NEW, id="before the report's place"
        ),
    ],
)
def test_a_killed_training_leaves_the_old_state_or_the_new(
    lab: Lab, answer: bytes, real: str, fault: Prepare, state: list[list[str]]
) -> None:
    assert lab.train(fault, real).code == KILLED
    assert lab.versions() == state
    assert lab.claims() == []
    assert lab.predictions() == answer
    assert "report" not in lab.left()
    done = lab.train()
    assert done.code == 0, done.err
    assert lab.aliases()["champion"] == 1
    assert f"\nmodel: silion version {lab.aliases()['challenger']}, the challenger" in done.out


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(partial(killed_before, "alembic.operations.Operations.add_column"), id="in the store"),
        pytest.param(partial(killed_after, f"{CLIENT}.create_model_version"), id="before the alias"),
    ],
)
def test_a_killed_first_training_leaves_none(empty: Lab, fault: Prepare) -> None:
    assert empty.train(fault).code == KILLED
    assert empty.versions() == []
    assert empty.silion("predict", CANDIDATES, "-o", "out.csv").err.startswith("silion: no model 'champion'")
    done = empty.train()
    assert done.code == 0, done.err
    assert "champion" in empty.aliases()
    assert empty.predictions()


BUSY = "cannot be used: another program is writing to it; run the command again when that has finished\n"


def test_a_store_that_is_locked_all_along_costs_no_model(lab: Lab) -> None:
    with lab.locked():
        done = lab.train(impatient)
    assert (done.code, done.out) == (2, "")
    (kept,) = lab.left()
    assert done.err == (
        f"the model is kept; to register it: silion train --finish {lab.folder / kept}\n"
        f"silion: the MLflow store sqlite:///{lab.store} {BUSY}"
    )
    assert lab.versions() == OLD


@pytest.mark.parametrize("name", ["create_model_version", "set_registered_model_alias"])
def test_a_store_that_is_locked_in_between_keeps_nothing_half(lab: Lab, name: str) -> None:
    barrier = lab.server.Barrier(2)
    fault = partial(impatient, partial(meets, f"{CLIENT}.{name}", barrier))
    with locked_at(barrier, lab):
        done = lab.train(fault)
    assert (done.code, done.out) == (2, "")
    assert done.err.endswith(BUSY)
    assert lab.versions() == OLD
    assert lab.claims() == []
    (kept,) = lab.left()
    assert f"the model is kept; to register it: silion train --finish {lab.folder / kept}\n" in done.err
    finished = lab.silion("train", "--finish", kept)
    assert finished.code == 0, finished.err
    assert lab.aliases().keys() == {"champion", "challenger"}
    assert lab.left() == {"report"}


@contextmanager
def locked_at(barrier: Barrier, lab: Lab) -> Iterator[None]:
    """Lock the store when the command has come to the barrier, until the block ends."""
    over = threading.Event()

    def hold() -> None:
        barrier.wait(timeout=60)
        with lab.locked():
            barrier.wait(timeout=60)
            over.wait(timeout=60)

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        yield
    finally:
        over.set()
        holder.join()


@pytest.mark.parametrize(
    ("real", "fault"),
    [
        pytest.param("report", partial(full_from, "training.report.skill_sections.write_csv"), id="report"),
        pytest.param("", partial(full_from, "mlflow.log_artifacts"), id="files of the run"),
        pytest.param("", partial(full_from, f"{CLIENT}.create_model_version"), id="store"),
    ],
)
def test_a_full_disk_is_told_and_costs_nothing_older(
    lab: Lab, store: Store, answer: bytes, real: str, fault: Prepare
) -> None:
    shutil.copytree(store.folder / "report", lab.folder / "report")
    earlier = sorted((each, each.stat().st_mtime_ns) for each in (lab.folder / "report").rglob("*"))
    done = lab.train(fault, real)
    assert (done.code, done.out) == (2, "")
    assert done.err.splitlines()[-1].startswith("silion: ")
    assert done.err.count("\n") == 2  # also where the model is kept
    assert any(said in done.err for said in ("File too large", "disk I/O error", "disk is full"))
    assert lab.claims() == []
    assert sorted((each, each.stat().st_mtime_ns) for each in (lab.folder / "report").rglob("*")) == earlier
    (kept,) = lab.kept()
    assert lab.left() == {"report", kept}
    assert lab.predictions() == answer
    again = lab.silion("train", "--finish", kept)
    assert again.code == 0, again.err
    assert again.out.splitlines()[-1].startswith("model: silion version ")
    assert lab.aliases().keys() == {"champion", "challenger"}
    assert lab.kept() == []


@pytest.mark.parametrize(
    ("fault", "pages", "number"),
    [
        pytest.param(partial(killed_before, "training.report.report.write_report"), False, 2, id="before the report"),
        pytest.param(partial(killed_before, f"{CLIENT}.create_model_version"), True, 2, id="before the version"),
        pytest.param(partial(killed_after, f"{CLIENT}.create_model_version"), True, 3, id="before the alias"),
        pytest.param(
            partial(killed_after, "training.promotion.tracking.track"), True, 2, id="before the report's place"
        ),
    ],
)
def test_a_training_that_was_killed_is_finished(lab: Lab, fault: Prepare, pages: bool, number: int) -> None:
    """It is registered once: a version that has its alias already stays the one, one without is made again."""
    assert lab.train(fault).code == KILLED
    (kept,) = lab.kept()
    done = lab.silion("train", "--finish", kept)
    assert done.code == 0, done.err
    assert f"model: silion version {number}, the challenger" in done.out
    assert lab.aliases() == {"champion": 1, "challenger": number}
    assert (lab.folder / "report" / "index.html").is_file() is pages
    assert lab.kept() == []
    again = lab.silion("train", "--finish", kept)
    assert again.code == 2
    assert f"{kept}: no kept training; expected a folder silion-trained-..." in again.err


def full_before_the_fit() -> None:
    """No file may grow at all from the start of the fit on."""
    full_from("training.promotion.record.reserved_disk_space")


def test_a_disk_without_room_for_the_model_is_told_before_the_fit(lab: Lab) -> None:
    done = lab.train(full_before_the_fit, real="fit")
    assert done.code == 2
    assert "no room for the model of this training" in done.err
    assert lab.left() == set()
