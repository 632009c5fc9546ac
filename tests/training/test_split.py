from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.split import SplitError, grouped_folds, joined_groups


def test_papers_that_share_a_composition_are_one_group() -> None:
    # p and q share LPSCl, q and r share LLZO: all one; s stands alone
    groups = joined_groups(["p", "q", "q", "r", "s"], ["LPSCl", "LPSCl", "LLZO", "LLZO", "LiPON"])
    assert groups.tolist() == [0, 0, 0, 0, 1]


def test_without_keys_a_paper_is_its_own_group() -> None:
    assert joined_groups(["p", "q", "p", "r"]).tolist() == [0, 1, 0, 2]


@given(st.lists(st.integers(0, 12), min_size=20, max_size=60), st.integers(2, 5), st.integers(0, 5))
def test_every_row_is_tested_once_and_no_group_is_cut(groups: list[int], folds: int, seed: int) -> None:
    each = np.array(groups)
    if len(np.unique(each)) < folds:
        return
    found = grouped_folds(each, folds, seed)
    assert sorted(np.concatenate(found).tolist()) == list(range(len(each)))
    for place, test in enumerate(found):
        others = np.concatenate([fold for other, fold in enumerate(found) if other != place])
        assert not set(each[test]) & set(each[others])


def test_seeds_decide() -> None:
    groups = np.arange(30)
    first, again, other = (grouped_folds(groups, 5, seed) for seed in (0, 0, 1))
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert any(a.tolist() != b.tolist() for a, b in zip(first, other, strict=True))


def test_too_few_papers_are_refused() -> None:
    with pytest.raises(SplitError, match="3 papers are too few for 5 folds"):
        grouped_folds(np.array([0, 0, 1, 2]), 5, 0)
