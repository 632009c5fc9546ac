"""What a laboratory's own measured designs say of a part, and how its predictions move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.electrolyte_columns import read_electrolytes
from features.tables.designs import Designs
from features.tables.literature import Literature
from features.tables.mistakes import InputError
from features.tables.records import Candidate, CellDesign, Measured
from models.bundle import Bundle, load_bundle
from models.candidates import candidate_designs, candidate_frame
from models.ensemble import Recipe
from models.intervals import Calibration
from models.known.scatter import Agreement
from models.known.shrinkage import OWN_COMPOSITION
from models.lab_calibration import (
    BORROWED,
    FAR_TEMPERATURE_C,
    UNMOVED,
    measured_frame,
    moved,
    own_rows,
    parse_measured,
    pooled_replicates,
    shrink_to_measured,
)
from models.lab_effect.kernel import PRIOR, REPLICATE_SHARE, Kernel, LabEffect
from models.lab_effect.own_designs import OwnDesigns, OwnRows
from models.predictions import TEXT_COLUMNS
from models.predictor import Predictor
from models.tasks.part import Part, fit_part, with_conductivity
from models.tasks.registry import LINK, TARGETS, TASKS
from tests.shared import ROOT
from training.train import Trained

V1 = ROOT / "tests" / "bundles" / "v1"
CELL = {"electrolyte": "Li6PS5Cl", "anode": "micro-Si", "temperature_c": 25.0}
PLAIN = Kernel(shared=3.0, noise=1.0, reach=1.0, common=1.0)
"""One measured design moves all others by 3 / (3 + 1) of its error and leaves a variance of 4 - 9 / 4 = 1.75."""
EFFECT = LabEffect(PLAIN, {1: Calibration((2.0,) * 9, (1.0,) * 9, 9, 0.0)})
LOG2 = float(np.log10(2))


@pytest.fixture(scope="module")
def bundle(bundle_folder: Path) -> Bundle:
    return load_bundle(bundle_folder)


def measured(*designs: dict[str, object]) -> pd.DataFrame:
    return measured_frame([Measured(**{**CELL, **each}) for each in designs])


def cells(bundle: Bundle, *designs: dict[str, object]) -> pd.DataFrame:
    return with_conductivity(measured(*designs), bundle.parts[LINK])


def told(found: OwnRows | None) -> OwnRows:
    assert found is not None
    return found


def test_a_saved_bundle_keeps_what_it_learnt_of_laboratories(trained: Trained, bundle: Bundle) -> None:
    for name, part in trained.bundle.parts.items():
        assert part.lab is not None
        assert bundle.parts[name].lab == part.lab


def test_an_older_bundle_predicts_and_refuses_own_measurements() -> None:
    old = Predictor(load_bundle(V1))
    asked, mine = candidate_frame([Candidate(**CELL)]), measured({"conductivity_s_per_cm": 1e-3})
    assert {part.lab for part in old.bundle.parts.values()} == {None}
    assert old.predict(asked).table["conductivity_s_per_cm"].notna().all()
    with pytest.raises(ValueError, match=r"saved before own measurements could be used; train again"):
        old.predict(asked, measured=mine)
    part = old.bundle.parts[LINK]
    with pytest.raises(ValueError, match=r"saved before own measurements could be used; train again"):
        moved(part, OwnRows(mine, *[np.zeros(1)] * 2), np.zeros((1, 9)), *[np.zeros(1)] * 4, 0.8)


def test_errors_are_measured_minus_predicted(bundle: Bundle) -> None:
    mine = measured({"conductivity_s_per_cm": 1e-2}, {"ice_pct": 70}, {"conductivity_s_per_cm": 1e-4})
    part = replace(bundle.parts[LINK], known=None)  # nothing measured that would draw what is told
    found = told(own_rows("conductivity", part, mine))
    alone = part.predict(mine.iloc[[0]])[0][0]
    assert found.errors == pytest.approx([-2 - alone, -4 - alone])
    assert found.temperature_c.tolist() == [25.0, 25.0]
    assert len(found.vectors) == 2
    linked = cells(bundle, {"conductivity_s_per_cm": 1e-2}, {"ice_pct": 70})
    ice = bundle.parts["ice"]
    assert told(own_rows("ice", ice, linked)).errors == pytest.approx([70 - ice.predict(linked)[0][1]])


def test_lives_are_read_off_the_fade_law(bundle: Bundle) -> None:
    fade = bundle.parts["fade"]
    mine = cells(
        bundle,
        {"retention_pct": 64, "cycle": 101},
        {"retention_pct": 80, "cycle": 101},
        {"cycle_life_80": 51},
        {"cycle_life_80": 51, "retention_pct": 100, "cycle": 11},
    )
    # 64 % is 80 % twice over, 100 cycles after the first: N80 is 100 / 2 ** (1 / shape); 80 % crossed after 50 cycles
    # is a life of 50, and says more than a point of the curve
    lives = [2 - LOG2 / fade.settings["shape"], 2.0, 2 - LOG2, 2 - LOG2]
    assert told(own_rows("fade", fade, mine)).errors == pytest.approx(lives - fade.predict(mine)[0])


@pytest.mark.parametrize("name", ["conductivity", "ice", "fade"])
def test_a_part_of_which_nothing_was_measured_is_told_nothing(bundle: Bundle, name: str) -> None:
    values: dict[str, dict[str, object]] = {
        "conductivity": {"conductivity_s_per_cm": 1e-3},
        "ice": {"ice_pct": 80},
        "fade": {"cycle_life_80": 80},
    }
    mine = cells(bundle, *(each for other, each in values.items() if other != name))
    assert own_rows(name, bundle.parts[name], mine) is None
    assert own_rows(name, bundle.parts[name], cells(bundle, values[name])) is not None


@pytest.mark.parametrize(("retention", "tells"), [(100, False), (99, False), (98.9, True), (1.1, True), (1, False)])
def test_a_retention_that_only_bounds_the_life_tells_nothing(bundle: Bundle, retention: float, tells: bool) -> None:
    mine = cells(bundle, {"retention_pct": retention, "cycle": 2}, {"ice_pct": 80})
    found = own_rows("fade", bundle.parts["fade"], mine)
    assert (found is not None) == tells
    assert found is None or len(found.errors) == 1


def test_a_cell_without_a_described_anode_tells_of_its_electrolyte_alone(bundle: Bundle) -> None:
    values = {"conductivity_s_per_cm": 1e-3, "ice_pct": 80, "cycle_life_80": 80, "anode": None}
    mine = cells(bundle, values, {**values, "retention_pct": 90, "cycle": 51, "cycle_life_80": None})
    assert own_rows("ice", bundle.parts["ice"], mine) is None
    assert own_rows("fade", bundle.parts["fade"], mine) is None
    assert len(told(own_rows("conductivity", bundle.parts[LINK], mine)).errors) == 2
    # any word of the anode describes it
    mine = cells(bundle, values, {**values, "silicon_wt_pct": 60})
    assert len(told(own_rows("ice", bundle.parts["ice"], mine)).errors) == 1


def shifted(
    part: Part, errors: Sequence[float], spread: Sequence[float], level: float = 0.8, **asked: object
) -> tuple[np.ndarray, np.ndarray, list[list[str]]]:
    """Two designs predicted as -3 and -4 with half widths of 5, moved by designs measured at 25 °C."""
    mine = measured(*({"conductivity_s_per_cm": 1e-3} for _ in errors))
    own = OwnRows(part.featurizer.transform(mine), np.array(errors), np.full(len(errors), 25.0))
    designs = candidate_designs([Candidate(**{**CELL, **asked})] * 2)
    vectors = part.featurizer.vectors(designs, read_electrolytes(designs))
    centre, temperature = np.array([-3.0, -4.0]), designs.number("temperature_c")
    return moved(part, own, vectors, temperature, centre, np.array(spread), np.full(2, 5.0), level)


def test_predictions_move_and_narrow_by_hand(bundle: Bundle) -> None:
    part = replace(bundle.parts[LINK], lab=EFFECT)
    centre, half, notices = shifted(part, [2.0], [0.0, 1.5])
    assert centre == pytest.approx([-1.5, -2.5])  # 3 / 4 of the error of 2
    # the score of 2, of deviations whose squares are 1.75 of the laboratory and those of the ensemble
    assert half == pytest.approx([2 * np.sqrt(1.75), 2 * np.sqrt(1.75 + 2.25)])
    assert notices == [["moved by 1 measured design of yours"]] * 2


NO_EFFECT = LabEffect(Kernel(0.0, 4.0, 1.0, 1.0), EFFECT.revealed)
"""Of a part whose papers show no effect of their own."""


def test_where_the_papers_show_no_effect_nothing_moves_and_that_is_said(bundle: Bundle) -> None:
    centre, _, notices = shifted(replace(bundle.parts[LINK], lab=NO_EFFECT), [2.0], [0.0, 0.0])
    assert centre.tolist() == [-3.0, -4.0]
    assert notices[0] == [UNMOVED]


def test_where_nothing_changes_the_interval_stays(bundle: Bundle) -> None:
    _, half, _ = shifted(replace(bundle.parts[LINK], lab=NO_EFFECT), [2.0], [0.0, 0.0])
    assert half.tolist() == [5.0, 5.0]


def test_two_measured_designs_count_as_two(bundle: Bundle) -> None:
    part = replace(bundle.parts[LINK], lab=EFFECT)
    centre, half, notices = shifted(part, [2.0, 1.0], [0.0, 0.0])
    assert centre == pytest.approx([-3 + 6 / 7 * 1.5, -4 + 6 / 7 * 1.5])  # 2 * 3 / (2 * 3 + 1) of the mean
    # but papers calibrate one alone: the width is that with the nearest of them
    assert half == pytest.approx([2 * np.sqrt(1.75)] * 2)
    assert notices[0] == ["moved by 2 measured designs of yours"]


def test_an_interval_nobody_calibrated_keeps_its_width_and_says_so(bundle: Bundle) -> None:
    part = replace(bundle.parts[LINK], lab=EFFECT)
    centre, half, notices = shifted(part, [2.0], [0.0, 0.0], level=0.95)  # nine papers support 0.9
    assert centre == pytest.approx([-1.5, -2.5])
    assert half.tolist() == [5.0, 5.0]
    assert notices[0][1] == "too few papers to calibrate the interval with them: its width is that without"


@pytest.mark.parametrize(("temperature", "said"), [(25 + FAR_TEMPERATURE_C, False), (56.0, True), (None, False)])
def test_a_test_far_from_the_measured_temperatures_is_said(
    bundle: Bundle, temperature: float | None, said: bool
) -> None:
    part = replace(bundle.parts[LINK], lab=EFFECT)
    _, _, notices = shifted(part, [2.0], [0.0, 0.0], temperature_c=temperature)
    assert ("tested 31 °C from the nearest of them" in notices[0]) == said
    assert any(each.startswith("tested") for each in notices[0]) == said


def test_a_design_far_from_the_measured_ones_is_said_and_moves_by_what_is_common(bundle: Bundle) -> None:
    kernel = Kernel(shared=3.0, noise=1.0, reach=1e-3, common=0.5)
    part = replace(bundle.parts[LINK], lab=LabEffect(kernel, EFFECT.revealed))
    assert part.domain is not None
    near, _, said = shifted(part, [2.0], [0.0, 0.0])
    far, _, notices = shifted(part, [2.0], [0.0, 0.0], electrolyte="Li7La3Zr2O12")
    assert not any("far from all" in each for each in said[0])
    assert near == pytest.approx([-1.5, -2.5])
    assert far == pytest.approx([-2.25, -3.25])  # 1.5 / 4 of the error of 2
    away = part.domain.between(
        part.featurizer.transform(candidate_frame([Candidate(**{**CELL, "electrolyte": "Li7La3Zr2O12"})])),
        part.featurizer.transform(candidate_frame([Candidate(**CELL)])),
    )[0, 0]
    assert away > part.domain.far
    assert f"far from all of them (distance {away:.2f})" in notices[0]


def test_the_predictor_moves_what_was_measured_and_nothing_else(bundle: Bundle) -> None:
    parts = {**bundle.parts, "conductivity": replace(bundle.parts[LINK], lab=EFFECT)}
    predictor = Predictor(Bundle(parts, bundle.facts))
    asked = candidate_frame([Candidate(**CELL), Candidate(electrolyte="LLZTO", temperature_c=60)])
    before = predictor.predict(asked).table
    after = predictor.predict(asked, measured=measured({"conductivity_s_per_cm": 1e-2})).table
    step = np.log10(after["conductivity_s_per_cm"] / before["conductivity_s_per_cm"])
    # the measured design is the first one asked: three quarters of its error for the other one, and more for itself
    error = -2 - np.log10(before["conductivity_s_per_cm"].iloc[0])
    assert step.iloc[1] == pytest.approx(0.75 * error)
    assert 0.85 * error < step.iloc[0] < error
    same = [column for column in before.columns if "conductivity" not in column and column not in TEXT_COLUMNS]
    pd.testing.assert_frame_equal(before[same], after[same])
    own, papers = after["measured"].iloc[0].split("; ")
    assert own == "1 of your own, 1.0e-02 S/cm"
    assert papers == before["measured"].iloc[0]  # what papers measured of it stays said beside
    assert f"conductivity: {OWN_COMPOSITION}" in after["notice"].iloc[0]
    assert "conductivity: moved by 1 measured design of yours" in after["notice"].iloc[1]
    assert "ice: moved" not in after["notice"].iloc[0]
    width = np.log10(after["conductivity_s_per_cm_high"] / after["conductivity_s_per_cm_low"])
    # two samples of a laboratory differ by at most 0.28 * root 2, 90 % within 1.645 * 1.08 times that to either side
    assert width.iloc[0] < 2 * 1.645 * 1.08 * 0.28 * 2**0.5 + 0.01
    assert "conductivity: none of your" not in after["notice"].iloc[0]


def test_an_own_electrolyte_of_no_known_composition_comes_back_near_its_value(bundle: Bundle) -> None:
    """LiPON, LAGP and a composite by name, alone and beside others: within 0.2 decades, and as narrow as two samples of
    one laboratory differ. PEO/LiTFSI is the polymer model's."""
    predictor, column = Predictor(bundle), "conductivity_s_per_cm"
    composite = "PEO-LiTFSI (EO:Li = 18) + 10 wt% LLZTO"
    names, values = ["LiPON", composite, "LAGP", "PEO/LiTFSI"], [5e-5, 2e-6, 3e-6, 3e-5]
    asked = candidate_frame([Candidate(electrolyte=name, temperature_c=25) for name in names])
    mine = [{"electrolyte": name, "anode": None, column: value} for name, value in zip(names, values, strict=True)]
    told = predictor.predict(asked, targets=[column], measured=measured(*mine)).table
    alone = predictor.predict(asked.iloc[[0]], targets=[column], measured=measured(mine[0])).table
    for table in (told, alone):
        away = np.log10(table[column].to_numpy() / values[: len(table)])
        assert (np.abs(away) < 0.2).all()
        width = np.log10(table[f"{column}_high"] / table[f"{column}_low"])
        assert (width < 2 * 1.645 * 1.08 * 0.28 * 2**0.5 + 0.01).all()
    assert told["measured"].str.split("; ").str[0].tolist() == [f"1 of your own, {value:.1e} S/cm" for value in values]
    assert told["notice"].str.contains(OWN_COMPOSITION).tolist() == [True, True, True, False]


