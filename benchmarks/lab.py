"""What a few measurements of one's own are worth, and whether intervals keep their promise: OBELiX and the cells.

    python -m benchmarks.lab [--repeats 3] [--seeds 1] [--write-readme]

Some rows of each held-out paper are revealed (drawn by seed), the same other rows judged for every number revealed, on
papers with at least six rows (cells: at least four, and only where ten papers have them). The covariance a paper is
judged by is settled on the others.
Coverage is by cross-validation over OBELiX's training ids, calibrated without the judged group. Needs the public
tables, and about four minutes of one core a seed.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np

from benchmarks.accuracy import load
from benchmarks.results import PAGE, write_result
from features.formulas.nearness import NEARLY_ONE
from features.tables.descriptions import write_between_marks
from models.calibrate import calibrate
from models.domain import Domain
from models.intervals import LevelError
from models.known.measurements import Conditions, same_compositions
from models.lab_effect.kernel import REPLICATE_SHARE, Replicates
from models.lab_effect.learning import Errors, Reveals, reveal, settled, try_kernels
from models.tasks.conductivity import CONDUCTIVITY, STRUCTURED, conductivity_examples
from models.tasks.examples import Examples
from models.tasks.fade import fade_examples
from models.tasks.ice import ice_examples
from models.tasks.part import fit_part, with_conductivity
from training.config import CHOICES, Protocol
from training.data.groups import PaperGroups
from training.data.load import load_literature
from training.data.paper_splits import grouped_folds
from training.evaluation.bootstrap import bootstrap_ratio
from training.evaluation.coverage import coverage, lab_errors
from training.evaluation.crossvalidate import OutOfFold, cross_validate, validate
from training.evaluation.evaluate import score
from training.public.download import PublicDataError

REVEALED = (0, 1, 2, 3, 5)
FEWEST_CLAIMED = 10
"""Papers with four rows or more below which nothing is told of a target of cells."""
LEVELS = (0.5, 0.8, 0.9)


def obelix(repeats: int, seed: int) -> tuple[OutOfFold, Errors]:
    """Out-of-fold predictions over OBELiX's training ids, the other tables' rows beside them, and their errors."""
    examples, inside, in_obelix, _ = load()
    used = np.flatnonzero(inside | ~in_obelix)
    examples, rows = examples.take(used), np.flatnonzero(inside[used])
    kin = PaperGroups.of(examples, by_composition=True)
    groups = PaperGroups.of(examples.take(rows), by_composition=True).groups
    tests = [(deal, rows[fold]) for deal in range(repeats) for fold in grouped_folds(groups, 5, 1000 * seed + deal)]
    protocol = Protocol(repeats=repeats, seed=seed)
    folds = validate("conductivity", examples, kin, {"structured": STRUCTURED}, protocol, tests=tests)
    folds = _only(folds, rows, groups)
    return folds, lab_errors(folds, distances_of("conductivity", folds.examples))


def _only(folds: OutOfFold, rows: np.ndarray, groups: np.ndarray) -> OutOfFold:
    predicted = {name: values[:, rows] for name, values in folds.predicted.items()}
    arrays = (folds.spread[:, rows], folds.shape[:, rows])
    more = {"fold": folds.fold[:, rows], "distance": folds.distance[:, rows], "family": folds.family[rows]}
    return OutOfFold(folds.examples.take(rows), groups, predicted, *arrays, folds.chosen, folds.removed, **more)


def distances_of(name: str, examples: Examples) -> np.ndarray:
    """Distances between rows as a saved model measures them."""
    recipe = STRUCTURED if name == "conductivity" else CHOICES[name]["few trees"]
    vectors = fit_part(name, examples.designs, examples.labels, recipe, 0).featurizer.transform(examples.designs)
    nothing: list[dict[str, object]] = [{}] * len(vectors)
    return Domain.learn(vectors, list(examples.papers), examples.designs, [], [], [], nothing).distances(vectors)


def cells(repeats: int, seed: int) -> dict[str, Errors]:
    """Errors of the shipped tables' parts."""
    literature = load_literature()
    folds = cross_validate(literature, CHOICES, Protocol(repeats=repeats, seed=seed))
    electrolytes = conductivity_examples(literature)
    link = fit_part("conductivity", electrolytes.designs, electrolytes.labels, CHOICES["conductivity"]["trees"], 0)
    errors = {}
    for name, examples in (("ice", ice_examples(literature)), ("fade", fade_examples(literature))):
        linked = Examples(with_conductivity(examples.designs, link), examples.labels)
        errors[name] = lab_errors(folds[name], distances_of(name, linked))
    return errors | {"conductivity": lab_errors(folds["conductivity"], distances_of("conductivity", electrolytes))}


