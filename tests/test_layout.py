"""The folders are the architecture: imports run one way, nothing heavy is loaded early, nothing dangerous is used."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

import features
import models
import serving
import training
from benchmarks import house
from models import tasks
from models.tasks.registry import TASKS, all_targets
from models.tasks.target import Target
from tests.shared import LONGEST, Store

ROOT = Path(__file__).resolve().parent.parent
ALLOWED = {
    "features": {"features"},
    "models": {"models", "features"},
    "reporting": {"reporting", "models", "features"},
    "training": {"training", "reporting", "models", "features"},
    "serving": {"serving", "reporting", "models", "features"},
    "cli": {"cli", "training", "serving", "reporting", "models", "features"},
}
MOST_SIDE_BY_SIDE, MOST_FLOORS = 15, 8
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
KNOWN = house.modules()
QUANTITIES = {*TASKS, *all_targets()}
"""Names of the learned quantities and columns of what is told."""
CONSTANTS = {
    name
    for module in pkgutil.iter_modules(tasks.__path__, f"{tasks.__name__}.")
    for name, value in vars(importlib.import_module(module.name)).items()
    if isinstance(value, Target) or (isinstance(value, str) and value in QUANTITIES)
}
"""Constants of `models.tasks` that stand for one of them, such as `LINK` and `RETENTION`."""


def imported(module: house.Module) -> set[str]:
    names: set[str] = set()
    for node in module.nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("package", sorted(ALLOWED))
def test_imports_run_one_way(package: str) -> None:
    inside = [module for name, module in KNOWN.items() if name.split(".")[0] == package]
    assert inside
    for module in inside:
        ours = imported(module) & {*ALLOWED, "silion", "tests", "data", "benchmarks"}
        assert ours <= ALLOWED[package], f"{module.name} imports {sorted(ours - ALLOWED[package])}"


@pytest.mark.parametrize("folder", house.folders(KNOWN))
def test_imports_run_one_way_inside_each_folder(folder: str) -> None:
    """A sub-folder is one node: also an import inside a function, or under TYPE_CHECKING, may not close a circle."""
    graph = house.side_by_side(KNOWN, folder)
    assert not house.circle(graph)
    assert len(house.longest_chain(graph)) <= MOST_FLOORS
    assert len([node for node in graph if not (ROOT / node.replace(".", "/")).is_dir()]) <= MOST_SIDE_BY_SIDE


def test_the_longest_chain_of_modules_runs_through_folders() -> None:
    """one -> two -> three, though each folder alone has one floor."""
    sources = {
        "features.a.one": "from features.b.two import x",
        "features.b.two": "def f():\n    import features.c.three",
        "features.c.three": "import models.d",
        "models.d": "",
    }
    graph = house.module_graph({name: house.Module(name, text) for name, text in sources.items()}, "features")
    assert house.longest_chain(graph) == ["features.a.one", "features.b.two", "features.c.three"]


LOGGED = {
    "features.tables.records": {"Candidate"},
    "models.bundle": {"load_bundle"},
    "models.candidates": {"candidate_frame", "usable_rows"},
    "models.exceedance": {"parse_limits"},
    "models.lab_calibration": {"measured_frame", "parse_measured"},
    "models.predictor": {"DEFAULT_LEVEL", "Predictor"},
}
"""What the copies of `models/pyfunc_model.py` in stores import: none of it may go from its place."""


def test_what_logged_models_import_keeps_its_name() -> None:
    assert KNOWN["models.pyfunc_model"].imports(KNOWN) <= LOGGED.keys()
    for module, names in LOGGED.items():
        assert names <= vars(importlib.import_module(module)).keys(), module


@pytest.mark.parametrize("package", [*house.PACKAGES, "silion"])
def test_docstrings_open_with_the_thing_and_list_parameters(package: str) -> None:
    modules = {name: module for name, module in KNOWN.items() if name.split(".")[0] == package}
    questions = [(name, text) for name, module in modules.items() for text in house.docstrings(module)]
    assert [(name, text) for name, text in questions if text.split()[0] in house.QUESTIONS] == []
    functions = [
        (name, *function) for name, module in modules.items() for function in house.public_functions(module.tree)
    ]
    assert [f"{name}.{function}" for name, function, is_documented in functions if not is_documented] == []


def test_no_module_is_part_of_a_circle() -> None:
    assert not house.circle({name: module.imports(KNOWN) for name, module in KNOWN.items()})


def test_a_circle_and_an_import_upwards_are_found(tmp_path: Path) -> None:
    """Two folders that import each other, one of them inside a function: no circle of files, one of folders."""
    for name, text in {
        "a/one.py": "import features.b.two\n",
        "a/three.py": "x = 1\n",
        "b/two.py": "def f():\n    from features.a import three\n",
    }.items():
        path = tmp_path / "features" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "silion.py").write_text("")
    known = house.modules(tmp_path)
    assert not house.circle({name: module.imports(known) for name, module in known.items()})
    assert set(house.circle(house.side_by_side(known, "features"))) == {"features.a", "features.b"}


def names_a_quantity(node: ast.expr) -> bool:
    """Whether an operand is a quantity's name or column, a constant that stands for it, or a choice of such."""
    if isinstance(node, ast.Set | ast.Tuple | ast.List):
        return any(map(names_a_quantity, node.elts))
    if isinstance(node, ast.Attribute) and node.attr in ("name", "column"):
        node = node.value
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else None
    return name in CONSTANTS or (isinstance(node, ast.Constant) and node.value in QUANTITIES)


