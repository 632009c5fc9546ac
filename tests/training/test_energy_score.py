"""How far told activation energies are from printed ones, by papers left out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.tables.literature import Literature
from models.ensemble import Labels
from models.tasks.conductivity import conductivity_examples, printed_energies
from models.tasks.examples import Examples
from training.evaluation.crossvalidate import OutOfFold
from training.evaluation.regimes.energies import FACT, FEWEST, energy_score
from training.report.interval_sections import ENERGIES_TITLE
from training.train import Trained


def found(printed: list[float | None], told: list[list[float]], groups: list[int]) -> OutOfFold:
    count = len(printed)
    designs = pd.DataFrame({"activation_energy_ev": pd.Series(printed, dtype=float)})
    values, empty = np.zeros(count), np.zeros((len(told), count))
    examples = Examples(designs, Labels(values, values, np.ones(count)))
    return OutOfFold(examples, np.array(groups), {"silion": empty}, empty, empty, energy=np.array(told))


def test_every_group_of_papers_counts_once() -> None:
    """Five groups print 0.3, 0.4, 0.52, 0.6 and twice 0.8 eV; told is 0.5 of all.

    Errors: 0.2, 0.1, 0.02, 0.1 and 0.3, 0.144 on average. The medians of the others are 0.56, 0.56, 0.5, 0.46 and 0.46,
    off by 0.26, 0.16, 0.02, 0.14 and 0.34: 0.184. The 90 % interval is 0.5 +- 0.2303 and holds the first four: 80 %.
    """
    score = energy_score(found([0.3, 0.4, 0.52, 0.6, 0.8, 0.8], [[0.5] * 6], [0, 1, 2, 3, 4, 4]), 0.9, 0)
    assert score is not None
    assert (score.rows, score.papers) == (6, 5)
    assert (score.error, score.error_of_median, score.skill) == pytest.approx((0.144, 0.184, 0.144 / 0.184))
    assert score.skill_low < score.skill < score.skill_high
    assert score.as_dict()["verdict"] == "skill shown"  # no group is told worse than by the median
    assert score.coverage == pytest.approx(0.8)
    assert score.width == pytest.approx(2 * 1.6449 * 0.14, rel=1e-4)
    assert (
        "on 6 energies printed by 5 groups of papers that the model never saw the mean error is 0.144 eV" in score.text
    )
    assert "holds 80 %" in score.text


def test_repeats_are_averaged() -> None:
    """Told 0.5 in one repeat, 0.7 in the other, printed 0.4 on average: 0.1 and 0.3 off; held (0.27 on) and not (0.47
    on)."""
    score = energy_score(found([0.38, 0.39, 0.4, 0.41, 0.42], [[0.5] * 5, [0.7] * 5], [0, 1, 2, 3, 4]), 0.9, 0)
    assert score is not None
    assert (score.error, score.coverage) == pytest.approx((0.2, 0.5))


def test_rows_without_an_energy_of_conduction_are_not_judged() -> None:
    """None printed, below 0.1 or above 1.2 eV, or no model that tells one: too few are left to say anything."""
    told = [[0.5] * 6]
    printed = [0.4, 0.4, 0.4, 0.4, None, 0.05]
    assert energy_score(found(printed, told, [0, 1, 2, 3, 4, 5]), 0.9, 0) is None
    assert energy_score(found([0.4] * 6, [[np.nan] * 6], [0, 1, 2, 3, 4, 5]), 0.9, 0) is None
    kept = printed_energies(pd.DataFrame({"activation_energy_ev": [0.05, 0.1, 1.2, 1.24, None]}))
    assert np.isfinite(kept).tolist() == [False, True, True, False, False]
    assert np.isnan(printed_energies(pd.DataFrame({"electrolyte": ["LLZO"]}))).all()


def test_a_training_judges_them_and_the_report_says_so(trained: Trained, report: Path, literature: Literature) -> None:
    """Of the shipped rows in training that print an energy of conduction; none is told outside 0.1 to 1.2 eV."""
    score = trained.energies
    assert score is not None
    assert trained.bundle.facts[FACT] == score.as_dict()
    printed = printed_energies(conductivity_examples(literature).designs)
    assert FEWEST <= score.papers <= score.rows <= np.isfinite(printed).sum()
    told = trained.found["conductivity"].energy
    assert np.isfinite(told).sum() == score.rows * len(told)
    assert np.nanmin(told) >= 0.1
    assert np.nanmax(told) <= 1.2
    card = (report / "card.md").read_text(encoding="utf-8")
    assert f"## {ENERGIES_TITLE}" in card
    assert score.text in card
