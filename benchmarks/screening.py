"""Screening beside what a user writes today, and where the time of the whole road goes.

    python -m benchmarks.screening [--rounds 5] [--model REF] [--code FOLDER] [--bad-rows 1000000]

Today's way is pandas, matminer's Magpie vectors and `XGBRegressor.predict`; both sides hold one and the same booster of
500 trees on the 85 statistics that both define, and get formulas neither has seen. Then the shipped model's own road,
stage by stage, beside its bare booster calls on ready vectors, on one core. Medians of runs in turns; the peers need an
environment of their own, `.peers`, which `make bench` makes. `--bad-rows` times the refusal of rows alone.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.beside import Side, add_code, beside
from benchmarks.featurize import PEERS, child, never_seen
from benchmarks.results import ROOT, write_result
from models.tasks.registry import task_of

THEIR_SETTINGS = ("1", "2", "2-chunked")
"""Processes of matminer: alone, its default on two cores, its fastest there."""
SHARED = {
    "Number": "atomic_number", "AtomicWeight": "atomic_mass", "MeltingT": "melting_point", "Column": "group",
    "Row": "period", "CovalentRadius": "covalent_radius", "Electronegativity": "electronegativity",
    **{f"N{kind}{state}": f"{kind}_{state.lower()}" for kind in "spdf" for state in ("Valence", "Unfilled")},
    "NValence": "valence", "NUnfilled": "unfilled",
}  # fmt: skip
"""Properties by matminer's name and ours that both define alike."""
STATISTICS = ("mean", "avg_dev", "range", "minimum", "maximum")
TREES = 500
PORTION, CORES = 4096, 2
"""Formulas of one call on our side, and threads that call: its fastest setting, as the peer has its own."""
ONE_CORE = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "ARROW_NUM_THREADS": "1"}
CELL = "Si film,thin-film,amorphous,500,90,10,25,full,1.2,50,1,0.5,2.5,4.2"
CELL_COLUMNS = (
    "anode,anode_architecture,silicon_form,silicon_size_nm,silicon_wt_pct,carbon_wt_pct,electrolyte_thickness_um,"
    "cell_type,np_ratio,stack_pressure_mpa,current_density_ma_per_cm2,c_rate_per_h,voltage_low_v,voltage_high_v"
)


def our_vectors(formulas: list[str]) -> Any:
    """The shared statistics of formulas, shape (n_formulas, 85)."""
    import numpy as np

    from features.formulas.vectorised import read_amounts
    from features.formulas.vectorised import statistics as statistics_of

    amounts = read_amounts(formulas)
    by_name = statistics_of(amounts, list(SHARED.values()))
    return np.hstack([by_name[name] for name in STATISTICS])[amounts.codes].astype(np.float32)


def train_booster(path: Path) -> None:
    """One booster of 500 trees on the shared statistics; what it learns does not matter, its size does."""
    import numpy as np
    import xgboost as xgb

    table = our_vectors(never_seen(2000, 9))
    label = np.random.default_rng(0).normal(size=len(table)) + table[:, 0]
    model = xgb.XGBRegressor(n_estimators=TREES, max_depth=3, learning_rate=0.05, n_jobs=2).fit(table, label)
    model.save_model(path)


def time_silion(booster: Path, formulas: Path) -> dict[str, Any]:
    """Formulas to predictions by our vectors and the booster, warm, in this process: portions on a thread per core."""
    import numpy as np
    import xgboost as xgb

    model = xgb.XGBRegressor()
    model.load_model(booster)
    model.set_params(n_jobs=1)
    texts = formulas.read_text(encoding="utf-8").split()

    def portion(begin: int) -> Any:
        return model.predict(our_vectors(texts[begin : begin + PORTION]))

    with ThreadPoolExecutor(CORES) as threads:
        list(threads.map(portion, [0] * CORES))
        start, busy = time.perf_counter(), time.process_time()
        predictions = np.concatenate(list(threads.map(portion, range(0, len(texts), PORTION))))
    seconds, cpu = time.perf_counter() - start, time.process_time() - busy
    return {"rate": len(texts) / seconds, "per_core": len(texts) / cpu, "first": predictions[:200].tolist()}


