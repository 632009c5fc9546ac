"""Learners: from the rows of a training fold to a number for each design held out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from benchmarks.cells.effects import gower, levels, random_effects, same, scores
from benchmarks.cells.rows import FACTS, PRELITHIATED, Fold, Learner, Rows, by_paper
from models.ensemble import BoostedEnsemble, Labels, Recipe
from training.evaluation.baselines import weighted_median


def constant(fold: Fold) -> np.ndarray:
    return np.full(len(fold.held.vectors), weighted_median(fold.train.labels.middle, fold.train.labels.weight))


def constant_by_paper(fold: Fold) -> np.ndarray:
    return np.full(len(fold.held.vectors), weighted_median(fold.train.labels.middle, by_paper(fold.train)))


def mean_by_paper(fold: Fold) -> np.ndarray:
    return np.full(len(fold.held.vectors), np.average(fold.train.labels.middle, weights=by_paper(fold.train)))


def pooled(*kinds: str) -> Learner:
    def learn(fold: Fold) -> np.ndarray:
        pairs = [(levels(fold.train, kind), levels(fold.held, kind)) for kind in kinds]
        return random_effects(fold, [(same(a, a), same(a, b)) for a, b in pairs])

    return learn


def linear(*names: str) -> Learner:
    def learn(fold: Fold) -> np.ndarray:
        train, held = scores(fold, names)
        return random_effects(fold, [(train @ train.T / len(names), train @ held.T / len(names))])

    return learn


def gaussian_process(fold: Fold) -> np.ndarray:
    train, held = scores(fold, FACTS)
    return random_effects(fold, [(np.exp(-6 * gower(train, train)), np.exp(-6 * gower(train, held)))])


def similar(count: int) -> Learner:
    """Median of the nearest papers: one row of each, its nearest, Gower's distance over the facts and the groupings."""

    def learn(fold: Fold) -> np.ndarray:
        train, held = scores(fold, FACTS)
        away = gower(held, train)
        for kind in ("family", "architecture"):
            away = away + (1 - same(levels(fold.held, kind), levels(fold.train, kind))) / 4
        y, found = fold.train.labels.middle, []
        for row in away:
            nearest = pd.Series(row).groupby(fold.train.papers).idxmin()
            found.append(np.median(y[nearest.to_numpy()[np.argsort(row[nearest.to_numpy()])[:count]]]))
        return np.array(found)

    return learn


def alike(near: float) -> Learner:
    """Median of the training papers; those of the same family, and of the same architecture, weigh `near` times."""

    def learn(fold: Fold) -> np.ndarray:
        y, weight, found = fold.train.labels.middle, by_paper(fold.train), []
        kinds = [(levels(fold.train, kind), levels(fold.held, kind)) for kind in ("family", "architecture")]
        for row in range(len(fold.held.vectors)):
            close = np.prod([np.where(train == held[row], near, 1.0) for train, held in kinds], axis=0)
            found.append(weighted_median(y, weight * close))
        return np.array(found)

    return learn


def recentred(learner: Learner) -> Learner:
    """The learner, moved so that half of the training papers lie above it: the error is absolute, the values skew."""

    def learn(fold: Fold) -> np.ndarray:
        missed = fold.train.labels.middle - learner(replace(fold, held=fold.train))
        return np.asarray(learner(fold) + weighted_median(missed, by_paper(fold.train)))

    return learn


def prelithiated_halves_the_loss(fold: Fold) -> np.ndarray:
    """Median paper; an anode that brings lithium loses half of what the median loses. Half is set by hand."""
    middle = constant_by_paper(fold)
    brings = (fold.held.vectors[PRELITHIATED].to_numpy() > 0) | (fold.held.vectors["prelithiated"].to_numpy() > 0)
    return np.where(brings, 50 + middle / 2, middle)


def surface(fold: Fold) -> np.ndarray:
    """Porous by name or architecture: more surface, more loss."""

    def porous(rows: Rows) -> Rows:
        words = rows.designs["anode"].fillna("").str.contains("porous", case=False)
        named = words | (rows.designs["anode_architecture"] == "porous")
        return replace(rows, vectors=rows.vectors.assign(porous=named.to_numpy(dtype=float)))

    return linear("porous", "silicon_named_micro")(replace(fold, train=porous(fold.train), held=porous(fold.held)))


def sklearn_on(names: Sequence[str], make: Callable[[int], object]) -> Learner:
    def learn(fold: Fold) -> np.ndarray:
        train, held = scores(fold, names)
        weight = by_paper(fold.train)
        model = make(fold.seed).fit(train, fold.train.labels.middle, sample_weight=weight / weight.mean())
        return np.asarray(model.predict(held))

    return learn


