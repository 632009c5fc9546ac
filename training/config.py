"""Configuration of a training, in one frozen object that is saved with the run."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import numpy as np

from models.ensemble import Recipe
from models.tasks.registry import TASKS
from training.data.paper_splits import grouped_folds

CHOICES: dict[str, Mapping[str, Recipe]] = {name: task.recipes for name, task in TASKS.items()}
"""Recipes of each task. Which of them is used is chosen inside the training papers, fold by fold when skill is measured
and once more on all papers for the model that is kept: the skill is that of the choice and the fit together."""

PUBLIC_CHOICES: dict[str, Mapping[str, Recipe]] = {
    name: task.public_recipes or task.recipes for name, task in TASKS.items()
}
"""As `CHOICES`, where public tables are given."""


@dataclass(frozen=True)
class Protocol:
    """Protocol of the grouped cross-validation that skill is measured with."""

    folds: int = 5
    repeats: int = 5
    seed: int = 0

    def tests(self, groups: np.ndarray) -> list[tuple[int, np.ndarray]]:
        """Rows of each test fold, with the number of its repeat.

        Parameters
        ----------
        groups : ndarray
            Group of each row, shape (n_rows,).
        """
        return [
            (repeat, test)
            for repeat in range(self.repeats)
            for test in grouped_folds(groups, self.folds, 1000 * self.seed + repeat)
        ]


@dataclass(frozen=True)
class TrainConfig:
    """Configuration of `silion train` and `silion evaluate`.

    Attributes
    ----------
    data : folders beside the shipped tables
    public : public tables to learn conductivity from, pulled beforehand
    facts : public tables whose conductivities are looked up and not learned from, pulled beforehand
    seed : of every random step
    folds, repeats : of the grouped cross-validation
    level : of the intervals that are reported
    shares : of the papers, for the learning curves
    choices : recipes to choose from, by part and name
    tune_minutes, tune_anyway : how long to search for further recipes; also where rows are few
    """

    data: tuple[str, ...] = ()
    seed: int = 0
    folds: int = 5
    repeats: int = 5
    level: float = 0.9
    public: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    shares: tuple[float, ...] = (0.25, 0.5, 0.75, 1.0)
    choices: Mapping[str, Mapping[str, Recipe]] = field(
        default_factory=lambda: {name: task.recipes for name, task in TASKS.items()}
    )
    tune_minutes: float = 0.0
    tune_anyway: bool = False

    def __post_init__(self) -> None:
        """Refuse numbers that mean nothing."""
        for name, least in (("folds", 2), ("repeats", 1), ("seed", 0)):
            if (value := getattr(self, name)) < least:
                raise ValueError(f"{name}: got {value}, expected at least {least}")
        if not 0 <= self.tune_minutes < math.inf:
            raise ValueError(f"tune_minutes: got {self.tune_minutes:g}, expected a number of minutes, 0 for none")
        if not 0 < self.level < 1:
            raise ValueError(f"level: got {self.level:g}, expected a number between 0 and 1, such as 0.9")
        if wrong := [share for share in self.shares if not (isinstance(share, float | int) and 0 < share <= 1)]:
            raise ValueError(f"shares: got {wrong[0]!r}, expected numbers above 0 and at most 1")

    @property
    def protocol(self) -> Protocol:
        """Protocol of the cross-validation."""
        return Protocol(self.folds, self.repeats, self.seed)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> TrainConfig:
        """Return the configuration of its plain values; unknown keys are refused.

        Parameters
        ----------
        values : mapping of str to Any
            As of `as_dict`.

        Raises
        ------
        ValueError
            An unknown key, of the configuration or of a recipe.
        """
        known, options = {option.name for option in fields(cls)}, dict(values)
        if "recipes" in options and "choices" not in options:  # of models saved when each part had one recipe
            options["choices"] = {part: {"saved": recipe} for part, recipe in options.pop("recipes").items()}
        if unknown := sorted(set(options) - known):
            raise ValueError(f"unknown configuration {', '.join(unknown)}; expected some of {', '.join(sorted(known))}")
        if "choices" in options:
            options["choices"] = {
                part: {name: _recipe(f"recipe {name} of {part}", settings) for name, settings in recipes.items()}
                for part, recipes in options["choices"].items()
            }
        for name in ("data", "public", "facts", "shares"):
            if name in options:
                options[name] = tuple(options[name])
        return cls(**options)


def config_of(
    data: tuple[str, ...] = (),
    public: tuple[str, ...] = (),
    seed: int = 0,
    folds: int = 5,
    repeats: int = 5,
    *,
    facts: tuple[str, ...] = (),
    tune_minutes: float = 0.0,
    tune_anyway: bool = False,
) -> TrainConfig:
    """Return the configuration of a training, with the recipes that fit its public tables.

    Parameters
    ----------
    data : tuple of str
        Folders beside the shipped tables.
    public : tuple of str
        Public tables; one text may name several, with commas.
    seed : int
        Of every random step.
    folds, repeats : int
        Of the cross-validation by paper.
    facts : tuple of str
        Public tables whose values are looked up, each by its name.
    tune_minutes : float
        How long to search for further recipes; 0 for not at all.
    tune_anyway : bool
        Also where rows are few.

    Examples
    --------
    >>> config_of(public=("obelix,laskowski",)).public
    ('obelix', 'laskowski')
    """
    tables = tuple(dict.fromkeys(name for names in public for name in names.split(",") if name))
    choices = dict(PUBLIC_CHOICES if tables else CHOICES)
    return TrainConfig(
        data,
        seed,
        folds,
        repeats,
        public=tables,
        facts=facts,
        choices=choices,
        tune_minutes=tune_minutes,
        tune_anyway=tune_anyway,
    )


def _recipe(name: str, settings: Mapping[str, Any]) -> Recipe:
    try:
        return Recipe.from_dict(settings)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
