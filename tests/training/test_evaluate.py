from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.boosted import Labels
from models.targets import CONDUCTIVITY, ICE, RETENTION
from training.crossvalidate import OutOfFold
from training.dataset import Examples
from training.evaluate import bootstrap, calibrations, coverage, errors, markdown, score_table
from training.train import Trained


def found(truth: list[float], predicted: list[float], groups: list[int], **columns: list[object]) -> OutOfFold:
    values = np.array(truth)
    ours = np.array([predicted])
    labels = Labels(values, values.copy(), np.ones(len(values)))
    methods = {name: ours + shift for name, shift in (("silion", 0), ("dummy", 1), ("nearest", 1), ("ridge", 1))}
    examples = Examples(pd.DataFrame({"row_id": range(len(values)), **columns}), labels)
    return OutOfFold(examples, np.array(groups), methods, np.zeros_like(ours), np.full_like(ours, np.nan))


def test_errors_are_means_over_rows_with_a_value() -> None:
    each = found([1.0, 2.0, 3.0], [1.5, 2.0, 5.0], [0, 1, 2])
    each.examples.labels.upper[2] = np.inf  # the third row is only a bound: not judged by its error
    error, rows = errors(CONDUCTIVITY, each)
    assert rows.tolist() == [0, 1]
    assert error["silion"].tolist() == [0.5, 0.0]
    assert error["dummy"].tolist() == [1.5, 1.0]


def test_efficiencies_are_judged_inside_their_limits() -> None:
    error, _ = errors(ICE, found([100.0], [120.0], [0]))
    assert error["silion"].tolist() == [0.0]


def test_bootstrap_draws_whole_groups() -> None:
    # a group of nine rows of value 1 and one of a single row of value 0, drawn whole
    values = np.array([1.0] * 9 + [0.0])
    groups = np.array([0] * 9 + [1])
    low, high = bootstrap(groups, lambda count: float((count * values).sum() / count.sum()), 0)
    # both groups twice, or one twice: the statistic is 0, 0.9 or 1, each extreme with probability 1/4
    assert (low, high) == (0.0, 1.0)


def test_coverage_leaves_the_own_paper_out() -> None:
    # nine papers with error 1 and one with error 100: for that one, its own error must not widen its interval
    truth = [1.0] * 9 + [100.0]
    covered, width = coverage(CONDUCTIVITY, found(truth, [0.0] * 10, list(range(10))), 0.8)
    assert covered.tolist() == [1.0] * 9 + [0.0]
    assert width[9] == pytest.approx(2.0)


def test_levels_beyond_the_papers_are_not_judged() -> None:
    covered, _ = coverage(CONDUCTIVITY, found([1.0, 2.0, 3.0], [0.0] * 3, [0, 1, 2]), 0.9)
    assert np.isnan(covered).all()


def test_scores_hold_together(trained: Trained) -> None:
    for score in trained.scores.values():
        assert score.skill_low <= score.skill <= score.skill_high
        assert 0 <= score.coverage_low <= score.coverage <= score.coverage_high <= 1
        assert score.verdict == ("skill shown" if score.shown else "no skill shown yet")
    for column in (CONDUCTIVITY.column, ICE.column, RETENTION.column):
        score = trained.scores[column]
        assert score.shown == (score.skill_high < 1)
        assert score.skill == pytest.approx(score.by_method["silion"] / score.by_method["dummy"])


def test_no_claim_without_its_interval(trained: Trained) -> None:
    text = markdown(trained.scores)
    for score in trained.scores.values():
        assert f"({score.skill_low:.2f} to {score.skill_high:.2f})" in text
    assert score_table(trained.scores)["target"].tolist() == list(trained.scores)


def test_calibration_counts_joined_papers_once(trained: Trained) -> None:
    kept = calibrations(trained.found)
    assert kept["conductivity"].papers == len(np.unique(trained.found["conductivity"].groups))
