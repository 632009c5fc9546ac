from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.data.paper_splits import SplitError, grouped_folds, joined_groups


def test_papers_that_share_a_composition_are_one_group() -> None:
    # p and q share LPSCl, q and r share LLZO: all one; s stands alone
    groups = joined_groups(["p", "q", "q", "r", "s"], ["LPSCl", "LPSCl", "LLZO", "LLZO", "LiPON"])
    assert groups.tolist() == [0, 0, 0, 0, 1]


def test_without_keys_a_paper_is_its_own_group() -> None:
    assert joined_groups(["p", "q", "p", "r"]).tolist() == [0, 1, 0, 2]


def test_papers_that_share_a_row_are_one_group() -> None:
    # a|b and b|c join a, b and c, so the row of c alone belongs to them; d|e is another pair, f stands alone
    assert joined_groups(["a|b", "d|e", "b|c", "f", "c", "e"]).tolist() == [0, 1, 0, 2, 0, 1]
    # the same whatever comes first
    assert joined_groups(["c", "b|c", "f", "a|b", "a"]).tolist() == [0, 0, 1, 0, 0]


def test_papers_and_compositions_join_together() -> None:
    # a|b and c share LLZO, c and d share LPSCl: one chain; e|f joins it by no key, g joins e|f by the paper f
    papers = ["a|b", "c", "c", "d", "e|f", "f|g", "h"]
    keys = ["LLZO", "LLZO", "LPSCl", "LPSCl", "LiPON", "LGPS", "LATP"]
    assert joined_groups(papers, keys).tolist() == [0, 0, 0, 0, 1, 1, 2]


def test_a_paper_and_a_composition_of_one_name_are_not_the_same() -> None:
    assert joined_groups(["LLZO", "b"], ["x", "LLZO"]).tolist() == [0, 1]
    assert joined_groups([], []).tolist() == []


@given(st.lists(st.sets(st.integers(0, 8), min_size=1, max_size=3), min_size=1, max_size=25), st.randoms())
def test_groups_are_the_connected_papers(rows: list[set[int]], random: Random) -> None:
    """Against a search that merges sets of papers until none share one."""
    papers = ["|".join(random.sample([f"p{each}" for each in row], len(row))) for row in rows]
    together = [set(row) for row in rows]
    for _ in rows:
        for one in together:
            for other in together:
                if one & other:
                    one |= other
                    other |= one
    found = joined_groups(papers)
    for one, group in zip(together, found, strict=True):
        for other, its in zip(together, found, strict=True):
            assert (group == its) == bool(one & other)
    assert list(dict.fromkeys(found.tolist())) == list(range(found.max() + 1))


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
