from __future__ import annotations

import gc
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.crystal.stated_structures import reads_structure
from features.electrolyte import ElectrolyteFeatures
from features.electrolyte_columns import read_electrolytes
from features.tables.designs import Designs
from features.tables.records import Candidate
from models.bundle import load_bundle
from models.candidates import candidate_frame, formula_mistake
from models.exceedance import probability_column
from models.intervals import Calibration, LevelError
from models.predictor import Predictor
from models.tasks.registry import LINK, TARGETS
from serving.server.form import groups
from tests.shared import ROOT


@pytest.fixture(scope="module")
def predictor(bundle_folder: Path) -> Predictor:
    return Predictor(load_bundle(bundle_folder))


def designs(**columns: list[object]) -> pd.DataFrame:
    count = len(next(iter(columns.values())))
    rows = [Candidate(**{name: values[row] for name, values in columns.items()}) for row in range(count)]
    return candidate_frame(rows)


CELL = {"electrolyte": ["Li6PS5Cl"], "anode": ["micro-Si"], "anode_architecture": ["electrolyte-free"]}


def test_conductivity_rises_with_temperature(predictor: Predictor) -> None:
    temperatures = [float(value) for value in range(-20, 121, 10)]
    for electrolyte in ("Li6PS5Cl", "Li7La3Zr2O12", "70Li2S-30P2S5"):
        asked = designs(electrolyte=[electrolyte] * len(temperatures), temperature_c=temperatures)
        values = predictor.predict(asked).table["conductivity_s_per_cm"].to_numpy()
        assert (np.diff(values) >= 0).all()


def test_retention_never_rises_with_the_cycle_and_starts_at_100(predictor: Predictor) -> None:
    cycles = [1.0, 2.0, 10.0, 100.0, 1000.0, 100000.0]
    asked = designs(**{name: values * len(cycles) for name, values in CELL.items()}, cycle=cycles)
    table = predictor.predict(asked).table
    for end in ("", "_low", "_high"):
        values = table[f"retention_pct{end}"].to_numpy()
        assert values[0] == 100
        assert (np.diff(values) <= 0).all()
    assert table["cycle_life_80"].nunique() == 1


def test_the_curve_crosses_80_at_the_predicted_life(predictor: Predictor) -> None:
    life = predictor.predict(designs(**CELL)).table["cycle_life_80"].iloc[0]
    at_life = predictor.predict(designs(**CELL, cycle=[float(life)])).table
    assert at_life["retention_pct"].iloc[0] == pytest.approx(80, abs=1e-6)


def test_an_empty_cycle_is_read_as_100(predictor: Predictor) -> None:
    empty, given = predictor.predict(designs(**CELL)), predictor.predict(designs(**CELL, cycle=[100.0]))
    assert empty.table["retention_pct"].iloc[0] == given.table["retention_pct"].iloc[0]


def test_values_lie_inside_their_intervals_and_limits(predictor: Predictor) -> None:
    asked = designs(
        electrolyte=["Li6PS5Cl", "LLZTO", "LiPON", "Li3InCl6"], anode=["Si film", "nano-Si", "Li21Si5", "micro-Si"],
        temperature_c=[25.0, 80.0, None, -20.0],
    )  # fmt: skip
    table = predictor.predict(asked).table
    for column, target in TARGETS.items():
        low, value, high = (table[column + end].to_numpy() for end in ("_low", "", "_high"))
        assert (low <= value).all()
        assert (value <= high).all()
        assert (low >= target.low).all()
        assert (high <= target.high).all()


def test_a_higher_level_gives_a_wider_interval(predictor: Predictor) -> None:
    narrow, wide = (predictor.predict(designs(**CELL), level=level).table for level in (0.5, 0.9))
    for column in TARGETS:
        assert narrow[f"{column}_low"].iloc[0] >= wide[f"{column}_low"].iloc[0]
        assert narrow[f"{column}_high"].iloc[0] <= wide[f"{column}_high"].iloc[0]


def test_without_an_anode_only_the_conductivity_is_predicted(predictor: Predictor) -> None:
    table = predictor.predict(designs(electrolyte=["Li6PS5Cl"])).table
    assert table["conductivity_s_per_cm"].notna().all()
    assert table[["ice_pct", "retention_pct", "cycle_life_80"]].isna().all(axis=None)
    assert "no anode described" in table["notice"].iloc[0]


