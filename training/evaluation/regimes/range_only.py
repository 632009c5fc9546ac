"""Ranges of quantities that no model learns: the share of values of papers left out inside them, and their width."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from features.cell import CONDUCTIVITY, CellFeatures
from features.tables.literature import Literature
from models.ensemble import Recipe
from models.ranges.capacities import first_capacities, first_ranges, reported_capacities
from models.ranges.comparable import Reported, kinds, ranges
from models.tasks import fade_law
from models.tasks.fade import RETENTION, FadeTask
from models.tasks.first_capacity import CAPACITY, FIRST_CAPACITY
from models.tasks.registry import RANGES, TARGETS, task_of
from reporting.numbers import share_with_interval
from training.data.paper_splits import joined_groups
from training.evaluation.bootstrap import covered_share
from training.evaluation.crossvalidate import OutOfFold

FACT = "ranges"
"""Fact of a bundle: the scores, by column of `RANGES`."""
VERDICT = "not fitted: range only"


@dataclass(frozen=True)
class RangeScore:
    """Share of the values of papers left out that lie inside a range.

    Attributes
    ----------
    target : str
        Column of `RANGES`.
    rows, papers : int
        Values judged, and groups of papers that report them.
    level : float
        Share promised.
    coverage, coverage_low, coverage_high : float
        Share inside, each group of papers counting once, with its 90 % interval.
    width : float
        Mean width of the range, mAh/g.
    verdict : str
        That it is a range, judged without skill.
    """

    target: str
    rows: int
    papers: int
    level: float
    coverage: float
    coverage_low: float
    coverage_high: float
    width: float
    verdict: str = VERDICT

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON, among them that no skill is shown."""
        return {**asdict(self), "shown": False}


def range_scores(
    literature: Literature, out_of_fold: Mapping[str, OutOfFold], level: float, seed: int
) -> dict[str, RangeScore]:
    """Judge the ranges of the first capacity and of the capacity at a cycle, one group of papers left out at a time.

    The retention is the range that the other papers report, by the law of the models that never saw the group.

    Parameters
    ----------
    literature : Literature
        All tables.
    out_of_fold : mapping of str to OutOfFold
        Out-of-fold predictions by part; read is that of the retention.
    level : float
        Share of papers whose values the range should hold, 0 to 1.
    seed : int
        Of the bootstrap.

    Returns
    -------
    dict of str to RangeScore
        By column; without those of which too few papers report a value.
    """
    measured = first_capacities(literature)
    if measured is None:
        return {}
    fade = out_of_fold[task_of(RETENTION.column).name]
    points = fade.examples.designs
    frame = points.assign(**{CONDUCTIVITY: np.nan})
    featurizer = CellFeatures().fit(frame)
    first = reported_capacities(measured, featurizer)
    alike = kinds(featurizer, featurizer.transform(frame).to_numpy(dtype=float))
    groups = np.array(joined_groups([*first.papers, *points["paper"]]))
    of_first, of_points = groups[: len(first.papers)], groups[len(first.papers) :]
    capacities = {row["row"]: place for place, row in enumerate(measured.rows)}
    with_first = np.array([cell in capacities for cell in points["row_id"]], dtype=bool)
    judged: dict[str, list[tuple[np.ndarray, ...]]] = {FIRST_CAPACITY.column: [], CAPACITY.column: []}
    for group in np.unique(of_first):
        others, own = of_first != group, np.flatnonzero(of_first == group)
        if not others.any():
            continue
        reported = first.take(others)
        interval = first_ranges(reported, first.classes[own], first.architectures[own], level)
        known = first.lower[own], first.upper[own]
        judged[FIRST_CAPACITY.column].append((of_first[own], *known, interval.low, interval.high))
        rows = np.flatnonzero(with_first & (of_points == group))
        if not len(rows) or (of_points == group).all():
            continue
        cells = np.array([capacities[cell] for cell in points["row_id"].iloc[rows]])
        interval = first_ranges(reported, first.classes[cells], first.architectures[cells], level)
        low, high = _retention(fade, alike, of_points != group, rows, level)
        lower, upper = _measured(points.iloc[rows], first.lower[cells], first.upper[cells])
        judged[CAPACITY.column].append((of_points[rows], lower, upper, interval.low + low, interval.high + high))
    scores = {column: _score(column, rows, level, seed) for column, rows in judged.items() if column not in TARGETS}
    return {column: score for column, score in scores.items() if score is not None}


def _retention(
    fade: OutOfFold, alike: tuple[np.ndarray, np.ndarray], others: np.ndarray, rows: np.ndarray, level: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of the retention that other papers report at the cycles of some points, log10 of the share."""
    shape = float(np.nanmean(fade.shape[:, rows]))
    designs, (classes, architectures) = fade.examples.designs, alike
    labels = FadeTask().relabelled(fade.examples.take(np.flatnonzero(others)), Recipe(fade_shape=shape))[0].labels
    papers = designs["paper"].to_numpy(dtype=str)[others]
    reported = Reported(labels.lower, labels.upper, papers, classes[others], architectures[others])
    lives, cycles = ranges(reported, classes[rows], architectures[rows], level), designs["cycles"].to_numpy(dtype=float)
    with np.errstate(divide="ignore"):
        low, high = (
            np.log10(fade_law.retention_pct(end, cycles[rows], shape) / 100) for end in (lives.low, lives.high)
        )
    return low, high


def _measured(points: pd.DataFrame, lower: np.ndarray, upper: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return bounds of the capacity at each point's cycle, log10 mAh/g, from those of the cell's first capacity."""
    with np.errstate(divide="ignore"):
        log_share = np.log10(points[RETENTION.column].to_numpy(dtype=float) / 100)
    mark = points["qualifier"].to_numpy()
    return np.where(mark == "<", -np.inf, lower + log_share), np.where(mark == ">", np.inf, upper + log_share)


def _score(column: str, judged: list[tuple[np.ndarray, ...]], level: float, seed: int) -> RangeScore | None:
    if not judged:
        return None
    groups, lower, upper, low, high = (np.concatenate(values) for values in zip(*judged, strict=True))
    known = np.isfinite(low) & np.isfinite(high)
    if not known.any():
        return None
    covered = ((low <= upper + 1e-9) & (lower <= high + 1e-9)).astype(float)[known]
    width = float(np.mean(10.0 ** high[known] - 10.0 ** low[known]))
    papers = len(np.unique(groups[known]))
    return RangeScore(column, int(known.sum()), papers, level, *covered_share(covered, groups[known], seed), width)


def range_table(scores: Mapping[str, RangeScore]) -> str:
    """Return the scores of the ranges as a Markdown table.

    Parameters
    ----------
    scores : mapping of str to RangeScore
        As `range_scores` gives them.
    """
    lines = [
        "| range only | rows (groups) | share of the values of papers left out that it holds | mean width | verdict |",
        "|---|---|---|---|---|",
    ]
    for column, score in scores.items():
        share = share_with_interval(score.coverage, score.coverage_low, score.coverage_high)
        target = RANGES[column]
        promised = f"{share} of {100 * score.level:g} %"
        lines.append(
            f"| {target.label} | {score.rows} ({score.papers}) | {promised} | {score.width:.0f} {target.unit} "
            f"| {score.verdict} |"
        )
    return "\n".join(lines)
