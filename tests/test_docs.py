"""What the documents say is what the code does."""

from __future__ import annotations

import argparse
import csv
import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.main import build_parser
from features.tables.descriptions import BEGIN, END, between_marks, datapackage, dictionary
from features.tables.literature import Literature
from models.tasks.ice import LiquidIceTask
from models.tasks.registry import TASKS
from tests.shared import ROOT
from training.config import TrainConfig
from training.evaluation.regimes.liquid import liquid_table
from training.evaluation.regimes.range_only import RangeScore, range_scores, range_table
from training.evaluation.score import Score, markdown
from training.report import skill_docs
from training.train import Trained, measure


@pytest.mark.slow
def test_the_skill_told_is_what_evaluation_gives(literature: Literature) -> None:
    config = TrainConfig()
    found, scores = measure(literature, config)
    ranges = range_scores(literature, found, config.level, config.seed)
    pages = [ROOT / page for page in skill_docs.PAGES]
    for marks, text in skill_docs.marked_tables(scores, ranges):
        marked = [page for page in pages if marks[0] in page.read_text(encoding="utf-8")]
        assert ROOT / "docs" / "skill.md" in marked
        assert all(between_marks(page, *marks) == text for page in marked)


@pytest.mark.slow
def test_the_skill_told_of_liquid_cells_is_what_evaluation_gives(literature: Literature) -> None:
    told = liquid_table(literature, TrainConfig())
    assert between_marks(ROOT / "docs" / "skill.md", *skill_docs.LIQUID_MARKS) == told
    assert "no skill shown yet" in told  # else the sentences beside it have to change
    assert "ice_liquid" not in TASKS


def test_tables_of_skill_go_where_their_marks_are(trained: Trained, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    skill, verdicts = ("\n".join(marks) for marks in (skill_docs.SKILL_MARKS, skill_docs.VERDICT_MARKS))
    (tmp_path / "docs" / "skill.md").write_text(f"before\n{skill}\nbetween\n{verdicts}\n", encoding="utf-8")
    (tmp_path / "README.md").write_text(f"{verdicts}\nafter\n", encoding="utf-8")
    pages = skill_docs.write_docs(trained.scores, tmp_path)
    assert pages == [tmp_path / "docs" / "skill.md", tmp_path / "README.md"]
    assert between_marks(pages[0], *skill_docs.SKILL_MARKS) == markdown(trained.scores)
    assert between_marks(pages[1], *skill_docs.VERDICT_MARKS) == skill_docs.verdicts(trained.scores)
    assert pages[1].read_text(encoding="utf-8").endswith("\nafter\n")
    with pages[0].open("a", encoding="utf-8") as page:
        page.write("\n".join(skill_docs.LIQUID_MARKS) + "\n")
    skill_docs.write_docs(trained.scores, tmp_path, "| liquid |")
    assert between_marks(pages[0], *skill_docs.LIQUID_MARKS) == "| liquid |"
    (tmp_path / "docs" / "skill.md").unlink()
    with pytest.raises(ValueError, match="no page has the mark"):
        skill_docs.write_docs(trained.scores, tmp_path)


def test_liquid_cells_are_those_whose_electrolyte_is_stated_to_be_one(literature: Literature) -> None:
    """By the file's own columns; none of them is among the examples of the solid cells."""
    examples = LiquidIceTask().examples(literature)
    with (ROOT / "data" / "literature" / "cells.csv").open(encoding="utf-8", newline="") as file:
        states = {row["cell_id"]: row["electrolyte_state"] or row["electrolyte_class"] for row in csv.DictReader(file)}
    assert len(examples.designs) >= 18
    assert {states[name] for name in examples.designs["cell_id"]} <= {"liquid", "gel"}
    assert not set(examples.designs["cell_id"]) & set(TASKS["ice"].examples(literature).designs["cell_id"])


def score_of(target: str, **changed: Any) -> Score:
    measured = Score(
        target, 30, 20, "error", {"silion": 0.5, "dummy": 1.0}, "ratio", 0.5, 0.4, 0.6, True, 0.9, 0.9, 0.8, 0.95, 2.0
    )
    return replace(measured, **changed)


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({}, "**use it with care**"),  # the ratio may be 0.6
        ({"skill_high": 0.49}, "**use it** to"),
        ({"shown": False, "rests_on_one_paper": True}, "**not yet** as a number: you get the range"),
        ({"shown": False}, "**not yet** as a number: you get the range"),  # the intervals hold 80 to 95 %, 90 promised
        ({"shown": False, "coverage_high": 0.85}, "**not yet** |"),  # they hold too little
        ({"shown": False, "coverage_low": 1.0, "coverage_high": 1.0}, "**not yet** |"),  # or bounds alone
    ],
)
def test_the_verdict_follows_from_skill_and_coverage(changed: dict[str, Any], verdict: str) -> None:
    (line,) = skill_docs.verdicts({"ice_pct": score_of("ice_pct", **changed)}).splitlines()[2:]
    assert line.startswith(f"| initial Coulombic efficiency | {verdict}")


