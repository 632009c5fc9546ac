"""Intervals by family: shares of papers, their Clopper-Pearson interval, and when the promise counts as kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from features.electrolyte_columns import read_electrolytes
from features.tables.designs import Designs
from models.polymers.prediction import predict_polymers
from models.tasks.conductivity import CONDUCTIVITY
from tests.placed import of_papers
from training.evaluation.bootstrap import share_interval
from training.evaluation.crossvalidate import OutOfFold
from training.evaluation.regimes.families import FamilyCoverage, by_family, family_table, judge


def found() -> OutOfFold:
    """Garnets of four papers, argyrodites of three, one halide: two rows each paper, all predicted 0."""
    papers = [f"p{row // 2}" for row in range(16)]
    rows = of_papers(papers, [0.1] * 16, [row // 2 for row in range(16)])
    formulas = ["Li7La3Zr2O12"] * 8 + ["Li6PS5Cl"] * 6 + ["Li3YCl6"] * 2
    rows.examples.designs["electrolyte"] = formulas
    for column in ("composition", "electrolyte_class"):
        rows.examples.designs[column] = None
    return rows


def test_every_group_of_papers_counts_once() -> None:
    covered = np.array([1, 1, 1, 1, 1, 1, 1, 0.5] + [1] * 6 + [0, 0])
    garnet, argyrodite = judge(found(), covered, np.full(16, 4.0), 0.9)  # one halide is none to judge
    assert (garnet.family, garnet.rows, garnet.papers) == ("oxide-garnet", 8, 4)
    assert garnet.share == pytest.approx((1 + 1 + 1 + 0.75) / 4)
    assert (argyrodite.family, argyrodite.rows, argyrodite.papers) == ("sulfide-argyrodite", 6, 3)
    # all of three held, two families: 0.05 / 2 to either side, so from the cube root of 0.025 on
    assert (argyrodite.share, argyrodite.high, argyrodite.width) == (1.0, 1.0, 4.0)
    assert argyrodite.low == pytest.approx(0.025 ** (1 / 3))
    assert argyrodite.covers_as_stated
    assert str(argyrodite) == "sulfide-argyrodite 100 % (29 to 100; 6 rows of 3; 4.0)"
    table = family_table([garnet, argyrodite], "decades", 0.9)
    assert table.splitlines()[0].split(" | ")[2] == "90 % interval holds (Clopper-Pearson)"
    assert table.splitlines()[3] == "| sulfide-argyrodite | 6 (3) | 100 % (29 to 100) | 4.0 | yes |"


def test_bounds_are_not_judged_nor_what_no_paper_calibrates() -> None:
    rows, covered = found(), np.ones(16)
    rows.examples.labels.upper[0], covered[1] = np.inf, np.nan
    assert [(family.rows, family.papers) for family in judge(rows, covered, np.ones(16), 0.9)] == [(6, 3), (6, 3)]
    rows.examples.designs["electrolyte"] = "something of ours"
    assert [family.family for family in judge(rows, covered, np.ones(16), 0.9)] == ["no class known"]


def test_polymers_are_judged_by_the_model_that_answers_them() -> None:
    """PEO with LiTFSI at room temperature conducts some 1e-5 S/cm; the model of all rows told them all 1."""
    rows = of_papers([f"p{row}" for row in range(24)], [-5.0] * 24, list(range(24)))
    formulas = ["PEO/LiTFSI (EO:Li = 18)"] * 12 + ["Li7La3Zr2O12"] * 12
    given = {"electrolyte": formulas, "composition": None, "electrolyte_class": None, "temperature_c": 25.0}
    designs = rows.examples.designs.assign(**given)
    rows.examples = replace(rows.examples, designs=designs)
    garnet, polymer = sorted(by_family(CONDUCTIVITY, rows, 0.9), key=lambda family: family.family)
    told = predict_polymers(Designs.of(designs), read_electrolytes(designs), 0.9)
    assert told is not None
    assert (polymer.family, polymer.share, polymer.width) == ("polymer", 1.0, pytest.approx(2 * told.half[0]))
    assert polymer.width > 2  # decades: it knows polymers by clusters of like units
    assert (garnet.family, garnet.width) == ("oxide-garnet", pytest.approx(10.0))  # all missed by 5, to either side


def test_the_interval_of_a_share_by_hand() -> None:
    # none of three: up to the p with (1 - p) ** 3 = 0.05; half of two: symmetric, 1 - (1 - p) ** 2 = 0.05
    low, high = share_interval(0, 3)
    assert low == 0
    assert (1 - high) ** 3 == pytest.approx(0.05)
    low, high = share_interval(1, 2)
    assert 1 - (1 - low) ** 2 == pytest.approx(0.05)
    assert low + high == pytest.approx(1)
    # judged with nine others, the tail is a tenth
    assert share_interval(3, 3, 10)[0] ** 3 == pytest.approx(0.005)


ENOUGH = FamilyCoverage("halide", 20, 12, 0.9, 0.8, 0.4, 0.97, 4.0)


@pytest.mark.parametrize(
    ("changed", "kept"),
    [
        ({}, True),
        ({"share": 0.75}, False),  # not above three quarters
        ({"high": 0.89}, False),  # the interval does not reach the level
        ({"low": 0.91, "share": 1.0, "high": 1.0}, False),  # wider than promised
        ({"papers": 30}, False),  # of thirty the share itself is judged
        ({"papers": 30, "share": 0.856}, True),  # as it is printed: 86 %
        ({"papers": 30, "share": 0.96}, False),
        ({"level": 0.8, "share": 0.66}, True),  # above 0.80 - 0.15
        ({"level": 0.8, "share": 0.65}, False),
        ({"level": 0.8, "papers": 30}, True),  # 0.76 to 0.85
        ({"level": 0.8, "papers": 30, "share": 0.86}, False),
        ({"level": 0.98, "papers": 30, "share": 1.0, "high": 1.0}, True),  # 0.94 to what no share exceeds
    ],
)
def test_when_the_promise_is_kept(changed: dict[str, float], kept: bool) -> None:
    assert replace(ENOUGH, **changed).covers_as_stated is kept
