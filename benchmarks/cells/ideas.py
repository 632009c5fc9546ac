"""Every idea that was tried, by name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.linear_model import BayesianRidge, QuantileRegressor, Ridge

from benchmarks.cells.curves import anchored, by_retention_error, curve, direct
from benchmarks.cells.learners import (
    alike,
    best_single,
    boosted,
    constant,
    constant_by_paper,
    gaussian_process,
    linear,
    mean_by_paper,
    pooled,
    prelithiated_halves_the_loss,
    recentred,
    signed,
    similar,
    sklearn_on,
    surface,
    together,
    transformed,
    with_liquid,
    with_side,
)
from benchmarks.cells.rows import (
    ARGYRODITE,
    CONDUCTIVITY,
    FACTS,
    FEW,
    ICE_SIGNS,
    LIFE_SIGNS,
    PRELITHIATED,
    SQUARE_ROOT,
    Fold,
    Guess,
    Idea,
    Learner,
)
from models.boosters.labels import weighted_median
from models.ensemble import Recipe

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
                len(fold.test.vectors), weighted_median(fold.train.labels.middle, np.ones(len(fold.train.vectors)))
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
