"""Without skill no point is told: the range that papers with like cells report stands in its place."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from models.bundle import Bundle, load_bundle
from models.exceedance import probability_column
from models.intervals import Calibration
from models.lab_effect.kernel import Kernel, LabEffect
from models.predictions import RANGE_OF
from models.predictor import Predictor
from models.ranges.comparable import FEWEST, Reported, ranges, reported
from models.tasks.registry import TARGETS, TASKS
from tests.shared import ROOT
from training.train import Trained

CELLS = pd.DataFrame(
    {
        "electrolyte": ["Li6PS5Cl", "Li6PS5Cl", "Li6PS5Cl"],
        "anode": ["micro-Si", None, "Si film"],
        "anode_architecture": ["composite", None, "thin-film"],
    }
)


def values(*rows: tuple[str, float, int, int]) -> Reported:
    papers, value, classes, architectures = map(np.array, zip(*rows, strict=True))
    return Reported(value, value, papers, classes, architectures)


def papers_of(count: int, family: int, architecture: int, first: float) -> list[tuple[str, float, int, int]]:
    return [(f"{family}-{architecture}-{place}", first + place, family, architecture) for place in range(count)]


def test_papers_of_the_same_kind_make_a_range_where_there_are_enough() -> None:
    told = values(*papers_of(FEWEST, 1, 1, 10.0), *papers_of(FEWEST, 1, 2, 50.0), *papers_of(FEWEST - 1, 2, 1, 90.0))
    found = ranges(told, np.array([1, 1, 2, -1]), np.array([1, 4, 1, -1]), 0.5)
    assert [found.texts[place] for place in found.codes] == [
        "5 papers of the same class and architecture",
        "10 papers of the same class",  # nobody built that architecture
        "14 papers of all classes",  # four papers of its class
        "14 papers of all classes",  # class not stated
    ]
    # the middle half of 10 to 14 is 11 to 13, of all 5 papers one at either end left over
    wider = told.widening(0.5)
    assert (found.low[0], found.high[0]) == (11.0 - wider, 13.0 + wider)


def test_a_range_is_widened_until_it_holds_papers_left_out() -> None:
    told = values(*papers_of(9, 1, 1, 1.0))  # 1 to 9
    # Each left out: the ends at 80 % of the other eight are their extremes, so 1 is missed by 1 (from 2), 9 by 1, the
    # others by less than nothing. Of nine papers and a tenth 80 % are eight: the eighth of the sorted misses is 1.
    assert told.widening(0.8) == 1.0
    assert told.widening(0.5) == 1.0  # the fifth of -3, -2, -2, -1, -1, 0, 0, 2, 2 is -1: never narrower than 0


def test_a_paper_of_many_rows_weighs_as_one() -> None:
    many = values(*[("a", 1.0, 1, 1)] * 20, ("b", 5.0, 1, 1), ("c", 9.0, 1, 1))
    # a reaches 1/3, b 2/3, c 1: the middle 20 % (0.4 to 0.6) is b alone
    assert many.ends(np.ones(22, dtype=bool), 0.2) == (5.0, 5.0)


def test_a_bound_is_missed_only_on_its_side() -> None:
    low = np.array([1.0, 2.0, 3.0, 4.0, 100.0])
    high = np.array([1.0, 2.0, 3.0, 4.0, np.inf])  # "at least 100"
    kind = np.ones(5, dtype=int)
    told = Reported(low, high, np.array(list("abcde")), kind, kind)
    assert told.widening(0.8) == pytest.approx(96.0)  # from 4, the highest of the others


@pytest.fixture
def silent() -> Predictor:
    bundle = load_bundle(ROOT / "tests" / "bundles" / "v1")
    skill = {column: {"shown": column == "ice_pct"} for column in TARGETS}
    return Predictor(Bundle(bundle.parts, {**bundle.facts, "skill": skill}))


def test_a_target_without_skill_has_a_range_and_no_point(silent: Predictor) -> None:
    told = silent.predict(CELLS, points=False, cycles=[50]).table
    plain = silent.predict(CELLS, cycles=[50]).table
    quiet = ("retention_pct", "cycle_life_80", "retention_pct_at_50")
    for column in quiet:
        assert told[column].isna().all()
        assert (told[f"{column}_low"] < told[f"{column}_high"]).tolist() == [True, False, True]
    for column in ("ice_pct", "conductivity_s_per_cm"):  # the one has skill, the other is no cell's
        pd.testing.assert_frame_equal(told[[column, f"{column}_low"]], plain[[column, f"{column}_low"]])
    assert told[RANGE_OF][1] == ""
    assert told[RANGE_OF][0].startswith("retention_pct, cycle_life_80: no point, the range of ")
    assert RANGE_OF not in plain


def test_a_limit_is_passed_by_the_share_of_comparable_papers_above_it(silent: Predictor) -> None:
    above = {"cycle_life_80": 100.0, "ice_pct": 80.0}
    strange = CELLS.head(1).assign(electrolyte="Li3InCl6")  # of halides too few papers tell, so all are comparable
    told = silent.predict(strange, points=False, above=above).table.iloc[0]
    plain = silent.predict(strange, above=above).table.iloc[0]
    life, with_skill = (probability_column(*limit) for limit in above.items())
    fade = reported(TASKS["fade"], silent.bundle.parts["fade"])
    lives = pd.Series(fade.middle > np.log10(99.0)).groupby(fade.papers).mean()
    assert told[RANGE_OF].endswith(f"{len(lives)} papers of all classes")
    assert told[life] == pytest.approx((lives.sum() + 0.5) / (len(lives) + 1))
    assert told[with_skill] == plain[with_skill]


def test_retention_and_life_come_from_one_law(silent: Predictor) -> None:
    told = silent.predict(CELLS.head(1), points=False).table
    for end in ("_low", "_high"):
        life = told[f"cycle_life_80{end}"][0]
        at_life = silent.predict(CELLS.head(1).assign(cycle=life), points=False).table[f"retention_pct{end}"][0]
        assert at_life == pytest.approx(80.0)


def test_one_design_is_told_as_among_others(silent: Predictor) -> None:
    alone, among = silent.predict(CELLS.head(1), points=False), silent.predict(CELLS, points=False)
    pd.testing.assert_frame_equal(alone.table, among.table.head(1))
    assert set(alone.texts) == set(among.texts)


def test_own_measurements_that_move_it_keep_the_point(trained: Trained) -> None:
    skill = {column: {"shown": False} for column in TARGETS}
    scores = {1: Calibration((1.5,) * 19, (1.0,) * 19, 19, 0.0)}
    lab = LabEffect(Kernel(0.3, 0.1, reach=1.0, common=0.5), scores)  # papers have an effect of their own
    parts = {**trained.bundle.parts, "fade": replace(trained.bundle.parts["fade"], lab=lab)}
    predictor = Predictor(Bundle(parts, {**trained.bundle.facts, "skill": skill}))
    own = pd.DataFrame({"electrolyte": ["LLZO"], "anode": ["nano-Si"], "cycle": [100.0], "retention_pct": [20.0]})
    told = predictor.predict(CELLS, points=False, level=0.6, measured=own).table
    assert told["retention_pct"].notna().tolist() == [True, False, True]
    assert told["ice_pct"].isna().all()  # of which nothing was measured
