from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from training.evaluation.baselines import BASELINES, weighted_median


def test_weighted_median() -> None:
    assert weighted_median(np.array([3.0, 1.0, 2.0]), np.ones(3)) == 2.0
    assert weighted_median(np.array([3.0, 1.0, 2.0]), np.array([5.0, 1.0, 1.0])) == 3.0


def test_dummy_is_the_median_and_nearest_the_neighbours() -> None:
    train = pd.DataFrame({"a": [0.0, 0.1, 0.2, 10.0, 10.1, 10.2], "empty": np.nan})
    values = np.array([1.0, 2.0, 3.0, 11.0, 12.0, 13.0])
    test = pd.DataFrame({"a": [0.1, 10.1], "empty": np.nan})
    assert BASELINES["dummy"](train, values, np.ones(6), test).tolist() == [3.0, 3.0]
    assert BASELINES["nearest"](train, values, np.ones(6), test).tolist() == pytest.approx([2.0, 12.0])


def test_ridge_follows_a_line_and_bears_unknowns() -> None:
    a = np.linspace(-1, 1, 200)
    train = pd.DataFrame({"a": a})
    found = BASELINES["ridge"](train, 5 * a, np.ones(200), pd.DataFrame({"a": [0.5, np.nan]}))
    # the penalty of 10 against 200 rows shrinks the slope by 10 / 210; unknown is read as the mean
    assert found == pytest.approx([2.5 * 200 / 210, 0.0], abs=0.02)
