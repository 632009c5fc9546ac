"""The wheel as it is installed: one package that reads its own tables, beside whatever modules the user has."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
import warnings
import zipfile
from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests.shared import ROOT, environment
from tests.thin import thin_tables

OURS = ("features", "models", "reporting", "training", "serving", "cli")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder that holds the unpacked wheel, as pip would install it."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "dist")]
    subprocess.run(build, cwd=ROOT, capture_output=True, check=True)
    (wheel,) = (folder / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


@pytest.fixture
def own_folder(tmp_path: Path) -> Path:
    """Folder of a user who has modules and data of the same names."""
    for name in OURS:
        (tmp_path / f"{name}.py").write_text(f"WHOSE = 'the user has a {name}.py'\n", encoding="utf-8")
    (tmp_path / "data").mkdir()
    (tmp_path / "designs.csv").write_text("electrolyte,anode\nLi6PS5Cl,micro-Si\n", encoding="utf-8")
    return tmp_path


def run(installed: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment(PYTHONPATH=str(installed)),
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip


def test_the_wheel_is_one_package_with_all_it_reads(installed: Path) -> None:
    assert {path.name for path in installed.iterdir() if path.suffix != ".dist-info"} == {"silion"}
    package = installed / "silion"
    names = "data/literature/cells.csv data/examples/candidates.csv requirements.txt serving/page/index.html".split()
    names += ["models/life/weights", "features/formulas/aliases.csv", "reporting/page.css", "py.typed"]
    assert all((package / name).exists() for name in names)
    shipped = {path.relative_to(ROOT) for name in OURS for path in (ROOT / name).rglob("*.py")}
    assert {path.relative_to(package) for name in OURS for path in (package / name).rglob("*.py")} == shipped


def test_no_import_of_the_wheel_leaves_it(installed: Path) -> None:
    for path in (installed / "silion").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.split(".")[0] for name in names} & set(OURS), path


def test_modules_and_data_of_the_user_are_left_alone(installed: Path, own_folder: Path, bundle_folder: Path) -> None:
    """Predicting by command and in Python, and the shipped tables, beside own modules that are imported as well."""
    done = run(
        installed, own_folder, "-m", "silion", "predict", "designs.csv", "-o", "out.csv", "--model", str(bundle_folder)
    )
    assert done.returncode == 0, done.stderr
    program = (
        "import silion, models, features\n"
        f"model = silion.load({str(bundle_folder)!r})\n"
        "print(model.predict({'electrolyte': 'Li6PS5Cl', 'anode': 'micro-Si'}).table['ice_pct_low'][0])\n"
        "print(models.WHOSE, features.WHOSE)\n"
        "print(silion.main(['data', 'check']))\n"
    )
    asked = run(installed, own_folder, "-c", program)
    assert asked.returncode == 0, asked.stderr
    ice, whose, checked, code = asked.stdout.splitlines()
    assert float(ice) == pytest.approx(pd.read_csv(own_folder / "out.csv")["ice_pct_low"][0], rel=1e-5)
    assert whose == "the user has a models.py the user has a features.py"
    assert "no mistakes" in checked
    assert code == "0"


def test_the_installed_package_trains_and_loads_its_champion(installed: Path, own_folder: Path, tmp_path: Path) -> None:
    installed = Path(shutil.copytree(installed, tmp_path / "site"))
    thin_tables(installed / "silion" / "data" / "literature")
    trained = run(installed, own_folder, "-m", "silion", "train", "--folds", "2", "--repeats", "1")
    assert trained.returncode == 0, trained.stderr
    loaded = run(
        installed, own_folder, "-c", "import silion; print(len(silion.load().predict({'electrolyte': 'LLZTO'})))"
    )
    assert loaded.stdout.split() == ["1"], loaded.stderr
    program = "import mlflow, pandas as pd\nmlflow.set_tracking_uri('sqlite:///mlflow.db')\n"
    program += "model = mlflow.pyfunc.load_model('models:/silion@champion')\n"
    program += "print(len(model.predict(pd.DataFrame({'electrolyte': ['LLZTO']}))))\n"
    logged = run(installed, own_folder, "-c", program)
    assert logged.stdout.split() == ["1"], logged.stderr


def test_the_pythons_named_are_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == ">=3.11,<3.15"
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "(3, 11) <= sys.version_info[:2] <= (3, 14)" in makefile
    assert re.findall(r"python3\.\d+(?=[ ;])", makefile.partition("\n\n")[0]) == [f"python3.{n}" for n in range(11, 15)]


def test_a_python_that_does_not_fit_is_named_before_anything_is_made(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_bytes((ROOT / "Makefile").read_bytes())
    for name in ("requirements.txt", "requirements-test.txt", "pyproject.toml"):
        (tmp_path / name).touch()
    done = subprocess.run(["make", "PYTHON=false", "env"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "Silion needs Python 3.11 to 3.14 with its venv module; found false." in done.stdout
    assert not (tmp_path / ".venv").exists()


@pytest.mark.slow
def test_what_is_installed_without_a_hash_does_not_stay(tmp_path: Path) -> None:
    """`make env-hashed` begins with an empty environment; what it installs then cannot be had without an index."""
    (tmp_path / "Makefile").write_bytes((ROOT / "Makefile").read_bytes())
    python = f"python{sys.version_info.major}.{sys.version_info.minor}"
    planted = tmp_path / ".venv" / "lib" / python / "site-packages" / "numpy.py"
    planted.parent.mkdir(parents=True)
    planted.touch()
    (tmp_path / "requirements-hashed.txt").write_text("")
    done = subprocess.run(
        ["make", f"PYTHON={sys.executable}", "env-hashed"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (planted.parent / "pip").is_dir(), done.stderr
    assert not planted.exists()


@pytest.mark.slow
@pytest.mark.slow
def test_the_compose_file_speaks_of_commands_that_exist() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
    assert set(services) == {"postgres", "mlflow", "silion"}
    asked = services["mlflow"]["command"].replace("${POSTGRES_PASSWORD}", "x").split()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what mlflow says of its own type hints
        from mlflow.cli import server
        from sqlalchemy import make_url
    assert asked[:2] == ["mlflow", "server"]
    known = {option for parameter in server.params for option in parameter.opts}
    assert {word for word in asked if word.startswith("--")} <= known
    address = make_url(asked[asked.index("--backend-store-uri") + 1])
    assert (
        address.get_dialect().import_dbapi().__name__ == "psycopg2"
    )  # a name without driver means another to SQLAlchemy
    assert "psycopg2-binary" in (ROOT / "Dockerfile").read_text(encoding="utf-8")
