"""What bounds each stage of a screening, and how far it is from there: processor time of one run on one core.

    python -m benchmarks.stages [--designs 80000] [--rounds 3] [--model REF] [--write-docs]

A stage counts without the stages it calls. Bounds are computed from what the run holds and measured beside it: bytes
that have to be moved, at the speed of a copy; nodes on the way through all trees, at the library's speed on rows that
stay in the cache; the product of designs and known rows in single precision, at the speed of such a product.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.featurize import child, never_seen
from benchmarks.results import PAGE, write_result
from benchmarks.screening import ONE_CORE, designs_table
from features.tables.descriptions import write_between_marks

MARKS = ("<!-- stages: written by `python -m benchmarks.stages --write-docs` -->", "<!-- end of stages -->")
FEW_ROWS, TIMES = 4_096, 15
"""Rows that a processor's cache holds, and how often a speed is measured: the best counts."""
RUNS = 3
"""Of each process, of which the least time of a stage counts: other load only adds to it."""
REST, NEAREST = "the rest", "nearest rows, besides"
FLOAT, CODE = 8, 16
"""Bytes of a number, and of a notice's place that is read and written."""


class Clock:
    """Processor seconds by stage, each without those it calls."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}
        self.calls: dict[str, list[Any]] = {}
        self._inner = [0.0]

    def watch(self, owner: Any, name: str, stage: str, keep: Callable[..., Any] | None = None) -> None:
        """Count the calls of a function or method to a stage; `keep` says what of each is remembered."""
        work = getattr(owner, name)

        def counted(*arguments: Any, **named: Any) -> Any:
            start = time.process_time()
            self._inner.append(0.0)
            done = work(*arguments, **named)
            total = time.process_time() - start
            self.spent[stage] = self.spent.get(stage, 0.0) + total - self._inner.pop()
            self._inner[-1] += total
            if keep:
                self.calls.setdefault(stage, []).append(keep(*arguments))
            return done

        setattr(owner, name, counted)


def run(model: str | None, count: int, cells: bool) -> dict[str, dict[str, float]]:
    """Microseconds a design of each stage, measured and as bound, in this process."""
    from features import electrolyte_columns
    from features.tables.chunks import PortionReader
    from models import predictor as predicting
    from models.bundle import load_bundle
    from models.part_predictions import PartPredictions
    from models.ranges.capacities import CapacityRanges
    from models.registry import resolve
    from serving.predict import batch, portion, read
    from serving.predict.batch import predict_file
    from serving.predict.checkpoint import Unfinished

    predictor = predicting.Predictor(load_bundle(resolve(model)))
    targets = None if cells else ["conductivity_s_per_cm"]
    parts = {name: part for name, part in predictor.bundle.parts.items() if cells or name == "conductivity"}
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        few, many, out = (Path(folder) / name for name in ("few.csv", "many.csv", "out.csv"))
        designs_table(few, 200, cells)
        designs_table(many, count, cells)
        predict_file(few, out, predictor, targets=targets, precedents=0)
        bounds = Speeds(parts)
        owner: Any
        for owner, name in ((batch, "open_source"), (PortionReader, "read"), (portion, "usable")):
            clock.watch(owner, name, "read the CSV")
        for owner, name in ((electrolyte_columns, "_read_columns"), (read, "unreadable")):
            clock.watch(owner, name, "parse formulas")
        for name, part in parts.items():
            clock.watch(part.featurizer, "vectors", f"features, {name}")
            clock.watch(part.ensemble, "predict", f"boosters, {name}")
            clock.watch(part.domain, "nearest", f"distance, {name}")
        clock.watch(PartPredictions, "intervals", "intervals")
        clock.watch(PartPredictions, "notices", "notices")
        for name in ("reading_notices", "skill_notices"):
            clock.watch(predicting, name, "notices")
        clock.watch(predicting, "joined", "notices", keep=len)
        clock.watch(predicting.Predictor, "_ranges", "ranges of papers")
        clock.watch(CapacityRanges, "ranges", "ranges of papers")
        for owner, name in ((portion, "as_answer"), (Unfinished, "keep"), (batch, "_join_portions")):
            clock.watch(owner, name, "write the CSV")
        runs = []
        for _ in range(RUNS):
            clock.spent.clear()
            start = time.process_time()
            predict_file(many, out, predictor, targets=targets, precedents=0)
            total = time.process_time() - start
            runs.append(clock.spent | {REST: total - sum(clock.spent.values())})
        spent = {stage: min(times[stage] for times in runs) for stage in runs[0]}
        arrays = sum(clock.calls["notices"]) / len(clock.calls["notices"])
        sizes = {path: path.stat().st_size / count for path in (many, out)}
        start = time.process_time()
        predict_file(many, out, predictor, targets=targets, precedents=3)
        spent[NEAREST] = time.process_time() - start - sum(spent.values())
        sizes[few] = Path(f"{out}.nearest.csv").stat().st_size / count
    bound = {
        "read the CSV": bounds.moved(2 * sizes[many]),
        "parse formulas": bounds.moved(2 * statistics.fmean(map(len, never_seen(1000, 4)))),
        "intervals": bounds.moved(4 * FLOAT * len(parts)),
        "notices": bounds.moved(CODE * arrays),
        "write the CSV": bounds.moved(2 * sizes[out]),
        NEAREST: bounds.moved(2 * sizes[few]),
        **bounds.of_parts(),
    }
    return {stage: {"measured": 1e6 * spent[stage] / count, "bound": bound.get(stage, 0.0)} for stage in spent}


class Speeds:
    """Bounds in microseconds a design, from this machine's speeds as they are now."""

    def __init__(self, parts: dict[str, Any]) -> None:
        import numpy as np

        self.parts = parts
        source, target = np.ones(8_000_000), np.empty(8_000_000)
        self.bytes_a_us = 2e-6 * source.nbytes / _least(lambda: np.copyto(target, source))
        first, second = (np.ones(shape, dtype=np.float32) for shape in ((512, 128), (128, FEW_ROWS)))
        self.terms_a_us = 1e-6 * 512 * 128 * FEW_ROWS / _least(lambda: first @ second)

    def moved(self, count: float) -> float:
        """Time to move so many bytes, read and written ones together."""
        return count / self.bytes_a_us

    def of_parts(self) -> dict[str, float]:
        """Bounds of features, boosters and distance of each part."""
        bounds, node = {}, min(map(self.us_a_node, self.parts.values()))
        for name, part in self.parts.items():
            rows, width = part.domain.vectors.shape
            nodes = sum(map(nodes_on_the_way, boosters_of(part.ensemble)))
            bounds[f"features, {name}"] = self.moved(FLOAT * width)
            bounds[f"boosters, {name}"] = nodes * node
            bounds[f"distance, {name}"] = rows * width / self.terms_a_us
        return bounds

    def us_a_node(self, part: Any) -> float:
        """Least time that the library takes for a node, of the trees of a part's boosters."""
        import numpy as np

        from models.boosters.saved import Matrix

        known = part.domain.vectors.astype(np.float32)
        table = known[np.random.default_rng(0).integers(0, len(known), FEW_ROWS)]
        trees = [booster for booster in boosters_of(part.ensemble) if nodes_on_the_way(booster)]

        def least_us(booster: Any) -> float:
            tables = iter([Matrix(table) for _ in range(TIMES)])  # the library keeps what it told of a matrix
            return _least(lambda: booster.predict(next(tables), output_margin=True))

        return min(1e6 * least_us(booster) / nodes_on_the_way(booster) for booster in trees) / FEW_ROWS


