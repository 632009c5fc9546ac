from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.tables.literature import Literature
from features.tables.records import CellDesign
from models.explain.importance import overall
from training.evaluation.bootstrap import RankCorrelation
from training.report.questions_page import limits, papers_needed, settles, within
from training.rules.evidence import HAS_CARBON, PAIR_COLUMNS, Across, Compared
from training.rules.review_questions import (
    CARBON,
    CONDUCTIVITY,
    PRESSURE,
    QUESTIONS,
    SIZE,
    Answer,
    Finding,
    Question,
    answers,
)
from training.rules.rule_file import read_rules
from training.train import Trained

UNJUDGED = (np.nan, np.nan)
COMPARISON = Question("Does the one matter more?", (PRESSURE, SIZE), ("ice",), (), compares=True)
PLAIN = Question("What does it do?", (PRESSURE,), ("ice",), ())


def finding(
    papers: int,
    correlation: tuple[float, float, float],
    *,
    cells: int | None = None,
    part: str = "ice",
    pairs: list[tuple[object, ...]] | None = None,
    silent: tuple[str, ...] = (),
    bounded: int = 0,
) -> Finding:
    found = Across(
        pd.DataFrame(), papers if cells is None else cells, papers, bounded, silent, 0.0, 5.0,
        RankCorrelation(*correlation),
    )  # fmt: skip
    return Finding(PRESSURE, part, found, pd.DataFrame(pairs or [], columns=list(PAIR_COLUMNS)))


def answer(question: Question, found: list[Finding], comparisons: dict[str, Compared] | None = None) -> Answer:
    return Answer(question, found, comparisons or {}, [], [], pd.DataFrame())


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (finding(0, (np.nan, *UNJUDGED)), "No cell states both stack pressure and initial Coulombic efficiency."),
        (finding(1, (np.nan, *UNJUDGED), cells=8), "Every cell that states both has the same stack pressure: 8 cells"),
        (finding(3, (0.9, *UNJUDGED), cells=4), "Only 3 papers (4 cells) state both stack pressure and initial"),
        (
            finding(7, (0.2, -0.3, 0.6)),
            "No relation between stack pressure and initial Coulombic efficiency can be shown: "
            "rank correlation +0.20 (-0.30 to +0.60) over 7 papers, which includes 0.",
        ),
        (
            finding(7, (0.6, 0.3, 0.8)),
            "Cells with a higher stack pressure have a higher initial Coulombic efficiency: "
            "rank correlation +0.60 (+0.30 to +0.80) over 7 papers.",
        ),
        (finding(7, (-0.6, -0.8, -0.3), part="fade"), "Cells with a higher stack pressure have a shorter cycle life:"),
    ],
)
def test_words_follow_the_figures(found: Finding, said: str) -> None:
    assert found.sentence.startswith(said)


def test_the_share_accounted_for_is_the_square() -> None:
    assert finding(7, (0.6, 0.3, 0.8)).explained == "36 % (9 to 64)"
    assert finding(7, (-0.6, -0.8, -0.3)).explained == "36 % (9 to 64)"
    assert finding(7, (0.2, -0.3, 0.6)).explained == "4 % (0 to 36)"
    assert finding(3, (0.9, *UNJUDGED)).explained == ""


def test_an_answer_says_first_what_is_seen_and_that_it_is_no_cause() -> None:
    shown, open_ = finding(7, (0.6, 0.3, 0.8), part="fade"), finding(7, (0.2, -0.3, 0.6))
    text = answer(PLAIN, [open_, shown]).short
    assert text.index("have a longer cycle life") < text.index("No relation between")
    assert text.endswith("A relation across papers is not yet the factor's own effect.")
    assert answer(PLAIN, [open_]).short.startswith("These data cannot tell. No relation")


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (Compared(1, np.nan, *UNJUDGED), "these data cannot tell: 1 paper with a value of it states both"),
        (Compared(3, 0.4, *UNJUDGED), "these data cannot tell: 3 papers with a value of it state both"),
        (Compared(9, 0.4, 0.1, 0.7), "the cells are ordered better by stack pressure than by silicon particle size"),
        (Compared(9, -0.4, -0.7, -0.1), "the cells are ordered better by silicon particle size than by stack pressure"),
        (Compared(9, 0.4, -0.1, 0.7), "no difference between stack pressure and silicon particle size can be shown"),
    ],
)
def test_which_of_two_matters_more(found: Compared, said: str) -> None:
    assert answer(COMPARISON, [], {"ice": found}).short.startswith(f"For initial Coulombic efficiency {said}")


