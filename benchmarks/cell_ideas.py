"""Ideas for predicting silicon cells from few papers; `benchmarks.cells` judges them and chooses among them.

A learner takes the rows of one training fold and the designs held out, and predicts a number: ICE in %, or log10 of
the cycle life. Everything it standardises, fills in or tunes comes from the training rows. For cells that fade the
learner's lives are read through one curve per cell, so that retention and life cannot disagree; ideas that predict
retention by another road (`direct_ideas`) stand there for information and cannot ship. Models trained on bounds read
them as bounds only where they are the shipped boosters; the others leave out ICE bounds and take a bounded life at its
bound.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property

import numpy as np
import pandas as pd
from scipy.optimize import brentq, minimize
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.linear_model import BayesianRidge, QuantileRegressor, Ridge

from models import lifetime
from models.boosted import BoostedEnsemble, Labels, Recipe
from training.baselines import weighted_median

ARGYRODITE, PRELITHIATED, CONDUCTIVITY = "family_argyrodite", "lithium_per_silicon", "log10_conductivity_s_per_cm"
FEW = (ARGYRODITE, PRELITHIATED, CONDUCTIVITY, "anode_thin_film")
FACTS = (
    *FEW, "family_oxide", "family_polymer", "anode_composite", "silicon_named_micro", "silicon_named_nano",
    "anode_has_carbon", "anode_coated", "full_cell", "temperature_c", "log10_c_rate_per_h",
)  # fmt: skip
"""Features that at least ten papers of either table state and that a chemist would name first."""
ICE_SIGNS = {
    PRELITHIATED: 1, CONDUCTIVITY: 1, "silicon_named_micro": 1, "silicon_named_nano": -1, "anode_coated": 1,
    "anode_has_carbon": -1,
}  # fmt: skip
LIFE_SIGNS = {PRELITHIATED: 1, CONDUCTIVITY: 1, "anode_thin_film": 1, "silicon_named_micro": -1, "anode_coated": 1}
"""Signs a chemist would write down beforehand (rules.csv tells most; it was compiled from partly the same papers)."""
SQUARE_ROOT = 0.5
"""Shape of the fade law where lithium is lost to a layer that grows by diffusion through itself (parabolic growth)."""
RATIOS = (0.0, 0.1, 0.3, 1.0, 3.0)
"""Variances of an effect over the noise's, among which the likelihood of the training rows chooses."""
NODES, NODE_WEIGHTS = np.polynomial.hermite_e.hermegauss(15)
NODE_WEIGHTS = NODE_WEIGHTS / NODE_WEIGHTS.sum()


@dataclass(frozen=True)
class Rows:
    """Designs as the ideas read them: the table, its vectors, papers and labels on the learner's scale."""

    designs: pd.DataFrame
    vectors: pd.DataFrame
    labels: Labels

    @property
    def papers(self) -> np.ndarray:
        return self.designs["paper"].to_numpy(dtype=object)

    @cached_property
    def lives(self) -> dict[float, Rows]:
        """The same rows labelled with their lives, by the law's shape: filled by `labelled`."""
        return {}

    @cached_property
    def within_cells(self) -> float:
        """Shape of the fade law from within cells."""
        return lifetime.fade_shape(self.designs)

    @cached_property
    def flattest(self) -> float:
        """Shape within the law's limits with which one life for all misses the printed retentions least."""
        cycles, printed = (self.designs[name].to_numpy(dtype=float) for name in ("cycles", "retention_pct"))
        weight = by_paper(self)

        def miss(shape: float) -> float:
            labels = lifetime.fade_labels(self.designs, shape)
            life = np.full(len(cycles), weighted_median(labels.middle, labels.weight))
            return float((weight * np.abs(lifetime.retention_pct(life, cycles, shape) - printed)).sum())

        return float(min(np.arange(0.2, 1.61, 0.1), key=miss))

    @cached_property
    def paper_weight(self) -> np.ndarray:
        """Weights under which each paper counts once."""
        _, member = np.unique(self.papers.astype(str), return_inverse=True)
        return np.asarray(self.labels.weight / np.bincount(member, self.labels.weight)[member])

    def take(self, rows: np.ndarray) -> Rows:
        return Rows(self.designs.iloc[rows], self.vectors.iloc[rows], self.labels.take(rows))


@dataclass(frozen=True)
class Fold:
    """What an idea may learn from, and whom it is asked about.

    `liquid` are training papers' cells with liquid or gel electrolyte; `side` their cells with a first capacity.
    """

    train: Rows
    held: Rows
    liquid: Rows
    side: Rows
    seed: int


