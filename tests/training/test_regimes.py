"""Regimes: nothing of a row's own paper is known, drawn values beat the model where papers agree, and what is told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from models.ensemble import Labels, Recipe
from models.known.scatter import Agreement
from models.tasks.examples import Examples
from models.tasks.registry import LINK
from training.config import Protocol
from training.data.groups import PaperGroups, paper_groups
from training.evaluation.crossvalidate import MODEL, OutOfFold, validate
from training.evaluation.regimes.known import KnownErrors, known_errors
from training.evaluation.regimes.regime import (
    ALONE,
    FAMILY,
    KNOWN,
    NEW,
    OTHER_PAPER,
    classes_in,
    measure_regimes,
    regime_table,
    score_known,
    unseen_families,
)

QUICK = {"quick": Recipe(rounds=15, members=1, arrhenius=True)}
THREE = Protocol(3, 1, 0)
FORMULAS = [f"Li{6 - x / 10:g}PS{5 - x / 10:g}Cl{1 + x / 10:g}" for x in range(0, 16, 2)] + [
    f"Li{7 - x / 10:g}La3Zr{2 - x / 10:g}Ta{x / 10:g}O12" for x in range(1, 16, 2)
]


def laboratories(papers: int = 4, spread: float = 0.2) -> Examples:
    """Every formula in every paper, each with a value of its own that no feature tells, and a laboratory's error."""
    random = np.random.default_rng(0)
    own = random.normal(-5, 1.5, len(FORMULAS))
    rows = [(formula, paper) for paper in range(papers) for formula in range(len(FORMULAS))]
    value = np.array([own[formula] for formula, _ in rows]) + random.normal(0, spread, len(rows))
    designs = pd.DataFrame(
        {
            "electrolyte": [FORMULAS[formula] for formula, _ in rows],
            "composition": None,
            "electrolyte_class": None,
            "form": None,
            "temperature_c": 25.0,
            "paper": [f"paper {(formula + 3 * paper) % 16} {paper}" for formula, paper in rows],
            "row_id": [f"E{place}" for place in range(len(rows))],
        }
    )
    return Examples(designs, Labels(value, value, np.ones(len(value))))


@pytest.fixture(scope="module")
def found() -> KnownErrors:
    return known_errors(LINK, laboratories(), QUICK, THREE)


def test_values_of_other_papers_are_told_and_beat_the_model(found: KnownErrors) -> None:
    assert len(found.rows) == 64
    score = score_known(found, 0.9, 0)
    assert score is not None
    # papers differ by 0.2 of which the row's own 0.2 remains: about 0.2 * 0.8 * sqrt(4/3) = 0.18 with three others
    assert score.error == pytest.approx(0.19, abs=0.04)
    assert score.beside[OTHER_PAPER] == pytest.approx(0.2 * 2**0.5 * 0.8, abs=0.05)
    assert score.ratio_high[OTHER_PAPER] < 1
    assert score.ratio_high[ALONE] < 1.05
    assert 0.8 <= score.coverage <= 1


def test_a_rows_own_paper_tells_nothing_of_it() -> None:
    """A paper that prints each of its formulas twice, and alone: none of its rows is of a known composition."""
    examples = laboratories()
    alone = examples.take(np.arange(16))
    twice = Examples(
        pd.concat([alone.designs.assign(paper="one")] * 2, ignore_index=True).assign(
            row_id=[f"E{n}" for n in range(32)]
        ),
        Labels(*(np.tile(values, 2) for values in (alone.labels.lower, alone.labels.upper, alone.labels.weight))),
    )
    other = laboratories().take(np.arange(16, 24))  # eight formulas of other papers
    both = Examples(
        pd.concat([twice.designs, other.designs], ignore_index=True),
        Labels(
            np.concatenate([twice.labels.lower, other.labels.lower]),
            np.concatenate([twice.labels.upper, other.labels.upper]),
            np.ones(40),
        ),
    )
    judged = known_errors(LINK, both, QUICK, THREE)
    names = both.designs["electrolyte"].to_numpy()
    assert set(names[judged.rows]) == set(names[32:])
    # a row of "one" is told the single value of the other paper, not its own twin's
    own = judged.rows < 32
    expected = dict(zip(names[32:], both.labels.lower[32:], strict=True))
    assert judged.mean[own] == pytest.approx([expected[name] for name in names[judged.rows[own]]])


