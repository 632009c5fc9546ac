"""Stability of importances: what the training measured by leaving papers out and by shuffling features.

Stored with the model as plain numbers, since an exported model has neither the labels nor the papers to measure it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

FACTS = "stability"
"""Key of the bundle's facts."""
MOST_ROUNDS = 300
"""Rounds of boosting beyond which interactions are not looked for: a row of a thousand deep trees takes a second."""
MOST_PAIRED = 50
"""Rows of a table on which interactions are measured."""
SURE = 0.9
"""Share of the refits in which a feature must beat every shuffled one to differ from zero."""
NONE = (
    "This model stores no stability: it was trained before Silion measured it, or without. Train again to see which of "
    "these bars stand for more than noise."
)


@dataclass
class Stability:
    """Importance over models of which each was refitted without a group of papers.

    Attributes
    ----------
    refits, papers : int
        Number of refits, and of papers in the whole.
    features : DataFrame
        One row per feature: `feature`; `low`, `high` (least and greatest mean absolute SHAP value over the refits, on
        the model's scale); `rank_low`, `rank_high` (best and worst place); `above_shuffled` (share of refits in which
        it outweighs every feature that was shuffled between papers); `shuffled` (what the best of these reached on
        average); `permutation`, `permutation_low`, `permutation_high` (rise of the error on papers left out, when its
        values come from other papers, with the 90 % interval over papers).
    groups : DataFrame
        The same permutation for features shuffled together: `group`, `members` (names joined by `;`), `permutation`,
        `permutation_low`, `permutation_high`.
    pairs : DataFrame
        Strongest interactions: `first`, `second`, `low`, `high`, `above_shuffled`.
    """

    refits: int
    papers: int
    features: pd.DataFrame
    groups: pd.DataFrame
    pairs: pd.DataFrame

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON, at six digits."""
        tables = {name: getattr(self, name) for name in ("features", "groups", "pairs")}
        plain = {
            name: {str(column): [_plain(value) for value in table[column].tolist()] for column in table.columns}
            for name, table in tables.items()
        }
        return {"refits": self.refits, "papers": self.papers, **plain}

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Stability:
        """Read what `as_dict` gave.

        Parameters
        ----------
        state : mapping of str to Any
        """
        tables = {name: pd.DataFrame(state[name]) for name in ("features", "groups", "pairs")}
        return cls(int(state["refits"]), int(state["papers"]), **tables)


def _plain(value: Any) -> Any:
    return float(f"{value:.6g}") if isinstance(value, float) else value


def stability_of(facts: Mapping[str, Any], part: str) -> Stability | None:
    """Return what the training measured for a part; None where the model stores nothing.

    Parameters
    ----------
    facts : mapping of str to Any
        Of the bundle.
    part : str
        Name of `PARTS`.
    """
    stored = facts.get(FACTS, {}).get(part)
    return Stability.from_dict(stored) if stored else None


def interaction_rows(count: int) -> np.ndarray:
    """Return the rows on which interactions are measured, spread evenly over a table; shape (n_paired,).

    A row's interactions cost as many SHAP values as there are features: minutes on a table of hundreds.

    Parameters
    ----------
    count : int
        Rows of the table.

    Examples
    --------
    >>> interaction_rows(4).tolist(), len(interaction_rows(1000))
    ([0, 1, 2, 3], 50)
    """
    return np.unique(np.linspace(0, count - 1, min(count, MOST_PAIRED)).round().astype(int))
