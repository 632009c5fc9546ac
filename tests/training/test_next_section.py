from __future__ import annotations

import pandas as pd

from tests.placed import of_papers
from training.report.what_to_measure import ALONE, alone_of, rarely_stated, unsettled
from training.rules.ask_model import Checked, Count
from training.rules.rule_file import RuleCheck
from training.train import Trained


def asked(before: dict[str, str], after: dict[str, str], papers: tuple[int, int], *, certain: bool = False) -> Checked:
    said = f"from {before} to {after}"
    check = RuleCheck("made-up", said, (), "ice_pct", {}, before, after, True, certain)
    return Checked(check, Count(0, 0, 0, 0.0), None, papers, (), 0)


def test_papers_that_rules_wait_for_are_counted_by_side() -> None:
    low, high = {"np_ratio": "1"}, {"np_ratio": "6", "prelithiated": "yes"}
    found = unsettled(
        [
            asked({"np_ratio": "2"}, {"np_ratio": "3"}, (0, 9)),
            asked(low, high, (1, 2)),
            asked(high, low, (2, 1)),
            asked(low, high, (0, 0), certain=True),
        ]
    )
    both = f"from {low} to {high}; from {high} to {low}"
    assert found.to_numpy().tolist() == [
        ["np_ratio 1", "ice_pct", 2, both],
        ["np_ratio 6, prelithiated yes", "ice_pct", 1, both],
        ["np_ratio 2", "ice_pct", 3, "from {'np_ratio': '2'} to {'np_ratio': '3'}"],
    ]


def test_columns_few_papers_state_come_first() -> None:
    folds = of_papers(["p", "p", "q|r", "s"], [0.0] * 4, [0, 0, 1, 2])
    folds.examples.designs = folds.examples.designs.assign(
        np_ratio=[1.0, 3.0, None, None], binder=["PVDF", None, "PTFE", None], prelithiated=[None, None, None, True],
        coating=list("abcd"), electrolyte="LPSCl",
    )  # fmt: skip
    columns = ("np_ratio", "binder", "prelithiated", "coating", "electrolyte", "film_thickness_nm")
    found = rarely_stated({"ice": folds, "fade": folds}, [asked(dict.fromkeys(columns, "1"), {}, (9, 9))])
    ice = found[found["result"] == "initial Coulombic efficiency"]
    # four papers, as one row is told by two; the electrolyte is always named, and no table holds the film's thickness
    assert ice[["column", "unit", "papers", "of", "values"]].to_numpy().tolist() == [
        ["np_ratio", "1", 1, 4, "1 to 3"],
        ["prelithiated", "", 1, 4, "yes"],
        ["binder", "", 3, 4, "PTFE, PVDF"],
        ["coating", "", 4, 4, "a, b, c, d"],
    ]
    assert len(found) == 2 * len(ice)


def test_designs_that_stand_alone_are_the_farthest_of_their_papers(trained: Trained) -> None:
    found = alone_of(trained)
    assert found["target"].value_counts().tolist() == [ALONE] * 3
    for column, own in found.groupby("target"):
        assert own["distance"].is_monotonic_decreasing, column
        assert own["paper"].is_unique, column
        assert own["citation"].str.len().gt(10).all()
        assert own["design"].str.len().gt(0).all()
    assert isinstance(found, pd.DataFrame)
