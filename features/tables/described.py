"""Completeness of a silicon cell's description: the nine descriptors a model needs, and which of them a row states."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isnan
from typing import Any, Literal

from pydantic import Field

from features.tables.fields import YesNo, text_field
from features.tables.records import Row


@dataclass(frozen=True)
class Descriptor:
    """A quantity that describes a silicon cell before it is measured.

    Attributes
    ----------
    label : str
        As a battery engineer calls it.
    columns : tuple of str
        Columns of `CellDesign`; one that is filled is enough.
    """

    label: str
    columns: tuple[str, ...]

    def is_stated(self, design: Mapping[Any, object]) -> bool:
        """Return whether a design states the descriptor; a share of 0 % is stated.

        Parameters
        ----------
        design : mapping of str to object
            Values by column; None, NaN, an empty text or no such column is not stated.

        Examples
        --------
        >>> carbon = Descriptor("carbon share", ("carbon_wt_pct",))
        >>> carbon.is_stated({"carbon_wt_pct": 0.0}), carbon.is_stated({"carbon_wt_pct": float("nan")})
        (True, False)
        """
        return any(not _is_missing(design.get(column)) for column in self.columns)


DESCRIPTORS = (
    Descriptor("particle size or film thickness", ("silicon_size_nm", "film_thickness_nm")),
    Descriptor("silicon share", ("silicon_wt_pct",)),
    Descriptor("carbon share", ("carbon_wt_pct",)),
    Descriptor("electrolyte share of the anode", ("anode_electrolyte_wt_pct",)),
    Descriptor("anode loading", ("anode_loading_mg_per_cm2",)),
    Descriptor("stack pressure", ("stack_pressure_mpa",)),
    Descriptor("current", ("current_density_ma_per_cm2", "specific_current_ma_per_g", "c_rate_per_h")),
    Descriptor("temperature", ("temperature_c",)),
    Descriptor("lower cut-off", ("voltage_low_v",)),
)
"""The nine: those whose lack takes the skill from a model of first-cycle efficiency, and that any paper can print."""


WELL_DESCRIBED = 5
"""Descriptors from which on a paper counts as well described."""
PAPERS_THAT_TAUGHT = 27
"""Papers of all nine with which a model of first-cycle efficiency erred 0.55 times as much as the table's median
where that could be tried (hard carbon for sodium); for silicon in solid cells the number is not known."""


class DescriptorSource(Row):
    """Where one value of a cell was found beside the review that reports the cell (`descriptor_sources.csv`)."""

    cell_id: str = Field(description="row of cells.csv", min_length=1)
    descriptor: str = Field(description="column of cells.csv", min_length=1)
    value: str = Field(description="value in that column's unit", min_length=1)
    source: str = Field(description="address or DOI where it stands", min_length=1)
    place: str = Field(description="section, caption or table there", min_length=1)
    as_written: str = Field(description="words it was read from", min_length=1)
    hand: Literal["first", "second", "definition"] = Field(
        description="the paper that made the cell, another paper about it, or what the anode's kind means"
    )
    second_reading: Literal["agrees", "unclear", "not reached", "not asked"] = Field(
        default="not asked", description="what a second, blind reader of the same page read: `agrees` was read twice"
    )
    preferred: YesNo = Field(default=True, description="no: contradicts the value in cells.csv and was not believed")
    reason: str | None = text_field("how it was computed, or why one of two values is preferred")


def stated_descriptors(design: Mapping[Any, object]) -> list[str]:
    """Return the labels of the descriptors that a design states.

    Parameters
    ----------
    design : mapping of str to object
        Values by column of `CellDesign`.

    Examples
    --------
    >>> stated_descriptors({"film_thickness_nm": 150.0, "c_rate_per_h": 0.1, "temperature_c": None})
    ['particle size or film thickness', 'current']
    """
    return [descriptor.label for descriptor in DESCRIPTORS if descriptor.is_stated(design)]


def missing(design: Mapping[Any, object]) -> list[Descriptor]:
    """Return the descriptors that a design does not state.

    Parameters
    ----------
    design : mapping of str to object
        Values by column of `CellDesign`.
    """
    return [descriptor for descriptor in DESCRIPTORS if not descriptor.is_stated(design)]


def coverage(designs: Iterable[Mapping[Any, object]]) -> dict[str, float]:
    """Return the share of designs that state each descriptor, by its label; NaN of no designs.

    Parameters
    ----------
    designs : iterable of mapping
        Values by column of `CellDesign`.

    Examples
    --------
    >>> coverage([{"temperature_c": 25.0}, {}])["temperature"]
    0.5
    """
    rows = list(designs)
    return {
        descriptor.label: sum(map(descriptor.is_stated, rows)) / len(rows) if rows else float("nan")
        for descriptor in DESCRIPTORS
    }


def mean_coverage(designs: Iterable[Mapping[Any, object]]) -> float:
    """Return the share of all descriptors of all designs that is stated; NaN of no designs.

    Parameters
    ----------
    designs : iterable of mapping
        Values by column of `CellDesign`.
    """
    shares = coverage(designs)
    return sum(shares.values()) / len(shares)


def papers_described(designs: Iterable[Mapping[Any, object]], least: int) -> int:
    """Return the number of papers with a design that states at least so many of the nine descriptors.

    Parameters
    ----------
    designs : iterable of mapping
        Values by column of `CellDesign`, and `paper`.
    least : int
        Descriptors, 1 to 9.

    Examples
    --------
    >>> cells = [{"paper": "a", "temperature_c": 25.0}, {"paper": "a", "temperature_c": 60.0}, {"paper": "b"}]
    >>> papers_described(cells, 1), papers_described(cells, 2)
    (1, 0)
    """
    return len({str(design.get("paper")) for design in designs if len(stated_descriptors(design)) >= least})


def description_text(design: Mapping[Any, object], shares: Mapping[str, float]) -> str:
    """Return how well a cell is described: `5 of 9; to add, rarest first: anode loading, silicon share`.

    Parameters
    ----------
    design : mapping of str to object
        Values by column of `CellDesign`.
    shares : mapping of str to float
        Share of other cells that state each descriptor, by label, as `coverage` gives it; NaN counts as none.

    Examples
    --------
    >>> shares = {descriptor.label: 0.5 for descriptor in DESCRIPTORS} | {"anode loading": 0.1}
    >>> full = {descriptor.columns[0]: 1.0 for descriptor in DESCRIPTORS}
    >>> description_text(full | {"anode_loading_mg_per_cm2": None, "temperature_c": None}, shares)
    '7 of 9; to add, rarest first: anode loading, temperature'
    >>> description_text(full, shares)
    '9 of 9'
    """
    labels = [descriptor.label for descriptor in missing(design)]
    labels.sort(key=lambda label: 0.0 if isnan(shares[label]) else shares[label])
    count = f"{len(DESCRIPTORS) - len(labels)} of {len(DESCRIPTORS)}"
    return f"{count}; to add, rarest first: {', '.join(labels)}" if labels else count


def _is_missing(value: object) -> bool:
    return value is None or value == "" or (isinstance(value, float) and isnan(value))
