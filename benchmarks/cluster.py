"""A cluster on this machine beside plain processes, on the same cores.

    python -m benchmarks.cluster [--designs 2000000] [--rounds 3] [--model REF]
    python -m benchmarks.cluster --screen 300000 [--rounds 3] [--model REF]

The plain stream is one process with one thread, so a cluster of two workers has twice its cores. Beside it therefore
stand as many plain processes as workers, at the same time, each with its share of the rows: the best that these cores
can do without a cluster, and without its order in one output. Warm on both sides; what a cluster costs before that, to
start and to load the model at the first portion, is told apart. Runs in turns, medians; processor seconds of all
processes beside the seconds on the wall, as they depend less on what else the machine does.

`--screen` takes a draw of `ten_million_cells.yaml`, screened by this process alone, and by one worker for it; a process
beside a core tells what the work costs more, not how much sooner it ends.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.results import ROOT, write_result
from benchmarks.screening import ONE_CORE, designs_table

FIRST = 65_536
"""Designs of the pass that is timed cold and warm: two portions for each of two workers."""


def predict(source: Path, out: Path, predictor: Any, cluster: str | None = None) -> tuple[float, float]:
    """Seconds on the wall and of this process's cores for one table, all four targets."""
    from serving.predict.batch import predict_file

    wall, cores = time.perf_counter(), time.process_time()
    predict_file(source, out, predictor, precedents=0, cluster=cluster)
    return time.perf_counter() - wall, time.process_time() - cores


def load(model: str | None) -> Any:
    from models.bundle import load_bundle
    from models.predictor import Predictor
    from models.registry import resolve

    return Predictor(load_bundle(resolve(model)))


def child(model: str | None, warm: Path, source: Path) -> None:
    """A plain process: warms itself, waits for a line, predicts, tells its processor seconds."""
    predictor = load(model)
    predict(warm, source.with_suffix(".out.csv"), predictor)
    print("ready", flush=True)
    for _ in sys.stdin:
        print(predict(source, source.with_suffix(".out.csv"), predictor)[1], flush=True)


