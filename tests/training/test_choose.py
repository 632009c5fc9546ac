from __future__ import annotations

import numpy as np
import pytest

from features.tables.literature import Literature
from models.ensemble import Recipe
from models.tasks.fade import fade_examples
from tests.salts import table
from training.data.groups import PaperGroups
from training.evaluation import choose as choose_module
from training.evaluation.choose import INNER_FITS, INNER_FOLDS, Fold, choose, fold_error, inner_folds

LEARNS = Recipe(rounds=30, rate=0.3, members=2, min_child_weight=1, colsample=1.0, subsample=1.0)
SLEEPS = Recipe(rounds=1, rate=1e-6, members=2)


@pytest.mark.parametrize("order", [("sleeps", "learns"), ("learns", "sleeps")])
def test_the_recipe_that_learns_is_chosen_wherever_it_stands(order: tuple[str, str]) -> None:
    # SLEEPS predicts the mean, 1.5 decades wrong for twelve rows and 4.5 for four; oxygen tells all there is to know
    recipes = {"sleeps": SLEEPS, "learns": LEARNS}
    examples, kin = table()
    done: list[int] = []
    assert choose("conductivity", examples, kin, {name: recipes[name] for name in order}, 0, done.append) == "learns"
    assert done == [1] * (2 * INNER_FITS)


def test_of_equals_the_first_is_chosen() -> None:
    examples, kin = table()
    assert choose("conductivity", examples, kin, {"one": SLEEPS, "other": SLEEPS}, 0) == "one"


def test_same_seed_same_fits_same_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[tuple[str, ...], int, int]] = []
    real = choose_module.fit_part

    def watched(name: str, designs: object, labels: object, recipe: Recipe, seed: int) -> object:
        seen.append((tuple(designs["row_id"]), recipe.members, seed))
        return real(name, designs, labels, recipe, seed)

    monkeypatch.setattr(choose_module, "fit_part", watched)
    examples, kin = table()
    recipes = {"sleeps": SLEEPS, "learns": LEARNS}
    answers = [choose("conductivity", examples, kin, recipes, seed) for seed in (3, 3, 4)]
    assert answers == ["learns"] * 3
    first, again, other = (seen[place : place + 6] for place in (0, 6, 12))
    assert first == again != other
    assert {members for _, members, _ in seen} == {1}  # one member is enough to choose
    # sixteen groups of one row over three folds: 6, 5 and 5 are held out in turn
    assert sorted(len(rows) for rows, _, _ in first) == [10, 10, 11, 11, 11, 11]


def never(*arguments: object) -> object:
    raise AssertionError("a recipe was fitted that nobody needed to compare")


def test_a_single_recipe_is_not_fitted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choose_module, "fit_part", never)
    assert choose("conductivity", *table(), {"only": SLEEPS}, 0) == "only"


def test_fewer_groups_than_folds_give_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choose_module, "fit_part", never)
    # sixteen rows, but p and q share one row: two groups, "p, q" and "r"
    examples, kin = table(["p", "q", "p|q", *["r"] * 13])
    assert len(np.unique(kin.groups)) == 2 < INNER_FOLDS
    done: list[int] = []
    assert choose("conductivity", examples, kin, {"sleeps": SLEEPS, "learns": LEARNS}, 0, done.append) == "sleeps"
    assert done == []


def test_the_error_of_a_fold_is_what_choose_adds_up() -> None:
    # four salts to learn from, 1e-3 S/cm thrice and 1e-9 once: their mean is -4.5. What has hardly learnt predicts it
    # for all, 1.5 decades off for a sulfide and 4.5 for an oxide.
    examples, kin = table()
    frozen = Recipe(rounds=1, rate=1e-6)
    fold = Fold(examples.take(np.array([0, 1, 2, 3])), examples.take(np.array([4, 7])))
    assert fold_error("conductivity", fold, frozen, 0) == pytest.approx(1.5 + 4.5, abs=1e-3)
    # and the smaller sum over the same folds is what choose chooses, for every seed and either part
    recipes = {"calm": Recipe(rounds=20, shrink=0.3), "quick": Recipe(rounds=60, rate=0.2, min_child_weight=1)}
    for seed in range(3):
        folds = inner_folds(examples, kin, seed)
        sums = {
            key: sum(fold_error("conductivity", fold, recipe, seed) for fold in folds)
            for key, recipe in recipes.items()
        }
        assert choose("conductivity", examples, kin, recipes, seed) == min(sums, key=sums.__getitem__)


def test_the_fade_laws_error_is_that_of_the_retention(literature: Literature) -> None:
    examples = fade_examples(literature)
    kin = PaperGroups.of(examples, by_composition=False)
    examples.designs["electrolyte_log10_s_per_cm"] = -3.0
    recipes = {key: Recipe.from_dict({"rounds": 20, "fade_shape": key}) for key in (0.3, 1.0, 2.0)}
    named = {str(key): recipe for key, recipe in recipes.items()}
    folds = inner_folds(examples, kin, 0)
    sums = {key: sum(fold_error("fade", fold, recipe, 0) for fold in folds) for key, recipe in named.items()}
    assert choose("fade", examples, kin, named, 0) == min(sums, key=sums.__getitem__)
