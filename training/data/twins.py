"""Rows of another source that say the same as a new one: one measurement under two papers stands on both sides of a
split."""

from __future__ import annotations

from collections import Counter, defaultdict

from features.tables.literature import Literature, papers_of
from features.tables.records import CellRow, CyclingRow, ElectrolyteRow, Provenance
from training.data.rows import MEASURED_TABLES, content_of, rows_of

MEASURED: dict[type[Provenance], tuple[str, ...]] = {
    ElectrolyteRow: ("conductivity_s_per_cm", "conductivity_high_s_per_cm", "activation_energy_ev"),
    CellRow: ("ice_pct", "first_capacity_mah_per_g", "rate_capacity_mah_per_g", "average_ce_pct",
              "electrode_expansion_pct"),
    CyclingRow: ("retention_pct", "capacity_mah_per_g", "areal_capacity_mah_per_cm2"),
}  # fmt: skip
"""Columns of measured numbers, by kind of row; what a paper chose, such as a temperature, is none."""
ENOUGH_EQUAL = 2
"""Measured numbers that two papers hardly share by chance."""


class Twins:
    """Rows by their measured numbers.

    Parameters
    ----------
    literature : Literature
        Shipped and own rows that are there.
    """

    def __init__(self, literature: Literature) -> None:
        self._by_number: dict[tuple[object, ...], list[Provenance]] = defaultdict(list)
        self._by_content: dict[tuple[object, ...], list[Provenance]] = defaultdict(list)
        for row in (row for table in MEASURED_TABLES for row in rows_of(literature, table)):
            self._by_content[_content(row)].append(row)
            for number in _numbers(row):
                self._by_number[number].append(row)

    def of(self, row: Provenance) -> Provenance | None:
        """Return the first row of another source that tells the same measurement; None where there is none.

        Two rows are taken for one measurement where two or more measured numbers are equal, or all that they say.

        Parameters
        ----------
        row : Provenance
            With the id of its paper.
        """
        own = {*papers_of(row.paper)}
        equal: Counter[int] = Counter()
        others: dict[int, Provenance] = {}
        for number in _numbers(row):
            for other in self._by_number[number]:
                equal[id(other)] += 1
                others[id(other)] = other
        candidates = [others[place] for place, count in equal.items() if count >= ENOUGH_EQUAL]
        if _numbers(row):
            candidates += self._by_content[_content(row)]
        for other in candidates:
            if not own & {*papers_of(other.paper)}:
                return other
        return None


def _numbers(row: Provenance) -> list[tuple[object, ...]]:
    return [
        (type(row), column, value)
        for column in MEASURED.get(type(row), ())
        if (value := getattr(row, column)) is not None
    ]


def _content(row: Provenance) -> tuple[object, ...]:
    return (type(row), *content_of(row).values())