def test_a_part_of_which_no_measured_design_tells_says_so(bundle: Bundle) -> None:
    asked = candidate_frame([Candidate(**CELL), Candidate(electrolyte="LLZTO", temperature_c=60)])
    words = "none of your measured designs tells of it"
    of_cell, of_electrolyte = (
        Predictor(bundle).predict(asked, measured=measured({"conductivity_s_per_cm": 1e-2})).table["notice"]
    )
    assert f"ice: {words}; " in f"{of_cell}; "
    assert f"fade: {words}; " in f"{of_cell}; "
    assert "conductivity: none" not in of_cell
    # the second design names no anode: there is nothing of it that could have been moved
    assert words not in of_electrolyte
    # an initial efficiency without any anode tells of nothing at all
    found = Predictor(bundle).predict(asked, measured=measured({"ice_pct": 80, "anode": None}))
    pd.testing.assert_frame_equal(
        found.table.drop(columns="notice"), Predictor(bundle).predict(asked).table.drop(columns="notice")
    )
    assert [f"ice: {words}" in each for each in found.table["notice"]] == [True, False]
    assert [f"conductivity: {words}" in each for each in found.table["notice"]] == [True, True]


def test_cell_targets_move_together_with_their_curve(bundle: Bundle) -> None:
    parts = {**bundle.parts, "fade": replace(bundle.parts["fade"], lab=EFFECT)}
    predictor = Predictor(Bundle(parts, bundle.facts))
    asked = candidate_frame([Candidate(**CELL), Candidate(electrolyte="Li6PS5Cl", temperature_c=25)])
    before = predictor.predict(asked).table
    after = predictor.predict(asked, measured=measured({"cycle_life_80": 1001})).table
    life = np.log10(after["cycle_life_80"].iloc[0] - 1)
    first = np.log10(before["cycle_life_80"].iloc[0] - 1)
    # the very design: 3 shared and 0.8 of its own of a variance of 4, of which samples differ by 0.2
    assert life == pytest.approx(first + 0.95 * (3 - first))
    assert after["retention_pct"].iloc[0] > before["retention_pct"].iloc[0]
    # the second design names no anode: no cell target, and nothing said of moving one
    assert np.isnan(after["cycle_life_80"].iloc[1])
    assert "fade: drawn to 1 measured sample" in after["notice"].iloc[0]
    assert "fade: drawn" not in after["notice"].iloc[1]


