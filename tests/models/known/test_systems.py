"""Every composition that the training tables measured answers within what was measured, and says who measured it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.bundle import load_bundle
from models.predictions import MEASURED
from models.predictor import Predictor
from models.tasks.registry import LINK, TASKS
from training.data.load import SHIPPED, load_literature

ROOM_C = (15.0, 35.0)
WIDER_DECADES = 0.8
"""Beyond the measured range: how far two papers on one formula of OBELiX lie apart, as the model has a say too."""


@pytest.fixture(scope="module")
def answers(bundle_folder: Path) -> pd.DataFrame:
    """Rows with a value at room temperature, and what the model tells of each."""
    examples = TASKS[LINK].examples(load_literature([SHIPPED]))
    warm = examples.designs["temperature_c"].astype(float).fillna(25.0)
    rows = examples.take(np.flatnonzero(examples.labels.exact & warm.between(*ROOM_C).to_numpy()))
    table = Predictor(load_bundle(bundle_folder)).predict(rows.designs, targets=["conductivity_s_per_cm"]).table
    return table.assign(log10=rows.labels.middle, name=rows.designs["electrolyte"].to_numpy())


def test_a_measured_composition_is_told_near_its_measurements(answers: pd.DataFrame) -> None:
    known = answers[answers[MEASURED] != ""]
    assert len(known) > 20
    said = known[MEASURED].str.extract(r"^(\d+) papers?, (\S+?)(?: to (\S+))? S/cm$")
    low, high = (np.log10(ends.astype(float)) for ends in (said[1], said[2].fillna(said[1])))
    told = np.log10(known["conductivity_s_per_cm"])
    outside = (told < low - WIDER_DECADES) | (told > high + WIDER_DECADES)
    # what two papers agree on is believed; one paper far off all of its family is believed about half way
    for several, share in ((True, 0.05), (False, 0.2)):
        some = (said[0].astype(int) > 1) == several
        assert outside[some].mean() <= share, known.loc[outside & some, ["name", MEASURED]].to_string()


def test_their_intervals_hold_what_was_measured(answers: pd.DataFrame) -> None:
    known = answers[answers[MEASURED] != ""]
    low, high = (np.log10(known[f"conductivity_s_per_cm_{end}"]) for end in ("low", "high"))
    assert ((low <= known["log10"]) & (known["log10"] <= high)).mean() >= 0.9
