"""What moves the predictions of a part overall: a table of features with their stability, groups, pairs, and what of it
deserves to be believed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.bundle import Bundle
from models.explain.feature_groups import GROUPS, correlated, group_of, rows_of
from models.explain.reasons import Reasons, learnt, reasons_of
from models.explain.stability import MOST_ROUNDS, SURE, Stability, stability_of
from models.tasks.registry import TASKS

PAIRS_SHOWN = 4
"""Strongest pairs told; each gets a plot."""
DISPUTED = 10
"""Ranks among which SHAP and permutation are asked to agree."""

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
    part : its name
    found : SHAP values of the training designs
    features : one row per feature, strongest first: `feature`, `label`, `unit`, `group`, `correlated_with`, `source`,
        `mean_abs_shap`, `rank`, and the columns of `Stability.features` (NaN where the model stores none), then
        `apart_from_zero` (yes, no, or empty where not measured)
    groups : the chemist's groups: `group`, `features`, `mean_abs_shap` (of the sum over the group), `permutation`,
        `permutation_low`, `permutation_high`
    pairs : strongest interactions: `first`, `second`, `strength`, `low`, `high`, `above_shuffled`, `apart_from_zero`
    effects : effect of each of these pairs on each training row, shape (n_rows, n_pairs)
    stability : as stored; None where the model stores none
    asked_pairs : whether interactions were looked for
    """

    part: str
    found: Reasons
    features: pd.DataFrame
    groups: pd.DataFrame
    pairs: pd.DataFrame
    effects: np.ndarray
    stability: Stability | None
    asked_pairs: bool = True

    @property
    def disagreements(self) -> list[str]:
        """Where SHAP and the permutation by paper do not say the same, one sentence each."""
        if self.stability is None:
            return []
        said = []
        by_error = self.features.sort_values("permutation", ascending=False, kind="stable").reset_index(drop=True)
        helps = set(by_error.loc[: DISPUTED - 1, "feature"])
        for row in rows_of(self.features):
            if row.rank <= DISPUTED and row.permutation_high <= 0:
                said.append(
                    f"{row.label}: place {row.rank} by SHAP, yet on papers left out the error falls when its values "
                    "come from other papers: what the model makes of it does not carry over"
                )
            elif row.rank <= DISPUTED and row.permutation_low <= 0:
                said.append(
                    f"{row.label}: place {row.rank} by SHAP; on papers left out no use of it can be shown "
                    f"({row.permutation:+.2g}, {row.permutation_low:+.2g} to {row.permutation_high:+.2g} "
                    f"{TASKS[self.part].scale_unit})"
                )
            elif row.rank > DISPUTED and row.feature in helps and row.permutation_low > 0:
                said.append(f"{row.label}: only place {row.rank} by SHAP, yet papers left out need it")
        return said


def overall(bundle: Bundle, name: str, *, pairs: bool = True) -> Overall:
    """Overall importance of a part, from the exported model alone.

    Parameters
    ----------
    pairs : whether to look for interactions; each row costs as many SHAP values as there are features, so models of
        more than `MOST_ROUNDS` rounds are never asked

    Raises
    ------
    ValueError
        The model does not carry its training designs.
    """
    part, steady = bundle.parts[name], stability_of(bundle.facts, name)
    vectors = learnt(part)
    if vectors.empty:
        raise ValueError(f"{name}: this model carries no training designs, which overall importance is measured on")
    found = reasons_of(part, vectors)
    names = [feature.name for feature in found.features]
    asked = pairs and part.ensemble.recipe.rounds <= MOST_ROUNDS
    interactions = part.ensemble.interactions(vectors) if asked else np.zeros((1, len(names), len(names)))
    table, effects = _pairs(names, interactions, steady)
    return Overall(name, found, _features(found, steady), _groups(found, steady), table, effects, steady, asked)


def _features(found: Reasons, steady: Stability | None) -> pd.DataFrame:
    names = [feature.name for feature in found.features]
    alike = {name: members for members in correlated(names, found.vectors) for name in members}
    strength = np.abs(found.values).mean(axis=0)
    table = pd.DataFrame(
        {
            "feature": names,
            "label": [feature.label for feature in found.features],
            "unit": [feature.unit for feature in found.features],
            "group": [group_of(feature) for feature in found.features],
            "correlated_with": ["; ".join(each for each in alike.get(name, ()) if each != name) for name in names],
            "source": [feature.source for feature in found.features],
            "mean_abs_shap": strength,
        }
    )
    known = steady.features if steady else pd.DataFrame({"feature": names})
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


def _groups(found: Reasons, steady: Stability | None) -> pd.DataFrame:
    groups = np.array([group_of(feature) for feature in found.features])
    held = [group for group in GROUPS if (groups == group).any()]
    table = pd.DataFrame(
        {
            "group": held,
            "features": [int((groups == group).sum()) for group in held],
            "mean_abs_shap": [float(np.abs(found.values[:, groups == group].sum(axis=1)).mean()) for group in held],
        }
    )
    columns = ["permutation", "permutation_low", "permutation_high"]
    known = steady.groups[["group", *columns]] if steady else pd.DataFrame(columns=["group", *columns], dtype=float)
    table = table.merge(known.drop_duplicates("group"), on="group", how="left")
    return table.sort_values("mean_abs_shap", ascending=False, kind="stable").reset_index(drop=True)


def _pairs(names: Sequence[str], interactions: np.ndarray, steady: Stability | None) -> tuple[pd.DataFrame, np.ndarray]:
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
    known = steady.pairs[columns] if steady else pd.DataFrame(columns=columns)
    table = table.merge(known, on=["first", "second"], how="left")
    table["apart_from_zero"] = _apart(table["above_shuffled"])
    return table, effects[:, top]
