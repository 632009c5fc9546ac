"""A second view of skill: chemical systems never seen. A system is the set of elements; what names no stoichiometry is
a system by its class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from features.composition import composition_of
from features.electrolyte import classes_of

MOST_FITS = 25
"""With more systems than this, whole systems share a fit."""


def chemical_systems(designs: pd.DataFrame) -> list[str]:
    """Chemical system of each design: `Cl-Li-P-S`, or its class in brackets where no stoichiometry is known.

    Examples
    --------
    >>> designs = pd.DataFrame({"electrolyte": ["Li6PS5Cl", "PEO"], "composition": ["", ""]})
    >>> chemical_systems(designs.assign(electrolyte_class=["", "polymer"]))
    ['Cl-Li-P-S', '(polymer)']
    """
    pairs = zip(designs["electrolyte"].fillna(""), designs["composition"].fillna(""), strict=True)
    amounts = [composition_of(str(name), str(formula)) for name, formula in pairs]
    return [
        "-".join(sorted(held)) if held else f"({kind or 'unknown'})"
        for held, kind in zip(amounts, classes_of(designs), strict=True)
    ]


def system_tests(systems: Sequence[str], seed: int) -> list[tuple[int, np.ndarray]]:
    """Rows of each test fold: one system each, or whole systems dealt to `MOST_FITS` folds."""
    kinds, member = np.unique(np.array(systems, dtype=object).astype(str), return_inverse=True)
    home = np.random.default_rng(seed).permutation(len(kinds)) % min(len(kinds), MOST_FITS)
    return [(0, np.flatnonzero(home[member] == fold)) for fold in np.unique(home)]