def boosters_of(ensemble: Any) -> Iterator[Any]:
    """All boosters of an ensemble, and of those it is made of."""
    from models.boosters.saved import SavedBooster
    from models.ensemble import BoostedEnsemble

    for attribute in vars(ensemble).values():
        for booster in attribute if isinstance(attribute, list) else [attribute]:
            if isinstance(booster, SavedBooster):
                yield booster
            elif isinstance(booster, BoostedEnsemble):
                yield from boosters_of(booster)


def nodes_on_the_way(booster: Any) -> float:
    """Nodes that a training row passes in all trees of a booster, leaves left out; 0 for a linear one."""
    model = json.loads(booster.save_raw("json"))["learner"]["gradient_booster"].get("model", {})
    passed = 0.0
    for tree in model.get("trees", []):
        rows, children = tree["sum_hessian"], tree["left_children"]
        passed += sum(row for row, child_of in zip(rows, children, strict=True) if child_of >= 0) / rows[0]
    return passed


def _least(work: Callable[[], Any], times: int = TIMES) -> float:
    spent = []
    for _ in range(times):
        start = time.process_time()
        work()
        spent.append(time.process_time() - start)
    return min(spent)


def main() -> None:
    """Run each table in processes of their own, print the medians and write them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--designs", type=int, default=80_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--model", metavar="REF", help="as in silion predict")
    parser.add_argument("--write-docs", action="store_true", help="write the table into benchmarks/README.md")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(run(arguments.model, arguments.designs, arguments.child == "cells")))
        return
    lines = [f"| {arguments.designs:,} designs, us each | bound | measured | over it |", "|---|---|---|---|"]
    result = {}
    for table in ("conductivity", "cells"):
        command = ["-m", "benchmarks.stages", "--designs", str(arguments.designs), "--child", table]
        command += ["--model", arguments.model] if arguments.model else []
        runs = [child(*command, env=ONE_CORE) for _ in range(arguments.rounds)]
        result[table] = {
            stage: {kind: statistics.median(times[stage][kind] for times in runs) for kind in ("measured", "bound")}
            for stage in runs[0]
        }
        for stage, figures in result[table].items():
            over = f"{figures['measured'] / figures['bound']:,.3g}" if figures["bound"] else ""
            bound = f"{figures['bound']:.2g}" if figures["bound"] else ""
            lines.append(f"| {table}: {stage} | {bound} | {figures['measured']:.2f} | {over} |")
    print("\n".join(lines))
    write_result("stages", result)
    if arguments.write_docs:
        write_between_marks(PAGE, *MARKS, "\n".join(lines))


if __name__ == "__main__":
    main()
