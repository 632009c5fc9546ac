"""Where the lithium of a first cycle goes: a balance with few terms, whose priors are the constants of the reviews.

    loss = interphase + carbon surface + lost contact + cut-off - lithium brought along    (points of the first charge)

Each term has a prior from rows of `data/literature/rules.csv` and is moved by measured cells; what the cells of one
paper share is an effect of that paper (partial pooling), unknown for a new one. In a half cell the loss is the anode's
alone; in a full cell the larger of the anode's and the cathode's counts, not their sum. The balance shows no skill on
papers never seen (`benchmarks.cells.told`): it is told term by term, by the priors alone, and makes no prediction.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd

from features.physics import PRESSURE_CONTACT_LOST
from features.tables.records import Candidate
from models.bundle import Bundle
from models.candidates import has_anode

LITHIUM_INDIUM_V = 0.62
"""Potential of Li-In against lithium; a cut-off against Li-In is shifted by it."""
FULL_DELITHIATION_V = 1.0
"""Cut-off of a half cell against lithium above which hardly any lithium is left in silicon to be given back."""
UNSURE_POINTS = 10.0
"""Deviation of each prior, in points: two reviews that print the same cell differ by 5 to 15."""
RATIOS = (0.0, 0.25, 1.0, 4.0)
"""Variances of a paper's effect over the noise's, among which the likelihood chooses."""


ICE, EFFICIENCY = "ice", "ice_pct"
"""Part that reads the cells, and the target that the terms belong to."""
MULTISCALE = "Zhang et al., RSC Adv. 15, 33561 (2025)"
DOUBLE_LAYER = "Zhang et al., Silicon-based all-solid-state batteries operating free from external pressure (2025)"
PRINTED = {
    "ice-usi-lpscl": f"90 %, micrometre silicon with Li6PS5Cl ({MULTISCALE}, Sec. 5.2 para 4)",
    "ice-si-garnet": f"83.2 %, Si/CNT on a garnet ({MULTISCALE}, Sec. 5.1 para 2)",
    "ice-si-c-void-sulfide": f"72.7 %, Si/C with voids and Li6PS5Cl ({MULTISCALE}, Sec. 5.2 para 2)",
    "ice-pure-si-pressure-free": f"66.9 %, Si without pressure ({DOUBLE_LAYER}, Electrochemical properties para 4)",
    "ice-si-li21si5-single-layer": f"92.74 %, Si with Li21Si5 ({DOUBLE_LAYER}, Electrochemical properties para 1)",
}
"""First-cycle efficiencies that the terms rest on, by row of `rules.csv`: as printed, and where."""
NO_CONSTANT = "no review prints a constant"
FIRST_CYCLE = "Where the lithium of the first cycle goes, by rules of the reviews"
NOTE = (
    "An estimate from what reviews print of single cells, no prediction: this balance shows no skill on papers never "
    "seen, so no efficiency is made of it. Points of the first charge that are lost, or brought where negative, each "
    "with its 90 % interval: two reviews that print the same cell differ by 5 to 15 points."
)
"""What is said wherever the terms are shown."""


@dataclass(frozen=True)
class Term:
    """One way in which lithium is lost or brought.

    Attributes
    ----------
    label : str
        As a battery engineer calls it.
    prior : float
        Points of the first charge, from the rules.
    rules : tuple of str
        Rows of `rules.csv` that the prior is the difference of; empty where no review prints a constant.
    column : str
        Of a design, without which nothing is known of the term; empty where it is part of every cell.
    """

    label: str
    prior: float
    rules: tuple[str, ...] = ()
    column: str = ""

    @property
    def source(self) -> str:
        """What the reviews print, and where."""
        return " against ".join(PRINTED[rule] for rule in self.rules) or NO_CONSTANT


TERMS = (
    Term("interphase on the electrolyte-facing area", 10.0, ("ice-usi-lpscl",)),  # 100 - 90
    Term("interphase with an oxide", 6.8, ("ice-si-garnet", "ice-usi-lpscl"), "electrolyte_class"),  # 90 - 83.2
    Term(
        "carbon area that decomposes the electrolyte", 17.3, ("ice-si-c-void-sulfide", "ice-usi-lpscl"), "carbon_wt_pct"
    ),  # 90 - 72.7
    Term(
        "lithium trapped by lost contact", 23.1, ("ice-pure-si-pressure-free", "ice-usi-lpscl"), "stack_pressure_mpa"
    ),  # 90 - 66.9
    Term(
        "lithium brought along", -25.8, ("ice-si-li21si5-single-layer", "ice-pure-si-pressure-free"), "prelithiated"
    ),  # 66.9 - 92.74
    Term("finer silicon: area per tenfold smaller size", 0.0, (), "silicon_size_nm"),
    Term("lithium left in silicon below the cut-off, per V", 0.0, (), "voltage_high_v"),
)
CATHODE = "the cathode's own loss; in a full cell the larger of both losses counts, not their sum"


def volts_against_lithium(volts: np.ndarray, counter_electrodes: np.ndarray) -> np.ndarray:
    """Return potentials against lithium: those against Li-In are shifted by 0.62 V.

    Parameters
    ----------
    volts : ndarray, shape (n_cells,)
        As printed; NaN where none is.
    counter_electrodes : ndarray of str, shape (n_cells,)
        As written.

    Examples
    --------
    >>> volts_against_lithium(np.array([0.88, 1.0]), np.array(["In-Li", "Li"])).tolist()
    [1.5, 1.0]
    """
    indium = np.array(["in" in str(name).lower().replace("-", " ").split() for name in counter_electrodes], dtype=bool)
    return np.where(indium, np.asarray(volts, dtype=float) + LITHIUM_INDIUM_V, volts)


def amounts(designs: pd.DataFrame, vectors: pd.DataFrame) -> np.ndarray:
    """Return how much of each term a cell has, shape (n_cells, n_terms); what is not stated counts as none of it.

    Parameters
    ----------
    designs : DataFrame, shape (n_cells, n_columns)
        Columns of `CellDesign`.
    vectors : DataFrame, shape (n_cells, n_features)
        Of `CellFeatures`.
    """

    def flag(*names: str) -> np.ndarray:
        return np.asarray((vectors[list(names)].fillna(0) > 0).any(axis=1), dtype=float)

    pressure = pd.to_numeric(designs["stack_pressure_mpa"]).to_numpy(dtype=float)
    size = pd.to_numeric(designs["silicon_size_nm"]).to_numpy(dtype=float)
    upper = pd.to_numeric(designs["voltage_high_v"]).to_numpy(dtype=float)
    cut_off = volts_against_lithium(upper, designs["counter_electrode"].astype(object).fillna("").to_numpy(dtype=str))
    is_half = (designs["cell_type"] == "half").to_numpy()
    short = np.where(is_half, np.clip(FULL_DELITHIATION_V - cut_off, 0, None), 0.0)
    return np.column_stack(
        [
            np.ones(len(designs)),
            flag("family_oxide", "family_garnet", "family_nasicon"),
            flag("anode_has_carbon"),
            pressure < PRESSURE_CONTACT_LOST.value,
            flag("prelithiated", "lithium_per_silicon"),
            np.nan_to_num(np.log10(150.0 / size)),
            np.nan_to_num(short),
        ]
    ).astype(float)


@dataclass(frozen=True)
class Balance:
    """Terms as they are believed: means in points, shape (n_terms,), and their covariance.

    >>> prior = Balance.prior()
    >>> prior.loss(np.array([[1, 0, 0, 0, 1, 0, 0]])).round(1).tolist()
    [-15.8]
    """

    mean: np.ndarray
    covariance: np.ndarray

    @classmethod
    def prior(cls, without: frozenset[str] = frozenset()) -> Balance:
        """Return the balance as the reviews' constants alone tell it.

        Parameters
        ----------
        without : frozenset of str
            Rules that must not be used, as they come from a paper held out: their terms are then centred on nothing and
            twice as unsure.
        """
        usable = [not without.intersection(term.rules) for term in TERMS]
        mean = np.array([term.prior if known else 0.0 for term, known in zip(TERMS, usable, strict=True)])
        wide = np.where(usable, UNSURE_POINTS, 2 * UNSURE_POINTS)
        return cls(mean, np.diag(wide**2))

    def loss(self, terms: np.ndarray) -> np.ndarray:
        """Return the first-cycle loss in points of the first charge, shape (n_cells,).

        Parameters
        ----------
        terms : ndarray, shape (n_cells, n_terms)
            As `amounts` gives them.
        """
        return np.asarray(terms @ self.mean)

    def moved(self, terms: np.ndarray, loss: np.ndarray, papers: np.ndarray) -> Balance:
        """Return the balance moved by measured cells; cells of one paper share an unknown effect of it.

        Parameters
        ----------
        terms : ndarray, shape (n_cells, n_terms)
            As `amounts` gives them.
        loss : ndarray, shape (n_cells,)
            Measured, in points.
        papers : ndarray of str, shape (n_cells,)
            Paper of each cell.

        Examples
        --------
        One cell, measured 20 points from the prior, moves it part of the way:

        >>> one = np.eye(1, 7)
        >>> float(Balance.prior().moved(one, np.array([30.0]), np.array(["a"])).mean[0]) > 10.0
        True
        """
        alike = (papers[:, None] == papers[None, :]).astype(float)
        pull, best = loss - self.loss(terms), None
        reach = terms @ self.covariance @ terms.T
        for noise in (4.0, 8.0, 12.0, 16.0):
            for ratio in RATIOS:
                spread = noise**2 * (np.eye(len(loss)) + ratio * alike)
                total = reach + spread
                solved = np.linalg.solve(total, pull)
                likelihood = -0.5 * (pull @ solved + np.linalg.slogdet(total)[1])
                if best is None or likelihood > best[0]:
                    best = likelihood, total, solved
        if best is None:
            return self
        gain = self.covariance @ terms.T
        return Balance(self.mean + gain @ best[2], self.covariance - gain @ np.linalg.solve(best[1], gain.T))


@dataclass(frozen=True)
class Share:
    """One term of one cell, as it is told.

    Attributes
    ----------
    label : str
        As a battery engineer calls it.
    points, low, high : float or None
        Of the first charge, with the ends of the 90 % interval; None where nothing is told.
    missing : str
        Why nothing is told; empty where something is.
    source : str
        What the reviews print, and where.
    """

    label: str
    points: float | None
    low: float | None
    high: float | None
    missing: str
    source: str


def shares_told(designs: pd.DataFrame, vectors: pd.DataFrame) -> list[list[Share]]:
    """Return the terms of each cell by the reviews' constants alone; a term that the cell has nothing of is left out.

    Parameters
    ----------
    designs : DataFrame, shape (n_cells, n_columns)
        Columns of `CellDesign`.
    vectors : DataFrame, shape (n_cells, n_features)
        Of `CellFeatures`.
    """
    terms, missing = amounts(designs, vectors), _missing(designs, vectors)
    is_full = (designs["cell_type"] == "full").to_numpy()
    return [
        [
            *(_share(*each) for each in zip(TERMS, terms[row], missing[row], strict=True) if each[1] or each[2]),
            *([Share(CATHODE, None, None, None, NO_CONSTANT, "")] if is_full[row] else []),
        ]
        for row in range(len(designs))
    ]


def _share(term: Term, amount: float, missing: str) -> Share:
    if missing:
        return Share(term.label, None, None, None, f"{missing} is missing", term.source)
    points, half = amount * term.prior + 0.0, abs(amount) * UNSURE_POINTS * NormalDist().inv_cdf(0.95)
    return Share(term.label, points, points - half, points + half, "", term.source)


def _missing(designs: pd.DataFrame, vectors: pd.DataFrame) -> list[list[str]]:
    """Return by cell and term the column that a design does not state and without which the term is not known."""
    known = {column: designs[column].notna().to_numpy() for column in ("stack_pressure_mpa", "silicon_size_nm")}
    known["electrolyte_class"] = (vectors.filter(regex="^family_").fillna(0) > 0).any(axis=1).to_numpy()
    known["carbon_wt_pct"] = vectors["anode_has_carbon"].notna().to_numpy()
    known["prelithiated"] = vectors["prelithiated"].notna().to_numpy()
    full = (designs["cell_type"] == "full").to_numpy()
    known["cell_type"] = designs["cell_type"].notna().to_numpy()
    known["voltage_high_v"] = full | (known["cell_type"] & designs["voltage_high_v"].notna().to_numpy())

    def missing(column: str, row: int) -> str:
        if not column or known[column][row]:
            return ""
        return "cell_type" if column == "voltage_high_v" and not known["cell_type"][row] else column

    return [[missing(term.column, row) for term in TERMS] for row in range(len(designs))]


def first_cycles(bundle: Bundle, designs: pd.DataFrame) -> list[list[Share] | None]:
    """Return what `shares_told` gives of candidate designs; None of those that describe no anode.

    Parameters
    ----------
    bundle : Bundle
        Whose featurizer of cells reads them.
    designs : DataFrame, shape (n_designs, n_columns)
        Columns of `Candidate`.
    """
    cells = bundle.designs_for(ICE, designs)
    vectors = bundle.parts[ICE].featurizer.transform(cells)
    told = shares_told(designs.reindex(columns=list(Candidate.model_fields)), vectors)
    return [shares if described else None for shares, described in zip(told, has_anode(designs), strict=True)]
