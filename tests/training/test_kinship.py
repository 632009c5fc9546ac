from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.formulas.nearness import NEARLY_ONE
from features.tables.literature import Literature
from features.tables.records import ElectrolyteRow
from models.tasks.conductivity import conductivity_examples
from models.tasks.examples import Examples
from training.data.groups import PaperGroups, fractions_of


def examples(*rows: tuple[str, str]) -> Examples:
    """Electrolyte and paper of each row, all of one conductivity."""
    given = [
        {"measurement_id": f"E{place}", "electrolyte": name, "source_id": paper, "conductivity_s_per_cm": 1e-4}
        for place, (name, paper) in enumerate(rows)
    ]
    classed = [{**row, "electrolyte_class": "polymer"} if "P" in str(row["electrolyte"])[:2] else row for row in given]
    return conductivity_examples(Literature([ElectrolyteRow.model_validate(row) for row in classed]))


def leaks(kin: PaperGroups, test: int) -> list[bool]:
    """Whether each other row, in order, is kin of one test row."""
    rest = np.setdiff1d(np.arange(len(kin.groups)), [test])
    return kin.leaks(rest, np.array([test])).tolist()


def test_fractions_by_hand() -> None:
    designs = pd.DataFrame({"electrolyte": ["Li2S", "argyrodite", "PEO"], "composition": [None, "Li3N", None]})
    found = fractions_of(designs)
    # Li2S is 2 of 3 and 1 of 3; a composition stands before the name; a polymer states no stoichiometry
    assert sorted(found[0][found[0] > 0].tolist()) == pytest.approx([1 / 3, 2 / 3])
    assert sorted(found[1][found[1] > 0].tolist()) == pytest.approx([0.25, 0.75])
    assert np.isnan(found[2]).all()
    assert found[:2].sum(axis=1) == pytest.approx([1.0, 1.0])


@pytest.mark.parametrize(
    ("first", "second", "kin"),
    [
        # Li3N against LixN: both fractions move by 1/4 - 1/(x+1), so the sum is 1/2 - 2/(x+1):
        # 0.5 - 2/4.158 = 0.0190, 0.5 - 2/4.175 = 0.0210
        ("Li3N", "Li3.158N", True),
        ("Li3N", "Li3.175N", False),
        # 24 atoms, 7 of them Li; with d more the others shrink by 17/24 - 17/(24+d) and Li grows by as much:
        # d = 0.32: 2 x 17 x (1/24 - 1/24.32) = 0.01864; d = 0.37: 0.02151
        ("Li7La3Zr2O12", "Li7.32La3Zr2O12", True),
        ("Li7La3Zr2O12", "Li7.37La3Zr2O12", False),
        # the same numbers of other elements are 2 apart
        ("Li3N", "Na3N", False),
        # multiples are the same composition
        ("Li7La3Zr2O12", "Li14La6Zr4O24", True),
    ],
)
def test_compositions_are_one_up_to_two_hundredths(first: str, second: str, kin: bool) -> None:
    assert NEARLY_ONE == 0.02
    found = PaperGroups.of(examples((first, "p"), (second, "q")), by_composition=True)
    assert leaks(found, 0) == [kin]
    assert leaks(found, 1) == [kin]


def test_one_of_several_papers_is_enough() -> None:
    # a|b shares b with b|c and a with a; c|d shares nothing with a|b, though the chain a, b, c is one group
    found = PaperGroups.of(
        examples(("LiF", "a|b"), ("Li2O", "b|c"), ("Li2S", "a"), ("LiCl", "c|d"), ("LiBr", "e")), by_composition=True
    )
    assert leaks(found, 0) == [True, True, False, False]
    assert leaks(found, 3) == [False, True, False, False]  # c|d: only b|c
    assert found.groups.tolist() == [0, 0, 0, 0, 1]


def test_a_paper_is_the_whole_word() -> None:
    found = PaperGroups.of(examples(("LiF", "10.1/a"), ("Li2O", "10.1/ab"), ("Li2S", "x|10.1/a")), by_composition=True)
    assert leaks(found, 0) == [False, True]


def test_unknown_stoichiometry_is_near_nothing_but_kin_by_paper() -> None:
    found = PaperGroups.of(examples(("PEO", "a"), ("PEO", "b"), ("PPC", "a"), ("LiF", "c")), by_composition=True)
    assert found.fractions is not None
    assert np.isnan(found.fractions[:3]).all()
    # row 0 and row 2 share the paper; row 1 has only the name in common with row 0, which the groups join by
    assert leaks(found, 0) == [False, True, False]
    assert found.groups.tolist() == [0, 0, 0, 1]
    assert leaks(found, 3) == [False, False, False]


def test_cells_are_kin_by_paper_alone() -> None:
    found = PaperGroups.of(examples(("Li3N", "a"), ("Li3N", "b"), ("Li2O", "a|c")), by_composition=False)
    assert found.fractions is None
    assert leaks(found, 0) == [False, True]
    assert found.groups.tolist() == [0, 1, 0]


def test_taken_rows_keep_their_papers_fractions_and_groups() -> None:
    whole = PaperGroups.of(
        examples(("Li3N", "a"), ("LiF", "b"), ("Li3.05N", "c"), ("LiCl", "b|d"), ("LiI", "d")), by_composition=True
    )
    part = whole.take(np.array([4, 2, 0]))
    assert part.groups.tolist() == whole.groups[[4, 2, 0]].tolist()
    # LiI, Li3.05N, Li3N: the nitrides are 0.5 - 2/4.05 = 0.0062 apart; LiI lost b|d, its only kin
    assert leaks(part, 0) == [False, False]
    assert leaks(part, 1) == [False, True]
    cells = PaperGroups.of(examples(("Li3N", "a"), ("LiF", "a")), by_composition=False).take(np.array([1, 0]))
    assert cells.fractions is None
    assert leaks(cells, 0) == [True]


def test_several_test_rows_leak_together_and_none_leaks_nothing() -> None:
    rows = examples(("Li3N", "a"), ("LiF", "b"), ("Li3.05N", "c"), ("LiCl", "b"), ("LiI", "d"))
    found = PaperGroups.of(rows, by_composition=True)
    assert found.leaks(np.array([2, 3, 4]), np.array([0, 1])).tolist() == [True, True, False]
    assert found.leaks(np.arange(5), np.array([], dtype=int)).tolist() == [False] * 5
    assert found.leaks(np.array([], dtype=int), np.array([0])).tolist() == []
