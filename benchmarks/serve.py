"""`silion serve` beside `mlflow models serve`: the same model, one process each, on loopback, in turns.

python -m benchmarks.serve                    latency, requests a second, a thousand designs at once
python -m benchmarks.serve --code FOLDER      the same beside another commit's server
python -m benchmarks.serve --soak 100000      mixed requests, good and bad, over 64 connections: answers and memory

The soak ends with 1 where a worker died, an answer was a failure of the server, or its memory grew.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import http.client
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.beside import Side, add_code, beside
from benchmarks.results import ROOT, write_result

ROUNDS, REQUESTS, AT_ONCE, MANY = 3, 60, 16, 1_000
CONNECTIONS = 64
WARM_SHARE = 0.2
"""Share of a soak after which memory is looked at for the first time: by then every cache has been filled."""
MOST_GROWTH = 1.05
JSON = {"Content-Type": "application/json"}
BAD: list[tuple[str, str, bytes, dict[str, str]]] = [
    ("POST", "/predict", b"{", JSON),
    ("POST", "/predict", b'{"designs": [{"electrolyte": "LLZTO", "temperature_c": 1e999}]}', JSON),
    ("POST", "/predict", b'{"designs": [{"electrolyte": ["LLZTO"]}, {"volts": 3}]}', JSON),
    ("POST", "/predict", b'{"designs": ' + b"[" * 5000, JSON),
    ("POST", "/predict/file", b"electrolyte\nLPS\n", {"Content-Type": "text/csv"}),
    ("GET", "/nothing", b"", {}),
]


def main() -> int:
    """Train a small model in a store of its own, then measure."""
    parser = argparse.ArgumentParser(description="silion serve beside mlflow models serve")
    parser.add_argument("--soak", type=int, metavar="N", help="this many mixed requests instead")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--model", metavar="FOLDER", help="soak this exported model instead of training one")
    add_code(parser)
    arguments = parser.parse_args()
    if arguments.code:
        beside("serve", arguments.code, partial(served, ["--model", arguments.model or "champion"]), ROUNDS)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        env = os.environ | {"MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db", "MLFLOW_DISABLE_TELEMETRY": "true"}
        model = ["--model", str(Path(arguments.model).resolve())] if arguments.model else []
        if not model:
            train_small(folder, env)
        if arguments.soak:
            results, code = soak(arguments.soak, arguments.workers, model, env)
        else:
            results, code = compare(env), 0
    name = "serve_soak" if arguments.soak else "serve"
    write_result(name, results)
    for key, value in results.items():
        print(f"{key:<44} {value:,.2f}" if isinstance(value, float) else f"{key:<44} {value}")
    return code


def train_small(folder: str, env: dict[str, str]) -> None:
    """Make a small training's model the champion of the store that `env` names; its report stays in a folder."""
    train = [sys.executable, "-m", "silion", "train", "--folds", "2", "--repeats", "1", "--report", f"{folder}/report"]
    subprocess.run(train, cwd=ROOT, env=env, check=True, capture_output=True)


def served(options: list[str], side: Side) -> dict[str, float]:
    """One full design at a time, the same by several at once, and a thousand designs, of one side's server."""
    single, many = (json.dumps({"designs": designs(count)}).encode() for count in (1, MANY))
    with silion_serve(options, side.env, side) as port:
        ask_single, of_many = (
            partial(send, method="POST", path="/predict", body=body, headers=JSON) for body in (single, many)
        )
        timed(port, ask_single, 5)
        return {
            "one design, ms": 1e3 * statistics.median(timed(port, ask_single, REQUESTS)),
            "processor of a request, ms": cpu_ms(port, ask_single),
            f"a request of {AT_ONCE} at once, ms": 1e3 / rate_of(port, ask_single),
            f"{MANY:,} designs, ms": 1e3 * statistics.median(timed(port, of_many, ROUNDS)),
        }


