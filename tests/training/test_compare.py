"""Two trainings on the same rows: differences, their intervals and the words for them, by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.tables.literature import Literature
from models.ensemble import Recipe
from models.tasks.fade import fade_examples
from models.tasks.ice import ice_examples
from models.tasks.registry import TARGETS, TASKS
from training.config import TrainConfig
from training.evaluation.crossvalidate import OutOfFold
from training.evaluation.out_of_fold import (
    JUDGED,
    ComparisonError,
    out_of_fold_table,
    read_out_of_fold,
    write_out_of_fold,
)
from training.promotion import new_rows as newrows
from training.promotion.challenger import NO_DIFFERENCE, NOT_JUDGED, Comparison, as_text, compare
from training.promotion.new_rows import effect_of_new_rows, new_rows, rows_known, without_new_rows
from training.train import Trained

ICE, LIFE = "ice_pct", "cycle_life_80"
TINY = Recipe(rounds=5, members=1)
QUICK = TrainConfig(
    folds=2, repeats=1, shares=(1.0,), choices={part: {"tiny": TINY} for part in ("conductivity", "ice", "fade")}
)


def table(
    errors: Sequence[float],
    *,
    target: str = ICE,
    groups: Sequence[int] | None = None,
    known: Sequence[float] | None = None,
    predicted: Sequence[float] | None = None,
    covered: float = 1.0,
) -> pd.DataFrame:
    """Rows r0, r1, ... of papers p0, p1, ..., each a group of its own where nothing else is said."""
    count = len(errors)
    value = np.zeros(count) if known is None else np.array(known, dtype=float)
    return pd.DataFrame(
        {
            "target": target,
            "row": [f"r{row}" for row in range(count)],
            "paper": [f"p{row}" for row in range(count)],
            "group": list(range(count)) if groups is None else list(groups),
            "lower": value,
            "upper": value,
            "error": np.array(errors, dtype=float),
            "covered": covered,
            "predicted_0": value + np.array(errors) if predicted is None else np.array(predicted, dtype=float),
            "fold_0": 0.0,
        }
    )


@pytest.mark.parametrize(
    ("ours", "difference", "verdict"),
    [([1.0] * 6, -1.0, "better"), ([3.0] * 6, 1.0, "worse"), ([2.0] * 6, 0.0, NO_DIFFERENCE)],
)
def test_a_difference_that_every_paper_shows_has_no_width(ours: list[float], difference: float, verdict: str) -> None:
    pair = compare(table([2.0] * 6), table(ours), seed=0).targets[ICE]
    assert (pair.rows, pair.groups, pair.champion, pair.challenger) == (6, 6, 2.0, ours[0])
    assert pair.difference == pair.low == pair.high == difference
    assert pair.verdict == verdict


def dealt(*repeats: float, folds: int = 0) -> pd.DataFrame:
    """Six rows off by as much in each repeat, judged in folds of that number and on."""
    told = table([float(np.mean(repeats))] * 6)
    return told.assign(
        **{f"predicted_{repeat}": off for repeat, off in enumerate(repeats)},
        **{f"fold_{repeat}": float(folds + repeat) for repeat in range(len(repeats))},
    )


def test_repeats_that_disagree_show_no_difference() -> None:
    """Every paper says the same, so papers alone would give no width; the repeats are 2 apart, the means 0.5."""
    pair = compare(dealt(1.0, 3.0), dealt(1.5, 3.5, folds=7), seed=0).targets[ICE]
    # two of two repeats drawn again on either side: champion 1, 2 or 3, challenger 1.5, 2.5 or 3.5
    assert (pair.difference, pair.low, pair.high) == (0.5, -1.5, 2.5)
    assert pair.verdict == NO_DIFFERENCE


def test_repeats_of_the_same_folds_are_drawn_together() -> None:
    pair = compare(dealt(1.0, 3.0), dealt(1.5, 3.5), seed=0).targets[ICE]
    assert (pair.difference, pair.low, pair.high, pair.verdict) == (0.5, 0.5, 0.5, "worse")


def test_one_repeat_beside_several_is_given_their_scatter() -> None:
    """The champion's repeats erred by 1 and 3, the challenger's one by 2.5: half a point more, which its next repeat
    may turn. One repeat of the champion is drawn, and the challenger's moves as one of the champion's does about their
    mean: 2.5 - 1 or 3, plus or minus 1."""
    pair = compare(dealt(1.0, 3.0), dealt(2.5, folds=7), seed=0).targets[ICE]
    assert (pair.difference, pair.low, pair.high) == (0.5, -1.5, 2.5)
    assert pair.verdict == NO_DIFFERENCE
    # the other way round alike
    pair = compare(dealt(2.5), dealt(1.0, 3.0, folds=7), seed=0).targets[ICE]
    assert (pair.difference, pair.low, pair.high) == (-0.5, -2.5, 1.5)


def test_papers_that_disagree_show_no_difference() -> None:
    pair = compare(table([2.0] * 6), table([1, 1, 1, 3, 3, 3.5]), seed=0).targets[ICE]
    assert pair.difference == pytest.approx(0.5 / 6)  # three times -1, twice +1, once +1.5
    assert pair.low < 0 < pair.high
    assert pair.verdict == NO_DIFFERENCE


def test_only_rows_of_both_with_one_value_count() -> None:
    champion = table([2.0] * 8)
    challenger = table([1.0] * 9)  # r8 is new
    challenger.loc[6, "error"] = np.nan  # only a bound is known by now
    challenger.loc[7, ["lower", "upper"]] = 5.0  # a corrected value
    found = compare(champion, challenger, seed=0)
    assert found.targets[ICE].rows == 6
    assert found.targets[ICE].changed == ("r7",)
    assert "left out of initial Coulombic efficiency, changed since the champion: r7" in as_text(found)


def test_groups_that_either_training_joined_are_one() -> None:
    champion = table([2.0] * 8, groups=[0, 0, 1, 2, 3, 4, 5, 6])
    challenger = table([1.0] * 8, groups=[0, 1, 1, 2, 3, 4, 5, 6])  # r0-r1 there, r1-r2 here: r0, r1, r2 are one
    assert compare(champion, challenger, seed=0).targets[ICE].groups == 6


def test_four_papers_are_too_few() -> None:
    found = compare(table([2.0] * 4), table([1.0] * 4), seed=0)
    assert found.targets[ICE].difference == -1
    assert found.targets[ICE].verdict == NOT_JUDGED
    assert found.targets["retention_pct"].rows == 0
    assert found.targets["retention_pct"].verdict == NOT_JUDGED


def test_lives_are_compared_by_their_order() -> None:
    """The champion has every pair the wrong way round, the challenger every pair the right way."""
    lives = [1.0, 2.0, 3.0, 4.0, 5.0]
    champion = table([0.0] * 5, target=LIFE, known=lives, predicted=lives[::-1])
    challenger = table([0.0] * 5, target=LIFE, known=lives, predicted=lives)
    pair = compare(champion, challenger, seed=0).targets[LIFE]
    assert (pair.champion, pair.challenger, pair.difference, pair.low, pair.high) == (0, 1, 1, 1, 1)
    assert pair.verdict == "better"
    assert compare(challenger, champion, seed=0).targets[LIFE].verdict == "worse"


def test_the_rows_that_changed_most_are_named_with_both_errors() -> None:
    found = compare(table([2.0] * 6), table([2, 3, 7, 2, 1.5, 0]), seed=0, against="4")
    told = [(each.row, each.paper, each.champion, each.challenger) for each in found.moved]
    assert told == [("r2", "p2", 2, 7), ("r5", "p5", 2, 0), ("r1", "p1", 2, 3)]
    text = as_text(found)
    assert "challenger against the champion (version 4)" in text
    assert "initial Coulombic efficiency   r2 of p2: 2 -> 7 percentage points off" in text


def test_coverage_weighs_papers_alike() -> None:
    champion, challenger = table([2.0] * 6, groups=[0, 0, 1, 2, 3, 4]), table([2.0] * 6, groups=[0, 0, 1, 2, 3, 4])
    champion["covered"] = [1, 0, 1, 1, 1, 1]  # half of one paper and all of four: (0.5 + 4) / 5
    pair = compare(champion, challenger, seed=0).targets[ICE]
    assert (pair.champion_coverage, pair.challenger_coverage) == (pytest.approx(0.9), 1)


def test_a_row_judged_twice_is_refused() -> None:
    twice = pd.concat([table([2.0] * 6), table([2.0])])
    with pytest.raises(ComparisonError, match=r"the challenger judged ice_pct of row 'r0' twice"):
        compare(table([2.0] * 6), twice, seed=0)


def test_the_table_holds_what_the_scores_say(trained: Trained) -> None:
    found = out_of_fold_table(trained.found, trained.config.level)
    same = compare(found, found, seed=0)
    for column, score in trained.scores.items():
        pair = same.targets[column]
        assert (pair.rows, pair.groups) == (score.rows, score.papers)
        figure = score.skill if column == LIFE else score.by_method["silion"]
        assert pair.challenger == pytest.approx(figure, abs=1e-12)
        assert pair.challenger_coverage == pytest.approx(score.coverage, abs=1e-12)
        assert (pair.difference, pair.low, pair.high) == (0, 0, 0)
    assert same.moved == ()
    assert not found.duplicated(["target", "row"]).any()


def test_the_table_is_read_back_bit_for_bit(trained: Trained, tmp_path: Path) -> None:
    found = out_of_fold_table(trained.found, trained.config.level)
    write_out_of_fold(found, tmp_path)
    again = read_out_of_fold((tmp_path / JUDGED).read_text(encoding="utf-8"))
    pd.testing.assert_frame_equal(found, again, check_exact=True)


def test_a_table_of_something_else_is_refused() -> None:
    text = table([1.0]).to_csv(index=False)
    with pytest.raises(ComparisonError, match="no column error, predicted_0; train again"):
        read_out_of_fold(text.replace("error", "fault").replace("predicted_0", "guess"))
    with pytest.raises(ComparisonError, match="judges voltage_v, which this code does not predict"):
        read_out_of_fold(text.replace(ICE, "voltage_v"))
    with pytest.raises(ComparisonError, match="column error holds 'much', no number"):
        read_out_of_fold(table([1.5]).to_csv(index=False).replace("1.5", "much"))


@pytest.fixture
def known(trained: Trained) -> dict[str, set[str]]:
    return rows_known(out_of_fold_table(trained.found, trained.config.level))


def test_without_new_rows_takes_measurements_not_cells(literature: Literature, known: dict[str, set[str]]) -> None:
    assert without_new_rows(literature, known).cells == literature.cells
    ice, points = ice_examples(literature).row_names, fade_examples(literature)
    cell = next(each for each in ice if each in set(points.designs["row_id"]))
    point = points.row_names[-1]
    fewer = {"conductivity": known["conductivity"] - {"E001"}, "ice": known["ice"] - {cell}}
    fewer["fade"] = known["fade"] - {point}
    assert new_rows(literature, fewer) == {"conductivity": {"E001"}, "ice": {cell}, "fade": {point}}
    without = without_new_rows(literature, fewer)
    assert {row.measurement_id for row in literature.electrolytes} - {
        row.measurement_id for row in without.electrolytes
    } == {"E001"}
    assert set(ice_examples(without).row_names) == set(ice) - {cell}
    assert fade_examples(without).row_names == points.row_names[:-1]
    assert len(without.cells) == len(literature.cells)


def test_a_second_point_at_one_cycle_is_the_new_one(literature: Literature, known: dict[str, set[str]]) -> None:
    old = fade_examples(literature)
    place = old.designs.iloc[0]
    point = next(each for each in literature.cycling if (each.cell_id, each.cycle) == (place["row_id"], place["cycle"]))
    twice = replace(literature, cycling=[*literature.cycling, point.model_copy(update={"point_id": "mine-1"})])
    assert new_rows(twice, known)["fade"] == {f"{old.row_names[0]} (2)"}
    assert without_new_rows(twice, known).cycling == literature.cycling


def test_the_effect_of_no_new_row_is_none_at_all(
    literature: Literature, known: dict[str, set[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With and without are the same rows then, and the same folds and seeds give the same bits."""
    effect = effect_of_new_rows(literature, known, QUICK)
    assert all(pair.difference == 0 for pair in effect.values())
    assert {column: pair.rows > 0 for column, pair in effect.items()} == dict.fromkeys(TARGETS, True)


