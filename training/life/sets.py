"""The public cycling sets: curves, what the cells are, and which cells nothing may be learnt from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from features.cycling.curves import Curves

POINT_FILES = (
    "pinn4soh.csv.gz",
    "sunwoda_sio.csv.gz",
    "matr.csv.gz",
    "geslin_siox_checkups.csv.gz",
    "cui_formation_checkups.csv.gz",
    "small_sets.csv.gz",
)
GESLIN, GESLIN_PROTOCOLS = "GESLIN", 47


@dataclass(frozen=True)
class CyclingSets:
    """Finished cells of the public sets.

    Attributes
    ----------
    curves : whole records
    cells : one row per curve: `data_set`, `cell`, `protocol`, `cathode`, `anode`, `silicon`, `kept_out`
    """

    curves: Curves
    cells: pd.DataFrame

    def take(self, chosen: np.ndarray) -> CyclingSets:
        """Return some cells.

        Parameters
        ----------
        chosen : array of bool, shape (n_cells,)
            Cells that stay.
        """
        return CyclingSets(self.curves.take(np.flatnonzero(chosen)), self.cells[chosen].reset_index(drop=True))

    @property
    def learnable(self) -> CyclingSets:
        """The cells that may enter training, choices and calibration."""
        return self.take(~self.cells["kept_out"].to_numpy(dtype=bool))


def read_sets(folder: Path) -> CyclingSets:
    """Read the pulled sets, kept-out cells marked.

    Capacities of zero are left out (the first row of each cell of MATR_b1); a check-up before the first cycle counts
    as cycle 1. The protocols of GESLIN are told apart by the eight numbers that describe each cell's current in
    `geslin_protocol_features.csv`, whose rows are those of `geslin_soh90.csv`: complete linkage into 47 groups, as many
    as were published.

    Parameters
    ----------
    folder : Path
        As `silion data pull cycling` leaves it.
    """
    cells = pd.read_csv(folder / "cells.csv").rename(columns={"dataset": "data_set", "group": "protocol"})
    points = pd.concat([pd.read_csv(folder / name) for name in POINT_FILES], ignore_index=True)
    points = points[points["capacity_Ah"] > 0]
    key = cells["data_set"] + " " + cells["cell"].astype(str)
    of_point = points["dataset"] + " " + points["cell"].astype(str)
    kept_out = pd.read_csv(folder / "kept_out.csv")
    cells["kept_out"] = key.isin(kept_out["dataset"] + " " + kept_out["cell"].astype(str))
    cells["silicon"] = cells["silicon"] == 1
    geslin = cells["data_set"] == GESLIN
    cells.loc[geslin, "protocol"] = cells.loc[geslin, "cell"].map(_geslin_protocols(folder))
    place = pd.Series(np.arange(len(cells)), index=key)[of_point].to_numpy()
    cycle = np.maximum(points["cycle"].to_numpy(dtype=float), 1.0)
    curves = Curves.of(key.tolist(), place, cycle, points["capacity_Ah"].to_numpy(dtype=float))
    return CyclingSets(curves, cells)


def _geslin_protocols(folder: Path) -> dict[str, str]:
    """Return the protocol of each GESLIN cell."""
    from sklearn.cluster import AgglomerativeClustering

    numbers = pd.read_csv(folder / "geslin_protocol_features.csv")
    names = pd.read_csv(folder / "geslin_soh90.csv").iloc[:, 0].str.capitalize()
    frequencies = [str(column) for column in numbers.columns if str(column).startswith("Peak Frequency")]
    numbers = numbers.assign(**{column: np.log(numbers[column]) for column in frequencies})
    scaled = (numbers - numbers.mean()) / numbers.std()
    labels = AgglomerativeClustering(GESLIN_PROTOCOLS, linkage="complete").fit_predict(scaled)
    return {name: f"{GESLIN}_{label:02d}" for name, label in zip(names, labels, strict=True)}
