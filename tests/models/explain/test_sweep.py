from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from features.tables.records import Candidate
from models.bundle import Bundle
from models.candidates import candidate_frame
from models.explain.measured_beside import known_values, measured_points
from models.explain.sweep import Sweep, grid, sweep
from models.predictor import Predictor
from models.tasks.registry import LINK
from reporting.atomic_files import Written
from reporting.explain import figures
from reporting.explain.explanation_page import sweep_blocks
from reporting.pages import Picture

CELL = candidate_frame([Candidate(electrolyte="Li6PS5Cl", anode="Si", stack_pressure_mpa=100.0, silicon_size_nm=100.0)])


def swept(planted: Predictor, column: str, target: str = "cycle_life_80") -> Sweep:
    found = sweep(planted, CELL, "mine", column, target)
    assert isinstance(found, Sweep)
    return found


def test_the_sweep_runs_over_what_is_known_and_to_the_design_itself(planted: Predictor) -> None:
    found = swept(planted, "stack_pressure_mpa")
    assert (found.table["value"].min(), found.table["value"].max(), found.given) == (0.0, 100.0, 100.0)
    low, high = found.table["value"] < 19.9, found.table["value"] > 20  # histograms split at a value
    np.testing.assert_allclose(found.table.loc[low, "predicted"], 11, rtol=0.05)  # ten cycles after the first
    np.testing.assert_allclose(found.table.loc[high, "predicted"], 1001, rtol=0.05)
    assert (found.table["low"] <= found.table["predicted"]).all()
    assert not found.is_flat


def test_the_literature_stands_on_the_sweep(planted: Predictor) -> None:
    known = swept(planted, "stack_pressure_mpa").known
    assert sorted(set(known["value"].round(6))) == [0, 1, 2, 5, 20, 50, 75]
    np.testing.assert_allclose(known.loc[known["value"] > 10, "measured"], 1001)
    assert len(known) == known["paper"].nunique() == 28


def test_retention_of_another_cycle_is_brought_there_by_the_fade_law(planted: Predictor) -> None:
    # a cell that holds 80 % after 10 cycles holds 100 * 0.8 ** ((40 / 10) ** shape) after 40, at cycle 41
    part = planted.bundle.parts["fade"]
    found = measured_points(part, "stack_pressure_mpa", "retention_pct", 41.0)
    by_hand = 100 * 0.8 ** (4 ** part.settings["shape"])
    np.testing.assert_allclose(found.loc[found["value"] < 10, "measured"], by_hand)


def test_a_column_that_moves_nothing_is_flat_and_said_so(planted: Predictor, tmp_path: Path) -> None:
    found = swept(planted, "silicon_size_nm")
    assert found.is_flat
    assert found.log  # 50 to 1000 nm is more than a decade
    (picture,) = sweep_blocks(planted.bundle, found, "01", "", Written(tmp_path))
    assert isinstance(picture, Picture)
    assert "The prediction does not move" in picture.caption
    assert {path.name for path in tmp_path.iterdir()} == {"01.csv", "01.png", "01_literature.csv"}


def test_what_cannot_be_swept_says_why(planted: Predictor) -> None:
    assert sweep(planted, CELL, "mine", "binder_wt_pct", "cycle_life_80") == (
        "the model of cycle life to 80 % does not read binder_wt_pct"
    )
    assert sweep(planted, CELL, "mine", "np_ratio", "cycle_life_80") == (
        "no training design of cycle life to 80 % states np_ratio: nothing is known of its effect"
    )
    bare = candidate_frame([Candidate(electrolyte="Li6PS5Cl")])
    assert sweep(planted, bare, "mine", "stack_pressure_mpa", "ice_pct") == (
        "mine says too little for initial Coulombic efficiency"
    )


def test_an_empty_temperature_is_no_point_at_25_degrees(planted: Predictor) -> None:
    part = planted.bundle.parts[LINK]
    assert part.domain is not None
    names = [feature.name for feature in part.featurizer.features_]
    empty = part.domain.vectors[:, names.index("temperature_not_given")] == 1
    assert empty.any()
    assert np.isnan(known_values(part, "temperature_c")[empty]).all()
    assert np.isfinite(known_values(part, "temperature_c")[~empty]).all()


def test_outside_the_domain_the_line_is_dotted(planted: Predictor) -> None:
    found = swept(planted, "stack_pressure_mpa")
    found.table["inside"] = found.table["value"] < 50
    lines = {line.get_label(): line for line in figures.sweep(found, "pressure").axes[0].lines}
    drawn = np.asarray(lines["prediction"].get_ydata(), dtype=float)
    assert np.isnan(drawn[found.table["value"] >= 50]).all()
    assert lines["outside the domain"].get_linestyle() == ":"


@pytest.mark.parametrize(
    ("low", "high", "given", "log"), [(1, 100, np.nan, True), (0, 100, 3.0, False), (2, 4, 9, False)]
)
def test_the_grid_is_logarithmic_over_a_decade(low: float, high: float, given: float, log: bool) -> None:
    values, spaced = grid(low, high, 5, given)
    assert spaced is log
    assert values.min() == low
    assert values.max() == np.nanmax([high, given])
    assert np.isnan(given) or given in values


def test_without_skill_a_sweep_is_the_range_of_comparable_papers(planted: Predictor, tmp_path: Path) -> None:
    silent = Predictor(Bundle(planted.bundle.parts, {"skill": {"cycle_life_80": {"shown": False}}}))
    found = swept(silent, "stack_pressure_mpa")
    assert found.table["predicted"].isna().all()
    assert found.table[["low", "high"]].nunique().tolist() == [1, 1]  # the papers know no pressure of the design
    assert not found.is_flat
    (picture,) = sweep_blocks(silent.bundle, found, "swept", "", Written(tmp_path))
    assert isinstance(picture, Picture)
    assert "No point: no skill on papers never seen; the band is the range that comparable papers" in picture.caption
