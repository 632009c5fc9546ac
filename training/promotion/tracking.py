"""MLflow's record of a training: configuration, data hashes, metrics by target, pictures, and the model itself,
registered."""

from __future__ import annotations

import os
import platform
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
from models.predictions import TEXT_COLUMNS
from models.predictor import DEFAULT_LEVEL, Predictor
from models.registry import MODEL_NAME, REGISTERING, client, note_champion, store_file
from models.saved.moved_store import ARTIFACTS
from reporting.model_summary import figure_name
from training.promotion.champion import name_new
from training.promotion.run_text import Registrable, description, log_datasets, metrics, parameters, run_name
from training.tuning.study import log_trials

EXPERIMENT = "silion"
EXPERIMENT_NOTE = (
    "Each run is one training of all models. Compare runs by `ratio_lower_better`, the error over that of the median "
    "of the table (below 1 is skill), and by `concordance_higher_better` (above 0.5 is skill)."
)
PAGE_KIND = {"mlflow.experimentKind": "custom_model_development"}
"""Opens the runs among MLflow's training runs; without it its page takes them for runs of a chatbot."""
DESCRIPTION = "Silicon-anode solid-state cells: four targets, with intervals by paper"
ROOT = Path(__file__).resolve().parents[2]
CODE = [ROOT] if (ROOT / "__init__.py").is_file() else [ROOT / "features", ROOT / "models"]
"""Code that a logged model needs: the installed package, or two packages of the checkout."""
EXAMPLE = ROOT / "data" / "examples" / "candidates.csv"


KEPT = "kept_as"
"""Tag of a version: name of the folder its model was kept in until it stood here."""
PROCESS = "silion.process"
"""Tag of a run: machine and number of the process that trains, so that a run of a dead one can be recognised."""


def of_this_process() -> dict[str, str]:
    """Return the tag of a run that this process makes: where it dies, `silion store clean` ends the run."""
    return {PROCESS: f"{platform.node()}:{os.getpid()}"}


def track(trained: Registrable, report: Path, aside: str = "") -> str:
    """Log a training and register its model; returns the version's number.

    The first version becomes the champion, later ones the challenger. Under `mlflow run` the run that is already there
    is used. The model is registered last, and the run ends when the version has its alias: an interrupted training
    leaves a run marked as failed, a killed one a run that is still running, and neither a version that is listed.

    Parameters
    ----------
    trained : Trained or KeptTraining
        Result of a training.
    report : Path
        Folder of the report.
    aside : str
        Name of the folder that keeps the model meanwhile; none where empty.
    """
    import mlflow

    with client() as registry:
        use_experiment()
        comparison = report / "comparison.txt"
        note = description(trained, comparison.read_text(encoding="utf-8") if comparison.is_file() else "")
        with mlflow.start_run(tags=of_this_process()) as run:  # one step with the run
            mlflow.set_tags(
                {"mlflow.runName": run_name(trained), "mlflow.note.content": note, **_facts_as_tags(trained)}
            )
            mlflow.log_params(parameters(trained.config, trained.bundle.facts["chosen"]))
            log_datasets(trained.bundle.facts["data_hashes"])
            mlflow.log_dict(trained.config.as_dict(), "config.json")
            mlflow.log_metrics(metrics(trained.scores))
            log_trials(registry, run.info.run_id, trained.studies)
            mlflow.log_artifacts(str(report), "report")
            with tempfile.TemporaryDirectory() as folder:
                bundle = save_bundle(trained.bundle, Path(folder) / "bundle")
                logged = _log_model(trained, bundle)
            if not registry.search_registered_models(f"name = '{MODEL_NAME}'"):
                with _unless_there():
                    registry.create_registered_model(MODEL_NAME, description=DESCRIPTION)
            tags = {**_verdicts(trained), REGISTERING: "yes", **({KEPT: aside} if aside else {})}
            version = registry.create_model_version(
                MODEL_NAME,
                logged.model_uri,
                run_id=run.info.run_id,
                tags=tags,
                model_id=logged.model_id,
                description=note,
            )
            name_new(registry, str(version.version))
    note_champion()
    return str(version.version)


