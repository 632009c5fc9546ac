"""Measured cells on the axes of a screening: values as the tables print them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.tables.literature import Literature
from models.bundle import load_bundle
from models.explain.measured_beside import nearest_measurements


@pytest.fixture(scope="module")
def known(bundle_folder: Path) -> pd.DataFrame:
    designs = pd.DataFrame({"electrolyte": ["Li6PS5Cl"], "anode": ["nano-Si"], "silicon_size_nm": [300.0]})
    columns = ["ice_pct", "stack_pressure_mpa", "electrolyte_thickness_um", "conductivity_s_per_cm"]
    return nearest_measurements(load_bundle(bundle_folder), columns, designs)


def test_coordinates_are_those_of_the_tables(known: pd.DataFrame, root: Path) -> None:
    cells = pd.read_csv(root / "data" / "literature" / "cells.csv").set_index("cell_id")
    stated = 0
    for _, row in known.iterrows():
        cell = cells.loc[row["row"]]
        for column in ("ice_pct", "stack_pressure_mpa", "electrolyte_thickness_um"):
            if not np.isnan(row[column]):
                assert row[column] == pytest.approx(cell[column], rel=1e-9)
                stated += column != "ice_pct"
        if not np.isnan(row["conductivity_s_per_cm"]):
            assert row["conductivity_s_per_cm"] == pytest.approx(cell["electrolyte_conductivity_s_per_cm"], rel=1e-9)
    assert stated > 5
    assert known["ice_pct"].notna().any()


def test_the_nearest_stand_first_and_every_row_has_its_paper(known: pd.DataFrame, literature: Literature) -> None:
    assert known["distance"].is_monotonic_increasing
    assert (known["citation"] != "").all()


def test_retention_is_shown_at_cycle_100_only(bundle_folder: Path) -> None:
    bundle = load_bundle(bundle_folder)
    found = nearest_measurements(
        bundle, ["retention_pct"], pd.DataFrame({"electrolyte": ["Li6PS5Cl"], "anode": ["nano-Si"]})
    )
    precedents = bundle.parts["fade"].domain.precedents  # type: ignore[union-attr]
    told = {each["row"]: each["retention_pct"] for each in precedents if each["cycle"] == 100}
    assert dict(zip(found["row"], found["retention_pct"], strict=True)) == told
    assert 0 < len(told) < len(precedents)
