from __future__ import annotations

import base64
import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.tables.described import DESCRIPTORS
from features.tables.literature import Literature
from models.ensemble import Labels
from models.tasks.conductivity import CONDUCTIVITY
from models.tasks.examples import Examples
from models.tasks.fade import RETENTION
from models.tasks.ice import ICE
from models.tasks.registry import LINK, TARGETS, targets_with_an_error, task_of
from reporting import pages
from reporting.figures import LearningRow
from training.evaluation.crossvalidate import OutOfFold
from training.report import report as whole_report
from training.report import skill_sections
from training.report import tables as card
from training.train import Trained

SECTIONS = [
    "Skill at a glance", "What was measured, and by whom", "What it must not be used for",
    "Skill on papers never seen", "Do the intervals keep their promise?",
    "Range only", "Activation energies",
    "Predicted against measured, by class", "Does the error rise with the distance?", "A few measurements of your own",
    "Two designs of one laboratory", "Learning curve", "What skill on cells would take",
    "What moves the predictions, and how surely",
    "What it makes of the field's design rules", "Where it is most wrong", "What to measure next",
    "Data and groups", "How to cite the sources", "What the model is",
]  # fmt: skip


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
    for column in targets_with_an_error():
        part = task_of(column).name
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
    for column in targets_with_an_error():
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
    left_out = [cell for cell in trained.literature.cells if cell.state != "solid"]
    assert f"{len(left_out)} of {len(trained.literature.cells)} cells" in text
    assert re.search(r"Seen are, for conductivity: .*\bGe\b.*; for initial Coulombic efficiency: .*\bCl\b", text)
    rare = text.split("Electrolyte classes of fewer than 3 papers")[1].split("\n")[0]
    few = part[1] if (part := re.search(r"for conductivity ([^;)]*)", rare)) else ""
    judged = electrolytes[trained.found["conductivity"].examples.labels.exact]
    for kind, papers in judged.groupby("electrolyte_class")["paper"].nunique().items():
        assert (re.search(rf"\b{kind}\b(?!-)", few) is not None) == (papers < 3), kind
    assert "safety" in text


def test_named_electrolytes_of_one_class_get_one_value(trained: Trained) -> None:
    columns = trained.found["conductivity"].examples.designs
    named = pd.DataFrame([{"electrolyte": name, "electrolyte_class": "polymer"} for name in ("rubber X", "polymer Y")])
    values, _ = trained.bundle.parts[LINK].predict(named.reindex(columns=columns.columns))
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
    page = unescape((report / "index.html").read_text(encoding="utf-8")).replace("\xa0", " ")
    text = (report / "card.md").read_text(encoding="utf-8")
    in_page = [(int(level), words) for level, words in re.findall(r"<h(\d)>(.*?)</h\d>", page)]
    in_text = [(len(marks), words) for marks, words in re.findall(r"^(#+) (.*)$", text, re.MULTILINE)]
    assert in_page == in_text
    assert [words for level, words in in_text if level == 2] == SECTIONS


@pytest.mark.parametrize(("page", "card_text"), [("index.html", "card.md"), ("questions.html", "questions.md")])
def test_a_page_holds_its_pictures_and_leads_to_their_numbers(report: Path, page: str, card_text: str) -> None:
    text = (report / page).read_text(encoding="utf-8")
    beside = re.findall(r"!\[.+\]\((.*)\)", (report / card_text).read_text(encoding="utf-8"))
    shown = re.findall(r'<img src="data:image/png;base64,([^"]*)" alt="([^"]*)">', text)
    assert len(shown) == text.count("<img") == len(beside) > 0
    assert [base64.b64decode(content) for content, _ in shown] == [(report / name).read_bytes() for name in beside]
    assert all(len(words) > 20 for _, words in shown)
    tables = re.findall(r'numbers: <a href="([^"]*)">', text)
    assert tables == [Path(name).with_suffix(".csv").name for name in beside]
    assert all(len(pd.read_csv(report / name)) for name in tables)


def test_every_picture_of_the_folder_is_on_a_page(report: Path) -> None:
    text = "".join((report / name).read_text(encoding="utf-8") for name in ("card.md", "questions.md"))
    assert {path.name for path in report.glob("*.png")} == set(re.findall(r"!\[.+\]\((.*)\)", text))


