"""Whether probabilities to lie above a limit keep their promise on papers never seen.

    python -m benchmarks.probability [--repeats 5] [--write-readme]

Each paper's values are told from models and errors of the other papers alone. The Brier score is the mean squared gap
between probability and what was found, papers weighing alike, beside that of the other papers' own share above the
limit: below 1 the probabilities know more than that share.
"""

from __future__ import annotations

import argparse
import itertools

import numpy as np
import pandas as pd

from benchmarks.results import PAGE
from features.tables.descriptions import write_between_marks
from models.tasks import fade_law
from models.tasks.conductivity import CONDUCTIVITY
from models.tasks.fade import RETENTION
from models.tasks.ice import ICE
from models.tasks.part import paper_weights
from models.tasks.registry import task_of
from models.tasks.target import Target
from training.config import CHOICES, Protocol
from training.data.load import load_literature
from training.evaluation.coverage import calibration_of, family_offsets
from training.evaluation.crossvalidate import OutOfFold, cross_validate

LIMITS = {CONDUCTIVITY: (1e-4, 1e-3), ICE: (80.0, 85.0), RETENTION: (80.0,)}
BINS = (0.0, 0.25, 0.5, 0.75, 1.0)
HEADER = ("target", "limit", "rows", "papers", "above", "Brier", "over that of the share", *(
    f"{low:g} to {high:g}" for low, high in itertools.pairwise(BINS)
))  # fmt: skip


def chances(out_of_fold: OutOfFold, limit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Probability of each row, shape (n_repeats, n_rows), and the other papers' share above the limit, (n_rows,).

    Parameters
    ----------
    limit : on the model's scale, shape (n_rows,)
    """
    papers, centre, above = out_of_fold.groups, out_of_fold.on_labels, out_of_fold.examples.labels.middle > limit
    chance, share = np.full(centre.shape, np.nan), np.full(len(papers), np.nan)
    for paper in np.unique(papers):
        own, others = np.flatnonzero(papers == paper), np.flatnonzero(papers != paper)
        calibration = calibration_of(out_of_fold, others)
        chance[:, own] = calibration.probability_above(
            limit[own], centre[:, own], out_of_fold.spread[:, own], out_of_fold.distance_of(own),
            family_offsets(out_of_fold, own, calibration),
        )  # fmt: skip
        share[own] = np.average(above[others], weights=paper_weights(pd.Series(papers[others]), 1.0))
    return chance, share


def line(out_of_fold: OutOfFold, limit: np.ndarray) -> list[str]:
    """Figures of one limit, from the rows on one side of it for certain."""
    labels = out_of_fold.examples.labels
    known = (labels.lower > limit) | (labels.upper <= limit)
    chance, share = chances(out_of_fold, limit)
    chance, share, above = chance[:, known], share[known], (labels.lower > limit)[known]
    papers = out_of_fold.groups[known]
    weight = paper_weights(pd.Series(papers), 1.0)
    brier = np.average(((chance - above) ** 2).mean(axis=0), weights=weight)
    plain = np.average((share - above) ** 2, weights=weight)
    weights = np.broadcast_to(weight, chance.shape)
    bins = []
    for low, high in itertools.pairwise(BINS):
        here = (chance >= low) & (chance < high)
        seen = np.average(np.broadcast_to(above, chance.shape)[here], weights=weights[here]) if here.any() else None
        bins.append("" if seen is None else f"{seen:.2f} of {here.sum() / len(chance):.0f}")
    counts = [str(known.sum()), str(len(np.unique(papers))), f"{np.average(above, weights=weight):.2f}"]
    return [*counts, f"{brier:.2f}", f"{brier / plain:.2f}", *bins]


def limit_of(out_of_fold: OutOfFold, target: Target, limit: float) -> np.ndarray:
    """The limit on the model's scale for each row, shape (n_rows,)."""
    designs, cycles, settings = out_of_fold.examples.designs, np.empty(0), dict[str, float]()
    if target.at_cycle:
        cycles, settings = designs["cycles"].to_numpy(dtype=float), {"shape": fade_law.fade_shape(designs)}
    return np.broadcast_to(task_of(target.column).on_scale(target, limit, cycles, settings), len(designs))


def main() -> None:
    """Print the table and keep it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--write-readme", action="store_true")
    arguments = parser.parse_args()
    parts = cross_validate(load_literature(), CHOICES, Protocol(5, arguments.repeats, 0), lambda steps: None)
    by_target = {target: parts[task_of(target.column).name] for target in LIMITS}
    rows = [
        [target.label, f"{limit:g} {target.unit}", *line(by_target[target], limit_of(by_target[target], target, limit))]
        for target in LIMITS
        for limit in LIMITS[target]
    ]
    table = [" | ".join(cells) for cells in (HEADER, ["---"] * len(HEADER), *rows)]
    text = "\n".join(f"| {cells} |" for cells in table)
    print(text)
    if arguments.write_readme:
        marks = "<!-- probabilities: written by `python -m benchmarks.probability` -->", "<!-- end of probabilities -->"
        write_between_marks(PAGE, *marks, text)


if __name__ == "__main__":
    main()
