from __future__ import annotations

import copy
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.boosted import Labels
from models.domain import Domain
from models.figures import LearningRow
from models.intervals import calibrate
from models.lab import Reveals
from models.targets import CONDUCTIVITY, ICE, RETENTION, TARGETS
from training import card, distance, revealed
from training.crossvalidate import OutOfFold
from training.dataset import Examples, Literature
from training.errors import PART_OF
from training.report import write_report
from training.train import Trained

DAY = date(2026, 1, 2)
SECTIONS = [
    "What the model is", "Data and groups", "Skill on papers never seen", "Do the intervals keep their promise?",
    "Predicted against measured, by class", "Does the error rise with the distance?", "A few measurements of your own",
    "Learning curve", "Where it is most wrong", "What it must not be used for", "How to cite the sources",
]  # fmt: skip


@pytest.fixture(scope="module")
def report(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    write_report(trained, folder, DAY)
    return folder


def conductivities() -> OutOfFold:
    """Three garnets of three papers and two halides, one of them only bounded, each predicted in two repeats."""
    designs = pd.DataFrame(
        {
            "row_id": ["r1", "r2", "r3", "r4", "r5"],
            "paper": ["p1", "p2", "p3", "p1", "10.1000/p4"],
            "electrolyte": ["LLZO", "LLZTO", None, "Li3YCl6", "Li3InCl6"],
            "composition": None,
            "electrolyte_class": ["oxide-garnet", "oxide-garnet", "oxide-garnet", "halide", "halide"],
        }
    )
    lower = np.array([-3.0, -4.0, -5.0, -3.0, -6.0])
    labels = Labels(lower, np.where(designs["row_id"] == "r4", np.inf, lower), np.ones(5))
    ours = np.array([[-4.0, -4.0, -3.0, -3.0, -5.0], [-3.0, -4.0, -3.0, -3.0, -7.0]])
    methods = {"silion": ours, **{name: np.full((2, 5), -5.0) for name in ("dummy", "nearest", "ridge")}}
    return OutOfFold(Examples(designs, labels), np.array([0, 1, 2, 0, 3]), methods, np.zeros((2, 5)), np.zeros((2, 5)))


def test_errors_of_a_class_by_hand() -> None:
    # silion, mean of the repeats of |predicted - measured| and of predicted - measured; dummy always -5:
    #   r1  |-4+3|, |-3+3| -> 0.5, -0.5; dummy 2      r2  0, 0; dummy 1      r3  2, +2; dummy 0
    #   r5  |-5+6|, |-7+6| -> 1, 0; dummy 1           r4 is a bound and not judged
    # garnets: error 2.5 / 3, bias 1.5 / 3, dummy 3 / 3; halides: 1, 0, 1; all: 3.5 / 4, 1.5 / 4, 4 / 4
    table = card.class_table(card.parity_table(CONDUCTIVITY, conductivities()), "electrolyte_class")
    assert table["kind"].tolist() == ["oxide-garnet", "halide", "all"]
    assert table[["rows", "bounds", "papers"]].to_numpy().tolist() == [[3, 0, 3], [1, 1, 1], [4, 1, 4]]
    assert table["error"].tolist() == pytest.approx([2.5 / 3, 1.0, 0.875])
    assert table["bias"].tolist() == pytest.approx([0.5, 0.0, 0.375])
    assert table["dummy_error"].tolist() == pytest.approx([1.0, 1.0, 1.0])
    assert table["remark"].tolist() == ["", "too few papers to judge", ""]


def test_the_parity_table_keeps_bounds_and_judges_values() -> None:
    table = card.parity_table(CONDUCTIVITY, conductivities()).set_index("row_id")
    assert set(table["unit"]) == {"log10 S/cm"}
    assert table.loc["r4", ["measured_low", "measured_high", "predicted"]].tolist() == [-3.0, np.inf, -3.0]
    assert np.isnan(table.loc["r4", ["error", "signed_error", "dummy_error"]].astype(float)).all()
    assert table.loc["r1", ["predicted", "error", "signed_error"]].tolist() == [-3.5, 0.5, -0.5]
    assert table.loc["r3", "design"] == ""
    assert "anode_architecture" not in table


def test_retentions_are_compared_as_retentions() -> None:
    # the curve crosses 80 % at its life: a life of 10 cycles is 80 % after 10 cycles; "at least 90 %" is not judged
    designs = pd.DataFrame(
        {
            "row_id": ["c1", "c2"], "paper": ["p1", "p2"], "electrolyte": "LPSCl", "composition": None,
            "electrolyte_class": None, "anode": ["Si", None], "anode_architecture": ["thin-film", None],
            "cycle": 11.0, "cycles": 10.0, "retention_pct": [75.0, 90.0], "qualifier": ["=", ">"],
        }
    )  # fmt: skip
    life, dummy = np.full((1, 2), 1.0), np.full((1, 2), 85.0)
    methods = {"silion": life, "dummy": dummy, "nearest": dummy, "ridge": dummy}
    labels = Labels(np.array([0.5, 1.2]), np.array([0.5, np.inf]), np.ones(2))
    found = OutOfFold(Examples(designs, labels), np.array([0, 1]), methods, np.zeros((1, 2)), np.ones((1, 2)))
    table = card.parity_table(RETENTION, found)
    assert table["measured_low"].tolist() == [75.0, 90.0]
    assert table["measured_high"].tolist() == [75.0, np.inf]
    assert table["predicted"].tolist() == pytest.approx([80.0, 80.0])
    assert table["signed_error"].tolist() == pytest.approx([5.0, np.nan], nan_ok=True)
    assert table["dummy_error"].tolist() == pytest.approx([10.0, np.nan], nan_ok=True)
    assert table["anode_architecture"].tolist() == ["thin-film", "not stated"]
    assert table["design"].tolist() == ["Si | LPSCl", "LPSCl"]
    worst = card.worst(RETENTION, table, Literature())
    assert worst[["row_id", "measured", "predicted"]].to_numpy().tolist() == [["c1", "75 % at cycle 11", "80 %"]]


def test_the_worst_rows_come_first_with_their_paper() -> None:
    table = card.worst(CONDUCTIVITY, card.parity_table(CONDUCTIVITY, conductivities()), Literature(), count=2)
    assert table["row_id"].tolist() == ["r3", "r5"]  # errors 2 and 1
    assert table["measured"].tolist() == ["1.0e-05 S/cm", "1.0e-06 S/cm"]
    assert table["predicted"].tolist() == ["1.0e-03 S/cm", "1.0e-06 S/cm"]
    assert table["citation"].tolist() == ["p3", "10.1000/p4"]
    assert table["doi"].tolist() == ["", "10.1000/p4"]


def test_papers_that_tell_one_row_are_counted_and_listed_each() -> None:
    found = conductivities()
    found.examples.designs["paper"] = ["p1|p2", "p2", "p3", "p3", "p1"]
    table = card.class_table(card.parity_table(CONDUCTIVITY, found), "electrolyte_class").set_index("kind")
    assert table.loc["oxide-garnet", "papers"] == 3
    papers = card.papers_table({"conductivity": found}, Literature())
    assert dict(zip(papers["paper"], papers["rows_conductivity"], strict=True)) == {"p1": 2, "p2": 2, "p3": 2}


def test_class_tables_add_up_to_the_skill(trained: Trained) -> None:
    for column, part in PART_OF.items():
        table = card.parity_table(TARGETS[column], trained.found[part])
        for kind in card.KINDS:
            if kind not in table:
                continue
            classes = card.class_table(table, kind)
            parts, whole = classes[:-1], classes.iloc[-1]
            score = trained.scores[column]
            assert parts["rows"].sum() == whole["rows"] == score.rows
            assert whole["error"] == pytest.approx(score.by_method["silion"])
            assert whole["dummy_error"] == pytest.approx(score.by_method["dummy"])
            known = parts[parts["rows"] > 0]
            assert (known["error"] * known["rows"]).sum() == pytest.approx(whole["error"] * whole["rows"])
            assert (known["error"] >= known["bias"].abs() - 1e-9).all()


def test_coverage_is_that_of_the_skill_table(trained: Trained) -> None:
    table = card.coverage_table(trained.found).set_index(["target", "level"])["held"]
    for column in PART_OF:
        assert table[column, 0.9] == pytest.approx(trained.scores[column].coverage)


def test_warnings_name_the_targets_without_skill(trained: Trained) -> None:
    assert not all(score.shown for score in trained.scores.values())
    for shown in (True, False):
        scores = {column: replace(score, shown=shown) for column, score in trained.scores.items()}
        ranking = [each for each in card.not_for(replace(trained, scores=scores)) if each.startswith("Ranking")]
        assert len(ranking) == (0 if shown else 4)
        for column in scores if not shown else []:
            assert any(TARGETS[column].label in each and "no skill shown yet" in each for each in ranking)


def test_warnings_are_the_facts(trained: Trained) -> None:
    text = "\n".join(card.not_for(trained))
    for part in trained.found:
        known = pd.to_numeric(trained.found[part].examples.designs["temperature_c"]).dropna()
        assert f"{known.min():g} to {known.max():g} °C" in text
    electrolytes = trained.found["conductivity"].examples.designs
    assert f"of {len(electrolytes)} conductivities in training are such" in text
    left_out = [cell for cell in trained.literature.cells if cell.electrolyte_class in ("liquid", "gel")]
    assert f"{len(left_out)} of {len(trained.literature.cells)} cells" in text
    assert re.search(r"Seen are, for conductivity: .*\bGe\b.*; for initial Coulombic efficiency: .*\bCl\b", text)
    few = text.split("Electrolyte classes of fewer than 3 papers")[1].split("\n")[0].split("; for initial")[0]
    judged = electrolytes[trained.found["conductivity"].examples.labels.exact]
    for kind, papers in judged.groupby("electrolyte_class")["paper"].nunique().items():
        assert (re.search(rf"\b{kind}\b(?!-)", few) is not None) == (papers < 3), kind
    assert "safety" in text


def test_named_electrolytes_of_one_class_get_one_value(trained: Trained) -> None:
    columns = trained.found["conductivity"].examples.designs
    named = pd.DataFrame([{"electrolyte": name, "electrolyte_class": "polymer"} for name in ("rubber X", "polymer Y")])
    values, _ = trained.bundle.parts["conductivity"].predict(named.reindex(columns=columns.columns))
    assert values[0] == values[1]


def test_the_card_says_whence_it_comes(report: Path, trained: Trained) -> None:
    text = (report / "card.md").read_text(encoding="utf-8")
    for expected in (trained.bundle.facts["code_version"], "2026-01-02", "xgboost", "| folds by paper | 3 |"):
        assert expected in text
    for name, value in trained.literature.hashes.items():
        assert f"| SHA-256 of {name} | {value[:12]}… |" in text
    for score in trained.scores.values():
        assert f"{score.skill:.2f} ({score.skill_low:.2f} to {score.skill_high:.2f})" in text
    papers = {paper for each in trained.found.values() for paper in each.examples.papers}
    assert f"come from {len(papers)} papers" in text
    assert set(pd.read_csv(report / "papers.csv")["paper"]) == papers


def test_both_pages_have_the_same_headings(report: Path) -> None:
    page = (report / "index.html").read_text(encoding="utf-8").replace("&nbsp;", " ")
    text = (report / "card.md").read_text(encoding="utf-8")
    in_page = [(int(level), words) for level, words in re.findall(r"<h(\d)>(.*?)</h\d>", page)]
    in_text = [(len(marks), words) for marks, words in re.findall(r"^(#+) (.*)$", text, re.MULTILINE)]
    assert in_page == in_text
    assert [words for level, words in in_text if level == 2] == SECTIONS


def test_every_picture_is_there_with_words_and_numbers(report: Path) -> None:
    page = (report / "index.html").read_text(encoding="utf-8")
    shown = dict(re.findall(r'<img src="([^"]*)" alt="([^"]*)">', page))
    assert sorted(shown) == sorted(path.name for path in report.glob("*.png"))
    assert all(len(words) > 20 for words in shown.values())
    for name in shown:
        assert (report / name).read_bytes().startswith(b"\x89PNG")
        assert len(pd.read_csv((report / name).with_suffix(".csv"))) > 0
    in_text = re.findall(r"!\[.+\]\((.*)\)", (report / "card.md").read_text(encoding="utf-8"))
    assert in_text == list(shown)


def test_numbers_beside_a_picture_are_those_of_the_training(report: Path, trained: Trained) -> None:
    table = pd.read_csv(report / "ice_pct_parity.csv")
    assert table["error"].mean() == pytest.approx(trained.scores[ICE.column].by_method["silion"], rel=1e-4)
    assert table["row_id"].tolist() == trained.found["ice"].examples.designs["row_id"].tolist()


def test_only_learning_curves_with_points_are_shown(trained: Trained, tmp_path: Path) -> None:
    rows: list[LearningRow] = [(0.5, 40, 0.7, 0.6, 0.8, 0.95), (1.0, 40, 0.5, 0.4, 0.6, 0.9)]
    for name, learning in (("one", {CONDUCTIVITY.column: rows, ICE.column: []}), ("none", {})):
        learned = copy.copy(trained)
        vars(learned)["learning"] = learning
        (tmp_path / name).mkdir()
        write_report(learned, tmp_path / name, DAY)
    text = (tmp_path / "one" / "card.md").read_text(encoding="utf-8")
    assert "## Learning curve" in text
    assert "| 50 % | 40 | 0.70 (0.60 to 0.80) | 0.95 |" in text
    assert "(conductivity_s_per_cm_learning.png)" in text
    table = pd.read_csv(tmp_path / "one" / "conductivity_s_per_cm_learning.csv")
    assert table.iloc[1].tolist() == list(rows[1])
    assert not (tmp_path / "one" / "ice_pct_learning.png").exists()
    assert "## Learning curve" not in (tmp_path / "none" / "card.md").read_text(encoding="utf-8")


def line(places: list[float]) -> Domain:
    """Designs on a line, their distance the difference of their places."""
    vectors = np.array(places)[:, None]
    names = [f"p{each}" for each in range(len(places))]
    return Domain(vectors, np.zeros(1), np.ones(1), names, 2.5, {}, [], [], [{} for _ in places])


def of_papers(papers: list[str], missed: list[float], groups: list[int]) -> OutOfFold:
    """Rows that were all predicted 0, and measured so far above."""
    measured, none = np.array(missed), np.zeros((2, len(missed)))
    designs = pd.DataFrame({"row_id": [f"r{each}" for each in range(len(papers))], "paper": papers})
    labels = Labels(measured, measured.copy(), np.ones(len(missed)))
    methods = dict.fromkeys(("silion", "dummy", "nearest", "ridge"), none)
    return OutOfFold(Examples(designs, labels), np.array(groups), methods, none, np.full_like(none, np.nan))


def test_distances_are_to_another_group() -> None:
    # at 0, 1, 3, 7; the first two are of one group: 0 -> 3 is 3, 1 -> 3 is 2, 3 -> 1 is 2, 7 -> 3 is 4
    found = of_papers(["p1", "p2", "p3", "p4"], [1.0, -2.0, 3.0, 4.0], [0, 0, 1, 2])
    table = distance.distance_table(CONDUCTIVITY, found, line([0, 1, 3, 7]))
    assert table["distance"].tolist() == [3.0, 2.0, 2.0, 4.0]
    assert table["error"].tolist() == [1.0, 2.0, 3.0, 4.0]
    assert table["bin"].tolist() == [2, 1, 1, 3]  # four rows, nearest first: 1, 1, 2, 3
    bins = distance.bin_table(table, seed=0)
    assert bins["error"].tolist() == [2.5, 1.0, 4.0]
    assert bins[["rows", "groups", "nearest", "farthest"]].to_numpy().tolist() == [
        [2, 2, 2, 2], [1, 1, 3, 3], [1, 1, 4, 4],
    ]  # fmt: skip
    assert bins[["error_low", "error_high"]].isna().all(axis=None)  # of fewer than three groups each


def test_bounds_have_no_place_among_the_distances_and_one_group_has_none() -> None:
    found = of_papers(["p1", "p2", "p3"], [1.0, 1.0, 1.0], [0, 1, 2])
    found.examples.labels.upper[1] = np.inf
    assert distance.distance_table(CONDUCTIVITY, found, line([0, 1, 3]))["distance"].tolist() == [1.0, 2.0]
    alone = of_papers(["p1", "p1"], [1.0, 2.0], [0, 0])
    assert distance.distance_table(CONDUCTIVITY, alone, line([0, 1])).empty


def test_means_of_a_third_carry_an_interval_over_groups() -> None:
    found = of_papers([f"p{each}" for each in range(9)], [1.0, 2.0, 3.0] * 3, list(range(9)))
    table = distance.distance_table(CONDUCTIVITY, found, line([2.0**each for each in range(9)]))
    assert table["bin"].tolist() == [1, 1, 1, 2, 2, 2, 3, 3, 3]
    bins = distance.bin_table(table, seed=0)
    assert bins["error"].tolist() == [2.0, 2.0, 2.0]
    # three groups of errors 1, 2, 3 drawn again: a mean of 1 or of 3 has probability 1/27 each, below the 5 % ends
    assert bins.iloc[0][["error_low", "error_high"]].tolist() == pytest.approx([4 / 3, 8 / 3])


def table_of(distances: list[float], errors: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"distance": distances, "error": errors, "group": range(len(errors))})


