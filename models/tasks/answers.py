"""Answers of one part of a model for its designs, on its scale and in units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.electrolyte_columns import Electrolytes
from features.tables.designs import Designs
from models.domain import Domain
from models.intervals import Calibration
from models.predictions import ENDS, Energies, Nearest, spread_over
from models.tasks.conductivity import ACTIVATION_ENERGY
from models.tasks.part import Part
from models.tasks.registry import TARGETS, TASKS, task_of
from models.tasks.task import asked_cycles

DEFAULT_CYCLE = 100.0
"""Cycle at which retention is predicted where a design names none."""


@dataclass(frozen=True)
class Answer:
    """Predictions of one part for the designs it judges: on its scale, with the distance to what it knows.

    Attributes
    ----------
    vectors : shape (n_designs, n_features)
    centre, spread : shape (n_designs,)
    rows, distances : nearest rows shown, of different papers, shape (n_designs, n); None inside cross-validation
    distance : to the nearest training row, shape (n_designs,); likewise
    """

    vectors: np.ndarray
    centre: np.ndarray
    spread: np.ndarray
    rows: np.ndarray | None
    distances: np.ndarray | None
    distance: np.ndarray | None

    def nearest(self, domain: Domain, count: int, mask: np.ndarray) -> Nearest:
        """Return the nearest rows of all designs, of which the part judges those of a mask.

        Parameters
        ----------
        domain : Domain
            Of the part.
        count : int
            Rows wanted of each design; without any there are none.
        mask : ndarray of bool, shape (n_all_designs,)
        """
        rows, away = np.empty((len(self.vectors), 0), dtype=np.int64), np.empty((len(self.vectors), 0))
        if count and self.rows is not None and self.distances is not None:
            rows, away = self.rows, self.distances
        return Nearest(spread_over(mask, rows), spread_over(mask, away), mask, domain.shown)


@dataclass(frozen=True)
class Judged:
    """Answers of the models asked.

    Attributes
    ----------
    answers : by name of `TASKS`; those of cells of the described designs only
    described : designs with an anode, shape (n_designs,)
    cells, held : the described designs with their conductivity, and their electrolytes
    """

    answers: dict[str, Answer]
    described: np.ndarray
    cells: Designs
    held: Electrolytes


def intervals(part: Part, read: Electrolytes, answer: Answer, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Half widths without measured values, and how far the middles lie above the predictions; of their own where the
    class of the electrolyte was never learnt from, or where it holds no lithium.

    Parameters
    ----------
    part : Part
        Its fitted model.
    read : Electrolytes
        Those of the designs.
    answer : Answer
        What it tells of the designs.
    level : float
        Share of papers whose values the interval should hold, 0 to 1.
    """
    half, shift = _interval(calibration_of(part), read, answer, level)
    if part.unfamiliar is None or level > part.unfamiliar.highest_level:
        return half, shift
    strange, (wider, moved) = _strange(part, read), _interval(part.unfamiliar, read, answer, level)
    return np.where(strange, wider, half), np.where(strange, moved, shift)


def _interval(
    calibration: Calibration, read: Electrolytes, answer: Answer, level: float
) -> tuple[np.ndarray, np.ndarray]:
    family = calibration.of_family(read.classes)[read.class_codes]
    half = calibration.half_width(answer.spread, level, answer.distance, answer.centre, family)
    return half, calibration.shift(half, level, answer.distance)


def _strange(part: Part, read: Electrolytes) -> np.ndarray:
    """Mask of electrolytes whose class was never learnt from, or that hold no lithium."""
    known = part.domain.classes if part.domain else read.classes
    strange = np.array([name not in known for name in read.classes], dtype=bool)[read.class_codes]
    return np.asarray(strange | read.without_lithium)


def probability_above(part: Part, read: Electrolytes, answer: Answer, limits: np.ndarray) -> np.ndarray:
    """Probability that each value lies above a limit, by the errors that settle its interval; shape (n_designs,).

    Parameters
    ----------
    part : Part
        Its fitted model.
    read : Electrolytes
        Those of the designs.
    answer : Answer
        What it tells of the designs.
    limits : ndarray
        On the part's scale, shape (n_designs,).
    """

    def by(calibration: Calibration) -> np.ndarray:
        family = calibration.of_family(read.classes)[read.class_codes]
        return calibration.probability_above(limits, answer.centre, answer.spread, answer.distance, family)

    alone = by(calibration_of(part))
    return alone if part.unfamiliar is None else np.where(_strange(part, read), by(part.unfamiliar), alone)


def limits_on_scale(column: str, limit: float, part: Part, frame: Designs) -> np.ndarray:
    """Return a limit of a target on the scale of its part, at the cycle of each design; shape (n_designs,) or ().

    Parameters
    ----------
    column, limit, part, frame
        Key of `TARGETS`, in its unit, the fitted model, and the designs it judges.
    """
    passed = asked_cycles(frame, DEFAULT_CYCLE) - 1
    return task_of(column).on_scale(TARGETS[column], limit, passed, part.settings)


def in_units(
    name: str, part: Part, frame: Designs, scaled: tuple[np.ndarray, np.ndarray, np.ndarray], cycles: Sequence[int]
) -> dict[str, np.ndarray]:
    """Return the columns of a part in the units of its targets.

    Parameters
    ----------
    name : str
        Key of `TASKS`.
    part : Part
        Its fitted model.
    frame : Designs
        Those the part judges.
    scaled : three of ndarray, shape (n_designs,)
        Value, low and high end on its scale.
    cycles : sequence of int
        Cycles asked for beside that of each design.
    """
    ends = dict(zip(ENDS, scaled, strict=True))
    task, passed = TASKS[name], asked_cycles(frame, DEFAULT_CYCLE) - 1
    columns: dict[str, np.ndarray] = {}
    for target in task.targets:
        after_cycles = {"": passed}
        if target.at_cycle:
            after_cycles |= {f"_at_{chosen}": np.full(len(frame), chosen - 1.0) for chosen in cycles}
        for at, since in after_cycles.items():
            for end, value in ends.items():
                columns[target.column + at + end] = task.in_unit(target, value, since, part.settings)
    return columns


def energy_columns(energies: Energies | None, count: int) -> dict[str, np.ndarray]:
    """Return activation energies as columns with their ends, each of shape (n_designs,); NaN where none are known.

    Parameters
    ----------
    energies : Energies or None
        Those of the designs.
    count : int
        Number of designs.
    """
    values = np.full((count, len(ENDS)), np.nan) if energies is None else energies.values
    return {ACTIVATION_ENERGY.column + end: values[:, place] for place, end in enumerate(ENDS)}


def calibration_of(part: Part) -> Calibration:
    """Return the calibration of a part.

    Parameters
    ----------
    part : Part
        Its fitted model.

    Raises
    ------
    ValueError
        It has none: it was fitted inside an evaluation.
    """
    if part.calibration is None:
        raise ValueError("this model was fitted inside an evaluation and has no intervals")
    return part.calibration
