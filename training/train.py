"""One training: evaluate by paper, fit on everything, save the bundle."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.columns import numeric_columns
from features.composition import composition_of
from features.electrolyte import classes_of
from features.records import CellDesign, ElectrolyteDesign
from features.tables import InputError
from models import lifetime
from models.bundle import Bundle
from models.domain import Domain
from models.parts import Part, fit_part, with_conductivity
from training.config import TrainConfig
from training.crossvalidate import OutOfFold, cross_validate, fade_examples, fits_needed
from training.dataset import SHIPPED, Examples, Literature, conductivity_examples, ice_examples, load_literature
from training.evaluate import Score, calibrations, evaluate

PACKAGES = ("xgboost", "scikit-learn", "pandas", "numpy", "pymatgen-core", "mlflow")


@dataclass
class Trained:
    """What a training gave.

    Attributes
    ----------
    bundle : the model
    scores : skill by target
    found : out-of-fold predictions by part
    literature : the data it was trained on
    config : how
    """

    bundle: Bundle
    scores: dict[str, Score]
    found: dict[str, OutOfFold]
    literature: Literature
    config: TrainConfig


def load_data(config: TrainConfig) -> Literature:
    """The shipped literature and the folders of the configuration."""
    return load_literature([SHIPPED, *config.data])


def measure(
    literature: Literature, config: TrainConfig, progress: Callable[[int], None] = lambda steps: None
) -> tuple[dict[str, OutOfFold], dict[str, Score]]:
    """Out-of-fold predictions and skill, by paper."""
    _require_rows(literature)
    found = cross_validate(literature, config.recipes, config.protocol, progress)
    return found, evaluate(found, config.level, config.seed)


def train(config: TrainConfig, progress: Callable[[int], None] = lambda steps: None) -> Trained:
    """Train on the literature; nothing is written.

    Raises
    ------
    InputError
        The data cannot be used.
    SplitError
        Too few papers for the folds.
    """
    literature = load_data(config)
    found, scores = measure(literature, config, progress)
    return Trained(fit_bundle(literature, config, found, scores), scores, found, literature, config)


def fit_bundle(
    literature: Literature, config: TrainConfig, found: Mapping[str, OutOfFold], scores: Mapping[str, Score]
) -> Bundle:
    """Fit every part on all rows, with the calibration of the out-of-fold errors."""
    electrolytes = conductivity_examples(literature)
    conductivity = fit_part(
        "conductivity", electrolytes.designs, electrolytes.labels, config.recipes["conductivity"], config.seed
    )
    parts = {"conductivity": conductivity}
    examples = {"conductivity": electrolytes, "ice": ice_examples(literature), "fade": fade_examples(literature)}
    for name in ("ice", "fade"):
        linked = with_conductivity(examples[name].designs, conductivity)
        examples[name] = Examples(linked, examples[name].labels)
        parts[name] = fit_part(name, linked, examples[name].labels, config.recipes[name], config.seed)
    parts["fade"].settings["shape"] = lifetime.fade_shape(examples["fade"].designs)
    kept = calibrations(found)
    for name, part in parts.items():
        part.calibration = kept[name]
        part.domain = _domain(
            part, examples[name], literature, CellDesign if name != "conductivity" else ElectrolyteDesign
        )
    return Bundle(parts, _facts(literature, config, scores, examples))


def _require_rows(literature: Literature) -> None:
    needed = {"electrolytes": literature.electrolytes, "cells": literature.cells, "cycling": literature.cycling}
    if missing := [name for name, rows in needed.items() if not rows]:
        raise InputError(f"no rows in {', '.join(f'{name}.csv' for name in missing)}; training needs all three tables")


def _domain(part: Part, examples: Examples, literature: Literature, model: type[ElectrolyteDesign]) -> Domain:
    designs = examples.designs
    known = [
        composition_of(str(row["electrolyte"] or ""), str(row["composition"] or "")) or {}
        for _, row in designs.iterrows()
    ]
    return Domain.learn(
        part.featurizer.transform(designs),
        list(examples.papers),
        designs,
        [*numeric_columns(model), "cycle"],
        {element for amounts in known for element in amounts},
        {held for held in classes_of(designs) if held},
        [_precedent(row, literature) for _, row in designs.iterrows()],
    )


def _precedent(row: pd.Series, literature: Literature) -> dict[str, Any]:
    """What a user is shown of a training row: what it was, what was measured, and where that is written."""
    held = {
        column: row[column]
        for column in (
            "electrolyte",
            "anode",
            "counter_electrode",
            "temperature_c",
            "conductivity_s_per_cm",
            "conductivity_qualifier",
            "ice_pct",
            "ice_qualifier",
            "cycle",
            "retention_pct",
            "qualifier",
        )
        if column in row.index and row[column] is not None and row[column] == row[column]
    }
    held = {column: value.item() if isinstance(value, np.generic) else value for column, value in held.items()}
    paper = str(row["paper"])
    return {
        "row": row["row_id"],
        **held,
        "measured": _measured(row),
        "paper": paper,
        "doi": literature.doi(paper),
        "citation": literature.citation(paper),
    }


def _measured(row: pd.Series) -> str:
    """What was measured, in words: `= 0.0011 S/cm`, `> 90 %`, `= 64 % at cycle 140`."""
    if "conductivity_s_per_cm" in row.index:
        mark, high = row["conductivity_qualifier"], row["conductivity_high_s_per_cm"]
        ends = (
            f"{row['conductivity_s_per_cm']:g} to {high:g}" if mark == "range" else f"{row['conductivity_s_per_cm']:g}"
        )
        return f"{'=' if mark == 'range' else mark} {ends} S/cm"
    if "retention_pct" in row.index:
        return f"{row['qualifier']} {row['retention_pct']:.3g} % at cycle {row['cycle']:g}"
    return f"{row['ice_qualifier'] or '='} {row['ice_pct']:g} %"


def _facts(
    literature: Literature, config: TrainConfig, scores: Mapping[str, Score], examples: Mapping[str, Examples]
) -> dict[str, Any]:
    return {
        "config": config.as_dict(),
        "data_hashes": literature.hashes,
        "code_version": code_version(),
        "packages": {name: metadata.version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "skill": {column: score.as_dict() for column, score in scores.items()},
        "rows": {name: {"rows": len(each.designs), "papers": len(set(each.papers))} for name, each in examples.items()},
    }


def code_version() -> str:
    """Version of Silion, with the commit where the code runs from a clone."""
    version = metadata.version("silion")
    try:
        asked = ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short=12", "HEAD"]
        commit = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return version
    return f"{version}+{commit}"


def steps(config: TrainConfig) -> int:
    """Number of steps `train` reports to its progress."""
    return fits_needed(config.protocol)
