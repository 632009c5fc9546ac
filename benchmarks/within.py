"""Which of two designs of one unseen paper is better, and by how much: OBELiX's training ids and the shipped tables.

    python -m benchmarks.within [--repeats 3] [--write-readme]

Pairs differ in the design alone (one temperature; about as many cycles) and are predicted by a model that saw neither
the paper nor its kin. Papers weigh alike; intervals are 90 % bootstrap intervals over groups of papers. Only pairs of
two values count, no bounds. Needs the public tables.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping

import numpy as np

from benchmarks.accuracy import load
from benchmarks.lab import distances_of, obelix
from benchmarks.results import PAGE
from features.tables.descriptions import write_between_marks
from models.differences import FEWEST_PAPERS, Pairs
from models.tasks.conductivity import CONDUCTIVITY
from models.tasks.examples import Examples
from models.tasks.part import fit_part, with_conductivity
from models.tasks.registry import LINK, TARGETS, targets_with_an_error, task_of
from training.config import CHOICES, Protocol
from training.data.load import load_literature
from training.evaluation.bootstrap import bootstrap
from training.evaluation.crossvalidate import MODEL, OutOfFold, cross_validate
from training.evaluation.within_papers import concordance_of, pairs_within, shares_of_others, skill_within
from training.public.download import PublicDataError

APART = (0.0, 0.3, 0.5)
"""Decades that the two measured values lie apart at least."""
LARGE_PAPER = 8
"""Rows of a paper in which its best third is looked for."""
MARKS = ("<!-- within papers: written by `python -m benchmarks.within` -->", "<!-- end of within papers -->")


def by_gap(by_method: Mapping[str, Pairs], seed: int) -> list[str]:
    """Concordance of each method by how far the two values lie apart, as lines of a Markdown table."""
    lines = [
        f"| pairs apart by | pairs (papers) | {' | '.join(by_method)} |",
        "|---" * (2 + len(by_method)) + "|",
    ]
    for gap in APART:
        cells = []
        for pairs in by_method.values():
            far = pairs.take(abs(pairs.measured) > gap)
            low, high = bootstrap(far.groups, _counted(far), seed)
            cells.append(f"{concordance_of(far, far.weight):.2f} ({low:.2f} to {high:.2f})")
        lines.append(f"| {gap:g} decades | {len(far.measured)} ({len(np.unique(far.papers))}) | {' | '.join(cells)} |")
    return lines


def _counted(pairs: Pairs) -> Callable[[np.ndarray], float]:
    weight = pairs.weight
    return lambda count: concordance_of(pairs, count * weight)


def best_third(out_of_fold: OutOfFold) -> str:
    """How many of the best third of a paper's rows stand in the predicted best third, over chance."""
    lower, upper = task_of(CONDUCTIVITY.column).known(CONDUCTIVITY, out_of_fold.examples)
    papers = out_of_fold.examples.papers.astype(str)
    shares, chances = [], []
    for paper in np.unique(papers):
        rows = np.flatnonzero((papers == paper) & (lower == upper))
        if len(rows) < LARGE_PAPER:
            continue
        count = len(rows) // 3
        best = set(np.argsort(-lower[rows], kind="stable")[:count])
        for values in out_of_fold.predicted[MODEL]:
            shares.append(len(best & set(np.argsort(-values[rows], kind="stable")[:count])) / count)
            chances.append(count / len(rows))
    if not shares:
        return f"No paper has {LARGE_PAPER} rows."
    times = np.mean(shares) / np.mean(chances)
    return (
        f"Best third of papers of {LARGE_PAPER} rows or more: {100 * np.mean(shares):.0f} % found, {times:.2f} times "
        f"chance ({len(shares) // len(out_of_fold.predicted[MODEL])} papers)."
    )


def summary(column: str, by_method: Mapping[str, Pairs], seed: int) -> str:
    """The figures of one target in a sentence."""
    pairs, label = by_method[MODEL], TARGETS[column].label
    count = len(np.unique(pairs.groups))
    if count < FEWEST_PAPERS:
        return f"{label}: {len(pairs.measured)} pairs of {count} groups of papers, too few to tell."
    shares = shares_of_others(pairs)
    skill = skill_within(by_method, shares, seed)
    around_zero = skill_within(by_method, np.zeros_like(shares), seed)
    return (
        f"{label}: {skill['pairs']} pairs of {skill['papers']} papers ({skill['groups']} groups); concordance "
        f"{skill['concordance']:.2f} ({skill['concordance_low']:.2f} to {skill['concordance_high']:.2f}); error of the "
        f"difference over that of 'no difference' {skill['error']:.2f} ({skill['error_low']:.2f} to "
        f"{skill['error_high']:.2f}), {np.mean(shares):.2f} of it believed; 90 % intervals hold "
        f"{100 * skill['holds']:.0f} % of the groups ({100 * skill['holds_low']:.0f} to "
        f"{100 * skill['holds_high']:.0f}), half width {skill['half_width']:.2f} against "
        f"{around_zero['half_width']:.2f} around zero; {'skill shown' if skill['shown'] else 'no skill shown'}."
    )


def shipped(repeats: int, seed: int) -> list[str]:
    """The shipped tables' targets, a sentence each."""
    literature = load_literature()
    folds = cross_validate(literature, CHOICES, Protocol(repeats=repeats, seed=seed))
    electrolytes = folds[LINK].examples
    link = fit_part(LINK, electrolytes.designs, electrolytes.labels, CHOICES[LINK]["trees"], seed)
    sentences = []
    for column, target in targets_with_an_error().items():
        name, examples = task_of(column).name, folds[task_of(column).name].examples
        if task_of(column).of_cells:
            examples = Examples(with_conductivity(examples.designs, link), examples.labels)
        sentences.append(summary(column, pairs_within(target, folds[name], distances_of(name, examples)), seed))
    return sentences


def main() -> None:
    """Print the tables; write them into the README where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write-readme", action="store_true")
    arguments = parser.parse_args()
    parts = ["Shipped tables.", *(f"- {line}" for line in shipped(arguments.repeats, arguments.seed))]
    try:
        load()
    except PublicDataError as error:
        print("\n".join(parts))
        print(f"skipped: {error}")
        return
    out_of_fold, errors = obelix(arguments.repeats, arguments.seed)
    by_method = pairs_within(CONDUCTIVITY, out_of_fold, errors.distances)
    parts += ["", "OBELiX's training ids.", "", *by_gap(by_method, arguments.seed)]
    parts += ["", f"- {summary(CONDUCTIVITY.column, by_method, arguments.seed)}", f"- {best_third(out_of_fold)}"]
    text = "\n".join(parts)
    print(text)
    if arguments.write_readme:
        write_between_marks(PAGE, *MARKS, text)


if __name__ == "__main__":
    main()
