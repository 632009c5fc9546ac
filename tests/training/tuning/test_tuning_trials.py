from __future__ import annotations

from pathlib import Path

import pytest

from tests.salts import search
from training.tuning.trials import TuningStoreError, storage_path


def test_the_trials_lie_beside_a_local_store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'deep' / 'mlflow.db'}")
    assert storage_path() == tmp_path / "deep" / "tuning.db"
    assert storage_path(tmp_path) == tmp_path / "tuning.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")
    assert storage_path() == Path("tuning.db")


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "tuning.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(TuningStoreError, match=r"tuning\.db: the trials cannot be kept there: .*not a database"):
        search(tmp_path / "tuning.db", 1)


def test_a_folder_in_the_way_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TuningStoreError, match="the trials cannot be kept there"):
        search(tmp_path / "file" / "tuning.db", 1)
