"""First capacities of cells: which mass each is counted by, and which are per gram of anode.

They are judged (`python -m benchmarks.cells.told`) and no model predicts them: on papers never seen no learner beats
the median. They are reported as a range alone, `models.ranges.capacities`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from features.tables.literature import Literature
from features.tables.records import CellRow
from models.tasks.examples import cells_in_training
from models.tasks.fade import RETENTION
from models.tasks.target import Target

FIRST_CAPACITY = Target(
    "first_capacity_mah_per_g", "first capacity, per gram of anode", "mAh/g", False, 0.0, 6000.0, "mAh/g", ".0f",
    qualifier="first_capacity_qualifier",
)  # fmt: skip
CAPACITY = Target(
    "capacity_mah_per_g", "capacity at a cycle, per gram of anode", "mAh/g", False, 0.0, 6000.0, "mAh/g", ".0f",
    at_cycle=True,
)  # fmt: skip
RESTS_ON = {CAPACITY.column: RETENTION.column}
"""Target whose prediction a range takes in, by the column of the range."""
UNNAMED_ANODE = "anode"
"""Basis of a half cell that does not say which mass of its anode it means."""
BASES = {
    "silicon": "per gram of silicon",
    "composite": "per gram of composite",
    "electrode": "per gram of electrode",
    UNNAMED_ANODE: "per gram of an anode mass not named",
}
"""Masses that first capacities are counted by, in words, in the order of reports."""


def capacity_basis(cell: CellRow) -> str | None:
    """Return the mass that a cell's first capacity is counted by: as stated, else as far as the cell itself shows it.

    Parameters
    ----------
    cell : CellRow
        A cell with a first capacity.

    Returns
    -------
    str or None
        `silicon`, `composite` or `electrode`; `cathode`; `anode` where a half cell does not say which of the three;
        None where a full cell says nothing, whose capacity may be the cathode's.
    """
    if cell.first_capacity_basis:
        return cell.first_capacity_basis
    if cell.cell_type != "half":
        return None
    return "silicon" if cell.silicon_wt_pct == 100 else UNNAMED_ANODE


def per_gram_of_anode(cell: CellRow) -> CellRow:
    """Return a cell with its first capacity per gram of the whole anode layer, where its silicon share is known.

    Parameters
    ----------
    cell : CellRow
        Of any basis; only one that is stated to be silicon can be converted.

    Examples
    --------
    >>> stated = {"first_capacity_mah_per_g": 3000, "first_capacity_basis": "silicon", "silicon_wt_pct": 60}
    >>> cell = per_gram_of_anode(CellRow(cell_id="a", source_id="lab", **stated))
    >>> cell.first_capacity_mah_per_g, cell.first_capacity_basis
    (1800.0, 'electrode')
    """
    value, share = cell.first_capacity_mah_per_g, cell.silicon_wt_pct
    if value is None or cell.first_capacity_basis != "silicon" or not share or share == 100:
        return cell
    return cell.model_copy(
        update={"first_capacity_mah_per_g": value * share / 100, "first_capacity_basis": "electrode"}
    )


def capacities_in_training(literature: Literature) -> list[CellRow]:
    """Return cells in training whose first capacity is of the anode, per gram of its layer as far as they say so.

    Parameters
    ----------
    literature : Literature
        Its table of cells.
    """
    return [
        per_gram_of_anode(cell)
        for cell in cells_in_training(literature)
        if cell.first_capacity_mah_per_g and capacity_basis(cell) in BASES
    ]


@dataclass(frozen=True)
class FirstCapacities:
    """First capacities of the cells in training, as a model keeps them.

    Attributes
    ----------
    rows : tuple of dict
        Per cell: `row`, `paper`, `first_capacity_mah_per_g`, `first_capacity_qualifier`, `basis` (a key of `BASES`),
        `cell_type` and `kinds`, the features of its vector that name its class and architecture.
    """

    rows: tuple[dict[str, Any], ...]

    @classmethod
    def from_list(cls, rows: Sequence[dict[str, Any]]) -> FirstCapacities:
        """Read what a bundle holds.

        Parameters
        ----------
        rows : sequence of dict
            As `rows`.

        Raises
        ------
        ValueError
            Rows that are none.
        """
        if not isinstance(rows, list) or not rows:
            raise ValueError(f"got {str(rows)[:100]}, expected a list of cells")
        for row in rows:
            if not _is_cell(row):
                raise ValueError(f"got {str(row)[:200]}, expected a cell with its paper, number, mark, basis and kinds")
        return cls(tuple(rows))


def _is_cell(row: Any) -> bool:
    if not isinstance(row, dict):
        return False
    value, kinds, texts = row.get("first_capacity_mah_per_g"), row.get("kinds"), (row.get("row"), row.get("paper"))
    return (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and 0 < value < math.inf
        and row.get("first_capacity_qualifier") in ("=", "<", ">", "~")
        and row.get("basis") in (*BASES,)
        and "cell_type" in row
        and (row["cell_type"] is None or isinstance(row["cell_type"], str))
        and isinstance(kinds, list)
        and all(isinstance(text, str) for text in (*texts, *kinds))
    )
