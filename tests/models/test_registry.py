from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlparse
from urllib.request import url2pathname

import pytest

from models import registry
from models.registry import ModelNotFoundError, resolve
from models.saved.pointer import pointer_of, state_of
from tests.shared import ROOT, Store, environment
from tests.shelf import Shelf, new_shelf
from training.promotion import champion


def test_sqlite_and_client_find_the_same_bundle(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store.env["MLFLOW_TRACKING_URI"])
    for reference in (None, "champion", "1", "models:/silion@champion", "models:/silion/1"):
        direct = resolve(reference)
        asked = registry._from_client((reference or "champion").removeprefix("models:/silion").lstrip("@/"))
        assert (direct / "manifest.json").read_bytes() == (asked / "manifest.json").read_bytes()
        assert direct.is_relative_to(store.folder)


@pytest.fixture
def shelf(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    return new_shelf(tmp_path, tmp_path_factory, monkeypatch)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What MLflow's client was asked for."""
    names, ask = list[str](), registry._from_client

    def noted(wanted: str) -> Path:
        names.append(wanted)
        return ask(wanted)

    monkeypatch.setattr(registry, "_from_client", noted)
    return names


MOVE = """
import sys, mlflow
for line in sys.stdin:
    uri, what, version = line.split()
    client = mlflow.MlflowClient(uri, uri)
    if what == "delete":
        client.delete_model_version("silion", version)
    else:
        client.set_registered_model_alias("silion", what, version)
    print(flush=True)
"""


Move = Callable[[Shelf, str, str], None]


@pytest.fixture(scope="module")
def behind_our_back() -> Iterator[Move]:
    """Move an alias or delete a version by MLflow's own client, in another process, which starts once."""
    env = environment(PYTHONWARNINGS="ignore")
    with subprocess.Popen(
        [sys.executable, "-c", MOVE], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:

        def move(shelf: Shelf, what: str, version: str) -> None:
            assert other.stdin
            assert other.stdout
            print(shelf.uri, what, version, file=other.stdin, flush=True)
            assert other.stdout.readline() == "\n"

        yield move


def version_of(folder: Path, shelf: Shelf) -> str:
    """The version whose bundle that is."""
    for version in registry.versions():
        if folder.is_relative_to(shelf.folder / f"model-{version.run_id}"):
            return version.version
    raise AssertionError(folder)


def test_a_look_up_asks_mlflow_once_and_again_after_any_change(
    shelf: Shelf, bundle_folder: Path, asked: list[str], behind_our_back: Move
) -> None:
    """A store that was made before: nothing is written down beside it until it is asked."""
    for alias in ("champion", None):
        shelf.add(bundle_folder, None, alias)
    assert not pointer_of(shelf.folder / "mlflow.db").exists()
    assert [version_of(resolve(), shelf) for _ in range(3)] == ["1"] * 3
    assert asked == ["champion"]
    assert [version_of(resolve(reference), shelf) for reference in ("2", "1", "2", "champion")] == ["2", "1", "2", "1"]
    assert asked == ["champion", "2", "1"]
    behind_our_back(shelf, "champion", "2")
    assert [version_of(resolve(reference), shelf) for reference in ("champion", "champion", "1")] == ["2", "2", "1"]
    assert asked == ["champion", "2", "1", "champion", "1"]
    behind_our_back(shelf, "champion", "1")  # the store says again what it said before, but it is another state
    assert version_of(resolve(), shelf) == "1"


def test_moves_of_the_champion_write_down_where_it_is(shelf: Shelf, bundle_folder: Path, asked: list[str]) -> None:
    for alias in ("champion", None):
        shelf.add(bundle_folder, None, alias)
    assert version_of(resolve(), shelf) == "1"
    for move, expected in (
        (lambda: champion.make_champion("2", "1", {}), "2"),
        (lambda: champion.restore_previous("on trial"), "1"),
    ):
        move()
        asked.clear()
        assert version_of(resolve(), shelf) == expected
        assert asked == []


def test_a_deleted_version_is_not_found_any_more(shelf: Shelf, bundle_folder: Path, behind_our_back: Move) -> None:
    for alias in ("champion", None):
        shelf.add(bundle_folder, None, alias)
    assert version_of(resolve("2"), shelf) == "2"
    behind_our_back(shelf, "delete", "2")
    with pytest.raises(ModelNotFoundError, match=r"no model '2' .* versions there: 1 \(champion\)"):
        resolve("2")
    behind_our_back(shelf, "delete", "1")
    with pytest.raises(ModelNotFoundError, match="no model 'champion'"):
        resolve()


def test_a_copied_store_is_asked_itself(
    shelf: Shelf, bundle_folder: Path, asked: list[str], monkeypatch: pytest.MonkeyPatch, behind_our_back: Move
) -> None:
    """Copied with all files beside it and with their times, also over the store itself."""
    for alias in ("champion", None):
        shelf.add(bundle_folder, None, alias)
    resolve()
    other, path = shelf.folder / "other", shelf.folder / "mlflow.db"
    other.mkdir()
    for source in (path, pointer_of(path)):
        shutil.copy2(source, other / source.name)
    behind_our_back(shelf, "champion", "2")
    assert version_of(resolve(), shelf) == "2"
    asked.clear()
    shutil.copy2(other / path.name, path)
    assert version_of(resolve(), shelf) == "1"
    assert asked == ["champion"]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{other / path.name}")
    assert resolve().is_dir()
    assert asked == ["champion", "champion"]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"store": null}',
        '{"store": STATE, "folders": 1}',
        '{"store": STATE, "folders": {"champion": 1}}',
    ],
)
def test_a_file_that_says_nothing_is_written_anew(
    shelf: Shelf, bundle_folder: Path, asked: list[str], content: str
) -> None:
    shelf.add(bundle_folder, None, "champion")
    path = shelf.folder / "mlflow.db"
    pointer_of(path).write_text(content.replace("STATE", str(state_of(path))), encoding="utf-8")
    assert [version_of(resolve(), shelf) for _ in range(2)] == ["1"] * 2
    assert asked == ["champion"]


