"""Values that are possible and unlikely: a fraction meant as per cent, mS/cm entered as S/cm, kelvin as °C.

Nothing here refuses a row: it must be confirmed.
"""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import UnionType

from features.electrolyte import DEFAULT_TEMPERATURE_C
from features.family import resolve_class
from features.tables.literature import Literature
from features.tables.records import CellRow, CyclingRow, ElectrolyteRow, Row
from training.intake.draft import Draft

LIKE_TEMPERATURE_C = 25.0
"""Rows within this many degrees are compared."""
ENOUGH_ROWS = 3
"""Rows of a class below which all solid electrolytes are compared instead."""
FAR = 100.0
"""Times the middle of the class; a value within the range the class shows is never far."""
MILLI_ABOVE = 3.0
"""Times the highest of the class from which on a value is asked whether it was meant in mS/cm."""
FRACTION_COLUMNS = (
    "ice_pct", "average_ce_pct", "retention_pct", "porosity_pct", "silicon_wt_pct", "anode_electrolyte_wt_pct"
)  # fmt: skip
"""Percentages that are hardly ever 1 or less; carbon and binder are."""
LOW_PCT, USUAL_PCT = 10.0, 50.0
KELVIN = (273.0, 400.0)
"""Temperatures of room and heated tests in kelvin; in °C few electrolytes are measured there."""
HEATED_C = (100.0, 273.0)
"""A paper with tests between these is one that heats, in °C."""


@dataclass(frozen=True)
class Doubt:
    """A value that must be confirmed.

    Attributes
    ----------
    draft : Draft
        The new row.
    column : str
        Of the value.
    got : str
        The value with its unit.
    why : str
        What makes it unlikely.
    """

    draft: Draft
    column: str
    got: str
    why: str


@dataclass(frozen=True)
class _Measured:
    kind: str | None
    temperature_c: float
    conductivity_s_per_cm: float


def doubts(rows: Sequence[Draft], literature: Literature) -> list[Doubt]:
    """Return every unlikely value of the new rows.

    Parameters
    ----------
    rows : sequence of Draft
        Rows that would be added.
    literature : Literature
        Shipped and own rows that are there; new rows are not judged by each other's conductivity.
    """
    measured = [_measured(row) for row in literature.electrolytes if row.in_training and row.conductivity_s_per_cm]
    every_row = [*literature.electrolytes, *literature.cells, *literature.cycling, *(draft.row for draft in rows)]
    efficiencies = _by_group(every_row, CellRow, "paper", "ice_pct")
    retentions = _by_group(every_row, CyclingRow, "cell_id", "retention_pct")
    temperatures = _by_group(every_row, ElectrolyteRow | CellRow, "paper", "temperature_c")
    unlikely = list[Doubt]()
    for draft in rows:
        unlikely += _fractions(draft, efficiencies, retentions)
        unlikely += _kelvin(draft, temperatures)
        unlikely += _conductivity(draft, measured)
    return unlikely


def _by_group(rows: Iterable[Row], kinds: type[Row] | UnionType, group: str, column: str) -> dict[str, list[float]]:
    """Return the values of a column in rows of these kinds, by paper or by cell."""
    values: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        if isinstance(row, kinds) and (value := getattr(row, column)) is not None:
            values[getattr(row, group)].append(value)
    return values


def _fractions(
    draft: Draft, efficiencies: dict[str, list[float]], retentions: dict[str, list[float]]
) -> Iterable[Doubt]:
    """Yield percentages that look like fractions, or are far below the others of their paper or cell."""
    row = draft.row
    for column in FRACTION_COLUMNS:
        value = getattr(row, column, None)
        if value is None or value == 0 or value >= LOW_PCT:
            continue
        others: list[float] = []
        if isinstance(row, CellRow) and column == "ice_pct":
            others = efficiencies[row.paper]
        if isinstance(row, CyclingRow) and column == "retention_pct":
            others = retentions[row.cell_id]
        usual = [other for other in others if other > USUAL_PCT]
        alone = len(others) == 1 and column == "ice_pct"
        if value <= 1:
            why = f"looks like a fraction; {100 * value:g} % is written {100 * value:g} here"
        elif usual:
            why = f"the others of its paper or cell are {min(usual):g} and more"
        elif alone:
            why = f"no cell of the tables is this low, the usual is {USUAL_PCT:g}+"
        else:
            continue
        yield Doubt(draft, column, f"{value:g} %", why)


def _kelvin(draft: Draft, temperatures: dict[str, list[float]]) -> Iterable[Doubt]:
    """Yield temperatures that look like kelvin."""
    row = draft.row
    for column in ("temperature_c", "electrolyte_conductivity_temperature_c"):
        value = getattr(row, column, None)
        if value is None or not KELVIN[0] <= value <= KELVIN[1]:
            continue
        if not any(HEATED_C[0] <= other < HEATED_C[1] for other in temperatures[row.paper]):
            yield Doubt(draft, column, f"{value:g} °C", f"looks like kelvin; {value:g} K is {value - 273.15:.4g} °C")


def _measured(row: ElectrolyteRow) -> _Measured:
    kind, _ = resolve_class(row.electrolyte, row.composition or "", row.electrolyte_class or "")
    return _Measured(kind, _warmth(row.temperature_c), row.conductivity_s_per_cm or math.nan)


def _warmth(temperature_c: float | None) -> float:
    return DEFAULT_TEMPERATURE_C if temperature_c is None else temperature_c


def _conductivity(draft: Draft, measured: Sequence[_Measured]) -> Iterable[Doubt]:
    """Yield conductivities that look like mS/cm, or are far from those of the same class."""
    row = draft.row
    if isinstance(row, ElectrolyteRow):
        column, value, temperature = "conductivity_s_per_cm", row.conductivity_s_per_cm, row.temperature_c
    elif isinstance(row, CellRow):
        column, value = "electrolyte_conductivity_s_per_cm", row.electrolyte_conductivity_s_per_cm
        temperature = row.electrolyte_conductivity_temperature_c or row.temperature_c
    else:
        return
    if value is None:
        return
    kind, _ = resolve_class(row.electrolyte or "", row.composition or "", row.electrolyte_class or "")
    near = [other for other in measured if abs(other.temperature_c - _warmth(temperature)) <= LIKE_TEMPERATURE_C]
    like = [other.conductivity_s_per_cm for other in near if kind is not None and other.kind == kind]
    name = f"{kind} rows"
    solid = [other.conductivity_s_per_cm for other in near if other.kind != "liquid"]
    if len(like) < ENOUGH_ROWS:
        like, name = solid, "solid electrolytes"
    if len(like) < ENOUGH_ROWS:
        return
    low, high = min(like), max(like)
    middle = statistics.median(like)
    shown = f"{len(like)} {name} at like temperature show {low:.2g} to {high:.2g} S/cm"
    if value > MILLI_ABOVE * high and min(solid, default=low) <= value / 1000 <= high:
        yield Doubt(draft, column, f"{value:g} S/cm", f"looks like mS/cm; {shown}")
        return
    times = max(value / middle, middle / value)
    if not low <= value <= high and times > FAR * (1 + 1e-9):
        yield Doubt(draft, column, f"{value:g} S/cm", f"{times:.0f} times away from their middle; {shown}")