NO_PAPERS = LabEffect(Kernel(0.0, 4.0, 1.0, 1.0))
"""Of a part whose papers hardly ever have several rows: nothing is calibrated."""


def ice_of(bundle: Bundle, lab: LabEffect, mine: pd.DataFrame, *asked: dict[str, object]) -> pd.DataFrame:
    predictor = Predictor(Bundle({**bundle.parts, "ice": replace(bundle.parts["ice"], lab=lab)}, bundle.facts))
    designs = candidate_frame([Candidate(**{**CELL, **each}) for each in asked])
    return predictor.predict(designs, targets=["ice_pct"], measured=mine).table


def test_a_measured_cell_comes_back_near_its_value_with_what_replicates_differ_by(bundle: Bundle) -> None:
    """Nothing is shared between designs: one sample leaves 0.05 of the variance of 100 unknown, its own 5 beside the
    design's 95, so the error is taken over by 95 / 100, and a new sample errs by root(100 - 95 * 0.95)."""
    rejected = LabEffect(Kernel(0.0, 100.0, 1.0, 1.0), EFFECT.revealed)
    asked: list[dict[str, object]] = [{}, {"silicon_wt_pct": 30.0}]
    before = ice_of(bundle, rejected, measured({"conductivity_s_per_cm": 1e-3}), *asked)
    alone = before["ice_pct"].iloc[0]
    after = ice_of(bundle, rejected, measured({"ice_pct": 60.0, "anode": "MICRO-Si "}), *asked)
    assert REPLICATE_SHARE == 0.05
    assert after["ice_pct"].iloc[0] == pytest.approx(alone + 0.95 * (60 - alone))
    half = after["ice_pct_high"].iloc[0] - after["ice_pct"].iloc[0]
    assert half == pytest.approx(1.6449 * (100 - 95 * 0.95) ** 0.5, rel=1e-3)
    assert after["measured"].tolist() == ["your own: initial Coulombic efficiency 60 %", ""]
    assert "drawn to 1 measured sample of this very design of yours" in after["notice"].iloc[0]
    # the other one stays, and what would be needed is said
    assert after["ice_pct"].iloc[1] == before["ice_pct"].iloc[1]
    assert f"ice: {UNMOVED}" in after["notice"].iloc[1]


