"""What clients of `silion serve` notice when a worker is killed, when one stops, and when the model changes.

    python -m benchmarks.serve_faults [--model FOLDER] [--connections 8] [--rounds 3]

Beside each, the same load with nothing done to the server. Every client sends again once what a dropped connection left
without an answer, by urllib3's `Retry`: both are told, what was dropped and what is lost after that. Ends with 1 where
an answer was lost, or was no success.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count, pairwise
from pathlib import Path
from typing import Any, Self

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from benchmarks.results import ROOT, write_result
from benchmarks.serve import SERVER, children, designs, silion_serve
from models.bundle import Bundle, load_bundle, save_bundle
from serving.server.settings import TOKEN_VARIABLE

SETTLED_S, WATCHED_S, WORKERS = 1.0, 8.0, 2
"""Seconds of load before and after what is done; workers of the server."""
BROKEN_OFF = requests.exceptions.ChunkedEncodingError


class Load:
    """Clients that ask one after the other, each over a connection of its own."""

    def __init__(self, url: str, token: str, connections: int) -> None:
        self.url, self.token = url, token
        self.answered: list[float] = []
        self.dropped, self.lost, self.refused = list[str](), list[str](), list[int]()
        self._ends, self._people = threading.Event(), ThreadPoolExecutor(connections)
        self._asking = [self._people.submit(self._ask, place) for place in range(connections)]

    def session(self) -> requests.Session:
        """A client that sends again once, and says what it had to send again for."""
        dropped = self.dropped

        class Noted(Retry):
            def increment(self, *arguments: Any, **named: Any) -> Self:
                dropped.append(repr(named.get("error"))[:80])
                return super().increment(*arguments, **named)

        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {self.token}"
        session.mount("http://", HTTPAdapter(max_retries=Noted(1, allowed_methods=None)))
        return session

    def _ask(self, place: int) -> None:
        rows = designs(1_000)
        with self.session() as session:
            for number in count(place):
                if self._ends.is_set():
                    return
                post = partial(
                    session.post, f"{self.url}/predict", json={"designs": [rows[number % len(rows)]]}, timeout=60
                )
                try:
                    try:
                        answer = post()
                    except BROKEN_OFF as error:  # `Retry` sends again what got no answer, not what got a part of one
                        self.dropped.append(repr(error)[:80])
                        answer = post()
                except (requests.ConnectionError, BROKEN_OFF) as error:
                    self.lost.append(repr(error)[:80])
                    continue
                self.answered.append(time.monotonic())
                if answer.status_code != 200:
                    self.refused.append(answer.status_code)

    def end(self) -> None:
        """Let every client finish what it has begun."""
        self._ends.set()
        for client in self._asking:
            client.result()
        self._people.shutdown()

    def longest_gap_s(self, since: float) -> float:
        """Longest time without an answer to anybody."""
        times = [since, *sorted(moment for moment in self.answered if moment > since)]
        return max(later - earlier for earlier, later in pairwise(times))


def main() -> int:
    """Serve a model, and do each thing to the server under load."""
    parser = argparse.ArgumentParser(description="what clients notice of kills, stops and reloads")
    parser.add_argument("--model", type=Path, default=ROOT / "tests" / "bundles" / "v1", metavar="FOLDER")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    token = secrets.token_hex(16)
    with tempfile.TemporaryDirectory() as folder:
        models = two_models(arguments.model, Path(folder))
        champion = Path(folder, "champion")
        shutil.copytree(models[0], champion)
        env = os.environ | {TOKEN_VARIABLE: token}
        with silion_serve(["--model", str(champion), "--workers", str(WORKERS)], env) as port:
            url = f"http://127.0.0.1:{port}"

            def reload(number: int) -> None:
                shutil.rmtree(champion)
                shutil.copytree(models[(number + 1) % 2], champion)
                answer = requests.post(f"{url}/admin/reload", headers={"Authorization": f"Bearer {token}"}, timeout=250)
                if not answer.json().get("changed"):
                    raise RuntimeError(f"not reloaded: {answer.text}")

            faults: dict[str, Callable[[int], None]] = {
                "nothing": lambda number: None,
                "reload": reload,
                "killed": lambda number: os.kill(children(SERVER[0])[0], signal.SIGKILL),
                "stopped": lambda number: os.kill(children(SERVER[0])[0], signal.SIGSTOP),
            }
            results = {
                name: [under(fault, number, url, token, arguments.connections) for number in range(arguments.rounds)]
                for name, fault in faults.items()
            }
    write_result("serve_faults", results)
    print(f"{'':10} {'longest gap, s (all rounds)':32} {'answers':>8} {'dropped':>8} {'lost':>5} {'refused':>8}")
    for name, rounds in results.items():
        gaps = ", ".join(f"{outcome['longest_gap_s']:.2f}" for outcome in rounds)
        totals = [sum(outcome[key] for outcome in rounds) for key in ("answers", "dropped", "lost", "refused")]
        print("{:10} {:32} {:8} {:8} {:5} {:8}".format(name, gaps, *totals))
    return int(any(outcome["lost"] or outcome["refused"] for rounds in results.values() for outcome in rounds))


def under(fault: Callable[[int], None], number: int, url: str, token: str, connections: int) -> dict[str, Any]:
    """Do something to the server under load."""
    load = Load(url, token, connections)
    time.sleep(SETTLED_S)
    began = time.monotonic()
    fault(number)
    took = time.monotonic() - began
    time.sleep(max(0.0, WATCHED_S - took))
    load.end()
    return {
        "longest_gap_s": load.longest_gap_s(began),
        "answers": len(load.answered),
        "dropped": len(load.dropped),
        "lost": len(load.lost),
        "refused": len(load.refused),
        "took_s": took,
        "why": sorted({*load.dropped, *load.lost}),
    }


def two_models(model: Path, folder: Path) -> tuple[Path, Path]:
    """The model, and the same under another identity."""
    bundle = load_bundle(model)
    twin = Bundle(bundle.parts, bundle.facts | {"copy": 2}, bundle.capacities)
    return model, save_bundle(twin, folder / "other")


if __name__ == "__main__":
    sys.exit(main())
