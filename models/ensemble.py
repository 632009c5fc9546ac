"""Gradient boosting for few rows: a handful of averaged boosters that take exact values, bounds and ranges alike."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, Union

import numpy as np
import pandas as pd

from features.distinct import distinct_rows
from models.boosters.kept_fits import boosted, content_of, pair_effects
from models.boosters.labels import Labels as Labels
from models.boosters.labels import weighted_median as weighted_median
from models.boosters.saved import Matrix, SavedBooster, read_boosters
from models.domain import moments

if TYPE_CHECKING:
    import xgboost as xgb

Booster: TypeAlias = Union["xgb.Booster", SavedBooster]
"""As fitted, or as read: reading needs no more than xgboost's library."""


@dataclass(frozen=True)
class Recipe:
    """Settings of the boosters. The defaults are those written down beforehand for about 100 rows.

    `blocks` and `without` name what the conductivity model reads of an electrolyte; cells have one set of features and
    ignore both. `paper_power` p gives each row the weight n**-p, n being the rows of its paper: 0 counts rows, 1 counts
    papers. `aft_scale` is the width of the error, in deviations of the labels, that bounds are weighed with.
    `shrink` is the share of the boosters' departure from the centre that is believed, `centre` the weighted `mean` or
    `median` of the labels. `fade_shape` fixes the shape of the fade law; where None the points themselves show it.
    `linear_share` is the weight of a boosted linear model (xgboost's `gblinear`) beside the trees: on few rows a line
    carries further than a step. `arrhenius` is the share of the model in which temperature enters a conductivity by an
    activation energy alone (`models/learners/arrhenius.py`). `mix_scale`, in sums of atomic fractions, is the distance
    over which a model of own rows gives way to one of all rows (`models/learners/mixed.py`); 0 for one model.
    `public_weight` is the weight of a public table's row in the model of all rows, beside one of ours; `dated` moves
    the labels of that model to what its newest papers would print. `by_value` lets intervals follow the prediction,
    as poor conductors are predicted less surely, and each end the errors of its side (`models/intervals.py`).
    """

    depth: int = 3
    rounds: int = 200
    rate: float = 0.04
    min_child_weight: float = 4.0
    reg_lambda: float = 5.0
    subsample: float = 0.7
    colsample: float = 0.4
    members: int = 5
    linear_share: float = 0.0
    linear_rounds: int = 100
    linear_lambda: float = 0.15
    blocks: tuple[str, ...] = ("fractions", "anions", "basics")
    without: tuple[str, ...] = ()
    paper_power: float = 0.0
    aft_scale: float = 1.0
    centre: str = "mean"
    shrink: float = 1.0
    fade_shape: float | None = None
    arrhenius: float = 0.0
    mix_scale: float = 0.0
    public_weight: float = 1.0
    dated: bool = False
    by_value: bool = False

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> Recipe:
        """A recipe from plain values, as JSON keeps them.

        Parameters
        ----------
        settings : mapping of str to Any
            Settings of a recipe, as JSON keeps them.

        Raises
        ------
        ValueError
            An unknown setting.
        """
        allowed = [setting.name for setting in fields(cls)]
        if unknown := sorted(set(settings) - set(allowed)):
            raise ValueError(f"unknown setting {', '.join(unknown)}; expected some of {', '.join(sorted(allowed))}")
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in settings.items()
        }
        return cls(**values)


@dataclass(frozen=True)
class Scaling:
    """Features as the linear member reads them: centred, scaled, clipped to three deviations, 0 where unknown.

    Features whose sign is certain physics are left to the trees (scale 0 here), which alone can promise it.
    """

    centre: np.ndarray
    scale: np.ndarray

    @classmethod
    def learn(cls, table: np.ndarray, monotone: Sequence[int]) -> Scaling:
        """Centre and spread of each column over the rows that know it.

        Parameters
        ----------
        table : ndarray
            Features, shape (n_rows, n_features); NaN where unknown.
        monotone : sequence of int
            Sign of each feature that physics fixes, 0 for none.
        """
        centre, spread = moments(table)
        return cls(centre, np.where((np.array(monotone) != 0) | (spread < 1e-9), 0.0, spread))

    def __call__(self, table: np.ndarray) -> np.ndarray:
        """Scaled table, same shape, no NaN."""
        used = self.scale > 0
        scores = (table - self.centre) / np.where(used, self.scale, 1.0)
        return np.where(used & ~np.isnan(scores), np.clip(scores, -3, 3), 0.0).astype(np.float32)


