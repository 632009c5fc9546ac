"""Values that are possible and unlikely: a fraction meant as per cent, mS/cm entered as S/cm, kelvin as °C.

Nothing here refuses a row: it must be confirmed.
"""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import UnionType

from features.electrolyte import DEFAULT_TEMPERATURE_C
from features.family import resolve_class
from features.tables.literature import Literature
from features.tables.records import CellRow, CyclingRow, ElectrolyteRow, Row
from training.data.literature_rows import id_of
from training.data.load import formula_question
from training.data.twins import Twins
from training.intake.draft import Draft

LIKE_TEMPERATURE_C = 25.0
"""Rows within this many degrees are compared."""
ENOUGH_ROWS = 3
"""Rows of a class below which all solid electrolytes are compared instead."""
FAR = 100.0
"""Times the middle of the class; a value within the range the class shows is never far."""
MILLI_ABOVE = 3.0
"""Times the highest of the class above which a value is doubted: it may be in mS/cm."""
FRACTION_COLUMNS = (
    "ice_pct", "average_ce_pct", "retention_pct", "porosity_pct", "silicon_wt_pct", "anode_electrolyte_wt_pct"
)  # fmt: skip
"""Percentages that are hardly ever 1 or less; carbon and binder are."""
COMPARED: dict[str, tuple[type[Row], str, bool]] = {
    "ice_pct": (CellRow, "paper", True),
    "retention_pct": (CyclingRow, "cell_id", False),
}
"""Percentages that are compared with the others of their paper or cell: the rows that have one, what they have in
common, and whether a low one is doubted where it is the only one."""
LOW_PCT, USUAL_PCT = 10.0, 50.0
KELVIN = (273.0, 400.0)
"""Temperatures of room and heated tests in kelvin; in °C few electrolytes are measured there."""
TEMPERATURES = ("temperature_c", "electrolyte_conductivity_temperature_c")
HEATED_C = (100.0, 273.0)
"""A paper with tests between these is one that heats, in °C."""

LEAST_MAH_PER_G, MOST_MAH_PER_CM2 = 30.0, 30.0
"""First capacities of cells lie above the one and below the other: the tables hold 73 to 3492 mAh/g, and at most 12
mAh/cm²."""

KINDS = {
    "formula": "a formula that is hardly what was meant",
    "fraction": "a percentage that looks like a fraction",
    "low": "a percentage far below the others of its paper or cell",
    "kelvin": "a temperature that looks like kelvin",
    "milli": "a conductivity that looks like mS/cm",
    "far": "a conductivity far from those of its class",
    "areal": "a first capacity that looks like one per area, or per mass",
    "twin": "numbers that another source tells as well",
}
"""Kinds of doubts, each with what it is about; a kind is confirmed as a whole."""


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
    kind : str
        One of `KINDS`.
    """

    draft: Draft
    column: str
    got: str
    why: str
    kind: str


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
        Shipped and own rows; new rows are not judged by each other's conductivity.
    """
    measured = [_measured(row) for row in literature.electrolytes if row.in_training and row.conductivity_s_per_cm]
    every_row = [*literature.electrolytes, *literature.cells, *literature.cycling, *(draft.row for draft in rows)]
    percentages = {column: _by_group(every_row, kind, group, column) for column, (kind, group, _) in COMPARED.items()}
    temperatures = _by_group(every_row, ElectrolyteRow | CellRow, "paper", "temperature_c")
    absolute = _absolute(rows)
    twins, unlikely = Twins(literature), list[Doubt]()
    for draft in rows:
        if twin := twins.find(draft.row):
            why = f"the same measurement as {id_of(twin)} of {twin.paper}? where both are kept they form one group"
            unlikely.append(Doubt(draft, "source_id", draft.row.paper, why, "twin"))
        unlikely += _formula(draft)
        unlikely += _fractions(draft, percentages)
        unlikely += _kelvin(draft, temperatures, absolute)
        unlikely += _areal(draft)
        unlikely += _conductivity(draft, measured)
    return unlikely


def _formula(draft: Draft) -> Iterable[Doubt]:
    """Yield a formula that can be read and is most likely misprinted."""
    if (question := formula_question(draft.row)) and isinstance(draft.row, ElectrolyteRow | CellRow):
        column = "composition" if draft.row.composition else "electrolyte"
        yield Doubt(draft, column, draft.row.composition or draft.row.electrolyte or "", question, "formula")


def _by_group(rows: Iterable[Row], kinds: type[Row] | UnionType, group: str, column: str) -> dict[str, list[float]]:
    """Return the values of a column in rows of these kinds, by paper or by cell."""
    values: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        if isinstance(row, kinds) and (value := getattr(row, column)) is not None:
            values[getattr(row, group)].append(value)
    return values


