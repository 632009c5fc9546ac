from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.tables.records import Candidate
from models.bundle import Bundle
from models.calibrate import calibrate
from models.candidates import candidate_frame
from models.ensemble import Labels
from models.predictor import Predictor
from models.tasks.conductivity import CONDUCTIVITY
from models.tasks.examples import Examples
from models.tasks.fade import RETENTION
from models.tasks.ice import ICE
from models.tasks.registry import LINK
from training.evaluation.bootstrap import bootstrap
from training.evaluation.coverage import calibrations, coverage
from training.evaluation.crossvalidate import OutOfFold
from training.evaluation.evaluate import claim
from training.evaluation.score import errors, markdown, score_table
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
        assert (score.verdict == "skill shown") == score.shown
    for column in (CONDUCTIVITY.column, ICE.column, RETENTION.column):
        score = trained.scores[column]
        assert score.shown == (score.skill_high < 1 and not score.rests_on_one_paper)
        assert score.skill == pytest.approx(score.by_method["silion"] / score.by_method["dummy"])


def test_skill_that_rests_on_one_paper_is_not_claimed() -> None:
    """Six papers of one row each; the dummy errs by 1 on all. With errors of 0.9 every draw's ratio is 0.9, with or
    without any paper. With 0 on the first and 1 on the others, what is left without the first is 1 in every draw."""
    papers, dummy = np.arange(6), np.ones(6)
    assert claim(papers, np.full(6, 0.9), dummy, 0.9, seed=0) == (True, False)
    assert claim(papers, np.array([0.0, 1, 1, 1, 1, 1]), dummy, 0.99, seed=0) == (False, True)
    assert claim(papers, np.ones(6), dummy, 1.0, seed=0) == (False, False)
    assert claim(papers[:4], np.full(4, 0.9), dummy[:4], 0.9, seed=0) == (False, False)  # four papers show nothing


def test_no_claim_without_its_interval(trained: Trained) -> None:
    text = markdown(trained.scores)
    for score in trained.scores.values():
        assert f"({score.skill_low:.2f} to {score.skill_high:.2f})" in text
    assert score_table(trained.scores)["target"].tolist() == list(trained.scores)


def test_calibration_counts_joined_papers_once(trained: Trained) -> None:
    kept = calibrations(trained.found)
    assert kept["conductivity"].papers == len(np.unique(trained.found["conductivity"].groups))


def test_the_intervals_users_get_are_those_whose_coverage_is_printed(trained: Trained) -> None:
    """Coverage is measured with a scale that follows spread and distance; the model that is kept carries that too,
    from all groups where the measured one leaves the judged group out."""
    for name, part in trained.bundle.parts.items():
        found, kept = trained.found[name], part.calibration
        assert kept is not None
        assert len(kept.trend) == 3  # a constant, the spread, the distance
        everything = np.arange(len(found.groups))
        same = calibrate(
            found.on_labels, found.spread, found.examples.labels, found.groups,
            distance=found.distance_of(everything), family=found.family_of(everything),
        )  # fmt: skip
        assert bool(kept.families) == (name == LINK)  # classes of electrolytes tell of conductivity alone
        assert kept == same
        one, two = (float(kept.half_width(0.1 * kept.noise, 0.8, away)) for away in (0.2, 2.0))
        assert one != two


def test_coverage_is_that_of_intervals_whose_ends_are_settled_one_by_one() -> None:
    """Of eighty papers all were told 2 too high: an interval of one width reaches as far up, to no use."""
    rows = found([-6.0] * 80, [-4.0] * 80, list(range(80)))
    rows.distance = np.full((1, 80), 0.1)
    for by_value, expected in ((False, 4.0), (True, 2.0)):
        covered, width = coverage(CONDUCTIVITY, replace(rows, by_value=by_value), 0.9)
        assert covered.tolist() == [1.0] * 80
        assert width == pytest.approx(np.full(80, expected), rel=0.01)


def test_a_design_gets_the_width_of_its_own_distance(trained: Trained) -> None:
    """Width, spread and distance taken apart by hand for two electrolytes, one of them like no training row."""
    rows = [Candidate(electrolyte=name, temperature_c=25) for name in ("Li6PS5Cl", "Cs2Pb3I8")]
    # neither what was measured of them, nor that a class was never learnt from, shall move the interval here
    designs, part = candidate_frame(rows), replace(trained.bundle.parts[LINK], known=None, unfamiliar=None)
    assert part.domain is not None
    assert part.calibration is not None
    answers = (
        Predictor(Bundle({**trained.bundle.parts, LINK: part}, trained.bundle.facts))
        .predict(designs, level=0.8, targets=["conductivity_s_per_cm"])
        .table
    )
    ends = np.log10(answers[["conductivity_s_per_cm_low", "conductivity_s_per_cm_high"]].to_numpy())
    _, spread = part.predict(designs)
    away = part.domain.nearest_distance(part.featurizer.transform(designs))
    assert away[1] > away[0] + 0.5
    family = part.calibration.of_family(["sulfide-argyrodite", "halide"])
    expected = 2 * part.calibration.half_width(spread, 0.8, away, family=family)
    inside = (ends > -14 + 1e-9) & (ends < -1e-9)  # the target's own limits cut nothing here
    assert inside.all()
    assert ends[:, 1] - ends[:, 0] == pytest.approx(expected, rel=1e-6)
