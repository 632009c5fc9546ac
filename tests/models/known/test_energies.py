"""Activation energies that are told: the slope of the told conductivities, asked for by name, and what papers print."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.physics import per_ev
from features.tables.fields import AS_PRINTED
from models.bundle import load_bundle
from models.known.activation_energies import beyond_a_transition, near_slope, printed_energies, shrink_to_printed
from models.known.measurements import Conditions, Measurements
from models.notices import nothing
from models.part_predictions import energy_columns
from models.predictions import Energies
from models.predictor import Predictor
from models.tasks.registry import BESIDE_ONLY

COLUMN, ENERGY = "conductivity_s_per_cm", "activation_energy_ev"


def known(energies: list[float | None], papers: list[str]) -> Measurements:
    designs = pd.DataFrame({"electrolyte": ["Li6PS5I"] * len(papers), "temperature_c": [25.0] * len(papers)})
    designs = designs.assign(activation_energy_ev=pd.Series(energies, dtype=float))
    return Measurements.of(designs, np.full(len(papers), -6.0), papers, [f"E{place}" for place in range(len(papers))])


ASKED = Conditions.of(pd.DataFrame({"electrolyte": ["Li6PS5I", "Li3InCl6", "Li6PS5I"], "temperature_c": [25, 25, 100]}))


def test_what_papers_print_of_the_composition_is_said_with_how_it_may_be_meant() -> None:
    """Two papers print 0.30 and 0.385 eV, a third none; no temperature matters, and another composition has none."""
    said = f"2 papers, 0.30 to 0.39 eV ({AS_PRINTED})"
    several = known([0.30, 0.386, None], ["a", "b", "c"])
    assert printed_energies(several, ASKED).to_pylist() == [said, None, said]
    one = printed_energies(known([0.30, 0.30], ["a", "a"]), ASKED).to_pylist()[0]
    assert one == f"1 paper, 0.30 eV ({AS_PRINTED})"
    assert "0.026 eV too low where read from sigma instead of sigma T" in one


def test_an_energy_printed_with_another_temperature_of_the_series_is_said() -> None:
    designs = pd.DataFrame({"electrolyte": ["Li6PS5I"] * 2, "temperature_c": [25.0, 60.0]})
    designs = designs.assign(activation_energy_ev=[0.30, np.nan])
    rows = Measurements.of(designs, np.array([-6.0, -5.5]), ["a", "a"], ["E0", "E1"])
    asked = Conditions.of(pd.DataFrame({"electrolyte": ["Li6PS5I"], "temperature_c": [60.0]}))
    assert printed_energies(rows, asked).to_pylist() == [f"1 paper, 0.30 eV ({AS_PRINTED})"]


@pytest.mark.parametrize("rows", [None, known([None], ["a"])])
def test_nothing_is_said_where_no_energy_is_printed(rows: Measurements | None) -> None:
    assert printed_energies(rows, ASKED).to_pylist() == [None] * 3


def test_it_is_drawn_to_printed_energies_each_paper_once() -> None:
    """The model's 0.50 eV is as sure as 0.14 eV, a paper's mean as 0.12: (0.5 / 0.0196 + 0.3 / 0.0144) / (1 / 0.0196 +
    1 / 0.0144) = 0.38471 with one paper, 0.35373 with two; two rows of one paper are one, and 1.3 eV is none."""
    alone = np.array([0.5, 0.5, 0.5])
    one = shrink_to_printed(alone, known([0.25, 0.35, None, 1.3], ["a", "a", "b", "c"]), ASKED)
    assert one == pytest.approx([0.38471, 0.5, 0.38471], abs=1e-5)
    two = shrink_to_printed(alone, known([0.25, 0.35, 0.3], ["a", "a", "b"]), ASKED)
    assert two == pytest.approx([0.35373, 0.5, 0.35373], abs=1e-5)
    assert shrink_to_printed(alone, None, ASKED).tolist() == alone.tolist()


def test_it_stays_near_the_slope_of_what_is_told_where_that_was_drawn() -> None:
    """0.5 eV, told conductivities of a slope of 0.9 and 2 eV: 0.9 - 0.15, and 1.2 - 0.15, as none is above 1.2; of 0.4:
    as it is. Only those designs are asked, at -20 and 100 °C."""
    asked: list[tuple[list[int], list[float]]] = []
    slopes = np.array([0.9, 7.0, 2.0, 0.4])

    def told_at(rows: np.ndarray, celsius: np.ndarray) -> np.ndarray:
        asked.append((rows.tolist(), celsius.tolist()))
        return -8.0 + slopes[rows] * per_ev(-20.0, celsius) - np.log10(celsius + 273.15)

    alone = np.array([0.5, 1.3, 0.5, 0.5])
    assert near_slope(alone, np.zeros(4, dtype=bool), told_at).tolist() == [0.5, 1.2, 0.5, 0.5]
    assert asked == []
    found = near_slope(alone, np.array([True, False, True, True]), told_at)
    assert asked == [([0, 2, 3, 0, 2, 3], [-20.0] * 3 + [100.0] * 3)]
    assert found == pytest.approx([0.75, 1.2, 1.05, 0.5])


def test_an_energy_printed_on_the_other_side_of_a_transition_tells_nothing() -> None:
    """LiBH4 changes between 110 and 117 °C: 0.69 eV printed at 25 °C is not the energy at 150 °C."""
    designs = pd.DataFrame({"electrolyte": ["LiBH4"], "temperature_c": [25.0], "activation_energy_ev": [0.69]})
    rows = Measurements.of(designs, np.array([-8.0]), ["a"], ["E1"])
    asked = Conditions.of(pd.DataFrame({"electrolyte": ["LiBH4"] * 2, "temperature_c": [60.0, 150.0]}))
    assert printed_energies(rows, asked).to_pylist() == [f"1 paper, 0.69 eV ({AS_PRINTED})", None]
    drawn_to = shrink_to_printed(np.array([0.5, 0.5]), rows, asked)
    assert drawn_to[0] > 0.5
    assert drawn_to[1] == 0.5


def test_a_design_beyond_a_transition_is_not_kept_near_the_slope_below_it() -> None:
    """LiBH4 at 150 °C: the slope from -20 to 100 °C is that of the phase below; at 115 °C, amid it, nobody knows. No
    transition is known of Li6PS5Cl, nor where no temperature is given."""
    names, celsius = ["LiBH4"] * 5 + ["Li6PS5Cl", "PEO"], [25.0, 100.0, 115.0, 150.0, np.nan, 150.0, 150.0]
    asked = Conditions.of(pd.DataFrame({"electrolyte": names, "temperature_c": celsius}))
    assert beyond_a_transition(asked).tolist() == [False, False, True, True, False, False, False]


def test_columns_are_empty_where_a_model_knows_no_energy() -> None:
    assert {name: values.tolist() for name, values in energy_columns(None, 1).items()}.keys() == {
        ENERGY, f"{ENERGY}_low", f"{ENERGY}_high",
    }  # fmt: skip
    assert all(np.isnan(values).all() for values in energy_columns(None, 2).values())
    told = energy_columns(Energies(np.array([[0.4, 0.2, 0.6]]), nothing(1)), 1)
    assert {name: values.tolist() for name, values in told.items()} == {
        ENERGY: [0.4], f"{ENERGY}_low": [0.2], f"{ENERGY}_high": [0.6],
    }  # fmt: skip


@pytest.fixture(scope="module")
def predictor(bundle_folder: Path) -> Predictor:
    return Predictor(load_bundle(bundle_folder))


NAMES = ["Li6PS5Cl", "Li3InCl6", "LLZTO", "PEO/LiTFSI", "P(EO)20LiTFSI", "Li5.1Sc0.3P1.1S4.9Cl1.3"]


def at(celsius: float) -> pd.DataFrame:
    return pd.DataFrame({"electrolyte": NAMES, "temperature_c": celsius})


@pytest.mark.parametrize("own", [None, pd.DataFrame({"electrolyte": ["LLZTO"], COLUMN: [1e-3], "temperature_c": 60.0})])
def test_it_agrees_with_what_is_told_at_two_temperatures(predictor: Predictor, own: pd.DataFrame | None) -> None:
    """Of sigma T between -20 and 100 °C, within 0.15 eV where papers or own values draw it: the first five."""
    told = predictor.predict(at(25.0), targets=[COLUMN, ENERGY], measured=own).table
    ends = [predictor.predict(at(end), targets=[COLUMN], measured=own).table[COLUMN] for end in (-20.0, 100.0)]
    cold, hot = np.log10(ends) + np.log10([[253.15], [373.15]])
    slope = np.clip((hot - cold) / float(per_ev(-20.0, 100.0)), 0.1, 1.2)
    drawn = told["measured"].str.contains("S/cm").to_numpy()
    assert drawn[[0, 1, 2]].all()
    assert (np.abs(told[ENERGY] - slope)[drawn] <= 0.15 + 1e-4).all()
    assert told[ENERGY][3] == pytest.approx(slope[3], rel=1e-4)  # a polymer's is the slope of its own model
    assert ((told[f"{ENERGY}_low"] <= told[ENERGY]) & (told[ENERGY] <= told[f"{ENERGY}_high"])).all()
    assert told[ENERGY].between(0.1, 1.2).all()


def test_it_is_told_only_where_it_is_asked_for(predictor: Predictor) -> None:
    """Beside other targets behind all of them, alone, and never of itself."""
    assert not any(name.startswith(ENERGY) for name in predictor.predict(at(25.0), points=False).table)
    both = predictor.predict(at(25.0), targets=[ENERGY, COLUMN]).table
    alone = predictor.predict(at(25.0), targets=[ENERGY])
    columns = [ENERGY, f"{ENERGY}_low", f"{ENERGY}_high"]
    assert both.columns.tolist()[:6] == [COLUMN, f"{COLUMN}_low", f"{COLUMN}_high", *columns]
    assert alone.table.columns.tolist()[:3] == columns
    pd.testing.assert_frame_equal(alone.table[columns], both[columns])
    assert ENERGY in alone.measured_by
    assert alone.table["measured"][1].startswith("conductivity: ")  # asked for the energy alone, it is named
    assert not both["measured"][1].startswith("conductivity: ")
    one = predictor.predict(at(25.0).head(1), targets=[ENERGY])
    assert one.table[columns].iloc[0].tolist() == alone.table[columns].iloc[0].tolist()


def test_an_unknown_name_is_answered_with_all_that_can_be_asked_for(predictor: Predictor) -> None:
    with pytest.raises(ValueError, match=f"unknown target activation_energy; expected some of {COLUMN}, .*{ENERGY}$"):
        predictor.bundle.told(["activation_energy"])
    with pytest.raises(ValueError, match=f"unknown target {ENERGY} .{ENERGY}: {BESIDE_ONLY}.; expected some"):
        predictor.bundle.targets([ENERGY])
    with pytest.raises(ValueError, match=f"limit of {ENERGY}: {BESIDE_ONLY}"):
        predictor.predict(at(25.0), above={ENERGY: 0.3})