def test_new_rows_are_learnt_from_and_never_judged_in_the_same_folds(
    literature: Literature, known: dict[str, set[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows of two papers are new: both sides judge the others, dealt to the same folds."""
    papers = {row.paper for row in literature.electrolytes[:2]} | {literature.cells[0].paper}
    examples = {part: task.examples for part, task in TASKS.items()}
    mine = {part: set(read(literature).row_names) for part, read in examples.items()}
    new = {
        part: {
            name
            for name, paper in zip(read(literature).row_names, read(literature).papers, strict=True)
            if paper in papers
        }
        for part, read in examples.items()
    }
    assert new["conductivity"]
    fewer = {part: names - new[part] for part, names in mine.items()}
    sides: list[OutOfFold] = []
    monkeypatch.setattr(
        newrows, "out_of_fold_table", lambda found, level: sides.append(found) or out_of_fold_table(found, level)
    )
    effect = effect_of_new_rows(literature, fewer, QUICK)
    without, with_new = sides
    for part, found in without.items():
        assert found.examples.row_names == with_new[part].examples.row_names
        assert not set(found.examples.row_names) & new[part]
        assert (found.fold == with_new[part].fold).all()
        assert not np.isnan(with_new[part].predicted["silion"]).any()
    assert effect["conductivity_s_per_cm"].difference != 0
    text = as_text(Comparison({}, (), new_rows={"conductivity": 2, "ice": 0}, effect=effect))
    assert "the new rows alone (conductivity 2): this training's recipe without them -> with them" in text