class BoostedEnsemble:
    """Boosters that differ in their seed, averaged, with a boosted linear model beside them where the recipe asks for
    one.

    Exact labels are fitted by squared error; as soon as one label is a bound or a range, all are fitted by the
    accelerated failure-time likelihood (`survival:aft`, normal errors), which for exact labels is the same loss. Labels
    are centred and scaled inside, so that the start value is the data's mean and never xgboost's default of 0.5, from
    which a censored model learns nothing.

    Parameters
    ----------
    recipe : Recipe
    monotone : sequence of -1, 0, +1, one per feature; only for certain physics
    """

    def __init__(self, recipe: Recipe, monotone: Sequence[int]) -> None:
        self.recipe = recipe
        self.monotone = tuple(int(sign) for sign in monotone)
        self.boosters: list[Booster] = []
        self.linear: Booster | None = None
        self.scaling: Scaling | None = None
        self.mean = 0.0
        self.scale = 1.0
        self.offset = 0.0

    def fit(self, X: pd.DataFrame, labels: Labels, seed: int) -> BoostedEnsemble:
        """Fit all members; the same seed gives the same boosters.

        Parameters
        ----------
        X : DataFrame
            Feature vectors, shape (n_rows, n_features); NaN where unknown.
        labels : Labels
            On the model's scale.
        seed : int
            Of the random steps.

        Raises
        ------
        ValueError
            No row, or a label that says nothing.
        """
        if len(X) == 0:
            raise ValueError("no rows to learn from")
        is_empty = ~(np.isfinite(labels.lower) | np.isfinite(labels.upper))
        if is_empty.any():
            raise ValueError(f"{int(is_empty.sum())} labels are neither a value nor a bound")
        middle = labels.middle
        self.mean = float(np.average(middle, weights=labels.weight))
        self.scale = float(np.sqrt(np.average((middle - self.mean) ** 2, weights=labels.weight))) or 1.0
        self.offset = weighted_median(middle, labels.weight) if self.recipe.centre == "median" else self.mean
        table = X.to_numpy(dtype=float)
        exact = bool(labels.exact.all())
        data = self._labelled(table, labels)
        settings = self._objective(exact) | self._trees()
        content = content_of(table, labels.lower, labels.upper, labels.weight)
        self.boosters = [
            boosted({**settings, "seed": 1000 * seed + member}, data, self.recipe.rounds, content)
            for member in range(self.recipe.members)
        ]
        if self.recipe.linear_share:
            self.scaling = Scaling.learn(table, self.monotone)
            settings = self._objective(exact) | {
                "booster": "gblinear",
                "updater": "coord_descent",
                "feature_selector": "cyclic",
                "eta": 0.5,
                "nthread": 1,
                "lambda": self.recipe.linear_lambda,
                "verbosity": 1,
            }
            scaled = self.scaling(table)
            data = self._labelled(scaled, labels)
            content = content_of(scaled, labels.lower, labels.upper, labels.weight)
            self.linear = boosted(settings, data, self.recipe.linear_rounds, content)
        return self

    def _labelled(self, table: np.ndarray, labels: Labels) -> xgb.DMatrix:
        import xgboost as xgb

        low, high = (labels.lower - self.mean) / self.scale, (labels.upper - self.mean) / self.scale
        data = xgb.DMatrix(table.astype(np.float32), weight=labels.weight, missing=np.nan, nthread=1)
        if labels.exact.all():
            data.set_label(low)
        else:
            data.set_float_info("label_lower_bound", np.exp(low))
            data.set_float_info("label_upper_bound", np.exp(high))
        return data

    def _trees(self) -> dict[str, Any]:
        recipe = self.recipe
        return {
            "max_depth": recipe.depth,
            "eta": recipe.rate,
            "min_child_weight": recipe.min_child_weight,
            "lambda": recipe.reg_lambda,
            "subsample": recipe.subsample,
            "colsample_bytree": recipe.colsample,
            "tree_method": "hist",
            "nthread": 1,
            "verbosity": 1,
            "monotone_constraints": str(self.monotone),
        }

    def _objective(self, exact: bool) -> dict[str, Any]:
        if exact:
            return {"objective": "reg:squarederror", "base_score": 0.0}
        return {
            "objective": "survival:aft",
            "base_score": 1.0,
            "aft_loss_distribution": "normal",
            "aft_loss_distribution_scale": self.recipe.aft_scale,
        }

    def _shares(self) -> list[float]:
        """Weight of each member, the linear one last; they sum to 1."""
        linear = self.recipe.linear_share if self.linear else 0.0
        trees = [(1 - linear) / len(self.boosters)] * len(self.boosters)
        return [*trees, linear] if self.linear else trees

    def _members(self, X: pd.DataFrame | np.ndarray) -> list[tuple[Booster, Any]]:
        table = np.asarray(X, dtype=float)
        trees = _matrix(table.astype(np.float32), self.boosters[0])
        members = [(booster, trees) for booster in self.boosters]
        if self.linear and self.scaling:
            members.append((self.linear, _matrix(self.scaling(table), self.linear)))
        return members

    def predict(self, X: pd.DataFrame | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Weighted mean of the members and their standard deviation, both on the label's scale, shape (n_rows,).

        Parameters
        ----------
        X : DataFrame | ndarray
            Feature vectors, shape (n_designs, n_features); NaN where unknown.
        """
        votes = np.array([booster.predict(data, output_margin=True) for booster, data in self._members(X)], dtype=float)
        shares = np.array(self._shares())[:, None]
        mean = (shares * votes).sum(axis=0)
        scale = self.scale * self.recipe.shrink
        return self.offset + scale * mean, scale * np.sqrt((shares * (votes - mean) ** 2).sum(axis=0))

    def activation_energy(self, X: pd.DataFrame | np.ndarray) -> np.ndarray | None:
        """Return the activation energy of each design in eV; None, as these boosters know none.

        Parameters
        ----------
        X : DataFrame | ndarray
            Feature vectors, shape (n_designs, n_features); NaN where unknown.
        """
        return None

    def contributions(self, X: pd.DataFrame) -> tuple[np.ndarray, float]:
        """SHAP values of each feature, shape (n_rows, n_features), and the base value; they sum to the prediction.

        Parameters
        ----------
        X : DataFrame
            Feature vectors, shape (n_rows, n_features); NaN where unknown.
        """
        place, first = distinct_rows(np.asarray(X, dtype=float))  # a row costs as much as a thousand predictions
        total = np.zeros((len(first), X.shape[1] + 1))
        for share, (booster, data) in zip(self._shares(), self._members(np.asarray(X)[first]), strict=True):
            total += share * booster.predict(data, pred_contribs=True).astype(float)
        total, scale = total[place], self.scale * self.recipe.shrink
        return scale * total[:, :-1], self.offset + scale * float(total[0, -1])

    def interactions(self, X: pd.DataFrame) -> np.ndarray:
        """SHAP interaction values, shape (n_rows, n_features, n_features), symmetric: a pair's effect is the sum of its
        two entries, and each row sums to the feature's SHAP value. The linear member has none off the diagonal.

        Parameters
        ----------
        X : DataFrame
            Feature vectors, shape (n_rows, n_features); NaN where unknown.
        """
        total = np.zeros((len(X), X.shape[1], X.shape[1]))
        places, table = np.arange(X.shape[1]), np.asarray(X, dtype=float)
        for place, (share, (booster, data)) in enumerate(zip(self._shares(), self._members(X), strict=True)):
            if place < len(self.boosters):
                total += share * pair_effects(booster, data, table)[:, :-1, :-1]
            else:
                total[:, places, places] += share * booster.predict(data, pred_contribs=True)[:, :-1]
        return self.scale * self.recipe.shrink * total

    def save(self, folder: Path) -> None:
        """Write one UBJ file per member and a JSON file with the rest.

        Parameters
        ----------
        folder : Path
            Folder that is written into.
        """
        folder.mkdir(parents=True, exist_ok=True)
        for number, booster in enumerate(self.boosters):
            booster.save_model(folder / f"member_{number}.ubj")
        state: dict[str, Any] = {"mean": self.mean, "scale": self.scale, "offset": self.offset}
        if self.linear and self.scaling:
            self.linear.save_model(folder / "linear.ubj")
            state["scaling"] = {"centre": self.scaling.centre.tolist(), "scale": self.scaling.scale.tolist()}
        self._write_state(folder / "ensemble.json", state)

    def _write_state(self, path: Path, state: Mapping[str, Any], indent: int | None = 1) -> None:
        """Write recipe, signs and the numbers of one kind of ensemble as JSON."""
        state = {"recipe": asdict(self.recipe), "monotone": self.monotone, **state}
        path.write_text(json.dumps(state, indent=indent), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> BoostedEnsemble:
        """Read what `save` wrote.

        Parameters
        ----------
        folder : Path
            Folder that is written into.
        """
        return cls.restore({path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()})

    @classmethod
    def restore(cls, files: Mapping[str, bytes]) -> BoostedEnsemble:
        """Return an ensemble from the files that `save` wrote.

        Parameters
        ----------
        files : mapping of str to bytes
            Their content by name.
        """
        state = json.loads(files["ensemble.json"])
        ensemble = cls(Recipe.from_dict(state["recipe"]), state["monotone"])
        ensemble.mean, ensemble.scale = state["mean"], state["scale"]
        ensemble.offset = state.get("offset", ensemble.mean)  # models of format 1 before it was kept
        names = [f"member_{number}.ubj" for number in range(ensemble.recipe.members)]
        linear = ["linear.ubj"] if "scaling" in state else []
        read = read_boosters([files[name] for name in names + linear])
        ensemble.boosters = list(read[: len(names)])
        if linear:
            ensemble.linear = read[-1]
            ensemble.scaling = Scaling(np.array(state["scaling"]["centre"]), np.array(state["scaling"]["scale"]))
        return ensemble


def _matrix(table: np.ndarray, booster: Booster) -> Any:
    """Features as this booster reads them."""
    if isinstance(booster, SavedBooster):
        return Matrix.of(table)
    import xgboost as xgb

    return xgb.DMatrix(table, missing=np.nan, nthread=1)
