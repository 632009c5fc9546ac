"""Every goal of conductivity beside what is measured now, as one table.

    python -m benchmarks.goals [--write-docs]
    python -m benchmarks.goals own_rows composition_known
    python -m benchmarks.goals systems [--write-docs]    every electrolyte system beside its printed range, alone

By paper, kin removed; needs the public tables (`silion data pull obelix liverpool laskowski polymers`). The test rows
of OBELiX and the polymers kept out are in no line but the last, which repeats the last look of `benchmarks.official`.
A line per part on standard error says what it took.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from benchmarks import accuracy, polymers
from benchmarks.accuracy import NEWER
from benchmarks.looks import last_look
from benchmarks.methods import ALL_PUBLIC, ALL_TEMPERATURES, measures
from benchmarks.official import DEFAULT
from benchmarks.regimes import LAST_YEAR, LEVEL, newer_score
from benchmarks.results import PAGE
from benchmarks.systems import systems
from features.tables.descriptions import write_between_marks
from features.tables.literature import Literature, papers_of
from models.known.measurements import Conditions, learn_measurements
from models.tasks.conductivity import told_by_reviews
from models.tasks.examples import Examples
from models.tasks.registry import LINK, TASKS
from training.config import CHOICES, PUBLIC_CHOICES, Protocol
from training.data.groups import paper_groups
from training.data.load import load_literature
from training.data.paper_splits import grouped_folds
from training.evaluation.bootstrap import bootstrap_ratio, covered_share
from training.evaluation.coverage import calibration_of, coverage, interval_of
from training.evaluation.crossvalidate import MODEL, Choices, OutOfFold, validate
from training.evaluation.regimes.families import FEWEST_PAPERS, MANY_PAPERS, by_family, least_share, many_shares
from training.evaluation.regimes.known import KnownErrors, known_errors
from training.evaluation.regimes.regime import score_known
from training.public.collect import OBELIX, with_public
from training.public.download import PublicDataError

MARKS = ("<!-- goals: written by `python -m benchmarks.goals --write-docs` -->", "<!-- end of goals -->")
SYSTEMS = "systems"
SYSTEMS_MARKS = (
    "<!-- systems: written by `python -m benchmarks.goals systems --write-docs` -->",
    "<!-- end of systems -->",
)
PROTOCOL = Protocol(5, 1, 0)


class NoLook(Exception):
    """Nobody looked at the official test yet."""


@dataclass(frozen=True)
class Line:
    """A row of the table: what is judged, what was hoped for, and what is measured."""

    quantity: str
    goal: str
    measured: str


@dataclass
class Own:
    """The shipped rows alone and with OBELiX's training rows, and what the default models make of them."""

    literature: Literature

    @cached_property
    def examples(self) -> Examples:
        """The shipped rows: what is learned from where no table was pulled."""
        return TASKS[LINK].examples(self.literature)

    @cached_property
    def every(self) -> Examples:
        """These, then OBELiX's training rows, which have to be pulled: what `make run` learns from."""
        return TASKS[LINK].examples(with_public(self.literature, [OBELIX]))

    @cached_property
    def alone(self) -> OutOfFold:
        """Out-of-fold predictions of the shipped rows by a model of them alone."""
        return validate(LINK, self.examples, paper_groups(LINK, self.examples), CHOICES[LINK], PROTOCOL, baselines=())

    @cached_property
    def mixed(self) -> OutOfFold:
        """Out-of-fold predictions of all rows by the model that learns from OBELiX too."""
        return validate(LINK, self.every, paper_groups(LINK, self.every), PUBLIC_CHOICES[LINK], PROTOCOL, baselines=())


def _three(miss: np.ndarray, covered: np.ndarray, width: np.ndarray) -> str:
    return f"{np.nanmean(miss):.2f} / {100 * np.nanmean(covered):.0f} % / {np.nanmean(width):.1f} ({len(miss)} rows)"


