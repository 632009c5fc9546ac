from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.tables.records import Candidate
from models.bundle import Bundle, load_bundle
from models.candidates import candidate_frame
from models.explain.waterfall import waterfalls
from models.predictor import Predictor
from reporting.atomic_files import Written
from reporting.explain.explanation_page import waterfall_blocks
from reporting.pages import Picture

DESIGNS = candidate_frame(
    [
        Candidate(electrolyte="Li6PS5Cl", temperature_c=60.0, anode="nano-Si", stack_pressure_mpa=20.0, cycle=50.0),
        Candidate(electrolyte="LLZTO"),
        Candidate(electrolyte="75Li2S-25P2S5", anode="Si film", film_thickness_nm=100.0, prelithiated=False),
    ]
)
NAMES = ["one", "two", "three"]


def told(folder: Path, *silent: str) -> Bundle:
    """A model that has shown its skill of all targets but some."""
    bundle = load_bundle(folder)
    return Bundle(bundle.parts, {**bundle.facts, "skill": {column: {"shown": False} for column in silent}})


@pytest.mark.parametrize("column", ["conductivity_s_per_cm", "cycle_life_80"])
def test_three_predictions_are_the_product_of_their_factors(bundle_folder: Path, column: str) -> None:
    bundle = told(bundle_folder)
    printed = Predictor(bundle).predict(DESIGNS, precedents=0).table
    found = waterfalls(bundle, DESIGNS, NAMES, column)
    assert [each is not None for each in found] == [True, column == "conductivity_s_per_cm", True]
    for row, each in enumerate(found):
        if each is not None:
            by_hand = each.base * np.prod(each.steps["factor"])
            np.testing.assert_allclose(by_hand, printed[column].iloc[row], rtol=1e-4)
            assert each.predicted == printed[column].iloc[row]
            assert (each.low, each.high) == (printed[f"{column}_low"].iloc[row], printed[f"{column}_high"].iloc[row])


@pytest.mark.parametrize("column", ["ice_pct", "retention_pct"])
def test_three_predictions_are_the_sum_of_their_points(bundle_folder: Path, column: str) -> None:
    bundle = told(bundle_folder)
    printed = Predictor(bundle).predict(DESIGNS, precedents=0).table
    found = waterfalls(bundle, DESIGNS, NAMES, column)
    assert found[1] is None  # no anode
    for row in (0, 2):
        each = found[row]
        assert each is not None
        np.testing.assert_allclose(each.base + each.steps["points"].sum(), printed[column].iloc[row], atol=1e-3)
    assert found[0] is not None
    assert found[0].cycle == (50.0 if column == "retention_pct" else None)


def test_steps_are_told_in_words_strongest_first(bundle_folder: Path) -> None:
    each = waterfalls(told(bundle_folder), DESIGNS, NAMES, "cycle_life_80")[0]
    assert each is not None
    assert each.steps["piece"].abs().is_monotonic_decreasing
    said = each.steps.set_index("feature")["value"]
    assert said["log10_stack_pressure_mpa"] == "20 MPa"
    assert said["log10_film_thickness_nm"] == "not given"
    assert said["family_sulfide"] == "yes"
    assert (each.step_in_words(np.log10(3.2)), each.title) == ("×3.2", "cycle life to 80 %: one")


def test_pieces_that_do_not_make_the_prediction_are_refused(
    bundle_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = told(bundle_folder)
    ensemble = bundle.parts["ice"].ensemble
    right = ensemble.contributions
    monkeypatch.setattr(ensemble, "contributions", lambda X: (right(X)[0] + 0.1, right(X)[1]))
    with pytest.raises(ArithmeticError, match=r"initial Coulombic efficiency of (one|three): the pieces make"):
        waterfalls(bundle, DESIGNS, NAMES, "ice_pct")


def test_the_picture_says_the_sum_and_keeps_its_numbers(bundle_folder: Path, tmp_path: Path) -> None:
    each = waterfalls(told(bundle_folder), DESIGNS, NAMES, "retention_pct")[0]
    assert each is not None
    (picture,) = waterfall_blocks(each, "01_one", "no skill", Written(tmp_path))
    assert isinstance(picture, Picture)
    assert picture.caption.startswith("capacity retention after 50 cycles: one. From the base to the prediction ")
    assert f"= {each.rebuilt:.3g} %" in picture.caption
    assert sorted(path.name for path in tmp_path.iterdir()) == ["01_one.csv", "01_one.png"]
    table = pd.read_csv(tmp_path / "01_one.csv")
    np.testing.assert_allclose(each.base + table["points"].sum(), each.predicted, atol=1e-2)


def test_a_target_without_skill_has_steps_and_a_range_but_no_point(bundle_folder: Path, tmp_path: Path) -> None:
    bundle = told(bundle_folder, "ice_pct")
    table = Predictor(bundle).predict(DESIGNS, targets=["ice_pct"], points=False).table
    each = waterfalls(bundle, DESIGNS, NAMES, "ice_pct")[0]
    assert each is not None
    assert np.isnan(each.predicted)
    assert (each.low, each.high) == (table["ice_pct_low"].iloc[0], table["ice_pct_high"].iloc[0])
    (picture,) = waterfall_blocks(each, "01_one", "no skill", Written(tmp_path))
    assert isinstance(picture, Picture)
    whose = table["range_of"].iloc[0]
    ends = f"{each.low:.0f} to {each.high:.0f} %"
    assert picture.caption.startswith(
        f"initial Coulombic efficiency: one. {whose}: {ends}. What moves the model, from the base: {each.base:.3g} "
    )
    assert " = " not in picture.caption