def test_rows_that_are_looked_up_are_neither_judged_nor_learned_from() -> None:
    """Two papers have no formula in common; a third one, looked up, has one of each, and one a paper of its own."""
    every = laboratories().take(np.array([0, 1, 2, 9, 10, 11, 0, 9, 1]))
    every.designs["paper"] = ["a", "a", "a", "b", "b", "b", "c", "c", "a"]
    every.labels.lower[6:] = every.labels.upper[6:] = [-1.0, -2.0, -3.0]
    examples, protocol = every.take(np.arange(6)), Protocol(2, 1, 0)
    assert len(known_errors(LINK, examples, QUICK, protocol).rows) == 0
    found = known_errors(LINK, examples, QUICK, protocol, every)
    # the last one tells nothing of its own paper's row
    assert dict(zip(found.rows.tolist(), found.mean.tolist(), strict=True)) == pytest.approx({0: -1.0, 3: -2.0})
    alone = validate(LINK, examples, PaperGroups.of(examples, by_composition=False), QUICK, protocol, baselines=())
    assert found.alone == pytest.approx(alone.predicted[MODEL][0, found.rows])


def test_how_sure_the_model_is_comes_from_the_others(found: KnownErrors) -> None:
    group = found.groups[0]
    own = found.groups == group
    wild = replace(found, alone=np.where(own, found.alone + 50.0, found.alone))
    centre, _ = wild.unseen
    expected, _ = wild.drawn(np.full(len(own), wild.model_deviation(~own)))
    assert centre[own] == pytest.approx(expected[own])
    assert wild.model_deviation(np.ones(len(own), dtype=bool)) > 2 * wild.model_deviation(~own)


def test_what_a_model_takes_from_it(found: KnownErrors) -> None:
    settled = found.settle(Agreement())
    assert settled.calibration is not None
    assert settled.model == pytest.approx(found.model_deviation(np.ones(len(found.rows), dtype=bool)))
    few = found.groups == found.groups[0]
    small = KnownErrors(*(getattr(found, name)[few] for name in ("rows",)), found.labels.take(np.flatnonzero(few)),
                        *(getattr(found, name)[few] for name in
                          ("groups", "alone", "weight", "mean", "between", "within", "other_paper")))  # fmt: skip
    assert small.settle(Agreement()) == Agreement()


def test_no_class_is_learnt_from_where_it_is_judged() -> None:
    examples = laboratories()
    families = unseen_families(LINK, examples, paper_groups(LINK, examples), QUICK, replace(THREE, folds=2))
    assert set(classes_in(examples)) == {"sulfide-argyrodite", "oxide-garnet"}
    assert (families.familiar == 0).all()
    assert np.isfinite(families.predicted[MODEL]).all()


@pytest.mark.slow
def test_all_regimes_are_reported() -> None:
    examples = laboratories()
    kin = paper_groups(LINK, examples)
    # compositions are shared by all papers: with kin removed nothing is left, so each paper has formulas of its own
    apart = examples.take(np.array([paper * 16 + 4 * paper + place for paper in range(4) for place in range(4)]))
    kin = paper_groups(LINK, apart)
    out = validate(LINK, apart, kin, QUICK, THREE)
    regimes = measure_regimes(LINK, apart, kin, out, QUICK, THREE, 0.9)
    assert [score.regime for score in regimes.scores] == [FAMILY, NEW]
    assert not len(regimes.known.rows)
    full = measure_regimes(LINK, examples, paper_groups(LINK, examples), out_of(examples), QUICK, THREE, 0.9)
    assert full.scores[0].regime == KNOWN
    text = regime_table(full.scores, "decades")
    assert text.count("\n") == len(full.scores) + 1
    assert f"{OTHER_PAPER} 0.2" in text


def out_of(examples: Examples) -> OutOfFold:
    """Out-of-fold predictions by paper alone, for the regimes that need some."""
    kin = PaperGroups.of(examples, by_composition=False)
    return validate(LINK, examples, kin, QUICK, THREE)
