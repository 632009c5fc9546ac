"""Merged tables: of two rows of one measurement that of the preferred table is kept, the other dropped."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from features.composition import composition_of
from features.crystal.space_group import space_group_number
from features.electrolyte import DEFAULT_TEMPERATURE_C
from features.formulas.nearness import NEARLY_ONE
from features.tables.fields import plain_doi
from features.tables.records import ElectrolyteRow
from training.data.groups import atomic_fractions
from training.data.integrity import folded
from training.public.connector import Converted

ORDER = ("obelix", "liverpool", "laskowski")
"""Public tables from the most to the least preferred; all stand behind the shipped rows."""
SAME_TEMPERATURE_C = 10.0
"""Difference up to which two temperatures are one."""
DISAGREEMENT_DECADES = 0.3
"""Difference above which two conductivities are not one."""


@dataclass(frozen=True)
class Dropped:
    """A row left out because a kept one is of the same measurement.

    Attributes
    ----------
    row_id, kept_id : str
        Ids of the two rows.
    reason : str
        What makes them one measurement.
    disagrees : bool
        Whether the values differ by more than 0.3 decades; the reason then states them.
    """

    row_id: str
    kept_id: str
    reason: str
    disagrees: bool = False


@dataclass(frozen=True)
class Merged:
    """The rows of all tables, each measurement once."""

    rows: list[ElectrolyteRow] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)

    @property
    def disagreements(self) -> int:
        """Number of dropped rows whose value is not that of the kept row."""
        return sum(dropped.disagrees for dropped in self.dropped)


@dataclass(frozen=True)
class _Known:
    """A row with the values it is compared by."""

    row: ElectrolyteRow
    table: int
    papers: frozenset[str]
    fractions: np.ndarray | None
    temperature_c: float


def merge(
    shipped: Sequence[ElectrolyteRow], public: Mapping[str, Converted], doi_of: Callable[[str], str] = lambda paper: ""
) -> Merged:
    """Join the shipped rows and public tables.

    A row goes where a row of an earlier table (shipped, then `ORDER`, then any other in the order given) has the same
    composition, a temperature within 10 °C (none printed counts as 25 °C) and a paper in common. Within a public table
    only rows that agree in everything measured are one; shipped rows are never dropped.

    Parameters
    ----------
    shipped : sequence of ElectrolyteRow
        Rows of the literature.
    public : mapping of str to Converted
        Public tables by name.
    doi_of : callable, optional
        From the paper a shipped row names to its DOI, empty where unknown.

    Returns
    -------
    Merged
        Rows in order of preference, and one record for each dropped row. Not checked: whether one paper prints two
        measurements of one composition, which a later table's row of that paper cannot be told from.
    """
    merged, by_paper = Merged(list(shipped)), dict[str, list[_Known]]()
    fractions: dict[tuple[str, str], np.ndarray | None] = {}
    for row in shipped:
        _remember(_known(row, 0, _papers(row, doi_of), fractions), by_paper)
    names = [*(name for name in ORDER if name in public), *(name for name in public if name not in ORDER)]
    for table, name in enumerate(names, start=1):
        for row in public[name].rows:
            known = _known(row, table, _papers(row), fractions)
            if kept := _same(known, by_paper):
                merged.dropped.append(_drop(known, kept))
            else:
                merged.rows.append(row)
                _remember(known, by_paper)
    return merged


def _papers(row: ElectrolyteRow, doi_of: Callable[[str], str] | None = None) -> frozenset[str]:
    """Return the papers of a row, by DOI where known."""
    printed = [
        *(row.source_id or "").split("|"),
        row.doi or "",
        doi_of(row.source_id) if doi_of and row.source_id else "",
    ]
    return frozenset(str(plain_doi(paper)) for paper in printed if paper)


def _known(
    row: ElectrolyteRow, table: int, papers: frozenset[str], fractions: dict[tuple[str, str], np.ndarray | None]
) -> _Known:
    texts = (row.electrolyte, row.composition or "")
    if texts not in fractions:
        amounts = composition_of(*texts)
        fractions[texts] = atomic_fractions(amounts) if amounts else None
    temperature = DEFAULT_TEMPERATURE_C if row.temperature_c is None else row.temperature_c
    return _Known(row, table, papers, fractions[texts], temperature)


def _remember(known: _Known, by_paper: dict[str, list[_Known]]) -> None:
    for paper in known.papers:
        by_paper.setdefault(paper, []).append(known)


def _same(known: _Known, by_paper: Mapping[str, list[_Known]]) -> _Known | None:
    """Return the kept row of the same measurement, None where there is none.

    The likest where there are several: first by table, then by composition and value.
    """

    def likeness(candidate: _Known) -> tuple[int, float, float]:
        return candidate.table, round(_distance(known, candidate), 6), decades_apart(known.row, candidate.row)

    others: Iterable[_Known] = (candidate for paper in sorted(known.papers) for candidate in by_paper.get(paper, []))
    return min((candidate for candidate in others if _matches(known, candidate)), key=likeness, default=None)


def _matches(known: _Known, stored: _Known) -> bool:
    if known.table == stored.table:
        return _identical(known, stored)
    near = abs(known.temperature_c - stored.temperature_c) <= SAME_TEMPERATURE_C
    return near and _distance(known, stored) <= NEARLY_ONE


def _identical(known: _Known, stored: _Known) -> bool:
    if known.papers != stored.papers or _group(known) != _group(stored):
        return False
    measured = ("temperature_c", "conductivity_s_per_cm", "conductivity_qualifier", "conductivity_high_s_per_cm")
    columns = (*measured, "activation_energy_ev", "form")
    same = all(getattr(known.row, column) == getattr(stored.row, column) for column in columns)
    return same and _distance(known, stored) < 1e-9


def _group(known: _Known) -> int | None:
    return space_group_number(known.row.space_group) if known.row.space_group else None


def _distance(known: _Known, stored: _Known) -> float:
    """Return the sum of differences of the atomic fractions; without them 0 where the texts are one, else infinite."""
    if known.fractions is None or stored.fractions is None:
        same_text = folded(known.row.electrolyte) == folded(stored.row.electrolyte)
        return 0.0 if known.fractions is stored.fractions and same_text else math.inf
    return float(np.abs(known.fractions - stored.fractions).sum())


def decades_apart(first: ElectrolyteRow, second: ElectrolyteRow) -> float:
    """Return the decades by which two conductivities contradict each other.

    It is 0 where one is missing or a bound allows both; a range is met anywhere between its ends.

    Parameters
    ----------
    first, second : ElectrolyteRow
        Their conductivities may be values, bounds or ranges.

    Examples
    --------
    >>> rows = {"measurement_id": "x", "electrolyte": "Li3PS4", "source_id": "zhan2023"}
    >>> value = ElectrolyteRow(**rows, conductivity_s_per_cm=1e-4)
    >>> bound = ElectrolyteRow(**rows, conductivity_s_per_cm=1e-6, conductivity_qualifier="<")
    >>> decades_apart(value, bound), decades_apart(value, value)
    (2.0, 0.0)
    """
    (low, high), (second_low, second_high) = _span(first), _span(second)
    return max(0.0, low - second_high, second_low - high)


def _span(row: ElectrolyteRow) -> tuple[float, float]:
    if row.conductivity_s_per_cm is None:
        return -math.inf, math.inf
    value = math.log10(row.conductivity_s_per_cm)
    if row.conductivity_qualifier == "range":
        return value, math.log10(row.conductivity_high_s_per_cm or row.conductivity_s_per_cm)
    low = -math.inf if row.conductivity_qualifier == "<" else value
    return low, math.inf if row.conductivity_qualifier == ">" else value


def _drop(known: _Known, kept: _Known) -> Dropped:
    shared = ", ".join(sorted(known.papers & kept.papers))
    match = "printed twice" if known.table == kept.table else "same composition, temperature and paper"
    apart = decades_apart(known.row, kept.row)
    reason, disagrees = f"{match} ({shared})", apart > DISAGREEMENT_DECADES
    if disagrees:
        values = (f"{row.conductivity_qualifier}{row.conductivity_s_per_cm:g}" for row in (known.row, kept.row))
        reason += f"; {' against '.join(values)} S/cm, {apart:.2f} decades apart"
    return Dropped(known.row.measurement_id, kept.row.measurement_id, reason, disagrees)
