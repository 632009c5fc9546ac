"""What is kept: the best of a stream, filters, the domain, and designs that differ."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.bundle import load_bundle
from models.predictor import Predictor
from serving.predict.expression import condition
from serving.screen.chunk import predict_designs
from serving.screen.ranking import KEPT_AS, Best, Keeper, scrambled
from serving.screen.select import Selection, in_domain
from serving.screen.space_reader import read_space


@given(st.lists(st.integers(-3, 3), max_size=60), st.integers(1, 20), st.integers(1, 10))
def test_the_best_are_those_of_a_sort_whatever_the_chunks(merits: list[int], chunk: int, count: int) -> None:
    values, numbers = np.array(merits, dtype=float), np.arange(len(merits))
    best = Best(count)
    rows = pd.DataFrame({"number": numbers})
    for start in range(0, len(merits), chunk):
        part = slice(start, start + chunk)
        best.add(values[part], numbers[part], rows[part])
    ties = scrambled(numbers)
    expected = sorted(range(len(merits)), key=lambda place: (-values[place], ties[place]))[:count]
    assert ([] if best.rows.empty else best.rows["number"].tolist()) == expected


def test_a_design_made_twice_is_once_among_the_best() -> None:
    best = Best(2, ["electrolyte", "np_ratio"])
    rows = pd.DataFrame({"electrolyte": ["a", "a", "b"], "dopant": ["x", "y", "x"]})
    for start, merits in ((0, [3.0, 3.0, 1.0]), (3, [3.0, 3.0, 2.0])):
        best.add(np.array(merits), np.arange(start, start + 3), rows)
    assert best.rows["electrolyte"].tolist() == ["a", "b"]
    assert best.merits.tolist() == [3, 2]


def test_scrambled_numbers_are_those_of_splitmix64() -> None:
    # the first outputs of SplitMix64 with seed 0 are the mix of 1, 2, 3 times its increment; known: 0xE220A8397B1DCDAF
    assert int(scrambled(np.array([0]))[0]) == 0xE220A8397B1DCDAF
    assert len(np.unique(scrambled(np.arange(10_000)))) == 10_000


def test_merit_has_a_side_and_a_pessimistic_end() -> None:
    table = pd.DataFrame({"ice_pct": [80.0], "ice_pct_low": [60.0], "ice_pct_high": [95.0], "np_ratio": [1.2]})
    assert Selection().merit(table, "ice_pct", "high").tolist() == [80]
    assert Selection(pessimistic=True).merit(table, "ice_pct", "high").tolist() == [60]
    assert Selection(pessimistic=True).merit(table, "ice_pct", "low").tolist() == [-95]
    assert Selection(pessimistic=True).merit(table, "np_ratio", "low").tolist() == [-1.2]


@pytest.fixture
def predictor(bundle_folder: Path) -> Predictor:
    return Predictor(load_bundle(bundle_folder))


def answered(predictor: Predictor, folder: Path, content: str) -> pd.DataFrame:
    path = folder / "space.yaml"
    path.write_text(content, encoding="utf-8")
    space = read_space(path)
    return predict_designs(space.chunk(0, space.size, lambda why, n: None), space, predictor, 0.9)


STRANGE = (
    "electrolyte: [Li6PS5Cl, Li6PS5Br, Li3UCl6]\n"
    "design: {anode: nano-Si, silicon_size_nm: [300, 50000], temperature_c: 25}\n"
    "targets: [conductivity_s_per_cm, ice_pct]\n"
)


@pytest.mark.parametrize(
    ("wish", "words"), [("near", "never seen|far from"), ("inside", "never seen|far from|outside")]
)
def test_the_domain_is_what_the_notices_say(predictor: Predictor, tmp_path: Path, wish: str, words: str) -> None:
    table = answered(predictor, tmp_path, STRANGE)
    known = in_domain(table, predictor.bundle, ("conductivity_s_per_cm", "ice_pct"), wish)  # type: ignore[arg-type]
    assert known.tolist() == (~table["notice"].str.contains(words)).tolist()
    assert not known.all()


def test_filters_are_counted_in_turn(predictor: Predictor, tmp_path: Path) -> None:
    table = answered(predictor, tmp_path, STRANGE)
    where = condition("silicon_size_nm < 1000", ["silicon_size_nm"], [])
    why: Counter[str] = Counter()
    kept = Selection((where,), "near").passing(
        table, predictor.bundle, ("conductivity_s_per_cm", "ice_pct"), lambda reason, n: why.update({reason: n})
    )
    assert kept["electrolyte"].tolist() == ["Li6PS5Cl"]
    assert why == {"silicon_size_nm < 1000": 3, "domain: near": 2}


def test_the_differing_begin_with_the_best_and_go_farthest(predictor: Predictor, tmp_path: Path) -> None:
    sizes = "silicon_size_nm: 100..1000 points 20 log"
    content = f"electrolyte: Li6PS5Cl\ndesign: {{anode: nano-Si, {sizes}, silicon_wt_pct: [50, 99]}}\n"
    table = answered(predictor, tmp_path, content)
    keeper = Keeper(Selection(top=3, by=("silicon_size_nm", "low"), diverse=True), predictor.bundle)
    keeper.add(table, table["candidate"].to_numpy())
    kept = keeper._differing(keeper.best.rows)  # type: ignore[union-attr]
    pool = keeper.best.rows  # type: ignore[union-attr]
    assert len(pool) == 30
    # among the 15 smallest sizes: the best first, then the far end in size and share, then what is left between
    assert kept["silicon_size_nm"].iloc[0] == 100
    assert kept["silicon_size_nm"].iloc[1] == pool["silicon_size_nm"].max()
    assert kept["silicon_wt_pct"].iloc[1] != kept["silicon_wt_pct"].iloc[0]
    assert kept["candidate"].is_unique


def test_front_and_best_are_one_table(predictor: Predictor, tmp_path: Path) -> None:
    content = "electrolyte: Li6PS5Cl\ndesign: {anode: nano-Si, np_ratio: [1, 2, 3], stack_pressure_mpa: [0, 5]}\n"
    table = answered(predictor, tmp_path, content)
    chosen = Selection(
        pareto={"np_ratio": "high", "stack_pressure_mpa": "high"}, top=2, by=("stack_pressure_mpa", "low")
    )
    keeper = Keeper(chosen, predictor.bundle)
    for start in range(0, 6, 2):
        keeper.add(table[start : start + 2], np.arange(start, start + 2))
    found = keeper.table()
    # the front is the one corner (3, 5); the best two have no pressure
    assert found[KEPT_AS].tolist() == ["best", "best", "front"]
    assert found[found[KEPT_AS] == "front"][["np_ratio", "stack_pressure_mpa"]].to_numpy().tolist() == [[3, 5]]
    assert (found[found[KEPT_AS] == "best"]["stack_pressure_mpa"] == 0).all()
