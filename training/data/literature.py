"""The tables of the literature, and whose papers they tell."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from features.tables.records import CellRow, CyclingRow, ElectrolyteRow, Row, SourceRow
from training.data.papers import papers_of

SHIPPED = Path(__file__).resolve().parents[2] / "data" / "literature"
TABLE_MODELS: dict[str, type[Row]] = {
    "electrolytes": ElectrolyteRow,
    "cells": CellRow,
    "cycling": CyclingRow,
    "sources": SourceRow,
}


@dataclass
class Literature:
    """All tables of one or more data folders.

    Attributes
    ----------
    electrolytes, cells, cycling, sources : rows in file order
    hashes : SHA-256 of each file read, by its path
    """

    electrolytes: list[ElectrolyteRow] = field(default_factory=list)
    cells: list[CellRow] = field(default_factory=list)
    cycling: list[CyclingRow] = field(default_factory=list)
    sources: dict[str, SourceRow] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)

    def citation(self, paper: str) -> str:
        """What to print for a paper: its citation where the sources hold one, else the user's own label or DOI."""
        first = papers_of(paper)[0]
        return self.sources[first].citation if first in self.sources else paper

    def doi(self, paper: str) -> str:
        """DOI of a paper, empty where none is known; the first where several tell the row."""
        first = papers_of(paper)[0]
        if first in self.sources:
            return self.sources[first].doi or ""
        return first if first.startswith("10.") else ""
