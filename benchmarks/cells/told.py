"""What can be told of a silicon cell of a paper never seen: each quantity nested, seeds 0 to 4, and within papers.

    python -m benchmarks.cells.told [--seeds 5] [--only NAME ...] [--without PAPER ...] [--write-readme]

Per seed five outer folds hold out papers; inside each, four inner folds choose among the learners by the mean over
papers of each paper's mean error, and the chosen one, refitted, predicts. The link to a predicted conductivity is left
out (a stated one is read). Errors are over the stated baseline's, with a 90 % interval from drawing papers again and
the same without the paper that helps most; concordance is of pairs of rows of one paper, each paper weighing 1.

ICE is judged with the balance of `benchmarks.cells.balance` too: prior alone, moved by the training cells, with
boosting on what it leaves. A constant that a review took from a held-out paper is not used in that fold.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from benchmarks.cells.balance import Balance
from benchmarks.cells.learners import constant_by_paper, gaussian_process, linear, pooled, similar, with_liquid
from benchmarks.cells.nested import INNER_FOLDS, paper_weights
from benchmarks.cells.rows import FACTS, FEW, SQUARE_ROOT, Fold, Learner, Rows
from benchmarks.results import PAGE, ROOT
from features.cell import CellFeatures
from features.tables.descriptions import write_between_marks
from features.tables.literature import Literature
from features.tables.records import CellRow
from models.ensemble import BoostedEnsemble, Labels, Recipe
from models.explain.lithium_balance import TERMS, amounts
from models.tasks.cycling import cycling_points
from models.tasks.examples import cells_in_training
from models.tasks.fade_law import HIGHEST_INFORMATIVE_PCT
from models.tasks.first_capacity import capacities_in_training
from models.tasks.ice import has_usual_ice
from training.data.load import load_literature
from training.data.paper_splits import grouped_folds, joined_groups
from training.data.withdrawn import leave_out
from training.evaluation.bootstrap import bootstrap_ratio, without_most_helpful

FOLDS = 5
FEWEST_PAPERS = 10
"""Papers of two rows or more that a concordance within papers is claimed from."""
MARKS = ("<!-- told: written by `python -m benchmarks.cells.told` -->", "<!-- end of told -->")
RESIDUAL = Recipe(depth=1, rounds=30, rate=0.05, members=1, reg_lambda=10.0)


@dataclass(frozen=True)
class Quantity:
    """One quantity to tell, its learners and what they are held against.

    Attributes
    ----------
    name, unit : str
        As printed.
    rows : Rows
        Designs and vectors, labels on the learners' scale.
    learners : dict of str to Learner
        Of which the inner folds choose; the first is the baseline.
    error : callable
        Absolute errors of predictions of some rows, given their places: shape (n_held,).
    liquid : Rows or None
        Liquid cells of the same quantity, which those learners read that say so.
    orders : bool
        Whether pairs of one paper are put in order by it: not where cycles differ and the fade tells that already.
    """

    name: str
    unit: str
    rows: Rows
    learners: dict[str, Learner]
    error: Callable[[np.ndarray, np.ndarray], np.ndarray]
    liquid: Rows | None = None
    orders: bool = True


def read(designs: pd.DataFrame, value: np.ndarray) -> Rows:
    """Return designs with exact values as the learners read them."""
    frame = designs.reset_index(drop=True).assign(log10_conductivity_s_per_cm=np.nan)
    return Rows(frame, CellFeatures().fit_transform(frame), Labels(value, value, np.ones(len(value))))


def median(fold: Fold) -> np.ndarray:
    """The dummy: the median of the training rows."""
    return np.full(len(fold.test.vectors), np.median(fold.train.labels.middle))


SHARED: dict[str, Learner] = {
    "median": median,
    "each paper counts once": constant_by_paper,
    "class, pooled": pooled("family"),
    "class and architecture, pooled": pooled("family", "architecture"),
    "four facts": linear(*FEW),
    "facts": linear(*FACTS),
    "seven similar papers": similar(7),
    "Gaussian process": gaussian_process,
}


def rule_papers(literature: Literature) -> dict[str, set[str]]:
    """Return the papers behind each rule, by rule: those the review names, or the paper that prints it itself."""
    by_mention = {
        mention.strip(): name for name, source in literature.sources.items() for mention in source.told_by.split(";")
    }
    rules = pd.read_csv(ROOT / "data" / "literature" / "rules.csv", dtype=str, keep_default_na=False)
    own = {"zhang-double-layer": "zhang2025b"}
    papers = {}
    for row in rules.itertuples():
        names = {by_mention.get(f"{row.seed}:{ref.strip()}", "") for ref in str(row.ref).split(";")}
        papers[str(row.rule_id)] = (names | {own.get(str(row.seed), "")}) - {""}
    return papers


def balanced(papers_of: dict[str, set[str]], *, moved: bool, boosted: bool = False) -> Learner:
    """Return the balance as a learner of ICE in %."""

    def learn(fold: Fold) -> np.ndarray:
        test_papers = set(fold.test.papers.astype(str))
        without = frozenset(rule for term in TERMS for rule in term.rules if papers_of.get(rule, set()) & test_papers)
        train, test = (amounts(rows.designs, rows.vectors) for rows in (fold.train, fold.test))
        believed = Balance.prior(without)
        if moved:
            believed = believed.moved(train, 100 - fold.train.labels.middle, fold.train.papers.astype(str))
        predicted = 100 - believed.loss(test)
        if boosted:
            residual = fold.train.labels.middle - (100 - believed.loss(train))
            labels = Labels(residual, residual, fold.train.paper_weight)
            model = BoostedEnsemble(RESIDUAL, [0] * fold.train.vectors.shape[1])
            predicted = predicted + model.fit(fold.train.vectors, labels, fold.seed).predict(fold.test.vectors)[0]
        return np.asarray(np.clip(predicted, 0, 100))

    return learn


def quantities(literature: Literature) -> list[Quantity]:
    """Return all that is judged."""
    return [
        ice(literature), ice(literature, liquid=True), first_capacity(literature), *fade(literature),
        capacity(literature), *fade(literature, liquid=True),
    ]  # fmt: skip


def _plain(rows: Rows) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    return lambda predicted, places: np.abs(predicted - rows.labels.lower[places])


def _frame(cells: Sequence[CellRow]) -> pd.DataFrame:
    return pd.DataFrame([{**cell.model_dump(), "paper": cell.paper, "state": cell.state} for cell in cells])


def ice(literature: Literature, *, liquid: bool = False) -> Quantity:
    """ICE of solid cells; or of liquid ones, alone."""
    cells = [
        cell for cell in cells_in_training(literature, liquid=liquid)
        if has_usual_ice(cell) and cell.ice_qualifier in (None, "=", "~")
        and (not liquid or cell.state in ("liquid", "gel"))
    ]  # fmt: skip
    frame = _frame(cells)
    rows = read(frame, frame["ice_pct"].to_numpy(dtype=float))
    learners = dict(SHARED)
    if not liquid:
        papers_of = rule_papers(literature)
        learners |= {
            "class, pooled, liquid cells too": with_liquid(pooled("family"), 1.0),
            "four facts, liquid cells too": with_liquid(linear(*FEW, "family_liquid"), 1.0),
            "balance, prior alone": balanced(papers_of, moved=False),
            "balance, moved by cells": balanced(papers_of, moved=True),
            "balance and boosting": balanced(papers_of, moved=True, boosted=True),
        }
    name = "ICE, liquid cells" if liquid else "ICE"
    return Quantity(name, "points", rows, learners, _plain(rows), None if liquid else ice(literature, liquid=True).rows)


def first_capacity(literature: Literature) -> Quantity:
    """First capacity per gram of anode, log10."""
    cells = [cell for cell in capacities_in_training(literature) if cell.first_capacity_qualifier in (None, "=", "~")]
    frame = _frame(cells)
    rows = read(frame, np.log10(frame["first_capacity_mah_per_g"].to_numpy(dtype=float)))
    return Quantity("first capacity", "decades", rows, SHARED, _plain(rows))


def _points(literature: Literature, *, liquid: bool) -> pd.DataFrame:
    points = cycling_points(literature, liquid=liquid)
    states = {cell.cell_id: cell.state for cell in literature.cells}
    points = points.assign(state=points["row_id"].map(states))
    usable = points["qualifier"].isin(["=", "~"]) & points["retention_pct"].between(1, 100)
    if liquid:
        usable &= points["state"].isin(["liquid", "gel"])
    return points[usable].reset_index(drop=True)


def fade(literature: Literature, *, liquid: bool = False) -> list[Quantity]:
    """Log fade per cycle, and the capacity at cycle N that follows from it where the first capacity is known."""
    points = _points(literature, liquid=liquid)
    cycles, printed = (points[name].to_numpy(dtype=float) for name in ("cycles", "retention_pct"))
    lost = -np.log(np.minimum(printed, HIGHEST_INFORMATIVE_PCT + 0.5) / 100)
    retention = np.log10(printed / 100)
    judged = []
    world = ", liquid cells" if liquid else ""
    for law, shape in (("log fade per cycle", 1.0), ("log fade per root of the cycle", SQUARE_ROOT)):
        rows = read(points, np.log10(lost / cycles**shape))
        if not liquid:
            judged.append(Quantity(f"{law}{world}", "decades", rows, SHARED, _plain(rows)))

        def missed(predicted: np.ndarray, places: np.ndarray, shape: float = shape) -> np.ndarray:
            retention_of_fade = -(10.0**predicted) * cycles[places] ** shape / np.log(10)
            return np.asarray(np.abs(np.maximum(retention_of_fade, -2.0) - retention[places]))

        learners = {name: learner for name, learner in SHARED.items() if name != "median"}
        learners_of_law = {"median retention": _median_retention(retention, cycles, shape)} | learners
        name = f"capacity at N, first one known ({law.removeprefix('log ')}){world}"
        judged.append(Quantity(name, "decades", rows, learners_of_law, missed, orders=False))
    return judged


def _median_retention(retention: np.ndarray, cycles: np.ndarray, shape: float) -> Learner:
    """The median retention of the training points whatever the cycle, written as the fade that gives it at N."""

    def learn(fold: Fold) -> np.ndarray:
        share = np.median(fold.train.designs["retention_pct"].to_numpy(dtype=float)) / 100
        test_cycles = fold.test.designs["cycles"].to_numpy(dtype=float)
        return np.asarray(np.log10(-np.log(min(share, 0.995)) / test_cycles**shape))

    return learn


def capacity(literature: Literature) -> Quantity:
    """Capacity at cycle N per gram of anode, the first one not given: log10, against the median of such capacities."""
    points = _points(literature, liquid=False)
    known = {cell.cell_id: cell for cell in capacities_in_training(literature)}
    points = points[points["row_id"].isin(known)].reset_index(drop=True)
    first = np.array([known[name].first_capacity_mah_per_g for name in points["row_id"]], dtype=float)
    rows = read(points, np.log10(first * points["retention_pct"].to_numpy(dtype=float) / 100))
    return Quantity("capacity at N, first one not known", "decades", rows, SHARED, _plain(rows))


def predict(quantity: Quantity, train: np.ndarray, test: np.ndarray, seed: int) -> np.ndarray:
    """Return what each learner predicts, shape (n_learners, n_held)."""
    hidden = quantity.rows.take(test)
    columns = ["ice_pct", "retention_pct", "average_ce_pct", "first_capacity_mah_per_g"]
    unseen = hidden.designs.assign(**dict.fromkeys(columns, np.nan))
    empty = quantity.rows.take(np.empty(0, dtype=int))
    liquid = empty
    if quantity.liquid is not None:
        own = set(quantity.rows.papers[test])
        liquid = quantity.liquid.take(np.flatnonzero([paper not in own for paper in quantity.liquid.papers]))
    fold = Fold(quantity.rows.take(train), replace(hidden, designs=unseen), liquid, empty, seed)
    return np.array([learner(fold) for learner in quantity.learners.values()])


def nested(quantity: Quantity, seed: int) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Return the predictions of each learner, those of the inner choice, and what it took in each fold."""
    papers = quantity.rows.papers
    groups, names = joined_groups(list(papers)), list(quantity.learners)
    every, chosen, picks = np.full((len(names), len(papers)), np.nan), np.full(len(papers), np.nan), []
    for test_rows in grouped_folds(groups, FOLDS, seed):
        train = np.setdiff1d(np.arange(len(papers)), test_rows)
        missed = np.zeros(len(names))
        for test in grouped_folds(joined_groups(list(papers[train])), INNER_FOLDS, 100_003 + seed):
            inner_test, inner_train = train[test], np.setdiff1d(train, train[test])
            weight = paper_weights(papers[inner_test]) * len(np.unique(papers[inner_test]))
            predictions = predict(quantity, inner_train, inner_test, seed)
            missed += [float(weight @ quantity.error(predicted, inner_test)) for predicted in predictions]
        every[:, test_rows] = predict(quantity, train, test_rows, seed)
        best = int(np.argmin(missed))
        chosen[test_rows] = every[best, test_rows]
        picks.append(names[best])
    return every, chosen, picks