def test_papers_that_a_correlation_takes() -> None:
    # Fisher: z = 1.6449 for 90 %; atanh(0.5) = 0.5493; (1.6449 / 0.5493)^2 + 3 = 11.97
    assert papers_needed(0.5) == 12
    # atanh(0.9) = 1.4722: (1.6449 / 1.4722)^2 + 3 = 4.25
    assert papers_needed(0.9) == 5


def test_what_cells_of_one_paper_say() -> None:
    pairs: list[tuple[object, ...]] = [
        ("p", "a", "b", 1, 5, 70, 80, 1.0, ""),
        ("p", "a", "c", 1, 9, 70, 60, -1.0, "binder"),
        ("q", "d", "e", 1, 9, 70, np.nan, np.nan, "binder; np_ratio"),
    ]
    assert within(finding(5, (0.2, -0.3, 0.6), pairs=pairs)) == (
        "3 pairs of cells of 2 papers differ in stack pressure (2 in at most 1 other column): towards more of it the "
        "initial Coulombic efficiency rises in 1, falls in 1, stays in 0, and is open in 1."
    )
    assert within(finding(5, (0.2, -0.3, 0.6))).startswith("No paper reports")


def test_limits_and_what_would_settle_it_are_counted() -> None:
    found = finding(6, (0.2, -0.3, 0.6), silent=("x", "y"), bounded=1)
    said = limits(answer(PLAIN, [found]), Literature())
    assert said[0].startswith("2 of 8 papers with a value of initial Coulombic efficiency do not state the stack")
    assert said[1].endswith("1 cell that states the stack pressure.")
    assert said[2].endswith(": 1 interval stands behind this answer.")
    inside, across_papers = settles([found])
    assert inside.endswith("in at least 5 papers. There are 0 for initial Coulombic efficiency.")
    assert "There are 6 for initial Coulombic efficiency." in across_papers
    assert across_papers.endswith("(2 for initial Coulombic efficiency): their authors may know it.")


def test_questions_rest_on_rules_columns_and_features_that_are_there(trained: Trained) -> None:
    rules = read_rules()
    names = {each.name for part in ("ice", "fade") for each in trained.bundle.parts[part].featurizer.features_}
    for question in QUESTIONS:
        assert set(question.rules) <= set(rules)
        for factor in question.factors:
            assert factor.column == HAS_CARBON or factor.column in CellDesign.model_fields
            assert set(factor.stated_by) <= set(CellDesign.model_fields)
            assert set(factor.features) <= names


def test_questions_are_answered_from_the_training(trained: Trained) -> None:
    told = {part: overall(trained.bundle, part, pairs=False) for part in ("ice", "fade")}
    pressure, carbon, conductivity = answers(trained, told, [])
    assert [(each.factor, each.part) for each in pressure.findings] == [
        (PRESSURE, "ice"), (PRESSURE, "fade"), (SIZE, "ice"), (SIZE, "fade"),
    ]  # fmt: skip
    assert set(pressure.comparisons) == {"ice", "fade"}
    # counted from the tables by another way: cells with a value of ICE that state the conductivity
    (found,) = conductivity.findings
    designs = trained.found["fade"].examples.designs
    stated = designs[designs[CONDUCTIVITY.column].notna() & ~designs["qualifier"].isin(["<", ">"])]
    informative = stated[stated["retention_pct"] < 99].sort_values("cycles").drop_duplicates("row_id", keep="last")
    assert found.across.cells == len(informative)
    assert found.across.papers == informative["paper"].nunique()
    sulfide = [
        cell
        for cell in trained.literature.cells
        if cell.in_training
        and cell.ice_pct is not None
        and cell.ice_qualifier in (None, "=", "~")
        and str(cell.electrolyte_class).startswith("sulfide")
    ]
    with_ice = next(each for each in carbon.findings if (each.factor, each.part) == (CARBON, "ice"))
    assert with_ice.across.cells == len(sulfide)
    assert set(conductivity.model["part"]) == {"fade"}
    assert set(carbon.model["feature"]) == {HAS_CARBON, "carbon_wt_pct"}
    assert [rule.rule_id for rule in carbon.rules] == list(QUESTIONS[1].rules)
