"""A worker process as its supervisor holds it."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from serving.server.processes.worker import Worker, server_config
from serving.server.settings import Settings
from serving.server.shared_folder import make_home


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
        assert worker.parent_conn.poll(30)
        assert str(worker.loaded()) == "a worker ended before it had loaded the model"
        worker.kill()
        worker.join()
        assert worker.exitcode == -9
