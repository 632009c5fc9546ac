"""Classes of cells, and what is known of their fade before its first cycle."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from models.life.life_features import UNKNOWN_CLASS, UNKNOWN_LIFE
from models.life.trend import TrendPrior


@dataclass(frozen=True)
class CellClass:
    """A kind of cell.

    Attributes
    ----------
    text : in answers
    exponent : of the fade law, the middle of what was measured
    exponent_sd : of its natural logarithm
    learned : whether cells like it are in training
    notice : always said with an answer; empty where nothing is
    """

    text: str
    exponent: float
    exponent_sd: float
    learned: bool
    notice: str = ""


# Exponents: medians by data set of the public cycling sets (silicon blends 0.7 to 1.4: SUNWODA, TJU, GESLIN; LFP 4 to
# 5: HUST, MATR), and the three papers of data/literature/cycling.csv with several points of a solid-state cell (0.44 to
# 0.61). The deviations are wider than those ranges, as a class of few sets shows little of what there is.
UNKNOWN = CellClass(
    "unknown class", float(np.exp(UNKNOWN_CLASS[0])), UNKNOWN_CLASS[1], True,
    "the cell's class is not known (columns anode, cathode, electrolyte_state): told like the liquid cells learnt from",
)  # fmt: skip
BLEND = CellClass("silicon blend, liquid electrolyte", 1.0, 0.35, True)
GRAPHITE = CellClass("graphite, liquid electrolyte", 1.2, 0.5, True)
LFP = CellClass(
    "LFP", 4.5, 0.4, True,
    "no skill on LFP cells with a knee: capacity alone does not show when the knee comes",
)  # fmt: skip
SOLID = CellClass(
    "solid electrolyte", 0.53, 0.35, False,
    "solid-state cells are outside the training data (one literature cell has more than two points): a range from the "
    "cell's own trend, without a level",
)  # fmt: skip
SOLID_CLASSES = re.compile(r"oxide|garnet|nasicon|perovskite|lipon|sulfide|argyrodite|halide|hydride|glass|lgps", re.I)
SOLID_NAMES = re.compile(r"Li\d*[\d.]*P\d*S|LLZ|LATP|LGPS|LPS|LPSC|LiPON|LAGP|Li3InCl6|Li3YCl6", re.I)
SILICON = re.compile(r"\bSi\b|Si/|SiO|[µμ]Si|silicon|\bSi[-_]|nano-?Si", re.I)


def class_of(about: Mapping[Any, Any]) -> CellClass:
    """Return the class of a cell from what its table says.

    Parameters
    ----------
    about : mapping
        Columns of the cell as written; empty where not given.

    Examples
    --------
    >>> class_of({"anode": "graphite + 13 wt% SiO", "electrolyte_state": "liquid"}).text
    'silicon blend, liquid electrolyte'
    >>> class_of({"anode": "nano-Si", "electrolyte": "Li6PS5Cl"}).learned
    False
    """
    text = {str(name): str(value).strip() for name, value in about.items() if isinstance(value, str)}
    state = text.get("electrolyte_state", "").lower()
    solid = state in ("solid", "gel") or (
        not state
        and bool(
            SOLID_CLASSES.search(text.get("electrolyte_class", "")) or SOLID_NAMES.search(text.get("electrolyte", ""))
        )
    )
    anode = " ".join(text.get(name, "") for name in ("anode", "anode_class"))
    cathode = text.get("cathode", "") + " " + text.get("counter_electrode", "")
    if solid:
        return SOLID
    if re.search(r"LFP|LiFePO4", cathode, re.I):
        return LFP
    if SILICON.search(anode) or _positive(text.get("silicon_wt_pct", "")):
        return BLEND
    return GRAPHITE if re.search(r"graphite|carbon", anode, re.I) else UNKNOWN


def _positive(text: str) -> bool:
    try:
        return float(text) > 0
    except ValueError:
        return False


def prior_of(classes: list[CellClass], life: pd.DataFrame | None = None) -> TrendPrior:
    """Return what is known of cells before their first cycle.

    Parameters
    ----------
    classes : list of CellClass
        One per cell.
    life : DataFrame, optional
        `log10_life` and `log10_life_sd` from the designs alone, one row per cell; NaN where not predicted.
    """
    count = len(classes)
    centre, width = np.full(count, UNKNOWN_LIFE[0]), np.full(count, UNKNOWN_LIFE[1])
    if life is not None:
        known = life["log10_life"].notna().to_numpy()
        centre[known] = life["log10_life"].to_numpy(dtype=float)[known]
        width[known] = life["log10_life_sd"].to_numpy(dtype=float)[known]
    exponent = np.log([kind.exponent for kind in classes])
    return TrendPrior(exponent, np.array([kind.exponent_sd for kind in classes]), centre, width)