def compare(env: dict[str, str]) -> dict[str, Any]:
    """One full design, and a thousand, in turns."""
    single, many = designs(1), designs(MANY)
    ask = json.dumps({"designs": single}).encode()
    mlflow_ask = json.dumps({"dataframe_records": typed(single)}).encode()
    with silion_serve(["--model", "champion"], env) as silion_port, mlflow_serve(env) as mlflow_port:
        ways = {
            "silion": lambda connection: send(connection, "POST", "/predict", ask, JSON),
            "mlflow": lambda connection: send(connection, "POST", "/invocations", mlflow_ask, JSON),
        }
        ports = {"silion": silion_port, "mlflow": mlflow_port}
        latency: dict[str, list[float]] = {name: [] for name in ways}
        rate: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(ROUNDS):
            for name, way in ways.items():
                latency[name].append(statistics.median(timed(ports[name], way, REQUESTS)))
                rate[name].append(rate_of(ports[name], way))
        thousand = json.dumps({"designs": many}).encode()
        busy = {name: cpu_ms(port, ways[name]) for name, port in ports.items()}
        in_process = predict_here(env, many)
        pairs = []
        for _ in range(ROUNDS):
            connection = http.client.HTTPConnection("127.0.0.1", silion_port)
            began = time.perf_counter()
            send(connection, "POST", "/predict", thousand, JSON)
            served = time.perf_counter() - began
            connection.close()
            pairs.append((served, in_process()))
    with silion_serve(["--model", "champion", "--workers", "2"], env) as port:
        rate_of(port, ways["silion"], CONNECTIONS)  # warm
        two_workers = [rate_of(port, ways["silion"], CONNECTIONS) for _ in range(ROUNDS)]
    return {
        "silion_one_design_ms": 1e3 * statistics.median(latency["silion"]),
        "mlflow_one_design_ms": 1e3 * statistics.median(latency["mlflow"]),
        "silion_requests_per_s": statistics.median(rate["silion"]),
        "mlflow_requests_per_s": statistics.median(rate["mlflow"]),
        "requests_ratio": statistics.median(
            one_rate / other_rate for one_rate, other_rate in zip(rate["silion"], rate["mlflow"], strict=True)
        ),
        "silion_two_workers_requests_per_s": statistics.median(two_workers),
        "silion_thousand_designs_ms": 1e3 * statistics.median(served for served, _ in pairs),
        "in_process_thousand_designs_ms": 1e3 * statistics.median(here for _, here in pairs),
        "thousand_over_in_process": statistics.median(served / here for served, here in pairs),
        "silion_cpu_ms_a_request": busy["silion"],
        "mlflow_cpu_ms_a_request": busy["mlflow"],
        "connections": AT_ONCE,
        "rounds": ROUNDS,
    }


