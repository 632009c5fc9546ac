from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.cell import CellFeatures
from features.composition import BLOCKS
from features.electrolyte import STRUCTURE, ElectrolyteFeatures
from features.feature import Feature
from models.explain.feature_groups import GROUPS, correlated, group_of


def test_every_feature_of_every_block_has_a_group() -> None:
    frame = pd.DataFrame({"electrolyte": ["Li6PS5Cl", "Li7La3Zr2O12"]})
    cell = CellFeatures().fit(frame)
    wanted = {"electrolyte chemistry", "structure", "test conditions"}
    for left_out in ("basics", "statistics"):  # the one holds the other
        blocks = (*(block for block in BLOCKS if block != left_out), STRUCTURE)
        electrolyte = ElectrolyteFeatures(min_rows=1, blocks=blocks).fit(frame)
        assert {group_of(each) for each in electrolyte.features_} == wanted
    assert {group_of(each) for each in cell.features_} == set(GROUPS) - {"structure"}


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("anode_loading_mg_per_cm2", "anode form"),
        ("log10_stack_pressure_mpa", "mechanics"),
        ("lithium_per_anion", "electrolyte chemistry"),
        ("lithium_anion_mean_angstrom", "structure"),
        ("temperature_c", "test conditions"),
        ("np_ratio", "cell build"),
    ],
)
def test_groups_are_those_a_chemist_thinks_in(name: str, group: str) -> None:
    assert group_of(Feature(name, name)) == group


def test_a_feature_of_no_group_is_refused() -> None:
    with pytest.raises(ValueError, match="feature colour belongs to no group"):
        group_of(Feature("colour", "colour"))


def test_features_that_rank_alike_are_one() -> None:
    # b falls as a rises, d is a with two neighbours swapped; c is a rank pattern of its own; e is constant
    a = np.arange(10.0)
    c = np.array([4.0, 1, 7, 2, 9, 0, 8, 3, 6, 5])
    d = np.array([1.0, 0, 2, 3, 4, 5, 6, 7, 8, 9])
    table = np.column_stack([a, -(a**3), c, d, np.ones(10)])
    assert correlated(list("abcde"), table) == [("a", "b", "d")]


def test_few_common_rows_are_believed_nothing() -> None:
    a = np.where(np.arange(20) < 7, np.arange(20.0), np.nan)  # seven rows, one fewer than is asked
    assert correlated(["a", "b"], np.column_stack([a, np.arange(20.0)])) == []