def curve(errors: Errors, least: int, seed: int) -> list[dict[str, float]]:
    """Mean error by number of revealed rows, by row and by paper, with the intervals' coverage and width at 0.8."""
    lines = []
    for count in [number for number in REVEALED if number <= least]:
        reveals = reveal(errors, count, seed, least=least)
        if reveals is None:
            break
        papers = np.unique(reveals.paper)
        by_paper = float(np.mean([reveals.error[reveals.paper == paper].mean() for paper in papers]))
        lines.append(
            {
                "revealed": count,
                "papers": len(papers),
                "error_by_row": float(reveals.error.mean()),
                "error_by_paper": by_paper,
                **_covered(reveals, 0.8),
            }
        )
    return lines


def _covered(reveals: Reveals, level: float) -> dict[str, float]:
    """Share of papers' cases inside the interval, calibrated without the judged group; NaN where too few groups."""
    from models.ensemble import Labels

    inside, width = [], []
    for group in np.unique(reveals.group):
        own, others = reveals.group == group, reveals.group != group
        exact = Labels(reveals.error[others], reveals.error[others], np.ones(int(others.sum())))
        zeros = np.zeros((1, int(others.sum())))
        try:
            calibration = calibrate(zeros, reveals.spread[others][None], exact, reveals.group[others], noise=0.0)
            half = calibration.half_width(reveals.spread[own], level)
        except LevelError:
            return {"coverage": float("nan"), "width": float("nan")}
        inside.append(float((reveals.error[own] <= half).mean()))
        width.append(float(2 * half.mean()))
    return {"coverage": float(np.mean(inside)), "width": float(np.mean(width))}


def siblings(out_of_fold: OutOfFold, errors: Errors, seed: int) -> str:
    """How far a measured composition tells of the next sample: rows of one paper that are nearly one composition."""
    trials = try_kernels(errors, seed)
    alike = same_compositions(Conditions.of(out_of_fold.examples.designs))
    exact, after, before, papers = errors.labels.exact, list[float](), list[float](), list[int]()
    for paper, composition in np.unique(np.column_stack([errors.papers, alike])[exact], axis=0).tolist():
        rows = np.flatnonzero(exact & (errors.papers == paper) & (alike == composition))
        if len(rows) < 2:
            continue
        kernel = settled(errors, trials, left_out=int(errors.groups[rows[0]]))
        replicate = REPLICATE_SHARE * (kernel.shared + kernel.noise)
        papers.append(paper)
        misses = []
        for row in rows:
            others = rows[rows != row]
            same = Replicates(np.ones((1, 1), dtype=bool), np.ones((len(others), 1), dtype=bool), replicate)
            pull, _ = kernel.recalled(same, np.zeros((1, 1)), errors.distances[np.ix_(others, [row])])
            missed = errors.missed[:, others]
            misses.append((np.abs(missed - errors.missed[:, [row]] * pull[:, 0]).mean(), np.abs(missed).mean()))
        mean_after, mean_before = np.mean(misses, axis=0)
        after.append(mean_after)
        before.append(mean_before)
    low, high = bootstrap_ratio(np.array(papers), np.array(after), np.array(before), seed)
    return (
        f"The next sample of nearly the composition just measured (atomic fractions within {NEARLY_ONE:g} in sum, one "
        f"temperature): error {sum(after) / sum(before):.2f} of that on the unseen paper ({low:.2f} to {high:.2f}, "
        f"90 % bootstrap over papers; {len(after)} groups of {len(set(papers))} papers)."
    )