def own_rows(own: Own) -> Iterator[Line]:
    """The shipped rows, and those of them that the reviews tell, by both models."""
    reviews, count = told_by_reviews(own.examples.designs), len(own.examples.designs)
    every = np.ones(count, dtype=bool)
    for by, out_of_fold in (("", own.mixed), (", of the shipped rows alone", own.alone)):
        covered, width = (values[:count] for values in coverage(TASKS[LINK].targets[0], out_of_fold, LEVEL))
        miss = np.abs(out_of_fold.predicted[MODEL].mean(axis=0)[:count] - own.examples.labels.middle)
        for quantity, goal, rows in (
            ("rows of the reviews, error / 90 % hold / width", "0.50 / 86 to 95 % / 2.6", reviews),
            ("all shipped rows, likewise", "", every),
        ):
            some = rows & own.examples.labels.exact
            yield Line(quantity + by, goal, _three(miss[some], covered[some], width[some]))


def families(own: Own) -> Iterator[Line]:
    """Whether the intervals hold in each family, and in which they do not."""
    least, most = (f"{100 * bound:g}" for bound in many_shares(LEVEL))
    for by, out_of_fold in (("shipped rows and OBELiX's", own.mixed), ("the shipped rows alone", own.alone)):
        judged = by_family(TASKS[LINK].targets[0], out_of_fold, LEVEL)
        missed = [str(family) for family in judged if not family.covers_as_stated]
        yield Line(
            f"families of {FEWEST_PAPERS} papers or more whose {100 * LEVEL:g} % interval holds, {by}",
            f"all: from {MANY_PAPERS} papers on {least} to {most} %; of fewer the Clopper-Pearson interval, corrected "
            f"for the number of families, contains {100 * LEVEL:g} % and the share is above "
            f"{100 * least_share(LEVEL):g} %",
            f"{len(judged) - len(missed)} of {len(judged)}; " + (f"not {', '.join(missed)}" if missed else "all"),
        )


def obelix_by_default(own: Own) -> Iterator[Line]:
    """OBELiX's training rows in the folds of its benchmark, by models that learned from nothing akin to a fold, whose
    errors calibrate the intervals without what is akin to it either."""
    every, rows = own.every, np.arange(len(own.examples.designs), len(own.every.designs))
    kin = paper_groups(LINK, every)
    folds = grouped_folds(paper_groups(LINK, every.take(rows)).groups, PROTOCOL.folds, PROTOCOL.seed)
    tests = [(0, rows[fold]) for fold in folds]
    out_of_fold = validate(LINK, every, kin, PUBLIC_CHOICES[LINK], PROTOCOL, tests=tests, baselines=())
    middle, half = np.full((2, len(every.designs)), np.nan)
    for _, test in tests:
        others = np.setdiff1d(np.arange(len(half)), test)
        calibration = calibration_of(own.mixed, others[~kin.leaks(others, test)])
        (middle[test],), (half[test],) = interval_of(out_of_fold, test, calibration, LEVEL)
    judged_rows = every.take(rows)
    inside = judged_rows.labels.distance(middle[rows]) <= half[rows]
    figures = measures(out_of_fold.predicted[MODEL][0][rows], judged_rows)
    yield Line(
        "OBELiX's training ids by the default model, label / bound / 90 % hold",
        "1.45 / 1.15 / 86 to 95 %",
        f"{figures['mae_label']:.2f} / {figures['mae_bound']:.2f} / {100 * inside.mean():.0f} % ({len(rows)} rows)",
    )
    far = out_of_fold.distance[0, rows]
    for span, near in (("up to 0.3 from", far <= 0.3), ("beyond 0.3 from", far > 0.3)):
        groups = out_of_fold.groups[rows][near]
        share = covered_share(inside.astype(float)[near], groups, PROTOCOL.seed)[0]
        yield Line(
            f"of these, {span} the nearest row: 90 % hold, by row / by paper",
            "86 to 95 %",
            f"{100 * inside[near].mean():.0f} / {100 * share:.0f} % ({near.sum()} rows of "
            f"{len(np.unique(groups))} groups of papers; width {2 * half[rows][near].mean():.1f})",
        )


