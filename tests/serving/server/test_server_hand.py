"""A worker process as its supervisor holds it, and how long each waits for the other."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from serving.server.processes import supervisor, worker
from serving.server.processes.supervisor import Supervisor
from serving.server.processes.worker import Worker, server_config
from serving.server.settings import Settings
from serving.server.shared_folder import ReloadError, bundle_of, make_home, sweep_homes


@pytest.fixture
def hand(tmp_path: Path) -> Iterator[Worker]:
    """A worker that is not started."""
    make_home(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as listen:
        yield Worker(server_config(Settings()), listen, tmp_path, Settings())


def test_a_worker_that_does_not_load_a_model_is_not_waited_for(hand: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is stopped as it is told to load one; before its time is over nothing is said of it."""
    hand.start()
    try:
        os.kill(hand.pid, signal.SIGSTOP)
        hand.order("load", 1)
        assert hand.fate() is None
        monkeypatch.setattr(worker, "LOADS_S", 0.0)
        assert hand.fate() == "did not load the model within 0 s"
    finally:
        hand.kill()
        hand.join()


def test_a_supervisor_that_does_not_answer_keeps_no_client_waiting(
    hand: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody reads what the worker asks; what comes too late is not taken for the answer to the next."""
    hand._asking = threading.Lock()
    monkeypatch.setattr(worker, "RELOADS_S", 0.0)
    with pytest.raises(ReloadError, match="the supervisor did not answer within 0 s"):
        hand._ask_for_reload()
    assert hand.reload_requests.recv() == "reload"
    hand.reload_requests.send("too late")
    monkeypatch.setattr(worker, "RELOADS_S", 60.0)
    with ThreadPoolExecutor(1) as client:
        answer = client.submit(hand._ask_for_reload)
        assert hand.reload_requests.recv() == "reload"
        hand.reload_requests.send({"changed": True})
        assert answer.result() == {"changed": True}


def test_a_store_that_does_not_answer_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MLflow at a port where nobody answers: the model does not come, and nothing stands in its place."""
    before = {number: signal.getsignal(number) for number in supervisor.SIGNALS}
    threads = set(threading.enumerate())
    monkeypatch.setattr(supervisor, "COPIES_S", 0.0)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    try:
        with socket.create_server(("127.0.0.1", 0)) as store, socket.create_server(("127.0.0.1", 0)) as listen:
            monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{store.getsockname()[1]}")
            server = Supervisor(listen, None, Settings(), lambda: None, lambda text: None)
            server._home = tmp_path
            server.should_exit.set()  # no worker is started
            with pytest.raises(ReloadError, match="the model did not come within 0 s; see whether its store answers"):
                server._copy(bundle_of(tmp_path, 1))
        assert not bundle_of(tmp_path, 1).exists()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for thread in set(threading.enumerate()) - threads:
            thread.join(60)


@pytest.mark.parametrize("heard", [True, False])
def test_a_worker_that_is_gone_refuses_a_model_and_keeps_nobody_waiting(hand: Worker, heard: bool) -> None:
    """Whether it went before it was asked, which its supervisor has heard, or while it was asked."""
    hand.start()
    hand.process.kill()
    if heard:
        hand.join()
    hand.order("load", 1)
    hand.process.join(30)
    hand.watch()
    assert (hand.fate(), hand.outcomes) == ("ended with -9", {})
    hand.kill()
    hand.join()
    assert hand.exitcode == -9


def test_folders_of_killed_servers_go_with_the_next_one(tmp_path: Path) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    for name in (f"silion-serve-{ended.pid}-x", f"silion-serve-{os.getpid()}-x", "silion-serve-old", "other-1-x"):
        (tmp_path / name / "model-1").mkdir(parents=True)
    sweep_homes(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "other-1-x", f"silion-serve-{os.getpid()}-x", "silion-serve-old"
    ]  # fmt: skip
