"""Life from the first cycles: how well it is told for silicon cells of a protocol or a data set never seen.

    python -m benchmarks.life [--write-docs]
    python -m benchmarks.life --kept-out

Needs the public sets (`silion data pull cycling`); about two minutes on one core. Members, features, shares and
intervals of every fold are made of its training cells alone. The kept-out cells are looked at only when asked for; each
look is written to `benchmarks/looks.csv`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
from scipy.stats import CensoredData, norm

from benchmarks.life_goals import goals
from benchmarks.looks import add_look
from benchmarks.results import PAGE, ROOT, write_result
from features.cycling.curves import Curves
from features.tables.descriptions import write_between_marks
from models.ensemble import Labels
from models.life.life_features import life_rows, open_prior
from models.life.model import Estimate, LifeModel, load_life_model
from models.life.trend import fit_trend
from training.evaluation.bootstrap import share_interval
from training.life.landmarks import LifeExamples, examples_at, folds_of, life_examples, long_enough
from training.life.learn import learn
from training.life.sets import CyclingSets, read_sets
from training.public.cycling import pulled_cycling

GIVEN = ("10", "20", "50", "100", "200", "5 % fade")
GIVEN_IN_DOCS = ("20", "50", "100", "5 % fade")
JUDGED = (0.9, 0.85, 0.8)
LEVEL = 0.9
OUTER, INNER, DRAWS, SEED = 10, 5, 2000, 0
CURVE_THRESHOLDS = np.array([0.975, 0.95, 0.925, 0.9, 0.875, 0.85, 0.825, 0.8, 0.75, 0.7])
METHODS = ("dummy", "own line", "own trend", "silion")
BIN, LEAST_PROBABILITY = 0.1, 1e-3
"""Decades around a life whose probability is scored, and the least that counts."""


def cycles_given(curves: Curves, landmark: str) -> np.ndarray:
    """Return the last cycle given of each cell; NaN where it is not reached."""
    if landmark.endswith("fade"):
        return np.floor(curves.crossing([1 - float(landmark.split()[0]) / 100])[:, 0])
    return np.full(len(curves.names), float(landmark))


def judged_thresholds(sets: CyclingSets) -> dict[str, list[float]]:
    """Return the thresholds that at least half of the cells of each silicon set reach."""
    reached = np.isfinite(sets.curves.crossing(JUDGED))
    silicon = sets.cells[sets.cells["silicon"].to_numpy(dtype=bool)]
    return {
        str(name): [
            limit for limit, share in zip(JUDGED, reached[cells.index].mean(axis=0), strict=True) if share >= 0.5
        ]
        for name, cells in silicon.groupby("data_set")
    }


def tests(sets: CyclingSets, chosen: np.ndarray) -> list[tuple[str, LifeExamples]]:
    """Return what is asked of some cells, by the cycles given."""
    limits = judged_thresholds(sets)
    cases = []
    for landmark in GIVEN:
        cycle = np.where(chosen, cycles_given(sets.curves, landmark), np.nan)
        if not len(long_enough(sets.curves, cycle)):
            continue
        examples = examples_at(sets.curves, sets.cells, cycle, JUDGED)
        pairs = zip(examples.rows["data_set"], examples.rows["threshold"], strict=True)
        cases.append((landmark, examples.take(np.array([limit in limits[name] for name, limit in pairs], dtype=bool))))
    return cases


def judge(model: LifeModel, train: LifeExamples, landmark: str, test: LifeExamples, sets: CyclingSets) -> pd.DataFrame:
    """Return answers and errors of one model, one row per cell and threshold."""
    rows = test.rows
    estimate = model.estimate(rows)
    half = model.half_width(estimate, rows, LEVEL)
    table = rows[["cell", "data_set", "protocol", "threshold"]].copy()
    table["given"] = landmark
    table["lower"], table["upper"] = test.labels.lower, test.labels.upper
    table["dummy"] = [dummy(train, threshold) for threshold in rows["threshold"]]
    table["own line"], table["own trend"], table["silion"] = rows["straight"], rows["own"], estimate.life
    table["low"], table["high"] = estimate.life - half, estimate.life + half
    given_cycles, fitted = rows["log10_cycles"].to_numpy(), censored_normal(train, rows["threshold"].to_numpy())
    table["log score"] = log_scores(lambda cycles: survival(model, estimate, rows, cycles), test.labels)
    table["dummy's log score"] = log_scores(
        lambda cycles: norm.sf(np.maximum(cycles, given_cycles), *fitted) / norm.sf(given_cycles, *fitted), test.labels
    )
    table["curve"] = curve_errors(model, rows, sets.curves)
    return table


def dummy(train: LifeExamples, threshold: float) -> float:
    """Return the median log10 life of the silicon cells learnt from, data sets weighing the same."""
    rows = train.rows[train.rows["silicon"] & np.isclose(train.rows["threshold"], threshold) & train.labels.exact]
    lives = pd.Series(train.labels.lower, index=train.rows.index)[rows.index]
    return float(lives.groupby([rows["data_set"], rows["cell"]]).first().groupby("data_set").median().median())


def censored_normal(train: LifeExamples, thresholds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and deviation of log10 life at thresholds, of the silicon cells learnt from, censored ones too."""
    silicon, fits = train.rows["silicon"].to_numpy(dtype=bool), {}
    for threshold in np.unique(thresholds):
        here = silicon & np.isclose(train.rows["threshold"], threshold)
        cells = np.flatnonzero(here)[np.unique(train.rows["cell"].to_numpy()[here], return_index=True)[1]]
        labels = train.labels.take(cells)
        fits[threshold] = norm.fit(CensoredData(labels.lower[labels.exact], right=labels.lower[~labels.exact]))
    mean, deviation = np.array([fits[threshold] for threshold in thresholds]).T
    return mean, deviation


