"""Splits by paper: no row of a paper, and for conductivity no row of a composition, stands on both sides."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from features.tables.literature import papers_of


class SplitError(ValueError):
    """Too few papers for the folds asked for."""


def joined_groups(papers: Sequence[str], keys: Sequence[str] | None = None) -> np.ndarray:
    """Group number of each row: papers, joined where they share a key (a composition).

    Parameters
    ----------
    papers : paper of each row; several, separated by `|`, are joined
    keys : composition of each row; papers that share one are one group. None joins nothing.

    Returns
    -------
    ndarray of int, shape (n_rows,)
        Numbered by first appearance.
    """
    parent: dict[str, str] = {}

    def root(node: str) -> str:
        parent.setdefault(node, node)
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    firsts = [papers_of(paper)[0] for paper in papers]
    for row, paper in enumerate(papers):
        for each in papers_of(paper):
            parent[root(f"paper:{each}")] = root(f"paper:{firsts[row]}")
        if keys is not None:
            parent[root(f"paper:{firsts[row]}")] = root(f"key:{keys[row]}")
    roots = [root(f"paper:{first}") for first in firsts]
    number = {name: index for index, name in enumerate(dict.fromkeys(roots))}
    return np.array([number[name] for name in roots], dtype=int)


def grouped_folds(groups: np.ndarray, folds: int, seed: int) -> list[np.ndarray]:
    """Rows of each test fold; every row is tested once, every group whole.

    Groups are dealt in an order drawn by `seed`, each to the fold with the fewest rows so far.

    Raises
    ------
    SplitError
        Fewer groups than folds.
    """
    kinds, counts = np.unique(groups, return_counts=True)
    if len(kinds) < folds:
        raise SplitError(
            f"{len(kinds)} papers are too few for {folds} folds; add papers or ask for at most {len(kinds)} folds"
        )
    order = np.random.default_rng(seed).permutation(len(kinds))
    order = order[np.argsort(-counts[order], kind="stable")]
    sizes = np.zeros(folds, dtype=int)
    home = np.empty(len(kinds), dtype=int)
    for index in order:
        home[index] = int(np.argmin(sizes))
        sizes[home[index]] += counts[index]
    fold_of_row = home[np.searchsorted(kinds, groups)]
    return [np.flatnonzero(fold_of_row == fold) for fold in range(folds)]
