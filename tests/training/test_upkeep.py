"""A store that looks after itself: leftovers found and removed, what is in use left alone; copied; made younger."""

from __future__ import annotations

import io
import os
import platform
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from mlflow.store.db.utils import _get_alembic_config
from mlflow.store.tracking.dbmodels.initial_models import Base as InitialBase
from sqlalchemy import create_engine

from models import registry
from tests.shared import ROOT, environment, run_main
from tests.shelf import Shelf, new_shelf
from training.promotion.tracking import PROCESS
from training.promotion.upkeep import look

pytestmark = pytest.mark.slow

DAYS_AGO = 1_700_000_000
"""Of November 2023, in seconds."""


@pytest.fixture
def shelf(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """A store with a champion, in a working folder and beside temporary files of its own."""
    for name in ("work", "temporary", "bundle"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    shelf = new_shelf(tmp_path / "work", tmp_path_factory, monkeypatch)
    shutil.copytree(Path(__file__).parents[1] / "bundles" / "v1", tmp_path / "bundle", dirs_exist_ok=True)
    shelf.add(tmp_path / "bundle", None, "champion")
    for run in shelf.client.search_runs(["1"]):
        shelf.client.set_terminated(run.info.run_id)
    return shelf


@pytest.fixture
def dead() -> int:
    """Number of a process that is gone."""
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        pass
    return child.pid


def begun(shelf: Shelf, process: int, machine: str = platform.node()) -> str:
    return str(shelf.client.create_run("1", tags={PROCESS: f"{machine}:{process}"}).info.run_id)


def texts() -> str:
    return "\n".join(leftover.text for leftover in look().leftovers)


def test_a_store_in_order_has_nothing_left_behind(shelf: Shelf, capsys: pytest.CaptureFixture[str]) -> None:
    begun(shelf, os.getpid())  # a training that goes on
    assert run_main("store", "check") == 0
    assert capsys.readouterr().out == f"{shelf.uri}: nothing is left behind\n"
    assert run_main("store", "clean") == 0
    assert capsys.readouterr().out == "nothing is left behind\n"


def test_the_model_of_a_version_is_not_left_behind(shelf: Shelf) -> None:
    """A local store says of a version where its model is and of which run, and no id: either of them keeps it."""
    by_source = shelf.client.create_logged_model("1", "silion").model_id
    run = shelf.client.create_run("1").info.run_id
    by_run = shelf.client.create_logged_model("1", "silion", source_run_id=run).model_id
    shelf.client.set_terminated(run)
    shelf.client.create_registered_model("another")
    shelf.client.create_model_version("another", f"models:/{by_source}")
    shelf.client.create_model_version("silion", "elsewhere", run_id=run)
    lost = shelf.client.create_logged_model("1", "silion").model_id
    assert [text.split()[1] for text in texts().splitlines()] == [lost]
    assert by_run != by_source


def test_what_a_killed_training_left_goes_after_a_yes(
    shelf: Shelf, dead: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that says it goes on, a model without a version, a version without a name; those of a live one stay."""
    killed, alive = begun(shelf, dead), begun(shelf, os.getpid())
    models = [shelf.client.create_logged_model("1", "silion", source_run_id=run) for run in (killed, alive)]
    numbers = [
        shelf.client.create_model_version("silion", "nowhere", run_id=run, tags={registry.REGISTERING: "yes"}).version
        for run in (killed, alive)
    ]
    assert run_main("store", "check") == 1
    said = capsys.readouterr().out
    assert f"left: run {killed} of " in said
    assert f"left: model {models[0].model_id} of run {killed}: was never registered" in said
    assert f"left: version {numbers[0]}: its training was stopped" in said
    assert "3 leftovers; to remove them: silion store clean" in said
    monkeypatch.setattr(sys, "stdin", io.StringIO())  # no terminal
    assert run_main("store", "clean") == 2
    assert "nothing was removed: no terminal to ask at; --yes" in capsys.readouterr().err
    assert shelf.client.get_run(killed).info.status == "RUNNING"
    assert run_main("store", "clean", "--yes") == 0
    assert capsys.readouterr().out.count("done: ") == 3
    assert [shelf.client.get_run(run).info.status for run in (killed, alive)] == ["KILLED", "RUNNING"]
    assert {str(one.version) for one in shelf.client.search_model_versions()} == {"1", str(numbers[1])}
    assert [one.model_id for one in shelf.client.search_logged_models(["1"])] == [models[1].model_id]
    assert texts() == ""


def test_a_run_of_another_machine_is_only_told(shelf: Shelf, dead: int) -> None:
    run = begun(shelf, dead, "elsewhere")
    unknown = shelf.client.create_run("1").info.run_id
    findings = look()
    assert findings.leftovers == []
    assert {remark.split()[1] for remark in findings.remarks} == {run, unknown}


def test_files_of_no_run_go_and_those_of_a_backup_beside_stay(shelf: Shelf) -> None:
    artifacts = shelf.folder / "mlartifacts"
    run = shelf.client.create_run("1").info.run_id
    shelf.client.set_terminated(run)
    lost = [artifacts / ("0" * 32), artifacts / "models" / ("m-" + "0" * 32), artifacts / "1" / ("f" * 32)]
    for folder in (*lost, artifacts / run, artifacts / "notes of mine"):
        folder.mkdir(parents=True)
        (folder / "file").write_bytes(bytes(1_500_000))
    assert {text.split(" (")[0] for text in texts().splitlines()} == {str(folder) for folder in lost}
    assert "(1.5 MB), that no run and no model has" in texts()
    with closing(sqlite3.connect(shelf.folder / "copy.db")) as other, other:  # a store that knows one of them
        other.execute("CREATE TABLE runs (run_uuid TEXT)")
        other.execute("INSERT INTO runs VALUES (?)", ("f" * 32,))
    assert len(texts().splitlines()) == 2
    assert run_main("store", "clean", "--yes") == 0
    assert {path.name for path in artifacts.iterdir()} >= {run, "notes of mine"}
    assert not any(folder.exists() for folder in lost[:2])
    assert lost[2].exists()


def test_parts_and_folders_of_dead_processes_go(shelf: Shelf, dead: int, tmp_path: Path) -> None:
    temporary, here = tmp_path / "temporary", Path.cwd()
    gone = [
        temporary / f"silion-serve-{dead}-abcd1234",
        temporary / "silion-abcd1234",
        temporary / "silion-tables-abcd123_",
        here / ".report-abcd1234",
        here / f".report.{platform.node()}.{dead}-0123abcd.part",
    ]
    stays = [
        temporary / f"silion-serve-{os.getpid()}-abcd1234",
        temporary / "silion-results-of-march",
        here / ".film.mp4.part",
        here / f".report.{platform.node()}.{os.getppid()}-0123abcd.part",
        here / "report-2023",
    ]
    for folder in (*gone, *stays):
        folder.mkdir()
        os.utime(folder, (DAYS_AGO, DAYS_AGO))
    (temporary / "silion-00000000").mkdir()  # of today: a command may be at it
    assert run_main("store", "clean", "--yes") == 0
    assert not [path for path in gone if path.exists()]
    assert not [path for path in (*stays, temporary / "silion-00000000") if not path.exists()]


def test_a_damaged_model_and_a_kept_training_are_told(shelf: Shelf, dead: int) -> None:
    kept = shelf.folder / f"silion-trained-{dead}-0123abcd"
    kept.mkdir()
    (kept / "judged.csv").touch()
    (next(shelf.folder.glob("model-*")) / registry.BUNDLE_INSIDE / "bundle.json").write_text("{}", encoding="utf-8")
    damaged, finish = look().remarks
    assert damaged.startswith("version 1 (champion) cannot be used: ")
    assert finish == f"{kept}: trained and not registered; silion train --finish {kept}"


LETS_GO = """
import os, signal, sys
from pathlib import Path
from training.promotion.unregistered import let_go

left = [0]


def deadly(function):
    def call(*given, **named):
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*given, **named)

    return call


for name in ("rename", "fsync", "unlink", "rmdir"):
    setattr(os, name, deadly(getattr(os, name)))
for left[0], folder in enumerate(sys.argv[1:], start=1):
    if (child := os.fork()) == 0:
        let_go(Path(folder))
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_kept_training_goes_as_a_whole(shelf: Shelf, dead: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Killed at each of its calls: rename, fsync, unlink and rmdir of the bundle, unlink, rmdir; then not at all."""
    kept = [shelf.folder / f"silion-trained-{dead}-{point}" for point in range(1, 8)]
    for folder in kept:
        (folder / "bundle").mkdir(parents=True)
        for name in ("judged.csv", "bundle/bundle.json"):
            (folder / name).touch()
    asked = [sys.executable, "-c", LETS_GO, *map(str, kept)]
    done = subprocess.run(asked, env=environment(PYTHONPATH=str(ROOT)), capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(-signal.SIGKILL)] * 6 + ["0"]
    first, second = kept[:2]
    assert [folder for folder in kept if folder.exists()] == [first]
    assert sorted(path.relative_to(first).as_posix() for path in first.rglob("*")) == [
        "bundle", "bundle/bundle.json", "judged.csv",
    ]  # fmt: skip
    said = texts()
    assert [folder for folder in kept if f".{folder.name}." in said] == kept[1:6]
    assert run_main("train", "--finish", second) == 2
    assert f"{second}: no kept training" in capsys.readouterr().err
    said = texts()
    assert [folder for folder in kept if f".{folder.name}." in said] == kept[2:6]
    assert run_main("store", "clean", "--yes") == 0
    assert [path for path in shelf.folder.iterdir() if "silion-trained" in path.name] == [first]


def test_a_backup_is_a_store_of_its_own(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The run and its files are read from the copy, after what it was made from has gone."""
    run = shelf.client.create_run("1").info.run_id
    shelf.client.log_text(run, "0.0016 S/cm", "answer.txt")
    assert run_main("store", "backup", "../kept") == 0
    copy = shelf.folder.parent / "kept" / "mlflow.db"
    assert f"MLFLOW_TRACKING_URI=sqlite:///{copy}" in capsys.readouterr().out
    assert run_main("store", "backup", "../kept") == 2
    assert "nothing was copied: ../kept exists" in capsys.readouterr().err
    shutil.rmtree(shelf.folder / "mlartifacts")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{copy}")
    assert registry.run_file(run, "answer.txt") == "0.0016 S/cm"
    assert [version.aliases for version in registry.versions()] == [("champion",)]


OLD = "cfd24bdc0731"
"""An early revision of MLflow's tables, long before versions had aliases."""


def test_a_store_of_an_older_mlflow_opens_after_its_upgrade(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tables are made by MLflow's own steps up to an old one, and a version is written into them: the bundle of the
    first format, which predicts from there as from its folder."""
    store, first, model = tmp_path / "mlflow.db", Path(__file__).parents[1] / "bundles" / "v1", tmp_path / "model"
    shutil.copytree(first, model / registry.BUNDLE_INSIDE)
    uri = f"sqlite:///{store}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    engine = create_engine(uri)
    InitialBase.metadata.create_all(engine)
    engine.dispose()
    with registry.quiet():
        command.upgrade(_get_alembic_config(uri), OLD)
    with closing(sqlite3.connect(store)) as tables, tables:
        tables.execute("INSERT INTO registered_models (name) VALUES ('silion')")
        tables.execute(
            "INSERT INTO model_versions (name, version, current_stage, source, run_id) "
            "VALUES ('silion', 1, 'None', ?, 'r')",
            [model.as_uri()],
        )
    assert run_main("store", "backup", tmp_path / "kept") == 0  # before the upgrade, as docs/server.md says
    asked = [sys.executable, "-m", "mlflow", "db", "upgrade", uri]
    subprocess.run(asked, check=True, capture_output=True, timeout=300)
    assert [version.version for version in registry.versions()] == ["1"]
    (tmp_path / "in.csv").write_text("electrolyte\nLi6PS5Cl\n", encoding="utf-8")
    for name, reference in (("store", "1"), ("folder", first)):
        assert run_main("predict", tmp_path / "in.csv", "-o", tmp_path / f"{name}.csv", "--model", reference) == 0
    assert (tmp_path / "store.csv").read_bytes() == (tmp_path / "folder.csv").read_bytes()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'kept' / 'mlflow.db'}")
    assert [version.version for version in registry.versions()] == ["1"]  # MLflow brings it up to date as it opens it
