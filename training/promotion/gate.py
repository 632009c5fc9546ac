"""Gate before a challenger becomes the champion, criterion by criterion, judged by MLflow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.bundle import Bundle
from models.registry import quiet
from models.tasks.registry import TARGETS
from training.evaluation.bootstrap import covered_share
from training.promotion.challenger import Comparison, Paired
from training.promotion.physical_checks import PhysicalCheck, check_physics, example_designs

LEVEL = 0.9
"""Of the intervals whose promise is checked."""
TOLERANCE = 1e-9


@dataclass(frozen=True)
class Criterion:
    """One number and the limit it must keep.

    Attributes
    ----------
    name : of the metric, in MLflow
    value : NaN where it could not be measured, which keeps no limit
    limit, greater_is_better : `value` must reach the limit, from above or below
    text : condition and figures, in one line
    """

    name: str
    value: float
    limit: float
    greater_is_better: bool
    text: str


def gate(
    comparison: Comparison | None,
    challenger: pd.DataFrame,
    bundle: Bundle,
    seed: int,
    champion: Bundle | None = None,
) -> list[Criterion]:
    """All criteria of a challenger.

    - Skill, per target: the 90 % interval of the paired difference does not lie wholly on the worse side of 0. A target
      without five common groups of papers cannot be judged and does not pass. Where neither model has shown skill a
      range is reported and no value, so that the difference is shown and refuses nobody; coverage is judged as ever.
    - Coverage, per target: the share of papers' values that the 90 % intervals hold, calibrated without the paper, is
      at least 90 % within what the number of papers can show: the upper end of its own 90 % bootstrap interval over
      papers reaches 90 %. Intervals that hold more than they promise pass.
    - The known truths of `training.promotion.physical_checks`, each broken by no example design.

    Parameters
    ----------
    comparison : Comparison or None
        With the champion; None where there is no champion.
    challenger : DataFrame
        Its table of `judged`.
    bundle : Bundle
        Model of the challenger.
    seed : int
        Of the bootstrap.
    champion : Bundle or None
        Model of the champion; None where it cannot be read, which counts as skill shown.
    """
    pairs = comparison.targets if comparison else {}
    skill = [
        _skill(pair, reported=champion is None or any(_shows_skill(model, column) for model in (bundle, champion)))
        for column, pair in pairs.items()
    ]
    coverage = [_coverage(column, challenger, seed) for column in TARGETS]
    return [*skill, *coverage, *(_truth(truth) for truth in check_physics(bundle, example_designs()))]


def failed(criteria: Sequence[Criterion]) -> list[Criterion]:
    """The criteria that `mlflow.validate_evaluation_results` refuses.

    It takes results of one's own making. Each criterion is a threshold on one number of the challenger: the paired
    difference holds both models already, and MLflow's comparison with a baseline can ask for "better by" but not for
    "not worse beyond the noise".

    Parameters
    ----------
    criteria : sequence of Criterion
        Criteria of the gate.
    """
    import mlflow
    from mlflow.models import EvaluationResult, MetricThreshold
    from mlflow.models.evaluation.validation import ModelValidationFailedException

    refused = []
    with quiet():
        for criterion in criteria:
            threshold = MetricThreshold(threshold=float(criterion.limit), greater_is_better=criterion.greater_is_better)
            result = EvaluationResult(metrics={criterion.name: float(criterion.value)}, artifacts={})
            try:
                mlflow.validate_evaluation_results({criterion.name: threshold}, result)
            except ModelValidationFailedException:
                refused.append(criterion)
    return refused


def _shows_skill(bundle: Bundle, column: str) -> bool:
    """Return whether a value of the target is reported; models of before that was asked report all."""
    return bool(bundle.facts.get("skill", {}).get(column, {}).get("shown", True))


def _skill(pair: Paired, reported: bool) -> Criterion:
    target = TARGETS[pair.target]
    unit = "concordance" if pair.greater_is_better else target.error_unit
    change = f"{pair.champion:.3g} -> {pair.challenger:.3g} {unit}, difference {pair.difference:+.3g}"
    interval = f"({pair.low:+.3g} to {pair.high:+.3g}) on {pair.rows} rows of {pair.groups} papers"
    free = not reported and pair.verdict == "worse"
    condition = "not judged, as both models report a range only" if free else "the interval must reach 0"
    text = f"{target.label}: {pair.verdict}: {change} {interval}; {condition}"
    limit = (-np.inf if pair.greater_is_better else np.inf) if free else 0.0
    return Criterion(f"{pair.target}.difference", pair.best, limit, pair.greater_is_better, text)


def _coverage(column: str, challenger: pd.DataFrame, seed: int) -> Criterion:
    rows = challenger[(challenger["target"] == column) & challenger["error"].notna()]
    covered, groups = rows["covered"].to_numpy(dtype=float), rows["group"].to_numpy()
    share, low, high = covered_share(covered, groups, seed) if len(rows) else (np.nan, np.nan, np.nan)
    found_share = f"{100 * share:.0f} % of papers' values ({100 * low:.0f} to {100 * high:.0f})"
    if not np.isfinite(high):
        found_share = "cannot be judged, too few papers for that level"
    condition = f"{100 * LEVEL:g} % intervals hold {found_share}; the interval must reach {100 * LEVEL:g}"
    text = f"{TARGETS[column].label}: {condition}"
    return Criterion(f"{column}.coverage_high", high, LEVEL - TOLERANCE, True, text)


def _truth(truth: PhysicalCheck) -> Criterion:
    first = f"; first {truth.broken[0]}" if truth.broken else ""
    text = f"{truth.statement}: broken {len(truth.broken)} times by {truth.designs} example designs{first}"
    return Criterion(f"truth.{truth.name}", float(len(truth.broken)), 0.0, False, text)
