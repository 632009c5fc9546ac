"""How wide the 90 % intervals of cells are and what they hold, beside the commit that a tenth was to be taken from.

    python -m benchmarks.cells.widths [--write-readme]

Papers never seen, five folds dealt five times, intervals calibrated without the paper they are judged on: what
`silion evaluate` prints as "90 % interval holds". Groups of papers count alike; the Clopper-Pearson interval is of as
many groups. Where no skill is shown a user is told the range of comparable papers instead: it is judged likewise, each
group left out in turn.
"""

from __future__ import annotations

import argparse

import numpy as np

from benchmarks.results import PAGE
from features.cell import CONDUCTIVITY, CellFeatures
from features.tables.descriptions import write_between_marks
from models.ensemble import Labels, Recipe
from models.ranges.comparable import Reported, kinds, ranges
from models.tasks.fade import LIFE, RETENTION
from models.tasks.ice import ICE
from models.tasks.registry import task_of
from training.config import CHOICES, Protocol
from training.data.load import load_literature
from training.evaluation.bootstrap import covered_share, share_interval
from training.evaluation.crossvalidate import OutOfFold, cross_validate
from training.evaluation.evaluate import evaluate

LEVEL, SEED = 0.9, 0
BEFORE = "b665ea1"
"""Commit whose figures the goal was set on: ICE 0.99 of the dummy's error, retention 1.19."""
WIDTH_BEFORE = {ICE: 44.1, RETENTION: 86.96, LIFE: 4.42}
"""Mean width there, by the same measure (`training.train.measure` of that code, on its 29, 45 and 40 rows)."""
NARROWER = 0.9
UNIT = {ICE: "points", RETENTION: "points", LIFE: "decades"}
MARKS = ("<!-- widths: written by `python -m benchmarks.cells.widths` -->", "<!-- end of widths -->")


def told_ranges(out_of_fold: OutOfFold, labels: Labels) -> tuple[np.ndarray, np.ndarray]:
    """Return whether the range of comparable papers holds each row, its group left out, and how wide it is.

    Parameters
    ----------
    out_of_fold : OutOfFold
        Of a quantity of cells.
    labels : Labels
        Its rows, on the scale of the ranges.
    """
    designs, groups = out_of_fold.examples.designs.assign(**{CONDUCTIVITY: np.nan}), out_of_fold.groups
    featurizer = CellFeatures().fit(designs)
    alike = kinds(featurizer, featurizer.transform(designs).to_numpy(dtype=float))
    every = (labels.lower, labels.upper, designs["paper"].to_numpy(dtype=str), *alike)
    inside, width = np.zeros(len(groups)), np.zeros(len(groups))
    for group in np.unique(groups):
        own, others = groups == group, groups != group
        reported = ranges(Reported(*(values[others] for values in every)), alike[0][own], alike[1][own], LEVEL)
        inside[own] = (reported.low <= labels.upper[own] + 1e-9) & (labels.lower[own] <= reported.high + 1e-9)
        width[own] = reported.high - reported.low
    return inside, width


def verdict(ratio: float) -> str:
    """Return a width over the one before, and whether a tenth is gone.

    Parameters
    ----------
    ratio : float
        Of the two.
    """
    return f"{ratio:.2f}: {'met' if ratio <= NARROWER else 'missed'}"


def line(name: str, rows: int, groups: int, share: float, width: str, over: str) -> str:
    """Return a line of the table.

    Parameters
    ----------
    name, width, over : str
        As printed.
    rows, groups : int
        Judged.
    share : float
        Of the groups' values that were held.
    """
    low, high = share_interval(share * groups, groups)
    contains = "contains 90 %" if low <= LEVEL <= high else "does not contain 90 %"
    interval = f"{100 * low:.0f} to {100 * high:.0f}, {contains}"
    return f"| {name} | {rows} ({groups}) | {100 * share:.0f} % | {interval} | {width} | {over} |"


def main() -> None:
    """Print the table; write it into the README where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write-readme", action="store_true")
    arguments = parser.parse_args()
    folds = cross_validate(load_literature(), CHOICES, Protocol(seed=SEED))
    scores = evaluate(folds, LEVEL, SEED)
    lines = [
        "| 90 % interval | rows (groups) | holds | Clopper-Pearson over the groups, 90 % | "
        f"mean width, and at {BEFORE} | over it (goal 0.9) |",
        "|---|---|---|---|---|---|",
    ]
    for target, before in WIDTH_BEFORE.items():
        score, unit = scores[target.column], UNIT[target]
        width_text = f"{score.width:.3g} {unit}, {before:.3g}"
        over = verdict(score.width / before)
        lines.append(line(f"{target.label}, of the model", score.rows, score.papers, score.coverage, width_text, over))
    ice, fade = folds[task_of(ICE.column).name], folds[task_of(LIFE.column).name]
    shape = Recipe(fade_shape=float(np.nanmean(fade.shape)))
    for target, part, labels in (
        (ICE, ice, ice.examples.labels), (LIFE, fade, task_of(LIFE.column).relabelled(fade.examples, shape)[0].labels)
    ):  # fmt: skip
        inside, width = told_ranges(part, labels)
        share, _, _ = covered_share(inside, part.groups, SEED)
        before, mean = WIDTH_BEFORE[target], float(np.mean(width))
        name, width_text = (
            f"{target.label}, range of comparable papers",
            f"{mean:.3g} {UNIT[target]}, {before:.3g} of the model",
        )
        lines.append(line(name, len(inside), len(np.unique(part.groups)), share, width_text, verdict(mean / before)))
    print("\n".join(lines))
    if arguments.write_readme:
        write_between_marks(PAGE, *MARKS, "\n".join(lines))


if __name__ == "__main__":
    main()
