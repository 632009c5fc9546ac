"""Probabilities to lie above a limit: by hand, against the interval they are read from, and on errors drawn anew."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.tables.records import Candidate
from models.bundle import load_bundle
from models.calibrate import calibrate
from models.candidates import candidate_designs
from models.ensemble import Labels
from models.exceedance import parse_limits, probability_column
from models.intervals import Calibration
from models.predictor import Predictor

THREE = Calibration((1.0, 2.0, 3.0), (1.0, 1.0, 1.0), 3, 0.5)
"""Errors of one, two and three scales in three papers; a design without spread has a scale of 0.5."""
CELL = {"electrolyte": "Li6PS5Cl", "anode": "micro-Si", "anode_architecture": "electrolyte-free"}


@pytest.fixture(scope="module")
def predictor(bundle_folder: Path) -> Predictor:
    return Predictor(load_bundle(bundle_folder))


@pytest.mark.parametrize(
    ("centre", "expected"),
    [
        (2.2, 0.75),  # 1.2 above the limit is 2.4 scales: two of three papers and the one to come err less, 2/4
        (-0.2, 0.25),  # as far below
        (1.2, 0.5),  # 0.4 scales: no paper erred less, nothing is known of the side
        (1.5, 0.625),  # one scale exactly holds the first paper, 1/4
        (50.0, 0.875),  # no further than three papers support, 3/4
        (-50.0, 0.125),
    ],
)
def test_by_hand(centre: float, expected: float) -> None:
    found = THREE.probability_above(np.array(1.0), np.array([centre]), np.zeros(1))
    assert found.tolist() == [expected]


@pytest.mark.parametrize("level", [0.1, 0.25, 0.5, 0.74, 0.75])
def test_the_share_is_the_level_of_the_interval(level: float) -> None:
    spread = np.array([0.0, 1.2])
    half = THREE.half_width(spread, level)
    share = THREE.share_within(half, spread)
    assert share.tolist() == [np.ceil(4 * level) / 4] * 2
    assert (THREE.share_within(half * 0.999, spread) < level).all()


def test_designs_of_new_papers_lie_above_as_often_as_told() -> None:
    """Papers of five rows each with errors of their own: of all designs told a probability, that share lies above."""
    draw = np.random.default_rng(4)
    papers = np.repeat(np.arange(300), 5)
    value = draw.normal(size=(2, len(papers))).cumsum(axis=0)  # predicted, then what was measured
    labels = Labels(value[1], value[1], np.ones(len(papers)))
    spread = np.zeros(len(papers))
    found = calibrate(value[:1], spread[None], labels, papers)
    predicted = draw.normal(size=20_000) * 2
    above = predicted + draw.normal(size=20_000) > 0.3
    told = found.probability_above(np.array(0.3), predicted, np.zeros(20_000))
    for low, high in ((0.0, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 1.0)):
        here = (told >= low) & (told < high)
        assert here.sum() > 1_000
        assert told[here].mean() == pytest.approx(above[here].mean(), abs=0.03)


def test_retention_above_80_at_a_cycle_is_a_life_beyond_it(predictor: Predictor) -> None:
    designs = candidate_designs([Candidate(**CELL, cycle=300), Candidate(**{**CELL, "anode": "Si film"}, cycle=300)])
    table = predictor.predict(designs, above={"retention_pct": 80, "cycle_life_80": 300}).table
    held, lives = table["retention_pct_above_80_probability"], table["cycle_life_80_above_300_probability"]
    assert held.tolist() == lives.tolist()
    assert held.between(0.05, 0.95).all()


def test_the_first_cycle_holds_everything_and_cells_without_an_anode_are_not_judged(predictor: Predictor) -> None:
    designs = candidate_designs([Candidate(**CELL, cycle=1), Candidate(electrolyte="LLZO")])
    table = predictor.predict(designs, above={"retention_pct": 80, "conductivity_s_per_cm": 1e-9}).table
    calibration = predictor.bundle.parts["fade"].calibration
    assert calibration is not None
    first, other = table["retention_pct_above_80_probability"]
    assert first == pytest.approx((1 + calibration.highest_level) / 2)  # no more than the papers support
    assert np.isnan(other)
    assert table["conductivity_s_per_cm_above_1e-09_probability"].gt(0.9).all()


def test_probabilities_stand_on_the_side_of_their_values(predictor: Predictor) -> None:
    designs = candidate_designs([Candidate(electrolyte=name) for name in ("Li6PS5Cl", "LLZO", "Li3InCl6", "Li2S")])
    table = predictor.predict(designs, targets=["ice_pct"], above={"conductivity_s_per_cm": 1e-3}).table
    assert list(table)[:3] == ["ice_pct", "ice_pct_low", "ice_pct_high"]  # the limit's target need not be asked for
    value = predictor.predict(designs).table["conductivity_s_per_cm"]
    chance = table[probability_column("conductivity_s_per_cm", 1e-3)]
    assert ((chance >= 0.5) >= (value > 1e-3)).all()
    assert ((chance <= 0.5) >= (value < 1e-3)).all()


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["ice_pct"], r"got 'ice_pct', expected a target, = and a number: conductivity_s_per_cm=1e-4"),
        (["ice_pct=nan"], r"got 'ice_pct=nan', expected a target"),
        (["ice_pct=120"], r"limit of ice_pct: got 120, expected a number between 0 and 100"),
        (["retention_pct=99"], r"got 99, expected a number between 1 and 99"),
        (["cycle_life_80=1"], r"got 1, expected a number between 1 and 1e\+06"),
        (["volts=3"], r"limit of volts: unknown target, expected one of conductivity_s_per_cm, ice_pct"),
        (
            ["capacity_mah_per_g=1000"],
            r"limit of capacity_mah_per_g: range only, no model predicts it, expected one of",
        ),
        (["ice_pct=80", "ice_pct=90"], r"got two limits of ice_pct, expected one of each target"),
    ],
)
def test_limits_that_cannot_be_meant(texts: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_limits(texts)
    assert parse_limits(["ice_pct=80", "conductivity_s_per_cm=1e-4"]) == {"ice_pct": 80, "conductivity_s_per_cm": 1e-4}


def test_own_measurements_move_the_probability_too(predictor: Predictor) -> None:
    limit = {"conductivity_s_per_cm": 1e-3}
    asked, name = candidate_designs([Candidate(**CELL)]), probability_column("conductivity_s_per_cm", 1e-3)
    alone = predictor.predict(asked, above=limit).table[name].iloc[0]
    told = []
    for value in (1e-5, 1e-1):  # two decades to either side of the limit: one sample differs from another by far less
        mine = pd.DataFrame({"electrolyte": ["Li6PS5Cl"], "conductivity_s_per_cm": [value]})
        told.append(predictor.predict(asked, measured=mine, above=limit).table[name].iloc[0])
    assert told[0] < alone < told[1]
    assert told[0] < 0.05
    assert told[1] > 0.95
