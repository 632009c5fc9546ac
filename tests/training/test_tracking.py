"""What MLflow keeps, read back through its own client and in processes of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.models.utils import _enforce_schema

from features.tables.literature import Literature
from features.tables.records import Candidate
from models.bundle import Bundle, load_bundle
from models.candidates import candidate_frame
from models.predictor import Predictor
from models.ranges.capacities import first_capacities
from models.registry import resolve
from serving.server.app import app_of
from tests.served import flat
from tests.shared import ROOT, Command, Store, environment, free_port
from tests.thin import thin_tables
from training.promotion.tracking import input_schema, output_schema, params_schema

pytestmark = pytest.mark.slow

CANDIDATES = ROOT / "data" / "examples" / "candidates.csv"


@pytest.fixture
def client(store: Store, monkeypatch: pytest.MonkeyPatch) -> mlflow.MlflowClient:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store.env["MLFLOW_TRACKING_URI"])
    return mlflow.MlflowClient(store.env["MLFLOW_TRACKING_URI"], store.env["MLFLOW_TRACKING_URI"])


def test_a_run_holds_configuration_hashes_metrics_and_report(client: mlflow.MlflowClient) -> None:
    version = client.get_model_version_by_alias("silion", "champion")
    run = client.get_run(version.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.params["seed"] == "0"
    assert len(run.data.params) < 20
    assert run.data.params["recipe_conductivity"] == run.data.tags["chosen conductivity"]
    assert run.data.tags["mlflow.runName"].startswith("literature (")
    assert "On papers never seen (3 folds, repeats: 1; an error ratio" in run.data.tags["mlflow.note.content"]
    assert "On papers never seen" in version.description
    hashes = {tag.value for each in run.inputs.dataset_inputs for tag in each.tags if tag.key == "sha256"}
    assert hashes == {value for name, value in run.data.tags.items() if name.startswith("sha256 ")}
    assert {each.dataset.digest for each in run.inputs.dataset_inputs} == {value[:32] for value in hashes}
    assert len([name for name in run.data.tags if name.startswith("sha256 ")]) == 4
    experiment = client.get_experiment(run.info.experiment_id)
    assert "below 1 is skill" in experiment.tags["mlflow.note.content"]
    for target in ("conductivity", "ice", "retention"):
        assert f"{target}/ratio_lower_better" in run.data.metrics
    for name in ("cycle_life_80/concordance_higher_better", "cycle_life_80/likelihood_of_dummy",
                 "conductivity/error_decades_lower_better", "ice/error_pct_points_of_dummy"):  # fmt: skip
        assert name in run.data.metrics
    # a page of 1,700 pixels cuts a name after 40 characters
    assert max(map(len, run.data.metrics)) <= 40
    assert {item.path for item in client.list_artifacts(version.run_id, "report")} >= {
        "report/index.html",
        "report/skill.png",
    }


def test_nothing_is_pickled(store: Store) -> None:
    names = [path.name for path in store.folder.rglob("*") if path.is_file()]
    assert "member_0.ubj" in names
    assert not [name for name in names if name.endswith((".pkl", ".pickle", ".joblib", ".skops"))]


def test_what_a_logged_model_requires_names_no_index(store: Store) -> None:
    """Whoever serves it in a fresh environment takes the packages from where they trust, by name and version alone."""
    asked = [path.read_text(encoding="utf-8").splitlines() for path in store.folder.rglob("requirements.txt")]
    assert asked
    for lines in asked:
        assert {"xgboost", "numpy"} <= {line.partition("==")[0] for line in lines}
        assert not [line for line in lines if "://" in line or line.startswith("-")]


def test_the_logged_model_loads_in_a_fresh_process(silion: Command, store: Store, tmp_path: Path) -> None:
    """Away from the checkout and with unpickling forbidden, the logged model gives the command line's numbers."""
    program = (
        "import sys, mlflow, pandas as pd\n"
        "model = mlflow.pyfunc.load_model('models:/silion@champion')\n"
        "frame = pd.read_csv(sys.argv[1]).drop(columns='design')\n"
        "answer = model.predict(frame.astype({'cycle': float, 'temperature_c': float}))\n"
        "answer.to_csv(sys.argv[2], index=False, float_format='%.6g')\n"
    )
    env = environment(**store.env, MLFLOW_ALLOW_PICKLE_DESERIALIZATION="false")
    numeric = tmp_path / "in.csv"
    frame = pd.read_csv(CANDIDATES)
    frame.to_csv(numeric, index=False)
    code = [sys.executable, "-c", program, str(numeric), str(tmp_path / "mlflow.csv")]
    done = subprocess.run(code, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    silion("predict", CANDIDATES, "-o", tmp_path / "cli.csv", env=store.env)
    served, own = pd.read_csv(tmp_path / "mlflow.csv"), pd.read_csv(tmp_path / "cli.csv")
    for column in served.columns.drop("notice"):
        assert served[column].tolist() == pytest.approx(own[column].tolist(), nan_ok=True)


def test_mlflow_serves_the_same_numbers(silion: Command, store: Store, tmp_path: Path) -> None:
    port = free_port()
    asked = [
        str(Path(sys.executable).parent / "mlflow"),
        "models",
        "serve",
        "-m",
        "models:/silion@champion",
        "--env-manager",
        "local",
        "-p",
        port,
    ]
    server = subprocess.Popen(
        asked, cwd=tmp_path, env=environment(**store.env), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        row = {"electrolyte": "Li6PS5Cl", "temperature_c": 25.0, "anode": "micro-Si", "prelithiated": "no"}
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/invocations",
            json.dumps({"dataframe_records": [row]}).encode(),
            {"Content-Type": "application/json"},
        )
        answer = None
        until = time.monotonic() + 180
        while answer is None:
            try:
                with urllib.request.urlopen(request, timeout=60) as response:
                    answer = json.load(response)["predictions"][0]
            except (urllib.error.URLError, ConnectionError):
                assert server.poll() is None
                assert time.monotonic() < until
                time.sleep(0.2)
    finally:
        server.terminate()
        server.wait(timeout=30)
    pd.DataFrame([row]).to_csv(tmp_path / "in.csv", index=False)
    silion("predict", tmp_path / "in.csv", "-o", tmp_path / "out.csv", env=store.env)
    own = pd.read_csv(tmp_path / "out.csv").iloc[0]
    for column in ("conductivity_s_per_cm", "ice_pct_low", "retention_pct_low", "cycle_life_80_high"):
        assert answer[column] == pytest.approx(own[column], rel=1e-5)


def test_a_second_training_becomes_the_challenger(silion: Command, store: Store, thin: Path, tmp_path: Path) -> None:
    """In a copy of the store, whose artifacts stay where they are: aliases are all that is looked at."""
    shutil.copy(store.folder / "mlflow.db", tmp_path / "mlflow.db")
    env = {"MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path / 'mlflow.db'}"}
    done = silion("train", "--folds", "2", "--repeats", "1", cwd=tmp_path, env=env, code=thin)
    assert done.code == 0, done.err
    assert (tmp_path / "report" / "index.html").is_file()
    listed = silion("models", "list", env=env).out.splitlines()
    assert [line.split()[:2] for line in listed] == [["2", "challenger"], ["1", "champion"]]


def test_mlflow_run_trains_from_a_fresh_clone(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True, capture_output=True)
    thin_tables(clone / "data" / "literature")
    env = environment(MLFLOW_TRACKING_URI=f"sqlite:///{tmp_path / 'mlflow.db'}")
    asked = [
        str(Path(sys.executable).parent / "mlflow"), "run", ".", "-e", "train", "--env-manager", "local",
        "-P", "folds=2", "-P", "repeats=1", "-P", f"report={tmp_path / 'report'}",
    ]  # fmt: skip
    done = subprocess.run(asked, cwd=clone, env=env, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "model: silion version 1" in done.stdout
    assert (tmp_path / "report" / "index.html").is_file()
    # the run that mlflow opened is the run that holds the model
    store = mlflow.MlflowClient(env["MLFLOW_TRACKING_URI"], env["MLFLOW_TRACKING_URI"])
    run = store.get_run(store.get_model_version("silion", "1").run_id)
    assert run.data.tags["mlflow.project.entryPoint"] == "train"


def plain_rows(table: pd.DataFrame) -> list[dict[str, object]]:
    """Rows as JSON holds them: null where there is no number."""
    return table.astype(object).where(table.notna(), None).to_dict("records")


def test_own_measurements_give_the_same_numbers_everywhere(
    client: mlflow.MlflowClient, silion: Command, store: Store, tmp_path: Path
) -> None:
    """Command line, server and logged model, each with the champion, to the last bit."""
    designs = [
        {"electrolyte": "Li6PS5Cl", "temperature_c": 60.0, "anode": "micro-Si", "cycle": 200.0},
        {"electrolyte": "LLZTO", "temperature_c": 25.0, "anode": "Si film", "cycle": 50.0},
    ]
    measured = [
        {"electrolyte": "Li6PS5Cl", "temperature_c": 30.0, "conductivity_s_per_cm": 0.01},
        {"electrolyte": "Li6PS5Cl", "temperature_c": 60.0, "anode": "micro-Si", "ice_pct": 70.0, "cycle_life_80": 300},
    ]
    pd.DataFrame(designs).to_csv(tmp_path / "in.csv", index=False)
    pd.DataFrame(measured).to_csv(tmp_path / "mine.csv", index=False)
    level, mine = ("--level", "0.6"), ("--calibrate", tmp_path / "mine.csv")
    done = silion("predict", tmp_path / "in.csv", "-o", tmp_path / "cli.parquet", *level, *mine, env=store.env)
    assert done.code == 0, done.err
    plain = silion("predict", tmp_path / "in.csv", "-o", tmp_path / "plain.parquet", *level, env=store.env)
    assert plain.code == 0, plain.err
    program = (
        "import json, sys, mlflow, pandas as pd\n"
        "model = mlflow.pyfunc.load_model('models:/silion@champion')\n"
        "frame, measured = pd.DataFrame(json.loads(sys.argv[1])), sys.argv[2]\n"
        "model.predict(frame, params={'level': 0.6, 'measured': measured}).to_parquet('logged.parquet')\n"
        "model.predict(frame, params={'level': 0.6}).to_parquet('logged_plain.parquet')\n"
        "some = {'cycles': [100], 'above': ['retention_pct=80']}\n"
        "some['targets'] = ['activation_energy_ev', 'retention_pct']\n"
        "model.predict(frame, params=some).to_parquet('logged_some.parquet')\n"
    )
    code = [sys.executable, "-c", program, json.dumps(designs), json.dumps(measured)]
    asked = subprocess.run(
        code, cwd=tmp_path, env=environment(**store.env), capture_output=True, text=True, timeout=300, check=False
    )
    assert asked.returncode == 0, asked.stderr
    some = ("--targets", "activation_energy_ev,retention_pct", "--cycles", "100", "--above", "retention_pct=80")
    done = silion("predict", tmp_path / "in.csv", "-o", tmp_path / "some.parquet", *some, env=store.env)
    assert done.code == 0, done.err
    by_name, logged_by_name = (pd.read_parquet(tmp_path / f"{name}.parquet") for name in ("some", "logged_some"))
    pd.testing.assert_frame_equal(logged_by_name, by_name[logged_by_name.columns.tolist()], check_exact=True)
    told = {"activation_energy_ev", "retention_pct_low", "retention_pct_at_100_low"}
    assert told | {"retention_pct_above_80_probability"} <= set(logged_by_name.columns)
    assert logged_by_name["activation_energy_ev"].between(0.1, 1.2).all()
    assert "conductivity_s_per_cm" not in logged_by_name
    names = ("cli", "logged", "plain", "logged_plain")
    own, logged, without, logged_without = (pd.read_parquet(tmp_path / f"{name}.parquet") for name in names)
    columns = logged.columns.tolist()
    distances = [column for column in own.columns if column.endswith("_distance")]  # the command line's alone
    assert [column for column in own.columns if column not in distances][-len(columns) :] == columns
    pd.testing.assert_frame_equal(logged, own[columns], check_exact=True)
    pd.testing.assert_frame_equal(logged_without, without[columns], check_exact=True)
    # 0.01 S/cm at 30 °C is more at 60 °C: exp(Ea / k * 2.970e-4 / K) / 1.1, 1.8 times with 0.2 eV and 5.1 with 0.5 eV
    assert 0.015 < own["conductivity_s_per_cm"][0] < 0.06
    assert own["conductivity_s_per_cm"][0] > without["conductivity_s_per_cm"][0]
    assert abs(own["ice_pct"][0] - 70) < 5
    server = TestClient(app_of(load_bundle(resolve("champion"))))
    served = server.post("/predict", json={"designs": designs, "level": 0.6, "measured": measured}).json()["results"]
    assert [{column: row[column] for column in columns} for row in map(flat, served)] == plain_rows(own[columns])


def test_a_table_with_whole_numbers_and_empty_columns_fits_the_signature() -> None:
    """As pandas reads the shipped candidates, and as `mlflow models predict -t csv` does: int64 where all are whole."""
    table = pd.read_csv(ROOT / "data" / "examples" / "candidates.csv")
    assert "int64" in {str(kind) for kind in table.dtypes}
    designs = table[[name for name in table.columns if name in Candidate.model_fields]].assign(porosity_pct=np.nan)
    checked = _enforce_schema(designs, input_schema())
    assert checked["electrolyte"].tolist() == designs["electrolyte"].tolist()
    assert len(_enforce_schema(pd.DataFrame({"electrolyte": ["LLZO"]}), input_schema())) == 1
    with pytest.raises(MlflowException, match="electrolyte"):
        _enforce_schema(pd.DataFrame({"anode": ["Si"]}), input_schema())


# MLflow warns of type hints that it cannot check, and of a model without an example; the logged one has an example
@pytest.mark.filterwarnings("ignore:.*Any type hint is inferred as AnyType:UserWarning")
@pytest.mark.filterwarnings("ignore:.*An input example was not provided:UserWarning")
def test_a_pyfunc_takes_the_options_of_predict(tmp_path: Path) -> None:
    """Saved and loaded by MLflow: the targets, cycles and limits of the command line, and its refusals."""
    saved = ROOT / "tests" / "bundles" / "v1"
    mlflow.pyfunc.save_model(
        str(tmp_path / "model"),
        python_model=str(ROOT / "models" / "pyfunc_model.py"),
        artifacts={"bundle": str(saved)},
        pip_requirements=[],
        signature=ModelSignature(input_schema(), params=params_schema()),
    )
    model = mlflow.pyfunc.load_model(str(tmp_path / "model"))
    frame = pd.DataFrame({"electrolyte": ["Li6PS5Cl", "LLZTO"], "anode": ["Si", "Si"]})
    designs = candidate_frame([Candidate(electrolyte=name, anode="Si") for name in ("Li6PS5Cl", "LLZTO")])
    targets = ["activation_energy_ev", "retention_pct"]
    told = model.predict(frame, params={"targets": targets, "cycles": [100], "above": ["retention_pct=80"]})
    same = Predictor(load_bundle(saved)).predict(
        designs, targets=targets, cycles=[100], above={"retention_pct": 80.0}, precedents=0, points=False
    )
    pd.testing.assert_frame_equal(told, same.table)
    assert {"activation_energy_ev", "retention_pct_at_100", "retention_pct_above_80_probability"} <= set(told.columns)
    assert "conductivity_s_per_cm" not in told
    with pytest.raises(ValueError, match="unknown target strength_mpa"):
        model.predict(frame, params={"targets": ["strength_mpa"]})
    with pytest.raises(MlflowException, match="targets"):
        model.predict(frame, params={"targets": "retention_pct"})


def test_the_signature_names_what_the_logged_model_answers(literature: Literature) -> None:
    """Without points: capacities as ranges, and whose values they hold."""
    saved = load_bundle(ROOT / "tests" / "bundles" / "v1")
    bundle = Bundle(saved.parts, saved.facts, first_capacities(literature))
    design = candidate_frame([Candidate(electrolyte="Li6PS5Cl", anode="Si")])
    names = output_schema(Predictor(bundle), design).input_names()
    assert {"first_capacity_mah_per_g_low", "capacity_mah_per_g_high", "range_of", "notice"} <= set(names)