def test_a_quantity_without_a_model_has_a_row_of_its_own() -> None:
    held = RangeScore("first_capacity_mah_per_g", 40, 30, 0.9, 0.92, 0.83, 0.98, 2618.4)
    ranges = {held.target: held}
    (_, line) = skill_docs.verdicts({"ice_pct": score_of("ice_pct")}, ranges).splitlines()[2:]
    assert line.startswith(
        "| first capacity, per gram of anode | **range only**: what comparable papers report | no model "
    )
    assert line.endswith("92 % of the values of papers left out lie inside the 90 % range, which is 2618 mAh/g wide |")
    assert range_table(ranges).splitlines()[2] == (
        "| first capacity, per gram of anode | 40 (30) | 92 % (83 to 98) of 90 % | 2618 mAh/g "
        "| not fitted: range only |"
    )


def test_the_dictionary_is_that_of_the_row_models() -> None:
    assert between_marks(ROOT / "data" / "README.md", BEGIN, END) == dictionary()


@pytest.mark.slow
def test_the_data_package_is_that_of_the_row_models_and_valid() -> None:
    """Checked by the standard's own validator, rows, keys and references included."""
    path = ROOT / "data" / "literature" / "datapackage.json"
    assert json.loads(path.read_text(encoding="utf-8")) == datapackage(path.parent)
    frictionless = Path(sys.executable).parent / "frictionless"
    done = subprocess.run([frictionless, "validate", "--json", path], capture_output=True, text=True, check=False)
    report_of = json.loads(done.stdout)
    assert report_of["valid"], [task["errors"][:3] for task in report_of["tasks"]]
    assert {task["name"] for task in report_of["tasks"]} == {"electrolytes", "cells", "cycling", "sources"}


def test_the_agreement_is_that_of_the_untouched_readings() -> None:
    program = [sys.executable, str(ROOT / "data" / "literature" / "passes" / "agreement.py")]
    printed = subprocess.run(program, capture_output=True, text=True, check=True).stdout.strip()
    begin, end = "<!-- agreement: printed by data/literature/passes/agreement.py -->", "<!-- end of agreement -->"
    assert between_marks(ROOT / "data" / "README.md", begin, end) == printed


def test_the_mlproject_speaks_the_command_lines_words() -> None:
    project = yaml.safe_load((ROOT / "MLproject").read_text(encoding="utf-8"))
    assert {"train", "predict", "explain", "evaluate"} <= set(project["entry_points"])
    parser = build_parser()
    for name, entry in project["entry_points"].items():
        # as MLflow does it: values are quoted for the shell, an empty one too
        values = {key: shlex.quote(str(value["default"])) for key, value in entry["parameters"].items()}
        words = shlex.split(entry["command"].format(**values).removeprefix("python -m silion "))
        assert words[0] == name
        parser.parse_args(words)
        assert "type: path" not in str(entry)


