"""The same design gets the same answer: alone, among others, in another order, with -0 in the place of 0."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.tables.mistakes import InputError
from features.tables.records import Candidate
from models.bundle import load_bundle
from models.candidates import candidate_frame, has_anode
from models.predictions import TEXT_COLUMNS
from models.predictor import Predictor

ELECTROLYTES = ["Li6PS5Cl", "LLZTO", "Li3PS4", "Li10GeP2S12", "Li7La3Zr2O12", "Li5.5PS4.5Cl1.5", "Li3YCl6", "Li3InCl6"]
SOAK = bool(os.environ.get("SILION_SOAK"))
zero = st.sampled_from([0.0, -0.0])
designs = st.builds(
    Candidate,
    electrolyte=st.sampled_from(ELECTROLYTES),
    anode=st.sampled_from(["Si", "nano-Si", "micro-Si", None]),
    temperature_c=st.none() | zero | st.floats(-50, 200),
    stack_pressure_mpa=st.none() | zero | st.floats(0, 500),
    silicon_wt_pct=st.none() | zero | st.floats(0, 100),
    cycle=st.none() | st.floats(1, 1000),
)


@pytest.fixture(scope="module")
def predictor(bundle_folder: Path) -> Predictor:
    return Predictor(load_bundle(bundle_folder))


def table(predictor: Predictor, rows: list[Candidate]) -> pd.DataFrame:
    return predictor.predict(candidate_frame(rows), precedents=0).table.reset_index(drop=True)


def same(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    """Whether two tables are equal to the last bit."""
    texts = one.columns.intersection(TEXT_COLUMNS)
    numbers = one.columns.drop(texts)
    bits = [np.ascontiguousarray(each[numbers].to_numpy()).view(np.int64) for each in (one, other)]
    return bool((bits[0] == bits[1]).all()) and one[texts].to_numpy().tolist() == other[texts].to_numpy().tolist()


@settings(max_examples=1_000 if SOAK else 8, deadline=None)  # of 10 designs and more: 10,000
@given(st.lists(designs, min_size=10 if SOAK else 2, max_size=40), st.randoms(use_true_random=False))
def test_a_design_alone_among_others_and_in_another_order(predictor, rows, random) -> None:
    whole = table(predictor, rows)
    finite = whole.drop(columns=whole.columns.intersection(TEXT_COLUMNS)).to_numpy()
    assert not np.isinf(finite).any()
    of_cells = np.asarray(has_anode(candidate_frame(rows)))
    for column in [name.removesuffix("_low") for name in whole if name.endswith("_low")]:
        low, point, high = (whole[column + end].to_numpy(dtype=float) for end in ("_low", "", "_high"))
        judged = np.ones(len(rows), dtype=bool) if column == "conductivity_s_per_cm" else of_cells
        assert np.isfinite([low[judged], high[judged]]).all()
        assert np.isnan([low[~judged], high[~judged]]).all()
        assert (low[judged] <= high[judged]).all()
        told = judged & ~np.isnan(point)  # a target without skill is told as a range alone
        assert ((low[told] <= point[told]) & (point[told] <= high[told])).all()
        assert told.sum() in (0, judged.sum())
    place = random.randrange(len(rows))
    assert same(whole.iloc[[place]], table(predictor, [rows[place]]))
    order = random.sample(range(len(rows)), len(rows))
    assert same(whole.iloc[order], table(predictor, [rows[each] for each in order]))
    negative = [
        row.model_copy(update={name: -0.0 for name, value in row if isinstance(value, float) and value == 0})
        for row in rows
    ]
    assert same(whole, table(predictor, negative))


def test_the_direct_predictor_refuses_a_formula_as_the_others_do(predictor: Predictor) -> None:
    frame = candidate_frame([Candidate(electrolyte=text) for text in ("Li3N", "Qx9Zz", "Li6PS5(")])
    with pytest.raises(InputError) as error:
        predictor.predict(frame)
    assert [mistake.line for mistake in error.value.mistakes] == [2, 3]
    named = [Candidate(electrolyte="PEO-LiTFSI", electrolyte_class="polymer")]
    assert len(predictor.predict(candidate_frame(named)).table) == 1
