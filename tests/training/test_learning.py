from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from features.tables.literature import Literature
from features.tables.records import ElectrolyteRow
from models.ensemble import Recipe
from models.tasks.conductivity import conductivity_examples
from models.tasks.registry import TARGETS, task_of
from training.config import Protocol
from training.data.groups import PaperGroups
from training.evaluation import crossvalidate
from training.evaluation.crossvalidate import MODEL, OutOfFold, cross_validate, validate
from training.evaluation.learning_curve import curve_fits, described_curve, learning_curve
from training.evaluation.score import errors

QUICK = {name: {"quick": Recipe(rounds=5, members=1)} for name in ("conductivity", "ice", "fade")}
PROTOCOL = Protocol(folds=3, repeats=2, seed=1)


@pytest.fixture(scope="module")
def once(literature: Literature) -> dict[str, OutOfFold]:
    return cross_validate(literature, QUICK, Protocol(PROTOCOL.folds, 1, PROTOCOL.seed))


@pytest.mark.slow
def test_with_all_papers_the_curve_is_the_plain_protocol(once: dict[str, OutOfFold]) -> None:
    """Share 1.0 repeats the first of the repeats fit by fit, so the errors are equal and not only near."""
    steps: list[int] = []
    curves = learning_curve(once, QUICK, (0.5, 1.0), PROTOCOL, steps.append)
    assert set(curves) == {"conductivity_s_per_cm", "ice_pct", "retention_pct"}
    # three targets, two shares, three folds of one repeat
    assert sum(steps) == curve_fits((0.5, 1.0), PROTOCOL) == 18
    for column, points in curves.items():
        error, rows = errors(TARGETS[column], once[task_of(column).name])
        half, whole = points
        assert (half[0], whole[0]) == (0.5, 1.0)
        assert half[1] == whole[1] == len(np.unique(once[task_of(column).name].groups[rows]))
        assert whole[2] == error[MODEL].mean()
        assert whole[5] == error["dummy"].mean()
        assert half[2] != whole[2]
        for point in points:
            assert point[3] <= point[2] <= point[4]
    # with the protocol that gave these predictions nothing is fitted again, and the point is the same
    again = learning_curve(once, QUICK, (1.0,), Protocol(PROTOCOL.folds, 1, PROTOCOL.seed))
    assert {column: points[-1] for column, points in curves.items()} == {name: each[0] for name, each in again.items()}


def salts(count: int) -> Literature:
    metals = "Li Na K Rb Cs Mg Ca Sr Ba Zn Al Ga In Sc Y".split()[:count]
    rows = [
        ElectrolyteRow(
            measurement_id=f"{metal}{anion}", electrolyte=f"{metal}{anion}", source_id=f"paper of {metal}",
            conductivity_s_per_cm=10.0 ** -(1 + place % 7),
        )
        for place, metal in enumerate(metals)
        for anion in ("F", "Cl")
    ]  # fmt: skip
    return Literature(rows)


def learnt(share: float, monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """Papers each fit of three folds over twelve papers, two rows each, has learnt from."""
    seen: list[list[str]] = []
    real = crossvalidate.fit_part

    def watched(name: str, designs: object, *rest: object) -> object:
        seen.append(list(designs["paper"]))
        return real(name, designs, *rest)

    examples = conductivity_examples(salts(12))
    with monkeypatch.context() as patch:
        patch.setattr(crossvalidate, "fit_part", watched)
        kin = PaperGroups.of(examples, by_composition=True)
        validate("conductivity", examples, kin, QUICK["conductivity"], Protocol(3, 1, 0), share=share)
    for papers in seen:
        assert all(papers.count(each) == 2 for each in papers)  # groups whole
    return [set(papers) for papers in seen]


@pytest.mark.slow
def test_a_share_is_one_of_the_training_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    shares = (1.0, 0.75, 0.5, 0.25, 0.01)
    found = [learnt(share, monkeypatch) for share in shares]
    # eight training papers a fold; two are the least
    assert [[len(papers) for papers in each] for each in found] == [[8] * 3, [6] * 3, [4] * 3, [2] * 3, [2] * 3]
    for more, fewer in pairwise(found):
        for whole, part in zip(more, fewer, strict=True):
            assert part <= whole  # what was learnt from less is learnt from more too
    assert learnt(0.5, monkeypatch) == found[2]


@pytest.mark.slow
def test_the_recipe_chosen_most_often_is_used(once: dict[str, OutOfFold], monkeypatch: pytest.MonkeyPatch) -> None:
    recipes = {"one": Recipe(rounds=3, members=1), "two": Recipe(rounds=2, members=1)}
    found = {name: OutOfFold(each.examples, each.groups, each.predicted, each.spread, each.shape, ["one", "two", "two"])
             for name, each in once.items()}  # fmt: skip
    used: list[Recipe] = []
    real = crossvalidate.fit_part

    def watched(name: str, designs: object, labels: object, recipe: Recipe, seed: int) -> object:
        used.append(recipe)
        return real(name, designs, labels, recipe, seed)

    monkeypatch.setattr(crossvalidate, "fit_part", watched)
    learning_curve(found, dict.fromkeys(QUICK, recipes), (0.3,), PROTOCOL)
    assert used
    assert set(used) == {recipes["two"]}


@pytest.mark.slow
def test_all_that_is_stated_kept_is_the_plain_protocol(once: dict[str, OutOfFold]) -> None:
    curves = described_curve(once, QUICK, PROTOCOL, shares=(1.0, 0.0))
    assert set(curves) == {"ice_pct", "retention_pct"}  # cells alone have the nine descriptors
    for column, (full, none) in curves.items():
        error, _ = errors(TARGETS[column], once[task_of(column).name])
        assert full.ratio == pytest.approx(error[MODEL].mean() / error["dummy"].mean())
        assert full.low <= full.ratio <= full.high
        assert (full.kept, none.kept, none.known) == (1.0, 0.0, 0.0)
        assert 0.3 < full.known < 1.0  # the tables grow
