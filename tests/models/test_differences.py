from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.tables.records import Candidate
from models.bundle import Bundle, load_bundle, save_bundle
from models.candidates import candidate_frame
from models.decisions.comparison import compare
from models.differences import Differences, Pairs, believed_share, calibrate_differences
from models.ensemble import Labels
from models.intervals import Calibration
from models.predictor import NO_POINT, Predictor
from models.tasks.conductivity import CONDUCTIVITY
from models.tasks.examples import Examples
from models.tasks.fade import FadeTask
from training.evaluation.crossvalidate import OutOfFold
from training.evaluation.within_papers import (
    concordance_of,
    learn_differences,
    pairs_within,
    shares_of_others,
    skill_within,
)
from training.train import Trained

SKILL = {
    "pairs": 40, "papers": 12, "groups": 12, "concordance": 0.6, "concordance_low": 0.52,
    "concordance_high": 0.68, "error": 0.9, "error_low": 0.8, "error_high": 0.98, "shown": True,
    "rests_on_one_paper": False,
}  # fmt: skip
# ten papers whose differences erred by 0.1, 0.2 .. 1.0 decades: no trend, a noise of 1
TEN = Calibration(tuple(np.arange(1, 11) / 10), (1.0,) * 10, 10, 1.0)


def pairs(measured: list[float], predicted: list[float], groups: list[int]) -> Pairs:
    return Pairs(np.array(measured), np.array([predicted]), np.zeros(len(measured)), np.array(groups), np.array(groups))


def test_the_share_believed_lets_papers_weigh_alike() -> None:
    # one paper of three pairs says all of it, two of one pair each say nothing: the papers of nothing outweigh the one
    assert believed_share(pairs([1, 1, 1, 0, 0], [1, 1, 1, 1, 1], [0, 0, 0, 1, 2])) == 0.0
    # beyond the prediction, and against it, nothing is believed
    assert believed_share(pairs([3.0], [1.0], [0])) == 1.0
    assert believed_share(pairs([-3.0], [1.0], [0])) == 0.0
    assert believed_share(pairs([3.0], [0.0], [0])) == 0.0


def test_a_paper_has_no_say_in_the_share_it_is_judged_by() -> None:
    shares = shares_of_others(pairs([1, 0, 0], [1, 1, 1], [0, 1, 2]))
    # without the first both others say 0; without one of the others, 0 and 1 weigh the same: the lower median
    assert shares.tolist() == [0.0, 0.0, 0.0]
    assert shares_of_others(pairs([1, 1, 0], [1, 1, 1], [0, 0, 1])).tolist() == [0.0, 0.0, 1.0]


def test_concordance_counts_ties_half_and_equal_values_not() -> None:
    found = pairs([1, 1, -1, 0], [2, 0, 3, 1], [0, 1, 2, 3])
    # right, tied, wrong, not counted: (1 + 0.5 + 0) / 3
    assert concordance_of(found, np.ones(4)) == 0.5
    assert np.isnan(concordance_of(found, np.array([0, 0, 0, 1.0])))


def test_skill_of_differences_by_hand() -> None:
    """Eleven papers of one pair: 0.9 is predicted where 1 is measured in ten and -1 in one. Judged without the paper,
    all of it is believed (at most that: 1 / 0.9): errors of 0.1 ten times, of 1.9 once, against 1 every time."""
    found = pairs([1.0] * 10 + [-1.0], [0.9] * 11, list(range(11)))
    shares = shares_of_others(found)
    assert shares.tolist() == [1.0] * 11
    skill = skill_within({"silion": found, "dummy": replace(found, predicted=np.zeros((1, 11)))}, shares, seed=0)
    assert (skill["pairs"], skill["papers"]) == (11, 11)
    assert skill["concordance"] == pytest.approx(10 / 11)
    assert skill["by_method"] == {"silion": pytest.approx(10 / 11), "dummy": 0.5}
    assert skill["error"] == pytest.approx(2.9 / 11)
    assert skill["shown"]
    assert skill["error_low"] <= skill["error"] <= skill["error_high"] < 1


def test_intervals_of_differences_hold_what_papers_erred_by() -> None:
    found = pairs([0.1 * each for each in range(1, 11)], [0.0] * 10, list(range(10)))
    known = calibrate_differences(found, np.zeros(10))
    half = known.half_width(np.zeros(10), 0.9, np.zeros(10))
    # 0.9 of eleven papers (one to come) is 9.9: the tenth error, 1.0, for designs at the distance of these
    assert half == pytest.approx(np.ones(10))


def test_the_first_is_above_with_the_share_of_errors_that_leave_it_so() -> None:
    known = Differences(0.5, TEN, SKILL)
    # told 0.55: five of eleven papers' errors are smaller, (1 + 5 / 11) / 2 = 8 / 11
    assert known.expected(np.array([1.1])) == pytest.approx([0.55])
    chance = known.probability_first_above(np.array([1.1, -1.1, 0.0]), np.zeros(3))
    assert chance == pytest.approx([8 / 11, 3 / 11, 0.5], abs=0.05)
    assert chance[0] + chance[1] == pytest.approx(1.0)


