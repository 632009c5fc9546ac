"""Overall importance of a part's features: a table of features with their stability, groups, pairs, and what of it
deserves to be believed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.bundle import Bundle
from models.explain.feature_groups import GROUPS, correlated, group_of, rows_of
from models.explain.shap_values import Reasons, reasons_of, training_vectors
from models.explain.stability import MOST_ROUNDS, SURE, Stability, interaction_rows, stability_of
from models.tasks.registry import TASKS

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