def _fractions(draft: Draft, percentages: Mapping[str, Mapping[str, list[float]]]) -> Iterable[Doubt]:
    """Yield percentages that look like fractions, or are far below the others of their paper or cell."""
    row = draft.row
    for column in FRACTION_COLUMNS:
        value = getattr(row, column, None)
        if value is None or value == 0 or value >= LOW_PCT:
            continue
        kind, group, doubted_alone = COMPARED.get(column, (Row, "", False))
        others = percentages[column][getattr(row, group)] if group and isinstance(row, kind) else []
        usual = [pct for pct in others if pct > USUAL_PCT]
        alone = len(others) == 1 and doubted_alone
        doubt = "fraction" if value <= 1 else "low"
        if value <= 1:
            why = f"looks like a fraction; {100 * value:g} % is written {100 * value:g} here"
        elif usual:
            why = f"the others of its paper or cell are {min(usual):g} and more"
        elif alone:
            why = f"no cell of the tables is this low, the usual is {USUAL_PCT:g}+"
        else:
            continue
        yield Doubt(draft, column, f"{value:g} %", why, doubt)


def _absolute(rows: Sequence[Draft]) -> dict[str, list[float]]:
    """Temperatures of the columns whose values are all 273 and more: such a column is doubted as a whole."""
    values = {
        column: [value for draft in rows if (value := getattr(draft.row, column, None)) is not None]
        for column in TEMPERATURES
    }
    return {
        column: column_values for column, column_values in values.items() if min(column_values, default=0) >= KELVIN[0]
    }


def _kelvin(
    draft: Draft, temperatures: dict[str, list[float]], absolute: Mapping[str, Sequence[float]]
) -> Iterable[Doubt]:
    """Yield temperatures that look like kelvin, by themselves or as a column, but are not declared so."""
    row = draft.row
    for column in TEMPERATURES:
        value = getattr(row, column, None)
        if value is None or value < KELVIN[0] or column in draft.in_kelvin:
            continue
        others = temperatures[row.paper]
        if any(HEATED_C[0] <= celsius < HEATED_C[1] for celsius in others):
            continue
        if value <= KELVIN[1] or (column in absolute and any(celsius <= KELVIN[1] for celsius in absolute[column])):
            why = f"looks like kelvin; {value:g} K is {value - 273.15:.4g} °C"
            yield Doubt(draft, column, f"{value:g} °C", why, "kelvin")


def _areal(draft: Draft) -> Iterable[Doubt]:
    """Yield first capacities that look like the other of the two: per area, or per mass."""
    if not isinstance(draft.row, CellRow):
        return
    specific, areal = draft.row.first_capacity_mah_per_g, draft.row.first_areal_capacity_mah_per_cm2
    if specific is not None and specific < LEAST_MAH_PER_G:
        why = "looks like mAh/cm², which belongs into first_areal_capacity_mah_per_cm2"
        yield Doubt(draft, "first_capacity_mah_per_g", f"{specific:g} mAh/g", why, "areal")
    if areal is not None and areal > MOST_MAH_PER_CM2:
        why = "looks like mAh/g, which belongs into first_capacity_mah_per_g"
        yield Doubt(draft, "first_areal_capacity_mah_per_cm2", f"{areal:g} mAh/cm²", why, "areal")


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
    near = [known for known in measured if abs(known.temperature_c - _warmth(temperature)) <= LIKE_TEMPERATURE_C]
    like = [known.conductivity_s_per_cm for known in near if kind is not None and known.kind == kind]
    name = f"{kind} rows"
    solid = [known.conductivity_s_per_cm for known in near if known.kind != "liquid"]
    if len(like) < ENOUGH_ROWS:
        like, name = solid, "solid electrolytes"
    if len(like) < ENOUGH_ROWS:
        return
    low, high = min(like), max(like)
    middle = statistics.median(like)
    evidence = f"{len(like)} {name} at like temperature show {low:.2g} to {high:.2g} S/cm"
    if value > MILLI_ABOVE * high and min(solid, default=low) <= value / 1000 <= high:
        yield Doubt(draft, column, f"{value:g} S/cm", f"looks like mS/cm; {evidence}", "milli")
        return
    times = max(value / middle, middle / value)
    if not low <= value <= high and times > FAR * (1 + 1e-9):
        yield Doubt(draft, column, f"{value:g} S/cm", f"{times:.0f} times away from their middle; {evidence}", "far")
