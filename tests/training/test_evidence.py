from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.tables.records import CellDesign
from training.rules.evidence import HAS_CARBON, Factor, across, by_paper, compared, of_family, outcomes, pairs
from training.train import Trained

PRESSURE = Factor("stack_pressure_mpa", "stack pressure", "MPa", (), ("stack_pressure_mpa",))
SIZE = Factor("silicon_size_nm", "silicon size", "nm", (), ("silicon_size_nm",))


def cells(*rows: dict[str, Any]) -> pd.DataFrame:
    """Cells as `outcomes` gives them: what is not said is unknown, an outcome is a value unless it has two ends."""
    empty = dict.fromkeys([*CellDesign.model_fields, "class", HAS_CARBON])
    table = pd.DataFrame(
        [{**empty, "row_id": f"c{place}", "paper": "p", "upper": row["lower"], **row} for place, row in enumerate(rows)]
    )
    return table.astype({"stack_pressure_mpa": float, "silicon_size_nm": float, "lower": float, "upper": float})


def test_a_paper_of_many_like_cells_counts_once() -> None:
    table = cells(
        {"paper": "a", "stack_pressure_mpa": 1, "lower": 80},
        {"paper": "a", "stack_pressure_mpa": 1, "lower": 90},
        {"paper": "a", "stack_pressure_mpa": 1, "lower": 70},
        {"paper": "a", "stack_pressure_mpa": 5, "lower": 60},
        {"paper": "b", "stack_pressure_mpa": 5, "lower": 50},
    )
    points = by_paper(table, ["stack_pressure_mpa"])
    assert points.to_numpy().tolist() == [["a", 1.0, 3, 80.0], ["a", 5.0, 1, 60.0], ["b", 5.0, 1, 50.0]]


def test_a_factor_across_papers_is_counted_by_hand() -> None:
    known = [
        {"paper": name, "stack_pressure_mpa": place, "lower": 50 + 5 * place} for place, name in enumerate("abcde")
    ]
    found = across(
        cells(
            *known,
            {"paper": "a", "stack_pressure_mpa": 9, "lower": 90, "upper": np.inf},
            {"paper": "f|g", "lower": 10},
        ),
        PRESSURE,
        seed=0,
    )
    assert (found.cells, found.papers, found.bounded) == (5, 5, 1)
    assert found.silent == ("f", "g")  # one row that two papers tell
    assert (found.least, found.most) == (0.0, 4.0)
    assert (found.correlation.value, found.correlation.sign) == (1.0, 1)
    assert found.explained == (1.0, 1.0, 1.0)


def test_four_papers_are_not_judged_and_none_are_empty() -> None:
    known = [{"paper": name, "stack_pressure_mpa": place, "lower": place} for place, name in enumerate("abcd")]
    found = across(cells(*known), PRESSURE, seed=0)
    assert not found.correlation.has_interval
    assert np.isnan(found.explained[1:]).all()
    nothing = across(cells(*known), SIZE, seed=0)
    assert (nothing.cells, nothing.papers) == (0, 0)
    assert np.isnan([nothing.least, nothing.most, nothing.correlation.value]).all()


def test_an_order_that_is_not_told_from_zero_accounts_for_nothing_at_least() -> None:
    outcome = [3, 1, 2, 5, 4, 0]
    table = cells(*({"paper": str(place), "stack_pressure_mpa": place, "lower": each} for place, each in
                    enumerate(outcome)))  # fmt: skip
    found = across(table, PRESSURE, seed=0)
    low, high = found.correlation.low, found.correlation.high
    assert low < 0 < high
    assert found.explained[1:] == (0.0, max(low**2, high**2))


def test_two_factors_are_compared_on_cells_that_state_both() -> None:
    rows = [
        {"paper": name, "stack_pressure_mpa": place, "silicon_size_nm": size, "lower": place}
        for place, (name, size) in enumerate(zip("abcdef", [2, 1, 3, 5, 6, 4], strict=True))
    ]
    found = compared(cells(*rows, {"paper": "g", "stack_pressure_mpa": 1, "lower": 1}), PRESSURE, SIZE, seed=0)
    # pressure orders them wholly: 1; the ranks of the sizes differ by 1, 1, 0, 1, 1, 2: 1 - 6 * 8 / (6 * 35) = 27 / 35
    assert found.papers == 6
    assert found.value == pytest.approx(1 - 27 / 35)
    assert found.low <= found.value <= found.high
    few = compared(cells(*rows[:4]), PRESSURE, SIZE, seed=0)
    assert few.papers == 4
    assert np.isnan(few.low)
    assert compared(cells({"lower": 1}), PRESSURE, SIZE, seed=0).papers == 0


def test_pairs_of_one_paper_say_what_else_differs() -> None:
    table = cells(
        {"stack_pressure_mpa": 5, "lower": 70, "binder": "PVDF"},
        {"stack_pressure_mpa": 1, "lower": 80, "binder": "PVDF"},
        {"stack_pressure_mpa": 5, "lower": 80, "upper": np.inf, "np_ratio": 2.0},
        {"paper": "other", "stack_pressure_mpa": 9, "lower": 10},
        {"lower": 99},
    )
    found = pairs(table, PRESSURE)
    # 1 MPa against each of the two at 5 MPa; those two have the same pressure, and no other paper has two
    assert found[["less", "more", "less_factor", "more_factor"]].to_numpy().tolist() == [
        ["c1", "c0", 1.0, 5.0], ["c1", "c2", 1.0, 5.0],
    ]  # fmt: skip
    assert found["also"].tolist() == ["", "binder; np_ratio"]
    assert found["change"].tolist()[0] == -1.0  # from 80 to 70
    assert np.isnan(found["change"].tolist()[1])  # from 80 to at least 80
    assert found["more_outcome"].tolist() == pytest.approx([70.0, np.nan], nan_ok=True)


@pytest.mark.parametrize(
    ("less", "more", "change"),
    [((70, 70), (80, 80), 1), ((70, 70), (70, 70), 0), ((70, 75), (80, np.inf), 1), ((70, np.inf), (60, 65), -1)],
)
def test_bounds_that_do_not_overlap_tell_the_direction(
    less: tuple[float, float], more: tuple[float, float], change: int
) -> None:
    rows = [
        {"stack_pressure_mpa": place, "lower": low, "upper": high} for place, (low, high) in enumerate([less, more])
    ]
    assert pairs(cells(*rows), PRESSURE)["change"].tolist() == [change]


def test_no_pairs_keep_their_columns() -> None:
    assert pairs(cells({"lower": 1}), PRESSURE)["also"].tolist() == []


def test_cells_of_the_training_are_judged_by_their_last_point(trained: Trained) -> None:
    for part in ("ice", "fade"):
        examples = trained.found[part].examples
        found = outcomes(trained.bundle.parts[part], examples)
        assert set(found["row_id"]) == set(examples.designs["row_id"])
        assert found["row_id"].is_unique
    last = examples.designs.groupby("row_id")["cycles"].idxmax()
    expected = pd.Series(examples.labels.lower[last.to_numpy()], index=last.index)
    assert found.set_index("row_id")["lower"].sort_index().tolist() == expected.sort_index().tolist()
    told = found.dropna(subset="conductive_carbon")
    none = told["carbon_wt_pct"] == 0
    assert none.any()
    assert (told.loc[none, HAS_CARBON] == 0).all()
    assert (told.loc[~none, HAS_CARBON] == 1).all()
    sulfide = of_family(found, ("sulfide-glass",))
    assert set(sulfide["class"]) == {"sulfide-glass"}
    assert len(of_family(found, ())) == len(found)
