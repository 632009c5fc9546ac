"""The designs of a space by number: grids and samples by hand, constraints, and the rules of the row model."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.tables.records import Candidate
from features.tables.rows import parse_row
from serving.screen.design_space import SHARES, Space, possible
from serving.screen.space_reader import read_space


def read(folder: Path, content: str) -> Space:
    path = folder / "space.yaml"
    path.write_text(content, encoding="utf-8")
    return read_space(path)


def made(space: Space, start: int = 0, stop: int | None = None) -> tuple[pd.DataFrame, Counter[str]]:
    why: Counter[str] = Counter()
    found = space.chunk(start, space.size if stop is None else stop, lambda reason, n: why.update({reason: n}))
    return found, why


TWO = (
    "electrolyte:\n  - {formula: Li6PS5Cl(1-x)Br(x), x: [0, 0.5]}\n"
    "  - {formula: Li7La3Zr2O12, dopant: [Al, Ga], site: Li, x: 0.2, electrolyte_class: oxide-garnet}\n"
    "design: {temperature_c: [25, 60], anode: [nano-Si, ~]}\n"
)


def test_a_grid_by_hand(tmp_path: Path) -> None:
    designs, why = made(read(tmp_path, TWO))
    # (2 halides + 2 dopants) x 2 temperatures x 2 anodes; the last column runs fastest
    assert designs["candidate"].tolist() == list(range(16))
    assert designs["electrolyte"].tolist() == [
        *["Li6PS5Cl"] * 4, *["Li6PS5Cl0.5Br0.5"] * 4, *["Li6.4Al0.2La3Zr2O12"] * 4, *["Li6.4Ga0.2La3Zr2O12"] * 4,
    ]  # fmt: skip
    assert designs["temperature_c"].tolist() == [25, 25, 60, 60] * 4
    assert [value is None or value != value for value in designs["anode"]] == [False, True] * 8
    assert designs["dopant"].tolist()[8:] == ["Al"] * 4 + ["Ga"] * 4
    assert designs["x"].tolist() == [0] * 4 + [0.5] * 4 + [0.2] * 8
    assert designs["electrolyte_class"].tolist()[8:] == ["oxide-garnet"] * 8
    assert not why.total()


@pytest.mark.parametrize("method", ["grid", "sobol", "latin-hypercube"])
def test_chunks_are_the_whole(tmp_path: Path, method: str) -> None:
    points = "" if method == "grid" else ", points: 50, seed: 2"
    space = read(tmp_path, f"{TWO}sample: {{method: {method}{points}}}")
    whole, _ = made(space)
    cuts = [0, 3, 8, 15, space.size]
    parts = [made(space, start, stop)[0] for start, stop in pairwise(cuts)]
    pd.testing.assert_frame_equal(pd.concat(parts, ignore_index=True), whole)


def test_a_sample_keeps_to_the_ranges(tmp_path: Path) -> None:
    content = (
        "electrolyte: {formula: Li6-xPS5-xCl1+x, x: 0..0.5}\ndesign:\n  silicon_size_nm: 10..1000 log\n"
        "  temperature_c: 20..80 step 20\nsample: {method: sobol, points: 1024, seed: 1}\n"
    )
    designs, _ = made(read(tmp_path, content))
    assert len(designs) == 1024
    assert designs["x"].between(0, 0.5).all()
    assert set(designs["temperature_c"]) == {20, 40, 60, 80}
    # 1024 Sobol points put exactly a quarter into each quarter, and half below 100 nm, the middle of the log scale
    assert designs["temperature_c"].value_counts().tolist() == [256] * 4
    assert abs((designs["silicon_size_nm"] < 100).sum() - 512) <= 1
    assert designs["electrolyte"].nunique() > 100


def test_constraints_are_counted_in_turn(tmp_path: Path) -> None:
    content = (
        "electrolyte: Li6PS5Cl\ndesign: {temperature_c: [0, 25, 60, 90], cell_type: [full, half]}\n"
        "constraints:\n  - temperature_c > 0\n  - cell_type == 'full' or temperature_c < 50\n"
    )
    designs, why = made(read(tmp_path, content))
    # of 8: two at 0 °C; of the other six: half cells at 60 and 90 °C
    assert why == {"temperature_c > 0": 2, "cell_type == 'full' or temperature_c < 50": 2}
    assert designs["temperature_c"].tolist() == [25, 25, 60, 90]


share = st.one_of(st.none(), st.sampled_from([0.0, 20.0, 40.0, 60.5, 80.0, 100.0]))
volt = st.one_of(st.none(), st.sampled_from([0.0, 1.0, 2.0]))


@given(st.lists(st.tuples(share, share, share, share, volt, volt), min_size=1, max_size=8))
def test_what_is_possible_is_what_the_row_model_accepts(rows: list[tuple[float | None, ...]]) -> None:
    columns = [*SHARES, "voltage_low_v", "voltage_high_v"]
    frame = pd.DataFrame(rows, columns=columns, dtype=float)
    accepted = [
        not isinstance(
            parse_row(Candidate, {"electrolyte": "Li6PS5Cl", **dict(zip(columns, row, strict=True))}, 1), list
        )
        for row in rows
    ]
    assert possible(frame, lambda reason, n: None).tolist() == accepted


def test_varied_columns(tmp_path: Path) -> None:
    assert read(tmp_path, TWO).varied == ["electrolyte", "x", "dopant", "temperature_c", "anode"]
    assert read(tmp_path, "electrolyte: Li6PS5Cl\ndesign: {temperature_c: 25}").varied == []
    assert np.isclose(read(tmp_path, "electrolyte: Li6PS5Cl").size, 1)
