"""CPU seconds of a training beside those of an earlier commit, in turns, and where they go.

    python -m benchmarks.training COMMIT [--folds 3] [--repeats 1] [--rounds 1]

COMMIT is checked out aside and run by this interpreter, so it must do with today's packages. Both learn from the tables
they ship. Trainings of one code have to give the same bytes.
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
from pathlib import Path
from typing import Any

from benchmarks.results import ROOT, write_result

STAGES = ("measure", "measure_systems", "learning_curve", "fit_bundle", "stability")
"""Functions of `training.train` whose seconds are told."""
ONE_TRAINING = """
import hashlib, json, sys, tempfile, time
from pathlib import Path
from models.bundle import save_bundle
from training import train
from training.config import TrainConfig

spent = {}

def timed(stage):
    work = getattr(train, stage)
    def run(*given, **named):
        start = time.process_time()
        done = work(*given, **named)
        spent[stage] = spent.get(stage, 0.0) + time.process_time() - start
        return done
    return run

for stage in sys.argv[3].split(","):
    setattr(train, stage, timed(stage))
start = time.process_time()
made = train.train(TrainConfig(folds=int(sys.argv[1]), repeats=int(sys.argv[2])))
spent["whole"] = time.process_time() - start
folder = save_bundle(made.bundle, Path(tempfile.mkdtemp()) / "bundle")
files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
digest = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
print(json.dumps({"seconds": spent, "bytes": digest}))
"""


def training(folder: Path, folds: int, repeats: int) -> dict[str, Any]:
    """One training by the code of a folder, in a process of its own."""
    command = [sys.executable, "-c", ONE_TRAINING, str(folds), str(repeats), ",".join(STAGES)]
    env = os.environ | {"PYTHONPATH": str(folder)}
    done = subprocess.run(command, cwd=folder, env=env, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """Train by both codes in turns, print the table and write it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commit")
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=1)
    asked = parser.parse_args()
    archive = ["git", "-C", str(ROOT), "archive", asked.commit]
    tree = subprocess.run(archive, check=True, capture_output=True).stdout
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=io.BytesIO(tree)) as files:
            files.extractall(folder, filter="data")
        pairs = [
            (training(Path(folder), asked.folds, asked.repeats), training(ROOT, asked.folds, asked.repeats))
            for _ in range(asked.rounds)
        ]
    sides = {"before": [one for one, _ in pairs], "now": [other for _, other in pairs]}
    seconds = {
        side: {stage: statistics.median(run["seconds"].get(stage, 0.0) for run in runs) for stage in (*STAGES, "whole")}
        for side, runs in sides.items()
    }
    ratio = statistics.median(other["seconds"]["whole"] / one["seconds"]["whole"] for one, other in pairs)
    found = {
        "commit": asked.commit,
        "protocol": f"{asked.folds} folds, {asked.repeats} repeats",
        "cpu_seconds": seconds,
        "ratio": ratio,
        "same_bytes": len({run["bytes"] for run in sides["now"]}) == 1 if asked.rounds > 1 else None,
    }
    print(f"| CPU seconds, {found['protocol']} | {asked.commit[:12]} | now |\n|---|---|---|")
    for stage in (*STAGES, "whole"):
        print(f"| {stage} | {seconds['before'][stage]:.1f} | {seconds['now'][stage]:.1f} |")
    print(f"\nnow over before: {ratio:.2f}; same bytes each time: {found['same_bytes']}")
    write_result("training", found)


if __name__ == "__main__":
    main()
