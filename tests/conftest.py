"""What many tests share: the literature, one small model trained once, and one store it is registered in."""

from __future__ import annotations

import gc
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from models.boosters import kept_fits
from tests.forking import OF_THE_INTERPRETER, ForkServer
from tests.shared import LONGEST, REPORTED, ROOT, Command, Finished, Store, alone, environment
from tests.thin import thin_code

if TYPE_CHECKING:  # what learns is imported by who asks for it: the process that hands out the tests never does
    from features.tables.literature import Literature
    from training.train import Trained

collect_ignore = ["browser.py", "forking.py", "known_packages.py"]
"""Helpers without examples, which import what most workers of `make test-fast` never need."""
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "LOKY_MAX_CPU_COUNT": "1"}
"""As many processes run as there are cores: threads, or processes of a training, would wait for those of another."""


def pytest_configure(config: pytest.Config) -> None:
    """Let the trainings of a run, in whatever process, share their boosters: a fit of the same rows is made once.

    The workers of a run, and the processes that tests start, take what is set here.
    """
    for name, threads in ONE_THREAD.items():
        os.environ.setdefault(name, threads)
    if kept_fits.SHARED not in os.environ:  # as it is in the workers of a run
        folder = os.environ[kept_fits.SHARED] = tempfile.mkdtemp(prefix="silion-fits-")
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def literature() -> Literature:
    from training.data.load import load_literature

    return load_literature([ROOT / "data" / "literature"])


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Folder that all workers of the run share."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


@pytest.fixture(scope="session")
def thin(run_folder: Path) -> Path:
    """The code beside fewer shipped rows, copied by the first worker to ask. Read it; do not write to it."""
    with alone(run_folder / "shared-code") as folder:
        if not (folder / "whole").exists():
            thin_code(folder / "code")
            (folder / "whole").touch()
    return folder / "code"


class _Forgets(dict[Any, Any]):
    """Keeps nothing that is put into it."""

    def __setitem__(self, key: Any, value: Any) -> None:
        pass


@pytest.fixture
def every_fit_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """No booster is taken from an earlier fit of the same rows, neither of this process nor of another."""
    monkeypatch.delenv(kept_fits.SHARED)
    monkeypatch.setattr(kept_fits, "_KEPT", _Forgets())


@pytest.fixture(scope="session")
def trained(run_folder: Path) -> Trained:
    """A model of one repeat of three folds: the same code, less patience. The first worker to ask trains it."""
    from training.config import TrainConfig
    from training.train import train

    with alone(run_folder / "shared-training") as folder:
        kept = folder / "trained"
        if not kept.exists():
            here = Path.cwd()
            os.chdir(ROOT)
            try:
                aside = folder / "aside"
                aside.write_bytes(pickle.dumps(train(TrainConfig(folds=3, repeats=1, shares=(0.5, 1.0)))))
                aside.replace(kept)
            finally:
                os.chdir(here)
        return pickle.loads(kept.read_bytes())  # noqa: S301 (this run wrote it)


@pytest.fixture(scope="session")
def bundle_folder(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from models.bundle import save_bundle

    return save_bundle(trained.bundle, tmp_path_factory.mktemp("model") / "bundle")


@pytest.fixture(scope="session")
def report(trained: Trained, run_folder: Path) -> Path:
    """The report of that training, written by the first worker to ask. Read it; do not write to it."""
    from training.report.report import write_report

    with alone(run_folder / "shared-report") as folder:
        written = folder / "report"
        if not (written / "questions.html").exists():  # the last of its files
            written.mkdir(exist_ok=True)
            write_report(trained, written, REPORTED)
    return written


@pytest.fixture(scope="session")
def silion() -> Iterator[Command]:
    """Run the command line in a process of its own; `code` is the folder whose code it runs, and where, unless told."""
    server: list[ForkServer] = []

    def run(
        *arguments: str | Path,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        timeout: int = 900,
        code: Path = ROOT,
    ) -> Finished:
        cwd = cwd or code  # what lies in `cwd` goes before `code`
        words, found = list(map(str, arguments)), environment(PYTHONPATH=str(code), **(env or {}))
        if any(name.startswith(OF_THE_INTERPRETER) for name in env or {}):
            asked = [sys.executable, "-m", "silion", *words]
            done = subprocess.run(
                asked, cwd=cwd, env=found, capture_output=True, text=True, timeout=timeout, check=False
            )
            return Finished(done.returncode, done.stdout, done.stderr)
        if not server:
            server.append(ForkServer(environment()))
        return Finished(*server[0].run(words, cwd, found, timeout))

    yield run
    for each in server:
        each.end()


@pytest.fixture(scope="session")
def store(silion: Command, run_folder: Path) -> Store:
    """Trained once through the command line and shared by all workers of the run."""
    with alone(run_folder / "shared-store") as folder:
        said = folder / "said.txt"
        if not said.exists():
            uri = {"MLFLOW_TRACKING_URI": f"sqlite:///{folder / 'mlflow.db'}"}
            done = silion("train", "--folds", "3", "--repeats", "1", "--report", folder / "report", env=uri)
            assert done.code == 0, done.err
            said.write_text(done.out, encoding="utf-8")
    return Store(folder, Finished(0, said.read_text(encoding="utf-8"), ""))


SLOW_FIXTURES = {"trained", "bundle_folder", "silion", "store", "browser", "installed", "shelf", "stored"}
WHOLLY_SLOW = "\npytestmark = pytest.mark.slow\n"


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage among what is collected, neither now nor later: all of it stays until the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave files of slow tests alone where these are left out: what they import takes seconds of each worker."""
    if config.getoption("markexpr") != "not slow" or collection_path.suffix != ".py":
        return None
    return WHOLLY_SLOW in collection_path.read_text(encoding="utf-8") or None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what needs a trained model, a process or a browser, left out by `make test-fast`; longest first."""
    for item in items:
        if isinstance(item, pytest.Function) and SLOW_FIXTURES.intersection(item.fixturenames):
            item.add_marker(pytest.mark.slow)
    place = {f"test_{name}": number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.stem, len(place)))
