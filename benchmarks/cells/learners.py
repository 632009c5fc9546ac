"""Learners: from the rows of a training fold to a number for each design held out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.cells.effects import gower, levels, random_effects, same, scores
from benchmarks.cells.rows import FACTS, PRELITHIATED, Fold, Learner, Rows, by_paper
from models.boosters.labels import Labels, weighted_median
from models.ensemble import BoostedEnsemble, Recipe


def constant(fold: Fold) -> np.ndarray:
    return np.full(len(fold.test.vectors), weighted_median(fold.train.labels.middle, fold.train.labels.weight))


def constant_by_paper(fold: Fold) -> np.ndarray:
    return np.full(len(fold.test.vectors), weighted_median(fold.train.labels.middle, by_paper(fold.train)))


def mean_by_paper(fold: Fold) -> np.ndarray:
    return np.full(len(fold.test.vectors), np.average(fold.train.labels.middle, weights=by_paper(fold.train)))


def pooled(*kinds: str) -> Learner:
    def learn(fold: Fold) -> np.ndarray:
        pairs = [(levels(fold.train, kind), levels(fold.test, kind)) for kind in kinds]
        return random_effects(fold, [(same(a, a), same(a, b)) for a, b in pairs])

    return learn


def linear(*names: str) -> Learner:
    def learn(fold: Fold) -> np.ndarray:
        train, test = scores(fold, names)
        return random_effects(fold, [(train @ train.T / len(names), train @ test.T / len(names))])

    return learn


def gaussian_process(fold: Fold) -> np.ndarray:
    train, test = scores(fold, FACTS)
    return random_effects(fold, [(np.exp(-6 * gower(train, train)), np.exp(-6 * gower(train, test)))])


def similar(count: int) -> Learner:
    """Median of the nearest papers: one row of each, its nearest, Gower's distance over the facts and the groupings."""

    def learn(fold: Fold) -> np.ndarray:
        train, test = scores(fold, FACTS)
        away = gower(test, train)
        for kind in ("family", "architecture"):
            away = away + (1 - same(levels(fold.test, kind), levels(fold.train, kind))) / 4
        y, medians = fold.train.labels.middle, []
        for row in away:
            nearest = pd.Series(row).groupby(fold.train.papers).idxmin()
            medians.append(np.median(y[nearest.to_numpy()[np.argsort(row[nearest.to_numpy()])[:count]]]))
        return np.array(medians)

    return learn


def alike(near: float) -> Learner:
    """Median of the training papers; those of the same family, and of the same architecture, weigh `near` times."""

    def learn(fold: Fold) -> np.ndarray:
        y, weight, medians = fold.train.labels.middle, by_paper(fold.train), []
        kinds = [(levels(fold.train, kind), levels(fold.test, kind)) for kind in ("family", "architecture")]
        for row in range(len(fold.test.vectors)):
            close = np.prod([np.where(train == test[row], near, 1.0) for train, test in kinds], axis=0)
            medians.append(weighted_median(y, weight * close))
        return np.array(medians)

    return learn


def recentred(learner: Learner) -> Learner:
    """The learner, moved so that half of the training papers lie above it: the error is absolute, the values skew."""

    def learn(fold: Fold) -> np.ndarray:
        missed = fold.train.labels.middle - learner(replace(fold, test=fold.train))
        return np.asarray(learner(fold) + weighted_median(missed, by_paper(fold.train)))

    return learn


def prelithiated_halves_the_loss(fold: Fold) -> np.ndarray:
    """Median paper; an anode that brings lithium loses half of what the median loses. Half is set by hand."""
    middle = constant_by_paper(fold)
    brings = (fold.test.vectors[PRELITHIATED].to_numpy() > 0) | (fold.test.vectors["prelithiated"].to_numpy() > 0)
    return np.where(brings, 50 + middle / 2, middle)


def surface(fold: Fold) -> np.ndarray:
    """Porous by name or architecture: more surface, more loss."""

    def porous(rows: Rows) -> Rows:
        by_name = rows.designs["anode"].fillna("").str.contains("porous", case=False)
        named = by_name | (rows.designs["anode_architecture"] == "porous")
        return replace(rows, vectors=rows.vectors.assign(porous=named.to_numpy(dtype=float)))

    return linear("porous", "silicon_named_micro")(replace(fold, train=porous(fold.train), test=porous(fold.test)))


def sklearn_on(names: Sequence[str], make: Callable[[int], Any]) -> Learner:
    def learn(fold: Fold) -> np.ndarray:
        train, test = scores(fold, names)
        weight = by_paper(fold.train)
        model = make(fold.seed).fit(train, fold.train.labels.middle, sample_weight=weight / weight.mean())
        return np.asarray(model.predict(test))

    return learn


