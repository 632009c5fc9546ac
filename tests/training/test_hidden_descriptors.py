"""Descriptors hidden by chance: all columns of one at once, more the less is kept, nothing added."""

from __future__ import annotations

import pandas as pd
import pytest

from features.tables.described import coverage, mean_coverage
from training.evaluation.learning_curve import hidden

FULL = {
    "film_thickness_nm": 100.0, "silicon_size_nm": 50.0, "silicon_wt_pct": 80.0, "carbon_wt_pct": 5.0,
    "anode_electrolyte_wt_pct": 15.0, "anode_loading_mg_per_cm2": 1.0, "stack_pressure_mpa": 50.0, "c_rate_per_h": 0.1,
    "current_density_ma_per_cm2": 0.2, "specific_current_ma_per_g": None, "temperature_c": 25.0, "voltage_low_v": 0.0,
    "anode": "Si",
}  # fmt: skip


@pytest.fixture
def designs() -> pd.DataFrame:
    return pd.DataFrame([FULL] * 400)


def known(designs: pd.DataFrame) -> float:
    return mean_coverage(designs.to_dict("records"))


def test_all_or_nothing(designs: pd.DataFrame) -> None:
    assert known(hidden(designs, 1.0, 0)) == 1.0
    assert known(hidden(designs, 0.0, 0)) == 0.0
    assert hidden(designs, 0.0, 0)["anode"].tolist() == designs["anode"].tolist()


def test_the_share_that_is_kept_is_kept(designs: pd.DataFrame) -> None:
    # 3600 draws of one half: the standard deviation of the share is 0.5 / 60 = 0.0083
    assert known(hidden(designs, 0.5, 0)) == pytest.approx(0.5, abs=4 * 0.0083)
    assert min(coverage(hidden(designs, 0.5, 0).to_dict("records")).values()) > 0.4


def test_columns_of_one_descriptor_go_together(designs: pd.DataFrame) -> None:
    left = hidden(designs, 0.5, 0)
    assert (left["film_thickness_nm"].isna() == left["silicon_size_nm"].isna()).all()
    assert (left["c_rate_per_h"].isna() == left["current_density_ma_per_cm2"].isna()).all()


def test_less_kept_hides_what_more_hid(designs: pd.DataFrame) -> None:
    half, quarter = hidden(designs, 0.5, 3), hidden(designs, 0.25, 3)
    assert (quarter["temperature_c"].isna() >= half["temperature_c"].isna()).all()
    assert quarter["temperature_c"].isna().sum() > half["temperature_c"].isna().sum()


def test_nothing_is_added_and_the_designs_stay(designs: pd.DataFrame) -> None:
    bare = pd.DataFrame([dict.fromkeys(FULL)])
    assert known(hidden(bare, 1.0, 0)) == 0.0
    hidden(designs, 0.0, 0)
    assert known(designs) == 1.0