def signed(signs: dict[str, int]) -> Learner:
    """Unit weights with signs written down beforehand (Dawes 1979); only one slope, never negative, is learned."""

    def learn(fold: Fold) -> np.ndarray:
        names = list(signs)
        train, held = (table @ np.array([signs[name] for name in names]) for table in scores(fold, names))
        weight, y = by_paper(fold.train), fold.train.labels.middle
        mean, middle = np.average(train, weights=weight), np.average(y, weights=weight)
        spread = (weight * (train - mean) ** 2).sum() + 1.0 * np.var(train)
        slope = max(0.0, (weight * (train - mean) * (y - middle)).sum() / max(spread, 1e-9))
        return np.asarray(middle + slope * (held - mean))

    return learn


def best_single(fold: Fold) -> np.ndarray:
    """The one fact that predicts the training papers best when each is left out in turn; none where none beats 0."""
    y, papers, best, chosen = fold.train.labels.middle, fold.train.papers, np.inf, None
    train, held = scores(fold, FACTS)
    weight = by_paper(fold.train)
    for column in (None, *range(len(FACTS))):
        miss = 0.0
        for paper in np.unique(papers):
            own, rest = papers == paper, papers != paper
            miss += (weight[own] * np.abs(y[own] - _slope(train, column, rest, y, weight, train[own]))).sum()
        if miss < best:
            best, chosen = miss, column
    return _slope(train, chosen, np.ones(len(y), dtype=bool), y, weight, held)


def _slope(
    train: np.ndarray, column: int | None, rows: np.ndarray, y: np.ndarray, weight: np.ndarray, asked: np.ndarray
) -> np.ndarray:
    middle = np.average(y[rows], weights=weight[rows])
    if column is None:
        return np.full(len(asked), middle)
    x = train[rows, column]
    mean = np.average(x, weights=weight[rows])
    spread = (weight[rows] * (x - mean) ** 2).sum() + 1.0
    slope = (weight[rows] * (x - mean) * (y[rows] - middle)).sum() / spread
    return np.asarray(middle + slope * (asked[:, column] - mean))


def boosted(recipe: Recipe, names: Sequence[str] = (), signs: dict[str, int] | None = None) -> Learner:
    def learn(fold: Fold) -> np.ndarray:
        columns = list(names) or list(fold.train.vectors)
        monotone = [(signs or {}).get(name, 0) for name in columns]
        labels = fold.train.labels
        if signs is not None:
            weight = by_paper(fold.train)
            labels = Labels(labels.lower, labels.upper, weight * len(weight) / weight.sum())
        ensemble = BoostedEnsemble(recipe, monotone).fit(fold.train.vectors[columns], labels, fold.seed)
        return ensemble.predict(fold.held.vectors[columns])[0]

    return learn


def together(*learners: Learner) -> Learner:
    return lambda fold: np.mean([learner(fold) for learner in learners], axis=0)


def transformed(learner: Learner, there: Callable, back: Callable) -> Learner:
    def learn(fold: Fold) -> np.ndarray:
        value = there(fold.train.labels.middle)
        rows = replace(fold.train, labels=Labels(value, value, fold.train.labels.weight))
        return np.asarray(back(learner(replace(fold, train=rows))))

    return learn


def with_liquid(learner: Learner, share: float) -> Learner:
    """Cells with liquid or gel electrolyte as further training rows, with less weight."""

    def learn(fold: Fold) -> np.ndarray:
        rows = [fold.train, fold.liquid]
        labels = Labels(
            *(np.concatenate([getattr(each.labels, name) for each in rows]) for name in ("lower", "upper")),
            np.concatenate([fold.train.labels.weight, share * fold.liquid.labels.weight]),
        )
        both = Rows(
            pd.concat([each.designs for each in rows]).reset_index(drop=True),
            pd.concat([each.vectors for each in rows]).reset_index(drop=True),
            labels,
        )
        return learner(replace(fold, train=both))

    return learn


def with_side(learner_names: Sequence[str]) -> Learner:
    """First the side target (first capacity, log10) from the training papers' cells, then that prediction as a fact."""

    def learn(fold: Fold) -> np.ndarray:
        side = gaussian_process(replace(fold, train=fold.side))
        own = gaussian_process(replace(fold, train=fold.side, held=fold.train))
        train, held = (
            replace(rows, vectors=rows.vectors.assign(side=value))
            for rows, value in ((fold.train, own), (fold.held, side))
        )
        return linear("side", *learner_names)(replace(fold, train=train, held=held))

    return learn