@pytest.mark.parametrize("page", ["index.html", "questions.html"])
def test_a_page_asks_the_network_for_nothing_and_leads_to_files_that_are_there(report: Path, page: str) -> None:
    text = (report / page).read_text(encoding="utf-8")
    assert not re.search(r"<link|@import|url\((?!#)|<iframe|fetch\(|src=\"(?!data:)", text)
    addresses = re.findall(r'<a href="([^"]*)"', text)
    assert all((report / each).is_file() for each in addresses if not each.startswith(("https://doi.org/", "#")))
    assert all(f'<a id="{each[1:]}">' in text for each in addresses if each.startswith("#"))
    assert {"index.html", "questions.html"} - {page} <= set(addresses)
    long = [table for table in re.findall(r"<table.*?</table>", text, re.DOTALL) if table.count("<tr>") > 3]
    assert long
    assert all(table.startswith('<table class="sortable">') for table in long)


def test_numbers_beside_a_picture_are_those_of_the_training(report: Path, trained: Trained) -> None:
    table = pd.read_csv(report / "ice_pct_parity.csv")
    assert table["error"].mean() == pytest.approx(trained.scores[ICE.column].by_method["silion"], rel=1e-4)
    assert table["row_id"].tolist() == trained.found["ice"].examples.designs["row_id"].tolist()


def test_the_first_page_is_short_and_all_else_is_in_its_contents(report: Path) -> None:
    page = (report / "index.html").read_text(encoding="utf-8")
    first, behind = page.split('<nav aria-label="Contents">')
    assert [unescape(words).replace("\xa0", " ") for words in re.findall(r"<h2>(.*?)</h2>", first)] == SECTIONS[:3]
    assert behind.count('<li><a href="#') == len(SECTIONS) - 3
    assert first.count('<svg class="atlas"') >= 4
    assert "atlas.html" in first
    assert (report / "atlas.html").read_text(encoding="utf-8").count("<table") == len(targets_with_an_error())


def test_only_learning_curves_with_points_are_shown(tmp_path: Path) -> None:
    rows: list[LearningRow] = [(0.5, 40, 0.7, 0.6, 0.8, 0.95), (1.0, 40, 0.5, 0.4, 0.6, 0.9)]
    text = pages.markdown("card", skill_sections.learning({CONDUCTIVITY.column: rows, ICE.column: []}, tmp_path))
    assert "## Learning curve" in text
    assert "| 50 % | 40 | 0.70 (0.60 to 0.80) | 0.95 |" in text
    assert "(conductivity_s_per_cm_learning.png)" in text
    table = pd.read_csv(tmp_path / "conductivity_s_per_cm_learning.csv")
    assert table.iloc[1].tolist() == list(rows[1])
    assert not (tmp_path / "ice_pct_learning.png").exists()
    assert skill_sections.learning({ICE.column: []}, tmp_path) == []


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
    for column in targets_with_an_error():
        table, bins = (pd.read_csv(report / f"{column}_{name}.csv") for name in ("distance", "distance_bins"))
        assert len(table) == trained.scores[column].rows == bins["rows"].sum()
        assert table["error"].mean() == pytest.approx(trained.scores[column].by_method["silion"], rel=1e-4)
        assert bins["rows"].max() - bins["rows"].min() <= 1
        assert f"({column}_distance.png)" in text


def test_the_report_says_how_well_the_cells_of_each_target_are_described() -> None:
    # eight descriptors by a half of the labels, temperature by all of them: (8 * 50 + 100) / 9 = 55.6 %
    shares = {descriptor.label: 1.0 if descriptor.label == "temperature" else 0.5 for descriptor in DESCRIPTORS}
    _, table = whole_report._described({"ice_pct": shares})
    assert isinstance(table, pages.Table)
    assert list(table.header) == ["descriptor", "ice_pct"]
    assert ("temperature", "100 %") in list(table.rows)
    assert list(table.rows)[-1] == ("all nine, mean", "56 %")
    words, table = whole_report._described({"ice_pct": shares}, {"ice_pct": (4, 1)})
    assert isinstance(table, pages.Table)
    assert list(table.rows)[-2:] == [("papers with at least 5 of them", "4"), ("papers with all nine", "1")]
    assert "nobody knows the number" in str(words)
