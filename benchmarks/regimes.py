"""Conductivity by how much is known of the electrolyte, and of papers newer than the tables learnt from.

    python -m benchmarks.regimes [--public obelix liverpool] [--repeats 1]
    python -m benchmarks.regimes --newer [--public obelix liverpool laskowski]

Public tables have to be pulled (`silion data pull obelix`); OBELiX's test ids, and what is akin to them, are left out
of everything. Without `--public`, the shipped rows alone are judged.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from features.tables.literature import Literature
from models.tasks.examples import Examples
from models.tasks.registry import LINK, TASKS
from models.tasks.years import years_of
from training.config import CHOICES, PUBLIC_CHOICES, Protocol
from training.data.groups import kinship_of
from training.data.load import SHIPPED, load_literature
from training.evaluation.crossvalidate import validate
from training.evaluation.evaluate import score_fixed
from training.evaluation.fixed_split import read_ids
from training.evaluation.regimes.measure import measure_regimes
from training.evaluation.regimes.regime import regime_table
from training.evaluation.score import Score, sentence
from training.public.collect import with_public
from training.public.download import PublicDataError
from training.public.sources import pulled

OUT = Path(__file__).resolve().parent / "out"
LAST_YEAR = 2018
"""Papers up to this year teach, later ones judge; a paper whose year nobody knows does neither."""
LEVEL = 0.9


def load(public: Sequence[str]) -> tuple[Literature, Examples]:
    """All rows in training and those of the public tables, without what is akin to OBELiX's test rows."""
    literature = with_public(load_literature([SHIPPED]), list(public))
    examples = TASKS[LINK].examples(literature)
    if "obelix" not in public:
        return literature, examples
    tests = {f"obelix:{name}" for name in read_ids(pulled("obelix") / "test_idx.csv")}
    is_test = np.array([name in tests for name in examples.designs["row_id"]])
    every = np.arange(len(is_test))
    akin = kinship_of(LINK, examples).leaks(every, np.flatnonzero(is_test))
    return literature, examples.take(np.flatnonzero(~akin))


def by_regime(examples: Examples, public: Sequence[str], repeats: int) -> str:
    """Skill and coverage by regime, as a table."""
    choices = (PUBLIC_CHOICES if public else CHOICES)[LINK]
    protocol, kin = Protocol(5, repeats, 0), kinship_of(LINK, examples)
    found = validate(LINK, examples, kin, choices, protocol)
    one = {found.chosen[0]: choices[found.chosen[0]]}
    regimes = measure_regimes(LINK, examples, kin, found, one, protocol, LEVEL)
    return regime_table(regimes.scores, TASKS[LINK].unit)


def newer_score(literature: Literature, examples: Examples, public: Sequence[str]) -> tuple[Score, int]:
    """Skill on papers after `LAST_YEAR` of a model of those before, no composition shared, and its number of rows;
    intervals of these alone."""
    years = years_of(list(examples.papers), literature)
    known = np.flatnonzero(np.isfinite(years))
    examples, years = examples.take(known), years[known]
    kin, choices = kinship_of(LINK, examples), (PUBLIC_CHOICES if public else CHOICES)[LINK]
    one = dict([next(iter(choices.items()))])
    test, before = np.flatnonzero(years > LAST_YEAR), np.flatnonzero(years <= LAST_YEAR)
    learnt = before[~kin.leaks(before, test)]
    dated = np.concatenate([learnt, test])
    inside, place = examples.take(dated), np.arange(len(learnt), len(dated))
    judged = validate(LINK, inside, kin.take(dated), one, Protocol(5, 1, 0), tests=[(0, place)])
    train = validate(LINK, examples.take(learnt), kin.take(learnt), one, Protocol(5, 1, 0))
    return score_fixed(judged, train, place, LEVEL, 0), len(learnt)


def newer(literature: Literature, examples: Examples, public: Sequence[str]) -> str:
    """The same in words."""
    score, rows = newer_score(literature, examples, public)
    return f"papers after {LAST_YEAR}, by {rows} rows of papers up to it: {sentence(score)}; width {score.width:.1f}"


def main() -> None:
    """Print the table, and keep it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--public", nargs="*", default=[])
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--newer", action="store_true", help=f"train to {LAST_YEAR}, judge later papers")
    arguments = parser.parse_args()
    try:
        literature, examples = load(arguments.public)
    except PublicDataError as error:
        print(f"skipped: {error}")
        return
    name = "newer" if arguments.newer else "regimes"
    text = (
        newer(literature, examples, arguments.public)
        if arguments.newer
        else by_regime(examples, arguments.public, arguments.repeats)
    )
    OUT.mkdir(exist_ok=True)
    kept = {"public": arguments.public, "rows": len(examples.designs), "text": text}
    (OUT / f"{name}.json").write_text(json.dumps(kept, indent=1), encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
