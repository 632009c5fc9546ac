"""What hostile requests of at most 16 MB do to a worker of `silion serve`: its memory, and the time to its answer.

    python -m benchmarks.serve_memory [--model FOLDER] [--only WORD] [--bound 400]

Each request goes to the one worker of a real server. `rise` is the most that the worker held during the request, over
what it held before; `stays` what it holds after, over what it held after its first answers; `others` the longest time
that `/health` took meanwhile: 4 s of silence are what a worker is replaced for. Ends with 1 where a worker rose by more
than the bound, was replaced, or gave no answer, where one took longer than a request may, or a refusal more than two
seconds of the processor. Without `--model` a small one is trained: it knows what a laboratory's own rows are for.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import socket
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import requests

from benchmarks.serve import SERVER, children, silion_serve, train_small
from features.tables.sheets import WORKBOOK_TYPE
from serving.server.replies import MOST_OBJECTS, MOST_VALUES
from serving.server.settings import TOKEN_VARIABLE

JSON, CSV, PARQUET = "application/json", "text/csv", "application/vnd.apache.parquet"
FULL: dict[str, Any] = {
    "anode": "micro-Si", "silicon_wt_pct": 70, "stack_pressure_mpa": 5, "counter_electrode": "NCM811", "cycle": 50
}  # fmt: skip
REFUSED_S = 2.0
"""Processor time that a refusal may take."""
Asked = tuple[str, bytes, str]
"""Path, body and type of a request."""


def of_json(path: str, **body: Any) -> Asked:
    """A request in JSON."""
    return path, json.dumps(body).encode(), JSON


def full_designs(count: int, **fields: Any) -> list[dict[str, Any]]:
    """Designs with an anode, no two alike."""
    return [
        {"electrolyte": f"Li{6 + number / 20_000:.5f}PS5Cl", "temperature_c": 20 + number / 200, **FULL, **fields}
        for number in range(count)
    ]


def measured_designs(count: int) -> list[dict[str, Any]]:
    """Designs with a conductivity, no two alike."""
    names = ("electrolyte", "temperature_c")
    return [{**{name: row[name] for name in names}, "conductivity_s_per_cm": 0.01} for row in full_designs(count)]


def measured_cells(count: int) -> list[dict[str, Any]]:
    """Cells with all that can be measured, no two alike."""
    return full_designs(count, conductivity_s_per_cm=0.01, ice_pct=80, retention_pct=85)


def zeros(count: int) -> bytes:
    """A list of so many zeros, as JSON."""
    return b"[" + b"0," * (count - 1) + b"0]"


def csv_of(row: str, rows: int, columns: int = 98) -> Asked:
    """A table of one row many times, filled with numbers."""
    head = ",".join(["electrolyte", *(f"c{number}" for number in range(columns))])
    return "/predict/file", f"{head}\n{(row + ',1234567890123' * columns + chr(10)) * rows}".encode(), CSV


def parquet_of(columns: dict[str, list[str]]) -> Asked:
    """A compressed Parquet table."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    out = io.BytesIO()
    pq.write_table(pa.table(columns), out, compression="zstd")
    return "/predict/file", out.getvalue(), PARQUET


def workbook_of(rows: int, columns: int) -> Asked:
    """A workbook of small numbers, without places: it packs to next to nothing."""
    import openpyxl

    book, out = io.BytesIO(), io.BytesIO()
    openpyxl.Workbook().save(book)
    cells = "".join(f'<row r="{row}">' + '<c t="n"><v>1</v></c>' * columns + "</row>" for row in range(1, rows + 1))
    sheet = f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{cells}'
    with zipfile.ZipFile(book) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            content = f"{sheet}</sheetData></worksheet>" if part.endswith("sheet1.xml") else old.read(part)
            new.writestr(part, content)
    return "/predict/file", out.getvalue(), WORKBOOK_TYPE


def cycling(cells: int, cycles: int) -> str:
    """Cells with so many cycles each, as a table."""
    rows = (f"{cell},{cycle},{1.1 - 0.0005 * cycle:.4f}" for cell in range(cells) for cycle in range(1, cycles + 1))
    return "cell,cycle,capacity_ah\n" + "\n".join(rows)


