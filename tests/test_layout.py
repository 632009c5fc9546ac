"""The folders are the architecture: imports run one way, nothing heavy is loaded early, nothing dangerous is used."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import features
import models
import serving
import training

ROOT = Path(__file__).resolve().parent.parent
ALLOWED = {
    "features": {"features"},
    "models": {"models", "features"},
    "training": {"training", "models", "features"},
    "serving": {"serving", "models", "features"},
    "cli": {"cli", "serving", "training", "models", "features"},
}
HEAVY = {
    "mlflow",
    "shap",
    "xgboost",
    "sklearn",
    "matplotlib",
    "pandas",
    "pymatgen",
    "scipy",
    "fastapi",
    "pydantic",
    "numpy",
}


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("package", sorted(ALLOWED))
def test_imports_run_one_way(package: str) -> None:
    files = sorted((ROOT / package).rglob("*.py"))
    assert files
    for path in files:
        ours = imported(path) & {*ALLOWED, "silion", "tests", "data", "benchmarks"}
        assert ours <= ALLOWED[package], f"{path.relative_to(ROOT)} imports {sorted(ours - ALLOWED[package])}"


def test_the_four_packages_share_one_parent() -> None:
    parents = {Path(str(package.__file__)).parent.parent for package in (features, models, training, serving)}
    assert parents == {ROOT}


def test_no_pickle_no_eval_no_assert_in_package_code() -> None:
    for path in [*(file for package in ALLOWED for file in (ROOT / package).rglob("*.py")), ROOT / "silion.py"]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert not imported(path) & {"pickle", "joblib", "cloudpickle", "dill"}, path
        called = {
            node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert not called & {"eval", "exec"}, path
        assert not any(isinstance(node, ast.Assert) for node in ast.walk(tree)), path


def test_tests_are_no_package() -> None:
    assert not list((ROOT / "tests").rglob("__init__.py"))


def modules_after(*arguments: str, expect: int = 0) -> set[str]:
    """Top-level modules loaded when a command ends."""
    program = (
        "import sys, silion\n"
        "try:\n    code = silion.main(sys.argv[1:])\nexcept SystemExit as error:\n    code = error.code or 0\n"
        "ours = {name for name in sys.modules if name.startswith('training.')}\n"
        "print('\\nMODULES', code, *sorted({name.split('.')[0] for name in sys.modules} | ours))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    code, *names = done.stdout.rsplit("MODULES", 1)[1].split()
    assert int(code) == expect
    return set(names)


def test_help_loads_nothing_heavy() -> None:
    assert not modules_after("--help") & HEAVY


def test_version_loads_nothing_heavy() -> None:
    assert not modules_after("--version") & HEAVY


def test_formula_loads_nothing_heavy() -> None:
    assert not modules_after("formula", "Li6PS5Cl") & HEAVY


def test_predict_loads_only_what_predicting_needs(bundle_folder: Path, tmp_path: Path) -> None:
    source = str(ROOT / "data" / "examples" / "candidates.csv")
    loaded = modules_after("predict", source, "-o", str(tmp_path / "out.csv"), "--model", str(bundle_folder))
    assert "xgboost" in loaded
    assert not loaded & {"mlflow", "shap", "matplotlib", "fastapi", "training.train", "training.data.load"}
