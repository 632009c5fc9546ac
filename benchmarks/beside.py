"""Today's commands beside those of another commit's checkout: in turns, each by its own interpreter, as ratios.

Both read the same model, so it has to be one that the other commit wrote: `MLFLOW_TRACKING_URI`, or `--model`.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

from benchmarks.results import ROOT, write_result


@dataclass
class Side:
    """One of the two checkouts.

    Attributes
    ----------
    folder : of the checkout; the interpreter of its `.venv` runs it where there is one, else this one
    environment : variables beside those of this process
    """

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def python(self) -> str:
        """Interpreter of its commands."""
        own = self.folder / ".venv" / "bin" / "python"
        return str(own) if own.exists() else sys.executable

    @property
    def env(self) -> dict[str, str]:
        """Environment of its commands."""
        return os.environ | {"PYTHONPATH": str(self.folder)} | dict(self.environment)

    @cached_property
    def nearest(self) -> str:
        """Option of `silion predict` for the nearest rows, which had another name before."""
        command = [self.python, "-m", "silion", "predict", "--help"]
        text = subprocess.run(command, cwd=self.folder, env=self.env, capture_output=True, text=True, check=True).stdout
        return "--nearest" if "--nearest" in text else "--precedents"

    def spent(self, *arguments: str) -> tuple[float, float]:
        """Seconds on the clock and of processors that its interpreter takes, from nothing to the end."""
        before, busy = time.perf_counter(), getrusage(RUSAGE_CHILDREN)
        subprocess.run([self.python, *arguments], cwd=self.folder, env=self.env, check=True, capture_output=True)
        after = getrusage(RUSAGE_CHILDREN)
        return time.perf_counter() - before, after.ru_utime + after.ru_stime - busy.ru_utime - busy.ru_stime

    def us_each(self, command: Sequence[str], few: Path, many: Path, rows: int) -> float:
        """Processor microseconds a row: a command on many rows less that on few, over the difference `rows`."""
        return 1e6 * (self.spent(*command, str(many))[1] - self.spent(*command, str(few))[1]) / rows


def add_code(parser: argparse.ArgumentParser) -> None:
    """Add the option `--code`."""
    text = "checkout of another commit: measure its commands and today's in turns instead, with a model that it wrote"
    parser.add_argument("--code", type=Path, metavar="FOLDER", help=text)


def beside(
    name: str,
    code: Path,
    measure: Callable[[Side], dict[str, float]],
    rounds: int,
    env: Mapping[str, str] | None = None,
) -> None:
    """Measure both in turns, print medians and the median ratio, and write them to `NAME_beside.json`.

    Parameters
    ----------
    name : str
        Of the benchmark.
    code : Path
        The other checkout.
    measure : callable
        A side in, quantities by name out.
    rounds : int
        Of both.
    env : mapping of str to str, optional
        Variables for both.
    """
    sides = {"before": Side(code.resolve(), env or {}), "now": Side(ROOT, env or {})}
    runs: dict[str, list[dict[str, float]]] = {side: [] for side in sides}
    for _ in range(rounds):
        for side, where in sides.items():
            runs[side].append(measure(where))
    ratios = {}
    print(f"| {name}, medians of {rounds} in turns | {code.name} | now | now over before |\n|---|---|---|---|")
    for quantity in runs["now"][0]:
        before, now = ([run[quantity] for run in runs[side]] for side in ("before", "now"))
        ratio = statistics.median(new / old for new, old in zip(now, before, strict=True))
        ratios[quantity] = {"before": statistics.median(before), "now": statistics.median(now), "ratio": ratio}
        print(f"| {quantity} | {ratios[quantity]['before']:.3g} | {ratios[quantity]['now']:.3g} | {ratio:.2f} |")
    write_result(f"{name}_beside", {"code": str(code), "rounds": rounds, "found": ratios})
