"""What the documents say is what the code does."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from cli.main import build_parser
from features.tables.descriptions import BEGIN, END, between_marks, datapackage, dictionary
from features.tables.literature import Literature
from tests.shared import ROOT
from training.config import TrainConfig
from training.evaluation.score import markdown
from training.report import report
from training.train import measure


def test_the_readmes_skill_is_what_evaluation_gives(literature: Literature) -> None:
    _, scores = measure(literature, TrainConfig())
    assert between_marks(ROOT / "README.md", report.BEGIN, report.END) == markdown(scores)


def test_the_dictionary_is_that_of_the_row_models() -> None:
    assert between_marks(ROOT / "data" / "README.md", BEGIN, END) == dictionary()


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


DOCUMENTS = [
    "README.md",
    "data/README.md",
    "data/examples/README.md",
    "benchmarks/README.md",
    "CONTRIBUTING.md",
    "RELEASING.md",
]


@pytest.mark.parametrize("path", DOCUMENTS)
def test_every_command_named_exists(path: str) -> None:
    parser = build_parser()
    text = (ROOT / path).read_text(encoding="utf-8")
    commands = "train|predict|screen|suggest|explain|evaluate|formula|data|models|serve"
    for line in re.findall(rf"(?:\.venv/bin/)?silion ((?:{commands})\b[^`\n#]*)", text):
        words = shlex.split(line)
        if len(words) == 1:  # spoken of, not shown
            continue
        try:
            parser.parse_args(words)
        except SystemExit:
            pytest.fail(f"{path} names a command that does not exist: silion {line}")


def test_requirements_hold_names_and_versions_only() -> None:
    for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines():
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!+_-]+", line), line


def test_no_file_is_over_2_mb_and_none_is_a_pickle() -> None:
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    for path in (ROOT / name for name in names if name):
        assert not path.is_file() or path.stat().st_size < 2_000_000, path
        assert path.suffix not in (".pkl", ".pickle", ".joblib"), path
