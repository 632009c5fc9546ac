"""The benchmark of what can be told of cells: its pairs and its choice, on numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.cells.balance import Balance
from benchmarks.cells.rows import Fold, Rows
from benchmarks.cells.told import Quantity, concordance, nested
from models.ensemble import Labels


def rows(values: list[float], papers: str, fact: list[float] | None = None) -> Rows:
    designs = pd.DataFrame({"paper": list(papers)})
    vectors = pd.DataFrame({"fact": values if fact is None else fact})
    value = np.array(values)
    return Rows(designs, vectors, Labels(value, value, np.ones(len(value))))


def quantity(found: Rows) -> Quantity:
    def middle(fold: Fold) -> np.ndarray:
        return np.full(len(fold.test.vectors), np.median(fold.train.labels.middle))

    def fact(fold: Fold) -> np.ndarray:
        return fold.test.vectors["fact"].to_numpy(dtype=float)

    return Quantity("q", "points", found, {"middle": middle, "fact": fact},
                    lambda told, places: np.abs(told - found.labels.lower[places]))  # fmt: skip


def test_pairs_of_one_paper_count_papers_alike() -> None:
    found = quantity(rows([1.0, 2.0, 3.0, 5.0, 4.0, 7.0], "aaabbc"))
    # a: 1 < 2 < 3 told as 1, 3, 2: two of three pairs right; b: told equal: half; c has no pair
    share, papers = concordance(found, np.array([1.0, 3.0, 2.0, 9.0, 9.0, 0.0]))
    assert (share, papers) == (pytest.approx((2 / 3 + 1 / 2) / 2), 2)
    assert concordance(found, np.array([1.0, 3.0, 2.0, 9.0, 9.0, 0.0]), without_largest=True) == (0.5, 1)


def test_the_choice_inside_takes_what_errs_less_there() -> None:
    values = [float(place) for place in range(12)]
    told = quantity(rows(values, "abcdefghijkl"))
    every, chosen, taken = nested(told, 0)
    assert taken == ["fact"] * 5
    assert chosen.tolist() == values
    assert every[0].tolist() != values
    noise = quantity(rows(values, "abcdefghijkl", fact=[1000.0] * 12))
    assert nested(noise, 0)[2] == ["middle"] * 5


def test_the_reviews_constants_add_up_to_a_loss() -> None:
    # interphase 10, carbon 17.3, lost contact 23.1; interphase 10, oxide 6.8, lithium brought 25.8
    terms = np.array([[1, 0, 1, 1, 0, 0, 0], [1, 1, 0, 0, 1, 0, 0]])
    assert Balance.prior().loss(terms) == pytest.approx([50.4, -9.0])


def test_a_constant_of_a_paper_held_out_is_not_used() -> None:
    blind = Balance.prior(frozenset({"ice-pure-si-pressure-free"}))
    assert blind.mean.tolist() == [10.0, 6.8, 17.3, 0.0, 0.0, 0.0, 0.0]
    assert np.sqrt(np.diag(blind.covariance)).tolist() == [10.0, 10.0, 10.0, 20.0, 20.0, 10.0, 10.0]


def test_ten_cells_of_one_paper_move_less_than_of_ten_papers() -> None:
    terms, loss = np.repeat(np.eye(1, 7), 10, axis=0), np.full(10, 30.0)
    one = Balance.prior().moved(terms, loss, np.full(10, "a")).mean[0]
    ten = Balance.prior().moved(terms, loss, np.array(list("abcdefghij"))).mean[0]
    assert 10.0 < one <= ten < 30.0
