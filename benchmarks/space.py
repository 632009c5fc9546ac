"""What a screening of ten million full cells costs, from a draw of it: time of a design, on workers, and memory.

    python -m benchmarks.space [--designs 300000] [--rounds 3] [--model REF] [--code FOLDER]

A process each, in turns: a third of the designs and all of them (memory that differs would grow with the space), all of
them on a process per core, and, with `--code`, by the code of another checkout, run by this interpreter.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.results import ROOT, write_result

SPACE = ROOT / "benchmarks" / "ten_million_cells.yaml"
ONE_RUN = """
import json, resource, sys, tempfile, time
from dataclasses import replace
from pathlib import Path
from models.bundle import load_bundle
from models.predictor import Predictor
from models.registry import resolve
from serving.screen.space_reader import read_space
from serving.screen.run import screen

if __name__ == "__main__":
    path, count, where, model = sys.argv[1:]
    space = read_space(path)
    drawn = replace(space, method="sobol", points=int(count))
    predictor = Predictor(load_bundle(resolve(model or None)))
    start, busy = time.perf_counter(), time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        screen(drawn, predictor, Path(folder) / "out.csv", **({"cluster": where} if where else {}))
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = time.process_time() - busy + children.ru_utime + children.ru_stime
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": time.perf_counter() - start, "cpu": cpu, "peak_mb": peak, "size": space.size}))
"""


def screened(code: Path, count: int, where: str, model: str) -> dict[str, Any]:
    """One screening of a draw in a process of its own."""
    env = os.environ | {"PYTHONPATH": str(code), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "one_run.py"  # processes of a cluster import it again
        program.write_text(ONE_RUN, encoding="utf-8")
        command = [sys.executable, str(program), str(SPACE), str(count), where, model]
        done = subprocess.run(command, cwd=code, env=env, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """Time all in turns, print the table and write it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--designs", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--model", default="", metavar="REF", help="as in silion predict")
    parser.add_argument("--code", type=Path, metavar="FOLDER", help="another checkout")
    arguments = parser.parse_args()
    sides: dict[str, tuple[Path, int, str]] = {
        "a third": (ROOT, arguments.designs // 3, ""),
        "one process": (ROOT, arguments.designs, ""),
        "a process per core": (ROOT, arguments.designs, "local"),
    }
    if arguments.code:
        sides["the other checkout"] = (arguments.code.resolve(), arguments.designs, "")
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in sides}
    for _ in range(arguments.rounds):
        for name, side in sides.items():
            runs[name].append(screened(*side, arguments.model))
    results = {"designs": arguments.designs, "at": time.strftime("%Y-%m-%d"), "runs": runs}
    print("| | CPU us a design | s on the clock | peak MB | CPU over one process | ten million, CPU s |")
    print("|---|---|---|---|---|---|")
    for name, (_, count, _) in sides.items():
        cpu, clock, peak = (statistics.median(run[key] for run in runs[name]) for key in ("cpu", "seconds", "peak_mb"))
        beside = zip(runs[name], runs["one process"], strict=True)
        ratio = statistics.median(own["cpu"] / count / (plain["cpu"] / arguments.designs) for own, plain in beside)
        total = cpu / count * runs[name][0]["size"]
        print(f"| {name} | {1e6 * cpu / count:.1f} | {clock:.0f} | {peak:.0f} | {ratio:.2f} | {total:,.0f} |")
    write_result("space", results)


if __name__ == "__main__":
    main()