def test_rank_correlation_by_hand() -> None:
    # ranks differ by 1, 1, 1, 1, 0: 1 - 6 * 4 / (5 * 24) = 0.8
    few = distance.correlation(table_of([1, 2, 3, 4, 5], [20, 10, 40, 30, 50]), seed=0)
    assert few.value == pytest.approx(0.8)
    assert few.low <= 0.8 <= few.high
    # ranks 1.5, 1.5, 3 and 1, 2, 3: 1.5 / sqrt(1.5 * 2)
    assert distance.correlation(table_of([1, 1, 2], [1, 2, 3]), seed=0).value == pytest.approx(1.5 / 3**0.5)


def test_what_the_distance_shows_is_said_plainly() -> None:
    growing, steps = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [3.0, 1.0, 6.0, 5.0, 2.0, 4.0]
    assert str(distance.correlation(table_of(growing, growing), 0)) == (
        "the error rises with the distance: rank correlation +1.00, 90 % interval +1.00 to +1.00"
    )
    assert str(distance.correlation(table_of(growing, growing[::-1]), 0)).startswith("the error falls")
    unclear = str(distance.correlation(table_of(growing, steps), 0))
    assert unclear.startswith("these data cannot show that the error rises")
    assert unclear.endswith("which includes 0")
    for few in (table_of([1, 2], [1, 2]), table_of([1, 2, 3], [1, 1, 1])):
        assert str(distance.correlation(few, 0)).startswith("too few papers or values")


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
    assert revealed.sentence("life", revealed.Revealed({}, table)).endswith("which shows no gain.")
    worse = revealed.Revealed({}, table.assign(ratio_low=1.05))
    assert revealed.sentence("life", worse).endswith("which shows a loss.")


