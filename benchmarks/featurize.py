"""Text to the full composition vector, beside matminer, CBFV and plain pymatgen parsing, in turns on one file.

    python -m benchmarks.featurize [--formulas 4000] [--rounds 3]

The peers need pandas below 3 and get an environment of their own, `.peers`, which `make bench` makes. Seconds exclude
imports and include reading the text.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.results import ROOT, write_result

PEERS = ROOT / ".peers" / "bin" / "python"
MODES = ("matminer-1", "matminer-2", "matminer-2-chunked", "cbfv", "pymatgen")
CHUNK = 20_000


def never_seen(count: int, seed: int) -> list[str]:
    """Distinct formulas of seven families with two-decimal amounts."""
    draw = random.Random(seed)
    families = ["Li P S Cl", "Li P S Br", "Li La Zr Ta O", "Li Al Ti P O", "Li Ge P S", "Li In Cl", "Li Y Cl Br"]
    formulas: dict[str, None] = {}
    while len(formulas) < count:
        formulas["".join(f"{symbol}{draw.uniform(0.05, 12):.2f}" for symbol in draw.choice(families).split())] = None
    return list(formulas)


def time_silion(path: Path) -> dict[str, object]:
    """Time our own road on a file of formulas, in this process."""
    import numpy as np
    import pandas as pd

    from features.composition import CompositionFeatures
    from features.formulas.elements import property_table
    from features.formulas.vectorised import read_amounts

    property_table()
    texts = path.read_text(encoding="utf-8").split()
    blocks = ("fractions", "statistics")
    fitted = CompositionFeatures(1, blocks).fit(pd.DataFrame({"electrolyte": texts[:500]}))
    start = time.perf_counter()
    width, checksum = 0, 0.0
    for begin in range(0, len(texts), CHUNK):
        vectors = fitted.vectors(read_amounts(texts[begin : begin + CHUNK]))
        width, checksum = vectors.shape[1], checksum + float(np.nansum(vectors[:, 0]))
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"mode": "silion", "formulas": len(texts), "seconds": seconds, "features": width, "peak_mb": peak}


def repeated(count: int) -> dict[str, object]:
    """Rate at which texts that repeat get the number of their vector, and with their vectors written out."""
    from features.composition import CompositionFeatures
    from features.formulas.vectorised import read_amounts

    texts = never_seen(1000, 1) * (count // 1000)
    start = time.perf_counter()
    amounts = read_amounts(texts)
    coded = time.perf_counter() - start
    fitted = CompositionFeatures(1, ("fractions", "statistics")).restore({"elements": ["Li", "P", "S", "Cl"]})
    part = read_amounts(texts[:200_000])
    start = time.perf_counter()
    fitted.vectors(part)
    written = time.perf_counter() - start
    return {"coded_per_s": len(amounts.codes) / coded, "vectors_written_per_s": 200_000 / written}


def soak(count: int) -> None:
    """Stream never-seen formulas in chunks: seconds per million and peak memory must not grow."""
    import pandas as pd

    from features.composition import CompositionFeatures
    from features.formulas.vectorised import read_amounts

    fitted = CompositionFeatures(1, ("fractions", "statistics")).fit(pd.DataFrame({"electrolyte": never_seen(500, 0)}))
    spent, done, mark = 0.0, 0, 1_000_000
    while done < count:
        texts = never_seen(CHUNK, done)
        start = time.perf_counter()
        fitted.vectors(read_amounts(texts))
        spent, done = spent + time.perf_counter() - start, done + len(texts)
        if done >= mark or done >= count:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(f"{done:>12,} formulas  {1e6 * spent / done:6.2f} s per million  peak {peak:,.0f} MB", flush=True)
            mark *= 2


def child(
    *arguments: str, interpreter: Path | str = sys.executable, env: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """One timed run in a process of its own, its answer as the last line; `env` is beside that of this process."""
    command, env = [str(interpreter), *arguments], os.environ | dict(env or {})
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, env=env)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """Time everything in turns and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--formulas", type=int, default=4000, help="on which all are timed")
    parser.add_argument("--ours", type=int, default=200_000, help="on which ours alone is timed as well")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--soak", type=int, metavar="N", help="stream N never-seen formulas and nothing else")
    parser.add_argument("--child", metavar="FILE", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(time_silion(Path(arguments.child))))
        return
    if arguments.soak:
        soak(arguments.soak)
        return
    peers = MODES if PEERS.exists() else ()
    if not peers:
        print(f"no {PEERS.relative_to(ROOT)}: only our own rates (make bench makes it)")
    rates: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder) / "small.txt", Path(folder) / "large.txt"
        small.write_text("\n".join(never_seen(arguments.formulas, 0)), encoding="utf-8")
        large.write_text("\n".join(never_seen(arguments.ours, 2)), encoding="utf-8")
        for _ in range(arguments.rounds):
            for name, path in (("silion", small), ("silion, many", large)):
                run = child("-m", "benchmarks.featurize", "--child", str(path))
                rates.setdefault(name, []).append(run["formulas"] / run["seconds"])
            for mode in peers:
                run = child(str(ROOT / "benchmarks" / "peer_featurize.py"), str(small), mode, interpreter=PEERS)
                rates.setdefault(mode, []).append(run["formulas"] / run["seconds"])
    medians = {name: statistics.median(values) for name, values in rates.items()}
    fastest = max((medians[name] for name in medians if name.startswith("matminer")), default=float("nan"))
    table: dict[str, Any] = {"formulas_per_s": medians, "ratio_to_fastest_matminer": medians["silion, many"] / fastest}
    table |= {"repeated": repeated(2_000_000), "peak_mb_many": run_peak(arguments.ours)}
    write_result("featurize", table)
    for name, rate in medians.items():
        print(f"{name:<22} {rate:>12,.0f} formulas/s")
    print(f"{'over matminer':<22} {table['ratio_to_fastest_matminer']:>12,.0f} x (its fastest setting of this run)")
    for name, rate in table["repeated"].items():
        print(f"{name:<22} {rate:>12,.0f}")
    print(f"{'peak memory':<22} {table['peak_mb_many']:>12,.0f} MB at {arguments.ours:,} formulas, chunks of {CHUNK:,}")


def run_peak(count: int) -> float:
    """Peak memory of our road on many formulas, as the system reports it, in MB."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "many.txt"
        path.write_text("\n".join(never_seen(count, 3)), encoding="utf-8")
        return float(child("-m", "benchmarks.featurize", "--child", str(path))["peak_mb"])


if __name__ == "__main__":
    main()
