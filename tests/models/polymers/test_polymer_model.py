"""The shipped polymer model: what it tells of polymers, and that it tells of nothing else."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.electrolyte_columns import read_electrolytes
from features.physics import per_ev
from features.tables.designs import Designs
from models.bundle import load_bundle
from models.polymers.model import SHIPPED, load_polymer_model
from models.polymers.prediction import SOFTENED, TOLD_BY, predict_polymers
from models.predictor import Predictor
from training.public.polymers import KEPT_OUT

COLUMN = "conductivity_s_per_cm"


@pytest.fixture(scope="module")
def predictor(bundle_folder: Path) -> Predictor:
    return Predictor(load_bundle(bundle_folder))


def asked(predictor: Predictor, **columns: list[object]) -> pd.DataFrame:
    return predictor.predict(pd.DataFrame(columns), targets=[COLUMN]).table


def test_peo_conducts_better_when_warm_and_better_than_polyacrylonitrile(predictor: Predictor) -> None:
    """PEO/LiTFSI: about 1e-6 to 1e-5 S/cm at 25 °C and 1e-4 to 1e-3 at 60 °C in print; dry PAN far less."""
    table = asked(predictor, electrolyte=["PEO/LiTFSI", "PEO/LiTFSI", "PAN/LiTFSI"], temperature_c=[25.0, 60.0, 25.0])
    cold, warm, nitrile = table[COLUMN]
    assert 1e-7 < cold < 1e-4
    assert 5 * cold < warm < 1e-2
    assert nitrile < cold
    assert table["notice"].str.contains(TOLD_BY).all()
    assert table["notice"].str.contains("salt concentration not given").all()


def test_its_activation_energy_is_the_slope_of_its_own_values(predictor: Predictor) -> None:
    """Of sigma T, between -20 and 100 °C: not that of the model of ceramics, which tells nothing of a polymer."""
    names, warm = ["PEO/LiTFSI", "PEO/LiTFSI", "Li6PS5Cl"], [-20.0, 100.0, 25.0]
    designs = pd.DataFrame({"electrolyte": names}).assign(temperature_c=warm)
    answers = predictor.predict(designs, targets=[COLUMN])
    cold, hot = np.log10(answers.table[COLUMN].to_numpy())[:2] + np.log10([253.15, 373.15])
    slope = (hot - cold) / float(per_ev(-20.0, 100.0))
    assert answers.energies is not None
    value, low, high = answers.energies.values.T
    assert value[:2] == pytest.approx(slope, rel=1e-4)
    assert (low < value).all()
    assert (value < high).all()
    alone = predictor.predict(pd.DataFrame({"electrolyte": names[2:]}), targets=[COLUMN]).energies
    assert alone is not None
    assert value[2] == pytest.approx(alone.values[0, 0])


def test_a_polymer_without_a_salt_is_told_below_the_same_with_one(predictor: Predictor) -> None:
    """As the lower end of the 90 % interval of what it conducts with LiTFSI, which is the upper end of its own; at
    another level too. Poly(caprolactone) alone: 3.7e-10 and 3.5e-11 S/cm in print at 25 °C."""
    names = ["PEO", "PEO/LiTFSI", "PCL", "PCL/LiTFSI"]
    designs = pd.DataFrame({"electrolyte": names}).assign(temperature_c=25.0)
    for level in (0.9, 0.5):
        table = predictor.predict(designs, targets=[COLUMN], level=level).table
        bare, with_salt = table.iloc[[0, 2]], table.iloc[[1, 3]]
        at_90 = predictor.predict(designs, targets=[COLUMN]).table.iloc[[1, 3]]
        assert bare[COLUMN].to_numpy() == pytest.approx(at_90[f"{COLUMN}_low"].to_numpy(), rel=1e-4)
        assert (bare[f"{COLUMN}_high"].to_numpy() <= with_salt[COLUMN].to_numpy() * 1.0001).all()
        assert bare["notice"].str.contains("a polymer without a salt").all()
        assert bare["notice"].str.contains("which knows none without a salt: as the lower end of what it").all()
    caprolactone = predictor.predict(designs, targets=[COLUMN]).table.iloc[2]
    assert caprolactone[f"{COLUMN}_low"] < 3.5e-11 < 3.7e-10 < caprolactone[f"{COLUMN}_high"]
    warm = predictor.predict(designs.assign(temperature_c=60.0), targets=[COLUMN]).table[COLUMN]
    assert warm[0] < warm[1] / 100


def test_own_values_with_a_salt_tell_nothing_of_the_polymer_without(predictor: Predictor) -> None:
    own = pd.DataFrame({"electrolyte": ["PEO/LiTFSI"], COLUMN: [1e-4], "temperature_c": 25.0})
    designs = pd.DataFrame({"electrolyte": ["PEO", "PEO/LiTFSI"]}).assign(temperature_c=25.0)
    told = [predictor.predict(designs, targets=[COLUMN], measured=some).table[COLUMN] for some in (None, own)]
    assert told[0][0] == told[1][0]
    assert told[1][1] > 3 * told[0][1]


def test_others_are_told_as_before(predictor: Predictor) -> None:
    """A ceramic, a composite, a gel, and a polymer of unknown structure are no business of the polymer model."""
    names = ["Li6PS5Cl", "PEO/LiTFSI/LLZTO", "PEO/LiTFSI/PC", "self-healing polymer/LiTFSI"]
    alone = asked(predictor, electrolyte=names)
    beside = asked(predictor, electrolyte=[*names, "PEO/LiTFSI"])
    assert not alone["notice"].str.contains(TOLD_BY).any()
    assert beside["notice"].str.contains(TOLD_BY).tolist() == [False] * 4 + [True]
    np.testing.assert_array_equal(alone[COLUMN], beside[COLUMN].iloc[:4])


def test_a_probability_goes_with_the_interval(predictor: Predictor) -> None:
    """At a limit that is the lower end of a 90 % interval, 95 % lie above it; at the value itself, half."""
    designs = pd.DataFrame({"electrolyte": ["PPO/LiClO4"] * 2, "temperature_c": [40.0] * 2})
    told = predictor.predict(designs, targets=[COLUMN]).table.iloc[0]
    for end, share in (("_low", 0.95), ("", 0.5)):
        limit = float(told[COLUMN + end])
        table = predictor.predict(designs, targets=[COLUMN], above={COLUMN: limit}).table
        probability = table.filter(like="above").iloc[0, 0]
        assert probability == pytest.approx(share, abs=0.02)


def test_the_weights_are_small_and_hold_no_kept_out_polymer() -> None:
    model = load_polymer_model()
    assert sum(path.stat().st_size for path in SHIPPED.rglob("*") if path.is_file()) < 1_000_000
    assert not KEPT_OUT & set(model.about["seen"])
    assert len(KEPT_OUT) == 25
    assert len(model.about["seen"]) == model.about["polymers"]
    peo = hashlib.sha256(b"[Cu]OCC[Au]").hexdigest()[:12]  # as the public table writes PEO
    assert peo in model.about["seen"]


def test_a_polymer_unlike_all_others_is_said(predictor: Predictor) -> None:
    table = asked(predictor, electrolyte=["PVA/LiBOB", "PEO/LiTFSI"], temperature_c=[25.0, 25.0])
    assert table["notice"].str.contains("unlike those learnt from").tolist() == [True, False]


def test_a_plasticiser_counts_as_nothing_and_that_is_said() -> None:
    designs = Designs.of(pd.DataFrame({"electrolyte": ["PEO/LiTFSI", "PEO/LiTFSI/SN"], "temperature_c": 25.0}))
    told = predict_polymers(designs, read_electrolytes(designs), 0.9)
    assert told is not None
    assert told.centre[0] == told.centre[1]
    without, soft = told.notices.to_pylist()
    assert SOFTENED not in without
    assert f"its plasticiser (SN) {SOFTENED}" in soft


def test_a_model_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no polymer model there"):
        load_polymer_model(tmp_path)


def test_an_own_polymer_is_told_near_its_value(predictor: Predictor) -> None:
    """Two own samples of 3e-5 and 4e-5 S/cm at 30 °C; no concentration is written, so that no composition is known.

    The model is off by 2.9 decades at 90 %, 1.78 deviations; samples differ by 0.28. Two samples weigh 2 / 0.28**2
    beside 1 / (2.9 / 1.78)**2: 99 % of the whole.
    """
    names = ["PEO/LiTFSI", "PEO/LiTFSI", "PEO/LiTFSI", "PEO/LiClO4", "Li6PS5Cl"]
    designs = pd.DataFrame({"electrolyte": names, "temperature_c": [30.0, 60.0, 120.0, 30.0, 30.0]})
    own = pd.DataFrame(
        {"electrolyte": ["PEO/LiTFSI"] * 2, "temperature_c": [30.0] * 2, COLUMN: [3e-5, 4e-5]},
    )
    plain = predictor.predict(designs, targets=[COLUMN]).table
    told = predictor.predict(designs, targets=[COLUMN], measured=own).table
    assert told[COLUMN][0] == pytest.approx(np.sqrt(3e-5 * 4e-5), rel=0.05)
    moved = np.log10(told[COLUMN] / plain[COLUMN]).to_numpy()
    assert moved[1] == pytest.approx(moved[0], abs=0.1)  # carried over by the model's own energy
    np.testing.assert_array_equal(moved[2:4], 0)  # 90 K away; another salt
    wide, narrow = (np.log10(table[f"{COLUMN}_high"] / table[f"{COLUMN}_low"]).to_numpy() for table in (plain, told))
    assert (narrow[:2] < 0.4 * wide[:2]).all()
    assert told[f"{COLUMN}_low"][0] < 3e-5
    assert told[f"{COLUMN}_high"][0] > 4e-5
    drawn = told["notice"].str.contains("drawn to your own measurement of this polymer with this salt")
    assert drawn.tolist() == [True, True, False, False, False]
    assert told["notice"].str.contains("the polymer model stays as it is").tolist() == [False, False, True, True, False]
    said = told["measured"].tolist()
    assert said[0] == "2 of your own, 3.0e-05 to 4.0e-05 S/cm"
    assert said[1].startswith("2 of your own, ")
    assert said[1].endswith(" S/cm (carried over from 30 °C)")
    assert not told["measured"][2:].str.contains("of your own", na=False).any()
    assert not told["notice"][:4].str.contains("contradict").any()  # papers on Li6PS5Cl do


def test_own_polymers_that_contradict_each_other_are_named_and_widen_the_interval(predictor: Predictor) -> None:
    """2e-6 and 2e-3 S/cm at 25 °C: 3 decades apart, squares of 4.5 about their mean beside ten of 0.28**2. Samples then
    differ by ((10 * 0.28**2 + 4.5) / 11)**0.5 = 0.693 decades: two weigh 4.16 beside at most 2.08 of the model."""
    designs = pd.DataFrame({"electrolyte": ["PEO/LiTFSI"] * 2, "temperature_c": 25.0})
    own = pd.DataFrame({"electrolyte": ["PEO/LiTFSI"] * 2, "temperature_c": 25.0, COLUMN: [2e-6, 2e-3]})
    told = predictor.predict(designs, targets=[COLUMN], measured=own).table.iloc[0]
    assert told["measured"] == "2 of your own, 2.0e-06 to 2.0e-03 S/cm"
    assert (
        "your measured designs 1 and 2 contradict each other: 2.0e-06 S/cm and 2.0e-03 S/cm for one composition"
        in told["notice"]
    )
    half = np.log10(told[f"{COLUMN}_high"] / told[f"{COLUMN}_low"]) / 2
    least, most = (1.776 * (0.48 + 1 / (4.16 + prior)) ** 0.5 for prior in (2.08, 0.0))
    assert least <= half <= most + 0.01
