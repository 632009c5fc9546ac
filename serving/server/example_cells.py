"""Literature cells to begin with: real designs with what their papers measured, one a paper."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from features.tables.records import CellDesign, CellRow, CyclingRow, SourceRow
from features.tables.rows import read_table
from models.tasks.ice import has_usual_ice

LITERATURE = Path(__file__).resolve().parents[2] / "data" / "literature"
COUNT = 8
Described = tuple[CellRow, SourceRow, dict[str, float]]
"""A cell, its source, and what was measured, by column."""


@cache
def examples(folder: Path = LITERATURE) -> list[dict[str, Any]]:
    """Choose the cells that are described best, of as many architectures as there are.

    Parameters
    ----------
    folder : Path
        Of the tables of the literature.

    Returns
    -------
    list of dict
        At most `COUNT`, one a paper, see `serving.server.schemas.Example`; empty where the tables are not shipped
        along.
    """
    if not all((folder / f"{name}.csv").is_file() for name in ("cells", "cycling", "sources")):
        return []
    sources = {row.source_id: row for row in read_table(folder / "sources.csv", SourceRow).rows}
    points = read_table(folder / "cycling.csv", CyclingRow).rows
    cells = []
    for cell in read_table(folder / "cells.csv", CellRow).rows:
        source = sources.get(cell.paper)
        if source is None or not cell.in_training or not cell.electrolyte or not cell.anode or cell.state != "solid":
            continue
        measured = _measured(cell, [point for point in points if point.cell_id == cell.cell_id])
        if measured:
            cells.append((cell, source, measured))
    cells.sort(key=lambda cell: (-len(cell[2]), -len(_design(cell[0])), cell[0].cell_id))
    return [_example(*cell) for cell in _spread(cells)]


def _spread(cells: list[Described]) -> list[Described]:
    """Take the first of each paper; first one of each architecture, then whatever comes."""
    papers: dict[str, Described] = {}
    for cell in cells:
        papers.setdefault(cell[0].paper, cell)
    first = {cell[0].anode_architecture: cell for cell in reversed(papers.values())}
    chosen = list(first.values())[::-1]
    return [*chosen, *(cell for cell in papers.values() if cell not in chosen)][:COUNT]


def _measured(cell: CellRow, points: list[CyclingRow]) -> dict[str, float]:
    values: dict[str, float | None] = {"ice_pct": cell.ice_pct if has_usual_ice(cell) else None}
    judged = [point for point in points if point.retention_pct is not None and point.in_training]
    if judged:
        last = max(judged, key=lambda point: point.cycle)
        values |= {"retention_pct": last.retention_pct, "cycle": last.cycle}
    return {name: value for name, value in values.items() if value is not None}


def _design(cell: CellRow) -> dict[str, Any]:
    return {
        name: value for name in CellDesign.model_fields if (value := getattr(cell, name)) is not None and value != ""
    }


def _example(cell: CellRow, source: SourceRow, measured: dict[str, float]) -> dict[str, Any]:
    design = _design(cell) | ({"cycle": measured["cycle"]} if "cycle" in measured else {})
    title = " | ".join(str(design[name]) for name in ("anode", "electrolyte", "counter_electrode") if name in design)
    return {
        "title": title,
        "doi": source.doi or "",
        "citation": source.citation,
        "place": ", ".join(filter(None, [cell.seed, cell.place])),
        "design": design,
        "measured": measured,
    }
