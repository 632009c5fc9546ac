"""Lattices: volume and shape of a cell from its lengths and angles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.feature import Feature, Output, filled

FROM_CELL = "lattice as given, else of the CIF"


@dataclass(frozen=True)
class CellShapes:
    """Shapes of cells, each of shape (n,); NaN where the numbers make no cell.

    Attributes
    ----------
    volume : in Å³
    b_over_a, c_over_a : ratios of lengths
    cubic_deviation : norm of the logarithmic strain between the cell and the cube of its volume, 0 for a cube,
        sqrt(2/3) ln(c/a) for a tetragonal cell
    """

    volume: np.ndarray
    b_over_a: np.ndarray
    c_over_a: np.ndarray
    cubic_deviation: np.ndarray

    @classmethod
    def from_cells(cls, cells: np.ndarray) -> CellShapes:
        """Compute the shapes of cells.

        Parameters
        ----------
        cells : ndarray of shape (n, 6)
            a, b, c in Å and angles in degrees.
        """
        lengths = np.where((cells[:, :3] > 0) & np.isfinite(cells[:, :3]), cells[:, :3], np.nan)
        angles = np.where((cells[:, 3:] > 0) & (cells[:, 3:] < 180), cells[:, 3:], np.nan)
        cosines = np.cos(np.radians(angles))
        metric = np.tile(np.eye(3), (len(cells), 1, 1))
        for (i, j), column in zip(((1, 2), (0, 2), (0, 1)), cosines.T, strict=True):
            metric[:, i, j] = metric[:, j, i] = column
        known = np.flatnonzero(~np.isnan(metric).any(axis=(1, 2)) & ~np.isnan(lengths).any(axis=1))
        known = known[np.linalg.eigvalsh(metric[known])[:, 0] > 0]
        a, b, c = lengths[known].T
        volume = a * b * c * np.sqrt(np.linalg.det(metric[known]))
        scaled = lengths[known] / np.cbrt(volume)[:, None]
        stretches = np.linalg.eigvalsh(metric[known] * scaled[:, :, None] * scaled[:, None, :])
        strain = np.linalg.norm(np.log(stretches) / 2, axis=1)

        def padded(values: np.ndarray) -> np.ndarray:
            of_all_cells = np.full(len(cells), np.nan)
            of_all_cells[known] = values
            return of_all_cells

        return cls(*map(padded, (volume, b / a, c / a, strain)))


LATTICE_FEATURES: tuple[Output[CellShapes], ...] = (
    Output(Feature("cell_volume_angstrom3", "cell volume", "Å³", FROM_CELL), lambda shapes: shapes.volume),
    Output(Feature("lattice_b_over_a", "lattice b over a", "1", FROM_CELL), lambda shapes: shapes.b_over_a),
    Output(Feature("lattice_c_over_a", "lattice c over a", "1", FROM_CELL), lambda shapes: shapes.c_over_a),
    Output(
        Feature("cubic_deviation", "strain between the cell and a cube of its volume", "1", FROM_CELL),
        lambda shapes: shapes.cubic_deviation,
    ),
)


def lattice_values(cells: np.ndarray) -> np.ndarray:
    """Compute `LATTICE_FEATURES` of cells.

    Parameters
    ----------
    cells : ndarray of shape (n, 6)
        a, b, c in Å and angles in degrees.

    Returns
    -------
    ndarray of shape (n, 4)
        NaN where the numbers make no cell.

    Examples
    --------
    >>> lattice_values(np.array([[4.0, 4.0, 4.0, 90, 90, 90]])).round(6).tolist()
    [[64.0, 1.0, 1.0, 0.0]]
    """
    return filled(LATTICE_FEATURES, CellShapes.from_cells(cells), len(cells))
