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
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.cell_ideas import AFTER_LOOKING, Fold, Guess, Idea, Rows, curve_ideas, direct_ideas, ice_ideas
from features.cell import CellFeatures
from models import lifetime
from models.boosted import Labels, Recipe
from models.intervals import calibrate
from models.parts import fit_part, with_conductivity
from training.bootstrap import bootstrap
from training.crossvalidate import MODEL, OutOfFold
from training.dataset import Examples, Literature, conductivity_examples, cycling_points, ice_examples, load_literature
from training.fade import fade_examples
from training.life import score_life
from training.split import grouped_folds, joined_groups
from training.survival import log_likelihood

OUT = Path(__file__).resolve().parent / "out" / "cells.json"
FOLDS, INNER_FOLDS, INNER_REPEATS = 5, 4, 2
SHARES = (1.0, 0.75, 0.5, 0.25)
"""How far from the dummy towards the idea; the plain nested choice knows only 1, the shrunken one all."""
LINK = {True: Recipe(linear_share=0.5), False: Recipe(members=1, rounds=100)}
"""Recipe of the electrolyte's conductivity: the shipped one for the outer folds, a short one for the inner."""
GOAL = 0.80


@dataclass(frozen=True)
class Task:
    """One table of cells and the ideas to predict it.

    `judged` are rows with a value, not a bound; `truth` their values in %.
    """

    name: str
    examples: Examples
    liquid: Examples
    side: Examples
    ideas: dict[str, Idea]
    truth: np.ndarray
    judged: np.ndarray
    fades: bool
    unit: str = "paper"

    @property
    def constant(self) -> str:
        """The best constant: a median in which each paper counts once."""
        return "direct: each paper counts once" if self.fades else "each paper counts once, median"

    @property
    def papers(self) -> np.ndarray:
        """What is held out and drawn again: the paper of each row, or its first author."""
        papers = self.examples.papers
        return (
            papers if self.unit == "paper" else np.array([paper.rstrip("abc").rstrip("0123456789") for paper in papers])
        )

    def names(self, rows: np.ndarray) -> set[str]:
        """Papers of some rows."""
        return set(self.examples.papers[rows])


@dataclass
class Found:
    """Outer predictions by idea and share, shape (n_ideas, n_shares, n_repeats, n_rows), and what was chosen.

    `folds` is the fold that held a row out, shape (n_repeats, n_rows); `chosen` is by nested row,
    shape (n_repeats, n_rows, 2): the idea and share that predicted the row.
    """

    target: np.ndarray
    life: np.ndarray
    chosen: dict[str, np.ndarray]
    folds: np.ndarray
    taken: dict[str, Counter[str]] = field(default_factory=dict)


# --- the tables ------------------------------------------------------------------------------------------------------
def tasks(literature: Literature) -> list[Task]:
    """ICE and fading, with liquid cells and cells of known first capacity beside them."""
    years = {paper: source.year for paper, source in literature.sources.items()}

    def dated(examples: Examples) -> Examples:
        return Examples(examples.designs.assign(year=examples.designs["paper"].map(years)), examples.labels)

    def wet(examples: Examples) -> Examples:
        return dated(
            examples.take(np.flatnonzero(examples.designs["electrolyte_class"].isin(["liquid", "gel"]).to_numpy()))
        )

    ice, points = ice_examples(literature), fade_examples(literature)
    soaked = cycling_points(literature, liquid=True).reset_index(drop=True)
    soaked_labels = lifetime.fade_labels(soaked, lifetime.FALLBACK_SHAPE)
    printed = points.designs["retention_pct"].to_numpy(dtype=float)
    side = dated(first_capacities(literature))
    return [
        Task(
            "ICE", dated(ice), wet(ice_examples(literature, liquid=True)), side, ice_ideas(), ice.labels.lower,
            ice.labels.exact, False,
        ),
        Task(
            "retention", dated(points), wet(Examples(soaked, soaked_labels)), side, curve_ideas() | direct_ideas(),
            printed, ~points.designs["qualifier"].isin(["<", ">"]).to_numpy(), True,
        ),
    ]  # fmt: skip