def electrolytes(names: list[str], temperatures: list[float], papers: list[str], values: list[float]) -> OutOfFold:
    designs = pd.DataFrame({"electrolyte": names, "temperature_c": temperatures, "paper": papers, "row_id": names})
    labels = Labels(np.array(values), np.array(values), np.ones(len(values)))
    ours = np.zeros((1, len(values)))
    groups = np.unique(papers, return_inverse=True)[1]
    return OutOfFold(Examples(designs, labels), groups, {"silion": ours}, ours, np.full_like(ours, np.nan))


def test_pairs_differ_in_the_design_alone() -> None:
    found = electrolytes(
        ["a", "b", "a", "b", "c", "d"], [25, np.nan, 60, 90, 25, 25], ["one"] * 4 + ["two", "three"], [0, 1, 2, 3, 4, 5]
    )
    # a and b at 25 (unknown is room temperature); a at 60 stands alone, b at 90 too, and no paper meets another
    kept = pairs_within(CONDUCTIVITY, found, np.zeros((6, 6)))["silion"]
    assert kept.measured.tolist() == [-1.0]
    points = pd.DataFrame({"row_id": ["x", "x", "y", "z"], "cycles": [100.0, 120.0, 125.0, 126.0]})
    first, second = np.triu_indices(4, 1)
    like = FadeTask().comparable(points, first, second)
    # x with y at 100 and 120, x at 120 with z; 126 is more than 1.25 times 100, and x is no other cell than x
    assert [(a, b) for a, b, kept in zip(first, second, like, strict=True) if kept] == [(0, 2), (1, 2), (1, 3), (2, 3)]


def test_too_few_papers_teach_no_differences(trained: Trained) -> None:
    for name, part in trained.bundle.parts.items():
        count = len(trained.found[name].groups)
        learnt = learn_differences(trained.found[name], np.zeros((count, count)), name, 0)
        assert all(each.skill["papers"] >= 10 for each in learnt.values())
        assert learnt.keys() == part.differences.keys()


@pytest.fixture
def predictor(bundle_folder: Path) -> Predictor:
    bundle = load_bundle(bundle_folder)
    bundle.parts["conductivity"].differences = {CONDUCTIVITY.column: Differences(0.5, TEN, SKILL)}
    bundle.parts["ice"].differences = {}
    bundle.parts["conductivity"].known = None  # differences are the model's: nothing measured draws the two designs
    return Predictor(bundle)


FRAME = candidate_frame([Candidate(electrolyte=name) for name in ("Li6PS5Cl", "Li6PS5Br", "LLZO")])


def test_a_difference_is_a_share_of_the_predictions_difference(predictor: Predictor) -> None:
    found = compare(predictor, FRAME, np.array([0, 2]), np.array([1, 0]), ["conductivity_s_per_cm"])
    alone = np.log10(predictor.predict(FRAME).table["conductivity_s_per_cm"].to_numpy())
    told = found.table["conductivity_s_per_cm_difference"].to_numpy()
    assert told == pytest.approx([0.5 * (alone[0] - alone[1]), 0.5 * (alone[2] - alone[0])])
    assert found.table["conductivity_s_per_cm_difference_high"].to_numpy() == pytest.approx(told + 1.0)
    assert found.table["conductivity_s_per_cm_a"].to_numpy() == pytest.approx(10.0 ** alone[[0, 2]])
    assert "in 60 % (52 to 68; chance is 50)" in found.notices[0]


def test_what_is_not_judged_is_not_told(predictor: Predictor) -> None:
    cells = FRAME.assign(anode="micro-Si", silicon_wt_pct=99.0)
    found = compare(predictor, cells, np.array([0]), np.array([1]), ["ice_pct"])
    assert found.table.filter(like="difference").isna().all(axis=None)
    assert "not judged" in found.notices[-1]
    with pytest.raises(ValueError, match="no differences are told"):
        compare(predictor, cells, np.array([0]), np.array([1]), ["cycle_life_80"])


@pytest.mark.parametrize("shown", [True, False])
def test_a_value_without_skill_is_no_point_beside_a_difference_either(predictor: Predictor, shown: bool) -> None:
    bundle = Bundle(predictor.bundle.parts, {**predictor.bundle.facts, "skill": {"ice_pct": {"shown": shown}}})
    found = compare(Predictor(bundle), FRAME.assign(anode="Si"), np.array([0]), np.array([1]), ["ice_pct"])
    assert found.table[["ice_pct_a", "ice_pct_b"]].notna().to_numpy().tolist() == [[shown, shown]]
    assert any(notice.startswith(f"ice_pct: {NO_POINT}") for notice in found.notices) is not shown


def test_a_cell_is_not_compared_with_a_bare_electrolyte(predictor: Predictor) -> None:
    mixed = FRAME.assign(anode=[None, "micro-Si", None])
    with pytest.raises(ValueError, match="design 1 has no anode and design 2 has one, in 2 pairs"):
        compare(predictor, mixed, np.array([0, 2, 0]), np.array([1, 1, 2]))
    only = compare(predictor, mixed, np.array([0]), np.array([1]), ["conductivity_s_per_cm"])
    assert len(only.table) == 1


def test_differences_are_saved_with_their_part(predictor: Predictor, tmp_path: Path) -> None:
    again = load_bundle(save_bundle(predictor.bundle, tmp_path / "bundle"))
    assert again.parts["conductivity"].differences == predictor.bundle.parts["conductivity"].differences
    assert load_bundle(Path("tests/bundles/v1").resolve()).parts["conductivity"].differences == {}