HOSTILE: dict[str, Callable[[], Asked]] = {
    "zeros for designs": lambda: ("/predict", b'{"designs": ' + zeros(MOST_VALUES - 1) + b"}", JSON),
    "empty designs": lambda: ("/predict", b'{"designs": [' + b"{}," * (MOST_OBJECTS - 3) + b"{}]}", JSON),
    "names without end": lambda: of_json("/predict", **dict.fromkeys(map(str, range(400_000)), 0)),
    "deep JSON": lambda: ("/predict", b'{"designs": ' + b"[" * 90_000, JSON),
    "one text of 15.9 MB": lambda: of_json("/predict", designs=[{"electrolyte": "x" * 15_900_000}]),
    "10,000 designs, 49 unknown names each": lambda: of_json(
        "/predict", designs=[{"electrolyte": "Li3N"}] + [{f"q{n}": 1 for n in range(49)}] * 9_999
    ),
    "10,000 bad designs with notes": lambda: of_json(
        "/predict", designs=[{"electrolyte": "Qz", "note": "x" * 1_400}] * 10_000
    ),
    "10,000 full designs": lambda: of_json("/predict", designs=full_designs(10_000)),
    "1,500 full designs, 20 nearest rows": lambda: of_json("/predict", designs=full_designs(1_500), precedents=20),
    "10,000 full designs, 20 nearest rows": lambda: of_json("/predict", designs=full_designs(10_000), precedents=20),
    "10,000 full designs, 1,000 measured": lambda: of_json(
        "/predict", designs=full_designs(10_000), measured=measured_designs(1_000)
    ),
    "1,000 full designs, 1,000 measured": lambda: of_json(
        "/predict", designs=full_designs(1_000), measured=measured_designs(1_000)
    ),
    "1,000 full designs, 1,000 measured cells": lambda: of_json(
        "/predict", designs=full_designs(1_000), measured=measured_cells(1_000)
    ),
    "10,000 full designs, 100 measured cells": lambda: of_json(
        "/predict", designs=full_designs(10_000), measured=measured_cells(100)
    ),
    "10 designs with curve, 1,000 measured": lambda: of_json(
        "/predict", designs=full_designs(10), curve=True, precedents=20, measured=measured_designs(1_000)
    ),
    "20 designs explained": lambda: of_json("/explain", designs=full_designs(20), top=200),
    "20 designs compared": lambda: of_json("/compare", designs=full_designs(20)),
    "lives of 10,000 cells": lambda: of_json("/life", table=cycling(10_000, 20), at_least=list(range(300, 320))),
    "lives of 1,000 cells, 490 cycles": lambda: of_json("/life", table=cycling(1_000, 490)),
    "lives of 10 cells beside 450 of one's own": lambda: of_json(
        "/life", table=cycling(10, 100), finished=cycling(450, 990)
    ),
    "CSV of 13.7 MB": lambda: csv_of("LLZTO", 9_999),
    "CSV of 13.6 MB, no good row": lambda: csv_of("Qz", 9_999),
    "CSV with a cell of 15.9 MB": lambda: ("/predict/file", b"electrolyte\n" + b"L" * 15_900_000 + b"\n", CSV),
    "Parquet with a cell of 1 GB": lambda: parquet_of({"electrolyte": ["x" * 1_000_000_000]}),
    "Parquet of 10,000 cells of 120 kB": lambda: parquet_of({"electrolyte": ["x" * 120_000] * 10_000}),
    "xlsx of 700,000 cells": lambda: workbook_of(7_000, 100),
    "xlsx of 100,000 cells": lambda: workbook_of(5_000, 20),
}  # fmt: skip


class Worker:
    """The one worker of a server."""

    def __init__(self) -> None:
        [self.pid] = children(SERVER[0])
        self.base_mb = 0.0

    def mb(self, name: str) -> float:
        """`VmRSS` or `VmHWM`; NaN where the process is gone."""
        try:
            size = re.search(rf"{name}:\s+(\d+)", Path(f"/proc/{self.pid}/status").read_text())
        except OSError:
            size = None
        return int(size[1]) * 1024 / 1e6 if size else float("nan")

    def cpu_s(self) -> float:
        """Processor time so far, that of ended children included; NaN where the process is gone."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return float("nan")
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")

    def forget_peak(self) -> None:
        """Begin to look for the most that is held anew."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")


