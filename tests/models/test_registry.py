from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from models import registry
from models.registry import ModelNotFoundError, resolve
from tests.shared import ROOT, Store, environment
from tests.shelf import new_shelf


def test_sqlite_and_client_find_the_same_bundle(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store.env["MLFLOW_TRACKING_URI"])
    for reference in (None, "champion", "1", "models:/silion@champion", "models:/silion/1"):
        direct = resolve(reference)
        asked = registry._from_client((reference or "champion").removeprefix("models:/silion").lstrip("@/"))
        assert (direct / "manifest.json").read_bytes() == (asked / "manifest.json").read_bytes()
        assert direct.is_relative_to(store.folder)


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
