"""Lives of fast-charged LFP cells from their first 100 cycles, with the change of the discharge curve, as Severson et
al. (Nature Energy 2019) split them.

    python -m benchmarks.severson [--test]

Needs the public sets (`silion data pull cycling`). Features and penalty are chosen by leave-one-out over the training
cells; the two test sets are looked at with `--test` alone, and each look is written to `benchmarks/looks.csv`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.life import add_look
from training.public.cycling import pulled_cycling

VARIANCE = ("log10 variance of dQ(V)",)
SETS = {
    "variance of dQ(V), as published": VARIANCE,
    "capacity only": ("first", "rise", "last", "rate", "late rate"),
    "dQ(V)": (*VARIANCE, "least dQ(V)"),
    "dQ(V) and its growth": (*VARIANCE, "least dQ(V)", "growth 50", "growth 30"),
    "dQ(V) and capacity": (*VARIANCE, "least dQ(V)", "first", "rise", "rate"),
    "dQ(V), its growth and capacity": (
        *VARIANCE, "least dQ(V)", "growth 50", "first", "rise", "last", "rate", "late rate"
    ),
}  # fmt: skip
PENALTIES = np.logspace(-2, 3, 26)
SHORTEST_PUBLISHED = 200
"""The published test1 leaves out the cell that ends before this cycle."""


def table(folder: Path) -> pd.DataFrame:
    """Return features and lives, one row per cell."""
    cells = pd.read_csv(folder / "matr_lives_and_dqv.csv")
    capacity = pd.read_csv(folder / "matr_first100_capacity.csv.gz").pivot_table(
        index=["split", "cell"], columns="cycle", values="capacity_Ah"
    )
    q = capacity.reindex(pd.MultiIndex.from_frame(cells[["split", "cell"]])).reset_index(drop=True)
    cells["first"] = q[2]
    cells["rise"] = q.loc[:, 2:100].max(axis=1) - q[2]
    cells["last"] = q.loc[:, 95:100].median(axis=1)
    cells["rate"] = q.loc[:, 95:100].median(axis=1) - q.loc[:, 8:13].median(axis=1)
    cells["late rate"] = q.loc[:, 95:100].median(axis=1) - q.loc[:, 75:80].median(axis=1)
    cells[VARIANCE[0]] = cells["logvar_dQ_100_10"]
    cells["least dQ(V)"] = np.log10(-cells["min_dQ_100_10"].clip(upper=-1e-5))
    for cycle in (30, 50):
        cells[f"growth {cycle}"] = cells["logvar_dQ_100_10"] - cells[f"logvar_dQ_{cycle}_10"]
    return cells


def model() -> Pipeline:
    return make_pipeline(StandardScaler(), RidgeCV(PENALTIES))


def left_out(train: pd.DataFrame, features: tuple[str, ...]) -> float:
    """Return the RMSE in cycles over training cells, each from a model of the others."""
    errors = []
    for row in range(len(train)):
        rest = train.drop(index=train.index[row])
        fitted = model().fit(rest[list(features)].to_numpy(), np.log10(rest["cycle_life"]))
        told = 10 ** fitted.predict(train[list(features)].to_numpy()[[row]])[0]
        errors.append(told - train["cycle_life"].iloc[row])
    return float(np.sqrt(np.mean(np.square(errors))))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--test", action="store_true", help="look at the test sets, and write the look down")
    arguments = parser.parse_args()
    cells = table(pulled_cycling())
    train = cells[cells["split"] == "train"]
    scores = {name: left_out(train, features) for name, features in SETS.items()}
    for name, score in scores.items():
        print(f"{name}: {score:.0f} cycles, training cells left out one by one")
    chosen = min(scores, key=lambda name: scores[name])
    print(f"chosen: {chosen}")
    if not arguments.test:
        return
    for name in dict.fromkeys([next(iter(SETS)), "capacity only", chosen]):
        features = list(SETS[name])
        fitted = model().fit(train[features].to_numpy(), np.log10(train["cycle_life"]))
        found = {}
        for split in ("test1", "test2"):
            test = cells[(cells["split"] == split) & (cells["cycle_life"] >= SHORTEST_PUBLISHED)]
            told = 10 ** fitted.predict(test[features].to_numpy())
            found[split] = float(np.sqrt(np.mean((told - test["cycle_life"]) ** 2)))
        print(f"{name}: RMSE {found['test1']:.0f} / {found['test2']:.0f} cycles (published: 138 / 196 by the variance)")
        add_look(f"Severson test1 / test2, {name}: RMSE {found['test1']:.0f} / {found['test2']:.0f} cycles")


if __name__ == "__main__":
    main()
