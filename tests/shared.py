"""Types and places the tests share."""

from __future__ import annotations

import fcntl
import os
import socket
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from silion import main

ROOT = Path(__file__).resolve().parent.parent
REPORTED = date(2026, 1, 2)
"""Day that the shared report bears."""
LONGEST = "tutorial new_paper tracking many_people training_faults docs tutorials install train".split()
"""Files that take a minute or more, which come first: at the end of a run the workers share what is short."""


@dataclass(frozen=True)
class Finished:
    """A finished command."""

    code: int
    out: str
    err: str


Command = Callable[..., Finished]


@dataclass(frozen=True)
class Store:
    """A sqlite store with one registered champion, and the report of its training. Read it; do not write to it."""

    folder: Path
    trained: Finished

    @property
    def env(self) -> dict[str, str]:
        return {"MLFLOW_TRACKING_URI": f"sqlite:///{self.folder / 'mlflow.db'}"}


def environment(**changed: str) -> dict[str, str]:
    """The environment of a child process: this one's, without any MLflow setting, with our interpreter first."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}"
    return {**kept, "PATH": path, "MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONWARNINGS": "default", **changed}


def run_main(*arguments: str | Path) -> int:
    """A command in this process, beside the main thread, whose signals stay as they are."""
    with ThreadPoolExecutor(1) as worker:
        return worker.submit(main, [str(each) for each in arguments]).result()


def free_port() -> str:
    """A port of this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return str(server.getsockname()[1])


@contextmanager
def alone(folder: Path) -> Iterator[Path]:
    """The folder, made if need be, while no other worker is at it."""
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder
