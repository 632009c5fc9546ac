"""Formulas that a user confirmed: marked in the note of their row, so that they are not doubted again."""

from __future__ import annotations

from typing import TypeVar

from features.tables.records import Provenance
from training.data.load import AS_WRITTEN

RowT = TypeVar("RowT", bound=Provenance)
CONFIRMED = f"{AS_WRITTEN}: confirmed as written"
_BETWEEN = "; "


def confirmed_row(row: RowT) -> RowT:
    """Return a row whose note says that its formula is right.

    Parameters
    ----------
    row : Provenance
        Left as it is.
    """
    return row.model_copy(update={"note": _BETWEEN.join(filter(None, [row.note, CONFIRMED]))})


def unconfirmed_row(row: RowT) -> RowT:
    """Return a row as in its file: without what `confirmed_row` put into its note.

    Parameters
    ----------
    row : Provenance
        Left as it is.

    Examples
    --------
    >>> from features.tables.records import ElectrolyteRow
    >>> row = ElectrolyteRow(measurement_id="E1", electrolyte="Li6PS5CI", conductivity_s_per_cm=1e-3, source_id="zhan")
    >>> unconfirmed_row(confirmed_row(row)) == row
    True
    """
    if CONFIRMED not in (row.note or ""):
        return row
    parts = [part for part in (row.note or "").split(_BETWEEN) if part != CONFIRMED]
    return row.model_copy(update={"note": _BETWEEN.join(parts) or None})
