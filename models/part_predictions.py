"""Requests for predictions, and predictions of one part of a model for its designs, on its scale and in units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from features.electrolyte_columns import Electrolytes, read_electrolytes
from features.tables.designs import Designs
from models.intervals import Calibration
from models.known.shrinkage import Shrunk
from models.notices import Notice, after, domain_notices, of_rows, placed
from models.polymers.prediction import PolymerAnswer
from models.predictions import ENDS, Energies, Nearest, spread_over
from models.tasks.conductivity import ACTIVATION_ENERGY
from models.tasks.first_capacity import RESTS_ON
from models.tasks.part import Part
from models.tasks.registry import ON_REQUEST, RANGES, TARGETS, TASKS, is_range_alone, task_of
from models.tasks.task import asked_cycles


@dataclass(frozen=True)
class PredictionRequest:
    """Quantities to predict, and what they need.

    Attributes
    ----------
    quantities : sequence of str
        Columns of `all_targets`, as they are answered.
    limits : mapping of str to float
        Limits of targets, in their units, whose probability of being passed is predicted too.
    cycles : sequence of int
        Cycles at which retention is predicted beside that of the design's own.
    level : float
        Share of papers whose values the interval should hold, 0 to 1.
    points : bool
        Whether a target of cells without skill has a point.
    """

    quantities: Sequence[str]
    limits: Mapping[str, float]
    cycles: Sequence[int]
    level: float
    points: bool

    @cached_property
    def learned(self) -> list[str]:
        """Those that a model predicts."""
        return [column for column in self.quantities if column in TARGETS]

    @cached_property
    def range_only(self) -> list[str]:
        """Those that have a range alone."""
        return [column for column in self.quantities if is_range_alone(column)]

    @cached_property
    def on_request(self) -> list[str]:
        """Those that are predicted on request alone."""
        return [column for column in self.quantities if column in ON_REQUEST and column not in TARGETS]

    @cached_property
    def needed(self) -> list[str]:
        """Learned targets that the answer needs, those with limits, at cycles and below a range among them."""
        rested_on = [RESTS_ON[column] for column in self.range_only if column in RESTS_ON]
        return list(dict.fromkeys([*self.learned, *self.limits, *self._at_cycles, *rested_on]))

    @cached_property
    def task_names(self) -> list[str]:
        """Names of `TASKS` that the answer needs."""
        return list(dict.fromkeys([task_of(column).name for column in (*self.on_request, *self.needed)]))

    @property
    def _at_cycles(self) -> list[str]:
        return [column for column, target in TARGETS.items() if target.at_cycle and self.cycles]

    @property
    def columns(self) -> list[str]:
        """Columns of quantities in the answer, in order; those of limits come behind."""
        at_cycles = self._at_cycles + [column for column in self.range_only if RANGES[column].at_cycle]
        return [
            *(column + end for column in self.quantities for end in ENDS),
            *(f"{column}_at_{cycle}{end}" for column in at_cycles for cycle in self.cycles for end in ENDS),
        ]


@dataclass(frozen=True)
class PartPredictions:
    """Predictions of one part for the designs it judges, on its scale: of its model, then moved by measured values.

    Attributes
    ----------
    name : str
        Key of `TASKS`.
    part : Part
        Its fitted model.
    designs : Designs
        Those it judges; cells with their conductivity.
    mask : ndarray of bool, shape (n_all_designs,)
        Which of all designs they are.
    vectors : ndarray, shape (n_designs, n_features)
    model, spread : ndarray, shape (n_designs,)
        Of the model alone.
    rows, distances : ndarray, shape (n_designs, n), or None
        Nearest rows shown, of different papers; None inside cross-validation.
    distance : ndarray, shape (n_designs,), or None
        To the nearest training row; likewise.
    centre, half : ndarray, shape (n_designs,)
        Predictions and half widths of their intervals.
    alone : ndarray, shape (n_designs,)
        Half widths without any measured value.
    shift : ndarray, shape (n_designs,)
        How far the middles of the intervals lie above the predictions.
    drawn : Shrunk or None
        Where predictions are drawn to what was measured of a composition.
    text : Notice or None
        What was measured of the very design; None where the part draws to nothing.
    own_notices : list of str
        What the laboratory's own measurements changed of each design; empty where there are none.
    polymers : PolymerAnswer or None
        Predictions of the polymer model in the part's place.
    """

    name: str
    part: Part
    designs: Designs
    mask: np.ndarray
    vectors: np.ndarray
    model: np.ndarray
    spread: np.ndarray
    rows: np.ndarray | None
    distances: np.ndarray | None
    distance: np.ndarray | None
    centre: np.ndarray = field(default_factory=lambda: np.empty(0))
    half: np.ndarray = field(default_factory=lambda: np.empty(0))
    alone: np.ndarray = field(default_factory=lambda: np.empty(0))
    shift: np.ndarray = field(default_factory=lambda: np.empty(0))
    drawn: Shrunk | None = None
    text: Notice | None = None
    own_notices: Sequence[str] = ()
    polymers: PolymerAnswer | None = None

    @property
    def electrolytes(self) -> Electrolytes:
        """Electrolytes of the designs."""
        return read_electrolytes(self.designs)

    @property
    def before_measured(self) -> np.ndarray:
        """Predictions of the models alone, the polymer model's where it has one, shape (n_designs,)."""
        return self.polymers.instead_of(self.model, self.alone)[0] if self.polymers else self.model

    def nearest(self, count: int) -> Nearest:
        """Return the nearest rows of all designs, of which the part judges some.

        Parameters
        ----------
        count : int
            Rows wanted of each design; without any there are none.
        """
        rows, distances = np.empty((len(self.vectors), 0), dtype=np.int64), np.empty((len(self.vectors), 0))
        if count and self.rows is not None and self.distances is not None:
            rows, distances = self.rows, self.distances
        precedents = self.part.domain.all_precedents if self.part.domain else []
        return Nearest(spread_over(self.mask, rows), spread_over(self.mask, distances), self.mask, precedents)

    def notices(self) -> list[Notice]:
        """Return notices of all designs: of the polymer model, of measured values, and of how far these designs lie."""
        notices = []
        if self.polymers:
            notices.append(placed(self.mask, self.polymers.notices))
        if self.drawn:
            notices.append(placed(self.mask, after(f"{self.name}: ", self.drawn.notices)))
        if self.own_notices:
            notices.append(of_rows(self.mask, self.own_notices))
        if self.part.domain is not None and self.distance is not None:
            texts = domain_notices(self.part.domain, self.distance, self.designs, self.electrolytes)
            notices += [placed(self.mask, after(f"{self.name}: ", text)) for text in texts]
        return notices

    def intervals(self, level: float) -> tuple[np.ndarray, np.ndarray]:
        """Return half widths without measured values, and how far the middles lie above the model's predictions; of
        their own where the class of the electrolyte was never learnt from, or where it holds no lithium.

        Parameters
        ----------
        level : float
            Share of papers whose values the interval should hold, 0 to 1.
        """
        unfamiliar = self.part.unfamiliar
        half, shift = self._interval(calibration_of(self.part), level)
        if unfamiliar is None or level > unfamiliar.highest_level:
            return half, shift
        is_unfamiliar, (wider, moved) = self._unfamiliar(), self._interval(unfamiliar, level)
        return np.where(is_unfamiliar, wider, half), np.where(is_unfamiliar, moved, shift)

    def _interval(self, calibration: Calibration, level: float) -> tuple[np.ndarray, np.ndarray]:
        half = calibration.half_width(self.spread, level, self.distance, self.model, self._family(calibration))
        return half, calibration.shift(half, level, self.distance)

    def _family(self, calibration: Calibration) -> np.ndarray:
        return np.asarray(calibration.of_family(self.electrolytes.classes)[self.electrolytes.class_codes])

    def _unfamiliar(self) -> np.ndarray:
        """Mask of electrolytes whose class was never learnt from, or that hold no lithium."""
        read = self.electrolytes
        known = self.part.domain.classes if self.part.domain else read.classes
        is_unfamiliar = np.array([name not in known for name in read.classes], dtype=bool)[read.class_codes]
        return np.asarray(is_unfamiliar | read.without_lithium)

    def limits_on_scale(self, column: str, limit: float) -> np.ndarray:
        """Return a limit of a target on the part's scale, at the cycle of each design; shape (n_designs,) or ().

        Parameters
        ----------
        column : str
            Key of `TARGETS`.
        limit : float
            In its unit.
        """
        passed = asked_cycles(self.designs) - 1
        return TASKS[self.name].on_scale(TARGETS[column], limit, passed, self.part.settings)

    def probability_above(self, column: str, limit: float) -> np.ndarray:
        """Return the probability that each value lies above a limit, by the errors that settle its interval, moved and
        narrowed as the prediction was; shape (n_designs,).

        Parameters
        ----------
        column, limit
            As for `limits_on_scale`.
        """
        if not len(self.designs):
            return np.empty(0)
        limits = self.limits_on_scale(column, limit)
        if self.own_notices:
            limits = self.before_measured + (limits - self.centre) * self.alone / self.half
        unfamiliar, chance = self.part.unfamiliar, self._probability(calibration_of(self.part), limits)
        if unfamiliar is not None:
            chance = np.where(self._unfamiliar(), self._probability(unfamiliar, limits), chance)
        if self.polymers:
            chance = self.polymers.probability_above(limits, chance)
        return chance if self.drawn is None else self.drawn.probability_above(limits, chance)

    def _probability(self, calibration: Calibration, limits: np.ndarray) -> np.ndarray:
        family = self._family(calibration)
        return calibration.probability_above(limits, self.model, self.spread, self.distance, family)

    def in_units(
        self, scaled: tuple[np.ndarray, np.ndarray, np.ndarray], cycles: Sequence[int]
    ) -> dict[str, np.ndarray]:
        """Return values of the part in the units of its targets, by column.

        Parameters
        ----------
        scaled : three of ndarray, shape (n_designs,)
            Value, low and high end on its scale.
        cycles : sequence of int
            Further cycles beside that of each design.
        """
        ends = dict(zip(ENDS, scaled, strict=True))
        task, passed = TASKS[self.name], asked_cycles(self.designs) - 1
        columns: dict[str, np.ndarray] = {}
        for target in task.targets:
            after_cycles = {"": passed}
            if target.at_cycle:
                after_cycles |= {f"_at_{chosen}": np.full(len(self.designs), chosen - 1.0) for chosen in cycles}
            for suffix, since in after_cycles.items():
                for end, value in ends.items():
                    columns[target.column + suffix + end] = task.in_unit(target, value, since, self.part.settings)
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
