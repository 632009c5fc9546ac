"""Skill on papers never seen: errors beside the baselines, their ratio to the dummy with its interval, and coverage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from features.tables import InputError
from models import lifetime
from models.boosted import Labels
from models.intervals import Calibration, LevelError, calibrate
from models.lab import Errors
from models.targets import CONDUCTIVITY, ICE, LIFE, RETENTION, TARGETS, Target
from training.baselines import BASELINES
from training.crossvalidate import MODEL, OutOfFold
from training.survival import concordance_within, log_likelihood, turnbull

PART_OF = {CONDUCTIVITY.column: "conductivity", ICE.column: "ice", RETENTION.column: "fade"}
"""Part that predicts each target whose error can be measured."""
BOOTSTRAPS = 2000
FEWEST_GROUPS = 5
"""Drawing fewer groups again says nothing of groups to come: no skill is claimed from them."""
BAND = (5.0, 95.0)
"""Percentiles of the 90 % bootstrap interval."""
PRINTED_HALF_PCT = 0.5
"""Retentions are printed to about one per cent: 100 % counts as held by an interval that ends at 99.6."""


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
    shown : whether the interval excludes "no better than the dummy"
    coverage, coverage_low, coverage_high : share of papers' values inside the interval at `level`
    width : mean width of the interval, in the error's unit
    removed : training rows left out of a fold as kin of its test rows, on average
    chosen : how often each recipe was chosen inside the training folds
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

    @property
    def verdict(self) -> str:
        """Skill in words."""
        return "skill shown" if self.shown else "no skill shown yet"

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**asdict(self), "verdict": self.verdict}


def evaluate(found: Mapping[str, OutOfFold], level: float, seed: int) -> dict[str, Score]:
    """Score every target from out-of-fold predictions.

    Parameters
    ----------
    found : what `cross_validate` gave
    level : of the intervals whose coverage is measured
    seed : of the bootstrap
    """
    scores = {column: score(TARGETS[column], found[part], level, seed) for column, part in PART_OF.items()}
    return scores | {LIFE.column: _with_choices(_score_life(found["fade"], level, seed), found["fade"])}


def _with_choices(judged: Score, found: OutOfFold) -> Score:
    removed = float(np.mean(found.removed)) if found.removed else 0.0
    return replace(judged, removed=removed, chosen=dict(Counter(found.chosen).most_common()))


def errors(target: Target, found: OutOfFold) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Mean absolute error of each judged row over the repeats, by method, and the rows judged (those with a value, not
    a bound)."""
    if target is RETENTION:
        rows = np.flatnonzero(~found.examples.designs["qualifier"].isin(["<", ">"]).to_numpy())
        truth = found.examples.designs["retention_pct"].to_numpy(dtype=float)
    else:
        rows = np.flatnonzero(found.examples.labels.exact)
        truth = found.examples.labels.lower
    predicted = predictions(target, found)
    return {name: np.abs(values[:, rows] - truth[rows]).mean(axis=0) for name, values in predicted.items()}, rows


def predictions(target: Target, found: OutOfFold) -> dict[str, np.ndarray]:
    """Out-of-fold predictions on the target's error scale, by method, shape (n_repeats, n_rows)."""
    if target is not RETENTION:
        return {name: np.clip(values, 0, 100) if target is ICE else values for name, values in found.predicted.items()}
    cycles = found.examples.designs["cycles"].to_numpy(dtype=float)
    curve = np.array(
        [_retention(lives, cycles, shapes) for lives, shapes in zip(found.predicted[MODEL], found.shape, strict=True)]
    )
    return {**{name: np.clip(found.predicted[name], 0, 100) for name in BASELINES}, MODEL: curve}


def _retention(lives: np.ndarray, cycles: np.ndarray, shapes: np.ndarray) -> np.ndarray:
    return np.array(
        [
            float(lifetime.retention_pct(life, cycle, shape))
            for life, cycle, shape in zip(lives, cycles, shapes, strict=True)
        ]
    )


def bootstrap(groups: np.ndarray, statistic: Callable[[np.ndarray], float], seed: int) -> tuple[float, float]:
    """90 % interval of a statistic when whole groups are drawn again.

    Parameters
    ----------
    groups : group of each row
    statistic : takes how often each row counts, shape (n_rows,)
    """
    kinds, member = np.unique(groups, return_inverse=True)
    random = np.random.default_rng(seed)
    drawn = [
        statistic(random.multinomial(len(kinds), np.full(len(kinds), 1 / len(kinds)))[member].astype(float))
        for _ in range(BOOTSTRAPS)
    ]
    values = np.array(drawn)
    low, high = np.percentile(values[np.isfinite(values)], BAND)
    return float(low), float(high)