def soak(count: int, workers: int, model: list[str], env: dict[str, str]) -> tuple[dict[str, Any], int]:
    """Mixed requests over many connections: what was answered, how fast, and what memory did."""
    good = [json.dumps({"designs": designs(size), "curve": size == 1}).encode() for size in (1, 1, 1, 2, 10)]
    table = (ROOT / "data" / "examples" / "candidates.csv").read_bytes()
    kinds: list[tuple[str, str, bytes, dict[str, str]]] = [
        *[("POST", "/predict", body, JSON) for body in good],
        ("POST", "/explain", json.dumps({"designs": designs(1)}).encode(), JSON),
        ("POST", "/predict/file", table, {"Content-Type": "text/csv"}),
        ("GET", "/formula?text=75Li2S-25P2S5", b"", {}),
        ("GET", "/precedents?electrolyte=LLZTO", b"", {}),
        ("GET", "/schema", b"", {}),
        *BAD,
    ]
    answers: Counter[int] = Counter()
    times: list[float] = []
    with silion_serve([*model, "--workers", str(workers)], env) as port:
        pids = children(SERVER[0])

        def person(number: int) -> None:
            choose = random.Random(number)
            for _ in range(share // CONNECTIONS):
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
                for method, path, body, headers in choose.choices(kinds, k=16):
                    began = time.perf_counter()
                    answers[send(connection, method, path, body, headers)] += 1
                    times.append(time.perf_counter() - began)
                if choose.random() < 0.2:  # hang up in the middle of a body
                    with socket.create_connection(("127.0.0.1", port)) as rude:
                        rude.sendall(b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n{")
                connection.close()

        sizes, began = [], time.perf_counter()
        for part in (WARM_SHARE, 1 - WARM_SHARE):
            share = max(int(count * part) // 16, CONNECTIONS)
            with ThreadPoolExecutor(CONNECTIONS) as people:
                list(people.map(person, range(CONNECTIONS)))
            sizes.append(sum(resident_mb(pid) for pid in pids))
        seconds = time.perf_counter() - began
        alive = children(SERVER[0]) == pids
    results = {
        "requests": sum(answers.values()),
        "requests_per_s": sum(answers.values()) / seconds,
        "answers_by_code": {str(code): number for code, number in sorted(answers.items())},
        "median_ms": 1e3 * statistics.median(times),
        "p99_ms": 1e3 * statistics.quantiles(times, n=100)[98],
        "workers": workers,
        "memory_warm_mb": sizes[0],
        "memory_end_mb": sizes[1],
        "memory_growth": sizes[1] / sizes[0],
        "workers_lived": alive,
    }
    failures = sum(number for code, number in answers.items() if code >= 500)
    return results, int(failures > 0 or not alive or sizes[1] > MOST_GROWTH * sizes[0])


def designs(count: int) -> list[dict[str, Any]]:
    """Examples as JSON objects, each at another temperature so that none repeats."""
    with (ROOT / "data" / "examples" / "candidates.csv").open(encoding="utf-8", newline="") as file:
        rows = [
            {name: value for name, value in row.items() if value and name != "design"} for row in csv.DictReader(file)
        ]
    return [{**rows[number % len(rows)], "temperature_c": 20 + number / 20} for number in range(count)]


def typed(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same objects with numbers as numbers: MLflow's signature wants them."""
    from features.tables.columns import numeric_columns
    from features.tables.records import Candidate

    numbers = numeric_columns(Candidate)
    return [{name: float(value) if name in numbers else value for name, value in row.items()} for row in rows]


def send(connection: http.client.HTTPConnection, method: str, path: str, body: bytes, headers: dict[str, str]) -> int:
    connection.request(method, path, body or None, headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def timed(port: int, way: Callable[[http.client.HTTPConnection], int], count: int) -> list[float]:
    """Seconds of each of some requests over one connection; all must succeed."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    seconds = []
    for _ in range(count):
        began = time.perf_counter()
        code = way(connection)
        seconds.append(time.perf_counter() - began)
        if code != 200:
            raise RuntimeError(f"port {port} answered {code}")
    connection.close()
    return seconds


def rate_of(port: int, way: Callable[[http.client.HTTPConnection], int], at_once: int = AT_ONCE) -> float:
    """Requests a second over some connections at once."""
    began = time.perf_counter()
    with ThreadPoolExecutor(at_once) as people:
        list(people.map(lambda _: timed(port, way, REQUESTS // 2), range(at_once)))
    return at_once * (REQUESTS // 2) / (time.perf_counter() - began)


def cpu_ms(port: int, way: Callable[[http.client.HTTPConnection], int]) -> float:
    """Processor time of a request over one connection, which other work on the machine does not change."""
    pid = listener(port)
    before = processor_s(pid)
    timed(port, way, REQUESTS)
    return 1e3 * (processor_s(pid) - before) / REQUESTS


def listener(port: int) -> int:
    """The youngest process that listens on a port: the one that answers."""
    inodes = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1].endswith(f":{port:04X}") and fields[3] == "0A":
            inodes.add(f"socket:[{fields[9]}]")
    pids = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # ended, or somebody else's
            if inodes & {str(descriptor.readlink()) for descriptor in (process / "fd").iterdir()}:
                pids.append(int(process.name))
    return max(pids)


def processor_s(pid: int) -> float:
    """Processor time a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def predict_here(env: dict[str, str], rows: list[dict[str, Any]]) -> Callable[[], float]:
    """Seconds of the same call in this process, on the same objects."""
    os.environ["MLFLOW_TRACKING_URI"] = env["MLFLOW_TRACKING_URI"]
    from features.tables.records import Candidate
    from models.bundle import load_bundle
    from models.candidates import candidate_frame, usable_rows
    from models.predictor import Predictor
    from models.registry import resolve

    predictor = Predictor(load_bundle(resolve()))

    def once() -> float:
        began = time.perf_counter()
        predictor.predict(candidate_frame(usable_rows(Candidate, rows)))
        return time.perf_counter() - began

    once()
    return once


SERVER: list[int] = []
"""Process of the running `silion serve`."""


@contextmanager
def silion_serve(options: list[str], env: dict[str, str], side: Side | None = None) -> Iterator[int]:
    """Port of a `silion serve` that answers."""
    side = side or Side(ROOT)
    command = [side.python, "-m", "silion", "serve", "--port", "0", *options]
    process = subprocess.Popen(command, cwd=side.folder, env=env, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline() if process.stdout else ""
        SERVER[:] = [process.pid]
        yield int(line.split("/  ")[0].rsplit(":", 1)[1])
    finally:
        process.terminate()
        process.wait()


@contextmanager
def mlflow_serve(env: dict[str, str]) -> Iterator[int]:
    """Port of an `mlflow models serve` that answers."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    mlflow = Path(sys.executable).parent / "mlflow"
    command = [
        str(mlflow),
        "models",
        "serve",
        "-m",
        "models:/silion@champion",
        "--env-manager",
        "local",
        "-p",
        str(port),
    ]
    path = f"{mlflow.parent}{os.pathsep}{env.get('PATH', '')}"  # it starts its server by name
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, cwd=ROOT, env=env | {"PATH": path}, stdout=log, stderr=log)
        try:
            until = time.monotonic() + 180
            while time.monotonic() < until:
                try:
                    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
                    if send(connection, "GET", "/ping", b"", {}) == 200:
                        break
                except OSError:
                    time.sleep(0.5)
            yield port
        finally:
            process.terminate()
            process.wait()


def children(pid: int) -> list[int]:
    """Workers that a server has started; Python's own tracker of what processes share is none of them."""
    started = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in started if b"multiprocessing-fork" in Path(f"/proc/{child}/cmdline").read_bytes()]


def resident_mb(pid: int) -> float:
    """Memory that a process holds."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    sys.exit(main())
