"""Learning of the life model: choices, shares and intervals, made on out-of-fold lives of its members."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from features.cycling.curves import Floats
from models.calibrate import calibrate
from models.intervals import Calibration
from models.life.life_features import FEATURES
from models.life.model import MEMBERS, MOST_CORRECTION, STAGES, Estimate, LifeModel, blend, limited, stage
from training.life.fit import FEATURE_SETS, PENALTIES, Choices, fit_boosted, fit_members, fit_ridge
from training.life.landmarks import ENDS_OF_LIFE, LifeExamples, folds_of

SHARE_STEP, AS_GOOD = 4, 1.02
CORRECTIONS = (0.3, 0.6, MOST_CORRECTION)
LEANS = (0.0, 0.5, 1.0)


@dataclass(frozen=True)
class OutOfFold:
    """Log10 lives from members that never saw the group of a row.

    Attributes
    ----------
    ridge : by features and penalty, shape (n_rows,) each
    boosted : by features
    """

    ridge: dict[tuple[str, float], Floats]
    boosted: dict[str, Floats]


def out_of_fold(examples: LifeExamples, by: str, count: int | None, seed: int) -> OutOfFold:
    """Return the corrections of every variant of the learned members, none of which saw the group of the row.

    Parameters
    ----------
    examples : LifeExamples
        To learn from and to predict.
    by : str
        Column of the groups: `protocol` or `data_set`.
    count : int, optional
        Number of folds; one per group where None.
    seed : int
        Of the folds and the boosting.
    """
    corrections = OutOfFold(
        {key: np.full(len(examples.rows), np.nan) for key in product(FEATURE_SETS, PENALTIES)},
        {features: np.full(len(examples.rows), np.nan) for features in FEATURE_SETS},
    )
    for test in folds_of(examples.rows[by].to_numpy(), count, seed):
        train, rows = examples.take(~test), examples.rows[test]
        for key, column in corrections.ridge.items():
            column[test] = fit_ridge(train, *key).correction(rows)
        table = rows[list(FEATURES)].to_numpy(dtype=np.float32)
        for features, column in corrections.boosted.items():
            booster = fit_boosted(train, features, seed)
            column[test] = booster.inplace_predict(table, predict_type="margin") / np.log(10)
    return corrections


@dataclass(frozen=True)
class Judged:
    """The rows that a choice is made on: silicon cells at the thresholds that end a life.

    Attributes
    ----------
    places : of the rows
    weight : data sets, and in them groups, weighing the same
    group : that is left out together, of each row
    """

    places: np.ndarray
    weight: Floats
    group: np.ndarray

    @classmethod
    def from_examples(cls, examples: LifeExamples, by: str) -> Judged:
        """Find the rows of silicon cells; of all cells where none holds silicon.

        Parameters
        ----------
        examples : LifeExamples
            To choose on.
        by : str
            Column of the groups of the folds.
        """
        rows = examples.rows
        silicon = rows["silicon"].to_numpy(dtype=bool)
        ends = np.isin(rows["threshold"].to_numpy(), ENDS_OF_LIFE)
        places = np.flatnonzero(ends & (silicon | ~silicon.any()))
        chosen = rows.iloc[places]
        group = chosen["data_set"].to_numpy(str) if by == "data_set" else dealt(chosen)
        weight = 1 / chosen.groupby("data_set")["cell"].transform("size").to_numpy(dtype=float)
        return cls(places, weight, group)

    def error(self, life: Floats, examples: LifeExamples) -> float:
        """Return the mean distance of lives to what is known of them.

        Parameters
        ----------
        life : array, shape (n_rows,)
            log10, of all examples.
        examples : LifeExamples
            Of these rows.
        """
        miss = examples.labels.take(self.places).distance(life[self.places])
        return float(np.average(miss, weights=self.weight))


def choose(out_of_fold: OutOfFold, examples: LifeExamples, by: str) -> tuple[Choices, Floats, Floats]:
    """Choose features, penalty, limit of the correction and shares; each by what it does to cells that it never saw.

    Features and penalty of a member are those of its least error out of fold. The limit of the correction and how far
    the shares lean towards equal ones are those of the least error when the shares are found without the group that
    they are judged on.

    Parameters
    ----------
    out_of_fold : OutOfFold
        Corrections of all variants.
    examples : LifeExamples
        Of the same rows.
    by : str
        Column of the groups of the folds.

    Returns
    -------
    Choices, members (n_rows, 3) and shares (n_stages, 3)
    """
    judged = Judged.from_examples(examples, by)
    own = examples.rows["own"].to_numpy(dtype=float)
    (features, penalty), ridge = min(out_of_fold.ridge.items(), key=lambda item: judged.error(own + item[1], examples))
    boosted_features, boosted = min(out_of_fold.boosted.items(), key=lambda item: judged.error(own + item[1], examples))
    candidates: list[tuple[float, float, float, Floats]] = []
    for most in CORRECTIONS:
        members = limited(examples.rows, ridge, boosted, most)
        tables = list(_share_tables(members, examples, judged))
        candidates += [(_left_out(members, examples, judged, tables, lean), most, lean, members) for lean in LEANS]
    _, most, lean, members = min(candidates, key=lambda candidate: candidate[0])
    choices = Choices(features, boosted_features, penalty, most, lean)
    return choices, members, choose_shares(members, examples, judged, lean)


def _share_tables(members: Floats, examples: LifeExamples, judged: Judged) -> Iterator[tuple[np.ndarray, Floats]]:
    """Yield the judged rows of each group with the shares found on the others."""
    for group in np.unique(judged.group):
        test = judged.group == group
        others = replace(judged, places=judged.places[~test], weight=judged.weight[~test], group=judged.group[~test])
        yield test, choose_shares(members, examples, others, 0.0)


def _left_out(
    members: Floats, examples: LifeExamples, judged: Judged, tables: list[tuple[np.ndarray, Floats]], lean: float
) -> float:
    """Return the error of shares that were found without the group they are judged on."""
    life = np.full(len(examples.rows), np.nan)
    for test, shares in tables:
        places = judged.places[test]
        life[places] = blend(members[places], examples.rows.iloc[places], _leaning(shares, lean)).life
    return judged.error(life, examples)


def _leaning(shares: Floats, lean: float) -> Floats:
    return np.asarray((1 - lean) * shares + lean / len(MEMBERS))


def choose_shares(members: Floats, examples: LifeExamples, judged: Judged, lean: float) -> Floats:
    """Return the shares of the members at each stage: those of the least error, leaning towards equal ones.

    Parameters
    ----------
    members : array, shape (n_rows, 3)
        Out of fold.
    examples : LifeExamples
        Of the same rows.
    judged : Judged
        Rows the error is of.
    lean : float
        0 to 1.
    """
    steps = [share for share in product(range(SHARE_STEP + 1), repeat=len(MEMBERS)) if sum(share) == SHARE_STEP]
    candidates = np.array(steps) / SHARE_STEP
    stages = stage(examples.rows["log10_cycles"].to_numpy(dtype=float))[judged.places]
    shares = np.full((len(STAGES) + 1, len(MEMBERS)), 1 / len(MEMBERS))
    for place in range(len(shares)):
        here = stages == place
        if not here.any():
            continue
        places = judged.places[here]
        misses = [examples.labels.take(places).distance(members[places] @ share) for share in candidates]
        error = np.array([np.average(miss, weights=judged.weight[here]) for miss in misses])
        shares[place] = candidates[error <= error.min() * AS_GOOD].mean(axis=0)
    return _leaning(shares, lean)


def learn(examples: LifeExamples, by: str, count: int | None, seed: int, about: dict[str, Any]) -> LifeModel:
    """Fit a life model: members on everything, all choices, shares and intervals on their out-of-fold lives.

    Parameters
    ----------
    examples : LifeExamples
        To learn from.
    by : str
        Column of the groups that the next cell's may be none of: `protocol` or `data_set`.
    count : int, optional
        Number of folds; one per group where None.
    seed : int
        Of folds and boosting.
    about : dict
        Plain values to keep with the model.
    """
    choices, members, shares = choose(out_of_fold(examples, by, count, seed), examples, by)
    estimate = blend(members, examples.rows, shares)
    intervals = fit_intervals(estimate, examples)
    table = examples.rows[list(FEATURES)]
    results = {
        "choices": vars(choices),
        "errors": errors_of(estimate.life, examples),
        "between_laboratories": between_groups(estimate.life - examples.labels.lower, examples),
        "ranges": {name: [float(table[name].min()), float(table[name].max())] for name in FEATURES},
    }
    return LifeModel(fit_members(examples, seed, choices), shares, intervals, {**about, **results})


def between_groups(error: Floats, examples: LifeExamples) -> float:
    """Return the share of the errors' variance that the cells of one protocol have in common.

    Parameters
    ----------
    error : array, shape (n_rows,)
        Out of fold, decades.
    examples : LifeExamples
        Of the same rows; silicon cells with a known life count.
    """
    chosen = examples.labels.exact & examples.rows["silicon"].to_numpy(dtype=bool)
    rows = examples.rows[chosen]
    cells = pd.Series(error[chosen]).groupby([rows["protocol"].to_numpy(), rows["cell"].to_numpy()]).mean()
    protocols = cells.groupby(level=0)
    size, within = protocols.size(), protocols.var()
    several = size >= 2
    if several.sum() < 2:
        return 0.0
    noise = float(within[several].mean())
    between = max(float(protocols.mean()[several].pow(2).mean()) - noise / float(size[several].mean()), 0.0)
    return between / (between + noise) if between > 0 else 0.0


def errors_of(life: Floats, examples: LifeExamples) -> dict[str, float]:
    """Return the mean error of each data set out of fold, decades, at the thresholds that end a life.

    Parameters
    ----------
    life : array, shape (n_rows,)
        log10, out of fold.
    examples : LifeExamples
        Of the same rows; those with a known life count.
    """
    chosen = examples.labels.exact & np.isin(examples.rows["threshold"].to_numpy(), ENDS_OF_LIFE)
    miss = pd.Series(np.abs(life - examples.labels.lower)[chosen])
    means = miss.groupby(examples.rows["data_set"].to_numpy()[chosen]).mean()
    return {str(name): round(float(mean), 4) for name, mean in means.items()}


MOST_GROUPS, ENOUGH_GROUPS = 5, 12


def dealt(rows: pd.DataFrame) -> np.ndarray:
    """Return the group of each row: the protocols of a data set in turn, so that it has five groups at most.

    Parameters
    ----------
    rows : DataFrame
        With `data_set` and `protocol`.
    """
    names = rows["protocol"].astype(str)
    turn = names.groupby(rows["data_set"]).rank(method="dense").astype(int) % MOST_GROUPS
    return (rows["data_set"].astype(str) + " " + turn.astype(str)).to_numpy(dtype=str)


def fit_intervals(estimate: Estimate, examples: LifeExamples) -> tuple[Calibration, ...]:
    """Return one calibration per stage, from silicon cells, groups of protocols weighing the same.

    Only the thresholds that end a life count: the intervals of lives to 95 % are narrow and would lend the others a
    width that does not hold. The width follows the disagreement of the members and the way to the life. Where fewer
    than 12 groups of silicon cells reach a stage, every other data set counts as one more.

    Parameters
    ----------
    estimate : Estimate
        Out of fold.
    examples : LifeExamples
        Of the same rows.
    """
    rows = examples.rows
    silicon = rows["silicon"].to_numpy(dtype=bool)
    groups = np.where(silicon, dealt(rows), rows["data_set"].to_numpy(str))
    stages = stage(rows["log10_cycles"].to_numpy(dtype=float))
    ends = np.isin(rows["threshold"].to_numpy(), ENDS_OF_LIFE)
    calibrations: list[Calibration] = []
    for place in range(len(STAGES) + 1):
        here = ends & (stages == place)
        few = len(np.unique(groups[here & silicon])) < ENOUGH_GROUPS
        chosen = np.flatnonzero(here & (silicon | few))
        calibrations.append(
            calibrate(
                estimate.life[None, chosen], estimate.spread[None, chosen], examples.labels.take(chosen),
                groups[chosen], distance=estimate.distance[None, chosen],
            )
        )  # fmt: skip
    return tuple(calibrations)