def _facts_as_tags(trained: Registrable) -> dict[str, str]:
    facts = trained.bundle.facts
    return {
        "skill_shown": ", ".join(name for name, score in trained.scores.items() if score.shown) or "none",
        "code_version": facts["code_version"],
        **{f"package {name}": version for name, version in facts["packages"].items()},
        **{f"sha256 {Path(name).name} of {Path(name).parent.name}": sha for name, sha in facts["data_hashes"].items()},
        **{f"chosen {part}": name for part, name in facts["chosen"].items()},
    }


@contextmanager
def _unless_there() -> Iterator[None]:
    """Another training, at the same time, may have been faster to make what both need."""
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def _log_model(trained: Registrable, bundle: Path) -> Any:
    import mlflow
    from mlflow.models import ModelSignature

    table = read_table(EXAMPLE, Candidate, own_columns=True)
    example = candidate_frame(table.rows[:1])
    numeric = {name for name in Candidate.model_fields if unit_of(Candidate, name)}
    signature = ModelSignature(
        input_schema(),
        output_schema(Predictor(trained.bundle), example),
        params_schema(),
    )
    return mlflow.pyfunc.log_model(
        name=MODEL_NAME,
        python_model=str(ROOT / "models" / "pyfunc_model.py"),
        artifacts={"bundle": str(bundle)},
        code_paths=[str(path) for path in CODE],
        pip_requirements=str(ROOT / "requirements.txt"),
        signature=signature,
        input_example=_typed(example.dropna(axis=1), numeric),
    )


def input_schema() -> Any:
    """Return the columns of a design as MLflow checks them: only that the electrolyte is there and is text.

    Whole numbers come as int64 and empty columns as float64, whatever stands in them elsewhere, and MLflow refuses
    both for another type: the row model judges the values.
    """
    from mlflow.types import ColSpec, DataType, Schema
    from mlflow.types.schema import AnyType

    return Schema(
        [
            ColSpec(DataType.string if field.is_required() else AnyType(), name, required=field.is_required())
            for name, field in Candidate.model_fields.items()
        ]
    )


def params_schema() -> Any:
    """Return what the logged model takes beside designs: options of `silion predict`, lists where it takes several."""
    from mlflow.types import DataType, ParamSchema, ParamSpec

    several = (-1,)
    return ParamSchema(
        [
            ParamSpec("level", DataType.double, DEFAULT_LEVEL),
            ParamSpec("measured", DataType.string, ""),
            ParamSpec("targets", DataType.string, [], several),
            ParamSpec("cycles", DataType.long, [], several),
            ParamSpec("above", DataType.string, [], several),
        ]
    )


def output_schema(predictor: Predictor, example: pd.DataFrame) -> Any:
    """Return the columns that the logged model answers with: no points without skill, capacities as ranges.

    Parameters
    ----------
    predictor : Predictor
        Of the model that is logged.
    example : DataFrame
        A design, columns of `Candidate`.
    """
    from mlflow.types import ColSpec, DataType, Schema

    answer = predictor.predict(example, precedents=0, points=False).table
    return Schema([ColSpec(DataType.string if name in TEXT_COLUMNS else DataType.double, str(name)) for name in answer])


def _typed(example: pd.DataFrame, numeric: set[str]) -> pd.DataFrame:
    yes_no = {True: "yes", False: "no"}
    texts = {
        name: example[name].map(lambda value: yes_no.get(value, value))
        for name in example.columns
        if name not in numeric
    }
    return example.assign(**texts).astype({name: float for name in example.columns if name in numeric})


def use_experiment() -> None:
    """Take our experiment, made on first use with an absolute artifact folder beside a local store.

    Under `mlflow run` the experiment is that of the run that is there already.
    """
    import mlflow

    if "MLFLOW_RUN_ID" in os.environ:
        return
    if mlflow.get_experiment_by_name(EXPERIMENT) is None:
        store = store_file()
        location = (store.resolve().parent / ARTIFACTS).as_uri() if store else None
        with _unless_there():
            mlflow.create_experiment(
                EXPERIMENT, artifact_location=location, tags={"mlflow.note.content": EXPERIMENT_NOTE, **PAGE_KIND}
            )
    mlflow.set_experiment(EXPERIMENT)


def _verdicts(trained: Registrable) -> dict[str, str]:
    return {
        column: f"{score.verdict} ({figure_name(score.skill_name)} {score.skill:.2f})"
        for column, score in trained.scores.items()
    }
