"""Predictions of cells drawn to what papers measured of the very same cell, and the notices on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.tables.designs import Designs
from models.known.same_design import same_where_known
from models.known.scatter import Agreement, Values, drawn, precisions
from models.known.shrinkage import Shrunk
from models.notices import nothing, of_rows

BETWEEN_SHARE = 0.33
"""Share of a model's squared error on unseen papers that papers differ by where they measure one design: of
conductivity, as no cell is measured by two papers. 0.71 decades (`models.known.scatter.BETWEEN`) beside 1.24; those
papers print the composition and hardly how the sample was made, as papers on cells leave out much of the cell."""
LEAST_SHARE = 0.5
"""Share of what a design states below which a cell that states no more of it is not taken for the same one."""


@dataclass(frozen=True)
class KnownCells:
    """Cells that papers measured.

    Attributes
    ----------
    designs : Designs
        Of the cells; columns of `CellDesign`.
    value : ndarray, shape (n_rows,)
        Measured, on the model's scale; NaN for a bound.
    papers, references, measured : list of str
        Each cell's paper, how it is cited, and what it measured in words.
    """

    designs: Designs
    value: np.ndarray
    papers: list[str]
    references: list[str]
    measured: list[str]


def spread_of_papers(missed: float, replicate_share: float) -> Agreement:
    """Return how far papers' measurements of one cell lie apart.

    Parameters
    ----------
    missed : float
        Variance of the model's errors on unseen papers, on its scale.
    replicate_share : float
        Share of it that samples of one design in one laboratory differ by.

    Examples
    --------
    >>> spread = spread_of_papers(100.0, 0.05)
    >>> [round(each**2, 6) for each in (spread.between, spread.within, spread.model)]
    [33.0, 5.0, 62.0]
    """
    between, within = missed * BETWEEN_SHARE, missed * replicate_share
    return Agreement(between**0.5, within**0.5, (missed - between - within) ** 0.5)


def shrink_to_cells(
    known: KnownCells, designs: Designs, spread: Agreement, centre: np.ndarray, half: np.ndarray, level: float
) -> Shrunk:
    """Draw predictions of cells to the literature's measurements of the very same ones.

    A cell that states only a share r of what the design states is taken for a relative of it: the two have r of
    what is the design's own in common. The model learnt from these cells too, so that a value counts a little twice.

    Parameters
    ----------
    known : KnownCells
        Measured cells.
    designs : Designs
        Columns of `CellDesign`.
    spread : Agreement
        How far papers' measurements of one cell lie apart.
    centre, half : ndarray, shape (n_designs,)
        Predictions and half widths of their intervals without, on the model's scale.
    level : float
        Share of papers whose values the intervals should hold, 0 to 1.
    """
    design, row, share = same_where_known(designs, known.designs)
    tells = (share >= LEAST_SHARE) & np.isfinite(known.value[row])
    if not tells.any():
        null = nothing(len(centre))
        return Shrunk(centre, half, np.full(len(centre), np.nan), np.zeros(len(centre), dtype=bool), null, null, spread)
    design, row, share = design[tells], row[tells], share[tells]
    total = spread.model**2 + spread.between**2 + spread.within**2
    paper = np.unique(known.papers, return_inverse=True)[1][row]
    own = centre[design] + (known.value[row] - centre[design]) / share  # with the variance that this takes
    values = Values(design, paper, own, total * (1 / share**2 - 1), np.ones(len(row), dtype=bool))
    weight, mean = precisions(values, spread, len(centre), own=False)
    pooled, remaining = drawn(centre, np.full(len(centre), spread.model**2), weight, mean)
    is_known = weight > 0
    deviation = np.where(is_known, np.sqrt(remaining + spread.between**2 + spread.within**2), np.nan)
    cases = [tuple(group.tolist()) for group in np.split(row, np.flatnonzero(np.diff(design)) + 1) if len(group)]
    distinct = dict.fromkeys(cases)
    texts = {rows: _text(known, rows) for rows in distinct}
    notices = {rows: f"drawn to what {_papers(known, rows)} measured of this cell" for rows in distinct}
    return Shrunk(
        np.where(is_known, pooled, centre),
        np.where(is_known, np.fmin(spread.quantile(level) * deviation, half), half),
        deviation,
        np.zeros(len(centre), dtype=bool),
        of_rows(is_known, [texts[rows] for rows in cases]),
        of_rows(is_known, [notices[rows] for rows in cases]),
        spread,
    )


def _text(known: KnownCells, rows: tuple[int, ...]) -> str:
    count = len({known.papers[row] for row in rows})
    values = ", ".join(dict.fromkeys(known.measured[row] for row in rows))
    return f"{count} paper{'s' * (count > 1)}, {values}"


def _papers(known: KnownCells, rows: tuple[int, ...]) -> str:
    return " and ".join(dict.fromkeys(known.references[row] for row in rows))
