"""Texts that MLflow shows of a training: name, description, parameters, figures and data, each to be read by itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from models.bundle import Bundle
from models.ensemble import Recipe
from models.tasks.registry import TARGETS
from reporting.model_summary import figure_name
from training.config import TrainConfig
from training.evaluation.crossvalidate import MODEL
from training.evaluation.score import Score
from training.tuning.study import Study

if TYPE_CHECKING:
    from mlflow.data.dataset import Dataset

DIGEST = 32
"""Hex digits of a table's SHA-256 that MLflow's digest of a data set holds; the tag `sha256` holds all."""


_APART = {
    "two_sided": "cells_with_known_life",
    "gain_low": "likelihood_gain_low_end",
    "gain_high": "likelihood_gain_high_end",
}
"""Figures of a censored target that are no method's, and their metric: over the median, in nats per cell."""


class Registrable(Protocol):
    """Facts that registering a model needs of its training."""

    @property
    def bundle(self) -> Bundle:
        """The model."""

    @property
    def scores(self) -> dict[str, Score]:
        """Skill by target."""

    @property
    def config(self) -> TrainConfig:
        """Configuration it was trained with."""

    @property
    def studies(self) -> list[Study]:
        """Of the tuning; none where there was none."""


def parameters(config: TrainConfig, chosen: Mapping[str, str]) -> dict[str, Any]:
    """Return what was chosen: seed, protocol, data, and one recipe per part; the grid is an artifact, `config.json`.

    Under `mlflow run` a run bears the words of the command line already, and what is written otherwise there goes by
    another name here.

    Parameters
    ----------
    config : TrainConfig
        Of the training.
    chosen : mapping of str to str
        Name of the recipe that is kept, by part; a recipe that tuning found is not among the choices.

    Examples
    --------
    >>> parameters(TrainConfig(), {})["public_tables"]
    'none'
    """
    values: dict[str, Any] = {
        "seed": config.seed,
        "folds": config.folds,
        "repeats": config.repeats,
        "level": config.level,
        "public_tables": ", ".join(config.public) or "none",
        "looked_up_tables": ", ".join(config.facts) or "none",
        "own_tables": ", ".join(config.data) or "none",
        "tune_minutes": config.tune_minutes,
    }
    for part, name in chosen.items():
        values[f"recipe_{part}"] = name
        if name in config.choices[part]:
            values[f"recipe_{part}_settings"] = _settings(config.choices[part][name])
    return values


def _settings(recipe: Recipe) -> str:
    """Return the settings in which a recipe differs from the default one."""
    default = asdict(Recipe())
    own = {name: value for name, value in asdict(recipe).items() if value != default[name]}
    return ", ".join(f"{name} {value}" for name, value in own.items()) or "as by default"


def _short(unit: str) -> str:
    return unit.replace("percentage", "pct").replace(" ", "_")


def metrics(scores: Mapping[str, Score]) -> dict[str, float]:
    """Return the figures of skill; NaN is left out.

    A name says its unit and which way is better in the first 40 characters, as MLflow's page cuts longer ones off.

    Parameters
    ----------
    scores : mapping of str to Score
        Skill by target column.
    """
    figures: dict[str, float] = {}
    for column, score in scores.items():
        target = TARGETS[column]
        short, unit = column.removesuffix("_s_per_cm").removesuffix("_pct"), _short(target.error_unit)
        skill, skill_way, error, way = (
            ("concordance", "higher_better", "likelihood", "higher_better")
            if target.censored
            else ("ratio", "lower_better", f"error_{unit}", "lower_better")
        )
        figures |= {
            f"{short}/{skill}_{skill_way}": score.skill,
            f"{short}/{skill}_low_end": score.skill_low,
            f"{short}/{skill}_high_end": score.skill_high,
            f"{short}/inside_{100 * score.level:g}_pct_interval": score.coverage,
            f"{short}/width_{unit}_lower_better": score.width,
        }
        for method, value in score.by_method.items():
            if method == MODEL:
                figures[f"{short}/{error}_{way}"] = value
            elif method in _APART:
                figures[f"{short}/{_APART[method]}"] = value
            else:
                figures[f"{short}/{error}_of_{method}"] = value
    return {name: float(value) for name, value in figures.items() if value == value}


def run_name(trained: Registrable) -> str:
    """Return what a training learned from, in a few words.

    Parameters
    ----------
    trained : Trained or KeptTraining
        Result of a training.
    """
    tables = ["literature", *(Path(folder).name for folder in trained.config.data), *trained.config.public]
    rows = trained.bundle.facts["rows"]
    counts = ", ".join(f"{size['rows']} {name}" for name, size in rows.items())
    return f"{' + '.join(tables)} ({counts})"


def description(trained: Registrable, comparison: str = "") -> str:
    """Return the Markdown that MLflow shows above a run and a model version: data, skill and the comparison.

    Parameters
    ----------
    trained : Trained or KeptTraining
        Result of a training.
    comparison : str
        With the champion, as printed; empty without one.
    """
    rows = trained.bundle.facts["rows"]
    lines = [f"- {name}: {size['rows']} rows of {size['papers']} papers" for name, size in rows.items()]
    skill = [
        f"- {TARGETS[column].label}: **{score.verdict}** ({figure_name(score.skill_name)} {score.skill:.2f}, "
        f"{score.skill_low:.2f} to {score.skill_high:.2f})"
        for column, score in trained.scores.items()
    ]
    folds = f"{trained.config.folds} folds, repeats: {trained.config.repeats}"
    protocol = f"On papers never seen ({folds}; an error ratio is the error divided by that of the table's median):"
    pieces = ["Trained on", *lines, "", protocol, "", *skill]
    if comparison.strip():
        pieces += ["", "Against the champion:", "", "```", comparison.strip(), "```"]
    return "\n".join(pieces)


def log_datasets(hashes: Mapping[str, str]) -> None:
    """Log every table as a data set of the run that is open.

    Parameters
    ----------
    hashes : mapping of str to str
        SHA-256 by path of the table.
    """
    from mlflow.data.dataset_source_registry import resolve_dataset_source
    from mlflow.data.meta_dataset import MetaDataset

    for name, sha256 in hashes.items():
        path = Path(name)
        source = resolve_dataset_source(str(path))
        _log_dataset(MetaDataset(source, f"{path.name} of {path.parent.name}", sha256[:DIGEST]), sha256)


def _log_dataset(dataset: Dataset, sha256: str) -> None:
    """Log one data set; the row that another training makes at the same moment is found at the second try."""
    import mlflow
    from mlflow.exceptions import MlflowException

    for last in (False, False, True):
        try:
            mlflow.log_input(dataset, context="training", tags={"sha256": sha256})
            break
        except MlflowException as error:
            if last or not re.search("unique|duplicate", str(error), re.IGNORECASE):
                raise
