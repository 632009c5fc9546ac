from __future__ import annotations

import json
import math
from collections.abc import Mapping

import pytest

from models.ensemble import Recipe
from training.config import CHOICES, PUBLIC_CHOICES
from training.tuning.search_space import BLOCKS, NUMBERS, WHOLE, Span, params_of, recipe_of


@pytest.mark.parametrize("choices", [CHOICES, PUBLIC_CHOICES])
def test_every_given_recipe_lies_in_the_space(
    choices: Mapping[str, Mapping[str, Recipe]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(WHOLE, "rounds", Span(20, 1000, log=True))
    for part, recipes in choices.items():
        for key, recipe in recipes.items():
            params = params_of(part, key, recipe)
            assert params is not None
            assert recipe_of(params, recipes) == recipe


def test_a_recipe_outside_the_space_is_not_tried() -> None:
    assert params_of("ice", "deep", Recipe(depth=12)) is None
    assert params_of("conductivity", "odd", Recipe(rounds=20, blocks=("anions",))) is None
    assert params_of("ice", "odd", Recipe(rounds=20, blocks=("anions",))) is not None  # cells do not read blocks


def test_the_declared_space_is_plain_data() -> None:
    json.dumps({key: [span.low, span.high, span.log, span.step] for key, span in {**WHOLE, **NUMBERS}.items()})
    assert all(math.isfinite(span.low) and span.low < span.high for span in {**WHOLE, **NUMBERS}.values())
    assert BLOCKS["plain"] == Recipe().blocks