def survival(model: LifeModel, estimate: Estimate, rows: pd.DataFrame, log10_cycles: np.ndarray) -> np.ndarray:
    """Return the probability to outlive a number of cycles: the intervals, read backwards."""
    miss = log10_cycles - estimate.life
    return 0.5 - 0.5 * np.sign(miss) * model.share_within(np.abs(miss), estimate, rows)


def log_scores(outlives: Callable[[np.ndarray], np.ndarray], labels: Labels) -> np.ndarray:
    """Return the logarithm of the probability of what came: a tenth of a decade around a life, or beyond a bound."""
    near = outlives(labels.lower - BIN / 2) - outlives(labels.lower + BIN / 2)
    return np.log(np.maximum(np.where(labels.exact, near, outlives(labels.lower)), LEAST_PROBABILITY))


def curve_errors(model: LifeModel, rows: pd.DataFrame, curves: Curves) -> np.ndarray:
    """Return the mean absolute error of each cell's curve from the last cycle given to its life or end, in points."""
    errors = np.full(len(rows), np.nan)
    cells, places = np.unique(rows["cell"], return_index=True)
    if not len(cells):
        return errors
    last_cycle = 10 ** rows["log10_cycles"].to_numpy()[places]
    first = curves.take(cells).until(last_cycle + 1e-6)
    grid = np.repeat(CURVE_THRESHOLDS[None], len(cells), axis=0)
    grid_rows = life_rows(first, fit_trend(first, open_prior(len(cells))), grid)
    life = model.estimate(grid_rows).life.reshape(grid.shape)
    level = grid_rows["retention"].to_numpy().reshape(grid.shape)[:, 0]
    for number, cell in enumerate(cells):
        points = slice(*curves.starts[cell : cell + 2])
        cycle, retention = curves.cycle[points], curves.retention[points]
        limit = rows["threshold"].to_numpy()[rows["cell"].to_numpy() == cell].min()
        ahead = (cycle > last_cycle[number]) & (np.cumsum(retention < limit) == 0)
        below = level[number] > CURVE_THRESHOLDS
        crossings = np.maximum.accumulate(np.concatenate([[np.log10(last_cycle[number])], life[number, below]]))
        predicted = np.interp(
            np.log10(cycle[ahead]), crossings, np.concatenate([[level[number]], CURVE_THRESHOLDS[below]])
        )
        if ahead.any():
            errors[places[number]] = 100 * np.abs(predicted - retention[ahead]).mean()
    return errors


