"""Where the lithium of a first cycle goes: a balance with few terms, whose priors are the constants of the reviews.

    loss = interphase + carbon surface + lost contact + cut-off - lithium brought along    (points of the first charge)

Each term has a prior from rows of `data/literature/rules.csv`. In a half cell the loss is the anode's alone; in a full
cell the larger of the anode's and the cathode's counts, not their sum. Moved by measured cells or not, the balance
shows no skill on papers the model never saw (`benchmarks.cells.told`): it is reported term by term, without a sum.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd

from features.feature import number
from features.formulas.reader import FormulaError, shared_reading
from features.physics import PRESSURE_CONTACT_LOST
from features.tables.records import Candidate
from models.bundle import Bundle
from models.candidates import has_anode
from models.tasks.registry import TARGETS, task_of

LITHIUM_INDIUM_V = 0.62
"""Potential of Li-In against lithium; a cut-off against Li-In is shifted by it."""
FULL_DELITHIATION_V = 1.0
"""Cut-off of a half cell against lithium above which hardly any lithium is left in silicon to be given back."""
UNSURE_POINTS = 10.0
"""Deviation of each prior, in points: two reviews that print the same cell differ by 5 to 15."""
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
OTHER_CLASS = "no review prints a constant for this class of electrolyte"
FIRST_CYCLE = "Where the lithium of the first cycle goes, by rules of the reviews: no skill shown yet"
HEADINGS = ("term", "points of the first charge (90 %)", "what the reviews print")
"""Of the table of the terms: `label`, `text` and `source` of each `Share`."""
NOTE = (
    "An estimate from what reviews print of single cells, no prediction: this balance shows no skill on papers the "
    "model never saw, so no efficiency is made of it. Points of the first charge that are lost, or brought where "
    "negative, each with its 90 % interval: two reviews that print the same cell differ by 5 to 15 points."
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
        Of a design, without which nothing is known of the term.
    """

    label: str
    prior: float
    rules: tuple[str, ...]
    column: str

    @property
    def source(self) -> str:
        """Values that the reviews print for it, with their places."""
        return " against ".join(PRINTED[rule] for rule in self.rules) or NO_CONSTANT


OXIDES = ("family_oxide", "family_garnet", "family_nasicon")
INTERPHASE = Term(
    "interphase on the electrolyte-facing area", 10.0, ("ice-usi-lpscl",), "electrolyte_class"
)  # 100 - 90
"""With a sulfide; with an oxide the next term comes on top. Of other classes no review prints a constant."""
TERMS = (
    INTERPHASE,
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


def holds_indium(counter_electrode: str) -> bool:
    """Return whether a counter electrode is indium or an alloy of lithium and indium, alone or among other things.

    Parameters
    ----------
    counter_electrode : str
        As written; empty where none is.

    Examples
    --------
    >>> [holds_indium(name) for name in ("In-Li", "Li0.5In-Li6PS5Cl", "Li-In foil", "Li", "LiCoO2-Li3InCl6")]
    [True, True, True, False, False]
    """
    for piece in re.split(r"[\s@|()]+", counter_electrode):
        try:
            parts = shared_reading(piece).parts
        except FormulaError:
            continue
        if any({"In"} <= set(part["composition"] or {}) <= {"Li", "In"} for part in parts):
            return True
    return "indium" in counter_electrode.lower()


def volts_against_lithium(volts: np.ndarray, lower: np.ndarray, counter_electrodes: np.ndarray) -> np.ndarray:
    """Return potentials against lithium: those against Li-In are shifted by 0.62 V.

    Papers with a counter electrode of Li-In print their window against it or converted to Li/Li+, and seldom say which.
    The window itself does: one that begins below 0 V is against Li-In, any other against Li/Li+, as silicon would take
    up hardly any lithium above 0 V against Li-In.

    Parameters
    ----------
    volts : ndarray, shape (n_cells,)
        As printed; NaN where none is.
    lower : ndarray, shape (n_cells,)
        Lower cut-off as printed; NaN where none is, and then nothing is shifted.
    counter_electrodes : ndarray of str, shape (n_cells,)
        As written.

    Examples
    --------
    >>> volts_against_lithium(np.array([0.88, 1.5]), np.array([-0.6, 0.005]), np.array(["LiIn", "LiIn"])).tolist()
    [1.5, 1.5]
    """
    indium = np.array([holds_indium(str(name)) for name in counter_electrodes], dtype=bool)
    return np.asarray(volts + LITHIUM_INDIUM_V * (indium & (lower < 0)), dtype=float)


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

    pressure, size = number(designs, "stack_pressure_mpa"), number(designs, "silicon_size_nm")
    lower, upper = number(designs, "voltage_low_v"), number(designs, "voltage_high_v")
    cut_off = volts_against_lithium(upper, lower, _counter_electrodes(designs))
    is_half = (designs["cell_type"] == "half").to_numpy()
    short = np.where(is_half, np.clip(FULL_DELITHIATION_V - cut_off, 0, None), 0.0)
    return np.column_stack(
        [
            np.ones(len(designs)),
            flag(*OXIDES),
            flag("anode_has_carbon"),
            pressure < PRESSURE_CONTACT_LOST.value,
            flag("prelithiated", "lithium_per_silicon"),
            np.nan_to_num(np.log10(150.0 / size)),
            np.nan_to_num(short),
        ]
    ).astype(float)


def _counter_electrodes(designs: pd.DataFrame) -> np.ndarray:
    return designs["counter_electrode"].astype(object).fillna("").to_numpy(dtype=str)


@dataclass(frozen=True)
class Share:
    """One term of one cell.

    Attributes
    ----------
    label : str
        As a battery engineer calls it.
    points, low, high : float or None
        Of the first charge, with the ends of the 90 % interval; None where they are not known.
    missing : str
        Why they are not known; empty where they are.
    source : str
        What the reviews print, and where.
    """

    label: str
    points: float | None
    low: float | None
    high: float | None
    missing: str
    source: str

    @property
    def text(self) -> str:
        """Points with their interval, or why they are not known: `10 (-6 to 26)`."""
        if self.points is None:
            return f"not known: {self.missing}"
        return f"{self.points:.0f} ({self.low:.0f} to {self.high:.0f})"


def lithium_terms(designs: pd.DataFrame, vectors: pd.DataFrame) -> list[list[Share]]:
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
            *(
                _share(term, amount, reason)
                for term, amount, reason in zip(TERMS, terms[row], missing[row], strict=True)
                if amount or reason
            ),
            *([Share(CATHODE, None, None, None, NO_CONSTANT, "")] if is_full[row] else []),
        ]
        for row in range(len(designs))
    ]


