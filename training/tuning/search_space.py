"""The space a search looks in: which settings of a recipe may take which values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from features.tables.literature import Literature
from models.ensemble import Recipe
from models.tasks.conductivity import STRUCTURED
from models.tasks.registry import TASKS
from training.evaluation.crossvalidate import Choices

if TYPE_CHECKING:
    import optuna


@dataclass(frozen=True)
class Span:
    """Values a setting may take, both ends included."""

    low: float
    high: float
    log: bool = False
    step: float | None = None

    def holds(self, value: float) -> bool:
        """Return True where the value lies between the ends.

        Parameters
        ----------
        value : float
            A setting.

        Examples
        --------
        >>> Span(2, 6).holds(6), Span(2, 6).holds(7)
        (True, False)
        """
        return self.low <= value <= self.high


WHOLE: dict[str, Span] = {"depth": Span(2, 6), "rounds": Span(20, 1000, log=True)}
NUMBERS: dict[str, Span] = {
    "rate": Span(0.01, 0.2, log=True),
    "min_child_weight": Span(1.0, 16.0, log=True),
    "reg_lambda": Span(0.5, 30.0, log=True),
    "subsample": Span(0.5, 1.0),
    "colsample": Span(0.2, 1.0),
    "linear_share": Span(0.0, 0.8, step=0.1),
    "shrink": Span(0.1, 1.0),
}
BLOCKS: dict[str, tuple[str, ...]] = {
    "plain": Recipe().blocks,
    "fractions": ("fractions",),
    "contrasts": (*Recipe().blocks, "contrasts"),
    "structure": STRUCTURED.blocks,
}
"""What the conductivity model may read; cells have one set of features."""
# All else of a recipe (centre, weights of papers, shape of the fade law) comes with the given recipe a trial starts
# from, itself one of the settings.


def recipe_of(params: Mapping[str, Any], choices: Choices) -> Recipe:
    """The recipe that a trial's settings describe.

    Parameters
    ----------
    params : mapping of str to Any
        Settings of a trial.
    choices : dict of Recipe
        Recipes to choose from, by name.
    """
    changed = {key: value for key, value in params.items() if key not in ("recipe", "blocks")}
    if "blocks" in params:
        changed["blocks"] = BLOCKS[params["blocks"]]
    return replace(choices[params["recipe"]], **changed)


def params_of(name: str, key: str, recipe: Recipe) -> dict[str, Any] | None:
    """The settings that describe a given recipe, called `key`; None where it lies outside the space.

    Parameters
    ----------
    name : str
        Part.
    key : str
        Name of the recipe.
    recipe : Recipe
        Settings of the boosters.
    """
    spans = {**WHOLE, **NUMBERS}
    params: dict[str, Any] = {"recipe": key} | {setting: getattr(recipe, setting) for setting in spans}
    if not all(span.holds(params[setting]) for setting, span in spans.items()):
        return None
    if TASKS[name].searches_blocks:
        blocks = next((name for name, kinds in BLOCKS.items() if kinds == recipe.blocks), None)
        return None if blocks is None else {**params, "blocks": blocks}
    return params


def trial_params(trial: optuna.Trial, name: str, choices: Choices) -> dict[str, Any]:
    """The settings of a trial, drawn by its sampler or given to it beforehand.

    Parameters
    ----------
    trial : optuna.Trial
        Optuna's trial.
    name : str
        Part.
    choices : dict of Recipe
        Recipes to choose from, by name.
    """
    params: dict[str, Any] = {"recipe": trial.suggest_categorical("recipe", list(choices))}
    for key, span in WHOLE.items():
        params[key] = trial.suggest_int(key, int(span.low), int(span.high), log=span.log)
    for key, span in NUMBERS.items():
        params[key] = trial.suggest_float(key, span.low, span.high, log=span.log, step=span.step)
    if TASKS[name].searches_blocks:
        params["blocks"] = trial.suggest_categorical("blocks", list(BLOCKS))
    return params


LEAST_ROWS = 200
"""Rows below which a part is tuned only with `--tune-anyway`."""


def parts_to_tune(rows: Mapping[str, int], anyway: bool) -> tuple[tuple[str, ...], list[str]]:
    """The parts with rows enough to tune, all with `anyway`, and a remark on each of the others.

    Parameters
    ----------
    rows : mapping of str to int
        Number of rows of each part.
    anyway : bool
        True tunes every part.
    """
    few = [name for name, count in rows.items() if count < LEAST_ROWS]
    noise = f"tuning on fewer than {LEAST_ROWS} rows mostly fits noise"
    if anyway:
        return tuple(rows), [f"{name}: {rows[name]} rows; {noise}" for name in few]
    remarks = [
        f"{name}: {rows[name]} rows; {noise}: left to the given recipes (--tune-anyway tunes it too)" for name in few
    ]
    return tuple(name for name in rows if name not in few), remarks


def rows_of(literature: Literature) -> dict[str, int]:
    """Number of training rows of each part.

    Parameters
    ----------
    literature : Literature
        All tables.
    """
    return {name: len(task.examples(literature).designs) for name, task in TASKS.items()}
