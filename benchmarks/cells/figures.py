"""The figures of every idea and of the nested choice, and their tables."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from benchmarks.cells.ideas import curve_ideas
from benchmarks.cells.nested import Outcome, paper_weights
from benchmarks.cells.rows import Fold
from benchmarks.cells.tasks import Task
from models.tasks.fade import LIFE
from training.data.paper_splits import joined_groups
from training.evaluation.bootstrap import bootstrap
from training.evaluation.crossvalidate import MODEL, OutOfFold
from training.evaluation.cycle_life import score_life

GOAL = 0.80
"""Error over the dummy's that was asked for."""


def picked(values: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Predictions of the chosen ideas, shape (n_repeats, n_rows)."""
    repeat, row = np.indices(chosen.shape[:2])
    return np.asarray(values[chosen[..., 0], chosen[..., 1], repeat, row])


def skill(task: Task, target: np.ndarray, dummy: np.ndarray, constant: np.ndarray) -> dict[str, float]:
    """Error over the dummy's by row, the same with each paper counting once, and over the best constant's by row."""
    own, dummies, plain = (
        np.abs(values[:, task.judged] - task.truth[task.judged]).mean(axis=0) for values in (target, dummy, constant)
    )
    papers = task.papers[task.judged]
    low, high = bootstrap(papers, lambda count: float(count @ own / (count @ dummies)), 0)
    weight = paper_weights(papers)
    fair = bootstrap(papers, lambda count: float((count * weight) @ own / ((count * weight) @ dummies)), 0)
    over = bootstrap(papers, lambda count: float(count @ own / (count @ plain)), 0)
    return {
        "error": float(own.mean()), "ratio": float(own.sum() / dummies.sum()), "low": low, "high": high,
        "by_paper": float(weight @ own / (weight @ dummies)), "by_paper_low": fair[0], "by_paper_high": fair[1],
        "over_constant": float(own.sum() / plain.sum()), "over_constant_low": over[0], "over_constant_high": over[1],
    }  # fmt: skip


def life_skill(task: Task, lives: np.ndarray, folds: np.ndarray) -> dict[str, float]:
    """Concordance of cells held out by the same fold, and log-likelihood over the better dummy's, as `silion evaluate`
    counts them."""
    groups, spread, shape = joined_groups(list(task.papers)), np.zeros_like(lives), np.full_like(lives, np.nan)
    out_of_fold = OutOfFold(task.examples, groups, {MODEL: lives}, spread, shape, fold=folds)
    score = score_life(LIFE, out_of_fold, 0.9, 0)
    by_method = score.by_method
    return {
        "concordance": score.skill, "concordance_low": score.skill_low, "concordance_high": score.skill_high,
        "gain": by_method[MODEL] - by_method["dummy"],
        "gain_low": by_method["gain_low"], "gain_high": by_method["gain_high"],
    }  # fmt: skip


def check_curves(task: Task, fold: Fold) -> None:
    """Refuse an idea whose retention and life come from two curves: 100 at the start, never rising, 80 at the life."""
    for name, idea in curve_ideas().items():
        guess = idea(fold)
        for cell in range(len(guess.value)):
            single = replace(guess, value=guess.value[cell])
            curve = single.retention_pct(np.r_[0.0, np.logspace(-1, 5, 60), 10.0 ** guess.value[cell]])
            if abs(curve[0] - 100) > 1e-6 or (np.diff(curve[:-1]) > 1e-9).any() or abs(curve[-1] - 80) > 1e-3:
                raise ValueError(f"{task.name}, {name}: the curve does not agree with the life; got {curve}")


def report(task: Task, outcome: Outcome, dummy: int) -> dict[str, dict[str, float]]:
    """Figures of the nested rows, then of every idea alone."""
    predicted = {
        name: (picked(outcome.target, choice), picked(outcome.life, choice)) for name, choice in outcome.chosen.items()
    } | {name: (outcome.target[number, 0], outcome.life[number, 0]) for number, name in enumerate(task.ideas)}
    constant = outcome.target[list(task.ideas).index(task.constant), 0]
    figures = {}
    for name, (target, life) in predicted.items():
        figures[name] = skill(task, target, outcome.target[dummy, 0], constant)
        if np.isfinite(life).all():
            figures[name] |= life_skill(task, life, outcome.folds)
    return figures


def show(task: Task, seed: int, figures: dict[str, dict[str, float]], outcome: Outcome) -> None:
    """Print the table of one seed."""
    judged = f"{int(task.judged.sum())} rows, {len(np.unique(task.papers[task.judged]))} {task.unit}s"
    print(f"\n{task.name}, seed {seed}: {judged}; {len(task.ideas)} ideas tried, the dummy among them")
    columns = ["over the dummy (90 %)", "papers once (90 %)", "over that constant"]
    if task.fades:
        columns += ["life: concordance", "log-likelihood gain"]
    print(f"{'':<58} {'error':>6}  " + "".join(f"{column:<24}" for column in columns))
    for number, (name, row) in enumerate(figures.items()):
        if number == len(outcome.chosen):
            print("  looked at: not a claim")
        texts = [with_interval(row, "ratio", ""), with_interval(row, "by_paper"), with_interval(row, "over_constant")]
        if "gain" in row:
            texts += [with_interval(row, key) for key in ("concordance", "gain")]
        print(f"{name:<58} {row['error']:>6.2f}  " + "".join(f"{figure:<24}" for figure in texts))
    for name, counter in outcome.picks.items():
        print(f"  {name} took: " + ", ".join(f"{idea} {count}" for idea, count in counter.most_common(6)))


def with_interval(figures: dict[str, float], name: str, prefix: str | None = None) -> str:
    start = f"{name}_" if prefix is None else prefix
    return f"{figures[name]:.2f} ({figures[start + 'low']:.2f} to {figures[start + 'high']:.2f})"


def verdict(task: Task, seeds: list[dict[str, dict[str, float]]]) -> str:
    """What may be claimed: skill only where no seed's interval includes 1."""
    rows = [figures["nested"] for figures in seeds]
    ratios = ", ".join(with_interval(figures, "ratio", "") for figures in rows)
    worst = max(figures["high"] for figures in rows)
    claim = "skill shown" if worst < 1 else f"no skill found, by these {len(task.ideas)} tries"
    met = max(figures["ratio"] for figures in rows) <= GOAL and worst < 1
    return f"{task.name}, nested, seed by seed: {ratios}: {claim}; goal of {GOAL:.2f} {'met' if met else 'not met'}"


def dominating(task: Task, outcome: Outcome, dummy: int) -> dict[str, list[float]]:
    """Sum of the absolute errors by paper: of the nested choice and of the dummy, largest first."""
    truth = task.truth[task.judged]
    picks = {"nested": picked(outcome.target, outcome.chosen["nested"]), "dummy": outcome.target[dummy, 0]}
    miss = pd.DataFrame({name: np.abs(value[:, task.judged] - truth).mean(axis=0) for name, value in picks.items()})
    total = miss.groupby(task.papers[task.judged]).sum().sort_values("nested", ascending=False)
    return {
        str(paper): [round(float(value), 1) for value in row]
        for paper, row in zip(total.index, total.to_numpy(), strict=True)
    }
