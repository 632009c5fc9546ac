"""Many people and one store: an MLflow server on PostgreSQL by its address alone, and trainings at the same time."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier

import mlflow
import pytest

from tests.postgres import NoPostgresError, postgres
from tests.shared import ROOT, Command, Store, environment, free_port
from training.promotion.run_text import log_datasets
from training.train import Trained

pytestmark = pytest.mark.slow

CANDIDATES = ROOT / "data" / "examples" / "candidates.csv"

TRACK = """
import pickle, sys, time
from pathlib import Path
from training.promotion.tracking import track

trained, report, ready, go = (Path(each) for each in sys.argv[1:])
trained = pickle.loads(trained.read_bytes())
ready.touch()
while not go.exists():
    time.sleep(0.002)
print(track(trained, report))
"""
"""What follows the fit of `silion train`, begun at a sign so that two do it at once."""


@pytest.fixture
def pickled(trained: Trained, tmp_path: Path) -> Path:
    path = tmp_path / "trained"
    path.write_bytes(pickle.dumps(trained))
    return path


def track_together(pickled: Path, report: Path, folder: Path, env: Mapping[str, str]) -> list[str]:
    """Two trainings that have ended their fits register at the same moment; the versions they say."""
    go = folder / "go"
    children = []
    for name in ("one", "other"):
        asked = [sys.executable, "-c", TRACK, *map(str, (pickled, report, folder / name, go))]
        found = environment(PYTHONPATH=str(ROOT), **env)
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        children.append(subprocess.Popen(asked, cwd=folder, env=found, **pipes))
    try:
        until = time.monotonic() + 120
        while not ((folder / "one").exists() and (folder / "other").exists()) and time.monotonic() < until:
            time.sleep(0.01)
        go.touch()
        said = [child.communicate(timeout=180) for child in children]
    finally:
        for child in children:
            child.kill()
            child.wait()
    assert [child.returncode for child in children] == [0, 0], "\n".join(err for _, err in said)
    return sorted(out.strip() for out, _ in said)


def listed(silion: Command, cwd: Path, env: Mapping[str, str]) -> dict[str, str]:
    done = silion("models", "list", cwd=cwd, env=env)
    assert done.code == 0, done.err
    return {line.split()[0]: line.split()[1] for line in done.out.splitlines()}


def test_two_first_trainings_at_once_into_a_new_sqlite_store(
    silion: Command, store: Store, pickled: Path, tmp_path: Path
) -> None:
    """None of them finds a store, an experiment or a champion: each may be the one that makes it."""
    env = {"MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path / 'mlflow.db'}"}
    assert track_together(pickled, store.folder / "report", tmp_path, env) == ["1", "2"]
    assert listed(silion, tmp_path, env) == {"1": "champion", "2": "challenger"}


@pytest.mark.filterwarnings("ignore:The specified dataset source can be interpreted:UserWarning")
def test_two_trainings_that_log_the_same_tables_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both runs have every table, each once, whichever of them made its row."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    tables = {f"literature/{number}.csv": f"{number:064x}" for number in range(1, 31)}
    experiment = mlflow.create_experiment("together", artifact_location=(tmp_path / "files").as_uri())
    together = Barrier(2)

    def log() -> list[str]:
        with mlflow.start_run(experiment_id=experiment) as run:
            for name, sha256 in tables.items():
                together.wait(60)
                log_datasets({name: sha256})
        return sorted(each.dataset.name for each in mlflow.get_run(run.info.run_id).inputs.dataset_inputs)

    with ThreadPoolExecutor(2) as pool:
        found = [each.result() for each in [pool.submit(log), pool.submit(log)]]
    assert found == [sorted(f"{number}.csv of literature" for number in range(1, 31))] * 2


@contextmanager
def mlflow_server(database: str, artifacts: Path, folder: Path) -> Iterator[str]:
    """Address of an MLflow server that keeps files for its clients, on loopback; it ends with the block."""
    port = free_port()
    asked = ["server", "--backend-store-uri", database, "--artifacts-destination", str(artifacts), "--serve-artifacts"]
    where = ["--host", "127.0.0.1", "--port", port, "--workers", "1"]
    env, log = environment(MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false"), folder / "server.txt"
    with log.open("wb") as said:
        server = subprocess.Popen(
            [sys.executable, "-m", "mlflow", *asked, *where],
            cwd=folder, env=env, stdout=said, stderr=said, start_new_session=True,
        )  # fmt: skip
        try:
            _wait(server, f"http://127.0.0.1:{port}/health", log)
            yield f"http://127.0.0.1:{port}"
        finally:
            _end(server)


def _wait(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    until = time.monotonic() + 180
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            if server.poll() is not None or time.monotonic() > until:
                pytest.fail(f"the MLflow server did not start:\n{log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.2)


def _end(server: subprocess.Popen[bytes]) -> None:
    """The server and the workers it started: all of its own session, and nothing else."""
    for each in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(server.pid, each)
            server.wait(timeout=20)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


@pytest.fixture
def remote(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Address of an MLflow server on PostgreSQL, and the folder where it alone keeps files."""
    artifacts, folder = tmp_path / "kept-by-the-server", tmp_path / "server"
    folder.mkdir()
    try:
        with postgres() as database, mlflow_server(database, artifacts, folder) as address:
            yield address, artifacts
    except NoPostgresError as error:
        pytest.skip(f"needs PostgreSQL: {error}")