def designs_table(path: Path, count: int, cells: bool) -> None:
    """Never-seen electrolytes at 25 °C; with `cells`, each in a full cell design."""
    head = "electrolyte,temperature_c" + (f",{CELL_COLUMNS}" if cells else "")
    rows = (f"{formula},25" + (f",{CELL}" if cells else "") for formula in never_seen(count, 4))
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")


def stages(model: str | None, count: int, cells: bool) -> dict[str, float]:
    """CPU seconds per stage of one run over a table, in this process: each stage's own calls again, and the whole.

    On one core they are the seconds of an idle machine, whatever else runs on this one.
    """
    from models.bundle import load_bundle
    from models.predictor import Predictor
    from models.registry import resolve
    from models.tasks.registry import TARGETS
    from serving.predict.batch import predict_file

    predictor = Predictor(load_bundle(resolve(model)))
    targets = None if cells else ["conductivity_s_per_cm"]
    with tempfile.TemporaryDirectory() as folder:
        warm, source = Path(folder) / "warm.csv", Path(folder) / "in.csv"
        for path, rows in ((warm, 200), (source, count)):
            designs_table(path, rows, cells)
        predict_file(warm, Path(folder) / "out.csv", predictor, targets=targets, precedents=0)
        spent = _by_stage(predictor, source, sorted({task_of(column).name for column in targets or TARGETS}))

        def run(precedents: int) -> float:
            out = Path(folder) / "out.csv"
            work = partial(predict_file, source, out, predictor, targets=targets, precedents=precedents)
            return _timed(work, time.process_time)

        total, with_nearest = run(0), run(3)
        before = sum(spent.values())
        spent |= {"intervals, notices, writing": total - before, "whole": total, "nearest rows": with_nearest - total}
    return spent


def _by_stage(predictor: Any, source: Path, names: list[str]) -> dict[str, float]:
    from features.electrolyte_columns import read_electrolytes
    from features.tables.chunks import PortionReader, open_source
    from features.tables.columnar import read_rows
    from features.tables.records import Candidate
    from models.candidates import has_anode, unreadable
    from models.tasks.part import with_link

    spent = dict.fromkeys(("read", "featurize", "boosters", "distance"), 0.0)

    def timed(stage: str, work: Callable[..., Any], *arguments: Any) -> Any:
        start = time.process_time()
        result = work(*arguments)
        spent[stage] += time.process_time() - start
        return result

    table, reader = timed("read", open_source, source), PortionReader()
    parts = predictor.bundle.parts
    for portion in table.portions:
        rows = timed("read", reader.read, portion)
        designs = timed("read", read_rows, rows, Candidate, "in.csv").designs
        electrolytes = timed("featurize", read_electrolytes, designs)
        timed("featurize", unreadable, designs, electrolytes)
        timed("featurize", has_anode, designs)
        linked, vectors, before = designs, None, None
        for name in ["conductivity", *(part_name for part_name in names if part_name != "conductivity")]:
            part = parts[name]
            if before is None or not part.featurizer.reads_like(before):  # as the predictor shares them
                vectors = timed("featurize", part.featurizer.vectors, linked, electrolytes)
            before = part.featurizer
            centre, _ = timed("boosters", part.ensemble.predict, vectors)
            timed("distance", part.domain.nearest_distance, vectors)
            if name == "conductivity" and len(names) > 1:
                linked = timed("featurize", with_link, designs, centre)
    return spent


def _timed(work: Callable[[], Any], clock: Callable[[], float] = time.perf_counter) -> float:
    start = clock()
    work()
    return clock() - start


def cold(command: list[str]) -> float:
    """Seconds of a command from nothing, imports included."""
    return _timed(lambda: subprocess.run(command, cwd=ROOT, check=True, capture_output=True))