def test_where_too_few_papers_have_several_rows_conductivity_stands_in(bundle: Bundle) -> None:
    asked: list[dict[str, object]] = [{}, {"silicon_wt_pct": 30.0}]
    before = ice_of(bundle, NO_PAPERS, measured({"conductivity_s_per_cm": 1e-3}), *asked)["ice_pct"]
    after = ice_of(bundle, NO_PAPERS, measured({"ice_pct": 60.0}), *asked)
    moves = (after["ice_pct"] - before).tolist()
    error = 60 - before.iloc[0]
    # a measured design by all but what replicates differ by, another one by at most what is shared
    assert moves[0] == pytest.approx(0.95 * error)
    assert PRIOR.shared * PRIOR.common * abs(error) - 1e-9 <= abs(moves[1]) <= PRIOR.shared * abs(error) + 1e-9
    assert f"moved by 1 measured design of yours {BORROWED}" in after["notice"].iloc[1]


def test_two_samples_of_one_design_widen_what_replicates_differ_by() -> None:
    """Ten degrees of freedom of the expected 1, and one of the pair 6 apart, whose squares sum to 18: 28 / 11."""
    same = np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]], dtype=bool)
    assert pooled_replicates(np.array([0.0, 6.0, 9.0]), same, 1.0) == pytest.approx(28 / 11)


