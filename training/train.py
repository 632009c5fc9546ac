"""One training: evaluate by paper, fit on everything, save the bundle."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from features.tables.literature import Literature
from features.tables.mistakes import InputError
from models.boosters.saved import version_of
from models.bundle import Bundle
from models.explain.stability import FACTS as STABILITY
from models.lab_effect import learning as lab
from models.ranges.capacities import first_capacities
from models.tasks.examples import Examples
from models.tasks.part import Part, fit_part, with_conductivity
from models.tasks.registry import LINK, TASKS
from training.conductivity_link import ConductivityLink
from training.config import TrainConfig
from training.data.groups import chemical_systems, paper_groups, system_tests, training_rows
from training.data.load import SHIPPED, load_literature
from training.evaluation.choose import choose
from training.evaluation.coverage import calibrations, lab_errors
from training.evaluation.crossvalidate import OutOfFold, cross_validate, fits_needed, validate
from training.evaluation.evaluate import evaluate, score, score_fixed
from training.evaluation.fixed_split import FixedSplit, fixed_split
from training.evaluation.importance_stability import refits_needed, stability
from training.evaluation.learning_curve import CurvePoint, DescribedPoint, curve_fits, described_curve, learning_curve
from training.evaluation.regimes.energies import FACT as ENERGIES
from training.evaluation.regimes.energies import EnergyScore, energy_score
from training.evaluation.regimes.range_only import FACT as RANGES
from training.evaluation.regimes.range_only import RangeScore, range_scores
from training.evaluation.regimes.regime import learn_regimes
from training.evaluation.score import Score
from training.evaluation.within_papers import learn_differences
from training.kept_rows import domain_of, with_looked_up_rows
from training.public.collect import with_looked_up, with_public
from training.tuning.nested import Tuning, cross_validate_tuned, untuned
from training.tuning.study import Study

REGIMES = "regimes"
"""Fact of a bundle: skill by what is known of the electrolyte, by learned quantity."""
PACKAGES = ("xgboost", "scikit-learn", "scipy", "pandas", "numpy", "pymatgen-core", "mlflow")


@dataclass
class Trained:
    """Result of a training.

    Attributes
    ----------
    bundle : the model
    scores : skill by target
    found : out-of-fold predictions by part
    by_system : conductivity on chemical systems never seen
    learning : learning curves by target
    literature : the data it was trained on
    config : how
    studies : of the tuning, where there was one
    described : error of each target of cells by how much of the cells is described
    ranges : share of measured values inside the ranges, of the quantities that no model learns
    energies : how far activation energies are from printed ones; None where too few papers print any
    """

    bundle: Bundle
    scores: dict[str, Score]
    found: dict[str, OutOfFold]
    by_system: Score
    learning: dict[str, list[CurvePoint]]
    literature: Literature
    config: TrainConfig
    studies: list[Study] = field(default_factory=list)
    described: dict[str, list[DescribedPoint]] = field(default_factory=dict)
    ranges: dict[str, RangeScore] = field(default_factory=dict)
    energies: EnergyScore | None = None


def load_data(config: TrainConfig) -> Literature:
    """The shipped literature, the folders of the configuration and its public tables, to learn from and to look up.

    Parameters
    ----------
    config : TrainConfig
        Configuration of the training.
    """
    learned = with_public(load_literature([SHIPPED, *config.data]), config.public)
    return with_looked_up(learned, [name for name in config.facts if name not in config.public])


def measure(
    literature: Literature,
    config: TrainConfig,
    progress: Callable[[int], None] = lambda steps: None,
    tuning: Tuning | None = None,
    link: ConductivityLink | None = None,
) -> tuple[dict[str, OutOfFold], dict[str, Score]]:
    """Out-of-fold predictions and skill, by paper; recipes are tuned again inside each fold.

    Parameters
    ----------
    literature : Literature
        All tables.
    config : TrainConfig
        Configuration of the training.
    progress : callable
        Called with the number of steps just done.
    tuning : Tuning | None
        Search for recipes inside the folds; None for none.
    link : ConductivityLink | None
        As for `cross_validate`.
    """
    _require_rows(literature)
    if tuning:
        out_of_fold = cross_validate_tuned(literature, config.choices, config.protocol, tuning, progress, link)
    else:
        out_of_fold = cross_validate(literature, config.choices, config.protocol, progress, link=link)
    return out_of_fold, evaluate(out_of_fold, config.level, config.seed)


def measure_systems(
    literature: Literature, config: TrainConfig, progress: Callable[[int], None] = lambda steps: None
) -> Score:
    """Skill for conductivity on chemical systems never seen; no paper of a held-out row is learnt from either.

    By the first of the recipes, which is not chosen again for each system.

    Parameters
    ----------
    literature : Literature
        All tables.
    config : TrainConfig
        Configuration of the training.
    progress : callable
        Called with the number of steps just done.
    """
    examples = TASKS[LINK].examples(literature)
    kin = paper_groups(LINK, examples)
    systems = chemical_systems(examples.designs)
    tests, first = system_tests(systems, config.seed), dict([next(iter(config.choices[LINK].items()))])
    out_of_fold = validate(LINK, examples, kin, first, config.protocol, progress, tests=tests)
    by_system = np.unique(systems, return_inverse=True)[1]
    return score(TASKS[LINK].targets[0], replace(out_of_fold, groups=by_system), config.level, config.seed)


def measure_fixed(literature: Literature, config: TrainConfig, ids: list[str]) -> tuple[Score, FixedSplit]:
    """Skill for conductivity on a fixed set of test rows, and the split.

    Intervals are calibrated by paper inside the training side alone.

    Parameters
    ----------
    literature : Literature
        All tables.
    config : TrainConfig
        Configuration of the training.
    ids : list of str
        Ids of the test rows.

    Raises
    ------
    InputError
        Ids that no row has, or nothing left to learn from.
    """
    examples = TASKS[LINK].examples(literature)
    kin = paper_groups(LINK, examples)
    split = fixed_split(examples, kin, ids)
    choices = config.choices[LINK]
    judged = validate(LINK, examples, kin, choices, config.protocol, tests=[(0, split.test)])
    inside = examples.take(split.train)
    learnt = validate(LINK, inside, kin.take(split.train), choices, config.protocol)
    return score_fixed(judged, learnt, split.test, config.level, config.seed), split


def train(
    config: TrainConfig,
    progress: Callable[[int], None] = lambda steps: None,
    literature: Literature | None = None,
    tuning: Tuning | None = None,
) -> Trained:
    """Train on the literature; nothing is written.

    Parameters
    ----------
    config : TrainConfig
        Configuration of the training.
    progress : callable
        Called with the number of steps just done.
    literature : Literature | None
        All tables; loaded as the configuration says where None.
    tuning : Tuning | None
        Search for recipes inside the folds; None for none.

    Raises
    ------
    InputError
        The data cannot be used.
    SplitError
        Too few papers for the folds.
    """
    literature = literature or load_data(config)
    link = ConductivityLink(TASKS[LINK].examples(literature), config.choices[LINK], config.seed)
    out_of_fold, scores = measure(literature, config, progress, tuning, link)
    by_system = measure_systems(literature, config, progress)
    untuned_folds = untuned(out_of_fold, config.choices)
    learning = learning_curve(untuned_folds, config.choices, config.shares, config.protocol, progress, link)
    bundle = fit_bundle(literature, config, out_of_fold, scores, tuning)
    importance = stability(bundle.parts, literature, config.protocol, progress)
    bundle.facts[STABILITY] = {name: table.as_dict() for name, table in importance.items()}
    ranges = range_scores(literature, out_of_fold, config.level, config.seed)
    bundle.facts[RANGES] = {column: range_score.as_dict() for column, range_score in ranges.items()}
    energies = energy_score(out_of_fold[LINK], config.level, config.seed)
    bundle.facts[ENERGIES] = energies.as_dict() if energies else {}
    studies = tuning.studies if tuning else []
    described = described_curve(untuned_folds, config.choices, config.protocol, link)
    return Trained(
        bundle, scores, out_of_fold, by_system, learning, literature, config, studies, described, ranges, energies
    )


def fit_bundle(
    literature: Literature,
    config: TrainConfig,
    out_of_fold: Mapping[str, OutOfFold],
    scores: Mapping[str, Score],
    tuning: Tuning | None = None,
) -> Bundle:
    """Fit every part on all rows, with the calibration of the out-of-fold errors.

    Parameters
    ----------
    literature : Literature
        All tables.
    config : TrainConfig
        Configuration of the training.
    out_of_fold : mapping of str to OutOfFold
        Out-of-fold predictions by part.
    scores : mapping of str to Score
        Skill by target column.
    tuning : Tuning | None
        Search for recipes inside the folds; None for none.
    """
    examples: dict[str, Examples] = {}
    parts: dict[str, Part] = {}
    chosen: dict[str, str] = {}
    for name, (rows, kin) in training_rows(literature).items():
        task = TASKS[name]
        if task.of_cells:
            rows = Examples(with_conductivity(rows.designs, parts[LINK]), rows.labels)
        examples[name], choices = rows, config.choices[name]
        if tuning:
            choices = tuning.offered(name, rows, kin, choices, config.seed)
        chosen[name] = choose(name, rows, kin, choices, config.seed)
        recipe = choices[chosen[name]]
        labelled, settings = task.relabelled(rows, recipe)
        parts[name] = fit_part(name, labelled.designs, labelled.labels, recipe, config.seed)
        parts[name].settings = settings
    calibration, regime_scores = calibrations(out_of_fold), dict[str, list[dict[str, Any]]]()
    for name, part in parts.items():
        part.calibration = calibration[name]
        part.domain = domain_of(name, part, examples[name], literature)
        distances = part.domain.distances(part.featurizer.transform(examples[name].designs))
        errors = lab_errors(out_of_fold[name], distances)
        part.lab = lab.learn(errors, config.seed)
        part.differences = learn_differences(out_of_fold[name], distances, name, config.seed)
        if TASKS[name].draws_to_measured:
            every = with_looked_up_rows(name, part, examples[name], literature)
            missed = lab.variance(errors)
            regimes = learn_regimes(name, part, examples[name], out_of_fold[name], config, missed, every)
            regime_scores[name] = [score.as_dict() for score in regimes.scores]
    facts = _facts(literature, config, scores, examples) | {"chosen": chosen, REGIMES: regime_scores}
    return Bundle(parts, facts | ({"tuned": tuning.kept} if tuning else {}), first_capacities(literature))


def _require_rows(literature: Literature) -> None:
    needed = {"electrolytes": literature.electrolytes, "cells": literature.cells, "cycling": literature.cycling}
    if missing := [name for name, rows in needed.items() if not rows]:
        raise InputError(f"no rows in {', '.join(f'{name}.csv' for name in missing)}; training needs all three tables")


def _facts(
    literature: Literature, config: TrainConfig, scores: Mapping[str, Score], examples: Mapping[str, Examples]
) -> dict[str, Any]:
    return {
        "config": config.as_dict(),
        "data_hashes": literature.hashes,
        "code_version": code_version(),
        "packages": {name: version_of(name) for name in PACKAGES},
        "python": platform.python_version(),
        "skill": {column: score.as_dict() for column, score in scores.items()},
        "rows": {name: {"rows": len(rows.designs), "papers": len(set(rows.papers))} for name, rows in examples.items()},
    }


def code_version() -> str:
    """Version of Silion, with the commit where the code runs from a clone."""
    version = metadata.version("silion")
    try:
        command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short=12", "HEAD"]
        commit = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return version
    return f"{version}+{commit}"


def steps(config: TrainConfig) -> int:
    """Number of steps `measure` reports to its progress; `train` adds those of the systems and the learning curves.

    Parameters
    ----------
    config : TrainConfig
        Configuration of the training.
    """
    return fits_needed(config.protocol, config.choices)


def steps_to_train(config: TrainConfig, literature: Literature) -> int:
    """Number of steps `train` reports to its progress.

    Parameters
    ----------
    config : TrainConfig
        Configuration of the training.
    literature : Literature
        All tables.
    """
    examples = TASKS[LINK].examples(literature)
    systems = len(system_tests(chemical_systems(examples.designs), config.seed))
    curves, refits = curve_fits(config.shares, config.protocol), refits_needed(config.protocol)
    return steps(config) + systems + curves + refits
