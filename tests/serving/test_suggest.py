from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.tables.mistakes import InputError
from features.tables.records import Candidate
from models.bundle import load_bundle
from models.candidates import candidate_frame
from models.predictor import NO_POINT, Predictor
from models.tasks.conductivity import CONDUCTIVITY
from models.tasks.fade import LIFE, RETENTION
from models.tasks.ice import ICE
from models.tasks.registry import LINK
from serving.predict.suggest import COLUMNS, Pick, pick, suggest, suggest_file, text_suggestions
from tests.shared import ROOT

SIGMA = CONDUCTIVITY.column
KNOWN = Candidate(electrolyte="LATP", temperature_c=25.0)  # E001 of the shipped table
NEAR = Candidate(electrolyte="LATP", temperature_c=40.0)  # the same salt, 15 degrees warmer
STRANGE = Candidate(electrolyte="K3SbTe4", temperature_c=150.0)  # no potassium, antimony or tellurium in the table
CELL = Candidate(electrolyte="LATP", temperature_c=25.0, anode="micro-Si", anode_architecture="composite")


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor(load_bundle(ROOT / "tests" / "bundles" / "v1"))


def rows(table: pd.DataFrame) -> list[int]:
    return [int(row) for row in table["row"]]


def apart(table: list[list[float]], width: list[float], known: list[float], n: int) -> list[Pick]:
    between = np.array(table, dtype=float)
    return pick(np.array(width), np.array(known), lambda place: between[place], 1.0, n)


def test_width_times_distance_decides() -> None:
    # far is 1: 4 decades half as far as far give 2; 1 decade at three times far gives 1, no more than at far itself;
    # 3 decades at far give 3. All are 9 apart, so that choosing one leaves the scores of the others.
    picks = apart([[0, 9, 9], [9, 0, 9], [9, 9, 0]], [4.0, 1.0, 3.0], [0.5, 3.0, 1.0], 3)
    assert [(each.place, each.score) for each in picks] == [(2, 3.0), (0, 2.0), (1, 1.0)]
    assert [each.apart for each in picks] == [np.inf, 9.0, 9.0]


def test_what_resembles_a_chosen_one_loses() -> None:
    # candidate 1 is nearly as good as 0 but lies 0.1 from it: 5 * 0.1 = 0.5 is left, less than the 2 of candidate 2
    picks = apart([[0, 0.1, 9], [0.1, 0, 9], [9, 9, 0]], [6.0, 5.0, 2.0], [1.0, 1.0, 1.0], 3)
    assert [(each.place, each.score) for each in picks] == [(0, 6.0), (2, 2.0), (1, pytest.approx(0.5))]


def test_twins_training_rows_and_what_cannot_be_judged_are_never_picked() -> None:
    table = [[0, 0, 9, 9], [0, 0, 9, 9], [9, 9, 0, 9], [9, 9, 9, 0]]
    # 1 is 0 again, 2 stands in the training data, 3 has no interval
    picks = apart(table, [5.0, 5.0, 5.0, np.nan], [1.0, 1.0, 0.0, 1.0], 4)
    assert [each.place for each in picks] == [0]


def test_ties_go_by_row_order() -> None:
    picks = apart([[0, 9, 9], [9, 0, 9], [9, 9, 0]], [2.0, 2.0, 2.0], [1.0, 1.0, 1.0], 2)
    assert [each.place for each in picks] == [0, 1]


def test_a_domain_of_one_paper_has_no_far() -> None:
    between = np.array([[0.0, 9.0], [9.0, 0.0]])
    picks = pick(np.array([2.0, 2.0]), np.array([0.25, 0.5]), lambda place: between[place], np.inf, 2)
    assert [(each.place, each.score) for each in picks] == [(1, 1.0), (0, 0.5)]


def test_strange_before_near_and_never_what_is_known(predictor: Predictor) -> None:
    said: list[str] = []
    table = suggest(predictor, candidate_frame([NEAR, KNOWN, STRANGE]), 3, [SIGMA], remarks=said)
    assert list(table.columns) == list(COLUMNS)
    assert rows(table) == [2, 0]
    assert table["rank"].tolist() == [1, 2]
    assert table["design"].tolist() == ["K3SbTe4", "LATP"]
    assert said == [f"{SIGMA}: left out 1 already in the training data"]
    assert table["score"].is_monotonic_decreasing


def test_reasons_hold_the_numbers_of_the_prediction(predictor: Predictor) -> None:
    frame = candidate_frame([STRANGE, NEAR])
    answer = predictor.predict(frame, targets=[SIGMA])
    first, second = suggest(predictor, frame, 2, [SIGMA])["reason"]
    decades = np.log10(answer.table[f"{SIGMA}_high"] / answer.table[f"{SIGMA}_low"])
    away = answer.distances["conductivity"]
    assert first == f"interval {decades[0]:.1f} decades wide; nearest known design {away[0]:.2f} away"
    assert second == (
        f"interval {decades[1]:.1f} decades wide; nearest known design {away[1]:.2f} away; unlike the ones chosen above"
    )


def test_of_two_identical_strangers_one_is_named(predictor: Predictor) -> None:
    said: list[str] = []
    table = suggest(predictor, candidate_frame([STRANGE, STRANGE, NEAR]), 2, [SIGMA], remarks=said)
    assert rows(table) == [0, 2]
    assert said == []
    assert rows(suggest(predictor, candidate_frame([STRANGE, STRANGE, NEAR]), 4, [SIGMA], remarks=said)) == [0, 2]
    assert said == [
        "4 asked for, but there are only 3 candidates",
        f"{SIGMA}: left out 1 the same to the model as one on the list",
    ]


