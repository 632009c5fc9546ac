from __future__ import annotations

from pathlib import Path

import pytest

from models import registry
from models.registry import ModelNotFoundError, resolve
from tests.shared import Store


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