def first_capacities(literature: Literature) -> Examples:
    """Solid cells in training with a first capacity per gram, log10: the side target."""
    cells = [
        cell
        for cell in literature.cells
        if cell.in_training and cell.first_capacity_mah_per_g and cell.electrolyte_class not in ("liquid", "gel")
    ]
    frame = pd.DataFrame([cell.model_dump() for cell in cells]).assign(paper=[cell.paper for cell in cells])
    value = np.log10(frame["first_capacity_mah_per_g"].to_numpy(dtype=float))
    return Examples(frame, Labels(value, value, np.ones(len(value))))


class Reader:
    """Turns designs into rows; the conductivity link is fitted without the held-out papers."""

    def __init__(self, literature: Literature) -> None:
        self.electrolytes = conductivity_examples(literature)
        self.fitted: dict[tuple[frozenset[str], bool], object] = {}

    def link(self, held_out: frozenset[str], full: bool) -> Callable[[Examples], Rows]:
        names = self.electrolytes.papers
        key = (held_out & frozenset(names), full)
        if key not in self.fitted:
            rest = self.electrolytes.take(np.flatnonzero([name not in held_out for name in names]))
            self.fitted[key] = fit_part("conductivity", rest.designs, rest.labels, LINK[full], 0)
        part = self.fitted[key]

        def read(examples: Examples) -> Rows:
            designs = with_conductivity(examples.designs, part)  # type: ignore[arg-type]
            vectors = CellFeatures().fit_transform(designs)
            return Rows(designs, vectors.assign(year=designs["year"].to_numpy(dtype=float)), examples.labels)

        return read

    def fold(self, task: Task, rows: np.ndarray, held: np.ndarray, seed: int, *, full: bool, without: set[str]) -> Fold:
        """Fold of a task; `without` are all papers that nothing here may have seen."""
        read = self.link(frozenset(without), full)

        def rest(examples: Examples) -> Rows:
            return read(examples.take(np.flatnonzero([paper not in without for paper in examples.papers])))

        train, asked = task.examples.take(rows), task.examples.take(held)
        hidden = asked.designs.assign(ice_pct=np.nan, retention_pct=np.nan, average_ce_pct=np.nan)
        return Fold(
            read(train), read(Examples(hidden, asked.labels)), rest(task.liquid), rest(task.side), seed
        )  # fmt: skip


# --- nested choice ---------------------------------------------------------------------------------------------------
def validate(task: Task, reader: Reader, repeats: int, seed: int) -> Found:
    """Every idea over the outer folds, and what the inner folds would have chosen."""
    rows = len(task.papers)
    shape = (len(task.ideas), len(SHARES), repeats, rows)
    found = Found(np.full(shape, np.nan), np.full(shape, np.nan), {}, np.zeros((repeats, rows), dtype=int))
    for place, (repeat, rest, held) in enumerate(_folds(task, repeats, seed)):
        found.folds[repeat, held] = place
        without = task.names(held)
        fold = reader.fold(task, rest, held, 1000 * seed + repeat, full=True, without=without)
        for number, idea in enumerate(task.ideas.values()):
            found.target[number, :, repeat, held], found.life[number, :, repeat, held] = _read(task, idea(fold), held)
        for name, pair in choices(task, *inner(task, reader, rest, without, 1000 * seed + repeat)).items():
            found.chosen.setdefault(name, np.zeros((repeats, rows, 2), dtype=int))[repeat, held] = pair
            label = list(task.ideas)[pair[0]] + (f" x{SHARES[pair[1]]:g}" if pair[1] else "")
            found.taken.setdefault(name, Counter())[label] += 1
    return found


def _folds(task: Task, repeats: int, seed: int) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    groups = joined_groups(list(task.papers))
    for repeat in range(repeats):
        for held in grouped_folds(groups, FOLDS, 1000 * seed + repeat):
            yield repeat, np.setdiff1d(np.arange(len(groups)), held), held


