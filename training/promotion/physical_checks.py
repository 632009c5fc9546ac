"""Known truths every model must keep: checked on a model's own predictions for the example designs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from features.tables.records import Candidate
from features.tables.rows import read_table
from models.bundle import Bundle
from models.candidates import candidate_frame, has_anode
from models.predictor import Predictor
from models.tasks.conductivity import CONDUCTIVITY
from models.tasks.fade import LIFE, RETENTION
from models.tasks.fade_law import LIFE_RETENTION_PCT
from models.tasks.ice import ICE
from models.tasks.registry import TARGETS, task_of

EXAMPLES = Path(__file__).resolve().parents[2] / "data" / "examples" / "candidates.csv"
TEMPERATURES_C = (-20.0, 0.0, 25.0, 45.0, 60.0, 80.0, 100.0)
CYCLES = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 3000.0)
HAIR = 1e-9
"""Relative difference that counts as none."""
CROSSING_PCT = 0.01
"""How near to 80 % the retention at the predicted life must be."""


@dataclass(frozen=True)
class PhysicalCheck:
    """One known truth and the designs whose predictions break it, each in words."""

    name: str
    statement: str
    broken: tuple[str, ...]
    designs: int


def example_designs() -> pd.DataFrame:
    """The shipped example designs, with the name of each as the index."""
    table = read_table(EXAMPLES, Candidate, own_columns=True)
    frame = candidate_frame(table.rows)
    return frame.set_index(pd.Index([raw["design"] for raw in table.raw], name="design"))


def check_physics(bundle: Bundle, designs: pd.DataFrame) -> list[PhysicalCheck]:
    """Check that a model keeps what is known: the conductivity never falls with temperature; the retention is 100 at
    the reference cycle, never rises with the cycle and crosses 80 % at the predicted life; the ICE lies within 0 to
    100; each interval holds its value; and there is a number wherever a design says enough.

    Not checked: how steep anything is. Trees are flat between two splits, and the shipped literature prints few
    conductivities away from 25 °C: a model may hardly know that temperature matters and still keep this.

    Parameters
    ----------
    bundle : Bundle
        A trained model.
    designs : DataFrame
        Columns of `Candidate`, indexed by name, shape (n_designs, n_columns); NaN where a design states nothing.
    """
    with np.errstate(all="ignore"):  # a broken model may well divide by zero
        return _checked(Predictor(bundle), designs)


def _checked(predictor: Predictor, designs: pd.DataFrame) -> list[PhysicalCheck]:
    cells = designs[has_anode(designs)]
    once = predictor.predict(designs, precedents=0).table
    warm = _grid(predictor, designs, "temperature_c", TEMPERATURES_C, [CONDUCTIVITY.column])
    aged = _grid(predictor, cells, "cycle", CYCLES, [RETENTION.column])
    return [
        PhysicalCheck(
            "numbers", "a number for every target a design describes", _without_number(once, cells), len(designs)
        ),
        PhysicalCheck("intervals", "low <= value <= high", _outside(once), len(designs)),
        PhysicalCheck("ice", "initial Coulombic efficiency within 0 and 100 %", _ice(once), len(cells)),
        PhysicalCheck(
            "temperature", "conductivity never falls with temperature",
            _wrong_way(CONDUCTIVITY.column, warm, "°C", TEMPERATURES_C, -1), len(designs),
        ),
        PhysicalCheck("reference", "retention 100 % at the reference cycle", _reference(aged), len(cells)),
        PhysicalCheck(
            "fade", "retention never rises with the cycle",
            tuple(
                message
                for end in ("", "_low", "_high")
                for message in _wrong_way(RETENTION.column + end, aged, "cycles", CYCLES, 1)
            ),
            len(cells),
        ),
        PhysicalCheck(
            "life", "retention crosses 80 % at the predicted life", _crossing(predictor, cells, once), len(cells)
        ),
    ]  # fmt: skip


def _grid(
    predictor: Predictor, designs: pd.DataFrame, column: str, values: Sequence[float], targets: list[str]
) -> list[pd.DataFrame]:
    """Predictions for all designs at each value of a column."""
    every = pd.concat([designs.assign(**{column: value}) for value in values])
    table = predictor.predict(every, targets=targets, precedents=0).table
    return [table.iloc[len(designs) * place : len(designs) * (place + 1)] for place in range(len(values))]


def _name(designs: pd.DataFrame, row: np.intp) -> str:
    return str(designs.index[int(row)])


def _without_number(once: pd.DataFrame, cells: pd.DataFrame) -> tuple[str, ...]:
    expected = {column: cells.index if task_of(column).of_cells else once.index for column in TARGETS}
    return tuple(
        f"{name}: no {TARGETS[column].label}"
        for column, names in expected.items()
        for name in names
        if not np.isfinite(once.loc[name, [column, f"{column}_low", f"{column}_high"]].to_numpy(dtype=float)).all()
    )


def _outside(once: pd.DataFrame) -> tuple[str, ...]:
    broken = []
    for column in TARGETS:
        low, value, high = (once[column + end].to_numpy(dtype=float) for end in ("_low", "", "_high"))
        for row in np.flatnonzero((low > value * (1 + HAIR)) | (value > high * (1 + HAIR))):
            ends = f"{low[row]:.4g} to {high[row]:.4g} does not hold {value[row]:.4g}"
            broken.append(f"{_name(once, row)}: {TARGETS[column].label} {ends}")
    return tuple(broken)


def _ice(once: pd.DataFrame) -> tuple[str, ...]:
    ends = once[[f"{ICE.column}_low", ICE.column, f"{ICE.column}_high"]].to_numpy(dtype=float)
    wrong = np.flatnonzero(((ends < ICE.low) | (ends > ICE.high)).any(axis=1))
    return tuple(f"{_name(once, row)}: {', '.join(f'{value:.4g} %' for value in ends[row])}" for row in wrong)


def _wrong_way(
    column: str, steps: list[pd.DataFrame], unit: str, values: Sequence[float], sign: int
) -> tuple[str, ...]:
    """Designs whose prediction moves in the direction of `sign` from one step to the next."""
    predicted = np.array([table[column].to_numpy(dtype=float) for table in steps])
    over = sign * np.diff(predicted, axis=0) > HAIR * np.abs(predicted[:-1])
    broken = []
    for row in np.flatnonzero(over.any(axis=0)):
        step = int(np.flatnonzero(over[:, row])[0])
        first, second = predicted[step : step + 2, row]
        ends = f"{first:.4g} at {values[step]:g} {unit}, {second:.4g} at {values[step + 1]:g}"
        broken.append(f"{_name(steps[0], row)}: {ends}")
    return tuple(broken)


def _reference(aged: list[pd.DataFrame]) -> tuple[str, ...]:
    first = aged[0][RETENTION.column].to_numpy(dtype=float)
    wrong = np.flatnonzero(~(np.abs(first - 100) <= 100 * HAIR))
    return tuple(f"{_name(aged[0], row)}: {first[row]:.4g} %" for row in wrong)


def _crossing(predictor: Predictor, cells: pd.DataFrame, once: pd.DataFrame) -> tuple[str, ...]:
    """A life at the limit of what is printed may be longer: there the retention must still be 80 % or more."""
    life = once.loc[cells.index, LIFE.column].to_numpy(dtype=float)
    at_life = predictor.predict(cells.assign(cycle=life), targets=[RETENTION.column], precedents=0).table
    value = at_life[RETENTION.column].to_numpy(dtype=float)
    beyond = (life >= LIFE.high) & (value >= LIFE_RETENTION_PCT)
    wrong = np.flatnonzero(~(beyond | (np.abs(value - LIFE_RETENTION_PCT) <= CROSSING_PCT)))
    return tuple(f"{_name(cells, row)}: {value[row]:.4g} % at cycle {life[row]:.0f}" for row in wrong)