def test_a_store_that_counts_no_changes_is_always_asked(shelf: Shelf, bundle_folder: Path, asked: list[str]) -> None:
    """In write-ahead mode a change may leave the file as it was."""
    shelf.add(bundle_folder, None, "champion")
    with closing(sqlite3.connect(shelf.folder / "mlflow.db")) as store:
        store.execute("PRAGMA journal_mode=WAL")
        assert [version_of(resolve(), shelf) for _ in range(2)] == ["1"] * 2
    assert asked == ["champion"] * 2


def test_a_bundle_that_is_gone_is_asked_for(shelf: Shelf, bundle_folder: Path, asked: list[str]) -> None:
    shelf.add(bundle_folder, None, "champion")
    shutil.rmtree(resolve())
    with pytest.raises(registry.StoreError, match="cannot be used"):
        resolve()
    assert asked == ["champion"] * 2


def test_a_folder_is_its_own_reference(bundle_folder: Path) -> None:
    assert resolve(str(bundle_folder)) == bundle_folder


def test_what_is_not_there_says_what_is(store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store.env["MLFLOW_TRACKING_URI"])
    with pytest.raises(ModelNotFoundError, match=r"no model 'challenger' .* versions there: 1 \(champion\)"):
        resolve("challenger")
    with pytest.raises(ModelNotFoundError, match="no model bundle here"):
        resolve(str(tmp_path / "nowhere"))


