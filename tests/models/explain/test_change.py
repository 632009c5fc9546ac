from __future__ import annotations

from pathlib import Path

import pandas as pd

from features.tables.records import Candidate
from models.bundle import Bundle
from models.candidates import candidate_frame
from models.explain.counterfactuals import changes
from models.explain.what_if import Goal
from models.predictor import Predictor
from reporting.atomic_files import Written
from reporting.explain.explanation_page import change_blocks
from reporting.pages import Table

LIFE = (Goal("cycle_life_80", True, 500.0),)


def cell(**given: float) -> pd.DataFrame:
    return candidate_frame([Candidate(electrolyte="Li6PS5Cl", anode="Si", **{"silicon_size_nm": 100.0, **given})])


def test_the_smallest_change_reaches_the_step_and_no_further(planted: Predictor) -> None:
    # the trees were shown 5 and 20 MPa, and histograms split at the value that begins the upper bin: at 20 MPa
    found = changes(planted, cell(stack_pressure_mpa=2.0), LIFE, ["stack_pressure_mpa", "silicon_size_nm"])
    (change,) = found.found
    assert list(change.values) == ["stack_pressure_mpa"]
    before, after = change.values["stack_pressure_mpa"]
    assert before == 2.0
    assert 20 <= after <= 20 + (75 - 2) / 59 + 0.1  # the first of 60 steps from 2 MPa that is not below it
    assert change.predicted["cycle_life_80"][0] > 500
    assert "reached by changing 1 of the columns" in found.verdict
    assert change.in_words.startswith("stack_pressure_mpa 2 → 20")
    assert change.in_words.endswith(" MPa")


def test_what_nothing_allowed_reaches_says_so_with_the_nearest(planted: Predictor) -> None:
    want = (Goal("cycle_life_80", True, 1e5),)
    found = changes(planted, cell(stack_pressure_mpa=2.0), want, ["stack_pressure_mpa"])
    assert found.found == []
    assert found.nearest is not None
    assert found.nearest.values["stack_pressure_mpa"][1] > 10  # beyond the step, which is the best there is
    assert 500 < found.nearest.predicted["cycle_life_80"][0] < 1e5
    assert "reaches it. The nearest:" in found.verdict


def test_a_column_that_moves_nothing_is_said_to(planted: Predictor) -> None:
    found = changes(planted, cell(stack_pressure_mpa=2.0), LIFE, ["silicon_size_nm"])
    assert found.found == []
    assert found.nearest is None
    assert found.inside > 0
    assert "none comes nearer than the design as it is" in found.verdict


def test_no_change_leaves_the_domain(planted: Predictor) -> None:
    domain = planted.bundle.parts["fade"].domain
    assert domain is not None
    kept, domain.far = domain.far, 0.0001
    try:
        far = cell(stack_pressure_mpa=2.0).assign(temperature_c=300.0)
        found = changes(planted, far, LIFE, ["stack_pressure_mpa"])
    finally:
        domain.far = kept
    assert (found.found, found.nearest, found.inside) == ([], None, 0)
    assert "no allowed change stays inside the domain (41 tried)" in found.verdict


def test_what_is_there_already_needs_no_change(planted: Predictor) -> None:
    found = changes(planted, cell(stack_pressure_mpa=50.0), LIFE, ["stack_pressure_mpa"])
    assert found.met
    assert "no change is needed" in found.verdict


def test_what_no_training_design_states_cannot_vary(planted: Predictor) -> None:
    found = changes(planted, cell(stack_pressure_mpa=2.0), LIFE, ["np_ratio", "binder_wt_pct"])
    assert found.remarks == [
        "no training design of cycle life to 80 % states np_ratio: nothing is known of its effect",
        "the model of cycle life to 80 % does not read binder_wt_pct",
    ]
    assert found.tried == 0


def test_the_change_is_a_table_with_intervals(planted: Predictor, tmp_path: Path) -> None:
    found = changes(planted, cell(stack_pressure_mpa=2.0), LIFE, ["stack_pressure_mpa"])
    blocks = change_blocks(found, "01_changes", Written(tmp_path))
    (table,) = [each for each in blocks if isinstance(each, Table)]
    assert table.header == ["change", "cycle life to 80 % (90 %)", "size of the change"]
    assert "cycles (" in str(table.rows[0][1])
    assert (tmp_path / "01_changes.csv").is_file()


def test_without_skill_no_change_is_said_to_reach_a_value(planted: Predictor) -> None:
    silent = Predictor(Bundle(planted.bundle.parts, {"skill": {"cycle_life_80": {"shown": False}}}))
    found = changes(silent, cell(stack_pressure_mpa=2.0), LIFE, ["stack_pressure_mpa"])
    assert (found.found, found.nearest, found.tried) == ([], None, 0)
    assert found.verdict.endswith("not searched. cycle_life_80: no point: no skill on papers never seen, so no change "
                                  "is known to reach a value.")  # fmt: skip
