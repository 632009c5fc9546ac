"""The real tables, where they lie beside the project."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.shared import ROOT
from training.public.collect import READERS
from training.public.converted import Converted
from training.public.sources import SOURCES

DATASETS = ROOT.parent / "shared" / "datasets"


@pytest.fixture(scope="session")
def datasets() -> Path:
    if not DATASETS.is_dir():
        pytest.skip(f"the public tables are kept beside the project, never in it; no {DATASETS} here")
    return DATASETS


@pytest.fixture(scope="session")
def tables(datasets: Path) -> dict[str, Converted]:
    return {name: reader(datasets / name) for name, reader in READERS.items()}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SILION_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def own_copy(datasets: Path, tmp_path: Path) -> Callable[[str], Path]:
    """A copy of one table that a test may spoil."""

    def copied(name: str) -> Path:
        folder = tmp_path / "given"
        folder.mkdir()
        for file in SOURCES[name].files:
            shutil.copyfile(datasets / name / file, folder / file)
        return folder

    return copied