class Plain:
    """Plain processes that wait, one for each share of the table."""

    def __init__(self, model: str | None, warm: Path, shares: list[Path], env: dict[str, str]) -> None:
        command = [sys.executable, "-m", "benchmarks.cluster", *(["--model", model] if model else [])]
        self.processes = [
            subprocess.Popen(
                [*command, "--child", str(warm), str(share)],
                cwd=ROOT,
                env=env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for share in shares
        ]
        self.answers()

    def answers(self) -> list[str]:
        """A line of each."""
        return [process.stdout.readline() for process in self.processes if process.stdout]

    def run(self) -> tuple[float, float]:
        """Seconds until the last one is done, and processor seconds of all."""
        start = time.perf_counter()
        for process in self.processes:
            if process.stdin:
                process.stdin.write("\n")
                process.stdin.flush()
        cores = sum(float(seconds) for seconds in self.answers())
        return time.perf_counter() - start, cores

    def end(self) -> None:
        for process in self.processes:
            process.communicate()


def timed_on(client: Any, work: Callable[[str], tuple[float, float]]) -> tuple[float, float]:
    """Seconds on the wall and of all processes' cores; the client's own process holds the scheduler as well."""
    before = sum(client.run(time.process_time).values())
    wall, cores = work(client.scheduler.address)
    return wall, cores + sum(client.run(time.process_time).values()) - before


@contextmanager
def workers(count: int, folder: Path) -> Iterator[Any]:
    """A client of as many workers of this machine, one thread each, with the settings of `--cluster local`."""
    from dask import config
    from distributed import Client, LocalCluster

    from serving.predict.cluster import KEEP_MEMORY, SPAWN_ENVIRON, UNWATCHED

    settings = {"threads_per_worker": 1, "dashboard_address": "127.0.0.1:0", "local_directory": folder}
    with (
        config.set({**UNWATCHED, SPAWN_ENVIRON: config.get(SPAWN_ENVIRON) | KEEP_MEMORY}),
        LocalCluster(n_workers=count, host="127.0.0.1", **settings) as cluster,
        Client(cluster) as client,
    ):
        yield client


def overheads(runs: dict[str, list[tuple[float, float]]]) -> dict[str, Any]:
    """Medians of both sides, and what the cluster costs more as a share; prints them."""
    pairs = list(zip(runs["cluster"], runs["plain"], strict=True))
    results: dict[str, Any] = {"wall_and_core_s": runs}
    for name, times in runs.items():
        wall, cores = (statistics.median(values) for values in zip(*times, strict=True))
        results |= {f"{name}_s": wall, f"{name}_core_s": cores}
        print(f"  {name:<8} {wall:8.1f} s on the wall {cores:8.1f} s of cores")
    results["overhead"], results["core_overhead"] = (
        statistics.median(cluster[place] / plain[place] for cluster, plain in pairs) - 1 for place in (0, 1)
    )
    print(f"  overhead {100 * results['overhead']:.0f} % on the wall, {100 * results['core_overhead']:.0f} % of cores")
    return results


def compare_screens(designs: int, rounds: int, model: str | None, folder: Path) -> dict[str, Any]:
    """What a screening costs by one worker, beside this process alone; what is printed, by name."""
    from dataclasses import replace

    from benchmarks.space import SPACE
    from serving.screen.run import screen
    from serving.screen.space_reader import read_space

    predictor, space = load(model), read_space(SPACE)

    def screened(count: int, cluster: str | None = None) -> tuple[float, float]:
        wall, cores = time.perf_counter(), time.process_time()
        screen(replace(space, method="sobol", points=count), predictor, folder / "out.csv", cluster=cluster, nearest=3)
        return time.perf_counter() - wall, time.process_time() - cores

    runs: dict[str, list[tuple[float, float]]] = {"plain": [], "cluster": []}
    with workers(1, folder) as client:
        screened(FIRST)
        first = timed_on(client, lambda address: screened(FIRST, address))
        for _ in range(rounds):
            runs["plain"].append(screened(designs))
            runs["cluster"].append(timed_on(client, lambda address: screened(designs, address)))
    print(f"{designs:,} designs of {SPACE.name}, nearest rows of those kept, one worker; medians of {rounds}")
    print(f"  a first pass over {FIRST:,} designs, the model loaded: {first[0]:.1f} s, {first[1]:.1f} s of cores")
    return {"screened": designs, "first_pass": first, **overheads(runs)}


def main() -> None:
    """Time both in turns and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--designs", type=int, default=2_000_000, help="about a minute on two cores")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--model", metavar="REF", help="as in silion predict")
    parser.add_argument("--screen", type=int, metavar="DESIGNS", help="of a space, by one worker")
    parser.add_argument("--child", nargs=2, type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        child(arguments.model, *arguments.child)
        return
    with tempfile.TemporaryDirectory() as folder:
        if arguments.screen:
            results = compare_screens(arguments.screen, arguments.rounds, arguments.model, Path(folder))
        else:
            results = compare(arguments, Path(folder))
    write_result("cluster_screen" if arguments.screen else "cluster", results)


def compare(arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """What is printed, by name."""
    import os

    source, warm = folder / "in.csv", folder / "warm.csv"
    designs_table(source, arguments.designs, cells=True)
    designs_table(warm, FIRST, cells=True)
    shares = split(source, arguments.workers, folder)
    predictor = load(arguments.model)
    begun = time.perf_counter()
    with workers(arguments.workers, folder) as client:
        started = time.perf_counter() - begun
        first, again = (
            timed_on(client, lambda address: predict(warm, folder / "out.csv", predictor, address))[0] for _ in range(2)
        )
        plain = Plain(arguments.model, warm, shares, dict(os.environ | ONE_CORE))
        runs: dict[str, list[tuple[float, float]]] = {"plain": [], "cluster": []}
        for _ in range(arguments.rounds):
            runs["plain"].append(plain.run())
            runs["cluster"].append(
                timed_on(client, lambda address: predict(source, folder / "out.csv", predictor, address))
            )
        plain.end()
    print(
        f"{arguments.designs:,} full cell designs, four targets, {arguments.workers} workers; "
        f"medians of {arguments.rounds}"
    )
    print(
        f"  to start the cluster {started:.1f} s; a first pass over {FIRST:,} designs {first:.1f} s, then {again:.1f} s"
    )
    results = {"designs": arguments.designs, "start_s": started, "first_pass_s": first, "same_pass_warm_s": again}
    return results | overheads(runs)


def split(source: Path, count: int, folder: Path) -> list[Path]:
    """The table in as many parts, each with its header."""
    header, *lines = source.read_text(encoding="utf-8").splitlines(keepends=True)
    paths = [folder / f"share{place}.csv" for place in range(count)]
    for place, path in enumerate(paths):
        part = lines[place * len(lines) // count : (place + 1) * len(lines) // count]
        path.write_text(header + "".join(part), encoding="utf-8")
    return paths


if __name__ == "__main__":
    main()
