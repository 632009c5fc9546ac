"""What runs before a commit is what CI runs, and what checks the code is pinned without naming where it comes from."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.shared import ROOT

HOOKS: list[dict[str, Any]] = [
    hook
    for repository in yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    for hook in repository["hooks"]
]


def recipe(target: str) -> list[str]:
    """The commands of a make target, where the environment is there already."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    asked = ["make", "--dry-run", "--old-file=.venv/.installed", target]
    done = subprocess.run(asked, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_hooks_clone_nothing() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert {repository["repo"] for repository in config["repos"]} == {"local"}
    assert {hook["language"] for hook in HOOKS} == {"system"}


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_a_hook_runs_what_ci_runs(hook: dict[str, Any]) -> None:
    make, target = hook["entry"].split()
    assert (make, target, hook["pass_filenames"]) == ("make", hook["id"], False)
    commands = recipe(target)
    assert commands
    assert set(commands) <= set(recipe("test"))


def test_ci_runs_what_the_hooks_run_and_the_docs() -> None:
    commands = [line for hook in HOOKS for line in recipe(hook["id"])]
    assert sorted(line for line in recipe("test") if "pytest" not in line) == sorted(commands)
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert lines[-2:] == ["make -j 2 --output-sync=target types docs lint", "make test"]


def test_the_inner_loop_is_part_of_the_suite() -> None:
    (fast,), suite = recipe("test-fast"), recipe("test")
    assert fast == f'{suite[-1]} -m "not slow"'


def test_pre_commit_reads_the_hooks() -> None:
    command = [Path(sys.executable).parent / "pre-commit", "validate-config", ".pre-commit-config.yaml"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_what_checks_the_page_is_pinned_without_a_lock_file() -> None:
    package = json.loads((ROOT / "tools" / "page" / "package.json").read_text(encoding="utf-8"))
    for name, version in package["devDependencies"].items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), name
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert not re.findall(r"^.*(?:-lock\.|\.lock$|npmrc|node_modules|pip\.conf).*$", tracked, re.MULTILINE)


@pytest.mark.parametrize(
    ("ci", "npm", "code"), [("", "", 0), ("true", "", 0), ("", "exit 1", 0), ("true", "exit 1", 1)]
)
def test_a_page_that_is_not_checked_is_told(tmp_path: Path, ci: str, npm: str, code: int) -> None:
    """Without npm nothing fails; with one that installs nothing a CI does."""
    for name in ("bash", "dirname"):
        (tmp_path / name).symlink_to(
            next(path for path in (Path("/usr/bin") / name, Path("/bin") / name) if path.exists())
        )
    if npm:
        (tmp_path / "npm").write_text(f"#!{tmp_path / 'bash'}\n{npm}\n")
        (tmp_path / "npm").chmod(0o755)
    page = tmp_path / "tools" / "page"
    page.mkdir(parents=True)
    for name in ("check.sh", "package.json"):
        shutil.copy(ROOT / "tools" / "page" / name, page)
    done = subprocess.run(
        [tmp_path / "bash", page / "check.sh"],
        env={"PATH": str(tmp_path), "CI": ci},
        capture_output=True,
        text=True,
        check=False,
    )
    reason = "npm could not install what checks it" if npm else "no npm here"
    assert done.stdout == f"skipped: {reason}; the JavaScript of the page was not checked\n"
    assert done.returncode == code
