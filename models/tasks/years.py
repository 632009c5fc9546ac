"""When a paper appeared: as its source says, else as its DOI shows."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from features.tables.literature import Literature, papers_of

FIRST_YEAR, LAST_YEAR = 1950, 2030
_PATTERNS = (
    (re.compile(r"\.((?:19[5-9]|20[0-2])\d)\.\d"), 0),  # 10.1016/j.ssi.2013.04.002
    (re.compile(r"^10\.1021/.*\.(\d)b\d{5}$"), 2010),  # 10.1021/acs.chemmater.6b02163
    (re.compile(r"^10\.1021/.*\.(\d)c\d{5}$"), 2020),  # 10.1021/acs.chemmater.1c00555
    (re.compile(r"^10\.1039/c(\d)[a-z]{2}"), 2010),  # 10.1039/c3ee41655k
    (re.compile(r"^10\.1039/d(\d)[a-z]{2}"), 2020),  # 10.1039/d0ta02805c
    (re.compile(r"^10\.1039/b(\d)\d{5}"), 2000),  # 10.1039/b618021g
    (re.compile(r"\.(20[0-2]\d)\d{5}$"), 0),  # 10.1002/adfm.201603868
)
"""Where publishers write the year into a DOI, and what to add to the digits found."""


def year_of_doi(doi: str) -> int | None:
    """Return the year that a DOI shows; None where it shows none.

    Parameters
    ----------
    doi : str
        Without a resolver's address.

    Examples
    --------
    >>> year_of_doi("10.1016/j.ssi.2013.04.002"), year_of_doi("10.1039/d0ta02805c")
    (2013, 2020)
    >>> year_of_doi("10.1007/s11581-015-1556-2") is None
    True
    """
    for pattern, add in _PATTERNS:
        if match := pattern.search(doi.lower()):
            year = int(match[1]) + add
            return year if FIRST_YEAR <= year <= LAST_YEAR else None
    return None


def years_of(papers: Sequence[str], literature: Literature) -> np.ndarray:
    """Return the year of each row's paper, the latest where several state it; NaN where unknown, shape (n_rows,).

    Parameters
    ----------
    papers : sequence of str
        Paper of each row.
    literature : Literature
        Its sources know most years.
    """
    known: dict[str, float] = {}
    for paper in dict.fromkeys(papers):
        years = [_year(name, literature) for name in papers_of(paper)]
        known[paper] = float(max((year for year in years if year), default=np.nan))
    return np.array([known[paper] for paper in papers], dtype=float)


def _year(paper: str, literature: Literature) -> int | None:
    source = literature.sources.get(paper)
    if source and source.year:
        return source.year
    return year_of_doi((source.doi if source else None) or paper)