@dataclass(frozen=True)
class Guess:
    """Predictions of one idea.

    `value` is ICE (%), log10 life, or retention (%) where `shape` is NaN; `centre` the value without any design. A
    curve may be averaged over lives that are unsure by `unsure` decades; `value` is where that average crosses 80 %.
    """

    value: np.ndarray
    centre: float
    shape: float = np.nan
    unsure: float = 0.0

    def shrunk(self, share: float) -> Guess:
        return replace(self, value=self.centre + share * (self.value - self.centre))

    def retention_pct(self, cycles: np.ndarray) -> np.ndarray:
        if np.isnan(self.shape):
            return np.clip(self.value, 0, 100)
        return curve_pct(self.value, cycles, self.shape, self.unsure)


def curve_pct(log10_n80: np.ndarray, cycles: np.ndarray, shape: float, unsure: float) -> np.ndarray:
    """Fade law averaged over lives spread by `unsure` decades, moved so that it still crosses 80 % at the life."""
    move = _crossing(shape, unsure)
    each = [lifetime.retention_pct(log10_n80 - move + unsure * node, cycles, shape) for node in NODES]
    return np.asarray(np.tensordot(NODE_WEIGHTS, np.array(each), axes=1))


@cache
def _crossing(shape: float, unsure: float) -> float:
    if unsure == 0:
        return 0.0

    def above(log_cycles: float) -> float:
        return float(NODE_WEIGHTS @ lifetime.retention_pct(unsure * NODES, 10.0**log_cycles, shape)) - 80.0

    return float(brentq(above, -12, 12))


Learner = Callable[[Fold], np.ndarray]
Idea = Callable[[Fold], Guess]


# --- what all learners share -----------------------------------------------------------------------------------------
def by_paper(rows: Rows) -> np.ndarray:
    return rows.paper_weight


