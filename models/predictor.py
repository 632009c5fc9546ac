"""From candidate designs to predictions: values, intervals, notices and the nearest literature rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from features.electrolyte_columns import Electrolytes, read_electrolytes
from features.tables.designs import Designs
from models.bundle import Bundle
from models.candidates import has_anode
from models.domain import Domain
from models.exceedance import check_limits, probability_above, probability_column
from models.intervals import Calibration
from models.lab_calibration import OwnRows, moved, own_rows
from models.notices import (
    Notice,
    after,
    domain_notices,
    joined,
    of_rows,
    placed,
    reading_notices,
    skill_notices,
    where,
)
from models.tasks.part import Part, with_conductivity, with_link
from models.tasks.registry import LINK, TARGETS, TASKS, task_of
from models.tasks.task import asked_cycles

DEFAULT_CYCLE = 100.0
"""Cycle at which retention is predicted where a design names none."""
DEFAULT_LEVEL = 0.9
ENDS = ("", "_low", "_high")
"""Endings of the columns of a predicted quantity."""


@dataclass(frozen=True)
class Nearest:
    """The nearest literature rows of different papers, nearest first, of every design one model judges.

    Attributes
    ----------
    rows, distances : place among `precedents`, and how far; shape (n_designs, n)
    judged : designs that the model judges, shape (n_designs,)
    precedents : what was measured, and where
    """

    rows: np.ndarray
    distances: np.ndarray
    judged: np.ndarray
    precedents: list[dict[str, Any]]

    def of(self, design: int) -> list[dict[str, Any]]:
        """The rows of one design, each with its `distance`.

        Parameters
        ----------
        design : int
            Place of the design.
        """
        pairs = zip(self.rows[design].tolist(), self.distances[design].tolist(), strict=True)
        return [{**self.precedents[row], "distance": round(away, 3)} for row, away in pairs]


@dataclass
class Predictions:
    """Answers for a table of designs.

    Attributes
    ----------
    table : per target `<column>`, `<column>_low`, `<column>_high`, then `retention_pct_at_<cycle>` with its ends for
        every cycle asked for, then `notice`; NaN where a design says too little
    notices : those of the table, each distinct text once; null where there is nothing to say
    nearest : by target
    distances : by part, to the nearest training design in standard deviations, shape (n_designs,); NaN where a design
        says too little
    """

    table: pd.DataFrame
    notices: Notice
    nearest: dict[str, Nearest]
    distances: dict[str, np.ndarray]

    @property
    def precedents(self) -> list[dict[str, list[dict[str, Any]]]]:
        """Per design and target, the nearest literature rows of different papers."""
        return [
            {column: each.of(row) for column, each in self.nearest.items() if each.judged[row]}
            for row in range(len(self.table))
        ]


@dataclass(frozen=True)
class _Answer:
    """Predictions of one part for the designs it judges: on its scale, with the distance to what it knows."""

    vectors: np.ndarray
    centre: np.ndarray
    spread: np.ndarray
    distance: np.ndarray | None


class Predictor:
    """Answers for candidate designs from one bundle.

    Parameters
    ----------
    bundle : Bundle
    """

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle

    def predict(
        self,
        designs: pd.DataFrame | Designs,
        *,
        targets: Sequence[str] | None = None,
        level: float = DEFAULT_LEVEL,
        precedents: int = 3,
        measured: pd.DataFrame | None = None,
        cycles: Sequence[int] = (),
        above: Mapping[str, float] | None = None,
        electrolytes: Electrolytes | None = None,
    ) -> Predictions:
        """Predict each design.

        Parameters
        ----------
        designs : columns of `Candidate`, shape (n_designs, n_columns)
        targets : columns of `TARGETS`; all where not given
        level : share of papers whose values the interval should hold, 0 to 1
        precedents : nearest literature rows to return per design and target
        measured : designs of the same laboratory with what was measured, columns of `Measured`
        cycles : cycles at which retention is wanted beside that of the design's own
        above : limits of targets, in their units: `probability_column` of each is told as well
        electrolytes : what `read_electrolytes` gave of the designs, where that was done already

        Raises
        ------
        LevelError
            The number of papers cannot support the level.
        ValueError
            A target that does not exist, a limit no value of it could pass, or limits together with measured designs.
        """
        limits = check_limits(above or {})
        if limits and measured is not None:  # moved intervals have no scale to read a probability from
            raise ValueError(
                "probabilities above a limit are not known beside own measurements; ask for one of the two"
            )
        wanted, designs = check_targets(targets), Designs.of(designs)
        electrolytes = electrolytes or read_electrolytes(designs)
        described = has_anode(designs)
        of_cycles = [column for column, target in TARGETS.items() if target.at_cycle and cycles]
        asked = list(dict.fromkeys(task_of(column).name for column in (*wanted, *limits, *of_cycles)))
        answers = self._answers([LINK], designs, electrolytes)
        cells, held = designs, electrolytes
        if any(TASKS[name].of_cells for name in asked):
            cells = with_link(designs, answers[LINK].centre)
            if not described.all():
                cells, held = cells.take(described), electrolytes.take(described)
            answers |= self._answers([name for name in asked if TASKS[name].of_cells], cells, held)
        answers |= self._answers([name for name in asked if name not in answers], designs, electrolytes)
        notices = [
            where(~described, "no anode described: cell targets not predicted"),
            skill_notices(self.bundle.facts.get("skill", {}), wanted, described, _without_anode()),
            *reading_notices(designs, electrolytes),
        ]
        columns: dict[str, np.ndarray] = {}
        nearest: dict[str, Nearest] = {}
        distances: dict[str, np.ndarray] = {}
        for name in asked:
            is_cell = TASKS[name].of_cells
            frame, read = (cells, held) if is_cell else (designs, electrolytes)
            mask = described if is_cell else np.ones(len(designs), dtype=bool)
            part, answer = self.bundle.parts[name], answers[name]
            found, said = self._values(name, part, frame, answer, level, measured, cycles)
            for column, limit in limits.items():
                if task_of(column).name == name:
                    found[probability_column(column, limit)] = _probability(column, limit, part, frame, answer)
            columns |= {column: _spread_over(mask, values) for column, values in found.items()}
            if said:
                notices.append(of_rows(mask, said))
            if part.domain is not None and answer.distance is not None:
                distances[name] = _spread_over(mask, answer.distance)
                outside = joined(
                    [after(f"{name}: ", each) for each in domain_notices(part.domain, answer.distance, frame, read)]
                )
                notices.append(placed(mask, outside))
                judged = _nearest(part.domain, answer.vectors, precedents, mask)
                nearest |= {column: judged for column in wanted if task_of(column).name == name}
        order = [column + end for column in wanted for end in ENDS]
        order += [f"{column}_at_{cycle}{end}" for column in of_cycles for cycle in cycles for end in ENDS]
        order += [probability_column(*each) for each in limits.items()]
        told = joined(notices)
        said = pd.array(told.dictionary_decode().fill_null(""), dtype="str")
        table = pd.DataFrame({**{column: columns[column] for column in order}, "notice": said}, index=designs.index)
        return Predictions(table, told, {column: nearest[column] for column in wanted if column in nearest}, distances)

    def _answers(self, names: Sequence[str], designs: Designs, electrolytes: Electrolytes) -> dict[str, _Answer]:
        """Return the predictions of each part; those that read designs alike share their vectors."""
        found: dict[str, _Answer] = {}
        for name in names:
            featurizer = self.bundle.parts[name].featurizer
            alike = [each for each in found if featurizer.reads_like(self.bundle.parts[each].featurizer)]
            vectors = found[alike[0]].vectors if alike else featurizer.vectors(designs, electrolytes)
            found[name] = self._answer(name, vectors)
        return found

    def _answer(self, name: str, vectors: np.ndarray) -> _Answer:
        part = self.bundle.parts[name]
        if not len(vectors):
            return _Answer(vectors, np.empty(0), np.empty(0), np.empty(0))
        centre, spread = part.ensemble.predict(vectors)
        distance = part.domain.nearest_distance(vectors) if part.domain else None
        return _Answer(vectors, centre, spread, distance)

    def _values(
        self,
        name: str,
        part: Part,
        frame: Designs,
        answer: _Answer,
        level: float,
        measured: pd.DataFrame | None,
        cycles: Sequence[int],
    ) -> tuple[dict[str, np.ndarray], list[str]]:
        """The columns of one part, and what its measured designs changed in words, per design."""
        centre, said, half = answer.centre, list[str](), np.empty(0)
        if len(frame):  # a part that judges no design refuses no level
            half = _calibration(part).half_width(answer.spread, level, answer.distance)
        if measured is not None and len(frame):
            own = self._own(name, part, measured)
            each = [["none of your measured designs tells of it"]] * len(frame)
            if own is not None:
                centre, half, each = moved(
                    part, own, answer.vectors, frame.number("temperature_c"), centre, answer.spread, half, level
                )
            said = ["; ".join(f"{name}: {words}" for words in dict.fromkeys(row)) for row in each]
        return _in_units(name, part, frame, centre, half, cycles), said

    def _own(self, name: str, part: Part, measured: pd.DataFrame) -> OwnRows | None:
        if TASKS[name].of_cells:
            measured = with_conductivity(measured, self.bundle.parts[LINK])
        return own_rows(name, part, measured)


def _without_anode() -> set[str]:
    """Return columns of the targets that are predicted of an electrolyte alone."""
    return {target.column for task in TASKS.values() if not task.of_cells for target in task.targets}


def _probability(column: str, limit: float, part: Part, frame: Designs, answer: _Answer) -> np.ndarray:
    if not len(frame):
        return np.empty(0)
    limits = task_of(column).on_scale(TARGETS[column], limit, asked_cycles(frame, DEFAULT_CYCLE) - 1, part.settings)
    return probability_above(limits, _calibration(part), answer.centre, answer.spread, answer.distance)


def _in_units(
    name: str, part: Part, frame: Designs, centre: np.ndarray, half: np.ndarray, cycles: Sequence[int]
) -> dict[str, np.ndarray]:
    ends = dict(zip(ENDS, (centre, centre - half, centre + half), strict=True))
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


def _nearest(domain: Domain, vectors: np.ndarray, count: int, mask: np.ndarray) -> Nearest:
    rows, away = np.empty((len(vectors), 0), dtype=np.int64), np.empty((len(vectors), 0))
    if count:  # without, not even the scaled vectors are worth their time
        rows, away = domain.nearest(vectors, count)
    return Nearest(_spread_over(mask, rows), _spread_over(mask, away), mask, domain.precedents)


def _spread_over(mask: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Values of the designs of the mask at their places among all; NaN elsewhere, 0 where they are whole numbers."""
    if mask.all():
        return values
    empty = np.nan if values.dtype.kind == "f" else 0
    found = np.full((len(mask), *values.shape[1:]), empty, dtype=values.dtype)
    found[mask] = values
    return found


def _calibration(part: Part) -> Calibration:
    if part.calibration is None:
        raise ValueError("this model was fitted inside an evaluation and has no intervals")
    return part.calibration


def check_targets(targets: Sequence[str] | None) -> list[str]:
    """The targets asked for, all where none is; refuses unknown ones.

    Parameters
    ----------
    targets : sequence of str | None
        Columns of `TARGETS`; None for all.
    """
    unknown = [column for column in targets or [] if column not in TARGETS]
    if unknown:
        raise ValueError(f"unknown target {', '.join(unknown)}; expected some of {', '.join(TARGETS)}")
    return [column for column in TARGETS if not targets or column in targets]
