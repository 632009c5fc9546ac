from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.tasks import fade_law


def points(*rows: tuple[str, str, float, float, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["paper", "cell_id", "cycles", "retention_pct", "qualifier"])


@given(st.floats(0.1, 4), st.floats(0.2, 2), st.lists(st.floats(0, 1e5), min_size=2, max_size=20))
def test_the_curve_starts_at_100_never_rises_and_crosses_80_at_the_life(
    life: float, shape: float, cycles: list[float]
) -> None:
    curve = fade_law.retention_pct(life, sorted(cycles), shape)
    assert (np.diff(curve) <= 1e-9).all()
    assert ((curve >= 0) & (curve <= 100)).all()
    assert float(fade_law.retention_pct(life, 0.0, shape)) == 100
    assert float(fade_law.retention_pct(life, 10**life, shape)) == pytest.approx(80)


def test_a_cell_that_loses_equal_shares() -> None:
    # shape 1: 0.8 per N80; at half of N80 sqrt(0.8) = 0.8944, at twice N80 0.64
    assert fade_law.retention_pct(2.0, [50, 100, 200], 1.0).tolist() == pytest.approx([89.4427191, 80.0, 64.0])


@given(st.floats(1, 1e4), st.floats(2, 98), st.floats(0.3, 2))
def test_life_and_curve_are_inverse(cycles: float, held: float, shape: float) -> None:
    life = fade_law.log10_life(cycles, held, shape)
    assert float(fade_law.retention_pct(life, cycles, shape)) == pytest.approx(held, rel=1e-6)


def test_shape_is_the_median_over_papers_of_slopes_within_cells() -> None:
    rows = []
    for paper, shape in (("p", 0.5), ("q", 1.0), ("r", 1.5)):
        rows += [(paper, paper + "1", n, float(fade_law.retention_pct(2.0, n, shape)), "=") for n in (10.0, 100.0)]
    assert fade_law.fade_shape(points(*rows)) == pytest.approx(1.0)


def test_too_few_papers_fall_back_to_equal_loss_per_cycle() -> None:
    assert fade_law.fade_shape(points(("p", "c", 10, 90, "="), ("p", "c", 100, 80, "="))) == 1.0


def test_labels_are_bounds_where_points_are_bounds() -> None:
    labels = fade_law.fade_labels(
        points(
            ("p", "a", 100, 80, "="), ("p", "b", 100, 99.5, "="), ("p", "c", 100, 80, ">"), ("p", "d", 100, 80, "<")
        ),
        1.0,
    )
    assert labels.lower.tolist() == pytest.approx([2.0, float(fade_law.log10_life(100, 99, 1.0)), 2.0, -np.inf])
    assert labels.upper.tolist() == pytest.approx([2.0, np.inf, np.inf, 2.0])


def test_points_of_one_cell_share_its_weight_and_about_counts_half() -> None:
    labels = fade_law.fade_labels(
        points(("p", "a", 10, 90, "="), ("p", "a", 50, 80, "="), ("p", "b", 10, 90, "~")), 1.0
    )
    assert labels.weight.tolist() == [0.5, 0.5, 0.5]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([(100, 95, "=")], (2.0, np.inf)),  # still above 80 %: right-censored
        ([(100, 60, "=")], (-np.inf, 2.0)),  # first point already below: only an upper bound
        ([(10, 90, "="), (100, 60, "=")], (1.0, 2.0)),
        ([(10, 90, "="), (100, 80, "=")], (2.0, 2.0)),  # the crossing itself is printed
        ([(100, 85, "<")], None),  # at most 85 %: says nothing about 80 %
    ],
)
def test_life_bounds(rows: list[tuple[float, float, str]], expected: tuple[float, float] | None) -> None:
    found = fade_law.life_bounds(points(*(("p", "c", *row) for row in rows)))
    if expected is None:
        assert len(found) == 0
    else:
        assert (found["lower"].iloc[0], found["upper"].iloc[0]) == expected