def test_a_life_of_several_points_is_told_by_the_one_at_the_cycle_asked_for(bundle: Bundle) -> None:
    """Between two points the error goes by the logarithm of the cycle: halfway at their geometric mean."""
    fade = bundle.parts["fade"]
    points: list[dict[str, object]] = [
        {"sample_id": "A", "retention_pct": 60, "cycle": 400},
        {"sample_id": "A", "retention_pct": 90, "cycle": 25},
    ]
    own = told(own_rows("fade", fade, cells(bundle, *points)))
    each = told(own_rows("fade", fade, cells(bundle, *({**point, "sample_id": None} for point in points))))
    assert len(own.errors) == 1
    assert own.errors == pytest.approx([each.errors.mean()])
    late, early = each.errors
    asked = own.errors_at(np.array([2.0, 25.0, 100.0, 400.0, 1e4]))
    assert asked.ravel() == pytest.approx([early, early, (early + late) / 2, late, late])


def test_a_probability_beside_own_measurements_is_that_of_the_moved_interval(bundle: Bundle) -> None:
    """Half of the values lie above the prediction itself, moved or not, and nearly all below a far limit."""
    mine = measured({"ice_pct": 60.0})
    predictor, asked = Predictor(bundle), candidate_frame([Candidate(**CELL)] * 2)
    value = float(predictor.predict(asked, targets=["ice_pct"], measured=mine).table["ice_pct"].iloc[0])
    for limit, low, high in ((value, 0.4, 0.6), (99.0, 0.0, 0.2)):
        table = predictor.predict(asked, targets=["ice_pct"], measured=mine, above={"ice_pct": limit}).table
        (column,) = [name for name in table if name.endswith("probability")]
        assert low <= table[column].iloc[0] <= high