def evaluate(sets: CyclingSets, examples: LifeExamples, by: str) -> pd.DataFrame:
    """Return the answers for every silicon cell from a model that never saw its group."""
    silicon = sets.cells["silicon"].to_numpy(dtype=bool)
    groups = sets.cells[by].to_numpy(dtype=str)
    count = OUTER if by == "protocol" else None
    cases, parts = tests(sets, silicon), []
    for fold in folds_of(groups[silicon], count, SEED):
        names = np.unique(groups[silicon][fold])
        train = examples.take(~examples.rows[by].isin(names).to_numpy())
        model = learn(train, by, INNER if by == "protocol" else None, SEED, {})
        for landmark, every in cases:
            test = every.take(every.rows[by].isin(names).to_numpy())
            if len(test.rows):
                parts.append(judge(model, train, landmark, test, sets))
        print(".", end="", flush=True)
    print()
    return pd.concat(parts, ignore_index=True)


def misses(table: pd.DataFrame, method: str) -> np.ndarray:
    """Return the distance of a method's answers to what is known of the life; NaN for a bound that is respected."""
    predicted, lower = table[method].to_numpy(), table["lower"].to_numpy()
    exact = np.isfinite(table["upper"].to_numpy())
    return np.where(exact, np.abs(predicted - lower), np.where(predicted < lower, lower - predicted, np.nan))


def summary(table: pd.DataFrame) -> list[dict[str, object]]:
    """Return one row of numbers per cycles given: errors, ratio and coverage with intervals over protocols."""
    lines: list[dict[str, object]] = []
    for landmark in GIVEN:
        rows = table[(table["given"] == landmark)]
        main = rows[rows["threshold"] == rows.groupby("data_set")["threshold"].transform("min")]
        exact = main[np.isfinite(main["upper"])]
        error = {method: np.abs(exact[method] - exact["lower"]).to_numpy() for method in METHODS}
        _, group = np.unique(exact["protocol"], return_inverse=True)
        draws = np.random.default_rng(SEED).integers(group.max() + 1, size=(DRAWS, group.max() + 1))
        size = np.bincount(group)
        sums = {method: np.bincount(group, weights=values) for method, values in error.items()}
        drawn = {method: values[draws].sum(axis=1) / size[draws].sum(axis=1) for method, values in sums.items()}
        best = min(("dummy", "own line"), key=lambda method: error[method].mean())
        ratio = np.quantile(drawn["silion"] / drawn[best], [0.05, 0.95])
        inside = (exact["low"] <= exact["lower"]) & (exact["lower"] <= exact["high"])
        censored = main[~np.isfinite(main["upper"])]
        lines.append(
            {
                "cycles given": landmark,
                "cells": len(exact),
                **{method: round(float(values.mean()), 3) for method, values in error.items()},
                "interval": [round(float(value), 3) for value in np.quantile(drawn["silion"], [0.05, 0.95])],
                "ratio": round(float(error["silion"].mean() / error[best].mean()), 2),
                "ratio interval": [round(float(value), 2) for value in ratio],
                "holds": round(float(inside.mean()), 3),
                "protocols alike": round(float(inside.groupby(exact["protocol"]).mean().mean()), 3),
                "curve": round(float(rows["curve"].mean()), 2),
                "censored": len(censored),
                "contradicted": int((censored["high"] < censored["lower"]).sum()),
                "log score": round(float(main["log score"].mean()), 2),
                "dummy's": round(float(main["dummy's log score"].mean()), 2),
            }
        )
    return lines


def families(table: pd.DataFrame) -> list[dict[str, object]]:
    """Return error and coverage of each data set and threshold; the interval of the coverage counts protocols."""
    lines: list[dict[str, object]] = []
    exact = table[np.isfinite(table["upper"])]
    for (landmark, name, threshold), rows in exact.groupby(["given", "data_set", "threshold"]):
        inside = ((rows["low"] <= rows["lower"]) & (rows["lower"] <= rows["high"])).groupby(rows["protocol"]).mean()
        count, hits = len(inside), float(inside.sum())
        low, high = share_interval(hits, count)
        lines.append(
            {
                "given": landmark,
                "data set": name,
                "threshold": threshold,
                "cells": len(rows),
                "protocols": count,
                **{method: round(float(np.abs(rows[method] - rows["lower"]).mean()), 3) for method in METHODS},
                "holds": round(hits / count, 3),
                "from": round(low, 2),
                "to": round(high, 2),
            }
        )
    return lines


