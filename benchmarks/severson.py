"""Lives of fast-charged LFP cells from their first 100 cycles, with the change of the discharge curve, as Severson et
al. (Nature Energy 2019) split them.

    python -m benchmarks.severson [--test]

Needs the public sets (`silion data pull cycling`). Features and penalty are chosen by leave-one-out over the training
cells; the two test sets are looked at with `--test` alone, and each look is written to `benchmarks/looks.csv`.
"""

from __future__ import annotations

import argparse

import numpy as np

from benchmarks.looks import add_look
from features.cycling.discharge import DISCHARGE_FEATURES
from training.life.discharge import discharge_examples, learn_discharge, left_out, linear_model
from training.public.cycling import pulled_cycling

VARIANCE = "log10_variance"
SETS = {
    "variance of dQ(V), as published": (VARIANCE,),
    "capacity only": ("rate", "late_rate"),
    "dQ(V) and capacity, as `silion life` tells": tuple(DISCHARGE_FEATURES),
    "dQ(V), its growth and capacity": (*DISCHARGE_FEATURES, "growth"),
}
SHORTEST_PUBLISHED = 200
"""The published test1 leaves out the cell that ends before this cycle."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--test", action="store_true", help="look at the test sets, and write the look down")
    arguments = parser.parse_args()
    cells = discharge_examples(pulled_cycling())
    cells["growth"] = cells["logvar_dQ_100_10"] - cells["logvar_dQ_50_10"]
    train = cells[cells["split"] == "train"]
    predictions = {name: 10 ** left_out(train, features) for name, features in SETS.items()}
    scores = {name: float(np.sqrt(np.mean((lives - train["cycle_life"]) ** 2))) for name, lives in predictions.items()}
    for name, score in scores.items():
        print(f"{name}: {score:.0f} cycles, training cells left out one by one")
    chosen = min(scores, key=lambda name: scores[name])
    print(f"chosen: {chosen}")
    if not arguments.test:
        return
    shipped = learn_discharge(cells)
    for name in dict.fromkeys([next(iter(SETS)), chosen]):
        features = list(SETS[name])
        fitted = linear_model().fit(train[features].to_numpy(), np.log10(train["cycle_life"]))
        rmse = {}
        for split in ("test1", "test2"):
            test = cells[(cells["split"] == split) & (cells["cycle_life"] >= SHORTEST_PUBLISHED)]
            lives = 10 ** fitted.predict(test[features].to_numpy())
            rmse[split] = float(np.sqrt(np.mean((lives - test["cycle_life"]) ** 2)))
        print(f"{name}: RMSE {rmse['test1']:.0f} / {rmse['test2']:.0f} cycles (published: 138 / 196 by the variance)")
        add_look({f"Severson test1 / test2, {name}: RMSE {rmse['test1']:.0f} / {rmse['test2']:.0f} cycles": {}})
    tests = cells[(cells["split"] != "train") & (cells["cycle_life"] >= SHORTEST_PUBLISHED)]
    miss = np.abs(shipped.log10_life(tests) - np.log10(tests["cycle_life"].to_numpy()))
    holds = float(np.mean(miss <= shipped.calibration.half_width(np.zeros(len(tests)), 0.9)))
    print(f"90 % intervals of `silion life` hold {100 * holds:.0f} % of {len(tests)} test cells")


if __name__ == "__main__":
    main()
