"""A real server of `silion serve`, as people start it, in processes of its own."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any

import httpx2

from tests.shared import ROOT, environment

TOKEN = "a-token-that-nobody-guesses"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
START_S = 120


@dataclass
class Served:
    """A running server."""

    process: subprocess.Popen[str]
    url: str
    said: Path
    client: httpx2.Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = httpx2.Client(base_url=self.url, timeout=60)

    @property
    def port(self) -> int:
        return int(self.url.rstrip("/").rsplit(":", 1)[1])

    @property
    def words(self) -> str:
        """What the server has told its operator."""
        return self.said.read_text(encoding="utf-8")

    def workers(self) -> list[int]:
        """Processes that answer; Python's own tracker of what processes share is none of them."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [int(pid) for pid in children if b"multiprocessing-fork" in Path(f"/proc/{pid}/cmdline").read_bytes()]

    def wait_for(self, words: str, seconds: float = 60) -> None:
        """Wait until the server has told something."""
        until = time.monotonic() + seconds
        while words not in self.words:
            assert time.monotonic() < until, f"never said {words!r}, but:\n{self.words}"
            time.sleep(0.05)

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; gives the exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=60)


@contextmanager
def serving(model: Path, folder: Path, *options: str, token: str | None = None, **env: str) -> Iterator[Served]:
    """A server of a bundle's folder on a free port; it is gone when the block ends."""
    said = folder / "said.txt"
    asked = [sys.executable, "-m", "silion", "serve", "--model", str(model), "--port", "0", *options]
    given = environment(PYTHONPATH=str(ROOT), **({"SILION_TOKEN": token} if token else {}), **env)
    with said.open("w") as out:
        process = subprocess.Popen(asked, cwd=folder, env=given, stdout=out, stderr=out, text=True)
    served = None
    try:
        until = time.monotonic() + START_S
        while "http://" not in (words := said.read_text(encoding="utf-8")):
            assert process.poll() is None, words
            assert time.monotonic() < until, words
            time.sleep(0.05)
        served = Served(process, words[words.index("http://") :].split("/  ")[0], said)
        yield served
    finally:
        if served:
            served.client.close()
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def breaking_off(port: int, begins: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """A port that hands all on to another, but for the first answer to a request that begins so: ten bytes of its body
    come, then the end of the connection. Also the list of what was broken off."""
    broken = list[bytes]()

    class Between(BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection(("127.0.0.1", port)) as server:
                asks = threading.Thread(target=self.hand_on, args=(server,), daemon=True)
                asks.start()
                head = b""
                while piece := server.recv(65536):
                    if not self.is_to_break:
                        self.request.sendall(piece)
                    elif len((head := head + piece).partition(b"\r\n\r\n")[2]) > 10:
                        self.request.sendall(head[: head.index(b"\r\n\r\n") + 14])
                        break
                self.request.shutdown(socket.SHUT_RDWR)
                asks.join()

        is_to_break = False

        def hand_on(self, server: socket.socket) -> None:
            with suppress(OSError):
                while piece := self.request.recv(65536):
                    if piece.startswith(begins) and not broken:
                        self.is_to_break = True
                        broken.append(begins)
                    server.sendall(piece)
                server.shutdown(socket.SHUT_RDWR)

    with ThreadingTCPServer(("127.0.0.1", 0), Between) as between:
        threading.Thread(target=between.serve_forever, daemon=True).start()
        try:
            yield between.server_address[1], broken
        finally:
            between.shutdown()


def same(one: Any, other: Any) -> bool:
    """Whether two answers are the same JSON: every digit, the sign of 0, the order of names."""
    return json.dumps(one) == json.dumps(other)


def flat(result: dict[str, Any]) -> dict[str, Any]:
    """A result as the row of a table."""
    row: dict[str, Any] = {}
    for column, told in result["predictions"].items():
        for end, name in (("", "value"), ("_low", "low"), ("_high", "high"), ("_distance", "distance")):
            row[column + end] = told[name] if told else None
    row |= {"measured": "; ".join(dict.fromkeys(result["measured"].values())), "range_of": result["range_of"] or ""}
    return row | {"notice": "; ".join(result["notices"])}
