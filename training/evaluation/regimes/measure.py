"""All regimes of one learned quantity at once, and what a model takes from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from models.ensemble import Recipe
from models.intervals import Calibration
from models.known.measurements import learn_measurements
from models.tasks.examples import Examples
from models.tasks.part import Part
from models.tasks.registry import TASKS
from training.config import Protocol, TrainConfig
from training.data.groups import Kinship, kinship_of
from training.evaluation.coverage import calibration_of
from training.evaluation.crossvalidate import OutOfFold
from training.evaluation.regimes.known import KnownErrors, known_errors
from training.evaluation.regimes.regime import (
    FAMILY,
    NEW,
    RegimeScore,
    classes_in,
    score_known,
    score_unknown,
    unseen_families,
)

FEWEST_UNFAMILIAR = 10
"""Groups of papers below which no interval of an unfamiliar class is calibrated."""


@dataclass(frozen=True)
class Regimes:
    """Errors by what is known of an electrolyte.

    Attributes
    ----------
    known : KnownErrors
        Compositions that another paper measured.
    scores : list of RegimeScore
        Those with rows of two papers or more.
    unfamiliar : Calibration or None
        For electrolytes of classes that were never learnt from; None where too few papers calibrate it.
    """

    known: KnownErrors
    scores: list[RegimeScore]
    unfamiliar: Calibration | None


def measure_regimes(
    name: str,
    examples: Examples,
    kin: Kinship,
    out_of_fold: OutOfFold,
    choices: Mapping[str, Recipe],
    protocol: Protocol,
    level: float,
    every: Examples | None = None,
) -> Regimes:
    """Judge one quantity of electrolytes by what is known of them.

    Parameters
    ----------
    name : str
        Key of `TASKS`.
    examples : Examples
        All rows.
    kin : Kinship
        Their groups.
    out_of_fold : OutOfFold
        Out-of-fold predictions of these rows, kin removed.
    choices : mapping of str to Recipe
        Recipes to choose from inside each training fold.
    protocol : Protocol
        Folds and seed; one repeat is made of the two cross-validations that are added.
    level : float
        Share of papers whose values the intervals should hold, 0 to 1.
    every : Examples or None
        As for `known_errors`.
    """
    target, seed = TASKS[name].targets[0], protocol.seed
    known = known_errors(name, examples, choices, protocol, every)
    scores = [score_known(known, level, seed), score_unknown(target, FAMILY, out_of_fold, level, seed)]
    unfamiliar = None
    if (count := len(np.unique(classes_in(examples)))) > 1:
        families = unseen_families(name, examples, kin, choices, replace(protocol, folds=min(protocol.folds, count)))
        scores.append(score_unknown(target, NEW, families, level, seed))
        if len(np.unique(families.groups)) >= FEWEST_UNFAMILIAR:
            unfamiliar = calibration_of(families, np.arange(len(families.groups)))
    return Regimes(known, [score for score in scores if score], unfamiliar)


def learn_regimes(
    name: str, part: Part, examples: Examples, out_of_fold: OutOfFold, config: TrainConfig, missed: float,
    every: Examples | None = None,
) -> Regimes:  # fmt: skip
    """Judge the regimes of a fitted part; give it what was measured, and the intervals of unfamiliar classes.

    Parameters
    ----------
    name : str
        Key of `TASKS`.
    part : Part
        Fitted on all rows; `known` and `unfamiliar` are set.
    examples : Examples
        All rows.
    out_of_fold : OutOfFold
        Out-of-fold predictions of these rows, kin removed.
    config : TrainConfig
        Of the training.
    missed : float
        Variance of the errors of `out_of_fold`, on the model's scale.
    every : Examples or None
        As for `known_errors`.
    """
    kin, choices = kinship_of(name, examples), {"chosen": part.ensemble.recipe}
    regimes = measure_regimes(name, examples, kin, out_of_fold, choices, config.protocol, config.level, every)
    rows = every or examples
    known = learn_measurements(rows.designs, rows.labels, missed, len(examples.designs))
    part.known = replace(known, agreement=regimes.known.settle(known.agreement))
    part.unfamiliar = regimes.unfamiliar
    return regimes
