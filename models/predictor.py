"""From candidate designs to predictions: values, intervals, notices and the nearest literature rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from features.charge import charge_imbalance, is_balanced
from features.composition import composition_of
from features.electrolyte import classes_of, resolve_class
from features.feature import number, text
from features.records import LIQUID_CLASSES
from models import lifetime
from models.bundle import Bundle
from models.designs import has_anode
from models.domain import Domain
from models.intervals import Calibration
from models.own import OwnRows, moved, own_rows
from models.parts import Part, with_conductivity
from models.targets import CONDUCTIVITY, ICE, LIFE, RETENTION, TARGETS

DEFAULT_CYCLE = 100.0
"""Cycle at which retention is predicted where a design names none."""
DEFAULT_LEVEL = 0.9
SAME_TEMPERATURE_C = 10.0
"""A measured conductivity this far from the test temperature gets a notice."""
PART_OF = {CONDUCTIVITY.column: "conductivity", ICE.column: "ice", RETENTION.column: "fade", LIFE.column: "fade"}


@dataclass
class Predictions:
    """Answers for a table of designs.

    Attributes
    ----------
    table : per target `<column>`, `<column>_low`, `<column>_high`, then `notice`; NaN where a design says too little
    precedents : per design and target, the nearest literature rows of different papers
    distances : per design and target, distance to the nearest training design in standard deviations
    """

    table: pd.DataFrame
    precedents: list[dict[str, list[dict[str, Any]]]]
    distances: list[dict[str, float]]


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
        designs: pd.DataFrame,
        *,
        targets: Sequence[str] | None = None,
        level: float = DEFAULT_LEVEL,
        precedents: int = 3,
        measured: pd.DataFrame | None = None,
    ) -> Predictions:
        """Predict each design.

        Parameters
        ----------
        designs : columns of `Candidate`, shape (n_designs, n_columns)
        targets : columns of `TARGETS`; all where not given
        level : share of papers whose values the interval should hold, 0 to 1
        precedents : nearest literature rows to return per design and target
        measured : designs of the same laboratory with what was measured, columns of `Measured`

        Raises
        ------
        LevelError
            The number of papers cannot support the level.
        ValueError
            A target that does not exist.
        """
        wanted = check_targets(targets)
        described = has_anode(designs)
        cells = with_conductivity(designs, self.bundle.parts["conductivity"])
        notices = [[] if anode else ["no anode described: cell targets not predicted"] for anode in described]
        self._add_skill_notices(wanted, described, notices)
        self._add_reading_notices(designs, notices)
        columns: dict[str, np.ndarray] = {}
        nearest: list[dict[str, list[dict[str, Any]]]] = [{} for _ in range(len(designs))]
        distances: list[dict[str, float]] = [{} for _ in range(len(designs))]
        for name in dict.fromkeys(PART_OF[column] for column in wanted):
            part, frame = self.bundle.parts[name], designs if name == "conductivity" else cells
            mask = np.ones(len(designs), dtype=bool) if name == "conductivity" else described
            own = None if measured is None else self._own(name, part, measured)
            away = part.domain.distances(part.featurizer.transform(frame)) if part.domain else None
            found, said = self._values(name, part, frame, level, own, away)
            if measured is not None and own is None:
                said = [["none of your measured designs tells of it"]] * len(designs)
            for row in np.flatnonzero(mask) if said else ():
                notices[row] += [f"{name}: {each}" for each in said[row]]
            for column, values in found.items():
                columns[column] = np.where(mask, values, np.nan)
            if away is not None and part.domain is not None:
                self._place(name, part.domain, away, frame, mask, precedents, nearest, distances, notices)
        order = [column + end for column in wanted for end in ("", "_low", "_high")]
        table = pd.DataFrame({column: columns[column] for column in order}, index=designs.index)
        table["notice"] = ["; ".join(dict.fromkeys(each)) for each in notices]
        wanted_rows = [
            {column: found[PART_OF[column]] for column in wanted if PART_OF[column] in found} for found in nearest
        ]
        return Predictions(table, wanted_rows, distances)

    def _own(self, name: str, part: Part, measured: pd.DataFrame) -> OwnRows | None:
        if name != "conductivity":
            measured = with_conductivity(measured, self.bundle.parts["conductivity"])
        return own_rows(name, part, measured)

    def _values(
        self, name: str, part: Part, frame: pd.DataFrame, level: float, own: OwnRows | None, away: np.ndarray | None
    ) -> tuple[dict[str, np.ndarray], list[list[str]]]:
        centre, spread = part.predict(frame)
        distance = None if away is None else away.min(axis=1)
        half, said = _calibration(part).half_width(spread, level, distance), list[list[str]]()
        if own is not None:
            centre, half, said = moved(part, own, frame, centre, spread, half, level)
        return self._in_units(name, part, frame, centre, half), said

    @staticmethod
    def _in_units(
        name: str, part: Part, frame: pd.DataFrame, centre: np.ndarray, half: np.ndarray
    ) -> dict[str, np.ndarray]:
        ends = {"": centre, "_low": centre - half, "_high": centre + half}
        if name == "conductivity":
            return {CONDUCTIVITY.column + end: CONDUCTIVITY.unscaled(value) for end, value in ends.items()}
        if name == "ice":
            return {ICE.column + end: ICE.unscaled(value) for end, value in ends.items()}
        cycle = number(frame, "cycle")
        after = np.where(np.isnan(cycle), DEFAULT_CYCLE, cycle) - 1
        found = {
            RETENTION.column + end: lifetime.retention_pct(value, after, part.settings["shape"])
            for end, value in ends.items()
        }
        return found | {LIFE.column + end: np.clip(1 + 10.0**value, LIFE.low, LIFE.high) for end, value in ends.items()}

    @staticmethod
    def _place(
        name: str,
        domain: Domain,
        away: np.ndarray,
        frame: pd.DataFrame,
        mask: np.ndarray,
        count: int,
        nearest: list[dict[str, list[dict[str, Any]]]],
        distances: list[dict[str, float]],
        notices: list[list[str]],
    ) -> None:
        if not mask.any():
            return
        classes = classes_of(frame)
        pairs = list(zip(text(frame, "electrolyte"), text(frame, "composition"), strict=True))
        for row, design in enumerate(frame.to_dict("records")):
            if mask[row]:
                closest = float(away[row].min())
                distances[row][name] = closest
                nearest[row][name] = domain.nearest(away[row], count)
                found = domain.notices(
                    closest,
                    {str(key): value for key, value in design.items()},
                    composition_of(*pairs[row]),
                    classes[row],
                )
                notices[row] += [f"{name}: {each}" for each in found]

    @staticmethod
    def _add_reading_notices(designs: pd.DataFrame, notices: list[list[str]]) -> None:
        columns = (text(designs, name) for name in ("electrolyte", "composition", "electrolyte_class"))
        measured_at, tested_at = (
            number(designs, "electrolyte_conductivity_temperature_c"),
            number(designs, "temperature_c"),
        )
        for row, (name, composition, given) in enumerate(zip(*columns, strict=True)):
            held, derived = resolve_class(name, composition, given)
            amounts = composition_of(name, composition)
            if amounts is None:
                notices[row].append(
                    f"no stoichiometry known for {name}: conductivity judged from its class and form alone"
                )
            elif not is_balanced(amounts):
                notices[row].append(f"the charges of the formula do not cancel ({charge_imbalance(amounts):+.1f})")
            if held in LIQUID_CLASSES:
                notices[row].append(f"{held} electrolyte: the models are about solid ones")
            elif held is None:
                notices[row].append("electrolyte class unknown")
            elif derived:
                notices[row].append(f"class read from the formula: {held}")
            if abs(measured_at[row] - tested_at[row]) > SAME_TEMPERATURE_C:
                given_at, tested = f"{measured_at[row]:g} °C", f"{tested_at[row]:g} °C"
                notices[row].append(
                    f"the conductivity given was measured at {given_at}, the cell is tested at {tested}"
                )

    def _add_skill_notices(self, wanted: Sequence[str], described: np.ndarray, notices: list[list[str]]) -> None:
        skill = self.bundle.facts.get("skill", {})
        silent = [column for column in wanted if not skill.get(column, {}).get("shown", True)]
        for row, anode in enumerate(described):
            if named := [column for column in silent if anode or column == CONDUCTIVITY.column]:
                notices[row].append(f"no skill shown yet on unseen papers: {', '.join(named)}")


def _calibration(part: Part) -> Calibration:
    if part.calibration is None:
        raise ValueError("this model was fitted inside an evaluation and has no intervals")
    return part.calibration


def check_targets(targets: Sequence[str] | None) -> list[str]:
    """The targets asked for, all where none is; refuses unknown ones."""
    unknown = [column for column in targets or [] if column not in TARGETS]
    if unknown:
        raise ValueError(f"unknown target {', '.join(unknown)}; expected some of {', '.join(TARGETS)}")
    return [column for column in TARGETS if not targets or column in targets]
