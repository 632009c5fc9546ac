"""The same design gets the same answer: alone, among others, in another order, with -0 in the place of 0,
by every path."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from features.tables.mistakes import InputError
from features.tables.records import Candidate
from models.bundle import load_bundle
from models.candidates import candidate_frame, has_anode
from models.predictions import TEXT_COLUMNS
from models.predictor import Predictor
from serving.predict.batch import predict_file
from serving.server.app import app_of
from tests.served import flat
from tests.shared import ROOT

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


def test_what_is_kept_of_an_electrolyte_is_what_a_new_predictor_tells(bundle_folder: Path) -> None:
    """Class, form, temperature and level make another question; own measurements are never kept."""
    bundle = load_bundle(bundle_folder)
    asked = [
        Candidate(electrolyte="Li6PS5Cl", anode="Si"),
        Candidate(electrolyte="Li6PS5Cl", anode="Si", silicon_wt_pct=50),
        Candidate(electrolyte="Li6PS5Cl", form="glass"),
        Candidate(electrolyte="Li6PS5Cl", electrolyte_class="halide"),
        Candidate(electrolyte="Li6PS5Cl", temperature_c=60),
    ]
    own = pd.DataFrame({"electrolyte": ["Li6PS5Cl"], "temperature_c": [25.0], "conductivity_s_per_cm": [1e-3]})
    old, told = Predictor(bundle), []
    for level, measured in ((0.8, None), (0.5, None), (0.8, own), (0.8, None)):
        for row in asked:
            frame, options = candidate_frame([row]), {"level": level, "measured": measured, "precedents": 0}
            one, new = old.predict(frame, **options), Predictor(bundle).predict(frame, **options)
            assert same(one.table, new.table)
            values = [each.energies.values for each in (one, new) if each.energies is not None]
            assert np.array_equal(values[0], values[1])
            told.append((one.columns["conductivity_s_per_cm"][0], one.columns["conductivity_s_per_cm_low"][0]))
    assert told[:5] == told[15:]
    assert told[0] == told[1]
    assert len({value for value, _ in told[1:5]}) == 4
    assert len({told[0], told[5], told[10]}) == 3


@pytest.mark.filterwarnings("ignore:.*Any type hint is inferred as AnyType:UserWarning")  # what mlflow warns of itself
@pytest.mark.filterwarnings("ignore:.*An input example was not provided:UserWarning")
def test_every_path_writes_the_same_digits(bundle_folder: Path, tmp_path: Path) -> None:
    """Command line, upload, server (alone and among others) and logged model; nearest rows where a path gives them."""
    cells = [
        {"electrolyte": name, "anode": "micro-Si", "temperature_c": 7.0 * n} for n, name in enumerate(ELECTROLYTES)
    ]
    asked = [*cells, {"electrolyte": "LLZTO"}, {"electrolyte": "PEO/LiTFSI", "temperature_c": 60.0}]
    frame = pd.DataFrame(asked)
    frame.to_parquet(tmp_path / "in.parquet", index=False)
    frame.to_csv(tmp_path / "in.csv", index=False)
    bundle = load_bundle(bundle_folder)
    for end in ("csv", "parquet"):
        predict_file(tmp_path / "in.csv", tmp_path / f"out.{end}", Predictor(bundle), precedents=3)
    written = pd.read_parquet(tmp_path / "out.parquet")
    columns = written.columns.drop(list(frame)).tolist()

    def digits(table: pd.DataFrame, columns: list[str] = columns) -> str:
        return json.dumps(table[columns].astype(object).where(table[columns].notna(), None).to_numpy().tolist())

    server = TestClient(app_of(bundle))
    whole, *alone = (
        server.post("/predict", json={"designs": designs, "precedents": 3}).json()["results"]
        for designs in (asked, *([design] for design in asked))
    )
    assert json.dumps(alone) == json.dumps([[result] for result in whole])
    assert json.dumps([[flat(result)[column] for column in columns] for result in whole]) == digits(written)
    nearest = pd.read_csv(tmp_path / "out.csv.nearest.csv", dtype=str)[["line", "target", "rank", "row", "distance"]]
    assert nearest.to_numpy().tolist() == [
        [str(line), target, str(rank), near["row"], json.dumps(near["distance"])]
        for line, result in enumerate(whole, 2)
        for target, rows in result["precedents"].items()
        for rank, near in enumerate(rows, 1)
    ]
    texts, tables = (
        server.post("/predict/file", content=(tmp_path / f"in.{end}").read_bytes(), headers={"Content-Type": kind})
        for end, kind in (("csv", "text/csv"), ("parquet", "application/vnd.apache.parquet"))
    )
    own = (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()
    assert texts.text.splitlines() == [f"{own[0]},error", *(f"{line}," for line in own[1:])]
    assert digits(pd.read_parquet(io.BytesIO(tables.content))) == digits(written)
    code, artifacts = str(ROOT / "models" / "pyfunc_model.py"), {"bundle": str(bundle_folder)}
    mlflow.pyfunc.save_model(str(tmp_path / "model"), python_model=code, artifacts=artifacts, pip_requirements=[])
    logged = mlflow.pyfunc.load_model(str(tmp_path / "model")).predict(frame)
    names = [column for column in columns if not column.endswith("_distance")]
    assert [column for column in columns if column in logged] == names
    assert digits(logged, names) == digits(written, names)