def test_the_share_inside_is_judged_by_the_other_papers() -> None:
    # four papers of error 1 and one of 10: the others of that one never miss by more than 1, so it lies outside
    error, ones, number = np.array([1.0, 1.0, 1.0, 1.0, 10.0]), np.ones(5), np.arange(5)
    cases = Reveals(error, ones, error, number, number)
    assert revealed.held(cases, 0.8) == pytest.approx(0.8)
    assert np.isnan(revealed.held(cases, 0.9))


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
    assert revealed.held(Reveals(error, spread, error, group, group), 0.8) == pytest.approx(np.mean(means))


def test_recipes_are_counted_over_all_folds(report: Path, trained: Trained) -> None:
    text = (report / "card.md").read_text(encoding="utf-8")
    assert "the skill stated here is that of choice and fit together" in text
    for part, choices in trained.config.choices.items():
        chosen = trained.found[part].chosen
        assert len(chosen) == trained.config.folds * trained.config.repeats
        for name in choices:
            row = re.search(rf"^\| {part} \| {name} \| .* \| (\d+) of {len(chosen)} \| (yes)? \|$", text, re.MULTILINE)
            assert row is not None, (part, name)
            assert int(row[1]) == chosen.count(name)
            assert (row[2] == "yes") == (trained.bundle.facts["chosen"][part] == name)


def test_distances_of_the_training_are_written_beside_their_picture(report: Path, trained: Trained) -> None:
    text = (report / "card.md").read_text(encoding="utf-8")
    for column in PART_OF:
        table, bins = (pd.read_csv(report / f"{column}_{name}.csv") for name in ("distance", "distance_bins"))
        assert len(table) == trained.scores[column].rows == bins["rows"].sum()
        assert table["error"].mean() == pytest.approx(trained.scores[column].by_method["silion"], rel=1e-4)
        assert bins["rows"].max() - bins["rows"].min() <= 1
        assert f"({column}_distance.png)" in text