def score(target: Target, found: OutOfFold, level: float, seed: int) -> Score:
    """Score one target that has an error: all but cycle life."""
    error, rows = errors(target, found)
    groups = found.groups[rows]
    ours, dummy = error[MODEL], error["dummy"]
    low, high = bootstrap(groups, lambda count: float((count * ours).sum() / (count * dummy).sum()), seed)
    covered, width = coverage(target, found, level)
    cover, cover_low, cover_high = _share(covered[rows], groups, seed)
    judged = Score(
        target.column,
        len(rows),
        len(np.unique(groups)),
        f"mean absolute error, {target.error_unit}",
        {name: float(error[name].mean()) for name in (MODEL, *BASELINES)},
        "error over the dummy's",
        float(ours.sum() / dummy.sum()),
        low,
        high,
        _is_shown(high, groups),
        level,
        cover,
        cover_low,
        cover_high,
        float(np.nanmean(width[rows])),
    )
    return _with_choices(judged, found)


def score_fixed(judged: OutOfFold, learnt: OutOfFold, test: np.ndarray, level: float, seed: int) -> Score:
    """Score conductivity on fixed test rows.

    Parameters
    ----------
    judged : predictions of the test rows, the others NaN
    learnt : out-of-fold predictions of the training side, which alone calibrates the intervals
    """
    held, labels, groups = judged.examples, judged.examples.labels.take(test), judged.groups[test]
    exact = np.flatnonzero(labels.exact)
    if not len(exact):
        raise InputError("no test row has a value, only bounds or ranges: no error can be measured")
    error = {name: np.abs(values[0, test] - labels.lower)[exact] for name, values in judged.predicted.items()}
    ours, dummy = error[MODEL], error["dummy"]
    low, high = bootstrap(groups[exact], lambda count: float((count * ours).sum() / (count * dummy).sum()), seed)
    kept = calibrate(
        learnt.predicted[MODEL], learnt.spread, learnt.examples.labels, learnt.groups, distance=learnt.distance
    )
    half = kept.half_width(judged.spread[0, test], level, judged.distance[0, test])
    inside = (labels.distance(judged.predicted[MODEL][0, test]) <= half).astype(float)
    cover, cover_low, cover_high = _share(inside, groups, seed)
    names = held.designs["row_id"].to_numpy()[test]
    return Score(
        CONDUCTIVITY.column, len(exact), len(np.unique(groups[exact])),
        f"mean absolute error, {CONDUCTIVITY.error_unit}, of {len(names)} test rows those with a value",
        {name: float(values.mean()) for name, values in error.items()},
        "error over the dummy's", float(ours.sum() / dummy.sum()), low, high, _is_shown(high, groups[exact]),
        level, cover, cover_low, cover_high, float(2 * half.mean()), float(judged.removed[0]),
        dict(Counter(judged.chosen)),
    )  # fmt: skip


def on_labels(found: OutOfFold) -> np.ndarray:
    """Out-of-fold predictions of the model as far from the examples' labels as they were from those of their own fold.

    Only the fade law makes a difference: its labels depend on the shape, which each fold has of its own.
    """
    ours, designs = found.predicted[MODEL], found.examples.designs
    if not np.isfinite(found.shape).any():
        return ours
    cycles, retention = (designs[name].to_numpy(dtype=float) for name in ("cycles", "retention_pct"))
    here = lifetime.log10_life(cycles, retention, lifetime.fade_shape(designs))
    return np.asarray(ours + here - lifetime.log10_life(cycles, retention, found.shape))


def _is_shown(high: float, groups: np.ndarray) -> bool:
    """Whether a ratio's interval shows skill; of few groups it shows nothing."""
    return bool(high < 1 and len(np.unique(groups)) >= FEWEST_GROUPS)