@pytest.mark.parametrize("uri", ["nonsense://x", "http://127.0.0.1:9"])
def test_a_store_that_cannot_be_used_is_one_clear_error(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(registry.StoreError, match=f"the MLflow store {uri} cannot be used"):
        registry.check_store()


def test_a_damaged_store_is_one_clear_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("no database", encoding="utf-8")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    with pytest.raises(registry.StoreError, match="cannot be used"):
        registry.versions()


def test_asking_makes_no_store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    assert registry.versions() == []
    with pytest.raises(ModelNotFoundError, match="there is no store"):
        resolve()
    assert list(tmp_path.iterdir()) == []


def test_a_version_is_found_by_alias_number_and_address(
    bundle_folder: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = new_shelf(tmp_path, tmp_path_factory, monkeypatch)
    with pytest.raises(ModelNotFoundError, match=r"no model 'champion' .* versions there: none"):
        registry.find("champion")
    shelf.add(bundle_folder, None, "champion")
    shelf.add(bundle_folder, None, "challenger")
    for reference in ("2", "challenger", "models:/silion@challenger", "models:/silion/2"):
        assert registry.find(reference).version == "2"
    with pytest.raises(ModelNotFoundError, match=r"no model '3' .* there: 2 \(challenger\), 1 \(champion\)"):
        registry.find("3")


def test_a_file_of_a_run_is_read_or_is_not_there(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store.env["MLFLOW_TRACKING_URI"])
    run = registry.find("champion").run_id
    written = (store.folder / "report" / "skill.csv").read_text(encoding="utf-8")
    assert registry.run_file(run, "report/skill.csv") == written
    assert registry.run_file(run, "report/none.csv") is None
    assert registry.run_file(run, "none/none.csv") is None
    with pytest.raises(registry.StoreError, match=r"cannot be used: .*no-such-run"):
        registry.run_file("no-such-run", "report/skill.csv")


READ_ONLY = """
import os, sys
import mlflow.store.model_registry.sqlalchemy_store, mlflow.store.tracking.sqlalchemy_store, sqlalchemy.dialects.sqlite
from models.registry import StoreError, check_store
if os.geteuid() == 0:
    os.setuid(65534)  # root may write anything
try:
    check_store()
except StoreError as error:
    print(error)
"""


@pytest.mark.slow
def test_a_store_that_cannot_be_written_is_noticed_before_any_work(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = new_shelf(tmp_path, tmp_path_factory, monkeypatch)
    registry.check_store()
    with tempfile.TemporaryDirectory() as name:  # the test's own folder is closed to others
        folder, path = Path(name), Path(name) / "mlflow.db"
        folder.chmod(0o755)
        shutil.copyfile(shelf.folder / "mlflow.db", path)
        path.chmod(0o444)
        asked = [sys.executable, "-c", READ_ONLY]
        env = environment(MLFLOW_TRACKING_URI=f"sqlite:///{path}", PYTHONPATH=str(ROOT), PYTHONWARNINGS="ignore")
        done = subprocess.run(asked, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert f"{path} is read-only; make it writable, or name another store" in done.stdout, done.stderr


def test_a_moved_store_says_so_and_is_mended(
    shelf: Shelf, bundle_folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A store with its files beside it, copied whole: never the files of the original, nor a message without an end."""
    shelf.add(bundle_folder, None, "champion")
    path = shelf.folder / "mlflow.db"
    with closing(sqlite3.connect(path)) as store, store:
        (source,) = store.execute("SELECT source FROM model_versions").fetchone()
        model = Path(url2pathname(urlparse(source).path))
        beside = shelf.folder / "mlartifacts" / "1" / "models" / "m-1" / "artifacts"
        shutil.copytree(model, beside)
        for column in ("source", "storage_location"):
            store.execute(f"UPDATE model_versions SET {column} = ?", (beside.as_uri(),))
    assert resolve().is_relative_to(shelf.folder / "mlartifacts")
    copy = shelf.folder / "copy"
    copy.mkdir()
    shutil.copy2(path, copy / "mlflow.db")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{copy / 'mlflow.db'}")
    resolve()
    assert "copied or moved" in caplog.text
    assert f"copy {shelf.folder / 'mlartifacts'} to {copy / 'mlartifacts'}, then" in caplog.text
    shutil.copytree(shelf.folder / "mlartifacts", copy / "mlartifacts")
    with pytest.raises(registry.StoreError, match="`silion models mend` makes them those beside it"):
        resolve()
    assert registry.mend_store() >= 2
    assert resolve().is_relative_to(copy / "mlartifacts")
    assert registry.mend_store() == 0
    shutil.rmtree(shelf.folder / "mlartifacts")
    with closing(sqlite3.connect(copy / "mlflow.db")) as store, store:
        store.execute("UPDATE model_versions SET source = ?, storage_location = ?", (beside.as_uri(), beside.as_uri()))
    with pytest.raises(registry.StoreError, match="copied or moved"):
        resolve()