def _read(task: Task, guess: Guess, held: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Target (%) and log10 life of a guess at each share, shape (n_held, n_shares): as numpy assigns slices."""
    each = [guess.shrunk(share) for share in SHARES]
    if not task.fades:
        return np.array([one.value for one in each]).T, np.full((len(held), len(SHARES)), np.nan)
    cycles = task.examples.designs["cycles"].to_numpy(dtype=float)[held]
    lives = [one.value if np.isfinite(one.shape) else np.full(len(held), np.nan) for one in each]
    return np.array([one.retention_pct(cycles) for one in each]).T, np.array(lives).T


def inner(task: Task, reader: Reader, rest: np.ndarray, without: set[str], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Error and, for lives, negative log-likelihood of every idea and share on the training papers alone."""
    shape = (len(task.ideas), len(SHARES), INNER_REPEATS, len(task.papers))
    target, life = np.full(shape, np.nan), np.full(shape, np.nan)
    groups = joined_groups(list(task.papers[rest]))
    for repeat in range(INNER_REPEATS):
        for test in grouped_folds(groups, INNER_FOLDS, 100_003 + 10 * seed + repeat):
            held = rest[test]
            unseen = without | task.names(held)
            fold = reader.fold(task, np.setdiff1d(rest, held), held, seed, full=False, without=unseen)
            for number, idea in enumerate(task.ideas.values()):
                target[number, :, repeat, held], life[number, :, repeat, held] = _read(task, idea(fold), held)
    judged = rest[task.judged[rest]]
    miss = np.abs(target[..., judged] - task.truth[judged]).mean(axis=2)
    weight = paper_weights(task.papers[judged])
    return miss @ weight, unlikelihood(task, life[..., rest], rest) if task.fades else np.full(shape[:2], np.nan)


def paper_weights(papers: np.ndarray) -> np.ndarray:
    """Weights under which each paper counts once; they sum to 1."""
    _, member, size = np.unique(papers, return_inverse=True, return_counts=True)
    weight = 1 / size[member]
    return np.asarray(weight / weight.sum())


def unlikelihood(task: Task, life: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """Negative censored log-likelihood of what is known of the training cells' lives, each paper counting once."""
    points = task.examples.designs.iloc[rest].reset_index(drop=True)
    labels = lifetime.fade_labels(points, lifetime.fade_shape(points))
    bounds = lifetime.life_bounds(points)
    row = points.reset_index().groupby("cell_id")["index"].first().loc[bounds["cell_id"]].to_numpy()
    weight = paper_weights(bounds["paper"].to_numpy())
    found = np.full(life.shape[:2], np.inf)
    for place in np.ndindex(*found.shape):
        each = life[place]
        if np.isfinite(each).all():
            noise = calibrate(each, np.zeros_like(each), labels, task.papers[rest]).noise
            lower, upper = bounds["lower"].to_numpy(), bounds["upper"].to_numpy()
            found[place] = -weight @ log_likelihood(lower, upper, each.mean(axis=0)[row], noise)
    return found


def choices(task: Task, error: np.ndarray, unlikely: np.ndarray) -> dict[str, tuple[int, int]]:
    """Idea and share each nested row takes: of all ideas, or of those that may ship."""
    every = np.ones(len(task.ideas), dtype=bool)
    ships = np.array([name in curve_ideas() if task.fades else name not in AFTER_LOOKING for name in task.ideas])
    found = {"nested": _best(error[:, :1], ships), "nested, shrunken": _best(error, ships)}
    if not task.fades:
        found["nested, with ideas after looking"] = _best(error[:, :1], every)
    else:
        found |= {
            "nested by likelihood of life": _best(unlikely[:, :1], ships),
            "nested, any road (cannot ship)": _best(error[:, :1], every),
        }
    return found


def _best(score: np.ndarray, allowed: np.ndarray) -> tuple[int, int]:
    masked = np.where(allowed[:, None], score, np.inf)
    idea, share = np.unravel_index(int(np.argmin(masked)), masked.shape)
    return int(idea), int(share)


# --- figures ---------------------------------------------------------------------------------------------------------
def picked(values: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Predictions of the chosen ideas, shape (n_repeats, n_rows)."""
    repeat, row = np.indices(chosen.shape[:2])
    return np.asarray(values[chosen[..., 0], chosen[..., 1], repeat, row])


def skill(task: Task, target: np.ndarray, dummy: np.ndarray, constant: np.ndarray) -> dict[str, float]:
    """Error over the dummy's by row, the same with each paper counting once, and over the best constant's by row."""
    ours, theirs, plain = (
        np.abs(each[:, task.judged] - task.truth[task.judged]).mean(axis=0) for each in (target, dummy, constant)
    )
    papers = task.papers[task.judged]
    low, high = bootstrap(papers, lambda count: float(count @ ours / (count @ theirs)), 0)
    weight = paper_weights(papers)
    fair = bootstrap(papers, lambda count: float((count * weight) @ ours / ((count * weight) @ theirs)), 0)
    over = bootstrap(papers, lambda count: float(count @ ours / (count @ plain)), 0)
    return {
        "error": float(ours.mean()), "ratio": float(ours.sum() / theirs.sum()), "low": low, "high": high,
        "by_paper": float(weight @ ours / (weight @ theirs)), "by_paper_low": fair[0], "by_paper_high": fair[1],
        "over_constant": float(ours.sum() / plain.sum()), "over_constant_low": over[0], "over_constant_high": over[1],
    }  # fmt: skip


def life_skill(task: Task, lives: np.ndarray, folds: np.ndarray) -> dict[str, float]:
    """Concordance, and log-likelihood over the better dummy's, as `silion evaluate` counts them; and concordance of
    cells held out by the same fold.

    The first compares cells that different models predicted. Where the training papers' median is all there is, a cell
    of long life was predicted without itself, so a little lower: a constant then stands far below 0.5, and so does
    whatever is close to one. Within a fold a constant is 0.5.
    """
    groups = joined_groups(list(task.papers))
    found = OutOfFold(task.examples, groups, {MODEL: lives}, np.zeros_like(lives), np.full_like(lives, np.nan))
    score = score_life(found, 0.9, 0)
    held = score.by_method
    points = task.examples.designs
    bounds = lifetime.life_bounds(points)
    row = points.reset_index().groupby("cell_id")["index"].first().loc[bounds["cell_id"]].to_numpy()
    each, own = lives[:, row], folds[:, row]
    together = own[:, :, None] == own[:, None, :]
    right = (each[:, :, None] < each[:, None, :]) + 0.5 * (each[:, :, None] == each[:, None, :])
    sooner = bounds["upper"].to_numpy()[:, None] < bounds["lower"].to_numpy()[None, :]
    pairs, won = sooner * together.sum(axis=0), sooner * (together * right).sum(axis=0)

    def within(count: np.ndarray) -> float:
        total = float(count @ pairs @ count)
        return float(count @ won @ count) / total if total else np.nan

    low, high = bootstrap(task.papers[row], within, 0)
    return {
        "within": within(np.ones(len(row))), "within_low": low, "within_high": high,
        "concordance": score.skill, "concordance_low": score.skill_low, "concordance_high": score.skill_high,
        "gain": held[MODEL] - held["dummy"], "gain_low": held["gain_low"], "gain_high": held["gain_high"],
    }  # fmt: skip


def check_curves(task: Task, fold: Fold) -> None:
    """Refuse an idea whose retention and life come from two curves: 100 at the start, never rising, 80 at the life."""
    for name, idea in curve_ideas().items():
        guess = idea(fold)
        for cell in range(len(guess.value)):
            one = replace(guess, value=guess.value[cell])
            held = one.retention_pct(np.r_[0.0, np.logspace(-1, 5, 60), 10.0 ** guess.value[cell]])
            if abs(held[0] - 100) > 1e-6 or (np.diff(held[:-1]) > 1e-9).any() or abs(held[-1] - 80) > 1e-3:
                raise ValueError(f"{task.name}, {name}: the curve does not agree with the life; got {held}")


def report(task: Task, found: Found, dummy: int) -> dict[str, dict[str, float]]:
    """Figures of the nested rows, then of every idea alone."""
    predicted = {
        name: (picked(found.target, each), picked(found.life, each)) for name, each in found.chosen.items()
    } | {name: (found.target[number, 0], found.life[number, 0]) for number, name in enumerate(task.ideas)}
    constant = found.target[list(task.ideas).index(task.constant), 0]
    figures = {}
    for name, (target, life) in predicted.items():
        figures[name] = skill(task, target, found.target[dummy, 0], constant)
        if np.isfinite(life).all():
            figures[name] |= life_skill(task, life, found.folds)
    return figures


def show(task: Task, seed: int, figures: dict[str, dict[str, float]], found: Found) -> None:
    """Print the table of one seed."""
    judged = f"{int(task.judged.sum())} rows, {len(np.unique(task.papers[task.judged]))} {task.unit}s"
    print(f"\n{task.name}, seed {seed}: {judged}; {len(task.ideas)} ideas tried, the dummy among them")
    columns = ["over the dummy (90 %)", "papers once (90 %)", "over that constant"]
    if task.fades:
        columns += ["life: concordance", "life: within folds", "log-likelihood gain"]
    print(f"{'':<58} {'error':>6}  " + "".join(f"{column:<24}" for column in columns))
    for number, (name, each) in enumerate(figures.items()):
        if number == len(found.chosen):
            print("  looked at: not a claim")
        told = [_range(each, "ratio", ""), _range(each, "by_paper"), _range(each, "over_constant")]
        if "gain" in each:
            told += [_range(each, key) for key in ("concordance", "within", "gain")]
        print(f"{name:<58} {each['error']:>6.2f}  " + "".join(f"{figure:<24}" for figure in told))
    for name, counter in found.taken.items():
        print(f"  {name} took: " + ", ".join(f"{idea} {count}" for idea, count in counter.most_common(6)))


def _range(figures: dict[str, float], name: str, prefix: str | None = None) -> str:
    start = f"{name}_" if prefix is None else prefix
    return f"{figures[name]:.2f} ({figures[start + 'low']:.2f} to {figures[start + 'high']:.2f})"


def verdict(task: Task, seeds: list[dict[str, dict[str, float]]]) -> str:
    """What may be claimed: skill only where no seed's interval includes 1."""
    each = [figures["nested"] for figures in seeds]
    told = ", ".join(_range(figures, "ratio", "") for figures in each)
    worst = max(figures["high"] for figures in each)
    words = "skill shown" if worst < 1 else f"no skill found, by these {len(task.ideas)} tries"
    met = max(figures["ratio"] for figures in each) <= GOAL and worst < 1
    return f"{task.name}, nested, seed by seed: {told}: {words}; goal of {GOAL:.2f} {'met' if met else 'not met'}"


def main() -> None:
    """Run every seed and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5, help="of the outer folds")
    parser.add_argument("--seeds", type=int, default=1, help="seeds 0 to N - 1, each on its own")
    parser.add_argument("--unit", choices=("paper", "lab"), default="paper", help="what is held out")
    parser.add_argument("--only", choices=("ICE", "retention"))
    asked = parser.parse_args()
    literature = load_literature()
    reader, start = Reader(literature), time.perf_counter()
    out: dict[str, list[dict[str, object]]] = {}
    for task in (replace(each, unit=asked.unit) for each in tasks(literature)):
        if asked.only not in (None, task.name):
            continue
        dummy = list(task.ideas).index("dummy")
        if task.fades:
            _, rest, held = next(_folds(task, 1, 0))
            check_curves(task, reader.fold(task, rest, held, 0, full=False, without=task.names(held)))
        tables = []
        for seed in range(asked.seeds):
            found = validate(task, reader, asked.repeats, seed)
            tables.append(report(task, found, dummy))
            show(task, seed, tables[-1], found)
            print(f"  {time.perf_counter() - start:.0f} s", flush=True)
            out.setdefault(task.name, []).append(
                {"seed": seed, "figures": tables[-1], "taken": found.taken, "errors": dominating(task, found, dummy)}
            )
        print(verdict(task, tables))
    path = OUT.with_stem(f"cells_{asked.only.lower()}") if asked.only else OUT
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"repeats": asked.repeats, "targets": out}, indent=1), encoding="utf-8")


def dominating(task: Task, found: Found, dummy: int) -> dict[str, list[float]]:
    """Sum of the absolute errors by paper: of the nested choice and of the dummy, largest first."""
    truth = task.truth[task.judged]
    each = {"nested": picked(found.target, found.chosen["nested"]), "dummy": found.target[dummy, 0]}
    miss = pd.DataFrame({name: np.abs(value[:, task.judged] - truth).mean(axis=0) for name, value in each.items()})
    total = miss.groupby(task.papers[task.judged]).sum().sort_values("nested", ascending=False)
    return {
        str(paper): [round(float(value), 1) for value in row]
        for paper, row in zip(total.index, total.to_numpy(), strict=True)
    }


if __name__ == "__main__":
    main()
