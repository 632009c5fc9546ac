"""OBELiX's official test: every look at it is written to `benchmarks/looks.csv`, and chooses nothing.

    python -m benchmarks.official             the model of `make run`, without the test rows and their kin
    python -m benchmarks.official --peers [--write-docs]

Needs the public tables: `silion data pull obelix`, and with `--peers` liverpool and laskowski.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np

from benchmarks.accuracy import Result, judged, keep, load, table
from benchmarks.looks import add_look
from benchmarks.methods import ALL_PUBLIC, CLASSIFIERS, OBELIX_ONLY
from benchmarks.regimes import LEVEL, choices_of
from models.tasks.examples import Examples
from models.tasks.registry import LINK, TASKS
from training.config import Protocol
from training.data.groups import PaperGroups, paper_groups
from training.data.load import SHIPPED, load_literature, resolve_papers
from training.evaluation.coverage import calibration_of, interval_of
from training.evaluation.crossvalidate import MODEL, validate
from training.evaluation.fixed_split import fixed_split
from training.public.collect import OBELIX, convert, with_public
from training.public.download import PublicDataError
from training.public.obelix import test_ids
from training.public.sources import pulled

SEEDS = range(5)
WRITTEN_BY = "benchmarks.official --peers --write-docs"
DEFAULT = "model of `make run`"


def beside_the_peers(examples: Examples, inside: np.ndarray, ids: list[str]) -> tuple[Result, int]:
    """Every method on the official test, mean of seeds 0 to 4. Peers, and ours on the same rows, learn from OBELiX's
    training rows as they are; where ours learns from all tables, everything akin to a test row is removed."""
    kin = PaperGroups.of(examples, by_composition=True)
    split = fixed_split(examples, kin, [f"obelix:{row_id}" for row_id in ids])
    test_rows = examples.take(split.test)
    predictions: dict[str, np.ndarray] = {}
    for methods, learnt in (
        (OBELIX_ONLY, np.flatnonzero(inside)),
        (ALL_PUBLIC | CLASSIFIERS, split.train),
    ):
        for name, method in methods.items():
            predictions[name] = np.array([method(examples.take(learnt), test_rows, seed) for seed in SEEDS])
    groups = kin.take(split.test).groups
    return judged(predictions, test_rows, groups), split.removed


def of_default_model() -> tuple[Result, str]:
    """The test by the model of `make run`, which learns from the shipped rows and OBELiX's training rows; errors of
    these alone calibrate its intervals."""
    ids = test_ids(pulled(OBELIX))
    literature = with_public(load_literature([SHIPPED]), [OBELIX])
    tests = [row for row in convert([OBELIX])[OBELIX].rows if row.measurement_id in ids]
    literature = replace(literature, electrolytes=[*literature.electrolytes, *tests])
    resolve_papers(literature)
    examples = TASKS[LINK].examples(literature)
    kin, protocol = paper_groups(LINK, examples), Protocol(5, 1, 0)
    split = fixed_split(examples, kin, sorted(ids))
    choice = dict([next(iter(choices_of([OBELIX]).items()))])
    out_of_fold = validate(LINK, examples, kin, choice, protocol, tests=[(0, split.test)], baselines=())
    inside = validate(LINK, examples.take(split.train), kin.take(split.train), choice, protocol, baselines=())
    calibration, test_rows = calibration_of(inside, np.arange(len(split.train))), examples.take(split.test)
    centre = out_of_fold.predicted[MODEL][0, split.test]
    (middle,), (half,) = interval_of(out_of_fold, split.test, calibration, LEVEL)
    share, wide = (test_rows.labels.distance(middle) <= half).mean(), 2 * half.mean()
    name = (
        f"{DEFAULT}, {split.removed} rows akin to the {len(split.test)} test rows removed (90 % intervals "
        f"hold {100 * share:.0f} %; mean width {wide:.1f} decades)"
    )
    return judged({name: centre[None]}, test_rows, kin.take(split.test).groups), name


def main() -> None:
    """Look once, and write it down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", action="store_true", help="all methods of `benchmarks.accuracy` beside each other")
    parser.add_argument("--write-docs", action="store_true")
    arguments = parser.parse_args()
    try:
        if not arguments.peers:
            results, name = of_default_model()
            print(f"look {add_look(results)}: {name}\n\n{table(results)}")
            return
        examples, inside, _, ids = load()
        results, removed = beside_the_peers(examples, inside, ids)
    except PublicDataError as error:
        print(f"skipped: {error}")
        return
    heading = (
        f"OBELiX's official test, {len(ids)} rows, mean of seeds 0 to 4; {removed} rows akin to a test row removed "
        f"from Silion's training; look {add_look(results)} of `benchmarks/looks.csv`."
    )
    keep("official", results, f"{heading}\n\n{table(results)}", arguments.write_docs, WRITTEN_BY)


if __name__ == "__main__":
    main()
