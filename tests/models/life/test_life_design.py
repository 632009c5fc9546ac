from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.tables.mistakes import InputError
from models.bundle import load_bundle
from models.life.design import design_life
from models.predictor import Predictor


def predictor(folder: Path) -> Predictor:
    return Predictor(load_bundle(folder))


@pytest.mark.slow
def test_designs_tell_what_predict_tells(bundle_folder: Path) -> None:
    about = pd.DataFrame(
        {"cell": ["A", "B"], "cycle": ["1", "1"], "anode": ["micro-Si", ""], "electrolyte": ["Li6PS5Cl", "Li6PS5Cl"]}
    )
    model = predictor(bundle_folder)
    life = design_life(model, about)
    alone = model.predict(
        pd.DataFrame({"electrolyte": ["Li6PS5Cl"], "anode": ["micro-Si"]}), targets=["cycle_life_80"], level=0.8
    )
    assert life["log10_life"][0] == pytest.approx(np.log10(alone.table["cycle_life_80"][0]))
    assert np.isnan(life["log10_life"][1])
    with pytest.raises(InputError, match="line 1, column temperature_c"):
        design_life(model, about.assign(temperature_c="warm"))


def test_without_design_columns_nothing_is_told() -> None:
    """No model is asked: the predictor would fail on the missing bundle."""
    life = design_life(Predictor(None), pd.DataFrame({"cell": ["A"]}))  # type: ignore[arg-type]
    assert life.isna().all().all()