def ask(url: str, request: Asked) -> str:
    """Ask once; the code and the size of the answer, or what became of the connection."""
    path, body, kind = request
    try:
        answer = requests.post(url + path, data=body, headers={"Content-Type": kind}, timeout=90)
    except requests.RequestException as error:
        return type(error).__name__
    return f"{answer.status_code}, {len(answer.content) / 1e6:.1f} MB"


class Others:
    """Somebody who asks for `/health` all the time; the longest time that an answer took."""

    def __init__(self, url: str) -> None:
        self.longest_s, self._url, self._ends = 0.0, url, threading.Event()
        self._asking = threading.Thread(target=self._ask)

    def __enter__(self) -> Others:
        self._asking.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._asking.join()

    def _ask(self) -> None:
        while not self._ends.is_set():
            began = time.monotonic()
            with suppress(requests.RequestException):
                requests.get(f"{self._url}/health", timeout=60)
            self.longest_s = max(self.longest_s, time.monotonic() - began)
            self._ends.wait(0.02)


def unfinished(url: str, count: int, size: int) -> str:
    """Begin so many bodies of a size and end none of them; a small question meanwhile."""
    port = int(url.rsplit(":", 1)[1])
    head = f"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: {JSON}\r\nContent-Length: {size + 9}\r\n\r\n"
    with ExitStack() as connections:
        for _ in range(count):
            connection = connections.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30))
            with_body = head.encode() + b"x" * size
            try:
                connection.sendall(with_body)
            except OSError:  # refused before all of it was sent
                continue
        time.sleep(2)
        return "meanwhile " + ask(url, of_json("/predict", designs=full_designs(1)))


BODIES = {"900 unfinished bodies of 262 kB": (900, 262_000), "60 unfinished bodies of 15.9 MB": (60, 15_900_000)}


def main() -> int:
    """Serve a model, and send each request to its worker."""
    parser = argparse.ArgumentParser(description="memory of a worker under hostile requests")
    parser.add_argument("--model", type=Path, metavar="FOLDER")
    parser.add_argument("--only", default="", metavar="WORD", help="requests whose name holds it")
    parser.add_argument("--bound", type=float, default=400.0, metavar="MB")
    arguments = parser.parse_args()
    env = {name: value for name, value in os.environ.items() if name != TOKEN_VARIABLE}
    failed = 0
    with tempfile.TemporaryDirectory() as store:
        env["MLFLOW_TRACKING_URI"] = f"sqlite:///{store}/mlflow.db"
        if not arguments.model:
            train_small(store, env)
        with silion_serve(["--model", str(arguments.model or "champion"), "--workers", "1"], env) as port:
            url, worker = f"http://127.0.0.1:{port}", Worker()
            for count in (1, 25, 1):
                ask(url, of_json("/predict", designs=full_designs(count)))
            base = worker.mb("VmRSS")
            print(f"{'base':42} {base:5.0f} MB")
            columns = ("rise, MB", "stays, MB", "CPU, s", "time, s", "others, s")
            print(
                f"{'':42} {'body, MB':>8} {columns[0]:>8} {columns[1]:>9} {columns[2]:>6} {columns[3]:>7} {columns[4]}"
            )
            for name in (*HOSTILE, *BODIES):
                if arguments.only not in name:
                    continue
                worker.forget_peak()
                before, before_mb = worker.cpu_s(), worker.mb("VmRSS")
                size, send = (BODIES[name][1], None) if name in BODIES else (0, HOSTILE[name]())
                began = time.monotonic()
                with Others(url) as others:
                    answer = ask(url, send) if send else unfinished(url, *BODIES[name])
                took, rise = time.monotonic() - began, worker.mb("VmHWM") - before_mb
                stays, cpu = worker.mb("VmRSS") - base, worker.cpu_s() - before
                size = len(send[1]) if send else size
                print(
                    f"{name:42} {size / 1e6:8.2f} {rise:8.0f} {stays:9.0f} {cpu:6.1f} {took:7.1f} "
                    f"{others.longest_s:9.2f}  {answer}",
                    flush=True,
                )
                code = answer.removeprefix("meanwhile ")[0]
                failed += "measured" in name and answer.startswith("422")  # the model reads none: nothing was tried
                failed += not rise <= arguments.bound or code not in "24" or (code == "4" and cpu > REFUSED_S)
                if rise != rise:  # replaced
                    time.sleep(10)
                    worker = Worker()
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