def kept_out(sets: CyclingSets) -> pd.DataFrame:
    """Return the answers of the shipped model for the kept-out cells: cell unseen, protocol seen."""
    learnable = sets.learnable
    train = life_examples(learnable.curves, learnable.cells)
    model = load_life_model()
    cases = tests(sets, sets.cells["kept_out"].to_numpy(dtype=bool))
    return pd.concat([judge(model, train, landmark, test, sets) for landmark, test in cases], ignore_index=True)


def markdown(rows: list[dict[str, object]]) -> str:
    """Return rows as a table of Markdown."""
    heads = list(rows[0])
    lines = [heads, ["---"] * len(heads), *([_cell(row[head]) for head in heads] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: object) -> str:
    return " to ".join(map(str, value)) if isinstance(value, list) else str(value)


def in_short(rows: list[dict[str, object]]) -> str:
    """Return the README's line: where the error is below the better of dummy and own line, and where it is not."""
    skilled = [row for row in rows if cast("list[float]", row["ratio interval"])[1] < 1]
    texts = [
        f"{row['cycles given']} cycles ({row['silion']} decades, ratio {row['ratio']}, {_cell(row['ratio interval'])})"
        for row in skilled
    ]
    unskilled = ", ".join(str(row["cycles given"]) for row in rows if row not in skilled)
    others = f"; given {unskilled} that is not shown" if skilled and unskilled else ""
    where = f"given {', '.join(texts)}{others}" if texts else "given no number of cycles"
    return (
        "- **Use with care** the life of a liquid-electrolyte cell with silicon, predicted from its first cycles. "
        "Under a protocol that the model never saw, it beats both the median and a straight line through the cell's "
        f"own capacities {where}. For solid-state cells you get a range only."
    )


def write_tables(name: str, text: str, page: Path) -> None:
    """Write a table between its marks."""
    begin, end = (
        f"<!-- life, {name}: written by `python -m benchmarks.life --write-docs` -->",
        f"<!-- end of life, {name} -->",
    )
    write_between_marks(page, begin, end, text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--write-docs",
        "--write-readme",
        action="store_true",
        help="into benchmarks/README.md, docs/life.md and README.md",
    )
    parser.add_argument("--kept-out", action="store_true", help="look at the kept-out cells, and write the look down")
    arguments = parser.parse_args()
    sets = read_sets(pulled_cycling())
    learnable = sets.learnable
    if arguments.kept_out:
        lines = summary(kept_out(sets))
        print(markdown(lines))
        errors = ", ".join(f"{row['silion']} at {row['cycles given']}" for row in lines)
        add_look({f"life, kept-out cells (cell unseen, protocol seen): MAE log10 {errors}": {}})
        return
    examples = life_examples(learnable.curves, learnable.cells)
    results = {}
    for by, title in (("protocol", "Protocol never seen"), ("data_set", "Data set never seen")):
        table = evaluate(learnable, examples, by)
        results[by] = {"summary": summary(table), "families": families(table)}
        results[by]["goals"] = goals(by, results[by]["summary"], results[by]["families"])
        text = f"{title}.\n\n{markdown(results[by]['summary'])}\n\n{markdown(results[by]['goals'])}"
        print(f"{text}\n\n{markdown(results[by]['families'])}\n")
        if arguments.write_docs:
            write_tables(by, text, PAGE)
            rows = [row for row in results[by]["families"] if row["given"] in GIVEN_IN_DOCS]
            write_tables(f"{by}, by family", markdown(rows), ROOT / "docs" / "life.md")
    if arguments.write_docs:
        write_tables("in short", in_short(results["protocol"]["summary"]), ROOT / "README.md")
    write_result("life", results)


if __name__ == "__main__":
    main()
