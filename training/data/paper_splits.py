"""Splits by paper: no row of a paper, and for conductivity no row of a composition, stands on both sides."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np
import pandas as pd

from features.tables.literature import papers_of


class SplitError(ValueError):
    """Too few papers for the folds asked for."""


def joined_groups(papers: Sequence[str], keys: Sequence[str] | None = None) -> np.ndarray:
    """Return the group of each row: papers, joined where they share a key (a composition).

    Parameters
    ----------
    papers : sequence of str, length n_rows
        Paper of each row; several, separated by `|`, are joined.
    keys : sequence of str, length n_rows, optional
        Composition of each row; papers that share one are one group. None joins nothing.

    Returns
    -------
    ndarray of int, shape (n_rows,)
        Number of the group, by first appearance.

    Examples
    --------
    >>> joined_groups(["zhan2023", "mei2022", "zhan2023 | huo2021", "huo2021"]).tolist()
    [0, 1, 0, 0]
    >>> joined_groups(["zhan2023", "mei2022"], keys=["Li3PS4", "Li3PS4"]).tolist()
    [0, 0]
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    names = [[f"paper:{name}" for name in papers_of(paper)] for paper in papers]
    if keys is not None:
        names = [[*of_row, f"key:{key}"] for of_row, key in zip(names, keys, strict=True)]
    number = {name: place for place, name in enumerate(dict.fromkeys(chain.from_iterable(names)))}
    firsts = np.array([number[of_row[0]] for of_row in names], dtype=int)
    rows = np.repeat(np.arange(len(names)), [len(of_row) for of_row in names])
    joined = np.array([number[name] for name in chain.from_iterable(names)], dtype=int)
    graph = coo_array((np.ones(len(rows)), (firsts[rows], joined)), shape=(len(number), len(number)))
    return np.asarray(pd.factorize(connected_components(graph, directed=False)[1][firsts])[0])


def grouped_folds(groups: np.ndarray, folds: int, seed: int) -> list[np.ndarray]:
    """Return the rows of each test fold; every row is tested once, every group whole.

    Groups are dealt in an order drawn by `seed`, each to the fold with the fewest rows so far.

    Parameters
    ----------
    groups : ndarray of int, shape (n_rows,)
        Group of each row, as of `joined_groups`.
    folds : int
        Number of folds, at least 1.
    seed : int
        Of the order.

    Returns
    -------
    list of ndarray of int
        Row numbers of each fold, rising.

    Raises
    ------
    SplitError
        Fewer groups than folds.

    Examples
    --------
    >>> [fold.tolist() for fold in grouped_folds(np.array([0, 0, 0, 1, 2]), folds=2, seed=0)]
    [[0, 1, 2], [3, 4]]
    """
    kinds, counts = np.unique(groups, return_counts=True)
    if len(kinds) < folds:
        raise SplitError(
            f"{len(kinds)} papers are too few for {folds} folds; add papers or ask for at most {len(kinds)} folds"
        )
    order = np.random.default_rng(seed).permutation(len(kinds))
    order = order[np.argsort(-counts[order], kind="stable")]
    sizes = np.zeros(folds, dtype=int)
    fold_of_group = np.empty(len(kinds), dtype=int)
    for index in order:
        fold_of_group[index] = int(np.argmin(sizes))
        sizes[fold_of_group[index]] += counts[index]
    fold_of_row = fold_of_group[np.searchsorted(kinds, groups)]
    return [np.flatnonzero(fold_of_row == fold) for fold in range(folds)]
