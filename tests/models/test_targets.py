from __future__ import annotations

import numpy as np
import pytest

from models.tasks.conductivity import CONDUCTIVITY
from models.tasks.ice import ICE
from models.tasks.registry import TARGETS


def test_scales_are_inverse_inside_the_limits() -> None:
    assert CONDUCTIVITY.unscaled(CONDUCTIVITY.scaled([1e-3, 1e-6])).tolist() == pytest.approx([1e-3, 1e-6])
    assert ICE.unscaled([140.0, -3.0, 85.0]).tolist() == [100.0, 0.0, 85.0]


def test_printed_values() -> None:
    assert CONDUCTIVITY.show(0.00123) == "1.2e-03"
    assert ICE.show(84.6) == "85"
    assert ICE.show(np.nan) == ""


def test_each_column_once_with_a_unit() -> None:
    assert list(TARGETS) == ["conductivity_s_per_cm", "ice_pct", "retention_pct", "cycle_life_80"]
    assert all(target.unit and target.label for target in TARGETS.values())
