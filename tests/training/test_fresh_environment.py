"""A logged model where nothing is installed but what it requires; its own code comes with it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import venv
from collections.abc import Callable
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from features.tables.records import Candidate
from models.bundle import load_bundle
from models.candidates import candidate_frame
from models.predictor import Predictor
from tests.shared import Store, environment

pytestmark = pytest.mark.slow

DESIGN = {"electrolyte": "Li6PS5Cl", "anode": "micro-Si", "temperature_c": 60.0, "cycle": 100.0}
PROGRAM = (
    "import json, sys, mlflow, pandas as pd\n"
    "answer = mlflow.pyfunc.load_model(sys.argv[1]).predict(pd.DataFrame([json.loads(sys.argv[2])]))\n"
    "print(sys.modules['models'].__file__)\n"
    "print(json.dumps(answer.to_dict('list')))\n"
)


def pip(home: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run an environment's own pip, which takes its index from the configuration of the machine."""
    asked = [home / "bin" / "python", "-m", "pip", *words, "--quiet", "--disable-pip-version-check"]
    return subprocess.run(asked, cwd=home, env=environment(), capture_output=True, text=True, check=False)


def installed(home: Path, required: Path) -> None:
    """Install the requirements by pip."""
    venv.create(home, symlinks=True, with_pip=True)
    [small] = re.findall(r"^six==.*$", required.read_text(encoding="utf-8"), re.MULTILINE)
    if (asked := pip(home, "download", "--no-deps", "--dest", home, small)).returncode:
        pytest.skip(f"no package index can be reached: {asked.stderr.strip().splitlines()[-1]}")
    done = pip(home, "install", "--requirement", required)
    assert done.returncode == 0, done.stderr


def linked(home: Path, required: Path) -> None:
    """Link what this environment has of the requirements, and nothing else that lies in it."""
    venv.create(home, symlinks=True)
    [site] = home.glob("lib/python*/site-packages")
    for line in required.read_text(encoding="utf-8").splitlines():
        wanted = Requirement(line)
        if wanted.marker is None or wanted.marker.evaluate():
            found = distribution(wanted.name)
            assert found.version in wanted.specifier, line
            for name in {file.parts[0] for file in found.files or ()} - {"..", "__pycache__"}:
                if not (site / name).exists():  # mlflow's three packages are of one folder
                    (site / name).symlink_to(found.locate_file(name))


@pytest.mark.parametrize(
    "fill",
    [
        linked,
        pytest.param(
            installed,
            marks=pytest.mark.skipif(not os.environ.get("SILION_SOAK"), reason="pip takes minutes: in make soak"),
        ),
    ],
)
def test_a_logged_model_answers_where_nothing_is_but_what_it_requires(
    fill: Callable[[Path, Path], None], store: Store, tmp_path: Path
) -> None:
    """The digits of this process, by the code that was logged with the model."""
    model = min(store.folder.rglob("MLmodel"), key=lambda path: path.stat().st_mtime).parent  # of the shared training
    home = tmp_path / "environment"
    fill(home, model / "requirements.txt")
    asked = [home / "bin" / "python", "-I", "-c", PROGRAM, model, json.dumps(DESIGN)]
    done = subprocess.run(asked, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    code, answer = done.stdout.splitlines()
    assert Path(code).is_relative_to(model / "code")
    [bundle] = (model / "artifacts").iterdir()
    designs = candidate_frame([Candidate(**DESIGN)])
    own = Predictor(load_bundle(bundle)).predict(designs, precedents=0, points=False)
    assert answer == json.dumps(own.table.to_dict("list"))
    shutil.rmtree(home)  # a gigabyte where pip filled it
