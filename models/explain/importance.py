"""Overall importance of a part's features: a table of features with their stability, groups, pairs, and what of it
deserves to be believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from models.bundle import Bundle
from models.explain.feature_groups import GROUPS, correlated, group_of, rows_of
from models.explain.shap_values import Reasons, reasons_of, training_vectors
from models.tasks.registry import TASKS

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

    Stored with the model as plain numbers, since an exported model has neither the labels nor the papers to measure it.

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


PAIRS_SHOWN = 4
"""Strongest pairs shown; each gets a plot."""
DISPUTED = 10
"""Ranks among which SHAP and permutation should agree."""

MEASURED = (
    "low", "high", "rank_low", "rank_high", "above_shuffled", "shuffled", "permutation", "permutation_low",
    "permutation_high",
)  # fmt: skip
"""Columns of `Stability.features`."""


@dataclass
class Overall:
    """Overall importance of one part over its training designs.

    Attributes
    ----------
    part : str
        Its name.
    shap : Reasons
        SHAP values of the training designs.
    features : DataFrame
        One row per feature, strongest first: `feature`, `label`, `unit`, `group`, `correlated_with`, `source`,
        `mean_abs_shap`, `rank`, and the columns of `Stability.features` (NaN where the model stores none), then
        `apart_from_zero` (yes, no, or empty where not measured).
    groups : DataFrame
        The chemist's groups: `group`, `features`, `mean_abs_shap` (of the sum over the group), `permutation`,
        `permutation_low`, `permutation_high`.
    pairs : DataFrame
        Strongest interactions: `first`, `second`, `strength`, `low`, `high`, `above_shuffled`, `apart_from_zero`.
    effects : array, shape (n_paired, n_pairs)
        Effect of each of these pairs on some training rows, in the unit of the part's SHAP values.
    paired : array of int, shape (n_paired,)
        Which training rows these are.
    stability : Stability or None
        As stored; None where the model stores none.
    asked_pairs : bool
        Whether interactions were looked for.
    """

    part: str
    shap: Reasons
    features: pd.DataFrame
    groups: pd.DataFrame
    pairs: pd.DataFrame
    effects: np.ndarray
    paired: np.ndarray
    stability: Stability | None
    asked_pairs: bool = True

    @property
    def disagreements(self) -> list[str]:
        """Sentences on features of which SHAP and the permutation by paper do not say the same."""
        if self.stability is None:
            return []
        sentences = []
        by_error = self.features.sort_values("permutation", ascending=False, kind="stable").reset_index(drop=True)
        helps = set(by_error.loc[: DISPUTED - 1, "feature"])
        for row in rows_of(self.features):
            if row.rank <= DISPUTED and row.permutation_high <= 0:
                sentences.append(
                    f"{row.label}: place {row.rank} by SHAP, yet on papers left out the error falls when its values "
                    "come from other papers: what the model makes of it does not carry over"
                )
            elif row.rank <= DISPUTED and row.permutation_low <= 0:
                sentences.append(
                    f"{row.label}: place {row.rank} by SHAP; on papers left out no use of it can be shown "
                    f"({row.permutation:+.2g}, {row.permutation_low:+.2g} to {row.permutation_high:+.2g} "
                    f"{TASKS[self.part].scale_unit})"
                )
            elif row.rank > DISPUTED and row.feature in helps and row.permutation_low > 0:
                sentences.append(f"{row.label}: only place {row.rank} by SHAP, yet papers left out need it")
        return sentences


def overall(bundle: Bundle, name: str, *, pairs: bool = True) -> Overall:
    """Measure the overall importance of a part, from the exported model alone.

    Parameters
    ----------
    bundle : Bundle
    name : str
        Of the part.
    pairs : bool
        Whether to look for interactions, on `interaction_rows`; models of more than `MOST_ROUNDS` rounds are never
        asked.

    Raises
    ------
    ValueError
        The model does not carry its training designs.
    """
    part, stability = bundle.parts[name], stability_of(bundle.facts, name)
    vectors = training_vectors(part)
    if vectors.empty:
        raise ValueError(f"{name}: this model carries no training designs, which overall importance is measured on")
    shap = reasons_of(part, vectors)
    names = [feature.name for feature in shap.features]
    with_pairs = pairs and part.ensemble.recipe.rounds <= MOST_ROUNDS
    paired = interaction_rows(len(vectors))
    sample = vectors.iloc[paired]
    interactions = part.ensemble.interactions(sample) if with_pairs else np.zeros((1, len(names), len(names)))
    table, effects = _pairs(names, interactions, stability)
    features, groups = _features(shap, stability), _groups(shap, stability)
    return Overall(name, shap, features, groups, table, effects, paired, stability, with_pairs)


def _features(shap: Reasons, stability: Stability | None) -> pd.DataFrame:
    names = [feature.name for feature in shap.features]
    alike = {name: members for members in correlated(names, shap.vectors) for name in members}
    table = pd.DataFrame(
        {
            "feature": names,
            "label": [feature.label for feature in shap.features],
            "unit": [feature.unit for feature in shap.features],
            "group": [group_of(feature) for feature in shap.features],
            "correlated_with": ["; ".join(peer for peer in alike.get(name, ()) if peer != name) for name in names],
            "source": [feature.source for feature in shap.features],
            "mean_abs_shap": np.abs(shap.values).mean(axis=0),
        }
    )
    known = stability.features if stability else pd.DataFrame({"feature": names})
    table = table.merge(known, on="feature", how="left")
    for column in MEASURED:
        if column not in table:
            table[column] = np.nan
    table["apart_from_zero"] = _apart(table["above_shuffled"])
    table = table.sort_values("mean_abs_shap", ascending=False, kind="stable").reset_index(drop=True)
    table.insert(7, "rank", np.arange(1, len(table) + 1))
    return table


def _apart(above: pd.Series) -> list[str]:
    return ["" if share != share else "yes" if share >= SURE else "no" for share in above.astype(float)]


def _groups(shap: Reasons, stability: Stability | None) -> pd.DataFrame:
    groups = np.array([group_of(feature) for feature in shap.features])
    names = [group for group in GROUPS if (groups == group).any()]
    table = pd.DataFrame(
        {
            "group": names,
            "features": [int((groups == group).sum()) for group in names],
            "mean_abs_shap": [float(np.abs(shap.values[:, groups == group].sum(axis=1)).mean()) for group in names],
        }
    )
    columns = ["group", "permutation", "permutation_low", "permutation_high"]
    known = stability.groups[columns] if stability else pd.DataFrame(columns=columns, dtype=float)
    table = table.merge(known.drop_duplicates("group"), on="group", how="left")
    return table.sort_values("mean_abs_shap", ascending=False, kind="stable").reset_index(drop=True)


def _pairs(
    names: Sequence[str], interactions: np.ndarray, stability: Stability | None
) -> tuple[pd.DataFrame, np.ndarray]:
    first, second = np.triu_indices(len(names), 1)
    effects = 2 * interactions[:, first, second]
    strength = np.abs(effects).mean(axis=0)
    top = [place for place in np.argsort(-strength, kind="stable")[:PAIRS_SHOWN] if strength[place] > 0]
    table = pd.DataFrame(
        {
            "first": [names[first[place]] for place in top],
            "second": [names[second[place]] for place in top],
            "strength": strength[top],
        }
    )
    columns = ["first", "second", "low", "high", "above_shuffled"]
    known = stability.pairs[columns] if stability else pd.DataFrame(columns=columns)
    table = table.merge(known, on=["first", "second"], how="left")
    table["apart_from_zero"] = _apart(table["above_shuffled"])
    return table, effects[:, top]
