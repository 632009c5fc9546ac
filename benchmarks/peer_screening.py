"""Formulas to predictions as a user writes it today: pandas, matminer's Magpie preset, `XGBRegressor.predict`; run by
the interpreter of the environment of `peers.txt`.

python peer_screening.py BOOSTER FILE PROCESSES COLUMNS [OUT]

FILE holds one formula a line, or is a CSV with a column `electrolyte` where OUT is given. PROCESSES is 1, 2 or
2-chunked. Prints one JSON line: formulas a second, and a CPU second (true of PROCESSES 1), imports and building left
out, and the first predictions.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path


def main() -> None:
    """Featurize, predict, and say how fast."""
    os.environ["TQDM_DISABLE"] = "1"  # before matminer imports tqdm
    booster, file, processes, columns, *out = sys.argv[1:]
    import pandas as pd
    import xgboost as xgb
    from matminer.featurizers.composition import ElementProperty
    from pymatgen.core import Composition

    model = xgb.XGBRegressor()
    model.load_model(booster)
    featurizer = ElementProperty.from_preset("magpie")
    featurizer.set_n_jobs(int(processes[0]))
    if processes.endswith("chunked"):
        featurizer.set_chunksize(1000)
    table = pd.read_csv(file) if out else pd.DataFrame({"electrolyte": Path(file).read_text(encoding="utf-8").split()})
    start, busy = time.perf_counter(), time.process_time()
    compositions = [Composition(formula) for formula in table["electrolyte"]]
    vectors = pd.DataFrame(featurizer.featurize_many(compositions, pbar=False), columns=featurizer.feature_labels())
    predictions = model.predict(vectors[json.loads(columns)].to_numpy())
    seconds, cpu = time.perf_counter() - start, time.process_time() - busy
    if out:
        table.assign(predicted=predictions).to_csv(out[0], index=False)
    print(json.dumps({"rate": len(table) / seconds, "per_core": len(table) / cpu, "first": predictions[:200].tolist()}))


if __name__ == "__main__":
    main()