def test_a_level_is_refused_only_by_models_that_judge_a_design(predictor: Predictor) -> None:
    highest = {
        name: part.calibration.highest_level for name, part in predictor.bundle.parts.items() if part.calibration
    }
    assert highest["ice"] < highest["conductivity"]  # fewer papers
    level = (highest["ice"] + highest["conductivity"]) / 2
    table = predictor.predict(designs(electrolyte=["Li6PS5Cl"]), level=level).table
    assert table["conductivity_s_per_cm_low"].iloc[0] < table["conductivity_s_per_cm_high"].iloc[0]
    with pytest.raises(LevelError, match="groups of papers support at most"):
        predictor.predict(designs(**CELL), level=level)


def test_notices(predictor: Predictor) -> None:
    asked = designs(electrolyte=["Cs3Tl2I9", "PECA", "Li6PS5Cl"], electrolyte_class=[None, "polymer", None])
    strange, named, usual = predictor.predict(asked).table["notice"]
    assert "elements never seen: Cs, Tl" in strange
    assert "no stoichiometry known for PECA" in named
    assert "class read from the formula: sulfide-argyrodite" in usual


def test_notices_of_doubtful_input(predictor: Predictor) -> None:
    asked = designs(
        electrolyte=["Li60PS5Cl", "Li6PS5Cl"],
        anode=["micro-Si", "micro-Si"],
        cycle=[None, 1e6],
        temperature_c=[None, 25.0],
        electrolyte_conductivity_s_per_cm=[None, 1e-3],
        electrolyte_conductivity_temperature_c=[None, 60.0],
    )
    charged, extreme = predictor.predict(asked).table["notice"]
    assert "charges of the formula do not cancel (+54.0)" in charged
    assert "cycle 1e+06 (" in extreme
    assert "measured at 60 °C, the cell is tested at 25 °C" in extreme


def test_precedents_carry_paper_and_value(predictor: Predictor) -> None:
    found = predictor.predict(designs(electrolyte=["Li6PS5Cl"]), precedents=2).precedents[0]["conductivity_s_per_cm"]
    assert len(found) == 2
    assert len({each["paper"] for each in found}) == 2
    assert found[0]["distance"] <= found[1]["distance"]
    for each in found:
        assert each["conductivity_s_per_cm"] > 0
        assert each["citation"]


def test_measured_conductivity_is_used_before_a_predicted_one(predictor: Predictor) -> None:
    from features.cell import CONDUCTIVITY
    from models.tasks.part import with_conductivity

    asked = designs(electrolyte=["Li6PS5Cl"] * 2, electrolyte_conductivity_s_per_cm=[1e-3, None])
    linked = with_conductivity(asked, predictor.bundle.parts[LINK])[CONDUCTIVITY]
    assert linked.iloc[0] == -3
    assert linked.iloc[1] == predictor.bundle.parts[LINK].predict(asked)[0][1]


@pytest.mark.parametrize(
    ("electrolyte", "held_class", "usable"),
    [("Li6PS5Cl", None, True), ("PECA", "polymer", True), ("PECA", None, False), ("LPS", "sulfide-glass", False)],
)
def test_names_without_a_formula_need_a_class_that_has_such_names(
    electrolyte: str, held_class: str | None, usable: bool
) -> None:
    mistake = formula_mistake(Candidate(electrolyte=electrolyte, electrolyte_class=held_class), 7, "t.csv")
    assert (mistake is None) == usable
    if mistake:
        assert str(mistake).startswith(f"t.csv line 7, column electrolyte: got '{electrolyte}'")


def test_few_of_many_designs_keep_nothing_of_the_others() -> None:
    """One design of a portion of 2,000 is answered as alone. Fractions of all are 8 bytes for each of some ninety
    elements, 1.4 MB: less stays in memory."""
    predictor = Predictor(load_bundle(ROOT / "tests" / "bundles" / "v1_capacities"))
    frame = designs(electrolyte=[f"Li{3 + number / 1000}PS{4 + number / 2000}" for number in range(2000)])
    portion = Designs.of(frame)
    alone = predictor.predict(frame[7:8], precedents=0).table
    tracemalloc.start()
    read_electrolytes(portion)
    pd.testing.assert_frame_equal(
        predictor.predict(portion.take(slice(7, 8)), precedents=0).table, alone, check_exact=True
    )
    del portion
    gc.collect()
    stays, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert stays < 1e6


