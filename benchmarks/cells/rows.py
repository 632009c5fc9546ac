"""Cells as the ideas read them, and what an idea answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, cached_property

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from models.boosters.labels import Labels, weighted_median
from models.tasks import fade_law

ARGYRODITE, PRELITHIATED, CONDUCTIVITY = "family_argyrodite", "lithium_per_silicon", "log10_conductivity_s_per_cm"
FEW = (ARGYRODITE, PRELITHIATED, CONDUCTIVITY, "anode_thin_film")
FACTS = (
    *FEW, "family_oxide", "family_polymer", "anode_composite", "silicon_named_micro", "silicon_named_nano",
    "anode_has_carbon", "anode_coated", "full_cell", "temperature_c", "log10_c_rate_per_h",
)  # fmt: skip
"""Features that at least ten papers of either table state and that a chemist would name first."""
ICE_SIGNS = {
    PRELITHIATED: 1, CONDUCTIVITY: 1, "silicon_named_micro": 1, "silicon_named_nano": -1, "anode_coated": 1,
    "anode_has_carbon": -1,
}  # fmt: skip
LIFE_SIGNS = {PRELITHIATED: 1, CONDUCTIVITY: 1, "anode_thin_film": 1, "silicon_named_micro": -1, "anode_coated": 1}
"""Signs a chemist would write down beforehand (rules.csv tells most; it was compiled from partly the same papers)."""
SQUARE_ROOT = 0.5
"""Shape of the fade law where lithium is lost to a layer that grows by diffusion through itself (parabolic growth)."""
NODES, NODE_WEIGHTS = np.polynomial.hermite_e.hermegauss(15)
NODE_WEIGHTS = NODE_WEIGHTS / NODE_WEIGHTS.sum()


@dataclass(frozen=True)
class Rows:
    """Designs as the ideas read them: the table, its vectors, papers and labels on the learner's scale."""

    designs: pd.DataFrame
    vectors: pd.DataFrame
    labels: Labels

    @property
    def papers(self) -> np.ndarray:
        return self.designs["paper"].to_numpy(dtype=object)

    @cached_property
    def lives(self) -> dict[float, Rows]:
        """The same rows labelled with their lives, by the law's shape: filled by `labelled`."""
        return {}

    @cached_property
    def within_cells(self) -> float:
        """Shape of the fade law from within cells."""
        return fade_law.fade_shape(self.designs)

    @cached_property
    def flattest(self) -> float:
        """Shape within the law's limits with which one life for all misses the printed retentions least."""
        cycles, printed = (self.designs[name].to_numpy(dtype=float) for name in ("cycles", "retention_pct"))
        weight = by_paper(self)

        def miss(shape: float) -> float:
            labels = fade_law.fade_labels(self.designs, shape)
            life = np.full(len(cycles), weighted_median(labels.middle, labels.weight))
            return float((weight * np.abs(fade_law.retention_pct(life, cycles, shape) - printed)).sum())

        return float(min(np.arange(0.2, 1.61, 0.1), key=miss))

    @cached_property
    def paper_weight(self) -> np.ndarray:
        """Weights under which each paper counts once."""
        _, member = np.unique(self.papers.astype(str), return_inverse=True)
        return np.asarray(self.labels.weight / np.bincount(member, self.labels.weight)[member])

    def take(self, rows: np.ndarray) -> Rows:
        return Rows(self.designs.iloc[rows], self.vectors.iloc[rows], self.labels.take(rows))


@dataclass(frozen=True)
class Fold:
    """What an idea may learn from, and whom it is asked about.

    `liquid` are training papers' cells with liquid or gel electrolyte; `side` their cells with a first capacity.
    """

    train: Rows
    test: Rows
    liquid: Rows
    side: Rows
    seed: int


@dataclass(frozen=True)
class Guess:
    """Predictions of one idea.

    `value` is ICE (%), log10 life, or retention (%) where `shape` is NaN; `centre` the value without any design. A
    curve may be averaged over lives that are unsure by `unsure` decades; `value` is where that average crosses 80 %.
    """

    value: np.ndarray
    centre: float
    shape: float = np.nan
    unsure: float = 0.0

    def shrunk(self, share: float) -> Guess:
        return replace(self, value=self.centre + share * (self.value - self.centre))

    def retention_pct(self, cycles: np.ndarray) -> np.ndarray:
        if np.isnan(self.shape):
            return np.asarray(np.clip(self.value, 0, 100))
        return curve_pct(self.value, cycles, self.shape, self.unsure)


def curve_pct(log10_n80: np.ndarray, cycles: np.ndarray, shape: float, unsure: float) -> np.ndarray:
    """Fade law averaged over lives spread by `unsure` decades, moved so that it still crosses 80 % at the life."""
    move = _crossing(shape, unsure)
    values = [fade_law.retention_pct(log10_n80 - move + unsure * node, cycles, shape) for node in NODES]
    return np.asarray(np.tensordot(NODE_WEIGHTS, np.array(values), axes=1))


@cache
def _crossing(shape: float, unsure: float) -> float:
    if unsure == 0:
        return 0.0

    def above(log_cycles: float) -> float:
        return float(NODE_WEIGHTS @ fade_law.retention_pct(unsure * NODES, 10.0**log_cycles, shape)) - 80.0

    return float(brentq(above, -12, 12))


Learner = Callable[[Fold], np.ndarray]
Idea = Callable[[Fold], Guess]


def by_paper(rows: Rows) -> np.ndarray:
    return rows.paper_weight
