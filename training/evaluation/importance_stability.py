"""Stability of importance: models refitted without groups of papers, and beside features that mean nothing.

Groups of papers are left out in turn. Each time one model is fitted as the part was, and one that sees, beside each
feature, a copy whose values were dealt to other papers: what such a copy gains is what chance gains (Boruta, Kursa and
Rudnicki, doi 10.18637/jss.v036.i11). The copies keep the rows of a paper together, since a feature that is the same
within a paper can tell papers apart without meaning anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from features.feature import Feature
from features.tables.literature import Literature
from models.ensemble import BoostedEnsemble, Labels, Recipe
from models.explain.feature_groups import GROUPS, correlated, group_of
from models.explain.stability import MOST_ROUNDS, Stability, interaction_rows
from models.tasks.examples import Examples
from models.tasks.part import Part, paper_weights, with_conductivity
from models.tasks.registry import LINK, TASKS
from training.config import Protocol
from training.data.groups import PaperGroups, paper_groups
from training.data.paper_splits import grouped_folds
from training.evaluation.bootstrap import BAND, BOOTSTRAPS
from training.parallel import in_order

REFITS_PER_FOLD = 2
"""Twice as many groups of papers as the folds that skill is measured with: half as many papers are missed at a time."""
SHUFFLES = 5
PAIRS = 20
"""Strongest interactions that are kept."""
PAIR_ROWS = 12
"""Rows the interactions of a refit are measured on: each row costs as many SHAP values as there are features."""
ROUNDING = 1e-12
"""A rise that is rounding, not error."""


@dataclass
class PartRows:
    """Training rows of one part as numbers: vectors, labels, and groups."""

    vectors: pd.DataFrame
    labels: Labels
    kin: PaperGroups
    features: list[Feature]
    recipe: Recipe

    def fit(self, rows: np.ndarray, copies: np.ndarray | None, seed: int) -> BoostedEnsemble:
        """One booster on some rows, with the shuffled copies beside the features where there are any.

        Parameters
        ----------
        rows : ndarray
            Places of the rows.
        copies : ndarray | None
            Shuffled copies beside the features; None for none.
        seed : int
            Of the random steps.
        """
        table, signs = self.vectors.iloc[rows], [feature.monotone for feature in self.features]
        if copies is not None:
            table, signs = _beside(table, copies[rows]), signs * 2
        return BoostedEnsemble(replace(self.recipe, members=1), signs).fit(table, self.labels.take(rows), seed)


def stability(
    parts: Mapping[str, Part],
    literature: Literature,
    protocol: Protocol,
    progress: Callable[[int], None] = lambda steps: None,
) -> dict[str, Stability]:
    """Stability of every part's importance.

    Not done: the cells' conductivity is that of the model of all papers, also where a paper is left out. Importance is
    no skill, and one feature of sixty would move a little.

    Parameters
    ----------
    parts : mapping of str to Part
        Fitted on this literature, by name of `models.tasks.registry.TASKS`.
    literature : Literature
        All tables.
    protocol : Protocol
        Folds and seed; one repeat is made.
    progress : callable
        Called with the number of refits just done, `refits_needed(protocol)` in all.

    Raises
    ------
    SplitError
        Fewer than two groups of papers.
    """
    link = parts[LINK]
    return {name: measure(_part_rows(name, part, link, literature), protocol, progress) for name, part in parts.items()}


def refits_needed(protocol: Protocol) -> int:
    """Number of steps `stability` reports to its progress.

    Parameters
    ----------
    protocol : Protocol
        Folds, repeats and seed.
    """
    return len(TASKS) * REFITS_PER_FOLD * protocol.folds


def _part_rows(name: str, part: Part, link: Part, literature: Literature) -> PartRows:
    """The rows of a part as `training.train.fit_bundle` gave them to `fit_part`."""
    task, recipe = TASKS[name], part.ensemble.recipe
    examples = task.examples(literature)
    kin = paper_groups(name, examples)
    if task.of_cells:
        examples = Examples(with_conductivity(examples.designs, link), examples.labels)
    examples, _ = task.relabelled(examples, recipe)
    labels = examples.labels
    if recipe.paper_power:
        labels = replace(labels, weight=labels.weight * paper_weights(examples.designs["paper"], recipe.paper_power))
    return PartRows(part.featurizer.transform(examples.designs), labels, kin, part.featurizer.features_, recipe)


def measure(learned: PartRows, protocol: Protocol, progress: Callable[[int], None]) -> Stability:
    """Stability of one part; `progress` is called with the number of refits just done.

    Parameters
    ----------
    learned : PartRows
        Training rows of one part.
    protocol : Protocol
        Folds, repeats and seed.
    progress : callable
        Called with the number of steps just done.
    """
    names, groups = list(learned.vectors.columns), learned.kin.groups
    units = _units(learned)
    seed, random = protocol.seed, np.random.default_rng([protocol.seed, len(names)])
    refits = REFITS_PER_FOLD * protocol.folds
    count = min(refits, len(np.unique(groups)))
    rise = np.full((len(units), len(groups)), np.nan)
    sample = np.sort(random.permutation(len(groups))[:PAIR_ROWS])
    folds, rows = grouped_folds(groups, count, seed), rows_by_group(groups)

    def pieces() -> Iterator[tuple[Any, ...]]:
        for fold, test in enumerate(folds):
            copies = _dealt(learned.vectors.to_numpy(dtype=float), rows, random)
            lots = np.array([donors(rows, random)[test] for _ in range(len(units) * SHUFFLES)])
            yield learned, test, copies, lots, units, sample, seed + fold

    refitted = list(in_order(_refitted, pieces(), progress))
    for test, refit in zip(folds, refitted, strict=True):
        rise[:, test] = refit.rise
    progress(refits - count)
    heads = ["permutation", "permutation_low", "permutation_high"]
    intervals = pd.DataFrame(_by_group(rise, groups, seed), columns=heads)
    members = [(name, ";".join(names[place] for place in places)) for name, places in units]
    joint = pd.DataFrame(members, columns=["group", "members"])
    return Stability(
        count,
        int(learned.kin.papers.shape[1]),
        _feature_table(names, refitted).join(intervals.iloc[: len(names)]),
        joint.join(intervals).iloc[len(names) :].reset_index(drop=True),
        _pair_table(names, refitted),
    )


class _Refitted(NamedTuple):
    """Strengths of the features and of their pairs, without and beside copies, and the rise of the errors of the
    rows left out when features are shuffled."""

    plain: np.ndarray
    mixed: np.ndarray
    pairs: np.ndarray
    pairs_mixed: np.ndarray
    rise: np.ndarray


def _refitted(
    learned: PartRows, test: np.ndarray, copies: np.ndarray, lots: np.ndarray, units: list[tuple[str, list[int]]],
    sample: np.ndarray, seed: int, progress: Callable[[int], None],
) -> _Refitted:  # fmt: skip
    """Fit without the rows of one fold and their kin, with and without copies beside the features."""
    train_rows = learned.kin.unrelated(test)
    model, mixed = learned.fit(train_rows, None, seed), learned.fit(train_rows, copies, seed)
    widened = _beside(learned.vectors, copies)
    refitted = _Refitted(
        np.abs(model.contributions(learned.vectors)[0]).mean(axis=0),
        np.abs(mixed.contributions(widened)[0]).mean(axis=0),
        _pair_strength(model, learned.vectors.iloc[sample]),
        _pair_strength(mixed, widened.iloc[sample]),
        _rise(learned, model, test, units, lots),
    )
    progress(1)
    return refitted


def _units(learned: PartRows) -> list[tuple[str, list[int]]]:
    """Return the features to shuffle together: each alone, those that correlate, and the chemist's groups."""
    names = list(learned.vectors.columns)
    units = [(name, [place]) for place, name in enumerate(names)]
    for members in correlated(names, learned.vectors.to_numpy(dtype=float)):
        units.append(("correlated", [names.index(name) for name in members]))
    by_group = {
        group: [place for place, feature in enumerate(learned.features) if group_of(feature) == group]
        for group in GROUPS
    }
    return [*units, *((group, places) for group, places in by_group.items() if places)]