def concordance(quantity: Quantity, predicted: np.ndarray, *, without_largest: bool = False) -> tuple[float, int]:
    """Return the share of pairs of one paper in the right order, papers weighing alike, and their number; ties half."""
    papers, truth = quantity.rows.papers.astype(str), quantity.rows.labels.lower
    shares, sizes = [], []
    for paper in np.unique(papers):
        own = np.flatnonzero(papers == paper)
        first, second = (own[side] for side in np.triu_indices(len(own), 1))
        gap = truth[first] - truth[second]
        first, second, gap = first[gap != 0], second[gap != 0], gap[gap != 0]
        if len(gap):
            order = np.sign(predicted[first] - predicted[second]) * np.sign(gap)
            shares.append(float(np.mean((order + 1) / 2)))
            sizes.append(len(gap))
    if without_largest and shares:
        del shares[int(np.argmax(sizes))]
    return (float(np.mean(shares)) if shares else np.nan), len(shares)


def lines_of(quantity: Quantity, seeds: int) -> list[str]:
    """Return lines of a Markdown table of one quantity: the inner choice, then every learner as looked at."""
    names, groups = list(quantity.learners), np.array(joined_groups(list(quantity.rows.papers)))
    places = np.arange(len(groups))
    errors, picked, orders, took = [], [], [], Counter[str]()
    for seed in range(seeds):
        every, chosen, picks = nested(quantity, seed)
        errors.append([quantity.error(predicted, places) for predicted in every])
        picked.append(quantity.error(chosen, places))
        orders.append([concordance(quantity, chosen), concordance(quantity, chosen, without_largest=True)])
        took.update(picks)
    by_learner, own = np.mean(errors, axis=0), np.mean(picked, axis=0)
    baseline = by_learner[0]
    low, high = bootstrap_ratio(groups, own, baseline, 0)
    stay = without_most_helpful(groups, baseline - own)
    without = f"{own[stay].sum() / baseline[stay].sum():.2f}"
    within, papers = float(np.mean([order[0][0] for order in orders])), orders[0][0][1]
    lesser = float(np.mean([order[1][0] for order in orders]))
    claim = f"{within:.2f} ({lesser:.2f} without the largest), {papers} papers"
    if papers == 1:
        claim = f"{within:.2f}, one paper"
    claim += "" if papers >= FEWEST_PAPERS else ": too few to claim"
    claim = claim if papers else "no paper with two rows"
    claim = claim if quantity.orders else "see the fade"
    ratios = sorted(zip((by_learner[1:].sum(axis=1) / baseline.sum()).tolist(), names[1:], strict=True))
    by_name = ", ".join(f"{name} {ratio:.2f}" for ratio, name in ratios)
    most = ", ".join(f"{name} {count}" for name, count in took.most_common(3))
    count = f"{len(groups)} ({len(np.unique(groups))})"
    return [
        f"| {quantity.name}, {quantity.unit} | {count} | {baseline.mean():.3g} | "
        f"{own.sum() / baseline.sum():.2f} ({low:.2f} to {high:.2f}) | {without} | {claim} | {most} | {by_name} |"
    ]


def main() -> None:
    """Print the table; write it into the README where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", nargs="+", default=[], help="quantities whose name begins so")
    parser.add_argument("--without", nargs="+", default=[], metavar="PAPER", help="what remains without these papers")
    parser.add_argument("--write-readme", action="store_true")
    arguments = parser.parse_args()
    lines = [
        "| quantity | rows (groups) | baseline's error | nested, over it (90 %) | without the most helpful group | "
        "concordance within papers | chosen inside | looked at, over the baseline |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for quantity in quantities(leave_out(load_literature(), arguments.without)):
        if not arguments.only or quantity.name.startswith(tuple(arguments.only)):
            lines += lines_of(quantity, arguments.seeds)
            print(lines[-1], flush=True)
    if arguments.write_readme:
        write_between_marks(PAGE, *MARKS, "\n".join(lines))


if __name__ == "__main__":
    main()
