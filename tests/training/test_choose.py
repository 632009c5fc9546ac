from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from features.records import ElectrolyteRow
from models.boosted import Recipe
from training import choose as choose_module
from training.choose import INNER_FITS, INNER_FOLDS, choose
from training.dataset import Examples, Literature, conductivity_examples
from training.kinship import Kinship

ANIONS = ("S", "Se", "Te", "O")
METALS = ("Na", "K", "Rb", "Cs")
LEARNS = Recipe(rounds=30, rate=0.3, members=2, min_child_weight=1, colsample=1.0, subsample=1.0)
SLEEPS = Recipe(rounds=1, rate=1e-6, members=2)


def table(papers: Sequence[str] | None = None) -> tuple[Examples, Kinship]:
    """Sixteen salts, each of its own paper: what holds oxygen conducts at 1e-9 S/cm, all else at 1e-3."""
    salts = [f"{metal}2{anion}" for metal in METALS for anion in ANIONS]
    rows = [
        ElectrolyteRow(
            measurement_id=salt,
            electrolyte=salt,
            source_id=papers[place] if papers else f"paper of {salt}",
            conductivity_s_per_cm=1e-9 if "O" in salt else 1e-3,
        )
        for place, salt in enumerate(salts)
    ]
    examples = conductivity_examples(Literature(rows))
    return examples, Kinship.of(examples, by_composition=True)


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
        seen.append((tuple(designs["row_id"]), recipe.members, seed))  # type: ignore[index]
        return real(name, designs, labels, recipe, seed)  # type: ignore[arg-type]

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