def papers_after_the_tables(own: Own) -> Iterator[Line]:
    """Papers after `LAST_YEAR` by models of those before, without and with the public tables."""
    for names in NEWER:
        score, learned = newer_score(with_public(own.literature, names), names)
        yield Line(
            f"papers after {LAST_YEAR} by {learned} rows of those before ({', '.join(names) or 'shipped rows alone'})",
            "a fifth below the best",
            f"{score.by_method[MODEL]:.2f} / {100 * score.coverage:.0f} % / {score.width:.1f} ({score.rows} rows)",
        )


def composition_known(own: Own) -> Iterator[Line]:
    """Compositions that another paper measured: what it tells, without OBELiX's values, with them looked up, and where
    they are learned from."""
    choice = _usual(own.alone, CHOICES[LINK])
    without, with_obelix = (known_errors(LINK, own.examples, choice, PROTOCOL, every) for every in (None, own.every))
    learned = known_errors(LINK, own.every, _usual(own.mixed, PUBLIC_CHOICES[LINK]), PROTOCOL)
    for looked_up, errors in (
        ("", without),
        (", OBELiX's values looked up", with_obelix),
        (", OBELiX learned from, its rows judged too", learned),
    ):
        if score := score_known(errors, LEVEL, PROTOCOL.seed):
            beside = ", ".join(
                f"{name} {error:.2f} (ratio {score.ratio[name]:.2f}, {score.ratio_low[name]:.2f} to "
                f"{score.ratio_high[name]:.2f})"
                for name, error in score.beside.items()
            )
            yield Line(
                f"composition known, paper new{looked_up}: error / width",
                "0.72 / 3.6, upper ends below 1",
                f"{score.error:.2f} / {score.width:.1f}; {beside} ({score.rows} rows)",
            )
    yield _looked_up(own, without, with_obelix)


def _usual(out_of_fold: OutOfFold, choices: Choices) -> Choices:
    """The recipe that was chosen first, by its name."""
    return {name: choices[name] for name in out_of_fold.chosen[:1]}


def _told_by_obelix(own: Own) -> np.ndarray:
    """Places of the shipped rows whose composition OBELiX has from another paper, near their temperature."""
    known = learn_measurements(own.every.designs, own.every.labels, np.nan, len(own.examples.designs))
    values, rows = known.telling(Conditions.of(own.examples.designs))
    papers = [set(papers_of(paper)) for paper in own.examples.papers]
    looked_up = values.near & (rows >= len(known.rows) - known.looked_up)
    pairs = zip(values.design[looked_up].tolist(), values.paper[looked_up].tolist(), strict=True)
    return np.unique([design for design, paper in pairs if not papers[design] & set(papers_of(known.papers[paper]))])


def _looked_up(own: Own, without: KnownErrors, with_obelix: KnownErrors) -> Line:
    """The rows that OBELiX's values tell of: drawn to them as well, beside the draw to the shipped values alone."""
    places = {row: place for place, row in enumerate(without.rows.tolist())}
    place = np.array([places.get(row, -1) for row in with_obelix.rows.tolist()])
    before = np.where(place >= 0, without.unseen[0][place], with_obelix.alone)
    rows = with_obelix.labels.exact & np.isin(with_obelix.rows, _told_by_obelix(own))
    groups, truth = with_obelix.groups[rows], with_obelix.labels.middle[rows]
    size = np.bincount(groups)[groups]
    with_them, alone = (np.abs(predictions[rows] - truth) / size for predictions in (with_obelix.unseen[0], before))
    low, high = bootstrap_ratio(groups, with_them, alone, PROTOCOL.seed)
    count = len(np.unique(groups))
    return Line(
        "shipped rows that OBELiX's values tell of, looked up: with them / without",
        "below 1",
        f"{with_them.sum() / count:.2f} / {alone.sum() / count:.2f}, ratio {with_them.sum() / alone.sum():.2f} "
        f"({low:.2f} to {high:.2f}; {len(truth)} rows of {count} papers)",
    )


