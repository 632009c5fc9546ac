"""`silion data list`: what the tables hold, by class, target and paper, and how complete each column is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.tables.described import DESCRIPTORS, PAPERS_THAT_TAUGHT, WELL_DESCRIBED, coverage, papers_described
from features.tables.literature import Literature
from features.tables.records import CellRow, CyclingRow, ElectrolyteRow, Provenance, Row
from models.tasks.conductivity import ACTIVATION_ENERGY, printed_energies
from models.tasks.cycling import cycling_points
from models.tasks.examples import cells_in_training, design_frame
from models.tasks.first_capacity import BASES, CAPACITY, FIRST_CAPACITY, capacities_in_training, capacity_basis
from models.tasks.ice import cells_above_100
from models.tasks.registry import LINK, TASKS, is_range_alone
from training.data.literature_rows import ID_COLUMNS


@dataclass(frozen=True)
class Inventory:
    """Counts of the tables.

    Attributes
    ----------
    tables : rows and rows in training, by table
    targets : labels and papers in training, by target; activation energies are those printed beside a conductivity
    classes : electrolyte measurements and cells, by electrolyte class
    papers : cells by paper, most first
    filled : share of the rows in training that fill a column, by table
    described : share of the labels whose cell states each of the nine descriptors, by target
    described_papers : papers with a cell that states at least five of the nine, and all nine, by target
    above_100 : prelithiated half cells with an ICE above 100 %, which teach no ICE
    bases : first capacities of solid cells in training, by what they are per gram of
    """

    tables: dict[str, tuple[int, int]]
    targets: dict[str, tuple[int, int]]
    classes: dict[str, tuple[int, int]]
    papers: dict[str, int]
    filled: dict[str, dict[str, float]]
    described: dict[str, dict[str, float]]
    described_papers: dict[str, tuple[int, int]]
    above_100: int
    bases: dict[str, int]


def inventory(literature: Literature) -> Inventory:
    """Count everything once.

    Parameters
    ----------
    literature : Literature
        All tables.
    """
    tables = {
        name: (len(rows), sum(row.in_training for row in rows))
        for name in ("electrolytes", "cells", "cycling")
        if (rows := getattr(literature, name))
    }
    labelled = {
        ", ".join(target.column for target in task.targets): task.examples(literature).designs
        for task in TASKS.values()
    }
    electrolytes = TASKS[LINK].examples(literature).designs
    labelled[ACTIVATION_ENERGY.column] = electrolytes[np.isfinite(printed_energies(electrolytes))]
    labelled |= _ranges_alone(literature)
    targets = {name: (len(rows), rows["paper"].nunique()) for name, rows in labelled.items()}
    measured = Counter(str(row.electrolyte_class or "not stated") for row in literature.electrolytes)
    built = Counter(str(row.electrolyte_class or "not stated") for row in literature.cells)
    classes = {name: (measured[name], built[name]) for name, _ in (measured + built).most_common()}
    papers = dict(Counter(row.paper for row in literature.cells).most_common())
    cells = {name: rows.to_dict("records") for name, rows in labelled.items() if _describes_cells(rows.columns)}
    described = {name: coverage(designs) for name, designs in cells.items()}
    steps = (WELL_DESCRIBED, len(DESCRIPTORS))
    described_papers = {
        name: (papers_described(designs, steps[0]), papers_described(designs, steps[1]))
        for name, designs in cells.items()
    }
    return Inventory(
        tables, targets, classes, papers, _filled(literature), described, described_papers,
        len(cells_above_100(literature)), _bases(literature),
    )  # fmt: skip


def _bases(literature: Literature) -> dict[str, int]:
    """Return how many first capacities are counted by each mass, most first."""
    other_bases = {"cathode": "per gram of cathode (in no range)", "": "of a full cell that does not say"}
    cells = [cell for cell in cells_in_training(literature) if cell.first_capacity_mah_per_g]
    return dict(Counter((BASES | other_bases)[capacity_basis(cell) or ""] for cell in cells).most_common())


def _ranges_alone(literature: Literature) -> dict[str, pd.DataFrame]:
    """Return the rows behind the quantities that get a range alone, by column; nothing where there are none."""
    if not (cells := capacities_in_training(literature)):
        return {}
    first, points = design_frame(cells, "cell_id"), cycling_points(literature)
    rows = {FIRST_CAPACITY.column: first, CAPACITY.column: points[points["row_id"].isin(first["row_id"])]}
    return {column: designs for column, designs in rows.items() if is_range_alone(column)}


def _describes_cells(columns: Collection[str]) -> bool:
    return all(column in columns for descriptor in DESCRIPTORS for column in descriptor.columns)


def _filled(literature: Literature) -> dict[str, dict[str, float]]:
    shares = {}
    models: dict[str, type[Row]] = {"electrolytes": ElectrolyteRow, "cells": CellRow, "cycling": CyclingRow}
    for name, model in models.items():
        rows = [row for row in getattr(literature, name) if row.in_training]
        left_out = {*Provenance.model_fields, ID_COLUMNS[name]}
        columns = [column for column in model.model_fields if column not in left_out]
        count = max(len(rows), 1)
        shares[name] = {column: sum(getattr(row, column) is not None for row in rows) / count for column in columns}
    return shares


def as_text(counts: Inventory) -> str:
    """The counts for a terminal.

    Parameters
    ----------
    counts : Inventory
        Counts of the tables.
    """
    lines = ["table               rows  in training"]
    lines += [f"{name:<18} {rows:>5} {in_training:>12}" for name, (rows, in_training) in counts.tables.items()]
    lines += ["", "target                          labels  papers"]
    lines += [f"{name:<30} {labels:>7} {papers:>7}" for name, (labels, papers) in counts.targets.items()]
    if counts.above_100:
        lines.append(f"ICE above 100 %, of prelithiated half cells, in no training and no figure: {counts.above_100}")
    if counts.bases:
        lines.append(f"first capacities: {', '.join(f'{count} {basis}' for basis, count in counts.bases.items())}")
    lines += ["", "electrolyte class       measurements  cells"]
    lines += [f"{name:<22} {measured:>13} {built:>6}" for name, (measured, built) in counts.classes.items()]
    lines += ["", f"papers with cells: {len(counts.papers)}; most cells: "]
    lines[-1] += ", ".join(f"{paper} {count}" for paper, count in list(counts.papers.items())[:5])
    lines += _described_text(counts.described, counts.described_papers)
    for name, columns in counts.filled.items():
        filled = ", ".join(f"{column} {100 * share:.0f} %" for column, share in columns.items() if share)
        never = [column for column, share in columns.items() if not share]
        lines += ["", f"{name}, filled: {filled}"]
        if never:
            lines.append(f"{name}, never filled: {', '.join(never)}")
    return "\n".join(lines)


def enough_text() -> str:
    """Return how many well described papers skill is to be expected from, as far as anybody knows."""
    return (
        f"{PAPERS_THAT_TAUGHT} papers with all nine gave skill where it could be tried (hard carbon for sodium); for "
        "silicon in solid cells nobody knows the number"
    )


def _described_text(described: dict[str, dict[str, float]], papers: dict[str, tuple[int, int]]) -> list[str]:
    """Return lines with the share of labels that state each descriptor, one column a target."""
    if not described:
        return []
    lines = ["", f"{'labels whose cell states':<34}" + "".join(f"  {name}" for name in described)]
    for label, *cells in described_rows(described, papers):
        pairs = zip(described, cells, strict=True)
        lines.append(f"{label:<34}" + "".join(f"{cell:>{len(name) + 2}}" for name, cell in pairs))
    return [*lines, enough_text()]


def described_rows(
    described: Mapping[str, Mapping[str, float]], papers: Mapping[str, tuple[int, int]]
) -> list[tuple[str, ...]]:
    """Return how well cells are described: a label, then a cell for each target.

    Parameters
    ----------
    described : mapping of str to mapping of str to float
        Share of the labels whose cell states each descriptor, by target.
    papers : mapping of str to (int, int)
        Papers that state most of the descriptors, and all; no rows of them where empty.
    """
    rows = [
        (descriptor.label, *(f"{100 * shares[descriptor.label]:.0f} %" for shares in described.values()))
        for descriptor in DESCRIPTORS
    ]
    means = [f"{100 * sum(shares.values()) / len(shares):.0f} %" for shares in described.values()]
    rows.append(("all nine, mean", *means))
    labels = (f"papers with at least {WELL_DESCRIBED} of them", "papers with all nine") if papers else ()
    for place, label in enumerate(labels):
        rows.append((label, *(str(counts[place]) for counts in papers.values())))
    return rows