def main() -> None:
    """Time everything in turns and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--formulas", type=int, default=1500, help="that the peer is timed on")
    parser.add_argument("--ours", type=int, default=100_000, help="that ours is timed on")
    parser.add_argument("--designs", type=int, default=200_000, help="rows of the tables of the whole road")
    parser.add_argument("--cold", type=int, default=10_000, help="designs of the one-shot run")
    parser.add_argument("--model", metavar="REF", help="as in silion predict")
    parser.add_argument("--bad-rows", type=int, metavar="N", help="have N rows refused, beside one good one")
    parser.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    add_code(parser)
    arguments = parser.parse_args()
    if arguments.code:
        work = partial(commands, arguments.designs, arguments.model)
        beside("screening", arguments.code, work, arguments.rounds, ONE_CORE)
        return
    if arguments.bad_rows:
        refusal(arguments.bad_rows, arguments.model)
        return
    if arguments.child:
        kind, *values = arguments.child
        done: dict[str, Any] = (
            time_silion(Path(values[0]), Path(values[1]))
            if kind == "ours"
            else stages(arguments.model, int(values[0]), values[1] == "cells")
        )
        print(json.dumps(done))
        return
    results = {**beside_today(arguments), **road(arguments)}
    write_result("screening", results)


def refusal(count: int, model: str | None) -> None:
    """Seconds of `silion predict` over rows that no other resembles, each with one mistake of five kinds; printed."""
    kinds = "{0}Qx,25,,,", "{0},-{1}000,,,", "{0},hot{1},,,", "{0},25,sulfde{1},,", "{0},25,,4,3.{1}"
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder) / "bad.csv", Path(folder) / "out.csv"
        with source.open("w", encoding="utf-8") as file:
            file.write("electrolyte,temperature_c,electrolyte_class,voltage_low_v,voltage_high_v\nLi3N,25,,,\n")
            for number, formula in enumerate(never_seen(count, 6), 1):
                file.write(kinds[number % len(kinds)].format(formula, number) + "\n")
        line = [sys.executable, "-m", "silion", "predict", str(source), "-o", str(out)]
        line += ["--model", model] if model else []
        start = time.perf_counter()
        done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - start
        assert done.returncode == 1, done.stderr  # as wherever rows were refused
        with (Path(folder) / "out.csv.rejected.csv").open(encoding="utf-8") as file:
            lines = sum(1 for _ in file)
    print(f"{count:,} bad rows refused in {seconds:.1f} s, imports included; {lines:,} lines in the reject file")


def commands(count: int, model: str | None, side: Side) -> dict[str, float]:
    """Processor microseconds a design of `silion predict`, with and without the nearest rows, on one core."""
    costs = {}
    with tempfile.TemporaryDirectory() as folder:
        few, many, out = (Path(folder) / name for name in ("few.csv", "many.csv", "out.csv"))
        for kind, targets in (("conductivity", ["--targets", "conductivity_s_per_cm"]), ("cells", [])):
            for path, rows in ((few, 200), (many, count)):
                designs_table(path, rows, kind == "cells")
            options = [*targets, *(["--model", model] if model else [])]
            for nearest, label in (("0", kind), ("3", f"{kind}, nearest rows too")):
                line = ["-m", "silion", "predict", "-o", str(out), *options, side.nearest, nearest]
                costs[f"{label}, us"] = side.us_each(line, few, many, count - 200)
    return costs


def beside_today(arguments: argparse.Namespace) -> dict[str, Any]:
    """Rates of both sides, warm, and the seconds of one cold run; printed."""
    if not PEERS.exists():
        print(f"no {PEERS.relative_to(ROOT)}: nothing to stand beside (make bench makes it)")
        return {}
    peer = str(ROOT / "benchmarks" / "peer_screening.py")
    rates: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        booster, small, large = (Path(folder) / name for name in ("booster.json", "small.txt", "large.txt"))
        train_booster(booster)
        small.write_text("\n".join(never_seen(arguments.formulas, 0)), encoding="utf-8")
        large.write_text("\n".join(never_seen(arguments.ours, 2)), encoding="utf-8")
        columns = json.dumps([f"MagpieData {statistic} {name}" for statistic in STATISTICS for name in SHARED])
        model = ["--model", arguments.model] if arguments.model else []
        same = 0.0
        for _ in range(arguments.rounds):
            run = child("-m", "benchmarks.screening", "--child", "ours", str(booster), str(large))
            rates.setdefault("silion", []).append(run["rate"])
            rates.setdefault("silion, per CPU second", []).append(run["per_core"])
            for setting in THEIR_SETTINGS:
                run = child(peer, str(booster), str(small), setting, columns, interpreter=PEERS)
                rates.setdefault(f"today, {setting}", []).append(run["rate"])
                if setting == "1":
                    rates.setdefault("today, per CPU second", []).append(run["per_core"])
            own = child("-m", "benchmarks.screening", "--child", "ours", str(booster), str(small))["first"]
            same = statistics.fmean(abs(x - y) < 1e-4 for x, y in zip(own, run["first"], strict=True))
        table = Path(folder) / "cold.csv"
        designs_table(table, arguments.cold, cells=False)
        target = ["--targets", "conductivity_s_per_cm"]
        silion = [sys.executable, "-m", "silion", "predict", str(table), "-o", f"{folder}/o.csv", *target, *model]
        today = [str(PEERS), peer, str(booster), str(table), "2", columns, f"{folder}/p.csv"]
        pairs = [(cold(silion), cold(today)) for _ in range(min(3, arguments.rounds))]
    rate = {name: statistics.median(values) for name, values in rates.items()}
    best = max(rate[f"today, {setting}"] for setting in THEIR_SETTINGS)
    result = {
        "designs_per_s": rate,
        "ratio_to_default": rate["silion"] / rate["today, 2"],
        "ratio_to_fastest": rate["silion"] / best,
        "ratio_per_cpu_second": rate["silion, per CPU second"] / rate["today, per CPU second"],
        "predictions_equal": same,
        "cold_s": {"silion": statistics.median(a for a, _ in pairs), "today": statistics.median(b for _, b in pairs)},
        "cold_ratio": statistics.median(b / a for a, b in pairs),
    }
    print("one booster of 500 trees, formulas never seen, warm, two cores")
    for name, value in rate.items():
        print(f"  {name:<24} {value:>12,.0f} designs/s")
    print(f"  over its default {result['ratio_to_default']:.0f} x, over its fastest {result['ratio_to_fastest']:.0f} x")
    print(f"  per CPU second {result['ratio_per_cpu_second']:.0f} x: what other load on the machine does not move")
    print(f"  predictions equal to 1e-4: {100 * same:.0f} %")
    print(
        f"{arguments.cold:,} designs from nothing, imports included: {result['cold_s']}, {result['cold_ratio']:.1f} x"
    )
    return {"beside_today": result}


def road(arguments: argparse.Namespace) -> dict[str, Any]:
    """Shares of the stages of the shipped model's road on one core; printed."""
    result: dict[str, Any] = {}
    count, model = arguments.designs, ["--model", arguments.model] if arguments.model else []
    for kind in ("conductivity", "cells"):  # the latter with all four targets
        command = ["-m", "benchmarks.screening", *model, "--child", "stages", str(count), kind]
        runs = [child(*command, env=ONE_CORE) for _ in range(arguments.rounds)]
        spent = {stage: statistics.median(run[stage] for run in runs) for stage in runs[0]}
        ratio = statistics.median((run["whole"] - run["distance"]) / run["boosters"] for run in runs)
        rate = count / spent["whole"]
        result[kind] = {"seconds": spent, "whole_without_distance_over_boosters": ratio, "designs_per_s_and_core": rate}
        print(f"{kind}, one core, {count:,} designs")
        for stage, seconds in spent.items():
            print(f"  {stage:<30} {1e6 * seconds / count:7.2f} us each {100 * seconds / spent['whole']:5.0f} %")
        print(f"  without the distance {ratio:.2f} x its bare boosters; {rate:,.0f} designs a second and core")
    return {"road": result}


if __name__ == "__main__":
    main()
