"""Ways to predict conductivity that the accuracy benchmark sets beside each other: each fits rows, predicts others.

Peers learn what their authors or users give them: numbers as labels, a bound (`<1E-10`) being the benchmark's -15.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import xgboost as xgb

from features.composition import CompositionFeatures
from features.crystal.space_group import space_group_number
from features.electrolyte import ElectrolyteFeatures
from models.ensemble import Recipe
from models.tasks.conductivity import STRUCTURED
from models.tasks.examples import Examples
from models.tasks.part import fit_part, paper_weights
from training.data.groups import fractions_of
from training.evaluation.baselines import nearest, ridge

Method = Callable[[Examples, Examples, int], np.ndarray]
"""From training rows, other rows and a seed to log10 S/cm of the others (a probability for a classifier)."""
FLOOR = -15.0
"""The benchmark's label of a bound, log10 S/cm."""
GOOD = -4.0
"""Log10 S/cm above which the classifier view counts a conductor."""
FORMULA_ONLY = replace(STRUCTURED, blocks=("fractions", "anions", "contrasts", "statistics"))
LATTICE = [
    f"lattice_{name}" for name in ("a_angstrom", "b_angstrom", "c_angstrom", "alpha_deg", "beta_deg", "gamma_deg")
]


def floored(examples: Examples) -> np.ndarray:
    """Labels as the benchmark has them: bounds at -15, nothing below."""
    labels = examples.labels
    return np.maximum(
        np.where(labels.exact, labels.middle, np.where(np.isinf(labels.lower), FLOOR, labels.middle)), FLOOR
    )


def silion(recipe: Recipe) -> Method:
    """Silion's own model, bounds kept as bounds."""

    def method(train: Examples, test: Examples, seed: int) -> np.ndarray:
        part = fit_part("conductivity", train.designs, train.labels, recipe, seed)
        return part.predict(test.designs)[0]

    return method