def test_unknown_targets_are_refused(predictor: Predictor) -> None:
    with pytest.raises(ValueError, match="unknown target voltage; expected some of conductivity_s_per_cm"):
        predictor.predict(designs(**CELL), targets=["voltage"])


def test_a_structure_that_is_not_read_is_said_to_be() -> None:
    bundle = load_bundle(ROOT / "tests" / "bundles" / "v1")  # of blocks without one
    predictor, labels = Predictor(bundle), {group["name"]: group["label"] for group in groups(bundle)}
    assert labels["structure"] == "Crystal structure (optional): this model does not read it"
    asked = designs(
        electrolyte=["Li6PS5Cl"] * 4, space_group=["F-43m", None, None, None],
        lattice_a_angstrom=[None, 9.85, None, None], cif_text=[None, None, "data_x", None],
    )  # fmt: skip
    table, plain = predictor.predict(asked).table, predictor.predict(designs(electrolyte=["Li6PS5Cl"] * 4)).table
    given = "crystal structure given: this model does not read it"
    assert [given in text for text in table["notice"]] == [True, True, True, False]
    pd.testing.assert_frame_equal(table.drop(columns="notice"), plain.drop(columns="notice"), check_exact=True)
    assert table["notice"].iloc[3] == plain["notice"].iloc[3]


def test_a_model_of_structures_reads_them() -> None:
    rows = designs(electrolyte=["Li6PS5Cl"])
    for blocks, reads in ((("fractions", "structure"), True), (("fractions",), False)):
        assert reads_structure(ElectrolyteFeatures(blocks=blocks).fit(rows)) is reads


def test_an_interval_may_reach_further_down_than_up() -> None:
    """Two papers lie three scales below what was told, two one above: so do the ends, where nothing was measured."""
    bundle = load_bundle(ROOT / "tests" / "bundles" / "v1")
    sided = Calibration((-3.0, -3.0, 1.0, 1.0), (1.0,) * 4, 4, 0.2, sided=True)
    part = replace(bundle.parts[LINK], calibration=sided)
    asked = designs(electrolyte=["Li6PS5Cl", "Li7La3Zr2O12"])
    lopsided = Predictor(replace(bundle, parts={**bundle.parts, LINK: part}))
    table = lopsided.predict(asked, level=0.6, targets=["conductivity_s_per_cm"]).table
    value, low, high = np.log10(table[[f"conductivity_s_per_cm{end}" for end in ("", "_low", "_high")]].to_numpy()).T
    scale = np.hypot(0.2, part.predict(asked)[1])
    assert value - low == pytest.approx(3 * scale)
    assert high - value == pytest.approx(scale)


def test_the_errors_of_its_family_settle_the_interval_and_the_probability() -> None:
    """The scale is 0.2 everywhere, twice that in garnets; classes never learnt from are missed by five scales, not one.
    Both stand in the interval and in the probability to lie half a decade above what is told."""
    bundle = load_bundle(ROOT / "tests" / "bundles" / "v1")
    trend = (np.log(0.2), 0.0, 0.0)
    usual = Calibration((1.0,) * 4, (1.0,) * 4, 4, 0.2, trend, families={"oxide-garnet": np.log(2.0)})
    strange = Calibration((5.0,) * 4, (1.0,) * 4, 4, 0.2, trend)
    part = replace(bundle.parts[LINK], calibration=usual, unfamiliar=strange)
    by_family = Predictor(replace(bundle, parts={**bundle.parts, LINK: part}))
    asked = designs(electrolyte=["Li6PS5Cl", "Li7La3Zr2O12", "Li3InCl6"])
    column = "conductivity_s_per_cm"
    table = by_family.predict(asked, level=0.6, targets=[column]).table
    value, low, high = np.log10(table[[f"{column}{end}" for end in ("", "_low", "_high")]].to_numpy()).T
    assert high - low == pytest.approx([2 * 0.2, 2 * 0.4, 2 * 1.0])  # a halide was never learnt from
    for place, half in enumerate((0.2, 0.4, 1.0)):
        # beyond the end lies the paper to come of five alone, half of it above: a tenth; nearer all, half of them
        for beyond, chance in ((1.01 * half, 0.1), (0.99 * half, 0.5)):
            limit = 10 ** (value[place] + beyond)
            told = by_family.predict(asked, level=0.6, targets=[column], above={column: limit}).table
            assert told[probability_column(column, limit)].to_numpy()[place] == pytest.approx(chance)