def _beside(table: pd.DataFrame, copies: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(np.hstack([table.to_numpy(dtype=float), copies]), index=table.index)


def rows_by_group(groups: np.ndarray) -> list[np.ndarray]:
    """Return the places of the rows of each group.

    Parameters
    ----------
    groups : ndarray, shape (n_rows,)
        Group of each row.

    Examples
    --------
    >>> [rows.tolist() for rows in rows_by_group(np.array([7, 3, 7]))]
    [[1], [0, 2]]
    """
    kinds, member = np.unique(groups, return_inverse=True)
    return [np.flatnonzero(member == kind) for kind in range(len(kinds))]


def donors(rows: list[np.ndarray], random: np.random.Generator) -> np.ndarray:
    """Return a row for each row, such that the rows of a group all come from one group drawn by lot, shape (n_rows,).

    Parameters
    ----------
    rows : list of ndarray of int
        Of `rows_by_group`.
    random : Generator
        Source of the lots.
    """
    flat, size = np.concatenate(rows), np.array([len(own) for own in rows])
    start, group = np.cumsum(size) - size, np.repeat(np.arange(len(rows)), size)
    lots, shuffled = random.permutation(len(rows)), flat.copy()
    for place in lots[size[lots] > 1].tolist():  # a row that is alone needs no lot
        random.shuffle(shuffled[start[place] : start[place] + size[place]])
    lot, donor = lots[group], np.empty(len(flat), dtype=int)
    donor[flat] = shuffled[start[lot] + (np.arange(len(flat)) - start[group]) % size[lot]]
    return donor


def _dealt(table: np.ndarray, rows: list[np.ndarray], random: np.random.Generator) -> np.ndarray:
    """Return every column with its values dealt to other papers, each by a lot of its own."""
    return np.column_stack([table[donors(rows, random), place] for place in range(table.shape[1])])


def _pair_strength(model: BoostedEnsemble, vectors: pd.DataFrame) -> np.ndarray:
    """Mean absolute effect of each pair, shape (n_features, n_features), 0 on the diagonal; all 0 where the model has
    too many rounds."""
    if model.recipe.rounds > MOST_ROUNDS:
        return np.zeros((vectors.shape[1], vectors.shape[1]))
    strength: np.ndarray = 2 * np.abs(model.interactions(vectors.iloc[interaction_rows(len(vectors))])).mean(axis=0)
    np.fill_diagonal(strength, 0.0)
    return strength


def _rise(
    learned: PartRows, model: BoostedEnsemble, test: np.ndarray, units: list[tuple[str, list[int]]], lots: np.ndarray
) -> np.ndarray:
    """Rise of each held-out row's error when a unit's values come from the rows of `lots`, `SHUFFLES` for each unit,
    shape (n_units, n_test)."""
    table = learned.vectors.to_numpy(dtype=float)
    own, blocks, changed = table[test], [table[test]], []
    for (_, places), shuffles in zip(units, lots.reshape(len(units), SHUFFLES, len(test)), strict=True):
        for lot in shuffles:
            own_values, lot_values = own[:, places], table[lot][:, places]
            differs = ~((own_values == lot_values) | (np.isnan(own_values) & np.isnan(lot_values))).all(axis=1)
            block = own[differs]  # the rest is predicted as it was: most papers lack most elements
            block[:, places] = lot_values[differs]
            blocks.append(block)
            changed.append(differs)
    predicted, _ = model.predict(np.vstack(blocks))
    by_shuffle = np.tile(predicted[: len(test)], (len(changed), 1))
    by_shuffle[np.array(changed)] = predicted[len(test) :]
    labels = learned.labels.take(test)
    before = labels.distance(predicted[: len(test)])
    error = np.array([labels.distance(values) for values in by_shuffle])
    return np.asarray(error.reshape(len(units), SHUFFLES, len(test)).mean(axis=1) - before, dtype=float)


def _by_group(rise: np.ndarray, groups: np.ndarray, seed: int) -> np.ndarray:
    """Mean of each unit's rise over groups of papers, each counting once, with its 90 % bootstrap interval over them;
    shape (n_units, 3)."""
    kinds, member, size = np.unique(groups, return_inverse=True, return_counts=True)
    means = np.array([np.bincount(member, unit_rise) / size for unit_rise in rise])
    means[np.abs(means) < ROUNDING] = 0.0
    drawn = np.random.default_rng(seed).multinomial(len(kinds), np.full(len(kinds), 1 / len(kinds)), BOOTSTRAPS)
    low, high = np.percentile(means @ drawn.T / len(kinds), BAND, axis=1)
    return np.column_stack([means.mean(axis=1), low, high])


def _feature_table(names: list[str], refitted: list[_Refitted]) -> pd.DataFrame:
    plain, mixed = np.array([refit.plain for refit in refitted]), np.array([refit.mixed for refit in refitted])
    beside, copied = mixed[:, : len(names)], mixed[:, len(names) :].max(axis=1)
    ranks = np.array([rankdata(-strengths, method="min") for strengths in plain])
    return pd.DataFrame(
        {
            "feature": names,
            "low": plain.min(axis=0),
            "high": plain.max(axis=0),
            "rank_low": ranks.min(axis=0).astype(int),
            "rank_high": ranks.max(axis=0).astype(int),
            "above_shuffled": (beside > copied[:, None]).mean(axis=0),
            "shuffled": float(copied.mean()),
        }
    )


def _pair_table(names: list[str], refitted: list[_Refitted]) -> pd.DataFrame:
    pairs, mixed = np.array([refit.pairs for refit in refitted]), np.array([refit.pairs_mixed for refit in refitted])
    copied = mixed[:, :, len(names) :].max(axis=(1, 2))
    upper = np.triu_indices(len(names), 1)
    mean = pairs.mean(axis=0)[upper]
    strongest = [place for place in np.argsort(-mean, kind="stable")[:PAIRS] if mean[place] > 0]
    rows = []
    for place in strongest:
        first, second = int(upper[0][place]), int(upper[1][place])
        above = float(np.mean(mixed[:, first, second] > copied))
        strength = pairs[:, first, second]
        rows.append((names[first], names[second], float(strength.min()), float(strength.max()), above))
    return pd.DataFrame(rows, columns=["first", "second", "low", "high", "above_shuffled"])
