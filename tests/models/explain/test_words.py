from __future__ import annotations

import numpy as np
import pytest

from features.feature import Feature
from models.explain.readings import reading


@pytest.mark.parametrize(
    ("feature", "value", "said"),
    [
        (Feature("x", "stack pressure", "log10 (1 + MPa)"), np.log10(21), "20 MPa"),
        (Feature("x", "silicon size", "log10 nm"), 2.0, "100 nm"),
        (Feature("x", "C-rate", "log10 1/h"), -1.0, "0.1 1/h"),
        (Feature("x", "prelithiated", "yes/no"), 1.0, "yes"),
        (Feature("x", "window", "0 lost, 1 between, 2 holds, 3 constrains"), 2.0, "holds"),
        (Feature("x", "N/P ratio", "1"), 1.25, "1.25"),
        (Feature("x", "porosity", "%"), np.nan, "not given"),
        (Feature("inverse_temperature_per_kk", "1000/T", "1/K"), 1000 / 298.15, "25 °C"),
    ],
)
def test_values_are_said_in_the_units_of_the_laboratory(feature: Feature, value: float, said: str) -> None:
    assert reading(feature).in_words(value) == said


def test_labels_carry_the_unit_of_the_laboratory() -> None:
    size = reading(Feature("x", "silicon size", "log10 nm"))
    assert (size.printed, size.log) == ("silicon size (nm)", True)
    pressure = reading(Feature("x", "stack pressure", "log10 (1 + MPa)"))
    assert (pressure.printed, pressure.log) == ("stack pressure (MPa)", False)  # 0 MPa has no logarithm
