from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from models.ensemble import Recipe
from models.tasks.registry import TASKS
from training.config import CHOICES, PUBLIC_CHOICES, TrainConfig


def test_round_trip_through_json() -> None:
    config = TrainConfig(data=("mydata",), seed=3, repeats=2)
    assert again(config) == config


def again(config: TrainConfig) -> TrainConfig:
    return TrainConfig.from_dict(json.loads(json.dumps(config.as_dict())))


def test_public_tables_shares_and_recipes_come_back_as_they_were() -> None:
    choices = {"conductivity": {"deep": Recipe(depth=9, without=("families",)), "plain": Recipe()}, "ice": {}}
    config = TrainConfig(public=("obelix", "liverpool"), shares=(0.1, 1.0), level=0.8, folds=7, choices=choices)
    found = again(config)
    assert found == config
    assert (found.public, found.shares) == (("obelix", "liverpool"), (0.1, 1.0))
    assert list(found.choices["conductivity"]) == ["deep", "plain"]  # the first is taken where none can be compared
    assert found.choices["conductivity"]["deep"].without == ("families",)
    assert again(TrainConfig(public=("obelix",), choices=PUBLIC_CHOICES)).choices == PUBLIC_CHOICES


@pytest.mark.parametrize("choices", [CHOICES, PUBLIC_CHOICES])
def test_every_part_has_recipes_to_choose_from(choices: dict[str, dict[str, Recipe]]) -> None:
    assert set(choices) == set(TASKS)
    for recipes in choices.values():
        assert recipes
        for recipe in recipes.values():
            assert Recipe.from_dict(json.loads(json.dumps(asdict(recipe)))) == recipe


def test_defaults_are_not_shared_between_configurations() -> None:
    one, other = TrainConfig(), TrainConfig()
    assert one == other
    assert one.choices is not other.choices
    assert one.choices == CHOICES


def test_a_configuration_saved_when_each_part_had_one_recipe_still_loads() -> None:
    saved = {
        "data": [],
        "seed": 2,
        "folds": 5,
        "repeats": 1,
        "level": 0.9,
        "recipes": {
            "conductivity": {"depth": 3, "rounds": 200, "blocks": ["fractions", "anions"]},
            "ice": {"rounds": 60},
        },
    }
    before = json.dumps(saved)
    found = TrainConfig.from_dict(saved)
    assert found.seed == 2
    assert found.public == ()  # settings that did not exist then have their defaults
    assert found.choices == {
        "conductivity": {"saved": Recipe(rounds=200, blocks=("fractions", "anions"))},
        "ice": {"saved": Recipe(rounds=60)},
    }
    assert json.dumps(saved) == before  # what was given is not changed
    assert again(found) == found


def test_unknown_keys_are_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"unknown configuration sed; expected some of .*seed"):
        TrainConfig.from_dict({"sed": 1})
    for given in ({"recipes": {"ice": {"deep": 3}}}, {"choices": {"ice": {"mine": {"deep": 3}}}}):
        with pytest.raises(ValueError, match=r"unknown setting deep.*; expected some of .*depth"):
            TrainConfig.from_dict(given)


@pytest.mark.parametrize(("name", "value"), [("folds", 1), ("repeats", 0), ("seed", -1)])
def test_numbers_that_mean_nothing_are_refused(name: str, value: int) -> None:
    with pytest.raises(ValueError, match=f"{name}: got {value}, expected at least"):
        TrainConfig(**{name: value})
