from __future__ import annotations

import json

import pytest

from training.config import TrainConfig


def test_round_trip_through_json() -> None:
    config = TrainConfig(data=("mydata",), seed=3, repeats=2)
    assert TrainConfig.from_dict(json.loads(json.dumps(config.as_dict()))) == config


def test_unknown_keys_are_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"unknown configuration sed; expected some of .*seed"):
        TrainConfig.from_dict({"sed": 1})
    with pytest.raises(ValueError, match=r"unknown setting deep of recipe ice; expected some of .*depth"):
        TrainConfig.from_dict({"recipes": {"ice": {"deep": 3}}})


@pytest.mark.parametrize(("name", "value"), [("folds", 1), ("repeats", 0), ("seed", -1)])
def test_numbers_that_mean_nothing_are_refused(name: str, value: int) -> None:
    with pytest.raises(ValueError, match=f"{name}: got {value}, expected at least"):
        TrainConfig(**{name: value})
