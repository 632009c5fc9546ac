"""Text to the Magpie vector by the peers' own means, timed; run by the interpreter of the environment of `peers.txt`.

python peer_featurize.py FILE MODE

FILE holds one formula a line. Seconds exclude imports and building the featurizer, and include parsing the text.
Progress bars are off and compositions go to matminer as a list, not a table: each peer at its fastest.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import time
from collections.abc import Callable, Sequence, Sized
from functools import partial
from pathlib import Path

Run = Callable[[list[str]], Sized]


def matminer(processes: int, chunk: int | None = None) -> Run:
    from matminer.featurizers.composition import ElementProperty
    from pymatgen.core import Composition

    featurizer = ElementProperty.from_preset("magpie")
    featurizer.set_n_jobs(processes)
    if chunk:
        featurizer.set_chunksize(chunk)
    return lambda formulas: featurizer.featurize_many([Composition(formula) for formula in formulas], pbar=False)


def cbfv() -> Run:
    import pandas as pd
    from CBFV.composition import generate_features

    def run(formulas: list[str]) -> Sized:
        table = pd.DataFrame({"formula": formulas, "target": 0.0})
        with contextlib.redirect_stdout(sys.stderr):  # it reports its steps where our one line goes
            features: Sized = generate_features(table, elem_prop="magpie")[0]
        return features

    return run


def pymatgen() -> Run:
    from pymatgen.core import Composition

    return lambda formulas: [Composition(formula) for formula in formulas]


MODES: dict[str, Callable[[], Run]] = {
    "matminer-1": partial(matminer, 1),
    "matminer-2": partial(matminer, 2),
    "matminer-2-chunked": partial(matminer, 2, 1000),
    "cbfv": cbfv,
    "pymatgen": pymatgen,
}
"""matminer-2 is what matminer does unasked on two cores, chunked its fastest there; pymatgen parses only."""


def main(argv: Sequence[str] | None = None) -> int:
    """Print one JSON line: mode, formulas, seconds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("mode", choices=MODES)
    arguments = parser.parse_args(argv)
    formulas = arguments.file.read_text(encoding="utf-8").splitlines()
    os.environ["TQDM_DISABLE"] = "1"  # before the peers import tqdm
    run = MODES[arguments.mode]()
    start = time.perf_counter()
    vectors = run(formulas)
    seconds = time.perf_counter() - start
    if len(vectors) != len(formulas):
        raise ValueError(f"{arguments.mode} gave {len(vectors)} rows for the {len(formulas)} lines of {arguments.file}")
    print(json.dumps({"mode": arguments.mode, "formulas": len(formulas), "seconds": seconds}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
