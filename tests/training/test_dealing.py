from __future__ import annotations

import pandas as pd
import pytest

from training.evaluation.cv_protocol import CvProtocol, remark
from training.evaluation.out_of_fold import out_of_fold_table
from training.train import Trained


def test_a_table_tells_how_its_papers_were_dealt(trained: Trained) -> None:
    assert CvProtocol.of(out_of_fold_table(trained.found, 0.9)) == CvProtocol(3, 1)  # as tests/conftest.py trains


def test_folds_are_those_of_one_repeat() -> None:
    # folds are numbered through: 0 and 1 in the first repeat, 2 and 3 in the second; a rare target may miss some
    rows = [("ice_pct", 0, 2), ("ice_pct", 1, 3), ("retention_pct", 0, 3)]
    assert CvProtocol.of(pd.DataFrame(rows, columns=["target", "fold_0", "fold_1"])) == CvProtocol(2, 2)


@pytest.mark.parametrize(
    ("champion", "challenger", "said"),
    [
        (CvProtocol(5, 5), CvProtocol(5, 5), "judged by 5 folds x 5 repeats"),
        (
            CvProtocol(3, 1),
            CvProtocol(3, 1),
            "judged by 3 folds x 1 repeat; rough: papers dealt otherwise may turn a verdict, --repeats 5 settles more",
        ),
        (
            CvProtocol(3, 5),
            CvProtocol(5, 5),
            "the champion was judged by 3 folds x 5 repeats, the challenger by 5 folds x 5 repeats: part of each "
            "difference may be theirs",
        ),
    ],
)
def test_what_is_said(champion: CvProtocol, challenger: CvProtocol, said: str) -> None:
    assert remark(champion, challenger) == said


def test_one_steady_side_is_not_enough() -> None:
    assert "; rough: " in remark(CvProtocol(5, 5), CvProtocol(5, 4))
    assert "; rough: " in remark(CvProtocol(5, 4), CvProtocol(5, 5))
