"""Facts about a column of a row model: its unit, its limits, its allowed words, its place among the others."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, get_args

from features.tables.records import Provenance, Row

LIMITS = {"gt": "above", "ge": "at least", "lt": "below", "le": "at most"}
"""Kinds of limits of a number, as pydantic names them, and in words."""


def columns_of(model: type[Row]) -> list[str]:
    """Return the columns of a table in reading order: its id, its values, their source.

    Parameters
    ----------
    model : subclass of Row
        Row model of the table.
    """
    names = list(model.model_fields)
    first = [name for name in names if name.endswith("_id") and name not in Provenance.model_fields]
    last = [name for name in names if issubclass(model, Provenance) and name in Provenance.model_fields]
    return [*first, *(name for name in names if name not in first and name not in last), *last]


def unit_of(model: type[Row], column: str) -> str:
    """Return the unit of a column, as printed; empty for text columns, 1 for a number without a dimension.

    Parameters
    ----------
    model : subclass of Row
        Row model of the table.
    column : str
        Name of one of its fields.

    Examples
    --------
    >>> from features.tables.records import Candidate
    >>> unit_of(Candidate, "stack_pressure_mpa"), unit_of(Candidate, "np_ratio"), unit_of(Candidate, "anode")
    ('MPa', '1', '')
    """
    extra = model.model_fields[column].json_schema_extra
    return str(extra["unit"]) if isinstance(extra, dict) and "unit" in extra else ""


def limits_of(model: type[Row], column: str) -> dict[str, float]:
    """Return the limits of a number, in the unit of its column, by their kind: a key of `LIMITS`.

    Parameters
    ----------
    model : subclass of Row
        Row model of the table.
    column : str
        Name of one of its fields.

    Examples
    --------
    >>> from features.tables.records import Candidate
    >>> limits_of(Candidate, "porosity_pct")
    {'ge': 0, 'lt': 100}
    """
    rules = model.model_fields[column].metadata
    return {kind: getattr(rule, kind) for kind in LIMITS for rule in rules if hasattr(rule, kind)}


def kinds_of(model: type[Row], column: str) -> list[Any]:
    """Return everything a column's annotation is made of: types, and the allowed words as strings.

    Parameters
    ----------
    model : subclass of Row
        Row model of the table.
    column : str
        Name of one of its fields.
    """
    kinds: list[Any] = [model.model_fields[column].annotation]
    for kind in kinds:
        kinds += get_args(kind)
    return kinds


@cache
def choices_of(model: type[Row], column: str) -> tuple[str, ...]:
    """Return the allowed words of a column; empty for free text and numbers.

    Parameters
    ----------
    model : subclass of Row
        Row model of the table.
    column : str
        Name of one of its fields.

    Examples
    --------
    >>> from features.tables.records import Candidate
    >>> choices_of(Candidate, "cell_type")
    ('half', 'full', 'symmetric')
    """
    return tuple(kind for kind in kinds_of(model, column) if isinstance(kind, str))


def numeric_columns(model: type[Row]) -> list[str]:
    """Return the columns of a model that hold numbers with a unit, in order.

    Parameters
    ----------
    model : subclass of Row
        Row model of the table.
    """
    return [name for name in model.model_fields if unit_of(model, name)]


@cache
def columns_as_numbers(model: type[Row]) -> frozenset[str]:
    """Return the columns that the models read as numbers: those with a unit, and yes (1) or no (0).

    Parameters
    ----------
    model : subclass of Row
        Row model of the table.
    """
    return frozenset(name for name in model.model_fields if unit_of(model, name) or bool in kinds_of(model, name))


UNIT_WORDS = frozenset(
    "c k f kelvin s_per_cm s_per_m ms_per_cm ms_per_m us_per_cm mpa kpa gpa pa bar atm psi nm um mm cm m "
    "angstrom pct percent fraction "
    "wt_pct vol_pct at_pct mol_pct mg_per_cm2 g_per_cm2 mg ma_per_cm2 a_per_cm2 ua_per_cm2 a_per_m2 "
    "ma_per_g a_per_g mah_per_g ah_per_kg "
    "mah_per_cm2 per_h per_s v mv ev mev kj_per_mol".split()
)
"""Column endings read as a unit when they follow a known name: `stack_pressure_bar` is a wrong unit, `temperature_note`
is not."""


def other_unit(column: str, known: Iterable[str]) -> str | None:
    """Return the known column whose quantity a column gives in another unit; None where there is none.

    Parameters
    ----------
    column : str
        Name as written.
    known : iterable of str
        Names of a row model's fields.

    Examples
    --------
    >>> other_unit("stack_pressure_bar", ["temperature_c", "stack_pressure_mpa"])
    'stack_pressure_mpa'
    """
    folded = column.lower()
    for name in known:
        endings = [word for word in UNIT_WORDS if name.endswith("_" + word)]
        if not endings:
            continue
        stem = name.removesuffix("_" + max(endings, key=len))
        if folded != name and folded.startswith(stem + "_") and folded.removeprefix(stem + "_") in UNIT_WORDS:
            return name
    return None