def scores(fold: Fold, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Columns of training and held-out rows, scaled by the training rows, unknown at their mean, clipped to 3."""
    train, held = (rows.vectors[list(names)].to_numpy(dtype=float) for rows in (fold.train, fold.held))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        centre, spread = np.nanmean(train, axis=0), np.nanstd(train, axis=0)
    used = spread > 1e-9
    ready = [(table - centre) / np.where(used, spread, 1.0) for table in (train, held)]
    first, second = (np.where(used & np.isfinite(table), np.clip(table, -3, 3), 0.0) for table in ready)
    return first, second


def levels(rows: Rows, kind: str) -> np.ndarray:
    """Level of each row in a grouping: electrolyte family, architecture, both, or full and half cells."""
    if kind == "family x architecture":
        return np.array([f"{a} {b}" for a, b in zip(levels(rows, "family"), levels(rows, "architecture"), strict=True)])
    if kind == "family":
        known = rows.designs["electrolyte_class"].fillna("unknown").astype(str)
        return known.replace({"sulfide-glass": "sulfide", "sulfide-other": "sulfide", "lipon": "oxide"}).to_numpy()
    column = {"architecture": "anode_architecture", "cell": "cell_type", "electrolyte": "electrolyte"}[kind]
    return rows.designs[column].fillna("unknown").astype(str).to_numpy()


def same(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return (first[:, None] == second[None, :]).astype(float)


def gower(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Mean distance over the features, each at most 1 (four deviations)."""
    return np.asarray(np.minimum(np.abs(first[:, None, :] - second[None, :, :]) / 4, 1).mean(axis=2))


Kernel = tuple[np.ndarray, np.ndarray]


def random_effects(fold: Fold, kernels: Sequence[Kernel]) -> np.ndarray:
    """Mixed model: one intercept, effects with the given covariances, a random effect of the paper, and noise.

    The variances are those of a small grid under which the training rows are likeliest; a new paper's own effect is
    unknown and counts as 0. With group kernels this is partial pooling, with linear kernels a ridge, else a GP.
    """
    y = fold.train.labels.middle
    ratios = np.array(list(itertools.product(RATIOS, repeat=len(kernels) + 1)))
    parts = np.array([*(kernel for kernel, _ in kernels), same(fold.train.papers, fold.train.papers)])
    covariance = np.diag(1 / np.maximum(fold.train.labels.weight, 1e-3)) + np.tensordot(ratios, parts, axes=1)
    solved = np.linalg.solve(covariance, np.column_stack([y, np.ones(len(y))]))
    ones = solved[:, :, 1].sum(axis=1)
    mean = solved[:, :, 0].sum(axis=1) / ones
    pull = solved[:, :, 0] - mean[:, None] * solved[:, :, 1]
    free = len(y) - 1
    likelihood = -0.5 * (free * np.log((pull @ y) / free) + np.linalg.slogdet(covariance)[1] + np.log(ones))
    best = int(np.argmax(likelihood))
    effects = (share * cross.T @ pull[best] for share, (_, cross) in zip(ratios[best], kernels, strict=False))
    return np.asarray(mean[best] + sum(effects, start=np.zeros(len(fold.held.vectors))))


# --- learners --------------------------------------------------------------------------------------------------------
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


# --- one curve per cell ----------------------------------------------------------------------------------------------
def labelled(rows: Rows, shape: float) -> Rows:
    if shape not in rows.lives:
        rows.lives[shape] = replace(rows, labels=lifetime.fade_labels(rows.designs, shape))
    return rows.lives[shape]


def curve(
    learner: Learner, *, unsure: bool = False, flat: bool = False, widest: bool = False, law: float = np.nan
) -> Idea:
    """Lives by a learner, read through the fade law; `unsure` averages the law over the lives' spread.

    `flat` takes the law's shape from the error over all papers instead of from within cells. Beware: tests of good
    cells are longer, so that shape holds the authors' choice of when to stop as well as fading. `widest` takes the
    spread of lives from that error, with the same fault. `law` is a shape set beforehand: only three papers show two
    points of one cell, so that without one of them the shipped shape falls back to 1.
    """

    def idea(fold: Fold) -> Guess:
        learned = fold.train.flattest if flat else fold.train.within_cells
        shape = learned if np.isnan(law) else law
        fold = replace(fold, train=labelled(fold.train, shape), liquid=labelled(fold.liquid, shape))
        labels = fold.train.labels
        centre = weighted_median(labels.middle, labels.weight)
        spread = 0.0
        if widest:
            spread = widest_spread(fold.train, centre, shape)
        elif unsure:
            spread = 1.4826 * weighted_median(np.abs(labels.middle - centre), by_paper(fold.train))
        move = _crossing(shape, spread)
        return Guess(learner(fold) + move, centre + move, shape, spread)

    return idea


def widest_spread(rows: Rows, centre: float, shape: float) -> float:
    """Spread of lives (decades) with which one averaged curve for all misses the printed retentions least."""
    cycles, printed = (rows.designs[name].to_numpy(dtype=float) for name in ("cycles", "retention_pct"))
    weight = by_paper(rows)

    def miss(spread: float) -> float:
        life = np.full(len(cycles), centre + _crossing(shape, spread))
        return float((weight * np.abs(curve_pct(life, cycles, shape, spread) - printed)).sum())

    return float(min(np.arange(0.0, 2.01, 0.25), key=miss))


def by_retention_error(names: Sequence[str], *, flat: bool) -> Idea:
    """Life linear in few facts, fitted to the absolute error of the retention itself, slopes held small."""

    def idea(fold: Fold) -> Guess:
        shape = fold.train.flattest if flat else fold.train.within_cells
        labels = labelled(fold.train, shape).labels
        centre = weighted_median(labels.middle, labels.weight)
        train, held = scores(fold, names)
        cycles, printed = (fold.train.designs[name].to_numpy(dtype=float) for name in ("cycles", "retention_pct"))
        weight = by_paper(fold.train) / by_paper(fold.train).sum()

        def miss(numbers: np.ndarray) -> float:
            life = numbers[0] + train @ numbers[1:]
            error = np.abs(lifetime.retention_pct(life, cycles, shape) - printed)
            return float((weight * error).sum() + 5 * (numbers[1:] ** 2).sum())

        best = minimize(miss, np.r_[centre, np.zeros(len(names))], method="Powell", options={"maxiter": 20}).x
        return Guess(best[0] + held @ best[1:], float(best[0]), shape)

    return idea


def anchored(learner: Learner) -> Idea:
    """Retention as printed, whatever the cycle, set at the papers' median cycle: a life through that one point.

    Beware: when authors stop is in it.
    """

    def idea(fold: Fold) -> Guess:
        shape = fold.train.within_cells
        cycle = weighted_median(fold.train.designs["cycles"].to_numpy(dtype=float), by_paper(fold.train))
        printed = as_printed(fold)
        ends = np.clip(np.r_[learner(printed), constant(printed)[0]], 1, 99)
        lives = lifetime.log10_life(np.full(len(ends), cycle), ends, shape)
        return Guess(lives[:-1], float(lives[-1]), shape)

    return idea


# --- retention by another road: for information only -----------------------------------------------------------------
def as_printed(fold: Fold) -> Fold:
    value = fold.train.designs["retention_pct"].to_numpy(dtype=float)
    share = 1 / fold.train.designs.groupby("cell_id")["cycles"].transform("size").to_numpy(dtype=float)
    return replace(fold, train=replace(fold.train, labels=Labels(value, value, share)))


def direct(learner: Learner, *, sees_cycle: bool = False) -> Idea:
    """Retention without a curve. With `sees_cycle` the learner may read the cycle: selection, not fading."""

    def idea(fold: Fold) -> Guess:
        fold = as_printed(fold)
        if sees_cycle:
            train, held = (
                replace(rows, vectors=rows.vectors.assign(log10_cycles=np.log10(rows.designs["cycles"].astype(float))))
                for rows in (fold.train, fold.held)
            )
            fold = replace(fold, train=train, held=held)
        centre = weighted_median(fold.train.labels.middle, np.ones(len(fold.train.vectors)))
        return Guess(learner(fold), centre)

    return idea


# --- the dictionaries ------------------------------------------------------------------------------------------------
CONDITIONS = (
    "log10_electrolyte_thickness_um", "log10_current_density_ma_per_cm2", "voltage_low_v", "voltage_high_v",
    "temperature_c",
)  # fmt: skip
FEW_TREES = Recipe(rounds=60)
"""What both cell models shipped with when these ideas were tried: `few trees` of `training.config.CHOICES`."""
STUMPS = Recipe(depth=1, rounds=60, rate=0.05, members=1, reg_lambda=10.0)
ABSOLUTE = sklearn_on(FEW, lambda seed: QuantileRegressor(alpha=0.1, solver="highs"))
RIDGE = sklearn_on(FACTS, lambda seed: Ridge(alpha=20.0))
BAYES = sklearn_on(FACTS, lambda seed: BayesianRidge())
TREES = sklearn_on(
    FACTS, lambda seed: ExtraTreesRegressor(20, min_samples_leaf=4, max_features=0.5, random_state=seed, n_jobs=1)
)
SHARED: dict[str, Learner] = {
    "each paper counts once, median": constant_by_paper,
    "each paper counts once, mean": mean_by_paper,
    "family, pooled": pooled("family"),
    "architecture, pooled": pooled("architecture"),
    "family and architecture, pooled": pooled("family", "architecture"),
    "family x architecture, pooled": pooled("family", "family x architecture"),
    "same electrolyte, pooled": pooled("electrolyte"),
    "argyrodite alone": linear(ARGYRODITE),
    "lithium per silicon alone": linear(PRELITHIATED),
    "conductivity alone": linear(CONDUCTIVITY),
    "nano and micro alone": linear("silicon_named_micro", "silicon_named_nano"),
    "four facts, paper random": linear(*FEW),
    "all facts, paper random": linear(*FACTS),
    "year alone (no design)": linear("year"),
    "best single fact, chosen inside": best_single,
    "ridge on facts": RIDGE,
    "Bayesian ridge on facts": BAYES,
    "absolute loss, four facts": ABSOLUTE,
    "Gaussian process": gaussian_process,
    "three similar papers": similar(3),
    "seven similar papers": similar(7),
    "extra trees": TREES,
    "test conditions, paper random": linear(*CONDITIONS),
    "alike papers weigh more, median": alike(3.0),
    "alike papers weigh much more, median": alike(10.0),
    "family, pooled, recentred": recentred(pooled("family")),
    "argyrodite alone, recentred": recentred(linear(ARGYRODITE)),
    "four facts, recentred": recentred(linear(*FEW)),
    "Gaussian process, recentred": recentred(gaussian_process),
}


def _logit(value: np.ndarray) -> np.ndarray:
    share = np.clip(value, 1, 99.5) / 100
    return np.asarray(np.log(share / (1 - share)))


def _back(value: np.ndarray) -> np.ndarray:
    return np.asarray(100 / (1 + np.exp(-value)))


ICE_LEARNERS: dict[str, Learner] = {
    "shipped recipe": boosted(FEW_TREES),
    **SHARED,
    "boosted stumps, signs of physics": boosted(STUMPS, FACTS, ICE_SIGNS),
    "signs of physics, one slope": signed(ICE_SIGNS),
    "four facts, logit": transformed(linear(*FEW), _logit, _back),
    "four facts, log of the loss": transformed(
        linear(*FEW), lambda ice: np.log(np.clip(100 - ice, 1, 99)), lambda loss: 100 - np.exp(loss)
    ),
    "four facts, liquid cells too": with_liquid(linear(*FEW, "family_liquid"), 1.0),
    "family, pooled, liquid cells a third": with_liquid(pooled("family"), 0.33),
    "first capacity first": with_side(FEW),
    "average of four": together(pooled("family"), linear(*FEW), gaussian_process, similar(7)),
}
AFTER_LOOKING: dict[str, Learner] = {
    "prelithiated halves the loss, by hand": prelithiated_halves_the_loss,
    "porous and micro": surface,
}
"""Ideas for ICE written after reading its table: the folds cannot undo that, so they have a nested row of their own."""
LIFE_LEARNERS: dict[str, Learner] = {
    "one life for all": constant,
    **SHARED,
    "full and half cells, pooled": pooled("cell"),
    "C-rate alone": linear("log10_c_rate_per_h"),
    "boosted stumps, signs of physics": boosted(STUMPS, FACTS, LIFE_SIGNS),
    "signs of physics, one slope": signed(LIFE_SIGNS),
    "four facts, liquid cells too": with_liquid(linear(*FEW, "family_liquid"), 1.0),
    "first capacity first": with_side(FEW),
    "average of four": together(pooled("family"), linear(*FEW), gaussian_process, similar(7)),
}


def _exact(fold: Fold) -> Fold:
    return replace(fold, train=fold.train.take(np.flatnonzero(fold.train.labels.exact)))


def ice_ideas() -> dict[str, Idea]:
    def idea(name: str, learner: Learner) -> Idea:
        def guess(fold: Fold) -> Guess:
            centre = float(constant(fold)[0])
            return Guess(np.clip(learner(fold if name == "shipped recipe" else _exact(fold)), 0, 100), centre)

        return guess

    return {"dummy": lambda fold: Guess(constant(fold), float(constant(fold)[0]))} | {
        name: idea(name, learner) for name, learner in (ICE_LEARNERS | AFTER_LOOKING).items()
    }


def curve_ideas() -> dict[str, Idea]:
    """Ideas that may ship: one curve per cell gives retention and life."""
    unsure = ("one life for all", "family, pooled", "architecture, pooled", "four facts, paper random", "C-rate alone")
    root = ("one life for all", "family, pooled", "seven similar papers")
    flat = ("one life for all", "family, pooled", "four facts, paper random", "seven similar papers")
    return {
        "shipped recipe": curve(boosted(FEW_TREES)),
        **{name: curve(learner) for name, learner in LIFE_LEARNERS.items()},
        **{f"{name}; averaged over unsure lives": curve(LIFE_LEARNERS[name], unsure=True) for name in unsure},
        **{f"{name}; flat law (selection)": curve(LIFE_LEARNERS[name], flat=True) for name in flat},
        **{f"{name}; square-root law": curve(LIFE_LEARNERS[name], law=SQUARE_ROOT) for name in root},
        **{
            f"{name}; square-root law, unsure lives": curve(LIFE_LEARNERS[name], law=SQUARE_ROOT, unsure=True)
            for name in root
        },
        "one life for all; widest spread (selection)": curve(constant, widest=True),
        "family, pooled; widest spread (selection)": curve(pooled("family"), widest=True),
        "four facts, fitted to retention": by_retention_error(FEW, flat=False),
        "four facts, fitted to retention; flat law (selection)": by_retention_error(FEW, flat=True),
        "as printed, median; anchored (selection)": anchored(constant),
        "as printed, family; anchored (selection)": anchored(pooled("family")),
    }


def direct_ideas() -> dict[str, Idea]:
    """Ideas that cannot ship: retention without a curve."""
    return {
        "dummy": direct(
            lambda fold: np.full(
                len(fold.held.vectors), weighted_median(fold.train.labels.middle, np.ones(len(fold.train.vectors)))
            )
        ),
        "direct: each paper counts once": direct(constant_by_paper),
        "direct: family, pooled": direct(pooled("family")),
        "direct: architecture, pooled": direct(pooled("architecture")),
        "direct: four facts": direct(linear(*FEW)),
        "direct: seven similar papers": direct(similar(7)),
        "direct: Gaussian process": direct(gaussian_process),
        "direct: cycle alone (selection)": direct(linear("log10_cycles"), sees_cycle=True),
        "direct: cycle and four facts (selection)": direct(linear("log10_cycles", *FEW), sees_cycle=True),
    }
