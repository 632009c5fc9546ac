"""CPU seconds of `silion train` to its end, report, rules and registration included, and where they go.

    python -m benchmarks.training [COMMIT] [--public [TABLES]] [--folds 3] [--repeats 1] [--rounds 1]

One process and one thread, from nothing to a registered model in a store of its own. With COMMIT, which is checked out
aside and run by this interpreter (so it must do with today's packages), both in turns. Public tables have to be pulled
before; trainings of one code have to give the same bytes.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import statistics
import subprocess
import sys
import tarfile
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.results import ROOT, write_result
from benchmarks.screening import ONE_CORE

TABLES = "obelix,liverpool,laskowski"
"""All public tables that conductivity is learned from."""
STAGES = {
    "measure": "training.train",
    "measure_systems": "training.train",
    "learning_curve": "training.train",
    "fit_bundle": "training.train",
    "stability": "training.train",
    "described_curve": "training.train",
    "check_rules": "training.report.report",
    "write_report": "training.promotion.record",
    "track": "training.promotion.record",
}
"""Functions whose seconds are told, and the modules that call them; the rules are asked within the report."""
ONE_TRAINING = """
import hashlib, json, resource, sys, tempfile, time
from importlib import import_module
from pathlib import Path
from models.bundle import save_bundle
from silion import main

spent, made = {}, []

def timed(stage, work):
    def run(*given, **named):
        start = time.process_time()
        done = work(*given, **named)
        spent[stage] = spent.get(stage, 0.0) + time.process_time() - start
        if stage == "fit_bundle":
            made.append(done)
        return done
    return run

for stage, module in json.loads(sys.argv[1]).items():
    caller = import_module(module)
    if hasattr(caller, stage):
        setattr(caller, stage, timed(stage, getattr(caller, stage)))
with tempfile.TemporaryDirectory() as folder:
    code = main(["train", *sys.argv[2:], "--report", folder + "/report"])
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent["whole"] = time.process_time() + children.ru_utime + children.ru_stime
    saved = save_bundle(made[0], Path(folder) / "bundle")
    files = [path for path in sorted(saved.rglob("*")) if path.is_file()]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
print(json.dumps({"code": code, "seconds": spent, "bytes": digest}))
"""


def training(code: Path, options: list[str]) -> dict[str, Any]:
    """One training by the code of a folder, in a process of its own.

    Parameters
    ----------
    code : Path
        Checkout.
    options : list of str
        Options of `silion train`.
    """
    with tempfile.TemporaryDirectory() as store:
        env = os.environ | ONE_CORE | {
            "PYTHONPATH": str(code), "LOKY_MAX_CPU_COUNT": "1", "MLFLOW_TRACKING_URI": f"sqlite:///{store}/mlflow.db"
        }  # fmt: skip
        command = [sys.executable, "-c", ONE_TRAINING, json.dumps(STAGES), *options]
        done = subprocess.run(command, cwd=store, env=env, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def checkout(commit: str, folder: Path) -> Path:
    """Write a commit's files into a folder."""
    archive = subprocess.run(["git", "-C", str(ROOT), "archive", commit], check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    return folder


def main() -> None:
    """Train in turns, print the table and write it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commit", nargs="?", help="an earlier one, to train beside")
    parser.add_argument("--public", nargs="?", const=TABLES, metavar="TABLES", help=f"{TABLES}, unless named")
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=1)
    arguments = parser.parse_args()
    options = ["--folds", str(arguments.folds), "--repeats", str(arguments.repeats)]
    options += ["--public", arguments.public] if arguments.public else []
    with ExitStack() as stack:
        sides = {"now": ROOT}
        if arguments.commit:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            sides = {arguments.commit[:12]: checkout(arguments.commit, folder), **sides}
        rounds = [{side: training(code, options) for side, code in sides.items()} for _ in range(arguments.rounds)]
    names = [*STAGES, "whole"]
    seconds = {
        side: {name: statistics.median(run[side]["seconds"].get(name, 0.0) for run in rounds) for name in names}
        for side in sides
    }
    results = {
        "options": options,
        "cpu_seconds": seconds,
        "same_bytes": len({run["now"]["bytes"] for run in rounds}) == 1 if arguments.rounds > 1 else None,
        "bytes": {side: sorted({run[side]["bytes"] for run in rounds}) for side in sides},
    }
    print(f"| CPU seconds, {' '.join(options)} | {' | '.join(sides)} |\n|---|{'---|' * len(sides)}")
    for name in names:
        print(f"| {name} | {' | '.join(f'{seconds[side][name]:.1f}' for side in sides)} |")
    if arguments.commit:
        ratios = [run["now"]["seconds"]["whole"] / run[arguments.commit[:12]]["seconds"]["whole"] for run in rounds]
        print(f"\nnow over before: {statistics.median(ratios):.2f}")
    print(f"\nsame bytes each time: {results['same_bytes']}")
    write_result("training", results)


if __name__ == "__main__":
    main()
