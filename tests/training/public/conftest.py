"""The real tables, where they lie beside the project, and a server of public files."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import unquote

import pytest

from tests.shared import ROOT
from training.public.collect import READERS
from training.public.connector import Converted
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


class Carrier(SimpleHTTPRequestHandler):
    """A carrier that writes down what it was asked for, and breaks the connection where a file `NAME.broken` lies."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(unquote(self.path).rsplit("/", 1)[1])
        if Path(f"{self.translate_path(self.path)}.broken").exists():
            self.close_connection = True
            return
        super().do_GET()

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


@pytest.fixture
def carrier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, str, list[str]]]:
    """Folder, address and list of the files asked for."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    asked: list[str] = []
    kind = type("Asked", (Carrier,), {"asked": asked})
    folder = tmp_path / "carrier"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(kind, directory=str(folder))) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_port}/", asked
        server.shutdown()
        thread.join()