def commands_of(
    parser: argparse.ArgumentParser, above: Sequence[str] = ()
) -> Iterator[tuple[list[str], argparse.ArgumentParser]]:
    """Every command below a parser, with the words that call it."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, command in action.choices.items():
                yield [*above, name], command
                yield from commands_of(command, [*above, name])


DOCUMENTS = [
    "README.md",
    "data/README.md",
    "data/examples/README.md",
    "benchmarks/README.md",
    "CONTRIBUTING.md",
    "RELEASING.md",
    "docs/life.md",
    "docs/measured_values.md",
    "docs/index.md",
    "docs/python.md",
    "docs/retrain.md",
    "docs/server.md",
    "docs/skill.md",
    "docs/use.md",
]


@pytest.mark.parametrize("path", DOCUMENTS)
def test_every_command_named_exists(path: str) -> None:
    parser = build_parser()
    text = (ROOT / path).read_text(encoding="utf-8")
    commands = "train|predict|life|compare|screen|suggest|explain|evaluate|formula|data|models|serve"
    spoken = [words for words, _ in commands_of(parser)]
    for line in re.findall(rf"(?:\.venv/bin/)?silion ((?:{commands})\b[^`\n#]*)", text):
        words = shlex.split(line)
        if words in spoken:  # spoken of, not shown
            continue
        try:
            parser.parse_args(words)
        except SystemExit:
            pytest.fail(f"{path} names a command that does not exist: silion {line}")


@pytest.mark.parametrize("path", ["CONTRIBUTING.md", "README.md"])
def test_every_file_of_the_code_that_is_named_exists(path: str) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:features|models|reporting|training|serving|cli)/[\w/]*(?:\.py|/))`", text))
    example = "models/tasks/capacity.py"  # a file that could be written
    assert [name for name in sorted(named - {example}) if not (ROOT / name).exists()] == []


def test_every_command_says_what_it_does_in_a_sentence_with_an_example_that_can_be_typed() -> None:
    parser = build_parser()
    for words, command in commands_of(parser):
        assert re.fullmatch(r"[A-Z][^\n]+\.", command.description or ""), words
        example = (command.epilog or "").removeprefix("example:\n  silion ")
        assert example.split()[: len(words)] == words
        parser.parse_args(shlex.split(example))
        assert max(map(len, command.format_help().splitlines())) <= 100


REQUIREMENTS = ("requirements.txt", "requirements-test.txt")
PIN = r"([A-Za-z0-9._-]+)==[A-Za-z0-9.!+_-]+(; sys_platform [!=]= \"\w+\" (and|or) platform_machine [!=]= \"\w+\")?"


def pinned(path: str) -> set[str]:
    lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
    return {re.sub(r"[-_.]+", "-", line.partition("==")[0]).lower() for line in lines}


@pytest.mark.parametrize("path", REQUIREMENTS)
def test_requirements_hold_names_versions_and_platforms_only(path: str) -> None:
    for line in (ROOT / path).read_text(encoding="utf-8").splitlines():
        assert re.fullmatch(PIN, line), line


def test_what_running_needs_is_pinned_apart_from_what_tests_need() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    run, test = map(pinned, REQUIREMENTS)
    named = [
        {re.match(r"[\w-]+", line)[0].lower() for line in lines}  # type: ignore[index]
        for lines in (project["dependencies"], project["optional-dependencies"]["dev"])
    ]
    assert not run & test
    assert named[0] - {"pymatgen"} <= run
    assert named[1] - {"hatchling"} <= test  # hatchling builds what `make run` installs
    assert "hatchling" in run


def test_no_file_is_over_2_mb_and_none_is_a_pickle() -> None:
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    for path in (ROOT / name for name in names if name):
        assert not path.is_file() or path.stat().st_size < 2_000_000, path
        assert path.suffix not in (".pkl", ".pickle", ".joblib"), path