def of_polymers(own: Own) -> Iterator[Line]:
    """Polymers at room temperature."""
    text = polymers.report()
    yield Line(
        "polymers, error by row / by cluster / PEO",
        "1.15 / 0.95, 86 to 95 % hold",
        text.replace(":\n- ", ": ", 1).replace("\n- ", "; "),
    )


def of_tables(own: Own) -> Iterator[Line]:
    """The Liverpool table by paper, and OBELiX's benchmark protocol."""
    name = "Silion, formula only"
    liverpool = accuracy.all_temperatures(1, {name: ALL_TEMPERATURES[name]}, ("by paper",))["by paper"][name]
    yield Line("Liverpool, all temperatures, by paper", "1.23", f"{liverpool['mae_label']:.2f}")
    examples, inside, in_obelix, _ = accuracy.load()
    figures = accuracy.cross_validation(examples, inside, in_obelix, 1, {}, {"Silion": ALL_PUBLIC["Silion"]})["Silion"]
    yield Line(
        "OBELiX's training ids, benchmark protocol, label / bound", "1.36 / 1.11",
        f"{figures['mae_label']:.2f} / {figures['mae_bound']:.2f}",
    )  # fmt: skip


def official_test(own: Own) -> Iterator[Line]:
    """The last look at OBELiX's test, as `benchmarks.official` wrote it down: nothing is judged here."""
    look = last_look(DEFAULT)
    if not look:
        raise NoLook("no look yet")
    yield Line(
        f"OBELiX's official test, look {look['look']} of {look['date']}, label / bound", "1.45 / 1.15",
        f"{float(look['mae_label']):.2f} / {float(look['mae_bound']):.2f}, {look['method']}",
    )  # fmt: skip


PARTS: dict[str, Callable[[Own], Iterator[Line]]] = {
    part.__name__: part
    for part in (
        own_rows, families, obelix_by_default, composition_known, papers_after_the_tables, of_polymers, of_tables,
        official_test,
    )
}  # fmt: skip


def _spent() -> float:
    """Processor time of this process and those it started, in seconds."""
    return sum(os.times()[:4])


def main() -> None:
    """Print the table, and write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [*PARTS, SYSTEMS]
    parser.add_argument("part", nargs="*", metavar="PART", help=f"{', '.join(names)}; all where none is named")
    parser.add_argument("--write-docs", action="store_true", help="write the tables into benchmarks/README.md")
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.part if name not in names]:
        parser.error(f"no part named {', '.join(unknown)}; expected some of {', '.join(names)}")
    requested = arguments.part or names
    written = {}
    if parts := [name for name in requested if name in PARTS]:
        written[MARKS] = _of_goals(parts)
    if SYSTEMS in requested:
        try:
            written[SYSTEMS_MARKS] = systems()
            print(f"\n{written[SYSTEMS_MARKS]}")
        except PublicDataError as error:
            print(f"left out: {SYSTEMS}: {error}", flush=True)
    if arguments.write_docs:
        for marks, text in written.items():
            write_between_marks(PAGE, *marks, text)


def _of_goals(parts: list[str]) -> str:
    """Print the lines of these parts one by one, and return them as a table."""
    left_out: list[str] = []
    lines = ["| quantity | goal | measured |", "|---|---|---|"]
    print("\n".join(lines))
    own = Own(load_literature())
    for number, name in enumerate(parts, start=1):
        before = _spent()
        try:
            for line in PARTS[name](own):
                lines.append(f"| {line.quantity} | {line.goal} | {line.measured} |")
                print(lines[-1], flush=True)
        except (PublicDataError, NoLook) as error:
            left_out.append(name)
            print(f"left out: {name}: {error}", flush=True)
        took = f"{_spent() - before:.0f} s of processor time, {_spent():.0f} in all"
        print(f"part {number} of {len(parts)}, {name}: {took}", file=sys.stderr, flush=True)
    if left_out:
        lines += ["", f"Left out, as what they need was not there: {', '.join(left_out)}."]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
