"""Portions answered by real schedulers and workers, each a process of its own, some of them killed."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from dask import config
from distributed import Client

from features.tables import chunks as portions
from models.bundle import BundleError, load_bundle
from models.predictor import Predictor
from serving.predict import cluster
from serving.predict.batch import predict_file
from serving.predict.checkpoint import digest_of, surroundings
from serving.predict.cluster_worker import ClusterError, ModelOnWorker
from tests.shared import ROOT, environment

ENDS = ("", ".rejected.csv", ".nearest.csv")
START_S = 180
"""Seconds for a process to start, on a machine with much else to do."""
RUN = (
    "import sys, features.tables.chunks as portions, silion\n"
    "portions.ROWS = int(sys.argv[1])\n"
    "if __name__ == '__main__':\n"
    "    sys.exit(silion.main(sys.argv[2:]))\n"
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def predictor(bundle_folder: Path) -> Predictor:
    return Predictor(load_bundle(bundle_folder))


@pytest.fixture(autouse=True)
def small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portions, "ROWS", 100)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four thousand electrolytes never seen, every fiftieth without a formula that can be read."""
    path = tmp_path_factory.mktemp("designs") / "in.csv"
    lines = (f"Li{2 + place / 4000:.4f}PS{3 + place / 4000:.4f}Cl,25,{place}" for place in range(4000))
    table = ["LPS,25,bad" if place % 50 == 49 else line for place, line in enumerate(lines)]
    path.write_text("\n".join(["electrolyte,temperature_c,mine", *table]) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def straight(source: Path, predictor: Predictor, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What one process makes of it."""
    out = tmp_path_factory.mktemp("straight") / "out.csv"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(portions, "ROWS", 100)
        predict_file(source, out, predictor, precedents=1)
    return out


def same(out: Path, straight: Path) -> None:
    for end in ENDS:
        assert out.with_name(out.name + end).read_bytes() == straight.with_name(straight.name + end).read_bytes()


@contextmanager
def dask(folder: Path, said: str, *arguments: str, code: Path = ROOT, **env: str) -> Iterator[subprocess.Popen[bytes]]:
    """A scheduler or worker as people start it, ready when it has said so; gone when the block ends."""
    given = environment(PYTHONPATH=str(code), OMP_NUM_THREADS="1", **env)
    asked = [sys.executable, "-m", "dask", *arguments]
    with tempfile.TemporaryFile(dir=folder) as log:
        process = subprocess.Popen(asked, cwd=folder, env=given, stdout=log, stderr=log)
        try:
            wait_for(lambda: said.encode() in os.pread(log.fileno(), 1 << 20, 0))
            yield process
        finally:
            process.kill()
            process.wait()


@contextmanager
def scheduler(folder: Path, **env: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    asked = ("scheduler", "--host", "127.0.0.1", "--port", str(port), "--dashboard-address", "127.0.0.1:0")
    with dask(folder, "Scheduler at:", *asked, **env) as process:
        yield f"tcp://127.0.0.1:{port}", process


def worker(folder: Path, address: str, code: Path = ROOT) -> Any:
    asked = ("worker", address, "--no-nanny", "--nthreads", "1", "--host", "127.0.0.1", "--no-dashboard")
    return dask(folder, "Registered to:", *asked, code=code)


def wait_for(there: Callable[[], bool], seconds: float = START_S) -> None:
    until = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < until
        time.sleep(0.01)


@contextmanager
def when_kept(out: Path, act: Callable[[], None], count: int = 3) -> Iterator[list[int]]:
    """Do something as soon as that many portions are kept; gives how many were when it was done."""
    kept: list[int] = []

    def watch() -> None:
        wait_for(lambda: kept_of(out) >= count)
        act()
        kept.append(kept_of(out))

    thread = threading.Thread(target=watch)
    thread.start()
    yield kept
    thread.join()


def kept_of(out: Path) -> int:
    return len(list(out.with_name(f".{out.name}.parts").glob("0*.json")))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a scheduler without workers."""
    with scheduler(tmp_path_factory.mktemp("scheduler")) as (address, _):
        yield address


def test_workers_of_this_machine_keep_freed_memory(predictor: Predictor) -> None:
    """dask starts them with a limit of 65,536 bytes, beyond which each chunk's memory goes back to the system, and
    looks at their work a hundred times a second."""
    with cluster.crew("local", predictor) as workers:
        limits = workers.client.run(os.environ.get, "MALLOC_TRIM_THRESHOLD_")
        watched = workers.client.run(config.get, "distributed.worker.profile.enabled")
    assert limits
    assert set(limits.values()) == {str(2**30)}
    assert set(watched.values()) == {False}


def test_local_gives_the_bytes_of_one_process(
    source: Path, straight: Path, predictor: Predictor, tmp_path: Path
) -> None:
    result = predict_file(source, tmp_path / "out.csv", predictor, precedents=1, cluster="local")
    assert (result.rows, result.rejected_rows) == (3920, 80)
    assert [mistake.line for mistake in result.mistakes[:2]] == [51, 101]
    same(tmp_path / "out.csv", straight)


def test_a_killed_worker_costs_nothing_but_time(
    running: str, source: Path, predictor: Predictor, tmp_path: Path
) -> None:
    """In Parquet, where every bit of a number counts; row groups of one portion and a half."""
    pd.read_csv(source).to_parquet(tmp_path / "in.parquet", row_group_size=150)
    predict_file(tmp_path / "in.parquet", tmp_path / "straight.parquet", predictor, precedents=1)
    with worker(tmp_path, running) as killed, worker(tmp_path, running):
        with when_kept(tmp_path / "out.parquet", killed.kill) as kept:
            predict_file(tmp_path / "in.parquet", tmp_path / "out.parquet", predictor, precedents=1, cluster=running)
        assert killed.wait() == -signal.SIGKILL
    assert 3 <= kept[0] < 53  # of 27 row groups with two portions each
    same(tmp_path / "out.parquet", tmp_path / "straight.parquet")


def test_an_interrupt_leaves_nothing_on_the_cluster(
    running: str, source: Path, straight: Path, bundle_folder: Path, predictor: Predictor, tmp_path: Path
) -> None:
    out = tmp_path / "out.csv"
    asked = ["predict", str(source), "-o", str(out), "--model", str(bundle_folder), "--precedents", "1"]
    with worker(tmp_path, running):
        process = subprocess.Popen(
            [sys.executable, "-c", RUN, "100", *asked, "--cluster", running],
            env=environment(PYTHONPATH=str(ROOT), PYTHONWARNINGS="error"),
            cwd=tmp_path,
            stderr=subprocess.PIPE,
            text=True,
        )
        with when_kept(out, lambda: process.send_signal(signal.SIGINT)):
            said = process.communicate(timeout=START_S)[1]
        kept = "note: finished chunks are kept; the same command with --resume goes on with them\n"
        assert process.returncode == 130, said
        assert said.startswith(f"{kept}interrupted: ")
        assert len(said.splitlines()) == 2  # and no traceback of anyone
        with Client(running) as client:
            wait_for(lambda: client.run_on_scheduler(lambda dask_scheduler: not dask_scheduler.tasks))
    result = predict_file(source, out, predictor, precedents=1, resume=True)
    assert result.remarks[-1].startswith("goes on after ")
    same(out, straight)


def test_a_scheduler_that_dies_loses_nothing(
    source: Path, straight: Path, predictor: Predictor, tmp_path: Path
) -> None:
    """Before it does, a worker dies of a portion, on a scheduler that gives no portion a second worker."""
    out = tmp_path / "out.csv"
    with scheduler(tmp_path, DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0") as (address, process):
        died = r"in.csv, 100 rows from line \d+: all 1 workers that had it died"
        with worker(tmp_path, address) as only, when_kept(out, only.kill), pytest.raises(ClusterError, match=died):
            predict_file(source, out, predictor, precedents=1, cluster=address)
        kept = kept_of(out)
        assert kept >= 3
        lost = r"127.0.0.1:\d+: the scheduler went away; what is finished is kept"
        with worker(tmp_path, address), when_kept(out, process.kill, kept + 3), pytest.raises(ClusterError, match=lost):
            predict_file(source, out, predictor, precedents=1, resume=True, cluster=address)
    result = predict_file(source, out, predictor, precedents=1, resume=True)
    assert int(result.remarks[-1].split()[3]) >= kept + 3  # "goes on after N finished chunks of an interrupted run"
    same(out, straight)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "ANSWER_S", 1.0)


@pytest.mark.usefixtures("impatient")
def test_workers_that_are_missing_or_differ_are_said(
    running: str, source: Path, predictor: Predictor, tmp_path: Path
) -> None:
    alone = r"tcp://127.0.0.1:\d+: the scheduler has no workers; start some with `dask worker tcp://"
    with pytest.raises(ClusterError, match=alone):
        predict_file(source, tmp_path / "out.csv", predictor, cluster=running)
    for room in ("features", "models", "serving"):
        shutil.copytree(ROOT / room, tmp_path / "code" / room, ignore=shutil.ignore_patterns("__pycache__"))
    with (tmp_path / "code" / "serving" / "answer.py").open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    mine = re.escape(surroundings()["Silion"])
    other = rf"worker tcp://127.0.0.1:\d+ differs: Silion \S+ \(code \S+\), here {mine}; give it the same"
    with worker(tmp_path, running, code=tmp_path / "code"), pytest.raises(ClusterError, match=other):
        predict_file(source, tmp_path / "out.csv", predictor, cluster=running)
    assert not (tmp_path / ".out.csv.parts").exists()


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("listening", [False, True])
def test_a_scheduler_that_does_not_answer_is_said_and_nothing_is_lost(
    source: Path, predictor: Predictor, tmp_path: Path, listening: bool
) -> None:
    kept = tmp_path / ".out.csv.parts" / "00000000.json"
    kept.parent.mkdir()
    kept.write_text("{}", encoding="utf-8")
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        if listening:
            silent.listen()
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(ClusterError, match=rf"{address}: no dask scheduler answered within 1 s .*--cluster local"):
            predict_file(source, tmp_path / "out.csv", predictor, cluster=address)
    assert kept.exists()
    assert not (tmp_path / "out.csv").exists()


def test_an_address_that_is_none_is_refused(source: Path, predictor: Predictor, tmp_path: Path) -> None:
    words = "--cluster: got 'localhost', expected local or the address of a scheduler, tcp://host:port"
    with pytest.raises(ValueError, match=words):
        predict_file(source, tmp_path / "out.csv", predictor, cluster="localhost")


def test_a_model_that_arrives_otherwise_is_refused(predictor: Predictor) -> None:
    sent = ModelOnWorker(predictor)
    sent.setup(SimpleNamespace(address="tcp://there:1"))
    assert digest_of(sent.loaded().bundle) == digest_of(predictor.bundle)
    assert sent.loaded() is sent.loaded()
    sent.setup(SimpleNamespace(address="tcp://there:1"))
    sent.digest = "another"
    with pytest.raises(ClusterError, match="worker tcp://there:1: the model that arrived is not the one sent"):
        sent.loaded()
    sent.files["bundle.json"] += b" "
    with pytest.raises(BundleError, match=r"bundle.json was changed after it was saved"):
        sent.loaded()
    sent.surroundings = surroundings() | {"numpy": "1.0"}
    with pytest.raises(ClusterError, match=r"worker tcp://there:1 differs: numpy \S+, here 1.0; give it the same "):
        sent.loaded()
