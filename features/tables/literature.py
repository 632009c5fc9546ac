"""The tables of the literature, and the papers they come from."""

from __future__ import annotations

from dataclasses import dataclass, field

from features.tables.records import TABLES, CellRow, CyclingRow, ElectrolyteRow, Row, SourceRow

TABLE_MODELS: dict[str, type[Row]] = {name: TABLES[name] for name in ("electrolytes", "cells", "cycling", "sources")}


def papers_of(paper: str) -> list[str]:
    """Return the papers of a row: several, separated by `|`, where more than one states a measurement.

    Parameters
    ----------
    paper : str
        As a row names it.

    Examples
    --------
    >>> papers_of("zhan2023 | 10.1039/d5ra04877a"), papers_of("")
    (['zhan2023', '10.1039/d5ra04877a'], [''])
    """
    return [name.strip() for name in paper.split("|") if name.strip()] or [""]


@dataclass
class Literature:
    """All tables of one or more data folders.

    Attributes
    ----------
    electrolytes, cells, cycling, sources : rows in file order
    looked_up : rows of public tables whose values are looked up beside a prediction, and never learned from
    hashes : SHA-256 of each file read, by its path
    """

    electrolytes: list[ElectrolyteRow] = field(default_factory=list)
    cells: list[CellRow] = field(default_factory=list)
    cycling: list[CyclingRow] = field(default_factory=list)
    sources: dict[str, SourceRow] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    looked_up: list[ElectrolyteRow] = field(default_factory=list)

    def citation(self, paper: str) -> str:
        """Return a paper's citation where the sources hold one, else the user's own label or DOI.

        Parameters
        ----------
        paper : str
            As a row names it; the first counts where there are several.
        """
        first = papers_of(paper)[0]
        return self.sources[first].citation if first in self.sources else paper

    def doi(self, paper: str) -> str:
        """Return the DOI of a paper, empty where none is known.

        Parameters
        ----------
        paper : str
            As a row names it; the first counts where there are several.
        """
        first = papers_of(paper)[0]
        if first in self.sources:
            return self.sources[first].doi or ""
        return first if first.startswith("10.") else ""
