"""What a stream looked like: reach, a fair draw, and the map, by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from serving.screen.axes import Listed, Range
from serving.screen.space_reader import read_space
from serving.screen.survey import SAMPLE, Cells, Survey


def test_cells_have_their_values_in_the_middle() -> None:
    cells = Cells.of_axis("a", Listed((1.0, 2.0, 4.0)))
    assert cells.edges.tolist() == [0.5, 1.5, 3, 5]
    assert cells.place(np.array([1, 2, 4, 5, 6, np.nan, 0])).tolist() == [0, 1, 2, 2, -1, -1, -1]
    log = Cells.of_axis("b", Range(1.0, 100.0, 3, True))
    assert np.allclose(log.edges, 10.0 ** np.array([-0.5, 0.5, 1.5, 2.5]))
    assert len(Cells.of_axis("c", Range(0.0, 1.0)).edges) == 31


def space_of(folder: Path) -> Survey:
    path = folder / "space.yaml"
    path.write_text(
        "electrolyte: Li6PS5Cl\ndesign: {temperature_c: [20, 40], lattice_a_angstrom: [9, 10]}\n", encoding="utf-8"
    )
    return Survey.of_space(read_space(path))


def answers(numbers: range) -> pd.DataFrame:
    table = pd.DataFrame({"candidate": list(numbers), "temperature_c": [20.0, 40.0] * (len(numbers) // 2)})
    table["lattice_a_angstrom"] = 9.0
    # intervals of two and of four decades
    table["conductivity_s_per_cm_low"], table["conductivity_s_per_cm_high"] = 1e-5, [1e-3, 1e-1] * (len(numbers) // 2)
    return table.assign(conductivity_s_per_cm=1e-4, conductivity_s_per_cm_distance=table["temperature_c"] / 100)


def test_the_map_by_hand(tmp_path: Path) -> None:
    survey = space_of(tmp_path)
    survey.add(answers(range(4)))
    survey.add(answers(range(4, 6)))
    assert [each.name for each in survey.cells] == ["temperature_c", "lattice_a_angstrom"]
    assert survey.sums[0].tolist() == [[3, 0], [3, 0]]
    assert np.allclose(survey.mapped(1), [[2, np.nan], [4, np.nan]], equal_nan=True)
    assert np.allclose(survey.mapped(2), [[0.2, np.nan], [0.4, np.nan]], equal_nan=True)
    assert survey.reach["temperature_c"] == (20, 40)
    low, high, width = survey.reach_and_width("conductivity_s_per_cm", answers(range(2)))
    assert (low, high, round(width, 9)) == (1e-4, 1e-4, 3)


def test_the_draw_is_bounded_and_the_same_whatever_the_chunks(tmp_path: Path) -> None:
    one, many = space_of(tmp_path), space_of(tmp_path)
    one.add(answers(range(6000)))
    for start in range(0, 6000, 1000):
        many.add(answers(range(start, start + 1000)))
    assert len(one.sample) == SAMPLE
    assert one.sample["candidate"].tolist() == many.sample["candidate"].tolist()
    # a fair draw: a third of 0 to 5999 has its mean near 2999.5 with a deviation of about 32
    assert abs(one.sample["candidate"].mean() - 2999.5) < 150
