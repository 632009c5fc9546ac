"""The skill of one target, as figures and in words, and the errors of its out-of-fold predictions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from models.tasks.registry import TARGETS, targets_with_an_error, task_of
from models.tasks.target import Target
from reporting.numbers import share_with_interval, with_interval
from training.evaluation.baselines import BASELINES
from training.evaluation.crossvalidate import MODEL, OutOfFold


@dataclass(frozen=True)
class Score:
    """Skill of one target on unseen papers.

    Attributes
    ----------
    target : column of the target
    rows, papers : rows judged, and groups they come from: papers, for conductivity joined
        where they share a composition
    measure : what `by_method` holds, with its unit
    by_method : the measure for the model and each baseline
    skill, skill_low, skill_high : the figure skill is judged by, with its 90 % bootstrap interval over papers
    skill_name : what that figure is
    shown : whether the interval excludes "no better than the dummy", also without the paper that helps most
    coverage, coverage_low, coverage_high : share of papers' values inside the interval at `level`
    width : mean width of the interval, in the error's unit
    removed : training rows left out of a fold as kin of its test rows, on average
    chosen : how often each recipe was chosen inside the training folds
    rests_on_one_paper : whether the interval excludes the dummy only as long as one paper is counted
    """

    target: str
    rows: int
    papers: int
    measure: str
    by_method: Mapping[str, float]
    skill_name: str
    skill: float
    skill_low: float
    skill_high: float
    shown: bool
    level: float
    coverage: float
    coverage_low: float
    coverage_high: float
    width: float
    removed: float = 0.0
    chosen: Mapping[str, int] = field(default_factory=dict)
    rests_on_one_paper: bool = False

    @property
    def skill_text(self) -> str:
        """The figure skill is judged by, with its interval."""
        return with_interval(self.skill, self.skill_low, self.skill_high)

    @property
    def coverage_text(self) -> str:
        """Share of papers' values inside the interval, with its own interval."""
        return share_with_interval(self.coverage, self.coverage_low, self.coverage_high)

    @property
    def verdict(self) -> str:
        """Skill in words."""
        if self.rests_on_one_paper:
            return "no skill shown yet: what there is rests on one paper"
        return "skill shown" if self.shown else "no skill shown yet"

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**asdict(self), "verdict": self.verdict}


def removed_and_chosen(out_of_fold: OutOfFold) -> tuple[float, dict[str, int]]:
    """Return the mean number of training rows left out of a fold as kin, and how often each recipe was chosen.

    Parameters
    ----------
    out_of_fold : OutOfFold
        Out-of-fold predictions of one task.
    """
    removed = float(np.mean(out_of_fold.removed)) if out_of_fold.removed else 0.0
    return removed, dict(Counter(out_of_fold.chosen).most_common())


def sentence(score: Score) -> str:
    """A score in words: errors by method, the ratio with its interval, coverage, and the verdict.

    Parameters
    ----------
    score : Score
        Skill of one target.
    """
    methods = ", ".join(f"{name} {value:.2f}" for name, value in score.by_method.items())
    return (
        f"{score.rows} rows of {score.papers} groups; {score.measure}: {methods}; {score.skill_name} "
        f"{score.skill_text}; {100 * score.level:g} % intervals hold {score.coverage_text}; {score.verdict}"
    )


def score_table(scores: Mapping[str, Score]) -> pd.DataFrame:
    """One row per target, all figures, for CSV.

    Parameters
    ----------
    scores : mapping of str to Score
        Skill by target column.
    """
    rows = []
    for score in scores.values():
        values = score.as_dict()
        by_method = values.pop("by_method")
        values["chosen"] = "; ".join(f"{name} {count}" for name, count in score.chosen.items())
        rows.append({**values, **{f"measure_{name}": value for name, value in by_method.items()}})
    return pd.DataFrame(rows)


def markdown(scores: Mapping[str, Score]) -> str:
    """The skill tables as Markdown, at the precision of the README.

    Parameters
    ----------
    scores : mapping of str to Score
        Skill by target column.
    """
    lines = [
        error_table({target: scores[column] for column, target in targets_with_an_error().items()}),
        "",
        "| target | cells (groups; known from both sides) | concordance (90 %; 0.5 is chance) "
        "| log-likelihood per cell over the better dummy's (90 %) | 90 % interval meets what is known | verdict |",
        "|---|---|---|---|---|---|",
    ]
    lines += [_censored_line(scores[column]) for column, target in TARGETS.items() if target.censored]
    return "\n".join(lines)


def error_table(scores: Mapping[Target, Score]) -> str:
    """Return the skill of targets that have an error as a Markdown table.

    Parameters
    ----------
    scores : mapping of Target to Score
        Skill by target.
    """
    lines = [
        "| target | rows (groups) | Silion | dummy | nearest | ridge | error over the dummy's (90 %) | 90 "
        "% interval holds | verdict |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for target, score in scores.items():
        cells = " | ".join(f"{score.by_method[name]:.2f}" for name in (MODEL, *BASELINES))
        name = f"{target.label}, {target.error_unit}"
        skill = f"{score.skill_text} | {score.coverage_text} | {score.verdict}"
        lines.append(f"| {name} | {score.rows} ({score.papers}) | {cells} | {skill} |")
    return "\n".join(lines)


def _censored_line(score: Score) -> str:
    gain = score.by_method[MODEL] - score.by_method["dummy"]
    return (
        f"| {TARGETS[score.target].label} | {score.rows} ({score.papers}; {score.by_method['two_sided']:.0f}) "
        f"| {score.skill_text} "
        f"| {with_interval(gain, score.by_method['gain_low'], score.by_method['gain_high'], '+.2f')} "
        f"| {score.coverage_text} "
        f"| {score.verdict} |"
    )


def errors(target: Target, out_of_fold: OutOfFold) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return the mean absolute error of each judged row over the repeats, by method, and the rows judged.

    Parameters
    ----------
    target : Target
        One that has an error.
    out_of_fold : OutOfFold
        Out-of-fold predictions of its task.

    Returns
    -------
    errors : dict of str to ndarray, shape (n_judged,)
        On the target's error scale.
    rows : ndarray of int, shape (n_judged,)
        Those with a value, not a bound.
    """
    lower, upper = task_of(target.column).known(target, out_of_fold.examples)
    rows = np.flatnonzero(lower == upper)
    predicted = predictions(target, out_of_fold)
    return {name: np.abs(values[:, rows] - lower[rows]).mean(axis=0) for name, values in predicted.items()}, rows


def predictions(target: Target, out_of_fold: OutOfFold) -> dict[str, np.ndarray]:
    """Return out-of-fold predictions on the target's error scale, by method, shape (n_repeats, n_rows).

    Parameters
    ----------
    target : Target
        One that has an error.
    out_of_fold : OutOfFold
        Out-of-fold predictions of its task.
    """
    by_method = dict(out_of_fold.predicted)
    model = by_method.pop(MODEL)
    predicted = {name: target.within_limits(values) for name, values in by_method.items()}
    predicted[MODEL] = task_of(target.column).out_of_fold(target, model, out_of_fold.examples, out_of_fold.shape)
    return predicted
