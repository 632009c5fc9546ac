"""Energy density of designs: the same as of each stack by itself, nothing assumed that the space does not state."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.stack import Stack
from features.tables.designs import Designs
from serving.predict.energy_density import NEEDED, PER_KG, PER_L, Energy
from serving.predict.expression import quantity
from tests.features.test_stack import stack_energy_density

ASSUMED = {
    "cathode_active_share": 0.8, "cathode_capacity_mah_per_g": 190.0, "cathode_voltage_v": 3.8,
    "cathode_layer_density_g_per_cm3": 3.2, "anode_capacity_mah_per_g": 2500.0, "anode_voltage_v": 0.4,
    "anode_layer_density_g_per_cm3": 1.5, "electrolyte_density_g_per_cm3": 1.865,
    "cathode_collector_thickness_um": 12.0, "cathode_collector_density_g_per_cm3": 2.7,
    "anode_collector_thickness_um": 8.0, "anode_collector_density_g_per_cm3": 8.96,
}  # fmt: skip


def test_each_design_is_its_own_stack() -> None:
    designs = pd.DataFrame(
        {
            "cathode_loading_mg_per_cm2": [20.0, 30.0, 20.0, float("nan"), -1.0],
            "np_ratio": [1.1, 1.2, 1.1, 1.1, 1.1],
            "silicon_wt_pct": [60.0, 80.0, 60.0, 60.0, 60.0],
            "electrolyte_thickness_um": [30.0, 50.0, 100.0, 30.0, 30.0],
        }
    )
    assumed = {name: quantity(str(value), []) for name, value in ASSUMED.items()}
    assumed["anode_active_share"] = quantity("silicon_wt_pct / 100", ["silicon_wt_pct"])
    found = Energy(assumed).densities(designs)
    for place in range(3):
        row = designs.iloc[place]
        given = {name: row[name] for name in ("cathode_loading_mg_per_cm2", "np_ratio", "electrolyte_thickness_um")}
        expected = stack_energy_density(Stack(**ASSUMED, **given, anode_active_share=row["silicon_wt_pct"] / 100))
        assert found.loc[place, [PER_KG, PER_L]].tolist() == pytest.approx(expected, rel=1e-12)
    # a layer that is not known, and one that cannot be
    assert found.iloc[3:].isna().all().all()


def test_the_reviews_cell() -> None:
    """Zhan et al. print 270.3 Wh/kg at 100 µm and 350.8 at 30 µm."""
    energy = Energy({"electrolyte_density_g_per_cm3": quantity("1.865", [])}, review=True)
    found = energy.densities(pd.DataFrame({"electrolyte_thickness_um": [100.0, 30.0]}))
    assert found[PER_KG].round(1).tolist() == [270.3, 350.8]
    assert found[PER_L].isna().all()
    assert any("Zhan" in words for words in energy.assumptions())


def test_a_swelling_is_the_only_layer_with_a_default() -> None:
    assert "anode_swelling_pct" not in NEEDED
    assert len(NEEDED) == 16


def test_layers_are_stated_in_words_or_are_columns() -> None:
    energy = Energy.parse(["electrolyte_density_g_per_cm3=1.5 + 0.365", "review"], ["electrolyte_thickness_um"])
    found = energy.densities(Designs(2, {"electrolyte_thickness_um": np.array([100.0, 30.0])}))
    assert found[PER_KG].round(1).tolist() == [270.3, 350.8]
    words = [f"{name}={value}" for name, value in ASSUMED.items()]
    own = ["cathode_loading_mg_per_cm2", "np_ratio", "silicon_wt_pct", "electrolyte_thickness_um"]
    layered = Energy.parse([*words, "anode_active_share=silicon_wt_pct / 100"], own)
    row = dict(zip(own, (20.0, 1.1, 60.0, 30.0), strict=True))
    found = layered.densities(Designs(1, {name: np.array([value]) for name, value in row.items()}))
    layers = {name: value for name, value in row.items() if name != "silicon_wt_pct"}
    expected = stack_energy_density(Stack(**ASSUMED, **layers, anode_active_share=0.6))
    assert found.iloc[0].tolist() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["review"], "nothing for electrolyte_density_g_per_cm3; give each as NAME=NUMBER"),
        (["review", "np_ratio=2"], "got 'np_ratio', expected review, or once each, as NAME=NUMBER, electrolyte_thick"),
        (["volts=2"], "got 'volts', expected review, or once each"),
        (["review", "electrolyte_density_g_per_cm3=2", "electrolyte_density_g_per_cm3=3"], "or once each"),
        (["review", "electrolyte_density_g_per_cm3=heavy"], "--stack electrolyte_density_g_per_cm3: got 'heavy'"),
        (["electrolyte_density_g_per_cm3=2"], "nothing for cathode_loading_mg_per_cm2, cathode_active_share"),
    ],
)
def test_words_that_cannot_be_meant(words: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Energy.parse(words, ["electrolyte", "electrolyte_thickness_um"])
