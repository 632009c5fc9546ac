"""Can anything predict a silicon cell of a paper never seen? Many ideas, the choice among them made inside the folds.

    python -m benchmarks.cells [--repeats 5] [--seeds 1] [--unit paper|lab]

Outer folds hold out papers (5 folds, repeated). Inside each, an inner grouped cross-validation (4 folds, twice) over
the training papers scores every idea, and the best one, refitted, predicts the held-out papers: the *nested* rows, the
only ones that may be claimed. Ideas are chosen by the mean over papers of each paper's mean error (papers, not rows,
are drawn anew for a future cell; one paper holds a quarter of the ICE rows); life chooses by the censored
log-likelihood, averaged the same way. Outcomes are printed as `silion evaluate` prints them: by row, over the dummy's,
with a 90 % interval from drawing papers again. A constant can beat the dummy too (the median with each paper counting
once): the column "over that constant" says what the design adds. Rows of single ideas were looked at and are no claims:
of that many the best looks skilful by luck. `--unit lab` holds out and draws first authors instead of papers. Writes
benchmarks/out/cells.json.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

from benchmarks.cells.figures import check_curves, dominating, report, show, verdict
from benchmarks.cells.nested import outer_folds, validate
from benchmarks.cells.tasks import Reader, tasks
from benchmarks.results import write_result
from training.data.load import load_literature


def main() -> None:
    """Run every seed and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5, help="of the outer folds")
    parser.add_argument("--seeds", type=int, default=1, help="seeds 0 to N - 1, each on its own")
    parser.add_argument("--unit", choices=("paper", "lab"), default="paper", help="what is held out")
    parser.add_argument("--only", choices=("ICE", "retention"))
    arguments = parser.parse_args()
    literature = load_literature()
    reader, start = Reader(literature), time.perf_counter()
    out: dict[str, list[dict[str, object]]] = {}
    for task in (replace(base, unit=arguments.unit) for base in tasks(literature)):
        if arguments.only not in (None, task.name):
            continue
        dummy = list(task.ideas).index("dummy")
        if task.fades:
            _, train, test = next(outer_folds(task, 1, 0))
            check_curves(task, reader.fold(task, train, test, 0, full=False, without=task.names(test)))
        tables = []
        for seed in range(arguments.seeds):
            outer = validate(task, reader, arguments.repeats, seed)
            tables.append(report(task, outer, dummy))
            show(task, seed, tables[-1], outer)
            print(f"  {time.perf_counter() - start:.0f} s", flush=True)
            out.setdefault(task.name, []).append(
                {"seed": seed, "figures": tables[-1], "taken": outer.picks, "errors": dominating(task, outer, dummy)}
            )
        print(verdict(task, tables))
    name = f"cells_{arguments.only.lower()}" if arguments.only else "cells"
    write_result(name, {"repeats": arguments.repeats, "targets": out})


if __name__ == "__main__":
    main()
