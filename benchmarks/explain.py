"""SHAP values of many designs: a million rows as a table on disk, and the booster itself beside shap.TreeExplainer.

    python -m benchmarks.explain MODEL [--rows 1000000] [--compared 20000] [--rounds 5] [--code FOLDER]

MODEL is an exported model. Both ways explain the same boosters on the same vectors, in turns; shap hands xgboost models
to the booster's own code, so the ratio says what its road adds, not who computes better. The stream includes reading
the design into vectors and writing the CSV.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.beside import Side, add_code, beside
from benchmarks.results import write_result
from models.bundle import Bundle, load_bundle
from models.explain.contributions import CHUNK, write_contributions
from models.tasks.registry import LINK
from training.promotion.physical_checks import example_designs

SPREAD = 0.3
"""Relative spread of the numbers of the example designs that the random ones are made from."""


def designs(count: int, seed: int) -> pd.DataFrame:
    """Example designs drawn again and again, their numbers spread at random."""
    draw = np.random.default_rng(seed)
    frame = example_designs().iloc[draw.integers(0, len(example_designs()), count)].reset_index(drop=True)
    for column in ("silicon_size_nm", "stack_pressure_mpa", "np_ratio", "current_density_ma_per_cm2", "temperature_c"):
        frame[column] = pd.to_numeric(frame[column]) * draw.normal(1.0, SPREAD, count).clip(0.2, 2.0)
    return frame


def chunks(rows: int) -> Iterator[tuple[list[str], pd.DataFrame]]:
    for start in range(0, rows, CHUNK):
        count = min(CHUNK, rows - start)
        yield [str(start + row) for row in range(count)], designs(count, start)


def stream(bundle: Bundle, rows: int) -> dict[str, float]:
    """Rows a second of the conductivity part, from designs to the CSV; making the designs is not counted."""
    making_s = 0.0
    last = time.perf_counter()

    def timed() -> Iterator[tuple[list[str], pd.DataFrame]]:
        nonlocal making_s
        source = chunks(rows)
        while True:
            start = time.perf_counter()
            chunk = next(source, None)
            making_s += time.perf_counter() - start
            if chunk is None:
                return
            yield chunk

    with tempfile.TemporaryDirectory() as folder:
        (path,) = write_contributions(bundle, ["conductivity"], timed(), Path(folder))
        seconds = time.perf_counter() - last - making_s
        size = path.stat().st_size / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "stream_rows": rows, "stream_rows_per_s": rows / seconds, "stream_csv_mb": size, "stream_peak_mb": peak,
    }  # fmt: skip


def beside_shap(bundle: Bundle, rows: int, rounds: int) -> dict[str, float]:
    """Rows a second of the booster's own SHAP values and of shap.TreeExplainer, one core each."""
    import shap
    import xgboost as xgb

    part = bundle.parts[LINK]
    table = part.featurizer.transform(designs(rows, 0)).to_numpy(np.float32)
    booster = xgb.Booster({"nthread": 1}, model_file=bytearray(part.ensemble.boosters[0].save_raw()))
    explainer = shap.TreeExplainer(booster)

    def own() -> np.ndarray:
        return np.asarray(booster.predict(xgb.DMatrix(table, missing=np.nan, nthread=1), pred_contribs=True))[:, :-1]

    def by_shap() -> np.ndarray:
        return np.asarray(explainer.shap_values(table))

    times: dict[str, list[float]] = {"own": [], "shap": []}
    for _ in range(rounds):
        for name, way in (("own", own), ("shap", by_shap)):
            start = time.perf_counter()
            values = way()
            times[name].append(time.perf_counter() - start)
    apart = float(np.abs(own() - values).max())
    return {
        "booster_rows_per_s": rows / statistics.median(times["own"]),
        "shap_rows_per_s": rows / statistics.median(times["shap"]),
        "shap_over_booster_time": statistics.median(b / a for a, b in zip(times["own"], times["shap"], strict=True)),
        "largest_difference": apart,
    }


def commands(model: str, rows: int, side: Side) -> dict[str, float]:
    """Processor microseconds a design of `silion explain`, reasons of all targets written."""
    with tempfile.TemporaryDirectory() as folder:
        few, many = Path(folder) / "few.csv", Path(folder) / "many.csv"
        for path, count in ((few, 200), (many, rows)):
            designs(count, 0).to_csv(path, index=False)
        line = ["-m", "silion", "explain", "-o", f"{folder}/out", "--model", model]
        return {"a design, us": side.us_each(line, few, many, rows - 200)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--compared", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    add_code(parser)
    arguments = parser.parse_args()
    if arguments.code:
        beside("explain", arguments.code, partial(commands, arguments.model, arguments.rows), arguments.rounds)
        return
    bundle = load_bundle(arguments.model)
    results = beside_shap(bundle, arguments.compared, arguments.rounds) | stream(bundle, arguments.rows)
    write_result("explain", results)
    for name, value in results.items():
        print(f"{name:<24} {value:,.3g}" if value < 1 else f"{name:<24} {value:,.1f}")


if __name__ == "__main__":
    main()
