"""A worker process as its supervisor holds it."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import pytest

from serving.server.processes.worker import Worker, server_config
from serving.server.settings import Settings
from serving.server.shared_folder import make_home, sweep_homes


@pytest.mark.parametrize("heard", [True, False])
def test_a_worker_that_is_gone_refuses_a_model_and_keeps_nobody_waiting(tmp_path: Path, heard: bool) -> None:
    """Whether it went before it was asked, which its supervisor has heard, or while it was asked."""
    make_home(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as listen:
        worker = Worker(server_config(Settings()), listen, tmp_path, Settings())
        worker.start()
        worker.process.kill()
        if heard:
            worker.join()
        worker.order("load", 1)
        worker.process.join(30)
        worker.watch()
        assert (worker.fate(), worker.outcomes) == ("ended with -9", {})
        worker.kill()
        worker.join()
        assert worker.exitcode == -9


def test_folders_of_killed_servers_go_with_the_next_one(tmp_path: Path) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    for name in (f"silion-serve-{ended.pid}-x", f"silion-serve-{os.getpid()}-x", "silion-serve-old", "other-1-x"):
        (tmp_path / name / "model-1").mkdir(parents=True)
    sweep_homes(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "other-1-x", f"silion-serve-{os.getpid()}-x", "silion-serve-old"
    ]  # fmt: skip
