"""Skill and coverage by how much is known of the electrolyte, each by paper, and what a model takes from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from features.electrolyte import classes_of
from models.ensemble import Recipe
from models.intervals import Calibration
from models.known.measurements import learn_measurements
from models.tasks.examples import Examples
from models.tasks.part import Part
from models.tasks.registry import TASKS
from models.tasks.target import Target
from reporting.numbers import share_with_interval
from training.config import Protocol, TrainConfig
from training.data.groups import PaperGroups, paper_groups
from training.evaluation.bootstrap import bootstrap_ratio, covered_share
from training.evaluation.coverage import calibration_of, coverage
from training.evaluation.crossvalidate import MODEL, OutOfFold, validate
from training.evaluation.regimes.known import KnownErrors, known_errors

KNOWN, FAMILY, NEW = "composition known", "family known", "family never seen"
OTHER_PAPER, ALONE, DUMMY = "another paper's value", "the model without it", "dummy"
FEWEST_PAPERS = 2
"""Groups of papers below which a regime is not reported."""


@dataclass(frozen=True)
class RegimeScore:
    """Skill in one regime.

    Attributes
    ----------
    regime : str
        What is known of the electrolyte.
    rows, papers : int
        Rows with a value, and groups of papers they come from.
    error : float
        Mean absolute error, every paper counting once, on the target's error scale.
    beside : mapping of str to float
        The same of the baselines.
    ratio, ratio_low, ratio_high : mapping of str to float
        Error over that of each of them, with the 90 % bootstrap interval over papers.
    coverage, coverage_low, coverage_high : float
        Share of papers' values inside the interval at `level`; NaN where too few papers calibrate one.
    width : float
        Mean width of the interval, every paper counting once.
    """

    regime: str
    rows: int
    papers: int
    error: float
    beside: Mapping[str, float]
    ratio: Mapping[str, float]
    ratio_low: Mapping[str, float]
    ratio_high: Mapping[str, float]
    level: float
    coverage: float
    coverage_low: float
    coverage_high: float
    width: float

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    def compared(self) -> list[str]:
        """Return the baselines, each with its error and the ratio of ours to it."""
        return [
            f"{name} {value:.2f} ({self.ratio[name]:.2f}, {self.ratio_low[name]:.2f} to {self.ratio_high[name]:.2f})"
            for name, value in self.beside.items()
        ]

    @property
    def coverage_text(self) -> str:
        """Share of the values that lie inside their intervals, with its own interval."""
        if np.isnan(self.coverage):
            return "too few papers"
        return share_with_interval(self.coverage, self.coverage_low, self.coverage_high)


def _score(
    regime: str,
    errors: Mapping[str, np.ndarray],
    covered: np.ndarray,
    width: np.ndarray,
    groups: np.ndarray,
    level: float,
    seed: int,
) -> RegimeScore | None:
    """Score one regime from the errors of its rows, those of `MODEL` and of the baselines; NaN for bounds.

    Parameters
    ----------
    errors : mapping of str to ndarray, shape (n_rows,)
        By method.
    covered, width : ndarray, shape (n_rows,)
        Of the intervals.
    groups : ndarray, shape (n_rows,)
        Group of papers of each row.
    """
    known = np.isfinite(errors[MODEL])
    if len(np.unique(groups[known])) < FEWEST_PAPERS:
        return None
    kinds, member, size = np.unique(groups[known], return_inverse=True, return_counts=True)
    weight = 1 / (len(kinds) * size[member])
    weighted = {name: weight * values[known] for name, values in errors.items()}
    beside = {name: float(values.sum()) for name, values in weighted.items() if name != MODEL}
    ends = {name: bootstrap_ratio(groups[known], weighted[MODEL], weighted[name], seed) for name in beside}
    error = float(weighted[MODEL].sum())
    return RegimeScore(
        regime,
        int(known.sum()),
        len(kinds),
        error,
        beside,
        {name: error / value for name, value in beside.items()},
        {name: interval[0] for name, interval in ends.items()},
        {name: interval[1] for name, interval in ends.items()},
        level,
        *covered_share(covered, groups, seed),
        covered_share(width, groups, seed)[0],
    )


def score_known(known_errors: KnownErrors, level: float, seed: int) -> RegimeScore | None:
    """Score predictions drawn to what other papers measured; None with fewer than two papers.

    Parameters
    ----------
    known_errors : KnownErrors
        As `known_errors` gives them.
    level : float
        Share of papers whose values the interval should hold, 0 to 1.
    seed : int
        Of the bootstrap.
    """
    if not len(known_errors.rows):
        return None
    exact, value = known_errors.labels.exact, known_errors.labels.middle
    missed = {
        MODEL: np.abs(value - known_errors.unseen[0]),
        ALONE: np.abs(value - known_errors.alone),
        OTHER_PAPER: known_errors.other_paper,
    }
    errors = {name: np.where(exact, values, np.nan) for name, values in missed.items()}
    covered, width = known_errors.coverage(level)
    return _score(KNOWN, errors, covered, width, known_errors.groups, level, seed)


def classes_in(examples: Examples) -> np.ndarray:
    """Return the class of each row as a word, shape (n_rows,); those of no known class are taken for one.

    Parameters
    ----------
    examples : Examples
        Of electrolytes.
    """
    return np.array([str(kind) for kind in classes_of(examples.designs)])


def unseen_families(
    name: str, examples: Examples, kin: PaperGroups, choices: Mapping[str, Recipe], protocol: Protocol
) -> OutOfFold:
    """Predict every row by a model that learnt from no electrolyte of its class, paper or composition.

    Parameters
    ----------
    name : str
        Key of `TASKS`.
    examples : Examples
        All rows; those of no known class are taken for one class.
    kin : PaperGroups
        Their groups.
    choices : mapping of str to Recipe
        Recipes to choose from inside each training fold.
    protocol : Protocol
        Folds, to which whole classes are dealt, and seed; one repeat is made.

    Raises
    ------
    SplitError
        Fewer classes than folds.
    """
    number = np.unique(classes_in(examples), return_inverse=True)[1]
    tests = replace(protocol, repeats=1).tests(number)
    out_of_fold = validate(name, examples, kin, choices, protocol, tests=tests, baselines=(DUMMY,))
    return replace(out_of_fold, family=out_of_fold.family[:0])  # no other paper tells the errors of a class never seen


def score_unknown(target: Target, regime: str, out_of_fold: OutOfFold, level: float, seed: int) -> RegimeScore | None:
    """Score predictions of compositions that no paper in training measured; None with fewer than two papers.

    Parameters
    ----------
    target : Target
        Of an electrolyte, whose error scale is the model's.
    regime : str
        `FAMILY` judges the rows whose class was in training in every repeat, `NEW` all.
    out_of_fold : OutOfFold
        Out-of-fold predictions of its task.
    level : float
        Share of papers whose values the interval should hold, 0 to 1.
    seed : int
        Of the bootstrap.
    """
    labels = out_of_fold.examples.labels
    covered, width = coverage(target, out_of_fold, level)
    judged = np.ones(len(out_of_fold.groups), dtype=bool) if regime == NEW else (out_of_fold.familiar > 0).all(axis=0)
    errors = {
        name: np.where(judged & labels.exact, np.abs(values - labels.middle).mean(axis=0), np.nan)
        for name, values in out_of_fold.predicted.items()
        if name in (MODEL, DUMMY)
    }
    covered, width = (np.where(judged, values, np.nan) for values in (covered, width))
    return _score(regime, errors, covered, width, out_of_fold.groups, level, seed)


def regime_table(scores: Sequence[RegimeScore], unit: str) -> str:
    """Return the regimes as a Markdown table.

    Parameters
    ----------
    scores : sequence of RegimeScore
        Of one target.
    unit : str
        Of its error.
    """
    lines = [
        f"| what is known | rows (papers) | error, {unit} | beside (error over it, 90 %) "
        "| interval holds (90 %) | width |",
        "|---|---|---|---|---|---|",
    ]
    for score in scores:
        lines.append(
            f"| {score.regime} | {score.rows} ({score.papers}) | {score.error:.2f} | {'; '.join(score.compared())} "
            f"| {score.coverage_text} | {score.width:.1f} |"
        )
    return "\n".join(lines)


FEWEST_UNFAMILIAR = 10
"""Groups of papers below which no interval of an unfamiliar class is calibrated."""


@dataclass(frozen=True)
class Regimes:
    """Errors by what is known of an electrolyte.

    Attributes
    ----------
    known : KnownErrors
        Compositions that another paper measured.
    scores : list of RegimeScore
        Those with rows of two papers or more.
    unfamiliar : Calibration or None
        For electrolytes of classes that were never learnt from; None where too few papers calibrate it.
    """

    known: KnownErrors
    scores: list[RegimeScore]
    unfamiliar: Calibration | None


def measure_regimes(
    name: str,
    examples: Examples,
    kin: PaperGroups,
    out_of_fold: OutOfFold,
    choices: Mapping[str, Recipe],
    protocol: Protocol,
    level: float,
    every: Examples | None = None,
) -> Regimes:
    """Judge one quantity of electrolytes by what is known of them.

    Parameters
    ----------
    name : str
        Key of `TASKS`.
    examples : Examples
        All rows.
    kin : PaperGroups
        Their groups.
    out_of_fold : OutOfFold
        Out-of-fold predictions of these rows, kin removed.
    choices : mapping of str to Recipe
        Recipes to choose from inside each training fold.
    protocol : Protocol
        Folds and seed; one repeat is made of the two cross-validations that are added.
    level : float
        Share of papers whose values the intervals should hold, 0 to 1.
    every : Examples or None
        As for `known_errors`.
    """
    target, seed = TASKS[name].targets[0], protocol.seed
    known = known_errors(name, examples, choices, protocol, every)
    scores = [score_known(known, level, seed), score_unknown(target, FAMILY, out_of_fold, level, seed)]
    unfamiliar = None
    if (count := len(np.unique(classes_in(examples)))) > 1:
        families = unseen_families(name, examples, kin, choices, replace(protocol, folds=min(protocol.folds, count)))
        scores.append(score_unknown(target, NEW, families, level, seed))
        if len(np.unique(families.groups)) >= FEWEST_UNFAMILIAR:
            unfamiliar = calibration_of(families, np.arange(len(families.groups)))
    return Regimes(known, [score for score in scores if score], unfamiliar)


def learn_regimes(
    name: str, part: Part, examples: Examples, out_of_fold: OutOfFold, config: TrainConfig, missed: float,
    every: Examples | None = None,
) -> Regimes:  # fmt: skip
    """Judge the regimes of a fitted part; give it what was measured, and the intervals of unfamiliar classes.

    Parameters
    ----------
    name : str
        Key of `TASKS`.
    part : Part
        Fitted on all rows; `known` and `unfamiliar` are set.
    examples : Examples
        All rows.
    out_of_fold : OutOfFold
        Out-of-fold predictions of these rows, kin removed.
    config : TrainConfig
        Of the training.
    missed : float
        Variance of the errors of `out_of_fold`, on the model's scale.
    every : Examples or None
        As for `known_errors`.
    """
    kin, choices = paper_groups(name, examples), {"chosen": part.ensemble.recipe}
    regimes = measure_regimes(name, examples, kin, out_of_fold, choices, config.protocol, config.level, every)
    rows = every or examples
    known = learn_measurements(rows.designs, rows.labels, missed, len(examples.designs))
    part.known = replace(known, agreement=regimes.known.settle(known.agreement))
    part.unfamiliar = regimes.unfamiliar
    return regimes
