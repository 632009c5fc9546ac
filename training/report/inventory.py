"""`silion data list`: what the tables hold, by class, target and paper, and how complete each column is."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from features.tables.literature import Literature
from features.tables.records import CellRow, CyclingRow, ElectrolyteRow, Provenance, Row
from models.tasks.registry import TASKS
from training.data.rows import ID_COLUMNS


@dataclass(frozen=True)
class Inventory:
    """Counts of the tables.

    Attributes
    ----------
    tables : rows and rows in training, by table
    targets : labels and papers in training, by target
    classes : electrolyte measurements and cells, by electrolyte class
    papers : cells by paper, most first
    filled : share of the rows in training that fill a column, by table
    """

    tables: dict[str, tuple[int, int]]
    targets: dict[str, tuple[int, int]]
    classes: dict[str, tuple[int, int]]
    papers: dict[str, int]
    filled: dict[str, dict[str, float]]


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
    examples = {
        ", ".join(target.column for target in task.targets): task.examples(literature) for task in TASKS.values()
    }
    targets = {name: (len(rows.designs), len(set(rows.papers))) for name, rows in examples.items()}
    measured = Counter(str(row.electrolyte_class or "not stated") for row in literature.electrolytes)
    built = Counter(str(row.electrolyte_class or "not stated") for row in literature.cells)
    classes = {name: (measured[name], built[name]) for name, _ in (measured + built).most_common()}
    papers = dict(Counter(row.paper for row in literature.cells).most_common())
    return Inventory(tables, targets, classes, papers, _filled(literature))


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


def as_text(found: Inventory) -> str:
    """The counts for a terminal.

    Parameters
    ----------
    found : Inventory
        Counts of the tables.
    """
    lines = ["table               rows  in training"]
    lines += [f"{name:<18} {rows:>5} {in_training:>12}" for name, (rows, in_training) in found.tables.items()]
    lines += ["", "target                          labels  papers"]
    lines += [f"{name:<30} {labels:>7} {papers:>7}" for name, (labels, papers) in found.targets.items()]
    lines += ["", "electrolyte class       measurements  cells"]
    lines += [f"{name:<22} {measured:>13} {built:>6}" for name, (measured, built) in found.classes.items()]
    lines += ["", f"papers with cells: {len(found.papers)}; most cells: "]
    lines[-1] += ", ".join(f"{paper} {count}" for paper, count in list(found.papers.items())[:5])
    for name, columns in found.filled.items():
        stated = ", ".join(f"{column} {100 * share:.0f} %" for column, share in columns.items() if share)
        never = [column for column, share in columns.items() if not share]
        lines += ["", f"{name}, filled: {stated}"]
        if never:
            lines.append(f"{name}, never filled: {', '.join(never)}")
    return "\n".join(lines)
