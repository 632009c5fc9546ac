"""Rows of another source with the numbers of a new one: one measurement under two papers stands on both sides of a
split."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from features.tables.literature import Literature, papers_of
from features.tables.records import CellRow, CyclingRow, ElectrolyteRow, Provenance
from training.data.literature_rows import ID_COLUMNS, MEASURED_TABLES, content_of, id_of, rows_of, with_rows

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
        Shipped and own rows.
    """

    def __init__(self, literature: Literature) -> None:
        self._by_number: dict[tuple[object, ...], list[Provenance]] = defaultdict(list)
        self._by_content: dict[tuple[object, ...], list[Provenance]] = defaultdict(list)
        for row in (row for table in MEASURED_TABLES for row in rows_of(literature, table)):
            self._by_content[_content(row)].append(row)
            for number in _numbers(row):
                self._by_number[number].append(row)

    def find(self, row: Provenance) -> Provenance | None:
        """Return the first row of another source with the same measurement; None where there is none.

        Two rows are taken for one measurement where two or more measured numbers are equal, or all their contents.

        Parameters
        ----------
        row : Provenance
            With the id of its paper.
        """
        own = {*papers_of(row.paper)}
        equal: Counter[int] = Counter()
        others: dict[int, Provenance] = {}
        for number in _numbers(row):
            for candidate in self._by_number[number]:
                equal[id(candidate)] += 1
                others[id(candidate)] = candidate
        candidates = [others[place] for place, count in equal.items() if count >= ENOUGH_EQUAL]
        if _numbers(row):
            candidates += self._by_content[_content(row)]
        for candidate in candidates:
            if not own & {*papers_of(candidate.paper)}:
                return candidate
        return None


def twins_beside(literature: Literature, shipped: Literature) -> Iterator[tuple[str, Provenance, Provenance]]:
    """Yield each row that is not shipped and repeats the measurement of another source: table, row, that other row.

    Parameters
    ----------
    literature : Literature
        Shipped and own rows.
    shipped : Literature
        The shipped ones alone.
    """
    twins = Twins(literature)
    for table in MEASURED_TABLES:
        known = {id_of(row) for row in rows_of(shipped, table)}
        for row in rows_of(literature, table):
            if id_of(row) not in known and (twin := twins.find(row)) is not None:
                yield table, row, twin


def twin_question(table: str, row: Provenance, twin: Provenance) -> str:
    """Return the question about two rows that may be one measurement.

    Parameters
    ----------
    table : str
        Of both.
    row, twin : Provenance
        The own row, and that of another source.
    """
    own_row, other_row = f"{table}.csv, {ID_COLUMNS[table]} {id_of(row)}", f"{id_of(twin)} of {twin.paper}"
    return f"{own_row}: the same measurement as {other_row}? A training takes their papers for one"


def with_both_papers(row: Provenance, twin: Provenance) -> Provenance:
    """Return a row that names its papers and those of its twin.

    Parameters
    ----------
    row, twin : Provenance
        Rows of one measurement.
    """
    papers = dict.fromkeys([*papers_of(row.paper), *papers_of(twin.paper)])
    return row.model_copy(update={"source_id": "|".join(papers)})


def group_twins(literature: Literature, shipped: Literature) -> Literature:
    """Name both papers in each own row that repeats the measurement of another source: no split may part the two.

    Parameters
    ----------
    literature : Literature
        Shipped and own rows.
    shipped : Literature
        The shipped ones alone.
    """
    grouped: dict[str, dict[str, Provenance]] = {table: {} for table in MEASURED_TABLES}
    for table, row, twin in twins_beside(literature, shipped):
        grouped[table][id_of(row)] = with_both_papers(row, twin)
    for table, rows in grouped.items():
        literature = with_rows(literature, table, rows) if rows else literature
    return literature


def _numbers(row: Provenance) -> list[tuple[object, ...]]:
    return [
        (type(row), column, value)
        for column in MEASURED.get(type(row), ())
        if (value := getattr(row, column)) is not None
    ]


def _content(row: Provenance) -> tuple[object, ...]:
    return (type(row), *content_of(row).values())
