"""Cells that papers measured: which asked cell is one of them, and how far it is drawn to what they measured."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.tables.designs import Designs
from models.known.cells import KnownCells, shrink_to_cells, spread_of_papers
from models.known.same_design import same_designs, same_where_known
from models.known.scatter import Agreement
from models.known.shrinkage import Shrunk

CELL = {"electrolyte": "Li6PS5Cl", "anode": "micro-Si", "stack_pressure_mpa": 5.0}
EVEN = Agreement(between=0.8, within=0.6, model=1.0)
"""A single paper has a variance of 0.64 + 0.36 = 1, as the model has."""


def designs(*rows: dict[str, object]) -> Designs:
    return Designs.of(pd.DataFrame([{**CELL, **row} for row in rows]))


def known(*rows: dict[str, object], value: list[float], papers: list[str]) -> KnownCells:
    return KnownCells(designs(*rows), np.array(value), papers, papers, [f"ICE {each:g} %" for each in value])


def answered(cells: KnownCells, *asked: dict[str, object]) -> Shrunk:
    count = len(asked)
    return shrink_to_cells(cells, designs(*asked), EVEN, np.full(count, 80.0), np.full(count, 20.0), 0.9)


@pytest.mark.parametrize(
    ("asked", "share"),
    [
        ({}, 1.0),
        ({"anode": "Micro-SI "}, 1.0),  # whatever the case and blanks
        ({"electrolyte": "LPSCl"}, 1.0),  # the same composition
        ({"temperature_c": 25.0}, 1.0),  # that of a row which states none
        ({"stack_pressure_mpa": None}, 1.0),  # left open by who asks
        ({"silicon_wt_pct": 60.0}, 4 / 5),  # of five columns the row states electrolyte, temperature, anode, pressure
        ({"silicon_wt_pct": 60.0, "binder": "PTFE"}, 4 / 6),
        ({"stack_pressure_mpa": 6.0}, None),
        ({"temperature_c": 60.0}, None),
        ({"anode": "nano-Si"}, None),
        ({"anode": None}, None),
        ({"electrolyte": "Li3InCl6"}, None),
    ],
)  # fmt: skip
def test_a_cell_is_the_same_in_all_that_both_state(asked: dict[str, object], share: float | None) -> None:
    design, row, shares = same_where_known(designs(asked), designs({}))
    assert [*zip(design, row, shares, strict=True)] == ([] if share is None else [(0, 0, pytest.approx(share))])


def test_electrolytes_without_a_stoichiometry_are_one_where_they_are_written_alike() -> None:
    asked = designs({"electrolyte": "self-healing polymer"}, {"electrolyte": "other polymer"})
    measured = pd.DataFrame([{**CELL, "electrolyte": "Self-healing  polymer"}])
    assert same_designs(asked, measured).tolist() == [[True], [False]]


def test_the_very_same_sample_states_the_same() -> None:
    """What one states and the other does not makes two samples of a laboratory, though not two cells of the papers."""
    asked = designs({}, {"binder": "PTFE"}, {"stack_pressure_mpa": None})
    assert same_designs(asked, pd.DataFrame([CELL])).ravel().tolist() == [True, False, False]


def test_a_measured_cell_is_drawn_half_way_where_both_are_as_sure() -> None:
    found = answered(known({}, value=[16.0], papers=["pan"]), {}, {"anode": "nano-Si"})
    assert found.centre.tolist() == [48.0, 80.0]
    # the mean's variance 1/2, the paper to come 0.64 + 0.36 more: 1.5 in sum
    assert found.half.tolist() == pytest.approx([EVEN.quantile(0.9) * 1.5**0.5, 20.0])
    assert found.text.to_pylist() == ["1 paper, ICE 16 %", None]
    assert found.notices.to_pylist() == ["drawn to what pan measured of this cell", None]


def test_papers_draw_more_than_the_rows_of_one() -> None:
    two = answered(known({}, {}, value=[16.0, 16.0], papers=["a", "b"]), {})
    one = answered(known({}, {}, value=[16.0, 16.0], papers=["a", "a"]), {})
    assert two.centre[0] == pytest.approx((80 + 2 * 16) / 3)
    weight = 1 / (0.64 + 0.36 / 2)  # the rows' mean is surer than a row, the paper as unsure as before
    assert one.centre[0] == pytest.approx((80 + weight * 16) / (1 + weight))
    assert one.text.to_pylist() == ["1 paper, ICE 16 %"]
    assert two.notices.to_pylist() == ["drawn to what a and b measured of this cell"]


def test_a_cell_of_which_less_is_stated_draws_less() -> None:
    """Of five columns that are asked for the row states four: 4/5 of the design's own variance is shared.

    That of the value is 2 in all, so the pull is 0.8 / 2 = 0.4, and what is left 1 - 0.8 * 0.4, with 1 of a paper to
    come.
    """
    found = answered(known({}, value=[16.0], papers=["pan"]), {"silicon_wt_pct": 60.0})
    assert found.centre == pytest.approx([80 - 0.4 * 64])
    assert found.deviation == pytest.approx([(1 - 0.8 * 0.4 + 1) ** 0.5])


def test_a_cell_that_states_less_than_half_and_a_bound_draw_nothing() -> None:
    more = {"silicon_wt_pct": 60.0, "binder": "PTFE", "coating": "LiF", "np_ratio": 1.1, "porosity_pct": 9.0}
    found = answered(known({}, value=[16.0], papers=["pan"]), more)  # 4 of 9
    bound = answered(known({}, value=[np.nan], papers=["pan"]), {})
    for each in (found, bound):
        assert each.centre.tolist() == [80.0]
        assert each.text.to_pylist() == [None]


def test_a_probability_follows_the_drawn_value() -> None:
    found = answered(known({}, value=[16.0], papers=["pan"]), {}, {"anode": "nano-Si"})
    assert found.probability_above(np.array(48.0), np.full(2, 0.9)).tolist() == pytest.approx([0.5, 0.9])


def test_no_interval_grows_and_nothing_known_changes_nothing() -> None:
    wide = spread_of_papers(1e6, 0.05)
    cells = known({}, value=[16.0], papers=["pan"])
    found = shrink_to_cells(cells, designs({}), wide, np.array([80.0]), np.array([20.0]), 0.9)
    assert found.half.tolist() == [20.0]
