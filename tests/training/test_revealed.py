from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.calibrate import calibrate
from models.ensemble import Labels
from models.lab_effect.learning import Reveals
from tests.placed import line, of_papers
from training.report import lab_effect as revealed


def test_a_shift_of_the_whole_paper_is_seen_after_one_row() -> None:
    # ten papers of four equal designs, all missed by 1, -1, 2, -2 and 3, twice: 9 / 5 on average; once n are known what
    # is left of it is the share that a tenth of noise leaves, 1 - 0.9 n / (0.9 n + 0.1): 0.1, 1 / 19 and 1 / 28
    offsets = dict(zip("abcdefghij", [1.0, -1.0, 2.0, -2.0, 3.0] * 2, strict=True))
    papers = [name for name in offsets for _ in range(4)]
    found = of_papers(papers, [offsets[name] for name in papers], [ord(name) for name in papers])
    told = revealed.few_revealed(found, line([0.0] * 40), seed=0)
    assert told.papers == {1: 10, 2: 10, 3: 10}
    assert told.table["revealed"].tolist() == [0, 1, 2, 3]
    assert told.table["papers"].tolist() == [10] * 4
    assert told.table["error"].tolist() == pytest.approx([1.8, 0.18, 1.8 / 19, 1.8 / 28], abs=1e-3)
    assert told.table["ratio"].tolist() == pytest.approx([1, 0.1, 1 / 19, 1 / 28], abs=1e-3)
    assert revealed.sentence("life", told) == (
        "Life, 10 papers: with 3 rows revealed the error on the others is 0.04 times (0.04 to 0.04) that with none, "
        "which shows a gain."
    )


def test_too_few_papers_with_so_many_rows_are_said() -> None:
    papers = [name for name in "abcde" for _ in range(2)]
    found = of_papers(papers, [1.0, 2.0] * 5, [ord(name) for name in papers])
    told = revealed.few_revealed(found, line([0.0] * 10), seed=0)
    assert told.table["revealed"].tolist() == [0, 1]
    assert revealed.sentence("life", told).endswith("no paper has more than 2 rows with a value: too few to tell what "
                                                    "2 rows would do.")  # fmt: skip
    fewer = revealed.few_revealed(of_papers(papers[:8], [1.0, 2.0] * 4, [0, 0, 1, 1, 2, 2, 3, 3]), line([0.0] * 8), 0)
    assert fewer.table.empty
    assert revealed.sentence("life", fewer) == (
        "Life: only 4 papers have more than one row with a value: too few to tell what one row would do."
    )


def test_no_gain_and_loss_are_said() -> None:
    table = pd.DataFrame([{"revealed": 3, "papers": 7, "ratio": 1.0, "ratio_low": 0.9, "ratio_high": 1.1}] * 4)
    assert revealed.sentence("life", revealed.FewShotErrors({}, table)).endswith("which shows no gain.")
    worse = revealed.FewShotErrors({}, table.assign(ratio_low=1.05))
    assert revealed.sentence("life", worse).endswith("which shows a loss.")


def test_the_share_inside_is_judged_by_the_other_papers() -> None:
    # four papers of error 1 and one of 10: the others of that one never miss by more than 1, so it lies outside
    error, ones, number = np.array([1.0, 1.0, 1.0, 1.0, 10.0]), np.ones(5), np.arange(5)
    cases = Reveals(error, ones, error, number, number)
    assert revealed.share_inside(cases, 0.8) == pytest.approx(0.8)
    assert np.isnan(revealed.share_inside(cases, 0.9))


def test_the_share_inside_is_that_of_a_calibration_of_the_others() -> None:
    random = np.random.default_rng(0)
    group = np.repeat(np.arange(8), [1, 2, 3, 4, 5, 6, 7, 8])
    error, spread = random.exponential(size=len(group)), random.uniform(0.5, 2, size=len(group))
    inside = np.zeros(len(group))
    for own in range(8):
        rest = error[group != own]
        none, labels = np.zeros((1, len(rest))), Labels(rest, rest, np.ones(len(rest)))
        kept = calibrate(none, spread[group != own][None], labels, group[group != own], noise=0.0)
        inside[group == own] = error[group == own] <= kept.half_width(spread[group == own], 0.8)
    means = [inside[group == own].mean() for own in range(8)]
    assert 0 < np.mean(means) < 1
    assert revealed.share_inside(Reveals(error, spread, error, group, group), 0.8) == pytest.approx(np.mean(means))