def test_what_rests_on_own_measurements_alone_is_worked_out_once(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside the same measured designs a second call learns nothing of them again, and tells what the first did."""
    learned = list[str]()

    def counted(name: str, part: Part, frame: pd.DataFrame) -> OwnRows | None:
        learned.append(name)
        return own_rows(name, part, frame)

    mine = measured({"conductivity_s_per_cm": 0.01, "ice_pct": 60.0}, {"conductivity_s_per_cm": 0.02, "ice_pct": 70.0})
    predictor, asked = Predictor(bundle), candidate_frame([Candidate(**CELL), Candidate(electrolyte="LLZTO")])
    with monkeypatch.context() as patch:
        patch.setattr("models.predictor.own_rows", counted)
        own = OwnDesigns(mine)
        first, second = (predictor.predict(asked, measured=own).table for _ in range(2))
    assert [learned.count(name) for name in ("conductivity", "ice")] == [1, 1]
    pd.testing.assert_frame_equal(first, second)
    pd.testing.assert_frame_equal(first, predictor.predict(asked, measured=mine).table)


def test_a_cell_of_a_paper_tells_first_what_the_paper_measured(bundle: Bundle, literature: Literature) -> None:
    cell = next(
        row for row in literature.cells if row.in_training and row.state == "solid" and row.ice_qualifier == "="
    )
    given = {name: getattr(cell, name) for name in CellDesign.model_fields}
    same = Candidate(**given)
    other = same.model_copy(update={"anode_architecture": None, "silicon_form": None, "temperature_c": 95.0})
    table = Predictor(bundle).predict(candidate_frame([same, other]), targets=["ice_pct"]).table
    assert table["measured"].tolist() == [f"1 paper, initial Coulombic efficiency {cell.ice_pct:g} %", ""]


def test_a_cell_of_a_paper_is_drawn_to_what_the_paper_measured(bundle: Bundle, literature: Literature) -> None:
    """Of the squared error 0.62 is the design's own, 0.33 the paper's and 0.05 the sample's: the pull is 0.62."""
    row = next(row for row in literature.cells if row.cell_id == "M006")
    cell = Candidate(**{name: getattr(row, name) for name in CellDesign.model_fields})
    skill = {column: {"shown": False} for column in TARGETS}
    predictor = Predictor(Bundle(bundle.parts, {**bundle.facts, "skill": skill}))
    asked = candidate_frame([cell, cell.model_copy(update={"anode": "Mg2Si, milled"})])
    table = predictor.predict(asked, targets=["ice_pct"], points=False).table
    part = bundle.parts["ice"]
    assert part.lab is not None
    alone = part.predict(with_conductivity(asked, bundle.parts[LINK]))[0][0]
    assert table["ice_pct"].iloc[0] == pytest.approx(alone + 0.62 * (row.ice_pct - alone))
    missed = (part.lab.kernel.shared + part.lab.kernel.noise) * (0.62 * 0.38 + 0.38)
    half = Agreement().quantile(0.9) * missed**0.5
    assert table["ice_pct_high"].iloc[0] - table["ice_pct"].iloc[0] <= half + 1e-9
    assert "ice: drawn to what " in table["notice"].iloc[0]
    assert np.isnan(table["ice_pct"].iloc[1])  # another anode: no skill, so no point


def test_predictions_that_skill_is_measured_by_know_no_measured_cell(trained: Trained) -> None:
    """Out of fold only the boosters answer: a part that was fitted in a fold has no domain to find a cell in."""
    examples = TASKS["ice"].examples(trained.literature)
    linked = with_conductivity(examples.designs, trained.bundle.parts[LINK])
    part = fit_part("ice", linked, examples.labels, Recipe(rounds=2), 0)
    assert part.domain is None
    assert shrink_to_measured("ice", part, Designs.of(linked), None, np.zeros(3), np.zeros(3), 0.9) is None


def test_measured_designs_come_with_all_their_mistakes() -> None:
    good = {"electrolyte": "Li6PS5Cl", "ice_pct": 80}
    with pytest.raises(InputError) as error:
        parse_measured([good, {"electrolyte": "Li6PS5Cl"}, {**good, "ice_pct": 101, "volts": 3}])
    summary, *lines = str(error.value).splitlines()
    assert summary == "3 mistakes in the measured designs"
    assert [line.split(":")[0].strip() for line in lines] == [
        "line 2, column conductivity_s_per_cm",
        "line 3, column ice_pct",
        "line 3, column volts",
    ]
    frame = measured_frame(parse_measured([good, {**good, "anode": "micro-Si"}]))
    assert frame.columns.tolist() == list(Measured.model_fields)
    assert frame["ice_pct"].tolist() == [80.0, 80.0]


@pytest.mark.parametrize("electrolyte", ["LPS", "nonsense!!"])
def test_a_measured_formula_that_cannot_be_read_is_a_mistake(electrolyte: str) -> None:
    good = {"electrolyte": "Li6PS5Cl", "ice_pct": 80}
    with pytest.raises(InputError) as error:
        parse_measured([good, {**good, "electrolyte": electrolyte}, {**good, "ice_pct": 101}])
    assert [(mistake.line, mistake.column) for mistake in error.value.mistakes] == [(2, "electrolyte"), (3, "ice_pct")]
    assert f"got {electrolyte!r}" in str(error.value)
    # a name that is usual for its class passes, as it does for candidates
    assert len(parse_measured([{"electrolyte": "our gel", "electrolyte_class": "gel", "ice_pct": 80}])) == 1


@pytest.mark.parametrize(
    "designs",
    [[1], ["ice_pct"], [None], [{"electrolyte": "Li6PS5Cl", "ice_pct": 80}, []], {"ice_pct": 80}, "[]", 1, None],
)
def test_what_is_no_list_of_objects_is_refused(designs: object) -> None:
    with pytest.raises(InputError, match="measured: expected a list of objects"):
        parse_measured(designs)