def test_a_remote_store_by_its_address_alone(
    silion: Command, store: Store, pickled: Path, remote: tuple[str, Path], thin: Path, tmp_path: Path
) -> None:
    """Three people with nothing in common but an address: each has a home, a folder and temporary files of their own,
    all empty."""
    address, artifacts = remote
    first, second, third = (tmp_path / name / "work" for name in ("first", "second", "third"))
    for work in (first, second, third):
        for name in ("work", "home", "tmp"):
            (work.parent / name).mkdir(parents=True)

    def env(work: Path) -> dict[str, str]:
        home, temporary = str(work.parent / "home"), str(work.parent / "tmp")
        return {"MLFLOW_TRACKING_URI": address, "HOME": home, "TMPDIR": temporary}

    done = silion("train", "--folds", "2", "--repeats", "1", cwd=first, env=env(first), code=thin)
    assert done.code == 0, done.err
    assert "model: silion version 1, the champion" in done.out
    assert left(first) == {"report"}
    assert track_together(pickled, first / "report", tmp_path, env(second)) == ["2", "3"]
    assert left(second) == set()
    assert listed(silion, third, env(third)) in (
        {"1": "champion", "2": "challenger", "3": "-"},
        {"1": "champion", "2": "-", "3": "challenger"},
    )
    assert [path.name for path in artifacts.rglob("manifest.json")] == ["manifest.json"] * 3

    exported = silion("models", "export", "champion", "-o", "bundle", cwd=third, env=env(third))
    assert exported.code == 0, exported.err
    nobody = {**env(third), "MLFLOW_TRACKING_URI": "http://127.0.0.1:9"}
    for model, where in (("champion", env(third)), ("bundle", nobody)):
        told = silion("predict", CANDIDATES, "--model", model, "-o", f"{model}.csv", cwd=third, env=where)
        assert told.code == 0, told.err
    assert (third / "champion.csv").read_bytes() == (third / "bundle.csv").read_bytes()
    written = {f"{model}.csv{more}" for model in ("champion", "bundle") for more in ("", ".nearest.csv")}
    assert left(third) == {"bundle", *written}


def left(work: Path) -> set[str]:
    """What a person finds in their folder, and among their temporary files, after the commands."""
    return {each.name for folder in (work, work.parent / "tmp") for each in folder.iterdir()}