def signed(signs: dict[str, int]) -> Learner:
    """Unit weights with signs written down beforehand (Dawes 1979); only one slope, never negative, is learned."""

    def learn(fold: Fold) -> np.ndarray:
        names = list(signs)
        train, test = (table @ np.array([signs[name] for name in names]) for table in scores(fold, names))
        weight, y = by_paper(fold.train), fold.train.labels.middle
        mean, middle = np.average(train, weights=weight), np.average(y, weights=weight)
        spread = (weight * (train - mean) ** 2).sum() + 1.0 * np.var(train)
        slope = max(0.0, (weight * (train - mean) * (y - middle)).sum() / max(spread, 1e-9))
        return np.asarray(middle + slope * (test - mean))

    return learn


def best_single(fold: Fold) -> np.ndarray:
    """The one fact that predicts the training papers best when each is left out in turn; none where none beats 0."""
    y, papers, best, chosen = fold.train.labels.middle, fold.train.papers, np.inf, None
    train, test = scores(fold, FACTS)
    weight = by_paper(fold.train)
    for column in (None, *range(len(FACTS))):
        miss = 0.0
        for paper in np.unique(papers):
            own, others = papers == paper, papers != paper
            miss += (weight[own] * np.abs(y[own] - _slope(train, column, others, y, weight, train[own]))).sum()
        if miss < best:
            best, chosen = miss, column
    return _slope(train, chosen, np.ones(len(y), dtype=bool), y, weight, test)


def _slope(
    train: np.ndarray, column: int | None, rows: np.ndarray, y: np.ndarray, weight: np.ndarray, test: np.ndarray
) -> np.ndarray:
    middle = np.average(y[rows], weights=weight[rows])
    if column is None:
        return np.full(len(test), middle)
    x = train[rows, column]
    mean = np.average(x, weights=weight[rows])
    spread = (weight[rows] * (x - mean) ** 2).sum() + 1.0
    slope = (weight[rows] * (x - mean) * (y[rows] - middle)).sum() / spread
    return np.asarray(middle + slope * (test[:, column] - mean))


def boosted(recipe: Recipe, names: Sequence[str] = (), signs: dict[str, int] | None = None) -> Learner:
    def learn(fold: Fold) -> np.ndarray:
        columns = list(names) or list(fold.train.vectors.columns)
        monotone = [(signs or {}).get(name, 0) for name in columns]
        labels = fold.train.labels
        if signs is not None:
            weight = by_paper(fold.train)
            labels = Labels(labels.lower, labels.upper, weight * len(weight) / weight.sum())
        ensemble = BoostedEnsemble(recipe, monotone).fit(fold.train.vectors[columns], labels, fold.seed)
        return ensemble.predict(fold.test.vectors[columns])[0]

    return learn


def together(*learners: Learner) -> Learner:
    return lambda fold: np.mean([learner(fold) for learner in learners], axis=0)


def transformed(
    learner: Learner, forward: Callable[[np.ndarray], np.ndarray], back: Callable[[np.ndarray], np.ndarray]
) -> Learner:
    def learn(fold: Fold) -> np.ndarray:
        value = forward(fold.train.labels.middle)
        rows = replace(fold.train, labels=Labels(value, value, fold.train.labels.weight))
        return np.asarray(back(learner(replace(fold, train=rows))))

    return learn


def with_liquid(learner: Learner, share: float) -> Learner:
    """Cells with liquid or gel electrolyte as further training rows, with less weight."""

    def learn(fold: Fold) -> np.ndarray:
        rows = [fold.train, fold.liquid]
        labels = Labels(
            np.concatenate([part.labels.lower for part in rows]),
            np.concatenate([part.labels.upper for part in rows]),
            np.concatenate([fold.train.labels.weight, share * fold.liquid.labels.weight]),
        )
        joined = Rows(
            pd.concat([part.designs for part in rows]).reset_index(drop=True),
            pd.concat([part.vectors for part in rows]).reset_index(drop=True),
            labels,
        )
        return learner(replace(fold, train=joined))

    return learn


def with_side(learner_names: Sequence[str]) -> Learner:
    """First the side target (first capacity, log10) from the training papers' cells, then that prediction as a fact."""

    def learn(fold: Fold) -> np.ndarray:
        side = gaussian_process(replace(fold, train=fold.side))
        own = gaussian_process(replace(fold, train=fold.side, test=fold.train))
        train, test = (
            replace(rows, vectors=rows.vectors.assign(side=value))
            for rows, value in ((fold.train, own), (fold.test, side))
        )
        return linear("side", *learner_names)(replace(fold, train=train, test=test))

    return learn