def intervals(out_of_fold: OutOfFold, seed: int) -> list[dict[str, float]]:
    """Coverage of rows and of groups, and mean width, by level."""
    lines = []
    for level in LEVELS:
        covered, width = coverage(CONDUCTIVITY, out_of_fold, level)
        by_group = score(CONDUCTIVITY, out_of_fold, level, seed)
        lines.append(
            {
                "level": level, "rows": float(np.nanmean(covered)), "groups": by_group.coverage,
                "groups_low": by_group.coverage_low, "groups_high": by_group.coverage_high,
                "width": float(np.nanmean(width)),
            }
        )  # fmt: skip
    return lines


def table(lines: Sequence[dict[str, float]], columns: dict[str, str]) -> str:
    """Lines as a Markdown table; whole numbers without a point."""
    rows = [f"| {' | '.join(columns.values())} |", "|---" * len(columns) + "|"]
    for line in lines:
        cells = [f"{line[key]:.0f}" if key in ("revealed", "papers") else f"{line[key]:.2f}" for key in columns]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


CURVE = {
    "revealed": "revealed", "papers": "papers", "error_by_row": "error, by row", "error_by_paper": "error, by paper",
    "coverage": "80 % interval holds", "width": "its width",
}  # fmt: skip
INTERVALS = {
    "level": "level", "rows": "rows inside", "groups": "groups inside", "groups_low": "90 % from", "groups_high": "to",
    "width": "mean width, decades",
}  # fmt: skip


def main() -> None:
    """Print the tables and keep them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=1, help="seeds 0 to N-1; the README holds seed 0")
    parser.add_argument("--write-readme", action="store_true")
    arguments = parser.parse_args()
    texts = {}
    try:
        load()
    except PublicDataError as error:
        print(f"skipped: {error}")
        return
    for seed in range(arguments.seeds):
        out_of_fold, errors = obelix(arguments.repeats, seed)
        parts = [
            ("Conductivity, OBELiX's training ids; error in decades.", table(curve(errors, REVEALED[-1], seed), CURVE)),
            ("Papers of two rows or more, one of them revealed.", table(curve(errors, 1, seed), CURVE)),
            ("Intervals of conductivity, OBELiX's training ids.", table(intervals(out_of_fold, seed), INTERVALS)),
            ("Measured again.", siblings(out_of_fold, errors, seed)),
        ]
        titles = {"ice": "ICE; error in points", "fade": "cycle life; error in decades"}
        titles |= {"conductivity": "conductivity of the shipped literature; error in decades"}
        for name, part_errors in cells(arguments.repeats, seed).items():
            lines = curve(part_errors, 3, seed)
            papers = lines[0]["papers"] if lines else 0
            few = (
                f"{papers or 'No'} paper{'s' * (papers > 1)} with four rows or more, of {FEWEST_CLAIMED}: not claimed."
            )
            parts.append(
                (
                    f"{titles[name][0].upper()}{titles[name][1:]}.",
                    table(lines, CURVE) if papers >= FEWEST_CLAIMED else few,
                )
            )
        text = "\n\n".join(f"{heading}\n\n{body}" for heading, body in parts)
        print(f"\nseed {seed}\n\n{text}", flush=True)
        texts[seed] = text
        if arguments.write_readme and seed == 0:
            marks = (
                "<!-- own measurements: written by `python -m benchmarks.lab` -->",
                "<!-- end of own measurements -->",
            )
            write_between_marks(PAGE, *marks, text)
    write_result("lab", texts)


if __name__ == "__main__":
    main()