def coverage(target: Target, found: OutOfFold, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Share of the repeats in which each row lies inside its interval, and the mean width; calibrated without the row's
    own paper.

    Returns
    -------
    covered, width : shape (n_rows,); NaN where the other papers cannot support the level
    """
    labels, papers = found.examples.labels, found.groups
    ours, spread = on_labels(found), found.spread
    covered, width = np.full(len(papers), np.nan), np.full(len(papers), np.nan)
    for paper in np.unique(papers):
        own, others = np.flatnonzero(papers == paper), np.flatnonzero(papers != paper)
        try:
            kept = calibrate(
                ours[:, others], spread[:, others], labels.take(others), papers[others],
                distance=found.distance_of(others),
            )  # fmt: skip
            half = kept.half_width(spread[:, own], level, found.distance_of(own))
        except LevelError:
            continue
        low, high = _ends(target, found, own, half)
        if target is RETENTION:
            printed = found.examples.designs["retention_pct"].to_numpy(dtype=float)[own]
            inside = (low - PRINTED_HALF_PCT <= printed) & (printed <= high + PRINTED_HALF_PCT)
        else:
            inside = np.array([labels.take(own).distance(each) for each in ours[:, own]]) <= half + 1e-12
        covered[own] = inside.mean(axis=0)
        width[own] = (high - low).mean(axis=0)
    return covered, width


def _ends(target: Target, found: OutOfFold, own: np.ndarray, half: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the intervals on the target's error scale, shape (n_repeats, n_rows)."""
    centre = found.predicted[MODEL][:, own]
    low, high = centre - half, centre + half
    if target is RETENTION:
        cycles = found.examples.designs["cycles"].to_numpy(dtype=float)[own]
        shapes = found.shape[:, own]
        low = np.array([_retention(lives, cycles, shape) for lives, shape in zip(low, shapes, strict=True)])
        high = np.array([_retention(lives, cycles, shape) for lives, shape in zip(high, shapes, strict=True)])
    return (np.clip(low, 0, 100), np.clip(high, 0, 100)) if target is ICE else (low, high)


def _share(covered: np.ndarray, groups: np.ndarray, seed: int) -> tuple[float, float, float]:
    known = np.isfinite(covered)
    if not known.any():
        return np.nan, np.nan, np.nan
    covered, groups = covered[known], groups[known]
    kinds, member, size = np.unique(groups, return_inverse=True, return_counts=True)
    weight = 1 / size[member]
    low, high = bootstrap(groups, lambda count: float((count * weight * covered).sum() / (count * weight).sum()), seed)
    return float((weight * covered).sum() / len(kinds)), low, high


def _score_life(found: OutOfFold, level: float, seed: int) -> Score:
    """Cycle life by concordance, and by censored log-likelihood beside the better of two dummies that know no design:
    the Turnbull (Kaplan-Meier) distribution and one constant with the model's noise. All without the cell's paper."""
    points = found.examples.designs.assign(cell_id=found.examples.designs["row_id"])
    bounds = lifetime.life_bounds(points)
    first = points.reset_index().groupby("cell_id")["index"].first()
    row = first.loc[bounds["cell_id"]].to_numpy()
    groups = found.groups[row]
    life = found.predicted[MODEL].mean(axis=0)[row]
    lower, upper = bounds["lower"].to_numpy(), bounds["upper"].to_numpy()
    ours, constant, turnbulls = np.empty(len(bounds)), np.empty(len(bounds)), np.empty(len(bounds))
    middle = Labels(lower, upper, np.ones(len(bounds))).middle
    for paper in np.unique(groups):
        own, others = groups == paper, np.flatnonzero(found.groups != paper)
        rest = found.examples.labels.take(others)
        noise = calibrate(on_labels(found)[:, others], found.spread[:, others], rest, found.groups[others]).noise
        ours[own] = log_likelihood(lower[own], upper[own], life[own], noise)
        centre = np.full(int(own.sum()), np.median(middle[~own]))
        constant[own] = log_likelihood(lower[own], upper[own], centre, noise)
        turnbulls[own] = turnbull(lower[~own], upper[~own]).log_likelihood(lower[own], upper[own])
    dummy = constant if constant.mean() > turnbulls.mean() else turnbulls
    gain = ours - dummy
    lives, folds = found.predicted[MODEL][:, row], found.fold[:, row]
    low, high = bootstrap(groups, lambda count: concordance_within(lower, upper, lives, folds, count), seed)
    index = concordance_within(lower, upper, lives, folds, np.ones(len(bounds)))
    gain_low, gain_high = bootstrap(groups, lambda count: float((count * gain).sum() / count.sum()), seed)
    covered, width = _life_coverage(found, row, Labels(lower, upper, np.ones(len(row))), level)
    cover, cover_low, cover_high = _share(covered, groups, seed)
    two_sided = float((np.isfinite(lower) & np.isfinite(upper)).sum())
    by_method = {
        MODEL: float(ours.mean()), "dummy": float(dummy.mean()), "turnbull": float(turnbulls.mean()),
        "constant": float(constant.mean()), "gain_low": gain_low, "gain_high": gain_high, "two_sided": two_sided,
    }  # fmt: skip
    return Score(
        LIFE.column,
        len(bounds),
        len(np.unique(groups)),
        "censored log-likelihood per cell",
        by_method,
        "concordance",
        index,
        low,
        high,
        bool(low > 0.5 and gain_low > 0),
        level,
        cover,
        cover_low,
        cover_high,
        float(np.nanmean(width)),
    )


def _life_coverage(found: OutOfFold, row: np.ndarray, labels: Labels, level: float) -> tuple[np.ndarray, np.ndarray]:
    papers = found.groups
    covered, width = np.full(len(row), np.nan), np.full(len(row), np.nan)
    for paper in np.unique(papers[row]):
        own, others = np.flatnonzero(papers[row] == paper), np.flatnonzero(papers != paper)
        try:
            kept = calibrate(
                on_labels(found)[:, others],
                found.spread[:, others],
                found.examples.labels.take(others),
                papers[others],
                distance=found.distance_of(others),
            )
            half = kept.half_width(found.spread[:, row[own]], level, found.distance_of(row[own]))
        except LevelError:
            continue
        each = found.predicted[MODEL][:, row[own]]
        covered[own] = (np.array([labels.take(own).distance(values) for values in each]) <= half).mean(axis=0)
        width[own] = 2 * half.mean(axis=0)
    return covered, width


def calibrations(found: Mapping[str, OutOfFold]) -> dict[str, Calibration]:
    """Calibration of each part from all of its out-of-fold errors: what a trained model carries."""
    return {
        name: calibrate(
            on_labels(each), each.spread, each.examples.labels, each.groups,
            distance=each.distance_of(np.arange(len(each.groups))),
        )
        for name, each in found.items()
    }  # fmt: skip


def sentence(score: Score) -> str:
    """A score in words: errors by method, the ratio with its interval, coverage, and the verdict."""
    methods = ", ".join(f"{name} {value:.2f}" for name, value in score.by_method.items())
    return (
        f"{score.rows} rows of {score.papers} groups; {score.measure}: {methods}; {score.skill_name} {score.skill:.2f} "
        f"({score.skill_low:.2f} to {score.skill_high:.2f}); {100 * score.level:g} % intervals hold "
        f"{100 * score.coverage:.0f} % ({100 * score.coverage_low:.0f} to {100 * score.coverage_high:.0f}); "
        f"{score.verdict}"
    )


def lab_errors(found: OutOfFold, distances: np.ndarray) -> Errors:
    """Out-of-fold errors of a part as `models.lab` learns from them.

    Parameters
    ----------
    distances : between the rows, shape (n_rows, n_rows)
    """
    papers = np.unique(found.examples.papers.astype(str), return_inverse=True)[1]
    return Errors(on_labels(found), found.spread, found.examples.labels, papers, found.groups, distances)


def score_table(scores: Mapping[str, Score]) -> pd.DataFrame:
    """One row per target, all figures, for CSV."""
    rows = []
    for score in scores.values():
        values = score.as_dict()
        by_method = values.pop("by_method")
        values["chosen"] = "; ".join(f"{name} {count}" for name, count in score.chosen.items())
        rows.append({**values, **{f"measure_{name}": value for name, value in by_method.items()}})
    return pd.DataFrame(rows)


def markdown(scores: Mapping[str, Score]) -> str:
    """The skill tables as Markdown, at the precision of the README."""
    lines = [
        "| target | rows (groups) | Silion | dummy | nearest | ridge | error over the dummy's (90 %) | 90 "
        "% interval holds | verdict |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for column in (CONDUCTIVITY.column, ICE.column, RETENTION.column):
        score = scores[column]
        cells = " | ".join(f"{score.by_method[name]:.2f}" for name in (MODEL, *BASELINES))
        ratio = f"{score.skill:.2f} ({score.skill_low:.2f} to {score.skill_high:.2f})"
        held = f"{100 * score.coverage:.0f} % ({100 * score.coverage_low:.0f} to {100 * score.coverage_high:.0f})"
        name = f"{TARGETS[column].label}, {TARGETS[column].error_unit}"
        lines.append(f"| {name} | {score.rows} ({score.papers}) | {cells} | {ratio} | {held} | {score.verdict} |")
    life = scores[LIFE.column]
    gain = life.by_method[MODEL] - life.by_method["dummy"]
    lines += [
        "",
        "| target | cells (groups; known from both sides) | concordance (90 %; 0.5 is chance) "
        "| log-likelihood per cell over the better dummy's (90 %) | 90 % interval meets what is known | verdict |",
        "|---|---|---|---|---|---|",
        f"| {LIFE.label} | {life.rows} ({life.papers}; {life.by_method['two_sided']:.0f}) "
        f"| {life.skill:.2f} ({life.skill_low:.2f} to {life.skill_high:.2f}) "
        f"| {gain:+.2f} ({life.by_method['gain_low']:+.2f} to {life.by_method['gain_high']:+.2f}) "
        f"| {100 * life.coverage:.0f} % ({100 * life.coverage_low:.0f} to {100 * life.coverage_high:.0f}) "
        f"| {life.verdict} |",
    ]
    return "\n".join(lines)
