"""The nearest rows of different papers beside the plain computation, by the number of reference rows, in one run.

    python -m benchmarks.nearest [--rounds 5]

Both on one core and in CPU microseconds a design; the rows and distances are compared to the last bit. Known rows are
normal numbers, designs lie half a deviation from one of them.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.results import write_result
from features.nearest import NearestRows, distances_between

SIZES = ((65, 45, 73, 0.0), (581, 250, 73, 0.0), (50, 27, 64, 0.3), (10_700, 1_500, 150, 0.0))
"""Rows, papers, features, share of unknown values: conductivities of the reviews, all that are shipped, cells, public
tables."""
COUNT = 3
NUMBERS = 4_000_000
"""Of the plain computation's table of distances, by which the number of designs is chosen."""


def plainly(designs: np.ndarray, known: np.ndarray, papers: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """All distances, then the smallest and first, again and again without the papers that were taken."""
    rows, distances = np.empty((len(designs), count), dtype=np.int64), np.empty((len(designs), count))
    size = max(1, 1_000_000 // known.size)
    for start in range(0, len(designs), size):
        away = distances_between(designs[start : start + size], known)
        for rank in range(count):
            chosen = away.argmin(axis=1)
            rows[start : start + size, rank] = chosen
            distances[start : start + size, rank] = away[np.arange(len(away)), chosen]
            away[papers[chosen][:, None] == papers] = np.inf
    return rows, distances


def seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    """Time both in turns for every size; print the table and write it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    results = []
    print("| rows | features | plain, us a design | ours | ratio | ours, distance alone | its product alone |")
    print("|---|---|---|---|---|---|---|")
    for count, papers, features, unknown in SIZES:
        draw = np.random.default_rng(0)
        known = draw.normal(size=(count, features))
        known[draw.random(known.shape) < unknown] = np.nan
        paper = draw.integers(0, papers, count)
        few = max(50, NUMBERS // known.size)
        designs = known[draw.integers(0, count, 20 * few)] + 0.5 * draw.normal(size=(20 * few, features))
        index = NearestRows(known, paper.tolist())
        index.nearest(designs[:few], COUNT)
        rows32, columns32 = np.float32(designs[:, :]), np.float32(known.T)
        works = {
            "plain": (partial(plainly, designs[:few], known, paper, COUNT), few),
            "ours": (partial(index.nearest, designs, COUNT), len(designs)),
            "distance": (partial(index.nearest, designs, 1), len(designs)),
            "product": (partial(np.matmul, rows32, columns32), len(designs)),
        }
        with threadpool_limits(1):
            runs = [{name: 1e6 * seconds(work) / n for name, (work, n) in works.items()} for _ in range(rounds)]
        spent = {name: statistics.median(run[name] for run in runs) for name in works}
        ratio = statistics.median(run["plain"] / run["ours"] for run in runs)
        pairs = zip(plainly(designs[:few], known, paper, COUNT), index.nearest(designs[:few], COUNT), strict=True)
        if not all(np.array_equal(plain, fast) for plain, fast in pairs):
            raise AssertionError(f"{count} rows: other rows or distances than the plain computation's")
        results.append({"rows": count, "features": features, "unknown": unknown, "us": spent, "ratio": ratio})
        print(
            f"| {count:,} | {features} | {spent['plain']:.1f} | {spent['ours']:.1f} | {ratio:.1f} "
            f"| {spent['distance']:.1f} | {spent['product']:.1f} |"
        )
    write_result("nearest", results)


if __name__ == "__main__":
    main()
