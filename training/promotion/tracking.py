"""MLflow's record of a training: configuration, data hashes, metrics by target, pictures, and the model itself,
registered."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from features.tables.columns import unit_of
from features.tables.records import Candidate
from features.tables.rows import read_table
from models.bundle import save_bundle
from models.candidates import candidate_frame
from models.champion import name_new
from models.predictor import Predictor
from models.registry import MODEL_NAME, REGISTERING, client, note_champion, store_uri
from training.config import TrainConfig
from training.train import Trained
from training.tuning.summary import log_trials

EXPERIMENT = "silion"
DESCRIPTION = "Silicon-anode solid-state cells: four targets, with intervals by paper"
ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "data" / "examples" / "candidates.csv"


def track(trained: Trained, report: Path) -> str:
    """Log a training and register its model; returns the version's number.

    The first version becomes the champion, later ones the challenger. Under `mlflow run` the run that is already there
    is used. The model is registered last, and the run ends when the version has its alias: an interrupted training
    leaves a run marked as failed, a killed one a run that is still running, and neither a version that is listed.

    Parameters
    ----------
    trained : Trained
        Result of a training.
    report : Path
        Folder of the report.
    """
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    import mlflow

    with client() as registry:
        if "MLFLOW_RUN_ID" not in os.environ:
            _use_experiment()
        with mlflow.start_run() as run:
            mlflow.log_params(_parameters(trained.config))
            mlflow.set_tags({f"package {name}": value for name, value in trained.bundle.facts["packages"].items()})
            mlflow.log_dict(trained.config.as_dict(), "config.json")
            mlflow.set_tags(
                {
                    f"sha256 {Path(name).name} of {Path(name).parent.name}": value
                    for name, value in trained.literature.hashes.items()
                }
            )
            mlflow.set_tag("code_version", trained.bundle.facts["code_version"])
            mlflow.set_tags({f"chosen {part}": name for part, name in trained.bundle.facts["chosen"].items()})
            mlflow.log_metrics(_metrics(trained))
            log_trials(registry, run.info.run_id, trained.studies)
            mlflow.log_artifacts(str(report), "report")
            with tempfile.TemporaryDirectory() as folder:
                bundle = save_bundle(trained.bundle, Path(folder) / "bundle")
                logged = _log_model(trained, bundle)
            if not registry.search_registered_models(f"name = '{MODEL_NAME}'"):
                with _unless_there():
                    registry.create_registered_model(MODEL_NAME, description=DESCRIPTION)
            tags = {**_verdicts(trained), REGISTERING: "yes"}
            version = registry.create_model_version(
                MODEL_NAME, logged.model_uri, run_id=run.info.run_id, tags=tags, model_id=logged.model_id
            )
            name_new(registry, str(version.version))
    note_champion()
    return str(version.version)


@contextmanager
def _unless_there() -> Iterator[None]:
    """Another training, at the same time, may have been faster to make what both need."""
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def _log_model(trained: Trained, bundle: Path) -> Any:
    import mlflow
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema

    table = read_table(EXAMPLE, Candidate, own_columns=True)
    example = candidate_frame(table.rows[:1])
    answer = Predictor(trained.bundle).predict(example, precedents=0).table
    numeric = {name for name in Candidate.model_fields if unit_of(Candidate, name)}
    inputs = [
        ColSpec(_type_of(name, numeric), name, required=field.is_required())
        for name, field in Candidate.model_fields.items()
    ]
    outputs = [ColSpec(DataType.string if name == "notice" else DataType.double, str(name)) for name in answer.columns]
    signature = ModelSignature(
        Schema(inputs),
        Schema(outputs),
        ParamSchema([ParamSpec("level", DataType.double, 0.9), ParamSpec("measured", DataType.string, "")]),
    )
    return mlflow.pyfunc.log_model(
        name=MODEL_NAME,
        python_model=str(ROOT / "models" / "pyfunc_model.py"),
        artifacts={"bundle": str(bundle)},
        code_paths=[str(ROOT / "features"), str(ROOT / "models")],
        pip_requirements=str(ROOT / "requirements.txt"),
        signature=signature,
        input_example=_typed(example.dropna(axis=1), numeric),
    )


def _type_of(name: str, numeric: set[str]) -> Any:
    """Numbers are doubles, all else text: yes and no are written as in the tables."""
    from mlflow.types import DataType

    return DataType.double if name in numeric else DataType.string


def _typed(example: pd.DataFrame, numeric: set[str]) -> pd.DataFrame:
    words = {True: "yes", False: "no"}
    texts = {
        name: example[name].map(lambda value: words.get(value, value))
        for name in example.columns
        if name not in numeric
    }
    return example.assign(**texts).astype({name: float for name in example.columns if name in numeric})


def _use_experiment() -> None:
    """Our experiment, made on first use with an absolute artifact folder beside a local store."""
    import mlflow

    if mlflow.get_experiment_by_name(EXPERIMENT) is None:
        store = Path(store_uri().removeprefix("sqlite:///"))
        location = (store.resolve().parent / "mlartifacts").as_uri() if store_uri().startswith("sqlite:///") else None
        with _unless_there():
            mlflow.create_experiment(EXPERIMENT, artifact_location=location)
    mlflow.set_experiment(EXPERIMENT)


def _parameters(config: TrainConfig) -> dict[str, Any]:
    """The configuration as MLflow's parameters. Under `mlflow run` it keeps the words of the command line itself, and
    those that are written otherwise there go by another name."""
    values = config.as_dict()
    return _flat(values | {"public_tables": ", ".join(values.pop("public")) or "none"})


def _flat(values: dict[str, Any], before: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat |= _flat(value, f"{before}{name}.") if isinstance(value, dict) else {f"{before}{name}": value}
    return flat


def _metrics(trained: Trained) -> dict[str, float]:
    metrics: dict[str, float] = {}
    for column, score in trained.scores.items():
        figures = {
            "skill": score.skill,
            "skill_low": score.skill_low,
            "skill_high": score.skill_high,
            "coverage": score.coverage,
            "width": score.width,
        }
        figures |= {f"measure_{name}": value for name, value in score.by_method.items()}
        metrics |= {f"{column}.{name}": float(value) for name, value in figures.items() if value == value}
    return metrics


def _verdicts(trained: Trained) -> dict[str, str]:
    return {
        column: f"{score.verdict} ({score.skill_name} {score.skill:.2f})" for column, score in trained.scores.items()
    }