def branches(nodes: Iterable[ast.AST]) -> list[str]:
    """Comparisons and cases that ask which quantity it is."""
    found = []
    for node in nodes:
        if isinstance(node, ast.Compare):
            operands = [node.left, *node.comparators]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "startswith":
            operands = node.args
        else:
            operands = [node.value] if isinstance(node, ast.MatchValue) else []
        if any(map(names_a_quantity, operands)):
            found.append(ast.unparse(node))
    return found


@pytest.mark.parametrize(
    "source",
    [
        "name == 'fade'", "task.name != LINK", "registry.LINK in asked", "target is RETENTION",
        "column in ('ice_pct', 'porosity_pct')", "column == RETENTION.column", "column.startswith(LIFE.column)",
    ],
)  # fmt: skip
def test_a_branch_on_a_quantity_is_found(source: str) -> None:
    assert branches(ast.walk(ast.parse(source))) == [source]


@pytest.mark.parametrize("source", ["life >= LIFE.high", "parts.get(LINK) is part", "choices[LINK] == usual[LINK]"])
def test_what_only_reads_of_a_quantity_is_no_branch(source: str) -> None:
    assert not branches(ast.walk(ast.parse(source)))


def test_nothing_outside_its_own_file_branches_on_a_quantity() -> None:
    """What is particular to a quantity stands in its `Task`; all else treats all alike."""
    outside = {name: module for name, module in KNOWN.items() if not name.startswith("models.tasks.")}
    assert {name: found for name, module in outside.items() if (found := branches(module.nodes))} == {}


def test_the_four_packages_share_one_parent() -> None:
    parents = {Path(str(package.__file__)).parent.parent for package in (features, models, training, serving)}
    assert parents == {ROOT}


def test_no_pickle_no_eval_no_assert_in_package_code() -> None:
    for name, module in KNOWN.items():
        names = {node.attr for node in module.nodes if isinstance(node, ast.Attribute)}
        if name == "training.parallel":  # joblib between processes of its own: nothing in a file
            assert not names & {"dump", "load", "Memory"}, name
            assert imported(module) & {"joblib"}
        else:
            assert not imported(module) & {"pickle", "joblib", "cloudpickle", "dill"}, name
        called = {
            node.func.id for node in module.nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert not called & {"eval", "exec"}, name
        assert not any(isinstance(node, ast.Assert) for node in module.nodes), name


def test_tests_are_no_package() -> None:
    assert not list((ROOT / "tests").rglob("__init__.py"))


def test_the_longest_files_are_there() -> None:
    """A name that no file has any more would come last, without a word."""
    found = [path.stem for path in (ROOT / "tests").rglob("test_*.py")]
    assert [name for name in LONGEST if found.count(f"test_{name}") != 1] == []


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


def test_a_command_that_ends_looks_for_no_garbage() -> None:
    """What is called last was registered first."""
    program = (
        "import atexit, gc, silion\n"
        "atexit.register(lambda: print(gc.get_freeze_count() > 1000))\n"
        "silion.main(['formula', 'LPS'])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "True"


def test_help_loads_nothing_heavy() -> None:
    assert not modules_after("--help") & HEAVY


def test_version_loads_nothing_heavy() -> None:
    assert not modules_after("--version") & HEAVY


def test_formula_loads_nothing_heavy() -> None:
    assert not modules_after("formula", "Li6PS5Cl") & HEAVY


def test_predict_loads_only_what_predicting_needs(bundle_folder: Path, tmp_path: Path) -> None:
    source = str(ROOT / "data" / "examples" / "candidates.csv")
    loaded = modules_after("predict", source, "-o", str(tmp_path / "out.csv"), "--model", str(bundle_folder))
    assert "pandas" in loaded
    assert not loaded & {"xgboost", "sklearn", "scipy", "pymatgen"}  # xgboost's library is asked without its package
    assert not loaded & {"mlflow", "shap", "matplotlib", "fastapi", "training.train", "training.data.load"}


@pytest.mark.slow
def test_adding_rows_loads_nothing_that_learns(tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("electrolyte,sigma (mS/cm),T (°C),doi\nLi6PS5Cl,2.3,25,10.1000/abc\n")
    loaded = modules_after("data", "add", str(tmp_path / "new.csv"), "--into", str(tmp_path / "mine"))
    assert "pandas" in loaded
    assert not loaded & {"xgboost", "sklearn", "scipy", "matplotlib", "mlflow", "pymatgen"}


def test_predict_finds_the_champion_without_mlflow(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The training has written down where it is: MLflow need not be asked."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store.env["MLFLOW_TRACKING_URI"])
    source = str(ROOT / "data" / "examples" / "candidates.csv")
    loaded = modules_after("predict", source, "-o", str(tmp_path / "out.csv"))
    assert "pandas" in loaded
    assert not loaded & {"mlflow", "sqlalchemy"}
