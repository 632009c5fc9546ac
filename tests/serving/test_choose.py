from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.bundle import load_bundle, save_bundle
from models.decisions.choosing import joint_probability, parse_goals, rank
from models.differences import Differences
from models.tasks.conductivity import CONDUCTIVITY
from serving.predict.prediction_text import is_predicted
from tests.models.test_differences import SKILL, TEN
from tests.shared import Command


def test_alike_designs_are_among_the_best_by_lot() -> None:
    ranking = rank(np.zeros(10), 1.0, 2)
    # each of ten is among the best two with 2 in 10; a thousand draws are off by 0.013 as a rule
    assert ranking.probability == pytest.approx(np.full(10, 0.2), abs=0.06)
    assert ranking.probability.sum() == pytest.approx(2.0)  # two are, in every draw
    assert not ranking.is_worth
    assert ranking.sentence("ice_pct").startswith("cannot be told apart")


def test_of_two_the_higher_is_best_as_often_as_its_difference_is_above_zero() -> None:
    # 90 % of the differences' errors lie within 1: a deviation of 1 / 1.645; told half of that apart is 0.5 deviations
    # of the difference's error, and the normal probability below 0.5 is 0.691
    ranking = rank(np.array([0.5 / 1.645, 0.0]), 1.0, 1)
    assert ranking.probability[0] == pytest.approx(0.691, abs=0.045)
    assert ranking.found == pytest.approx(0.691, abs=0.045)
    assert ranking.chance == 0.5


def test_what_nothing_is_told_of_is_not_ranked() -> None:
    ranking = rank(np.array([np.nan, 1.0, -9.0]), 0.1, 1)
    assert np.isnan(ranking.probability[0])
    assert ranking.probability[1:].tolist() == [1.0, 0.0]
    assert ranking.is_worth
    assert np.isnan(rank(np.array([np.nan]), 0.1, 1).probability).all()


def test_goals_below_and_above_and_their_joint_probability() -> None:
    goals = parse_goals(["conductivity_s_per_cm>1e-3", "retention_pct<90"])
    assert [(goal.column, goal.above, goal.value) for goal in goals] == [
        ("conductivity_s_per_cm", True, 1e-3), ("retention_pct", False, 90.0),
    ]  # fmt: skip
    columns = {
        "conductivity_s_per_cm_above_0.001_probability": np.array([0.5, 1.0]),
        "retention_pct_above_90_probability": np.array([0.25, 0.0]),
    }
    assert joint_probability(goals, columns).tolist() == [0.5 * 0.75, 1.0]


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["ice_pct=85"], "--goal: got .*expected a target, > or <, and a number"),
        (["ice_pct>many"], "--goal: got .*expected a target, > or <, and a number"),
        (["ice_pct>85", "ice_pct<95"], "two goals of ice_pct"),
        (["speed>85"], "unknown target"),
        (["ice_pct>120"], "expected 0 to 100 %"),
    ],
)
def test_goals_that_cannot_be_read(texts: list[str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_goals(texts)


def test_what_is_added_is_known_as_ours() -> None:
    added = ["ice_pct_among_best_5_probability", "all_goals_probability", "on_pareto_front"]
    assert all(is_predicted(column) for column in added)
    assert not is_predicted("samples_among_best_5_probability")


def test_the_terminal_shows_the_best_and_the_table_keeps_its_order(
    silion: Command, bundle_folder: Path, tmp_path: Path
) -> None:
    bundle = load_bundle(bundle_folder)
    bundle.parts["conductivity"].differences = {CONDUCTIVITY.column: Differences(1.0, TEN, SKILL)}
    model = save_bundle(bundle, tmp_path / "model")
    names = ["Li3N", "Li6PS5Cl", "LLZO", "Li10GeP2S12", "LATP"]
    (tmp_path / "in.csv").write_text("electrolyte\n" + "\n".join(names) + "\n", encoding="utf-8")
    out = tmp_path / "out.csv"
    asked = ["predict", tmp_path / "in.csv", "-o", out, "--model", model, "--targets", "conductivity_s_per_cm"]
    done = silion(*asked, "--best", "2", "--goal", "conductivity_s_per_cm>1e-3")
    assert done.code == 0, done.err
    table = pd.read_csv(out)
    assert table["electrolyte"].tolist() == names
    chance = table["conductivity_s_per_cm_above_0.001_probability"]
    assert table["all_goals_probability"].tolist() == chance.tolist()
    best = table["electrolyte"][chance.sort_values(ascending=False, kind="stable").index[:2]].tolist()
    assert [line.split()[0] for line in done.out.splitlines()[1:3]] == best
    assert table["conductivity_s_per_cm_among_best_2_probability"].sum() == pytest.approx(2.0)
    # one goal: on the front is the highest alone
    assert (
        table["on_pareto_front"].tolist()
        == (table["conductivity_s_per_cm"] == table["conductivity_s_per_cm"].max()).tolist()
    )
    assert "the difference of two is known to +-1 " in done.out.replace("+-1:", "+-1 ").replace("+-1;", "+-1 ")
    refused = silion(*asked, "--goal", "conductivity_s_per_cm>1e-3", "--above", "conductivity_s_per_cm=1e-4")
    assert refused.code == 2
    assert "two limits of conductivity_s_per_cm" in refused.err