def classifier(recipe: Recipe) -> Method:
    """Boosted trees that learn `above 1e-4 S/cm` itself; the probability comes out."""

    def method(train: Examples, test: Examples, seed: int) -> np.ndarray:
        vectors = ElectrolyteFeatures(blocks=recipe.blocks, without=recipe.without).fit(train.designs)
        weight = paper_weights(train.designs["paper"], recipe.paper_power)
        data = xgb.DMatrix(vectors.transform(train.designs), floored(train) > GOOD, weight=weight, nthread=1)
        matrix = xgb.DMatrix(vectors.transform(test.designs), nthread=1)
        settings = {
            "objective": "binary:logistic", "max_depth": recipe.depth, "eta": recipe.rate, "nthread": 1,
            "min_child_weight": recipe.min_child_weight / 4, "lambda": recipe.reg_lambda, "subsample": recipe.subsample,
            "colsample_bytree": recipe.colsample, "tree_method": "hist",
        }  # fmt: skip
        predictions = [
            xgb.train({**settings, "seed": 1000 * seed + member}, data, recipe.rounds // 2).predict(matrix)
            for member in range(recipe.members)
        ]
        return np.asarray(np.mean(predictions, axis=0))

    return method


def obelix_forest(train: Examples, test: Examples, seed: int) -> np.ndarray:
    """The random forest of the OBELiX authors: element fractions, space group number, lattice; scikit-learn defaults,
    which lie in the grid of their tuning script."""
    from sklearn.ensemble import RandomForestRegressor

    model = RandomForestRegressor(n_estimators=100, random_state=seed, n_jobs=1)
    return np.asarray(model.fit(_obelix_vectors(train), floored(train)).predict(_obelix_vectors(test)))


def _obelix_vectors(examples: Examples) -> np.ndarray:
    groups = [space_group_number(str(symbol)) or 0 for symbol in examples.designs["space_group"]]
    lattice = examples.designs[LATTICE].to_numpy(dtype=float)
    return np.asarray(np.nan_to_num(np.column_stack([fractions_of(examples.designs), groups, lattice])))


def default_boosting(train: Examples, test: Examples, seed: int) -> np.ndarray:
    """What most would write: `XGBRegressor()` with its defaults on Magpie statistics of the formula (and 1/T)."""
    vectors = CompositionFeatures(blocks=("statistics",)).fit(train.designs)
    model = xgb.XGBRegressor(random_state=seed, n_jobs=1)
    return np.asarray(model.fit(_with_heat(vectors, train), floored(train)).predict(_with_heat(vectors, test)))


def _with_heat(vectors: CompositionFeatures, examples: Examples) -> np.ndarray:
    kelvin = examples.designs["temperature_c"].astype(float).fillna(25.0) + 273.15
    return np.column_stack([vectors.transform(examples.designs), 1000 / kelvin])


def plain(baseline: Callable[..., np.ndarray]) -> Method:
    """A baseline of the reports on Silion's vectors of formula and structure."""

    def method(train: Examples, test: Examples, seed: int) -> np.ndarray:
        vectors = ElectrolyteFeatures(blocks=STRUCTURED.blocks, without=STRUCTURED.without).fit(train.designs)
        table, vectors_of_test = vectors.transform(train.designs), vectors.transform(test.designs)
        return baseline(table, floored(train), np.ones(len(table)), vectors_of_test)

    return method


def measures(predicted: np.ndarray, test: Examples, probability: np.ndarray | None = None) -> dict[str, float]:
    """Every figure of the tables for one set of predictions; a `probability` is judged as the classifier."""
    from scipy.stats import spearmanr
    from sklearn.metrics import f1_score, matthews_corrcoef, r2_score, roc_auc_score

    label, bound = floored(test), np.maximum(test.labels.upper, FLOOR)
    good = label > GOOD
    ranked = predicted if probability is None else probability
    called = predicted > GOOD if probability is None else probability > 0.5
    return {
        "mae_label": float(np.abs(predicted - label).mean()),
        "mae_bound": float(np.abs(predicted - bound).mean()),
        "mae_outside": float(test.labels.distance(predicted).mean()),
        "r2": float(r2_score(label, predicted)),
        "r2_bound": float(r2_score(bound, predicted)),
        "spearman": float(spearmanr(label, predicted).statistic) if np.ptp(predicted) else float("nan"),
        "auc": float(roc_auc_score(good, ranked)),
        "f1": float(f1_score(good, called)),
        "mcc": float(matthews_corrcoef(good, called)),
    }


def median(train: Examples, test: Examples, seed: int) -> np.ndarray:
    """The dummy: the median of the training labels."""
    return np.full(len(test.designs), float(np.median(floored(train))))


OBELIX_ONLY: dict[str, Method] = {
    "median (dummy)": median,
    "OBELiX's random forest": obelix_forest,
    "XGBoost defaults on Magpie": default_boosting,
    "three nearest": plain(nearest),
    "ridge": plain(ridge),
    "Silion, same rows": silion(STRUCTURED),
}
"""Methods that learn from OBELiX's training rows alone."""
ALL_PUBLIC: dict[str, Method] = {
    "Silion": silion(STRUCTURED),
    "Silion, formula only": silion(FORMULA_ONLY),
}
"""Methods that learn from the Liverpool and Laskowski rows too."""
CLASSIFIERS: dict[str, Method] = {
    "Silion, classifier": classifier(STRUCTURED),
    "Silion, formula classifier": classifier(FORMULA_ONLY),
}
"""Direct classifiers of `ALL_PUBLIC`, in the same order."""
ALL_TEMPERATURES: dict[str, Method] = {
    "median (dummy)": median,
    "XGBoost defaults on Magpie": default_boosting,
    "three nearest": plain(nearest),
    "ridge": plain(ridge),
    "Silion, formula only": silion(FORMULA_ONLY),
}
"""Methods for a table with many temperatures and no structures."""