def _share(term: Term, amount: float, missing: str) -> Share:
    if missing:
        return Share(term.label, None, None, None, missing, term.source)
    points, half = amount * term.prior + 0.0, abs(amount) * UNSURE_POINTS * NormalDist().inv_cdf(0.95)
    return Share(term.label, points, points - half, points + half, "", term.source)


def _missing(designs: pd.DataFrame, vectors: pd.DataFrame) -> list[list[str]]:
    """Return by cell and term why the term is not known; empty where it is."""
    is_sulfide_or_oxide = (vectors[["family_sulfide", *OXIDES]].fillna(0) > 0).any(axis=1).to_numpy()
    is_known = {column: designs[column].notna().to_numpy() for column in ("stack_pressure_mpa", "silicon_size_nm")}
    is_known["electrolyte_class"] = (vectors.filter(regex="^family_").fillna(0) > 0).any(axis=1).to_numpy()
    is_known["carbon_wt_pct"] = vectors["anode_has_carbon"].notna().to_numpy()
    is_known["prelithiated"] = vectors["prelithiated"].notna().to_numpy()
    cut_off = _missing_for_cut_off(designs)

    def missing(term: Term, row: int) -> str:
        if term.column == "voltage_high_v":
            return f"{cut_off[row]} is missing" if cut_off[row] else ""
        if not is_known[term.column][row]:
            return f"{term.column} is missing"
        return OTHER_CLASS if term is INTERPHASE and not is_sulfide_or_oxide[row] else ""

    return [[missing(term, row) for term in TERMS] for row in range(len(designs))]


def _missing_for_cut_off(designs: pd.DataFrame) -> list[str]:
    """Return by cell the column without which it is not known how far the cut-off is below full delithiation.

    Only of half cells; and what the volts are against only where they are below 1 V as printed, since
    `volts_against_lithium` shifts them upwards.
    """
    upper, lower = number(designs, "voltage_high_v"), number(designs, "voltage_low_v")
    counters = _counter_electrodes(designs)
    is_indium = np.array([holds_indium(name) for name in counters], dtype=bool)
    is_half, matters = (designs["cell_type"] == "half").to_numpy(), upper < FULL_DELITHIATION_V
    reasons = {
        "cell_type": designs["cell_type"].isna().to_numpy(),
        "voltage_high_v": is_half & np.isnan(upper),
        "counter_electrode": is_half & matters & (counters == "") & ~(lower >= 0),
        "voltage_low_v": is_half & matters & is_indium & np.isnan(lower),
    }
    return [next((name for name, applies in reasons.items() if applies[row]), "") for row in range(len(designs))]


def balanced_target(columns: Iterable[str]) -> str | None:
    """Return the target that the balance belongs to; None where it is not among some targets.

    Parameters
    ----------
    columns : iterable of str
        Columns of `TARGETS`.
    """
    return next((column for column in columns if TARGETS[column].of_first_cycle), None)


def first_cycles(bundle: Bundle, column: str, designs: pd.DataFrame) -> list[list[Share] | None]:
    """Return what `lithium_terms` gives of candidate designs; None of those that describe no anode.

    Parameters
    ----------
    bundle : Bundle
        Whose featurizer of cells reads them.
    column : str
        Target, as `balanced_target` gives it.
    designs : DataFrame, shape (n_designs, n_columns)
        Columns of `Candidate`.
    """
    name = task_of(column).name
    vectors = bundle.parts[name].featurizer.transform(bundle.designs_for(name, designs))
    terms = lithium_terms(designs.reindex(columns=list(Candidate.model_fields)), vectors)
    return [of_design if described else None for of_design, described in zip(terms, has_anode(designs), strict=True)]