def test_no_anode_no_cell_target(predictor: Predictor) -> None:
    said: list[str] = []
    frame = candidate_frame([STRANGE, CELL, CELL.model_copy(update={"cycle": 300.0})]).set_axis([2, 5, 7])
    table = suggest(predictor, frame, 1, remarks=said)
    by_target = dict(zip(table["target"], table["row"], strict=True))
    assert by_target == {SIGMA: 2, ICE.column: 5, RETENTION.column: by_target[RETENTION.column], LIFE.column: 5}
    assert by_target[RETENTION.column] in (5, 7)
    for column in (ICE.column, RETENTION.column, LIFE.column):
        assert f"{column}: left out 1 with no anode described" in said
    # the reason for retention names its cycle, 100 where the design names none
    told = table.set_index("target")["reason"]
    assert f"at cycle {300 if by_target[RETENTION.column] == 7 else 100}; " in told[RETENTION.column]
    assert "percentage points wide; " in told[ICE.column]


def test_a_near_relative_is_told_with_its_distance(predictor: Predictor) -> None:
    warmer = STRANGE.model_copy(update={"temperature_c": 151.0})
    second = suggest(predictor, candidate_frame([STRANGE, warmer]), 2, [SIGMA])["reason"].iloc[1]
    assert second.split("; ")[2].startswith("nearest one above 0.0")


def test_same_question_same_answer(predictor: Predictor) -> None:
    frame = candidate_frame([NEAR, STRANGE, CELL])
    pd.testing.assert_frame_equal(suggest(predictor, frame, 3), suggest(predictor, frame, 3), check_exact=True)


def test_skill_that_is_not_shown_is_said() -> None:
    bundle = load_bundle(ROOT / "tests" / "bundles" / "v1")
    bundle.facts["skill"] = {SIGMA: {"shown": True}, ICE.column: {"shown": False}}
    said: list[str] = []
    predictor, cells = Predictor(bundle), candidate_frame([CELL])
    table = suggest(predictor, cells, 1, [SIGMA, ICE.column], remarks=said)
    expected = (
        f"{ICE.column}: {NO_POINT}; the width is that of what comparable papers report, and the distance says more"
    )
    assert expected in said
    told = predictor.predict(cells, targets=[ICE.column], points=False).table
    width = float(told["ice_pct_high"].iloc[0] - told["ice_pct_low"].iloc[0])
    reasons = table.set_index("target")["reason"]
    assert reasons[ICE.column].startswith(f"range of comparable papers {width:.0f} percentage points wide; ")
    assert reasons.get(SIGMA, "interval ").startswith("interval ")


def test_wrong_questions_are_refused(predictor: Predictor) -> None:
    frame = candidate_frame([NEAR])
    with pytest.raises(ValueError, match=r"^n: got 0, expected at least 1$"):
        suggest(predictor, frame, 0)
    with pytest.raises(ValueError, match=r"^unknown target ice; expected some of conductivity_s_per_cm, ice_pct"):
        suggest(predictor, frame, 1, ["ice"])


def test_a_bundle_without_its_training_designs_is_refused() -> None:
    bundle = load_bundle(ROOT / "tests" / "bundles" / "v1")
    bundle.parts[LINK].domain = None
    bundle.parts[LINK].calibration = None
    with pytest.raises(ValueError, match="was fitted inside an evaluation"):
        suggest(Predictor(bundle), candidate_frame([NEAR]), 1, [SIGMA])


def test_a_table_in_a_list_out_rejects_beside_it(predictor: Predictor, tmp_path: Path) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out" / "list.csv"
    source.write_text("lab,electrolyte,temperature_c\nA,LATP,40\nB,Xx2Y,25\nC,Li3TlTe3,150\n", encoding="utf-8")
    result = suggest_file(source, predictor, 5, targets=[SIGMA], out=out)
    written = pd.read_csv(out)
    assert list(written.columns) == ["line", "design", "target", "rank", "score", "reason"]
    assert written["line"].tolist() == [4, 2]  # the header is line 1
    assert written["design"].tolist() == ["C", "A"]
    assert len(result.mistakes) == 1
    assert result.rejected == out.with_name("list.csv.rejected.csv")
    assert pd.read_csv(result.rejected)["line"].tolist() == [3]
    assert "5 asked for, but there are only 2 candidates" in result.remarks
    assert text_suggestions(result.table).splitlines()[:2] == [
        "ionic conductivity:",
        f"    1. line 4, C: {written['reason'][0]}",
    ]
    unwritten = suggest_file(source, predictor, 5, targets=[SIGMA])
    assert unwritten.rejected is None
    assert unwritten.mistakes == result.mistakes
    pd.testing.assert_frame_equal(unwritten.table, result.table)


def test_nothing_usable_is_refused(predictor: Predictor, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("electrolyte\nXx2Y\n", encoding="utf-8")
    with pytest.raises(InputError, match="no row can be used"):
        suggest_file(source, predictor, 1)


def test_nothing_to_suggest_is_said(predictor: Predictor) -> None:
    said: list[str] = []
    table = suggest(predictor, candidate_frame([KNOWN]), 1, [SIGMA, ICE.column], remarks=said)
    assert table.empty
    assert text_suggestions(table.rename(columns={"row": "line"})) == "nothing to suggest"
    assert f"{SIGMA}: left out 1 already in the training data" in said
