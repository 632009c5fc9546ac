"""The benchmark of what can be told of cells: its balance, its pairs and its choice, on numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.accuracy import ROOT
from benchmarks.cells.balance import TERMS, Balance, amounts
from benchmarks.cells.rows import Fold, Rows
from benchmarks.cells.told import Quantity, concordance, nested
from models.ensemble import Labels


def test_priors_are_differences_of_what_the_reviews_print() -> None:
    rules = pd.read_csv(ROOT / "data" / "literature" / "rules.csv").set_index("rule_id")["value"].astype(float)
    for term in TERMS:
        losses = [100 - rules[rule] for rule in term.rules]
        expected = losses[0] - losses[1] if len(losses) == 2 else sum(losses)
        assert term.prior == pytest.approx(expected, abs=0.05)


def test_terms_of_a_cell() -> None:
    cell = {
        "stack_pressure_mpa": [0.5, None], "silicon_size_nm": [15.0, None], "voltage_high_v": [0.18, 4.2],
        "counter_electrode": ["Li-In", "NCM811"], "cell_type": ["half", "full"],
    }  # fmt: skip
    names = [
        "family_oxide",
        "family_garnet",
        "family_nasicon",
        "anode_has_carbon",
        "prelithiated",
        "lithium_per_silicon",
    ]
    vectors = pd.DataFrame([[0, 0, 0, 1, 0, np.nan], [0, 1, 0, 0, 0, 4.2]], columns=names)
    # 150 / 15 nm is one decade; 0.18 V against Li-In are 0.80 V against lithium, 0.2 V short of 1 V
    assert amounts(pd.DataFrame(cell), vectors) == pytest.approx(
        np.array([[1, 0, 1, 1, 0, 1, 0.2], [1, 1, 0, 0, 1, 0, 0]])
    )
    # the prior alone: 10 + 17.3 + 23.1 of the first, 10 + 6.8 - 25.8 of the second
    assert Balance.prior().loss(amounts(pd.DataFrame(cell), vectors)) == pytest.approx([50.4, -9.0])
    [*_, last] = Balance.prior().told(amounts(pd.DataFrame(cell), vectors)[1])
    assert last == ("lithium brought along", pytest.approx(-25.8), pytest.approx(10.0))


def test_a_constant_of_a_paper_held_out_is_not_used() -> None:
    blind = Balance.prior(frozenset({"ice-pure-si-pressure-free"}))
    assert blind.mean.tolist() == [10.0, 6.8, 17.3, 0.0, 0.0, 0.0, 0.0]
    assert np.sqrt(np.diag(blind.covariance)).tolist() == [10.0, 10.0, 10.0, 20.0, 20.0, 10.0, 10.0]


def test_ten_cells_of_one_paper_move_less_than_of_ten_papers() -> None:
    terms, loss = np.repeat(np.eye(1, 7), 10, axis=0), np.full(10, 30.0)
    one = Balance.prior().moved(terms, loss, np.full(10, "a")).mean[0]
    ten = Balance.prior().moved(terms, loss, np.array(list("abcdefghij"))).mean[0]
    assert 10.0 < one <= ten < 30.0


def rows(values: list[float], papers: str, fact: list[float] | None = None) -> Rows:
    designs = pd.DataFrame({"paper": list(papers)})
    vectors = pd.DataFrame({"fact": values if fact is None else fact})
    value = np.array(values)
    return Rows(designs, vectors, Labels(value, value, np.ones(len(value))))


def quantity(found: Rows) -> Quantity:
    def middle(fold: Fold) -> np.ndarray:
        return np.full(len(fold.held.vectors), np.median(fold.train.labels.middle))

    def fact(fold: Fold) -> np.ndarray:
        return fold.held.vectors["fact"].to_numpy(dtype=float)

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
