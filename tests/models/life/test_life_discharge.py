"""Lives of LFP cells by the change of their discharge curves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.cycling.curves import Curves
from features.cycling.discharge import VOLTAGES, discharge_change, discharge_features
from features.tables.mistakes import InputError
from models.life.discharge import load_discharge_model
from models.life.model import load_life_model
from models.life.prediction import LifeOptions
from serving.life import life_file
from tests.shared import run_main

VOLTS = np.linspace(3.6, 2.0, 81)


def discharge(cell: str, cycle: int, plateau_v: float, full_ah: float = 1.1) -> pd.DataFrame:
    """A cell that discharges all its capacity about a plateau."""
    capacity = full_ah / (1 + np.exp((VOLTS - plateau_v) / 0.03))
    return pd.DataFrame({"cell": cell, "cycle": cycle, "voltage_v": VOLTS, "capacity_ah": capacity})


def cycles(cell: str, last: int = 100, cathode: str = "LFP") -> pd.DataFrame:
    """From 1.06 Ah on, 0.01 % of it lost in a cycle."""
    cycle = np.arange(1, last + 1)
    return pd.DataFrame({"cell": cell, "cycle": cycle, "capacity_ah": 1.06 * (1 - 1e-4 * cycle), "cathode": cathode})


def tell(folder: Path, table: pd.DataFrame, curves: pd.DataFrame | None) -> pd.DataFrame:
    table.to_csv(folder / "cells.csv", index=False)
    voltage = None
    if curves is not None:
        voltage = folder / "curves.csv"
        curves.to_csv(voltage, index=False)
    life_file(folder / "cells.csv", folder / "out.csv", load_life_model(), LifeOptions(), voltage=voltage)
    return pd.read_csv(folder / "out.csv", keep_default_na=False).set_index("cell")


def test_features_are_variance_and_rates_in_units_of_the_initial_capacity() -> None:
    cycle = np.arange(1.0, 101)
    curves = Curves.of(["A", "B"], np.repeat([0, 1], 100), np.tile(cycle, 2), np.tile(2 * (1 - 1e-3 * cycle), 2))
    # half of the voltages lose 0.1 Ah: variance (0.05 Ah)^2; initial capacity 2 * (1 - 0.003) Ah, the median of 1 to 5
    change = {"A": np.where(np.arange(len(VOLTAGES)) < len(VOLTAGES) // 2, -0.1, 0.0)}
    features = discharge_features(curves, change)
    assert features["log10_variance"][0] == pytest.approx(2 * np.log10(0.05 / 1.994))
    # medians of cycles 95 to 100, 8 to 13 and 75 to 80: 97.5, 10.5 and 77.5, each cycle 0.001 of 2 Ah
    assert features["rate"][0] == pytest.approx(-87e-3 / 0.997)
    assert features["late_rate"][0] == pytest.approx(-20e-3 / 0.997)
    assert features.loc[1].isna().all()


def test_a_curve_that_sags_more_tells_a_shorter_life(tmp_path: Path) -> None:
    cells = pd.concat([cycles("steady"), cycles("sags"), cycles("other")])
    curves = pd.concat(
        [discharge(cell, cycle, plateau) for cell, late in (("steady", 3.195), ("sags", 3.17))
         for cycle, plateau in ((10, 3.2), (100, late))]
    )  # fmt: skip
    told, plain = tell(tmp_path, cells, curves), tell(tmp_path, cells, None)
    lives = told["cycle_life"].astype(float)
    assert 100 < lives["sags"] < 0.7 * lives["steady"]
    assert told.loc["other"].equals(plain.loc["other"])
    assert plain["cycle_life"].nunique() == 1  # capacity alone shows no difference
    assert told["rests_on"].to_dict() == {
        "steady": "change of the discharge curve (LFP)",
        "sags": "change of the discharge curve (LFP)",
        "other": plain["rests_on"]["other"],
    }
    assert "learnt from 41 LFP cells of one kind, charged fast" in told["notice"]["sags"]
    assert "no skill on LFP cells" in told["notice"]["other"]
    low, high = (told[f"cycle_life_{end}"].astype(float) for end in ("low", "high"))
    assert (low < lives).all()
    assert (lives < high).all()


def test_the_life_at_the_learnt_threshold_is_that_of_the_law(tmp_path: Path) -> None:
    law = load_discharge_model()
    table = cycles("A").assign(threshold_pct=100 * law.threshold)
    curves = pd.concat([discharge("A", 10, 3.2), discharge("A", 100, 3.18)])
    told = tell(tmp_path, table, curves)
    change = discharge_change(curves.astype(str), "curves.csv")
    features = discharge_features(
        Curves.of(["A"], np.zeros(100, int), *table[["cycle", "capacity_ah"]].to_numpy().T), change
    )
    expected = 10 ** law.log10_life(features)[0]
    assert float(told["cycle_life"]["A"]) == pytest.approx(expected, rel=2e-3)  # between two points of the curve's grid


def test_curves_that_are_not_used_are_told(tmp_path: Path) -> None:
    cells = pd.concat([cycles("A", cathode="NMC811"), cycles("B", last=60)])
    curves = pd.concat([discharge(cell, cycle, 3.2) for cell in "AB" for cycle in (10, 100)])
    told, plain = tell(tmp_path, cells, curves), tell(tmp_path, cells, None)
    assert told["cycle_life"].equals(plain["cycle_life"])
    assert "they tell of LFP cells alone (column cathode)" in told["notice"]["A"]
    assert "cycles 8 to 13, 75 to 80 and 95 to 100 are needed" in told["notice"]["B"]


@pytest.mark.parametrize(
    ("curves", "told"),
    [
        (
            discharge("A", 10, 3.2),
            "got cycle 10 is the nearest to 100 (cell A), expected the discharges of cycles 10 and",
        ),
        (pd.concat([discharge("A", 10, 3.2), discharge("A", 100, 3.2)[:9]]), "got 9 points in cycle 100 (cell A)"),
        (
            pd.concat([discharge("A", cycle, 3.2).assign(voltage_v=VOLTS[::-1]) for cycle in (10, 100)]),
            "in cycle 10 a capacity that grows with the voltage: a charge (cell A)",
        ),
        (
            pd.concat([discharge("C", cycle, 3.2) for cycle in (10, 100)]),
            "got C, expected a cell of the table of cycles",
        ),
        (cycles("A"), "got cell, cycle, capacity_ah, cathode, expected cell, cycle, voltage_v and capacity_ah"),
        (discharge("A", 10, 3.2).assign(voltage_v="high"), "got 'high', expected a number of volts"),
    ],
)
def test_curves_that_cannot_be_used_are_refused(tmp_path: Path, curves: pd.DataFrame, told: str) -> None:
    with pytest.raises(InputError) as caught:
        tell(tmp_path, cycles("A"), curves)
    assert told in "\n".join([str(caught.value), *map(str, caught.value.mistakes)])
    assert not (tmp_path / "out.csv").exists()


def test_the_command_takes_discharge_curves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cycles("A").to_csv(tmp_path / "cells.csv", index=False)
    pd.concat([discharge("A", cycle, 3.2) for cycle in (10, 100)]).to_csv(tmp_path / "curves.csv", index=False)
    code = run_main("life", tmp_path / "cells.csv", "-o", tmp_path / "o.csv", "--voltage", tmp_path / "curves.csv")
    assert (code, "change of the discharge curve (LFP)" in capsys.readouterr().out) == (0, True)
