"""First capacities of cells: which mass each is counted by, and which are per gram of anode.

They are judged (`python -m benchmarks.cells.told`) and not predicted: on papers never seen no learner beats the median,
and a saved model holds a part for every registered quantity, so that one more would make all older models unreadable.
"""

from __future__ import annotations

from features.tables.literature import Literature
from features.tables.records import CellRow
from models.tasks.ice import cells_in_training

ANODE_BASES = ("silicon", "composite", "electrode")


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
    return "silicon" if cell.silicon_wt_pct == 100 else "anode"


def capacities_in_training(literature: Literature) -> list[CellRow]:
    """Return cells in training whose first capacity is per gram of anode.

    Parameters
    ----------
    literature : Literature
        Its table of cells.
    """
    return [
        cell
        for cell in cells_in_training(literature)
        if cell.first_capacity_mah_per_g and capacity_basis(cell) in (*ANODE_BASES, "anode")
    ]
